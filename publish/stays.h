/*
 * stays - when which references had something in them: from the journal, the generations that are
 * kept, and the index.
 *
 *	stays_read(&s, &mirror, &contents, err)
 *	for (i = 0; i < s.n; i++) ... s.v[i]
 *	stays_release(&s)
 *
 * A stay is the time in which a reference had one manifest with wanted digests in it. The journal
 * begins and ends stays; it is never pruned. Where it was lost, or its beginning or end, the
 * generations that are kept say which references had what, and the index says what is published
 * now. Only lines of the journal that name such a manifest are parsed.
 */
#ifndef PUBLISH_STAYS_H
#define PUBLISH_STAYS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "oci/base/table.h"
#include "oci/image/digest.h"

struct contents;
struct entry;
struct err;
struct mirror;

struct stay {
	char *ref;
	struct digest manifest; /* what the reference was */
	uint64_t mask;          /* the wanted digests in it */
	/* the first and the last generation; -1: not known. The last is that of the index while
	 * the stay lasts. */
	long first, last;
	bool earlier; /* it may have begun before `first`, or before all that is known */
	bool lasts;   /* published now: `entry` is that of the index */
	bool snapshot;
	const struct entry *entry;
	char *since, *until;             /* RFC 3339; NULL: not known, or it lasts */
	char *why, *who, *list, *commit; /* what began it; NULL: not known */
	long seen;                       /* the generation in which it was seen last */
};

struct stays {
	struct stay **v; /* sorted by reference; of one reference, the newest first */
	size_t n, cap;
	struct table open; /* those that last, by reference */
	struct contents *contents;
	const struct mirror *mirror;
	long first, last; /* generations of the first and the last line of the journal; -1: none */
	size_t bad;       /* lines of it that cannot be read */
	size_t unread;    /* generations that were needed and cannot be read */
	bool lost;        /* the journal does not tell of all generations */
};

/* Both are lent. IO when the journal cannot be read. */
int stays_read(struct stays *s, const struct mirror *m, struct contents *c, struct err *err);
void stays_release(struct stays *s);

/* The group whose repository a reference is in now; NULL: everybody's, or not here any more. */
const char *stays_group(const struct stays *s, const char *ref);

#endif
