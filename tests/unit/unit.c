#include "oci/base/unit.h"

#include "oci/base/cleanup.h"
#include "oci/base/err.h"
#include "tests/tap.h"

static const struct {
	const char *text;
	long seconds;
} durations[] = {
	{ "30s", 30 },     { "10m", 600 },
	{ "6h", 21600 },   { "90d", 7776000 },
	{ "2w", 1209600 }, { "never", UNIT_NEVER },
	{ "0s", 0 },       { "", -1 },
	{ "10", -1 },      { "m", -1 },
	{ "10 m", -1 },    { "-1d", -1 },
	{ "1.5h", -1 },    { "10M", -1 },
	{ "1h30m", -1 },   { "99999999999999999999d", -1 },
	{ "Never", -1 },   { "36601d", -1 },
};

static const struct {
	const char *text;
	int64_t bytes;
} sizes[] = {
	{ "0", 0 },
	{ "1000", 1000 },
	{ "4K", 4096 },
	{ "500M", INT64_C(500) << 20 },
	{ "40G", INT64_C(40) << 30 },
	{ "2T", INT64_C(2) << 40 },
	{ "40GB", INT64_C(40) << 30 },
	{ "40GiB", INT64_C(40) << 30 },
	{ "12B", -1 },
	{ "", -1 },
	{ "G", -1 },
	{ "40g", -1 },
	{ "40 G", -1 },
	{ "4.5G", -1 },
	{ "-1", -1 },
	{ "99999999T", -1 },
	{ "99999999999999999999", -1 },
};

static const struct rate_row {
	const char *text;
	int64_t amount;
	long seconds;
	const char *says; /* the error, or a part of it */
} rates[] = {
	{ "10/s", 10, 1, NULL },
	{ "100/6h", 100, 21600, NULL },
	{ "10/2s", 10, 2, NULL },
	{ "10", -1, -1, "is it 10/s (a second), 10/m (a minute), 10/h (an hour)?" },
	{ "50M", -1, -1, "\"50M\" is not a rate of requests, but one of bytes (such as 10/s" },
	{ "1K/m", -1, -1, "but one of bytes" },
	{ "0/s", -1, -1, "\"0/s\" is not a rate of requests (such as 10/s, 100/6h)" },
	{ "0", -1, -1, "is not a rate" },
	{ "10/", -1, -1, "is not a rate" },
	{ "10/0s", -1, -1, "is not a rate" },
	{ "10/never", -1, -1, "is not a rate" },
	{ "10/s/s", -1, -1, "is not a rate" },
	{ "10/x", -1, -1, "is not a rate" },
	{ "/s", -1, -1, "is not a rate" },
	{ "", -1, -1, "is not a rate" },
};

static const struct rate_row byte_rates[] = {
	{ "50M", INT64_C(50) << 20, 1, NULL },
	{ "50M/s", INT64_C(50) << 20, 1, NULL },
	{ "1K/m", 1024, 60, NULL },
	{ "1000", 1000, 1, NULL },
	{ "1/s", -1, -1,
	  "\"1/s\" is not a rate of bytes: it has no K, M or G (such as 50M, for 50 MiB a "
	  "second)" },
	{ "0", -1, -1, "\"0\" is not a rate of bytes (such as 50M, for 50 MiB a second)" },
	{ "0M/s", -1, -1, "is not a rate" },
	{ "50M/", -1, -1, "is not a rate" },
	{ "50M/0s", -1, -1, "is not a rate" },
	{ "50M/s/s", -1, -1, "is not a rate" },
	{ "50m", -1, -1, "is not a rate" },
	{ "fast", -1, -1, "is not a rate" },
	{ "", -1, -1, "is not a rate" },
};

static void test_rate(const struct rate_row *row, const char *what,
		      int (*read)(struct unit_rate *, struct span, struct err *))
{
	struct unit_rate got = { .amount = -1, .seconds = -1 };
	struct err err = ERR_INIT;
	char name[100];

	read(&got, span_str(row->text), &err);
	snprintf(name, sizeof(name), "%s \"%s\"", what, row->text);
	CHECK_ROW(got.amount == row->amount && got.seconds == row->seconds, name);
	if (row->says && !CHECK_ROW(strstr(err.msg, row->says), name))
		printf("#   %s\n", err.msg);
}

static const struct {
	const char *text;
	long amount;
	bool is_percent;
} shares[] = {
	{ "20", 20, false },   { "20%", 20, true },         { "0", 0, false },
	{ "100%", 100, true }, { "101%", -1, false },       { "%", -1, false },
	{ "", -1, false },     { "1.5%", -1, false },       { "20 %", -1, false },
	{ "-1", -1, false },   { "1000000001", -1, false }, { "20%%", -1, false },
};

static const struct {
	struct unit_share share;
	long whole, want;
} parts[] = {
	{ { 20, false }, 100, 20 }, { { 20, false }, -1, 20 },
	{ { 20, true }, 100, 20 },  { { 20, true }, 101, 21 },
	{ { 1, true }, 1, 1 },      { { 20, true }, -1, 0 },
	{ { 0, true }, 100, 0 },    { { 100, true }, LONG_MAX, LONG_MAX },
};

static const struct {
	long seconds;
	const char *text;
} texts[] = {
	{ 7776000, "90d" }, { 21600, "6h" }, { 90000, "25h" }, { 600, "600s" }, { 0, "0d" },
};

int main(void)
{
	struct err err = ERR_INIT;

	for (size_t i = 0; i < sizeof(rates) / sizeof(rates[0]); i++)
		test_rate(&rates[i], "requests", unit_rate);
	for (size_t i = 0; i < sizeof(byte_rates) / sizeof(byte_rates[0]); i++)
		test_rate(&byte_rates[i], "bytes", unit_byte_rate);
	for (size_t i = 0; i < sizeof(shares) / sizeof(shares[0]); i++) {
		struct unit_share got = { .amount = -1 };

		unit_share(&got, span_str(shares[i].text), &err);
		CHECK_ROW(got.amount == shares[i].amount && got.is_percent == shares[i].is_percent,
			  shares[i].text);
	}
	for (size_t i = 0; i < sizeof(parts) / sizeof(parts[0]); i++)
		CHECK(unit_share_of(&parts[i].share, parts[i].whole) == parts[i].want);
	for (size_t i = 0; i < sizeof(durations) / sizeof(durations[0]); i++) {
		long got = -1;

		unit_duration(&got, span_str(durations[i].text), &err);
		CHECK_ROW(got == durations[i].seconds, durations[i].text);
	}
	for (size_t i = 0; i < sizeof(sizes) / sizeof(sizes[0]); i++) {
		int64_t got = -1;

		unit_size(&got, span_str(sizes[i].text), &err);
		CHECK_ROW(got == sizes[i].bytes, sizes[i].text);
	}
	for (size_t i = 0; i < sizeof(texts) / sizeof(texts[0]); i++) {
		cleanup_free char *text = unit_duration_text(texts[i].seconds);

		CHECK_TEXT(text, texts[i].text, texts[i].text);
	}
	CHECK(unit_duration(&(long){ 0 }, span_str("soon"), &err) < 0 && err.kind == ERR_USAGE);
	CHECK_TEXT(err.msg, "\"soon\" is not a duration (such as 10m, 6h, 90d, or never)",
		   "a duration");
	CHECK(unit_size(&(int64_t){ 0 }, span_str("big"), &err) < 0 && err.kind == ERR_USAGE);
	CHECK_TEXT(err.msg, "\"big\" is not a size (such as 500M, 40G)", "a size");
	return tap_done();
}
