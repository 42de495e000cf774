#include "serve/refused_log.h"

#include "oci/cli/message.h"
#include "serve/line_limit.h"

#define WORDS_OF(why, label, words) [why] = words,
static const char *const reasons[] = { REFUSALS(WORDS_OF) };
#undef WORDS_OF
#define LIMIT_OF(why, label, words) [why] = LINE_LIMIT_INIT(1),

void refused_log_add(enum refused why, unsigned n, const char *peer, int64_t now)
{
	static struct line_limit limits[REFUSED_KINDS] = { REFUSALS(LIMIT_OF) };
	unsigned long more;

	if (!n || !line_limit_take(&limits[why], n, now, &more))
		return;
	if (more)
		message_line("%s: %s (and %lu more since the last line)", peer, reasons[why], more);
	else
		message_line("%s: %s", peer, reasons[why]);
}
