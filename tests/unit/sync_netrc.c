#include "sync/netrc.h"

#include "oci/auth/credential.h"
#include "oci/base/cleanup.h"
#include "oci/base/err.h"
#include "tests/tap.h"
#include "tests/unit/tempdir.h"

static const struct {
	const char *name, *text, *host, *user;
	const char *login, *password; /* found; NULL: nothing */
} rows[] = {
	{ "one line", "machine git.corp login ann password s3cret\n", "git.corp", NULL, "ann",
	  "s3cret" },
	{ "many lines", "machine git.corp\n\tlogin ann\r\n  password s3cret", "git.corp", NULL,
	  "ann", "s3cret" },
	{ "the password first", "machine git.corp password s3cret login ann", "git.corp", NULL,
	  "ann", "s3cret" },
	{ "no login", "machine git.corp password token", "git.corp", NULL, "", "token" },
	{ "hosts have no case", "machine Git.Corp login a password b", "gIT.cORP", NULL, "a", "b" },
	{ "another host", "machine git.corp login a password b", "corp", NULL, NULL, NULL },
	{ "the second of two", "machine x login a password b\nmachine y login c password d", "y",
	  NULL, "c", "d" },
	{ "the first of two", "machine x login a password b\nmachine x login c password d", "x",
	  NULL, "a", "b" },
	{ "of that user", "machine x login a password b\nmachine x login c password d", "x", "c",
	  "c", "d" },
	{ "of a user that is not there", "machine x login a password b", "x", "c", NULL, NULL },
	{ "of a user, where none is named", "machine x password b", "x", "c", NULL, NULL },
	{ "a host without a password", "machine x login a\nmachine y login c password d", "x", NULL,
	  NULL, NULL },
	{ "default", "machine x login a password b\ndefault login c password d", "y", NULL, "c",
	  "d" },
	{ "default comes after what fits",
	  "machine x login a password b\ndefault login c password d", "x", NULL, "a", "b" },
	{ "quotes", "machine x login \"a b\" password \"c\\\"d\\\\e\"\n", "x", NULL, "a b",
	  "c\"d\\e" },
	{ "quotes that do not end", "machine x login a password \"b c\n", "x", NULL, "a", "b c\n" },
	{ "comments", "# machine x login no password no\nmachine x login a password b # c", "x",
	  NULL, "a", "b" },
	{ "a password that begins like a comment", "machine x login a password #b", "x", NULL, "a",
	  "#b" },
	{ "accounts are skipped", "machine x account password login a password b", "x", NULL, "a",
	  "b" },
	{ "macros are skipped",
	  "machine y login n password n\nmacdef init\nmachine x login no password no\n\nmachine x login a "
	  "password b",
	  "x", NULL, "a", "b" },
	{ "a word that names itself", "machine machine login login password password", "machine",
	  NULL, "login", "password" },
	{ "cut short", "machine x login a password", "x", NULL, NULL, NULL },
	{ "cut shorter", "machine", "x", NULL, NULL, NULL },
	{ "empty", "", "x", NULL, NULL, NULL },
	{ "blank", " \n\t\n#\n", "x", NULL, NULL, NULL },
};

static void test_rows(const struct tempdir *t, const char *path)
{
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		cleanup_by(credential_release) struct credential c = CREDENTIAL_INIT;
		struct err err = ERR_INIT;

		tempdir_write(t, "netrc", rows[i].text);
		CHECK_ROW(netrc_find(path, rows[i].host, rows[i].user, &c, &err) == 0,
			  rows[i].name);
		CHECK_TEXT(c.user, rows[i].login, rows[i].name);
		CHECK_TEXT(c.secret, rows[i].password, rows[i].name);
	}
}

int main(void)
{
	cleanup_by(tempdir_release) struct tempdir t = tempdir_new();
	cleanup_free char *path = xasprintf("%s/netrc", t.path);
	cleanup_by(credential_release) struct credential c = CREDENTIAL_INIT;
	struct err err = ERR_INIT;

	CHECK(netrc_find(path, "x", NULL, &c, &err) == 0 && c.kind == CREDENTIAL_NONE);
	CHECK(netrc_find(t.path, "x", NULL, &c, &err) < 0);
	test_rows(&t, path);
	return tap_done();
}
