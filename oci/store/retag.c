#include "oci/store/retag.h"

#include <limits.h>
#include <stdlib.h>
#include <string.h>

#include "oci/base/buf.h"
#include "oci/base/cleanup.h"
#include "oci/base/clock.h"
#include "oci/base/err.h"
#include "oci/base/limits.h"
#include "oci/base/str.h"
#include "oci/base/table.h"
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

static bool is_taken(const struct retag *m, const char *name)
{
	return index_find(m->index, name) || (m->reserved && table_get(m->reserved, name));
}

/* The first of base, base-2, base-3, ... that is free; the caller frees it. */
static char *free_name(const struct retag *m, const char *base)
{
	char *name = snapshot_suffix_numbered(base, 1);

	for (int n = 2; is_taken(m, name); n++) {
		free(name);
		name = snapshot_suffix_numbered(base, n);
	}
	return name;
}

static struct entry *make_snapshot(const struct retag *m, const char *base, const struct entry *e,
				   struct err *err)
{
	cleanup_free char *name = free_name(m, base);
	const char *tag = ref_tag_of(name);

	if (!tag || !ref_valid_tag(span_str(tag))) {
		err_set(err, ERR_INVALID, 0,
			"\"%s\" cannot be kept as \"%s\": no tag has more than %d characters",
			e->ref, name, LIMIT_TAG);
		return NULL;
	}
	return index_add(m->index, name);
}

static long long read_number(const char *text)
{
	long long n = text ? span_number(span_str(text), INT_MAX) : 0;

	return n < 0 ? 0 : n;
}

long long retag_generation(const struct index *x)
{
	return read_number(index_annotation(x, ANNOTATION_GENERATION)) + 1;
}

long long retag_replaced_in(const struct entry *snapshot)
{
	return read_number(entry_annotation(snapshot, ANNOTATION_SNAPSHOT_IN));
}

long long retag_arrived_in(const struct entry *e)
{
	const char *value = entry_annotation(e, ANNOTATION_SYNCED_IN);

	return value ? span_number(span_str(value), LONG_MAX) : -1;
}

/* ---- stays ---- */

/* Without a record of its arrival, the content was there before the generation that replaced it. */
static struct retag_stay last_stay(const struct entry *s)
{
	struct retag_stay last = { .arrived = retag_arrived_in(s),
				   .replaced = retag_replaced_in(s) };

	if (last.arrived < 0 && last.replaced > 0)
		last.arrived = last.replaced - 1;
	return last;
}

size_t retag_stays(const struct entry *snapshot, struct retag_stay v[RETAG_STAYS])
{
	const char *earlier = entry_annotation(snapshot, ANNOTATION_SNAPSHOT_STAYS);
	struct span rest = span_str(earlier ? earlier : ""), one, arrived;
	size_t n = 0;

	v[n++] = last_stay(snapshot);
	while (earlier && n < RETAG_STAYS && span_cut(&rest, ',', &one)) {
		(void)!span_cut(&one, '-', &arrived);
		v[n].arrived = span_number(arrived, LONG_MAX);
		v[n].replaced = span_number(one, LONG_MAX);
		/* a text that is none of ours says nothing */
		if (v[n].arrived >= 0 && v[n].replaced > v[n].arrived)
			n++;
	}
	return n;
}

/* What the annotation says when another stay follows; the caller frees it. Behind RETAG_STAYS
 * stays, those in the middle are forgotten. */
static char *stays_text(const struct entry *s)
{
	cleanup_by(buf_release) struct buf text = BUF_INIT(LIMIT_INDEX_ENTRY);
	struct retag_stay v[RETAG_STAYS];
	size_t n = retag_stays(s, v);

	for (size_t i = 1; i < n && i < RETAG_STAYS - 2; i++)
		buf_addf(&text, "%lld-%lld,", v[i].arrived, v[i].replaced);
	buf_addf(&text, "%lld-%lld", v[0].arrived, v[0].replaced);
	return buf_take(&text);
}

/* The generation in which the content of e arrived: its own record; or the earliest of snapshots of
 * the same content; or, for a first content, any time before now. -1: unknown. */
static long long find_arrival(const struct index *x, const struct entry *e)
{
	long long first = retag_arrived_in(e);

	if (first >= 0)
		return first;
	first = retag_generation(x) - 1;
	for (size_t i = index_seek(x, e->ref); i < x->n; i++) {
		const struct entry *s = x->v[i];
		long long arrived;

		if (strncmp(s->ref, e->ref, strlen(e->ref)) != 0)
			break;
		if (!str_same(entry_annotation(s, ANNOTATION_SNAPSHOT_OF), e->ref) ||
		    !digest_eq(&s->digest, &e->digest))
			continue;
		arrived = last_stay(s).arrived;
		if (arrived < first)
			first = arrived;
	}
	return first;
}

/* ---- the last move ---- */

struct entry *retag_last(const struct index *x, const char *ref)
{
	struct entry *last = NULL;

	for (size_t i = index_seek(x, ref); i < x->n; i++) {
		struct entry *s = x->v[i];
		const char *of = entry_annotation(s, ANNOTATION_SNAPSHOT_OF);

		if (strncmp(s->ref, ref, strlen(ref)) != 0)
			break;
		if (str_same(of, ref) && (!last || retag_replaced_in(s) >= retag_replaced_in(last)))
			last = s;
	}
	return last;
}

static bool names_platform(const char *list, struct span one)
{
	struct span rest = span_str(list), word;

	while (span_cut(&rest, ',', &word)) {
		word = span_trim(word);
		if (word.n == one.n && memcmp(word.p, one.p, one.n) == 0)
			return true;
	}
	return false;
}

char *retag_unite_platforms(const char *a, const char *b)
{
	cleanup_by(buf_release) struct buf all = BUF_INIT(LIMIT_INDEX_ENTRY);
	struct span rest = span_str(b ? b : ""), one;

	if (!a || !b)
		return NULL;
	buf_adds(&all, a);
	while (span_cut(&rest, ',', &one)) {
		one = span_trim(one);
		if (one.n && !names_platform(a, one))
			buf_addf(&all, ",%.*s", SPAN_ARG(one));
	}
	return buf_take(&all);
}

/* Annotations that speak of a name rather than of its content are not copied to the snapshot. */
static void fill_snapshot(const struct retag *m, struct entry *s, const struct entry *e)
{
	const char *by = entry_annotation(s, ANNOTATION_SNAPSHOT_BY);
	const char *now_has = entry_annotation(e, ANNOTATION_PLATFORM);
	bool is_new = !s->digest.str[0];
	cleanup_free char *platforms =
		is_new ? (now_has ? xstrdup(now_has) : NULL)
		       : retag_unite_platforms(entry_annotation(s, ANNOTATION_PLATFORM), now_has);
	/* content that a sync replaced before stays a sync's when a rollback replaces it again */
	bool keep_by = by && strcmp(m->by, RETAG_BY_ROLLBACK) == 0;
	cleanup_free char *kept_by = xstrdup(keep_by ? by : m->by);
	cleanup_free char *in = xasprintf("%lld", retag_generation(m->index));
	long long arrival = find_arrival(m->index, e);
	/* moved back to, the content is the same stay: it did not arrive anew */
	bool is_stay = !is_new && last_stay(s).arrived >= 0 && last_stay(s).arrived != arrival;
	const char *earlier = is_new ? NULL : entry_annotation(s, ANNOTATION_SNAPSHOT_STAYS);
	cleanup_free char *stays = is_stay ? stays_text(s) : earlier ? xstrdup(earlier) : NULL;
	cleanup_free char *arrived = arrival < 0 ? NULL : xasprintf("%lld", arrival);
	char at[CLOCK_RFC3339];

	clock_rfc3339(m->when, at);
	entry_copy(s, e);
	entry_set_annotation(s, ANNOTATION_SYNCED_IN, arrived);
	entry_set_annotation(s, ANNOTATION_SNAPSHOT_STAYS, stays);
	entry_set_annotation(s, ANNOTATION_HELD, NULL);
	entry_set_annotation(s, ANNOTATION_GONE_SINCE, NULL);
	entry_set_annotation(s, ANNOTATION_UNLISTED_SINCE, NULL);
	entry_set_annotation(s, ANNOTATION_PLATFORM, platforms);
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
		s = make_snapshot(m, base, e, err);
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
