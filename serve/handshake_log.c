#include "serve/handshake_log.h"

#include "oci/cli/message.h"
#include "serve/line_limit.h"

void handshake_log_add(const char *peer, const char *reason, int64_t now)
{
	static struct line_limit limit = LINE_LIMIT_INIT(1);
	unsigned long more;

	if (!line_limit_take(&limit, 1, now, &more))
		return;
	if (more)
		message_line("%s: TLS handshake: %s (and %lu more since the last line)", peer,
			     reason, more);
	else
		message_line("%s: TLS handshake: %s", peer, reason);
}
