#include "oci/base/clock.h"

#include <stdlib.h>

#include "tests/tap.h"

/* 2026-11-20T08:15:00Z */
#define NOON ((time_t)1795162500)

static const struct {
	const char *name, *text;
	time_t want;
} rfc3339[] = {
	{ "UTC", "2026-11-20T08:15:00Z", NOON },
	{ "small letters", "2026-11-20t08:15:00z", NOON },
	{ "a blank", "2026-11-20 08:15:00Z", NOON },
	{ "east", "2026-11-20T10:15:00+02:00", NOON },
	{ "west", "2026-11-19T20:45:00-11:30", NOON },
	{ "no offset in figures", "2026-11-20T08:15:00+00:00", NOON },
	{ "an unknown offset", "2026-11-20T08:15:00-00:00", NOON },
	{ "a fraction", "2026-11-20T08:15:00.999999999Z", NOON },
	{ "a fraction and an offset", "2026-11-20T09:15:00.5+01:00", NOON },
	{ "the beginning", "1970-01-01T00:00:00Z", 0 },
	{ "before it", "1969-12-31T00:00:00Z", -86400 },
	{ "beyond 32 bits", "2038-01-19T03:14:08Z", INT64_C(2147483648) },
	{ "a leap day", "2024-02-29T00:00:00Z", 1709164800 },
	{ "a leap second", "2016-12-31T23:59:60Z", 1483228799 },
	{ "the last second", "9999-12-31T23:59:59Z", INT64_C(253402300799) },

	{ "nothing", "", -1 },
	{ "a date", "2026-11-20", -1 },
	{ "no offset", "2026-11-20T08:15:00", -1 },
	{ "something behind", "2026-11-20T08:15:00Z ", -1 },
	{ "something behind the offset", "2026-11-20T08:15:00+02:00x", -1 },
	{ "another separator", "2026-11-20_08:15:00Z", -1 },
	{ "no separator", "2026-11-2008:15:00Z", -1 },
	{ "a year of three figures", "026-11-20T08:15:00Z", -1 },
	{ "a blank for a figure", "2026-11- 0T08:15:00Z", -1 },
	{ "a blank in front", " 2026-11-20T08:15:00Z", -1 },
	{ "hours of one figure", "2026-11-20T8:15:00Z", -1 },
	{ "a sign", "+026-11-20T08:15:00Z", -1 },
	{ "month 0", "2026-00-20T08:15:00Z", -1 },
	{ "month 13", "2026-13-20T08:15:00Z", -1 },
	{ "day 0", "2026-11-00T08:15:00Z", -1 },
	{ "day 31 of November", "2026-11-31T08:15:00Z", -1 },
	{ "a leap day in another year", "2026-02-29T08:15:00Z", -1 },
	{ "hour 24", "2026-11-20T24:00:00Z", -1 },
	{ "minute 60", "2026-11-20T08:60:00Z", -1 },
	{ "second 61", "2026-11-20T08:15:61Z", -1 },
	{ "a fraction without figures", "2026-11-20T08:15:00.Z", -1 },
	{ "an offset without colon", "2026-11-20T08:15:00+0200", -1 },
	{ "an offset of a day", "2026-11-20T08:15:00+24:00", -1 },
	{ "an offset with 60 minutes", "2026-11-20T08:15:00+02:60", -1 },
	{ "two signs", "2026-11-20T08:15:00++2:00", -1 },
	{ "a blank in the offset", "2026-11-20T08:15:00+ 2:00", -1 },
};

static const struct {
	const char *name, *text;
	time_t want;
} http[] = {
	/* the three of RFC 9110, 5.6.7 */
	{ "IMF-fixdate", "Sun, 06 Nov 1994 08:49:37 GMT", 784111777 },
	{ "RFC 850", "Sunday, 06-Nov-94 08:49:37 GMT", 784111777 },
	{ "asctime", "Sun Nov  6 08:49:37 1994", 784111777 },
	{ "now", "Fri, 20 Nov 2026 08:15:00 GMT", NOON },
	{ "a leap second", "Sat, 31 Dec 2016 23:59:60 GMT", 1483228799 },

	{ "nothing", "", -1 },
	{ "seconds", "120", -1 },
	{ "another zone", "Fri, 20 Nov 2026 08:15:00 CET", -1 },
	{ "no zone", "Fri, 20 Nov 2026 08:15:00", -1 },
	{ "something behind", "Fri, 20 Nov 2026 08:15:00 GMT+1", -1 },
	{ "another month", "Fri, 20 Nuv 2026 08:15:00 GMT", -1 },
	{ "a day that is none", "Fri, 31 Nov 2026 08:15:00 GMT", -1 },
	{ "an hour that is none", "Fri, 20 Nov 2026 25:15:00 GMT", -1 },
};

static void test_parse(void)
{
	for (size_t i = 0; i < sizeof(rfc3339) / sizeof(rfc3339[0]); i++)
		if (!CHECK_ROW(clock_parse_rfc3339(rfc3339[i].text) == rfc3339[i].want,
			       rfc3339[i].name))
			printf("#   got %lld\n", (long long)clock_parse_rfc3339(rfc3339[i].text));
	for (size_t i = 0; i < sizeof(http) / sizeof(http[0]); i++)
		if (!CHECK_ROW(clock_parse_http(http[i].text) == http[i].want, http[i].name))
			printf("#   got %lld\n", (long long)clock_parse_http(http[i].text));
}

static void test_print(void)
{
	static const struct {
		const char *name;
		time_t t;
		const char *rfc3339, *http;
	} rows[] = {
		{ "now", NOON, "2026-11-20T08:15:00Z", "Fri, 20 Nov 2026 08:15:00 GMT" },
		{ "the beginning", 0, "1970-01-01T00:00:00Z", "Thu, 01 Jan 1970 00:00:00 GMT" },
		{ "before it", -1, "1969-12-31T23:59:59Z", "Wed, 31 Dec 1969 23:59:59 GMT" },
		{ "the last second of four figures", INT64_C(253402300799), "9999-12-31T23:59:59Z",
		  "Fri, 31 Dec 9999 23:59:59 GMT" },
		{ "a clock that is wrong by ages", INT64_MAX, "9999-12-31T23:59:59Z",
		  "Fri, 31 Dec 9999 23:59:59 GMT" },
		{ "to the other side", INT64_MIN, "1000-01-01T00:00:00Z",
		  "Wed, 01 Jan 1000 00:00:00 GMT" },
	};

	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		char a[CLOCK_RFC3339], b[CLOCK_HTTP];

		clock_rfc3339(rows[i].t, a);
		clock_http(rows[i].t, b);
		CHECK_TEXT(a, rows[i].rfc3339, rows[i].name);
		CHECK_TEXT(b, rows[i].http, "and as HTTP has it");
	}
}

/* Every day of 400 years there and back. */
static void test_round_trip(void)
{
	bool same = true;

	for (time_t t = 12345; t < INT64_C(400) * 366 * 86400; t += 86400) {
		char a[CLOCK_RFC3339], b[CLOCK_HTTP];

		clock_rfc3339(t, a);
		clock_http(t, b);
		same &= clock_parse_rfc3339(a) == t && clock_parse_http(b) == t;
	}
	CHECK_ROW(same, "what is printed is read again");
}

static void test_zone(void)
{
	setenv("TZ", "America/New_York", 1);
	tzset();
	test_print();
	CHECK_ROW(clock_parse_rfc3339("2026-11-20T08:15:00Z") == NOON &&
			  clock_parse_http("Fri, 20 Nov 2026 08:15:00 GMT") == NOON,
		  "wherever we are");
}

int main(void)
{
	int64_t before = clock_now(), after = clock_now();

	CHECK_ROW(before > 0 && after >= before, "the monotonic clock does not go back");
	CHECK_ROW(clock_wall() > 1700000000, "the wall clock knows the century");
	CHECK_ROW(CLOCK_SEC == 1000 * CLOCK_MS, "units");
	test_parse();
	test_print();
	test_round_trip();
	test_zone();
	return tap_done();
}
