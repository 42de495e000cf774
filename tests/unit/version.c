#include "oci/image/version.h"

#include <stdio.h>

#include "oci/base/err.h"
#include "tests/tap.h"

static const struct {
	const char *name, *text;
	uint64_t n[VERSION_NUMBERS];
	int given;
	const char *pre;
} good[] = {
	{ "three numbers", "1.2.3", { 1, 2, 3 }, 3, NULL },
	{ "two numbers are padded", "3.19", { 3, 19, 0 }, 2, NULL },
	{ "one number is padded", "7", { 7, 0, 0 }, 1, NULL },
	{ "a v in front", "v2.45.0", { 2, 45, 0 }, 3, NULL },
	{ "four numbers", "24.12.0.100206", { 24, 12, 0, 100206 }, 4, NULL },
	{ "leading zeros, as Ubuntu writes them", "22.04", { 22, 4, 0 }, 2, NULL },
	{ "a pre-release", "1.0.0-rc.1", { 1, 0, 0 }, 3, "rc.1" },
	{ "a variant is a pre-release", "3.19-alpine", { 3, 19, 0 }, 2, "alpine" },
	{ "a suffix behind one number", "7-bookworm", { 7, 0, 0 }, 1, "bookworm" },
	{ "a suffix behind an underscore", "1.2.3_4", { 1, 2, 3 }, 3, "4" },
	{ "hyphens inside a suffix", "1.0.0--x-", { 1, 0, 0 }, 3, "-x-" },
	{ "build metadata is dropped", "1.0.0+20130313", { 1, 0, 0 }, 3, NULL },
	{ "build metadata behind a pre-release", "1.0.0-beta+exp.sha", { 1, 0, 0 }, 3, "beta" },
	{ "a date with seconds", "20261120081500", { 20261120081500, 0, 0 }, 1, NULL },
};

static const struct {
	const char *name, *text;
} bad[] = {
	{ "empty", "" },
	{ "a word", "latest" },
	{ "only a v", "v" },
	{ "a capital V", "V1" },
	{ "five numbers", "1.2.3.4.5" },
	{ "a dot at the end", "1.2." },
	{ "a dot at the front", ".1" },
	{ "two dots", "1..2" },
	{ "an empty suffix", "1.0.0-" },
	{ "an empty identifier", "1.0.0-a..b" },
	{ "a commit that begins with digits", "7a3f9c2" },
	{ "a suffix without a hyphen", "3.13.0rc1" },
	{ "more digits than any date", "1234567890123456789" },
	{ "a blank", "1.2 3" },
	{ "empty build metadata", "1.0.0+" },
	{ "an odd character in a suffix", "1.0.0-a/b" },
};

/* semver.org 2.0.0, section 11, its own examples, then what tags add. */
static const char *const ascending[] = {
	"0.9.9",
	"1.0.0-1",
	"1.0.0-2",
	"1.0.0-10",
	"1.0.0-99999999999999999999999",
	"1.0.0-alpha",
	"1.0.0-alpha.1",
	"1.0.0-alpha.beta",
	"1.0.0-beta",
	"1.0.0-beta.2",
	"1.0.0-beta.11",
	"1.0.0-rc.1",
	"1.0.0",
	"1.0.0.1",
	"1.0.0.10",
	"1.0.1",
	"1.2",
	"1.10",
	"2.0.0",
	"2.1.0",
	"2.1.1",
	"10",
	"20.04",
	"20.10",
	"20261120",
};

static const char *const equal[][2] = {
	{ "1", "1.0" },
	{ "1.0", "v1.0.0" },
	{ "22.04", "22.4" },
	{ "1.0.0+a", "1.0.0+b" },
	{ "1.0.0-rc.01", "1.0.0-rc.1" },
};

static int compare(const char *a, const char *b)
{
	struct version va, vb;

	if (!version_parse(&va, span_str(a)) || !version_parse(&vb, span_str(b)))
		return 99;
	return version_cmp(&va, &vb);
}

static void test_parse(void)
{
	for (size_t i = 0; i < sizeof(good) / sizeof(good[0]); i++) {
		struct version v;
		bool ok = version_parse(&v, span_str(good[i].text));

		ok = ok && memcmp(v.n, good[i].n, sizeof(v.n)) == 0 && v.given == good[i].given;
		ok = ok && (good[i].pre ? v.pre.p && span_eq(v.pre, good[i].pre) : !v.pre.p);
		CHECK_ROW(ok, good[i].name);
	}
	for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
		struct version v;

		CHECK_ROW(!version_parse(&v, span_str(bad[i].text)), bad[i].name);
	}
}

static void test_order(void)
{
	const size_t n = sizeof(ascending) / sizeof(ascending[0]);

	for (size_t i = 0; i < n; i++)
		for (size_t j = 0; j < n; j++) {
			int c = compare(ascending[i], ascending[j]);
			int want = (i > j) - (i < j);
			char name[120];

			if ((c > 0) - (c < 0) == want && i + 1 != j)
				continue;
			snprintf(name, sizeof(name), "%s before %s", ascending[i], ascending[j]);
			CHECK_ROW((c > 0) - (c < 0) == want, name);
		}
	for (size_t i = 0; i < sizeof(equal) / sizeof(equal[0]); i++)
		CHECK_ROW(compare(equal[i][0], equal[i][1]) == 0, equal[i][1]);
}

static const struct {
	const char *range, *yes, *no;
} ranges[] = {
	{ "1.4.2", "1.4.2 v1.4.2", "1.4.2.1 1.4.1 1.4.3 1.4.2-rc.1 1.4" },
	{ "=1.4", "1.4 1.4.0 1.4.9", "1.5 1.3.9 1.4.0-rc.1 1.5.0-rc.1" },
	{ "1.4.x", "1.4.0 1.4.9", "1.5.0" },
	{ "1.x", "1.0.0 1.99", "2 0.9" },
	{ "*", "0 1.2.3 99", "1.0.0-rc.1" },
	{ ">=1.4 <2", "1.4 1.4.0 1.99.99 1.4.0.7", "1.3.9 2 2.0.0-rc.1 1.5.0-rc.1" },
	{ ">=1.4, <2", NULL, NULL },
	{ ">1.4", "1.5 2", "1.4 1.4.9 1.5.0-rc.1" },
	{ ">1.4.0", "1.4.1", "1.4.0 1.4" },
	{ "<=1.4", "1.4.9 0", "1.5 1.5.0-rc.1" },
	{ "<=1.4.0", "1.4.0 1.4", "1.4.1" },
	{ "<1.4", "1.3.99 0", "1.4 1.4.0" },
	{ "~1.4.2", "1.4.2 1.4.9", "1.4.1 1.5.0" },
	{ "~1.4", "1.4 1.4.9", "1.5" },
	{ "~1", "1 1.9", "2" },
	{ "^1.4.2", "1.4.2 1.9", "1.4.1 2 2.0.0-rc.1" },
	{ "^0.4.2", "0.4.2 0.4.9", "0.5.0 1" },
	{ "^0.0.3", "0.0.3", "0.0.4 0.0.2" },
	{ "^0.0", "0.0.9", "0.1" },
	{ "^0", "0.9.9", "1" },
	{ "^1.x", "1.0 1.9", "2" },
	{ "1.2 || ^3", "1.2.7 3.5", "1.3 2 4" },
	{ "<1||>=2", "0.9 2", "1 1.9" },
	{ ">= 1.4  < 2", "1.5", "2" },
	{ ">=1.4.0-0 <2", "1.4.0 1.4.0-rc.1 1.9.0-rc.1", "2.0.0-rc.1 2 1.3.9" },
	{ "^3.19-alpine", "3.19-alpine 3.20-alpine 3.20", "3.18-alpine 4" },
	{ "3.19-alpine", "3.19-alpine 3.19.0-alpine", "3.19 3.19-slim 3.19.1-alpine" },
	{ "1.0.0-rc.x", "1.0.0-rc.x", "1.0.0-rc 1.0.0-rc.1" },
	{ "^1 || >=2.0.0-0 <3", "1.5 2.0.0-rc.1", "1.5.0-rc.1 3" },
	{ ">*", "", "0 1 99" },
};

static void test_range(void)
{
	for (size_t i = 0; i < sizeof(ranges) / sizeof(ranges[0]); i++) {
		struct err err = ERR_INIT;
		struct version_range *r = version_range_new(span_str(ranges[i].range), NULL, &err);
		char name[120];

		if (!ranges[i].yes) {
			CHECK_ROW(!r, ranges[i].range);
			continue;
		}
		for (int want = 0; want < 2; want++) {
			struct span words = span_str(want ? ranges[i].yes : ranges[i].no), word;

			while (words.n && span_cut(&words, ' ', &word)) {
				struct version v;

				snprintf(name, sizeof(name), "%s %s %.*s", ranges[i].range,
					 want ? "takes" : "leaves", SPAN_ARG(word));
				CHECK_ROW(r && version_parse(&v, word) &&
						  version_in_range(r, &v) == want,
					  name);
			}
		}
		version_range_free(r);
	}
}

static const struct {
	const char *range, *msg;
	size_t at;
} wrong[] = {
	{ "", "a version is missing", 0 },
	{ ">=", "a version is missing", 2 },
	{ ">=1.4 <", "a version is missing", 7 },
	{ "1 ||", "a version is missing", 4 },
	{ "|| 1", "a version is missing", 0 },
	{ "1 | 2", "\"or\" is written \"||\"", 2 },
	{ "1.2 - 2.3", "a range is written \">=1.2 <=2.3\"", 4 },
	{ ">=1.4 <two", "\"two\" is not a version", 7 },
	{ ">=1.4,<2", "\"1.4,\" is not a version", 2 },
	{ "1.x.3", "\"1.x.3\" is not a version", 0 },
	{ "=>1.4", "a version is missing", 1 },
};

static void test_wrong(void)
{
	for (size_t i = 0; i < sizeof(wrong) / sizeof(wrong[0]); i++) {
		struct err err = ERR_INIT;
		size_t at = 99;

		CHECK_ROW(!version_range_new(span_str(wrong[i].range), &at, &err), wrong[i].range);
		CHECK_TEXT(err.msg, wrong[i].msg, wrong[i].range);
		CHECK_ROW(at == wrong[i].at && err.kind == ERR_USAGE, "where it is wrong");
	}
}

int main(void)
{
	test_parse();
	test_order();
	test_range();
	test_wrong();
	return tap_done();
}
