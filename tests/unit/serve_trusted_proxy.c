#include "serve/trusted_proxy.h"

#include <string.h>

#include "oci/base/err.h"
#include "tests/tap.h"

/* Trusted are 10.0.0.0/8, 192.168.1.128/25 and fd00::/8. */
static const struct row {
	const char *name;
	const char *fields[3];
	const char *client;
} rows[] = {
	{ "no field", { NULL }, "10.0.0.1" },
	{ "an empty one", { "" }, "10.0.0.1" },
	{ "one address", { "203.0.113.7" }, "203.0.113.7" },
	{ "the left ones are claims", { "1.1.1.1, 203.0.113.7" }, "203.0.113.7" },
	{ "trusted ones on the right", { "203.0.113.7, 10.9.9.9,10.1.1.1" }, "203.0.113.7" },
	{ "another range", { "203.0.113.7, 192.168.1.200" }, "203.0.113.7" },
	{ "next to that range", { "203.0.113.7, 192.168.1.127" }, "192.168.1.127" },
	{ "all trusted", { "10.1.1.1, 10.2.2.2" }, "10.1.1.1" },
	{ "two fields", { "203.0.113.7", "10.2.2.2" }, "203.0.113.7" },
	{ "the last field first", { "1.1.1.1", "203.0.113.7" }, "203.0.113.7" },
	{ "IPv6", { "2001:db8::7" }, "2001:db8::7" },
	{ "IPv6 of a trusted range", { "2001:db8::7, fd00::1" }, "2001:db8::7" },
	{ "IPv6 in brackets", { "[2001:db8::7]" }, "2001:db8::7" },
	{ "IPv6 with a port", { "[2001:db8::7]:443" }, "2001:db8::7" },
	{ "IPv4 with a port", { "203.0.113.7:80" }, "203.0.113.7" },
	{ "IPv4 in IPv6", { "::ffff:203.0.113.7" }, "203.0.113.7" },
	{ "IPv4 in IPv6, trusted", { "203.0.113.7, ::ffff:10.0.0.1" }, "203.0.113.7" },
	{ "a word", { "203.0.113.7, unknown" }, "10.0.0.1" },
	{ "a word behind a trusted one", { "203.0.113.7, evil, 10.2.2.2" }, "10.2.2.2" },
	{ "nothing between commas", { "203.0.113.7,,10.2.2.2" }, "10.2.2.2" },
	{ "a port that is none", { "203.0.113.7:x" }, "10.0.0.1" },
	{ "a port that is too large", { "203.0.113.7:65536" }, "10.0.0.1" },
	{ "an empty port", { "[2001:db8::7]:" }, "10.0.0.1" },
	{ "an open bracket", { "[2001:db8::7" }, "10.0.0.1" },
	{ "IPv4 in brackets", { "[203.0.113.7]" }, "10.0.0.1" },
	{ "behind the bracket", { "[2001:db8::7]x" }, "10.0.0.1" },
	{ "a zone", { "fe80::1%eth0" }, "10.0.0.1" },
	{ "longer than an address",
	  { "1111:2222:3333:4444:5555:6666:7777:8888:9999:aaaa:bbbb" },
	  "10.0.0.1" },
};

static const struct {
	const char *text;
	bool good;
} ranges[] = {
	{ "10.0.0.0/8", true },   { "0.0.0.0/0", true },     { "::/0", true },
	{ "::1", true },          { "127.0.0.1", true },     { "unix:", true },
	{ "10.0.0.0/33", false }, { "::/129", false },       { "10.0.0/8", false },
	{ "10.0.0.0/", false },   { "10.0.0.0/8/8", false }, { "proxy.example", false },
	{ "/8", false },          { "10.0.0.0/-1", false },
};

int main(void)
{
	struct trusted_proxies t = { .n = 0 }, other = { .n = 0 };
	struct err err;

	CHECK(!trusted_proxy_has(&t, "10.0.0.1") && !trusted_proxy_has(&t, "unix:"));
	CHECK(trusted_proxy_add(&t, "10.0.0.0/8", &err) == 0);
	CHECK(trusted_proxy_add(&t, "192.168.1.128/25", &err) == 0);
	CHECK(trusted_proxy_add(&t, "fd00::/8", &err) == 0);
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		char client[ACCESS_LOG_PEER];
		struct span v[3];
		size_t n = 0;

		while (n < 3 && rows[i].fields[n]) {
			v[n] = span_str(rows[i].fields[n]);
			n++;
		}
		trusted_proxy_client(&t, "10.0.0.1", v, n, client);
		CHECK_ROW(strcmp(client, rows[i].client) == 0, rows[i].name);
	}
	CHECK(trusted_proxy_has(&t, "10.255.0.1") && !trusted_proxy_has(&t, "11.0.0.1"));
	CHECK(trusted_proxy_has(&t, "fd12::1") && !trusted_proxy_has(&t, "fe80::1"));
	CHECK(!trusted_proxy_has(&t, "unix:"));
	for (size_t i = 0; i < sizeof(ranges) / sizeof(ranges[0]); i++)
		CHECK_ROW((trusted_proxy_add(&other, ranges[i].text, &err) == 0) == ranges[i].good,
			  ranges[i].text);
	CHECK(trusted_proxy_has(&other, "unix:"));
	return tap_done();
}
