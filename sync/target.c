#include "sync/target.h"

#include <stdlib.h>
#include <string.h>

#include "oci/base/cleanup.h"
#include "oci/base/err.h"
#include "oci/base/str.h"
#include "oci/lists/lists.h"
#include "oci/store/index.h"

/* The same reference with another tag; the line's own one, lent, without. */
static const struct ref *with_tag(const struct ref *r, const char *tag)
{
	struct ref *out;

	if (!tag)
		return r;
	out = xmalloc(sizeof(*out));
	ref_copy(out, r);
	free(out->tag);
	out->tag = xstrdup(tag);
	return out;
}

static void free_with_tag(const struct ref *r, const struct ref *of_line)
{
	struct ref *own = (struct ref *)r;

	if (r == of_line)
		return;
	ref_release(own);
	free(own);
}

struct target *target_new(const struct lists *lists, const struct list_image *line, const char *tag)
{
	struct target *t = xcalloc(1, sizeof(*t));

	t->line = line;
	t->source = with_tag(&line->source, tag);
	t->target = with_tag(list_image_target(line), tag);
	t->name = ref_target(t->target);
	lists_options(lists, line, t->target, &t->o);
	t->size = -1;
	return t;
}

const struct state_row *target_row(const struct target *t)
{
	return &state_rows[t->state];
}

void targets_keep(struct targets *ts, struct target *t)
{
	ts->v = xgrow(ts->v, ts->n, &ts->cap, sizeof(struct target *));
	t->place = ts->n;
	ts->v[ts->n++] = t;
}

void targets_keep_named(struct targets *ts, struct target *t)
{
	targets_keep(ts, t);
	table_put(&ts->by_name, t->name, t);
}

struct target *targets_find(const struct targets *ts, const char *name)
{
	return table_get(&ts->by_name, name);
}

void target_free(struct target *t)
{
	free_with_tag(t->source, &t->line->source);
	free_with_tag(t->target, list_image_target(t->line));
	free(t->name);
	free(t->more);
	free(t->broken);
	free(t->broken_why);
	strvec_release(&t->united);
	free(t->base_held);
	free(t->author);
	free(t->media_type);
	free(t->wait.taken_back);
	free(t->lacked);
	free(t->snapshot);
	free(t->error);
	free(t->warning);
	referrers_release(&t->referrers);
	free(t);
}

void targets_release(struct targets *ts)
{
	table_release(&ts->by_name);
	for (size_t i = 0; i < ts->n; i++)
		target_free(ts->v[i]);
	free(ts->v);
	*ts = (struct targets){ .v = NULL };
}

size_t target_lines(const struct target *t)
{
	return 1 + t->nmore;
}

const struct list_image *target_line(const struct target *t, size_t i)
{
	return i ? t->more[i - 1] : t->line;
}

static bool has_line(const struct target *t, const struct list_image *line)
{
	for (size_t i = 0; i < target_lines(t); i++)
		if (target_line(t, i) == line)
			return true;
	return false;
}

static int unite_contents(struct target *t, const struct target *other, struct err *err)
{
	cleanup_free char *one = ref_str(t->source), *two = ref_str(other->source);

	if (!str_eq(one, two))
		return err_set(err, ERR_USAGE, 0, "two sources: %s and %s", one, two);
	return image_options_unite(&t->o, &other->o, &t->united, err);
}

int target_unite(struct target *t, const struct target *other, struct err *err)
{
	const struct list_image *first = t->line, *line = other->line;

	if (has_line(t, line))
		return 0;
	t->more = xgrow(t->more, t->nmore, &t->capmore, sizeof(struct list_image *));
	t->more[t->nmore++] = line;
	if (unite_contents(t, other, err) < 0)
		return err_wrap(err, "%s:%d and %s:%d contradict each other", first->file,
				first->line, line->file, line->line);
	return 0;
}

void target_remember(struct target *t, const struct index *x)
{
	const struct entry *e = index_find(x, t->name);
	const char *held = e ? entry_annotation(e, ANNOTATION_HELD) : NULL;

	if (!e)
		return;
	t->base = e->digest;
	t->is_snapshot = entry_annotation(e, ANNOTATION_SNAPSHOT_OF) != NULL;
	t->base_held = held ? xstrdup(held) : NULL;
}

bool target_is_origin(const struct target *t, const struct entry *e)
{
	const char *source = entry_annotation(e, ANNOTATION_SOURCE);
	cleanup_free char *repository = ref_repository(t->source);
	size_t n = strlen(repository);

	return source && entry_annotation(e, ANNOTATION_LIST) &&
	       strncmp(source, repository, n) == 0 && source[n] == '@';
}

void target_set_lacked(struct target *t, const struct digest *d)
{
	free(t->lacked);
	t->lacked = NULL;
	if (!d->str[0])
		return;
	t->lacked = xmalloc(sizeof(*d));
	*t->lacked = *d;
}

void target_set_error(struct target *t, const char *text)
{
	free(t->error);
	t->error = xstrdup(text);
}

void target_add_warning(struct target *t, const char *text)
{
	char *all = t->warning ? xasprintf("%s; %s", t->warning, text) : xstrdup(text);

	free(t->warning);
	t->warning = all;
}

void target_fail(struct target *t, const struct err *err)
{
	t->state = err->kind == ERR_LIMIT ? STATE_LIMITED : STATE_FAILED;
	t->why = err->kind;
	target_set_error(t, err->msg);
}

enum image_state target_arrival(const struct target *t)
{
	if (!t->base.str[0])
		return STATE_NEW;
	return digest_eq(&t->base, &t->found) ? STATE_CURRENT : STATE_UPDATED;
}

bool target_is_pinned(const struct target *t)
{
	return t->source->digest.str[0] != '\0';
}

enum image_state target_fail_clash(struct target *t)
{
	char found[DIGEST_SHORT];
	struct err err;

	digest_short(&t->found, found);
	err_set(&err, ERR_INVALID, 0,
		"the mirror keeps a snapshot of its own under this name, and upstream has %s; "
		"give upstream's another name with as=, or change the suffix of snapshots",
		found);
	target_fail(t, &err);
	return t->state;
}

bool target_names_snapshot(const struct target *t)
{
	return t->is_snapshot && !t->line->select && !t->line->own->as && !target_is_pinned(t);
}
