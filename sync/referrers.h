/*
 * referrers - referrers=yes: signatures, SBOMs and attestations are mirrored with an image.
 *
 * Upstream is asked for the referrers of the image's manifest, of each manifest below it that is
 * kept, and of each referrer that was found, to a depth of 3: by the referrers API (or its fallback
 * tag), and by cosign's tags sha256-<hex>.sig, .att and .sbom. Every run asks again, since new ones
 * may appear for an unchanged digest. They are published in the same generation as the image, as
 * entries of their own with ANNOTATION_SUBJECT.
 */
#ifndef SYNC_REFERRERS_H
#define SYNC_REFERRERS_H

#include <stddef.h>
#include <stdint.h>

#include "oci/image/digest.h"

struct run;
struct target;

/* A referrer that is in the store. */
struct fetched_referrer {
	char *tag; /* cosign's, owned; NULL: published by digest */
	struct digest digest, subject;
	char *media_type; /* owned */
	int64_t size;
};

struct referrers {
	struct fetched_referrer *v;
	size_t n, cap;
};

void referrers_release(struct referrers *rs);

/* Fetches the referrers of these manifests of the target's source into the store, and adds them to
 * t->referrers. A failure sets t->incomplete and leaves its text in t->error. done(arg) is called
 * once, perhaps before this returns. */
void referrers_fetch(struct run *r, struct target *t, const struct digest *manifests, size_t n,
		     void (*done)(void *arg), void *arg);

#endif
