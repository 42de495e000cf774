#include "oci/clock.h"

#include <stdio.h>
#include <string.h>

int64_t clock_now(void)
{
	struct timespec ts;

	clock_gettime(CLOCK_MONOTONIC, &ts);
	return ts.tv_sec * CLOCK_SEC + ts.tv_nsec;
}

time_t clock_wall(void)
{
	return time(NULL);
}

void clock_rfc3339(time_t t, char out[static CLOCK_RFC3339])
{
	struct tm tm;

	gmtime_r(&t, &tm);
	strftime(out, CLOCK_RFC3339, "%Y-%m-%dT%H:%M:%SZ", &tm);
}

/* "+02:00" as seconds; -1 for false. */
static bool parse_offset(const char *s, long *seconds)
{
	unsigned h, m;
	int used = 0;

	if (*s == 'Z' || *s == 'z') {
		*seconds = 0;
		return s[1] == '\0';
	}
	if ((*s != '+' && *s != '-') || sscanf(s + 1, "%2u:%2u%n", &h, &m, &used) != 2 ||
	    used != 5 || s[6] || h > 23 || m > 59)
		return false;
	*seconds = (long)(h * 3600 + m * 60) * (*s == '-' ? -1 : 1);
	return true;
}

time_t clock_parse_rfc3339(const char *text)
{
	struct tm tm = { 0 };
	long offset;
	const char *s = strptime(text, "%Y-%m-%d", &tm);

	if (!s || s - text != 10 || (*s != 'T' && *s != 't' && *s != ' '))
		return -1;
	s = strptime(s + 1, "%H:%M:%S", &tm);
	if (!s)
		return -1;
	if (*s == '.')
		s += 1 + strspn(s + 1, "0123456789");
	if (!parse_offset(s, &offset))
		return -1;
	return timegm(&tm) - offset;
}

void clock_http(time_t t, char out[static CLOCK_HTTP])
{
	struct tm tm;

	gmtime_r(&t, &tm);
	strftime(out, CLOCK_HTTP, "%a, %d %b %Y %H:%M:%S GMT", &tm);
}

time_t clock_parse_http(const char *text)
{
	static const char *const forms[] = {
		"%a, %d %b %Y %H:%M:%S GMT", /* IMF-fixdate */
		"%A, %d-%b-%y %H:%M:%S GMT", /* RFC 850, obsolete */
		"%a %b %d %H:%M:%S %Y",      /* asctime, obsolete */
	};

	for (size_t i = 0; i < sizeof(forms) / sizeof(forms[0]); i++) {
		struct tm tm = { 0 };
		const char *end = strptime(text, forms[i], &tm);

		if (end && !*end)
			return timegm(&tm);
	}
	return -1;
}
