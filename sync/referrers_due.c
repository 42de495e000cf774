#include "sync/referrers_due.h"

#include "oci/base/cleanup.h"
#include "oci/base/str.h"
#include "oci/base/unit.h"
#include "oci/registry/registry.h"
#include "sync/run.h"

#define DAY 86400L
/* How long a registry counts as one without the referrers API. */
#define ABSENCE (7 * DAY)

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

bool referrers_due_changed(const struct run *r, const struct target *t)
{
	const struct sync_row *row = sync_state_find(&r->checked, t->name);

	switch (image_options_referrers(&t->o)) {
	case REFERRERS_NO: return false;
	case REFERRERS_AUTO: return t->base.str[0] && !is_asked_as(row, t);
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
	    !str_same(row->referrers, t->found.str) || !row->referrers_at)
		return true;
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

static void remember_target(struct run *r, const struct target *t)
{
	bool never = image_options_referrers(&t->o) == REFERRERS_NO;
	cleanup_free char *key = make_key(t);
	struct sync_row *row;

	if (!t->referrers.asked && !(never && sync_state_find(&r->checked, t->name)))
		return;
	row = sync_state_row(&r->checked, t->name);
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
