/*
 * blob_walk - reads the documents that the entries of an index refer to, from the top down, and
 * makes the graph of all that must be there.
 *
 * Each document is read and hashed once for each platform filter, by several threads. What is below
 * a document that is missing or damaged is not known, and so not in the graph. Blobs that are no
 * documents are entered, and not looked at.
 *
 * Not required to be there: children of an index that the entry's platform filter leaves out (a
 * sparse index), layers that are stored elsewhere (`urls`, or a type that is not distributed), and
 * the subject of a referrer.
 */
#ifndef PUBLISH_BLOB_WALK_H
#define PUBLISH_BLOB_WALK_H

#include <stddef.h>

struct blob_graph;
struct index;
struct layout;

/* How far a walk is, for those who show it: written by several threads. */
struct blob_walk_progress {
	size_t done, all; /* documents */
};

/* The index and the layout are lent; the graph keeps texts of the index. tick(arg) is called about
 * ten times a second. */
void blob_walk(struct blob_graph *g, const struct layout *l, const struct index *x,
	       struct blob_walk_progress *progress, void (*tick)(void *arg), void *arg);

#endif
