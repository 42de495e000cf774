#include "oci/base/value.h"

#include <stdint.h>
#include <stdlib.h>

#include "oci/base/cleanup.h"
#include "oci/base/err.h"
#include "oci/base/unit.h"
#include "tests/tap.h"

static union {
	char *text;
	long number;
	int64_t size;
	struct unit_rate rate;
	struct unit_share share;
	int choice;
	bool flag;
} member;

static int check_small(struct span word, size_t *at, struct err *err)
{
	for (size_t i = 0; i < word.n; i++)
		if (word.p[i] < 'a' || word.p[i] > 'z') {
			*at = i;
			return err_set(err, ERR_USAGE, 0, "not a small letter");
		}
	return 0;
}

static const char *const colours[] = { "red", "green", "blue", NULL };
static const char *const gone[] = { "gone", NULL };

static const struct value_rule text = { .kind = VALUE_TEXT, .check = check_small },
			       list = { .kind = VALUE_LIST, .check = check_small },
			       words = { .kind = VALUE_LIST, .words = colours },
			       number = { .kind = VALUE_NUMBER, .min = 1, .max = 256 },
			       duration = { .kind = VALUE_DURATION }, size = { .kind = VALUE_SIZE },
			       rate = { .kind = VALUE_RATE }, share = { .kind = VALUE_SHARE },
			       choice = { .kind = VALUE_CHOICE, .words = colours },
			       yes_no = { .kind = VALUE_YES_NO },
			       flag = { .kind = VALUE_FLAG, .words = gone };

/* A value, and what is wrong with it at which offset; NULL: nothing is. */
static const struct {
	const struct value_rule *rule;
	const char *text, *error;
	size_t at;
} rows[] = {
	{ &text, "abc", NULL, 0 },
	{ &text, "abC", "not a small letter", 2 },
	{ &list, "ab,c", NULL, 0 },
	{ &list, "ab,cD", "not a small letter", 4 },
	{ &list, "ab,,c", "an empty word between commas", 3 },
	{ &words, "red,blue", NULL, 0 },
	{ &words, "red,black", "\"black\" is not one of red, green, blue", 4 },
	{ &number, "256", NULL, 0 },
	{ &number, "0", "\"0\" is not a number from 1 to 256", 0 },
	{ &number, "257", "\"257\" is not a number from 1 to 256", 0 },
	{ &duration, "6h", NULL, 0 },
	{ &duration, "6", "\"6\" has no unit: is it 6m (minutes), 6h (hours), 6d (days)?", 0 },
	{ &size, "40G", NULL, 0 },
	{ &size, "40x", "\"40x\" is not a size (such as 500M, 40G)", 0 },
	{ &rate, "10/s", NULL, 0 },
	{ &rate, "fast", "\"fast\" is not a rate of requests (such as 10/s, 100/6h)", 0 },
	{ &share, "20%", NULL, 0 },
	{ &share, "many",
	  "\"many\" is neither a number up to 1000000000 nor a share of the whole (such as 20, "
	  "20%)",
	  0 },
	{ &choice, "green", NULL, 0 },
	{ &choice, "black", "\"black\" is not one of red, green, blue", 0 },
	{ &yes_no, "no", NULL, 0 },
	{ &yes_no, "maybe", "\"maybe\" is neither yes nor no", 0 },
	{ &flag, "gone", NULL, 0 },
	{ &flag, "here", "\"here\" is not known here, only \"gone\" is", 0 },
};

static void test_rows(void)
{
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		struct err err = ERR_INIT;
		size_t at = 99;
		int r;

		value_clear(rows[i].rule->kind, &member);
		CHECK_ROW(!value_is_set(rows[i].rule->kind, &member), "empty before it is read");
		r = value_read(rows[i].rule, span_str(rows[i].text), &member, &at, &err);
		CHECK_ROW(r == (rows[i].error ? -1 : 0), rows[i].text);
		if (rows[i].error) {
			CHECK_TEXT(err.msg, rows[i].error, "the fault is named");
			CHECK_ROW(at == rows[i].at && err.kind == ERR_USAGE, "and where it is");
		}
		CHECK_ROW(value_is_text(rows[i].rule->kind) ||
				  value_is_set(rows[i].rule->kind, &member) == !rows[i].error,
			  "set when it is right, empty when it is not");
	}
}

static void test_values(void)
{
	struct err err;
	size_t at;
	long copy = -1;

	value_read(&choice, span_str("blue"), &member, &at, &err);
	CHECK_ROW(member.choice == 2, "a choice is the place of its word");
	value_read(&yes_no, span_str("yes"), &member, &at, &err);
	CHECK_ROW(member.choice == 1, "yes is 1");
	value_read(&duration, span_str("2m"), &member, &at, &err);
	value_copy(VALUE_DURATION, &copy, &member);
	CHECK_ROW(copy == 120, "a duration is in seconds, and copied whole");
}

int main(void)
{
	cleanup_free char *joined = value_join(colours);

	CHECK_TEXT(joined, "red, green, blue", "words are joined with commas");
	test_rows();
	test_values();
	return tap_done();
}
