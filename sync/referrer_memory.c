#include "sync/referrer_memory.h"

#include <stdlib.h>
#include <string.h>

#include "oci/base/cleanup.h"
#include "oci/base/span.h"
#include "oci/registry/registry.h"
#include "sync/target.h"

/* One that waits for the list of tags. */
struct waiter {
	referrer_tags_done *done;
	void *arg;
	struct waiter *next;
};

struct referrer_tags {
	char *repository;
	struct strvec texts;
	struct table known;
	struct strvec dated;
	const char *date;       /* lent by the memory */
	bool is_asked, is_here; /* the list is under way or came; it came, or could not be had */
	bool is_complete;
	struct waiter *waiters; /* the first of them made the requests */
};

static void tags_free(void *value)
{
	struct referrer_tags *tags = value;

	free(tags->repository);
	table_release(&tags->known);
	strvec_release(&tags->texts);
	strvec_release(&tags->dated);
	free(tags);
}

void referrer_memory_release(struct referrer_memory *m)
{
	table_clear(&m->repositories, tags_free);
	table_release(&m->asked);
	strvec_release(&m->keys);
}

struct target *referrer_memory_first(struct referrer_memory *m, struct target *t)
{
	cleanup_free char *repository = ref_repository(t->source);
	cleanup_free char *key =
		xasprintf("%s@%s %s", repository, t->found.str, t->o.platform ? t->o.platform : "");
	struct target *first = table_get(&m->asked, key);

	if (first)
		return first;
	table_put(&m->asked, strvec_add(&m->keys, key), t);
	return t;
}

enum referrer_tag referrer_tags_find(const struct referrer_tags *tags, const char *tag)
{
	if (!tags->is_complete)
		return REFERRER_TAG_UNKNOWN;
	return table_get(&tags->known, tag) ? REFERRER_TAG_THERE : REFERRER_TAG_ABSENT;
}

static struct referrer_tags *tags_of(struct referrer_memory *m, const struct ref *from)
{
	cleanup_free char *repository = ref_repository(from);
	struct referrer_tags *tags = table_get(&m->repositories, repository);

	if (tags)
		return tags;
	tags = xcalloc(1, sizeof(*tags));
	tags->repository = take(repository);
	tags->date = m->date;
	table_put(&m->repositories, tags->repository, tags);
	return tags;
}

static bool is_referrers_tag(const char *tag)
{
	struct span text = span_str(tag);

	return span_starts(text, "sha256-") || span_starts(text, "sha512-");
}

static void keep_dated(struct referrer_tags *tags, const struct registry_tags *list)
{
	for (size_t i = 0; i < list->n; i++)
		if (list->tags[i] && *tags->date && strstr(list->tags[i], tags->date))
			strvec_add(&tags->dated, list->tags[i]);
}

static void keep_tags(struct referrer_tags *tags, const struct registry_tags *list)
{
	for (size_t i = 0; i < list->n; i++) {
		const char *kept;

		if (!list->tags[i] || !is_referrers_tag(list->tags[i]))
			continue;
		kept = strvec_add(&tags->texts, list->tags[i]);
		table_put(&tags->known, kept, (void *)kept);
	}
	tags->is_complete = true;
}

static void got_tags(void *arg, const struct registry_tags *list)
{
	struct referrer_tags *tags = arg;
	struct waiter *w = tags->waiters, *next;
	unsigned requests = list->requests;

	if (!list->err) {
		keep_dated(tags, list);
		keep_tags(tags, list);
	}
	tags->is_here = true;
	tags->waiters = NULL;
	for (; w; w = next) {
		next = w->next;
		w->done(w->arg, tags, requests);
		requests = 0;
		free(w);
	}
}

static void add_waiter(struct referrer_tags *tags, referrer_tags_done *done, void *arg)
{
	struct waiter *w = xcalloc(1, sizeof(*w)), **end = &tags->waiters;

	*w = (struct waiter){ .done = done, .arg = arg };
	while (*end)
		end = &(*end)->next;
	*end = w;
}

void referrer_memory_tags(struct referrer_memory *m, struct registry *r, const struct ref *from,
			  size_t requests, referrer_tags_done *done, void *arg)
{
	struct referrer_tags *tags = tags_of(m, from);

	if (tags->is_here) {
		done(arg, tags, 0);
		return;
	}
	add_waiter(tags, done, arg);
	if (tags->is_asked)
		return;
	tags->is_asked = true;
	registry_tags_within(r, from, requests, got_tags, tags);
}

void referrer_memory_learn(struct referrer_memory *m, const struct ref *from,
			   const struct registry_tags *list)
{
	struct referrer_tags *tags = tags_of(m, from);

	keep_dated(tags, list);
	if (tags->is_asked)
		return;
	keep_tags(tags, list);
	tags->is_asked = tags->is_here = true;
}

const struct strvec *referrer_memory_dated(const struct referrer_memory *m, const struct ref *from)
{
	cleanup_free char *repository = ref_repository(from);
	const struct referrer_tags *tags = table_get(&m->repositories, repository);

	return tags ? &tags->dated : NULL;
}
