/*
 * unix_socket - a listening socket in the file system (unix(7)).
 *
 * A server that was killed leaves its socket behind. Such a socket, on which nobody listens any
 * more, is replaced; one that is alive is not, and neither is a file that is no socket. Every user
 * may connect (mode 0666): the directory decides which users come that far.
 */
#ifndef SERVE_UNIX_SOCKET_H
#define SERVE_UNIX_SOCKET_H

#include <sys/types.h>

struct err;

/* Longest path and its NUL, as sockaddr_un has it. */
#define UNIX_SOCKET_PATH 108

struct unix_socket {
	char path[UNIX_SOCKET_PATH]; /* "": there is none */
	dev_t dev;
	ino_t ino;
};

/* Gives a non-blocking socket that listens at the path, which the caller closes; or -1: USAGE when
 * the path is empty or too long, IO when another server listens there, or the path cannot be
 * used. */
int unix_socket_open(struct unix_socket *s, const char *path, struct err *err);

/* Removes the socket's file, if it is still ours. */
void unix_socket_remove(const struct unix_socket *s);

#endif
