/* SPDX-License-Identifier: Apache-2.0 */
#include "cib/cib.h"

#include "cib/object.h"

#include <string.h>

static struct hy_attr *find(const struct hy_attrs *attrs, const char *name)
{
    for (size_t i = 0; i < attrs->list.count; i++)
        if (*attrs->list.items[i].name == *name && strcmp(attrs->list.items[i].name, name) == 0)
            return &attrs->list.items[i];
    return NULL;
}

const char *hy_attrs_get(const struct hy_attrs *attrs, const char *name)
{
    const struct hy_attr *attr = find(attrs, name);
    return attr ? attr->value : NULL;
}

void hy_attrs_set(struct hy_attrs *attrs, const char *name, const char *value)
{
    struct hy_attr *attr = find(attrs, name);
    char *copy = hy_strdup(value);
    if (attr) {
        free(attr->value);
        attr->value = copy;
        return;
    }
    struct hy_attr fresh = {.name = hy_strdup(name), .value = copy};
    hy_vec_push(&attrs->list, fresh);
}

bool hy_attrs_remove(struct hy_attrs *attrs, const char *name)
{
    struct hy_attr *attr = find(attrs, name);
    if (!attr)
        return false;
    free(attr->name);
    free(attr->value);
    hy_vec_remove(&attrs->list, (size_t)(attr - attrs->list.items));
    return true;
}

void hy_attrs_free(struct hy_attrs *attrs)
{
    for (size_t i = 0; i < attrs->list.count; i++) {
        free(attrs->list.items[i].name);
        free(attrs->list.items[i].value);
    }
    hy_vec_free(&attrs->list);
}

void hy_attrs_copy(struct hy_attrs *to, const struct hy_attrs *from)
{
    *to = (struct hy_attrs){0};
    for (size_t i = 0; i < from->list.count; i++) {
        struct hy_attr attr = {.name = hy_strdup(from->list.items[i].name),
                               .value = hy_strdup(from->list.items[i].value)};
        hy_vec_push(&to->list, attr);
    }
}
