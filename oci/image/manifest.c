#include "oci/image/manifest.h"

#include <stdlib.h>

#include "oci/base/err.h"
#include "oci/base/limits.h"

/* Attestations (buildkit): a child that describes another child. */
#define ANNOTATION_ABOUT "vnd.docker.reference.digest"

/*
 * Decides the kind of a document by its mediaType and its members, which must agree. A document
 * that is both an index and a manifest is refused: two readers would see two images
 * (CVE-2021-41190).
 */
static int find_kind(struct manifest *m, struct err *err)
{
	const char *own = json_get_text(m->doc, "mediaType");
	bool is_index = json_get_array(m->doc, "manifests") != NULL;
	bool is_image = json_get_array(m->doc, "layers") || json_get_object(m->doc, "config");
	enum media_type_kind says = media_type_kind(own);

	if (says == MEDIA_OLD || (!own && json_get_size(m->doc, "schemaVersion") == 1))
		return err_set(
			err, ERR_INVALID, 0,
			"schema 1 manifest: no longer supported by clients either; rebuild and "
			"push the image with a current tool");
	if (is_index && is_image)
		return err_set(err, ERR_INVALID, 0, "manifest has both manifests and layers");
	if (!is_index && !is_image)
		return err_set(err, ERR_INVALID, 0, "neither a manifest nor an index");
	m->kind = is_index ? MEDIA_INDEX : MEDIA_MANIFEST;
	if (says != MEDIA_OTHER && says != m->kind)
		return err_set(err, ERR_INVALID, 0, "manifest says it is \"%s\" but is %s", own,
			       is_index ? "an index" : "an image manifest");
	if (own && says == MEDIA_OTHER)
		return err_set(err, ERR_INVALID, 0, "media type \"%s\" is not a manifest's", own);
	return 0;
}

/* A document without mediaType is served under the type it was delivered with, if that fits its
 * kind; otherwise under OCI's. */
static void set_media_type(struct manifest *m, const char *hint)
{
	const char *own = json_get_text(m->doc, "mediaType");

	if (own)
		m->media_type = own;
	else if (media_type_kind(hint) == m->kind)
		m->media_type = media_type_known(hint);
	else
		m->media_type = m->kind == MEDIA_INDEX ? MEDIA_OCI_INDEX : MEDIA_OCI_MANIFEST;
}

static int read_below(struct manifest *m, const json_t *array, struct err *err)
{
	for (size_t i = 0; i < json_array_size(array); i++, m->n++)
		if (descriptor_read(&m->below[m->n], json_array_get(array, i), err) < 0)
			return err_wrap(err, "%s %zu",
					m->kind == MEDIA_INDEX ? "manifest" : "layer", i);
	return 0;
}

static int read_tree(struct manifest *m, struct err *err)
{
	const json_t *array =
		json_get_array(m->doc, m->kind == MEDIA_INDEX ? "manifests" : "layers");
	const json_t *subject = json_get_object(m->doc, "subject");

	if (json_array_size(array) > LIMIT_DESCRIPTORS)
		return err_set(err, ERR_INVALID, 0, "manifest lists more than %d descriptors",
			       LIMIT_DESCRIPTORS);
	m->below = xcalloc(json_array_size(array) + 1, sizeof(*m->below));
	if (m->kind == MEDIA_MANIFEST &&
	    descriptor_read(&m->below[m->n++], json_get_object(m->doc, "config"), err) < 0)
		return err_wrap(err, "config");
	if (read_below(m, array, err) < 0)
		return -1;
	m->has_subject = subject != NULL;
	if (subject && descriptor_read(&m->subject, subject, err) < 0)
		return err_wrap(err, "subject");
	return 0;
}

static int read_document(struct manifest *m, struct span bytes, const char *hint, struct err *err)
{
	m->doc = json_read(bytes, err);
	if (!m->doc)
		return -1;
	if (!json_is_object(m->doc))
		return err_set(err, ERR_INVALID, 0, "neither a manifest nor an index");
	if (find_kind(m, err) < 0)
		return -1;
	set_media_type(m, hint);
	if (read_tree(m, err) < 0)
		return -1;
	m->annotations = json_get_object(m->doc, "annotations");
	m->artifact_type = json_get_text(m->doc, "artifactType");
	if (!m->artifact_type && m->kind == MEDIA_MANIFEST && m->below[0].media_type[0])
		m->artifact_type = m->below[0].media_type;
	return 0;
}

int manifest_parse(struct manifest *m, struct span bytes, const char *hint, struct err *err)
{
	struct manifest out = MANIFEST_INIT;

	if (read_document(&out, bytes, hint, err) < 0) {
		manifest_release(&out);
		return -1;
	}
	*m = out;
	return 0;
}

void manifest_release(struct manifest *m)
{
	free(m->below);
	json_decref(m->doc);
	*m = (struct manifest)MANIFEST_INIT;
}

bool manifest_wanted(const struct manifest *m, size_t i, const char *platforms)
{
	const struct descriptor *d = &m->below[i];
	const char *about = descriptor_annotation(d, ANNOTATION_ABOUT);

	if (!platforms || !platforms[0])
		return true;
	if (!about)
		return !d->has_platform || platform_wanted(platforms, &d->platform);
	for (size_t k = 0; k < m->n; k++)
		if (k != i && strcmp(m->below[k].digest.str, about) == 0 &&
		    !descriptor_annotation(&m->below[k], ANNOTATION_ABOUT))
			return manifest_wanted(m, k, platforms);
	return false;
}
