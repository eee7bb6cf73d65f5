/* SPDX-License-Identifier: Apache-2.0 */
/* Schedules as text: made, read, sorted. */
#include "sim/fault.h"

#include <errno.h>
#include <inttypes.h>
#include <stdio.h>

#define SIM_FAULT_WORD(name, word, lasts, words) word,
#define SIM_FAULT_LASTS(name, word, lasts, words) lasts,
static const char *const names[] = {SIM_FAULT_LIST(SIM_FAULT_WORD)};
static const bool last[] = {SIM_FAULT_LIST(SIM_FAULT_LASTS)};

const char *sim_fault_name(enum sim_fault_kind kind)
{
    return names[kind];
}

bool sim_fault_lasts(enum sim_fault_kind kind)
{
    return last[kind];
}

static int find(const char *word, size_t length)
{
    for (int kind = 0; kind < SIM_FAULT_COUNT; kind++)
        if (strlen(names[kind]) == length && strncmp(names[kind], word, length) == 0)
            return kind;
    return length == 8 && strncmp(word, "operator", 8) == 0 ? SIM_FAULT_COUNT : -1;
}

_Static_assert(SIM_FAULT_COUNT < 63, "kinds are a word of bits");

int sim_fault_kinds(const char *text, uint64_t *kinds, struct hy_err *err)
{
    const uint64_t all = (UINT64_C(2) << SIM_FAULT_COUNT) - 1;
    *kinds = *text == '-' ? all : 0;
    while (*text) {
        size_t length = strcspn(text, ",");
        bool out = *text == '-';
        int kind = find(text + out, length - out);
        if (length == 3 && strncmp(text, "all", 3) == 0)
            *kinds = all;
        else if (length == 4 && strncmp(text, "none", 4) == 0)
            *kinds = 0;
        else if (kind < 0)
            return hy_fail(err, EINVAL, "'%.*s' is no fault: --help lists them", (int)length, text);
        else if (out)
            *kinds &= ~(UINT64_C(1) << kind);
        else
            *kinds |= UINT64_C(1) << kind;
        text += length;
        text += *text == ',';
    }
    return 0;
}

/* ---- text */

static void print_set(uint32_t nodes, struct hy_buf *out)
{
    const char *comma = "";
    for (int node = 0; node < SIM_MAX_NODES; node++)
        if (nodes >> node & 1) {
            hy_buf_addf(out, "%s%d", comma, node + 1);
            comma = ",";
        }
}

static void print_nodes(const char *word, uint32_t nodes, struct hy_buf *out)
{
    if (!nodes)
        return;
    hy_buf_addf(out, " %s=", word);
    print_set(nodes, out);
}

void sim_fault_print(const struct sim_fault *fault, struct hy_buf *out)
{
    hy_buf_addf(out, "at %" PRId64 " for %" PRId64 " %s", fault->at, fault->lasts, names[fault->kind]);
    print_nodes("a", fault->a, out);
    print_nodes("b", fault->b, out);
    print_nodes("l", fault->links, out);
    if (fault->v)
        hy_buf_addf(out, " v=%" PRId64, fault->v);
    if (fault->w)
        hy_buf_addf(out, " w=%" PRId64, fault->w);
}

static void print_kinds(uint64_t kinds, struct hy_buf *out)
{
    const char *comma = "";
    for (int kind = 0; kind <= SIM_FAULT_COUNT; kind++)
        if (kinds >> kind & 1) {
            hy_buf_addf(out, "%s%s", comma, kind < SIM_FAULT_COUNT ? names[kind] : "operator");
            comma = ",";
        }
    if (!kinds)
        hy_buf_adds(out, "none");
}

void sim_schedule_print(const struct sim_schedule *schedule, struct hy_buf *out)
{
    hy_buf_addf(out,
                "halyard-sim 1\nseed %" PRIu64 "\nnodes %zu\nduration %" PRId64 "\nquiet %" PRId64
                "\noperator-ends %" PRId64 "\nprofile %s\n",
                schedule->seed, schedule->nodes, schedule->duration, schedule->quiet, schedule->operator_ends,
                schedule->profile);
    if (schedule->witnesses) {
        hy_buf_adds(out, "witnesses ");
        print_set(schedule->witnesses, out);
        hy_buf_addc(out, '\n');
    }
    hy_buf_addf(out, "links %zu\n", schedule->links);
    if (schedule->unguarded) {
        hy_buf_adds(out, "unguarded ");
        print_set(schedule->unguarded, out);
        hy_buf_addc(out, '\n');
    }
    hy_buf_addf(out, "noise %d\ngathers %d\naddresses %d\n", schedule->noise, schedule->gathers, schedule->addresses);
    if (schedule->mutant[0])
        hy_buf_addf(out, "mutant %s\n", schedule->mutant);
    hy_buf_adds(out, "faults ");
    print_kinds(schedule->kinds, out);
    hy_buf_addc(out, '\n');
    for (size_t i = 0; i < schedule->faults.count; i++) {
        sim_fault_print(&schedule->faults.items[i], out);
        hy_buf_addc(out, '\n');
    }
}

static bool parse_nodes(const char *text, uint32_t *nodes)
{
    *nodes = 0;
    while (*text) {
        char *end;
        unsigned long node = strtoul(text, &end, 10);
        if (end == text || node < 1 || node > SIM_MAX_NODES || (*end && *end != ','))
            return false;
        *nodes |= 1u << (node - 1);
        text = *end ? end + 1 : end;
    }
    return true;
}

static bool parse_word(const char *word, struct sim_fault *fault)
{
    if (strncmp(word, "a=", 2) == 0)
        return parse_nodes(word + 2, &fault->a);
    if (strncmp(word, "b=", 2) == 0)
        return parse_nodes(word + 2, &fault->b);
    if (strncmp(word, "l=", 2) == 0)
        return parse_nodes(word + 2, &fault->links);
    if (strncmp(word, "v=", 2) == 0)
        return sscanf(word + 2, "%" SCNd64, &fault->v) == 1;
    return strncmp(word, "w=", 2) == 0 && sscanf(word + 2, "%" SCNd64, &fault->w) == 1;
}

static bool parse_fault(const char *line, struct sim_fault *fault)
{
    char name[32];
    int used = 0;
    *fault = (struct sim_fault){0};
    if (sscanf(line, "at %" SCNd64 " for %" SCNd64 " %31s%n", &fault->at, &fault->lasts, name, &used) != 3)
        return false;
    int kind = find(name, strlen(name));
    if (kind < 0 || kind == SIM_FAULT_COUNT)
        return false;
    fault->kind = (enum sim_fault_kind)kind;
    char rest[256];
    snprintf(rest, sizeof rest, "%s", line + used);
    char *place = NULL;
    for (char *word = strtok_r(rest, " ", &place); word; word = strtok_r(NULL, " ", &place))
        if (!parse_word(word, fault))
            return false;
    return true;
}

static bool parse_line(const char *line, struct sim_schedule *schedule, struct hy_err *err)
{
    struct sim_fault fault;
    char kinds[512], nodes[64];
    int flag;
    if (!*line || *line == '#' || strcmp(line, "halyard-sim 1") == 0)
        return true;
    if (strncmp(line, "at ", 3) == 0) {
        if (!parse_fault(line, &fault))
            return false;
        hy_vec_push(&schedule->faults, fault);
        return true;
    }
    if (sscanf(line, "faults %511s", kinds) == 1)
        return sim_fault_kinds(kinds, &schedule->kinds, err) == 0;
    if (sscanf(line, "witnesses %63s", nodes) == 1)
        return parse_nodes(nodes, &schedule->witnesses);
    if (sscanf(line, "unguarded %63s", nodes) == 1)
        return parse_nodes(nodes, &schedule->unguarded);
    if (sscanf(line, "noise %d", &flag) == 1)
        return schedule->noise = flag, true;
    if (sscanf(line, "addresses %d", &flag) == 1)
        return schedule->addresses = flag, true;
    if (sscanf(line, "gathers %d", &flag) == 1)
        return schedule->gathers = flag, true;
    if (sscanf(line, "links %zu", &schedule->links) == 1)
        return schedule->links >= 1 && schedule->links <= SIM_MAX_LINKS;
    return sscanf(line, "seed %" SCNu64, &schedule->seed) == 1 || sscanf(line, "nodes %zu", &schedule->nodes) == 1 ||
           sscanf(line, "duration %" SCNd64, &schedule->duration) == 1 ||
           sscanf(line, "quiet %" SCNd64, &schedule->quiet) == 1 ||
           sscanf(line, "operator-ends %" SCNd64, &schedule->operator_ends) == 1 ||
           sscanf(line, "profile %15s", schedule->profile) == 1 || sscanf(line, "mutant %47s", schedule->mutant) == 1;
}

int sim_schedule_parse(const char *text, struct sim_schedule *schedule, struct hy_err *err)
{
    *schedule = (struct sim_schedule){.links = 1}; /* what was saved before there were several says nothing of them */
    for (size_t number = 1; *text; number++) {
        size_t length = strcspn(text, "\n");
        char *line = hy_strndup(text, length);
        bool good = parse_line(line, schedule, err);
        free(line);
        if (!good)
            return hy_fail(err, EINVAL, "line %zu is not understood: %.*s", number, (int)length, text);
        text += length;
        text += *text == '\n';
    }
    if (!schedule->nodes || schedule->nodes > SIM_MAX_NODES || schedule->duration <= 0)
        return hy_fail(err, EINVAL, "nodes (1 to %d) and duration are needed", SIM_MAX_NODES);
    sim_schedule_sort(schedule);
    return 0;
}

/* ---- containers */

static int by_time(const void *a, const void *b)
{
    const struct sim_fault *one = a, *other = b;
    if (one->at != other->at)
        return one->at < other->at ? -1 : 1;
    return (int)one->kind - (int)other->kind;
}

void sim_schedule_sort(struct sim_schedule *schedule)
{
    if (schedule->faults.count)
        qsort(schedule->faults.items, schedule->faults.count, sizeof *schedule->faults.items, by_time);
}

struct sim_schedule sim_schedule_copy(const struct sim_schedule *schedule)
{
    struct sim_schedule copy = *schedule;
    copy.faults.items = NULL;
    copy.faults.count = copy.faults.capacity = 0;
    for (size_t i = 0; i < schedule->faults.count; i++)
        hy_vec_push(&copy.faults, schedule->faults.items[i]);
    return copy;
}

void sim_schedule_free(struct sim_schedule *schedule)
{
    hy_vec_free(&schedule->faults);
}
