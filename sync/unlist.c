#include "sync/unlist.h"

#include <stdlib.h>

#include "oci/base/cleanup.h"
#include "sync/run.h"
#include "sync/waiting_tags.h"

/* Whether a list put the entry there, and it has not left the lists. */
static bool is_listed(const struct entry *e)
{
	return entry_annotation(e, ANNOTATION_LIST) &&
	       !entry_annotation(e, ANNOTATION_SNAPSHOT_OF) &&
	       !entry_annotation(e, ANNOTATION_UNLISTED_SINCE) &&
	       !entry_annotation(e, ANNOTATION_SUBJECT);
}

void unlist_find(struct run *r, const struct index *x, void (*mark)(void *arg, struct entry *e),
		 void *arg)
{
	struct outcome *o = &r->outcome;
	cleanup_free struct entry **found = xcalloc(x->n + 1, sizeof(struct entry *));

	if (r->options->npatterns || o->stopped)
		return;
	for (size_t i = 0; i < x->n; i++) {
		if (!is_listed(x->v[i]))
			continue;
		o->nlisted++;
		if (!targets_find(&o->targets, x->v[i]->ref) &&
		    !outcome_misses_listing(o, x->v[i]->ref) && !waiting_tags_keep(o, x->v[i]->ref))
			found[o->nunlisted++] = x->v[i];
	}
	if (o->nunlisted)
		o->unlisted = xstrdup(found[0]->ref);
	o->unlisted_refused = !r->options->accept_unlisted && o->nunlisted > UNLIST_MANY &&
			      o->nunlisted * 100 > o->nlisted * UNLIST_PERCENT;
	for (size_t i = 0; mark && !o->unlisted_refused && i < o->nunlisted; i++)
		mark(arg, found[i]);
}
