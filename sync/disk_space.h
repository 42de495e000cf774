/*
 * disk_space - whether an image may be fetched: max-bytes= of the policy, and the bytes that the
 * mirror's disk has free.
 *
 * Many images are fetched at once. The bytes that images under way still need are promised to them
 * and subtracted from the free ones. They are promised when a fetch is admitted and given back at
 * its end.
 */
#ifndef SYNC_DISK_SPACE_H
#define SYNC_DISK_SPACE_H

#include <stdbool.h>
#include <stdint.h>

struct err;
struct fetch;
struct layout;

struct disk_space {
	const struct layout *layout; /* the mirror's; lent */
	const struct fetch *fetch;   /* lent: it knows how much of the promised bytes has arrived */
	int64_t max_bytes;           /* of the policy, for one image; -1: no limit */
	uint64_t promised;           /* bytes that images under way still need, at most */
};

/* Whether the policy allows an image that needs so many bytes; USAGE when it does not. */
int disk_space_check_policy(const struct disk_space *s, int64_t bytes, struct err *err);

/* Whether the disk has room for so many bytes beside what is promised. INVALID when it has not, and
 * *no_space (may be NULL) is set; IO when the disk cannot be asked. */
int disk_space_check(const struct disk_space *s, int64_t bytes, bool *no_space, struct err *err);

void disk_space_promise(struct disk_space *s, int64_t bytes);
void disk_space_give_back(struct disk_space *s, int64_t bytes);

#endif
