#include "publish/moment.h"

#include <stdbool.h>
#include <string.h>

#include "oci/base/clock.h"
#include "oci/base/err.h"
#include "oci/base/unit.h"

#define DAY 86400

/* The first second of a day; -1 when text is none. */
static time_t start_of_day(const char *text)
{
	bool dashes = strchr(text, '-') != NULL;
	struct tm tm = { 0 };
	const char *end = strptime(text, dashes ? "%Y-%m-%d" : "%Y%m%d", &tm);
	int day = tm.tm_mday;
	time_t t;

	if (!end || *end || end - text != (dashes ? 10 : 8))
		return -1;
	/* strptime takes the 31st of any month, which timegm makes the 1st of the next */
	t = timegm(&tm);
	return tm.tm_mday == day ? t : -1;
}

time_t moment_last(const char *text)
{
	time_t t = start_of_day(text);

	return t >= 0 ? t + DAY - 1 : clock_parse_rfc3339(text);
}

time_t moment_since(const char *text, time_t now)
{
	struct err ignored;
	time_t t = start_of_day(text);
	long seconds;

	if (t < 0 && unit_duration(&seconds, span_str(text), &ignored) == 0)
		return seconds < now ? now - seconds : 0;
	return t >= 0 ? t : clock_parse_rfc3339(text);
}
