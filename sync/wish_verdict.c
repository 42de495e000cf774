#include "sync/wish_verdict.h"

#include <string.h>

#include "oci/base/cleanup.h"
#include "oci/base/err.h"
#include "oci/base/str.h"
#include "oci/http/origin.h"
#include "oci/lists/image_options.h"
#include "oci/lists/lists.h"
#include "oci/lists/policy.h"
#include "oci/lists/tag_select.h"
#include "oci/store/miss_list.h"
#include "sync/list_source.h"

#define ROW_OF(verdict, words, told) [verdict] = { words, told },
static const struct {
	const char *words;
	bool told;
} verdicts[] = { WISH_VERDICTS(ROW_OF) };
#undef ROW_OF

const char *wish_verdict_words(enum wish_verdict verdict)
{
	return verdicts[verdict].words;
}

bool wish_verdict_is_told(enum wish_verdict verdict)
{
	return verdicts[verdict].told;
}

void wish_rules_init(struct wish_rules *rules, const struct list_source *source)
{
	*rules = (struct wish_rules){ .source = source };
	for (size_t i = 0; i < source->lists->n; i++) {
		char *host = source->lists->images[i].source.host;

		table_put(&rules->hosts, host, host);
	}
}

void wish_rules_release(struct wish_rules *rules)
{
	table_release(&rules->hosts);
}

/* ---- is it wanted ---- */

static bool is_rare(const struct miss *m)
{
	return m->count <= 2 && m->hours == 1 && miss_addresses(m) == 1;
}

static bool is_named_host(const struct wish_rules *rules, const char *host)
{
	return table_get(&rules->hosts, host) ||
	       mirror_conf_registry(&rules->source->lists->conf, host);
}

/* Whoever reaches the server can ask for anything. What nobody near us has asked for counts when
 * a known client asked, and for a registry that is in use here. */
static bool is_strange(const struct wish_rules *rules, const struct wish *w)
{
	const struct miss *m = w->miss;

	if (m->from[MISS_PRIVATE] || m->from[MISS_LOOPBACK])
		return false;
	return m->clients[CLIENT_OTHER] == m->count || !is_named_host(rules, w->ref.host);
}

/* ---- do the lists cover it ---- */

static bool is_same_repository(const struct ref *a, const struct ref *b)
{
	return str_eq(a->host, b->host) && str_eq(a->path, b->path);
}

#define LISTS_IT "lists it: mirror-sync --missing fetches it"

static char *digest_words(const struct wish *w, const struct ref *target)
{
	return xstrdup(str_eq(target->digest.str, w->ref.digest.str)
			       ? LISTS_IT
			       : "lists this repository: the digest is of a platform that is left "
				 "out there, or of an earlier content");
}

static char *tag_words(const struct list_image *image, const char *tag)
{
	const struct ref *target = list_image_target(image);
	struct err ignored;

	if (target->tag && str_eq(target->tag, tag))
		return xstrdup(LISTS_IT);
	if (!image->select || tag_select_match(image->select, span_str(tag), &ignored) != 1)
		return NULL;
	if (image->o->newest <= 0)
		return xstrdup("chooses it: no sync has brought it yet");
	return xasprintf("chooses it: newest=%ld leaves it out, or no sync has brought it yet",
			 image->o->newest);
}

/* A line that has the repository as its target: what it says of the wish, or NULL. */
static char *line_words(const struct wish *w, const struct list_image *image)
{
	if (!is_same_repository(&image->source, &w->ref))
		return xstrdup("publishes another repository under this name");
	return w->ref.tag ? tag_words(image, w->ref.tag)
			  : digest_words(w, list_image_target(image));
}

static char *listed_words(const struct wish_rules *rules, const struct wish *w)
{
	const struct lists *ls = rules->source->lists;
	cleanup_free char *name = ref_repository(&w->ref);
	const struct list_repository *r = table_get(&ls->repositories, name);

	for (const struct list_image *i = r ? r->first : NULL; i && i < ls->images + ls->n; i++) {
		cleanup_free char *words = NULL;

		if (!is_same_repository(list_image_target(i), &w->ref))
			continue;
		words = line_words(w, i);
		if (words)
			return xasprintf("%s:%d %s", i->file, i->line, words);
	}
	return NULL;
}

/* ---- may the lists name it ---- */

/* "127.0.0.1" of "127.0.0.1:5000". */
static struct span without_port(const char *host)
{
	return span_of(host, host[0] == '[' ? strcspn(host, "]") + 1 : strcspn(host, ":"));
}

static char *policy_words(const struct wish_rules *rules, const struct wish *w)
{
	const struct mirror_conf *conf = &rules->source->lists->conf;
	const struct policy *p = policies_for(&conf->policies, WISH_LIST);
	enum origin_zone zone = origin_zone_of(without_port(w->ref.host));
	const struct mirror_conf_deny *deny = NULL;

	if (!policy_allows_source(p, &w->ref) || !policy_allows_target(p, &w->ref, false))
		return xasprintf("%s:%d does not allow it", conf->file, p ? p->line : 0);
	if (!policy_allows_group(p, mirror_conf_private(conf, &w->ref)))
		return xasprintf("%s:%d wants private= for every image", conf->file,
				 p ? p->line : 0);
	if (w->ref.digest.str[0])
		deny = mirror_conf_denies(conf, &w->ref.digest);
	if (deny)
		return xasprintf("%s:%d denies its digest", conf->file, deny->line);
	if (zone == ORIGIN_PUBLIC || mirror_conf_registry(conf, w->ref.host))
		return NULL;
	return xasprintf("%s is an address near us (%s)%s", w->ref.host, origin_zone_words(zone),
			 zone == ORIGIN_NEVER ? ""
					      : ", and no registry line of mirror.conf names it");
}

void wish_judge(const struct wish_rules *rules, struct wish *w)
{
	w->verdict = WISH_LINE;
	if (is_rare(w->miss))
		w->verdict = WISH_RARE;
	else if (is_strange(rules, w))
		w->verdict = WISH_STRANGE;
	else if ((w->why = listed_words(rules, w)))
		w->verdict = WISH_LISTED;
	else if ((w->why = policy_words(rules, w)))
		w->verdict = WISH_POLICY;
}
