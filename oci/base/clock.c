#include "oci/base/clock.h"

#include <stdio.h>
#include <string.h>

int64_t clock_now(void)
{
	struct timespec ts;

	/* unlike CLOCK_MONOTONIC it advances during suspend; tokens and quotas expire then, too */
	clock_gettime(CLOCK_BOOTTIME, &ts);
	return ts.tv_sec * CLOCK_SEC + ts.tv_nsec;
}

time_t clock_wall(void)
{
	return time(NULL);
}

/* Limited to the years 1000 to 9999, which four digits hold. */
static void broken_down(time_t t, struct tm *tm)
{
	static const time_t first = -30610224000, last = 253402300799;

	t = t < first ? first : t > last ? last : t;
	gmtime_r(&t, tm);
}

void clock_rfc3339(time_t t, char out[static CLOCK_RFC3339])
{
	struct tm tm;

	broken_down(t, &tm);
	strftime(out, CLOCK_RFC3339, "%Y-%m-%dT%H:%M:%SZ", &tm);
}

/* Seconds since 1970; -1 for a date that does not exist, such as February 30. A leap second counts
 * as the second before it. */
static time_t seconds_of(const struct tm *said)
{
	struct tm tm = *said, again;
	time_t t;

	if (tm.tm_sec == 60)
		tm.tm_sec = 59;
	again = tm;
	t = timegm(&again); /* changes a date that does not exist to one that does */
	return again.tm_year == tm.tm_year && again.tm_mon == tm.tm_mon &&
			       again.tm_mday == tm.tm_mday && again.tm_hour == tm.tm_hour &&
			       again.tm_min == tm.tm_min && again.tm_sec == tm.tm_sec
		       ? t
		       : -1;
}

/* Takes exactly n digits off the front. */
static bool take_digits(const char **s, int n, int *number)
{
	*number = 0;
	for (; n; n--, ++*s) {
		if (**s < '0' || **s > '9')
			return false;
		*number = *number * 10 + (**s - '0');
	}
	return true;
}

/* "Z" or "+02:00", and the end of the text; in seconds. */
static bool parse_offset(const char *s, long *seconds)
{
	char sign = *s++;
	int h = 0, m = 0;

	if (sign == 'Z' || sign == 'z') {
		*seconds = 0;
		return !*s;
	}
	if ((sign != '+' && sign != '-') || !take_digits(&s, 2, &h) || *s++ != ':' ||
	    !take_digits(&s, 2, &m) || *s || h > 23 || m > 59)
		return false;
	*seconds = (h * 3600L + m * 60L) * (sign == '-' ? -1 : 1);
	return true;
}

/* ".25", or nothing. */
static bool skip_fraction(const char **s)
{
	size_t n;

	if (**s != '.')
		return true;
	n = strspn(*s + 1, "0123456789");
	*s += 1 + n;
	return n > 0;
}

time_t clock_parse_rfc3339(const char *text)
{
	struct tm tm = { 0 };
	const struct {
		int *to, digits;
		const char *then; /* one of these characters follows */
	} parts[] = {
		{ &tm.tm_year, 4, "-" }, { &tm.tm_mon, 2, "-" }, { &tm.tm_mday, 2, "Tt " },
		{ &tm.tm_hour, 2, ":" }, { &tm.tm_min, 2, ":" }, { &tm.tm_sec, 2, NULL },
	};
	long offset;
	time_t t;

	for (size_t i = 0; i < sizeof(parts) / sizeof(parts[0]); i++) {
		if (!take_digits(&text, parts[i].digits, parts[i].to))
			return -1;
		if (parts[i].then && (!*text || !strchr(parts[i].then, *text++)))
			return -1;
	}
	if (!skip_fraction(&text) || !parse_offset(text, &offset))
		return -1;
	tm.tm_year -= 1900;
	tm.tm_mon -= 1;
	t = seconds_of(&tm);
	return t == -1 ? -1 : t - offset;
}

void clock_http(time_t t, char out[static CLOCK_HTTP])
{
	struct tm tm;

	broken_down(t, &tm);
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
			return seconds_of(&tm);
	}
	return -1;
}
