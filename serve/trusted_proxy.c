#include "serve/trusted_proxy.h"

#include <arpa/inet.h>
#include <stdio.h>
#include <string.h>

#include "oci/base/err.h"

static const uint8_t mapped[12] = { [10] = 0xff, [11] = 0xff };

static bool read_plain(struct span s, uint8_t address[static 16])
{
	char text[INET6_ADDRSTRLEN];

	if (!s.n || s.n >= sizeof(text))
		return false;
	memcpy(text, s.p, s.n);
	text[s.n] = '\0';
	memcpy(address, mapped, sizeof(mapped));
	return inet_pton(AF_INET, text, address + sizeof(mapped)) == 1 ||
	       inet_pton(AF_INET6, text, address) == 1;
}

static bool is_port(struct span s)
{
	return s.n > 1 && s.p[0] == ':' && span_number(span_of(s.p + 1, s.n - 1), 65535) >= 0;
}

/* "1.2.3.4", "1.2.3.4:80", "::1", "[::1]", "[::1]:80" */
static bool read_address(struct span s, uint8_t address[static 16])
{
	const char *end;

	if (read_plain(s, address))
		return true;
	if (s.n && s.p[0] == '[') {
		end = memchr(s.p, ']', s.n);
		if (!end || !memchr(s.p, ':', (size_t)(end - s.p)))
			return false;
		s = span_of(s.p + 1, s.n - 1);
	} else {
		end = s.n ? memchr(s.p, ':', s.n) : NULL;
		if (!end)
			return false;
		/* the port of IPv4, behind which nothing else stands */
		return is_port(span_of(end, s.n - (size_t)(end - s.p))) &&
		       read_plain(span_of(s.p, (size_t)(end - s.p)), address) &&
		       memcmp(address, mapped, sizeof(mapped)) == 0;
	}
	if (end + 1 != s.p + s.n && !is_port(span_of(end + 1, (size_t)(s.p + s.n - end - 1))))
		return false;
	return read_plain(span_of(s.p, (size_t)(end - s.p)), address);
}

static bool in_range(const struct trusted_range *r, const uint8_t address[static 16])
{
	unsigned whole = r->bits / 8, rest = r->bits % 8;

	if (memcmp(r->address, address, whole) != 0)
		return false;
	return !rest || ((r->address[whole] ^ address[whole]) >> (8 - rest)) == 0;
}

static bool has_address(const struct trusted_proxies *t, const uint8_t address[static 16])
{
	for (size_t i = 0; i < t->n; i++)
		if (in_range(&t->v[i], address))
			return true;
	return false;
}

int trusted_proxy_add(struct trusted_proxies *t, const char *text, struct err *err)
{
	struct trusted_range *r = &t->v[t->n];
	struct span bits = span_str(text), address;
	bool four;
	int64_t n;

	if (strcmp(text, "unix:") == 0) {
		t->local = true;
		return 0;
	}
	if (t->n == TRUSTED_PROXIES_MAX)
		return err_set(err, ERR_USAGE, 0, "more than %d --trusted-proxy",
			       TRUSTED_PROXIES_MAX);
	span_cut(&bits, '/', &address);
	four = !memchr(address.p, ':', address.n);
	n = bits.p ? span_number(bits, four ? 32 : 128) : four ? 32 : 128;
	if (n < 0 || !read_plain(address, r->address))
		return err_set(err, ERR_USAGE, 0,
			       "--trusted-proxy \"%s\" is no address or range of addresses, such "
			       "as 10.0.0.0/8 or fd00::1, and not \"unix:\"",
			       text);
	r->bits = (unsigned)n + (four ? 96 : 0);
	t->n++;
	return 0;
}

bool trusted_proxy_has(const struct trusted_proxies *t, const char *peer)
{
	uint8_t address[16];

	if (strcmp(peer, "unix:") == 0)
		return t->local;
	return t->n && read_plain(span_str(peer), address) && has_address(t, address);
}

static void write_address(const uint8_t address[static 16], char out[static ACCESS_LOG_PEER])
{
	if (memcmp(address, mapped, sizeof(mapped)) == 0)
		inet_ntop(AF_INET, address + sizeof(mapped), out, ACCESS_LOG_PEER);
	else
		inet_ntop(AF_INET6, address, out, ACCESS_LOG_PEER);
}

/* Takes the part behind the last comma off the end of a list that is not empty. */
static struct span cut_last(struct span *list)
{
	const char *comma = memrchr(list->p, ',', list->n);
	struct span last = *list;

	if (comma) {
		last = span_of(comma + 1, list->n - (size_t)(comma + 1 - list->p));
		list->n = (size_t)(comma - list->p);
	} else {
		list->n = 0;
	}
	return span_trim(last);
}

void trusted_proxy_client(const struct trusted_proxies *t, const char *peer,
			  const struct span *forwarded, size_t n,
			  char client[static ACCESS_LOG_PEER])
{
	uint8_t address[16];

	snprintf(client, ACCESS_LOG_PEER, "%s", peer);
	while (n--)
		for (struct span list = forwarded[n]; list.n;) {
			if (!read_address(cut_last(&list), address))
				return;
			write_address(address, client);
			if (!has_address(t, address))
				return;
		}
}
