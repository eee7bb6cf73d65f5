/* SPDX-License-Identifier: Apache-2.0 */
/* hactl: the operator's command. */
#include "hactl/hactl.h"
#include "hactl/help.h"
#include "hactl/shell.h"

#include <pwd.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

/* Who types. sudo tells who it was before. */
static const char *who(void)
{
    const char *sudo = getenv("SUDO_USER");
    if (sudo && *sudo)
        return sudo;
    const struct passwd *entry = getpwuid(getuid());
    return entry ? entry->pw_name : "unknown";
}

static int run(struct hactl *h, int argc, char **argv)
{
    if (argc == 0 || (argc == 1 && hactl_is_level(argv[0])))
        return hactl_shell(h, argc ? argv[0] : "");
    if (strcmp(argv[0], "--version") == 0 || strcmp(argv[0], "-V") == 0) {
        printf("hactl %s (halyard)\n", hactl_version());
        return HACTL_OK;
    }
    if (strcmp(argv[0], "--help") == 0 || strcmp(argv[0], "-h") == 0) {
        hactl_help_all();
        return HACTL_OK;
    }
    return hactl_run(h, "", argc, argv);
}

int main(int argc, char **argv)
{
    struct hactl h = {.config_file = HY_CONFIG_FILE, .user = who(), .timeout_ms = 10000, .patience_ms = 60000};
    argc--;
    argv++;
    int status = hactl_take_options(&h, &argc, argv);
    if (!status)
        status = run(&h, argc, argv);
    hactl_close(&h);
    if (fflush(stdout) && !status)
        status = hactl_fail("the output cannot be written");
    return status;
}
