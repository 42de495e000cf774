#include "oci/auth/credential_helper.h"

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

#include "oci/base/buf.h"
#include "oci/base/cleanup.h"
#include "oci/base/clock.h"
#include "oci/base/err.h"
#include "oci/base/json.h"
#include "oci/base/limits.h"
#include "oci/base/redact.h"

static bool valid_name(const char *name)
{
	return *name && strspn(name, "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ"
				     "0123456789-_.") == strlen(name);
}

/* The full path of the program, which the caller frees; NULL when there is none. Relative
 * directories are skipped, so no program of the working directory runs. */
static char *find_program(const struct credential_helper *h)
{
	struct span rest = span_str(h->path ? h->path : ""), dir;

	while (span_cut(&rest, ':', &dir)) {
		cleanup_free char *file =
			xasprintf("%.*s/docker-credential-%s", SPAN_ARG(dir), h->name);

		if (span_starts(dir, "/") && access(file, X_OK) == 0)
			return take(file);
	}
	return NULL;
}

struct helper_run {
	char *name, *named; /* as in struct credential_helper */
	pid_t pid;          /* 0: none, or it has ended and been waited for */
	int pidfd;          /* readable when it has ended */
	int out;            /* its standard output; -1 when it has said all */
	int status;         /* as of waitpid() */
	struct buf said;
	int64_t deadline;
	const char *trouble; /* why it was stopped; or NULL */
	struct err why;      /* it could not be started; of kind NONE otherwise */
};

/* A pipe with text in it, for reading. The text fits into the pipe, so no writer is needed later.
 * */
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

static int spawn_program(pid_t *pid, const char *program, char *const *environment, int in, int out)
{
	char verb[] = "get", name[] = "docker-credential";
	char *const argv[] = { name, verb, NULL }, *const empty[] = { NULL };
	posix_spawn_file_actions_t files;
	posix_spawnattr_t attributes;
	sigset_t none, all;
	int why;

	/* signals that this process ignores or blocks are not ignored or blocked by the helper */
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
	/* libcurl's sockets would be inherited */
	posix_spawn_file_actions_addclosefrom_np(&files, STDERR_FILENO + 1);
	why = posix_spawn(pid, program, &files, &attributes, argv,
			  environment ? environment : empty);
	posix_spawn_file_actions_destroy(&files);
	posix_spawnattr_destroy(&attributes);
	errno = why;
	return why ? -1 : 0;
}

static int run_program(struct helper_run *r, const struct credential_helper *h, const char *program,
		       const char *server, struct err *err)
{
	cleanup_fd int in = pipe_with(server);
	cleanup_fd int theirs = -1;
	int ends[2];

	if (in < 0 || pipe2(ends, O_CLOEXEC) < 0)
		return err_sys(err, "cannot make a pipe for", program);
	r->out = ends[0];
	theirs = ends[1];
	fcntl(in, F_SETFL, 0);
	if (spawn_program(&r->pid, program, h->environment, in, theirs) < 0) {
		r->pid = 0;
		return err_sys(err, "cannot run", program);
	}
	r->pidfd = (int)syscall(SYS_pidfd_open, r->pid, 0);
	if (r->pidfd < 0)
		return err_sys(err, "cannot watch", program);
	return 0;
}

/* Waits until fd is readable; false when the time is up. */
static bool wait_readable(int fd, int64_t deadline)
{
	struct pollfd p = { .fd = fd, .events = POLLIN };
	int n;

	do {
		int64_t left = (deadline - clock_now() + CLOCK_MS - 1) / CLOCK_MS;

		n = poll(&p, 1, left > 0 ? (int)left : 0);
	} while (n < 0 && errno == EINTR);
	return n > 0;
}

static void stop_helper(struct helper_run *r, const char *trouble)
{
	r->trouble = trouble;
	if (r->pid > 0 && trouble)
		kill(r->pid, SIGKILL);
	if (r->pid > 0)
		waitpid(r->pid, &r->status, 0);
	r->pid = 0;
}

static void read_output(struct helper_run *r)
{
	struct buf *said = &r->said;
	ssize_t n;

	if (r->out < 0) {
		stop_helper(r, NULL);
		return;
	}
	n = read(r->out, said->p + said->n, said->max - said->n);
	if (n < 0 && errno == EINTR)
		return;
	if (n <= 0) {
		close(r->out);
		r->out = -1;
		return;
	}
	said->n += (size_t)n;
	said->p[said->n] = '\0';
	if (said->n == said->max)
		stop_helper(r, "says too much");
}

int credential_helper_fd(const struct helper_run *r)
{
	if (r->pid <= 0)
		return -1;
	return r->out < 0 ? r->pidfd : r->out;
}

/* Reads its output until then (clock_now()); whether it has ended. */
static bool read_output_until(struct helper_run *r, int64_t then)
{
	while (r->pid > 0 && wait_readable(credential_helper_fd(r), then))
		read_output(r);
	if (r->pid > 0 && clock_now() >= r->deadline)
		stop_helper(r, "takes too long");
	return r->pid <= 0;
}

bool credential_helper_ended(struct helper_run *r)
{
	return read_output_until(r, 0);
}

static int fail_with_output(const struct helper_run *r, struct err *err)
{
	char words[REDACT_MAX];
	struct span text = buf_span(&r->said);

	/* a helper that fails may still have written the credential, as an object: it is not
	 * quoted */
	redact(words, memchr(text.p, '{', text.n) ? span_of("", 0) : text, NULL);
	return err_set(err, ERR_AUTH, 0, "credential helper \"docker-credential-%s\" failed%s%s",
		       r->name, *words ? ": " : "", words);
}

/* { "ServerURL": ..., "Username": ..., "Secret": ... } */
static int read_answer(const struct helper_run *r, struct credential *out, struct err *err)
{
	cleanup_json json_t *root = json_read(buf_span(&r->said), err);
	const char *user = json_get_text(root, "Username"), *secret = json_get_text(root, "Secret");

	if (!user || !secret)
		return err_set(err, ERR_AUTH, 0,
			       "credential helper \"docker-credential-%s\" did not answer with "
			       "Username and Secret",
			       r->name);
	if (*user || *secret)
		credential_set(out, user, secret, r->named);
	explicit_bzero((char *)secret, strlen(secret));
	return 0;
}

/* The result of a helper that has ended. */
static int read_result(const struct helper_run *r, struct credential *out, struct err *err)
{
	if (r->why.kind != ERR_NONE) {
		*err = r->why;
		return -1;
	}
	if (r->trouble)
		return err_set(err, ERR_AUTH, 0, "credential helper \"docker-credential-%s\" %s",
			       r->name, r->trouble);
	if (WIFEXITED(r->status) && WEXITSTATUS(r->status) == 0)
		return read_answer(r, out, err);
	/* errCredentialsNotFound of docker-credential-helpers */
	if (strcasestr(r->said.p, "credentials not found"))
		return 0;
	return fail_with_output(r, err);
}

static int find_and_run(struct helper_run *r, const struct credential_helper *h, const char *server,
			struct err *err)
{
	cleanup_free char *program = NULL;

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
	if (run_program(r, h, program, server, err) == 0)
		return 0;
	stop_helper(r, "was not watched");
	return err_wrap(err, "%s", h->named);
}

struct helper_run *credential_helper_start(const struct credential_helper *h, const char *server)
{
	struct helper_run *r = xcalloc(1, sizeof(*r));

	r->name = xstrdup(h->name);
	r->named = xstrdup(h->named);
	r->pidfd = r->out = -1;
	r->deadline = clock_now() + h->timeout_ms * CLOCK_MS;
	/* all memory at once: a buffer that grows would leave copies of the secret behind */
	buf_init(&r->said, LIMIT_HELPER);
	buf_reserve(&r->said, LIMIT_HELPER);
	find_and_run(r, h, server, &r->why);
	return r;
}

int credential_helper_finish(struct helper_run *r, struct credential *out, struct err *err)
{
	int result;

	read_output_until(r, r->deadline);
	result = read_result(r, out, err);
	if (result < 0) {
		err->kind = ERR_AUTH;
		if (r->why.kind == ERR_NONE)
			err_wrap(err, "%s", r->named);
	}
	credential_helper_free(r);
	return result;
}

void credential_helper_free(struct helper_run *r)
{
	if (!r)
		return;
	stop_helper(r, "is of no use any more");
	cleanup_fd_(&r->pidfd);
	cleanup_fd_(&r->out);
	credential_wipe_buf(&r->said);
	free(r->name);
	free(r->named);
	free(r);
}
