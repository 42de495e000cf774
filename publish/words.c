#include "publish/words.h"

#include <ctype.h>
#include <pwd.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "oci/base/clock.h"
#include "oci/store/move.h"

void words_digest(const char *digest, char out[static SHORT_DIGEST])
{
	const char *hex = digest ? strchr(digest, ':') : NULL;

	if (!hex)
		snprintf(out, SHORT_DIGEST, "-");
	else
		snprintf(out, SHORT_DIGEST, "%.*s%.12s", (int)(hex + 1 - digest), digest, hex + 1);
}

void words_age(const char *since, time_t now, char out[static WORDS_AGE])
{
	static const struct {
		long seconds;
		char unit;
	} units[] = {
		{ 365 * 86400L, 'y' }, { 86400, 'd' }, { 3600, 'h' }, { 60, 'm' }, { 1, 's' },
	};
	time_t then = since ? clock_parse_rfc3339(since) : -1;
	/* a clock that went back is no reason to show a negative age */
	long age = now > then ? (long)(now - then) : 0;
	size_t i = 0;

	if (then < 0) {
		snprintf(out, WORDS_AGE, "-");
		return;
	}
	while (units[i].seconds > 1 && age < units[i].seconds)
		i++;
	snprintf(out, WORDS_AGE, "%ld%c", age / units[i].seconds, units[i].unit);
}

void words_day(const char *time, char out[static WORDS_DAY])
{
	snprintf(out, WORDS_DAY, "%s", time ? time : "-");
}

const char *words_tag(const char *ref)
{
	const char *tag = move_ref_tag(ref);

	return tag ? tag : ref;
}

void words_who(char *out, size_t n)
{
	const struct passwd *user = getpwuid(getuid());
	char host[65] = "";

	if (gethostname(host, sizeof(host) - 1) < 0)
		snprintf(host, sizeof(host), "localhost");
	if (user && user->pw_name)
		snprintf(out, n, "%s@%s", user->pw_name, host);
	else
		snprintf(out, n, "%u@%s", (unsigned)getuid(), host);
	for (char *c = out; *c; c++)
		if (!isgraph((unsigned char)*c))
			*c = '?';
}
