#include "serve/cmdline.h"

#include "oci/base/err.h"
#include "tests/tap.h"

enum { WORDS = 8 };

/* Each option with a value that it takes, what gives it an effect, and the refusal without that;
 * NULL: it has its effect alone. */
static const struct row {
	const char *args[WORDS], *with[WORDS], *refused;
} rows[] = {
	{ { "--listen", "127.0.0.1:0" }, { NULL }, NULL },
	{ { "--admin", "127.0.0.1:0" }, { NULL }, NULL },
	{ { "--threads", "2" }, { NULL }, NULL },
	{ { "--access-log", "log" }, { NULL }, NULL },
	{ { "--log-format", "json" },
	  { "--access-log", "log" },
	  "--log-format has no effect without --access-log" },
	{ { "--limit", "drain=3s" }, { NULL }, NULL },
	{ { "--trusted-proxy", "10.0.0.0/8" },
	  { "--access-log", "log" },
	  "--trusted-proxy has no effect without --access-log, --record-misses, --limit "
	  "per-address=N or --limit requests-per-second=N: nothing else looks at the client's "
	  "address" },
	{ { "--record-misses", "misses" }, { NULL }, NULL },
	{ { "--no-sandbox" }, { NULL }, NULL },
	{ { "--tls-cert", "a.pem" },
	  { "--tls-key", "a.key" },
	  "1 --tls-cert and 0 --tls-key: each certificate needs its key" },
	{ { "--tls-key", "a.key" },
	  { "--tls-cert", "a.pem" },
	  "0 --tls-cert and 1 --tls-key: each certificate needs its key" },
	{ { "--client-ca", "ca.pem" },
	  { "--tls-cert", "a.pem", "--tls-key", "a.key" },
	  "--client-ca needs --tls-cert and --tls-key" },
	{ { "--default-registry", "quay.io" }, { NULL }, NULL },
	{ { "--name", "team/app" }, { NULL }, NULL },
	{ { "--list-snapshots" }, { NULL }, NULL },
	{ { "--no-catalog" }, { NULL }, NULL },
	{ { "--no-index" }, { NULL }, NULL },
	{ { "--htpasswd", "users" }, { NULL }, NULL },
	{ { "--groups", "groups" },
	  { "--htpasswd", "users" },
	  "--groups has no effect without --htpasswd or --client-ca" },
	{ { "--token-key", "key" },
	  { "--htpasswd", "users" },
	  "--token-key has no effect without --htpasswd" },
};

#define ROWS (sizeof(rows) / sizeof(rows[0]))

/* What else gives an option its effect. */
static const char *const more[][WORDS] = {
	{ "--trusted-proxy", "10.0.0.0/8", "--record-misses", "misses" },
	{ "--trusted-proxy", "10.0.0.0/8", "--limit", "per-address=4" },
	{ "--trusted-proxy", "10.0.0.0/8", "--limit", "requests-per-second=4" },
	{ "--groups", "groups", "--client-ca", "ca.pem", "--tls-cert", "a", "--tls-key", "b" },
};

static size_t add_words(char **argv, size_t n, const char *const *words)
{
	for (size_t i = 0; i < WORDS && words[i]; i++)
		argv[n++] = (char *)words[i];
	return n;
}

/* "" for a command line that is taken, else why not. */
static const char *refusal(const char *const *a, const char *const *b)
{
	static struct cmdline line;
	static struct err err;
	char *argv[1 + 2 * WORDS + 1] = { (char *)"mirror-serve" };
	size_t n = add_words(argv, 1, a);

	n = b ? add_words(argv, n, b) : n;
	return cmdline_read(&line, (int)n, argv, NULL, &err) == CLI_OPT_GO ? "" : err.msg;
}

/* Two options that have their effect alone have it together. */
static void test_pairs(void)
{
	for (size_t i = 0; i < ROWS; i++)
		for (size_t k = 0; k < i; k++) {
			char name[80];

			if (rows[i].refused || rows[k].refused)
				continue;
			snprintf(name, sizeof(name), "%s and %s", rows[k].args[0], rows[i].args[0]);
			CHECK_TEXT(refusal(rows[k].args, rows[i].args), "", name);
		}
}

int main(void)
{
	for (size_t i = 0; i < ROWS; i++) {
		const char *want = rows[i].refused ? rows[i].refused : "";

		CHECK_TEXT(refusal(rows[i].args, NULL), want, rows[i].args[0]);
		if (rows[i].refused)
			CHECK_TEXT(refusal(rows[i].args, rows[i].with), "", rows[i].args[0]);
	}
	for (size_t i = 0; i < sizeof(more) / sizeof(more[0]); i++)
		CHECK_TEXT(refusal(more[i], NULL), "", more[i][0]);
	test_pairs();
	return tap_done();
}
