/*
 * address_key - the text under which the limits of a client's address are counted.
 *
 * An IPv4 address stands for itself. Of IPv6 the first 64 bits count, as "2001:db8:1:2::": that is
 * what one customer's network has at least (RFC 6177), so that a client cannot take another address
 * for each connection.
 */
#ifndef SERVE_ADDRESS_KEY_H
#define SERVE_ADDRESS_KEY_H

#include <stdbool.h>

#include "serve/access_log.h"

/* Writes the key of an address, as listen_accept() and trusted_proxy_client() write one. False for
 * any other text, such as "unix:": then nothing is counted. */
bool address_key(const char *address, char key[static ACCESS_LOG_PEER]);

#endif
