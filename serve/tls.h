/*
 * tls - TLS on the server's side: certificates chosen by server name, tickets, and the bytes of a
 * connection (RFC 8446, RFC 5246; OpenSSL 3).
 *
 *	struct tls		what all threads share: certificates, the client CA, ticket keys
 *	struct tls_conn		one connection; used by one thread at a time
 *
 *	tls = tls_new(&options, &err)
 *	c = tls_accept(tls, fd)
 *	while (tls_handshake(c) == TLS_WAIT) wait for what tls_waits() says
 *	tls_read(), tls_writev(), tls_sendfile()
 *	tls_free(c)
 *
 * TLS 1.2 and 1.3, with forward secrecy and authenticated encryption only; no renegotiation, no
 * early data (a request could be replayed), no compression; ALPN chooses "http/1.1". A client
 * resumes by a ticket, in any thread and after a reload, since docker and podman open a connection
 * for each request: the ticket's key is replaced twice a day, and each key is accepted for a day.
 * Where the kernel can (module tls), it encrypts, and files are sent without a copy.
 *
 * The first certificate is the default; another is used when the client's server name is among its
 * names (SNI, RFC 6066). A connection keeps the certificates that it began with.
 *
 * The connection's functions never block. They give what recv() and sendmsg() give: bytes, or -1
 * with errno EAGAIN, when tls_waits() says for what; another errno ends the connection.
 */
#ifndef SERVE_TLS_H
#define SERVE_TLS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>
#include <sys/uio.h>
#include <time.h>

struct err;
struct tls;
struct tls_conn;

#define TLS_PAIRS 64

/* Paths, which must live as long as the struct tls. */
struct tls_options {
	const char *const *certs; /* PEM: the certificate, then those that lead to its CA */
	const char *const *keys;  /* PEM, without a passphrase; one for each certificate */
	size_t n;
	const char *client_ca; /* PEM: who may sign certificates of clients; or NULL */
};

/* Reads all files. NULL with IO when one cannot be used; the message names it. Warns of
 * certificates that have ended, or name no host, and of keys that every user can read. */
struct tls *tls_new(const struct tls_options *o, struct err *err);
void tls_delete(struct tls *t);

/* Reads all files again, for the connections that begin from now on. -1 when one cannot be used:
 * then everything stays as it was. */
int tls_reload(struct tls *t, struct err *err);

/* When the first of the certificates in use ends. */
time_t tls_expires(struct tls *t);

/* The next bytes of fd, which stays the caller's, are a client's first. NULL when there is no
 * memory for it. */
struct tls_conn *tls_accept(struct tls *t, int fd);
/* Says goodbye (close_notify) when the connection is whole. NULL is fine. */
void tls_free(struct tls_conn *c);

enum tls_step { TLS_DONE, TLS_WAIT, TLS_FAILED };

enum tls_step tls_handshake(struct tls_conn *c);
/* Why the handshake failed, in words; lent. */
const char *tls_failure(const struct tls_conn *c);

/* Whether the last call, if more is to be read or sent, waits until the socket can be written. */
bool tls_waits_to_write(const struct tls_conn *c);
/* Whether bytes were received that tls_read() has not given yet: the socket does not tell. */
bool tls_has_bytes(const struct tls_conn *c);

ssize_t tls_read(struct tls_conn *c, void *p, size_t n);
ssize_t tls_writev(struct tls_conn *c, const struct iovec *v, size_t n);
/* Sends up to n bytes of a file from *at, which it advances; 0 when the file ends there. */
ssize_t tls_sendfile(struct tls_conn *c, int file, off_t *at, size_t n);
/* Says that nothing more will be sent (close_notify). */
void tls_end(struct tls_conn *c);

/* The server name that the client asked for, or "". */
const char *tls_server_name(const struct tls_conn *c);
/* "TLSv1.2" or "TLSv1.3", once the handshake is done. */
const char *tls_version(const struct tls_conn *c);
/* Of the client's certificate, which was verified: its CN, and its O, a line each; "" when there is
 * none, or it holds a control character. */
const char *tls_user(const struct tls_conn *c);
const char *tls_groups(const struct tls_conn *c);

#endif
