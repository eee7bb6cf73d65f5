/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Scores, as Pacemaker has them ("Pacemaker Explained", section "Scores"): integers between -INFINITY and INFINITY with
 * INFINITY = 1,000,000; INFINITY plus anything is INFINITY, -INFINITY plus anything (INFINITY too) is -INFINITY; other
 * sums are capped at plus and minus INFINITY.
 */
#ifndef HY_CIB_SCORE_H
#define HY_CIB_SCORE_H

#include <stdbool.h>

#define HY_INFINITY 1000000

int hy_score_add(int a, int b);

/* Reads "100", "-5", "INFINITY", "-INFINITY", "+INFINITY", "inf", "-inf" (any case; "inf:" endings are the caller's).
 * False: not a score. */
bool hy_score_parse(const char *text, int *score);
/* A number of which the most part is lost: hy_score_parse() makes INFINITY of it. */
bool hy_score_is_beyond(const char *text);

/* Writes "100", "INFINITY", "-INFINITY" into a buffer of at least 16 bytes; returns it. */
const char *hy_score_text(int score, char *text);

#endif
