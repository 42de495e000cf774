#include "oci/base/buf.h"

#include <stdlib.h>

#include "oci/base/cleanup.h"
#include "tests/tap.h"

static void test_add(void)
{
	cleanup_by(buf_release) struct buf b = BUF_INIT(1000);

	CHECK_ROW(b.n == 0 && b.p[0] == '\0' && !buf_failed(&b), "empty");
	CHECK_ROW(buf_adds(&b, "ab") && buf_addc(&b, 'c') && buf_add(&b, "d\0e", 3) &&
			  buf_addf(&b, "%d-%s", 7, "x"),
		  "filled");
	CHECK_ROW(b.n == 9 && memcmp(b.p, "abcd\0e7-x", 10) == 0, "in order, with a NUL behind");
	CHECK_ROW(buf_add(&b, NULL, 0) && buf_adds(&b, "") && buf_addf(&b, "%s", "") && b.n == 9,
		  "nothing adds nothing");
	CHECK_ROW(buf_span(&b).p == b.p && buf_span(&b).n == 9, "as a span");
	buf_clear(&b);
	CHECK_ROW(b.n == 0 && b.p[0] == '\0' && b.cap > 0, "emptied, it keeps its memory");
}

/* Every way to add, one byte short of what it needs. */
static bool add_in_way(struct buf *b, int way)
{
	switch (way) {
	case 0: return buf_add(b, "abc", 3);
	case 1: return buf_adds(b, "abc");
	case 2: return buf_addc(b, 'a') && buf_addc(b, 'b') && buf_addc(b, 'c');
	case 3: return buf_addf(b, "a%s", "bc");
	case 4: return buf_add_json(b, "a");
	default: return buf_reserve(b, 3) != NULL;
	}
}

static void test_ceiling(void)
{
	for (int way = 0; way < 6; way++) {
		cleanup_by(buf_release) struct buf fits = BUF_INIT(3), small = BUF_INIT(2),
						   later = BUF_INIT(4);

		CHECK_ROW(add_in_way(&fits, way) && !buf_failed(&fits), "what fits exactly");
		CHECK_ROW(!add_in_way(&small, way) && buf_failed(&small), "one byte too little");
		CHECK_ROW(small.n <= 2 && !buf_addc(&small, 'x') && !buf_add(&small, "", 0),
			  "the mark stays");
		buf_adds(&later, "12");
		CHECK_ROW(!add_in_way(&later, way) && later.n <= 4 && later.p[later.n] == '\0',
			  "and what is there is not harmed");
		buf_clear(&later);
		CHECK_ROW(!buf_failed(&later) && add_in_way(&later, way), "until it is emptied");
	}

	cleanup_by(buf_release) struct buf none = BUF_INIT(0);

	CHECK_ROW(buf_add(&none, "", 0) && !buf_failed(&none) && !buf_addc(&none, 'x'),
		  "a ceiling of nothing holds nothing");
}

static void test_start(void)
{
	static const struct {
		const char *name, *text, *want;
	} rows[] = {
		{ "all of it", "abcd", "abcd" },
		{ "its start", "abcde", "abcd\342\200\246" },
		{ "whole characters", "abc\303\274x", "abc\342\200\246" },
		{ "no character fits", "\200\200\200\200\200", "\342\200\246" },
		{ "nothing", "", "" },
	};

	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		cleanup_by(buf_release) struct buf b = BUF_INIT(100);

		buf_add_start(&b, rows[i].text, 4);
		CHECK_TEXT(b.p, rows[i].want, rows[i].name);
	}
}

static void test_growth(void)
{
	cleanup_by(buf_release) struct buf b = BUF_INIT(100000);
	bool ended = true;

	for (int i = 0; i < 100000; i++)
		ended &= buf_addc(&b, (char)('a' + i % 26)) && b.p[b.n] == '\0';
	CHECK_ROW(ended && b.n == 100000,
		  "byte by byte up to the ceiling, with a NUL behind each time");
	CHECK_ROW(b.p[99999] == 'a' + 99999 % 26 && b.p[0] == 'a', "nothing lost");
	CHECK_ROW(!buf_addc(&b, 'x') && b.n == 100000, "and no further");
}

static void test_room(void)
{
	cleanup_by(buf_release) struct buf b = BUF_INIT(1000);
	char *room = buf_reserve(&b, 100);

	CHECK_ROW(room && b.n == 0 && b.p[0] == '\0', "room that nobody fills is no content");
	memset(room, 'x', 100);
	b.n = 50;
	b.p[50] = '\0';
	CHECK_ROW(buf_reserve(&b, 950) == b.p + 50 && !buf_reserve(&b, 951) && buf_failed(&b),
		  "room behind what is there, within the ceiling");
	buf_clear(&b);
	CHECK_ROW(buf_reserve(&b, 0) != NULL, "room for nothing");
	CHECK_ROW(!buf_reserve(&b, (size_t)-1) && buf_failed(&b), "a size that would wrap around");
}

static void test_take(void)
{
	cleanup_by(buf_release) struct buf b = BUF_INIT(10);
	cleanup_free char *empty = buf_take(&b), *full = NULL;

	CHECK_TEXT(empty, "", "an empty text is taken as well");
	buf_adds(&b, "abc");
	full = buf_take(&b);
	CHECK_TEXT(full, "abc", "taken");
	CHECK_ROW(b.n == 0 && b.p[0] == '\0' && b.max == 10 && !buf_failed(&b),
		  "nothing is left behind");
	CHECK_ROW(buf_adds(&b, "0123456789") && !buf_addc(&b, 'x'), "but the ceiling");
	buf_release(&b);
	buf_release(&b);
	CHECK_ROW(b.n == 0 && !buf_failed(&b), "released twice");
}

static void test_json(void)
{
	static const struct {
		const char *name, *text, *want;
	} rows[] = {
		{ "plain", "abc", "\"abc\"" },
		{ "nothing", "", "\"\"" },
		{ "quotes and backslashes", "\"\\/", "\"\\\"\\\\/\"" },
		{ "a line's end", "a\nb", "\"a\\nb\"" },
		{ "controls", "\001\t\r\037\177", "\"\\u0001\\u0009\\u000d\\u001f\\u007f\"" },
		{ "UTF-8", "\303\274\342\202\254\360\237\220\263",
		  "\"\303\274\342\202\254\360\237\220\263\"" },
		// NOLINTNEXTLINE(misc-misleading-bidirectional): it is what is tested
		{ "C1, directions, no width, lines", "\302\233\342\200\256\342\200\213\342\200\250",
		  "\"\\u009b\\u202e\\u200b\\u2028\"" },
		{ "beyond U+FFFF", "\363\240\201\201", "\"\\udb40\\udc41\"" },
		{ "a command to a pipeline's runner", "a ##[error]b #[",
		  "\"a ##\\u005berror]b #[\"" },
		{ "plain text around what is not", " ~\177 ~\037[~##a1[ [ \"~",
		  "\" ~\\u007f ~\\u001f[~##a1\\u005b [ \\\"~\"" },
		{ "bytes that are none", "a\377b\200", "\"a\\ufffdb\\ufffd\"" },
		{ "cut off", "\342\202", "\"\\ufffd\\ufffd\"" },
		{ "a surrogate", "\355\240\200", "\"\\ufffd\\ufffd\\ufffd\"" },
	};

	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		cleanup_by(buf_release) struct buf b = BUF_INIT(1000);

		buf_add_json(&b, rows[i].text);
		CHECK_TEXT(b.p, rows[i].want, rows[i].name);
	}
}

int main(void)
{
	test_add();
	test_ceiling();
	test_growth();
	test_start();
	test_room();
	test_take();
	test_json();
	return tap_done();
}
