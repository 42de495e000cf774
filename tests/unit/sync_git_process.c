/* The shell stands in for git: how it ends, what it says, and how it is ended. */
#include "sync/git_process.h"

#include <fcntl.h>
#include <poll.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "oci/base/buf.h"
#include "oci/base/cleanup.h"
#include "oci/base/err.h"
#include "tests/tap.h"
#include "tests/unit/tempdir.h"

static volatile sig_atomic_t stop;

static void on_signal(int sig)
{
	(void)sig;
	stop = 1;
}

/* The fifo `alive` is open in every process of the group. */
#define ALIVE "exec 8>alive; "
#define WAIT  "read -r line <fifo"

static const struct {
	const char *name, *script;
	long silence_ms, deadline_ms;
	int result, status;
	enum err_kind kind;
	const char *msg, *said;
} rows[] = {
	{ "ended well", "echo out; echo err >&2", 60000, 60000, 0, 0, ERR_NONE, "", "out\nerr\n" },
	{ "ended badly", "echo why >&2; exit 3", 60000, 60000, 0, 3, ERR_NONE, "", "why\n" },
	{ "killed", "kill -KILL $$", 60000, 60000, 0, 128 + SIGKILL, ERR_NONE, "", "" },
	{ "progress is not kept", "printf 'a\\r\\nb 1%%\\rb 2%%\\rb 3%%, done\\nc'", 60000, 60000,
	  0, 0, ERR_NONE, "", "a\nb 3%, done\nc" },
	{ "of much, the end is kept",
	  "i=0; while [ $i -lt 100 ]; do echo 0123456789; i=$((i+1)); done; echo last", 60000,
	  60000, 0, 0, ERR_NONE, "", NULL },
	{ "no input", "cat; echo end", 60000, 60000, 0, 0, ERR_NONE, "", "end\n" },
	{ "no terminal", "(: </dev/tty) 2>/dev/null || echo none", 60000, 60000, 0, 0, ERR_NONE, "",
	  "none\n" },
	{ "environment", "echo $A", 60000, 60000, 0, 0, ERR_NONE, "", "b\n" },
	{ "silent", ALIVE WAIT, 50, 60000, -1, 128 + SIGTERM, ERR_NET, "nothing came for 1 seconds",
	  NULL },
	{ "deaf to SIGTERM", ALIVE "trap '' TERM; while :; do " WAIT "; done", 50, 60000, -1,
	  128 + SIGKILL, ERR_NET, "nothing came for 1 seconds", NULL },
	{ "with children", ALIVE "(trap '' TERM; " WAIT ") & " WAIT, 50, 60000, -1, 128 + SIGTERM,
	  ERR_NET, "nothing came for 1 seconds", NULL },
	{ "without end", ALIVE "while :; do echo x; done", 60000, 50, -1, 128 + SIGTERM, ERR_NET,
	  "not complete after 1 seconds", NULL },
	{ "stopped", ALIVE "kill -USR1 $WATCHER; while :; do echo x; done", 60000, 60000, -1,
	  128 + SIGTERM, ERR_USAGE, "stopped by a signal", NULL },
};

/* Whether all have ended that had the fifo open for writing. */
static bool all_ended(int alive)
{
	struct pollfd p = { .fd = alive, .events = 0 };

	return poll(&p, 1, 10000) == 1 && p.revents & POLLHUP;
}

static void test_rows(void)
{
	char watcher[40];

	snprintf(watcher, sizeof(watcher), "WATCHER=%d", getpid());
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		const char *const arguments[] = { "sh", "-c", rows[i].script, NULL };
		char path[] = "PATH=/usr/bin:/bin", a[] = "A=b";
		char *const environment[] = { path, a, watcher, NULL };
		const struct git_process p = {
			.program = "/bin/sh",
			.arguments = arguments,
			.environment = environment,
			.silence_ms = rows[i].silence_ms,
			.deadline_ms = rows[i].deadline_ms,
			.stop = &stop,
		};
		cleanup_by(buf_release) struct buf said = BUF_INIT(200);
		struct err err = ERR_INIT;
		cleanup_fd int alive = open("alive", O_RDONLY | O_NONBLOCK | O_CLOEXEC);
		int status = -1, result = git_process_run(&p, &said, &status, &err);

		stop = 0;
		CHECK_ROW(result == rows[i].result, rows[i].name);
		CHECK_TEXT(err.msg, rows[i].msg, rows[i].name);
		CHECK_ROW(err.kind == rows[i].kind, rows[i].name);
		CHECK_ROW(status == rows[i].status, rows[i].name);
		if (rows[i].said)
			CHECK_TEXT(said.n ? said.p : "", rows[i].said, rows[i].name);
		else if (result == 0)
			CHECK_ROW(said.n < 200 && strstr(said.p, "last\n"), rows[i].name);
		CHECK_ROW(result == 0 || all_ended(alive), rows[i].name);
		CHECK_ROW(waitpid(-1, NULL, WNOHANG) < 0, rows[i].name);
	}
}

static void test_find(void)
{
	cleanup_free char *here = getcwd(NULL, 0), *path = xasprintf("none:.::/nowhere:%s", here);
	cleanup_free char *found = NULL, *want = xasprintf("%s/git", here);
	struct err err = ERR_INIT;
	cleanup_fd int f = open("git", O_WRONLY | O_CREAT | O_CLOEXEC, 0644);

	CHECK(!git_process_find(NULL, &err) && err.kind == ERR_USAGE);
	CHECK(!git_process_find("", &err));
	CHECK(!git_process_find(path, &err));
	CHECK(f >= 0 && fchmod(f, 0755) == 0);
	CHECK(!git_process_find("none:.:", &err));
	found = git_process_find(path, &err);
	CHECK_TEXT(found, want, "in an absolute directory");
}

static void test_missing(void)
{
	const char *const arguments[] = { "git", NULL };
	char *const environment[] = { NULL };
	const struct git_process p = { .program = "/nowhere/git",
				       .arguments = arguments,
				       .environment = environment,
				       .silence_ms = 60000,
				       .deadline_ms = 60000 };
	cleanup_by(buf_release) struct buf said = BUF_INIT(200);
	struct err err = ERR_INIT;
	int status = 0;

	CHECK(git_process_run(&p, &said, &status, &err) == 0 && status == 127);
}

int main(void)
{
	cleanup_by(tempdir_release) struct tempdir t = tempdir_new();

	signal(SIGUSR1, on_signal);
	if (CHECK(chdir(t.path) == 0 && mkfifo("fifo", 0600) == 0 && mkfifo("alive", 0600) == 0)) {
		test_rows();
		test_find();
		test_missing();
	}
	return tap_done();
}
