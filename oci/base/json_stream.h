/*
 * json_stream - the texts of one array in a JSON object, read as the document arrives.
 *
 *	struct json_stream s;
 *	json_stream_init(&s, "tags", take_tag, arg);
 *	while (bytes come)
 *		if (json_stream_add(&s, p, n, err) < 0) ...
 *	if (json_stream_end(&s, err) < 0) ...
 *	if (!s.found) ...
 *
 * {"name":"app","manifest":{...},"tags":["1","2"]} gives "1" and "2". All the rest is passed over,
 * whatever its size: the reader has no memory but this struct. Depth is limited; the grammar is
 * checked, and that the key does not come twice. Not checked are numbers, UTF-8, and other keys
 * that come twice. Members of the array that are no texts are passed over.
 */
#ifndef OCI_BASE_JSON_STREAM_H
#define OCI_BASE_JSON_STREAM_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct err;

/* The longest text that is given; a longer one is passed over. */
#define JSON_STREAM_TEXT 255

/* A text of the array, lent for the call. -1 with *err ends the reading. */
typedef int json_stream_each(void *arg, const char *text, struct err *err);

/* What may come next. */
enum json_stream_state {
	JSON_STREAM_VALUE,
	JSON_STREAM_FIRST_VALUE, /* or the end of an array */
	JSON_STREAM_FIRST_KEY,   /* or the end of an object */
	JSON_STREAM_KEY,
	JSON_STREAM_COLON,
	JSON_STREAM_COMMA, /* or the end of what it is in */
	JSON_STREAM_WORD,  /* more of a number, true, false or null */
	JSON_STREAM_STRING,
	JSON_STREAM_ESCAPE, /* the character behind a backslash */
	JSON_STREAM_HEX,    /* one of four digits behind \u */
	JSON_STREAM_END,    /* white space */
};

struct json_stream {
	const char *key;
	json_stream_each *each;
	void *arg;
	bool found; /* the object has the key, with an array, or the null that Go writes for one */

	/* by this module alone */
	enum json_stream_state state;
	uint64_t objects; /* a bit for each depth: 1 for an object */
	unsigned depth;
	uint64_t at;               /* bytes read */
	bool is_key;               /* the string under way is one */
	bool is_member, in_member; /* the next value is the key's; the array under way is */
	bool is_long;              /* the text under way did not fit */
	unsigned hex, hex_left;    /* of \uXXXX */
	char text[JSON_STREAM_TEXT + 1];
	size_t n;
};

void json_stream_init(struct json_stream *s, const char *key, json_stream_each *each, void *arg);
/* Reads n more bytes. INVALID, with the place in the message, when they are not JSON; or what each
 * gave. */
int json_stream_add(struct json_stream *s, const char *p, size_t n, struct err *err);
/* INVALID when the document has not ended. */
int json_stream_end(const struct json_stream *s, struct err *err);

#endif
