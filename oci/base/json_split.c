#include "oci/base/json_split.h"

#include "oci/base/err.h"
#include "oci/base/limits.h"

size_t json_split_line(const char *start, const char *at)
{
	size_t line = 1;

	while ((start = memchr(start, '\n', (size_t)(at - start)))) {
		start++;
		line++;
	}
	return line;
}

static int refuse_json(const struct json_split *s, const char *what, struct err *err)
{
	return err_set(err, ERR_INVALID, 0, "line %zu: %s", json_split_line(s->start, s->p), what);
}

/* The next character that is not white space, or -1 at the end. */
static int peek_char(struct json_split *s)
{
	while (s->p < s->end && (*s->p == ' ' || *s->p == '\n' || *s->p == '\t' || *s->p == '\r'))
		s->p++;
	return s->p < s->end ? (unsigned char)*s->p : -1;
}

/* From the opening quote to behind the closing one; false when there is none. */
static bool skip_string(struct json_split *s)
{
	for (s->p++; s->p < s->end; s->p++) {
		if (*s->p == '"') {
			s->p++;
			return true;
		}
		if (*s->p == '\\')
			s->p++;
	}
	s->p = s->end; /* a backslash at the end leads past it */
	return false;
}

/* An object or array, to behind its closing bracket. */
static int skip_nested(struct json_split *s, struct err *err)
{
	size_t depth = 0;

	while (s->p < s->end) {
		char c = *s->p;

		if (c == '"') {
			if (!skip_string(s))
				break;
			continue;
		}
		s->p++;
		if ((c == '{' || c == '[') && ++depth >= LIMIT_JSON_DEPTH)
			return refuse_json(s, "JSON is nested too deep", err);
		if ((c == '}' || c == ']') && --depth == 0)
			return 0;
	}
	return refuse_json(s, "it ends in the middle", err);
}

static int skip_value(struct json_split *s, struct err *err)
{
	int c = peek_char(s);

	if (c == '{' || c == '[')
		return skip_nested(s, err);
	if (c == '"')
		return skip_string(s) ? 0 : refuse_json(s, "it ends in the middle", err);
	while (s->p < s->end && !strchr(" \n\t\r,]}", *s->p))
		s->p++;
	return 0;
}

int json_split_begin(struct json_split *s, struct span text, char open, struct err *err)
{
	*s = (struct json_split){ .start = text.p, .p = text.p, .end = text.p + text.n };
	if (peek_char(s) < 0)
		return refuse_json(s, "it is empty", err);
	if (*s->p != open)
		return refuse_json(s, open == '{' ? "not a JSON object" : "not a JSON array", err);
	s->p++;
	s->in_object = open == '{';
	s->first = true;
	return 0;
}

static int read_key(struct json_split *s, struct span *key, struct err *err)
{
	if (peek_char(s) < 0)
		return refuse_json(s, "it ends in the middle", err);
	if (*s->p != '"')
		return refuse_json(s, "a member's name is missing", err);
	key->p = s->p;
	if (!skip_string(s))
		return refuse_json(s, "it ends in the middle", err);
	key->n = (size_t)(s->p - key->p);
	if (peek_char(s) < 0)
		return refuse_json(s, "it ends in the middle", err);
	if (*s->p != ':')
		return refuse_json(s, "\":\" is missing", err);
	s->p++;
	return 0;
}

int json_split_next(struct json_split *s, struct span *key, struct span *value, struct err *err)
{
	int c = peek_char(s);

	if (c == (s->in_object ? '}' : ']')) {
		s->p++;
		return 0;
	}
	if (c < 0)
		return refuse_json(s, "it ends in the middle", err);
	if (!s->first) {
		if (c != ',')
			return refuse_json(s, "\",\" is missing", err);
		s->p++;
	}
	s->first = false;
	if (s->in_object && read_key(s, key, err) < 0)
		return -1;
	(void)peek_char(s);
	value->p = s->p;
	if (skip_value(s, err) < 0)
		return -1;
	value->n = (size_t)(s->p - value->p);
	if (!value->n)
		return refuse_json(
			s, s->p < s->end ? "a value is missing" : "it ends in the middle", err);
	return 1;
}

int json_split_end(struct json_split *s, struct err *err)
{
	return peek_char(s) < 0 ? 0 : refuse_json(s, "something follows behind its end", err);
}
