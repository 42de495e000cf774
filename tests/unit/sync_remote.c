#include "sync/remote.h"

#include "oci/base/err.h"
#include "tests/tap.h"

static const struct {
	const char *text;
	enum remote_way way;
	const char *url, *host, *user, *password;
} good[] = {
	{ "https://git.corp/team/lists.git", REMOTE_HTTPS, "https://git.corp/team/lists.git",
	  "git.corp", NULL, NULL },
	{ "https://ann:pass@git.corp:8443/x", REMOTE_HTTPS, "https://git.corp:8443/x", "git.corp",
	  "ann", "pass" },
	{ "HTTPS://ann:p%40ss%3a%2F@git.corp/x", REMOTE_HTTPS, "https://git.corp/x", "git.corp",
	  "ann", "p@ss:/" },
	{ "https://ann:p@ss@git.corp/x", REMOTE_HTTPS, "https://git.corp/x", "git.corp", "ann",
	  "p@ss" },
	{ "https://token@git.corp/x@y", REMOTE_HTTPS, "https://git.corp/x@y", "git.corp", "token",
	  NULL },
	{ "http://[::1]:80/x", REMOTE_HTTP, "http://[::1]:80/x", "::1", NULL, NULL },
	{ "git://git.corp/x", REMOTE_GIT, "git://git.corp/x", "git.corp", NULL, NULL },
	{ "ssh://git@git.corp:2222/team/a%20b.git", REMOTE_SSH,
	  "ssh://git@git.corp:2222/team/a%20b.git", "git.corp", "git", NULL },
	{ "ssh://git.corp/~ann/x", REMOTE_SSH, "ssh://git.corp/~ann/x", "git.corp", NULL, NULL },
	{ "ssh://[fe80::1]/x", REMOTE_SSH, "ssh://[fe80::1]/x", "fe80::1", NULL, NULL },
	{ "git@git.corp:team/x.git", REMOTE_SSH, "git@git.corp:team/x.git", "git.corp", "git",
	  NULL },
	{ "git.corp:/srv/x", REMOTE_SSH, "git.corp:/srv/x", "git.corp", NULL, NULL },
	{ "file:///srv/x", REMOTE_LOCAL, "file:///srv/x", NULL, NULL, NULL },
	{ "/srv/x", REMOTE_LOCAL, "/srv/x", NULL, NULL, NULL },
	{ "../x", REMOTE_LOCAL, "../x", NULL, NULL, NULL },
	{ "./a:b", REMOTE_LOCAL, "./a:b", NULL, NULL, NULL },
	{ "./a::b", REMOTE_LOCAL, "./a::b", NULL, NULL, NULL },
	{ "./-x", REMOTE_LOCAL, "./-x", NULL, NULL, NULL },
};

static const char *const bad[] = {
	"",
	"a\nb",
	"ftp://git.corp/x",
	"https://",
	"https:///x",
	"https://git.corp",
	"https://git.corp/",
	"https://git.corp:0/x",
	"https://git.corp:x/y",
	"https://git corp/x",
	"https://git.corp/x y",
	"https://git.corp/x?private_token=ann:pass",
	"https://git.corp/x#ann:pass",
	"https://ann:%zz@git.corp/x",
	"https://ann:%00@git.corp/x",
	"https://ann:%0a@git.corp/x",
	"ssh://ann:pass@git.corp/x",
	"ssh://git.corp:0/x",
	"ssh://git.corp:70000/x",
	"ssh://-oProxyCommand=x/y",
	"ssh://git.corp/%00",
	"ssh://git.corp/a%0ab",
	"ssh://-x@git.corp/y",
	"git@-x:y",
	"git@git.corp:-x",
	"git.corp:-x",
	"-oProxyCommand=x:y",
	"-oProxyCommand=x@git.corp:y",
	"-x",
	"--upload-pack=x",
	"ext::sh -c true",
	"ext::sh -c true% /x",
	"fd::7",
	"https::git.corp",
	"https::https://ann:pass@git.corp/x",
	"file::/srv/x",
	"file://-x",
	"file:///srv/a%0ab",
	"file:///srv/a\nb",
	"/srv/a\033b",
	"https://git.corp/a\rb",
	"git://git.corp/a%0ahost=b",
	"git://-x/y",
	"https://-x/y",
	"git://ann@git.corp/x",
	"file://",
	"git@git.corp:",
	"-x:y",
	"@:y",
	":y",
	"[::1]:x",
	"ann:pass@git.corp/x",
};

static void test_good(void)
{
	for (size_t i = 0; i < sizeof(good) / sizeof(good[0]); i++) {
		struct remote r = REMOTE_INIT;
		struct err err = ERR_INIT;

		if (!CHECK_ROW(remote_parse(&r, good[i].text, &err) == 0, good[i].text)) {
			printf("# %s\n", err.msg);
			continue;
		}
		CHECK(r.way == good[i].way);
		CHECK_TEXT(r.url, good[i].url, "url");
		CHECK_TEXT(r.host, good[i].host, "host");
		CHECK_TEXT(r.user, good[i].user, "user");
		CHECK_TEXT(r.password, good[i].password, "password");
		remote_release(&r);
	}
}

static void test_bad(void)
{
	for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
		struct remote r = REMOTE_INIT;
		struct err err = ERR_INIT;

		CHECK_ROW(remote_parse(&r, bad[i], &err) < 0 && err.kind == ERR_USAGE &&
				  !strstr(err.msg, "pass@") && !strstr(err.msg, "ann:"),
			  bad[i]);
		CHECK(r.url == NULL);
	}
}

static void test_open(void)
{
	static const struct {
		const char *text;
		bool open;
	} rows[] = {
		{ "http://git.corp/x", true },
		{ "git://git.corp/x", true },
		{ "http://localhost/x", false },
		{ "git://127.0.0.1/x", false },
		{ "https://git.corp/x", false },
		{ "git.corp:x", false },
		{ "/srv/x", false },
	};

	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		struct remote r = REMOTE_INIT;
		struct err err;

		CHECK_ROW(remote_parse(&r, rows[i].text, &err) == 0 &&
				  remote_is_open(&r) == rows[i].open,
			  rows[i].text);
		remote_release(&r);
	}
}

int main(void)
{
	test_good();
	test_bad();
	test_open();
	return tap_done();
}
