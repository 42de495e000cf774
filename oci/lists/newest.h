/*
 * newest - which of the tags that a line's patterns choose newest=N keeps.
 *
 * It counts releases as people do (oci/image/release.h): N versions of each variant, in all
 * spellings and with the newest revision of each.
 *
 *	pre-releases	count only where the line spells their word
 *	floating names	("3.21" beside "3.21.5", "26.0.7" beside "26.0.7-1", "3.14-rc" beside
 *			"3.14.0rc2") count nothing, and come along with what they float to; "3.3"
 *			is a name of "3.3.0-rc1" while there is no 3.3.0
 *	old variants	are left out whole: their newest version is older than the (N+1)th of all
 *	dates, hashes	(a first number of six or more digits) are versions only where no tag is
 *			another one
 */
#ifndef OCI_LISTS_NEWEST_H
#define OCI_LISTS_NEWEST_H

#include <stdbool.h>
#include <stddef.h>

struct buf;

/* Why a tag is left out, in the order in which it is told. */
enum newest_reason {
	NEWEST_KEPT,
	NEWEST_NO_VERSION,
	NEWEST_PRE_RELEASE,
	NEWEST_OLD_VARIANT,
	NEWEST_OLD_REVISION,
	NEWEST_OLDER,
};

enum { NEWEST_REASONS = NEWEST_OLDER + 1, NEWEST_TOLD = 3 };

/* What was left out, and three of each kind. */
struct newest_left {
	size_t n[NEWEST_REASONS];
	char *some[NEWEST_REASONS][NEWEST_TOLD]; /* owned */
};

#define NEWEST_LEFT_INIT                                                                           \
	{                                                                                          \
		.n = { 0 }                                                                         \
	}

void newest_left_release(struct newest_left *left);

/* Appends "3 pre-releases (3.0.0-rc.1, ...), 12 older (...)"; nothing when nothing is left
 * out. */
void newest_left_describe(const struct newest_left *left, struct buf *out);

struct newest_tag {
	const char *tag;
	bool is_spelt; /* the line spells its pre-release word, if it has one */
};

/* Puts the tags that are kept into `out`, which has room for all n, the newest first, and gives
 * their number; `left` (may be NULL, is empty) gets the others. No tag stands twice in v. */
size_t newest_choose(const struct newest_tag *v, size_t n, size_t newest, const char **out,
		     struct newest_left *left);

#endif
