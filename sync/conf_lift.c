#include "sync/conf_lift.h"

#include "oci/base/problem.h"
#include "oci/base/str.h"
#include "oci/lists/mirror_conf.h"

struct lift {
	struct problems *problems;
	const char *file, *rev;
	const struct mirror_conf *base, *own;
};

static void warn_denied(const struct lift *l)
{
	for (size_t i = 0; i < l->base->ndenied; i++) {
		const struct mirror_conf_deny *d = &l->base->denied[i];

		if (!mirror_conf_denies(l->own, &d->digest))
			problem_add(l->problems, true, l->file, 0, 0,
				    "takes away \"deny %s\" (line %d in %s): once it is merged, "
				    "nothing keeps that content out",
				    d->digest.str, d->line, l->rev);
	}
}

static const char *group_of(const struct mirror_conf *c, const char *pattern)
{
	const char *group = NULL;

	for (size_t i = 0; i < c->nimages; i++)
		if (str_eq(c->images[i].pattern, pattern) && c->images[i].o.private_group)
			group = c->images[i].o.private_group;
	return group;
}

static void warn_private(const struct lift *l)
{
	for (size_t i = 0; i < l->base->nimages; i++) {
		const struct mirror_conf_image *image = &l->base->images[i];
		const char *was = image->o.private_group, *now = group_of(l->own, image->pattern);

		if (!was || (now && str_eq(was, now)))
			continue;
		problem_add(l->problems, true, l->file, 0, 0,
			    "takes away private=%s of \"image %s\", as %s has it: once it is "
			    "merged, %s%s",
			    was, image->pattern, l->rev,
			    now ? "these images are those of "
				: "everybody may read these images, unless another line says "
				  "private=",
			    now ? now : "");
	}
}

static bool same_policy(const struct policy *a, const struct policy *b)
{
	return str_same(a->allow, b->allow) && str_same(a->as, b->as) &&
	       str_same(a->private_group, b->private_group) && a->max_tags == b->max_tags &&
	       a->max_bytes == b->max_bytes && a->max_total == b->max_total;
}

static const struct policy *policy_of_file(const struct policies *ps, const char *file)
{
	for (size_t i = 0; i < ps->n; i++)
		if (str_same(ps->v[i].file, file))
			return &ps->v[i];
	return NULL;
}

static void warn_policies(const struct lift *l)
{
	for (size_t i = 0; i < l->base->policies.n; i++) {
		const struct policy *was = &l->base->policies.v[i];
		const struct policy *now = policy_of_file(&l->own->policies, was->file);

		if (now && same_policy(was, now))
			continue;
		problem_add(l->problems, true, l->file, now ? now->line : 0, 0,
			    "%s the policy of line %d in %s%s%s: this check judges by that one, "
			    "and syncs after the merge do not",
			    now ? "changes" : "takes away", was->line, l->rev,
			    was->file ? ", for file=" : "", was->file ? was->file : "");
	}
}

void conf_lift_warn(struct problems *ps, const char *file, const struct mirror_conf *base,
		    const char *rev, const struct mirror_conf *own)
{
	const struct lift l = {
		.problems = ps, .file = file, .rev = rev, .base = base, .own = own
	};

	warn_denied(&l);
	warn_private(&l);
	warn_policies(&l);
}
