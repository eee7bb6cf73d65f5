/* SPDX-License-Identifier: Apache-2.0 */
/* Single attributes of resources and nodes: set, show, delete. They are the plain ones; sets with rules stay. */
#include "cib/grammar.h"
#include "cib/words.h"
#include "hactl/commands.h"
#include "hactl/edit.h"
#include "hactl/wait.h"

#include <stdio.h>
#include <string.h>

/* What is meant by `resource meta`, `node utilization` and so on; NULL with a line on stderr: it has none. */
static struct hy_attr_sets *sets_of(struct hy_object *object, const char *word)
{
    bool params = strcmp(word, "param") == 0, utilization = strcmp(word, "utilization") == 0;
    switch (object->kind) {
    case HY_NODE:
        return utilization ? &object->u.node.utilization : &object->u.node.attributes;
    case HY_PRIMITIVE:
    case HY_TEMPLATE:
        return params        ? &object->u.primitive.params
               : utilization ? &object->u.primitive.utilization
                             : &object->u.primitive.meta;
    case HY_GROUP:
        if (!utilization)
            return params ? &object->u.group.params : &object->u.group.meta;
        break;
    case HY_CLONE:
        if (!utilization)
            return params ? &object->u.clone.params : &object->u.clone.meta;
        break;
    default:
        break;
    }
    hactl_fail("%s is a %s, which has no %s", object->id, hy_kind_word(object->kind), word);
    return NULL;
}

static int show(const struct hactl *h, struct hy_object *object, const char *word, const char *name)
{
    const struct hy_attr_sets *sets = sets_of(object, word);
    if (!sets)
        return HACTL_FAILED;
    const char *value = hy_sets_get(sets, name);
    if (!value)
        return hactl_fail("%s has no %s %s", object->id, word, name);
    if (h->json) {
        json_t *root = json_object();
        json_object_set_new(root, "version", json_integer(1));
        json_object_set_new(root, "id", json_string(object->id));
        json_object_set_new(root, "name", json_string(name));
        json_object_set_new(root, "value", json_string(value));
        hactl_print_json(root);
    } else {
        puts(value);
    }
    return HACTL_OK;
}

/* `value` NULL: it goes. */
static int change(struct hactl *h, const struct hactl_state *state, const struct hy_object *object, const char *word,
                  const char *name, const char *value)
{
    struct hy_object *changed = hy_object_copy(object);
    struct hy_attr_sets *sets = sets_of(changed, word);
    int status = sets ? HACTL_OK : HACTL_FAILED;
    if (sets && value)
        hy_sets_set(sets, name, value);
    else if (sets && !hy_sets_remove(sets, name))
        status = hactl_fail("%s has no %s %s", object->id, word, name);
    if (!status) {
        struct hactl_edit edit;
        hactl_edit_begin(&edit, h, state);
        hactl_edit_put(&edit, changed);
        status = hactl_edit_send(&edit);
    }
    hy_object_free(&changed);
    return !status && h->wait ? hactl_wait_settled(h) : status;
}

/* WORD ID set|show|delete NAME [VALUE] */
static int run(struct hactl *h, const char *level, int argc, char **argv)
{
    const char *verb = argv[2];
    bool shows = strcmp(verb, "show") == 0, sets = strcmp(verb, "set") == 0;
    if ((!shows && !sets && strcmp(verb, "delete") != 0) || (argc == 5) != sets)
        return hactl_usage(hactl_find(level, argv[0]));
    if (!hy_attr_name_is_valid(argv[3]) || argv[3][0] == '$')
        return hactl_fail("'%s' is no name of an attribute: expected letters, digits, '_', '-', '.' and the like",
                          argv[3]);
    struct hactl_state state;
    int status = shows ? hactl_state_show(h, &state) : hactl_state_fetch(h, &state);
    if (status)
        return status;
    struct hy_object *object = NULL;
    if (strcmp(level, "node") == 0)
        object = hactl_state_is_node(&state, argv[1]) ? hy_cib_find(state.cib, argv[1]) : NULL;
    else if (!(object = hy_cib_find_kind(state.cib, HY_TEMPLATE, argv[1])))
        object = hactl_state_resource(&state, argv[1]);
    if (!object)
        status = HACTL_FAILED;
    else if (shows)
        status = show(h, object, argv[0], argv[3]);
    else
        status = change(h, &state, object, argv[0], argv[3], sets ? argv[4] : NULL);
    hactl_state_free(&state);
    return status;
}

int hactl_resource_attribute(struct hactl *h, int argc, char **argv)
{
    return run(h, "resource", argc, argv);
}

int hactl_node_attribute(struct hactl *h, int argc, char **argv)
{
    return run(h, "node", argc, argv);
}
