#include "publish/tag_match.h"

#include <stdlib.h>
#include <string.h>

#include "oci/base/cleanup.h"
#include "oci/base/err.h"
#include "oci/cli/message.h"
#include "oci/image/glob.h"
#include "oci/image/ref.h"
#include "oci/store/index.h"

void tag_match_release(struct tag_match *m)
{
	free(m->v);
	*m = (struct tag_match)TAG_MATCH_INIT;
}

bool tag_match_is_tag(const struct entry *e)
{
	return ref_tag_of(e->ref) && !entry_annotation(e, ANNOTATION_SNAPSHOT_OF);
}

static void add_tag(struct tag_match *m, struct entry *e)
{
	m->v = xgrow(m->v, m->n, &m->cap, sizeof(*m->v));
	m->v[m->n++] = e;
}

bool tag_match_matches(const struct entry *e, char *const *patterns, size_t n)
{
	cleanup_by(ref_release) struct ref ref = REF_INIT;
	struct err ignored;

	if (n == 0)
		return true;
	/* a name of a layout that is not a reference matches no pattern */
	if (ref_parse_canonical(&ref, span_str(e->ref), &ignored) < 0)
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

/* Marks the patterns that match the entry; gives whether any does. */
static bool mark_patterns(const struct entry *e, char *const *patterns, size_t n, bool *matched)
{
	bool any = false;

	for (size_t i = 0; i < n; i++)
		if (tag_match_matches(e, &patterns[i], 1))
			any = matched[i] = true;
	return any;
}

/* Reports a pattern that matched no tag: the most frequent mistake is to name a snapshot. */
static void report_miss(const struct index *x, char *pattern)
{
	for (size_t i = 0; i < x->n; i++) {
		const char *of = entry_annotation(x->v[i], ANNOTATION_SNAPSHOT_OF);

		if (!of || !tag_match_matches(x->v[i], &pattern, 1))
			continue;
		message_line("%s: \"%s\" is a snapshot of \"%s\" and never moves; name the tag",
			     pattern, x->v[i]->ref, of);
		return;
	}
	message_line("%s: no tag of this mirror matches", pattern);
}

void tag_match_patterns(struct tag_match *m, const struct index *x, char *const *patterns, size_t n)
{
	cleanup_free bool *matched = xcalloc(n, sizeof(*matched));

	for (size_t i = 0; i < x->n; i++)
		if (tag_match_is_tag(x->v[i]) && mark_patterns(x->v[i], patterns, n, matched))
			add_tag(m, x->v[i]);
	for (size_t i = 0; i < n; i++) {
		if (matched[i])
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

		if (!tag_match_is_tag(e) || strncmp(e->digest.str, digest, strlen(digest)) != 0)
			continue;
		if (first && !digest_eq(first, &e->digest))
			return err_set(err, ERR_USAGE, 0,
				       "\"%s\" is the beginning of \"%s\" and of \"%s\"", digest,
				       first->str, e->digest.str);
		first = &e->digest;
		add_tag(m, e);
	}
	if (!m->n) {
		message_line("%s: no tag of this mirror has it", digest);
		m->missed++;
	}
	return 0;
}
