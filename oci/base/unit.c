#include "oci/base/unit.h"

#include "oci/base/cleanup.h"
#include "oci/base/err.h"

/* Longer than any useful duration, and far from an overflow. */
#define YEARS_100 (100L * 366 * 86400)
#define SIZE_MOST (INT64_C(1) << 60)

int unit_duration(long *seconds, struct span text, struct err *err)
{
	static const struct {
		char unit;
		long seconds;
	} known[] = { { 's', 1 }, { 'm', 60 }, { 'h', 3600 }, { 'd', 86400 }, { 'w', 604800 } };

	if (span_eq(text, "never")) {
		*seconds = UNIT_NEVER;
		return 0;
	}
	for (size_t i = 0; text.n && i < sizeof(known) / sizeof(known[0]); i++) {
		long long n;

		if (text.p[text.n - 1] != known[i].unit)
			continue;
		n = span_number(span_of(text.p, text.n - 1), YEARS_100 / known[i].seconds);
		if (n < 0)
			break;
		*seconds = (long)n * known[i].seconds;
		return 0;
	}
	if (span_number(text, YEARS_100) >= 0)
		return err_set(err, ERR_USAGE, 0,
			       "\"%.*s\" has no unit: is it %.*sm (minutes), %.*sh (hours), %.*sd "
			       "(days)?",
			       SPAN_ARG(text), SPAN_ARG(text), SPAN_ARG(text), SPAN_ARG(text));
	return err_set(err, ERR_USAGE, 0,
		       "\"%.*s\" is not a duration (such as 10m, 6h, 90d, or never)",
		       SPAN_ARG(text));
}

char *unit_duration_text(long seconds)
{
	if (seconds % 86400 == 0)
		return xasprintf("%ldd", seconds / 86400);
	if (seconds % 3600 == 0)
		return xasprintf("%ldh", seconds / 3600);
	return xasprintf("%lds", seconds);
}

/* Cuts the unit off the end of *text; gives its power of 1024. */
static int cut_unit(struct span *text)
{
	static const char units[] = "KMGT";
	struct span s = *text;
	const char *u;

	if (span_ends(s, "iB"))
		s.n -= 2;
	else if (span_ends(s, "B"))
		s.n--;
	u = s.n ? memchr(units, s.p[s.n - 1], sizeof(units) - 1) : NULL;
	if (!u)
		return 0;
	s.n--;
	*text = s;
	return (int)(u - units) + 1;
}

int unit_size(int64_t *bytes, struct span text, struct err *err)
{
	struct span number = text;
	int shift = 10 * cut_unit(&number);
	long long n = span_number(number, SIZE_MOST >> shift);

	if (n < 0)
		return err_set(err, ERR_USAGE, 0, "\"%.*s\" is not a size (such as 500M, 40G)",
			       SPAN_ARG(text));
	*bytes = (int64_t)n << shift;
	return 0;
}

/* "s", "6h": a duration, whose number may be missing. */
static long read_period(struct span text)
{
	char one[3] = "1?";
	struct err ignored;
	long seconds;

	if (text.n == 1) {
		one[1] = text.p[0];
		text = span_str(one);
	}
	if (unit_duration(&seconds, text, &ignored) < 0 || seconds == UNIT_NEVER)
		return -1;
	return seconds;
}

/* Cuts "/" and the period off the end of *text: its seconds; 0 when there is none, -1 when it is
 * wrong. */
static long cut_period(struct span *text)
{
	struct span rest = *text;

	span_cut(&rest, '/', text);
	if (!rest.p)
		return 0;
	return read_period(rest) > 0 ? read_period(rest) : -1;
}

static bool has_unit(struct span amount)
{
	return cut_unit(&amount) > 0;
}

int unit_rate(struct unit_rate *rate, struct span text, struct err *err)
{
	struct span amount = text;
	long seconds = cut_period(&amount);
	long long n = span_number(amount, SIZE_MOST);

	if (n > 0 && seconds > 0) {
		*rate = (struct unit_rate){ .amount = n, .seconds = seconds };
		return 0;
	}
	if (n > 0 && !seconds)
		return err_set(err, ERR_USAGE, 0,
			       "\"%.*s\" has no period: is it %.*s/s (a second), %.*s/m (a "
			       "minute), %.*s/h (an hour)?",
			       SPAN_ARG(text), SPAN_ARG(text), SPAN_ARG(text), SPAN_ARG(text));
	return err_set(err, ERR_USAGE, 0,
		       "\"%.*s\" is not a rate of requests%s (such as 10/s, 100/6h)",
		       SPAN_ARG(text), has_unit(amount) ? ", but one of bytes" : "");
}

int unit_byte_rate(struct unit_rate *rate, struct span text, struct err *err)
{
	struct span amount = text;
	long seconds = cut_period(&amount);
	bool is_of_requests = seconds > 0 && !has_unit(amount);
	struct err ignored;
	int64_t bytes = 0;

	if (seconds < 0 || is_of_requests || unit_size(&bytes, amount, &ignored) < 0 || bytes <= 0)
		return err_set(err, ERR_USAGE, 0,
			       "\"%.*s\" is not a rate of bytes%s (such as 50M, for 50 MiB a "
			       "second)",
			       SPAN_ARG(text), is_of_requests ? ": it has no K, M or G" : "");
	*rate = (struct unit_rate){ .amount = bytes, .seconds = seconds ? seconds : 1 };
	return 0;
}

int unit_share(struct unit_share *share, struct span text, struct err *err)
{
	const bool is_percent = span_ends(text, "%");
	struct span digits = span_of(text.p, text.n - is_percent);
	long long n = span_number(digits, is_percent ? 100 : UNIT_SHARE_MAX);

	if (n < 0)
		return err_set(err, ERR_USAGE, 0,
			       "\"%.*s\" is neither a number up to %ld nor a share of the whole "
			       "(such as 20, 20%%)",
			       SPAN_ARG(text), UNIT_SHARE_MAX);
	*share = (struct unit_share){ .amount = (long)n, .is_percent = is_percent };
	return 0;
}

long unit_share_of(const struct unit_share *share, long whole)
{
	if (!share->is_percent)
		return share->amount;
	if (whole <= 0)
		return 0;
	return whole / 100 * share->amount + (whole % 100 * share->amount + 99) / 100;
}
