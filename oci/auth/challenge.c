#include "oci/auth/challenge.h"

#include <stdio.h>
#include <stdlib.h>

#include "oci/base/buf.h"
#include "oci/base/cleanup.h"
#include "oci/base/err.h"
#include "oci/base/limits.h"

static bool is_blank(char c)
{
	return c == ' ' || c == '\t';
}

static char peek(const struct span *r)
{
	return r->n ? r->p[0] : '\0';
}

static void skip(struct span *r, size_t n)
{
	*r = span_of(r->p + n, r->n - n);
}

static void skip_blanks(struct span *r)
{
	while (is_blank(peek(r)))
		skip(r, 1);
}

/* Everything up to a blank, or one of `ends`. */
static struct span word_until(struct span *r, const char *ends)
{
	struct span word = span_of(r->p, 0);

	while (r->n && !is_blank(peek(r)) && !memchr(ends, peek(r), strlen(ends))) {
		word.n++;
		skip(r, 1);
	}
	return word;
}

/* RFC 9110, 5.6.4. A string that the header's end cuts off is none. */
static bool quoted_string(struct span *r, struct buf *out)
{
	for (skip(r, 1); r->n; skip(r, 1)) {
		if (peek(r) == '"') {
			skip(r, 1);
			return true;
		}
		if (peek(r) == '\\' && r->n > 1)
			skip(r, 1);
		buf_addc(out, peek(r));
	}
	return false;
}

static bool value_of(struct span *r, struct buf *out)
{
	struct span bare;

	buf_clear(out);
	skip_blanks(r);
	if (peek(r) == '"')
		return quoted_string(r, out);
	bare = word_until(r, ",");
	buf_add(out, bare.p, bare.n);
	return true;
}

/* A NUL would end the text early, and nothing honest sends control characters. */
static bool has_controls(const struct buf *b)
{
	for (size_t i = 0; i < b->n; i++)
		if ((unsigned char)b->p[i] < 0x20 || b->p[i] == 0x7f)
			return true;
	return false;
}

static void keep_first(char **slot, const struct buf *value)
{
	if (!*slot)
		*slot = xstrndup(value->p, value->n);
}

static void keep_parameter(struct challenge *c, struct span name, const struct buf *value)
{
	if (span_eq_nocase(name, "realm"))
		keep_first(&c->realm, value);
	else if (span_eq_nocase(name, "service"))
		keep_first(&c->service, value);
	else if (span_eq_nocase(name, "scope"))
		keep_first(&c->scope, value);
	else if (span_eq_nocase(name, "error") && strcmp(value->p, "insufficient_scope") == 0)
		c->insufficient_scope = true;
}

/* Reads "name = value" after its name; false when the value cannot be read. */
static bool read_value(struct span *r, struct challenge *c, struct span name)
{
	cleanup_by(buf_release) struct buf value = BUF_INIT(LIMIT_CHALLENGE_VALUE);

	skip(r, 1);
	if (!value_of(r, &value) || buf_failed(&value) || has_controls(&value))
		return false;
	keep_parameter(c, name, &value);
	return true;
}

/* The next word that may be a scheme or a parameter's name; *comma tells whether a comma stood before it. */
static struct span next_word(struct span *r, bool *comma)
{
	struct span word;

	for (*comma = false; is_blank(peek(r)) || peek(r) == ','; skip(r, 1))
		*comma |= peek(r) == ',';
	word = word_until(r, ",=\"");
	skip_blanks(r);
	return word;
}

/*
 * Reads the parameters of one challenge into c. They end with the header, *next is then empty, or with a
 * word that no "=" follows: the next challenge's scheme. A token68 (RFC 9110, 11.2), alone between its
 * scheme and a comma, is passed over. False when it does not parse.
 */
static bool read_parameters(struct span *r, struct challenge *c, struct span *next)
{
	for (bool first = true;; first = false) {
		bool comma;

		*next = next_word(r, &comma);
		if (!next->n)
			return !r->n;
		if (peek(r) == '=') {
			if (!read_value(r, c, *next))
				return false;
		} else if (!first || comma || (r->n && peek(r) != ',')) {
			return true;
		}
	}
}

/* As a URL it must not carry blanks or what is beyond ASCII, which a client would have to guess at. */
static bool realm_fits(const char *realm)
{
	for (const char *s = realm; *s; s++)
		if ((unsigned char)*s <= ' ' || (unsigned char)*s > 0x7e)
			return false;
	return *realm != '\0';
}

/* The best so far, and what to say when there is none. */
struct choice {
	struct challenge best;
	size_t seen;
	bool broken; /* a header did not parse to its end */
	bool no_realm;
	struct buf passed_over; /* names of unsupported schemes */
};

static void weigh(struct choice *choice, struct span scheme, struct challenge *c)
{
	if (span_eq_nocase(scheme, "bearer")) {
		c->scheme = CHALLENGE_BEARER;
		if (!c->realm || !realm_fits(c->realm)) {
			choice->no_realm = true;
			return;
		}
	} else if (span_eq_nocase(scheme, "basic")) {
		c->scheme = CHALLENGE_BASIC;
	} else {
		buf_addf(&choice->passed_over, "%s%.*s", choice->passed_over.n ? ", " : "",
			 (int)(scheme.n > 20 ? 20 : scheme.n), scheme.p);
		return;
	}
	if (c->scheme <= choice->best.scheme)
		return;
	challenge_release(&choice->best);
	choice->best = *c;
	*c = (struct challenge)CHALLENGE_INIT;
}

/* False when it does not parse; what came before the fault counts. */
static bool read_header(struct choice *choice, struct span header)
{
	bool comma;
	struct span scheme = next_word(&header, &comma), next;

	for (; scheme.n && peek(&header) != '='; scheme = next) {
		cleanup_by(challenge_release) struct challenge c = CHALLENGE_INIT;

		if (++choice->seen > LIMIT_CHALLENGES || !read_parameters(&header, &c, &next))
			return false;
		weigh(choice, scheme, &c);
	}
	return !header.n;
}

static int nothing_usable(const struct choice *choice, struct err *err)
{
	if (choice->no_realm)
		return err_set(err, ERR_INVALID, 0,
			       "the Bearer challenge names no realm that is a URL");
	if (choice->broken)
		return err_set(err, ERR_INVALID, 0, "the WWW-Authenticate header does not parse");
	return err_set(err, ERR_AUTH, 0, "only ways to authenticate that are not supported (%s)",
		       choice->passed_over.p);
}

static char *given_or_empty(char *s)
{
	return s ? s : xstrdup("");
}

static void choice_release(struct choice *choice)
{
	challenge_release(&choice->best);
	buf_release(&choice->passed_over);
}

int challenge_read(struct challenge *c, const struct span *headers, size_t n, struct err *err)
{
	cleanup_by(choice_release) struct choice choice = { .passed_over = BUF_INIT(200) };
	bool none;

	for (size_t i = 0; i < n; i++)
		choice.broken |= !read_header(&choice, headers[i]);
	none = choice.best.scheme == CHALLENGE_NONE;
	if (none && (choice.no_realm || choice.broken || choice.passed_over.n))
		return nothing_usable(&choice, err);
	*c = choice.best;
	choice.best = (struct challenge)CHALLENGE_INIT;
	c->realm = given_or_empty(c->realm);
	c->service = given_or_empty(c->service);
	c->scope = given_or_empty(c->scope);
	return 0;
}

void challenge_release(struct challenge *c)
{
	free(c->realm);
	free(c->service);
	free(c->scope);
	*c = (struct challenge)CHALLENGE_INIT;
}
