#include "oci/base/redact.h"

#include <ctype.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>

#include "oci/base/buf.h"
#include "oci/base/cleanup.h"
#include "oci/base/printable.h"

static bool is_space(char c)
{
	return (unsigned char)c <= ' ' || c == 0x7f;
}

static struct span after(struct span s, size_t n)
{
	return span_of(s.p + n, s.n - n);
}

static size_t count_spaces(struct span s)
{
	size_t n = 0;

	while (n < s.n && is_space(s.p[n]))
		n++;
	return n;
}

/* How many bytes come before the first of `ends`, blank or not. */
static size_t length_until(struct span s, const char *ends)
{
	size_t n = 0;

	while (n < s.n && s.p[n] && !strchr(ends, s.p[n]))
		n++;
	return n;
}

/* ---- words that look like tokens ---- */

/* The characters of base64, base64url, hexadecimal, JWTs and percent-encoding. */
static bool in_token(char c)
{
	return isalnum((unsigned char)c) || (c && strchr("+/=_-.%~", c));
}

static size_t token_length(struct span s)
{
	size_t n = 0;

	while (n < s.n && in_token(s.p[n]))
		n++;
	return n;
}

/* Ordinary words, host names, paths and error codes have letters of one case and a few marks. */
static bool looks_secret(struct span word)
{
	size_t lower = 0, upper = 0, odd = 0;

	for (size_t i = 1; i < word.n; i++) {
		lower += islower((unsigned char)word.p[i]) != 0;
		upper += isupper((unsigned char)word.p[i]) != 0;
		odd += isdigit((unsigned char)word.p[i]) || strchr("+%=", word.p[i]);
	}
	return word.n >= 40 || (word.n >= 12 && odd + (lower ? upper : 0) >= 2);
}

/* ---- names of secrets ---- */

/* What is cut out at a place: `keep` bytes stay, and `hide` bytes behind them become `mark`. */
struct cut {
	size_t keep, hide;
	const char *mark;
};

#define NO_CUT ((struct cut){ 0, 0, "..." })

static bool in_name(char c)
{
	return isalnum((unsigned char)c) || c == '_' || c == '-';
}

static size_t name_length(struct span s)
{
	size_t n = 0;

	while (n < s.n && in_name(s.p[n]))
		n++;
	return n;
}

/* A name that ends in one of these is a secret's: access_token, X-Amz-Signature, apiKey. */
static bool names_secret(struct span name)
{
	static const char *const ends[] = {
		"token",      "password",    "passwd",    "passphrase",    "passwort", "pwd",
		"pass",       "secret",      "signature", "sig",           "key",      "pair-id",
		"credential", "credentials", "auth",      "authorization", "cookie",   "session",
		"sessionid",  "assertion",   "jwt",
	};

	for (size_t i = 0; i < sizeof(ends) / sizeof(ends[0]); i++) {
		size_t n = strlen(ends[i]);

		if (name.n >= n && span_eq_nocase(after(name, name.n - n), ends[i]))
			return true;
	}
	return false;
}

/* A header whose whole value is secret, whatever is in it. */
static bool names_secret_line(struct span name)
{
	return span_eq_nocase(name, "authorization") || span_eq_nocase(name, "cookie") ||
	       span_eq_nocase(name, "proxy-authorization") || span_eq_nocase(name, "set-cookie");
}

/* The length of what stands between a name and its value: "=", "\":\"", ": ", "\\\": \\\"" (JSON in
 * JSON); 0 when the name has no value. In "bad token: expired" a colon says nothing: before one
 * stands a quote, or the name of a header. */
static size_t separator_length(struct span s, bool header)
{
	size_t quotes = 0, n;

	while (quotes < s.n && quotes < 2 && memchr("\"'\\", s.p[quotes], 3))
		quotes++;
	n = quotes + count_spaces(after(s, quotes));
	if (n == s.n || !(s.p[n] == '=' || (s.p[n] == ':' && (quotes || header))))
		return 0;
	n++;
	n += count_spaces(after(s, n));
	while (n < s.n && memchr("\"'\\", s.p[n], 3))
		n++;
	return n;
}

/* "name=value", "name":"value", "Name: value" at the front of s. */
static struct cut cut_named(struct span s)
{
	struct cut c = NO_CUT;
	struct span name = span_of(s.p, name_length(s));
	bool line = names_secret_line(name), quoted;
	size_t n;

	if (!names_secret(name))
		return c;
	n = separator_length(after(s, name.n), line || memchr(name.p, '-', name.n));
	if (!n)
		return c;
	c.keep = name.n + n;
	quoted = memchr("\"'", s.p[c.keep - 1], 2);
	c.hide = length_until(after(s, c.keep),
			      line || quoted ? "\"'\\\r\n" : "\"'\\&;,<>() \t\r\n");
	return c;
}

/* Words that follow "Bearer" and "Basic" in sentences and challenges. */
static bool is_prose(struct span word)
{
	static const char *const words[] = {
		"auth",
		"authentication",
		"authorization",
		"challenge",
		"credential",
		"credentials",
		"error",
		"header",
		"is",
		"or",
		"realm",
		"required",
		"scheme",
		"token",
		"tokens",
		"was",
		"and",
		"username",
	};

	for (size_t i = 0; i < sizeof(words) / sizeof(words[0]); i++)
		if (span_eq_nocase(word, words[i]))
			return true;
	return false;
}

/* "Bearer abc" at the front of s (RFC 9110, 11.4). */
static struct cut cut_scheme(struct span s)
{
	struct cut c = NO_CUT;
	struct span name = span_of(s.p, name_length(s)), word;

	if (!span_eq_nocase(name, "bearer") && !span_eq_nocase(name, "basic") &&
	    !span_eq_nocase(name, "negotiate"))
		return c;
	c.keep = name.n + count_spaces(after(s, name.n));
	word = after(s, c.keep);
	word.n = length_until(word, "\"'\\,;<>()[]{} \t\r\n");
	if (c.keep == name.n || is_prose(span_of(word.p, name_length(word))))
		return NO_CUT;
	c.hide = word.n;
	return c;
}

/* ---- user:password@ ---- */

/* In "host:5000/path@sha256:..." a port stands before the path; a password may have a "/". */
static bool has_port(struct span authority)
{
	const char *colon = memchr(authority.p, ':', authority.n);
	size_t n = colon ? (size_t)(authority.p + authority.n - colon) - 1 : 0;

	if (!colon)
		return true; /* none is needed */
	return span_number(span_of(colon + 1, n), 65535) >= 0;
}

/* "://user:password@" at the front of s. */
static struct cut cut_userinfo(struct span s)
{
	struct cut c = { .keep = 3, .hide = 0, .mark = "" };
	size_t end;

	if (!span_starts(s, "://"))
		return NO_CUT;
	s = after(s, c.keep);
	end = length_until(s, "/?# \t\r\n\"'<>");
	if (s.n && s.p[0] != '[' && !memchr(s.p, '@', end) && !has_port(span_of(s.p, end)))
		end = length_until(s, " \t\r\n\"'<>");
	for (size_t i = 0; i < end; i++)
		if (s.p[i] == '@')
			c.hide = i + 1;
	return c;
}

/* ---- all of it ---- */

static size_t secret_length(struct span s, const char *secret)
{
	return secret && span_starts(s, secret) ? strlen(secret) : 0;
}

static struct cut cut_at(struct span text, size_t i, const char *secret, bool tokens)
{
	struct span s = after(text, i);
	struct cut c = NO_CUT;
	size_t n;

	c.hide = secret_length(s, secret);
	if (!c.hide)
		c = cut_userinfo(s);
	if (!c.hide && (!i || !in_name(s.p[-1])))
		c = cut_named(s);
	if (!c.hide && (!i || !in_name(s.p[-1])))
		c = cut_scheme(s);
	if (!c.hide && tokens) {
		n = token_length(s);
		c = NO_CUT;
		c.hide = looks_secret(span_of(s.p, n)) ? n : 0;
	}
	/* the secret may have a character that ends other values */
	n = c.keep ? secret_length(after(s, c.keep), secret) : 0;
	c.hide = n > c.hide ? n : c.hide;
	return c.hide ? c : NO_CUT;
}

void redact_credentials(struct buf *out, struct span text, const char *secret)
{
	for (size_t i = 0; i < text.n;) {
		struct cut c = cut_at(text, i, secret, false);

		if (!c.hide) {
			if (text.p[i])
				buf_addc(out, text.p[i]);
			i++;
			continue;
		}
		buf_add(out, text.p + i, c.keep);
		buf_adds(out, c.mark);
		i += c.keep + c.hide;
	}
}

void redact_in_place(char *text, size_t size, const char *secret)
{
	cleanup_by(buf_release) struct buf out = BUF_INIT(2 * size);

	redact_credentials(&out, span_str(text), secret);
	snprintf(text, size, "%s", out.n ? out.p : "");
}

/* A line that is being written. */
struct line {
	char *out;
	size_t n;
};

static bool line_is_full(const struct line *l)
{
	return l->n + sizeof("...") > REDACT_MAX;
}

static void line_add(struct line *l, struct span text)
{
	for (size_t i = 0; i < text.n && !line_is_full(l); i++)
		if (!is_space(text.p[i]))
			l->out[l->n++] = text.p[i];
		else if (l->n && l->out[l->n - 1] != ' ')
			l->out[l->n++] = ' ';
}

void redact(char out[static REDACT_MAX], struct span text, const char *secret)
{
	struct line l = { .out = out };

	for (size_t i = 0; i < text.n && !line_is_full(&l);) {
		struct cut c = cut_at(text, i, secret, true);

		line_add(&l, span_of(text.p + i, c.hide ? c.keep : 1));
		if (c.hide && !line_is_full(&l))
			l.n += (size_t)snprintf(out + l.n, REDACT_MAX - l.n, "%s", c.mark);
		i += c.hide ? c.keep + c.hide : 1;
	}
	while (l.n && out[l.n - 1] == ' ')
		l.n--;
	out[l.n] = '\0';
	printable_clean(out);
}

/* ---- URLs ---- */

/* Parameters of registries and token servers whose values are no secrets. */
static bool is_plain_parameter(struct span name)
{
	static const char *const names[] = {
		"n", "last", "service", "scope", "ns", "artifactType", "client_id",
	};

	for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++)
		if (span_eq(name, names[i]))
			return true;
	return false;
}

static void add_query(struct buf *out, struct span query)
{
	struct span parameter, value;
	char before = '?';

	while (span_cut(&query, '&', &parameter)) {
		struct span name;

		value = parameter;
		span_cut(&value, '=', &name);
		buf_addc(out, before);
		if (!value.p) { /* a word alone may be a signature */
			buf_adds(out, "...");
		} else {
			redact_credentials(out, name, NULL);
			buf_addc(out, '=');
			if (is_plain_parameter(name))
				redact_credentials(out, value, NULL);
			else
				buf_adds(out, "...");
		}
		before = '&';
	}
}

/* "//user:password@host/..." has no scheme before it. */
static struct span without_userinfo(struct span url, struct buf *out)
{
	size_t end, at = 2;

	if (!span_starts(url, "//"))
		return url;
	end = 2 + length_until(after(url, 2), "/?#");
	for (size_t i = 2; i < end; i++)
		if (url.p[i] == '@')
			at = i + 1;
	buf_adds(out, "//");
	return after(url, at);
}

void redact_url(struct buf *out, struct span url)
{
	struct span query = url, path;

	url.n = length_until(url, "#");
	query = url;
	span_cut(&query, '?', &path);
	redact_credentials(out, without_userinfo(path, out), NULL);
	if (query.p)
		add_query(out, query);
}
