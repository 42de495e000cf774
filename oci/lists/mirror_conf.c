#include "oci/lists/mirror_conf.h"

#include <ctype.h>
#include <stdlib.h>
#include <string.h>

#include "oci/base/buf.h"
#include "oci/base/cleanup.h"
#include "oci/base/err.h"
#include "oci/base/limits.h"
#include "oci/base/suggest.h"
#include "oci/image/glob.h"
#include "oci/image/ref.h"
#include "oci/image/snapshot_suffix.h"
#include "oci/lists/kv_table.h"
#include "oci/lists/line.h"
#include "oci/lists/web_address.h"

/* ---- checks of values ---- */

/* An http or https URL of a host and a path, nothing else. */
static int check_url(struct span url, size_t *at, struct err *err)
{
	struct span rest = url, host;
	size_t scheme = span_starts(url, "https://")  ? sizeof("https://") - 1
			: span_starts(url, "http://") ? sizeof("http://") - 1
						      : 0;

	if (!scheme)
		return err_set(err, ERR_USAGE, 0,
			       "\"%.*s\" does not begin with https:// or http://", SPAN_ARG(url));
	*at = scheme;
	if (memchr(url.p, '@', url.n))
		return err_set(err, ERR_USAGE, 0,
			       "credentials do not belong here (docker login keeps them)");
	rest = span_of(url.p + scheme, url.n - scheme);
	span_cut(&rest, '/', &host);
	if (!ref_valid_host(host))
		return err_set(err, ERR_USAGE, 0, "\"%.*s\" is not a host[:port]", SPAN_ARG(host));
	for (size_t i = 0; rest.p && i < rest.n; i++)
		if (!isalnum((unsigned char)rest.p[i]) && !strchr("/._~-", rest.p[i])) {
			*at = (size_t)(rest.p + i - url.p);
			return err_set(err, ERR_USAGE, 0,
				       "the URL has a character that is not part of a path");
		}
	return 0;
}

static int check_scheme(struct span value, size_t *at, struct err *err)
{
	(void)at;
	if (span_eq(value, "http") || span_eq(value, "https"))
		return 0;
	return err_set(err, ERR_USAGE, 0, "\"%.*s\" is neither http nor https", SPAN_ARG(value));
}

static int check_absolute(struct span value, size_t *at, struct err *err)
{
	(void)at;
	if (value.p[0] == '/')
		return 0;
	return err_set(err, ERR_USAGE, 0, "\"%.*s\" is not an absolute path", SPAN_ARG(value));
}

static int check_ca(struct span value, size_t *at, struct err *err)
{
	(void)at;
	if (value.p[0] == '/' || !memchr(value.p, '/', value.n))
		return 0;
	return err_set(err, ERR_USAGE, 0,
		       "\"%.*s\" is neither a file beside mirror.conf nor an absolute path",
		       SPAN_ARG(value));
}

static int check_suffix(struct span value, size_t *at, struct err *err)
{
	cleanup_free char *format = xstrndup(value.p, value.n);

	(void)at;
	return snapshot_suffix_check(format, err);
}

/* ---- the kinds of lines ---- */

#define AT(type, member) .offset = offsetof(struct type, member)

static const struct kv_row registry_table[] = {
	{ .name = "endpoint",
	  .kind = VALUE_TEXT,
	  AT(mirror_conf_registry, endpoint),
	  .check = check_url },
	{ .name = "mirror",
	  .kind = VALUE_LIST,
	  AT(mirror_conf_registry, mirror),
	  .check = check_url },
	{ .name = "scheme",
	  .kind = VALUE_TEXT,
	  AT(mirror_conf_registry, scheme),
	  .check = check_scheme },
	{ .name = "ca", .kind = VALUE_TEXT, AT(mirror_conf_registry, ca), .check = check_ca },
	{ .name = "cert",
	  .kind = VALUE_TEXT,
	  AT(mirror_conf_registry, cert),
	  .check = check_absolute },
	{ .name = "key",
	  .kind = VALUE_TEXT,
	  AT(mirror_conf_registry, key),
	  .check = check_absolute },
	{ .name = "tls-verify", .kind = VALUE_YES_NO, AT(mirror_conf_registry, tls_verify) },
	{ .name = "parallel",
	  .kind = VALUE_NUMBER,
	  AT(mirror_conf_registry, parallel),
	  .min = 1,
	  .max = 256 },
	{ .name = "rate", .kind = VALUE_RATE, AT(mirror_conf_registry, rate) },
	{ .name = "max-rate", .kind = VALUE_BYTE_RATE, AT(mirror_conf_registry, max_rate) },
	{ .name = "min-remaining", .kind = VALUE_SHARE, AT(mirror_conf_registry, min_remaining) },
	{ .name = NULL },
};

static const struct kv_row snapshot_table[] = {
	{ .name = "suffix",
	  .kind = VALUE_TEXT,
	  AT(mirror_conf, snapshot_suffix),
	  .check = check_suffix },
	{ .name = NULL },
};

static const struct kv_row deny_table[] = {
	{ .name = "reason", .kind = VALUE_TEXT, AT(mirror_conf_deny, reason) },
	{ .name = NULL },
};

static const char *const authors_words[] = {
	[AUTHORS_MAIL] = "mail",
	[AUTHORS_NAME] = "name",
	[AUTHORS_COMMIT] = "commit",
	NULL,
};

static const struct kv_row privacy_table[] = {
	{ .name = "authors",
	  .kind = VALUE_CHOICE,
	  AT(mirror_conf, authors),
	  .words = authors_words },
	{ .name = NULL },
};

/* The plain word after the keyword, or NULL with an error added. */
static const struct line_word *take_operand(const struct line *l, const char *what,
					    const struct place *at)
{
	if (l->n > 1 && !l->v[1].key.p)
		return &l->v[1];
	/* a character that looks like a blank joins two words */
	if (l->n > 1 && line_has_odd_char(&l->v[1], l->v[1].key, at))
		return NULL;
	place_error(at, l->v[l->n > 1].column, "%s is missing: \"%.*s %s ...\"", what,
		    SPAN_ARG(l->v[0].text), what);
	return NULL;
}

/* Whose images they are is said of whole repositories: snapshots and digests have other tags. */
static void check_private_pattern(const struct line_word *pattern, const struct place *at)
{
	const char *slash = memrchr(pattern->text.p, '/', pattern->text.n);
	const char *colon = memrchr(pattern->text.p, ':', pattern->text.n);

	if (colon && (!slash || colon > slash))
		place_error(at, line_column(pattern, (size_t)(colon - pattern->text.p)),
			    "private= is about repositories: a pattern without a tag");
}

static void parse_image(struct mirror_conf *c, const struct line *l, const struct place *at)
{
	const struct line_word *pattern = take_operand(l, "PATTERN", at);
	cleanup_free char *advice = NULL;
	struct mirror_conf_image *image;
	struct err err = ERR_INIT;

	if (!pattern)
		return;
	advice = web_address_advice(pattern->text);
	if (advice)
		place_error(at, pattern->column, "%s", advice);
	else if (!line_has_odd_char(pattern, pattern->text, at) &&
		 glob_check_ref(pattern->text, &err) < 0)
		place_error(at, pattern->column, "%s", err.msg);
	c->images = xgrow(c->images, c->nimages, &c->capimages, sizeof(*c->images));
	image = &c->images[c->nimages++];
	image->pattern = xstrndup(pattern->text.p, pattern->text.n);
	image_options_init(&image->o);
	if (image_options_read(&image->o, l, 2, true, at) && image->o.private_group)
		check_private_pattern(pattern, at);
	if (l->n == 2)
		place_error(at, l->v[0].column, "\"image\" without an option says nothing");
}

static char *canonical_host(struct span host)
{
	cleanup_free char *low = xstrndup(host.p, host.n);

	for (char *c = low; *c; c++)
		*c = (char)tolower((unsigned char)*c);
	return xstrdup(ref_host_alias(low));
}

/* Checks options that depend on each other. */
static void check_registry(const struct mirror_conf_registry *r, const struct line *l,
			   const struct place *at)
{
	const char *one = r->cert ? "cert" : "key", *other = r->cert ? "key" : "cert";

	if (r->endpoint && r->scheme)
		place_error(at, line_find(l, "scheme")->column,
			    "endpoint= says the scheme already");
	if (r->tls_verify == 0 && r->ca)
		place_error(at, line_find(l, "tls-verify")->column,
			    "with tls-verify=no, ca= has no effect: leave one of them out");
	if (r->tls_verify == 0 && !r->mirror &&
	    ((r->scheme && strcmp(r->scheme, "http") == 0) ||
	     (r->endpoint && strncmp(r->endpoint, "http:", 5) == 0)))
		place_error(at, line_find(l, "tls-verify")->column,
			    "over plain http there is no certificate: tls-verify= has no effect");
	if (!r->cert != !r->key)
		place_error(at, line_find(l, one)->column, "%s= needs %s= beside it", one, other);
}

static bool is_host(const struct line_word *w, const struct place *at)
{
	const char *scheme = memmem(w->text.p, w->text.n, "://", 3);
	struct span host = w->text, name;

	if (ref_valid_host(host))
		return true;
	if (line_has_odd_char(w, host, at))
		return false;
	if (scheme)
		host = span_of(scheme + 3, (size_t)(host.p + host.n - scheme - 3));
	span_cut(&host, '/', &name);
	if (ref_valid_host(name))
		place_error(at, w->column, "\"%.*s\" is not a host[:port]: write \"%.*s\"",
			    SPAN_ARG(w->text), SPAN_ARG(name));
	else
		place_error(at, w->column, "\"%.*s\" is not a host[:port]", SPAN_ARG(w->text));
	return false;
}

static void parse_registry(struct mirror_conf *c, const struct line *l, const struct place *at)
{
	const struct line_word *host = take_operand(l, "HOST[:PORT]", at);
	const struct mirror_conf_registry *earlier;
	struct mirror_conf_registry *r;
	cleanup_free char *name = NULL;

	if (!host)
		return;
	if (!is_host(host, at))
		return;
	name = canonical_host(host->text);
	earlier = mirror_conf_registry(c, name);
	if (earlier)
		place_error(at, host->column, "%s has a registry line already (line %d)", name,
			    earlier->line);
	c->registries =
		xgrow(c->registries, c->nregistries, &c->capregistries, sizeof(*c->registries));
	r = &c->registries[c->nregistries++];
	kv_table_init(registry_table, r);
	r->host = take(name);
	r->line = at->line;
	r->column = host->column;
	if (kv_table_read(registry_table, r, l, 2, at))
		check_registry(r, l, at);
}

/* Whether this is the first line of its kind; *line gets its number. Adds an error when it is not,
 * and when it has no option. */
static bool is_first_of_kind(int *line, const struct line *l, const struct place *at)
{
	if (l->n == 1)
		place_error(at, l->v[0].column, "\"%.*s\" without an option says nothing",
			    SPAN_ARG(l->v[0].text));
	if (*line) {
		place_error(at, l->v[0].column, "a second \"%.*s\" line (the first is line %d)",
			    SPAN_ARG(l->v[0].text), *line);
		return false;
	}
	*line = at->line;
	return true;
}

static void parse_snapshot(struct mirror_conf *c, const struct line *l, const struct place *at)
{
	if (is_first_of_kind(&c->snapshot_line, l, at))
		kv_table_read(snapshot_table, c, l, 1, at);
}

static void parse_policy(struct mirror_conf *c, const struct line *l, const struct place *at)
{
	policies_read(&c->policies, l, at);
}

static void parse_privacy(struct mirror_conf *c, const struct line *l, const struct place *at)
{
	if (is_first_of_kind(&c->privacy_line, l, at))
		kv_table_read(privacy_table, c, l, 1, at);
}

static void parse_deny(struct mirror_conf *c, const struct line *l, const struct place *at)
{
	const struct line_word *word = take_operand(l, "DIGEST", at);
	const struct mirror_conf_deny *earlier;
	struct mirror_conf_deny *d;
	struct digest digest;
	struct err err;

	if (!word)
		return;
	if (digest_parse(&digest, word->text, &err) < 0) {
		place_error(at, word->column, "%s", err.msg);
		return;
	}
	earlier = mirror_conf_denies(c, &digest);
	if (earlier)
		place_error(at, word->column, "it is denied already (line %d)", earlier->line);
	c->denied = xgrow(c->denied, c->ndenied, &c->capdenied, sizeof(*c->denied));
	d = &c->denied[c->ndenied++];
	*d = (struct mirror_conf_deny){ .digest = digest, .line = at->line };
	kv_table_init(deny_table, d);
	kv_table_read(deny_table, d, l, 2, at);
}

/* The words that a line begins with, one row each. */
static const struct keyword {
	const char *word;
	void (*parse)(struct mirror_conf *c, const struct line *l, const struct place *at);
} keywords[] = {
	{ "image", parse_image },   { "registry", parse_registry }, { "snapshot", parse_snapshot },
	{ "policy", parse_policy }, { "deny", parse_deny },         { "privacy", parse_privacy },
};

#define KEYWORDS (sizeof(keywords) / sizeof(keywords[0]))

static const struct keyword *find_keyword(struct span word)
{
	for (size_t i = 0; i < KEYWORDS; i++)
		if (span_eq(word, keywords[i].word))
			return &keywords[i];
	return NULL;
}

bool mirror_conf_is_keyword(struct span word)
{
	return find_keyword(word);
}

static void add_unknown_keyword(const struct line_word *w, const struct place *at)
{
	cleanup_by(buf_release) struct buf all = BUF_INIT(KIB);
	const char *words[KEYWORDS + 1] = { NULL }, *near;

	for (size_t i = 0; i < KEYWORDS; i++) {
		words[i] = keywords[i].word;
		buf_addf(&all, "%s%s", i == 0 ? "" : i + 1 < KEYWORDS ? ", " : " or ", words[i]);
	}
	if (line_has_odd_char(w, w->key.p ? w->key : w->text, at))
		return;
	near = w->key.p ? NULL : suggest_word(w->text, words);
	if (near)
		place_error(at, w->column, "unknown word \"%.*s\" (did you mean \"%s\"?)",
			    SPAN_ARG(w->text), near);
	else
		place_error(at, w->column,
			    "a line begins with %s (images that are mirrored stand in *.list "
			    "files)",
			    all.p);
}

static void parse_line(const struct line *l, const struct place *at, void *arg)
{
	const struct line_word *first = &l->v[0];
	const struct keyword *keyword = first->key.p ? NULL : find_keyword(first->text);

	if (keyword)
		keyword->parse(arg, l, at);
	else
		add_unknown_keyword(first, at);
}

void mirror_conf_init(struct mirror_conf *c)
{
	*c = (struct mirror_conf){ .file = NULL };
	kv_table_init(snapshot_table, c);
	kv_table_init(privacy_table, c);
}

void mirror_conf_parse(struct mirror_conf *c, const char *file, struct span bytes,
		       struct problems *problems)
{
	c->file = xstrdup(file);
	line_each(problems, file, bytes, parse_line, c);
}

void mirror_conf_release(struct mirror_conf *c)
{
	for (size_t i = 0; i < c->nimages; i++) {
		free(c->images[i].pattern);
		image_options_release(&c->images[i].o);
	}
	for (size_t i = 0; i < c->nregistries; i++) {
		free(c->registries[i].host);
		kv_table_release(registry_table, &c->registries[i]);
	}
	for (size_t i = 0; i < c->ndenied; i++)
		kv_table_release(deny_table, &c->denied[i]);
	free(c->denied);
	free(c->images);
	free(c->registries);
	free(c->file);
	kv_table_release(snapshot_table, c);
	policies_release(&c->policies);
}

/* ---- queries ---- */

const struct mirror_conf_registry *mirror_conf_registry(const struct mirror_conf *c,
							const char *host)
{
	for (size_t i = 0; i < c->nregistries; i++)
		if (strcmp(c->registries[i].host, host) == 0)
			return &c->registries[i];
	return NULL;
}

void mirror_conf_fill(const struct mirror_conf *c, const struct ref *target,
		      struct image_options *o)
{
	for (size_t i = c->nimages; i-- > 0;)
		if (glob_match_ref(span_str(c->images[i].pattern), target))
			image_options_fill(o, &c->images[i].o);
}

const char *mirror_conf_private(const struct mirror_conf *c, const struct ref *r)
{
	for (size_t i = c->nimages; i-- > 0;)
		if (c->images[i].o.private_group &&
		    glob_match_ref(span_str(c->images[i].pattern), r))
			return c->images[i].o.private_group;
	return NULL;
}

const struct mirror_conf_deny *mirror_conf_denies(const struct mirror_conf *c,
						  const struct digest *d)
{
	for (size_t i = 0; i < c->ndenied; i++)
		if (digest_eq(&c->denied[i].digest, d))
			return &c->denied[i];
	return NULL;
}

/* "Ann <ann@corp>, Ben <ben@corp>" becomes "Ann, Ben". The caller frees it. */
static char *without_mail(const char *authors)
{
	char *out = xstrdup(authors), *to = out;

	for (const char *p = authors; *p; p++) {
		const char *end = strncmp(p, " <", 2) == 0 ? strchr(p, '>') : NULL;

		if (end)
			p = end;
		else
			*to++ = *p;
	}
	*to = '\0';
	return out;
}

char *mirror_conf_author(const struct mirror_conf *c, const char *author)
{
	switch (c->authors < 0 ? AUTHORS_MAIL : (enum mirror_conf_authors)c->authors) {
	case AUTHORS_MAIL: break;
	case AUTHORS_NAME: return without_mail(author);
	case AUTHORS_COMMIT: return NULL;
	}
	return xstrdup(author);
}
