#include "oci/image/glob.h"

#include "oci/base/cleanup.h"
#include "oci/base/err.h"
#include "oci/image/ref.h"
#include "tests/tap.h"

static const struct {
	const char *name, *pattern, *text;
	bool match;
} rows[] = {
	{ "itself", "3.19", "3.19", true },
	{ "a dot is a dot", "3.19", "3x19", false },
	{ "a prefix is not enough", "3.1", "3.19", false },
	{ "a suffix is not enough", "19", "3.19", false },
	{ "empty matches empty", "", "", true },
	{ "empty matches nothing else", "", "a", false },
	{ "a star matches empty", "*", "", true },
	{ "a star matches all", "*", "library/alpine", true },
	{ "a star crosses slashes", "docker.io/*", "docker.io/a/b/c", true },
	{ "a star in the middle", "v2.*.0", "v2.45.0", true },
	{ "a star takes the longest that works", "a*b", "abbbab", true },
	{ "stars at both ends", "*-rc*", "v2.0-rc.1", true },
	{ "stars at both ends, none", "*-rc*", "v2.0", false },
	{ "many stars", "*a*b*c*", "xxaxxbxxcxx", true },
	{ "many stars in the wrong order", "*a*b*c*", "cba", false },
	{ "stars beside one another", "a**b", "ab", true },
	{ "a question mark is one character", "3.?", "3.1", true },
	{ "a question mark is not none", "3.?", "3.", false },
	{ "a question mark is not two", "3.?", "3.19", false },
	{ "a star and a question mark need one", "*?", "", false },
	{ "brackets are themselves", "[a]", "a", false },
	{ "a backslash is itself", "\\*", "\\x", true },
	{ "the last star goes back", "*ab", "aab", true },
	{ "the text ends first", "abc*d", "abc", false },
};

static void test_match(void)
{
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++)
		CHECK_ROW(glob_match(span_str(rows[i].pattern), span_str(rows[i].text)) ==
				  rows[i].match,
			  rows[i].name);
	CHECK(glob_match_any(span_str("a,b*"), span_str("bc")));
	CHECK(!glob_match_any(span_str("a,b*"), span_str("c")));
	CHECK(glob_has_wildcard(span_str("a?")) && glob_has_wildcard(span_str("*")));
	CHECK(!glob_has_wildcard(span_str("a.b")));
}

/* A backtracking matcher would need longer than the universe has. */
static void test_cost(void)
{
	char pattern[401], text[4001];

	for (size_t i = 0; i < 400; i += 2)
		memcpy(pattern + i, "*a", 2);
	pattern[399] = 'b';
	pattern[400] = '\0';
	memset(text, 'a', 4000);
	text[4000] = '\0';
	CHECK(!glob_match(span_str(pattern), span_str(text)));
}

#define HEX "9b79aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa"

static const struct {
	const char *name, *pattern, *ref;
	bool match;
} refs[] = {
	{ "everything", "*", "docker.io/library/alpine:3.19", true },
	{ "a short name is normalised", "alpine:3.19", "docker.io/library/alpine:3.19", true },
	{ "no tag part means every tag", "alpine", "docker.io/library/alpine:edge", true },
	{ "another tag", "alpine:3.19", "docker.io/library/alpine:3.20", false },
	{ "a wildcard in the tag only", "alpine:3.*", "docker.io/library/alpine:3.20", true },
	{ "a name with wildcard is not normalised", "alp*", "docker.io/library/alpine:3", false },
	{ "a name with wildcard in full", "docker.io/*/alp*", "docker.io/library/alpine:3", true },
	{ "all of a host", "quay.io/*", "quay.io/a/b:1", true },
	{ "not another host", "quay.io/*", "ghcr.io/quay.io/b:1", false },
	{ "a tag of any name", "*:latest", "ghcr.io/a/b:latest", true },
	{ "a tag of any name, another tag", "*:latest", "ghcr.io/a/b:1", false },
	{ "the tag part of a target without tag", "*:*", "ghcr.io/a/b@sha256:" HEX, false },
	{ "no tag part and a target by digest", "ghcr.io/*", "ghcr.io/a/b@sha256:" HEX, true },
	{ "the port is not a tag", "registry.corp:5000/*", "registry.corp:5000/a:1", true },
	{ "the port is compared", "registry.corp:5000/*", "registry.corp:5001/a:1", false },
	{ "a port and a tag", "registry.corp:5000/a:2", "registry.corp:5000/a:2", true },
	{ "a digest", "ghcr.io/a/b@sha256:" HEX, "ghcr.io/a/b@sha256:" HEX, true },
	{ "a digest of a tagged image", "ghcr.io/a/b@sha256:" HEX, "ghcr.io/a/b:1@sha256:" HEX,
	  true },
	{ "any digest", "*@sha256:*", "ghcr.io/a/b@sha256:" HEX, true },
	{ "any digest, none", "*@*:*", "ghcr.io/a/b:1", false },
	{ "docker's other names", "index.docker.io/library/a:1", "docker.io/library/a:1", true },
};

static void test_refs(void)
{
	for (size_t i = 0; i < sizeof(refs) / sizeof(refs[0]); i++) {
		cleanup_by(ref_release) struct ref r = REF_INIT;
		struct err err = ERR_INIT;

		CHECK_ROW(ref_parse(&r, span_str(refs[i].ref), &err) == 0 &&
				  glob_check_ref(span_str(refs[i].pattern), &err) == 0 &&
				  glob_match_ref(span_str(refs[i].pattern), &r) == refs[i].match,
			  refs[i].name);
	}
}

static const struct {
	const char *pattern, *msg;
} bad[] = {
	{ "", "an empty pattern" },
	{ "a b*", "the name \"a b*\" of a pattern has a character that none has" },
	{ "*:", "an empty tag in a pattern" },
	{ ":3", "an empty name in a pattern" },
	{ "*@", "an empty digest in a pattern" },
	{ "*:a+b", "the tag \"a+b\" of a pattern has a character that none has" },
	{ "alpine:-x", "\"-x\" is not a tag" },
	{ "a/../b",
	  "\"a/../b\" is not a repository name (lower-case letters, digits, and single . _ "
	  "__ - between them)" },
};

static void test_bad(void)
{
	for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
		struct err err = ERR_INIT;

		CHECK_ROW(glob_check_ref(span_str(bad[i].pattern), &err) < 0 &&
				  err.kind == ERR_USAGE,
			  "a bad pattern");
		CHECK_TEXT(err.msg, bad[i].msg, bad[i].pattern);
	}
}

static const struct {
	const char *name, *pattern, *text;
	int r;
} regexes[] = {
	{ "matches", "v[0-9]+", "v12", 1 },
	{ "anchored at the front", "[0-9]+", "v12", 0 },
	{ "anchored at the end", "v[0-9]", "v12", 0 },
	{ "alternatives are anchored too", "a|ab", "ab", 1 },
	{ "the end is the end, not a line's", "a$", "a\n", 0 },
	{ "too dear", "(a+)+(b+)+c", "aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa", 0 },
	{ "runs away", "((a|a)+)+[bc]", "aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaad", -1 },
};

static void test_regex(void)
{
	for (size_t i = 0; i < sizeof(regexes) / sizeof(regexes[0]); i++) {
		struct err err = ERR_INIT;
		struct regex *re = regex_new(span_str(regexes[i].pattern), NULL, &err);
		int r = re ? regex_match(re, span_str(regexes[i].text), &err) : 99;

		CHECK_ROW(r == regexes[i].r && (r >= 0 || err.kind == ERR_LIMIT), regexes[i].name);
		regex_free(re);
	}
}

static const struct {
	const char *pattern, *msg;
	size_t at;
} no_regex[] = {
	{ "a(b", "not a regular expression: missing closing parenthesis", 3 },
	{ "*a", "not a regular expression: quantifier does not follow a repeatable item", 0 },
	{ "((a{1000}){1000}){1000}", "not a regular expression: regular expression is too large",
	  0 },
	{ "(*UTF)a", "not a regular expression: using UTF is disabled by the application", 6 },
};

static void test_no_regex(void)
{
	for (size_t i = 0; i < sizeof(no_regex) / sizeof(no_regex[0]); i++) {
		struct err err = ERR_INIT;
		size_t at = 99;

		CHECK_ROW(!regex_new(span_str(no_regex[i].pattern), &at, &err), "no expression");
		CHECK_TEXT(err.msg, no_regex[i].msg, no_regex[i].pattern);
		CHECK_ROW(i == 2 || at == no_regex[i].at, "where it is wrong");
	}
	CHECK(!regex_new(span_of(no_regex[0].pattern, 3), NULL, &(struct err)ERR_INIT));
}

int main(void)
{
	test_match();
	test_cost();
	test_refs();
	test_bad();
	test_regex();
	test_no_regex();
	return tap_done();
}
