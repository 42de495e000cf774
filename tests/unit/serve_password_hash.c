#include "serve/password_hash.h"

#include "oci/base/err.h"
#include "tests/tap.h"

#define BCRYPT   "$2y$04$4CygB6cI7i39QWMP6z5PJ.4OCs5DI3hZEc6x36a4BvhHl28VbIwL."
#define BCRYPT_B "$2b$04$abcdefghijklmnopqrstuu2r9OfJnfCsdneAXAGHnS4UpFFP8WIrW"
#define SHA512                                                                                     \
	"$6$saltsalt$TVLlQcbpFVof5W3Yz4DTP6gRstiNuHwwTt6GLc1E5n0U0aDehy0S5knV8wiOQSpT0Y77vwPZN"    \
	".Pq.H91p5hVO1"
#define ROUNDS                                                                                     \
	"$6$rounds=1000$saltsalt$LAV5VE5Y7w1d73x1mFNspYWUpazfmwv2SoepNXNKJ/otop/Zok96Hr8Q13LEv0D"  \
	"RY/x8v0/crpIjl8NJSAqXV/"
#define YESCRYPT "$y$j75$saltsaltsaltsaltsalt00$lY5SssjD.d1VHwcr8MhmSZ8swAx15Fq2yd3bPcVmWS8"

/* refused: a part of the message, or NULL for a hash of "secret" */
static const struct {
	const char *name, *hash, *refused;
} rows[] = {
	{ "bcrypt of htpasswd -B", BCRYPT, NULL },
	{ "bcrypt 2b", BCRYPT_B, NULL },
	{ "sha512", SHA512, NULL },
	{ "sha512 with rounds", ROUNDS, NULL },
	{ "yescrypt", YESCRYPT, NULL },
	{ "the default of htpasswd", "$apr1$QrPSYzXM$6ZzoMtbTrKLmNOOOsLZMg0",
	  "apr1 (MD5), the default of htpasswd" },
	{ "SHA-1", "{SHA}5en6G6MezRroT3XKqkdPOmY/BfQ=", "{SHA}" },
	{ "LDAP's salted SHA-1", "{SSHA}5en6G6MezRroT3XKqkdPOmY/BfQ=", "not known here" },
	{ "MD5", "$1$saltsalt$qjXMvbEw8oaL.CzflDtaK/", "MD5" },
	{ "sha256", "$5$saltsalt$MhkKvdTtYzVKHFCOAI4Zxaa3nG2sHQJzRhE4LgzDHz7", "sha256" },
	{ "argon2", "$argon2id$v=19$m=65536,t=3,p=4$c2FsdA$aGFzaA", "not known here" },
	{ "DES crypt", "rqXexS6ZhobKA", "plain text or DES crypt" },
	{ "plain text", "secret", "plain text" },
	{ "nothing", "", "plain text" },
	{ "bcrypt that is cut off", "$2y$04$4CygB6cI7i39QWMP6z5PJ", "not whole" },
	{ "bcrypt that goes on", BCRYPT ".", "not whole" },
	{ "bcrypt of days", "$2y$31$4CygB6cI7i39QWMP6z5PJ.4OCs5DI3hZEc6x36a4BvhHl28VbIwL.",
	  "costs more" },
	{ "bcrypt with a blank", "$2y$04$4CygB6cI7i39QWMP6z5PJ 4OCs5DI3hZEc6x36a4BvhHl28VbIwL.",
	  "not whole" },
	{ "bcrypt without cost", "$2y$$4CygB6cI7i39QWMP6z5PJ.4OCs5DI3hZEc6x36a4BvhHl28VbIwL.",
	  "not whole" },
	{ "sha512 without salt", "$6$$TVLl", "not whole" },
	{ "sha512 with rounds of days", "$6$rounds=999999999$saltsalt$TVLl", "costs more" },
	{ "sha512, only its front", "$6$", "not whole" },
	{ "yescrypt, only its front", "$y$j75", "not whole" },
};

int main(void)
{
	struct err err;

	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		struct span text = span_str(rows[i].hash);

		if (rows[i].refused) {
			CHECK_ROW(password_hash_check(text, &err) < 0 &&
					  strstr(err.msg, rows[i].refused) &&
					  strstr(err.msg, "htpasswd -B") &&
					  (text.n < 8 || !strstr(err.msg, rows[i].hash)),
				  rows[i].name);
			continue;
		}
		CHECK_ROW(password_hash_check(text, &err) == 0, rows[i].name);
		CHECK_ROW(password_hash_matches(rows[i].hash, "secret"), "the right password");
		CHECK_ROW(!password_hash_matches(rows[i].hash, "Secret"), "a wrong password");
		CHECK_ROW(!password_hash_matches(rows[i].hash, ""), "no password");
	}
	CHECK_ROW(!password_hash_matches("*0", "secret"), "what libcrypt refuses matches nothing");
	return tap_done();
}
