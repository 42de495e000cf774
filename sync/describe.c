#include "sync/describe.h"

#include <stdio.h>

#include "oci/base/buf.h"
#include "oci/base/clock.h"
#include "oci/cli/progress.h"
#include "oci/lists/lists.h"
#include "sync/run.h"

const char *describe_state(const struct target *t, bool dry_run)
{
	if (t->incomplete)
		return "incomplete";
	switch (t->state) {
	case STATE_PENDING: return "not reached";
	case STATE_UPDATED: return dry_run ? "update" : state_names[t->state];
	case STATE_NEW: return dry_run ? "add" : state_names[t->state];
	case STATE_SKIPPED: return t->stale ? "stale" : state_names[t->state];
	default: return state_names[t->state];
	}
}

bool describe_is_moved(const struct target *t)
{
	return t->state == STATE_UPDATED || t->state == STATE_NEW;
}

void describe_size(struct buf *out, const struct run *r, const struct target *t)
{
	char amount[32];

	if (!r->o->sizes || !describe_is_moved(t))
		return;
	progress_bytes((uint64_t)t->missing, amount, sizeof(amount));
	buf_addf(out, "%s%s to fetch", out->n ? ", " : "", amount);
}

static void next_clause(struct buf *out)
{
	if (out->n)
		buf_adds(out, "; ");
}

void describe_details(struct buf *out, const struct target *t)
{
	char when[CLOCK_RFC3339], found[DIGEST_SHORT];

	if (t->snapshot)
		buf_addf(out, "%skept as %s", out->n ? ", " : "", t->snapshot);
	if (t->error) {
		next_clause(out);
		buf_adds(out, t->error);
	} else if (t->state == STATE_HELD) {
		next_clause(out);
		digest_short(&t->found, found);
		buf_addf(out, "upstream has %s", found);
	}
	if (t->stale) {
		next_clause(out);
		clock_rfc3339(t->checked, when);
		buf_addf(out, "last checked with success %s, longer ago than its max-age", when);
	}
}

void describe_listing(struct buf *out, const struct listing *l)
{
	const struct list_image *line = l->line;

	if (l->complete && !l->n)
		buf_addf(out, "%s:%d: no tag of %s/%s matches", line->file, line->line,
			 line->source.host, line->source.path);
}

void describe_digest(const struct digest *d, char out[static DESCRIBE_DIGEST])
{
	if (d->str[0])
		digest_short(d, out);
	else
		snprintf(out, DESCRIBE_DIGEST, "nothing");
}
