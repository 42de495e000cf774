#include "publish/snapshots.h"

#include <limits.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

#include "oci/base/buf.h"
#include "oci/base/cleanup.h"
#include "oci/base/err.h"
#include "oci/base/str.h"
#include "oci/image/ref.h"
#include "oci/store/banned.h"
#include "oci/store/index.h"
#include "oci/store/marks.h"
#include "oci/store/retag.h"

/* Names that an error lists when a stamp names no snapshot or several. */
#define LISTED 8

/* Orders by one key: the larger comes first. */
static int compare_later(long long a, long long b)
{
	return a == b ? 0 : a < b ? 1 : -1;
}

/* qsort: the one that was replaced last comes first. Of those without a generation the names
 * decide: <day>, <day>-2, ... <day>-10. */
static int compare_age(const void *pa, const void *pb)
{
	const struct entry *a = *(struct entry *const *)pa, *b = *(struct entry *const *)pb;
	int order = compare_later(retag_replaced_in(a), retag_replaced_in(b));

	return order ? order : strverscmp(b->ref, a->ref);
}

size_t snapshots_of(const struct index *x, const char *ref, struct entry ***v)
{
	size_t n = 0, cap = 0, prefix = strlen(ref);

	*v = NULL;
	for (size_t i = index_seek(x, ref); i < x->n; i++) {
		if (strncmp(x->v[i]->ref, ref, prefix) != 0)
			break;
		if (!str_same(entry_annotation(x->v[i], ANNOTATION_SNAPSHOT_OF), ref))
			continue;
		*v = xgrow(*v, n, &cap, sizeof(**v));
		(*v)[n++] = x->v[i];
	}
	if (n > 1)
		qsort(*v, n, sizeof(**v), compare_age);
	return n;
}

/* The first snapshot of the content that a rollback or an undo brought e back to, so that it did
 * not arrive anew; v is sorted. NULL: none. */
static const struct entry *revisited(const struct entry *e, struct entry *const *v, size_t n)
{
	const char *synced = entry_annotation(e, ANNOTATION_SYNCED);

	if (n && str_same(entry_annotation(v[0], ANNOTATION_SNAPSHOT_BY), RETAG_BY_SYNC))
		return NULL;
	while (n-- > 0)
		if (digest_eq(&v[n]->digest, &e->digest) &&
		    str_same(entry_annotation(v[n], ANNOTATION_SYNCED), synced))
			return v[n];
	return NULL;
}

/*
 * Whether a stay of snapshot s is older than the content of e: it arrived earlier. Without a record
 * for e: when a rollback or an undo brought e back to an earlier content, that knows when it
 * arrived, or what was replaced before it is older; else everything.
 */
static bool is_older(const struct entry *s, const struct retag_stay *stay, const struct entry *e,
		     struct entry *const *v, size_t n)
{
	const struct entry *same = NULL;
	long long now = retag_arrived_in(e);

	if (now < 0) {
		same = revisited(e, v, n);
		now = same ? retag_arrived_in(same) : LONG_MAX;
	}
	return now >= 0 ? stay->arrived < now : compare_age(&same, &s) < 0;
}

/* The newest stay of s that is older than the content of e. */
static bool find_stay(const struct entry *s, const struct entry *e, struct entry *const *v,
		      size_t n, struct retag_stay *found)
{
	struct retag_stay stays[RETAG_STAYS];
	size_t nstays = retag_stays(s, stays);
	bool any = false;

	for (size_t i = 0; i < nstays; i++) {
		if (!is_older(s, &stays[i], e, v, n) ||
		    (any && stays[i].replaced <= found->replaced))
			continue;
		*found = stays[i];
		any = true;
	}
	return any;
}

/* Whether a rollback may choose it: another reason than its age keeps it from that. */
static bool is_allowed(struct banned *banned, const struct entry *s, const char *ref)
{
	return !marks_bad(banned->marks, ref, &s->digest) && !banned_in(banned, &s->digest) &&
	       !str_same(entry_annotation(s, ANNOTATION_SNAPSHOT_BY), RETAG_BY_ROLLBACK);
}

struct entry *snapshots_previous(const struct index *x, struct banned *banned,
				 const struct entry *e, long long *arrived, struct err *err)
{
	cleanup_free struct entry **v = NULL;
	size_t n = snapshots_of(x, e->ref, &v), others = 0;
	struct retag_stay best = { .arrived = -1 }, stay;
	struct entry *found = NULL;

	for (size_t i = 0; i < n; i++) {
		if (digest_eq(&v[i]->digest, &e->digest))
			continue;
		others++;
		/* of equals the first: v is sorted */
		if (!find_stay(v[i], e, v, n, &stay) || (found && stay.replaced <= best.replaced) ||
		    !is_allowed(banned, v[i], e->ref))
			continue;
		found = v[i];
		best = stay;
	}
	*arrived = best.arrived;
	if (found)
		return found;
	if (others)
		err_set(err, ERR_NOTFOUND, 0,
			"no earlier snapshot to roll back to; what else is kept of it (%zu) is "
			"newer, banned or was rolled back from (status %s lists it; --to takes "
			"what is not banned)",
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
static void list_stamps(struct buf *out, struct banned *banned, struct entry *const *v, size_t n,
			const char *ref, bool separators)
{
	size_t listed = 0;

	for (size_t i = 0; i < n && listed < LISTED; i++) {
		/* neither is suggested; --to takes the bad ones */
		if (!separators && (marks_bad(banned->marks, ref, &v[i]->digest) ||
				    banned_in(banned, &v[i]->digest)))
			continue;
		buf_addf(out, "%s%s", listed++ ? ", " : "",
			 separators ? v[i]->ref + strlen(ref) : stamp_of(v[i], ref));
	}
	if (listed == LISTED && n > LISTED)
		buf_adds(out, ", ...");
}

struct entry *snapshots_named(const struct index *x, struct banned *banned, const struct entry *e,
			      const char *stamp, struct err *err)
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
	list_stamps(&names, banned, v, found ? found : n, e->ref, found > 1);
	if (found)
		err_set(err, ERR_INVALID, 0, "\"%s\" is more than one snapshot: %s", stamp,
			names.p);
	else if (names.n)
		err_set(err, ERR_NOTFOUND, 0, "no snapshot \"%s\"; there are %s", stamp, names.p);
	else
		err_set(err, ERR_NOTFOUND, 0, "no snapshot \"%s\", nor any other to offer", stamp);
	return NULL;
}
