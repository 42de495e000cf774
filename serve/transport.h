/*
 * transport - the bytes of a connection, plain or through TLS: three functions that give what
 * recv(), sendmsg() and sendfile() give. fd is a non-blocking socket; tls is NULL for a plain
 * connection, which costs one comparison.
 */
#ifndef SERVE_TRANSPORT_H
#define SERVE_TRANSPORT_H

#include <sys/sendfile.h>
#include <sys/socket.h>

#include "serve/tls.h"

static inline ssize_t transport_read(int fd, struct tls_conn *tls, void *p, size_t n)
{
	return tls ? tls_read(tls, p, n) : recv(fd, p, n, 0);
}

/* Sends pieces; `more`: a file follows, and shares packets with them. */
static inline ssize_t transport_writev(int fd, struct tls_conn *tls, struct iovec *v, size_t n,
				       bool more)
{
	const struct msghdr m = { .msg_iov = v, .msg_iovlen = n };

	return tls ? tls_writev(tls, v, n) : sendmsg(fd, &m, MSG_NOSIGNAL | (more ? MSG_MORE : 0));
}

static inline ssize_t transport_sendfile(int fd, struct tls_conn *tls, int file, off_t *at,
					 size_t n)
{
	return tls ? tls_sendfile(tls, file, at, n) : sendfile(fd, file, at, n);
}

#endif
