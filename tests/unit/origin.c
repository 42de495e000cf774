#include "oci/http/origin.h"

#include "oci/base/cleanup.h"
#include "oci/base/err.h"
#include "oci/base/url.h"
#include "oci/http/proxy.h"
#include "tests/tap.h"

static const struct {
	const char *host;
	enum origin_zone zone;
} reaches[] = {
	{ "8.8.8.8", ORIGIN_PUBLIC },
	{ "registry.example", ORIGIN_PUBLIC },
	{ "[2001:db8::1]", ORIGIN_PUBLIC },
	{ "11.0.0.1", ORIGIN_PUBLIC },
	{ "172.32.0.1", ORIGIN_PUBLIC },
	{ "100.128.0.1", ORIGIN_PUBLIC },
	{ "localhost.example", ORIGIN_PUBLIC },
	{ "notlocalhost", ORIGIN_PUBLIC },
	{ "10.1.2.3", ORIGIN_PRIVATE },
	{ "172.16.0.1", ORIGIN_PRIVATE },
	{ "172.31.255.255", ORIGIN_PRIVATE },
	{ "192.168.1.1", ORIGIN_PRIVATE },
	{ "100.64.0.1", ORIGIN_PRIVATE },
	{ "[fd00::1]", ORIGIN_PRIVATE },
	{ "[::ffff:10.0.0.1]", ORIGIN_PRIVATE },
	{ "169.254.1.1", ORIGIN_LINK },
	{ "[fe80::1]", ORIGIN_LINK },
	{ "fe80::1%eth0", ORIGIN_LINK },
	{ "192.0.0.8", ORIGIN_PRIVATE },
	{ "192.0.1.8", ORIGIN_PUBLIC },
	{ "198.18.0.1", ORIGIN_PRIVATE },
	{ "198.19.255.255", ORIGIN_PRIVATE },
	{ "198.20.0.1", ORIGIN_PUBLIC },
	{ "[fec0::1]", ORIGIN_PRIVATE },
	{ "[feff::1]", ORIGIN_PRIVATE },
	{ "223.255.255.255", ORIGIN_PUBLIC },
	{ "[2003::7f00:1]", ORIGIN_PUBLIC },
	/* addresses in addresses */
	{ "[::ffff:8.8.8.8]", ORIGIN_PUBLIC },
	{ "[::ffff:169.254.1.1]", ORIGIN_LINK },
	{ "[::127.0.0.1]", ORIGIN_LOOPBACK },
	{ "[::ffff:0:127.0.0.1]", ORIGIN_LOOPBACK },
	{ "[64:ff9b::808:808]", ORIGIN_PUBLIC },
	{ "[64:ff9b::10.0.0.1]", ORIGIN_PRIVATE },
	{ "[64:ff9b::169.254.169.254]", ORIGIN_NEVER },
	{ "[64:ff9b:1::8.8.8.8]", ORIGIN_PRIVATE },
	{ "[64:ff9b:1::127.0.0.1]", ORIGIN_LOOPBACK },
	{ "[64:ff9b:1:7f00:0:100::]", ORIGIN_LOOPBACK },
	{ "[64:ff9b:1:a9fe:a9:fe00::]", ORIGIN_NEVER },
	{ "[64:ff9b:1:1:7f:0:100:0]", ORIGIN_LOOPBACK },
	{ "[2002:808:808::1]", ORIGIN_PUBLIC },
	{ "[2002:a00:1::1]", ORIGIN_PRIVATE },
	{ "[2002:7f00:1::]", ORIGIN_LOOPBACK },
	{ "[2002:a9fe:a9fe::1]", ORIGIN_NEVER },
	{ "[2001:0:808:808::80ff:fffe]", ORIGIN_LOOPBACK },
	/* where no registry is */
	{ "169.254.169.254", ORIGIN_NEVER },
	{ "2852039166", ORIGIN_NEVER },
	{ "169.254.170.2", ORIGIN_NEVER },
	{ "168.63.129.16", ORIGIN_NEVER },
	{ "168.63.129.17", ORIGIN_PUBLIC },
	{ "100.100.100.200", ORIGIN_NEVER },
	{ "100.100.100.201", ORIGIN_PRIVATE },
	{ "192.0.0.192", ORIGIN_NEVER },
	{ "[fd00:ec2::254]", ORIGIN_NEVER },
	{ "[fd00:ec2::255]", ORIGIN_PRIVATE },
	{ "[::ffff:169.254.169.254]", ORIGIN_NEVER },
	{ "0.1.2.3", ORIGIN_NEVER },
	{ "224.0.0.1", ORIGIN_NEVER },
	{ "239.255.255.255", ORIGIN_NEVER },
	{ "240.0.0.1", ORIGIN_NEVER },
	{ "255.255.255.255", ORIGIN_NEVER },
	{ "[ff02::1]", ORIGIN_NEVER },
	{ "[100::1]", ORIGIN_NEVER },
	{ "127.0.0.1", ORIGIN_LOOPBACK },
	{ "127.255.1.2", ORIGIN_LOOPBACK },
	{ "127.1", ORIGIN_LOOPBACK },
	{ "2130706433", ORIGIN_LOOPBACK },
	{ "0x7f000001", ORIGIN_LOOPBACK },
	{ "0177.0.0.1", ORIGIN_LOOPBACK },
	{ "0.0.0.0", ORIGIN_LOOPBACK },
	{ "[::1]", ORIGIN_LOOPBACK },
	{ "::1", ORIGIN_LOOPBACK },
	{ "[::]", ORIGIN_LOOPBACK },
	{ "[::ffff:127.0.0.1]", ORIGIN_LOOPBACK },
	{ "[64:ff9b::7f00:1]", ORIGIN_LOOPBACK },
	{ "localhost", ORIGIN_LOOPBACK },
	{ "LocalHost.", ORIGIN_LOOPBACK },
	{ "a.localhost", ORIGIN_LOOPBACK },
};

static const struct {
	const char *host;
	bool loopback;
} loopbacks[] = {
	{ "localhost", true }, { "127.0.0.1", true },    { "127.9.9.9", true },
	{ "[::1]", true },     { "a.localhost", false }, { "128.0.0.1", false },
	{ "127.1", false },    { "[::2]", false },       { "127.0.0.1.example", false },
};

/* Who sends us, reached how, to where: may he? */
static const struct {
	const char *name, *from;
	enum origin_zone zone;
	const char *to;
	bool may;
} follows[] = {
	{ "to storage", "https://quay.io/", ORIGIN_PUBLIC, "https://s3.example/", true },
	{ "from https to http", "https://quay.io/", ORIGIN_PUBLIC, "http://s3.example/", false },
	{ "from https to http at home", "https://127.0.0.1/", ORIGIN_LOOPBACK, "http://127.0.0.1/",
	  false },
	{ "from http to https", "http://r.corp/", ORIGIN_PRIVATE, "https://s3.example/", true },
	{ "a public registry into a private network", "https://quay.io/", ORIGIN_PUBLIC,
	  "https://10.0.0.1/", false },
	{ "a public registry to a cloud's metadata", "http://quay.io/", ORIGIN_PUBLIC,
	  "http://169.254.169.254/latest/meta-data", false },
	{ "a public registry to this machine", "https://quay.io/", ORIGIN_PUBLIC,
	  "https://localhost/", false },
	{ "a private registry within its network", "https://r.corp/", ORIGIN_PRIVATE,
	  "https://10.0.0.1/", true },
	{ "a private registry to the world", "https://r.corp/", ORIGIN_PRIVATE,
	  "https://s3.example/", true },
	{ "a private registry to this machine", "https://r.corp/", ORIGIN_PRIVATE,
	  "https://127.0.0.1/", false },
	{ "a registry on this machine to this machine", "http://127.0.0.1:5000/", ORIGIN_LOOPBACK,
	  "http://127.0.0.1:9000/", true },
	{ "a registry on this machine into a private network", "http://localhost/", ORIGIN_LOOPBACK,
	  "http://192.168.0.1/", false },
	{ "or to the world", "http://localhost/", ORIGIN_LOOPBACK, "http://8.8.8.8/", false },
	{ "or to a name, which is judged when it is resolved", "http://localhost/", ORIGIN_LOOPBACK,
	  "http://storage.example/", true },
	{ "a private registry to what is linked", "https://r.corp/", ORIGIN_PRIVATE,
	  "https://169.254.1.1/", false },
	{ "what is linked to what is linked", "https://169.254.1.1/", ORIGIN_LINK,
	  "https://169.254.1.2/", true },
	{ "and to a private network", "https://169.254.1.1/", ORIGIN_LINK, "https://10.0.0.1/",
	  true },
	{ "but not to this machine", "https://169.254.1.1/", ORIGIN_LINK, "https://[::1]/", false },
	{ "what is linked to a cloud's metadata", "http://169.254.1.1/", ORIGIN_LINK,
	  "http://169.254.169.254/", false },
	{ "what is on this machine to a cloud's metadata", "http://127.0.0.1/", ORIGIN_LOOPBACK,
	  "http://[fd00:ec2::254]/", false },
	{ "what is configured to a cloud's metadata", "http://r.corp/", ORIGIN_CONFIGURED,
	  "http://100.100.100.200/", false },
};

static void test_follow(size_t i)
{
	struct url from, to;
	struct err err;

	url_parse(&from, span_str(follows[i].from), &err);
	url_parse(&to, span_str(follows[i].to), &err);
	CHECK_ROW((origin_may_follow(&from, follows[i].zone, &to, &err) == 0) == follows[i].may,
		  follows[i].name);
}

static void test_words(void)
{
	struct err err = ERR_INIT;
	struct url from, to;

	url_parse(&from, span_str("https://quay.io/v2/"), &err);
	url_parse(&to, span_str("https://169.254.169.254/latest/meta-data"), &err);
	origin_may_follow(&from, ORIGIN_PUBLIC, &to, &err);
	CHECK_TEXT(
		err.msg,
		"quay.io sends us into a cloud's metadata service, or where no registry can be, to "
		"169.254.169.254",
		"where to");
	url_parse(&to, span_str("https://10.0.0.1/blob"), &err);
	origin_may_follow(&from, ORIGIN_PUBLIC, &to, &err);
	CHECK_TEXT(err.msg, "quay.io sends us into a private network, to 10.0.0.1", "and how near");
}

/* What NO_PROXY says of a URL: is it asked directly? */
static const struct {
	const char *except, *url;
	bool direct;
} proxies[] = {
	{ "", "https://quay.io/", false },
	{ "quay.io", "https://quay.io/", true },
	{ "QUAY.io", "https://quay.IO/", true },
	{ "quay.io", "https://cdn.quay.io/", true },
	{ "quay.io", "https://notquay.io/", false },
	{ ".quay.io", "https://quay.io/", false },
	{ ".quay.io", "https://cdn.quay.io/", true },
	{ "*.quay.io", "https://cdn.quay.io/", true },
	{ "*.quay.io", "https://quay.io/", false },
	{ "a, b ,quay.io", "https://quay.io/", true },
	{ "*", "https://quay.io/", true },
	{ "quay.io:443", "https://quay.io/", true },
	{ "quay.io:8443", "https://quay.io/", false },
	{ "10.0.0.0/8", "https://10.1.2.3/", true },
	{ "10.0.0.0/8", "https://11.1.2.3/", false },
	{ "10.0.0.0/8", "https://ten.example/", false },
	{ "192.168.1.128/25", "http://192.168.1.200/", true },
	{ "192.168.1.128/25", "http://192.168.1.100/", false },
	{ "0.0.0.0/0", "http://1.2.3.4/", true },
	{ "10.0.0.0/33", "https://10.1.2.3/", false },
	{ "fd00::/8", "https://[fd12::1]/", true },
	{ "fd00::/8", "https://[fe12::1]/", false },
	{ "10.1.2.3", "https://10.1.2.3/", true },
	{ "[fd12::1]:443", "https://[fd12::1]/", true },
	{ "fd12::1", "https://[fd12::1]/", true },
	{ ",,.", "https://quay.io/", false },
	{ "", "http://127.0.0.1/", true },
	{ "", "https://localhost:5000/", true },
};

static void test_proxy(const char *except, const char *text, bool direct)
{
	struct proxy p = { .http = "http://proxy:1", .https = "http://proxy:2", .except = except };
	cleanup_free char *name = xasprintf("NO_PROXY=%s %s", except, text);
	struct url u;
	struct err err;
	const char *got;

	url_parse(&u, span_str(text), &err);
	got = proxy_for(&p, &u);
	CHECK_TEXT(got, direct ? NULL : u.https ? p.https : p.http, name);
}

int main(void)
{
	test_words();
	for (size_t i = 0; i < sizeof(reaches) / sizeof(reaches[0]); i++)
		CHECK_ROW(origin_zone_of(span_str(reaches[i].host)) == reaches[i].zone,
			  reaches[i].host);
	for (size_t i = 0; i < sizeof(loopbacks) / sizeof(loopbacks[0]); i++)
		CHECK_ROW(origin_is_loopback(span_str(loopbacks[i].host)) == loopbacks[i].loopback,
			  loopbacks[i].host);
	for (size_t i = 0; i < sizeof(follows) / sizeof(follows[0]); i++)
		test_follow(i);
	CHECK(origin_may_connect(ORIGIN_PUBLIC, "192.0.2.1"));
	CHECK(!origin_may_connect(ORIGIN_PUBLIC, "127.0.0.1"));
	CHECK(!origin_may_connect(ORIGIN_PRIVATE, "::1"));
	CHECK(origin_may_connect(ORIGIN_LOOPBACK, "::1"));
	CHECK(!origin_may_connect(ORIGIN_LOOPBACK, "192.0.2.1"));
	CHECK(origin_may_connect(ORIGIN_LISTED, "10.0.0.1"));
	CHECK(origin_may_connect(ORIGIN_LISTED, "fd00::1"));
	CHECK(!origin_may_connect(ORIGIN_LISTED, "127.0.0.1"));
	CHECK(!origin_may_connect(ORIGIN_LISTED, "fe80::1"));
	CHECK(!origin_may_connect(ORIGIN_LISTED, "169.254.169.254"));
	CHECK(origin_may_connect(ORIGIN_CONFIGURED, "::1"));
	CHECK(origin_may_connect(ORIGIN_CONFIGURED, "169.254.1.1"));
	CHECK(!origin_may_connect(ORIGIN_CONFIGURED, "169.254.169.254"));
	for (size_t i = 0; i < sizeof(proxies) / sizeof(proxies[0]); i++)
		test_proxy(proxies[i].except, proxies[i].url, proxies[i].direct);
	return tap_done();
}
