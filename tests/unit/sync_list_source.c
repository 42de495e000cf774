#include "sync/list_source.h"

#include "oci/base/buf.h"
#include "oci/base/cleanup.h"
#include "oci/lists/lists.h"
#include "tests/tap.h"
#include "tests/unit/tempdir.h"

/* Lists made on the spot; without the git command only those that need none are read. */
static const char prepare[] =
	"set -e\n"
	"export GIT_CONFIG_NOSYSTEM=1 GIT_CONFIG_GLOBAL=/dev/null\n"
	"git init -q -b main repo && cd repo\n"
	"git config user.name Ann && git config user.email ann@corp.example\n"
	"mkdir -p lists/sub && cd lists\n"
	"printf 'alpine:3.19\\n' >b.list && printf 'debian:12\\n' >a.list\n"
	"printf 'nonsense nonsense\\n' | tee sub/c.list .hidden.list >annotations.txt\n"
	"printf 'image * keep=3\\n' >mirror.conf && git add . && git commit -qm one\n"
	"git branch base && printf 'registry a.b ca=ca.pem\\n' >mirror.conf\n"
	"printf %s '-----BEGIN CERTIFICATE-----' >ca.pem\n"
	"git add . && git commit -qm two && printf 'redis:7\\n' >>a.list\n"
	"cd ../.. && git clone -q --depth 1 \"file://$PWD/repo\" shallow\n"
	"mkdir none files && printf 'alpine:3\\n' >files/a.list && printf '\\001' >files/b.list\n"
	"head -c 9000000 /dev/zero >files/c.list && mkdir files/d.list\n"
	"printf 'registry a.b ca=missing.pem\\n' >files/mirror.conf\n"
	"mkdir odd && touch 'odd/a b.list'\n";

static struct list_source load(const char *where, bool worktree)
{
	const struct list_source_options o = { .where = where,
					       .rev = "HEAD",
					       .worktree = worktree };
	struct list_source s = LIST_SOURCE_INIT;
	struct err err;

	if (list_source_load(&s, &o, &err) < 0)
		printf("# %s\n", err.msg);
	return s;
}

static void test_commit(void)
{
	cleanup_by(list_source_release) struct list_source s = load("repo/lists/", false);
	cleanup_by(buf_release) struct buf pem = BUF_INIT(1000);
	cleanup_free char *place = NULL, *want = NULL;
	struct err err;

	if (!CHECK(s.lists && s.lists->n == 2 && s.lists->problems.errors == 0))
		return;
	if (CHECK(s.lists->problems.n == 2)) {
		CHECK_TEXT(s.lists->problems.v[0].file, "annotations.txt", "looks like a list");
		CHECK_TEXT(s.lists->problems.v[1].file, "sub/", "a directory of lists");
	}
	CHECK_TEXT(s.lists->images[0].file, "a.list", "in the order of names");
	CHECK_TEXT(s.where, "repo/lists", "where, without the slash");
	place = list_source_place(&s, &s.lists->images[1]);
	want = xasprintf("b.list:1@%s", s.commit);
	CHECK(strlen(s.commit) == 40);
	CHECK_TEXT(place, want, "a line's place");
	CHECK_TEXT(list_source_author(&s, &s.lists->images[1]), "Ann <ann@corp.example>",
		   "its author");
	CHECK(list_source_read(&s, "ca.pem", &pem, &err) == 0);
	CHECK_TEXT(pem.p, "-----BEGIN CERTIFICATE-----", "a file beside mirror.conf");
}

static void test_base(void)
{
	const struct list_source_options o = { .where = "repo/lists",
					       .rev = "HEAD",
					       .conf_rev = "base" };
	const struct list_source_options bad = { .where = "repo/lists",
						 .rev = "HEAD",
						 .conf_rev = "no" };
	cleanup_by(list_source_release) struct list_source s = LIST_SOURCE_INIT;
	struct err err = ERR_INIT;

	CHECK(list_source_load(&s, &o, &err) == 0 && s.lists->images[0].o->keep == 3);
	list_source_release(&s);
	CHECK(list_source_load(&s, &bad, &err) < 0 && err.kind == ERR_USAGE && !s.lists);
}

static void test_worktree(void)
{
	cleanup_by(list_source_release) struct list_source s = load("repo/lists", true);
	cleanup_free char *place = NULL;

	if (!CHECK(s.lists && s.lists->n == 3))
		return;
	place = list_source_place(&s, &s.lists->images[1]);
	CHECK_TEXT(place, "a.list:2", "no commit");
	CHECK_TEXT(list_source_author(&s, &s.lists->images[1]), NULL, "no author");
}

static void test_shallow(void)
{
	cleanup_by(list_source_release) struct list_source s = load("shallow/lists", false);

	CHECK(s.lists && !list_source_author(&s, &s.lists->images[0]) && s.said_shallow);
}

static void test_problems(void)
{
	cleanup_by(list_source_release) struct list_source s = load("files", true);
	cleanup_by(buf_release) struct buf got = BUF_INIT(10000);

	for (size_t i = 0; s.lists && i < s.lists->problems.n; i++) {
		const struct problem *p = &s.lists->problems.v[i];

		buf_addf(&got, "%s:%d:%d: %s\n", p->file, p->line, p->column, p->text);
	}
	CHECK_TEXT(
		got.p,
		"b.list:1:1: byte 0x01 is not text (UTF-8 without control characters): the rest of "
		"the file is not read\n"
		"c.list:0:0: \"files/c.list\" has 9000000 bytes, more than the 8388608 allowed\n"
		"d.list:0:0: \"files/d.list\" is not a regular file\n"
		"mirror.conf:1:10: ca: \"missing.pem\": cannot open \"files/missing.pem\": No such "
		"file or directory\n",
		"problems of files");
}

static const struct {
	const char *name;
	struct list_source_options o;
	const char *msg;
} bad[] = {
	{ "no list", { .where = "none", .worktree = true }, "no *.list file in \"none\"" },
	{ "no git",
	  { .where = "files", .rev = "HEAD" },
	  "\"files\" is not in a git repository (lists are read from a commit; "
	  "--worktree reads files "
	  "as they are)" },
	{ "no directory",
	  { .where = "nowhere", .worktree = true },
	  "cannot open directory \"nowhere\": No such file or directory" },
	{ "an odd name",
	  { .where = "odd", .worktree = true },
	  "\"odd/a b.list\" has a blank or control character in its name" },
	{ "a bad suffix",
	  { .where = "files", .worktree = true, .suffix = "x" },
	  "\"x\" is the same every day: a snapshot suffix needs a date, such as \".%Y%m%d\"" },
};

static void test_bad(void)
{
	for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
		struct list_source s = LIST_SOURCE_INIT;
		struct err err = ERR_INIT;

		CHECK_ROW(list_source_load(&s, &bad[i].o, &err) < 0 && !s.lists, bad[i].name);
		CHECK_TEXT(err.msg, bad[i].msg, bad[i].name);
	}
}

int main(void)
{
	struct tempdir dir = tempdir_new();

	if (system("command -v git >/dev/null") != 0) {
		printf("1..0 # SKIP git is not installed\n");
		return 0;
	}
	if (chdir(dir.path) < 0 || system(prepare) != 0)
		return 1;
	test_commit();
	test_base();
	test_worktree();
	test_shallow();
	test_problems();
	test_bad();
	if (chdir("/") < 0)
		return 1;
	tempdir_release(&dir);
	return tap_done();
}
