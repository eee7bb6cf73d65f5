/* SPDX-License-Identifier: Apache-2.0 */
/* halyard-sim: the command line. */
#include "sim/mutants.h"
#include "sim/shrink.h"

#include <errno.h>
#include <getopt.h>
#include <inttypes.h>
#include <string.h>

struct arguments {
    uint64_t seed, runs;
    size_t nodes;
    hy_time duration, quiet;
    uint64_t kinds;
    const char *profile, *schedule, *mutant, *folder, *witnesses;
    const char *guards, *only;
    size_t links;
    bool noise, trace, everything, print, shrink, here;
    double from;
    unsigned shrink_seconds, limit;
};

static const char usage[] =
    "usage: halyard-sim --seed S [--nodes N] [--minutes M] [--faults LIST] [--trace]\n"
    "       halyard-sim --schedule FILE [--trace]\n"
    "\n"
    "  --seed S          what everything is drawn from (default 1)\n"
    "  --runs K          seeds S, S+1, ... S+K-1, until one fails\n"
    "  --nodes N         1 to 16 (default 3)\n"
    "  --minutes M       with faults, in virtual time (default 10)\n"
    "  --quiet SECONDS   without faults, after them (default 90)\n"
    "  --faults LIST     all (default), none, names with commas; -name takes one out\n"
    "  --profile P       fast, lan or wan; else by the seed\n"
    "  --links L         of each node, 1 to 3; else by the seed\n"
    "  --guards WORD     yes: all kernels take the filter of addresses; no: none does; else by the seed\n"
    "  --only INVARIANT  the others may be broken\n"
    "  --noise           no faults but noise within the bounds; and links that die while another one works\n"
    "  --witnesses W     the last W nodes vote and run nothing (default 0); \"seed\": by the seed\n"
    "  --mutant NAME     with a fault in the product; --mutants lists them\n"
    "  --schedule FILE   replays what a failed run has saved\n"
    "  --print           prints the schedule and runs nothing\n"
    "  --trace[=all]     prints what happens (all: heartbeats too); --from SECONDS: from then on\n"
    "  --no-shrink       a failure is not made smaller; --shrink-seconds S: for so long at most (default 60)\n"
    "  --out FOLDER      where failed schedules are saved (default: here)\n"
    "  --here            in this process, for debuggers and profilers\n"
    "faults:\n";

static void print_usage(FILE *out)
{
    fputs(usage, out);
#define PRINT_FAULT(name, word, lasts, words) fprintf(out, "  %-17s %s\n", word, words);
    SIM_FAULT_LIST(PRINT_FAULT)
    fprintf(out, "  %-17s %s\n", "operator", "changes, moves and takes away nodes and resources all the time");
}

enum {
    RUNS = 256,
    WITNESSES,
    LINKS,
    NOISE,
    GUARDS,
    ONLY,
    QUIET,
    MUTANTS,
    PRINT,
    FROM,
    NO_SHRINK,
    SHRINK_SECONDS,
    OUT,
    HERE,
    LIMIT
};

static const struct option options[] = {{"seed", required_argument, NULL, 's'},
                                        {"runs", required_argument, NULL, RUNS},
                                        {"nodes", required_argument, NULL, 'n'},
                                        {"minutes", required_argument, NULL, 'm'},
                                        {"quiet", required_argument, NULL, QUIET},
                                        {"faults", required_argument, NULL, 'f'},
                                        {"profile", required_argument, NULL, 'p'},
                                        {"witnesses", required_argument, NULL, WITNESSES},
                                        {"links", required_argument, NULL, LINKS},
                                        {"noise", no_argument, NULL, NOISE},
                                        {"guards", required_argument, NULL, GUARDS},
                                        {"only", required_argument, NULL, ONLY},
                                        {"mutant", required_argument, NULL, 'x'},
                                        {"mutants", no_argument, NULL, MUTANTS},
                                        {"schedule", required_argument, NULL, 'r'},
                                        {"print", no_argument, NULL, PRINT},
                                        {"trace", optional_argument, NULL, 't'},
                                        {"from", required_argument, NULL, FROM},
                                        {"no-shrink", no_argument, NULL, NO_SHRINK},
                                        {"shrink-seconds", required_argument, NULL, SHRINK_SECONDS},
                                        {"out", required_argument, NULL, OUT},
                                        {"here", no_argument, NULL, HERE},
                                        {"limit", required_argument, NULL, LIMIT},
                                        {"help", no_argument, NULL, 'h'},
                                        {0}};

static _Noreturn void refuse(const char *what, const char *value)
{
    fprintf(stderr, "halyard-sim: %s: %s\n", what, value);
    exit(2);
}

static void take_option(int option, struct arguments *a)
{
    struct hy_err err = {{0}};
    switch (option) {
    case 's':
        a->seed = strtoull(optarg, NULL, 0);
        break;
    case RUNS:
        a->runs = strtoull(optarg, NULL, 0);
        break;
    case 'n':
        a->nodes = strtoull(optarg, NULL, 0);
        if (a->nodes < 1 || a->nodes > SIM_MAX_NODES)
            refuse("nodes: 1 to 16", optarg);
        break;
    case 'm':
        a->duration = (hy_time)(strtod(optarg, NULL) * 60e6);
        if (a->duration <= 0)
            refuse("minutes: more than 0", optarg);
        break;
    case QUIET:
        a->quiet = (hy_time)(strtod(optarg, NULL) * 1e6);
        break;
    case 'f':
        if (sim_fault_kinds(optarg, &a->kinds, &err))
            refuse("faults", err.text);
        break;
    case 'p':
        a->profile = optarg;
        break;
    case WITNESSES:
        a->witnesses = optarg;
        break;
    case LINKS:
        a->links = strtoull(optarg, NULL, 0);
        if (a->links < 1 || a->links > SIM_MAX_LINKS)
            refuse("links: 1 to 3", optarg);
        break;
    case GUARDS:
        a->guards = optarg;
        if (strcmp(optarg, "yes") != 0 && strcmp(optarg, "no") != 0)
            refuse("guards: yes or no", optarg);
        break;
    case ONLY:
        a->only = optarg;
        break;
    case NOISE:
        a->noise = true;
        break;
    case 'x':
        a->mutant = optarg;
        if (!sim_mutant_set(optarg))
            refuse("there is no such mutant (--mutants lists them)", optarg);
        break;
    case MUTANTS:
        sim_mutants_print();
        exit(0);
    case 'r':
        a->schedule = optarg;
        break;
    case PRINT:
        a->print = true;
        break;
    case 't':
        a->trace = true;
        a->everything = optarg && strcmp(optarg, "all") == 0;
        break;
    case FROM:
        a->from = strtod(optarg, NULL);
        break;
    case NO_SHRINK:
        a->shrink = false;
        break;
    case SHRINK_SECONDS:
        a->shrink_seconds = (unsigned)strtoul(optarg, NULL, 0);
        break;
    case OUT:
        a->folder = optarg;
        break;
    case HERE:
        a->here = true;
        break;
    case LIMIT:
        a->limit = (unsigned)strtoul(optarg, NULL, 0);
        break;
    case 'h':
        print_usage(stdout);
        exit(0);
    default:
        print_usage(stderr);
        exit(2);
    }
}

static void load_schedule(const char *path, struct sim_schedule *schedule)
{
    FILE *file = fopen(path, "r");
    struct hy_buf text = {0};
    struct hy_err err = {{0}};
    char block[4096];
    size_t got;
    if (!file)
        refuse(path, strerror(errno));
    while ((got = fread(block, 1, sizeof block, file)) > 0)
        hy_buf_add(&text, block, got);
    fclose(file);
    if (sim_schedule_parse(hy_buf_text(&text), schedule, &err))
        refuse(path, err.text);
    hy_buf_free(&text);
}

static void choose_witnesses(const struct arguments *a, struct sim_schedule *schedule)
{
    schedule->witnesses_by_seed = a->witnesses && strcmp(a->witnesses, "seed") == 0;
    if (!a->witnesses || schedule->witnesses_by_seed)
        return;
    char *end;
    unsigned long count = strtoul(a->witnesses, &end, 10);
    if (!*a->witnesses || *end || count >= a->nodes)
        refuse("witnesses: fewer than there are nodes, or \"seed\"", a->witnesses);
    schedule->witnesses = ((1u << count) - 1) << (a->nodes - count);
}

static void make_schedule(const struct arguments *a, uint64_t seed, struct sim_schedule *schedule)
{
    if (a->schedule) {
        load_schedule(a->schedule, schedule);
    } else {
        *schedule = (struct sim_schedule){.seed = seed,
                                          .nodes = a->nodes,
                                          .duration = a->duration,
                                          .quiet = a->quiet,
                                          .operator_ends = a->duration,
                                          .links = a->links,
                                          .noise = a->noise,
                                          .guards_given = a->guards,
                                          .unguarded = a->guards && *a->guards == 'n' ? UINT16_MAX : 0,
                                          .kinds = a->kinds};
        snprintf(schedule->profile, sizeof schedule->profile, "%s", a->profile ? a->profile : "");
        choose_witnesses(a, schedule);
        sim_schedule_generate(schedule);
    }
    if (a->only)
        snprintf(schedule->only, sizeof schedule->only, "%s", a->only);
    if (a->mutant)
        snprintf(schedule->mutant, sizeof schedule->mutant, "%s", a->mutant);
}

static void print_result(const struct sim_schedule *schedule, const struct sim_result *result)
{
    printf("seed %" PRIu64 ": %zu nodes, %s, %zu faults, %.0f s in %.2f s (%.0f x), %" PRIu64 " steps, hash %016" PRIx64
           "\n",
           schedule->seed, schedule->nodes, schedule->profile, schedule->faults.count, (double)result->simulated / 1e6,
           result->seconds, result->seconds > 0 ? (double)result->simulated / 1e6 / result->seconds : 0.0,
           result->steps, result->hash);
}

static void save(const struct arguments *a, const struct sim_schedule *schedule, const struct sim_result *result)
{
    char path[512];
    struct hy_buf text = {0};
    snprintf(path, sizeof path, "%s/%s-%" PRIu64 ".sim", a->folder, result->violation, schedule->seed);
    hy_buf_addf(&text, "# %s: %s\n", result->violation, result->text);
    sim_schedule_print(schedule, &text);
    FILE *file = fopen(path, "w");
    if (!file || fwrite(text.data, 1, text.size, file) != text.size || fclose(file))
        fprintf(stderr, "halyard-sim: %s: %s\n", path, strerror(errno));
    printf("%ssaved: halyard-sim --schedule %s\n", text.data, path);
    hy_buf_free(&text);
}

static void tell_failure(const struct arguments *a, struct sim_schedule *schedule, struct sim_result *result)
{
    printf("VIOLATION seed %" PRIu64 ", %s at %.6f s: %s\n", schedule->seed, result->violation,
           (double)result->at / 1e6, result->text);
    if (a->shrink && !a->schedule)
        sim_shrink(schedule, result, a->shrink_seconds);
    struct sim_view view = {.last_lines = true};
    struct sim_result again;
    sim_run_apart(schedule, &view, a->limit, &again);
    printf("VIOLATION %s at %.6f s: %s\n", again.violation, (double)again.at / 1e6, again.text);
    if (!a->schedule)
        save(a, schedule, result);
}

static bool run(const struct arguments *a, uint64_t seed)
{
    struct sim_schedule schedule;
    struct sim_result result;
    make_schedule(a, seed, &schedule);
    if (a->print) {
        struct hy_buf text = {0};
        sim_schedule_print(&schedule, &text);
        fputs(hy_buf_text(&text), stdout);
        hy_buf_free(&text);
        sim_schedule_free(&schedule);
        return true;
    }
    const struct sim_view view = {
        .out = a->trace ? stdout : NULL, .everything = a->everything, .from = (hy_time)(a->from * 1e6)};
    if (a->here)
        sim_run_here(&schedule, &view, &result);
    else
        sim_run_apart(&schedule, &view, a->limit, &result);
    print_result(&schedule, &result);
    bool good = !result.violation[0];
    if (!good)
        tell_failure(a, &schedule, &result);
    sim_schedule_free(&schedule);
    return good;
}

int main(int argc, char **argv)
{
    struct arguments a = {.seed = 1,
                          .runs = 1,
                          .nodes = 3,
                          .duration = 600 * HY_SECOND,
                          .quiet = 90 * HY_SECOND,
                          .kinds = UINT64_MAX,
                          .folder = ".",
                          .shrink = true,
                          .shrink_seconds = 60,
                          .limit = 600};
    struct hy_err err = {{0}};
    int option;
    sim_fault_kinds("all", &a.kinds, &err);
    while ((option = getopt_long(argc, argv, "h", options, NULL)) != -1)
        take_option(option, &a);
    if (optind < argc)
        refuse("what is this", argv[optind]);
    for (uint64_t i = 0; i < a.runs; i++)
        if (!run(&a, a.seed + i))
            return 1;
    return 0;
}
