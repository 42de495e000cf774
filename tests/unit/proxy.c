/* proxy: what HTTP_PROXY and HTTPS_PROXY may hold. */
#include "oci/http/proxy.h"

#include "oci/base/err.h"
#include "tests/tap.h"

static const struct {
	const char *name, *value;
	bool is_refused;
} values[] = {
	{ "none", "", false },
	{ "a URL", "http://proxy.example:3128", false },
	{ "with a slash", "http://proxy.example:3128/", false },
	{ "without a scheme", "proxy.example:3128", false },
	{ "without a port", "proxy_1.example", false },
	{ "a port that is left empty", "proxy.example:", false },
	{ "an address", "10.0.0.1:3128", false },
	{ "an IPv6 address", "http://[fd00::1]:3128", false },
	{ "with a zone", "http://[fe80::1%25eth0]:3128", false },
	{ "TLS", "HTTPS://proxy.example", false },
	{ "SOCKS", "socks5h://u:s3cretPW@proxy.example:1080", false },
	{ "a password", "http://bob:s3cretPW@proxy.example:3128", false },
	{ "a password with escapes", "http://bob:s3c%2FretPW@proxy.example", false },
	{ "a percent sign that escapes nothing", "http://bob:s3cretPW%@proxy.example", false },
	{ "a slash in the password", "http://bob:s3c/retPW@proxy.example:3128", true },
	{ "a slash behind digits", "http://bob:3/s3cretPW@proxy.example:3128", true },
	{ "a question mark in it", "http://bob:s3c?retPW@proxy.example", true },
	{ "a hash in it", "http://bob:s3c#retPW@proxy.example", true },
	{ "an at sign in it", "http://bob:s3c@retPW@proxy.example", true },
	{ "a line feed in it", "http://bob:s3cretPW%0a@proxy.example", true },
	{ "a blank", "http://bob:s3c retPW@proxy.example", true },
	{ "no number as port", "bob:s3cretPW@127.0.0.1:1x", true },
	{ "port 0", "bob:s3cretPW@127.0.0.1:0", true },
	{ "a port that is too large", "bob:s3cretPW@127.0.0.1:65536", true },
	{ "no host", "http://bob:s3cretPW@", true },
	{ "an open bracket", "http://[fd00::1", true },
	{ "a scheme that no proxy has", "ftp://bob:s3cretPW@proxy.example", true },
};

static void test_values(void)
{
	for (size_t i = 0; i < sizeof(values) / sizeof(values[0]); i++) {
		struct proxy http = { .http = values[i].value },
			     https = { .https = values[i].value };
		struct err err = ERR_INIT;
		bool refused = proxy_check(&http, &err) < 0;

		CHECK_ROW(refused == values[i].is_refused, values[i].name);
		CHECK_ROW(!refused || strstr(err.msg, "HTTP_PROXY is not"), values[i].name);
		CHECK_ROW(!strstr(err.msg, "s3c"), values[i].name);
		refused = proxy_check(&https, &err) < 0;
		CHECK_ROW(refused == values[i].is_refused, values[i].name);
		CHECK_ROW(!refused || strstr(err.msg, "HTTPS_PROXY is not"), values[i].name);
	}
}

int main(void)
{
	test_values();
	return tap_done();
}
