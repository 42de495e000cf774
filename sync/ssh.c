#include "sync/ssh.h"

#include <ctype.h>
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdbool.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

#include "oci/base/buf.h"
#include "oci/base/cleanup.h"
#include "oci/base/err.h"
#include "oci/base/file.h"
#include "oci/base/limits.h"
#include "sync/advice.h"
#include "sync/remote.h"

/* ---- starting ---- */

/* What the shell at the far end takes for one word. */
static void add_quoted(struct buf *out, const char *text)
{
	buf_addc(out, '\'');
	for (; *text; text++) {
		if (*text == '\'')
			buf_adds(out, "'\\'");
		buf_addc(out, *text);
	}
	buf_addc(out, '\'');
}

static _Noreturn void become_ssh(const struct remote *to, const char *command, int in, int out,
				 int words)
{
	const char *argv[16] = { "ssh",
				 "-T",
				 "-a",
				 "-x",
				 "-oBatchMode=yes",
				 "-oStrictHostKeyChecking=yes",
				 "-oLogLevel=ERROR" };
	size_t n = 7;

	if (to->port) {
		argv[n++] = "-p";
		argv[n++] = to->port;
	}
	if (to->user) {
		argv[n++] = "-l";
		argv[n++] = to->user;
	}
	argv[n++] = "--";
	argv[n++] = to->host;
	argv[n++] = command;
	prctl(PR_SET_PDEATHSIG, SIGKILL);
	signal(SIGPIPE, SIG_DFL);
	if (dup2(in, STDIN_FILENO) < 0 || dup2(out, STDOUT_FILENO) < 0 ||
	    dup2(words, STDERR_FILENO) < 0)
		_exit(255);
	execvp("ssh", (char *const *)argv);
	(void)!write(words, "the program ssh is not installed", 32);
	_exit(255);
}

static int make_pipes(struct ssh *s, int *in, int *out)
{
	int ends[2];

	s->words = memfd_create("ssh's words", MFD_CLOEXEC);
	if (s->words < 0 || pipe2(ends, O_CLOEXEC) < 0)
		return -1;
	*in = ends[0];
	s->in = ends[1];
	if (pipe2(ends, O_CLOEXEC) < 0)
		return -1;
	s->out = ends[0];
	*out = ends[1];
	return 0;
}

int ssh_start(struct ssh *s, const struct remote *to, const char *command, struct err *err)
{
	cleanup_by(buf_release) struct buf line = BUF_INIT(5 * LIMIT_URL);
	cleanup_fd int in = -1, out = -1;

	*s = (struct ssh)SSH_INIT;
	buf_addf(&line, "%s ", command);
	add_quoted(&line, to->path);
	if (make_pipes(s, &in, &out) < 0 || (s->pid = fork()) < 0) {
		err_sys(err, "cannot start", "ssh");
		ssh_release(s);
		return -1;
	}
	if (s->pid == 0)
		become_ssh(to, line.p, in, out, s->words);
	return 0;
}

/* ---- its end ---- */

static bool says_something(struct span line)
{
	for (size_t i = 0; i < line.n; i++)
		if (isalpha((unsigned char)line.p[i]))
			return true;
	return false;
}

/* Its last lines as one, since the reason comes last. */
static int last_words(const struct ssh *s, struct err *err)
{
	enum { LINES = 3 };
	char text[1024];
	off_t size = lseek(s->words, 0, SEEK_END);
	ssize_t n = pread(s->words, text, sizeof(text),
			  size > (off_t)sizeof(text) ? size - (off_t)sizeof(text) : 0);
	struct span rest = span_of(text, n > 0 ? (size_t)n : 0), line, last[LINES] = { { "", 0 } };
	cleanup_by(buf_release) struct buf words = BUF_INIT(sizeof(text) + 100);

	while (span_cut(&rest, '\n', &line)) {
		while (line.n && strchr("\r.", line.p[line.n - 1]))
			line.n--;
		if (!says_something(line))
			continue;
		memmove(last, last + 1, (LINES - 1) * sizeof(last[0]));
		last[LINES - 1] = line;
	}
	for (size_t i = 0; i < LINES; i++)
		if (last[i].n)
			buf_addf(&words, "%s%.*s", words.n ? "; " : "", SPAN_ARG(last[i]));
	err_set(err, ERR_NET, 0, "ssh: %s",
		words.n ? words.p : "the other side ended the connection");
	advice_add(err);
	return -1;
}

static int ended(struct ssh *s, struct err *err)
{
	/* it may close its output before it says why */
	while (s->pid > 0 && waitpid(s->pid, NULL, 0) < 0 && errno == EINTR)
		;
	s->pid = 0;
	return last_words(s, err);
}

ssize_t ssh_read(struct ssh *s, char *p, size_t n, struct err *err)
{
	ssize_t got;

	do
		got = read(s->out, p, n);
	while (got < 0 && errno == EINTR);
	return got > 0 ? got : ended(s, err);
}

int ssh_write(struct ssh *s, const char *p, size_t n, struct err *err)
{
	if (file_write(s->in, p, n, "ssh", err) == 0)
		return 0;
	return ended(s, err);
}

void ssh_release(struct ssh *s)
{
	cleanup_fd_(&s->in);
	cleanup_fd_(&s->out);
	if (s->pid > 0) {
		kill(s->pid, SIGTERM);
		while (waitpid(s->pid, NULL, 0) < 0 && errno == EINTR)
			;
	}
	cleanup_fd_(&s->words);
	*s = (struct ssh)SSH_INIT;
}
