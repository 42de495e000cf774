#include "sync/online_check.h"

#include <stdio.h>
#include <stdlib.h>

#include "oci/base/buf.h"
#include "oci/base/cleanup.h"
#include "oci/base/clock.h"
#include "oci/base/err.h"
#include "oci/base/limits.h"
#include "oci/base/printable.h"
#include "oci/cli/exit_status.h"
#include "oci/cli/format.h"
#include "oci/image/ref.h"
#include "oci/lists/lists.h"
#include "sync/check.h"
#include "sync/lists_diff.h"
#include "sync/run.h"

int online_check_choose(struct online_check *o, struct list_source *source,
			const struct list_source_options *options, const char *since,
			struct err *err)
{
	o->source = source;
	o->since = since;
	o->lines = lists_diff_since(source, options, since, &o->n, err);
	return o->lines ? 0 : -1;
}

void online_check_release(struct online_check *o)
{
	free(o->lines);
	free(o->verdicts);
	tag_hints_release(&o->hints);
	*o = (struct online_check)ONLINE_CHECK_INIT;
}

/* ---- the verdict on a line ---- */

static void tally_target(struct verdict *v, const struct target *t)
{
	if (t->line->select && !t->target->tag)
		return; /* it stands for a listing that failed */
	v->targets++;
	v->bytes += (uint64_t)t->missing;
	if (t->warning && !v->nwarned++)
		v->warned = t;
	v->waits_until = t->wait.until > v->waits_until ? t->wait.until : v->waits_until;
	switch (t->state) {
	case STATE_PENDING:
	case STATE_FAILED:
	case STATE_LIMITED:
		if (!v->nbad++)
			v->bad = t;
		break;
	case STATE_GONE:
		if (!v->ngone++)
			v->gone = t;
		break;
	case STATE_NEW:
	case STATE_UPDATED: v->added++; break;
	case STATE_HELD: v->held++; break;
	case STATE_WAITING: break; /* a check goes on to what is below */
	case STATE_SKIPPED: v->skipped++; break;
	case STATE_CURRENT: break;
	}
}

/* A target counts for its first line; whether it is what they ask for is told of each. */
static void tally_broken(struct online_check *o, const struct target *t)
{
	const struct list_image *first = o->source->lists->images;

	for (size_t i = 0; i < t->nbroken; i++) {
		struct verdict *v = &o->verdicts[t->broken[i] - first];

		if (!v->nbroken++)
			v->broken = t;
	}
}

static void tally_targets(struct online_check *o, const struct outcome *outcome)
{
	const struct list_image *first = o->source->lists->images;

	o->verdicts = xcalloc(o->source->lists->n + 1, sizeof(*o->verdicts));
	for (size_t i = 0; i < outcome->targets.n; i++) {
		const struct target *t = outcome->targets.v[i];

		tally_target(&o->verdicts[t->line - first], t);
		tally_broken(o, t);
	}
	for (size_t i = 0; i < outcome->nlistings; i++)
		o->verdicts[outcome->listings[i].line - first].listing = &outcome->listings[i];
}

/* ---- its problems ---- */

/* Puts in front what kind of failure it is, since each needs another remedy. */
static void add_reason(struct buf *b, enum err_kind why, const char *error)
{
	static const char *const words[] = {
		[ERR_AUTH] = "may not be fetched: ",   [ERR_NET] = "cannot be asked for: ",
		[ERR_DIGEST] = "is broken upstream: ", [ERR_INVALID] = "cannot be mirrored: ",
		[ERR_USAGE] = "breaks the policy: ",
	};
	bool known = (size_t)why < sizeof(words) / sizeof(words[0]) && words[why];

	buf_addf(b, "%s%s", known ? words[why] : "", error ? error : "not asked: interrupted");
}

static void add_problem(struct online_check *o, size_t line, bool warning, const char *text)
{
	const struct list_image *image = &o->source->lists->images[line];

	problem_add(&o->source->lists->problems, warning, image->file, image->line, image->column,
		    "%s", text);
}

static void fail_line(struct online_check *o, size_t line, enum err_kind why, const char *text)
{
	struct verdict *v = &o->verdicts[line];

	*(why == ERR_LIMIT ? &v->limited : &v->failed) = true;
	add_problem(o, line, false, text);
}

static void judge_listing(struct online_check *o, size_t line)
{
	cleanup_by(buf_release) struct buf b = BUF_INIT(LIMIT_LIST_LINE);
	const struct listing *l = o->verdicts[line].listing;
	cleanup_free char *repository = ref_repository(&l->line->source);

	if (!l->error)
		return;
	buf_addf(&b, "%s: ", repository);
	if (l->why == ERR_NOTFOUND)
		buf_addf(&b, "no such repository, or a private one (%s)", l->error);
	else if (l->why == ERR_INVALID && l->all)
		buf_adds(&b, l->error); /* its options choose nothing */
	else
		add_reason(&b, l->why, l->error);
	fail_line(o, line, l->why, b.p);
}

static void judge_bad(struct online_check *o, size_t line)
{
	cleanup_by(buf_release) struct buf b = BUF_INIT(LIMIT_LIST_LINE);
	const struct verdict *v = &o->verdicts[line];
	cleanup_free char *name = ref_str(v->bad->source);

	buf_addf(&b, "%s: ", name);
	if (v->bad->why == ERR_NOTFOUND && !v->bad->line->snapshot)
		tag_hints_describe(&o->hints, v->bad->source, &b);
	else
		add_reason(&b, v->bad->why, v->bad->error);
	if (v->nbad > 1)
		buf_addf(&b, " (and %zu more of the line's %zu tags)", v->nbad - 1, v->targets);
	fail_line(o, line, v->bad->why, b.p);
}

static void judge_broken(struct online_check *o, size_t line)
{
	const struct verdict *v = &o->verdicts[line];
	cleanup_free char *name = ref_str(v->broken->source);
	cleanup_free char *more =
		v->nbroken > 1 ? xasprintf(" (and %zu more)", v->nbroken - 1) : NULL;
	cleanup_free char *text =
		xasprintf("%s: %s%s", name, v->broken->broken_why, more ? more : "");

	fail_line(o, line, ERR_INVALID, text);
}

/* Only a warning: the mirror still serves it, and upstream=gone on the line ends the warning. */
static void judge_gone(struct online_check *o, size_t line)
{
	const struct verdict *v = &o->verdicts[line];
	cleanup_free char *name = ref_str(v->gone->source);
	cleanup_free char *more = v->ngone > 1 ? xasprintf(" (and %zu more)", v->ngone - 1) : NULL;
	cleanup_free char *text = xasprintf("%s: %s; upstream=gone says that this is known%s", name,
					    v->gone->error, more ? more : "");

	add_problem(o, line, true, text);
}

static void judge_warned(struct online_check *o, size_t line)
{
	const struct verdict *v = &o->verdicts[line];
	cleanup_free char *name = ref_str(v->warned->source);
	cleanup_free char *more =
		v->nwarned > 1 ? xasprintf(" (and %zu more)", v->nwarned - 1) : NULL;
	cleanup_free char *text = xasprintf("%s: %s%s", name, v->warned->warning, more ? more : "");

	add_problem(o, line, true, text);
}

static void judge_lines(struct online_check *o)
{
	struct lists *lists = o->source->lists;

	lists->problems.kept = LIMIT_LIST_ERRORS + 2 * lists->n; /* an error and a warning each */
	for (size_t i = 0; i < lists->n; i++) {
		if (!o->lines[i])
			continue;
		if (o->verdicts[i].listing)
			judge_listing(o, i);
		if (o->verdicts[i].bad)
			judge_bad(o, i);
		if (o->verdicts[i].broken)
			judge_broken(o, i);
		if (o->verdicts[i].gone)
			judge_gone(o, i);
		if (o->verdicts[i].warned)
			judge_warned(o, i);
	}
	problems_sort(&lists->problems);
}

/* Gives each target whose tag is missing the hint as its error, for the report. */
static void put_hints(const struct online_check *o, const struct outcome *outcome)
{
	for (size_t i = 0; i < outcome->targets.n; i++) {
		cleanup_by(buf_release) struct buf words = BUF_INIT(LIMIT_LIST_LINE);
		struct target *t = outcome->targets.v[i];

		if (!tag_hints_is_about(t))
			continue;
		tag_hints_describe(&o->hints, t->source, &words);
		target_set_error(t, words.p);
	}
}

int online_check_ask(struct online_check *o, struct run *r, struct run_options *options,
		     struct err *err)
{
	if (!o->n)
		return 0;
	options->lines = o->lines;
	if (run_sync(r, options, o->source, err) < 0 ||
	    tag_hints_ask(&o->hints, &r->outcome, err) < 0)
		return -1;
	put_hints(o, &r->outcome);
	tally_targets(o, &r->outcome);
	judge_lines(o);
	return 0;
}

/* ---- what a line would add ---- */

static void show_addition(const struct verdict *v, bool snapshot, FILE *out)
{
	char amount[32], until[CLOCK_RFC3339];

	format_bytes(v->bytes, amount, sizeof(amount));
	if (v->added)
		fprintf(out, "adds %zu image%s, %s", v->added, format_plural(v->added), amount);
	else if (v->bytes)
		fprintf(out, "adds %s to what is there", amount);
	else if (v->skipped && v->skipped == v->targets)
		fputs(snapshot ? "names a snapshot, which only the mirror has"
			       : "not asked for, as it says upstream=gone",
		      out);
	else
		fprintf(out, "adds nothing");
	if (v->held)
		fprintf(out, ", %zu held", v->held);
	if (v->waits_until > clock_wall()) {
		clock_rfc3339(v->waits_until, until);
		fprintf(out, ", waits for its min-age until %s", until);
	}
}

static void show_left_out(const struct newest_left *left, FILE *out)
{
	cleanup_by(buf_release) struct buf words = BUF_INIT(LIMIT_LIST_LINE);

	newest_left_describe(left, &words);
	if (words.n)
		fprintf(out, "; left out: %s", words.p);
}

static void show_line(const struct online_check *o, size_t line, FILE *out)
{
	const struct list_image *image = &o->source->lists->images[line];
	const struct verdict *v = &o->verdicts[line];
	cleanup_free char *place = NULL;

	if (v->failed || v->limited || (!v->targets && !v->listing))
		return; /* it is among the problems, or no pattern matches it */
	place = xasprintf("%s/%s:%d", o->source->where, image->file, image->line);
	fprintf(out, "%s: ", printable_begin(place));
	if (v->listing)
		fprintf(out, "%zu tag%s, ", v->listing->n, format_plural(v->listing->n));
	show_addition(v, image->snapshot, out);
	if (v->listing)
		show_left_out(&v->listing->left, out);
	putc('\n', out);
}

static void show_summary(const struct online_check *o, FILE *out)
{
	size_t failed = 0, limited = 0, added = 0, n = o->source->lists->n;
	uint64_t bytes = 0;
	char amount[32];

	for (size_t i = 0; i < n; i++) {
		if (!o->lines[i])
			continue;
		failed += o->verdicts[i].failed;
		limited += o->verdicts[i].limited;
		added += o->verdicts[i].added;
		bytes += o->verdicts[i].bytes;
	}
	format_bytes(bytes, amount, sizeof(amount));
	fprintf(out, "%s: asked for %zu of %zu line%s: ", o->source->where, o->n, n,
		format_plural(n));
	if (failed)
		fprintf(out, "%zu would fail, ", failed);
	if (limited)
		fprintf(out, "%zu left open by a rate limit, ", limited);
	fprintf(out, "%zu image%s and %s would be added\n", added, format_plural(added), amount);
}

void online_check_show(const struct online_check *o, enum problem_format format)
{
	FILE *out = check_out(format);

	if (!o->n) {
		fprintf(out, "%s: no line means anything else than in %s: nothing was asked for\n",
			o->source->where, o->since ? o->since : "no line at all");
		return;
	}
	for (size_t i = 0; i < o->source->lists->n; i++)
		if (o->lines[i])
			show_line(o, i, out);
	show_summary(o, out);
}

int online_check_status(const struct online_check *o)
{
	int status = 0;

	for (size_t i = 0; o->verdicts && i < o->source->lists->n; i++)
		status |= (o->verdicts[i].failed ? EXIT_PART : 0) |
			  (o->verdicts[i].limited ? EXIT_LIMITED : 0);
	return status;
}
