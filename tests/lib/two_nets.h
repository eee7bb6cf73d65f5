/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Two network namespaces of the test's own, joined by a cable: "here", with eth0, and "there", with far0. They, and all in
 * them, end with the process. Nothing of the host's own network is touched. As an ordinary user it takes a user namespace.
 */
#ifndef TESTS_LIB_TWO_NETS_H
#define TESTS_LIB_TWO_NETS_H

#include <stdbool.h>

void netns_open(void);
void netns_here(void);
void netns_there(void);

/* A command line for ip(8), here or there; the test fails when it fails. */
void ip_here(const char *format, ...) __attribute__((format(printf, 1, 2)));
void ip_there(const char *format, ...) __attribute__((format(printf, 1, 2)));
/* Does the line have all of these words, separated by "..." ? */
bool has_words(const char *line, const char *words);
/* Does the output of `ip -o address` here have a line with all of these words, separated by "..." ? */
bool address_here(const char *words);
bool address_there(const char *words);
/* Waits for it to be so, or no longer so; false: not within 20 s. */
bool await_address(const char *words, bool wanted);

#endif
