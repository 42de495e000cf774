#include "serve/page_cache.h"

#include <stdio.h>
#include <stdlib.h>

#include "oci/base/cleanup.h"
#include "oci/base/limits.h"
#include "tests/tap.h"

static void put(struct page_cache *c, const char *key, const char *body, size_t n)
{
	struct page *p = page_new(span_str(key), span_of(body, n), span_str("next"));

	page_cache_put(c, p);
	page_unref(p);
}

static bool has(struct page_cache *c, const char *key, bool whole)
{
	struct page *p = page_cache_get(c, span_str(key), whole);

	page_unref(p);
	return p != NULL;
}

static void check_ceilings(struct page_cache *c)
{
	cleanup_free char *large = xcalloc(1, LIMIT_SERVE_PAGE);
	struct page *sent;
	char key[32];

	put(c, "one", large, LIMIT_SERVE_PAGE);
	put(c, "two", large, LIMIT_SERVE_PAGE);
	sent = page_cache_get(c, span_str("one"), true);
	put(c, "three", large, LIMIT_SERVE_PAGE);
	CHECK_ROW(has(c, "one", true) && !has(c, "two", true) && has(c, "three", true),
		  "the one that was not asked for longest makes room");
	put(c, "four", large, LIMIT_SERVE_PAGE);
	put(c, "five", large, LIMIT_SERVE_PAGE);
	CHECK_ROW(!has(c, "one", true) && sent->body[LIMIT_SERVE_PAGE - 1] == 0,
		  "one that is being sent stays");
	page_unref(sent);
	CHECK(c->memory <= LIMIT_SERVE_PAGES);
	for (int i = 0; i < 2000; i++) {
		snprintf(key, sizeof(key), "small %d", i);
		put(c, key, "x", 1);
	}
	CHECK_ROW(c->n == LIMIT_SERVE_NPAGES && !has(c, "five", true) && has(c, key, true),
		  "many small ones");
}

/* Pages that are being sent, each by a client of its own. */
static void check_sent(void)
{
	static char large[LIMIT_SERVE_PAGE];
	struct page *v[65]; /* one more than are taken */
	size_t n = 0;

	while (n < 64 &&
	       (v[n] = page_new(span_str("k"), span_of(large, sizeof(large)), span_of("", 0))))
		n++;
	CHECK_ROW(n == LIMIT_SERVE_PAGES_SENT / LIMIT_SERVE_PAGE - 1, "no more large ones");
	v[n] = page_new(span_str("k"), span_of(large, 1000), span_of("", 0));
	CHECK_ROW(v[n] != NULL, "but a small one");
	page_unref(v[n]);
	page_unref(v[0]);
	v[0] = page_new(span_str("k"), span_of(large, sizeof(large)), span_of("", 0));
	CHECK_ROW(v[0] != NULL, "one that was sent leaves its room");
	while (n--)
		page_unref(v[n]);
}

int main(void)
{
	struct page_cache c;
	struct page *p;

	page_cache_init(&c);
	CHECK(!has(&c, "k", false));
	put(&c, "k", NULL, 70);
	CHECK_ROW(has(&c, "k", false) && !has(&c, "k", true), "only its length is known");
	put(&c, "k", "body", 4);
	p = page_cache_get(&c, span_str("k"), true);
	CHECK(p && p->length == 4 && memcmp(p->body, "body", 4) == 0 && span_eq(p->link, "next"));
	page_unref(p);
	CHECK_ROW(c.n == 1, "one page a key");
	check_ceilings(&c);
	page_cache_release(&c);
	check_sent();
	return tap_done();
}
