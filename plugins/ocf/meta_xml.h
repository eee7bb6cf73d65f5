/* SPDX-License-Identifier: Apache-2.0 */
/* Meta-data as scripts print them (ra-api-1.dtd, and what OCF 1.1 has added) into the form of meta.h. */
#ifndef OCF_META_XML_H
#define OCF_META_XML_H

#include <stddef.h>
#include <stdio.h>

/* Writes them to `out`. What cannot be read is one line "problem": why. */
void ocf_meta_from_xml(const char *xml, size_t size, FILE *out);
void ocf_meta_problem(FILE *out, const char *format, ...) __attribute__((format(printf, 2, 3)));

#endif
