/*
 * page_cache - pages of listings that were made for one state, so that a repeated listing costs
 * what its bytes cost.
 *
 * A page is found by its key: all that it depends on (listing.c). The cache belongs to a state and
 * ends with it, so a page is never of another generation. It has a ceiling (LIMIT_SERVE_PAGES); the
 * pages that were not asked for longest make room. A page that is being sent stays until then.
 *
 *	p = page_cache_get(c, key)	a reference, or NULL
 *	p = page_cache_put(c, page_new(key, text, body))
 *	page_unref(p)
 */
#ifndef SERVE_PAGE_CACHE_H
#define SERVE_PAGE_CACHE_H

#include <pthread.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "oci/base/span.h"

struct page {
	struct page *next; /* used less recently */
	atomic_uint refs;
	uint64_t hash; /* of the key */
	struct span key, link;
	size_t length;    /* of the body */
	const char *body; /* NULL: only its length is known, as a HEAD found it */
	size_t memory;    /* bytes that the page takes */
};

struct page_cache {
	pthread_mutex_t lock;
	struct page *first;
	size_t n, memory;
};

void page_cache_init(struct page_cache *c);
void page_cache_release(struct page_cache *c);

/* The page of that key, with a reference; NULL when there is none, or when it has no body and
 * `whole` asks for one. */
struct page *page_cache_get(struct page_cache *c, struct span key, bool whole);

/* A page with one reference; everything is copied. body.p NULL: only its length is known. NULL when
 * there is no memory for it, or too much of it is in large pages (LIMIT_SERVE_PAGES_SENT). */
struct page *page_new(struct span key, struct span body, struct span link);
/* Keeps a page for others, in place of one of the same key; the caller keeps its reference. */
void page_cache_put(struct page_cache *c, struct page *p);

/* Drops a reference; NULL is fine. */
void page_unref(struct page *p);

#endif
