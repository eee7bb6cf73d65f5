/* SPDX-License-Identifier: Apache-2.0 */
/* The options that may stand anywhere, and what they stand for. */
#include "hactl/connection.h"
#include "hactl/hactl.h"

#include <stdlib.h>
#include <string.h>

enum { LONGEST_WAIT = 24 * 3600, LEAST_ANSWER_MS = 1000 };

static bool take_flag(struct hactl *h, const char *word)
{
    const struct {
        const char *word;
        bool *flag;
    } flags[] = {
        {"--json", &h->json}, {"--wait", &h->wait}, {"-w", &h->wait}, {"-F", &h->force}, {"--force", &h->force}};
    for (size_t i = 0; i < sizeof flags / sizeof *flags; i++) {
        if (strcmp(flags[i].word, word) == 0) {
            *flags[i].flag = true;
            return true;
        }
    }
    return false;
}

static int take_timeout(struct hactl *h, const char *text)
{
    char *end;
    double seconds = strtod(text, &end);
    if (*end || !(seconds > 0 && seconds <= LONGEST_WAIT)) {
        hactl_fail("--timeout '%s': expected seconds, 0.1 to %d", text, LONGEST_WAIT);
        return HACTL_USAGE;
    }
    h->patience_ms = (int)(seconds * 1000);
    h->timeout_ms = h->patience_ms > LEAST_ANSWER_MS ? h->patience_ms : LEAST_ANSWER_MS;
    return HACTL_OK;
}

/* -c FILE, --timeout SECONDS. */
static bool takes_value(const char *word)
{
    return strcmp(word, "-c") == 0 || strcmp(word, "--config") == 0 || strcmp(word, "--timeout") == 0;
}

static int take_value(struct hactl *h, const char *option, const char *value)
{
    if (!value) {
        hactl_fail("%s: a value must follow", option);
        return HACTL_USAGE;
    }
    if (strcmp(option, "--timeout") == 0)
        return take_timeout(h, value);
    h->config_file = value;
    return HACTL_OK;
}

int hactl_take_options(struct hactl *h, int *argc, char **argv)
{
    int kept = 0;
    int status = HACTL_OK;
    for (int i = 0; i < *argc && !status; i++) {
        if (strcmp(argv[i], "--") == 0) {
            while (++i < *argc)
                argv[kept++] = argv[i];
        } else if (takes_value(argv[i])) {
            const char *value = i + 1 < *argc ? argv[i + 1] : NULL;
            status = take_value(h, argv[i], value);
            i++;
        } else if (!take_flag(h, argv[i])) {
            argv[kept++] = argv[i];
        }
    }
    argv[kept] = NULL;
    *argc = kept;
    return status;
}

const struct hy_config *hactl_config(struct hactl *h)
{
    struct hy_err err = {{0}};
    if (!h->config && hy_config_read(h->config_file, &h->config, &err))
        hactl_fail("%s", err.text);
    return h->config;
}

void hactl_close(struct hactl *h)
{
    hactl_disconnect(h);
    hy_config_free(&h->config);
}
