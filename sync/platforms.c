#include "sync/platforms.h"

#include <stdlib.h>

#include "oci/base/buf.h"
#include "oci/base/cleanup.h"
#include "oci/base/err.h"
#include "oci/base/json.h"
#include "oci/base/limits.h"
#include "oci/base/redact.h"
#include "oci/image/manifest.h"
#include "oci/store/layout.h"

/* Of a list of platforms in a message; the rest is counted. */
#define TEXT_MAX 160

void platforms_release(struct platforms *ps)
{
	strvec_release(&ps->texts);
	free(ps->v);
	*ps = (struct platforms)PLATFORMS_INIT;
}

/* ---- what is there ---- */

static void add_platform(struct platforms *ps, const struct platform *p)
{
	if (!platform_is_named(p))
		return;
	ps->v = xgrow(ps->v, ps->n, &ps->cap, sizeof(*ps->v));
	ps->v[ps->n++] = (struct platform){
		.os = strvec_add(&ps->texts, p->os),
		.architecture = strvec_add(&ps->texts, p->architecture),
		.variant = strvec_add(&ps->texts, p->variant),
		.os_version = strvec_add(&ps->texts, p->os_version),
	};
}

static bool is_index(const struct descriptor *d)
{
	return media_type_kind(d->media_type) == MEDIA_INDEX;
}

void platforms_add_index(struct platforms *ps, const struct manifest *m)
{
	ps->has_index = true;
	for (size_t i = 0; i < m->n; i++) {
		const struct descriptor *d = &m->below[i];

		if (manifest_is_attestation(m, i))
			continue;
		if (d->has_platform)
			add_platform(ps, &d->platform);
		/* tools write unknown/unknown for what is no image; an index is looked into */
		ps->may_be_any |=
			!is_index(d) && (!d->has_platform || platform_is_named(&d->platform));
	}
}

bool platforms_child_is_unnamed(const struct manifest *m, size_t i)
{
	return !m->below[i].has_platform && !manifest_is_attestation(m, i);
}

const struct descriptor *platforms_config(const struct manifest *m)
{
	/* the last two are what tools write that do not know better */
	static const char *const types[] = {
		"application/vnd.oci.image.config.v1+json",
		"application/vnd.docker.container.image.v1+json",
		"application/octet-stream",
		"",
	};
	const struct descriptor *d = m->kind == MEDIA_MANIFEST && m->n ? &m->below[0] : NULL;

	if (!d || d->size > (int64_t)LIMIT_MANIFEST)
		return NULL;
	for (size_t i = 0; i < sizeof(types) / sizeof(types[0]); i++)
		if (strcmp(d->media_type, types[i]) == 0)
			return d;
	return NULL;
}

static const char *member(const json_t *doc, const char *key)
{
	const char *text = json_get_text(doc, key);

	return text ? text : "";
}

void platforms_add_config(struct platforms *ps, struct span bytes)
{
	struct err ignored;
	cleanup_json json_t *doc = json_read(bytes, &ignored);

	if (doc)
		add_platform(ps, &(struct platform){ .os = member(doc, "os"),
						     .architecture = member(doc, "architecture"),
						     .variant = member(doc, "variant"),
						     .os_version = member(doc, "os.version") });
}

/* Indexes in indexes are followed without recursion: what is left to be read stands in `left`. */
struct reading {
	struct platforms *ps;
	const struct layout *layout;
	struct strvec left;
};

static void read_platforms(struct reading *r, const struct digest *d)
{
	cleanup_by(buf_release) struct buf bytes = BUF_INIT(LIMIT_MANIFEST);
	cleanup_by(buf_release) struct buf config = BUF_INIT(LIMIT_MANIFEST);
	cleanup_by(manifest_release) struct manifest m = MANIFEST_INIT;
	const struct descriptor *told;
	struct err ignored;

	if (layout_read(r->layout, d, &bytes, &ignored) < 0 ||
	    manifest_parse(&m, buf_span(&bytes), NULL, &ignored) < 0)
		return;
	if (m.kind == MEDIA_INDEX) {
		platforms_add_index(r->ps, &m);
		for (size_t i = 0; i < m.n; i++)
			if (platforms_child_is_unnamed(&m, i) &&
			    !strvec_has(&r->left, m.below[i].digest.str))
				strvec_add(&r->left, m.below[i].digest.str);
		return;
	}
	told = platforms_config(&m);
	if (told && layout_read(r->layout, &told->digest, &config, &ignored) == 0)
		platforms_add_config(r->ps, buf_span(&config));
}

void platforms_load(struct platforms *ps, const struct layout *l, const struct digest *root)
{
	struct reading r = { .ps = ps, .layout = l, .left = STRVEC_INIT };

	strvec_add(&r.left, root->str);
	for (size_t i = 0; i < r.left.n && i < LIMIT_DESCRIPTORS; i++) {
		struct digest d = { .str = "" };
		struct err ignored;

		if (digest_parse(&d, span_str(r.left.v[i]), &ignored) == 0)
			read_platforms(&r, &d);
	}
	strvec_release(&r.left);
}

/* ---- the promise ---- */

static bool has_platform(const struct platforms *ps, struct span wanted)
{
	for (size_t i = 0; i < ps->n; i++)
		if (platform_rank(wanted, &ps->v[i]) >= 0)
			return true;
	return false;
}

/* Adds a platform to a list, or counts it when the list is long enough. */
static void list_platform(struct buf *list, size_t *more, const char *text)
{
	if (list->n + strlen(text) + 2 > TEXT_MAX)
		++*more;
	else
		buf_addf(list, "%s%s", list->n ? ", " : "", text);
}

/* "linux/arm64, linux/s390x", each once. */
static char *describe_there(const struct platforms *ps)
{
	cleanup_by(buf_release) struct buf list = BUF_INIT(2 * TEXT_MAX);
	struct strvec told = STRVEC_INIT;
	size_t more = 0;

	for (size_t i = 0; i < ps->n; i++) {
		cleanup_free char *text = platform_str(&ps->v[i]);

		redact_in_place(text, strlen(text) + 1, NULL); /* the words are upstream's */
		if (strvec_has(&told, text))
			continue;
		list_platform(&list, &more, text);
		strvec_add_owned(&told, take(text));
	}
	strvec_release(&told);
	if (more)
		buf_addf(&list, " and %zu more", more);
	return buf_take(&list);
}

/* Those of the wanted that are not there and, with `had`, are there: "linux/amd64, linux/arm/v7";
 * *all counts how many are wanted. */
static char *describe_missing(const struct platforms_promise *p, const struct platforms *had,
			      size_t *n, size_t *all)
{
	cleanup_by(buf_release) struct buf list = BUF_INIT(2 * TEXT_MAX);
	struct span rest = span_str(p->wanted), one;
	size_t more = 0;

	*n = *all = 0;
	while (span_cut(&rest, ',', &one)) {
		cleanup_free char *text = xasprintf("%.*s", SPAN_ARG(one));

		++*all;
		if (has_platform(p->there, one) || (had && !has_platform(had, one)))
			continue;
		++*n;
		list_platform(&list, &more, text);
	}
	if (more)
		buf_addf(&list, " and %zu more", more);
	return buf_take(&list);
}

static int judge_wanted(const struct platforms_promise *p, char **warning, struct err *err)
{
	size_t missing, lost, all;
	cleanup_free char *there = describe_there(p->there);
	cleanup_free char *lacks = describe_missing(p, NULL, &missing, &all);
	cleanup_free char *loses = describe_missing(p, p->before, &lost, &all);

	if (missing == all)
		return err_set(err, ERR_INVALID, 0, "has %s; not %s", there, lacks);
	if (lost)
		return err_set(err, ERR_INVALID, 0,
			       "has %s; not %s, which the mirror's content has", there, loses);
	if (missing && p->is_asked_anew)
		*warning = xasprintf("has %s; not %s", there, lacks);
	return 0;
}

static bool is_wanted(const struct platforms_promise *p)
{
	return p->wanted && strcmp(p->wanted, PLATFORM_ALL) != 0;
}

/* An index without any image: every pull of it fails. */
static int judge_empty(const struct platforms_promise *p, char **warning, struct err *err)
{
	static const char what[] = "is an index without any image";

	if (is_wanted(p))
		return err_set(err, ERR_INVALID, 0, "%s; not %s", what, p->wanted);
	*warning = xstrdup(what);
	return 0;
}

int platforms_judge(const struct platforms_promise *p, char **warning, struct err *err)
{
	const struct span usual = span_str("linux/amd64");

	*warning = NULL;
	if (p->there->has_index && !p->there->may_be_any && !p->there->n)
		return judge_empty(p, warning, err);
	if (!p->there->n)
		return 0;
	if (is_wanted(p))
		return judge_wanted(p, warning, err);
	if (has_platform(p->before, usual) && !has_platform(p->there, usual)) {
		cleanup_free char *there = describe_there(p->there);

		*warning = xasprintf("has %s; not linux/amd64, which the content before has (no "
				     "platform= asks for it)",
				     there);
	}
	return 0;
}
