#include "serve/handshake_log.h"

#include <stdatomic.h>

#include "oci/base/clock.h"
#include "oci/cli/message.h"

void handshake_log_add(const char *peer, const char *reason, int64_t now)
{
	static _Atomic int64_t next;
	static atomic_ulong left_out;
	int64_t due = atomic_load(&next);
	unsigned long n;

	if (now < due || !atomic_compare_exchange_strong(&next, &due, now + CLOCK_SEC)) {
		atomic_fetch_add(&left_out, 1);
		return;
	}
	n = atomic_exchange(&left_out, 0);
	if (n)
		message_line("%s: TLS handshake: %s (and %lu more since the last line)", peer,
			     reason, n);
	else
		message_line("%s: TLS handshake: %s", peer, reason);
}
