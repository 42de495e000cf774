#include "oci/auth/scope.h"

#include "tests/tap.h"

static void test_within(void)
{
	static const struct {
		const char *name, *wanted, *have;
		bool within;
	} rows[] = {
		{ "the same", "repository:a:pull", "repository:a:pull", true },
		{ "one of two", "repository:a:pull", "repository:b:pull repository:a:pull", true },
		{ "two of two", "b a", "a b", true },
		{ "one more", "a b", "a", false },
		{ "the beginning of one", "repository:a", "repository:a:pull", false },
		{ "nothing", "", "a", true },
	};

	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++)
		CHECK_ROW(scope_within(rows[i].wanted, rows[i].have) == rows[i].within,
			  rows[i].name);
}

static void test_foreign(void)
{
	static const struct {
		const char *name, *scope;
		bool foreign;
	} rows[] = {
		{ "the path's", "repository:team/app:pull", false },
		{ "a placeholder", "repository:user/image:pull", true },
		{ "a longer path", "repository:team/app/x:pull", true },
		{ "a shorter path", "repository:team:pull", true },
		{ "the path's among others", "repository:user/image:pull repository:team/app:pull",
		  false },
		{ "with a host and its port", "repository:host:5000/team/app:pull", true },
		{ "no repository's", "aws", false },
		{ "another class", "repository(plugin):user/image:pull", false },
		{ "without a path", "repository::pull", false },
		{ "without actions", "repository:user/image", true },
		{ "nothing", "", false },
	};

	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++)
		CHECK_ROW(scope_is_foreign(rows[i].scope, "team/app") == rows[i].foreign,
			  rows[i].name);
}

int main(void)
{
	test_within();
	test_foreign();
	return tap_done();
}
