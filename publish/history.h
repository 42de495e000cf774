/*
 * history - the lines of the journal: all, or those about one reference; the oldest first.
 *
 * Where the journal was lost, or its beginning or end, the generations that are kept say what it
 * does not: a line for each generation, or for each that gave the reference another digest.
 */
#ifndef PUBLISH_HISTORY_H
#define PUBLISH_HISTORY_H

#include <stdbool.h>
#include <stddef.h>
#include <time.h>

#include "oci/store/journal.h"

struct err;
struct mirror;

struct history {
	struct journal_line *v; /* their strings are owned here */
	size_t n, cap;
	const char *ref;  /* only lines about this reference; NULL: all */
	time_t until;     /* set by the caller, or 0 */
	long newest;      /* the newest generation, of any reference, dated until then; 0: none */
	long first, last; /* generations of the journal's first and last line; -1: it has none */
	char *lost;       /* "the journal is missing"; or NULL */
};

#define HISTORY_INIT                                                                               \
	{                                                                                          \
		.v = NULL, .first = -1, .last = -1                                                 \
	}

/* Reads the lines about ref (NULL: all lines). Lines that do not parse are skipped, and a
 * warning on stderr counts them; another one says what of the journal is lost. ref is lent until
 * the history is released. */
int history_read(struct history *h, const struct mirror *m, const char *ref, struct err *err);
void history_release(struct history *h);

/* Keeps the lines of generations from `since` on (a line without a time is kept). */
void history_since(struct history *h, time_t since);
/* "was never published here", or what can be said without the journal. */
void history_say_never(const struct history *h, const char *ref);

/* Whether a line gives its reference other content (new_digest), or removes it: a hold, its end and
 * a line of the lists that takes an image over do not. */
bool history_moves(const struct journal_line *line);

/* The canonical reference of a short name: "alpine" is docker.io/library/alpine:latest. The
 * caller frees it; NULL with USAGE. */
char *history_ref(const char *name, struct err *err);

#endif
