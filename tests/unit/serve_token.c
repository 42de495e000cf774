#include "serve/token.h"

#include "oci/base/buf.h"
#include "oci/base/cleanup.h"
#include "oci/base/err.h"
#include "tests/tap.h"

#define KEY  "0123456789abcdef0123456789abcdef"
#define KEY2 "fedcba9876543210fedcba9876543210"
#define NOW  ((time_t)1795000000)

/* ids: the number of keys, or "!" and a part of the message */
static const struct {
	const char *name, *text, *want;
} files[] = {
	{ "a key", KEY "\n", "1" },
	{ "a key without line end", KEY, "1" },
	{ "two, with a comment", "# new\n" KEY "\n\n" KEY2 "\r\n", "2" },
	{ "nothing", "", "!file: there is no key" },
	{ "comments alone", "# a\n", "!file: there is no key" },
	{ "a short one", KEY "\nsecret\n", "!file:2: a key of 6 characters" },
	{ "blanks", "0123456789abcdef 0123456789abcdef\n", "!file:1: a key is of visible" },
	{ "bytes", "\xff" KEY "\n", "!file:1: a key is of visible" },
	{ "too many", KEY "\n" KEY "\n" KEY "\n" KEY "\n" KEY "\n", "!file:5: more than 4" },
};

static void check_files(void)
{
	for (size_t i = 0; i < sizeof(files) / sizeof(files[0]); i++) {
		struct token_keys k;
		struct err err;
		char n[8];

		if (token_keys_parse(&k, "file", span_str(files[i].text), &err) < 0) {
			CHECK_ROW(files[i].want[0] == '!' &&
					  strstr(err.msg, files[i].want + 1) == err.msg,
				  files[i].name);
			continue;
		}
		snprintf(n, sizeof(n), "%zu", k.n);
		CHECK_TEXT(n, files[i].want, files[i].name);
	}
}

static struct token_keys keys_of(const char *text)
{
	struct token_keys k = { .n = 0 };
	struct err err;

	CHECK(token_keys_parse(&k, "file", span_str(text), &err) == 0);
	return k;
}

static const char *const words[] = {
	[TOKEN_GOOD] = "good", [TOKEN_EXPIRED] = "expired", [TOKEN_FOREIGN] = "foreign"
};

static void check_life(void)
{
	static const struct {
		const char *name;
		time_t age;
		const char *want;
	} rows[] = {
		{ "at once", 0, "good" },
		{ "before its end", TOKEN_SECONDS - 1, "good" },
		{ "at its end", TOKEN_SECONDS, "expired" },
		{ "long after it", 1000000, "expired" },
		{ "by a clock that is a minute late", -60, "good" },
		{ "by a clock that is much later", -61, "foreign" },
	};
	struct token_keys k = keys_of(KEY);
	char user[LIMIT_USER + 1];

	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		cleanup_by(buf_release) struct buf t = BUF_INIT(4096);

		token_make(&k, "ann", NOW, &t);
		CHECK_TEXT(words[token_read(&k, buf_span(&t), NOW + rows[i].age, user)],
			   rows[i].want, rows[i].name);
	}
}

static void check_users(void)
{
	static const char *const users[] = {
		"", "a", "ab", "ann", "ann@corp.example", "\xc3\xa4\xff"
	};
	struct token_keys k = keys_of(KEY);
	char user[LIMIT_USER + 1], longest[LIMIT_USER + 1];

	memset(longest, 'x', LIMIT_USER);
	longest[LIMIT_USER] = '\0';
	for (size_t i = 0; i <= sizeof(users) / sizeof(users[0]); i++) {
		cleanup_by(buf_release) struct buf t = BUF_INIT(4096);
		const char *name = i < sizeof(users) / sizeof(users[0]) ? users[i] : longest;

		token_make(&k, name, NOW, &t);
		CHECK_ROW(token_read(&k, buf_span(&t), NOW, user) == TOKEN_GOOD &&
				  strcmp(user, name) == 0 &&
				  strspn(t.p, "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz"
					      "0123456789-_.") == t.n,
			  "a user's token");
	}
}

/* Every single bit matters. */
static void check_changes(void)
{
	struct token_keys k = keys_of(KEY);
	cleanup_by(buf_release) struct buf t = BUF_INIT(4096);
	char user[LIMIT_USER + 1];
	size_t good = 0;

	token_make(&k, "ann", NOW, &t);
	for (size_t i = 0; i < 8 * t.n; i++) {
		t.p[i / 8] ^= (char)(1 << i % 8);
		good += token_read(&k, buf_span(&t), NOW, user) != TOKEN_FOREIGN;
		t.p[i / 8] ^= (char)(1 << i % 8);
	}
	CHECK_ROW(good == 0, "a token with one bit changed is foreign");
	for (size_t n = 0; n < t.n; n++)
		good += token_read(&k, span_of(t.p, n), NOW, user) != TOKEN_FOREIGN;
	CHECK_ROW(good == 0, "and so is one that is cut off");
	buf_addc(&t, 'A');
	CHECK_ROW(token_read(&k, buf_span(&t), NOW, user) == TOKEN_FOREIGN, "or goes on");
}

static void check_keys(void)
{
	struct token_keys a = keys_of(KEY), b = keys_of(KEY2), both = keys_of(KEY2 "\n" KEY);
	struct token_keys mine = { .n = 0 }, yours = { .n = 0 };
	cleanup_by(buf_release) struct buf t = BUF_INIT(4096);
	char user[LIMIT_USER + 1];
	struct err err;

	token_make(&a, "ann", NOW, &t);
	CHECK_ROW(token_read(&b, buf_span(&t), NOW, user) == TOKEN_FOREIGN, "another key");
	CHECK_ROW(token_read(&both, buf_span(&t), NOW, user) == TOKEN_GOOD, "the second of two");
	buf_clear(&t);
	token_make(&both, "ann", NOW, &t);
	CHECK_ROW(token_read(&b, buf_span(&t), NOW, user) == TOKEN_GOOD, "the first one signs");
	CHECK(token_keys_random(&mine, &err) == 0 && token_keys_random(&yours, &err) == 0);
	buf_clear(&t);
	token_make(&mine, "ann", NOW, &t);
	CHECK_ROW(token_read(&mine, buf_span(&t), NOW, user) == TOKEN_GOOD &&
			  token_read(&yours, buf_span(&t), NOW, user) == TOKEN_FOREIGN,
		  "random keys differ");
}

int main(void)
{
	check_files();
	check_life();
	check_users();
	check_changes();
	check_keys();
	return tap_done();
}
