#include "serve/systemd.h"

#include <limits.h>
#include <stddef.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include "oci/base/cleanup.h"
#include "oci/base/clock.h"
#include "oci/base/err.h"
#include "oci/base/span.h"

int systemd_sockets(const char *pid, const char *fds, struct err *err)
{
	long n;

	if (!pid || !fds || span_number(span_str(pid), INT_MAX) != getpid())
		return 0;
	n = span_number(span_str(fds), 1000);
	if (n < 0)
		return err_set(err, ERR_IO, 0, "LISTEN_FDS \"%s\" is not a number of sockets", fds);
	return (int)n;
}

int systemd_notify_open(const char *socket_name)
{
	cleanup_fd int fd = socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC, 0);
	struct sockaddr_un a = { .sun_family = AF_UNIX };
	size_t n = socket_name ? strlen(socket_name) : 0;

	if (fd < 0 || n < 2 || n >= sizeof(a.sun_path))
		return -1;
	memcpy(a.sun_path, socket_name, n);
	if (a.sun_path[0] == '@') /* an abstract name begins with a NUL and has none at its end */
		a.sun_path[0] = '\0';
	else
		n++;
	if (connect(fd, (const struct sockaddr *)&a,
		    (socklen_t)(offsetof(struct sockaddr_un, sun_path) + n)) < 0)
		return -1;
	return take_fd(&fd);
}

void systemd_notify(int fd, enum systemd_event e)
{
	static const char *const words[] = {
		[SYSTEMD_READY] = "READY=1\n",
		[SYSTEMD_RELOADING] = "RELOADING=1\n",
		[SYSTEMD_STOPPING] = "STOPPING=1\n",
	};
	char text[80];
	int n = snprintf(text, sizeof(text), "%s", words[e]);

	if (fd < 0)
		return;
	if (e == SYSTEMD_RELOADING) /* Type=notify-reload tells reloads apart by their time */
		n += snprintf(text + n, sizeof(text) - (size_t)n, "MONOTONIC_USEC=%lld\n",
			      (long long)(clock_now() / (CLOCK_MS / 1000)));
	(void)!send(fd, text, (size_t)n, MSG_NOSIGNAL | MSG_DONTWAIT);
}
