#include "oci/auth/challenge_cache.h"

#include <stdlib.h>

#include "oci/base/cleanup.h"
#include "tests/tap.h"

/* What is asked for one repository, and the scope to expect for another, library/debian. */
static const struct {
	const char *name, *path, *scope, *expected;
} rows[] = {
	{ "nothing known", "library/alpine", "", "repository:library/debian:pull" },
	{ "pull", "library/alpine", "repository:library/alpine:pull",
	  "repository:library/debian:pull" },
	{ "more than pull", "a/b", "repository:a/b:pull,push",
	  "repository:library/debian:pull,push" },
	{ "something else", "app", "repository:app:metadata_read",
	  "repository:library/debian:metadata_read" },
	{ "a class", "app", "repository(plugin):app:pull", "repository(plugin):app:pull" },
	{ "one for all", "a/b", "aws", "aws" },
	{ "another repository's", "a/b", "repository:c/d:delete",
	  "repository:library/debian:pull" },
	{ "one whose name is longer", "a", "repository:a/b:delete",
	  "repository:library/debian:pull" },
	{ "several", "a/b", "repository:a/b:pull repository:c/d:pull",
	  "repository:library/debian:pull" },
	{ "several for all", "a/b", "aws gcp", "repository:library/debian:pull" },
	{ "no repository was asked for", NULL, "registry:catalog:*",
	  "repository:library/debian:pull" },
	{ "an example", NULL, "repository:user/image:push", "repository:library/debian:pull" },
};

static struct challenge bearer(const char *scope)
{
	return (struct challenge){ .scheme = CHALLENGE_BEARER,
				   .realm = xstrdup("https://a/t"),
				   .service = xstrdup("s"),
				   .scope = xstrdup(scope) };
}

static void test_scopes(void)
{
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		cleanup_by(challenge_cache_release) struct challenge_cache g = CHALLENGE_CACHE_INIT;
		cleanup_by(challenge_release) struct challenge c = bearer(rows[i].scope);
		cleanup_free char *got = NULL;

		challenge_cache_learn(&g, &c, rows[i].path);
		got = challenge_cache_scope(&g, "library/debian");
		CHECK_TEXT(got, rows[i].expected, rows[i].name);
		CHECK_ROW(g.scheme == CHALLENGE_BEARER && strcmp(g.realm, "https://a/t") == 0 &&
				  strcmp(g.service, "s") == 0,
			  "and where to ask");
	}
}

static void test_changes(void)
{
	cleanup_by(challenge_cache_release) struct challenge_cache g = CHALLENGE_CACHE_INIT;
	cleanup_by(challenge_release) struct challenge all = bearer("aws");
	cleanup_by(challenge_release) struct challenge one = bearer("repository:a:pull");
	struct challenge basic = { .scheme = CHALLENGE_BASIC };
	cleanup_free char *none = challenge_cache_scope(&g, ""), *later = NULL;

	CHECK_TEXT(none, "", "no repository, no scope");
	challenge_cache_learn(&g, &all, "a");
	challenge_cache_learn(&g, &one, "a");
	later = challenge_cache_scope(&g, "b");
	CHECK_TEXT(later, "repository:b:pull", "the latest challenge holds");
	challenge_cache_learn(&g, &basic, "a");
	CHECK_ROW(g.scheme == CHALLENGE_BASIC && strcmp(g.realm, "https://a/t") == 0,
		  "another scheme takes nothing away");
}

int main(void)
{
	test_scopes();
	test_changes();
	return tap_done();
}
