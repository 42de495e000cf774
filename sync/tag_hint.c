#include "sync/tag_hint.h"

#include <stdlib.h>
#include <string.h>

#include "oci/base/buf.h"
#include "oci/base/cleanup.h"
#include "oci/base/err.h"
#include "oci/base/strvec.h"
#include "oci/base/suggest.h"
#include "oci/image/ref.h"
#include "oci/lists/image_options.h"
#include "oci/lists/list_image.h"
#include "oci/lists/tag_select.h"
#include "oci/registry/registry.h"
#include "sync/outcome.h"

#define OFFERED 3

CLEANUP_PTR(own_select_, struct tag_select, tag_select_free)

struct tag_hint {
	char *repository;  /* the key */
	enum err_kind why; /* the failure of the listing, NET before it is here; NONE: here it is */
	struct strvec tags;
};

static void free_hint(void *hint)
{
	struct tag_hint *h = hint;

	strvec_release(&h->tags);
	free(h->repository);
	free(h);
}

void tag_hints_release(struct tag_hints *h)
{
	table_clear(&h->repositories, free_hint);
}

/* ---- asking ---- */

static void got_tags(void *arg, const struct registry_tags *tags)
{
	struct tag_hint *h = arg;

	if (tags->err) {
		h->why = tags->err->kind;
		return;
	}
	h->why = ERR_NONE;
	for (size_t i = 0; i < tags->n; i++)
		strvec_add(&h->tags, tags->tags[i]);
}

static void ask_for_tags(struct tag_hints *h, const struct outcome *o, const struct ref *ref)
{
	cleanup_free char *repository = ref_repository(ref);
	struct tag_hint *hint;

	if (table_get(&h->repositories, repository))
		return;
	hint = xcalloc(1, sizeof(*hint));
	hint->repository = take(repository);
	hint->why = ERR_NET;
	table_put(&h->repositories, hint->repository, hint);
	registry_tags(o->registry, ref, got_tags, hint);
}

/* Tags chosen from a listing are not misspelt, and upstream does not have a snapshot's tag. */
bool tag_hints_is_about(const struct target *t)
{
	return target_row(t)->is_failed && t->why == ERR_NOTFOUND && !t->line->select &&
	       !t->line->snapshot;
}

int tag_hints_ask(struct tag_hints *h, const struct outcome *o, struct err *err)
{
	for (size_t i = 0; i < o->targets.n && !o->stopped; i++)
		if (tag_hints_is_about(o->targets.v[i]))
			ask_for_tags(h, o, o->targets.v[i]->source);
	return registry_run(o->registry, NULL, NULL, 1000, err);
}

/* ---- wording ---- */

static void reverse_tags(const char **v, size_t n)
{
	for (size_t i = 0; i < n / 2; i++) {
		const char *other = v[n - 1 - i];

		v[n - 1 - i] = v[i];
		v[i] = other;
	}
}

/* Tags that `pattern` matches, the newest versions when newest > 0. */
static size_t choose_tags(char *pattern, long newest, const char **tags, size_t n, const char **out)
{
	__attribute__((cleanup(own_select_))) struct tag_select *s = NULL;
	struct image_options o;
	struct err ignored;
	size_t found = 0;
	long got;

	image_options_init(&o);
	o.tags = pattern;
	o.newest = newest;
	s = tag_select_new(&o, &ignored);
	got = s ? tag_select_tags(s, tags, n, NULL, &ignored) : 0;
	for (; found < OFFERED && (long)found < got; found++)
		out[found] = tags[found];
	return found;
}

/* Tags that begin with `tag`: the newest of them, when they are versions. */
static size_t longer_tags(const char *tag, const char **tags, size_t n, const char **out)
{
	cleanup_free char *pattern = xasprintf("%s*", tag);
	size_t found = choose_tags(pattern, OFFERED, tags, n, out);

	return found ? found : choose_tags(pattern, 0, tags, n, out);
}

void tag_hint_near(const char *tag, const char **tags, size_t n, struct buf *out)
{
	const char *offered[OFFERED];
	size_t found;

	/* registries sort tags: among equally similar ones the newest versions are proposed
	 * first */
	reverse_tags(tags, n);
	found = suggest_words(span_str(tag), tags, n, offered, OFFERED);
	if (!found)
		found = longer_tags(tag, tags, n, offered);
	for (size_t i = 0; i < found; i++) {
		if (i == 0)
			buf_adds(out, " (did you mean ");
		else
			buf_adds(out, i + 1 < found ? ", " : " or ");
		buf_addf(out, "\"%s\"", offered[i]);
	}
	if (found)
		buf_adds(out, "?)");
}

static void tag_words(const struct tag_hint *h, const char *tag, struct buf *out)
{
	const char **tags = xcalloc(h->tags.n + 1, sizeof(*tags));
	size_t before;

	for (size_t i = 0; i < h->tags.n; i++)
		tags[i] = h->tags.v[i];
	buf_adds(out, "no such tag");
	before = out->n;
	tag_hint_near(tag, tags, h->tags.n, out);
	if (out->n == before)
		buf_addf(out, ", nor one like it among the repository's %zu", h->tags.n);
	free(tags);
}

void tag_hints_describe(const struct tag_hints *h, const struct ref *ref, struct buf *out)
{
	cleanup_free char *repository = ref_repository(ref);
	const struct tag_hint *hint = table_get(&h->repositories, repository);

	if (hint && (hint->why == ERR_NOTFOUND || hint->why == ERR_AUTH))
		buf_adds(out, "no such repository, or a private one");
	else if (ref->digest.str[0])
		buf_adds(out, "the repository has no image of that digest");
	else if (!hint || hint->why != ERR_NONE)
		buf_adds(out, "no such tag");
	else
		tag_words(hint, ref->tag, out);
}
