/* SPDX-License-Identifier: Apache-2.0 */
#include "cib/score.h"

#include <stdio.h>
#include <string.h>
#include <strings.h>

static int capped(long long score)
{
    if (score >= HY_INFINITY)
        return HY_INFINITY;
    return score <= -HY_INFINITY ? -HY_INFINITY : (int)score;
}

int hy_score_add(int a, int b)
{
    if (a <= -HY_INFINITY || b <= -HY_INFINITY)
        return -HY_INFINITY;
    if (a >= HY_INFINITY || b >= HY_INFINITY)
        return HY_INFINITY;
    return capped((long long)a + b);
}

bool hy_score_parse(const char *text, int *score)
{
    const char *at = text;
    bool negative = *at == '-';
    if (*at == '-' || *at == '+')
        at++;
    if (strcasecmp(at, "inf") == 0 || strcasecmp(at, "infinity") == 0) {
        *score = negative ? -HY_INFINITY : HY_INFINITY;
        return true;
    }
    if (!*at)
        return false;
    long long value = 0;
    for (; *at; at++) {
        if (*at < '0' || *at > '9')
            return false;
        /* Digits past the cap change nothing, and may not overflow. */
        if (value <= HY_INFINITY)
            value = value * 10 + (*at - '0');
    }
    *score = capped(negative ? -value : value);
    return true;
}

bool hy_score_is_beyond(const char *text)
{
    text += *text == '-' || *text == '+';
    size_t length = strspn(text, "0123456789"), zeros = strspn(text, "0");
    bool above = length - zeros > 7 || (length - zeros == 7 && strncmp(text + zeros, "1000000", 7) > 0);
    return length && !text[length] && above;
}

const char *hy_score_text(int score, char *text)
{
    if (score >= HY_INFINITY)
        snprintf(text, 16, "INFINITY");
    else if (score <= -HY_INFINITY)
        snprintf(text, 16, "-INFINITY");
    else
        snprintf(text, 16, "%d", score);
    return text;
}
