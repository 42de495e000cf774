#include "oci/base/suggest.h"

#include "tests/tap.h"

static const char *const known[] = { "platform", "tags", "keep", "keep-for", "as", "semver", NULL };

static const struct {
	const char *name, *word, *near;
} rows[] = {
	{ "itself", "platform", "platform" },
	{ "a swap of neighbours", "platfrom", "platform" },
	{ "a letter missing", "platorm", "platform" },
	{ "a letter too many", "platforms", "platform" },
	{ "another letter", "slatform", "platform" },
	{ "two slips in a long word", "plattfrom", "platform" },
	{ "three slips", "pltfrms", NULL },
	{ "upper case", "Tags", "tags" },
	{ "one slip in a short word", "tag", "tags" },
	{ "two slips in a short word", "tgs2", NULL },
	{ "the nearer of two", "keep-fo", "keep-for" },
	{ "a word of two letters", "at", NULL },
	{ "another word", "colour", NULL },
	{ "empty", "", NULL },
	{ "longer than any", "aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa", NULL },
};

static const char *const tags[] = { "1.26", "1.27", "1.27.1", "1.28", "latest", "2.27", "1.2" };

static const struct {
	const char *name, *word;
	size_t max;
	const char *near[3];
} many[] = {
	{ "itself, then its neighbours in their order", "1.27", 3, { "1.27", "1.26", "1.28" } },
	{ "no more than there is room for", "1.27", 1, { "1.27" } },
	{ "by one slip", "1.29", 3, { "1.26", "1.27", "1.28" } },
	{ "the nearest first", "1.27.11", 2, { "1.27.1" } },
	{ "none", "bookworm", 3, { NULL } },
	{ "none in two letters", "v1", 3, { NULL } },
	{ "longer than any",
	  "aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa",
	  3,
	  { NULL } },
};

static void test_many(void)
{
	for (size_t i = 0; i < sizeof(many) / sizeof(many[0]); i++) {
		const char *found[3] = { NULL };
		size_t n = suggest_words(span_str(many[i].word), tags,
					 sizeof(tags) / sizeof(tags[0]), found, many[i].max);

		for (size_t k = 0; k < 3; k++)
			CHECK_TEXT(k < n ? found[k] : NULL, many[i].near[k], many[i].name);
	}
}

int main(void)
{
	test_many();
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++)
		CHECK_TEXT(suggest_word(span_str(rows[i].word), known), rows[i].near, rows[i].name);
	return tap_done();
}
