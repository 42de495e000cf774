/*
 * json_split - a JSON object or array taken apart into the texts of its members, so that a document too
 * large for json_read() is read one member at a time.
 *
 *	struct json_split s;
 *	if (json_split_begin(&s, text, '[', err) < 0) ...
 *	while ((r = json_split_next(&s, NULL, &value, err)) > 0)
 *		... json_read(value, err) ...
 *
 * This only finds where a member ends: brackets and quotes are counted, depth is limited, nothing is
 * allocated. Whether it is JSON says json_read(), to which every piece must go.
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

/* `open` is '{' or '['; INVALID when text begins with something else. */
int json_split_begin(struct json_split *s, struct span text, char open, struct err *err);

/* The next member: 1, or 0 behind the last, or -1 with INVALID and the line. key (with its quotes) is
 * that of an object's member; NULL for an array. */
int json_split_next(struct json_split *s, struct span *key, struct span *value, struct err *err);

/* After json_split_next() gave 0: INVALID when anything but white space follows. */
int json_split_end(struct json_split *s, struct err *err);

/* The line of a position, counted from 1 at `start`. */
size_t json_split_line(const char *start, const char *at);

#endif
