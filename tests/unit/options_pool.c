#include "oci/lists/options_pool.h"

#include "oci/base/cleanup.h"
#include "oci/base/str.h"
#include "oci/lists/image_options.h"
#include "tests/tap.h"

static struct image_options options_with(const char *owner, long keep)
{
	struct image_options o;

	image_options_init(&o);
	o.owner = owner ? xstrdup(owner) : NULL;
	o.keep = keep;
	return o;
}

static const struct {
	const char *name, *owner;
	long keep;
	size_t n; /* that the pool has afterwards */
} rows[] = {
	{ "the first options are kept", NULL, -1, 1 },
	{ "the same ones once", NULL, -1, 1 },
	{ "a number makes others", NULL, 3, 2 },
	{ "a text makes others", "ann", 3, 3 },
	{ "a text is compared letter by letter", "ann", 3, 3 },
	{ "lines that alternate", NULL, -1, 3 },
	{ "with those before them", "ann", 3, 3 },
	{ "another text", "bob", 3, 4 },
};

static void test_keep(void)
{
	struct options_pool pool = { .owns_texts = true };

	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		struct image_options o = options_with(rows[i].owner, rows[i].keep);
		const struct image_options *kept = options_pool_keep(&pool, &o);

		CHECK_ROW(pool.n == rows[i].n, rows[i].name);
		CHECK_ROW(kept->keep == rows[i].keep && str_same(kept->owner, rows[i].owner),
			  rows[i].name);
	}
	options_pool_release(&pool);
	CHECK(!pool.v && pool.owns_texts);
}

/* What is kept once never moves and never changes, however many follow. */
static void test_many(void)
{
	struct options_pool pool = { .owns_texts = true };
	struct image_options o = options_with("ann", 0);
	const struct image_options *first = options_pool_keep(&pool, &o);

	for (long i = 1; i < 1000; i++) {
		o = options_with("ann", i);
		options_pool_keep(&pool, &o);
	}
	CHECK(pool.n == 1000 && pool.v[0] == first && first->keep == 0);
	CHECK_TEXT(first->owner, "ann", "its text");
	options_pool_release(&pool);
}

int main(void)
{
	test_keep();
	test_many();
	return tap_done();
}
