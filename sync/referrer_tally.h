/*
 * referrer_tally - how much all that refers to one image is made of, counted before it is asked
 * for.
 *
 * Each manifest of an image may have a list of referrers, and each manifest of a referrer another
 * one. fetch_tally bounds each of them alone; this bounds all of one image together
 * (LIMIT_REFERRERS_... of oci/base/limits.h), so that whoever can attach a referrer to an image
 * makes that image incomplete at most.
 */
#ifndef SYNC_REFERRER_TALLY_H
#define SYNC_REFERRER_TALLY_H

#include <stddef.h>
#include <stdint.h>

struct err;

/* All 0 at first. */
struct referrer_tally {
	size_t subjects, referrers;
	int64_t bytes;
};

/* Counts a manifest whose referrers are to be asked for; INVALID when there are too many. */
int referrer_tally_subject(struct referrer_tally *t, struct err *err);
/* Counts a referrer that is to be fetched, likewise. */
int referrer_tally_referrer(struct referrer_tally *t, struct err *err);
/* Counts bytes that a referrer needs, beside those it was counted with; INVALID likewise. */
int referrer_tally_bytes(struct referrer_tally *t, int64_t more, struct err *err);

#endif
