#include "sync/wishes.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>

#include "oci/base/buf.h"
#include "oci/base/cleanup.h"
#include "oci/base/clock.h"
#include "oci/base/err.h"
#include "oci/base/limits.h"
#include "oci/cli/exit_status.h"
#include "oci/cli/format.h"
#include "oci/cli/message.h"
#include "oci/lists/lists.h"
#include "oci/registry/registry.h"
#include "oci/store/miss_file.h"
#include "oci/store/miss_list.h"
#include "sync/list_source.h"
#include "sync/wish_verdict.h"

struct wishes {
	struct miss_list misses;
	struct wish *v; /* the most wanted first */
	size_t n;
	struct wish_rules rules;
	struct registry *registry;
	const struct mirror_conf *conf;
};

static void release_wishes(struct wishes *s)
{
	registry_free(s->registry); /* what is under way ends as interrupted, and is told so */
	for (size_t i = 0; i < s->n; i++) {
		ref_release(&s->v[i].ref);
		free(s->v[i].why);
	}
	free(s->v);
	wish_rules_release(&s->rules);
	miss_list_release(&s->misses);
}

static void judge_all(struct wishes *s)
{
	s->n = s->misses.n;
	s->v = xcalloc(s->n + 1, sizeof(*s->v));
	qsort(s->misses.v, s->n, sizeof(struct miss *), miss_order);
	for (size_t i = 0; i < s->n; i++) {
		struct err impossible; /* the file's reader has parsed it */

		s->v[i].miss = s->misses.v[i];
		(void)ref_parse(&s->v[i].ref, span_str(s->v[i].miss->ref), &impossible);
		wish_judge(&s->rules, &s->v[i]);
	}
}

/* ---- upstream ---- */

static void warn_user(void *arg, const char *text)
{
	(void)arg;
	message_warn("%s", text);
}

static int read_beside(void *arg, const char *name, struct buf *out, struct err *err)
{
	return list_source_read(arg, name, out, err);
}

static int open_registry(struct wishes *s, struct list_source *source,
			 const struct run_options *options, struct err *err)
{
	struct registry_options o = *options->wire;

	o.conf = s->conf;
	o.read_beside = read_beside;
	o.read_beside_arg = source;
	o.parallel = options->jobs;
	o.warn = warn_user;
	s->registry = registry_new(&o, err);
	return s->registry ? 0 : -1;
}

/* What it is asked with: the wish, and the rules. */
struct question {
	struct wish *wish;
	const struct mirror_conf *conf;
};

static void got_answer(void *arg, const struct registry_manifest *m)
{
	struct question *q = arg;
	struct wish *w = q->wish;
	const struct mirror_conf_deny *deny =
		m->err ? NULL : mirror_conf_denies(q->conf, &m->digest);

	free(w->why);
	w->why = m->err ? xstrdup(m->err->msg) : NULL;
	if (!m->err)
		w->verdict = WISH_LINE;
	else if (m->err->kind == ERR_NOTFOUND || m->err->kind == ERR_AUTH)
		w->verdict = WISH_ABSENT;
	else
		w->verdict = m->err->kind == ERR_LIMIT ? WISH_LIMITED : WISH_UNANSWERED;
	if (deny) {
		w->verdict = WISH_POLICY;
		w->why = xasprintf("%s:%d denies its digest", q->conf->file, deny->line);
	}
}

static bool is_stopped(void *arg)
{
	const struct run_options *options = arg;

	return options->stop && *options->stop;
}

static int ask_upstream(struct wishes *s, struct run_options options, struct err *err)
{
	cleanup_free struct question *v = xcalloc(LIMIT_SUGGESTIONS, sizeof(*v));
	size_t n = 0;
	int result;

	for (size_t i = 0; i < s->n; i++) {
		struct wish *w = &s->v[i];

		if (w->verdict != WISH_LINE)
			continue;
		if (n == LIMIT_SUGGESTIONS) {
			w->verdict = WISH_LATER;
			continue;
		}
		w->verdict = WISH_UNANSWERED; /* until it is answered */
		v[n] = (struct question){ .wish = w, .conf = s->conf };
		registry_head(s->registry, &w->ref, got_answer, &v[n++]);
	}
	result = registry_run(s->registry, is_stopped, &options, 1000, err);
	registry_free(s->registry); /* the questions end here, too */
	s->registry = NULL;
	return result;
}

/* ---- printing ---- */

static void add_words(struct buf *b, const struct miss *m)
{
	const char *comma = "";

	for (size_t i = 0; i < CLIENT_NKINDS; i++) {
		if (!m->clients[i])
			continue;
		buf_addf(b, "%s%s", comma, client_kind_word((enum client_kind)i));
		comma = ", ";
	}
	buf_addf(b, ", %u address%s (", miss_addresses(m), miss_addresses(m) == 1 ? "" : "es");
	comma = "";
	for (size_t i = 0; i < MISS_NORIGINS; i++) {
		if (!m->from[i])
			continue;
		buf_addf(b, "%s%s", comma, miss_origin_word((enum miss_origin)i));
		comma = ", ";
	}
}

static void print_wish(const struct wish *w)
{
	cleanup_by(buf_release) struct buf b = BUF_INIT(LIMIT_LIST_LINE);
	const struct miss *m = w->miss;
	char since[CLOCK_RFC3339], last[CLOCK_RFC3339], from[FORMAT_DAY], to[FORMAT_DAY];

	if (w->verdict != WISH_LINE && !wish_verdict_is_told(w->verdict))
		return;
	clock_rfc3339(m->since, since);
	clock_rfc3339(m->last, last);
	format_day(since, from);
	format_day(last, to);
	add_words(&b, m);
	printf("# %" PRIu64 " request%s of %s), %" PRIu64 " hour%s, %s to %s\n", m->count,
	       m->count == 1 ? "" : "s", b.p, m->hours, m->hours == 1 ? "" : "s", from, to);
	if (w->verdict == WISH_LINE)
		printf("%s\n", m->ref);
	else
		printf("# no line for %s: %s\n", m->ref,
		       w->why ? w->why : "not asked: interrupted");
}

static void print_summary(const struct wishes *s, const char *file)
{
	cleanup_by(buf_release) struct buf b = BUF_INIT(LIMIT_LIST_LINE);
	size_t counts[WISH_NVERDICTS] = { 0 };

	for (size_t i = 0; i < s->n; i++)
		counts[s->v[i].verdict]++;
	for (size_t i = 0; i < WISH_NVERDICTS; i++)
		if (counts[i] || i == WISH_LINE)
			buf_addf(&b, "%s %zu %s", i == WISH_LINE ? "" : ";", counts[i],
				 wish_verdict_words((enum wish_verdict)i));
	message_line("%s: %zu name%s that clients asked for:%s", file, s->n, format_plural(s->n),
		     b.p);
}

static int status_of(const struct wishes *s)
{
	int status = EXIT_OK;

	for (size_t i = 0; i < s->n; i++)
		status |= s->v[i].verdict == WISH_UNANSWERED ? EXIT_PART
			  : s->v[i].verdict == WISH_LIMITED  ? EXIT_LIMITED
							     : 0;
	return status;
}

int wishes_print(const char *file, struct list_source *source, const struct run_options *options,
		 struct err *err)
{
	cleanup_by(release_wishes) struct wishes s = { .conf = &source->lists->conf };

	if (miss_file_read(&s.misses, file, err) < 0)
		return err_wrap(err, "--suggest");
	wish_rules_init(&s.rules, source);
	judge_all(&s);
	if (open_registry(&s, source, options, err) < 0 || ask_upstream(&s, *options, err) < 0)
		return -1;
	for (size_t i = 0; i < s.n; i++)
		print_wish(&s.v[i]);
	print_summary(&s, file);
	return status_of(&s);
}
