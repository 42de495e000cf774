#include "sync/allowance.h"

#include <stdlib.h>

#include "oci/base/cleanup.h"
#include "oci/base/err.h"
#include "oci/base/span.h"
#include "oci/cli/format.h"
#include "oci/lists/lists.h"
#include "oci/store/index.h"
#include "oci/store/reach.h"
#include "sync/run.h"

static const struct policy *policy_of_line(const struct run *r, const struct list_image *line)
{
	return policies_for(&r->source->lists->conf.policies, line->file);
}

/* The largest max-bytes= of the lines; -1: one of them has no limit. */
static int64_t max_bytes(const struct run *r, const struct target *t)
{
	int64_t max = 0;

	for (size_t i = 0; i < target_lines(t); i++) {
		const struct policy *p = policy_of_line(r, target_line(t, i));

		if (!p || p->max_bytes < 0)
			return -1;
		max = p->max_bytes > max ? p->max_bytes : max;
	}
	return max;
}

int allowance_check_image(const struct run *r, const struct target *t, int64_t bytes,
			  struct err *err)
{
	const int64_t max = max_bytes(r, t);
	char needs[32], allowed[32];

	if (max < 0 || bytes <= max)
		return 0;
	format_bytes((uint64_t)bytes, needs, sizeof(needs));
	format_bytes((uint64_t)max, allowed, sizeof(allowed));
	return err_set(err, ERR_USAGE, 0,
		       "needs %s, more than the %s of the policy's max-bytes=", needs, allowed);
}

/* ---- max-total= ---- */

void allowance_release(struct allowance *a)
{
	free(a->totals);
	a->totals = NULL;
}

/* Whether the policy holds for a list that brought the entry. */
static bool is_entry_of(const struct policies *ps, const struct policy *p, const struct entry *e)
{
	const char *places = entry_annotation(e, ANNOTATION_LIST);
	struct span rest = span_str(places ? places : ""), place, file;

	while (places && span_cut(&rest, ' ', &place)) {
		cleanup_free char *name = NULL;

		span_cut(&place, ':', &file);
		name = xstrndup(file.p, file.n);
		if (policies_for(ps, name) == p)
			return true;
	}
	return false;
}

static int64_t count_published(const struct run *r, const struct policy *p)
{
	cleanup_by(reach_release) struct reach s;

	reach_init(&s, &r->layout, REACH_PRESENT, NULL, NULL);
	for (size_t i = 0; i < r->index.n; i++)
		if (is_entry_of(&r->source->lists->conf.policies, p, r->index.v[i]))
			reach_entry(&s, r->index.v[i]);
	return (int64_t)s.bytes;
}

static void count_totals(struct run *r)
{
	const struct policies *ps = &r->source->lists->conf.policies;

	if (r->allowance.totals)
		return;
	r->allowance.totals = xcalloc(ps->n + 1, sizeof(int64_t));
	for (size_t i = 0; i < ps->n && !run_is_mirror_unseen(r); i++)
		if (ps->v[i].max_total >= 0)
			r->allowance.totals[i] = count_published(r, &ps->v[i]);
}

/* Whether an earlier line of the target has the same policy. */
static bool is_met_before(const struct run *r, const struct target *t, size_t line)
{
	for (size_t i = 0; i < line; i++)
		if (policy_of_line(r, target_line(t, i)) == policy_of_line(r, target_line(t, line)))
			return true;
	return false;
}

static void add_to_totals(struct run *r, struct target *t, int64_t more)
{
	const struct policies *ps = &r->source->lists->conf.policies;

	for (size_t i = 0; i < target_lines(t); i++) {
		const struct policy *p = policy_of_line(r, target_line(t, i));

		if (p && !is_met_before(r, t, i))
			r->allowance.totals[p - ps->v] += more;
	}
	t->counted += more;
}

static int check_totals(const struct run *r, const struct target *t, int64_t more, struct err *err)
{
	const struct lists *ls = r->source->lists;
	const struct policy *p = NULL;
	char would[32], allowed[32];
	int64_t total = 0;

	for (size_t i = 0; i < target_lines(t); i++) {
		p = policy_of_line(r, target_line(t, i));
		total = p ? r->allowance.totals[p - ls->conf.policies.v] + more : 0;
		if (!p || p->max_total < 0 || total <= p->max_total)
			return 0;
	}
	if (!p)
		return 0;
	format_bytes((uint64_t)total, would, sizeof(would));
	format_bytes((uint64_t)p->max_total, allowed, sizeof(allowed));
	return err_set(err, ERR_USAGE, 0,
		       "with it, the lists of the policy (%s:%d) would have brought %s, more than "
		       "the %s of its max-total=; what is published stays",
		       ls->conf.file, p->line, would, allowed);
}

static bool has_totals(const struct run *r)
{
	const struct policies *ps = &r->source->lists->conf.policies;

	for (size_t i = 0; i < ps->n; i++)
		if (ps->v[i].max_total >= 0)
			return true;
	return false;
}

int allowance_admit(struct run *r, struct target *t, int64_t bytes, struct err *err)
{
	if (allowance_check_image(r, t, bytes, err) < 0)
		return -1;
	if (!has_totals(r))
		return 0;
	count_totals(r);
	if (check_totals(r, t, bytes - t->counted, err) < 0)
		return -1;
	add_to_totals(r, t, bytes - t->counted);
	return 0;
}

void allowance_give_back(struct run *r, struct target *t)
{
	if (t->counted)
		add_to_totals(r, t, -t->counted);
}
