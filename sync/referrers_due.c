#include "sync/referrers_due.h"

#include "oci/base/cleanup.h"
#include "oci/base/clock.h"
#include "oci/base/str.h"
#include "oci/base/unit.h"
#include "oci/registry/registry.h"
#include "sync/run.h"

#define DAY 86400L
/* How long a registry counts as one without the referrers API. */
#define ABSENCE (7 * DAY)
/* After so many failures in a row, what auto cannot have is asked for once a day. */
#define PATIENCE 2

/* Under which options the referrers are asked for: "yes linux/amd64". */
static char *make_key(const struct target *t)
{
	bool promised = image_options_referrers(&t->o) == REFERRERS_YES;

	return xasprintf("%s%s%s", promised ? "yes" : "auto", t->o.platform ? " " : "",
			 t->o.platform ? t->o.platform : "");
}

/* Whether the row's referrers were asked for as t's line says, and no hold has ended since. */
static bool is_asked_as(const struct sync_row *row, const struct target *t)
{
	cleanup_free char *key = make_key(t);

	return row && str_same(row->referrers_as, key) && !(row->held && !t->base_held);
}

/* Whether some referrers of the digest could not be had, the last time. */
static bool is_incomplete(const struct sync_row *row, const struct digest *d)
{
	return row && !row->referrers_at && str_same(row->referrers, d->str);
}

/* The same, and they are to be asked for again now. */
static bool is_retried(const struct run *r, const struct sync_row *row, const struct target *t,
		       const struct digest *d)
{
	if (!is_incomplete(row, d))
		return false;
	return image_options_referrers(&t->o) == REFERRERS_YES ||
	       row->referrers_failed < PATIENCE ||
	       sync_state_due(row->referrers_tried, DAY, r->outcome.started);
}

bool referrers_due_changed(const struct run *r, const struct target *t)
{
	const struct sync_row *row = sync_state_find(&r->checked, t->name);

	switch (image_options_referrers(&t->o)) {
	case REFERRERS_NO: return false;
	case REFERRERS_AUTO:
		return t->base.str[0] && (!is_asked_as(row, t) || is_retried(r, row, t, &t->base));
	case REFERRERS_YES: break;
	}
	return t->base.str[0] && (!is_asked_as(row, t) || !row->referrers_at);
}

bool referrers_due_is(const struct run *r, const struct target *t)
{
	const struct sync_row *row = sync_state_find(&r->checked, t->name);

	if (r->options->dry_run || image_options_referrers(&t->o) == REFERRERS_NO)
		return false;
	if (r->options->force || !digest_eq(&t->base, &t->found) || !is_asked_as(row, t) ||
	    !str_same(row->referrers, t->found.str))
		return true;
	if (!row->referrers_at)
		return is_retried(r, row, t, &t->found);
	return t->o.refresh != UNIT_NEVER &&
	       sync_state_due(row->referrers_at, DAY, r->outcome.started);
}

static bool is_remembered(const struct sync_absence *a, time_t now)
{
	return a && a->since <= now && now - a->since < ABSENCE;
}

void referrers_due_recall(struct run *r)
{
	const struct sync_absence *a;
	size_t at = 0;

	while ((a = table_next(&r->checked.no_referrers, &at)))
		if (is_remembered(a, r->outcome.started))
			registry_set_no_referrers(r->registry, a->key);
}

static void remember_absence(void *arg, const char *key)
{
	struct run *r = arg;

	if (!is_remembered(table_get(&r->checked.no_referrers, key), r->outcome.started))
		sync_state_set_absence(&r->checked, key, r->outcome.started);
}

static void tell_target(struct run *r, struct target *t)
{
	const struct sync_row *row = sync_state_find(&r->checked, t->name);
	char tried[CLOCK_RFC3339], next[CLOCK_RFC3339];

	if (t->referrers.asked || image_options_referrers(&t->o) != REFERRERS_AUTO ||
	    !is_asked_as(row, t) || !is_incomplete(row, &t->base) || !row->referrers_tried)
		return;
	clock_rfc3339(row->referrers_tried, tried);
	clock_rfc3339(row->referrers_tried + DAY, next);
	strvec_addf(&t->referrers.warnings,
		    "what refers to %s could not all be had in %ld runs, last at %s; a run from %s "
		    "on asks again, --force at once",
		    t->base.str, row->referrers_failed, tried, next);
}

void referrers_due_tell(struct run *r)
{
	/* these tell only of what they work on */
	if (r->options->dry_run || r->options->missing || r->options->observe)
		return;
	for (size_t i = 0; i < r->outcome.targets.n; i++)
		tell_target(r, r->outcome.targets.v[i]);
}

/* Counts the runs in a row in which not all could be had of the same content, asked for in the same
 * way. An interrupted run says nothing about upstream. */
static void count_failure(struct run *r, struct sync_row *row, const struct target *t)
{
	bool is_same = is_incomplete(row, &t->found) && is_asked_as(row, t);

	if (r->outcome.stopped)
		return;
	row->referrers_failed = is_same ? row->referrers_failed + 1 : 1;
	row->referrers_tried = r->outcome.started;
}

static void forget_failures(struct sync_row *row)
{
	row->referrers_failed = 0;
	row->referrers_tried = 0;
}

static void remember_target(struct run *r, const struct target *t)
{
	bool never = image_options_referrers(&t->o) == REFERRERS_NO;
	cleanup_free char *key = make_key(t);
	struct sync_row *row;

	if (!t->referrers.asked && !(never && sync_state_find(&r->checked, t->name)))
		return;
	row = sync_state_row(&r->checked, t->name);
	if (!never && t->referrers.incomplete)
		count_failure(r, row, t);
	else
		forget_failures(row);
	sync_row_set(&row->referrers, never ? NULL : t->found.str);
	sync_row_set(&row->referrers_as, never ? NULL : key);
	row->referrers_at = never || t->referrers.incomplete ? 0 : r->outcome.started;
}

void referrers_due_remember(struct run *r)
{
	for (size_t i = 0; i < r->outcome.targets.n; i++)
		remember_target(r, r->outcome.targets.v[i]);
	registry_each_no_referrers(r->registry, remember_absence, r);
}
