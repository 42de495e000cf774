#include "oci/store/miss_list.h"

#include <arpa/inet.h>
#include <stdlib.h>
#include <sys/random.h>

#include "oci/base/cleanup.h"
#include "oci/base/str.h"
#include "oci/image/digest.h"

#define SECONDS_AN_HOUR            3600
#define SECONDS_A_DAY              86400
#define SKETCH_BITS                64

#define ROW_OF(origin, word, most) [origin] = { word, most },
static const struct {
	const char *word;
	size_t most;
} origins[] = { MISS_ORIGINS(ROW_OF) };
#undef ROW_OF

const char *miss_origin_word(enum miss_origin origin)
{
	return origins[origin].word;
}

/* ---- addresses ---- */

/* RFC 1918, RFC 6598, RFC 3927; RFC 1122, 3.2.1.3 for loopback. */
static enum miss_origin origin_of_v4(const unsigned char a[static 4])
{
	if (a[0] == 127)
		return MISS_LOOPBACK;
	if (a[0] == 10 || (a[0] == 172 && (a[1] & 0xf0) == 16) || (a[0] == 192 && a[1] == 168) ||
	    (a[0] == 100 && (a[1] & 0xc0) == 64) || (a[0] == 169 && a[1] == 254))
		return MISS_PRIVATE;
	return MISS_PUBLIC;
}

/* RFC 4193, RFC 4291, 2.5.6; addresses of IPv4 come as such (serve/listen.c). */
static enum miss_origin origin_of_v6(const unsigned char a[static 16])
{
	static const unsigned char loopback[16] = { [15] = 1 };

	if (memcmp(a, loopback, sizeof(loopback)) == 0)
		return MISS_LOOPBACK;
	if ((a[0] & 0xfe) == 0xfc || (a[0] == 0xfe && (a[1] & 0xc0) == 0x80))
		return MISS_PRIVATE;
	return MISS_PUBLIC;
}

enum miss_origin miss_origin_of(const char *address)
{
	unsigned char a[16];

	if (inet_pton(AF_INET, address, a) == 1)
		return origin_of_v4(a);
	if (inet_pton(AF_INET6, address, a) == 1)
		return origin_of_v6(a);
	return MISS_LOOPBACK;
}

/* A hash of an address under the list's key: of IPv6, of the network that one client has. */
static void hash_address(const struct miss_list *l, const char *address,
			 unsigned char out[static DIGEST_HMAC])
{
	const struct span key = span_of((const char *)l->key, sizeof(l->key));
	unsigned char a[16];
	size_t n = 0;

	if (inet_pton(AF_INET, address, a) == 1)
		n = 4;
	else if (inet_pton(AF_INET6, address, a) == 1)
		n = 8;
	digest_hmac(key, span_of((const char *)a, n), out);
}

static unsigned share_of(const unsigned char hash[static DIGEST_HMAC])
{
	return (hash[0] | (unsigned)hash[1] << 8) % MISS_SHARES;
}

unsigned miss_list_share(const struct miss_list *l, const char *address)
{
	unsigned char hash[DIGEST_HMAC];

	hash_address(l, address, hash);
	return share_of(hash);
}

/* As many as it takes on average to set so many bits (the coupon collector's sum). */
unsigned miss_addresses(const struct miss *m)
{
	unsigned set = (unsigned)__builtin_popcountll(m->sketch);
	double n = 0;

	for (unsigned i = 0; i < set; i++)
		n += (double)SKETCH_BITS / (SKETCH_BITS - i);
	return (unsigned)(n + 0.5);
}

/* ---- places ---- */

void miss_list_init(struct miss_list *l)
{
	*l = (struct miss_list){ .n = 0 };
	l->v = xcalloc(LIMIT_MISSES, sizeof(struct miss *));
	if (getrandom(l->key, sizeof(l->key), 0) != sizeof(l->key))
		abort(); /* since Linux 5.6 that cannot fail for so few bytes */
}

static void free_miss(struct miss *m)
{
	free(m->ref);
	free(m);
}

void miss_list_release(struct miss_list *l)
{
	for (size_t i = 0; i < l->n; i++)
		free_miss(l->v[i]);
	free(l->v);
	table_release(&l->by_ref);
	*l = (struct miss_list){ .n = 0 };
}

static void drop_at(struct miss_list *l, size_t i)
{
	table_remove(&l->by_ref, l->v[i]->ref);
	l->shares[l->v[i]->share]--;
	free_miss(l->v[i]);
	l->v[i] = l->v[--l->n];
}

/* More than one address, or more than one hour: it stays. */
static bool is_wanted(const struct miss *m)
{
	return m->hours > 1 || __builtin_popcountll(m->sketch) > 1;
}

/* Gives the place of a name away, of that share or (MISS_SHARES) of any; false when each stays. */
static bool give_place(struct miss_list *l, unsigned share)
{
	size_t oldest = l->n;

	for (size_t i = 0; i < l->n; i++) {
		const struct miss *m = l->v[i];

		if (is_wanted(m) || (share != MISS_SHARES && m->share != share))
			continue;
		if (oldest == l->n || m->last < l->v[oldest]->last)
			oldest = i;
	}
	if (oldest == l->n)
		return false;
	drop_at(l, oldest);
	return true;
}

static bool make_room(struct miss_list *l, unsigned share, enum miss_origin origin)
{
	if (l->shares[share] >= origins[origin].most)
		return give_place(l, share);
	return l->n < LIMIT_MISSES || give_place(l, MISS_SHARES);
}

bool miss_list_add(struct miss_list *l, const struct miss *m)
{
	struct miss *own;

	if (l->n >= LIMIT_MISSES || table_get(&l->by_ref, m->ref))
		return false;
	own = xmalloc(sizeof(*own));
	*own = *m;
	l->v[l->n++] = own;
	l->shares[own->share]++;
	table_put(&l->by_ref, own->ref, own);
	return true;
}

static struct miss *new_miss(struct miss_list *l, const struct miss_request *r, unsigned share)
{
	struct miss m = { .share = share, .since = r->now, .last = r->now };

	if (!make_room(l, share, miss_origin_of(r->address))) {
		l->left_out++;
		return NULL;
	}
	m.ref = xstrdup(r->ref);
	miss_list_add(l, &m);
	return l->v[l->n - 1];
}

/* A product has only visible characters: no JSON and no terminal is harmed by them. */
static void keep_agent(struct miss *m, struct span agent)
{
	struct span product = client_kind_product(agent);

	if (product.n > LIMIT_MISS_AGENT)
		product.n = LIMIT_MISS_AGENT;
	memcpy(m->agent, product.p, product.n);
	m->agent[product.n] = '\0';
}

void miss_list_note(struct miss_list *l, const struct miss_request *r)
{
	struct miss *m = table_get(&l->by_ref, r->ref);
	unsigned char hash[DIGEST_HMAC];

	hash_address(l, r->address, hash);
	if (!m && !(m = new_miss(l, r, share_of(hash))))
		return;
	m->hours += !m->count || r->now / SECONDS_AN_HOUR != m->last / SECONDS_AN_HOUR;
	m->last = r->now;
	m->count++;
	m->ns += r->ns;
	m->clients[client_kind_of(r->agent)]++;
	m->sketch |= UINT64_C(1) << hash[2] % SKETCH_BITS;
	m->from[miss_origin_of(r->address)] = true;
	keep_agent(m, r->agent);
}

void miss_list_expire(struct miss_list *l, time_t now)
{
	for (size_t i = l->n; i-- > 0;)
		if (now - l->v[i]->last > (time_t)LIMIT_MISS_DAYS * SECONDS_A_DAY)
			drop_at(l, i);
}

/* ---- the order of wishes ---- */

static int compare(uint64_t a, uint64_t b)
{
	return (a > b) - (a < b);
}

int miss_order(const void *a, const void *b)
{
	const struct miss *x = *(const struct miss *const *)a, *y = *(const struct miss *const *)b;
	int order = compare(miss_addresses(y), miss_addresses(x));

	if (!order)
		order = compare(y->hours, x->hours);
	if (!order)
		order = compare(y->count, x->count);
	if (!order)
		order = compare((uint64_t)y->last, (uint64_t)x->last);
	return order ? order : strcmp(x->ref, y->ref);
}
