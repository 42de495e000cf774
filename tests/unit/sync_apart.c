#include "sync/apart.h"

#include <poll.h>
#include <stdlib.h>
#include <sys/wait.h>
#include <unistd.h>

#include "oci/base/err.h"
#include "tests/tap.h"

/* For ever: nobody writes to an empty pipe whose other end is open. */
static void wait_for_nothing(void)
{
	int ends[2];
	char c;

	if (pipe(ends) == 0)
		(void)!read(ends[0], &c, 1);
}

static int well(struct apart *a, struct err *err)
{
	(void)err;
	for (int i = 0; i < 100000; i++)
		apart_alive(a);
	return 0;
}

static int badly(struct apart *a, struct err *err)
{
	return err_set(err, ERR_AUTH, 7, "why: %s", (const char *)a->arg);
}

static int silently(struct apart *a, struct err *err)
{
	(void)err;
	apart_alive(a);
	wait_for_nothing();
	return 0;
}

static int early(struct apart *a, struct err *err)
{
	(void)a;
	(void)err;
	raise(SIGKILL);
	return 0;
}

/* Alive as often as is told, so that only the signal can end it. */
static int without_end(struct apart *a, struct err *err)
{
	(void)err;
	kill(getppid(), SIGUSR1);
	while (poll(NULL, 0, 10) == 0)
		apart_alive(a);
	return 0;
}

static volatile sig_atomic_t stop;

static void on_signal(int sig)
{
	(void)sig;
	stop = 1;
}

static const struct {
	const char *name;
	int (*work)(struct apart *a, struct err *err);
	long silence_ms;
	int result;
	enum err_kind kind;
	const char *msg;
} rows[] = {
	{ "done", well, 60000, 0, ERR_NONE, "" },
	{ "failed", badly, 60000, -1, ERR_AUTH, "why: because" },
	{ "silent", silently, 50, -1, ERR_NET, "nothing came for 1 seconds" },
	{ "ended early", early, 60000, -1, ERR_NET, "the process that does it ended early" },
	{ "stopped", without_end, 60000, -1, ERR_USAGE, "stopped by a signal" },
};

int main(void)
{
	char arg[] = "because";

	signal(SIGUSR1, on_signal);
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		const struct apart_limits limits = { .silence_ms = rows[i].silence_ms,
						     .stop = &stop };
		struct err err = ERR_INIT;

		CHECK_ROW(apart_run(rows[i].work, arg, &limits, &err) == rows[i].result,
			  rows[i].name);
		CHECK_TEXT(err.msg, rows[i].msg, rows[i].name);
		CHECK(err.kind == rows[i].kind);
		/* none is left behind */
		CHECK(waitpid(-1, NULL, WNOHANG) < 0);
	}
	return tap_done();
}
