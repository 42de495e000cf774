#include "publish/snapshots.h"

#include <limits.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

#include "oci/base/buf.h"
#include "oci/base/cleanup.h"
#include "oci/base/clock.h"
#include "oci/base/err.h"
#include "oci/image/ref.h"
#include "oci/store/hold.h"
#include "oci/store/index.h"
#include "oci/store/retag.h"

/* Names that an error lists when a stamp names no snapshot or several. */
#define LISTED 8

static bool annotation_is(const struct entry *e, const char *key, const char *want)
{
	const char *value = entry_annotation(e, key);

	return value && strcmp(value, want) == 0;
}

static time_t annotation_time(const struct entry *e, const char *key)
{
	const char *value = entry_annotation(e, key);

	return value ? clock_parse_rfc3339(value) : -1;
}

/* When its content arrived; without a record of that, when it was replaced. */
static time_t arrival_of(const struct entry *e)
{
	time_t t = annotation_time(e, ANNOTATION_SYNCED);

	return t >= 0 ? t : annotation_time(e, ANNOTATION_SNAPSHOT_AT);
}

/* The generation that replaced it; 0 when there is no record of that. */
static long long replaced_in(const struct entry *e)
{
	const char *value = entry_annotation(e, ANNOTATION_SNAPSHOT_IN);
	long long n = value ? span_number(span_str(value), LONG_MAX) : 0;

	return n < 0 ? 0 : n;
}

/* Orders by one key: the larger comes first. */
static int compare_later(long long a, long long b)
{
	return a == b ? 0 : a < b ? 1 : -1;
}

/* qsort: the one that was current last comes first. Of those replaced in the same second,
 * generations decide, then arrivals, then names: <day>, <day>-2, ... <day>-10. */
static int compare_age(const void *pa, const void *pb)
{
	const struct entry *a = *(struct entry *const *)pa, *b = *(struct entry *const *)pb;
	int order = compare_later(annotation_time(a, ANNOTATION_SNAPSHOT_AT),
				  annotation_time(b, ANNOTATION_SNAPSHOT_AT));

	if (!order)
		order = compare_later(replaced_in(a), replaced_in(b));
	if (!order)
		order = compare_later(arrival_of(a), arrival_of(b));
	return order ? order : strverscmp(b->ref, a->ref);
}

size_t snapshots_of(const struct index *x, const char *ref, struct entry ***v)
{
	size_t n = 0, cap = 0, prefix = strlen(ref);

	*v = NULL;
	for (size_t i = index_seek(x, ref); i < x->n; i++) {
		if (strncmp(x->v[i]->ref, ref, prefix) != 0)
			break;
		if (!annotation_is(x->v[i], ANNOTATION_SNAPSHOT_OF, ref))
			continue;
		*v = xgrow(*v, n, &cap, sizeof(**v));
		(*v)[n++] = x->v[i];
	}
	if (n > 1)
		qsort(*v, n, sizeof(**v), compare_age);
	return n;
}

/*
 * Whether snapshot s is older than the content of e. Times have seconds: of two that arrived in the
 * same second, the order in which they were replaced decides. Content that a sync brought has not
 * been replaced yet; content that a rollback or an undo brought back (then e is held) has a
 * snapshot of its own, whose place counts.
 */
static bool is_older(const struct entry *s, const struct entry *e, struct entry *const *v, size_t n)
{
	time_t then = arrival_of(s), now = arrival_of(e);

	if (now < 0 || then < now)
		return true;
	if (then > now)
		return false;
	for (size_t i = 0; i < n && hold_mode_of(e) != HOLD_NONE; i++)
		if (digest_eq(&v[i]->digest, &e->digest) && arrival_of(v[i]) == now)
			return compare_age(&v[i], &s) < 0;
	return true;
}

struct entry *snapshots_previous(const struct index *x, const struct entry *e, struct err *err)
{
	cleanup_free struct entry **v = NULL;
	size_t n = snapshots_of(x, e->ref, &v), others = 0;

	for (size_t i = 0; i < n; i++) {
		if (digest_eq(&v[i]->digest, &e->digest))
			continue;
		if (!entry_annotation(v[i], ANNOTATION_BAD) &&
		    !annotation_is(v[i], ANNOTATION_SNAPSHOT_BY, RETAG_BY_ROLLBACK) &&
		    is_older(v[i], e, v, n))
			return v[i];
		others++;
	}
	if (others)
		err_set(err, ERR_NOTFOUND, 0,
			"no earlier snapshot to roll back to; what else is kept of it (%zu) is "
			"newer or was "
			"rolled back from (status %s lists it, --to takes it all the same)",
			others, e->ref);
	else
		err_set(err, ERR_NOTFOUND, 0, "no earlier snapshot to roll back to");
	return NULL;
}

/* "20261113-2" for 3.19.20261113-2 of 3.19: as errors list it and --to takes it. */
static const char *stamp_of(const struct entry *s, const char *ref)
{
	const char *rest = s->ref + strlen(ref);

	return rest[0] && strchr("._-", rest[0]) ? rest + 1 : rest;
}

static bool is_named(const struct entry *s, const char *ref, const char *stamp)
{
	return strcmp(s->ref + strlen(ref), stamp) == 0 || strcmp(stamp_of(s, ref), stamp) == 0 ||
	       strcmp(ref_tag_of(s->ref), stamp) == 0 || strcmp(s->ref, stamp) == 0;
}

/* Lists the names of v, the newest first, with ", " between them; with their separators when these
 * matter. */
static void list_stamps(struct buf *out, struct entry *const *v, size_t n, const char *ref,
			bool separators)
{
	size_t listed = 0;

	for (size_t i = 0; i < n && listed < LISTED; i++) {
		/* bad snapshots are not suggested, but --to takes them */
		if (!separators && entry_annotation(v[i], ANNOTATION_BAD))
			continue;
		buf_addf(out, "%s%s", listed++ ? ", " : "",
			 separators ? v[i]->ref + strlen(ref) : stamp_of(v[i], ref));
	}
	if (listed == LISTED && n > LISTED)
		buf_adds(out, ", ...");
}

struct entry *snapshots_named(const struct index *x, const struct entry *e, const char *stamp,
			      struct err *err)
{
	cleanup_by(buf_release) struct buf names = BUF_INIT(4096);
	cleanup_free struct entry **v = NULL;
	size_t n = snapshots_of(x, e->ref, &v), found = 0;

	for (size_t i = 0; i < n; i++) {
		if (strcmp(v[i]->ref + strlen(e->ref), stamp) == 0)
			return v[i];
		if (is_named(v[i], e->ref, stamp)) {
			struct entry *s = v[i];

			v[i] = v[found];
			v[found++] = s;
		}
	}
	if (found == 1)
		return v[0];
	list_stamps(&names, v, found ? found : n, e->ref, found > 1);
	if (found)
		err_set(err, ERR_INVALID, 0, "\"%s\" is more than one snapshot: %s", stamp,
			names.p);
	else if (names.n)
		err_set(err, ERR_NOTFOUND, 0, "no snapshot \"%s\"; there are %s", stamp, names.p);
	else
		err_set(err, ERR_NOTFOUND, 0, "no snapshot \"%s\", nor any other to offer", stamp);
	return NULL;
}
