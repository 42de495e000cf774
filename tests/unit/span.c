#include "oci/base/span.h"

#include <stdint.h>

#include "tests/tap.h"

static void words(void)
{
	static const struct {
		const char *name, *text, *want;
	} rows[] = {
		{ "one word", "a", "[a]" },
		{ "nothing is one empty word", "", "[]" },
		{ "two separators part three words", "a,,b", "[a][][b]" },
		{ "a separator at the end leaves an empty word", "a,", "[a][]" },
		{ "a separator at the front too", ",a", "[][a]" },
	};

	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		struct span rest = span_str(rows[i].text), word;
		char got[64] = "";

		while (span_cut(&rest, ',', &word))
			snprintf(got + strlen(got), sizeof(got) - strlen(got), "[%.*s]",
				 SPAN_ARG(word));
		CHECK_TEXT(got, rows[i].want, rows[i].name);
	}
}

/* The bytes behind a span are somebody else's. */
static void bounds(void)
{
	struct span rest = span_of("a,bc,d", 3), word;

	CHECK(span_cut(&rest, ',', &word) && span_eq(word, "a") && rest.n == 1);
	CHECK(span_cut(&rest, ',', &word) && span_eq(word, "b") && !rest.p);
	CHECK(!span_cut(&rest, ',', &word));
	CHECK(span_number(span_of("123", 2), 999) == 12);
	CHECK(span_eq(span_trim(span_of(" a b", 2)), "a"));
}

static void numbers(void)
{
	static const struct {
		const char *name, *text;
		long long want;
	} rows[] = {
		{ "zero", "0", 0 },
		{ "the largest allowed", "65535", 65535 },
		{ "one more", "65536", -1 },
		{ "far more than fits", "99999999999999999999999999", -1 },
		{ "leading zeros", "0080", 80 },
		{ "nothing", "", -1 },
		{ "a sign", "+1", -1 },
		{ "a blank", " 1", -1 },
		{ "another character", "12a", -1 },
	};

	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++)
		CHECK_ROW(span_number(span_str(rows[i].text), 65535) == rows[i].want, rows[i].name);
	for (long long max = 0; max < 120; max++) {
		bool right = true;

		for (int n = 0; n < 130; n++) {
			char text[12];

			snprintf(text, sizeof(text), "%d", n);
			right &= span_number(span_str(text), max) == (n <= max ? n : -1);
		}
		CHECK_ROW(right, "every number up to a ceiling, and none beyond");
	}
	CHECK(span_number(span_str("9223372036854775807"), INT64_MAX) == INT64_MAX);
	CHECK(span_number(span_str("9223372036854775808"), INT64_MAX) == -1);
}

static void utf8(void)
{
	static const struct {
		const char *name, *text;
		size_t want;
	} rows[] = {
		{ "ASCII", "a", 1 },
		{ "two bytes", "\xc3\xa4", 2 },
		{ "three bytes", "\xe2\x82\xac", 3 },
		{ "four bytes", "\xf0\x9f\x90\xb3", 4 },
		{ "the last character of Unicode", "\xf4\x8f\xbf\xbf", 4 },
		{ "one beyond it", "\xf4\x90\x80\x80", 0 },
		{ "overlong, two bytes", "\xc0\x80", 0 },
		{ "overlong, three bytes", "\xe0\x80\x80", 0 },
		{ "overlong, four bytes", "\xf0\x80\x80\x80", 0 },
		{ "a surrogate", "\xed\xa0\x80", 0 },
		{ "the character before the surrogates", "\xed\x9f\xbf", 3 },
		{ "a byte of the middle alone", "\x80", 0 },
		{ "cut off", "\xe2\x82", 0 },
		{ "its third byte is another character",
		  "\xe2\x82"
		  "a",
		  0 },
		{ "no UTF-8 at all", "\xff\xfe", 0 },
		{ "nothing", "", 0 },
	};

	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++)
		CHECK_ROW(span_utf8(span_str(rows[i].text)) == rows[i].want, rows[i].name);
}

static void ends(void)
{
	struct span text = span_str(" \t a b \t");

	CHECK(span_eq(span_trim(text), "a b"));
	CHECK(span_eq(span_trim(span_str(" \t ")), ""));
	CHECK(span_starts(span_str("sha256:00"), "sha256:"));
	CHECK(!span_starts(span_str("sha"), "sha256:"));
	CHECK(span_ends(span_str("base.list"), ".list"));
	CHECK(!span_ends(span_str("list"), ".list"));
	CHECK(span_eq_nocase(span_str("BEARER"), "bearer"));
	CHECK(!span_eq_nocase(span_str("BEARERS"), "bearer"));
}

/* A header that is not there is such a span. */
static void nothing(void)
{
	struct span none = span_of(NULL, 0), word;

	CHECK(span_eq(none, "") && !span_eq(none, "a"));
	CHECK(span_eq_nocase(none, "") && !span_eq_nocase(none, "a"));
	CHECK(span_starts(none, "") && !span_starts(none, "a"));
	CHECK(span_ends(none, "") && !span_ends(none, "a"));
	CHECK(span_trim(none).n == 0 && span_number(none, 9) == -1 && span_utf8(none) == 0);
	CHECK(!span_cut(&none, ',', &word));
}

/* A file for people: comments, empty lines and blanks are passed over, and counted. */
static void lines(void)
{
	static const struct {
		int number;
		const char *line;
	} want[] = { { 2, "a b" }, { 5, "c # d" }, { 6, "e" } };
	struct span rest = span_str("# what it is\n  a b\t\r\n\r\n \t\nc # d\ne"), line;
	int number = 0;

	for (size_t i = 0; i < sizeof(want) / sizeof(want[0]); i++) {
		CHECK(span_cut_line(&rest, &number, &line));
		CHECK(number == want[i].number && span_eq(line, want[i].line));
	}
	CHECK(!span_cut_line(&rest, &number, &line));
	rest = span_str("\n# nothing\n");
	CHECK(!span_cut_line(&rest, &number, &line));
}

int main(void)
{
	words();
	bounds();
	numbers();
	utf8();
	ends();
	nothing();
	lines();
	return tap_done();
}
