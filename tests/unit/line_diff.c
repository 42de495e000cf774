#include "oci/store/line_diff.h"

#include "oci/base/buf.h"
#include "oci/base/cleanup.h"
#include "oci/base/err.h"
#include "oci/base/limits.h"
#include "tests/tap.h"

static const struct {
	const char *name, *base, *to, *diff;
} differences[] = {
	{ "the same", "a\nb\n", "a\nb\n", "=2\n" },
	{ "nothing and nothing", "", "", "" },
	{ "all of it is new", "", "a\nb\n", "+2\na\nb\n" },
	{ "all of it went", "a\nb\n", "", "-2\n" },
	{ "one line differs", "a\nb\nc\n", "a\nx\nc\n", "=1\n-1\n+1\nx\n=1\n" },
	{ "one more at the front", "b\n", "a\nb\n", "+1\na\n=1\n" },
	{ "one more at the end", "a\n", "a\nb\n", "=1\n+1\nb\n" },
	{ "one less in the middle", "a\nb\nc\n", "a\nc\n", "=1\n-1\n=1\n" },
	{ "another order", "a\nb\n", "b\na\n", "-1\n=1\n+1\na\n" },
	{ "the same line twice", "a\na\nb\n", "a\nb\nb\n", "=1\n-1\n=1\n+1\nb\n" },
	{ "lines that look like steps", "=1\n+1\n", "+1\n-1\n", "-1\n=1\n+1\n-1\n" },
	{ "an empty line", "\n", "\n\n", "=1\n+1\n\n" },
};

static void test_differences(void)
{
	for (size_t i = 0; i < sizeof(differences) / sizeof(differences[0]); i++) {
		cleanup_by(lines_release) struct lines base = LINES_INIT, to = LINES_INIT;
		cleanup_by(buf_release) struct buf diff = BUF_INIT(KIB), made = BUF_INIT(KIB);
		struct err err = ERR_INIT;

		lines_split(&base, span_str(differences[i].base), &err);
		lines_split(&to, span_str(differences[i].to), &err);
		line_diff_write(&base, &to, &diff);
		CHECK_TEXT(diff.p, differences[i].diff, differences[i].name);
		CHECK_ROW(line_diff_apply(&base, buf_span(&diff), &err) == 0, "and it applies");
		lines_join(&base, &made);
		CHECK_TEXT(made.p, differences[i].to, "which gives it back");
	}
}

static const struct {
	const char *name, *diff;
} broken[] = {
	{ "too little of the base", "=1\n" },
	{ "too much of the base", "=3\n" },
	{ "too much taken out", "-3\n" },
	{ "lines that are not there", "=2\n+2\nx\n" },
	{ "a line that is cut off", "=2\n+1\nx" },
	{ "no number", "=\n-1\n" },
	{ "zero", "=0\n=2\n" },
	{ "a number that is none", "=2x\n" },
	{ "another step", "?2\n" },
	{ "an empty step", "=2\n\n" },
};

static void test_broken(void)
{
	for (size_t i = 0; i < sizeof(broken) / sizeof(broken[0]); i++) {
		cleanup_by(lines_release) struct lines l = LINES_INIT;
		struct err err = ERR_INIT;

		lines_split(&l, span_str("a\nb\n"), &err);
		CHECK_ROW(line_diff_apply(&l, span_str(broken[i].diff), &err) < 0 &&
				  err.kind == ERR_INVALID && l.n == 2,
			  broken[i].name);
	}
}

static void test_cut_off(void)
{
	cleanup_by(lines_release) struct lines l = LINES_INIT;
	struct err err = ERR_INIT;

	CHECK(lines_split(&l, span_str("a\nb"), &err) < 0 && err.kind == ERR_INVALID);
}

int main(void)
{
	test_differences();
	test_broken();
	test_cut_off();
	return tap_done();
}
