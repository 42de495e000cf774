/*
 * manager ADDRESS SOCKET PROGRAM [ARG...] - plays a service manager, as systemd is one: opens a
 * listening socket at 127.0.0.1 (ADDRESS is "tcp") or at a path (ADDRESS is "unix:PATH"; "none":
 * opens none; "datagram": one that cannot listen), starts PROGRAM with LISTEN_FDS, LISTEN_PID and
 * NOTIFY_SOCKET=SOCKET (a path, or "@name"), and prints:
 *
 *	at 127.0.0.1:PORT	where it listens
 *	told READY=1		each notification; its lines with blanks between them
 *	queue open		at the end: the socket still takes connections
 *	ended STATUS
 *
 * SIGTERM and SIGHUP are passed on to PROGRAM. Its standard output is ours.
 */
#include <arpa/inet.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/signalfd.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <sys/wait.h>
#include <unistd.h>

static void fail(const char *what)
{
	perror(what);
	exit(2);
}

static socklen_t unix_address(struct sockaddr_un *a, const char *path)
{
	size_t n = strlen(path);

	*a = (struct sockaddr_un){ .sun_family = AF_UNIX };
	memcpy(a->sun_path, path, n < sizeof(a->sun_path) ? n : sizeof(a->sun_path) - 1);
	if (path[0] == '@')
		a->sun_path[0] = '\0';
	return (socklen_t)(offsetof(struct sockaddr_un, sun_path) + n + (path[0] != '@'));
}

/* Opens what is passed on; -1: nothing is. */
static int open_passed(const char *address)
{
	struct sockaddr_in in = { .sin_family = AF_INET,
				  .sin_addr.s_addr = htonl(INADDR_LOOPBACK) };
	struct sockaddr_un un;
	socklen_t n = sizeof(in);
	int fd = -1;

	if (strcmp(address, "none") == 0)
		return -1;
	if (strcmp(address, "datagram") == 0)
		return socket(AF_INET, SOCK_DGRAM, 0);
	if (strncmp(address, "unix:", 5) == 0) {
		fd = socket(AF_UNIX, SOCK_STREAM, 0);
		n = unix_address(&un, address + 5);
		if (bind(fd, (struct sockaddr *)&un, n) < 0 || listen(fd, 10) < 0)
			fail("bind");
		return fd;
	}
	fd = socket(AF_INET, SOCK_STREAM, 0);
	if (bind(fd, (struct sockaddr *)&in, n) < 0 || listen(fd, 10) < 0 ||
	    getsockname(fd, (struct sockaddr *)&in, &n) < 0)
		fail("bind");
	printf("at 127.0.0.1:%d\n", ntohs(in.sin_port));
	return fd;
}

static pid_t start_program(char **argv, int passed, const char *notify)
{
	pid_t pid;
	char text[20];
	sigset_t none;

	fflush(stdout);
	pid = fork();
	if (pid != 0)
		return pid;
	sigemptyset(&none);
	sigprocmask(SIG_SETMASK, &none, NULL);
	snprintf(text, sizeof(text), "%d", (int)getpid());
	setenv("LISTEN_PID", text, 1);
	setenv("LISTEN_FDS", passed < 0 ? "0" : "1", 1);
	setenv("NOTIFY_SOCKET", notify, 1);
	if (passed >= 0 && passed != 3)
		dup2(passed, 3);
	closefrom(passed < 0 ? 3 : 4);
	execv(argv[0], argv);
	fail(argv[0]);
	return -1;
}

static void tell_notification(int fd)
{
	char text[1000];
	ssize_t n = recv(fd, text, sizeof(text) - 1, MSG_DONTWAIT);

	for (ssize_t i = 0; i < n; i++)
		if (text[i] == '\n')
			text[i] = ' ';
	if (n > 0)
		printf("told %.*s\n", (int)n, text);
	fflush(stdout);
}

/* Passes signals on and tells notifications, until the program has ended. */
static int watch_program(pid_t pid, int signals, int notify)
{
	struct pollfd v[] = { { .fd = signals, .events = POLLIN },
			      { .fd = notify, .events = POLLIN } };
	struct signalfd_siginfo info;
	int status;

	for (;;) {
		poll(v, 2, -1);
		if (v[1].revents)
			tell_notification(notify);
		else if (read(signals, &info, sizeof(info)) == sizeof(info)) {
			if (info.ssi_signo != SIGCHLD)
				kill(pid, (int)info.ssi_signo);
			else if (waitpid(pid, &status, WNOHANG) == pid)
				return WIFEXITED(status) ? WEXITSTATUS(status) : 99;
		}
	}
}

int main(int argc, char **argv)
{
	struct sockaddr_un un;
	struct sockaddr_in in = { .sin_family = AF_UNSPEC };
	socklen_t n = sizeof(in);
	int passed, notify, signals, status;
	sigset_t set;
	pid_t pid;

	if (argc < 4)
		return 2;
	passed = open_passed(argv[1]);
	notify = socket(AF_UNIX, SOCK_DGRAM, 0);
	if (bind(notify, (struct sockaddr *)&un, unix_address(&un, argv[2])) < 0)
		fail(argv[2]);
	sigemptyset(&set);
	sigaddset(&set, SIGTERM);
	sigaddset(&set, SIGHUP);
	sigaddset(&set, SIGCHLD);
	sigprocmask(SIG_BLOCK, &set, NULL);
	signals = signalfd(-1, &set, SFD_CLOEXEC);
	pid = start_program(argv + 3, passed, argv[2]);
	status = watch_program(pid, signals, notify);
	if (passed >= 0 && getsockname(passed, (struct sockaddr *)&in, &n) == 0 &&
	    in.sin_family == AF_INET &&
	    connect(socket(AF_INET, SOCK_STREAM, 0), (struct sockaddr *)&in, n) == 0)
		printf("queue open\n");
	printf("ended %d\n", status);
	return 0;
}
