#include "serve/damage_log.h"

#include <stdarg.h>
#include <stdio.h>

#include "oci/base/clock.h"
#include "oci/cli/message.h"
#include "serve/line_limit.h"

void damage_log_add(const char *fmt, ...)
{
	static struct line_limit limit = LINE_LIMIT_INIT(10);
	char text[1024];
	unsigned long more;
	va_list ap;

	if (!line_limit_take(&limit, 1, clock_now(), &more))
		return;
	va_start(ap, fmt);
	vsnprintf(text, sizeof(text), fmt, ap);
	va_end(ap);
	if (more)
		message_warn("%s (and %lu more since the last line)", text, more);
	else
		message_warn("%s", text);
}
