#include "sync/promise.h"

#include <stdlib.h>

#include "oci/base/cleanup.h"
#include "oci/base/err.h"
#include "oci/lists/lists.h"
#include "sync/due.h"
#include "sync/platforms.h"
#include "sync/run.h"

static bool is_same(const struct target *t)
{
	return digest_eq(&t->base, &t->found);
}

/* What platforms a line asks for; NULL: all. The text is lent by the lists. */
static const char *platforms_of_line(const struct run *r, const struct target *t,
				     const struct list_image *line)
{
	struct image_options o;

	lists_options(r->source->lists, line, t->target, &o);
	return o.platform;
}

/* Whether one of the lines asks for platforms. */
static bool wants_platforms(const struct run *r, const struct target *t)
{
	for (size_t i = 0; i < target_lines(t); i++)
		if (platforms_of_line(r, t, target_line(t, i)))
			return true;
	return false;
}

/* Whether what is there has any of the platforms of one line. */
static int judge_line(const struct run *r, const struct target *t, const struct list_image *line,
		      const struct platforms *there, struct err *err)
{
	cleanup_by(platforms_release) struct platforms none = PLATFORMS_INIT;
	cleanup_free char *warning = NULL;
	const struct platforms_promise promise = { .wanted = platforms_of_line(r, t, line),
						   .there = there,
						   .before = &none };

	return promise.wanted ? platforms_judge(&promise, &warning, err) : 0;
}

static void add_broken(struct target *t, const struct list_image *line, const struct err *why)
{
	const char *before = t->broken_why ? t->broken_why : "";
	char *all = xasprintf("%s%s%s:%d cannot be kept: it %s", before, *before ? "; " : "",
			      line->file, line->line, why->msg);

	free(t->broken_why);
	t->broken_why = all;
	t->broken = xgrow(t->broken, t->nbroken, &t->capbroken, sizeof(struct list_image *));
	t->broken[t->nbroken++] = line;
}

/* The platforms of all lines were judged together, and some are there. */
static void judge_lines(const struct run *r, struct target *t, const struct platforms *there)
{
	t->nbroken = 0;
	free(t->broken_why);
	t->broken_why = NULL;
	for (size_t i = 0; t->nmore && i < target_lines(t); i++) {
		struct err why;

		if (judge_line(r, t, target_line(t, i), there, &why) < 0)
			add_broken(t, target_line(t, i), &why);
	}
}

bool promise_is_judged(const struct run *r, const struct target *t)
{
	/* without --sizes, a dry run reads no manifests for what may only become a warning */
	return wants_platforms(r, t) ||
	       (!is_same(t) && (!r->options->dry_run || r->options->sizes));
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
	judge_lines(r, t, there);
	if (warning && !t->nbroken)
		target_add_warning(t, warning);
	return 0;
}

bool promise_is_broken(const struct run *r, const struct target *t)
{
	cleanup_by(platforms_release) struct platforms there = PLATFORMS_INIT;

	if (!t->base.str[0] || r->layout.root < 0 || !(t->is_snapshot || t->nmore) ||
	    !wants_platforms(r, t))
		return false;
	platforms_load(&there, &r->layout, &t->base);
	for (size_t i = 0; i < target_lines(t); i++) {
		struct err ignored;

		if (judge_line(r, t, target_line(t, i), &there, &ignored) < 0)
			return true;
	}
	return false;
}

static void finish_target(struct target *t)
{
	if (!t->nbroken || !target_row(t)->is_arrived)
		return;
	t->incomplete = true;
	target_set_error(t, t->broken_why);
}

void promise_finish(struct run *r)
{
	for (size_t i = 0; i < r->outcome.targets.n; i++)
		finish_target(r->outcome.targets.v[i]);
}
