#include "oci/cli/format.h"

#include <ctype.h>
#include <pwd.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "oci/base/clock.h"
#include "oci/image/ref.h"

void format_digest(const char *digest, char out[static FORMAT_DIGEST])
{
	const char *hex = digest ? strchr(digest, ':') : NULL;

	if (!hex)
		snprintf(out, FORMAT_DIGEST, "-");
	else
		snprintf(out, FORMAT_DIGEST, "%.*s%.12s", (int)(hex + 1 - digest), digest, hex + 1);
}

void format_age(const char *since, time_t now, char out[static FORMAT_AGE])
{
	static const struct {
		long seconds;
		char unit;
	} units[] = {
		{ 365 * 86400L, 'y' }, { 86400, 'd' }, { 3600, 'h' }, { 60, 'm' }, { 1, 's' },
	};
	time_t then = since ? clock_parse_rfc3339(since) : -1;
	/* the clock may have been put back: no age is negative */
	long age = now > then ? (long)(now - then) : 0;
	size_t i = 0;

	if (then < 0) {
		snprintf(out, FORMAT_AGE, "-");
		return;
	}
	while (units[i].seconds > 1 && age < units[i].seconds)
		i++;
	snprintf(out, FORMAT_AGE, "%ld%c", age / units[i].seconds, units[i].unit);
}

void format_day(const char *time, char out[static FORMAT_DAY])
{
	snprintf(out, FORMAT_DAY, "%s", time ? time : "-");
}

const char *format_tag(const char *ref)
{
	const char *tag = ref_tag_of(ref);

	return tag ? tag : ref;
}

void format_bytes(uint64_t bytes, char *out, size_t n)
{
	static const char *const units[] = { "bytes", "kB", "MB", "GB", "TB", "PB" };
	double value = (double)bytes;
	size_t unit = 0;

	for (; value >= 1000 && unit + 1 < sizeof(units) / sizeof(units[0]); unit++)
		value /= 1000;
	snprintf(out, n, unit ? "%.1f %s" : "%.0f %s", value, units[unit]);
}

const char *format_plural(size_t n)
{
	return n == 1 ? "" : "s";
}

void format_who(char out[static FORMAT_WHO])
{
	const struct passwd *user = getpwuid(getuid());
	char host[65] = "";

	if (gethostname(host, sizeof(host) - 1) < 0)
		snprintf(host, sizeof(host), "localhost");
	if (user && user->pw_name)
		snprintf(out, FORMAT_WHO, "%s@%s", user->pw_name, host);
	else
		snprintf(out, FORMAT_WHO, "%u@%s", (unsigned)getuid(), host);
	for (char *c = out; *c; c++)
		if (!isgraph((unsigned char)*c))
			*c = '?';
}
