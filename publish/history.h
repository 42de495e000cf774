/*
 * history - what the journal tells: read whole or for one reference, oldest line first.
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
	const char *ref; /* only lines about it; NULL: all */
};

#define HISTORY_INIT                                                                               \
	{                                                                                          \
		.v = NULL                                                                          \
	}

/* Reads the lines about ref (NULL: about everything). Lines that do not parse are passed over, and
 * their number is said on stderr. */
int history_read(struct history *h, const struct mirror *m, const char *ref, struct err *err);
void history_release(struct history *h);

/* Whether a line says what its reference means from then on: new_digest, or nothing any more. */
bool history_moves(const struct journal_line *line);

/* The canonical reference that a person's words mean: "alpine" is docker.io/library/alpine:latest. The
 * caller frees it; NULL with USAGE. */
char *history_ref(const char *words, struct err *err);

#endif
