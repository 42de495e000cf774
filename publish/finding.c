#include "publish/finding.h"

#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "oci/base/buf.h"
#include "oci/base/cleanup.h"
#include "oci/base/limits.h"
#include "oci/base/printable.h"

/* A base layer may belong to every image of a mirror. */
#define REFERENCES_SHOWN 100

void findings_release(struct findings *f)
{
	for (size_t i = 0; i < f->n; i++) {
		free(f->v[i].name);
		free(f->v[i].text);
		strvec_release(&f->v[i].references);
	}
	free(f->v);
	*f = (struct findings)FINDINGS_INIT;
}

struct finding *findings_add(struct findings *f, enum damage damage, const char *name,
			     const char *text)
{
	f->v = xgrow(f->v, f->n, &f->cap, sizeof(*f->v));
	f->v[f->n] = (struct finding){
		.damage = damage,
		.name = xstrdup(name),
		.text = xstrdup(text),
		.references = STRVEC_INIT,
	};
	return &f->v[f->n++];
}

static bool is_record(const struct finding *f)
{
	return strncmp(f->name, "sha256:", 7) != 0 && strncmp(f->name, "sha512:", 7) != 0;
}

static int compare_findings(const void *pa, const void *pb)
{
	const struct finding *a = pa, *b = pb;
	int r = (int)is_record(b) - (int)is_record(a);

	r = r ? r : strcmp(a->name, b->name);
	return r ? r : strcmp(a->text, b->text);
}

void findings_sort(struct findings *f)
{
	if (f->n)
		qsort(f->v, f->n, sizeof(*f->v), compare_findings);
}

static void print_finding(const struct finding *f, bool is_partial)
{
	cleanup_by(buf_release) struct buf out = BUF_INIT(LIMIT_INDEX);

	buf_addf(&out, "%s  %s ", f->name, f->text);
	for (size_t i = 0; i < f->references.n && i < REFERENCES_SHOWN; i++)
		buf_addf(&out, " %s", f->references.v[i]);
	if (f->references.n > REFERENCES_SHOWN)
		buf_addf(&out, " and %zu more", f->references.n - REFERENCES_SHOWN);
	else if (!f->references.n && !is_record(f))
		buf_adds(&out, is_partial ? " (no manifest that can be read refers to it)"
					  : " (nothing published refers to it)");
	while (out.n && out.p[out.n - 1] == ' ')
		out.p[--out.n] = '\0';
	puts(printable_clean(out.p));
}

void findings_print(const struct findings *f)
{
	for (size_t i = 0; i < f->n; i++)
		print_finding(&f->v[i], f->is_partial);
}

json_t *findings_json(const struct findings *f)
{
	json_t *all = json_array();

	for (size_t i = 0; i < f->n; i++) {
		json_t *o = json_object(), *references = json_array();
		const struct finding *one = &f->v[i];

		json_set_text(o, "digest", is_record(one) ? NULL : one->name);
		json_set_text(o, "record", is_record(one) ? one->name : NULL);
		json_set_text(o, "damage", damage_word(one->damage));
		json_set_text(o, "text", one->text);
		for (size_t k = 0; k < one->references.n; k++)
			json_array_append_new(references, json_string(one->references.v[k]));
		json_object_set_new(o, "references", references);
		json_array_append_new(all, o);
	}
	return all;
}
