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

static char first_char(const struct span *r)
{
	return r->n ? r->p[0] : '\0';
}

static void skip_bytes(struct span *r, size_t n)
{
	*r = span_of(r->p + n, r->n - n);
}

static void skip_blanks(struct span *r)
{
	while (is_blank(first_char(r)))
		skip_bytes(r, 1);
}

/* Everything up to a blank, or one of `ends`. */
static struct span word_until(struct span *r, const char *ends)
{
	struct span word = span_of(r->p, 0);

	while (r->n && !is_blank(first_char(r)) && !memchr(ends, first_char(r), strlen(ends))) {
		word.n++;
		skip_bytes(r, 1);
	}
	return word;
}

/* Reads a quoted-string (RFC 9110, 5.6.4). False when its closing quote is missing. */
static bool quoted_string(struct span *r, struct buf *out)
{
	for (skip_bytes(r, 1); r->n; skip_bytes(r, 1)) {
		if (first_char(r) == '"') {
			skip_bytes(r, 1);
			return true;
		}
		if (first_char(r) == '\\' && r->n > 1)
			skip_bytes(r, 1);
		buf_addc(out, first_char(r));
	}
	return false;
}

static bool value_of(struct span *r, struct buf *out)
{
	struct span bare;

	buf_clear(out);
	skip_blanks(r);
	if (first_char(r) == '"')
		return quoted_string(r, out);
	bare = word_until(r, ",");
	buf_add(out, bare.p, bare.n);
	return true;
}

/* A NUL would end the text early, and no registry needs control characters. */
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

	skip_bytes(r, 1);
	if (!value_of(r, &value) || buf_failed(&value) || has_controls(&value))
		return false;
	keep_parameter(c, name, &value);
	return true;
}

/* The next word, a scheme or the name of a parameter; *comma: whether a comma stood before it. */
static struct span next_word(struct span *r, bool *comma)
{
	struct span word;

	for (*comma = false; is_blank(first_char(r)) || first_char(r) == ','; skip_bytes(r, 1))
		*comma |= first_char(r) == ',';
	word = word_until(r, ",=\"");
	skip_blanks(r);
	return word;
}

/*
 * Reads the parameters of one challenge into c. They end with the header, *next is then empty, or
 * with a word without a "=" behind it: the scheme of the next challenge. A token68 (RFC 9110,
 * 11.2), alone between its scheme and a comma, is skipped. False when they do not parse.
 */
static bool read_parameters(struct span *r, struct challenge *c, struct span *next)
{
	for (bool first = true;; first = false) {
		bool comma;

		*next = next_word(r, &comma);
		if (!next->n)
			return !r->n;
		if (first_char(r) == '=') {
			if (!read_value(r, c, *next))
				return false;
		} else if (!first || comma || (r->n && first_char(r) != ',')) {
			return true;
		}
	}
}

/* A URL has no blanks, and only ASCII characters: the encoding of others would be a guess. */
static bool realm_fits(const char *realm)
{
	for (const char *s = realm; *s; s++)
		if ((unsigned char)*s <= ' ' || (unsigned char)*s > 0x7e)
			return false;
	return *realm != '\0';
}

/* The best challenge so far, and what an error says when there is none. */
struct choice {
	struct challenge best;
	size_t seen;
	bool broken; /* a header did not parse to its end */
	bool no_realm;
	struct buf unsupported; /* names of unsupported schemes */
};

static void consider_challenge(struct choice *choice, struct span scheme, struct challenge *c)
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
		buf_addf(&choice->unsupported, "%s%.*s", choice->unsupported.n ? ", " : "",
			 (int)(scheme.n > 20 ? 20 : scheme.n), scheme.p);
		return;
	}
	if (c->scheme <= choice->best.scheme)
		return;
	challenge_release(&choice->best);
	choice->best = *c;
	*c = (struct challenge)CHALLENGE_INIT;
}

/* False when the header does not parse; the challenges before the fault count. */
static bool read_header(struct choice *choice, struct span header)
{
	bool comma;
	struct span scheme = next_word(&header, &comma), next;

	for (; scheme.n && first_char(&header) != '='; scheme = next) {
		cleanup_by(challenge_release) struct challenge c = CHALLENGE_INIT;

		if (++choice->seen > LIMIT_CHALLENGES || !read_parameters(&header, &c, &next))
			return false;
		consider_challenge(choice, scheme, &c);
	}
	return !header.n;
}

static int fail_without_choice(const struct choice *choice, struct err *err)
{
	if (choice->no_realm)
		return err_set(err, ERR_INVALID, 0,
			       "the Bearer challenge names no realm that is a URL");
	if (choice->broken)
		return err_set(err, ERR_INVALID, 0, "the WWW-Authenticate header does not parse");
	return err_set(err, ERR_AUTH, 0, "only ways to authenticate that are not supported (%s)",
		       choice->unsupported.p);
}

static char *given_or_empty(char *s)
{
	return s ? s : xstrdup("");
}

static void choice_release(struct choice *choice)
{
	challenge_release(&choice->best);
	buf_release(&choice->unsupported);
}

int challenge_read(struct challenge *c, const struct span *headers, size_t n, struct err *err)
{
	cleanup_by(choice_release) struct choice choice = { .unsupported = BUF_INIT(200) };
	bool none;

	for (size_t i = 0; i < n; i++)
		choice.broken |= !read_header(&choice, headers[i]);
	none = choice.best.scheme == CHALLENGE_NONE;
	if (none && (choice.no_realm || choice.broken || choice.unsupported.n))
		return fail_without_choice(&choice, err);
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
