#include "serve/page_cache.h"

#include <assert.h>
#include <stdlib.h>
#include <string.h>

#include "oci/base/cleanup.h"
#include "oci/base/limits.h"

void page_cache_init(struct page_cache *c)
{
	*c = (struct page_cache){ .first = NULL };
	pthread_mutex_init(&c->lock, NULL);
}

void page_cache_release(struct page_cache *c)
{
	for (struct page *p = c->first, *next; p; p = next) {
		next = p->next;
		page_unref(p);
	}
	pthread_mutex_destroy(&c->lock);
}

/* FNV-1a */
static uint64_t hash_of(struct span key)
{
	uint64_t h = UINT64_C(14695981039346656037);

	for (size_t i = 0; i < key.n; i++)
		h = (h ^ (unsigned char)key.p[i]) * UINT64_C(1099511628211);
	return h;
}

static bool has_key(const struct page *p, uint64_t hash, struct span key)
{
	return p->hash == hash && p->key.n == key.n && memcmp(p->key.p, key.p, key.n) == 0;
}

/* Under the lock: takes the page of that key out of the list; NULL when there is none. */
static struct page *unlink_page(struct page_cache *c, uint64_t hash, struct span key)
{
	for (struct page **at = &c->first; *at; at = &(*at)->next) {
		struct page *p = *at;

		if (!has_key(p, hash, key))
			continue;
		*at = p->next;
		c->memory -= p->memory;
		c->n--;
		return p;
	}
	return NULL;
}

static void link_first(struct page_cache *c, struct page *p)
{
	p->next = c->first;
	c->first = p;
	c->memory += p->memory;
	c->n++;
}

struct page *page_cache_get(struct page_cache *c, struct span key, bool whole)
{
	struct page *p;

	pthread_mutex_lock(&c->lock);
	p = unlink_page(c, hash_of(key), key);
	if (p)
		link_first(c, p);
	if (p && whole && !p->body)
		p = NULL;
	if (p)
		atomic_fetch_add_explicit(&p->refs, 1, memory_order_relaxed);
	pthread_mutex_unlock(&c->lock);
	return p;
}

/* Bytes of the large pages of all states. */
static atomic_size_t large_pages;

static void *take_memory(size_t memory)
{
	bool large = memory > LIMIT_SERVE_PAGE_SMALL;
	void *p = NULL;

	if (!large || atomic_fetch_add(&large_pages, memory) + memory <= LIMIT_SERVE_PAGES_SENT)
		p = try_malloc(memory);
	if (!p && large)
		atomic_fetch_sub(&large_pages, memory);
	return p;
}

void page_unref(struct page *p)
{
	if (!p || atomic_fetch_sub_explicit(&p->refs, 1, memory_order_acq_rel) != 1)
		return;
	if (p->memory > LIMIT_SERVE_PAGE_SMALL)
		atomic_fetch_sub(&large_pages, p->memory);
	free(p);
}

struct page *page_new(struct span key, struct span body, struct span link)
{
	size_t kept = body.p ? body.n : 0, memory = sizeof(struct page) + key.n + link.n + kept;
	struct page *p = take_memory(memory);
	char *bytes;

	if (!p)
		return NULL;
	bytes = (char *)(p + 1);
	*p = (struct page){ .refs = 1, .hash = hash_of(key), .length = body.n, .memory = memory };
	memcpy(bytes, key.p, key.n);
	p->key = span_of(bytes, key.n);
	bytes += key.n;
	if (link.n)
		memcpy(bytes, link.p, link.n);
	p->link = span_of(bytes, link.n);
	bytes += link.n;
	if (body.p) {
		memcpy(bytes, body.p, body.n);
		p->body = bytes;
	}
	return p;
}

/* Takes out the page that was not asked for longest. */
static void drop_last(struct page_cache *c)
{
	struct page **at = &c->first, *last;

	assert(*at); /* what is kept is more than the ceiling, so there is a page */
	while ((*at)->next)
		at = &(*at)->next;
	last = *at;
	*at = NULL;
	c->memory -= last->memory;
	c->n--;
	page_unref(last);
}

void page_cache_put(struct page_cache *c, struct page *p)
{
	pthread_mutex_lock(&c->lock);
	page_unref(unlink_page(c, p->hash, p->key));
	atomic_fetch_add_explicit(&p->refs, 1, memory_order_relaxed);
	link_first(c, p);
	while (c->memory > LIMIT_SERVE_PAGES || c->n > LIMIT_SERVE_NPAGES)
		drop_last(c);
	pthread_mutex_unlock(&c->lock);
}
