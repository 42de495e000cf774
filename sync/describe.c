#include "sync/describe.h"

#include <stdio.h>

#include "oci/base/buf.h"
#include "oci/base/clock.h"
#include "oci/cli/format.h"
#include "oci/lists/lists.h"
#include "sync/outcome.h"
#include "sync/run_options.h"

const char *describe_state(const struct target *t, bool dry_run)
{
	const struct state_row *row = target_row(t);

	if (t->incomplete)
		return "incomplete";
	if (t->stale && row->stale)
		return row->stale;
	if (dry_run && row->dry_run)
		return row->dry_run;
	return row->for_people ? row->for_people : row->name;
}

void describe_size(struct buf *out, const struct outcome *o, const struct target *t)
{
	char amount[32];

	if (!o->options->sizes || !target_row(t)->is_moved)
		return;
	format_bytes((uint64_t)t->missing, amount, sizeof(amount));
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
	} else if (target_row(t)->tells_found) {
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
