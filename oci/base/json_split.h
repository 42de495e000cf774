/*
 * json_split - a JSON object or array, split into the texts of its members, so that a document that
 * is too large for json_read() can be read one member at a time.
 *
 *	struct json_split s;
 *	if (json_split_begin(&s, text, '[', err) < 0) ...
 *	while ((r = json_split_next(&s, NULL, &value, err)) > 0)
 *		... json_read(value, err) ...
 *
 * It only finds the end of each member: it counts brackets and quotes, limits the depth, and
 * allocates nothing. It does not check that a member is valid JSON: pass each one to json_read().
 */
#ifndef OCI_BASE_JSON_SPLIT_H
#define OCI_BASE_JSON_SPLIT_H

#include <stdbool.h>

#include "oci/base/span.h"

struct err;

struct json_split {
	const char *start, *p, *end;
	bool in_object, first;
};

/* `open` is '{' or '['. INVALID when text begins with another character. */
int json_split_begin(struct json_split *s, struct span text, char open, struct err *err);

/* The next member: 1, 0 after the last one, or -1 with INVALID and the line in the message. *key
 * gets the key of an object's member, with its quotes; NULL for an array. */
int json_split_next(struct json_split *s, struct span *key, struct span *value, struct err *err);

/* To be called after json_split_next() gave 0: INVALID when anything but white space follows. */
int json_split_end(struct json_split *s, struct err *err);

/* The number of the line that `at` is in; `start` is in line 1. */
size_t json_split_line(const char *start, const char *at);

#endif
