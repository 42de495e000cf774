#include "sync/describe.h"

#include <stdio.h>

#include "oci/base/buf.h"
#include "oci/base/cleanup.h"
#include "oci/base/clock.h"
#include "oci/base/limits.h"
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

	if (!o->options->sizes || (!target_row(t)->is_moved && !t->missing))
		return;
	format_bytes((uint64_t)t->missing, amount, sizeof(amount));
	buf_addf(out, "%s%s to fetch", out->n ? ", " : "", amount);
}

static void next_clause(struct buf *out)
{
	if (out->n)
		buf_adds(out, "; ");
}

void describe_referrers(struct buf *out, const size_t came[static REFERRER_KINDS])
{
	for (size_t i = 0; i < REFERRER_KINDS; i++) {
		size_t n = came[i];
		const struct referrer_kind_row *row = &referrer_kinds[i];

		if (n)
			buf_addf(out, "%s%zu %s", out->n ? ", " : "", n,
				 n > 1 ? row->many : row->one);
	}
}

void describe_details(struct buf *out, const struct outcome *o, const struct target *t)
{
	char when[CLOCK_RFC3339], found[DIGEST_SHORT];

	describe_referrers(out, t->referrers.came);
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
	if (t->warning) {
		next_clause(out);
		buf_adds(out, t->warning);
	}
	for (size_t i = 0; i < t->referrers.warnings.n; i++) {
		next_clause(out);
		buf_adds(out, t->referrers.warnings.v[i]);
	}
	min_age_describe(out, t, o->started);
	if (t->stale) {
		next_clause(out);
		clock_rfc3339(t->checked, when);
		buf_addf(out, "last checked with success %s, longer ago than its max-age", when);
	}
}

void describe_listing(struct buf *out, const struct listing *l)
{
	cleanup_by(buf_release) struct buf words = BUF_INIT(LIMIT_LIST_LINE);
	const struct list_image *line = l->line;

	newest_left_describe(&l->left, &words);
	if (words.n)
		buf_addf(out, "%s:%d: newest=%ld leaves out of %s/%s: %s", line->file, line->line,
			 line->own->newest, line->source.host, line->source.path, words.p);
}

void describe_digest(const struct digest *d, char out[static DESCRIBE_DIGEST])
{
	if (d->str[0])
		digest_short(d, out);
	else
		snprintf(out, DESCRIBE_DIGEST, "nothing");
}

void describe_unlisted(struct buf *out, const struct outcome *o)
{
	const char *will = o->options->dry_run ? "would be unlisted" : "unlisted";

	if (!o->nunlisted)
		return;
	if (o->unlisted_refused)
		buf_addf(out,
			 "%zu of %zu listed references (%s and others) match no line of the "
			 "lists any more: they stay listed; if this is meant, give "
			 "--accept-unlisted",
			 o->nunlisted, o->nlisted, o->unlisted);
	else if (o->nunlisted > 1)
		buf_addf(out,
			 "%s and %zu more: %s: no line of the lists matches them any more; "
			 "the mirror still serves them",
			 o->unlisted, o->nunlisted - 1, will);
	else
		buf_addf(out,
			 "%s: %s: no line of the lists matches it any more; the mirror still "
			 "serves it",
			 o->unlisted, will);
}
