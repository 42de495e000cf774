#include "oci/store/index.h"

#include <assert.h>
#include <stdlib.h>

#include "oci/base/buf.h"
#include "oci/base/cleanup.h"
#include "oci/base/err.h"
#include "oci/base/file.h"
#include "oci/base/json.h"
#include "oci/base/json_split.h"
#include "oci/base/limits.h"
#include "oci/image/descriptor.h"
#include "oci/image/media_type.h"
#include "oci/store/beneath.h"
#include "oci/store/index_text.h"
#include "oci/store/layout.h"

/* ---- annotations ---- */

/* Keys that nearly every entry has: kept once, here. So are media types, in media_type.c. */
static const char *const common[] = {
	ANNOTATION_SOURCE,      ANNOTATION_SYNCED,
	ANNOTATION_LIST,        ANNOTATION_AUTHOR,
	ANNOTATION_KEEP,        ANNOTATION_KEEP_FOR,
	ANNOTATION_PLATFORM,    ANNOTATION_SNAPSHOT_OF,
	ANNOTATION_SNAPSHOT_AT, ANNOTATION_SNAPSHOT_BY,
	ANNOTATION_BAD,         ANNOTATION_HELD,
	ANNOTATION_GONE_SINCE,  ANNOTATION_UNLISTED_SINCE,
	ANNOTATION_SUBJECT,     ANNOTATION_GENERATION,
	ANNOTATION_SYNCED_IN,   ANNOTATION_SNAPSHOT_IN,
	ANNOTATION_CREATED,     ANNOTATION_LIST_COMMIT,
	ANNOTATION_LABEL,       ANNOTATION_SNAPSHOT_SUFFIX,
	ANNOTATION_MADE_BY,     ANNOTATION_CONTAINERD_NAME,
	ANNOTATION_PREVIOUS,    ANNOTATION_RUN,
	ANNOTATION_REQUIRES,    ANNOTATION_SNAPSHOT_STAYS,
	ANNOTATION_TABLE,       ANNOTATION_IDENTITY,
};

#define COMMON (sizeof(common) / sizeof(common[0]))

static const char *common_text(struct span s)
{
	size_t i = 0;

	while (i < COMMON && !span_eq(s, common[i]))
		i++;
	return i < COMMON ? common[i] : NULL;
}

static const char *keep_text(const char *s)
{
	const char *kept = common_text(span_str(s));

	if (!kept)
		kept = media_type_known(s);
	return kept && strcmp(kept, s) == 0 ? kept : xstrdup(s);
}

/* As keep_text(), for a key. */
static const char *keep_key(struct span s)
{
	const char *kept = common_text(s);

	return kept ? kept : xstrndup(s.p, s.n);
}

static void drop_text(const char *s)
{
	for (size_t i = 0; i < COMMON; i++)
		if (common[i] == s)
			return;
	if (s && media_type_known(s) == s)
		return;
	free((char *)s);
}

/* The position of a key, or the position where it would be inserted. */
static size_t annotation_at(const struct annotation *v, size_t n, const char *key, bool *found)
{
	size_t i = 0;
	int order = -1;

	while (i < n && (order = strcmp(v[i].key, key)) < 0)
		i++;
	*found = i < n && order == 0;
	return i;
}

static const char *annotation_get(const struct annotation *v, size_t n, const char *key)
{
	bool found;
	size_t i = annotation_at(v, n, key, &found);

	return found ? v[i].value : NULL;
}

static void annotation_set(struct annotation **v, size_t *n, const char *key, const char *value)
{
	bool found;
	size_t i = annotation_at(*v, *n, key, &found);
	char *copy = value ? xstrdup(value) : NULL;

	if (found)
		// NOLINTNEXTLINE(clang-analyzer-core.NullDereference): found, so *v is not empty
		free((*v)[i].value);
	if (found && copy) {
		(*v)[i].value = copy;
	} else if (found) {
		drop_text((*v)[i].key);
		memmove(*v + i, *v + i + 1, (--*n - i) * sizeof(**v));
	} else if (copy) {
		*v = xrealloc(*v, *n + 1, sizeof(**v));
		memmove(*v + i + 1, *v + i, ((*n)++ - i) * sizeof(**v));
		(*v)[i] = (struct annotation){ .key = keep_text(key), .value = copy };
	}
}

static void annotations_free(struct annotation *v, size_t n)
{
	for (size_t i = 0; i < n; i++) {
		drop_text(v[i].key);
		free(v[i].value);
	}
	free(v);
}

const char *entry_annotation(const struct entry *e, const char *key)
{
	return annotation_get(e->annotations, e->nannotations, key);
}

void entry_set_annotation(struct entry *e, const char *key, const char *value)
{
	annotation_set(&e->annotations, &e->nannotations, key, value);
}

const char *index_annotation(const struct index *x, const char *key)
{
	return annotation_get(x->annotations, x->nannotations, key);
}

void index_set_annotation(struct index *x, const char *key, const char *value)
{
	annotation_set(&x->annotations, &x->nannotations, key, value);
}

/* ---- entries ---- */

static struct entry *entry_new(const char *ref)
{
	struct entry *e = xcalloc(1, sizeof(*e));

	e->ref = xstrdup(ref);
	e->media_type = keep_text(MEDIA_OCI_MANIFEST);
	return e;
}

static void entry_free(struct entry *e)
{
	free(e->ref);
	drop_text(e->media_type);
	annotations_free(e->annotations, e->nannotations);
	free(e->rest);
	free(e);
}

CLEANUP_PTR(cleanup_entry_, struct entry, entry_free)
#define cleanup_entry __attribute__((cleanup(cleanup_entry_)))

void entry_set_content(struct entry *e, const char *media_type, const struct digest *d,
		       int64_t size)
{
	const char *old = e->media_type;

	e->media_type = keep_text(media_type);
	drop_text(old); /* after: media_type may be lent by this entry */
	e->digest = *d;
	e->size = size;
}

void entry_copy(struct entry *to, const struct entry *from)
{
	if (to == from)
		return;
	entry_set_content(to, from->media_type, &from->digest, from->size);
	annotations_free(to->annotations, to->nannotations);
	to->annotations = NULL;
	to->nannotations = 0;
	for (size_t i = 0; i < from->nannotations; i++)
		entry_set_annotation(to, from->annotations[i].key, from->annotations[i].value);
	free(to->rest);
	to->rest = from->rest ? xstrdup(from->rest) : NULL;
}

/* The first position whose ref is not less than ref; with `behind`, that is greater. */
static size_t find_bound(const struct index *x, const char *ref, bool behind)
{
	size_t low = 0, high = x->n;

	while (low < high) {
		size_t middle = low + (high - low) / 2;

		if (strcmp(x->v[middle]->ref, ref) < (behind ? 1 : 0))
			low = middle + 1;
		else
			high = middle;
	}
	return low;
}

size_t index_seek(const struct index *x, const char *prefix)
{
	return find_bound(x, prefix, false);
}

struct entry *index_find(const struct index *x, const char *ref)
{
	size_t i = find_bound(x, ref, false);

	return i < x->n && strcmp(x->v[i]->ref, ref) == 0 ? x->v[i] : NULL;
}

struct entry *index_add(struct index *x, const char *ref)
{
	size_t i = find_bound(x, ref, true);

	x->v = xgrow(x->v, x->n, &x->cap, sizeof(struct entry *));
	memmove(x->v + i + 1, x->v + i, (x->n++ - i) * sizeof(struct entry *));
	return x->v[i] = entry_new(ref);
}

void index_remove(struct index *x, struct entry *e)
{
	size_t i = find_bound(x, e->ref, false);

	while (i < x->n && x->v[i] != e)
		i++;
	assert(i < x->n);
	memmove(x->v + i, x->v + i + 1, (--x->n - i) * sizeof(struct entry *));
	entry_free(e);
}

void index_release(struct index *x)
{
	for (size_t i = 0; i < x->n; i++)
		entry_free(x->v[i]);
	free(x->v);
	annotations_free(x->annotations, x->nannotations);
	free(x->rest);
	*x = (struct index)INDEX_INIT;
}

/* ---- reading ---- */

static int read_annotations(const json_t *object, struct annotation **v, size_t *n, struct err *err)
{
	const json_t *all = json_object_get(object, "annotations");
	const char *key;
	json_t *value;

	if (all && !json_is_object(all) && !json_is_null(all))
		return err_set(err, ERR_INVALID, 0, "annotations are not an object");
	json_object_foreach((json_t *)all, key, value)
	{
		if (!json_is_string(value))
			return err_set(err, ERR_INVALID, 0, "annotation \"%.80s\" is not a text",
				       key);
		annotation_set(v, n, key, json_string_value(value));
	}
	return 0;
}

/* containerd expects a whole name, which a bare tag is not; nor is a text of any length. */
static bool is_whole_name(const char *ref)
{
	return strchr(ref, '/') != NULL && strlen(ref) <= LIMIT_INDEX_ENTRY / 16;
}

/* ref.name becomes the entry's name; containerd's is kept only where it says something else. */
static void name_entry(struct entry *e)
{
	const char *ref = entry_annotation(e, ANNOTATION_REF_NAME);
	const char *whole = entry_annotation(e, ANNOTATION_CONTAINERD_NAME);

	if (ref) {
		free(e->ref);
		e->ref = xstrdup(ref);
		entry_set_annotation(e, ANNOTATION_REF_NAME, NULL);
	}
	if (whole && strcmp(whole, e->ref) == 0 && is_whole_name(e->ref))
		entry_set_annotation(e, ANNOTATION_CONTAINERD_NAME, NULL);
}

/* The bytes of its texts, however they are escaped. */
static size_t annotations_size(const struct annotation *v, size_t n)
{
	size_t size = 0;

	for (size_t i = 0; i < n; i++)
		size += strlen(v[i].key) + strlen(v[i].value);
	return size;
}

static size_t entry_size(const struct entry *e)
{
	return strlen(e->ref) + strlen(e->media_type) + (e->rest ? strlen(e->rest) : 0) +
	       annotations_size(e->annotations, e->nannotations);
}

static int entry_too_large(size_t size, struct err *err)
{
	return err_set(err, ERR_INVALID, 0, "it has %zu bytes, more than the %lu allowed", size,
		       LIMIT_INDEX_ENTRY);
}

static int read_document(struct entry *e, struct span text, struct err *err)
{
	static const char *const known[] = { "mediaType", "digest", "size", "annotations", NULL };
	cleanup_json json_t *doc = json_read(text, err);
	struct descriptor d;

	if (!doc || descriptor_read(&d, doc, err) < 0 ||
	    read_annotations(doc, &e->annotations, &e->nannotations, err) < 0)
		return -1;
	entry_set_content(e, d.media_type, &d.digest, d.size);
	e->rest = index_text_others(doc, known);
	name_entry(e);
	return 0;
}

static bool take_text(struct entry *e, const struct index_text_entry *t)
{
	cleanup_free char *name = xstrndup(t->name.p, t->name.n), *media_type = NULL;
	struct err ignored;
	struct digest d;

	if (!is_whole_name(name) || digest_parse(&d, t->digest, &ignored) < 0)
		return false;
	media_type = xstrndup(t->media_type.p, t->media_type.n);
	entry_set_content(e, media_type, &d, t->size);
	free(e->ref);
	e->ref = take(name);
	e->annotations = xcalloc(t->n + 1, sizeof(*e->annotations));
	for (; e->nannotations < t->n; e->nannotations++) {
		const struct index_text_pair *from = &t->pairs[e->nannotations];

		e->annotations[e->nannotations].key = keep_key(from->key);
		e->annotations[e->nannotations].value = xstrndup(from->value.p, from->value.n);
	}
	return true;
}

static int read_entry(struct index *x, struct span text, struct err *err)
{
	static const char *const names[] = { ANNOTATION_REF_NAME, ANNOTATION_CONTAINERD_NAME };
	cleanup_entry struct entry *e = entry_new("");
	struct index_text_entry t;

	if (text.n > LIMIT_INDEX_LINE)
		return entry_too_large(text.n, err);
	if (!(index_text_entry(&t, text, names) && take_text(e, &t)) &&
	    read_document(e, text, err) < 0)
		return -1;
	if (entry_size(e) > LIMIT_INDEX_ENTRY)
		return entry_too_large(entry_size(e), err);
	x->v = xgrow(x->v, x->n, &x->cap, sizeof(struct entry *));
	x->v[x->n++] = take(e);
	return 0;
}

static int read_entries(struct index *x, struct span all, struct span array, struct err *err)
{
	struct json_split s;
	struct span entry;
	int r;

	if (span_eq(array, "null")) /* how some tools write an empty list */
		return 0;
	if (json_split_begin(&s, array, '[', err) < 0)
		return err_set(err, ERR_INVALID, 0, "\"manifests\" is not an array");
	s.start = all.p;
	while ((r = json_split_next(&s, NULL, &entry, err)) > 0)
		if (read_entry(x, entry, err) < 0)
			return err_wrap(err, "entry %zu, which begins on line %zu", x->n + 1,
					json_split_line(all.p, entry.p));
	return r;
}

/* Reads the members beside the entries. */
static int read_head(struct index *x, struct span text, struct err *err)
{
	static const char *const known[] = { "schemaVersion", "mediaType", "annotations", NULL };
	cleanup_json json_t *doc = json_read(text, err);
	const json_t *type = json_object_get(doc, "mediaType");

	if (!doc)
		return err_wrap(err, "beside the entries");
	if (json_get_size(doc, "schemaVersion") != 2)
		return err_set(err, ERR_INVALID, 0, "not an OCI index: schemaVersion is not 2");
	if (type && media_type_kind(json_string_value(type)) != MEDIA_INDEX)
		return err_set(err, ERR_INVALID, 0, "not an OCI index: its mediaType is \"%.80s\"",
			       json_is_string(type) ? json_string_value(type) : "?");
	/* with an escape in its name it would be read by others and missed here */
	if (json_object_get(doc, "manifests"))
		return err_set(err, ERR_INVALID, 0, "\"manifests\" is misspelt");
	if (read_annotations(doc, &x->annotations, &x->nannotations, err) < 0)
		return -1;
	x->rest = index_text_others(doc, known);
	return 0;
}

struct place {
	struct entry *entry;
	size_t at;
};

static int compare_places(const void *pa, const void *pb)
{
	const struct place *a = pa, *b = pb;
	int order = strcmp(a->entry->ref, b->entry->ref);

	return order ? order : a->at < b->at ? -1 : 1;
}

static bool is_sorted(const struct index *x)
{
	for (size_t i = 1; i < x->n; i++)
		if (strcmp(x->v[i - 1]->ref, x->v[i]->ref) > 0)
			return false;
	return true;
}

/* Ours is sorted as it lies on disk. Duplicates keep their order, which qsort() does not
 * promise. */
static void sort_entries(struct index *x)
{
	cleanup_free struct place *places = NULL;

	if (is_sorted(x))
		return;
	places = xcalloc(x->n, sizeof(*places));
	for (size_t i = 0; i < x->n; i++)
		places[i] = (struct place){ .entry = x->v[i], .at = i };
	qsort(places, x->n, sizeof(*places), compare_places);
	for (size_t i = 0; i < x->n; i++)
		x->v[i] = places[i].entry;
}

static int parse_document(struct index *x, struct span bytes, bool annotations_only,
			  struct err *err)
{
	cleanup_by(buf_release) struct buf head = BUF_INIT(LIMIT_INDEX_HEAD);
	struct span entries;

	if (index_text_split(bytes, &head, &entries, err) < 0 ||
	    read_head(x, buf_span(&head), err) < 0)
		return -1;
	return annotations_only ? 0 : read_entries(x, bytes, entries, err);
}

int index_parse(struct index *x, struct span bytes, struct err *err)
{
	struct index out = INDEX_INIT;

	if (parse_document(&out, bytes, false, err) < 0) {
		index_release(&out);
		return -1;
	}
	sort_entries(&out);
	*x = out;
	return 0;
}

int index_parse_annotations(struct index *x, struct span bytes, struct err *err)
{
	struct index out = INDEX_INIT;

	if (parse_document(&out, bytes, true, err) < 0) {
		index_release(&out);
		return -1;
	}
	*x = out;
	return 0;
}

int index_load(struct index *x, const struct layout *l, struct digest *id, struct err *err)
{
	cleanup_by(buf_release) struct buf bytes = BUF_INIT(LIMIT_INDEX);

	if (beneath_read(l->root, "index.json", &bytes, err) < 0)
		return err_wrap(err, "%s", l->path);
	if (index_parse(x, buf_span(&bytes), err) < 0)
		return err_wrap(err, "%s/index.json", l->path);
	if (id)
		digest_of(NULL, bytes.p, bytes.n, id);
	return 0;
}

/* ---- writing ---- */

static void write_annotations(struct buf *out, const struct annotation *v, size_t n,
			      const char *between)
{
	for (size_t i = 0; i < n; i++) {
		buf_adds(out, i ? "," : between);
		buf_add_json(out, v[i].key);
		buf_addc(out, ':');
		buf_add_json(out, v[i].value);
	}
}

static void write_entry_annotations(struct buf *out, const struct entry *e)
{
	buf_adds(out, ",\"annotations\":{");
	if (e->ref[0]) {
		buf_adds(out, "\"" ANNOTATION_REF_NAME "\":");
		buf_add_json(out, e->ref);
	}
	if (is_whole_name(e->ref) && !entry_annotation(e, ANNOTATION_CONTAINERD_NAME)) {
		buf_adds(out, ",\"" ANNOTATION_CONTAINERD_NAME "\":");
		buf_add_json(out, e->ref);
	}
	write_annotations(out, e->annotations, e->nannotations, e->ref[0] ? "," : "");
	buf_addc(out, '}');
}

static void write_entry(struct buf *out, const struct entry *e)
{
	buf_addc(out, '{');
	if (e->media_type[0]) {
		buf_adds(out, "\"mediaType\":");
		buf_add_json(out, e->media_type);
		buf_addc(out, ',');
	}
	buf_addf(out, "\"digest\":\"%s\",\"size\":%lld", e->digest.str, (long long)e->size);
	if (e->rest) {
		buf_addc(out, ',');
		buf_adds(out, e->rest);
	}
	if (e->ref[0] || e->nannotations)
		write_entry_annotations(out, e);
	buf_addc(out, '}');
}

void index_write(const struct index *x, struct buf *out)
{
	buf_adds(out, "{\"schemaVersion\":2,\"mediaType\":\"" MEDIA_OCI_INDEX "\"");
	if (x->rest) {
		buf_addc(out, ',');
		buf_adds(out, x->rest);
	}
	if (x->nannotations) {
		buf_adds(out, ",\"annotations\":{");
		write_annotations(out, x->annotations, x->nannotations, "");
		buf_addc(out, '}');
	}
	buf_adds(out, ",\"manifests\":[");
	for (size_t i = 0; i < x->n; i++) {
		buf_adds(out, i ? ",\n" : "\n");
		write_entry(out, x->v[i]);
	}
	buf_adds(out, "\n]}\n");
}

int index_check_sizes(const struct index *x, struct err *err)
{
	/* a text of ours grows six times at most when it is escaped */
	size_t head = annotations_size(x->annotations, x->nannotations);

	if (head > LIMIT_INDEX_HEAD / 8)
		return err_set(err, ERR_LIMIT, 0,
			       "the annotations of the index would have %zu bytes, more than the "
			       "%lu allowed",
			       head, LIMIT_INDEX_HEAD / 8);
	for (size_t i = 0; i < x->n; i++)
		if (entry_size(x->v[i]) > LIMIT_INDEX_ENTRY)
			return err_set(err, ERR_LIMIT, 0,
				       "the entry of \"%.200s\" would have %zu bytes, more than "
				       "the %lu allowed",
				       x->v[i]->ref, entry_size(x->v[i]), LIMIT_INDEX_ENTRY);
	return 0;
}
