#include "oci/lists/lists.h"

#include <stdlib.h>
#include <string.h>

#include "oci/base/cleanup.h"
#include "oci/base/err.h"
#include "oci/base/limits.h"
#include "oci/base/str.h"
#include "oci/base/suggest.h"
#include "oci/base/table.h"
#include "oci/image/glob.h"
#include "oci/image/ref.h"
#include "oci/image/snapshot_suffix.h"
#include "oci/lists/line.h"
#include "oci/lists/tag_select.h"

struct lists *lists_new(void)
{
	struct lists *ls = xcalloc(1, sizeof(*ls));

	ls->own.owns_texts = true;
	mirror_conf_init(&ls->conf);
	return ls;
}

static void repository_free(void *repository)
{
	struct list_repository *r = repository;

	free(r->name);
	free(r);
}

void lists_free(struct lists *ls)
{
	if (!ls)
		return;
	for (size_t i = 0; i < ls->n; i++)
		list_image_release(&ls->images[i]);
	free(ls->images);
	options_pool_release(&ls->whole);
	options_pool_release(&ls->own);
	strvec_release(&ls->files);
	mirror_conf_release(&ls->conf);
	table_clear(&ls->repositories, repository_free);
	problems_release(&ls->problems);
	free(ls);
}

static void add_line(const struct line *l, const struct place *at, void *arg)
{
	struct lists *ls = arg;
	struct image_options own;

	if (ls->n == LIMIT_LIST_LINES) {
		place_error(at, 1, "more than %d images in all lists", LIMIT_LIST_LINES);
		return;
	}
	ls->images = xgrow(ls->images, ls->n, &ls->cap, sizeof(*ls->images));
	if (!list_image_read(&ls->images[ls->n], &own, l, at))
		return;
	ls->images[ls->n++].own = options_pool_keep(&ls->own, &own);
}

void lists_add(struct lists *ls, const char *file, struct span bytes)
{
	line_each(&ls->problems, strvec_add(&ls->files, file), bytes, add_line, ls);
}

void lists_add_conf(struct lists *ls, const char *file, struct span bytes)
{
	mirror_conf_parse(&ls->conf, file, bytes, &ls->problems);
}

/* ---- hosts ---- */

/* Hosts that people mean when they mistype one. */
static const char *const known_hosts[] = {
	"docker.io",
	"quay.io",
	"ghcr.io",
	"registry.k8s.io",
	"public.ecr.aws",
	"mcr.microsoft.com",
	"registry.gitlab.com",
	"nvcr.io",
	"lscr.io",
	"registry.redhat.io",
	"registry.access.redhat.com",
	"docker.elastic.co",
	"gcr.io",
	"eu.gcr.io",
	"us.gcr.io",
	"asia.gcr.io",
	"k8s.gcr.io",
	"icr.io",
	"cgr.dev",
	NULL,
};

/* A name that is nearly a known one: it may not exist, or belong to somebody who waits for that. A
 * `registry` line says that it is meant. */
static void check_host(struct lists *ls, const struct list_image *image, char *host,
		       struct table *seen)
{
	const char *near;

	if (table_get(seen, host))
		return;
	table_put(seen, host, host);
	near = suggest_word(span_str(host), known_hosts);
	if (!near || str_eq(near, host) || mirror_conf_registry(&ls->conf, host))
		return;
	problem_add(&ls->problems, true, image->file, image->line, image->column,
		    "the host \"%s\" is nearly %s: is that meant? (a line \"registry %s\" in "
		    "mirror.conf says that it is not)",
		    host, near, host);
}

static void check_hosts(struct lists *ls)
{
	cleanup_by(table_release) struct table seen = TABLE_INIT;

	for (size_t i = 0; i < ls->n; i++) {
		const struct list_image *image = &ls->images[i];

		check_host(ls, image, image->source.host, &seen);
		if (image->as)
			check_host(ls, image, image->as->host, &seen);
	}
}

/* ---- all lines together ---- */

/* The lines that choose tags of one target repository. */
struct group {
	char *repository; /* owned; the key */
	struct list_image **v;
	size_t n, cap;
};

struct listed {
	struct lists *ls;
	struct table targets;      /* name -> struct list_image, of lines that name their target */
	char **names;              /* the keys, owned; one a line */
	struct table repositories; /* repository -> struct group */
};

#define image_error(c, image, ...)                                                                 \
	problem_add(&(c)->ls->problems, false, (image)->file, (image)->line, (image)->column,      \
		    __VA_ARGS__)

/* Two lines that contradict each other both fail, and each is told of the other. */
static void add_conflict(struct list_image *image, const struct list_image *other, const char *what)
{
	if (!image->conflict)
		image->conflict =
			xasprintf("%s (the other line: %s:%d)", what, other->file, other->line);
}

static void add_conflicts(struct list_image *a, struct list_image *b, const char *what)
{
	add_conflict(a, b, what);
	add_conflict(b, a, what);
}

static void add_two_sources(struct list_image *image, struct list_image *first, const char *name)
{
	cleanup_free char *source = ref_str(&first->source), *other = ref_str(&image->source);
	cleanup_free char *what = xasprintf("two sources for %s: %s and %s", name, source, other);

	add_conflicts(image, first, what);
}

/* Whether both lines ask for the same content: the same reference, and the same digest or none. */
static bool is_same_content(const struct list_image *a, const struct list_image *b)
{
	cleanup_free char *one = ref_str(&a->source), *other = ref_str(&b->source);

	return str_eq(one, other);
}

static void check_same(struct list_image *image, struct list_image *first, const char *name)
{
	cleanup_by(strvec_release) struct strvec texts = STRVEC_INIT;
	struct image_options united = *first->o;
	struct err err;

	if (!is_same_content(image, first)) {
		add_two_sources(image, first, name);
		return;
	}
	if (image_options_unite(&united, image->o, &texts, &err) == 0)
		return;
	add_conflicts(image, first, err.msg);
}

static void check_allowed(struct listed *c, const struct list_image *image)
{
	const struct mirror_conf *conf = &c->ls->conf;
	const struct policy *p = policies_for(&conf->policies, image->file);
	const bool target = policy_allows_target(p, list_image_target(image), image->as);
	cleanup_free char *name = NULL;

	if (target && policy_allows_source(p, &image->source))
		return;
	name = ref_str(target ? &image->source : list_image_target(image));
	image_error(c, image, "%s %s is not allowed by the policy%s (%s:%d)",
		    target ? "the source" : "the target", name,
		    !target && image->as && p && p->as ? "'s as=" : "", conf->file,
		    p ? p->line : 0);
}

/* It must stand there, or in an `image` line: to forget it would show the image to everybody. */
static void check_policy_group(struct listed *c, const struct list_image *image)
{
	const struct mirror_conf *conf = &c->ls->conf;
	const struct policy *p = policies_for(&conf->policies, image->file);
	const char *group = image->o->private_group;
	cleanup_free char *name = NULL;

	if (policy_allows_group(p, group))
		return;
	name = ref_str(list_image_target(image));
	image_error(c, image, "%s %s%s: the policy (%s:%d) wants private=%s for every image of %s",
		    name, group ? "has private=" : "would be everybody's", group ? group : "",
		    conf->file, p->line, p->private_group, image->file);
}

static void add_target(struct listed *c, struct list_image *image)
{
	char *name = ref_target(list_image_target(image));
	struct list_image *first = table_get(&c->targets, name);

	c->names[image - c->ls->images] = name;
	if (first)
		check_same(image, first, name);
	else
		table_put(&c->targets, name, image);
}

static struct group *group_of(struct listed *c, const struct ref *target)
{
	cleanup_free char *repository = ref_repository(target);

	return table_get(&c->repositories, repository);
}

static struct group *add_group(struct listed *c, const struct ref *target)
{
	struct group *g = xcalloc(1, sizeof(*g));

	g->repository = ref_repository(target);
	table_put(&c->repositories, g->repository, g);
	return g;
}

static void add_choice(struct listed *c, struct list_image *image)
{
	struct group *g = group_of(c, list_image_target(image));

	if (!g)
		g = add_group(c, list_image_target(image));
	if (g->n == LIMIT_LIST_CHOICES) {
		image_error(c, image, "more than %d lines choose tags of %s", LIMIT_LIST_CHOICES,
			    g->repository);
		return;
	}
	for (size_t i = 0; i < g->n; i++)
		if (!list_image_same_source(image, g->v[i]))
			add_two_sources(image, g->v[i], g->repository);
	g->v = xgrow(g->v, g->n, &g->cap, sizeof(struct list_image *));
	g->v[g->n++] = image;
}

/* The line of a group that chooses a tag, without regard to newest=; NULL when none does. */
static struct list_image *find_chooser(const struct group *g, struct span tag)
{
	struct err ignored;

	for (size_t i = 0; g && i < g->n; i++)
		if (tag_select_match(g->v[i]->select, tag, &ignored) > 0)
			return g->v[i];
	return NULL;
}

/* A target that is named by one line and chosen by another with another source. */
static void check_choice(struct listed *c, struct list_image *image)
{
	struct group *g =
		list_image_target(image)->tag ? group_of(c, list_image_target(image)) : NULL;
	struct list_image *other =
		g ? find_chooser(g, span_str(list_image_target(image)->tag)) : NULL;
	cleanup_free char *name = NULL;

	if (!other || list_image_same_source(image, other))
		return;
	name = ref_target(list_image_target(image));
	add_two_sources(image, other, name);
}

static bool is_listed(struct listed *c, const struct ref *target, struct span tag)
{
	cleanup_free char *name =
		xasprintf("%s/%s:%.*s", target->host, target->path, SPAN_ARG(tag));

	return table_get(&c->targets, name) || find_chooser(group_of(c, target), tag);
}

static bool names_snapshot(struct listed *c, const struct list_image *image)
{
	const struct ref *target = list_image_target(image);
	struct span tag;
	size_t n;

	if (!target->tag || target->digest.str[0] || image->own->as)
		return false;
	tag = span_str(target->tag);
	n = snapshot_suffix_length(c->ls->suffix, tag);
	return n && is_listed(c, target, span_of(tag.p, tag.n - n));
}

/* ---- private= ---- */

/* Whose images a repository has. The first line decides; one that says something else contradicts
 * it. */
static void check_private(struct lists *ls, struct list_image *image)
{
	cleanup_free char *name = ref_repository(list_image_target(image)), *what = NULL;
	struct list_repository *r = table_get(&ls->repositories, name);
	const char *group = image->o->private_group;

	if (!r) {
		r = xcalloc(1, sizeof(*r));
		*r = (struct list_repository){ .name = take(name), .group = group, .first = image };
		table_put(&ls->repositories, r->name, r);
		return;
	}
	if (str_same(r->group, group))
		return;
	what = xasprintf("%s belongs to one group: private=%s and private=%s", name,
			 r->group ? r->group : "(none)", group ? group : "(none)");
	r->contradicts = true;
	add_conflicts(image, r->first, what);
}

/* line 0: the whole file says so. */
static void add_foreign_source(struct list_image *image, const char *owner, const char *file,
			       int line)
{
	const char *group = image->o->private_group;
	cleanup_free char *name = ref_repository(&image->source);
	cleanup_free char *at = line ? xasprintf(":%d", line) : xstrdup("");

	image->conflict = xasprintf("the source %s belongs to private=%s, says %s%s: as= does not "
				    "publish it for %s%s",
				    name, owner, file, at, group ? "private=" : "everybody",
				    group ? group : "");
}

/* mirror.conf says whose images a repository has, and a line cannot say otherwise; nor can its as=
 * publish what belongs to one group for others. */
static void check_owner(struct lists *ls, struct list_image *image)
{
	const char *owner = mirror_conf_private(&ls->conf, list_image_target(image));
	const char *own = image->own->private_group, *group = image->o->private_group;

	if (image->conflict)
		return;
	if (owner && own && !str_eq(owner, own)) {
		cleanup_free char *name = ref_repository(list_image_target(image));
		struct list_repository *r;

		r = table_get(&ls->repositories, name);
		r->contradicts = true; /* what is there already keeps its group */
		image->conflict = xasprintf("%s belongs to private=%s, says %s: private=%s here "
					    "does not change it",
					    name, owner, ls->conf.file, own);
		return;
	}
	owner = mirror_conf_private(&ls->conf, &image->source);
	if (owner && !str_same(owner, group))
		add_foreign_source(image, owner, ls->conf.file, 0);
}

/* The same for a source repository that other lines give to a group, under its own name. A line
 * without as= is about that repository itself: check_private() has judged it. */
static void check_source(struct lists *ls, struct list_image *image)
{
	cleanup_free char *source = ref_repository(&image->source);
	const struct list_repository *r = table_get(&ls->repositories, source);

	if (!r || !image->own->as || image->conflict)
		return;
	if (r->contradicts && r->first->conflict)
		image->conflict = xstrdup(r->first->conflict);
	else if (r->group && !str_same(r->group, image->o->private_group))
		add_foreign_source(image, r->group, r->first->file, r->first->line);
}

/* Then all lines of the repository fail: what they bring is somebody's, and it is not known
 * whose. */
static void spread_private(struct lists *ls, struct list_image *image)
{
	cleanup_free char *name = ref_repository(list_image_target(image));
	const struct list_repository *r = table_get(&ls->repositories, name);

	if (r->contradicts && !image->conflict && r->first->conflict)
		image->conflict = xstrdup(r->first->conflict);
}

bool lists_private(const struct lists *ls, const char *repository, const char **group)
{
	const struct list_repository *r = table_get(&ls->repositories, repository);
	cleanup_by(ref_release) struct ref ref = REF_INIT;
	struct image_options o;
	struct err ignored;

	if (r) {
		*group = r->group;
		return !r->contradicts;
	}
	if (ref_parse(&ref, span_str(repository), &ignored) < 0)
		return false;
	image_options_init(&o);
	mirror_conf_fill(&ls->conf, &ref, &o);
	*group = o.private_group;
	return o.private_group;
}

static void group_free(void *group)
{
	struct group *g = group;

	free(g->repository);
	free(g->v);
	free(g);
}

static void listed_release(struct listed *c)
{
	table_clear(&c->repositories, group_free);
	for (size_t i = 0; i < c->ls->n; i++)
		free(c->names[i]);
	free(c->names);
	table_release(&c->targets);
}

static void check_together(struct lists *ls)
{
	cleanup_by(listed_release) struct listed c = { .ls = ls };

	c.names = xcalloc(ls->n, sizeof(char *));
	for (size_t i = 0; i < ls->n; i++) {
		check_allowed(&c, &ls->images[i]);
		check_policy_group(&c, &ls->images[i]);
		check_private(ls, &ls->images[i]);
		check_owner(ls, &ls->images[i]);
		if (ls->images[i].select)
			add_choice(&c, &ls->images[i]);
		else
			add_target(&c, &ls->images[i]);
	}
	for (size_t i = 0; i < ls->n; i++)
		if (!ls->images[i].select) {
			check_choice(&c, &ls->images[i]);
			ls->images[i].snapshot = names_snapshot(&c, &ls->images[i]);
		}
	for (size_t i = 0; i < ls->n; i++)
		check_source(ls, &ls->images[i]);
	for (size_t i = 0; i < ls->n; i++)
		spread_private(ls, &ls->images[i]);
}

/* Whether a name among file= of a policy is a list's. */
static void check_policy_files(struct lists *ls)
{
	for (size_t i = 0; i < ls->conf.policies.n; i++) {
		const struct policy *p = &ls->conf.policies.v[i];
		bool found = !p->file;

		for (size_t j = 0; j < ls->files.n && !found; j++)
			found = glob_match_any(span_str(p->file), span_str(ls->files.v[j]));
		if (!found)
			problem_add(&ls->problems, true, ls->conf.file, p->line, 1,
				    "file=%s names no list that is there: this policy holds for "
				    "nothing",
				    p->file);
	}
}

/* ---- what comes out ---- */

void lists_options(const struct lists *ls, const struct list_image *image, const struct ref *target,
		   struct image_options *out)
{
	*out = *image->own;
	mirror_conf_fill(&ls->conf, target, out);
	image_options_drop_defaults(out);
}

size_t lists_add_conflicts(struct lists *ls)
{
	size_t n = 0;

	for (size_t i = 0; i < ls->n; i++) {
		const struct list_image *image = &ls->images[i];

		if (!image->conflict)
			continue;
		problem_add(&ls->problems, false, image->file, image->line, image->column, "%s",
			    image->conflict);
		n++;
	}
	problems_sort(&ls->problems);
	return n;
}

void lists_add_denied(struct lists *ls)
{
	for (size_t i = 0; i < ls->n; i++) {
		const struct list_image *image = &ls->images[i];
		const struct digest *pinned = &image->source.digest;
		const struct mirror_conf_deny *d =
			pinned->str[0] ? mirror_conf_denies(&ls->conf, pinned) : NULL;

		if (d)
			problem_add(&ls->problems, false, image->file, image->line, image->column,
				    "%s is denied by %s:%d%s%s: it is never published; pin another "
				    "digest, or leave the line out",
				    pinned->str, ls->conf.file, d->line, d->reason ? ", " : "",
				    d->reason ? d->reason : "");
	}
	problems_sort(&ls->problems);
}

size_t lists_finish(struct lists *ls)
{
	if (!ls->suffix)
		ls->suffix = ls->conf.snapshot_suffix ? ls->conf.snapshot_suffix
						      : SNAPSHOT_SUFFIX_DEFAULT;
	for (size_t i = 0; i < ls->n; i++) {
		struct image_options whole;

		lists_options(ls, &ls->images[i], list_image_target(&ls->images[i]), &whole);
		ls->images[i].o = options_pool_keep(&ls->whole, &whole);
	}
	check_hosts(ls);
	check_policy_files(ls);
	check_together(ls);
	problems_sort(&ls->problems);
	return ls->problems.errors;
}
