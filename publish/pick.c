#include "publish/pick.h"

#include <stdlib.h>
#include <string.h>

#include "oci/base/err.h"
#include "oci/base/own.h"
#include "oci/cli/log.h"
#include "oci/image/glob.h"
#include "oci/image/ref.h"
#include "oci/store/index.h"
#include "oci/store/move.h"

void pick_release(struct pick *p)
{
	free(p->v);
	*p = (struct pick)PICK_INIT;
}

bool pick_is_tag(const struct entry *e)
{
	return move_ref_tag(e->ref) && !entry_note(e, NOTE_SNAPSHOT_OF);
}

static void add(struct pick *p, struct entry *e)
{
	p->v = xgrow(p->v, p->n, &p->cap, sizeof(*p->v));
	p->v[p->n++] = e;
}

bool pick_matches(const struct entry *e, char *const *patterns, size_t n)
{
	own_by(ref_release) struct ref ref = REF_INIT;
	struct err ignored;

	if (n == 0)
		return true;
	/* a layout may hold names that are no references; no pattern means them */
	if (ref_parse_canonical(&ref, span_str(e->ref), &ignored) < 0)
		return false;
	for (size_t i = 0; i < n; i++)
		if (glob_match_ref(span_str(patterns[i]), &ref))
			return true;
	return false;
}

int pick_check(char *const *patterns, size_t n, struct err *err)
{
	for (size_t i = 0; i < n; i++)
		if (glob_check_ref(span_str(patterns[i]), err) < 0)
			return err_wrap(err, "\"%s\"", patterns[i]);
	return 0;
}

/* Marks which patterns match the entry; whether any does. */
static bool mark(const struct entry *e, char *const *patterns, size_t n, bool *matched)
{
	bool any = false;

	for (size_t i = 0; i < n; i++)
		if (pick_matches(e, &patterns[i], 1))
			any = matched[i] = true;
	return any;
}

/* Says why a pattern picked nothing: the commonest slip is to name a snapshot. */
static void report_miss(const struct index *x, char *pattern)
{
	for (size_t i = 0; i < x->n; i++) {
		const char *of = entry_note(x->v[i], NOTE_SNAPSHOT_OF);

		if (!of || !pick_matches(x->v[i], &pattern, 1))
			continue;
		log_line("%s: \"%s\" is a snapshot of \"%s\" and never moves; name the tag",
			 pattern, x->v[i]->ref, of);
		return;
	}
	log_line("%s: no tag of this mirror matches", pattern);
}

void pick_patterns(struct pick *p, const struct index *x, char *const *patterns, size_t n)
{
	own_free bool *matched = xcalloc(n, sizeof(*matched));

	for (size_t i = 0; i < x->n; i++)
		if (pick_is_tag(x->v[i]) && mark(x->v[i], patterns, n, matched))
			add(p, x->v[i]);
	for (size_t i = 0; i < n; i++) {
		if (matched[i])
			continue;
		report_miss(x, patterns[i]);
		p->missed++;
	}
}

/* "sha256:1f2e3d4" and longer, whatever the algorithm. */
static bool is_digest_prefix(const char *text)
{
	const char *colon = strchr(text, ':');
	size_t n = colon ? strlen(colon + 1) : 0;

	return n >= 7 && strspn(colon + 1, "0123456789abcdef") == n;
}

int pick_digest(struct pick *p, const struct index *x, const char *digest, struct err *err)
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

		if (!pick_is_tag(e) || strncmp(e->digest.str, digest, strlen(digest)) != 0)
			continue;
		if (first && !digest_eq(first, &e->digest))
			return err_set(err, ERR_USAGE, 0,
				       "\"%s\" is the beginning of \"%s\" and of \"%s\"", digest,
				       first->str, e->digest.str);
		first = &e->digest;
		add(p, e);
	}
	if (!p->n) {
		log_line("%s: no tag of this mirror means it", digest);
		p->missed++;
	}
	return 0;
}
