#include "sync/git_process.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <stdbool.h>
#include <stdint.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include "oci/base/buf.h"
#include "oci/base/cleanup.h"
#include "oci/base/clock.h"
#include "oci/base/err.h"
#include "oci/base/span.h"
#include "sync/stop.h"

#define POLL_MS 200  /* how soon a signal is noticed that came just before poll() */
#define TERM_MS 2000 /* between SIGTERM and SIGKILL: git removes its temporary files */

char *git_process_find(const char *path, struct err *err)
{
	struct span rest = span_str(path ? path : ""), dir;

	while (span_cut(&rest, ':', &dir)) {
		cleanup_free char *file = xasprintf("%.*s/git", SPAN_ARG(dir));

		if (span_starts(dir, "/") && access(file, X_OK) == 0)
			return take(file);
	}
	err_set(err, ERR_USAGE, 0, "the program git is not installed, or not in $PATH");
	return NULL;
}

/* ---- the keeper: the leader of git's session, and git's parent ---- */

static void on_parent_death(int sig)
{
	(void)sig;
	kill(0, SIGKILL); /* the group, the keeper with it */
}

static _Noreturn void become_git(const struct git_process *p)
{
	static const int signals[] = { SIGTERM, SIGINT, SIGPIPE, SIGUSR1 };

	for (size_t i = 0; i < sizeof(signals) / sizeof(signals[0]); i++)
		signal(signals[i], SIG_DFL);
	execve(p->program, (char *const *)p->arguments, p->environment);
	_exit(127);
}

/* A SIGKILL at our death (PR_SET_PDEATHSIG) would reach git alone, not what git started: hence a
 * process that gets a signal of its own, and passes it to the group. SIGTERM to the group ends git,
 * and then the keeper. */
static _Noreturn void keep_git(const struct git_process *p, int out, pid_t parent)
{
	int status = 0, null = open("/dev/null", O_RDONLY);
	sigset_t none;
	pid_t pid;

	setsid();
	signal(SIGUSR1, on_parent_death);
	signal(SIGTERM, SIG_IGN);
	signal(SIGINT, SIG_IGN);
	sigemptyset(&none);
	sigprocmask(SIG_SETMASK, &none, NULL);
	prctl(PR_SET_PDEATHSIG, SIGUSR1);
	if (getppid() != parent)
		_exit(1);
	if (dup2(null, STDIN_FILENO) < 0 || dup2(out, STDOUT_FILENO) < 0 ||
	    dup2(out, STDERR_FILENO) < 0)
		_exit(126);
	closefrom(STDERR_FILENO + 1);
	pid = fork();
	if (pid == 0)
		become_git(p);
	while (pid > 0 && waitpid(pid, &status, 0) < 0 && errno == EINTR)
		;
	_exit(pid < 0 ? 126 : WIFEXITED(status) ? WEXITSTATUS(status) : 128 + WTERMSIG(status));
}

/* ---- what git says ---- */

struct git_output {
	int fd;           /* -1 at its end */
	struct buf *said; /* whole lines, and the one that is under way */
	size_t line;      /* where that one begins */
	bool returned;    /* the last character was a carriage return */
};

/* A line that ends with a carriage return alone is progress: the next one takes its place. */
static void add_output(struct git_output *o, char c)
{
	if (o->returned && c != '\n')
		o->said->n = o->line;
	o->returned = c == '\r';
	if (o->returned || !c)
		return;
	if (o->said->n + 2 > o->said->max) {
		buf_clear(o->said); /* the reason comes last */
		o->line = 0;
	}
	buf_addc(o->said, c);
	if (c == '\n')
		o->line = o->said->n;
}

/* Whether something was read. */
static bool read_output(struct git_output *o)
{
	char bytes[4096];
	ssize_t n = read(o->fd, bytes, sizeof(bytes));

	if (n < 0 && (errno == EAGAIN || errno == EINTR))
		return false;
	if (n <= 0) {
		cleanup_fd_(&o->fd);
		return false;
	}
	for (ssize_t i = 0; i < n; i++)
		add_output(o, bytes[i]);
	return true;
}

/* ---- until it ends ---- */

static int start_keeper(const struct git_process *p, struct git_output *o, pid_t *pid,
			struct err *err)
{
	cleanup_fd int theirs = -1;
	pid_t self = getpid();
	int ends[2];

	if (pipe2(ends, O_CLOEXEC) < 0)
		return err_sys(err, "cannot make a pipe for", p->program);
	o->fd = ends[0];
	theirs = ends[1];
	fcntl(o->fd, F_SETFL, O_NONBLOCK);
	*pid = fork();
	if (*pid == 0)
		keep_git(p, theirs, self);
	return *pid < 0 ? err_sys(err, "cannot run", p->program) : 0;
}

static int watch_git(const struct git_process *p, struct git_output *o, int pidfd, struct err *err)
{
	int64_t begun = clock_now(), heard = begun;

	for (;;) {
		struct pollfd fds[] = { { .fd = o->fd, .events = POLLIN },
					{ .fd = pidfd, .events = POLLIN } };
		int64_t now;

		if (poll(fds, 2, POLL_MS) < 0 && errno != EINTR)
			return err_sys(err, "cannot wait for", p->program);
		now = clock_now();
		if (p->stop && *p->stop)
			return err_set(err, ERR_USAGE, 0, "stopped by %s", stop_words(*p->stop));
		if (fds[0].revents && read_output(o))
			heard = now;
		if (fds[1].revents & POLLIN)
			return 0;
		if (now - heard > p->silence_ms * CLOCK_MS)
			return err_set(err, ERR_NET, 0, "nothing came for %ld seconds",
				       (p->silence_ms + 999) / 1000);
		if (now - begun > p->deadline_ms * CLOCK_MS)
			return err_set(err, ERR_NET, 0, "not complete after %ld seconds",
				       (p->deadline_ms + 999) / 1000);
	}
}

/* The keeper is waited for last: until then the number of its group is nobody else's. */
static void end_group(pid_t pid, int pidfd)
{
	struct pollfd keeper = { .fd = pidfd, .events = POLLIN };

	kill(-pid, SIGTERM);
	(void)!poll(&keeper, pidfd >= 0 ? 1 : 0, TERM_MS);
	kill(-pid, SIGKILL);
	kill(pid, SIGKILL); /* when it has no group yet */
}

int git_process_run(const struct git_process *p, struct buf *said, int *status, struct err *err)
{
	struct git_output output = { .fd = -1, .said = said };
	cleanup_fd int pidfd = -1;
	int ended = 0, result = -1;
	pid_t pid;

	buf_clear(said);
	if (start_keeper(p, &output, &pid, err) == 0) {
		pidfd = (int)syscall(SYS_pidfd_open, pid, 0);
		result = pidfd < 0 ? err_sys(err, "cannot watch", p->program)
				   : watch_git(p, &output, pidfd, err);
		if (result < 0)
			end_group(pid, pidfd);
		while (waitpid(pid, &ended, 0) < 0 && errno == EINTR)
			;
	}
	/* what is still in the pipe; another process may hold its other end open */
	while (output.fd >= 0 && read_output(&output))
		;
	cleanup_fd_(&output.fd);
	*status = WIFEXITED(ended) ? WEXITSTATUS(ended) : 128 + WTERMSIG(ended);
	return result;
}
