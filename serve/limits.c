#include "serve/limits.h"

#include <stddef.h>

#include "oci/base/buf.h"
#include "oci/base/cleanup.h"
#include "oci/base/clock.h"
#include "oci/base/err.h"
#include "oci/base/limits.h"
#include "oci/base/span.h"
#include "oci/base/unit.h"

static const struct limit {
	const char *key;
	size_t member;    /* an int64_t of struct limits */
	int64_t standard; /* seconds, or a number */
	int64_t min, max;
	bool is_time;
} table[] = {
	{ "connections", offsetof(struct limits, connections), -1, 8, LIMIT_CONNECTIONS, false },
	{ "per-address", offsetof(struct limits, per_address), -1, 1, LIMIT_CONNECTIONS, false },
	{ "requests-per-second", offsetof(struct limits, per_second), -1, 1, 1000000, false },
	{ "header-time", offsetof(struct limits, header), 20, 1, 3600, true },
	{ "idle-time", offsetof(struct limits, idle), 60, 1, 86400, true },
	{ "drain", offsetof(struct limits, drain), 30, 0, 86400, true },
};

#define NLIMITS (sizeof(table) / sizeof(table[0]))

static void set_limit(struct limits *l, const struct limit *row, int64_t value)
{
	*(int64_t *)(void *)((char *)l + row->member) = row->is_time ? value * CLOCK_SEC : value;
}

void limits_init(struct limits *l)
{
	l->given = 0;
	for (size_t i = 0; i < NLIMITS; i++)
		set_limit(l, &table[i], table[i].standard);
}

static int unknown_key(const char *text, struct err *err)
{
	cleanup_by(buf_release) struct buf known = BUF_INIT(LIMIT_LIST_LINE);

	for (size_t i = 0; i < NLIMITS; i++)
		buf_addf(&known, "%s%s=", i ? ", " : "", table[i].key);
	return err_set(err, ERR_USAGE, 0, "--limit \"%s\" is none of %s", text, known.p);
}

/* 0 seconds is "0", which is no duration elsewhere. */
static int64_t read_value(const struct limit *row, struct span value)
{
	struct err ignored;
	long seconds;

	if (!row->is_time || span_eq(value, "0"))
		return span_number(value, row->max);
	return unit_duration(&seconds, value, &ignored) < 0 ? -1 : seconds;
}

int limits_read(struct limits *l, const char *text, struct err *err)
{
	struct span value = span_str(text), key;
	int64_t n;

	span_cut(&value, '=', &key);
	for (size_t i = 0; i < NLIMITS; i++) {
		const struct limit *row = &table[i];

		if (!value.p || !span_eq(key, row->key))
			continue;
		if (l->given & 1U << i)
			return err_set(err, ERR_USAGE, 0,
				       "--limit %s= is given twice: only one value can count, so "
				       "remove the other",
				       row->key);
		n = read_value(row, value);
		if (n < row->min || n > row->max)
			return err_set(err, ERR_USAGE, 0,
				       row->is_time ? "--limit %s: a time from %llds to %llds, "
						      "such as 30s"
						    : "--limit %s: a number from %lld to %lld",
				       text, (long long)row->min, (long long)row->max);
		l->given |= 1U << i;
		set_limit(l, row, n);
		return 0;
	}
	return unknown_key(text, err);
}
