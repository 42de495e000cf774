/*
 * history - the lines of the journal: all, or those about one reference; the oldest first.
 */
#ifndef PUBLISH_HISTORY_H
#define PUBLISH_HISTORY_H

#include <stdbool.h>
#include <stddef.h>

#include "oci/store/journal.h"

struct err;
struct mirror;

struct history {
	struct journal_line *v; /* their strings are owned here */
	size_t n, cap;
	const char *ref; /* only lines about this reference; NULL: all */
};

#define HISTORY_INIT                                                                               \
	{                                                                                          \
		.v = NULL                                                                          \
	}

/* Reads the lines about ref (NULL: all lines). Lines that do not parse are skipped, and a
 * warning on stderr counts them. ref is lent until the history is released. */
int history_read(struct history *h, const struct mirror *m, const char *ref, struct err *err);
void history_release(struct history *h);

/* Whether a line gives its reference other content (new_digest), or removes it. */
bool history_moves(const struct journal_line *line);

/* The canonical reference of a short name: "alpine" is docker.io/library/alpine:latest. The
 * caller frees it; NULL with USAGE. */
char *history_ref(const char *name, struct err *err);

#endif
