#include "publish/wanted.h"

#include <string.h>

#include "oci/base/err.h"

#define ALGORITHM (sizeof("sha256:") - 1)
/* The hex digits that a shortened digest has at least: as many as other verbs print. */
#define SHORTEST 12
#define HEX      "0123456789abcdef"

static const char *const role_words[WANTED_ROLES] = {
	[WANTED_UNKNOWN] = "content", [WANTED_INDEX] = "index", [WANTED_MANIFEST] = "manifest",
	[WANTED_CONFIG] = "config",   [WANTED_LAYER] = "layer",
};

const char *wanted_role_word(enum wanted_role role)
{
	return role_words[role];
}

/* ---- reading ---- */

static int no_digest(const char *word, struct err *err)
{
	return err_set(err, ERR_USAGE, 0,
		       "\"%.200s\" is no digest: write sha256:HEX or sha512:HEX, with all hex "
		       "digits or the first %d or more",
		       word, SHORTEST);
}

static int read_word(struct wanted_digest *d, const char *word, struct err *err)
{
	struct span text = span_str(word);
	struct err ignored;
	size_t hex;

	*d = (struct wanted_digest){ .n = text.n };
	if (!(span_starts(text, "sha256:") || span_starts(text, "sha512:")) || text.n > DIGEST_MAX)
		return no_digest(word, err);
	memcpy(d->text, text.p, text.n);
	hex = strspn(d->text + ALGORITHM, HEX);
	if (ALGORITHM + hex != text.n || hex < SHORTEST)
		return no_digest(word, err);
	d->whole = digest_parse(&d->digest, text, &ignored) == 0;
	if (!d->whole)
		d->digest.str[0] = '\0';
	return d->whole || hex < (span_starts(text, "sha256:") ? 64 : 128) ? 0
									   : no_digest(word, err);
}

static bool is_given(const struct wanted *w, const char *text)
{
	for (size_t i = 0; i < w->n; i++)
		if (strcmp(w->v[i].text, text) == 0)
			return true;
	return false;
}

int wanted_read(struct wanted *w, char **words, size_t n, struct err *err)
{
	for (size_t i = 0; i < n; i++) {
		if (is_given(w, words[i]))
			continue;
		if (w->n == LIMIT_FIND)
			return err_set(err, ERR_USAGE, 0,
				       "more than %d digests: look for the others in another run",
				       LIMIT_FIND);
		if (read_word(&w->v[w->n], words[i], err) < 0)
			return -1;
		w->n++;
	}
	return 0;
}

/* ---- matching ---- */

/* The bits of the digests that begin the text. */
static uint64_t bits_of(const struct wanted *w, struct span text)
{
	uint64_t mask = 0;

	if (text.n < ALGORITHM + SHORTEST)
		return 0;
	for (size_t i = 0; i < w->n; i++) {
		const struct wanted_digest *d = &w->v[i];

		if (d->text[ALGORITHM] == text.p[ALGORITHM] && d->n <= text.n &&
		    (!d->whole || d->n == text.n) && memcmp(d->text, text.p, d->n) == 0)
			mask |= UINT64_C(1) << i;
	}
	return mask;
}

/* Remembers what a shortened digest stands for. */
static void note_whole(struct wanted_digest *d, const struct digest *whole)
{
	if (!d->digest.str[0])
		d->digest = *whole;
	else if (!d->other.str[0] && !digest_eq(&d->digest, whole))
		d->other = *whole;
}

uint64_t wanted_match(struct wanted *w, struct span text)
{
	uint64_t mask = bits_of(w, text);
	struct digest whole;
	struct err ignored;

	if (!mask || digest_parse(&whole, text, &ignored) < 0)
		return 0;
	for (size_t i = 0; i < w->n; i++)
		if (mask >> i & 1)
			note_whole(&w->v[i], &whole);
	return mask;
}

static size_t hex_digits(struct span text)
{
	size_t n = 0;

	while (n < text.n &&
	       ((text.p[n] >= '0' && text.p[n] <= '9') || (text.p[n] >= 'a' && text.p[n] <= 'f')))
		n++;
	return n;
}

/* Cuts the next digest out of a text; false when there is none. */
static bool cut_digest(struct span *text, struct span *digest)
{
	const char *at;

	while ((at = text->n > ALGORITHM ? memmem(text->p, text->n, "sha", 3) : NULL)) {
		struct span rest = span_of(at, text->n - (size_t)(at - text->p));

		*text = span_of(at + 3, rest.n - 3);
		if (rest.n <= ALGORITHM || rest.p[ALGORITHM - 1] != ':')
			continue;
		digest->p = rest.p;
		digest->n = ALGORITHM + hex_digits(span_of(rest.p + ALGORITHM, rest.n - ALGORITHM));
		return true;
	}
	return false;
}

bool wanted_is_named(const struct wanted *w, struct span text)
{
	struct span digest;

	while (cut_digest(&text, &digest))
		if (bits_of(w, digest))
			return true;
	return false;
}

uint64_t wanted_in(struct wanted *w, struct span text)
{
	struct span digest;
	uint64_t mask = 0;

	while (cut_digest(&text, &digest))
		mask |= wanted_match(w, digest);
	return mask;
}

void wanted_set_role(struct wanted *w, uint64_t mask, enum wanted_role role)
{
	for (size_t i = 0; mask && i < w->n; i++)
		if ((mask >> i & 1) && w->v[i].role == WANTED_UNKNOWN)
			w->v[i].role = role;
}

int wanted_check(const struct wanted *w, struct err *err)
{
	for (size_t i = 0; i < w->n; i++)
		if (w->v[i].other.str[0])
			return err_set(err, ERR_USAGE, 0,
				       "\"%s\" begins more than one digest: %s and %s",
				       w->v[i].text, w->v[i].digest.str, w->v[i].other.str);
	return 0;
}
