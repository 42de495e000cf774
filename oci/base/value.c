#include "oci/base/value.h"

#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "oci/base/buf.h"
#include "oci/base/cleanup.h"
#include "oci/base/err.h"
#include "oci/base/str.h"
#include "oci/base/strvec.h"
#include "oci/base/unit.h"

/* A member, as what its kind says it is. */
union member {
	void *p;
	char **text;
	long *number;
	int64_t *size;
	struct unit_rate *rate;
	struct unit_share *share;
	int *choice;
	bool *flag;
};

union const_member {
	const void *p;
	char *const *text;
	const long *number;
	const int64_t *size;
	const struct unit_rate *rate;
	const struct unit_share *share;
	const int *choice;
	const bool *flag;
};

void value_clear(enum value_kind kind, void *member)
{
	union member m = { .p = member };

	switch (kind) {
	case VALUE_TEXT:
	case VALUE_LIST: *m.text = NULL; break;
	case VALUE_NUMBER:
	case VALUE_DURATION: *m.number = -1; break;
	case VALUE_SIZE: *m.size = -1; break;
	case VALUE_RATE:
	case VALUE_BYTE_RATE: *m.rate = (struct unit_rate){ .amount = -1 }; break;
	case VALUE_SHARE: *m.share = (struct unit_share){ .amount = -1 }; break;
	case VALUE_CHOICE:
	case VALUE_YES_NO: *m.choice = -1; break;
	case VALUE_FLAG: *m.flag = false; break;
	}
}

bool value_is_set(enum value_kind kind, const void *member)
{
	union const_member m = { .p = member };

	switch (kind) {
	case VALUE_TEXT:
	case VALUE_LIST: return *m.text;
	case VALUE_NUMBER:
	case VALUE_DURATION: return *m.number >= 0;
	case VALUE_SIZE: return *m.size >= 0;
	case VALUE_RATE:
	case VALUE_BYTE_RATE: return m.rate->amount >= 0;
	case VALUE_SHARE: return m.share->amount >= 0;
	case VALUE_CHOICE:
	case VALUE_YES_NO: return *m.choice >= 0;
	case VALUE_FLAG: return *m.flag;
	}
	return false;
}

void value_copy(enum value_kind kind, void *to, const void *from)
{
	union member m = { .p = to };
	union const_member other = { .p = from };

	switch (kind) {
	case VALUE_TEXT:
	case VALUE_LIST: *m.text = *other.text; break;
	case VALUE_NUMBER:
	case VALUE_DURATION: *m.number = *other.number; break;
	case VALUE_SIZE: *m.size = *other.size; break;
	case VALUE_RATE:
	case VALUE_BYTE_RATE: *m.rate = *other.rate; break;
	case VALUE_SHARE: *m.share = *other.share; break;
	case VALUE_CHOICE:
	case VALUE_YES_NO: *m.choice = *other.choice; break;
	case VALUE_FLAG: *m.flag = *other.flag; break;
	}
}

bool value_same(enum value_kind kind, const void *a, const void *b)
{
	union const_member m = { .p = a }, n = { .p = b };

	switch (kind) {
	case VALUE_TEXT:
	case VALUE_LIST: return str_same(*m.text, *n.text);
	case VALUE_NUMBER:
	case VALUE_DURATION: return *m.number == *n.number;
	case VALUE_SIZE: return *m.size == *n.size;
	case VALUE_RATE:
	case VALUE_BYTE_RATE:
		return m.rate->amount == n.rate->amount && m.rate->seconds == n.rate->seconds;
	case VALUE_SHARE:
		return m.share->amount == n.share->amount &&
		       m.share->is_percent == n.share->is_percent;
	case VALUE_CHOICE:
	case VALUE_YES_NO: return *m.choice == *n.choice;
	case VALUE_FLAG: return *m.flag == *n.flag;
	}
	return false;
}

static void write_sorted(const char *list, struct buf *out)
{
	cleanup_by(strvec_release) struct strvec words = STRVEC_INIT;
	struct span rest = span_str(list), word;

	while (span_cut(&rest, ',', &word))
		strvec_addf(&words, "%.*s", SPAN_ARG(word));
	strvec_sort(&words);
	for (size_t i = 0; i < words.n; i++)
		buf_addf(out, "%s%s", i ? "," : "", words.v[i]);
}

void value_write(enum value_kind kind, const void *member, struct buf *out)
{
	union const_member m = { .p = member };

	if (!value_is_set(kind, member))
		return;
	switch (kind) {
	case VALUE_TEXT: buf_adds(out, *m.text); break;
	case VALUE_LIST: write_sorted(*m.text, out); break;
	case VALUE_NUMBER:
	case VALUE_DURATION: buf_addf(out, "%ld", *m.number); break;
	case VALUE_SIZE: buf_addf(out, "%lld", (long long)*m.size); break;
	case VALUE_RATE:
	case VALUE_BYTE_RATE:
		buf_addf(out, "%lld/%lds", (long long)m.rate->amount, m.rate->seconds);
		break;
	case VALUE_SHARE:
		buf_addf(out, "%ld%s", m.share->amount, m.share->is_percent ? "%" : "");
		break;
	case VALUE_CHOICE: buf_addf(out, "%d", *m.choice); break;
	case VALUE_YES_NO: buf_adds(out, *m.choice ? "yes" : "no"); break;
	case VALUE_FLAG: buf_adds(out, "yes"); break;
	}
}

bool value_is_text(enum value_kind kind)
{
	return kind == VALUE_TEXT || kind == VALUE_LIST;
}

char *value_join(const char *const *words)
{
	char *all = xstrdup("");

	for (const char *const *w = words; *w; w++) {
		char *more = xasprintf("%s%s%s", all, w == words ? "" : ", ", *w);

		free(all);
		all = more;
	}
	return all;
}

/* The place of a word in a table of them, or -1. */
static int word_place(const char *const *words, struct span word)
{
	for (int i = 0; words[i]; i++)
		if (span_eq(word, words[i]))
			return i;
	return -1;
}

static int read_choice(const struct value_rule *rule, struct span text, int *place, struct err *err)
{
	int i = word_place(rule->words, text);
	cleanup_free char *all = NULL;

	if (i >= 0) {
		if (place)
			*place = i;
		return 0;
	}
	all = value_join(rule->words);
	return err_set(err, ERR_USAGE, 0, "\"%.*s\" is not one of %s", SPAN_ARG(text), all);
}

static int check_word(const struct value_rule *rule, struct span word, size_t *inside,
		      struct err *err)
{
	if (!word.n)
		return err_set(err, ERR_USAGE, 0, "an empty word between commas");
	if (rule->words && read_choice(rule, word, NULL, err) < 0)
		return -1;
	return rule->check ? rule->check(word, inside, err) : 0;
}

static int check_list(const struct value_rule *rule, struct span text, size_t *at, struct err *err)
{
	struct span rest = text, word;

	while (span_cut(&rest, ',', &word)) {
		size_t inside = 0;

		*at = (size_t)(word.p - text.p);
		if (check_word(rule, word, &inside, err) < 0) {
			*at += inside;
			return -1;
		}
	}
	return 0;
}

static int read_number(const struct value_rule *rule, struct span text, long *number,
		       struct err *err)
{
	long long n = span_number(text, rule->max);

	if (n < 0 || n < rule->min)
		return err_set(err, ERR_USAGE, 0, "\"%.*s\" is not a number from %ld to %ld",
			       SPAN_ARG(text), rule->min, rule->max);
	*number = (long)n;
	return 0;
}

static int read_yes_no(struct span text, int *yes, struct err *err)
{
	if (!span_eq(text, "yes") && !span_eq(text, "no"))
		return err_set(err, ERR_USAGE, 0, "\"%.*s\" is neither yes nor no", SPAN_ARG(text));
	*yes = span_eq(text, "yes");
	return 0;
}

static int read_flag(const struct value_rule *rule, struct span text, bool *flag, struct err *err)
{
	if (!span_eq(text, rule->words[0]))
		return err_set(err, ERR_USAGE, 0, "\"%.*s\" is not known here, only \"%s\" is",
			       SPAN_ARG(text), rule->words[0]);
	*flag = true;
	return 0;
}

int value_read(const struct value_rule *rule, struct span text, void *member, size_t *at,
	       struct err *err)
{
	union member m = { .p = member };

	*at = 0;
	switch (rule->kind) {
	case VALUE_TEXT: return rule->check ? rule->check(text, at, err) : 0;
	case VALUE_LIST: return check_list(rule, text, at, err);
	case VALUE_NUMBER: return read_number(rule, text, m.number, err);
	case VALUE_DURATION: return unit_duration(m.number, text, err);
	case VALUE_SIZE: return unit_size(m.size, text, err);
	case VALUE_RATE: return unit_rate(m.rate, text, err);
	case VALUE_BYTE_RATE: return unit_byte_rate(m.rate, text, err);
	case VALUE_SHARE: return unit_share(m.share, text, err);
	case VALUE_CHOICE: return read_choice(rule, text, m.choice, err);
	case VALUE_YES_NO: return read_yes_no(text, m.choice, err);
	case VALUE_FLAG: return read_flag(rule, text, m.flag, err);
	}
	return err_set(err, ERR_INVALID, 0, "a value of no kind");
}
