#include "sync/mode.h"

#include "oci/base/err.h"
#include "oci/base/str.h"
#include "oci/cli/cli_opt.h"
#include "sync/cmdline.h"
#include "tests/tap.h"

enum { WORDS = 4, COLUMNS = 8 };

/* The columns of `rows`: what a run is for. */
static const char *const columns[COLUMNS][WORDS] = {
	{ "" },        { "--missing" },           { "--dry-run" },         { "--observe" },
	{ "--check" }, { "--check", "--online" }, { "--suggest", "FILE" }, { "--convert", "FILE" },
};

/* Each option with a value that it takes, and for each column whether it goes there: '+', '-', or
 * '.': it is the column's own. */
static const struct row {
	const char *args[WORDS];
	const char *takes; /* with a blank in the middle */
} rows[] = {
	/* a sync, --missing, --dry-run, --observe; --check, --online, --suggest, --convert */
	{ { "alpine" }, "++++ -+-+" },
	{ { "--mirror", "m" }, "++++ -+--" },
	{ { "--wait", "4" }, "++-+ ----" },
	{ { "--lists", "l" }, "++++ +++-" },
	{ { "--repo", "https://git.example/l.git" }, "++++ +++-" },
	{ { "--rev", "v1" }, "++++ +++-" },
	{ { "--conf-rev", "v1" }, "++++ +++-" },
	{ { "--worktree" }, "++++ +++-" },
	{ { "--check" }, "+--- ..--" },
	{ { "--online" }, "---- +.--" },
	{ { "--since", "v1" }, "---- -+--" },
	{ { "--dry-run" }, "++.- ----" },
	{ { "--convert" }, "---- ---." },
	{ { "--suggest", "FILE" }, "+--- --.-" },
	{ { "--sizes" }, "--+- ----" },
	{ { "--against", "https://mirror.example" }, "--+- -+--" },
	{ { "--missing" }, "+.+- ----" },
	{ { "--force" }, "+++- ----" },
	{ { "--accept-unlisted" }, "+++- ----" },
	{ { "--observe" }, "+--. ----" },
	{ { "--skip-min-age", "alpine" }, "+++- ----" },
	{ { "--jobs", "4" }, "++++ -++-" },
	{ { "--timeout", "5m" }, "++++ -++-" },
	{ { "--max-rate", "50M" }, "++++ -+--" },
	{ { "--wait-for-quota", "6h" }, "++++ -+--" },
	{ { "--label", "x" }, "++-- ----" },
	{ { "--snapshot-suffix", ".%Y" }, "+++- ++--" },
	{ { "--format", "gitlab" }, "---- ++--" },
	{ { "--report", "r.json" }, "++++ -+--" },
	{ { "--trace", "t" }, "++++ -++-" },
	{ { "--tolerate", "gone" }, "++++ -+--" },
};

#define ROWS (sizeof(rows) / sizeof(rows[0]))

/* Options that go with a column each, and not together. */
static const char *const apart[][2] = {
	{ "--repo", "--worktree" },
	{ "--rev", "--worktree" },
	{ "--conf-rev", "--worktree" },
	{ "--mirror", "--against" },
	{ "alpine", "--accept-unlisted" },
	{ "--accept-unlisted", "--skip-min-age" }, /* that needs a PATTERN */
	/* each is a column of its own */
	{ "--check", "--dry-run" },
	{ "--check", "--missing" },
	{ "--check", "--observe" },
	{ "--check", "--suggest" },
	{ "--dry-run", "--observe" },
	{ "--dry-run", "--suggest" },
	{ "--suggest", "--missing" },
	{ "--suggest", "--observe" },
	{ "--missing", "--observe" },
};

static char takes_of(const struct row *row, size_t column)
{
	return row->takes[column + column / 4];
}

static size_t add_words(char **argv, size_t n, const char *const *words)
{
	for (size_t i = 0; i < WORDS && words[i] && *words[i]; i++)
		argv[n++] = (char *)words[i];
	return n;
}

/* Whether a command line is taken; *err says why not. */
static bool is_taken(const char *const *a, const char *const *b, const char *const *c,
		     struct err *err)
{
	static const char *const program[WORDS] = { "mirror-sync" };
	char *argv[4 * WORDS + 1] = { NULL };
	size_t n = add_words(argv, 0, program);
	struct cmdline line;
	int result;

	n = add_words(argv, n, a);
	n = add_words(argv, n, b);
	n = c ? add_words(argv, n, c) : n;
	*err = (struct err)ERR_INIT;
	result = cmdline_read(&line, (int)n, argv, err);
	if (result == CLI_OPT_GO)
		remote_release(&line.remote);
	return result == CLI_OPT_GO;
}

static void test_modes(void)
{
	for (size_t i = 0; i < ROWS; i++)
		for (size_t k = 0; k < COLUMNS; k++) {
			char name[100];
			struct err err;

			if (takes_of(&rows[i], k) == '.')
				continue;
			snprintf(name, sizeof(name), "%s %s with \"%s%s%s\"", rows[i].args[0],
				 takes_of(&rows[i], k) == '+' ? "goes" : "is refused",
				 columns[k][0], columns[k][1] ? " " : "",
				 columns[k][1] ? columns[k][1] : "");
			if (!CHECK_ROW(is_taken(columns[k], rows[i].args, NULL, &err) ==
					       (takes_of(&rows[i], k) == '+'),
				       name))
				printf("#   %s\n", err.msg);
		}
}

static bool is_apart(const char *a, const char *b)
{
	for (size_t i = 0; i < sizeof(apart) / sizeof(apart[0]); i++)
		if ((str_eq(apart[i][0], a) && str_eq(apart[i][1], b)) ||
		    (str_eq(apart[i][0], b) && str_eq(apart[i][1], a)))
			return true;
	return false;
}

/* In the first two columns: whether the mode that an option asks for takes the other option. */
static bool is_taken_there(const struct row *mode, const struct row *other)
{
	for (size_t k = 1; k < COLUMNS; k++)
		if (str_eq(columns[k][0], mode->args[0]) && !columns[k][1])
			return takes_of(other, k) != '-';
	return !str_eq(mode->args[0], "--suggest") || takes_of(other, 6) == '+';
}

static void test_pair(size_t k, const struct row *a, const struct row *b)
{
	bool want = !is_apart(a->args[0], b->args[0]) &&
		    (k > 1 || (is_taken_there(a, b) && is_taken_there(b, a)));
	char name[160];
	struct err err;

	snprintf(name, sizeof(name), "%s and %s with \"%s\"", a->args[0], b->args[0],
		 columns[k][0]);
	if (!CHECK_ROW(is_taken(columns[k], a->args, b->args, &err) == want, name))
		printf("#   %s\n", err.msg);
}

static void test_pairs(void)
{
	for (size_t k = 0; k < COLUMNS; k++)
		for (size_t i = 0; i < ROWS; i++)
			for (size_t j = 0; j < i; j++)
				if (takes_of(&rows[i], k) == '+' && takes_of(&rows[j], k) == '+')
					test_pair(k, &rows[j], &rows[i]);
}

/* Words of the refusals, and what the columns do not have. */
static const struct {
	const char *name, *args[6], *says;
} words[] = {
	{ "of a mode",
	  { "--dry-run", "--label", "x" },
	  "--dry-run goes without --label: it publishes nothing and takes no lock" },
	{ "of a mode that --online completes",
	  { "--check", "--jobs", "4" },
	  "--jobs goes with --check only with --online: --check alone reads the lists and "
	  "nothing else" },
	{ "of a mode's words",
	  { "--suggest", "f", "alpine" },
	  "--suggest goes without PATTERN: it reads no mirror and syncs nothing" },
	{ "of an option that needs another", { "--sizes" }, "--sizes goes with --dry-run" },
	{ "of two modes",
	  { "--observe", "--dry-run" },
	  "--observe and --dry-run do not go together" },
	{ "of two options",
	  { "--repo", "/r", "--worktree" },
	  "--repo and --worktree do not go together" },
	{ "--skip-min-age needs a PATTERN",
	  { "--skip-min-age" },
	  "--skip-min-age needs a PATTERN: what is not to wait" },
	{ "--convert needs a FILE",
	  { "--convert" },
	  "--convert needs a FILE, such as a regsync.yml" },
	{ "two reports on stdout",
	  { "--check", "--online", "--format=gitlab", "--report", "-" },
	  "--report - and --format gitlab both write on stdout" },
	{ "--check with --repo takes time", { "--check", "--repo", "/r", "--timeout", "5m" }, "" },
};

static void test_words(void)
{
	static const char *const none[WORDS] = { NULL };

	for (size_t i = 0; i < sizeof(words) / sizeof(words[0]); i++) {
		const char *const *tail = words[i].args + 3;
		const char *head[WORDS] = { words[i].args[0], words[i].args[1], words[i].args[2] };
		struct err err;
		bool taken = is_taken(head, tail[0] ? tail : none, NULL, &err);

		CHECK_TEXT(taken ? "" : err.msg, words[i].says, words[i].name);
	}
}

int main(void)
{
	test_modes();
	test_pairs();
	test_words();
	return tap_done();
}
