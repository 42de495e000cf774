#include "sync/outcome.h"

#include <stdlib.h>

#include "oci/cli/exit_status.h"
#include "oci/lists/list_image.h"
#include "sync/pattern.h"
#include "sync/run_options.h"

static void listing_release(struct listing *l)
{
	for (size_t i = 0; i < l->n; i++)
		free(l->tags[i]);
	for (size_t i = 0; i < l->ngone; i++)
		free(l->gone[i]);
	free(l->tags);
	free(l->gone);
	free(l->error);
}

void outcome_release(struct outcome *o)
{
	for (size_t i = 0; i < o->nlistings; i++)
		listing_release(&o->listings[i]);
	free(o->listings);
	targets_release(&o->targets);
	free(o->unlisted);
	*o = (struct outcome){ .options = NULL };
}

bool outcome_matches(const struct outcome *o, const char *pattern)
{
	for (size_t i = 0; i < o->targets.n; i++)
		if (pattern_matches(pattern, &o->targets.v[i]->target, false))
			return true;
	for (size_t i = 0; i < o->nlistings; i++)
		if (pattern_matches(pattern, &o->listings[i].line->target, true))
			return true;
	return false;
}

static int bits_of_state(const struct outcome *o, const struct target *t)
{
	const struct state_row *row = target_row(t);

	/* a full disk that let nothing be published is a failure of the mirror, not of the image */
	if (row->is_failed && t->no_space && !o->published)
		return EXIT_MIRROR;
	return row->exit | (o->options->dry_run ? row->exit_dry_run : 0);
}

int outcome_status_of(const struct outcome *o, const struct target *t, int tolerate)
{
	int bits = bits_of_state(o, t) | (t->incomplete ? EXIT_PART : 0);

	return target_row(t)->is_never_tolerated ? bits : bits & ~tolerate;
}

int outcome_status(const struct outcome *o, int tolerate)
{
	const struct run_options *options = o->options;
	int status = o->stopped ? EXIT_PART : 0;

	for (size_t i = 0; i < o->targets.n; i++)
		status |= outcome_status_of(o, o->targets.v[i], tolerate);
	for (size_t i = 0; i < options->npatterns; i++)
		if (!outcome_matches(o, options->patterns[i]))
			status |= EXIT_PART;
	return status;
}
