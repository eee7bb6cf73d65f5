/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The meta-data of a script are asked for once: they are kept, in the form of meta.h, below site->cache_dir, with what the
 * file was (device, inode, size, times). A script that has changed is asked again.
 */
#ifndef OCF_CACHE_H
#define OCF_CACHE_H

#include "halyard/agent.h"
#include "meta.h"

#include <sys/stat.h>

struct ocf_script {
    const char *provider, *type;
    char path[4096];
    struct stat file;
};

/* Never fails: where nothing can be learnt, meta->problem says why. */
void ocf_meta_of(const struct halyard_site *site, const struct ocf_script *script, struct ocf_meta *meta);

#endif
