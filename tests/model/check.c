#include "tests/model/check.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "oci/base/cleanup.h"
#include "oci/base/err.h"
#include "oci/base/str.h"
#include "oci/store/index.h"
#include "oci/store/journal.h"
#include "oci/store/layout.h"
#include "tests/model/world.h"

/* Everything is looked at after so many actions; it takes long. */
#define THOROUGH 10

static char wrong[400];

__attribute__((format(printf, 1, 2))) static const char *say(const char *fmt, ...)
{
	va_list ap;

	va_start(ap, fmt);
	vsnprintf(wrong, sizeof(wrong), fmt, ap);
	va_end(ap);
	return wrong;
}

struct snapshot {
	char *ref; /* its key */
	struct digest digest;
};

static void free_snapshot(void *p)
{
	struct snapshot *s = p;

	free(s->ref);
	free(s);
}

void check_release(struct check *c)
{
	table_clear(&c->snapshots, free_snapshot);
}

/* ---- what an action did ---- */

static bool is_right(const struct model *m, const struct model_expect *x, int i, int found)
{
	const struct model_ref *r = &m->refs[i];

	return found == x->want[i] || (x->any[i] && model_may_roll_back(r, found));
}

static const char *check_meanings(const struct model *m, const struct model_expect *x,
				  const struct model_seen *seen)
{
	for (int i = 0; i < MODEL_REFS; i++)
		if (!is_right(m, x, i, seen->means[i]))
			return say("%s means %d, was %d, must be %d", m->refs[i].name,
				   seen->means[i], m->refs[i].published, x->want[i]);
	return NULL;
}

/* Nothing was published: everything is as before. */
static const char *check_still(const struct model *m, const struct model_seen *seen)
{
	for (int i = 0; i < MODEL_REFS; i++)
		if (seen->means[i] != m->refs[i].published)
			return say("%s means %d, was %d, and no generation was published",
				   m->refs[i].name, seen->means[i], m->refs[i].published);
	return NULL;
}

static const char *check_number(const struct model *m, const struct model_expect *x,
				const struct model_seen *seen, bool killed)
{
	bool published = seen->generation != m->generation;

	if (published && seen->generation != m->generation + 1)
		return say("generation %ld follows %ld", seen->generation, m->generation);
	if (published && !x->changes && !x->may_change)
		return say("generation %ld is published, and nothing changes", seen->generation);
	if (!published && x->changes && !killed)
		return say("nothing is published, and something changes");
	return NULL;
}

static const char *check_status(const struct model_expect *x, int status)
{
	if ((status & x->must) != x->must || (status & ~(x->must | x->may)) != 0)
		return say("status %d, must have %d, may have %d", status, x->must, x->may);
	return NULL;
}

/* ---- what stays ---- */

/* Snapshots neither go nor change. */
static const char *check_snapshots(struct check *c, const struct index *x)
{
	for (size_t i = 0; i < x->n; i++) {
		const struct entry *e = x->v[i];
		struct snapshot *s = table_get(&c->snapshots, e->ref);

		if (!entry_annotation(e, ANNOTATION_SNAPSHOT_OF))
			continue;
		if (s && !digest_eq(&s->digest, &e->digest))
			return say("the snapshot %s was %s and is %s", e->ref, s->digest.str,
				   e->digest.str);
		if (s)
			continue;
		s = xcalloc(1, sizeof(*s));
		*s = (struct snapshot){ .ref = xstrdup(e->ref), .digest = e->digest };
		table_put(&c->snapshots, s->ref, s);
	}
	return NULL;
}

static const char *check_snapshots_stay(const struct check *c, const struct index *x)
{
	size_t n = 0;

	for (size_t i = 0; i < x->n; i++)
		n += entry_annotation(x->v[i], ANNOTATION_SNAPSHOT_OF) != NULL;
	return n == c->snapshots.n ? NULL : say("%zu snapshots, there were %zu", n, c->snapshots.n);
}

static bool is_kept(const struct index *x, const struct model_ref *r, const struct digest *d)
{
	for (size_t i = index_seek(x, r->name); i < x->n; i++) {
		const struct entry *e = x->v[i];

		if (strncmp(e->ref, r->name, strlen(r->name)) != 0)
			break;
		if (digest_eq(&e->digest, d) &&
		    (strcmp(e->ref, r->name) == 0 ||
		     str_same(entry_annotation(e, ANNOTATION_SNAPSHOT_OF), r->name)))
			return true;
	}
	return false;
}

/* Everything that a tag meant can be had from it. */
static const char *check_kept(const struct world *w, const struct model *m)
{
	for (int i = 0; i < MODEL_REFS; i++)
		for (int c = 0; c < w->ncontents; c++)
			if (m->refs[i].ever[c] && !is_kept(&w->seen, &m->refs[i], &w->content[c]))
				return say("%s meant %d, which is lost", m->refs[i].name, c);
	return NULL;
}

/* ---- the past ---- */

struct told {
	const struct world *world;
	const struct model *model;
	int means[MODEL_REFS];
};

static int take_line(const struct journal_line *line, void *arg)
{
	struct told *t = arg;
	struct digest d;

	for (int i = 0; line->ref && line->new_digest && i < MODEL_REFS; i++)
		if (strcmp(t->model->refs[i].name, line->ref) == 0) {
			snprintf(d.str, sizeof(d.str), "%s", line->new_digest);
			t->means[i] = world_content_of(t->world, &d);
		}
	return 0;
}

static const char *check_journal(const struct world *w, const struct model *m)
{
	cleanup_by(layout_close) struct layout l = LAYOUT_INIT;
	cleanup_free char *path = xasprintf("%s/mirror", w->dir);
	struct told t = { .world = w, .model = m };
	struct err err;
	size_t bad = 0;

	for (int i = 0; i < MODEL_REFS; i++)
		t.means[i] = NOTHING;
	if (layout_open(&l, path, LAYOUT_READ, &err) < 0 ||
	    journal_walk(&l, m->generation, take_line, &t, &bad, &err) < 0)
		return say("%s", err.msg);
	if (bad)
		return say("%zu lines of the journal cannot be read", bad);
	for (int i = 0; i < MODEL_REFS; i++)
		if (t.means[i] != m->refs[i].published)
			return say("%s means %d, and the journal says %d", m->refs[i].name,
				   m->refs[i].published, t.means[i]);
	return NULL;
}

static const char *check_generations(const struct world *w, const struct model *m)
{
	struct model_seen seen;

	for (long g = m->generation; g > 0 && g > m->generation - 12; g--) {
		if (!world_look_back(w, g, &seen))
			return say("generation %ld cannot be read", g);
		for (int i = 0; i < MODEL_REFS; i++)
			if (seen.means[i] != m->kept[g].means[i])
				return say("in generation %ld %s was %d, and now it was %d", g,
					   m->refs[i].name, m->kept[g].means[i], seen.means[i]);
	}
	return NULL;
}

/* ---- altogether ---- */

static const char *check_stays(struct check *c, const struct world *w, const struct model *m)
{
	const char *bad = check_snapshots(c, &w->seen);

	if (!bad)
		bad = check_snapshots_stay(c, &w->seen);
	return bad ? bad : check_kept(w, m);
}

static const char *check_thoroughly(struct world *w, const struct model *m)
{
	const char *bad = check_journal(w, m);

	if (!bad)
		bad = check_generations(w, m);
	if (!bad && world_verify(w) > 0)
		bad = "the mirror is not whole";
	if (!bad && !world_is_served(w))
		bad = "something is not served";
	return bad;
}

static const char *check_outcome(const struct model *m, const struct model_expect *x,
				 const struct model_seen *seen, int status)
{
	bool killed = status == WORLD_KILLED;
	const char *bad = check_number(m, x, seen, killed);

	if (!bad && !killed)
		bad = check_status(x, status);
	if (!bad)
		bad = seen->generation == m->generation ? check_still(m, seen)
							: check_meanings(m, x, seen);
	return bad;
}

const char *check_action(struct check *c, struct world *w, struct model *m,
			 const struct model_action *a, const struct model_expect *expect,
			 int status)
{
	bool killed = status == WORLD_KILLED;
	long before = m->generation;
	struct model_seen seen;
	const char *bad;

	if (!world_look(w, &seen))
		return killed && m->generation == 0 ? NULL : "the mirror cannot be read";
	bad = check_outcome(m, expect, &seen, status);
	if (bad)
		return bad;
	model_apply(m, a, &seen);
	if (!killed || seen.generation != before)
		bad = model_check(m, a, &seen, w->broken);
	if (!bad)
		bad = check_stays(c, w, m);
	if (!bad && ++c->actions % THOROUGH == 0)
		bad = check_thoroughly(w, m);
	return bad;
}

bool check_end(struct check *c, struct world *w, struct model *m)
{
	struct model_seen seen;
	const char *bad;

	(void)c;
	if (m->generation == 0 || !world_look(w, &seen))
		return m->generation == 0;
	bad = check_thoroughly(w, m);
	if (bad)
		printf("# at the end: %s\n", bad);
	return !bad;
}

void check_show_output(const struct world *w)
{
	static const char *const names[] = { "out", "err" };
	char line[1000];

	for (size_t i = 0; i < 2; i++) {
		cleanup_free char *path = xasprintf("%s/%s", w->dir, names[i]);
		FILE *f = fopen(path, "r");

		while (f && fgets(line, sizeof(line), f))
			printf("#   %s| %s", names[i], line);
		if (f)
			fclose(f);
	}
}
