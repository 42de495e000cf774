#include "serve/password_check.h"

#include <sys/eventfd.h>

#include "oci/base/cleanup.h"
#include "oci/base/err.h"
#include "serve/guesses.h"
#include "serve/htpasswd.h"
#include "tests/tap.h"

/* The passwords are "secret" and "hunter2". */
#define ANN "ann:$2y$04$4CygB6cI7i39QWMP6z5PJ.4OCs5DI3hZEc6x36a4BvhHl28VbIwL.\n"
#define BOB "bob:$2y$04$cA3A9XfAO.78sAIjnwwrf.Rv2iniEgjbTA2VxEReoQMZgjkSPQN2y\n"

CLEANUP_PTR(own_check_, struct password_check, password_check_free)

static const char *const words[] = {
	[PASSWORD_RIGHT] = "right",   [PASSWORD_WRONG] = "wrong", [PASSWORD_PENDING] = "pending",
	[PASSWORD_SLOWED] = "slowed", [PASSWORD_BUSY] = "busy",
};

/* Asks until there is an outcome; each wait ends with the eventfd. */
static const char *outcome(struct password_check *p, const struct htpasswd *h, const char *user,
			   const char *password)
{
	cleanup_fd int wake = eventfd(0, EFD_CLOEXEC);
	enum password_verdict v;
	uint64_t n;

	while ((v = password_check_ask(p, h, user, password, wake)) == PASSWORD_PENDING)
		if (read(wake, &n, sizeof(n)) != sizeof(n))
			return "?";
	return words[v];
}

static void check_outcomes(struct password_check *p, const struct htpasswd *h)
{
	static const struct {
		const char *name, *user, *password, *want;
	} rows[] = {
		{ "a user", "ann", "secret", "right" },
		{ "another user", "bob", "hunter2", "right" },
		{ "another user's password", "bob", "secret", "wrong" },
		{ "no user", "eve", "secret", "wrong" },
		{ "no password", "ann", "", "wrong" },
		{ "no name", "", "secret", "wrong" },
	};

	for (int again = 0; again < 2; again++)
		for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++)
			CHECK_TEXT(outcome(p, h, rows[i].user, rows[i].password), rows[i].want,
				   rows[i].name);
	CHECK_ROW(password_check_ask(p, h, "ann", "secret", -1) == PASSWORD_RIGHT,
		  "a right one is remembered");
	CHECK_ROW(password_check_ask(p, h, "eve", "secret", -1) == PASSWORD_WRONG,
		  "and a wrong one");
}

/* Names that are no users' are counted like users. */
static void check_slow_down(struct password_check *p, const struct htpasswd *h, const char *user)
{
	char guess[32];

	password_check_forget(p);
	for (int i = 0; i < GUESSES_FREE; i++) {
		snprintf(guess, sizeof(guess), "guess %d", i);
		CHECK_TEXT(outcome(p, h, user, guess), "wrong", "a guess");
	}
	CHECK_TEXT(outcome(p, h, user, "one more"), "slowed", "one guess more has to wait");
	CHECK_TEXT(outcome(p, h, user, "guess 0"), "wrong", "but not one whose outcome is known");
	CHECK_TEXT(outcome(p, h, "bob", "hunter2"), "right", "nor another user's");
}

/* A password that is right while guesses at it are slowed down. */
static void check_inside(struct password_check *p, const struct htpasswd *h)
{
	char guess[32];

	password_check_forget(p);
	CHECK_TEXT(outcome(p, h, "ann", "secret"), "right", "a user who is in");
	for (int i = 0; i < GUESSES_FREE + 1; i++) {
		snprintf(guess, sizeof(guess), "guess %d", i);
		outcome(p, h, "ann", guess);
	}
	CHECK_TEXT(outcome(p, h, "ann", "secret"), "right", "stays in");
}

static void check_reload(struct password_check *p, const struct htpasswd *h)
{
	struct htpasswd other;
	struct err err;

	password_check_forget(p);
	CHECK_TEXT(outcome(p, h, "ann", "secret"), "right", "before the file changes");
	CHECK(htpasswd_parse(&other, "file",
			     span_str("ann:$2y$04$cA3A9XfAO.78sAIjnwwrf.Rv2iniEgjbTA2VxEReoQMZgjkSP"
				      "QN2y\n"),
			     &err) == 0);
	CHECK_TEXT(outcome(p, &other, "ann", "secret"), "wrong", "the old password afterwards");
	CHECK_TEXT(outcome(p, &other, "ann", "hunter2"), "right", "the new one");
	htpasswd_release(&other);
	CHECK(htpasswd_parse(&other, "file", span_str(""), &err) == 0);
	CHECK_TEXT(outcome(p, &other, "ann", "secret"), "wrong", "a file without users");
	htpasswd_release(&other);
}

int main(void)
{
	struct htpasswd h;
	struct err err;
	__attribute__((cleanup(own_check_))) struct password_check *p = password_check_new(2, &err);

	CHECK(p && htpasswd_parse(&h, "file", span_str(ANN BOB), &err) == 0);
	check_outcomes(p, &h);
	check_slow_down(p, &h, "ann");
	check_slow_down(p, &h, "nobody-at-all");
	check_inside(p, &h);
	check_reload(p, &h);
	htpasswd_release(&h);
	return tap_done();
}
