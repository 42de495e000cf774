/*
 * object_graph - what manifests refer to, and what a repository therefore reaches.
 *
 * Each manifest is read once for a state, however many tags and repositories hold it, and not at all
 * when an earlier state has read it: content under a digest does not change.
 */
#ifndef SERVE_OBJECT_GRAPH_H
#define SERVE_OBJECT_GRAPH_H

#include <stdint.h>

#include "oci/base/buf.h"
#include "oci/image/digest.h"

struct object;
struct referrer;
struct repository;
struct state;

struct object_graph {
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

void object_graph_init(struct object_graph *g, struct state *state, const struct state *old);
void object_graph_release(struct object_graph *g);

/* The manifest that an entry of index.json points at, and everything below it, as objects of the state.
 * It is not "read" when its file is missing or not what its digest promises. */
struct object *object_graph_root(struct object_graph *g, const struct digest *d, int64_t size,
				 const char *media_type);

/* Fills in what a repository reaches from its tags, and its referrers. number tells repositories apart
 * and is not 0. */
void object_graph_repository(struct object_graph *g, struct repository *r, uint32_t number);

#endif
