#include "oci/http/proxy.h"

#include <arpa/inet.h>
#include <ctype.h>
#include <strings.h>

#include "oci/base/err.h"
#include "oci/base/url.h"
#include "oci/http/origin.h"

/* ---- what a variable may hold ---- */

static struct span span_after(struct span s, size_t n)
{
	return span_of(s.p + n, s.n - n);
}

/* False for a scheme that no proxy has; cuts off one that is written. */
static bool cut_scheme(struct span *s)
{
	static const char *const schemes[] = { "http://",    "https://",  "socks4://",
					       "socks4a://", "socks5://", "socks5h://" };

	for (size_t i = 0; i < sizeof(schemes) / sizeof(schemes[0]); i++) {
		size_t n = strlen(schemes[i]);

		if (s->n >= n && strncasecmp(s->p, schemes[i], n) == 0) {
			*s = span_after(*s, n);
			return true;
		}
	}
	return !memmem(s->p, s->n, "://", 3);
}

/* "%0a" is refused like the control character that it means. */
static bool is_printable_url(struct span s)
{
	for (size_t i = 0; i < s.n; i++) {
		unsigned char c = (unsigned char)s.p[i];

		if (c <= ' ' || c == 0x7f)
			return false;
		if (c == '%' && s.n - i > 2 && (s.p[i + 1] == '0' || s.p[i + 1] == '1') &&
		    isxdigit((unsigned char)s.p[i + 2]))
			return false;
	}
	return true;
}

static bool is_host_byte(char c)
{
	return isalnum((unsigned char)c) || (unsigned char)c >= 0x80 || strchr("-._", c);
}

static bool is_host_and_port(struct span s)
{
	size_t host = 0;

	if (s.n && s.p[0] == '[') {
		while (host < s.n && s.p[host] != ']')
			host++;
		if (host == s.n || !memchr(s.p, ':', host))
			return false;
		host++;
	} else {
		while (host < s.n && is_host_byte(s.p[host]))
			host++;
	}
	if (!host || (host < s.n && s.p[host] != ':'))
		return false;
	return s.n - host < 2 || span_number(span_after(s, host + 1), 65535) > 0;
}

static bool is_proxy(struct span s)
{
	size_t authority = 0;
	const char *at;

	if (!is_printable_url(s) || !cut_scheme(&s))
		return false;
	while (authority < s.n && !strchr("/?#", s.p[authority]))
		authority++;
	/* a password with one of these ends the authority before its "@" */
	if (memchr(s.p + authority, '@', s.n - authority))
		return false;
	s.n = authority;
	at = memchr(s.p, '@', s.n);
	return is_host_and_port(at ? span_after(s, (size_t)(at - s.p) + 1) : s);
}

static int check_variable(const char *value, const char *name, struct err *err)
{
	if (!value || !*value || is_proxy(span_str(value)))
		return 0;
	return err_set(err, ERR_USAGE, 0,
		       "%s is not the URL of a proxy, so nothing is asked; write "
		       "http://user:password@host:port, and in the password %%2F for \"/\", %%40 "
		       "for \"@\", %%23 for \"#\"",
		       name);
}

int proxy_check(const struct proxy *p, struct err *err)
{
	if (check_variable(p->http, "HTTP_PROXY", err) < 0)
		return -1;
	return check_variable(p->https, "HTTPS_PROXY", err);
}

/* ---- which one ---- */

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
