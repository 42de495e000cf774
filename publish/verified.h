/*
 * verified - when the content of each blob was last read and found right: .mirror/verified.
 *
 * verify leaves it, and verify --since reads it. It is derived: losing it costs a rehash. Whatever
 * is wrong with the file makes it an empty one. It speaks of the files of one place: its first line
 * has the inode of the mirror's blobs directory, so a copy of the mirror begins anew. A file that
 * was written to after its time is not trusted either.
 *
 * A line is a digest and two times, in seconds since 1970: rehashed, and looked at by --deep (0:
 * never). Only blobs that are there are written, so the file is as long as the mirror has blobs.
 *
 *	verified_load(&v, &layout)
 *	verified_since(&v, digest, changed, since, deep)	may it be skipped?
 *	verified_note(&v, digest, when, deep); verified_forget(&v, digest)
 *	verified_save(&v, &layout, err)
 */
#ifndef PUBLISH_VERIFIED_H
#define PUBLISH_VERIFIED_H

#include <stdbool.h>
#include <time.h>

#include "oci/base/table.h"

struct err;
struct layout;

struct verified {
	struct table rows; /* by digest */
};

#define VERIFIED_INIT                                                                              \
	{                                                                                          \
		.rows = TABLE_INIT                                                                 \
	}

void verified_load(struct verified *v, const struct layout *l);
void verified_release(struct verified *v);

/* Whether the blob was found right at `since` or later, by --deep when `deep`, and its file was
 * last written to before that. */
bool verified_since(const struct verified *v, const char *digest, time_t changed, time_t since,
		    bool deep);
void verified_note(struct verified *v, const char *digest, time_t when, bool deep);
void verified_forget(struct verified *v, const char *digest);
/* Forgets those for which is_there(digest, arg) is false. */
void verified_keep(struct verified *v, bool (*is_there)(const char *digest, void *arg), void *arg);

/* Replaces the file. Not durable. IO. */
int verified_save(const struct verified *v, const struct layout *l, struct err *err);

#endif
