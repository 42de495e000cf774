/*
 * object_graph - the manifests and blobs of a state, what refers to what, and what a repository
 * reaches.
 *
 * Each manifest is read once for a state, however many tags and repositories have it, and not at
 * all when an earlier state has read it: content under a digest does not change.
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
	/* collected for one repository at a time */
	struct object **reached;
	size_t nreached, cap;
	struct referrer *referrers;
	size_t nreferrers, referrers_cap;
};

/* Both states are lent; old may be NULL. */
void object_graph_init(struct object_graph *g, struct state *state, const struct state *old);
void object_graph_release(struct object_graph *g);

/* Adds the manifest that an entry of index.json points at, and everything below it, to the objects
 * of the state, and gives it. Its is_read is false when its file is missing or does not match its
 * digest. */
struct object *object_graph_root(struct object_graph *g, const struct digest *d, int64_t size,
				 const char *media_type);

/* Fills in the objects that a repository reaches from its tags, and its referrers. number is
 * another one for each repository, and not 0. */
void object_graph_repository(struct object_graph *g, struct repository *r, uint32_t number);

#endif
