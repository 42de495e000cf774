/*
 * listen - the listening socket: "127.0.0.1:5000", "[::1]:0", "localhost:5000".
 */
#ifndef SERVE_LISTEN_H
#define SERVE_LISTEN_H

#include <stddef.h>

struct err;

/* Room for "http://[an IPv6 address]:65535". */
#define LISTEN_URL 80

/* Gives a listening, non-blocking socket, which the caller closes, and its URL (port 0 picks a free
 * one); or -1: USAGE when the text is no ADDR:PORT, IO when the address cannot be used. */
int listen_open(const char *text, char url[static LISTEN_URL], struct err *err);

#endif
