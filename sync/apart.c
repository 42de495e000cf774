#include "sync/apart.h"

#include <errno.h>
#include <poll.h>
#include <stdbool.h>
#include <stdint.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#include "oci/base/cleanup.h"
#include "oci/base/clock.h"
#include "oci/base/err.h"

/* A packet: one byte is a sign of life, a struct err is how it ended (kind NONE: well). */
#define LIFE_EVERY (CLOCK_SEC / 4)
#define LOOK_MS    200 /* how soon a signal is noticed that came just before poll() */

void apart_alive(struct apart *a)
{
	static int64_t last;
	int64_t now = clock_now();

	if (now - last < LIFE_EVERY)
		return;
	last = now;
	(void)!send(a->life, "", 1, MSG_DONTWAIT | MSG_NOSIGNAL);
}

static _Noreturn void child(int (*work)(struct apart *a, struct err *err), void *arg, int life,
			    pid_t parent)
{
	struct apart a = { .life = life, .arg = arg };
	struct err err = ERR_INIT;

	prctl(PR_SET_PDEATHSIG, SIGKILL);
	if (getppid() != parent)
		_exit(1);
	signal(SIGINT, SIG_DFL);
	signal(SIGTERM, SIG_DFL);
	signal(SIGPIPE, SIG_IGN);
	if (work(&a, &err) == 0)
		err.kind = ERR_NONE;
	_exit(send(life, &err, sizeof(err), MSG_NOSIGNAL) == sizeof(err) ? 0 : 1);
}

static bool is_stopped(const struct apart_limits *l)
{
	return l->stop && *l->stop;
}

/* Until it tells how it ended, which goes into *end; -1, with why, when it does not. */
static int listen_to(int life, const struct apart_limits *l, struct err *end, struct err *err)
{
	int64_t heard = clock_now();

	for (;;) {
		struct pollfd p = { .fd = life, .events = POLLIN };
		int ready = poll(&p, 1, LOOK_MS);
		ssize_t n = ready > 0 ? recv(life, end, sizeof(*end), 0) : 0;

		if (is_stopped(l))
			return err_set(err, ERR_USAGE, 0, "stopped by a signal");
		if (ready < 0 && errno != EINTR)
			return err_sys(err, "cannot wait for", "a process");
		if (n == (ssize_t)sizeof(*end))
			return 0;
		if (ready > 0 && n != 1)
			return err_set(err, ERR_NET, 0, "the process that does it ended early");
		if (n == 1)
			heard = clock_now();
		if (clock_now() - heard > l->silence_ms * CLOCK_MS)
			return err_set(err, ERR_NET, 0, "nothing came for %ld seconds",
				       (l->silence_ms + 999) / 1000);
	}
}

static int await(pid_t pid, int life, const struct apart_limits *l, struct err *err)
{
	struct err end = ERR_INIT;
	int status, r = listen_to(life, l, &end, err);

	if (r < 0)
		kill(pid, SIGKILL);
	while (waitpid(pid, &status, 0) < 0 && errno == EINTR)
		;
	if (r < 0 || end.kind == ERR_NONE)
		return r;
	*err = end;
	return err_failed();
}

int apart_run(int (*work)(struct apart *a, struct err *err), void *arg,
	      const struct apart_limits *limits, struct err *err)
{
	cleanup_fd int ours = -1, theirs = -1;
	pid_t self = getpid(), pid;
	int ends[2];

	if (socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, ends) < 0)
		return err_sys(err, "cannot make", "a pair of sockets");
	ours = ends[0];
	theirs = ends[1];
	pid = fork();
	if (pid < 0)
		return err_sys(err, "cannot start", "a process");
	if (pid == 0)
		child(work, arg, theirs, self);
	close(take_fd(&theirs));
	return await(pid, ours, limits, err);
}
