#include "sync/denied.h"

#include <stdlib.h>
#include <string.h>

#include "oci/base/cleanup.h"
#include "oci/base/err.h"
#include "oci/base/str.h"
#include "oci/lists/lists.h"
#include "oci/store/banned.h"
#include "oci/store/index.h"
#include "oci/store/marks.h"
#include "sync/run.h"

static const struct mirror_conf *conf_of(const struct run *r)
{
	return &r->source->lists->conf;
}

char *denied_describe(const struct list_source *s, const struct mirror_conf_deny *what)
{
	return xasprintf("%s is denied (%s:%d%s%s)", what->digest.str, s->lists->conf.file,
			 what->line, what->reason ? ": " : "", what->reason ? what->reason : "");
}

int denied_refuses(void *arg, const struct digest *d, struct err *err)
{
	const struct run *r = arg;
	const struct mirror_conf_deny *what = mirror_conf_denies(conf_of(r), d);
	const struct mark *k = what ? NULL : marks_banned(&r->marks, d);
	cleanup_free char *words = what ? denied_describe(r->source, what) : NULL;

	if (what)
		return err_set(err, ERR_USAGE, 0, "%s", words);
	if (k)
		return err_set(err, ERR_USAGE, 0, "%s is banned (%s%s%s)", d->str,
			       mark_by_word(k->by), k->reason[0] ? ": " : "", k->reason);
	return 0;
}

static bool is_marked(const struct marks *m, const struct mirror_conf_deny *what)
{
	const struct mark *k = marks_banned(m, &what->digest);

	/* a block stays a block */
	return k && (k->by != MARK_DENY || str_eq(k->reason, what->reason ? what->reason : ""));
}

/* Takes out a mark whose line is gone. */
static bool drop_old_mark(const struct run *r, struct marks *m)
{
	for (size_t i = 0; i < m->banned.n; i++) {
		const struct mark *k = &m->banned.v[i];
		const struct digest d = k->digest;

		if (k->by == MARK_DENY && !mirror_conf_denies(conf_of(r), &d))
			return marks_remove_banned(m, &d);
	}
	return false;
}

bool denied_mark(const struct run *r, struct marks *m)
{
	const struct mirror_conf *conf = conf_of(r);
	bool changed = false;

	while (drop_old_mark(r, m))
		changed = true;
	for (size_t i = 0; i < conf->ndenied; i++) {
		const struct mirror_conf_deny *what = &conf->denied[i];
		cleanup_free char *who =
			xasprintf("%s:%d%s%s", conf->file, what->line,
				  *r->source->commit ? "@" : "", r->source->commit);

		if (is_marked(m, what))
			continue;
		marks_add_banned(m, &what->digest, MARK_DENY, what->reason ? what->reason : "", who,
				 r->outcome.started);
		changed = true;
	}
	return changed;
}

/* ---- what is published ---- */

/* The lines of mirror.conf as marks: those alone are looked for. */
static void mark_lines(const struct mirror_conf *conf, struct marks *lines)
{
	for (size_t i = 0; i < conf->ndenied; i++)
		marks_add_banned(lines, &conf->denied[i].digest, MARK_DENY, NULL, NULL, 0);
}

void denied_look(struct run *r)
{
	cleanup_by(marks_release) struct marks lines = MARKS_INIT;
	cleanup_by(banned_release) struct banned banned = banned_init(&r->layout, &lines);
	struct denied *found = &r->outcome.denied;

	if (!conf_of(r)->ndenied || r->layout.root < 0)
		return;
	mark_lines(conf_of(r), &lines);
	for (size_t i = 0; i < r->index.n; i++) {
		const struct entry *e = r->index.v[i];
		const struct mark *k = banned_in(&banned, &e->digest);

		if (!k)
			continue;
		found->v = xgrow(found->v, found->n, &found->cap, sizeof(*found->v));
		found->v[found->n++] = (struct denied_entry){
			.ref = xstrdup(e->ref),
			.what = mirror_conf_denies(conf_of(r), &k->digest),
		};
	}
	for (size_t i = 0; i < found->n; i++)
		table_put(&found->by_ref, found->v[i].ref, &found->v[i]);
}

void denied_release(struct denied *d)
{
	table_release(&d->by_ref);
	for (size_t i = 0; i < d->n; i++)
		free(d->v[i].ref);
	free(d->v);
	*d = (struct denied){ .v = NULL };
}

/* ---- targets ---- */

void denied_refuse_target(struct run *r, struct target *t, const struct err *err)
{
	bool keeps_good = t->base.str[0] && !digest_eq(&t->base, &t->found) &&
			  !table_get(&r->outcome.denied.by_ref, t->name);
	struct err why = *err;

	if (!keeps_good || target_is_pinned(t)) {
		target_fail(t, &why);
		return;
	}
	err_wrap(&why, "what upstream has now is kept back");
	t->state = STATE_HELD;
	target_set_error(t, why.msg);
}

static void fail_published(struct run *r, struct target *t, const struct mirror_conf_deny *what)
{
	cleanup_free char *words = denied_describe(r->source, what);
	struct err err;

	err_set(&err, ERR_USAGE, 0, "it is published, and contains what is forbidden: %s", words);
	target_fail(t, &err);
	t->is_denied = true;
}

void denied_settle(struct run *r)
{
	for (size_t i = 0; i < r->outcome.targets.n; i++) {
		struct target *t = r->outcome.targets.v[i];
		const struct denied_entry *e = table_get(&r->outcome.denied.by_ref, t->name);

		if (!e)
			continue;
		switch (t->state) {
		case STATE_CURRENT:
		case STATE_HELD:
		case STATE_WAITING:
		case STATE_SKIPPED:
		case STATE_FAILED: fail_published(r, t, e->what); break;
		case STATE_UPDATED:
		case STATE_NEW:
		case STATE_GONE: /* told beside its state */
		case STATE_PENDING:
		case STATE_LIMITED: break;
		}
	}
}

void denied_rename(struct run *r)
{
	struct denied *d = &r->outcome.denied;

	for (size_t i = 0; i < d->n; i++) {
		const struct target *t = targets_find(&r->outcome.targets, d->v[i].ref);
		cleanup_free char *repository = t ? ref_repository(t->target) : NULL;

		if (!t || !target_row(t)->is_moved || !t->snapshot)
			continue;
		table_remove(&d->by_ref, d->v[i].ref);
		free(d->v[i].ref);
		d->v[i].ref = xasprintf("%s:%s", repository, t->snapshot);
	}
}
