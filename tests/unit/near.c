#include "oci/near.h"

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

int main(void)
{
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++)
		CHECK_TEXT(near_word(span_str(rows[i].word), known), rows[i].near, rows[i].name);
	return tap_done();
}
