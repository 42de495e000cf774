#include "oci/image/snapshot_suffix.h"

#include <ctype.h>
#include <limits.h>

#include "oci/base/cleanup.h"
#include "oci/base/err.h"

/* A day of which each part has its full width and every two parts differ. */
#define SAMPLE ((time_t)1798701296) /* 2026-12-31T07:14:56Z */
#define DAY    86400

/* Conversions whose text could not be in a tag (blanks, slashes, "%", names with umlauts elsewhere)
 * or whose width changes from day to day are left out. */
static const char conversions[] = "YmdHMSyjCGgVUWuwFs";

#pragma GCC diagnostic push
#pragma GCC diagnostic ignored "-Wformat-nonliteral" /* snapshot_suffix_check has read the format */
void snapshot_suffix_print(const char *format, time_t when, char out[static SNAPSHOT_SUFFIX_MAX])
{
	struct tm tm;

	gmtime_r(&when, &tm);
	out[strftime(out, SNAPSHOT_SUFFIX_MAX, format, &tm)] = '\0';
}
#pragma GCC diagnostic pop

static int check_letters(const char *format, struct err *err)
{
	for (const char *f = format; *f; f++) {
		if (*f == '%') {
			f++;
			if (!*f || !strchr(conversions, *f))
				return err_set(err, ERR_USAGE, 0,
					       "\"%%%c\" is no part of a snapshot suffix (known "
					       "are %%Y %%m %%d %%H %%M %%S and their like)",
					       *f ? *f : ' ');
		} else if (!isalnum((unsigned char)*f) && !strchr("._-", *f)) {
			return err_set(
				err, ERR_USAGE, 0,
				"\"%s\" cannot be a snapshot suffix: a tag has only letters, "
				"digits, \".\", \"_\" and \"-\"",
				format);
		}
	}
	return 0;
}

int snapshot_suffix_check(const char *format, struct err *err)
{
	char text[SNAPSHOT_SUFFIX_MAX], next[SNAPSHOT_SUFFIX_MAX];

	if (!*format)
		return err_set(err, ERR_USAGE, 0,
			       "an empty snapshot suffix would name the tag itself");
	if (check_letters(format, err) < 0)
		return -1;
	snapshot_suffix_print(format, SAMPLE, text);
	snapshot_suffix_print(format, SAMPLE + 32 * DAY, next);
	if (!*text)
		return err_set(err, ERR_USAGE, 0, "snapshot suffix \"%s\" is too long", format);
	if (strcmp(text, next) == 0)
		return err_set(
			err, ERR_USAGE, 0,
			"\"%s\" is the same every day: a snapshot suffix needs a date, such as "
			"\"%s\"",
			format, SNAPSHOT_SUFFIX_DEFAULT);
	return 0;
}

/* Whether text has the shape of the sample: where a conversion gave a digit any digit may stand,
 * elsewhere only the sample's own character. */
static bool fits_sample(const char *format, struct span text)
{
	size_t at = 0;

	for (const char *f = format; *f; f++) {
		char one[3] = { '%', '\0', '\0' }, part[SNAPSHOT_SUFFIX_MAX];

		if (*f != '%') {
			if (at == text.n || text.p[at++] != *f)
				return false;
			continue;
		}
		one[1] = *++f;
		snapshot_suffix_print(one, SAMPLE, part);
		for (const char *p = part; *p; p++, at++) {
			if (at == text.n)
				return false;
			if (isdigit((unsigned char)*p) ? !isdigit((unsigned char)text.p[at])
						       : *p != text.p[at])
				return false;
		}
	}
	return at == text.n;
}

char *snapshot_suffix_numbered(const char *base, int n)
{
	return n == 1 ? xstrdup(base) : xasprintf("%s-%d", base, n);
}

long snapshot_suffix_number(const char *rest)
{
	long n;

	if (!rest[0])
		return 1;
	if (rest[0] != '-' || rest[1] == '0')
		return 0;
	n = (long)span_number(span_str(rest + 1), LONG_MAX);
	return n >= 2 ? n : 0;
}

/* The length of a counter at the end of s, of any number; 0 when there is none. */
static size_t counter_length(struct span s)
{
	size_t n = 0;

	while (n < s.n && isdigit((unsigned char)s.p[s.n - 1 - n]))
		n++;
	return n && n < s.n && s.p[s.n - 1 - n] == '-' ? n + 1 : 0;
}

size_t snapshot_suffix_length(const char *format, struct span tag)
{
	const size_t extra[] = { 0, counter_length(tag) };
	char sample[SNAPSHOT_SUFFIX_MAX];

	snapshot_suffix_print(format, SAMPLE, sample);
	for (size_t i = 0; i < 2; i++) {
		size_t n = strlen(sample), whole = n + extra[i];

		if (tag.n > whole && fits_sample(format, span_of(tag.p + tag.n - whole, n)))
			return whole;
	}
	return 0;
}
