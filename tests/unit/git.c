/* Repositories are made with the git command in a temporary directory; without it the tests are
 * skipped. */
#include "oci/lists/git.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include "oci/base/buf.h"
#include "oci/base/cleanup.h"
#include "oci/base/err.h"
#include "tests/tap.h"

/* libgit2 1.5 leaks where a repository has extensions or lacks objects, by itself and through
 * PCRE2. */
const char *__lsan_default_suppressions(void);

const char *__lsan_default_suppressions(void)
{
	return "leak:libgit2\nleak:libpcre2\n";
}

static const char prepare[] =
	"set -e\n"
	"export GIT_CONFIG_NOSYSTEM=1 GIT_CONFIG_GLOBAL=/dev/null\n"
	"git init -q -b main repo && cd repo\n"
	"git config user.name Ann && git config user.email ann@corp.example\n"
	"mkdir -p team/lists/sub && cd team/lists\n"
	"printf 'alpine:3.19\\n' >base.list && printf 'x\\n' >sub/deep.list && printf 'readme\\n' "
	">README.md\n"
	"ln -s base.list link.list && printf '# conf\\n' >mirror.conf\n"
	"git add . && git commit -qm one && git tag first\n"
	"printf 'alpine:3.19\\ndebian:12\\n' >base.list\n"
	"git -c user.name='Bob Ott' -c user.email=bob@corp.example commit -qam two\n"
	"git branch other HEAD^ && git tag -a -m note noted && cd ../..\n"
	"printf 'redis:7\\n' >root.list && git add root.list && git commit -qm three\n"
	"cd .. && git clone -q --bare repo bare.git\n"
	"git clone -q --depth 1 \"file://$PWD/repo\" shallow\n"
	"git clone -q repo dirty && cd dirty/team/lists\n"
	"printf 'changed\\n' >base.list && printf 'new\\n' >new.list && rm mirror.conf\n"
	"cd ../../.. && git clone -q repo sparse && rm -r sparse/team\n"
	"git clone -q repo crlf && cd crlf && git config core.autocrlf true\n"
	"rm -r team && git checkout -q . && cd ..\n"
	"git clone -q repo extended && cd extended\n"
	"git config core.repositoryformatversion 1 && git config extensions.worktreeConfig true\n"
	"cd .. && git -C repo worktree add -q ../linked other\n"
	"git clone -q --bare repo headless.git && git -C headless.git symbolic-ref HEAD "
	"refs/heads/none\n"
	"git init -q unborn && mkdir plain plain/lists && printf a >plain/lists/a.list\n"
	"git clone -q repo broken && rm -rf broken/.git/objects/* && ln -s repo/team/lists "
	"symbolic\n";

static const struct {
	const char *name, *where, *rev;
	const char *first; /* bytes of base.list or root.list */
} good[] = {
	{ "a directory in a checkout", "repo/team/lists", "HEAD", "alpine:3.19\ndebian:12\n" },
	{ "with a slash at the end", "repo/team/lists/", "HEAD", "alpine:3.19\ndebian:12\n" },
	{ "by way of dots", "repo/team/../team/./lists", "HEAD", "alpine:3.19\ndebian:12\n" },
	{ "by way of a symbolic link", "symbolic", "HEAD", "alpine:3.19\ndebian:12\n" },
	{ "the root of a checkout", "repo", "HEAD", "redis:7\n" },
	{ "a directory in a bare repository", "bare.git:team/lists", "HEAD",
	  "alpine:3.19\ndebian:12\n" },
	{ "slashes around its path", "bare.git:/team/lists/", "HEAD", "alpine:3.19\ndebian:12\n" },
	{ "the root of a bare repository", "bare.git", "HEAD", "redis:7\n" },
	{ "an empty path in a bare repository", "bare.git:", "HEAD", "redis:7\n" },
	{ "a path in a checkout's commit", "repo:team/lists", "HEAD", "alpine:3.19\ndebian:12\n" },
	{ "a directory that is only in the commit", "sparse/team/lists", "HEAD",
	  "alpine:3.19\ndebian:12\n" },
	{ "a tag", "repo/team/lists", "first", "alpine:3.19\n" },
	{ "an annotated tag", "repo/team/lists", "noted", "alpine:3.19\ndebian:12\n" },
	{ "a branch", "bare.git:team/lists", "other", "alpine:3.19\n" },
	{ "a remote's branch", "dirty/team/lists", "origin/other", "alpine:3.19\n" },
	{ "an expression", "repo/team/lists", "HEAD~2", "alpine:3.19\n" },
	{ "uncommitted changes are not read", "dirty/team/lists", "HEAD",
	  "alpine:3.19\ndebian:12\n" },
	{ "a shallow clone", "shallow/team/lists", "HEAD", "alpine:3.19\ndebian:12\n" },
	{ "a linked worktree", "linked/team/lists", "HEAD", "alpine:3.19\n" },
	{ "a repository with extensions", "extended/team/lists", "HEAD",
	  "alpine:3.19\ndebian:12\n" },
};

static const struct {
	const char *name, *where, *rev, *msg;
} bad[] = {
	{ "no repository", "plain/lists", "HEAD",
	  "\"plain/lists\" is not in a git repository (lists are read from a commit; --worktree "
	  "reads files as they are)" },
	{ "nothing at all", "nowhere/lists", "HEAD",
	  "\"nowhere/lists\" is not in a git repository (lists are read from a commit; --worktree "
	  "reads files as they are)" },
	{ "a colon without a repository", "nowhere.git:lists", "HEAD",
	  "\"nowhere.git:lists\" is not in a git repository (lists are read from a commit; "
	  "--worktree reads files as they are)" },
	{ "a path in what is no repository", "plain:lists", "HEAD",
	  "\"plain:lists\" is not in a git repository (lists are read from a commit; --worktree "
	  "reads files as they are)" },
	{ "an unknown revision", "repo/team/lists", "nope",
	  "repo/team/lists: unknown git revision \"nope\": no branch, tag or commit of that name" },
	{ "an unknown revision of a shallow clone", "shallow/team/lists", "first",
	  "shallow/team/lists: unknown git revision \"first\" (the clone is shallow: git fetch "
	  "--unshallow)" },
	{ "a revision that is no commit", "repo", "HEAD:root.list",
	  "repo: git revision \"HEAD:root.list\" is no commit" },
	{ "a default branch that is not there", "headless.git", "HEAD",
	  "headless.git: HEAD is a branch without a commit; name another with --rev" },
	{ "no commit yet", "unborn", "HEAD", "unborn: the git repository has no commit yet" },
};

static void test_good(void)
{
	for (size_t i = 0; i < sizeof(good) / sizeof(good[0]); i++) {
		struct err err = ERR_INIT;
		struct git *g = git_open(good[i].where, good[i].rev, &err);
		struct span bytes = SPAN_INIT;

		if (g && git_read(g, NULL, "base.list", 1000, &bytes, &err) < 0)
			git_read(g, NULL, "root.list", 1000, &bytes, &err);
		if (!CHECK_ROW(g && strlen(git_id(g)) == 40 && span_eq(bytes, good[i].first),
			       good[i].name))
			printf("# %s\n", err.msg);
		git_free(g);
	}
}

static void test_bad(void)
{
	for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
		struct err err = ERR_INIT;
		struct git *g = git_open(bad[i].where, bad[i].rev, &err);

		CHECK_ROW(!g && err.kind == ERR_USAGE, bad[i].name);
		CHECK_TEXT(err.msg, bad[i].msg, bad[i].name);
		git_free(g);
	}
}

static void test_no_directory(void)
{
	struct err err = ERR_INIT;

	CHECK(!git_open("repo/team/missing", "HEAD", &err) && err.kind == ERR_NOTFOUND);
	CHECK(strstr(err.msg, "has no directory \"team/missing\"") != NULL);
	CHECK(!git_open("repo/.git/refs", "HEAD", &err));
	CHECK(!git_open("bare.git:team/../team", "HEAD", &err));
	CHECK(!git_open("bare.git:team/lists/base.list", "HEAD", &err));
	CHECK(!git_open("broken/team/lists", "HEAD", &err) && err.kind == ERR_IO);
}

static int collect(const char *name, bool is_file, void *arg)
{
	buf_addf(arg, "%s%s ", name, is_file ? "" : "/");
	return 0;
}

static int stop(const char *name, bool is_file, void *arg)
{
	(void)name;
	(void)is_file;
	(void)arg;
	return 7;
}

static void test_files(void)
{
	cleanup_by(buf_release) struct buf names = BUF_INIT(1000);
	struct err err = ERR_INIT;
	struct git *g = git_open("repo/team/lists", "HEAD", &err);
	struct span bytes, again;

	CHECK(git_each(g, collect, &names) == 0);
	CHECK_TEXT(names.p, "README.md base.list link.list/ mirror.conf sub/ ", "names in order");
	CHECK(git_each(g, stop, NULL) == 7);
	CHECK(git_read(g, "first", "base.list", 1000, &bytes, &err) == 0);
	CHECK(git_read(g, NULL, "base.list", 1000, &again, &err) == 0);
	CHECK(span_eq(bytes, "alpine:3.19\n") && span_eq(again, "alpine:3.19\ndebian:12\n"));
	CHECK(git_read(g, NULL, "none.list", 1000, &bytes, &err) < 0 && err.kind == ERR_NOTFOUND);
	CHECK_TEXT(err.msg, "is not in the commit", "a missing file");
	CHECK(git_read(g, NULL, "link.list", 1000, &bytes, &err) < 0 && err.kind == ERR_INVALID);
	CHECK_TEXT(err.msg, "is not a regular file", "a symbolic link");
	CHECK(git_read(g, NULL, "base.list", 5, &bytes, &err) < 0 && err.kind == ERR_INVALID);
	CHECK_TEXT(err.msg, "is larger than 5 bytes", "a large file");
	CHECK(git_read(g, "nope", "base.list", 1000, &bytes, &err) < 0 && err.kind == ERR_USAGE);
	git_free(g);
}

static bool is_list(const char *name)
{
	return span_ends(span_str(name), ".list") || strcmp(name, "mirror.conf") == 0;
}

static const struct {
	const char *name, *where, *rev, *names;
} checkouts[] = {
	{ "changed, removed and new files", "dirty/team/lists", "HEAD",
	  "base.list, mirror.conf, new.list" },
	{ "nothing changed", "extended/team/lists", "HEAD", NULL },
	{ "nothing changed at the root", "extended", "HEAD", NULL },
	{ "line ends that git converts", "crlf/team/lists", "HEAD", NULL },
	{ "another commit than HEAD", "dirty/team/lists", "first", NULL },
	{ "a bare repository", "bare.git:team/lists", "HEAD", NULL },
	{ "a directory left out of the checkout", "sparse/team/lists", "HEAD", NULL },
};

static void test_uncommitted(void)
{
	for (size_t i = 0; i < sizeof(checkouts) / sizeof(checkouts[0]); i++) {
		struct err err = ERR_INIT;
		struct git *g = git_open(checkouts[i].where, checkouts[i].rev, &err);
		cleanup_free char *names = g ? git_uncommitted(g, is_list) : NULL;

		CHECK_ROW(g != NULL, checkouts[i].name);
		CHECK_TEXT(names, checkouts[i].names, checkouts[i].name);
		git_free(g);
	}
}

static void test_authors(void)
{
	struct err err = ERR_INIT;
	struct git *g = git_open("bare.git:team/lists", "HEAD", &err);

	CHECK(!git_is_shallow(g));
	CHECK_TEXT(git_author(g, "base.list", 1), "Ann <ann@corp.example>",
		   "the first line's author");
	CHECK_TEXT(git_author(g, "base.list", 2), "Bob Ott <bob@corp.example>",
		   "the second line's");
	CHECK_TEXT(git_author(g, "base.list", 3), NULL, "no such line");
	CHECK_TEXT(git_author(g, "none.list", 1), NULL, "no such file");
	git_free(g);
	g = git_open("shallow/team/lists", "HEAD", &err);
	CHECK(git_is_shallow(g));
	CHECK_TEXT(git_author(g, "base.list", 1), NULL, "a shallow clone cannot tell");
	git_free(g);
}

/* 5,000 bytes of two-byte characters: cut between two of them. */
static void test_long_author(void)
{
	struct err err = ERR_INIT;
	struct git *g;
	const char *author;

	CHECK(system("git clone -q bare.git long && cd long && "
		     "echo docker.io/library/redis:7 >>team/lists/base.list && "
		     "git -c user.name=\"x$(printf '\303\244%.0s' $(seq 2500))\" "
		     "-c user.email=long@corp.example commit -qam long") == 0);
	g = git_open("long/team/lists", "HEAD", &err);
	author = g ? git_author(g, "base.list", 3) : NULL;
	CHECK(author && strlen(author) < 500 && strncmp(author, "x\303\244", 3) == 0);
	CHECK_ROW(author && strstr(author, "\303\244\342\200\246 <long@corp.example>"),
		  "a long name ends in an ellipsis");
	if (author && !strstr(author, "\342\200\246 <"))
		printf("# %s\n", author);
	git_free(g);
}

int main(void)
{
	char dir[] = "/tmp/git-test-XXXXXX", remove[64];

	if (system("command -v git >/dev/null") != 0) {
		printf("1..0 # SKIP git is not installed\n");
		return 0;
	}
	if (!mkdtemp(dir) || chdir(dir) < 0 || system(prepare) != 0)
		return 1;
	test_good();
	test_bad();
	test_no_directory();
	test_files();
	test_uncommitted();
	test_authors();
	test_long_author();
	snprintf(remove, sizeof(remove), "rm -rf '%s'", dir);
	if (chdir("/") < 0 || system(remove) != 0)
		return 1;
	return tap_done();
}
