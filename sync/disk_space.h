/*
 * disk_space - whether an image may be fetched: the bytes that the mirror's disk has free.
 *
 * Many images are fetched at once. The bytes that images under way still need are promised to them
 * and subtracted from the free ones. They are promised when a fetch is admitted and given back at
 * its end.
 */
#ifndef SYNC_DISK_SPACE_H
#define SYNC_DISK_SPACE_H

#include <stdbool.h>
#include <stdint.h>

#include "oci/base/err.h"

struct fetch;
struct layout;

struct disk_space {
	const struct layout *layout; /* the mirror's; lent */
	const struct fetch *fetch;   /* lent: it knows how much of the promised bytes has arrived */
	uint64_t promised;           /* bytes that images under way still need, at most */
	struct err full;             /* why an image could not be written; kind NONE: none was */
};

/* Whether the disk has room for so many bytes beside what is promised. INVALID when it has not: the
 * image does not fit, and others may. IO when the disk cannot be asked, or is full: then nothing
 * fits. */
int disk_space_check(const struct disk_space *s, int64_t bytes, struct err *err);

/* Whether an error is that the disk (or the quota of this user) is full. It is one image's: when
 * that gives its room back, others may fit. */
bool disk_space_is_lacking(const struct err *err);
/* The same, and remembers it: when nothing can be published either, the mirror cannot be used. */
bool disk_space_note(struct disk_space *s, const struct err *err);

void disk_space_promise(struct disk_space *s, int64_t bytes);
void disk_space_give_back(struct disk_space *s, int64_t bytes);

#endif
