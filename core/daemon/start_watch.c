/* SPDX-License-Identifier: Apache-2.0 */
#include "daemon/start_watch.h"

#include "base/alloc.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

enum { LOOKS = 500, PAUSE_MS = 10 };

off_t hy_start_log_size(const struct hy_config *config)
{
    struct stat info;
    return config->log.file && stat(config->log.file, &info) == 0 ? info.st_size : 0;
}

static bool core_answers(const struct hy_config *config)
{
    struct sockaddr_un address = {.sun_family = AF_UNIX};
    char *path = hy_config_socket(config);
    bool fits = strlen(path) < sizeof address.sun_path;
    if (fits)
        strcpy(address.sun_path, path);
    free(path);
    int fd = fits ? socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0) : -1;
    bool answers = fd >= 0 && connect(fd, (const struct sockaddr *)&address, sizeof address) == 0;
    if (fd >= 0)
        close(fd);
    return answers;
}

/* The last two lines of level error, of either format: the core's reason, and the executor's that it has ended. */
static void tell_errors(const struct hy_config *config, off_t from)
{
    FILE *log = config->log.file ? fopen(config->log.file, "re") : NULL;
    char *line = NULL, *last[2] = {NULL, NULL};
    size_t capacity = 0;
    bool readable = log && fseeko(log, from, SEEK_SET) == 0;
    while (readable && getline(&line, &capacity, log) >= 0) {
        if (!strstr(line, " error: ") && !strstr(line, "\"error\""))
            continue;
        free(last[0]);
        last[0] = last[1];
        last[1] = hy_strdup(line);
    }
    for (int i = 0; i < 2; i++)
        if (last[i])
            fprintf(stderr, "halyardd: %s", last[i]);
    if (!last[1])
        fprintf(stderr, "halyardd: its log tells why\n");
    free(line);
    free(last[0]);
    free(last[1]);
    if (log)
        fclose(log);
}

int hy_start_watch(const struct hy_config *config, pid_t daemon, off_t log_size)
{
    const struct timespec pause = {.tv_nsec = PAUSE_MS * 1000000L};
    for (int i = 0; i < LOOKS; i++) {
        int status;
        if (waitpid(daemon, &status, WNOHANG) == daemon) {
            tell_errors(config, log_size);
            return WIFEXITED(status) ? WEXITSTATUS(status) : EXIT_FAILURE;
        }
        if (core_answers(config))
            return EXIT_SUCCESS;
        nanosleep(&pause, NULL);
    }
    fprintf(stderr, "halyardd: it runs, and goes on trying to begin:\n");
    tell_errors(config, log_size);
    return EXIT_SUCCESS;
}
