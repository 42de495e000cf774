#include "oci/image/manifest.h"

#include <stdlib.h>

#include "oci/base/cleanup.h"
#include "oci/base/err.h"
#include "oci/base/limits.h"

/* Attestations (buildkit): a child that describes another child. */
#define ANNOTATION_ABOUT "vnd.docker.reference.digest"

static int check_own_type(enum media_type_kind kind, const char *own, struct err *err)
{
	enum media_type_kind says = media_type_kind(own);

	if (says != MEDIA_OTHER && says != kind)
		return err_set(err, ERR_INVALID, 0, "manifest says it is \"%s\" but is %s", own,
			       kind == MEDIA_INDEX ? "an index" : "an image manifest");
	if (own && says == MEDIA_OTHER)
		return err_set(err, ERR_INVALID, 0, "media type \"%s\" is not a manifest's", own);
	return 0;
}

static bool has_image_members(const json_t *doc)
{
	return json_get_array(doc, "layers") || json_get_object(doc, "config");
}

/*
 * Decides the kind of a document by its mediaType and its members, which must agree. A document
 * that is both an index and a manifest is refused: two readers would see two images
 * (CVE-2021-41190).
 */
static int find_kind(struct manifest *m, struct err *err)
{
	const char *own = json_get_text(m->doc, "mediaType");
	bool is_image = has_image_members(m->doc);
	bool is_index = json_get_array(m->doc, "manifests") ||
			(!is_image && json_has_array(m->doc, "manifests"));
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
	return check_own_type(m->kind, own, err);
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

/* ---- the platform filter ---- */

static const char *digest_described(const struct manifest *m, size_t i)
{
	return descriptor_annotation(&m->below[i], ANNOTATION_ABOUT);
}

bool manifest_is_attestation(const struct manifest *m, size_t i)
{
	return digest_described(m, i) != NULL;
}

static bool names_platform(const struct manifest *m, size_t i)
{
	return m->below[i].has_platform && !manifest_is_attestation(m, i) &&
	       platform_is_named(&m->below[i].platform);
}

static bool names_platforms(const struct manifest *m)
{
	for (size_t i = 0; i < m->n; i++)
		if (names_platform(m, i))
			return true;
	return false;
}

/* Sets the flags of the children that serve one platform best. */
static void choose_platform(const struct manifest *m, struct span wanted, bool *flags)
{
	cleanup_free int *ranks = xcalloc(m->n + 1, sizeof(*ranks));
	int best = -1;

	for (size_t i = 0; i < m->n; i++) {
		ranks[i] = !m->below[i].has_platform || manifest_is_attestation(m, i)
				   ? -1
				   : platform_rank(wanted, &m->below[i].platform);
		if (ranks[i] >= 0 && (best < 0 || ranks[i] < best))
			best = ranks[i];
	}
	for (size_t i = 0; i < m->n; i++)
		flags[i] |= best >= 0 && ranks[i] == best;
}

/* An attestation goes with what it is about; one about another attestation goes with nothing. */
static void choose_attestation(const struct manifest *m, size_t i, bool *flags)
{
	const char *about = digest_described(m, i);

	for (size_t k = 0; k < m->n && !flags[i]; k++)
		flags[i] = flags[k] && !manifest_is_attestation(m, k) &&
			   strcmp(m->below[k].digest.str, about) == 0;
}

bool *manifest_choose(const struct manifest *m, const char *platforms)
{
	bool *flags = xcalloc(m->n + 1, sizeof(*flags));
	bool all = !platforms || !platforms[0] || strcmp(platforms, PLATFORM_ALL) == 0;
	bool is_named = !all && names_platforms(m);
	struct span rest = span_str(is_named ? platforms : ""), one;

	while (is_named && span_cut(&rest, ',', &one))
		choose_platform(m, one, flags);
	for (size_t i = 0; i < m->n; i++)
		flags[i] |= all || (!manifest_is_attestation(m, i) &&
				    (!is_named || !m->below[i].has_platform));
	for (size_t i = 0; i < m->n; i++)
		if (manifest_is_attestation(m, i))
			choose_attestation(m, i, flags);
	return flags;
}

bool manifest_wanted(const struct manifest *m, size_t i, const char *platforms)
{
	cleanup_free bool *flags = manifest_choose(m, platforms);

	return flags[i];
}
