#include "serve/refused_log.h"

#include <stdatomic.h>

#include "oci/base/clock.h"
#include "oci/cli/message.h"

#define WORDS_OF(why, label, words) [why] = words,
static const char *const reasons[] = { REFUSALS(WORDS_OF) };
#undef WORDS_OF

void refused_log_add(enum refused why, unsigned n, const char *peer, int64_t now)
{
	static _Atomic int64_t next[REFUSED_KINDS];
	static atomic_ulong left_out[REFUSED_KINDS];
	int64_t due = atomic_load(&next[why]);
	unsigned long more;

	if (!n)
		return;
	if (now < due || !atomic_compare_exchange_strong(&next[why], &due, now + CLOCK_SEC)) {
		atomic_fetch_add(&left_out[why], n);
		return;
	}
	more = atomic_exchange(&left_out[why], 0) + n - 1;
	if (more)
		message_line("%s: %s (and %lu more since the last line)", peer, reasons[why], more);
	else
		message_line("%s: %s", peer, reasons[why]);
}
