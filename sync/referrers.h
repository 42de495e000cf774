/*
 * referrers - signatures, SBOMs and attestations are mirrored with an image: what upstream's
 * referrers API or its fallback tags (sha256-<hex>) list, and cosign's tags sha256-<hex>.sig, .att
 * and .sbom.
 *
 * Upstream is asked for the referrers of the image's manifest, of each manifest below it that is
 * kept, and of each referrer that may have some, to a depth of 3. When that is due is decided by
 * sync/referrers_due.h. They are published in the same generation as the image, as entries of their
 * own with ANNOTATION_SUBJECT.
 *
 * They ride along: a failure leaves the image's state as it is. With referrers=yes it makes the
 * target incomplete; with auto it is a warning. What upstream lists and does not have, or what no
 * mirror can keep, is a warning in both cases.
 */
#ifndef SYNC_REFERRERS_H
#define SYNC_REFERRERS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "oci/base/err.h"
#include "oci/base/strvec.h"
#include "oci/image/digest.h"
#include "sync/referrer_kind.h"

struct run;
struct target;

/* A referrer that is in the store. */
struct fetched_referrer {
	char *tag; /* cosign's, owned; NULL: published by digest */
	struct digest digest, subject;
	char *media_type; /* owned */
	int64_t size;
	enum referrer_kind kind;
};

struct referrers {
	struct fetched_referrer *v;
	size_t n, cap;
	bool asked;                  /* upstream, in this run */
	const struct target *same;   /* whose referrers these are: it has the same content */
	bool incomplete;             /* not all could be had; `error` says why */
	enum err_kind why;           /* of the first failure */
	char *error;                 /* or NULL */
	struct strvec warnings;      /* about what upstream lists and cannot give */
	size_t came[REFERRER_KINDS]; /* that the mirror did not have, once they are merged */
};

void referrers_release(struct referrers *rs);

/* Those to be merged with a target: its own, or those of the target with the same content. */
const struct referrers *referrers_of(const struct target *t);

/* Fetches the referrers of these manifests of the target's source into the store, and adds them to
 * t->referrers. done(arg) is called once, perhaps before this returns. */
void referrers_fetch(struct run *r, struct target *t, const struct digest *manifests, size_t n,
		     void (*done)(void *arg), void *arg);

/* When all targets have ended: those with the same content share how it went, and what a line
 * promises and could not be had makes its target incomplete. */
void referrers_finish(struct run *r);

#endif
