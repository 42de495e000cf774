/*
 * setting - the key=value words of a line, read into a struct by a table that says what each may be.
 *
 * A table describes one kind of struct completely, so emptying, filling in and releasing it need no code
 * of their own. Members say "nothing" with NULL (text), -1 (numbers, yes or no) or false (flags).
 */
#ifndef OCI_LISTS_SETTING_H
#define OCI_LISTS_SETTING_H

#include <stdbool.h>
#include <stddef.h>

#include "oci/base/span.h"

struct err;
struct line;
struct place;

enum setting_kind {
	SETTING_TEXT,     /* char *: all of the value */
	SETTING_LIST,     /* char *: words with commas between them, each checked */
	SETTING_NUMBER,   /* long, from min to max */
	SETTING_DURATION, /* long, seconds (oci/base/unit.h) */
	SETTING_SIZE,     /* int64_t, bytes (oci/base/unit.h) */
	SETTING_YES_NO,   /* int */
	SETTING_FLAG,     /* bool, set when the value is `word` */
};

struct setting {
	const char *name; /* NULL ends a table */
	enum setting_kind kind;
	size_t offset; /* of the member */
	long min, max;
	const char *word;
	/* Text, or each word of a list; *at gets the offset of what is wrong. May be NULL. */
	int (*check)(struct span value, size_t *at, struct err *err);
};

/* Empties a struct. */
void setting_init(const struct setting *table, void *s);
void setting_release(const struct setting *table, void *s);

/* Reads the words of a line from the `first` on. Each thing that is wrong (an unknown option, with the
 * nearest known one; one given twice; a bad value) is an error at its place; false when there is any. */
bool setting_read(const struct setting *table, void *s, const struct line *l, size_t first,
		  const struct place *at);

/* Fills in what `to` does not say and `from` does, lending its texts. */
void setting_fill(const struct setting *table, void *to, const void *from);

#endif
