#include "oci/http/origin.h"

#include <arpa/inet.h>
#include <stdint.h>
#include <stdio.h>

#include "oci/base/cleanup.h"
#include "oci/base/err.h"
#include "oci/base/url.h"

/* Blocks of addresses: the first row that contains an address has its zone. Blocks that are in no
 * row are public. */
static const struct block {
	const char *address;
	unsigned bits;
	enum origin_zone zone;
} blocks[] = {
	/* services that hand out credentials to the machine that asks */
	{ "169.254.169.0", 24, ORIGIN_NEVER },       /* most clouds */
	{ "169.254.170.0", 24, ORIGIN_NEVER },       /* Amazon's containers */
	{ "168.63.129.16", 32, ORIGIN_NEVER },       /* Azure */
	{ "100.100.100.200", 32, ORIGIN_NEVER },     /* Alibaba */
	{ "192.0.0.192", 32, ORIGIN_NEVER },         /* Oracle */
	{ "fd00:ec2::254", 128, ORIGIN_NEVER },      /* Amazon */
	{ "fd00:ec2::23", 128, ORIGIN_NEVER },       /* Amazon's containers */
	{ "fd20:ce::254", 128, ORIGIN_NEVER },       /* Google */
	{ "fd00:c1::a9fe:a9fe", 128, ORIGIN_NEVER }, /* Oracle */
	/* RFC 6890 and its successors */
	{ "0.0.0.0", 32, ORIGIN_LOOPBACK }, /* Linux connects to itself */
	{ "0.0.0.0", 8, ORIGIN_NEVER },
	{ "10.0.0.0", 8, ORIGIN_PRIVATE },
	{ "100.64.0.0", 10, ORIGIN_PRIVATE },
	{ "127.0.0.0", 8, ORIGIN_LOOPBACK },
	{ "169.254.0.0", 16, ORIGIN_LINK },
	{ "172.16.0.0", 12, ORIGIN_PRIVATE },
	{ "192.0.0.0", 24, ORIGIN_PRIVATE },
	{ "192.168.0.0", 16, ORIGIN_PRIVATE },
	{ "198.18.0.0", 15, ORIGIN_PRIVATE },
	{ "224.0.0.0", 4, ORIGIN_NEVER }, /* multicast */
	{ "240.0.0.0", 4, ORIGIN_NEVER }, /* reserved, and broadcast */
	{ "::", 127, ORIGIN_LOOPBACK },   /* :: and ::1 */
	{ "64:ff9b:1::", 48, ORIGIN_PRIVATE },
	{ "100::", 64, ORIGIN_NEVER }, /* discarded */
	{ "fc00::", 7, ORIGIN_PRIVATE },
	{ "fe80::", 10, ORIGIN_LINK },
	{ "fec0::", 10, ORIGIN_PRIVATE }, /* site-local, of old */
	{ "ff00::", 8, ORIGIN_NEVER },    /* multicast */
};

/* Blocks whose addresses lead to the IPv4 address in them: it is judged, too. */
static const struct embedding {
	const char *address;
	unsigned bits;
	unsigned char at[4]; /* where its bytes stand */
	unsigned char mask;  /* they are XORed with it */
} embeddings[] = {
	{ "::ffff:0:0", 96, { 12, 13, 14, 15 }, 0 },   /* mapped */
	{ "::ffff:0:0:0", 96, { 12, 13, 14, 15 }, 0 }, /* translated, RFC 2765 */
	{ "::", 96, { 12, 13, 14, 15 }, 0 },           /* compatible, RFC 4291 */
	{ "64:ff9b::", 96, { 12, 13, 14, 15 }, 0 },    /* NAT64, RFC 6052 */
	{ "64:ff9b:1::", 48, { 12, 13, 14, 15 }, 0 },  /* of one's own, RFC 8215: /96 ... */
	{ "64:ff9b:1::", 48, { 9, 10, 11, 12 }, 0 },   /* ... /64 ... */
	{ "64:ff9b:1::", 48, { 7, 9, 10, 11 }, 0 },    /* ... /56 ... */
	{ "64:ff9b:1::", 48, { 6, 7, 9, 10 }, 0 },     /* ... or /48 */
	{ "2002::", 16, { 2, 3, 4, 5 }, 0 },           /* 6to4, RFC 3056 */
	{ "2001::", 32, { 12, 13, 14, 15 }, 0xff },    /* Teredo, RFC 4380 */
};

static bool has_prefix(const unsigned char *a, const unsigned char *prefix, unsigned bits)
{
	unsigned rest = bits % 8, mask = 0xffU << (8 - rest) & 0xff;

	return memcmp(a, prefix, bits / 8) == 0 &&
	       (!rest || ((a[bits / 8] ^ prefix[bits / 8]) & mask) == 0);
}

static bool in_block(int family, const unsigned char *a, const char *address, unsigned bits)
{
	unsigned char prefix[16];

	return (strchr(address, ':') ? AF_INET6 : AF_INET) == family &&
	       inet_pton(family, address, prefix) == 1 && has_prefix(a, prefix, bits);
}

static enum origin_zone zone_in_blocks(int family, const unsigned char *a)
{
	for (size_t i = 0; i < sizeof(blocks) / sizeof(blocks[0]); i++)
		if (in_block(family, a, blocks[i].address, blocks[i].bits))
			return blocks[i].zone;
	return ORIGIN_PUBLIC;
}

/* The innermost of its own zone and those of the addresses in it. In 64:ff9b:1::/48 only one of the
 * places has an address; elsewhere are zeros, and 0.0.0.0/8 is in no translation. */
static enum origin_zone zone_of_ipv6(const unsigned char a[16])
{
	enum origin_zone zone = zone_in_blocks(AF_INET6, a);

	if (zone == ORIGIN_LOOPBACK)
		return zone;
	for (size_t i = 0; i < sizeof(embeddings) / sizeof(embeddings[0]); i++) {
		const struct embedding *e = &embeddings[i];
		unsigned char inner[4];
		enum origin_zone inside;

		if (!in_block(AF_INET6, a, e->address, e->bits))
			continue;
		for (size_t k = 0; k < 4; k++)
			inner[k] = a[e->at[k]] ^ e->mask;
		inside = zone_in_blocks(AF_INET, inner);
		if ((inner[0] || e->bits != 48) && inside > zone)
			zone = inside;
	}
	return zone;
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
		*zone = zone_in_blocks(AF_INET, a);
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
		return ORIGIN_LOOPBACK;
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

bool origin_is_literal(struct span host)
{
	enum origin_zone ignored;

	return is_localhost(host) || zone_of_address(host, &ignored);
}

#define TO(zone) (1U << ORIGIN_##zone)

/* Where what stands in a zone may send us. */
static const struct {
	unsigned may;
	const char *words;
	const char *advice; /* what allows what is refused; or NULL */
} zones[] = {
	[ORIGIN_PUBLIC] = { TO(PUBLIC), "the internet", NULL },
	[ORIGIN_PRIVATE] = { TO(PUBLIC) | TO(PRIVATE), "a private network", NULL },
	[ORIGIN_LINK] = { TO(PUBLIC) | TO(PRIVATE) | TO(LINK), "the link of this machine", NULL },
	[ORIGIN_LOOPBACK] = { TO(LOOPBACK), "this machine", NULL },
	[ORIGIN_LISTED] = { TO(PUBLIC) | TO(PRIVATE), NULL,
			    "if that is meant, give the host a registry line in mirror.conf" },
	[ORIGIN_CONFIGURED] = { TO(PUBLIC) | TO(PRIVATE) | TO(LINK) | TO(LOOPBACK), NULL, NULL },
	[ORIGIN_NEVER] = { 0, "a cloud's metadata service, or where no registry can be", NULL },
};

static bool may_send(enum origin_zone from, enum origin_zone to)
{
	return zones[from].may & 1U << to;
}

int origin_may_follow(const struct url *base, enum origin_zone zone, const struct url *target,
		      struct err *err)
{
	enum origin_zone to = origin_zone_of(target->host);

	if (base->https && !target->https)
		return err_set(err, ERR_INVALID, 0,
			       "%.*s sends us from https to plain http at %.*s",
			       SPAN_ARG(base->host), SPAN_ARG(target->host));
	/* a name is judged when it is resolved */
	if (origin_is_literal(target->host) && !may_send(zone, to))
		return err_set(err, ERR_INVALID, 0, "%.*s sends us into %s, to %.*s",
			       SPAN_ARG(base->host), zones[to].words, SPAN_ARG(target->host));
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
	return may_send(zone, origin_zone_of(span_str(address)));
}

int origin_check_connect(enum origin_zone zone, const char *address, struct err *err)
{
	const bool never = origin_zone_of(span_str(address)) == ORIGIN_NEVER;
	const char *advice = never ? NULL : zones[zone].advice;

	if (origin_may_connect(zone, address))
		return 0;
	return err_set(err, ERR_INVALID, 0,
		       "its name leads to %s, an address we may not be sent to%s%s", address,
		       advice ? "; " : "", advice ? advice : "");
}

const char *origin_zone_words(enum origin_zone zone)
{
	return zones[zone].words;
}
