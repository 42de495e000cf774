/*
 * kv_table - the key=value words of a line, read into a struct by a table that says what each may be.
 *
 * A table describes one kind of struct completely, so emptying, filling in and releasing it need no code
 * of their own. Members say "nothing" with NULL (text), -1 (numbers, yes or no) or false (flags).
 */
#ifndef OCI_LISTS_KV_TABLE_H
#define OCI_LISTS_KV_TABLE_H

#include <stdbool.h>
#include <stddef.h>

#include "oci/base/span.h"

struct buf;
struct err;
struct line;
struct place;

enum kv_kind {
	KV_TEXT,     /* char *: all of the value */
	KV_LIST,     /* char *: words with commas between them, each checked */
	KV_NUMBER,   /* long, from min to max */
	KV_DURATION, /* long, seconds (oci/base/unit.h) */
	KV_SIZE,     /* int64_t, bytes (oci/base/unit.h) */
	KV_YES_NO,   /* int */
	KV_FLAG,     /* bool, set when the value is `word` */
};

struct kv_row {
	const char *name; /* NULL ends a table */
	enum kv_kind kind;
	size_t offset; /* of the member */
	long min, max;
	const char *word;
	/* Text, or each word of a list; *at gets the offset of what is wrong. May be NULL. */
	int (*check)(struct span value, size_t *at, struct err *err);
	unsigned flags; /* of the table's owner; nothing here reads them */
};

/* Empties a struct. */
void kv_table_init(const struct kv_row *table, void *s);
void kv_table_release(const struct kv_row *table, void *s);

/* Reads the words of a line from the `first` on. Each thing that is wrong (an unknown option, with the
 * nearest known one; one given twice; a bad value) is an error at its place; false when there is any. */
bool kv_table_read(const struct kv_row *table, void *s, const struct line *l, size_t first,
		   const struct place *at);

/* Fills in what `to` does not say and `from` does, lending its texts. */
void kv_table_fill(const struct kv_row *table, void *to, const void *from);

/* Whether the struct says anything in the member of that row. */
bool kv_row_is_given(const struct kv_row *row, const void *s);
/* Whether two structs say the same in it, letter by letter. */
bool kv_row_same(const struct kv_row *row, const void *a, const void *b);
/* Appends the member's value, nothing when it is not given: equal texts for equal values, a list in the order of its words. */
void kv_row_write(const struct kv_row *row, const void *s, struct buf *out);

#endif
