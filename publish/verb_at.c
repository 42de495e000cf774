#include <string.h>

#include "oci/base/buf.h"
#include "oci/base/cleanup.h"
#include "oci/base/clock.h"
#include "oci/base/err.h"
#include "oci/base/json.h"
#include "oci/base/limits.h"
#include "oci/cli/columns.h"
#include "oci/cli/format.h"
#include "oci/cli/message.h"
#include "oci/store/index.h"
#include "publish/history.h"
#include "publish/mirror.h"
#include "publish/moment.h"
#include "publish/verb.h"

/* The last line that gave the reference its content, up to the newest generation that was published
 * by then: generations have an order, and a clock may have gone wrong for a while. *first gets the
 * first such line of all. NULL when there is none. */
static const struct journal_line *find_line(const struct history *h,
					    const struct journal_line **first)
{
	const struct journal_line *last = NULL;

	*first = NULL;
	for (size_t i = 0; i < h->n; i++) {
		const struct journal_line *l = &h->v[i];

		if (!history_moves(l) || !l->time)
			continue;
		if (!*first)
			*first = l;
		if (l->generation <= h->newest)
			last = l;
	}
	return last;
}

/* A name under which the digest can be pulled now: the reference itself, or one of its
 * snapshots. */
static const char *name_now(const struct index *x, const char *ref, const char *digest)
{
	const struct entry *e = index_find(x, ref);

	if (e && strcmp(e->digest.str, digest) == 0)
		return ref;
	for (size_t i = index_seek(x, ref); i < x->n; i++) {
		const char *of = entry_annotation(x->v[i], ANNOTATION_SNAPSHOT_OF);

		if (strncmp(x->v[i]->ref, ref, strlen(ref)) != 0)
			break;
		if (of && strcmp(of, ref) == 0 && strcmp(x->v[i]->digest.str, digest) == 0)
			return x->v[i]->ref;
	}
	return NULL;
}

static void print_line_text(const struct journal_line *l, const char *now,
			    const struct invocation *inv)
{
	cleanup_by(columns_release) struct columns table = COLUMNS_INIT;
	cleanup_by(buf_release) struct buf words = BUF_INIT(LIMIT_JOURNAL_LINE);

	buf_addf(&words, "%s", l->why ? l->why : "");
	if (l->list)
		buf_addf(&words, ", %s", l->list);
	if (l->who)
		buf_addf(&words, " (%s)", l->who);
	buf_addf(&words, "; %s%s", now ? "now " : "no longer here", now ? now : "");
	columns_add(&table, INK_PLAIN, "%s", l->ref);
	columns_add(&table, INK_GOOD, "%s", l->new_digest);
	columns_add(&table, INK_PLAIN, "%s", l->time);
	columns_add(&table, INK_PLAIN, "%ld", l->generation);
	columns_add(&table, INK_DIM, "%s", words.p);
	columns_end(&table);
	columns_print(&table, stdout, inv->color);
}

static void print_line_json(const struct journal_line *l, const char *now)
{
	cleanup_by(buf_release) struct buf text = BUF_INIT(LIMIT_JOURNAL_LINE * 2);
	cleanup_json json_t *o =
		json_pack("{s:s, s:s, s:s, s:I, s:s?, s:s?, s:s?, s:s?, s:s?, s:s?}", "ref", l->ref,
			  "digest", l->new_digest, "since", l->time, "generation",
			  (json_int_t)l->generation, "why", l->why, "detail", l->detail, "who",
			  l->who, "list", l->list, "commit", l->commit, "now", now);

	json_write(&text, o);
	puts(text.p);
}

static int print_at(const struct invocation *inv, const char *date, time_t until, const char *ref,
		    struct err *err)
{
	cleanup_by(mirror_release) struct mirror m = MIRROR_INIT;
	cleanup_by(history_release) struct history h = HISTORY_INIT;
	const struct journal_line *l, *first;
	const char *now;

	h.until = until;
	if (mirror_read(&m, inv->mirror, err) < 0 || history_read(&h, &m, ref, err) < 0)
		return -1;
	mirror_tell_doubt(&m);
	l = find_line(&h, &first);
	if (!l || !l->new_digest) {
		if (!first)
			history_say_never(&h, ref);
		else
			message_line("\"%s\" was not published on %s; %s %s", ref, date,
				     l ? "it was removed" : "it first was",
				     l ? l->time : first->time);
		return EXIT_PART;
	}
	now = name_now(&m.index, ref, l->new_digest);
	if (inv->json)
		print_line_json(l, now);
	else
		print_line_text(l, now, inv);
	return EXIT_OK;
}

static int at_run(const struct invocation *inv, const void *options, char **words, size_t n,
		  struct err *err)
{
	cleanup_free char *ref = NULL;
	time_t until;

	(void)options;
	if (n != 2)
		return err_set(err, ERR_USAGE, 0,
			       "at takes a DATE and a REF: at 2026-11-20 alpine:3.19");
	until = moment_last(words[0]);
	if (until < 0)
		return err_set(err, ERR_USAGE, 0,
			       "\"%s\" is neither a day (2026-11-20) nor an instant "
			       "(2026-11-20T08:15:00Z)",
			       words[0]);
	ref = history_ref(words[1], err);
	return ref ? print_at(inv, words[0], until, ref, err) : -1;
}

const struct verb verb_at = {
	.name = "at",
	.words = "DATE REF",
	.summary = "what a reference meant on a day",
	.text = "Prints the reference, the digest that it had at the end of the day, since when, "
		"in which generation it got it, why, and under which name the same content is "
		"published now. DATE is a day in UTC (2026-11-20 or 20261120) or an instant "
		"(2026-11-20T08:15:00Z).",
	.examples =
		(const struct cli_item[]){
			{ "mirror-publish at 2026-11-20 alpine:3.19", NULL },
			{ NULL, NULL },
		},
	.statuses =
		(const struct exit_status_row[]){
			{ EXIT_PART, NULL, "REF was not published then" },
			{ EXIT_OK, NULL, NULL },
		},
	.common = VERB_JSON,
	.run = at_run,
};
