/*
 * closure - what manifests refer to, and what a repository therefore reaches.
 *
 * Each manifest is read once for a state, however many tags and repositories hold it, and not at all
 * when an earlier state has read it: content under a digest does not change.
 */
#ifndef SERVE_CLOSURE_H
#define SERVE_CLOSURE_H

#include <stdint.h>

#include "oci/base/buf.h"
#include "oci/image/digest.h"

struct object;
struct referrer;
struct repository;
struct state;

struct closure {
	struct state *state;
	const struct state *old; /* or NULL */
	struct buf bytes;        /* of the manifest being read */
	uint32_t nobjects;
	/* being collected for one repository */
	struct object **reached;
	size_t nreached, cap;
	struct referrer *referrers;
	size_t nreferrers, referrers_cap;
};

void closure_init(struct closure *c, struct state *state, const struct state *old);
void closure_release(struct closure *c);

/* The manifest that an entry of index.json points at, and everything below it, as objects of the state.
 * It is not "read" when its file is missing or not what its digest promises. */
struct object *closure_root(struct closure *c, const struct digest *d, int64_t size,
			    const char *media_type);

/* Fills in what a repository reaches from its tags, and its referrers. number tells repositories apart
 * and is not 0. */
void closure_repository(struct closure *c, struct repository *r, uint32_t number);

#endif
