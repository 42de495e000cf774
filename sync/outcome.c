#include "sync/outcome.h"

#include <stdlib.h>
#include <string.h>

#include "oci/base/cleanup.h"
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
	strvec_release(&l->due);
	strvec_release(&l->spare);
	free(l->error);
	newest_left_release(&l->left);
}

void outcome_release(struct outcome *o)
{
	for (size_t i = 0; i < o->nlistings; i++)
		listing_release(&o->listings[i]);
	free(o->listings);
	targets_release(&o->targets);
	free(o->unlisted);
	strvec_release(&o->taken_back);
	free(o->hold);
	denied_release(&o->denied);
	*o = (struct outcome){ .options = NULL };
}

bool outcome_misses_listing(const struct outcome *o, const char *ref)
{
	for (size_t i = 0; i < o->nlistings; i++) {
		cleanup_free char *repository =
			ref_repository(list_image_target(o->listings[i].line));
		size_t n = strlen(repository);

		if (!o->listings[i].complete && strncmp(ref, repository, n) == 0 && ref[n] == ':')
			return true;
	}
	return false;
}

bool outcome_matches(const struct outcome *o, const char *pattern)
{
	for (size_t i = 0; i < o->targets.n; i++)
		if (pattern_matches(pattern, o->targets.v[i]->target, false))
			return true;
	for (size_t i = 0; i < o->nlistings; i++)
		if (pattern_matches(pattern, list_image_target(o->listings[i].line), true))
			return true;
	return false;
}

static int bits_of_state(const struct outcome *o, const struct target *t)
{
	const struct state_row *row = target_row(t);

	if (!o->options->dry_run)
		return row->exit;
	return row->exit | row->exit_dry_run |
	       (row->upstream == UPSTREAM_HAS && (t->completes || t->missing) ? EXIT_PENDING : 0);
}

/* A promise that could not be kept, in part. */
static int bits_of_promises(const struct target *t)
{
	if (!t->incomplete)
		return 0;
	if (t->referrers.why != ERR_LIMIT)
		return EXIT_PART;
	return EXIT_LIMITED | (t->nbroken ? EXIT_PART : 0);
}

int outcome_status_of(const struct outcome *o, const struct target *t, int tolerate)
{
	int bits = bits_of_state(o, t) | bits_of_promises(t);

	return target_row(t)->is_never_tolerated ? bits : bits & ~tolerate;
}

int outcome_status(const struct outcome *o, int tolerate)
{
	const struct run_options *options = o->options;
	int status = o->stopped || o->unlisted_refused ? EXIT_PART : 0;

	if (o->denied.n)
		status |= EXIT_PART & ~tolerate;

	for (size_t i = 0; i < o->targets.n; i++)
		status |= outcome_status_of(o, o->targets.v[i], tolerate);
	for (size_t i = 0; i < options->npatterns; i++)
		if (!outcome_matches(o, options->patterns[i]))
			status |= EXIT_PART;
	return status;
}
