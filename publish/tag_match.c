#include "publish/tag_match.h"

#include <stdlib.h>
#include <string.h>

#include "oci/base/cleanup.h"
#include "oci/base/err.h"
#include "oci/base/strvec.h"
#include "oci/cli/message.h"
#include "oci/image/glob.h"
#include "oci/image/ref.h"
#include "oci/store/index.h"

void tag_match_release(struct tag_match *m)
{
	free(m->v);
	free(m->which);
	*m = (struct tag_match)TAG_MATCH_INIT;
}

bool tag_match_is_tag(const struct entry *e)
{
	return ref_tag_of(e->ref) && !entry_annotation(e, ANNOTATION_SNAPSHOT_OF);
}

/* The tags that cosign, and clients of registries without the referrers API, give to what refers to
 * a digest: sha256-<hex>, with .sig, .att or .sbom behind it. */
static bool is_digest_tag(const char *tag)
{
	return (strncmp(tag, "sha256-", 7) == 0 || strncmp(tag, "sha512-", 7) == 0) &&
	       strspn(tag + 7, "0123456789abcdef") >= 64;
}

bool tag_match_is_image(const struct entry *e)
{
	return tag_match_is_tag(e) && !entry_annotation(e, ANNOTATION_SUBJECT) &&
	       !is_digest_tag(ref_tag_of(e->ref));
}

static void add_tag(struct tag_match *m, struct entry *e, const char *pattern)
{
	size_t cap = m->cap;

	m->which = xgrow(m->which, m->n, &cap, sizeof(*m->which));
	m->which[m->n] = pattern;
	m->v = xgrow(m->v, m->n, &m->cap, sizeof(*m->v));
	m->v[m->n++] = e;
}

bool tag_match_matches(const struct entry *e, char *const *patterns, size_t n)
{
	return tag_match_matches_ref(e->ref, patterns, n);
}

bool tag_match_matches_ref(const char *text, char *const *patterns, size_t n)
{
	cleanup_by(ref_release) struct ref ref = REF_INIT;
	struct err ignored;

	if (n == 0)
		return true;
	/* a name of a layout that is not a reference matches no pattern */
	if (ref_parse_canonical(&ref, span_str(text), &ignored) < 0)
		return false;
	for (size_t i = 0; i < n; i++)
		if (glob_match_ref(span_str(patterns[i]), &ref))
			return true;
	return false;
}

int tag_match_check(char *const *patterns, size_t n, struct err *err)
{
	for (size_t i = 0; i < n; i++)
		if (glob_check_ref(span_str(patterns[i]), err) < 0)
			return err_wrap(err, "\"%s\"", patterns[i]);
	return 0;
}

static bool spells_tag(const char *pattern, const char *tag)
{
	size_t n = strlen(pattern), len = strlen(tag);

	return n > len && strcmp(pattern + n - len, tag) == 0 && pattern[n - len - 1] == ':';
}

/* What a pattern means by an entry: an image; or a tag of cosign's that it spells out. */
static bool is_meant(const struct entry *e, char *pattern)
{
	if (!tag_match_is_image(e) &&
	    (!tag_match_is_tag(e) || entry_annotation(e, ANNOTATION_SUBJECT) ||
	     !spells_tag(pattern, ref_tag_of(e->ref))))
		return false;
	return tag_match_matches(e, &pattern, 1);
}

/* Marks the patterns that match the entry; gives the first of them, or NULL. */
static const char *mark_patterns(const struct entry *e, char *const *patterns, size_t n,
				 bool *matched)
{
	const char *first = NULL;

	for (size_t i = 0; i < n; i++) {
		if (!is_meant(e, patterns[i]))
			continue;
		matched[i] = true;
		if (!first)
			first = patterns[i];
	}
	return first;
}

/* ---- a pattern that matches no tag ---- */

static size_t count_meant(const struct index *x, char *pattern)
{
	struct err ignored;
	size_t n = 0;

	if (tag_match_check(&pattern, 1, &ignored) < 0)
		return 0;
	for (size_t i = 0; i < x->n; i++)
		n += is_meant(x->v[i], pattern);
	return n;
}

static const struct entry *first_meant(const struct index *x, char *pattern)
{
	for (size_t i = 0; i < x->n; i++)
		if (is_meant(x->v[i], pattern))
			return x->v[i];
	return NULL;
}

/* The host is easily forgotten: a pattern with wildcards must begin with it, and a name without one
 * is of docker.io. */
static bool report_host(const struct index *x, const char *pattern)
{
	static const char *const hosts[] = { "docker.io/", "docker.io/library/", "*/" };

	for (size_t i = 0; i < sizeof(hosts) / sizeof(hosts[0]); i++) {
		cleanup_free char *whole = xasprintf("%s%s", hosts[i], pattern);
		size_t n = count_meant(x, whole);

		if (!n)
			continue;
		if (n == 1 && !glob_has_wildcard(span_str(pattern)))
			message_line("%s: no tag of this mirror matches; did you mean \"%s\"?",
				     pattern, first_meant(x, whole)->ref);
		else
			message_line("%s: no tag of this mirror matches; did you mean \"%s\" "
				     "(%zu tag%s)?",
				     pattern, whole, n, n == 1 ? "" : "s");
		return true;
	}
	return false;
}

/* Says why an entry that the pattern matches is not meant by it. */
static bool report_entry(const struct entry *e, const char *pattern)
{
	const char *of = entry_annotation(e, ANNOTATION_SNAPSHOT_OF);

	if (of)
		message_line("%s: \"%s\" is a snapshot of \"%s\" and never moves; name the tag",
			     pattern, e->ref, of);
	else if (ref_tag_of(e->ref))
		message_line("%s: \"%s\" is no image, but a signature or the like, which goes with "
			     "its image; name the image",
			     pattern, e->ref);
	return of || ref_tag_of(e->ref);
}

/* The most frequent mistakes are to name a snapshot, and to leave out the host. */
static void report_miss(const struct index *x, char *pattern)
{
	for (size_t i = 0; i < x->n; i++)
		if (tag_match_matches(x->v[i], &pattern, 1) && report_entry(x->v[i], pattern))
			return;
	if (!report_host(x, pattern))
		message_line("%s: no tag of this mirror matches", pattern);
}

static bool matches_other(const struct strvec *others, char *pattern)
{
	for (size_t i = 0; others && i < others->n; i++)
		if (tag_match_matches_ref(others->v[i], &pattern, 1))
			return true;
	return false;
}

void tag_match_patterns(struct tag_match *m, const struct index *x, char *const *patterns, size_t n,
			const struct strvec *others)
{
	cleanup_free bool *matched = xcalloc(n, sizeof(*matched));

	for (size_t i = 0; i < x->n; i++) {
		const char *first = mark_patterns(x->v[i], patterns, n, matched);

		if (first)
			add_tag(m, x->v[i], first);
	}
	for (size_t i = 0; i < n; i++) {
		if (matched[i] || matches_other(others, patterns[i]))
			continue;
		report_miss(x, patterns[i]);
		m->missed++;
	}
}

/* "sha256:1f2e3d4" and longer, whatever the algorithm. */
static bool is_digest_prefix(const char *text)
{
	const char *colon = strchr(text, ':');
	size_t n = colon ? strlen(colon + 1) : 0;

	return n >= 7 && strspn(colon + 1, "0123456789abcdef") == n;
}

int tag_match_digest(struct tag_match *m, const struct index *x, const char *digest,
		     struct err *err)
{
	const struct digest *first = NULL;

	if (!is_digest_prefix(digest))
		return err_set(
			err, ERR_USAGE, 0,
			"--digest takes a digest (sha256:...) or at least its first 7 hex digits, "
			"not \"%s\"",
			digest);
	for (size_t i = 0; i < x->n; i++) {
		struct entry *e = x->v[i];

		if (!tag_match_is_image(e) || strncmp(e->digest.str, digest, strlen(digest)) != 0)
			continue;
		if (first && !digest_eq(first, &e->digest))
			return err_set(err, ERR_USAGE, 0,
				       "\"%s\" is the beginning of \"%s\" and of \"%s\"", digest,
				       first->str, e->digest.str);
		first = &e->digest;
		add_tag(m, e, NULL);
	}
	if (!m->n) {
		message_line("%s: no tag of this mirror has it", digest);
		m->missed++;
	}
	return 0;
}
