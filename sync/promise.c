#include "sync/promise.h"

#include "oci/base/cleanup.h"
#include "oci/base/err.h"
#include "sync/due.h"
#include "sync/platforms.h"
#include "sync/run.h"

static bool is_same(const struct target *t)
{
	return digest_eq(&t->base, &t->found);
}

bool promise_is_judged(const struct run *r, const struct target *t)
{
	/* without --sizes, a dry run reads no manifests for what may only become a warning */
	return t->o.platform || (!is_same(t) && (!r->options->dry_run || r->options->sizes));
}

static bool is_against_same(const struct run *r, const struct target *t)
{
	return r->options->against && is_same(t);
}

bool promise_is_all(const struct run *r, const struct target *t)
{
	return (r->options->dry_run && !r->options->sizes) || is_against_same(r, t);
}

bool promise_is_believed(const struct run *r, const struct target *t)
{
	return promise_is_all(r, t) &&
	       (!promise_is_judged(r, t) || (is_against_same(r, t) && !r->options->check));
}

/* Whether the line asks for something that its entry was not asked for: what is missing is news. */
static bool is_asked_anew(const struct run *r, const struct target *t)
{
	return !index_find(&r->index, t->name) || due_lacks_platforms(r, t);
}

int promise_judge(const struct run *r, struct target *t, const struct platforms *there,
		  struct err *err)
{
	cleanup_by(platforms_release) struct platforms before = PLATFORMS_INIT;
	cleanup_free char *warning = NULL;
	const struct platforms_promise promise = {
		.wanted = t->o.platform,
		.there = there,
		.before = &before,
		.is_asked_anew = is_asked_anew(r, t),
	};

	if (t->base.str[0] && !is_same(t) && r->layout.root >= 0)
		platforms_load(&before, &r->layout, &t->base);
	if (platforms_judge(&promise, &warning, err) < 0)
		return -1;
	if (warning)
		target_add_warning(t, warning);
	return 0;
}

bool promise_is_broken(const struct run *r, const struct target *t)
{
	cleanup_by(platforms_release) struct platforms there = PLATFORMS_INIT, none = PLATFORMS_INIT;
	cleanup_free char *warning = NULL;
	const struct platforms_promise promise = {
		.wanted = t->o.platform, .there = &there, .before = &none
	};
	struct err ignored;

	if (!t->is_snapshot || !t->o.platform || r->layout.root < 0)
		return false;
	platforms_load(&there, &r->layout, &t->base);
	return platforms_judge(&promise, &warning, &ignored) < 0;
}
