#include "serve/unix_socket.h"

#include <errno.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

#include "oci/base/cleanup.h"
#include "oci/base/err.h"

static struct sockaddr_un address_of(const char *path)
{
	struct sockaddr_un a = { .sun_family = AF_UNIX };

	snprintf(a.sun_path, sizeof(a.sun_path), "%s", path);
	return a;
}

/* Whether a server accepts connections at the path. Only a refusal shows that none does. */
static bool is_alive(const char *path)
{
	const struct sockaddr_un a = address_of(path);
	cleanup_fd int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);

	return fd < 0 || connect(fd, (const struct sockaddr *)&a, sizeof(a)) == 0 ||
	       errno != ECONNREFUSED;
}

/* Makes room at the path: a socket of a dead server goes, everything else stays. */
static int clear_place(const char *path, struct err *err)
{
	struct stat st;

	if (lstat(path, &st) < 0)
		return errno == ENOENT ? 0 : err_sys(err, "cannot listen on", path);
	if (!S_ISSOCK(st.st_mode))
		return err_set(err, ERR_IO, 0,
			       "cannot listen on %s: a file is there that is no socket; remove it, "
			       "or name another path",
			       path);
	if (is_alive(path))
		return err_set(err, ERR_IO, EADDRINUSE,
			       "cannot listen on %s: another program listens there", path);
	return unlink(path) < 0 ? err_sys(err, "cannot replace", path) : 0;
}

/* Notes which file is ours. */
static int listen_at(struct unix_socket *s, int fd, const char *path, struct err *err)
{
	const struct sockaddr_un a = address_of(path);
	struct stat st;

	if (bind(fd, (const struct sockaddr *)&a, sizeof(a)) < 0 || lstat(path, &st) < 0)
		return err_sys(err, "cannot listen on", path);
	snprintf(s->path, sizeof(s->path), "%s", path);
	s->dev = st.st_dev;
	s->ino = st.st_ino;
	if (chmod(path, 0666) == 0 && listen(fd, SOMAXCONN) == 0)
		return 0;
	err_sys(err, "cannot listen on", path);
	unix_socket_remove(s);
	return -1;
}

int unix_socket_open(struct unix_socket *s, const char *path, struct err *err)
{
	cleanup_fd int fd = -1;

	if (!path[0] || strlen(path) >= UNIX_SOCKET_PATH)
		return err_set(err, ERR_USAGE, 0,
			       "--listen unix:PATH takes a path of 1 to %d bytes, not \"%s\"",
			       UNIX_SOCKET_PATH - 1, path);
	if (clear_place(path, err) < 0)
		return -1;
	fd = socket(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
	if (fd < 0)
		return err_sys(err, "cannot listen on", path);
	return listen_at(s, fd, path, err) < 0 ? -1 : take_fd(&fd);
}

void unix_socket_remove(const struct unix_socket *s)
{
	struct stat st;

	if (s->path[0] && lstat(s->path, &st) == 0 && st.st_dev == s->dev && st.st_ino == s->ino)
		unlink(s->path);
}
