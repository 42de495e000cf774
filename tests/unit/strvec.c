#include "oci/base/strvec.h"

#include "oci/base/cleanup.h"
#include "oci/base/str.h"
#include "tests/tap.h"

static void test_same(void)
{
	static const struct {
		const char *name, *a, *b;
		bool same;
	} rows[] = {
		{ "equal texts", "a", "a", true },       { "different texts", "a", "b", false },
		{ "NULL and NULL", NULL, NULL, true },   { "NULL and a text", NULL, "a", false },
		{ "a text and NULL", "a", NULL, false }, { "NULL and \"\"", NULL, "", false },
	};

	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		char *copy = rows[i].b ? xstrdup(rows[i].b) : NULL;

		CHECK_ROW(str_same(rows[i].a, copy) == rows[i].same, rows[i].name);
		free(copy);
	}
	CHECK_ROW(str_eq("ab", "ab") && !str_eq("ab", "a"), "str_eq compares the whole text");
}

static void test_empty(void)
{
	struct strvec s = STRVEC_INIT;

	strvec_sort(&s);
	CHECK_ROW(!strvec_has(&s, "") && !strvec_has_sorted(&s, ""), "an empty list has no text");
	strvec_release(&s);
	CHECK_ROW(s.n == 0 && !s.v, "an empty list is released");
}

static void test_grow(void)
{
	cleanup_by(strvec_release) struct strvec s = STRVEC_INIT;
	char text[] = "x";
	const char *copy = strvec_add(&s, text), *other;

	text[0] = 'y';
	CHECK_TEXT(copy, "x", "the list has a copy of its own");
	for (int i = 999; i >= 100; i--)
		strvec_addf(&s, "name-%d", i);
	other = strvec_add_owned(&s, xstrdup("a"));
	CHECK_ROW(s.n == 902 && s.v[0] == copy && s.v[901] == other, "texts stay where they are");
	CHECK_ROW(strvec_has(&s, "name-100") && !strvec_has(&s, "name-1"), "each is found");
	strvec_sort(&s);
	CHECK_TEXT(s.v[0], "a", "sorted, the least comes first");
	CHECK_TEXT(s.v[901], "x", "and the greatest last");
	CHECK_ROW(strvec_has_sorted(&s, "name-500") && strvec_has_sorted(&s, "a") &&
			  strvec_has_sorted(&s, "x") && !strvec_has_sorted(&s, "name-1000"),
		  "each is found in the sorted list");
	strvec_release(&s);
	strvec_add(&s, "again");
	CHECK_ROW(s.n == 1 && str_eq(s.v[0], "again"), "a released list can be used again");
}

int main(void)
{
	test_same();
	test_empty();
	test_grow();
	return tap_done();
}
