/*
 * public_index - index.json as other mirrors may read it, and whether it is what the table of a
 * state says.
 */
#ifndef SERVE_PUBLIC_INDEX_H
#define SERVE_PUBLIC_INDEX_H

#include "serve/state.h"

struct buf;
struct err;
struct index;

/*
 * Makes s->views (index_views.h), whose identity is set. `bytes` are those of the file, and x is
 * what they say; both may be changed. name is that of entries without one, or NULL.
 */
int public_index_keep(struct state *s, const char *name, struct index *x, struct buf *bytes,
		      struct err *err);

#endif
