/*
 * wanted - the digests that mirror-publish find is asked for, each a bit of a mask.
 *
 *	struct wanted w = WANTED_INIT;
 *	if (wanted_read(&w, words, n, err) < 0) ...
 *	mask = wanted_match(&w, span_str(digest));	for all that the mirror has ever had
 *	if (wanted_check(&w, err) < 0) ...		a shortened digest means two
 *
 * A digest may be shortened as other verbs print it: "sha256:" and 12 or more of its hex digits.
 * What it stands for shows only when all digests have been matched.
 */
#ifndef PUBLISH_WANTED_H
#define PUBLISH_WANTED_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "oci/base/limits.h"
#include "oci/base/span.h"
#include "oci/image/digest.h"

struct err;

/* What a digest is, in the document that refers to it. */
enum wanted_role {
	WANTED_UNKNOWN,
	WANTED_INDEX,
	WANTED_MANIFEST,
	WANTED_CONFIG,
	WANTED_LAYER,
	WANTED_ROLES
};

struct wanted_digest {
	char text[DIGEST_MAX + 1]; /* as it was given */
	size_t n;                  /* its length */
	bool whole;                /* not shortened */
	struct digest digest;      /* what it is; "" while nothing has matched a shortened one */
	struct digest other;       /* another one that begins so, or "" */
	enum wanted_role role;     /* of the first document that told */
};

struct wanted {
	struct wanted_digest v[LIMIT_FIND];
	size_t n;
};

#define WANTED_INIT                                                                                \
	{                                                                                          \
		.n = 0                                                                             \
	}

/* Reads n words; one that was given before is left out. USAGE for a word that is neither a digest
 * nor the beginning of one, and for more than LIMIT_FIND. */
int wanted_read(struct wanted *w, char **words, size_t n, struct err *err);

/* The bits of the digests that this text is, or that it begins with. */
uint64_t wanted_match(struct wanted *w, struct span text);
/* The same of all digests that stand somewhere in a text. */
uint64_t wanted_in(struct wanted *w, struct span text);
/* Whether one stands there, before it is known what a text means. */
bool wanted_is_named(const struct wanted *w, struct span text);
/* Says what the digests of these bits are, where that is not known yet. */
void wanted_set_role(struct wanted *w, uint64_t mask, enum wanted_role role);
/* "layer"; "content" when no document has told. */
const char *wanted_role_word(enum wanted_role role);

/* USAGE when a shortened digest has matched two. */
int wanted_check(const struct wanted *w, struct err *err);

#endif
