#include "sync/problem_format.h"

#include "oci/base/buf.h"
#include "oci/base/cleanup.h"
#include "oci/base/err.h"
#include "oci/base/json.h"
#include "tests/tap.h"

/* A problem in constant words. */
struct said {
	bool warning;
	const char *file;
	int line, column;
	const char *text;
};

static struct problem problem_of(const struct said *s)
{
	return (struct problem){ .warning = s->warning,
				 .file = (char *)s->file,
				 .line = s->line,
				 .column = s->column,
				 .text = (char *)s->text };
}

static const struct {
	const char *name, *where;
	struct said p;
	const char *text, *github;
} rows[] = {
	{ "an error",
	  "mirror-lists",
	  { .file = "base.list", .line = 12, .column = 5, .text = "no such tag" },
	  "mirror-lists/base.list:12:5: no such tag\n",
	  "::error file=mirror-lists/base.list,line=12,col=5::no such tag\n" },
	{ "a warning",
	  "mirror-lists",
	  { .warning = true, .file = "base.list", .line = 1, .column = 1, .text = "no tag" },
	  "mirror-lists/base.list:1:1: warning: no tag\n",
	  "::warning file=mirror-lists/base.list,line=1,col=1::no tag\n" },
	{ "about a whole file",
	  "lists",
	  { .file = "b.list", .text = "not text" },
	  "lists/b.list: not text\n",
	  "::error file=lists/b.list::not text\n" },
	{ "commas and colons stand in data as they are",
	  "lists",
	  { .file = "b.list", .line = 1, .column = 2, .text = "a:1, b:2" },
	  "lists/b.list:1:2: a:1, b:2\n",
	  "::error file=lists/b.list,line=1,col=2::a:1, b:2\n" },
	{ "but not in a property",
	  "repo.git:a,b",
	  { .file = "100%.list", .line = 1, .column = 2, .text = "x" },
	  "repo.git:a,b/100%.list:1:2: x\n",
	  "::error file=repo.git%3Aa%2Cb/100%25.list,line=1,col=2::x\n" },
	{ "a file's name that is a command",
	  "::debug::lists",
	  { .file = "##[error]\033b.list", .line = 1, .column = 2, .text = "x" },
	  "?:debug::lists/##(error]?b.list:1:2: x\n",
	  "::error file=%3A%3Adebug%3A%3Alists/##(error]?b.list,line=1,col=2::x\n" },
	{ "per cent",
	  "lists",
	  { .file = "b.list", .line = 1, .column = 2, .text = "100%0A" },
	  "lists/b.list:1:2: 100%0A\n",
	  "::error file=lists/b.list,line=1,col=2::100%250A\n" },
	{ "no line end gets out, nor another command in",
	  "lists",
	  { .file = "b.list", .line = 1, .column = 2, .text = "x\r\n::set-env::y" },
	  NULL,
	  "::error file=lists/b.list,line=1,col=2::x%0D%0A::set-env::y\n" },
	{ "the repository's root",
	  ".",
	  { .file = "b.list", .line = 1, .column = 2, .text = "x" },
	  "./b.list:1:2: x\n",
	  "::error file=b.list,line=1,col=2::x\n" },
	{ "a path that begins there",
	  ".//./lists",
	  { .file = "b.list", .line = 1, .column = 2, .text = "x" },
	  ".//./lists/b.list:1:2: x\n",
	  "::error file=lists/b.list,line=1,col=2::x\n" },
};

static void test_lines(void)
{
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		const struct problem p = problem_of(&rows[i].p);
		cleanup_by(buf_release) struct buf text = BUF_INIT(1000), github = BUF_INIT(1000);

		problem_format_text(&text, rows[i].where, &p);
		problem_format_github(&github, rows[i].where, &p);
		if (rows[i].text)
			CHECK_TEXT(text.p, rows[i].text, rows[i].name);
		CHECK_TEXT(github.p, rows[i].github, rows[i].name);
	}
}

/* The finding, read back; the caller owns it. */
static json_t *finding(const struct said *said, unsigned again)
{
	const struct problem p = problem_of(said);
	cleanup_by(buf_release) struct buf b = BUF_INIT(1000);
	struct err err = ERR_INIT;
	json_t *doc;

	problem_format_gitlab(&b, "./lists", &p, again);
	doc = json_read(buf_span(&b), &err);
	if (!CHECK(doc))
		printf("# %s: %s\n", err.msg, b.p);
	return doc;
}

static void test_gitlab(void)
{
	const struct said p = { .file = "b.list", .line = 7, .column = 2, .text = "a \"b\"\\\n" };
	cleanup_json json_t *doc = finding(&p, 0);
	const json_t *place = json_get_object(doc, "location");
	const char *print = json_get_text(doc, "fingerprint");

	CHECK_TEXT(json_get_text(doc, "description"), p.text, "the text, whatever is in it");
	CHECK_TEXT(json_get_text(doc, "check_name"), "mirror-sync", "who says so");
	CHECK_TEXT(json_get_text(doc, "severity"), "major", "an error");
	CHECK_TEXT(json_get_text(place, "path"), "lists/b.list", "the path in the repository");
	CHECK(json_get_size(json_get_object(place, "lines"), "begin") == 7);
	CHECK(print && strlen(print) == 64);
}

static void test_whole_file(void)
{
	const struct said p = { .warning = true, .file = "b.list", .text = "x" };
	cleanup_json json_t *doc = finding(&p, 0);
	const json_t *place = json_get_object(doc, "location");

	CHECK_TEXT(json_get_text(doc, "severity"), "minor", "a warning");
	CHECK(json_get_size(json_get_object(place, "lines"), "begin") == 1);
}

/* What GitLab tells new findings from known ones by. */
static void test_fingerprint(void)
{
	static const struct {
		const char *name;
		struct said p;
		unsigned again;
		bool same;
	} others[] = {
		{ "another line", { .file = "b.list", .line = 9, .text = "x" }, 0, true },
		{ "another file", { .file = "c.list", .line = 7, .text = "x" }, 0, false },
		{ "another text", { .file = "b.list", .line = 7, .text = "y" }, 0, false },
		{ "once more", { .file = "b.list", .line = 8, .text = "x" }, 1, false },
	};
	const struct said p = { .file = "b.list", .line = 7, .text = "x" };
	cleanup_json json_t *one = finding(&p, 0);

	for (size_t i = 0; i < sizeof(others) / sizeof(others[0]); i++) {
		cleanup_json json_t *other = finding(&others[i].p, others[i].again);
		bool same = strcmp(json_get_text(one, "fingerprint"),
				   json_get_text(other, "fingerprint")) == 0;

		CHECK_ROW(same == others[i].same, others[i].name);
	}
}

static void test_words(void)
{
	CHECK_TEXT(problem_format_words[PROBLEM_FORMAT_GITLAB], "gitlab", "the word of a format");
	CHECK_TEXT(problem_format_words[PROBLEM_FORMAT_GITHUB], "github", "... of another");
	CHECK_TEXT(problem_format_words[PROBLEM_FORMAT_TEXT], "text", "... of the default one");
}

int main(void)
{
	test_lines();
	test_gitlab();
	test_whole_file();
	test_fingerprint();
	test_words();
	return tap_done();
}
