#include "serve/damage_log.h"

#include <pthread.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>

#include "oci/base/clock.h"
#include "oci/cli/message.h"

#define LINES 10 /* a second */

/* Whether a line may be written now; then *left_out are those that were not since the last one. */
static bool take_line(unsigned long *left_out)
{
	static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER;
	static int64_t since;
	static unsigned lines;
	static unsigned long skipped;
	int64_t now = clock_now();
	bool may;

	pthread_mutex_lock(&lock);
	if (now - since >= CLOCK_SEC) {
		since = now;
		lines = 0;
	}
	may = lines < LINES;
	*left_out = may ? skipped : 0;
	skipped = may ? 0 : skipped + 1;
	lines += may;
	pthread_mutex_unlock(&lock);
	return may;
}

void damage_log_add(const char *fmt, ...)
{
	char text[1024];
	unsigned long left_out;
	va_list ap;

	if (!take_line(&left_out))
		return;
	va_start(ap, fmt);
	vsnprintf(text, sizeof(text), fmt, ap);
	va_end(ap);
	if (left_out)
		message_warn("%s (and %lu more since the last line)", text, left_out);
	else
		message_warn("%s", text);
}
