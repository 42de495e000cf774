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
 * Keeps a private copy of index.json in s->index: a tool that rewrites the file in place must not
 * change a reply on its way. `bytes` are those of the file, and x is what they say; both may be
 * changed. Entries of groups are left out, and then also marks, since
 * they name such references; without private entries the copy is the file, byte for byte. name is
 * that of entries without one, or NULL.
 */
int public_index_keep(struct state *s, const char *name, struct index *x, struct buf *bytes,
		      struct err *err);

#endif
