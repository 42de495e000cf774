#include "sync/denied.h"

#include <stdlib.h>
#include <string.h>

#include "oci/base/buf.h"
#include "oci/base/cleanup.h"
#include "oci/base/err.h"
#include "oci/base/limits.h"
#include "oci/base/str.h"
#include "oci/image/manifest.h"
#include "oci/lists/lists.h"
#include "oci/store/index.h"
#include "oci/store/layout.h"
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

/* A walk below all entries, each manifest once. */
struct look {
	struct run *run;
	struct table seen; /* digest of a manifest -> struct verdict */
	struct buf bytes;
};

struct verdict {
	char *digest;
	const struct mirror_conf_deny *what; /* NULL: nothing in it is denied */
};

static void verdict_free(void *verdict)
{
	struct verdict *v = verdict;

	free(v->digest);
	free(v);
}

static void look_release(struct look *l)
{
	table_clear(&l->seen, verdict_free);
	buf_release(&l->bytes);
}

static const struct mirror_conf_deny *look_at(struct look *l, const struct digest *d, int depth);

/* Children that the mirror does not have are not published. */
static const struct mirror_conf_deny *look_below(struct look *l, const struct manifest *m,
						 int depth)
{
	for (size_t i = 0; i < m->n; i++) {
		const struct descriptor *d = &m->below[i];
		bool is_manifest = media_type_kind(d->media_type) != MEDIA_OTHER;
		const struct mirror_conf_deny *what;

		if (m->kind == MEDIA_INDEX && !layout_has(&l->run->layout, &d->digest, -1))
			continue;
		what = is_manifest && m->kind == MEDIA_INDEX
			       ? look_at(l, &d->digest, depth + 1)
			       : mirror_conf_denies(conf_of(l->run), &d->digest);
		if (what)
			return what;
	}
	return NULL;
}

/* What cannot be read is for `verify` to find. */
static const struct mirror_conf_deny *look_inside(struct look *l, const struct digest *d, int depth)
{
	cleanup_by(manifest_release) struct manifest m = MANIFEST_INIT;
	struct err ignored;

	buf_clear(&l->bytes);
	if (depth > LIMIT_NESTING || layout_read(&l->run->layout, d, &l->bytes, &ignored) < 0 ||
	    manifest_parse(&m, buf_span(&l->bytes), NULL, &ignored) < 0)
		return NULL;
	return look_below(l, &m, depth);
}

static const struct mirror_conf_deny *look_at(struct look *l, const struct digest *d, int depth)
{
	struct verdict *v = table_get(&l->seen, d->str);

	if (v)
		return v->what;
	v = xcalloc(1, sizeof(*v));
	v->digest = xstrdup(d->str);
	table_put(&l->seen, v->digest, v);
	v->what = mirror_conf_denies(conf_of(l->run), d);
	if (!v->what)
		v->what = look_inside(l, d, depth);
	return v->what;
}

void denied_look(struct run *r)
{
	cleanup_by(look_release) struct look l = { .run = r, .bytes = BUF_INIT(LIMIT_MANIFEST) };
	struct denied *found = &r->outcome.denied;

	if (!conf_of(r)->ndenied || r->layout.root < 0)
		return;
	for (size_t i = 0; i < r->index.n; i++) {
		const struct entry *e = r->index.v[i];
		const struct mirror_conf_deny *what = look_at(&l, &e->digest, 0);

		if (!what)
			continue;
		found->v = xgrow(found->v, found->n, &found->cap, sizeof(*found->v));
		found->v[found->n++] =
			(struct denied_entry){ .ref = xstrdup(e->ref), .what = what };
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
		cleanup_free char *repository = t ? ref_repository(&t->target) : NULL;

		if (!t || !target_row(t)->is_moved || !t->snapshot)
			continue;
		table_remove(&d->by_ref, d->v[i].ref);
		free(d->v[i].ref);
		d->v[i].ref = xasprintf("%s:%s", repository, t->snapshot);
	}
}
