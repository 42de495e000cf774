#include "serve/limits.h"

#include "oci/base/clock.h"
#include "oci/base/err.h"
#include "tests/tap.h"

/* want: seconds, or a number; -2: refused. */
static const struct row {
	const char *text;
	int64_t want;
} rows[] = {
	{ "connections=8", 8 },
	{ "connections=7", -2 },
	{ "connections=99999", -2 },
	{ "connections=x", -2 },
	{ "connections=", -2 },
	{ "connections", -2 },
	{ "requests-per-second=1", 1 },
	{ "requests-per-second=1000000", 1000000 },
	{ "requests-per-second=0", -2 },
	{ "requests-per-second=1000001", -2 },
	{ "requests-per-second=2s", -2 },
	{ "per-address=1", 1 },
	{ "per-address=16384", 16384 },
	{ "per-address=0", -2 },
	{ "per-address=16385", -2 },
	{ "header-time=5s", 5 },
	{ "header-time=2m", 120 },
	{ "header-time=0", -2 },
	{ "header-time=never", -2 },
	{ "header-time=2h", -2 },
	{ "idle-time=1h", 3600 },
	{ "drain=0", 0 },
	{ "drain=24h", 86400 },
	{ "drain=25h", -2 },
	{ "drain=30", -2 },
	{ "Drain=30s", -2 },
	{ "", -2 },
	{ "=30s", -2 },
	{ "drain=30s=1", -2 },
};

/* The member that a row sets. */
static int64_t value_of(const struct limits *l, const char *text)
{
	switch (text[0]) {
	case 'c': return l->connections;
	case 'r': return l->per_second;
	case 'p': return l->per_address;
	case 'h': return l->header / CLOCK_SEC;
	case 'i': return l->idle / CLOCK_SEC;
	default: return l->drain / CLOCK_SEC;
	}
}

int main(void)
{
	struct limits l;
	struct err err;

	limits_init(&l);
	CHECK(l.connections == -1 && l.per_address == -1 && l.per_second == -1);
	CHECK(l.header == 20 * CLOCK_SEC && l.idle == 60 * CLOCK_SEC && l.drain == 30 * CLOCK_SEC);
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		int result;

		limits_init(&l);
		result = limits_read(&l, rows[i].text, &err);
		if (rows[i].want == -2)
			CHECK_ROW(result == -1 && err.kind == ERR_USAGE, rows[i].text);
		else
			CHECK_ROW(result == 0 && value_of(&l, rows[i].text) == rows[i].want,
				  rows[i].text);
	}
	limits_init(&l);
	CHECK(limits_read(&l, "drain=3s", &err) == 0 && limits_read(&l, "idle-time=3s", &err) == 0);
	CHECK(limits_read(&l, "drain=4s", &err) == -1 && l.drain == 3 * CLOCK_SEC);
	CHECK_TEXT(err.msg,
		   "--limit drain= is given twice: only one value can count, so remove the other",
		   "a key that is given twice");
	return tap_done();
}
