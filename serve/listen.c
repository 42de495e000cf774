#include "serve/listen.h"

#include <arpa/inet.h>
#include <netdb.h>
#include <netinet/tcp.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
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
			       "[::]:5000",
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

static int open_socket(const struct addrinfo *a, const char *text, struct err *err)
{
	cleanup_fd int fd = socket(a->ai_family, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
	const int on = 1;

	if (fd < 0)
		return err_sys(err, "cannot listen on", text);
	setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &on, sizeof(on));
	/* accepted sockets inherit it: replies leave as they are written */
	setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &on, sizeof(on));
	if (bind(fd, a->ai_addr, a->ai_addrlen) < 0 || listen(fd, SOMAXCONN) < 0)
		return err_sys(err, "cannot listen on", text);
	return take_fd(&fd);
}

static int tell_url(int fd, char url[static LISTEN_URL], struct err *err)
{
	struct sockaddr_storage address = { .ss_family = AF_UNSPEC };
	socklen_t n = sizeof(address);
	char host[64], port[8];

	if (getsockname(fd, (struct sockaddr *)&address, &n) < 0 ||
	    getnameinfo((struct sockaddr *)&address, n, host, sizeof(host), port, sizeof(port),
			NI_NUMERICHOST | NI_NUMERICSERV) != 0)
		return err_sys(err, "cannot tell the address of", "the listener");
	snprintf(url, LISTEN_URL, address.ss_family == AF_INET6 ? "http://[%s]:%s" : "http://%s:%s",
		 host, port);
	return 0;
}

int listen_open(const char *text, char url[static LISTEN_URL], struct err *err)
{
	__attribute__((cleanup(cleanup_addrinfo))) struct addrinfo *found = NULL;
	const struct addrinfo hints = { .ai_family = AF_UNSPEC,
					.ai_socktype = SOCK_STREAM,
					.ai_flags = AI_PASSIVE | AI_NUMERICSERV };
	cleanup_fd int fd = -1;
	char host[256];
	const char *port;
	int result;

	if (split_address(text, host, &port, err) < 0)
		return -1;
	result = getaddrinfo(host, port, &hints, &found);
	if (result != 0)
		return err_set(err, ERR_IO, 0, "cannot listen on \"%s\": %s", text,
			       gai_strerror(result));
	fd = open_socket(found, text, err);
	if (fd < 0 || tell_url(fd, url, err) < 0)
		return -1;
	return take_fd(&fd);
}

static void write_peer(const struct sockaddr_storage *from, char peer[static ACCESS_LOG_PEER])
{
	const void *address =
		from->ss_family == AF_INET6
			? (const void *)&((const struct sockaddr_in6 *)from)->sin6_addr
			: (const void *)&((const struct sockaddr_in *)from)->sin_addr;

	if (!inet_ntop(from->ss_family, address, peer, ACCESS_LOG_PEER))
		snprintf(peer, ACCESS_LOG_PEER, "-");
}

int listen_accept(struct listener *l, char peer[static ACCESS_LOG_PEER])
{
	struct sockaddr_storage from = { .ss_family = AF_UNSPEC };
	socklen_t n = sizeof(from);
	int fd = accept4(l->fd, (struct sockaddr *)&from, &n, SOCK_NONBLOCK | SOCK_CLOEXEC);

	if (fd < 0)
		return -1;
	write_peer(&from, peer);
	atomic_fetch_add_explicit(&l->connections, 1, memory_order_relaxed);
	return fd;
}

bool listen_is_full(struct listener *l)
{
	return atomic_load_explicit(&l->connections, memory_order_relaxed) >= l->max;
}

void listen_release(struct listener *l)
{
	atomic_fetch_sub_explicit(&l->connections, 1, memory_order_relaxed);
}
