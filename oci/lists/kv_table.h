/*
 * kv_table - the key=value words of a line, read into a struct by a table: a row for each key, with
 * the kind of its value (oci/base/value.h) and its member.
 *
 * A table describes every option member of its struct, so emptying, filling and releasing the
 * struct need no further code. The texts of a struct are copies, owned by it.
 */
#ifndef OCI_LISTS_KV_TABLE_H
#define OCI_LISTS_KV_TABLE_H

#include <stdbool.h>
#include <stddef.h>

#include "oci/base/value.h"

struct buf;
struct err;
struct line;
struct place;

struct kv_row {
	const char *name; /* NULL ends a table */
	enum value_kind kind;
	size_t offset;            /* of the member */
	long min, max;            /* of a NUMBER */
	const char *word;         /* the only value of a FLAG */
	const char *const *words; /* of a CHOICE, maybe of a LIST */
	/* For a TEXT, or each word of a LIST; *at gets the offset of the fault. May be NULL. */
	int (*check)(struct span value, size_t *at, struct err *err);
	unsigned flags; /* of the table's owner; nothing here reads them */
};

/* Empties the members of a struct. */
void kv_table_init(const struct kv_row *table, void *s);
/* Frees its texts and empties it. */
void kv_table_release(const struct kv_row *table, void *s);

/* Reads the words of a line from word number `first` on. Each fault (an unknown option, with the
 * nearest known one; an option given twice; a bad value) is added as an error at its place;
 * false when there is any. */
bool kv_table_read(const struct kv_row *table, void *s, const struct line *l, size_t first,
		   const struct place *at);

/* Gives each empty member of `to` the value that `from` has, lending its texts. */
void kv_table_fill(const struct kv_row *table, void *to, const void *from);

/* Gives one member the value that it has in another struct, lending a text. */
void kv_row_copy(const struct kv_row *row, void *to, const void *from);
/* Whether the row's member was given a value. */
bool kv_row_is_given(const struct kv_row *row, const void *s);
/* Whether the member has the same value in two structs (texts are compared letter by letter). */
bool kv_row_same(const struct kv_row *row, const void *a, const void *b);
/* Appends the member's value as value_write() does; a FLAG and a CHOICE as their words. */
void kv_row_write(const struct kv_row *row, const void *s, struct buf *out);

#endif
