/*
 * tag_match - the tags that a command is about: those that a PATTERN matches, or those that have a
 * digest.
 *
 * Only tags of images match: references by digest and snapshots never move, so they cannot be
 * rolled back or held; and signatures, attestations and SBOMs go with their image, so that neither
 * their entries nor the tags that cosign gives them match a pattern. (A tag of cosign's that is
 * spelt out matches, unless it came along with an image.) Matches are in the order
 * of the index, each once, however many patterns match it.
 */
#ifndef PUBLISH_TAG_MATCH_H
#define PUBLISH_TAG_MATCH_H

#include <stdbool.h>
#include <stddef.h>

struct digest;
struct entry;
struct err;
struct index;
struct strvec;

struct tag_match {
	struct entry **v; /* lent by the index */
	const char *
		*which; /* beside each: the first pattern that matches it, lent; NULL: a digest */
	size_t n, cap;
	size_t missed; /* patterns that matched no tag; each was reported on stderr */
};

#define TAG_MATCH_INIT                                                                             \
	{                                                                                          \
		.v = NULL                                                                          \
	}

void tag_match_release(struct tag_match *m);

/* Whether an entry is a tag: its reference has one, and it is not a snapshot. */
bool tag_match_is_tag(const struct entry *e);
/* Whether it is the tag of an image: not of a signature or another referrer. */
bool tag_match_is_image(const struct entry *e);

/* Whether any of n patterns matches the entry's reference; no patterns (n is 0) match
 * everything. */
bool tag_match_matches(const struct entry *e, char *const *patterns, size_t n);
/* The same for a canonical reference that may have no entry. */
bool tag_match_matches_ref(const char *ref, char *const *patterns, size_t n);

/* Checks n patterns. 0, or -1 with USAGE or INVALID, naming the first that is wrong. */
int tag_match_check(char *const *patterns, size_t n, struct err *err);

/* Adds the tags that any of n patterns matches. A pattern that matches none is reported, unless
 * it matches one of `others` (references without an entry that the caller handles; may be NULL). */
void tag_match_patterns(struct tag_match *m, const struct index *x, char *const *patterns, size_t n,
			const struct strvec *others);

/* Adds the tags that have the digest: given whole, or as its first characters (7 hex digits or
 * more), as status shows them. USAGE when it is not a digest, or the beginning of several (which
 * are named). */
int tag_match_digest(struct tag_match *m, const struct index *x, const char *digest,
		     struct err *err);

#endif
