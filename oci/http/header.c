#include "oci/http/header.h"

#include "oci/base/clock.h"

struct span header_media_type(struct span value)
{
	struct span type = SPAN_INIT;

	span_cut(&value, ';', &type);
	return span_trim(type);
}

int64_t header_length(struct span value)
{
	return span_number(span_trim(value), INT64_MAX);
}

bool header_content_range(struct span value, int64_t *first, int64_t *last, int64_t *total)
{
	struct span rest = span_trim(value), word;
	int64_t a, b, n = -1;

	if (rest.n < 6 || !span_eq_nocase(span_of(rest.p, 6), "bytes "))
		return false;
	rest = span_trim(span_of(rest.p + 6, rest.n - 6));
	if (!span_cut(&rest, '-', &word) || !rest.p)
		return false;
	a = header_length(word);
	if (!span_cut(&rest, '/', &word) || !rest.p)
		return false;
	b = header_length(word);
	if (!span_eq(span_trim(rest), "*")) {
		n = header_length(rest);
		if (n < 0 || b >= n)
			return false;
	}
	if (a < 0 || b < a)
		return false;
	*first = a;
	*last = b;
	*total = n;
	return true;
}

/* From this on a number of seconds is a time since 1970: as a delay it would be three years. */
#define EPOCH_FROM 100000000

int64_t header_retry_after(struct span value, time_t wall)
{
	struct span rest = value;
	char text[64];
	int64_t seconds;

	span_cut(&rest, ';', &value);
	value = span_trim(value);
	if (!value.n || value.n >= sizeof(text))
		return -1;
	seconds = span_number(value, INT64_MAX / 2);
	if (seconds >= EPOCH_FROM) {
		seconds = seconds > wall ? seconds - wall : 0;
	} else if (seconds < 0) {
		time_t when;

		memcpy(text, value.p, value.n);
		text[value.n] = '\0';
		when = clock_parse_http(text);
		if (when < 0)
			return -1;
		seconds = when > wall ? when - wall : 0;
	}
	return seconds < HEADER_RETRY_MAX ? seconds : HEADER_RETRY_MAX;
}

bool header_rate_limit(struct span value, long *number, long *window)
{
	struct span rest = value, word = SPAN_INIT;
	long long n;

	span_cut(&rest, ';', &word);
	n = span_number(span_trim(word), 1000000000);
	if (n < 0)
		return false;
	*number = (long)n;
	*window = -1;
	while (span_cut(&rest, ';', &word)) {
		word = span_trim(word);
		if (span_starts(word, "w="))
			*window = (long)span_number(span_of(word.p + 2, word.n - 2), 1000000000);
	}
	return true;
}

/* s is a cursor over the value of a header. */
static void skip_any(struct span *s, const char *set)
{
	while (s->n && strchr(set, s->p[0]) && s->p[0])
		*s = span_of(s->p + 1, s->n - 1);
}

static struct span take_until(struct span *s, const char *set)
{
	size_t n = 0;

	while (n < s->n && !(s->p[n] && strchr(set, s->p[n])))
		n++;
	struct span word = span_of(s->p, n);
	*s = span_of(s->p + n, s->n - n);
	return word;
}

/* A quoted-string (RFC 9110, 5.6.4) without its quotes; without a closing quote, all that is left.
 * */
static struct span take_quoted(struct span *s)
{
	size_t n = 1;
	struct span word;

	while (n < s->n && s->p[n] != '"')
		n += s->p[n] == '\\' && n + 1 < s->n ? 2 : 1;
	word = span_of(s->p + 1, (n < s->n ? n : s->n) - 1);
	n = n < s->n ? n + 1 : s->n;
	*s = span_of(s->p + n, s->n - n);
	return word;
}

static struct span take_value(struct span *s)
{
	return s->n && s->p[0] == '"' ? take_quoted(s) : take_until(s, " \t;,");
}

/* rel may hold several words: rel="first next". */
static bool says_next(struct span rel)
{
	struct span word;

	while (span_cut(&rel, ' ', &word))
		if (span_eq_nocase(word, "next"))
			return true;
	return false;
}

/* Reads *( ";" name "=" value ) behind a link's target; whether its first rel is next (RFC 8288,
 * 3.3). */
static bool params_say_next(struct span *s)
{
	bool next = false, seen = false;

	for (;;) {
		struct span name, value = SPAN_INIT;

		skip_any(s, " \t;");
		if (!s->n || s->p[0] == ',')
			return next;
		name = take_until(s, " \t=;,");
		skip_any(s, " \t");
		if (s->n && s->p[0] == '=') {
			*s = span_of(s->p + 1, s->n - 1);
			skip_any(s, " \t");
			value = take_value(s);
		}
		if (!seen && span_eq_nocase(name, "rel")) {
			seen = true;
			next = says_next(value);
		}
	}
}

struct span header_link_next(struct span value)
{
	struct span s = value;

	for (;;) {
		struct span target;

		skip_any(&s, " \t,");
		if (!s.n || s.p[0] != '<')
			return span_of(NULL, 0);
		s = span_of(s.p + 1, s.n - 1);
		target = take_until(&s, ">");
		if (!s.n)
			return span_of(NULL, 0);
		s = span_of(s.p + 1, s.n - 1);
		if (params_say_next(&s))
			return span_trim(target);
	}
}

struct span header_warning(struct span value)
{
	struct span code, agent, s = span_trim(value);

	code = take_until(&s, " ");
	skip_any(&s, " ");
	agent = take_until(&s, " ");
	skip_any(&s, " ");
	if (span_number(code, 999) < 100 || !agent.n || !s.n || s.p[0] != '"')
		return span_of(NULL, 0);
	return take_quoted(&s);
}

struct span header_field(struct span headers, const char *name, size_t nth)
{
	struct span line, key;

	while (span_cut(&headers, '\n', &line)) {
		if (line.n && line.p[line.n - 1] == '\r')
			line.n--;
		if (span_cut(&line, ':', &key) && line.p && span_eq_nocase(key, name) && nth-- == 0)
			return span_trim(line);
	}
	return span_of(NULL, 0);
}
