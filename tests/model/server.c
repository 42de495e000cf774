#include "tests/model/server.h"

#include <arpa/inet.h>
#include <fcntl.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#include "oci/base/cleanup.h"
#include "tests/model/world.h"

static void exec_server(const char *bin, const char *mirror, const int *out, const int *log)
{
	cleanup_free char *program = xasprintf("%s/mirror-serve", bin);

	dup2(out[1], STDOUT_FILENO);
	dup2(log[1], STDERR_FILENO);
	execl(program, program, "--listen", "127.0.0.1:0", mirror, (char *)NULL);
	_exit(127);
}

void server_start(struct server *s, const char *bin, const char *mirror)
{
	int out[2], log[2];
	char line[200];
	FILE *ready;

	if (pipe2(out, O_CLOEXEC) < 0 || pipe2(log, O_CLOEXEC) < 0 || (s->pid = fork()) < 0)
		abort();
	if (s->pid == 0)
		exec_server(bin, mirror, out, log);
	close(out[1]);
	close(log[1]);
	s->log = fdopen(log[0], "r");
	ready = fdopen(out[0], "r");
	if (!fgets(line, sizeof(line), ready) || sscanf(line, "listening on %127s", s->url) != 1) {
		fprintf(stderr, "mirror-serve does not start\n");
		exit(1);
	}
	fclose(ready);
	s->port = atoi(strrchr(s->url, ':') + 1);
}

void server_stop(struct server *s)
{
	if (!s->pid)
		return;
	kill(s->pid, SIGTERM);
	waitpid(s->pid, NULL, 0);
	fclose(s->log);
	s->pid = 0;
}

void server_await(const struct server *s, const char *text)
{
	char line[4096];

	kill(s->pid, SIGHUP);
	while (fgets(line, sizeof(line), s->log))
		if (strstr(line, text))
			return;
	fprintf(stderr, "mirror-serve ended before it said \"%s\"\n", text);
	exit(1);
}

/* The head of the reply. */
static bool ask(const struct server *s, const char *path, char *reply, size_t n)
{
	struct sockaddr_in at = { .sin_family = AF_INET, .sin_port = htons((uint16_t)s->port) };
	cleanup_fd int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
	cleanup_free char *request =
		xasprintf("HEAD %s HTTP/1.1\r\nHost: 127.0.0.1\r\nConnection: close\r\n\r\n", path);
	size_t got = 0;
	ssize_t r;

	inet_pton(AF_INET, "127.0.0.1", &at.sin_addr);
	if (fd < 0 || connect(fd, (struct sockaddr *)&at, sizeof(at)) < 0 ||
	    write(fd, request, strlen(request)) < 0)
		return false;
	while (got < n - 1 && (r = read(fd, reply + got, n - 1 - got)) > 0)
		got += (size_t)r;
	reply[got] = '\0';
	return true;
}

bool server_has(const struct server *s, const char *path, const char *digest)
{
	char reply[4096];

	return ask(s, path, reply, sizeof(reply)) && strstr(reply, " 200 ") &&
	       strstr(reply, digest);
}
