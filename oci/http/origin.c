#include "oci/http/origin.h"

#include <arpa/inet.h>
#include <stdint.h>
#include <stdio.h>

#include "oci/base/cleanup.h"
#include "oci/base/err.h"
#include "oci/base/url.h"

static enum origin_zone zone_of_ipv4(const unsigned char a[4])
{
	if (a[0] == 127 || a[0] == 0 || (a[0] == 169 && a[1] == 254))
		return ORIGIN_LOCAL;
	if (a[0] == 10 || (a[0] == 172 && (a[1] & 0xf0) == 16) || (a[0] == 192 && a[1] == 168) ||
	    (a[0] == 100 && (a[1] & 0xc0) == 64))
		return ORIGIN_PRIVATE;
	return ORIGIN_PUBLIC;
}

/* ::ffff:a.b.c.d (mapped) and 64:ff9b::a.b.c.d (NAT64, RFC 6052) reach the IPv4 address in them. */
static bool embeds_ipv4(const unsigned char a[16])
{
	static const unsigned char mapped[12] = { [10] = 0xff, [11] = 0xff };
	static const unsigned char nat64[12] = { 0x00, 0x64, 0xff, 0x9b };

	return memcmp(a, mapped, 12) == 0 || memcmp(a, nat64, 12) == 0;
}

static enum origin_zone zone_of_ipv6(const unsigned char a[16])
{
	static const unsigned char zero[15] = { 0 };

	if (embeds_ipv4(a))
		return zone_of_ipv4(a + 12);
	if ((memcmp(a, zero, 15) == 0 && a[15] <= 1) || (a[0] == 0xfe && (a[1] & 0xc0) == 0x80))
		return ORIGIN_LOCAL;
	return (a[0] & 0xfe) == 0xfc ? ORIGIN_PRIVATE : ORIGIN_PUBLIC;
}

/* The forms inet_aton() takes ("127.1", "0x7f000001", "2130706433") count too: resolvers accept
 * them. */
static bool zone_of_address(struct span host, enum origin_zone *zone)
{
	char text[64];
	unsigned char a[16];
	struct in_addr v4;

	if (host.n >= 2 && host.p[0] == '[')
		host = span_of(host.p + 1, host.n - 2);
	if (host.n >= sizeof(text))
		return false;
	memcpy(text, host.p, host.n);
	text[host.n] = '\0';
	text[strcspn(text, "%")] = '\0'; /* a zone: "fe80::1%eth0" */
	if (inet_pton(AF_INET6, text, a) == 1) {
		*zone = zone_of_ipv6(a);
		return true;
	}
	if (inet_aton(text, &v4)) {
		memcpy(a, &v4.s_addr, 4);
		*zone = zone_of_ipv4(a);
		return true;
	}
	return false;
}

static bool is_localhost(struct span host)
{
	if (host.n && host.p[host.n - 1] == '.')
		host.n--;
	if (host.n > 10 && span_eq_nocase(span_of(host.p + host.n - 10, 10), ".localhost"))
		return true;
	return span_eq_nocase(host, "localhost");
}

enum origin_zone origin_zone_of(struct span host)
{
	enum origin_zone zone = ORIGIN_PUBLIC;

	if (is_localhost(host))
		return ORIGIN_LOCAL;
	zone_of_address(host, &zone);
	return zone;
}

bool origin_is_loopback(struct span host)
{
	unsigned char a[4];
	char text[16];

	if (span_eq_nocase(host, "localhost") || span_eq(host, "[::1]") || span_eq(host, "::1"))
		return true;
	if (host.n >= sizeof(text))
		return false;
	memcpy(text, host.p, host.n);
	text[host.n] = '\0';
	return inet_pton(AF_INET, text, a) == 1 && a[0] == 127;
}

static const char *const zone_words[] = {
	[ORIGIN_PUBLIC] = "the internet",
	[ORIGIN_PRIVATE] = "a private network",
	[ORIGIN_LOCAL] = "this machine",
};

int origin_may_follow(const struct url *base, enum origin_zone zone, const struct url *target,
		      struct err *err)
{
	enum origin_zone to = origin_zone_of(target->host);

	if (base->https && !target->https)
		return err_set(err, ERR_INVALID, 0,
			       "%.*s sends us from https to plain http at %.*s",
			       SPAN_ARG(base->host), SPAN_ARG(target->host));
	if (to > zone)
		return err_set(err, ERR_INVALID, 0, "%.*s sends us into %s, to %.*s",
			       SPAN_ARG(base->host), zone_words[to], SPAN_ARG(target->host));
	return 0;
}

char *origin_resolve(const char *from, enum origin_zone zone, struct span to, bool *cross_origin,
		     struct err *err)
{
	cleanup_free char *url = url_resolve(from, to, err);
	struct url base, target;

	if (!url || url_parse(&base, span_str(from), err) < 0 ||
	    url_parse(&target, span_str(url), err) < 0 ||
	    origin_may_follow(&base, zone, &target, err) < 0)
		return NULL;
	*cross_origin |= !url_same_origin(&base, &target);
	return take(url);
}

bool origin_may_connect(enum origin_zone zone, const char *address)
{
	return origin_zone_of(span_str(address)) <= zone;
}
