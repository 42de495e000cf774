#include "serve/without_mail.h"

#include <stdbool.h>
#include <string.h>

#include "oci/base/buf.h"

/* No address is longer on either side of its "@" (RFC 5321, 4.5.3.1.3: 256 with both). */
#define SIDE_MAX 256

/* The keys whose values are people, by how they end: "dev.ocimirror.author", "who". */
static const char *const people[] = { "author", "owner", "who" };

/* Whether the text ends with a key of `people`, its quote, which may be escaped, and a colon. */
static bool ends_with_person(struct span s)
{
	while (s.n && memchr(": \\\"", s.p[s.n - 1], 4))
		s.n--;
	for (size_t i = 0; i < sizeof(people) / sizeof(people[0]); i++)
		if (span_ends(s, people[i]))
			return true;
	return false;
}

/* How many bytes from p on are none of `stops`; at most n and SIDE_MAX. */
static size_t count_until(const char *p, size_t n, const char *stops)
{
	size_t most = n < SIDE_MAX ? n : SIDE_MAX, i = 0;

	while (i < most && !strchr(stops, p[i]))
		i++;
	return i;
}

/* "<" to ">" around the "@", with a blank in front; empty when there are none. `value` is where the
 * text of the value begins that the "@" stands in. */
static struct span find_brackets(struct span text, size_t value, size_t at)
{
	size_t open = at, least = at - value > SIDE_MAX ? at - SIDE_MAX : value;
	size_t end = at + count_until(text.p + at, text.n - at, "\">");

	while (open > least && text.p[open] != '<' && text.p[open] != '>')
		open--;
	if (text.p[open] != '<' || end == text.n || text.p[end] != '>')
		return span_of(NULL, 0);
	if (open > value && text.p[open - 1] == ' ')
		open--;
	return span_of(text.p + open, end + 1 - open);
}

void without_mail(struct buf *out, struct span text)
{
	const char *at, *end = text.p + text.n;
	const char *done = text.p, *next = text.p, *quote = NULL;

	while (next < end && (at = memchr(next, '@', (size_t)(end - next)))) {
		const char *last = memrchr(next, '"', (size_t)(at - next)), *value;
		struct span gone;

		quote = last ? last : quote;
		value = quote && quote >= done ? quote + 1 : done;
		gone = find_brackets(text, (size_t)(value - text.p), (size_t)(at - text.p));
		if (!gone.p && quote && ends_with_person(span_of(text.p, (size_t)(quote - text.p))))
			gone = span_of(at, count_until(at, (size_t)(end - at), " ,;\"\\\n"));
		next = at + 1;
		if (!gone.p)
			continue;
		buf_add(out, done, (size_t)(gone.p - done));
		done = next = gone.p + gone.n;
	}
	buf_add(out, done, (size_t)(end - done));
}
