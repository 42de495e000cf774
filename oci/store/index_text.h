/*
 * index_text - the text of an index.json, taken apart without a JSON document of all of it
 * (included by index.c only).
 *
 * An index of ours has up to 100,000 entries and more. To read each as a JSON document took longer
 * than all else that a publisher does, so index_text_entry() reads an entry that stands there as
 * index_write() writes nearly all:
 *
 *	{"mediaType":"...","digest":"...","size":N,"annotations":{"...":"...",...}}
 *
 * with these members, in this order, without blanks; with the name under both of its keys, then the
 * other annotations in the order of their keys; and with texts of printable ASCII without a
 * backslash. It refuses an entry that is written in another way, and the caller reads that as a
 * document, which also tells what is wrong. Both ways come to the same entry.
 */
#ifndef OCI_STORE_INDEX_TEXT_H
#define OCI_STORE_INDEX_TEXT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "oci/base/json.h"
#include "oci/base/span.h"

struct buf;
struct err;

#define INDEX_TEXT_PAIRS 32

/* Texts are lent by the bytes that were read. */
struct index_text_entry {
	struct span media_type, digest, name;
	int64_t size; /* at most LIMIT_BLOB */
	struct index_text_pair {
		struct span key, value;
	} pairs[INDEX_TEXT_PAIRS]; /* the other annotations */
	size_t n;
};

/* Splits a document into its members but "manifests", which are collected in head as an object, and
 * the value of "manifests". INVALID. */
int index_text_split(struct span bytes, struct buf *head, struct span *entries, struct err *err);

/* The members of an object but those named, as text between the braces, to be freed; NULL when
 * there are none. The last of the names is NULL. */
char *index_text_others(const json_t *object, const char *const *known);

/* `keys`: the two of the name. False when the entry is written in another way or has more
 * annotations. The digest need not be one, nor the name one that containerd knows. */
bool index_text_entry(struct index_text_entry *e, struct span text,
		      const char *const keys[static 2]);

#endif
