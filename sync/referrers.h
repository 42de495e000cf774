/*
 * referrers - referrers=yes: signatures, SBOMs and attestations travel with an image.
 *
 * Asked for the image's manifest and for each manifest below it that is kept, and for what was found in turn:
 * the referrers API (or its fallback tag), and cosign's tags sha256-<hex>.sig, .att and .sbom. Asked for in
 * every run, since new ones appear on an unchanged digest. They are published as entries of their own,
 * with ANNOTATION_SUBJECT, in the same generation.
 */
#ifndef SYNC_REFERRERS_H
#define SYNC_REFERRERS_H

#include <stddef.h>
#include <stdint.h>

#include "oci/image/digest.h"

struct run;
struct target;

struct referrer {
	char *tag; /* cosign's, owned; NULL: published by digest */
	struct digest digest, subject;
	char *media_type; /* owned */
	int64_t size;
};

struct referrers {
	struct referrer *v;
	size_t n, cap;
};

void referrers_release(struct referrers *rs);

/* Fetches what refers to these manifests of the target's source into the store, and notes it in t->referrers.
 * A failure leaves its text in t->error and sets t->incomplete. done(arg) is called once, from the loop. */
void referrers_fetch(struct run *r, struct target *t, const struct digest *manifests, size_t n,
		     void (*done)(void *arg), void *arg);

#endif
