#include "oci/store/served.h"

#include <stdlib.h>
#include <string.h>

#include "oci/base/err.h"
#include "oci/base/limits.h"

#define MAGIC   "ocimserv"
#define VERSION 2U
#define ORDER   0x01020304U

const size_t served_record[SERVED_SECTIONS] = {
	[SERVED_OBJECTS] = sizeof(struct served_object),
	[SERVED_LINKS] = sizeof(uint32_t),
	[SERVED_TAGS] = sizeof(struct served_tag),
	[SERVED_REPOSITORIES] = sizeof(struct served_repository),
	[SERVED_REACHED] = sizeof(uint32_t),
	[SERVED_REFERRERS] = sizeof(struct served_referrer),
	[SERVED_LISTED] = sizeof(uint32_t),
	[SERVED_SLOTS] = sizeof(uint32_t),
	[SERVED_TEXTS] = 1,
};

/* ---- what finds damage, and digests ---- */

#define SUMMED offsetof(struct served_head, salt)

/* Four sums side by side: a table is read as fast as memory gives it. */
static uint64_t checksum_of(const struct served_head *h)
{
	const unsigned char *p = (const unsigned char *)h + SUMMED;
	size_t n = h->size - SUMMED;
	uint64_t sums[4] = { 1, 2, 3, 4 }, word;

	while (n >= 32) {
		for (size_t i = 0; i < 4; i++) {
			memcpy(&word, p + 8 * i, 8);
			sums[i] = (sums[i] ^ word) * UINT64_C(0x9e3779b97f4a7c15);
			sums[i] ^= sums[i] >> 29;
		}
		p += 32;
		n -= 32;
	}
	for (; n; n--)
		sums[0] = (sums[0] ^ *p++) * UINT64_C(0x100000001b3);
	for (size_t i = 1; i < 4; i++)
		sums[0] = (sums[0] ^ sums[i]) * UINT64_C(0xbf58476d1ce4e5b9);
	return sums[0];
}

/* As oci/base/table.c: FNV-1a, mixed at the end. */
uint64_t served_hash(uint64_t salt, const char *digest)
{
	uint64_t h = salt ^ UINT64_C(0xcbf29ce484222325);

	for (; *digest; digest++)
		h = (h ^ (unsigned char)*digest) * UINT64_C(0x100000001b3);
	h = (h ^ (h >> 30)) * UINT64_C(0xbf58476d1ce4e5b9);
	return h ^ (h >> 31);
}

void served_seal(struct served_head *h)
{
	memcpy(h->magic, MAGIC, sizeof(h->magic));
	h->version = VERSION;
	h->order = ORDER;
	h->checksum = checksum_of(h);
}

/* ---- checks ---- */

static int refuse_table(struct err *err, const char *what)
{
	return err_set(err, ERR_INVALID, 0, "%s", what);
}

static int check_head(const struct served_head *h, size_t n, struct err *err)
{
	if (n < sizeof(*h) || memcmp(h->magic, MAGIC, sizeof(h->magic)) != 0)
		return refuse_table(err, "it is no table");
	if (h->version != VERSION || h->order != ORDER)
		return refuse_table(err, "it is of another version or kind of machine");
	if (h->size != n || h->checksum != checksum_of(h))
		return refuse_table(err, "it is damaged");
	if (!memchr(h->entries, '\0', sizeof(h->entries)))
		return refuse_table(err, "it is damaged");
	for (size_t i = 0; i < SERVED_SECTIONS; i++) {
		uint64_t at = h->sections[i].at, count = h->sections[i].n;

		if (at % 8 || at < sizeof(*h) || at > n || count > (n - at) / served_record[i] ||
		    count >= SERVED_NONE)
			return refuse_table(err, "a section lies outside of it");
	}
	return 0;
}

static bool in_range(uint32_t at, uint32_t count, uint64_t n)
{
	return at <= n && count <= n - at;
}

static bool objects_fit(const struct served *s)
{
	const uint64_t texts = s->head->sections[SERVED_TEXTS].n;

	for (uint32_t i = 0; i < s->nobjects; i++) {
		const struct served_object *o = &s->objects[i];

		if (o->size > (uint64_t)LIMIT_BLOB || o->digest >= texts ||
		    o->media_type >= texts ||
		    !in_range(o->below, o->nbelow, s->head->sections[SERVED_LINKS].n) ||
		    (o->referrer != SERVED_NONE &&
		     o->referrer >= s->head->sections[SERVED_REFERRERS].n))
			return false;
	}
	return true;
}

static bool tags_fit(const struct served *s)
{
	for (uint64_t i = 0; i < s->head->sections[SERVED_TAGS].n; i++)
		if (s->tags[i].name >= s->head->sections[SERVED_TEXTS].n ||
		    s->tags[i].object >= s->nobjects)
			return false;
	return true;
}

static bool repositories_fit(const struct served *s)
{
	const uint64_t texts = s->head->sections[SERVED_TEXTS].n;

	for (uint32_t i = 0; i < s->nrepositories; i++) {
		const struct served_repository *r = &s->repositories[i];

		if (r->name >= texts || r->written >= texts ||
		    (r->group != SERVED_NONE && r->group >= texts) ||
		    !in_range(r->tags, r->ntags, s->head->sections[SERVED_TAGS].n) ||
		    !in_range(r->reached, r->nreached, s->head->sections[SERVED_REACHED].n) ||
		    !in_range(r->listed, r->nlisted, s->head->sections[SERVED_LISTED].n))
			return false;
	}
	return true;
}

static bool referrers_fit(const struct served *s)
{
	const uint64_t texts = s->head->sections[SERVED_TEXTS].n;

	for (uint64_t i = 0; i < s->head->sections[SERVED_REFERRERS].n; i++) {
		const struct served_referrer *r = &s->referrers[i];

		if (r->subject >= texts || r->type >= texts || r->digest >= texts ||
		    r->json >= texts)
			return false;
	}
	return true;
}

static bool numbers_fit(const struct served *s, enum served_section section, const uint32_t *v,
			uint64_t limit)
{
	bool fit = true;

	for (uint64_t i = 0; i < s->head->sections[section].n; i++)
		fit &= v[i] < limit;
	return fit;
}

static int check_records(const struct served *s, struct err *err)
{
	const struct served_head *h = s->head;
	const uint64_t texts = h->sections[SERVED_TEXTS].n;

	if (!texts || s->texts[texts - 1] != '\0' || h->first_broken >= texts ||
	    h->first_denied >= texts || !s->nobjects || (s->nslots & (s->nslots - 1)) ||
	    !objects_fit(s) || !tags_fit(s) || !repositories_fit(s) || !referrers_fit(s) ||
	    !numbers_fit(s, SERVED_LINKS, s->links, s->nobjects) ||
	    !numbers_fit(s, SERVED_REACHED, s->reached, s->nobjects) ||
	    !numbers_fit(s, SERVED_SLOTS, s->slots, s->nobjects) ||
	    !numbers_fit(s, SERVED_LISTED, s->listed, h->sections[SERVED_REFERRERS].n))
		return refuse_table(err, "a record names what is not there");
	return 0;
}

int served_open(struct served *s, void *p, size_t n, struct err *err)
{
	const struct served_head *h = p;
	const char *base = p;
	struct served out = { .head = h };

	if (check_head(h, n, err) < 0)
		return -1;
#define SECTION(name) (const void *)(base + h->sections[name].at)
	out.objects = SECTION(SERVED_OBJECTS);
	out.links = SECTION(SERVED_LINKS);
	out.tags = SECTION(SERVED_TAGS);
	out.repositories = SECTION(SERVED_REPOSITORIES);
	out.reached = SECTION(SERVED_REACHED);
	out.referrers = SECTION(SERVED_REFERRERS);
	out.listed = SECTION(SERVED_LISTED);
	out.slots = SECTION(SERVED_SLOTS);
	out.texts = SECTION(SERVED_TEXTS);
#undef SECTION
	out.nobjects = (uint32_t)h->sections[SERVED_OBJECTS].n;
	out.nrepositories = (uint32_t)h->sections[SERVED_REPOSITORIES].n;
	out.nslots = (uint32_t)h->sections[SERVED_SLOTS].n;
	if (check_records(&out, err) < 0)
		return -1;
	*s = out;
	return 0;
}

void served_release(struct served *s)
{
	free((void *)s->head);
	*s = (struct served)SERVED_INIT;
}

uint32_t served_find(const struct served *s, const char *digest)
{
	uint64_t at = served_hash(s->head->salt, digest);

	/* a table that was made with care has a free slot in every row of taken ones */
	for (uint32_t i = 0; i < s->nslots; i++) {
		uint32_t number = s->slots[(at + i) & (s->nslots - 1)];

		if (!number)
			return 0;
		if (strcmp(served_text(s, s->objects[number].digest), digest) == 0)
			return number;
	}
	return 0;
}
