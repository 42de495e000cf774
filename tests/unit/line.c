#include "oci/lists/line.h"

#include <stdlib.h>

#include "oci/base/buf.h"
#include "oci/base/cleanup.h"
#include "oci/base/err.h"
#include "tests/tap.h"

/* Words as "<column>:<word>" or "<column>:<key>=<value column>:<value>", with "|" between them. */
static const struct {
	const char *name, *text, *words;
} good[] = {
	{ "empty", "", "" },
	{ "blanks", " \t ", "" },
	{ "a comment", "# a=b", "" },
	{ "a comment after blanks", "   # x", "" },
	{ "one word", "alpine:3.19", "1:alpine:3.19" },
	{ "blanks around", "  alpine\t", "3:alpine" },
	{ "two words and a tab", "image\t*", "1:image|7:*" },
	{ "an option", "a keep=3", "1:a|3:keep=8:3" },
	{ "a comment after a word", "a # b", "1:a" },
	{ "a comment without a blank behind", "a #b c", "1:a" },
	{ "no comment without a blank before", "a#b", "1:a#b" },
	{ "nor inside a value", "k=a#b", "1:k=3:a#b" },
	{ "a value in quotes", "k=\"a b\" c", "1:k=3:a b|9:c" },
	{ "a comment inside quotes", "k=\"a # b\" # c", "1:k=3:a # b" },
	{ "an empty value", "k= a", "1:k=3:|4:a" },
	{ "an empty quoted value", "k=\"\"", "1:k=3:" },
	{ "an escaped quote", "k=\"a\\\"b\"", "1:k=3:a\"b" },
	{ "an escaped backslash", "k=\"a\\\\\"", "1:k=3:a\\" },
	{ "another backslash stands", "k=\"\\d\\.\"", "1:k=3:\\d\\." },
	{ "a backslash outside quotes stands", "k=\\d\\\\", "1:k=3:\\d\\\\" },
	{ "the second equals sign is the value's", "semver=>=1", "1:semver=8:>=1" },
	{ "equals in front is a plain word", "=a", "1:=a" },
	{ "columns count characters", "n=\"ü ö\" b", "1:n=3:ü ö|9:b" },
	{ "an equals sign in a comment word", "a # k=v", "1:a" },
};

static const struct {
	const char *name, *text;
	int column;
	const char *msg;
} bad[] = {
	{ "an open quote", "a k=\"b c", 5, "a quote is opened and not closed" },
	{ "an escape before the end", "k=\"b\\\"", 3, "a quote is opened and not closed" },
	{ "text after a quote", "k=\"b\"c", 6, "a blank is missing after the closing quote" },
	{ "a quote in a value", "k=b\"c\"", 4,
	  "a quote can only stand around a whole value: key=\"...\"" },
	{ "a quoted word", "\"alpine\"", 1,
	  "a quote can only stand around a whole value: key=\"...\"" },
	{ "a quote after an umlaut", "ü k=\"b", 5, "a quote is opened and not closed" },
};

static char *print(const struct line *l)
{
	struct buf b = BUF_INIT(10000);

	for (size_t i = 0; i < l->n; i++) {
		const struct line_word *w = &l->v[i];

		buf_addf(&b, "%s%d:", i ? "|" : "", w->column);
		if (w->key.p)
			buf_addf(&b, "%.*s=%d:", SPAN_ARG(w->key), w->value_column);
		buf_addf(&b, "%.*s", SPAN_ARG(w->text));
	}
	return buf_take(&b);
}

static void test_words(void)
{
	static struct line l;

	for (size_t i = 0; i < sizeof(good) / sizeof(good[0]); i++) {
		struct err err = ERR_INIT;
		int column = 0;
		cleanup_free char *got = NULL;

		CHECK_ROW(line_parse(&l, span_str(good[i].text), &column, &err) == 0, good[i].name);
		got = print(&l);
		CHECK_TEXT(got, good[i].words, good[i].name);
	}
	for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
		struct err err = ERR_INIT;
		int column = 0;

		CHECK_ROW(line_parse(&l, span_str(bad[i].text), &column, &err) < 0, bad[i].name);
		CHECK_ROW(column == bad[i].column, "its column");
		CHECK_TEXT(err.msg, bad[i].msg, bad[i].name);
	}
}

static void test_column(void)
{
	static struct line l;
	struct err err;
	int column;

	line_parse(&l, span_str("a k=bcd"), &column, &err);
	CHECK(line_column(&l.v[1], 0) == 5 && line_column(&l.v[1], 2) == 7);
	line_parse(&l, span_str("a k=\"b\\\"d\""), &column, &err);
	CHECK(line_column(&l.v[1], 0) == 6); /* inside the quotes */
	CHECK(line_column(&l.v[1], 2) == 9); /* after an escape */
	CHECK(line_column(&l.v[1], 3) == 10);
	CHECK(line_find(&l, "k") == &l.v[1] && !line_find(&l, "a"));
}

static void collect(const struct line *l, const struct place *at, void *arg)
{
	cleanup_free char *words = print(l);

	buf_addf(arg, "%d %s\n", at->line, words);
}

static const struct {
	const char *name, *bytes;
	size_t n; /* 0: up to its NUL */
	const char *lines, *problem;
} files[] = {
	{ "empty", "", 0, "", "" },
	{ "lines", "a\n\nb # c\n", 0, "1 1:a\n3 1:b\n", "" },
	{ "no newline at the end", "a\nb", 0, "1 1:a\n2 1:b\n", "" },
	{ "CRLF", "a\r\nb\r\n", 0, "1 1:a\n2 1:b\n", "" },
	{ "a byte order mark",
	  "\xef\xbb\xbf"
	  "a\n",
	  0, "1 1:a\n", "" },
	{ "a bad line among good ones", "a\nk=\"\nb\n", 0, "1 1:a\n3 1:b\n",
	  "f:2:3: a quote is opened and not closed" },
	{ "a NUL", "a\nb\0c\nd\n", 8, "1 1:a\n",
	  "f:2:2: byte 0x00 is not text (UTF-8 without control characters): the rest of the file "
	  "is not read" },
	{ "Latin-1", "n=J\xfcrgen\n", 0, "",
	  "f:1:4: byte 0xfc is not text (UTF-8 without control characters): the rest of the file "
	  "is not read" },
	{ "a lone carriage return", "a\rb\n", 0, "",
	  "f:1:2: byte 0x0d is not text (UTF-8 without control characters): the rest of the file "
	  "is not read" },
	{ "an overlong form", "\xc0\xaf\n", 0, "",
	  "f:1:1: byte 0xc0 is not text (UTF-8 without control characters): the rest of the file "
	  "is not read" },
	{ "a surrogate", "\xed\xa0\x80\n", 0, "",
	  "f:1:1: byte 0xed is not text (UTF-8 without control characters): the rest of the file "
	  "is not read" },
	{ "an escape sequence", "\x1b[2J\n", 0, "",
	  "f:1:1: byte 0x1b is not text (UTF-8 without control characters): the rest of the file "
	  "is not read" },
};

static char *print_problems(const struct problems *ps)
{
	struct buf b = BUF_INIT(100000);

	for (size_t i = 0; i < ps->n; i++)
		buf_addf(&b, "%s%s:%d:%d: %s", i ? "\n" : "", ps->v[i].file, ps->v[i].line,
			 ps->v[i].column, ps->v[i].text);
	return buf_take(&b);
}

static void test_files(void)
{
	for (size_t i = 0; i < sizeof(files) / sizeof(files[0]); i++) {
		cleanup_by(problems_release) struct problems ps = PROBLEMS_INIT;
		cleanup_by(buf_release) struct buf lines = BUF_INIT(10000);
		cleanup_free char *problems = NULL;
		size_t n = files[i].n ? files[i].n : strlen(files[i].bytes);

		line_each(&ps, "f", span_of(files[i].bytes, n), collect, &lines);
		problems = print_problems(&ps);
		CHECK_TEXT(lines.p, files[i].lines, files[i].name);
		CHECK_TEXT(problems, files[i].problem, files[i].name);
	}
}

static void test_sizes(void)
{
	cleanup_by(problems_release) struct problems ps = PROBLEMS_INIT;
	cleanup_by(buf_release) struct buf lines = BUF_INIT(10000);
	cleanup_free char *problems = NULL;
	const size_t n = 10UL * MIB;
	cleanup_free char *big = xmalloc(n);

	memset(big, 'a', n);
	line_each(&ps, "big", span_of(big, n), collect, &lines);
	line_each(&ps, "long", span_of(big, 5000), collect, &lines);
	for (size_t i = 1; i < 500; i += 2)
		big[i] = ' ';
	line_each(&ps, "words", span_of(big, 500), collect, &lines);
	problems = print_problems(&ps);
	CHECK_TEXT(problems,
		   "big:0:0: is larger than 8 MiB\n"
		   "long:1:1: a line of 5000 bytes; at most 4096 are read\n"
		   "words:1:129: too many words in a line",
		   "large files, lines and counts");
	CHECK_TEXT(lines.p, "", "none of them is read");
}

static void test_problems(void)
{
	cleanup_by(problems_release) struct problems ps = PROBLEMS_INIT;
	cleanup_free char *text = NULL;

	problem_add(&ps, false, "b", 1, 1, "third");
	problem_add(&ps, true, "a", 2, 9, "second");
	problem_add(&ps, false, "a", 2, 3, "first\x1b[2J");
	problem_add(&ps, false, "b", 1, 1, "fourth");
	problems_sort(&ps);
	text = print_problems(&ps);
	CHECK_TEXT(text, "a:2:3: first?[2J\na:2:9: second\nb:1:1: third\nb:1:1: fourth",
		   "in order");
	CHECK(ps.errors == 3 && ps.warnings == 1);
	for (int i = 0; i < 200; i++)
		problem_add(&ps, false, "c", i, 0, "more");
	CHECK(ps.errors == 203 && ps.n == LIMIT_LIST_ERRORS + 1);
}

int main(void)
{
	test_words();
	test_column();
	test_files();
	test_sizes();
	test_problems();
	return tap_done();
}
