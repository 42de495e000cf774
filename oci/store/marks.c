#include "oci/store/marks.h"

#include <stdlib.h>
#include <string.h>

#include "oci/base/buf.h"
#include "oci/base/cleanup.h"
#include "oci/base/clock.h"
#include "oci/base/err.h"
#include "oci/base/json.h"
#include "oci/base/json_split.h"
#include "oci/base/limits.h"
#include "oci/store/hold.h"
#include "oci/store/index.h"
#include "oci/store/retag.h"

static const char *const words[] = {
	[MARK_ROLLBACK] = "rollback",
	[MARK_UNDO] = "undo",
	[MARK_BLOCK] = "block",
	[MARK_DENY] = "deny",
};

#define WORDS (sizeof(words) / sizeof(words[0]))

const char *mark_by_word(enum mark_by by)
{
	return words[by];
}

/* A word of a later version is taken for the strongest of its kind. */
static enum mark_by mark_by_of(const char *word, enum mark_by otherwise)
{
	for (size_t i = 0; word && i < WORDS; i++)
		if (strcmp(words[i], word) == 0)
			return (enum mark_by)i;
	return otherwise;
}

/* ---- sorted lists ---- */

static void mark_clear(struct mark *k)
{
	free(k->ref);
	free(k->reason);
	free(k->who);
	free(k->since);
}

static void mark_list_release(struct mark_list *l)
{
	for (size_t i = 0; i < l->n; i++)
		mark_clear(&l->v[i]);
	free(l->v);
	*l = (struct mark_list){ .v = NULL };
}

void marks_release(struct marks *m)
{
	mark_list_release(&m->bad);
	mark_list_release(&m->banned);
}

/* Banned marks have no reference; d NULL stands before every digest. */
static int compare_mark(const struct mark *k, const char *ref, const struct digest *d)
{
	int order = ref && k->ref ? strcmp(k->ref, ref) : 0;

	if (order)
		return order;
	return d ? strcmp(k->digest.str, d->str) : 1;
}

/* The first place whose mark is not less than (ref, d). */
static size_t mark_place(const struct mark_list *l, const char *ref, const struct digest *d)
{
	size_t low = 0, high = l->n;

	while (low < high) {
		size_t middle = low + (high - low) / 2;

		if (compare_mark(&l->v[middle], ref, d) < 0)
			low = middle + 1;
		else
			high = middle;
	}
	return low;
}

static struct mark *mark_find(const struct mark_list *l, const char *ref, const struct digest *d)
{
	size_t i = mark_place(l, ref, d);

	return i < l->n && compare_mark(&l->v[i], ref, d) == 0 ? &l->v[i] : NULL;
}

static void mark_drop(struct mark_list *l, size_t i, size_t n)
{
	for (size_t k = i; k < i + n; k++)
		mark_clear(&l->v[k]);
	if (n)
		memmove(l->v + i, l->v + i + n, (l->n - i - n) * sizeof(*l->v));
	l->n -= n;
}

static char *copy_text(const char *s)
{
	return xstrdup(s ? s : "");
}

/* Puts a copy of k in its place. A mark that is there is replaced, unless it outranks k. */
static void mark_put(struct mark_list *l, const struct mark *k)
{
	size_t i = mark_place(l, k->ref, &k->digest);
	struct mark copy = {
		.ref = k->ref ? xstrdup(k->ref) : NULL,
		.digest = k->digest,
		.by = k->by,
		.reason = copy_text(k->reason),
		.who = copy_text(k->who),
		.since = copy_text(k->since),
	};

	if (i < l->n && compare_mark(&l->v[i], k->ref, &k->digest) == 0) {
		struct mark *there = &l->v[i];

		if (there->by < k->by) {
			mark_clear(&copy);
			return;
		}
		mark_clear(there);
		*there = copy;
		return;
	}
	l->v = xgrow(l->v, l->n, &l->cap, sizeof(*l->v));
	memmove(l->v + i + 1, l->v + i, (l->n++ - i) * sizeof(*l->v));
	l->v[i] = copy;
}

/* ---- bad and banned ---- */

const struct mark *marks_bad(const struct marks *m, const char *ref, const struct digest *d)
{
	return mark_find(&m->bad, ref, d);
}

const struct mark *marks_of(const struct marks *m, const char *ref, size_t *n)
{
	const struct mark_list *l = &m->bad;
	size_t first, end;

	for (first = end = mark_place(l, ref, &(struct digest){ "" }); end < l->n; end++)
		if (strcmp(l->v[end].ref, ref) != 0)
			break;
	*n = end - first;
	return *n ? &l->v[first] : NULL;
}

static void put_dated(struct mark_list *l, struct mark k, time_t since)
{
	char at[CLOCK_RFC3339];

	clock_rfc3339(since, at);
	k.since = at;
	mark_put(l, &k);
}

void marks_add_bad(struct marks *m, const char *ref, const struct digest *d, enum mark_by by,
		   const char *reason, const char *who, time_t since)
{
	put_dated(&m->bad,
		  (struct mark){ .ref = (char *)ref,
				 .digest = *d,
				 .by = by,
				 .reason = (char *)reason,
				 .who = (char *)who },
		  since);
}

size_t marks_clear_bad(struct marks *m, const char *ref, const struct digest *d)
{
	const struct mark *k;
	size_t n = 1;

	k = d ? mark_find(&m->bad, ref, d) : marks_of(m, ref, &n);
	if (!k)
		return 0;
	mark_drop(&m->bad, (size_t)(k - m->bad.v), n);
	return n;
}

const struct mark *marks_banned(const struct marks *m, const struct digest *d)
{
	return mark_find(&m->banned, NULL, d);
}

void marks_add_banned(struct marks *m, const struct digest *d, enum mark_by by, const char *reason,
		      const char *who, time_t since)
{
	put_dated(&m->banned,
		  (struct mark){
			  .digest = *d, .by = by, .reason = (char *)reason, .who = (char *)who },
		  since);
}

bool marks_remove_banned(struct marks *m, const struct digest *d)
{
	const struct mark *k = mark_find(&m->banned, NULL, d);

	if (k)
		mark_drop(&m->banned, (size_t)(k - m->banned.v), 1);
	return k != NULL;
}

const struct mark *marks_kept_back(const struct marks *m, const struct index *x,
				   const struct entry *e)
{
	const struct entry *last;
	size_t n;

	if (!marks_of(m, e->ref, &n))
		return NULL;
	last = retag_last(x, e->ref);
	return last ? marks_bad(m, e->ref, &last->digest) : NULL;
}

/* ---- reading ---- */

static int put_json(struct mark_list *l, const json_t *o, bool with_ref, struct err *err)
{
	const char *ref = json_get_text(o, "ref"), *digest = json_get_text(o, "digest");
	struct mark k = {
		.ref = with_ref ? (char *)ref : NULL,
		.by = mark_by_of(json_get_text(o, "by"), with_ref ? MARK_ROLLBACK : MARK_BLOCK),
		.reason = (char *)json_get_text(o, "reason"),
		.who = (char *)json_get_text(o, "who"),
		.since = (char *)json_get_text(o, "since"),
	};

	if (with_ref && !ref)
		return err_set(err, ERR_INVALID, 0, "a mark without \"ref\"");
	if (!digest || digest_parse(&k.digest, span_str(digest), err) < 0)
		return err_set(err, ERR_INVALID, 0, "a mark without a digest");
	mark_put(l, &k);
	return 0;
}

/* One element of an annotation; with_ref: a bad mark. There may be more of them than fit into the
 * memory of one document. */
static int read_mark(struct mark_list *l, struct span text, bool with_ref, struct err *err)
{
	cleanup_json json_t *o = json_read(text, err);

	return o ? put_json(l, o, with_ref, err) : -1;
}

static int read_list(struct mark_list *l, const struct index *x, const char *key, bool with_ref,
		     struct err *err)
{
	const char *text = index_annotation(x, key);
	struct json_split s;
	struct span one;
	int r;

	if (!text)
		return 0;
	if (json_split_begin(&s, span_str(text), '[', err) < 0)
		return err_set(err, ERR_INVALID, 0, "annotation %s is not an array", key);
	while ((r = json_split_next(&s, NULL, &one, err)) > 0)
		if (read_mark(l, one, with_ref, err) < 0)
			break;
	if (r != 0 || json_split_end(&s, err) < 0)
		return err_wrap(err, "annotation %s", key);
	return 0;
}

/* ---- version 0.1 ---- */

/* A snapshot that says why its content was rolled back. */
static void read_bad_snapshot(struct marks *m, const struct entry *s)
{
	const char *ref = entry_annotation(s, ANNOTATION_SNAPSHOT_OF);
	const char *since = entry_annotation(s, ANNOTATION_SNAPSHOT_AT);
	const char *why = entry_annotation(s, ANNOTATION_BAD);
	struct mark k = {
		.ref = (char *)ref,
		.digest = s->digest,
		.by = MARK_ROLLBACK,
		.reason = strcmp(why, "rolled back") == 0 ? NULL : (char *)why,
		.since = (char *)since,
	};

	if (!mark_find(&m->bad, ref, &s->digest))
		mark_put(&m->bad, &k);
}

/* The digests of a hold. Only a rollback also marked the snapshot, which does not say by whom. */
static void read_blocked(struct marks *m, const struct entry *e)
{
	cleanup_by(hold_release_words) struct hold_words held = { .reason = NULL };
	cleanup_free struct digest *v = NULL;
	size_t n = hold_old_digests(e, &v);

	if (!n)
		return;
	hold_read_words(e, &held);
	for (size_t i = 0; i < n; i++) {
		const struct mark *there = mark_find(&m->bad, e->ref, &v[i]);
		struct mark k = {
			.ref = e->ref,
			.digest = v[i],
			.by = there ? there->by : MARK_UNDO,
			.reason = there && there->reason[0] ? there->reason : held.reason,
			.who = held.who,
			.since = there && there->since[0] ? there->since : held.since,
		};

		if (!there || !there->who[0])
			mark_put(&m->bad, &k);
	}
}

static void read_version_01(struct marks *m, const struct index *x)
{
	for (size_t i = 0; i < x->n; i++)
		if (entry_annotation(x->v[i], ANNOTATION_BAD) &&
		    entry_annotation(x->v[i], ANNOTATION_SNAPSHOT_OF))
			read_bad_snapshot(m, x->v[i]);
	for (size_t i = 0; i < x->n; i++)
		if (entry_annotation(x->v[i], ANNOTATION_HELD))
			read_blocked(m, x->v[i]);
}

int marks_load(struct marks *m, const struct index *x, struct err *err)
{
	struct marks out = MARKS_INIT;

	if (read_list(&out.bad, x, ANNOTATION_BAD, true, err) < 0 ||
	    read_list(&out.banned, x, ANNOTATION_BANNED, false, err) < 0) {
		marks_release(&out);
		return -1;
	}
	read_version_01(&out, x);
	*m = out;
	return 0;
}

/* ---- writing ---- */

static void write_member(struct buf *out, const char *key, const char *value)
{
	buf_addf(out, "\"%s\":", key);
	buf_add_json(out, value);
}

static void write_mark(struct buf *out, const struct mark *k)
{
	buf_addc(out, '{');
	if (k->ref) {
		write_member(out, "ref", k->ref);
		buf_addc(out, ',');
	}
	write_member(out, "digest", k->digest.str);
	buf_addc(out, ',');
	write_member(out, "by", words[k->by]);
	buf_addc(out, ',');
	write_member(out, "reason", k->reason);
	buf_addc(out, ',');
	write_member(out, "who", k->who);
	buf_addc(out, ',');
	write_member(out, "since", k->since);
	buf_addc(out, '}');
}

static void write_list(struct index *x, const char *key, const struct mark_list *l)
{
	cleanup_by(buf_release) struct buf out = BUF_INIT(LIMIT_INDEX);

	for (size_t i = 0; i < l->n; i++) {
		buf_addc(&out, i ? ',' : '[');
		write_mark(&out, &l->v[i]);
	}
	if (l->n)
		buf_addc(&out, ']');
	index_set_annotation(x, key, l->n ? out.p : NULL);
}

void marks_save(const struct marks *m, struct index *x)
{
	write_list(x, ANNOTATION_BAD, &m->bad);
	write_list(x, ANNOTATION_BANNED, &m->banned);
	for (size_t i = 0; i < x->n; i++) {
		entry_set_annotation(x->v[i], ANNOTATION_BAD, NULL);
		hold_carry_over(x->v[i]);
	}
}
