#include "oci/lists/tag_select.h"

#include "oci/base/buf.h"
#include "oci/base/cleanup.h"
#include "oci/base/err.h"
#include "oci/lists/image_options.h"
#include "tests/tap.h"

#define HEX64 "0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef"

static const char *const upstream[] = {
	"latest",
	"v2.9.0",
	"v2.10.0",
	"v2.10.0-rc.1",
	"v2.10.1",
	"v3.0.0",
	"main",
	"2.8",
	"sha256-" HEX64,
	"sha256-" HEX64 ".sig",
	"v2.10.0",
	"not a tag",
	"v2",
	NULL,
	"",
};

struct row {
	const char *name, *tags, *exclude, *match, *semver;
	long newest;
	const char *want;
};

static const struct row rows[] = {
	{ "a glob", "v2.*", NULL, NULL, NULL, -1, "v2.9.0 v2.10.0 v2.10.0-rc.1 v2.10.1" },
	{ "several globs", "main,v3.*", NULL, NULL, NULL, -1, "v3.0.0 main" },
	{ "all, but no digest-tags and no rubbish", "*", NULL, NULL, NULL, -1,
	  "latest v2.9.0 v2.10.0 v2.10.0-rc.1 v2.10.1 v3.0.0 main 2.8 v2" },
	{ "exclude", "v2.*", "*-rc*", NULL, NULL, -1, "v2.9.0 v2.10.0 v2.10.1" },
	{ "exclude alone", NULL, "v*,latest", NULL, NULL, -1, "main 2.8" },
	{ "match", NULL, NULL, "v2\\.[0-9]+\\.0", NULL, -1, "v2.9.0 v2.10.0" },
	{ "semver takes no pre-releases", NULL, NULL, NULL, ">=2.10 <4", -1,
	  "v2.10.0 v2.10.1 v3.0.0" },
	{ "semver with pre-releases", NULL, NULL, NULL, ">=2.10.0-0 <3", -1,
	  "v2.10.0 v2.10.0-rc.1 v2.10.1" },
	{ "every option must match", "v*", "*.1", NULL, "^2", -1, "v2.9.0 v2.10.0 v2" },
	{ "newest, newest first", "v2.*", "*-rc*", NULL, NULL, 2, "v2.10.1 v2.10.0" },
	{ "newest leaves what is no version, and takes what floats along", "*", NULL, NULL, NULL, 3,
	  "v3.0.0 v2.10.1 v2.10.0 v2" },
	{ "newest of fewer", "v3.*", NULL, NULL, NULL, 5, "v3.0.0" },
	{ "newest counts no pre-release", "v2.10.0*", NULL, NULL, NULL, 5, "v2.10.0" },
	{ "unless its word is spelt", "v2.10.0*,v2.10.0-rc*", NULL, NULL, NULL, 5,
	  "v2.10.0 v2.10.0-rc.1" },
	{ "nothing", "v9.*", NULL, NULL, NULL, -1, "" },
	{ "newest of nothing", "v9.*", NULL, NULL, NULL, 2, "" },
};

static struct tag_select *make(const struct row *row, struct err *err)
{
	struct image_options o;

	image_options_init(&o);
	o.tags = (char *)row->tags;
	o.exclude = (char *)row->exclude;
	o.match = (char *)row->match;
	o.semver = (char *)row->semver;
	o.newest = row->newest;
	return tag_select_new(&o, err);
}

static void test_rows(void)
{
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		cleanup_by(buf_release) struct buf got = BUF_INIT(10000);
		const char *tags[sizeof(upstream) / sizeof(upstream[0])];
		struct err err = ERR_INIT;
		struct tag_select *s = make(&rows[i], &err);
		long n;

		memcpy(tags, upstream, sizeof(upstream));
		n = tag_select_tags(s, tags, sizeof(upstream) / sizeof(upstream[0]), NULL, &err);
		for (long j = 0; j < n; j++)
			buf_addf(&got, "%s%s", j ? " " : "", tags[j]);
		CHECK_ROW(n >= 0, rows[i].name);
		CHECK_TEXT(got.p, rows[i].want, rows[i].name);
		tag_select_free(s);
	}
}

static void test_equal(void)
{
	const struct row row = { .newest = 1, .tags = "*" };
	const char *tags[] = { "7", "7.0", "7.0.0", "v7.0.0" };
	struct err err = ERR_INIT;
	struct tag_select *s = make(&row, &err);

	CHECK(tag_select_tags(s, tags, 4, NULL, &err) == 4);
	CHECK_TEXT(tags[0], "7.0.0", "of equal versions the fullest name first");
	CHECK_TEXT(tags[1], "v7.0.0", "then by name");
	CHECK_TEXT(tags[2], "7.0", "then the shorter");
	tag_select_free(s);
}

static void test_errors(void)
{
	const struct row newest = { .newest = 3, .tags = "*" },
			 dear = { .newest = -1, .match = "((a|a)+)+[bc]" };
	const char *words[] = { "latest", "main" };
	const char *text[] = { "aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaad" };
	struct err err = ERR_INIT;
	struct tag_select *s = make(&newest, &err);

	CHECK(tag_select_tags(s, words, 2, NULL, &err) < 0 && err.kind == ERR_INVALID);
	CHECK_TEXT(err.msg,
		   "newest=3: none of the 2 matching tags counts: 2 are no versions (latest, main)",
		   "no version");
	tag_select_free(s);
	s = make(&dear, &err);
	CHECK(tag_select_tags(s, text, 1, NULL, &err) < 0 && err.kind == ERR_LIMIT);
	tag_select_free(s);
	CHECK(!make(&(struct row){ .match = "(", .newest = -1 }, &err) && err.kind == ERR_USAGE);
	CHECK(!make(&(struct row){ .semver = "x.y", .newest = -1 }, &err) && err.kind == ERR_USAGE);
}

int main(void)
{
	test_rows();
	test_equal();
	test_errors();
	return tap_done();
}
