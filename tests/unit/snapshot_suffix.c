#include "oci/image/snapshot_suffix.h"

#include "oci/base/cleanup.h"
#include "oci/base/err.h"
#include "tests/tap.h"

static const struct {
	const char *format, *msg; /* NULL: well-formed */
} formats[] = {
	{ ".%Y%m%d", NULL },
	{ "-%Y%m%dT%H%M%SZ", NULL },
	{ ".%Y-%m-%dT%H%M%S", NULL },
	{ "_%F", NULL },
	{ ".%GW%V", NULL },
	{ "%Y%m%d", NULL },
	{ "", "an empty snapshot suffix would name the tag itself" },
	{ "/%Y",
	  "\"/%Y\" cannot be a snapshot suffix: a tag has only letters, digits, \".\", \"_\" and "
	  "\"-\"" },
	{ "+%Y",
	  "\"+%Y\" cannot be a snapshot suffix: a tag has only letters, digits, \".\", \"_\" and "
	  "\"-\"" },
	{ ".%A",
	  "\"%A\" is no part of a snapshot suffix (known are %Y %m %d %H %M %S and their like)" },
	{ ".%",
	  "\"% \" is no part of a snapshot suffix (known are %Y %m %d %H %M %S and their like)" },
	{ ".old",
	  "\".old\" is the same every day: a snapshot suffix needs a date, such as \".%Y%m%d\"" },
	{ ".%H",
	  "\".%H\" is the same every day: a snapshot suffix needs a date, such as \".%Y%m%d\"" },
	{ "%F%F%F%F%F%F%F%F", "snapshot suffix \"%F%F%F%F%F%F%F%F\" is too long" },
};

static const struct {
	const char *name, *format, *tag;
	size_t n;
} lengths[] = {
	{ "a snapshot", ".%Y%m%d", "3.19.20261120", 9 },
	{ "the second of a day", ".%Y%m%d", "3.19.20261120-2", 11 },
	{ "the twelfth of a day", ".%Y%m%d", "3.19.20261120-12", 12 },
	{ "no snapshot", ".%Y%m%d", "3.19", 0 },
	{ "a digit too few", ".%Y%m%d", "3.19.2026112", 0 },
	{ "a digit too many", ".%Y%m%d", "3.19.202611200", 0 },
	{ "a letter among the digits", ".%Y%m%d", "3.19.2026112x", 0 },
	{ "another separator", ".%Y%m%d", "3.19-20261120", 0 },
	{ "nothing before it", "%Y%m%d", "20261120", 0 },
	{ "no separator", "%Y%m%d", "x20261120", 8 },
	{ "a hyphen as separator is no counter", "-%Y%m%d", "edge-20261120", 9 },
	{ "a hyphen as separator and a counter", "-%Y%m%d", "edge-20261120-2", 11 },
	{ "letters of the format stand", "-%Y%m%dT%H%MZ", "edge-20261120T0815Z", 15 },
	{ "letters of the format differ", "-%Y%m%dT%H%MZ", "edge-20261120X0815Z", 0 },
	{ "a counter without a hyphen", ".%Y%m%d", "3.19.20261120.2", 0 },
};

static const struct {
	const char *rest;
	long n;
} numbers[] = {
	{ "", 1 },    { "-2", 2 }, { "-12", 12 }, { "-1", 0 },  { "-0", 0 },
	{ "-02", 0 }, { "-", 0 },  { "2", 0 },    { "-2x", 0 }, { "-99999999999999999999", 0 },
};

static void test_numbers(void)
{
	for (size_t i = 0; i < sizeof(numbers) / sizeof(numbers[0]); i++)
		CHECK_ROW(snapshot_suffix_number(numbers[i].rest) == numbers[i].n, numbers[i].rest);
	for (int n = 1; n < 12; n++) {
		cleanup_free char *name = snapshot_suffix_numbered("3.19.20261120", n);

		CHECK_ROW(snapshot_suffix_number(name + strlen("3.19.20261120")) == n, name);
	}
}

int main(void)
{
	char text[SNAPSHOT_SUFFIX_MAX];

	test_numbers();

	for (size_t i = 0; i < sizeof(formats) / sizeof(formats[0]); i++) {
		struct err err = ERR_INIT;
		int r = snapshot_suffix_check(formats[i].format, &err);

		CHECK_ROW(r == (formats[i].msg ? -1 : 0), formats[i].format);
		CHECK_TEXT(err.msg, formats[i].msg ? formats[i].msg : "", formats[i].format);
	}
	for (size_t i = 0; i < sizeof(lengths) / sizeof(lengths[0]); i++)
		CHECK_ROW(snapshot_suffix_length(lengths[i].format, span_str(lengths[i].tag)) ==
				  lengths[i].n,
			  lengths[i].name);
	snapshot_suffix_print(".%Y%m%d", 1795132800, text);
	CHECK_TEXT(text, ".20261120", "printed in UTC");
	return tap_done();
}
