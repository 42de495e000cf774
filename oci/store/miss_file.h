/*
 * miss_file - a list of misses (oci/store/miss_list.h) as a file of JSON lines.
 *
 *	{"misses":1,"key":"00112233445566778899aabbccddeeff","left_out":0}
 *	{"ref":"docker.io/library/alpine:3.21","requests":12,"ns":12,"hours":3,"addresses":4,
 *	 "from":["private"],"since":"2026-11-20T06:00:00Z","last":"2026-11-28T09:10:00Z",
 *	 "clients":{"containerd":12},"agent":"containerd/2.0.1","sketch":"0000000000000f01",
 *	 "share":17}
 *
 * (one line each). The number in "misses" is the format's. Members that a reader does not know are
 * skipped. What is read is checked like a stranger's: references by their grammar, texts for what
 * may be shown, numbers and dates for their range.
 */
#ifndef OCI_STORE_MISS_FILE_H
#define OCI_STORE_MISS_FILE_H

#include "oci/base/span.h"

struct buf;
struct err;
struct miss_list;

/* Fills *l, which is not initialised before, from the bytes of the file `name`; *l is released by
 * the caller. INVALID, "NAME:LINE: ...": then nothing of *l is to be released. */
int miss_file_parse(struct miss_list *l, const char *name, struct span bytes, struct err *err);

/* The same for a file at a path; NOTFOUND when there is none. */
int miss_file_read(struct miss_list *l, const char *path, struct err *err);

/* Appends the list, the most wanted first; what does not fit into LIMIT_MISS_FILE is left out. */
void miss_file_print(const struct miss_list *l, struct buf *out);

/* Replaces the file at a path. */
int miss_file_write(const struct miss_list *l, const char *path, struct err *err);

#endif
