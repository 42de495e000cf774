#include "oci/http/proxy.h"

#include <arpa/inet.h>
#include <strings.h>

#include "oci/base/url.h"
#include "oci/http/origin.h"

static struct span without_brackets(struct span host)
{
	if (host.n >= 2 && host.p[0] == '[' && host.p[host.n - 1] == ']')
		return span_of(host.p + 1, host.n - 2);
	return host;
}

/* The family and the bytes of an address; 0 when s is not an address. */
static int parse_address(struct span s, unsigned char out[static 16])
{
	char text[INET6_ADDRSTRLEN];

	s = without_brackets(s);
	if (s.n >= sizeof(text))
		return 0;
	memcpy(text, s.p, s.n);
	text[s.n] = '\0';
	if (inet_pton(AF_INET, text, out) == 1)
		return AF_INET;
	return inet_pton(AF_INET6, text, out) == 1 ? AF_INET6 : 0;
}

static bool same_bits(const unsigned char *a, const unsigned char *b, unsigned bits)
{
	unsigned rest = bits % 8, mask = 0xff00 >> rest;

	return memcmp(a, b, bits / 8) == 0 && (!rest || !((a[bits / 8] ^ b[bits / 8]) & mask));
}

static bool in_network(struct span network, struct span host)
{
	unsigned char a[16], b[16];
	struct span bits = network, address = SPAN_INIT;
	int family = parse_address(host, a);
	long long n;

	span_cut(&bits, '/', &address);
	if (!bits.p || !family || parse_address(address, b) != family)
		return false;
	n = span_number(bits, family == AF_INET ? 32 : 128);
	return n >= 0 && same_bits(a, b, (unsigned)n);
}

static bool ends_nocase(struct span s, struct span tail)
{
	return s.n >= tail.n && strncasecmp(s.p + s.n - tail.n, tail.p, tail.n) == 0;
}

static bool name_matches(struct span name, struct span host)
{
	if (span_starts(name, "*."))
		name = span_of(name.p + 1, name.n - 1);
	if (!name.n)
		return false;
	if (name.p[0] == '.')
		return host.n > name.n && ends_nocase(host, name);
	return ends_nocase(host, name) && (host.n == name.n || host.p[host.n - name.n - 1] == '.');
}

/* Takes ":port" off the end of an entry; a bare IPv6 address has none. Gives the port, or 0. */
static unsigned cut_port(struct span *entry)
{
	const char *colon = memrchr(entry->p, ':', entry->n);
	struct span before;
	long long port;

	if (!colon)
		return 0;
	before = span_of(entry->p, (size_t)(colon - entry->p));
	if (memchr(before.p, ':', before.n) && before.p[before.n - 1] != ']')
		return 0;
	port = span_number(span_of(colon + 1, entry->n - before.n - 1), 65535);
	*entry = before;
	return port > 0 ? (unsigned)port : 0;
}

static bool entry_matches(struct span entry, const struct url *u)
{
	struct span host = without_brackets(u->host);
	unsigned port;

	if (span_eq(entry, "*"))
		return true;
	if (memchr(entry.p, '/', entry.n))
		return in_network(entry, host);
	port = cut_port(&entry);
	return (!port || port == u->port) && name_matches(without_brackets(entry), host);
}

/* No proxy leads there. */
static bool is_near(enum origin_zone zone)
{
	return zone == ORIGIN_LINK || zone == ORIGIN_LOOPBACK;
}

const char *proxy_for(const struct proxy *p, const struct url *u)
{
	const char *proxy = u->https ? p->https : p->http;
	struct span rest = span_str(p->except ? p->except : ""), entry;

	if (!proxy || !*proxy || is_near(origin_zone_of(u->host)))
		return NULL;
	while (span_cut(&rest, ',', &entry)) {
		entry = span_trim(entry);
		if (entry.n && entry_matches(entry, u))
			return NULL;
	}
	return proxy;
}
