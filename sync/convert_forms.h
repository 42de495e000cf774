/*
 * convert_forms - the forms of files that mirror-sync --convert reads; private to sync/convert*.c.
 *
 * Each adds lines and comments to a conversion. What it does not know in a file is named in a
 * comment, never left out in silence.
 */
#ifndef SYNC_CONVERT_FORMS_H
#define SYNC_CONVERT_FORMS_H

#include <stdbool.h>

#include "sync/conversion.h"
#include "sync/yaml_tree.h"

/* A file with one reference a line; the text behind the reference becomes a comment. */
void convert_text(struct conversion *c, struct span bytes);
/* A Dockerfile: what FROM, COPY --from=, RUN --mount=from= and "# syntax=" name. An ARG in front of
 * the first FROM stands for its default. */
void convert_dockerfile(struct conversion *c, struct span bytes);

/* Whether a document of YAML has that form, and its lines. */
bool convert_is_regsync(yaml_document_t *d);
void convert_regsync(struct conversion *c, yaml_document_t *d);
/* The file that "skopeo sync --src yaml" reads. */
bool convert_is_skopeo(yaml_document_t *d);
void convert_skopeo(struct conversion *c, yaml_document_t *d);
/* Kubernetes objects, compose files, values of Helm charts: every value of a key "image". */
void convert_objects(struct conversion *c, yaml_document_t *d);

#endif
