/*
 * handshake_log - tells on stderr of TLS handshakes that failed: "192.0.2.1: TLS handshake: no
 * shared cipher". One line a second at most, with the number of those that were left out: a
 * stranger chooses how many there are.
 */
#ifndef SERVE_HANDSHAKE_LOG_H
#define SERVE_HANDSHAKE_LOG_H

#include <stdint.h>

/* From any thread; now is clock_now(). */
void handshake_log_add(const char *peer, const char *reason, int64_t now);

#endif
