#include "serve/listen.h"

#include <arpa/inet.h>
#include <fcntl.h>
#include <netdb.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include "oci/base/cleanup.h"
#include "oci/base/err.h"
#include "oci/base/span.h"

/* Splits ADDR:PORT at the last colon; the brackets around an IPv6 address are taken off. */
static int split_address(const char *text, char host[static 256], const char **port,
			 struct err *err)
{
	const char *colon = strrchr(text, ':');
	struct span address = span_of(text, colon ? (size_t)(colon - text) : 0);
	bool brackets = address.n > 2 && text[0] == '[' && text[address.n - 1] == ']';

	if (brackets)
		address = span_of(text + 1, address.n - 2);
	if (!colon || !address.n || address.n > 255 ||
	    (!brackets && memchr(address.p, ':', address.n)) ||
	    span_number(span_str(colon + 1), 65535) < 0)
		return err_set(err, ERR_USAGE, 0,
			       "--listen \"%s\" is not ADDR:PORT, such as 127.0.0.1:5000 or "
			       "[::]:5000, and not unix:PATH",
			       text);
	snprintf(host, 256, "%.*s", SPAN_ARG(address));
	*port = colon + 1;
	return 0;
}

static void cleanup_addrinfo(struct addrinfo **a)
{
	if (*a)
		freeaddrinfo(*a);
}

static int open_socket(const struct addrinfo *a, const char *text, bool only6, struct err *err)
{
	cleanup_fd int fd = socket(a->ai_family, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
	const int on = 1;

	if (fd < 0)
		return err_sys(err, "cannot listen on", text);
	setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &on, sizeof(on));
	/* accepted sockets inherit it: replies leave as they are written */
	setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &on, sizeof(on));
	if (only6)
		setsockopt(fd, IPPROTO_IPV6, IPV6_V6ONLY, &on, sizeof(on));
	if (bind(fd, a->ai_addr, a->ai_addrlen) < 0 || listen(fd, SOMAXCONN) < 0)
		return err_sys(err, "cannot listen on", text);
	return take_fd(&fd);
}

/* Tells the URL of a socket that listens, and so whether TLS is spoken there. */
static int tell_url(struct listener *l, bool secure, struct err *err)
{
	struct sockaddr_storage address = { .ss_family = AF_UNSPEC };
	socklen_t n = sizeof(address);
	char host[64], port[8];

	if (getsockname(l->fd, (struct sockaddr *)&address, &n) < 0)
		return err_sys(err, "cannot tell the address of", "the listener");
	if (address.ss_family == AF_UNIX) {
		snprintf(l->url, sizeof(l->url), "unix:%.*s", UNIX_SOCKET_PATH,
			 ((const struct sockaddr_un *)&address)->sun_path);
		return 0;
	}
	if (getnameinfo((struct sockaddr *)&address, n, host, sizeof(host), port, sizeof(port),
			NI_NUMERICHOST | NI_NUMERICSERV) != 0)
		return err_set(err, ERR_IO, 0, "cannot tell the address of the listener");
	l->secure = secure;
	snprintf(l->url, sizeof(l->url),
		 address.ss_family == AF_INET6 ? "%s://[%s]:%s" : "%s://%s:%s",
		 secure ? "https" : "http", host, port);
	return 0;
}

static int open_address(const char *text, bool only6, struct err *err)
{
	__attribute__((cleanup(cleanup_addrinfo))) struct addrinfo *found = NULL;
	const struct addrinfo hints = { .ai_family = AF_UNSPEC,
					.ai_socktype = SOCK_STREAM,
					.ai_flags = AI_PASSIVE | AI_NUMERICSERV };
	char host[256];
	const char *port;
	int result;

	if (split_address(text, host, &port, err) < 0)
		return -1;
	result = getaddrinfo(host, port, &hints, &found);
	if (result != 0)
		return err_set(err, ERR_IO, 0, "cannot listen on \"%s\": %s", text,
			       gai_strerror(result));
	return open_socket(found, text, only6, err);
}

static int add_listener(struct listen_set *s, const struct listener *l, struct err *err)
{
	if (s->n == LISTEN_MAX)
		return err_set(err, ERR_USAGE, 0, "more than %d listeners", LISTEN_MAX);
	s->v[s->n++] = *l;
	return 0;
}

static int open_one(struct listen_set *s, const char *text, bool only6, struct err *err)
{
	static const char in_files[] = "unix:";
	struct listener l = { .fd = -1 };
	cleanup_fd int fd = -1;

	if (strncmp(text, in_files, sizeof(in_files) - 1) == 0) {
		const char *path = text + sizeof(in_files) - 1;

		fd = unix_socket_open(&l.file, path, err);
		snprintf(l.url, sizeof(l.url), "unix:%s", fd < 0 ? "" : path);
	} else {
		l.fd = fd = open_address(text, only6, err);
		if (fd >= 0 && tell_url(&l, s->secure, err) < 0)
			return -1;
	}
	l.fd = fd;
	if (fd < 0 || add_listener(s, &l, err) < 0)
		return -1;
	take_fd(&fd);
	return 0;
}

/* Whether the text is "[::]:P" and "0.0.0.0:P" is among the others. */
static bool has_other_half(const char *text, const char *const *texts, size_t n)
{
	static const char any6[] = "[::]:", any4[] = "0.0.0.0:";

	if (strncmp(text, any6, sizeof(any6) - 1) != 0)
		return false;
	for (size_t i = 0; i < n; i++)
		if (strncmp(texts[i], any4, sizeof(any4) - 1) == 0 &&
		    strcmp(texts[i] + sizeof(any4) - 1, text + sizeof(any6) - 1) == 0)
			return true;
	return false;
}

int listen_open_all(struct listen_set *s, const char *const *texts, size_t n, struct err *err)
{
	for (size_t i = 0; i < n; i++)
		if (open_one(s, texts[i], has_other_half(texts[i], texts, n), err) < 0)
			return -1;
	return 0;
}

int listen_adopt(struct listen_set *s, int fd, struct err *err)
{
	struct listener l = { .fd = fd, .inherited = true };
	int listens = 0;
	socklen_t size = sizeof(listens);

	if (getsockopt(fd, SOL_SOCKET, SO_ACCEPTCONN, &listens, &size) < 0 || !listens)
		return err_set(err, ERR_IO, 0,
			       "descriptor %d, which was passed on, is no stream socket that "
			       "listens; the .socket unit needs ListenStream= and Accept=no",
			       fd);
	if (fcntl(fd, F_SETFL, fcntl(fd, F_GETFL) | O_NONBLOCK) < 0 ||
	    fcntl(fd, F_SETFD, FD_CLOEXEC) < 0)
		return err_sys(err, "cannot listen on", "a socket that was passed on");
	return tell_url(&l, s->secure, err) < 0 ? -1 : add_listener(s, &l, err);
}

void listen_set_release(struct listen_set *s)
{
	for (size_t i = 0; i < s->n; i++) {
		unix_socket_remove(&s->v[i].file);
		close(s->v[i].fd);
	}
	s->n = 0;
}

bool listen_has(const struct listen_set *s, const void *p)
{
	return (uintptr_t)p - (uintptr_t)s->v < s->n * sizeof(s->v[0]);
}

static void write_peer(const struct sockaddr_storage *from, char peer[static ACCESS_LOG_PEER])
{
	const struct in6_addr *six = &((const struct sockaddr_in6 *)from)->sin6_addr;
	int family = from->ss_family;
	const void *address = &((const struct sockaddr_in *)from)->sin_addr;

	if (family == AF_INET6) {
		/* a client of IPv4 on a listener for both is written as elsewhere */
		family = IN6_IS_ADDR_V4MAPPED(six) ? AF_INET : AF_INET6;
		address = family == AF_INET ? (const void *)&six->s6_addr[12] : six;
	}
	if (!inet_ntop(family, address, peer, ACCESS_LOG_PEER))
		snprintf(peer, ACCESS_LOG_PEER, "unix:");
}

int listen_accept(struct listen_set *s, const struct listener *l, char peer[static ACCESS_LOG_PEER])
{
	struct sockaddr_storage from = { .ss_family = AF_UNSPEC };
	socklen_t n = sizeof(from);
	int fd = accept4(l->fd, (struct sockaddr *)&from, &n, SOCK_NONBLOCK | SOCK_CLOEXEC);

	if (fd < 0)
		return -1;
	write_peer(&from, peer);
	atomic_fetch_add_explicit(&s->connections, 1, memory_order_relaxed);
	return fd;
}

void listen_stop(const struct listener *l)
{
	if (!l->inherited)
		shutdown(l->fd, SHUT_RD);
}

bool listen_is_full(struct listen_set *s)
{
	return atomic_load_explicit(&s->connections, memory_order_relaxed) >= s->max;
}

bool listen_is_nearly_full(struct listen_set *s)
{
	int n = atomic_load_explicit(&s->connections, memory_order_relaxed);

	return n >= s->max - s->max / 8;
}

void listen_release(struct listen_set *s)
{
	atomic_fetch_sub_explicit(&s->connections, 1, memory_order_relaxed);
}
