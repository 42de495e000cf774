#include "oci/lists/newest.h"

#include <stdlib.h>

#include "oci/base/buf.h"
#include "oci/base/cleanup.h"
#include "oci/base/str.h"
#include "oci/base/strvec.h"
#include "oci/base/table.h"
#include "oci/image/release.h"

struct candidate {
	const char *tag;
	struct release release;
	enum newest_reason reason;
	struct candidate *floats_to; /* NULL: it is a version of its own */
};

static int compare_span(struct span a, struct span b)
{
	size_t n = a.n < b.n ? a.n : b.n;
	int c = n ? memcmp(a.p, b.p, n) : 0;

	return c ? c : (a.n > b.n) - (a.n < b.n);
}

/* The newest first; of one version the one with more numbers ("7.2.0" before "7.2"), which moves
 * less often, then the newest revision. */
static int order_newest(const void *a, const void *b)
{
	const struct candidate *p = *(struct candidate *const *)a;
	const struct candidate *q = *(struct candidate *const *)b;
	int c = release_cmp(&q->release, &p->release);

	if (!c)
		c = release_count(&q->release) - release_count(&p->release);
	if (!c)
		c = release_cmp_revision(&q->release, &p->release);
	return c ? c : strcmp(p->tag, q->tag);
}

static int order_variants(const void *a, const void *b)
{
	const struct candidate *p = *(struct candidate *const *)a;
	const struct candidate *q = *(struct candidate *const *)b;
	int c = compare_span(p->release.variant, q->release.variant);

	return c ? c : order_newest(a, b);
}

/* ---- candidates ---- */

/* Dates and hashes are versions only when nothing else is. */
static void drop_dated(struct candidate *v, size_t n)
{
	bool other = false;

	for (size_t i = 0; i < n; i++)
		other |= v[i].reason == NEWEST_KEPT && !release_is_dated(&v[i].release);
	for (size_t i = 0; other && i < n; i++)
		if (v[i].reason == NEWEST_KEPT && release_is_dated(&v[i].release))
			v[i].reason = NEWEST_NO_VERSION;
}

/* Gives how many are versions, pre-releases included; `order` gets them. */
static size_t read_candidates(struct candidate *v, const struct newest_tag *tags, size_t n,
			      struct candidate **order)
{
	size_t stay = 0;

	for (size_t i = 0; i < n; i++) {
		v[i].tag = tags[i].tag;
		if (!release_parse(&v[i].release, span_str(v[i].tag)))
			v[i].reason = NEWEST_NO_VERSION;
	}
	drop_dated(v, n);
	for (size_t i = 0; i < n; i++) {
		if (v[i].reason != NEWEST_KEPT)
			continue;
		if (v[i].release.stage != RELEASE_FINAL && !tags[i].is_spelt)
			v[i].reason = NEWEST_PRE_RELEASE;
		order[stay++] = &v[i];
	}
	return stay;
}

/* ---- floating names ---- */

/* The newest candidate below each name that may float: by variant, stage and numbers. */
struct names {
	struct table newest;
	struct strvec keys;
};

static void names_release(struct names *names)
{
	table_release(&names->newest);
	strvec_release(&names->keys);
}

/* "3.21" as a key: numbers without leading zeros, so that "22.04" and "22.4" are one. */
static char *name_key(const struct release *r, int count, int stage, bool with_word_n)
{
	struct buf b = BUF_INIT(4096);
	struct span rest = release_prefix(r, count), number;

	buf_addf(&b, "%.*s %d", SPAN_ARG(r->variant), stage);
	if (with_word_n && r->word_n.n)
		buf_addf(&b, " %.*s", SPAN_ARG(r->word_n));
	while (rest.p && span_cut(&rest, '.', &number)) {
		while (number.n > 1 && number.p[0] == '0')
			number = span_of(number.p + 1, number.n - 1);
		buf_addf(&b, "/%.*s", SPAN_ARG(number));
	}
	return buf_take(&b);
}

static void add_name(struct names *names, struct candidate *c, int count, int stage,
		     bool with_word_n)
{
	char *key = name_key(&c->release, count, stage, with_word_n);

	if (table_get(&names->newest, key))
		free(key);
	else
		table_put(&names->newest, strvec_add_owned(&names->keys, key), c);
}

/* The names that would float to c, were they tags. */
static void add_names(struct names *names, struct candidate *c)
{
	const int count = release_count(&c->release), stage = c->release.stage;

	for (int i = 1; i < count; i++) {
		add_name(names, c, i, stage, true);
		if (c->release.word_n.n)
			add_name(names, c, i, stage, false);
	}
	if (c->release.word_n.n)
		add_name(names, c, count, stage, false); /* "3.14-rc" of "3.14-rc2" */
}

/* "v3.3" is a name of "v3.3.0-rc2" while there is no v3.3.0: traefik has such ones. */
static void add_names_without_word(struct names *names, struct candidate *c)
{
	const int count = release_count(&c->release);

	for (int i = count - 1; i > 0; i--) {
		struct span front = release_prefix(&c->release, i);
		struct release shorter = { .numbers = front, .stage = c->release.stage };

		shorter.word_n = c->release.word_n;
		if (release_cmp(&shorter, &c->release) == 0) /* the others are 0 */
			add_name(names, c, i, RELEASE_FINAL, false);
	}
}

/* The newest come first. */
static void find_floating(struct candidate **v, size_t n)
{
	cleanup_by(names_release) struct names names = { .newest = TABLE_INIT };

	for (size_t i = 0; i < n; i++)
		add_names(&names, v[i]);
	for (size_t i = 0; i < n; i++)
		if (v[i]->release.stage != RELEASE_FINAL)
			add_names_without_word(&names, v[i]);
	for (size_t i = 0; i < n; i++) {
		const struct release *r = &v[i]->release;
		cleanup_free char *key = name_key(r, release_count(r), r->stage, true);

		v[i]->floats_to = table_get(&names.newest, key);
	}
}

/* Without the pre-releases that are left out, and the names that float to them. */
static size_t drop_pre_releases(struct candidate **v, size_t n)
{
	size_t stay = 0;

	for (size_t i = 0; i < n; i++)
		if (v[i]->floats_to && v[i]->floats_to->release.stage != RELEASE_FINAL &&
		    v[i]->floats_to->reason == NEWEST_PRE_RELEASE)
			v[i]->reason = NEWEST_PRE_RELEASE;
	for (size_t i = 0; i < n; i++)
		if (v[i]->reason == NEWEST_KEPT)
			v[stay++] = v[i];
	return stay;
}

/* ---- versions ---- */

/* The version that N others are newer than, over all variants; NULL when there are not so many. */
static const struct release *find_limit(struct candidate *const *v, size_t n, size_t newest)
{
	cleanup_free struct candidate **all = xcalloc(n, sizeof(struct candidate *));
	const struct release *last = NULL;
	size_t versions = 0, m = 0;

	for (size_t i = 0; i < n; i++)
		if (!v[i]->floats_to)
			all[m++] = v[i];
	qsort(all, m, sizeof(struct candidate *), order_newest);
	for (size_t i = 0; i < m; i++) {
		if (!last || release_cmp(last, &all[i]->release) != 0)
			versions++;
		last = &all[i]->release;
		if (versions > newest)
			return last;
	}
	return NULL;
}

/* v[0] to v[n - 1] are of one variant and one version: all spellings of its newest revision stay,
 * and names without a revision, which float to it. */
static void keep_version(struct candidate **v, size_t n)
{
	const struct release *best = &v[0]->release;

	for (size_t i = 1; i < n; i++)
		if (!v[i]->floats_to && release_cmp_revision(&v[i]->release, best) > 0)
			best = &v[i]->release;
	for (size_t i = 0; i < n; i++)
		if (!v[i]->floats_to && v[i]->release.nrevisions &&
		    release_cmp_revision(&v[i]->release, best) != 0)
			v[i]->reason = NEWEST_OLD_REVISION;
}

static void mark_all(struct candidate **v, size_t n, enum newest_reason reason)
{
	for (size_t i = 0; i < n; i++)
		v[i]->reason = reason;
}

/* The first candidate behind v[i] that is of another version. */
static size_t version_end(struct candidate *const *v, size_t n, size_t i)
{
	const struct release *r = &v[i]->release;

	while (i < n && release_cmp(&v[i]->release, r) == 0)
		i++;
	return i;
}

static void judge_variant(struct candidate **v, size_t n, size_t newest,
			  const struct release *limit)
{
	size_t versions = 0;

	for (size_t i = 0, end; i < n; i = end) {
		bool counts = false;

		end = version_end(v, n, i);
		for (size_t k = i; k < end; k++)
			counts |= !v[k]->floats_to;
		if (!counts)
			continue;
		if (!versions && limit && release_cmp(&v[i]->release, limit) < 0) {
			mark_all(v, n, NEWEST_OLD_VARIANT);
			return;
		}
		if (versions++ < newest)
			keep_version(&v[i], end - i);
		else
			mark_all(&v[i], end - i, NEWEST_OLDER);
	}
	for (size_t i = 0; i < n; i++)
		if (v[i]->floats_to && v[i]->reason == NEWEST_KEPT)
			v[i]->reason = NEWEST_OLDER; /* unless its turn comes in judge_floating() */
}

/* To the newest below a name it may float through another name. */
static void judge_floating(struct candidate **v, size_t n)
{
	for (size_t i = 0; i < n; i++) {
		const struct candidate *to = v[i]->floats_to;

		if (!to || v[i]->reason == NEWEST_OLD_VARIANT)
			continue;
		while (to->floats_to)
			to = to->floats_to;
		v[i]->reason = to->reason == NEWEST_KEPT ? NEWEST_KEPT : NEWEST_OLDER;
	}
}

static void judge(struct candidate **v, size_t n, size_t newest)
{
	const struct release *limit;

	qsort(v, n, sizeof(struct candidate *), order_variants);
	limit = find_limit(v, n, newest);
	for (size_t i = 0, end; i < n; i = end) {
		for (end = i;
		     end < n && compare_span(v[end]->release.variant, v[i]->release.variant) == 0;)
			end++;
		judge_variant(&v[i], end - i, newest, limit);
	}
	judge_floating(v, n);
}

/* ---- what is left out ---- */

static void add_left(struct newest_left *left, const struct candidate *c)
{
	size_t n = left->n[c->reason]++;

	if (n < NEWEST_TOLD)
		left->some[c->reason][n] = xstrdup(c->tag);
}

void newest_left_release(struct newest_left *left)
{
	for (size_t i = 0; i < NEWEST_REASONS; i++)
		for (size_t k = 0; k < NEWEST_TOLD; k++)
			free(left->some[i][k]);
	*left = (struct newest_left)NEWEST_LEFT_INIT;
}

static void describe_reason(const struct newest_left *left, enum newest_reason reason,
			    const char *one, const char *more, struct buf *out)
{
	size_t n = left->n[reason];

	if (!n)
		return;
	buf_addf(out, "%s%zu %s (", out->n ? ", " : "", n, n == 1 ? one : more);
	for (size_t i = 0; i < n && i < NEWEST_TOLD; i++)
		buf_addf(out, "%s%s", i ? ", " : "", left->some[reason][i]);
	buf_adds(out, n > NEWEST_TOLD ? ", ...)" : ")");
}

void newest_left_describe(const struct newest_left *left, struct buf *out)
{
	static const struct {
		const char *one, *more;
	} words[NEWEST_REASONS] = {
		[NEWEST_NO_VERSION] = { "is no version", "are no versions" },
		[NEWEST_PRE_RELEASE] = { "pre-release", "pre-releases" },
		[NEWEST_OLD_VARIANT] = { "of an old variant", "of old variants" },
		[NEWEST_OLD_REVISION] = { "older revision", "older revisions" },
		[NEWEST_OLDER] = { "older", "older" },
	};

	for (size_t i = NEWEST_KEPT + 1; i < NEWEST_REASONS; i++)
		describe_reason(left, (enum newest_reason)i, words[i].one, words[i].more, out);
}

size_t newest_choose(const struct newest_tag *v, size_t n, size_t newest, const char **out,
		     struct newest_left *left)
{
	cleanup_free struct candidate *all = xcalloc(n, sizeof(*all));
	cleanup_free struct candidate **order = xcalloc(n, sizeof(struct candidate *));
	size_t m = read_candidates(all, v, n, order), kept = 0;

	qsort(order, m, sizeof(struct candidate *), order_newest);
	find_floating(order, m);
	m = drop_pre_releases(order, m);
	find_floating(order, m); /* "v3" floated to a "v3.3" that is dropped */
	judge(order, m, newest);
	qsort(order, m, sizeof(struct candidate *), order_newest);
	for (size_t i = 0; i < m; i++)
		if (order[i]->reason == NEWEST_KEPT)
			out[kept++] = order[i]->tag;
		else if (left)
			add_left(left, order[i]);
	for (size_t i = 0; left && i < n; i++)
		if (all[i].reason == NEWEST_NO_VERSION || all[i].reason == NEWEST_PRE_RELEASE)
			add_left(left, &all[i]);
	return kept;
}
