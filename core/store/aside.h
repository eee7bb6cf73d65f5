/* SPDX-License-Identifier: Apache-2.0 */
#ifndef HY_STORE_ASIDE_H
#define HY_STORE_ASIDE_H

#include "store/file.h"

#include <time.h>

enum { HY_STORE_MAX_ASIDE = 16 }; /* folders: a disk that damaged so many does not get another try */

/* Renames all files of the folder into FOLDER/set-aside-YYYYmmdd-HHMMSS (local time; "-2" and so on behind it when that
 * is there), of which *name becomes the name. At no point is there a folder that would load: the log goes first, and a
 * snapshot without a log is damage by itself. -EBADMSG: too many were set aside before. */
int hy_store_set_aside(const struct hy_store_folder *folder, time_t now, char **name, struct hy_err *err);

#endif
