#include "oci/store/retag.h"

#include <limits.h>
#include <stdlib.h>
#include <string.h>

#include "oci/base/cleanup.h"
#include "oci/base/clock.h"
#include "oci/base/err.h"
#include "oci/base/limits.h"
#include "oci/image/ref.h"
#include "oci/image/snapshot_suffix.h"
#include "oci/store/index.h"

/* The snapshot of `of` that already keeps d under the name `base`, with or without a counter. */
static struct entry *find_same(const struct index *x, const char *base, const char *of,
			       const struct digest *d)
{
	size_t n = strlen(base);

	for (size_t i = index_seek(x, base); i < x->n; i++) {
		struct entry *s = x->v[i];
		const char *keeps = entry_annotation(s, ANNOTATION_SNAPSHOT_OF);

		if (strncmp(s->ref, base, n) != 0)
			return NULL;
		/* an entry that is no snapshot may be moved, so it does not keep d */
		if (snapshot_suffix_number(s->ref + n) && keeps && strcmp(keeps, of) == 0 &&
		    digest_eq(&s->digest, d))
			return s;
	}
	return NULL;
}

/* The first of base, base-2, base-3, ... that names no entry; the caller frees it. */
static char *free_name(const struct index *x, const char *base)
{
	char *name = snapshot_suffix_numbered(base, 1);

	for (int n = 2; index_find(x, name); n++) {
		free(name);
		name = snapshot_suffix_numbered(base, n);
	}
	return name;
}

static struct entry *make_snapshot(struct index *x, const char *base, const struct entry *e,
				   struct err *err)
{
	cleanup_free char *name = free_name(x, base);
	const char *tag = ref_tag_of(name);

	if (!tag || !ref_valid_tag(span_str(tag))) {
		err_set(err, ERR_INVALID, 0,
			"\"%s\" cannot be kept as \"%s\": no tag has more than %d characters",
			e->ref, name, LIMIT_TAG);
		return NULL;
	}
	return index_add(x, name);
}

/* The number of the generation that this move will be in. */
static long long next_generation(const struct index *x)
{
	const char *text = index_annotation(x, ANNOTATION_GENERATION);
	long long n = text ? span_number(span_str(text), INT_MAX) : 0;

	return n < 0 ? 1 : n + 1;
}

/* Annotations that speak of a name rather than of its content are not copied to the snapshot. */
static void fill_snapshot(const struct retag *m, struct entry *s, const struct entry *e)
{
	const char *bad = entry_annotation(s, ANNOTATION_BAD),
		   *by = entry_annotation(s, ANNOTATION_SNAPSHOT_BY);
	cleanup_free char *kept_bad = bad ? xstrdup(bad) : NULL;
	/* content that a sync replaced before stays a sync's when a rollback replaces it again */
	bool keep_by = by && strcmp(m->by, RETAG_BY_ROLLBACK) == 0;
	cleanup_free char *kept_by = xstrdup(keep_by ? by : m->by);
	cleanup_free char *in = xasprintf("%lld", next_generation(m->index));
	char at[CLOCK_RFC3339];

	clock_rfc3339(m->when, at);
	entry_copy(s, e);
	entry_set_annotation(s, ANNOTATION_HELD, NULL);
	entry_set_annotation(s, ANNOTATION_GONE_SINCE, NULL);
	entry_set_annotation(s, ANNOTATION_UNLISTED_SINCE, NULL);
	entry_set_annotation(s, ANNOTATION_BAD, kept_bad);
	entry_set_annotation(s, ANNOTATION_SNAPSHOT_OF, e->ref);
	entry_set_annotation(s, ANNOTATION_SNAPSHOT_AT, at);
	entry_set_annotation(s, ANNOTATION_SNAPSHOT_IN, in);
	entry_set_annotation(s, ANNOTATION_SNAPSHOT_BY, kept_by);
}

static struct entry *snapshot_of(const struct retag *m, const struct entry *e, struct err *err)
{
	char date[SNAPSHOT_SUFFIX_MAX];
	cleanup_free char *base = NULL;
	struct entry *s;

	snapshot_suffix_print(m->suffix, m->when, date);
	base = xasprintf("%s%s", e->ref, date);
	s = find_same(m->index, base, e->ref, &e->digest);
	if (!s)
		s = make_snapshot(m->index, base, e, err);
	if (s)
		fill_snapshot(m, s, e);
	return s;
}

int retag_move(const struct retag *m, struct entry *e, const char *media_type,
	       const struct digest *d, int64_t size, struct entry **snapshot, struct err *err)
{
	struct entry *kept = NULL;

	if (e->digest.str[0] && !digest_eq(&e->digest, d) && ref_tag_of(e->ref)) {
		kept = snapshot_of(m, e, err);
		if (!kept)
			return -1;
	}
	entry_set_content(e, media_type, d, size);
	if (snapshot)
		*snapshot = kept;
	return 0;
}
