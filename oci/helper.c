#include "oci/helper.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <spawn.h>
#include <stdbool.h>
#include <stdint.h>
#include <string.h>
#include <sys/syscall.h>
#include <sys/wait.h>

#include "oci/buf.h"
#include "oci/clock.h"
#include "oci/err.h"
#include "oci/json.h"
#include "oci/limits.h"
#include "oci/own.h"
#include "oci/redact.h"

static bool valid_name(const char *name)
{
	return *name && strspn(name, "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ"
				     "0123456789-_.") == strlen(name);
}

/* The program's full path, which the caller frees, or NULL. What stands beside the working directory never runs. */
static char *find_program(const struct helper *h)
{
	struct span rest = span_str(h->path ? h->path : ""), dir;

	while (span_cut(&rest, ':', &dir)) {
		own_free char *file =
			xasprintf("%.*s/docker-credential-%s", SPAN_ARG(dir), h->name);

		if (span_starts(dir, "/") && access(file, X_OK) == 0)
			return take(file);
	}
	return NULL;
}

/* A program under way. */
struct child {
	pid_t pid;
	int pidfd;  /* readable when it has ended */
	int out;    /* its standard output */
	int status; /* as of waitpid(), once it has ended */
};

static void child_release(struct child *c)
{
	if (c->pid > 0) {
		kill(c->pid, SIGKILL);
		waitpid(c->pid, NULL, 0);
	}
	own_fd_(&c->pidfd);
	own_fd_(&c->out);
}

/* The server's name goes into the pipe before the program starts: it fits, and nobody can be gone yet. */
static int pipe_with(const char *text)
{
	int ends[2];
	size_t n = strlen(text);

	if (pipe2(ends, O_CLOEXEC | O_NONBLOCK) < 0)
		return -1;
	if (write(ends[1], text, n) != (ssize_t)n) {
		close(ends[0]);
		ends[0] = -1;
	}
	close(ends[1]);
	return ends[0];
}

static int spawn(pid_t *pid, const char *program, char *const *environment, int in, int out)
{
	char verb[] = "get", name[] = "docker-credential";
	char *const argv[] = { name, verb, NULL }, *const empty[] = { NULL };
	posix_spawn_file_actions_t files;
	posix_spawnattr_t attributes;
	sigset_t none, all;
	int why;

	/* what this process ignores or blocks is its own affair */
	sigemptyset(&none);
	sigfillset(&all);
	posix_spawnattr_init(&attributes);
	posix_spawnattr_setflags(&attributes, POSIX_SPAWN_SETSIGMASK | POSIX_SPAWN_SETSIGDEF);
	posix_spawnattr_setsigmask(&attributes, &none);
	posix_spawnattr_setsigdefault(&attributes, &all);
	posix_spawn_file_actions_init(&files);
	posix_spawn_file_actions_adddup2(&files, in, STDIN_FILENO);
	posix_spawn_file_actions_adddup2(&files, out, STDOUT_FILENO);
	posix_spawn_file_actions_addopen(&files, STDERR_FILENO, "/dev/null", O_WRONLY, 0);
	why = posix_spawn(pid, program, &files, &attributes, argv,
			  environment ? environment : empty);
	posix_spawn_file_actions_destroy(&files);
	posix_spawnattr_destroy(&attributes);
	errno = why;
	return why ? -1 : 0;
}

static int start(struct child *c, const struct helper *h, const char *program, const char *server,
		 struct err *err)
{
	own_fd int in = pipe_with(server);
	own_fd int theirs = -1;
	int ends[2];

	if (in < 0 || pipe2(ends, O_CLOEXEC) < 0)
		return err_sys(err, "cannot make a pipe for", program);
	c->out = ends[0];
	theirs = ends[1];
	fcntl(in, F_SETFL, 0);
	if (spawn(&c->pid, program, h->environment, in, theirs) < 0) {
		c->pid = 0;
		return err_sys(err, "cannot run", program);
	}
	c->pidfd = (int)syscall(SYS_pidfd_open, c->pid, 0);
	if (c->pidfd < 0)
		return err_sys(err, "cannot watch", program);
	return 0;
}

/* Waits until fd is readable; false when the time is up. */
static bool readable(int fd, int64_t deadline)
{
	struct pollfd p = { .fd = fd, .events = POLLIN };
	int n;

	do {
		int64_t left = (deadline - clock_now()) / CLOCK_MS;

		n = poll(&p, 1, left > 0 ? (int)left : 0);
	} while (n < 0 && errno == EINTR);
	return n > 0;
}

/* Everything it says, and its status; false when it takes too long or says too much. */
static bool listen_to(struct child *c, struct buf *said, int64_t deadline)
{
	for (;;) {
		ssize_t n;

		if (!readable(c->out, deadline))
			return false;
		n = read(c->out, said->p + said->n, said->max - said->n);
		if (n < 0 && errno == EINTR)
			continue;
		if (n <= 0)
			break;
		said->n += (size_t)n;
		said->p[said->n] = '\0';
	}
	if (said->n == said->max || !readable(c->pidfd, deadline))
		return false;
	if (waitpid(c->pid, &c->status, 0) == c->pid)
		c->pid = 0;
	return c->pid == 0;
}

static int failed(const struct helper *h, const struct buf *said, struct err *err)
{
	char words[REDACT_MAX];
	struct span text = buf_span(said);

	/* a helper that fails may have said the credential all the same: that would be an object */
	redact(words, memchr(text.p, '{', text.n) ? span_of("", 0) : text, NULL);
	return err_set(err, ERR_AUTH, 0, "credential helper \"docker-credential-%s\" failed%s%s",
		       h->name, *words ? ": " : "", words);
}

/* { "ServerURL": ..., "Username": ..., "Secret": ... } */
static int read_answer(const struct helper *h, const struct buf *said, struct cred *out,
		       struct err *err)
{
	own_json json_t *root = json_read(buf_span(said), err);
	const char *user = json_get_text(root, "Username"), *secret = json_get_text(root, "Secret");

	if (!user || !secret)
		return err_set(err, ERR_AUTH, 0,
			       "credential helper \"docker-credential-%s\" did not answer with "
			       "Username and Secret",
			       h->name);
	if (*user || *secret)
		cred_set(out, user, secret, h->named);
	explicit_bzero((char *)secret, strlen(secret));
	return 0;
}

static int converse(const struct helper *h, const char *program, const char *server,
		    struct cred *out, struct err *err)
{
	own_by(child_release) struct child c = { .pidfd = -1, .out = -1 };
	own_by(cred_wipe_buf) struct buf said = BUF_INIT(LIMIT_HELPER);
	int64_t deadline = clock_now() + h->timeout_ms * CLOCK_MS;

	if (start(&c, h, program, server, err) < 0)
		return -1;
	/* all of it at once: a buffer that grows would leave copies behind */
	buf_room(&said, LIMIT_HELPER);
	if (!listen_to(&c, &said, deadline))
		return err_set(err, ERR_AUTH, 0, "credential helper \"docker-credential-%s\" %s",
			       h->name, said.n == said.max ? "says too much" : "takes too long");
	if (WIFEXITED(c.status) && WEXITSTATUS(c.status) == 0)
		return read_answer(h, &said, out, err);
	/* the words of docker-credential-helpers' errCredentialsNotFound */
	if (strcasestr(said.p, "credentials not found"))
		return 0;
	return failed(h, &said, err);
}

int helper_get(const struct helper *h, const char *server, struct cred *out, struct err *err)
{
	own_free char *program = NULL;

	if (!valid_name(h->name))
		return err_set(err, ERR_AUTH, 0,
			       "\"%.40s\" (%s) cannot be the name of a credential helper", h->name,
			       h->named);
	program = find_program(h);
	if (!program)
		return err_set(err, ERR_AUTH, 0,
			       "credential helper \"docker-credential-%s\", named in %s, is not in "
			       "the path",
			       h->name, h->named);
	if (converse(h, program, server, out, err) < 0) {
		err->kind = ERR_AUTH;
		return err_wrap(err, "%s", h->named);
	}
	return 0;
}
