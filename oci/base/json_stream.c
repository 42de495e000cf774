#include "oci/base/json_stream.h"

#include <string.h>

#include "oci/base/err.h"
#include "oci/base/limits.h"

_Static_assert(LIMIT_JSON_DEPTH <= 64, "a depth is a bit of `objects`");

void json_stream_init(struct json_stream *s, const char *key, json_stream_each *each, void *arg)
{
	*s = (struct json_stream){
		.key = key, .each = each, .arg = arg, .state = JSON_STREAM_VALUE
	};
}

static int refuse_json(const struct json_stream *s, const char *what, struct err *err)
{
	return err_set(err, ERR_INVALID, 0, "JSON, byte %llu: %s", (unsigned long long)s->at, what);
}

static bool in_object(const struct json_stream *s)
{
	return s->depth && (s->objects >> (s->depth - 1) & 1);
}

static void add_char(struct json_stream *s, char c)
{
	if (s->n < JSON_STREAM_TEXT)
		s->text[s->n++] = c;
	else
		s->is_long = true;
}

static void begin_text(struct json_stream *s, enum json_stream_state state)
{
	s->state = state;
	s->n = 0;
	s->is_long = false;
}

static void end_value(struct json_stream *s)
{
	s->is_member = false;
	s->state = s->depth ? JSON_STREAM_COMMA : JSON_STREAM_END;
}

static int open_nested(struct json_stream *s, bool object, struct err *err)
{
	if (s->depth == LIMIT_JSON_DEPTH)
		return refuse_json(s, "it is nested too deep", err);
	if (s->is_member && !object)
		s->found = s->in_member = true;
	s->is_member = false;
	s->objects &= ~(UINT64_C(1) << s->depth);
	s->objects |= (uint64_t)object << s->depth++;
	s->state = object ? JSON_STREAM_FIRST_KEY : JSON_STREAM_FIRST_VALUE;
	return 0;
}

static int close_nested(struct json_stream *s, char c, struct err *err)
{
	if (!s->depth || in_object(s) != (c == '}'))
		return refuse_json(s, "a bracket closes what is not open", err);
	s->depth--;
	if (s->depth == 1)
		s->in_member = false;
	end_value(s);
	return 0;
}

static int read_value(struct json_stream *s, char c, struct err *err)
{
	if (c == '{' || c == '[')
		return open_nested(s, c == '{', err);
	if (c == ']' && s->state == JSON_STREAM_FIRST_VALUE)
		return close_nested(s, c, err);
	if (c == '"') {
		s->is_key = false;
		begin_text(s, JSON_STREAM_STRING);
		return 0;
	}
	if (!c || !strchr("-0123456789tfn", c))
		return refuse_json(s, "a value is missing", err);
	begin_text(s, JSON_STREAM_WORD);
	add_char(s, c);
	return 0;
}

static int read_key(struct json_stream *s, char c, struct err *err)
{
	if (c == '}' && s->state == JSON_STREAM_FIRST_KEY)
		return close_nested(s, c, err);
	if (c != '"')
		return refuse_json(s, "a member's name is missing", err);
	s->is_key = true;
	begin_text(s, JSON_STREAM_STRING);
	return 0;
}

static int end_key(struct json_stream *s, struct err *err)
{
	s->state = JSON_STREAM_COLON;
	s->is_member = s->depth == 1 && !s->is_long && s->n == strlen(s->key) &&
		       memcmp(s->text, s->key, s->n) == 0;
	if (s->is_member && s->found)
		return refuse_json(s, "a member is there twice", err);
	return 0;
}

static int end_string(struct json_stream *s, struct err *err)
{
	bool is_wanted = s->in_member && s->depth == 2 && !s->is_long;

	s->text[s->n] = '\0';
	if (s->is_key)
		return end_key(s, err);
	end_value(s);
	/* a NUL within a text would end it early */
	return is_wanted && strlen(s->text) == s->n ? s->each(s->arg, s->text, err) : 0;
}

static int read_string(struct json_stream *s, char c, struct err *err)
{
	if (c == '"')
		return end_string(s, err);
	if ((unsigned char)c < 0x20)
		return refuse_json(s, "a control character in a text", err);
	if (c == '\\')
		s->state = JSON_STREAM_ESCAPE;
	else
		add_char(s, c);
	return 0;
}

static int read_escape(struct json_stream *s, char c, struct err *err)
{
	static const char from[] = "\"\\/bfnrt", to[] = "\"\\/\b\f\n\r\t";
	const char *found = c ? strchr(from, c) : NULL;

	s->state = JSON_STREAM_STRING;
	if (found) {
		add_char(s, to[found - from]);
		return 0;
	}
	if (c != 'u')
		return refuse_json(s, "an unknown escape in a text", err);
	s->state = JSON_STREAM_HEX;
	s->hex = 0;
	s->hex_left = 4;
	return 0;
}

static int read_hex(struct json_stream *s, char c, struct err *err)
{
	static const char digits[] = "0123456789abcdef";
	const char *found = c ? strchr(digits, c >= 'A' && c <= 'F' ? c + ('a' - 'A') : c) : NULL;

	if (!found)
		return refuse_json(s, "an unknown escape in a text", err);
	s->hex = s->hex << 4 | (unsigned)(found - digits);
	if (--s->hex_left)
		return 0;
	s->state = JSON_STREAM_STRING;
	if (s->hex < 0x80)
		add_char(s, (char)s->hex);
	else
		s->is_long = true; /* no text that is looked for has such characters */
	return 0;
}

/* A number, true, false or null has ended in front of this character. */
static int end_word(struct json_stream *s, struct err *err)
{
	bool is_null;

	s->text[s->n] = '\0';
	is_null = strcmp(s->text, "null") == 0;
	if (strchr("tfn", s->text[0]) && !is_null && strcmp(s->text, "true") != 0 &&
	    strcmp(s->text, "false") != 0)
		return refuse_json(s, "a value is missing", err);
	if (s->is_member && is_null)
		s->found = true;
	end_value(s);
	return 0;
}

static int read_comma(struct json_stream *s, char c, struct err *err)
{
	if (c == '}' || c == ']')
		return close_nested(s, c, err);
	if (c != ',')
		return refuse_json(s, "\",\" is missing", err);
	s->state = in_object(s) ? JSON_STREAM_KEY : JSON_STREAM_VALUE;
	return 0;
}

static bool is_space(char c)
{
	return c == ' ' || c == '\t' || c == '\n' || c == '\r';
}

static bool in_word(char c)
{
	return (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') || (c && strchr("+-.E", c));
}

/* A character between texts and words. */
static int read_between(struct json_stream *s, char c, struct err *err)
{
	if (is_space(c))
		return 0;
	switch (s->state) {
	case JSON_STREAM_VALUE:
	case JSON_STREAM_FIRST_VALUE: return read_value(s, c, err);
	case JSON_STREAM_FIRST_KEY:
	case JSON_STREAM_KEY: return read_key(s, c, err);
	case JSON_STREAM_COLON:
		s->state = JSON_STREAM_VALUE;
		return c == ':' ? 0 : refuse_json(s, "\":\" is missing", err);
	case JSON_STREAM_COMMA: return read_comma(s, c, err);
	case JSON_STREAM_WORD:
	case JSON_STREAM_STRING:
	case JSON_STREAM_ESCAPE:
	case JSON_STREAM_HEX:
	case JSON_STREAM_END: break;
	}
	return refuse_json(s, "something follows behind its end", err);
}

static int read_char(struct json_stream *s, char c, struct err *err)
{
	s->at++;
	if (s->state == JSON_STREAM_STRING)
		return read_string(s, c, err);
	if (s->state == JSON_STREAM_ESCAPE)
		return read_escape(s, c, err);
	if (s->state == JSON_STREAM_HEX)
		return read_hex(s, c, err);
	if (s->state == JSON_STREAM_WORD && in_word(c)) {
		add_char(s, c);
		return 0;
	}
	if (s->state == JSON_STREAM_WORD && end_word(s, err) < 0)
		return -1;
	return read_between(s, c, err);
}

int json_stream_add(struct json_stream *s, const char *p, size_t n, struct err *err)
{
	for (size_t i = 0; i < n; i++)
		if (read_char(s, p[i], err) < 0)
			return -1;
	return 0;
}

int json_stream_end(const struct json_stream *s, struct err *err)
{
	if (s->state == JSON_STREAM_END || (s->state == JSON_STREAM_WORD && !s->depth))
		return 0;
	return refuse_json(s, "it ends in the middle", err);
}
