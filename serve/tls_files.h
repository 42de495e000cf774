/*
 * tls_files - watches the files of certificates, and has them read again when they change.
 *
 * They are looked at together with index.json, every few seconds, and at SIGHUP. A file may be
 * written anew, renamed into place, or reached by symbolic links of which any is switched, as
 * Kubernetes does. Files that cannot be used change nothing: connections that begin get what was
 * read before. A pair of which only one file was replaced so far is such a case, and is read again
 * when the other comes.
 */
#ifndef SERVE_TLS_FILES_H
#define SERVE_TLS_FILES_H

#include <stdbool.h>
#include <sys/stat.h>

#include "oci/base/err.h"
#include "serve/tls.h"

struct tls_files {
	struct tls_options options;
	struct tls *tls; /* NULL: no certificate was given */
	struct stat seen[2 * TLS_PAIRS + 1];
	char failed[sizeof(((struct err *)0)->msg)]; /* told once, not at each look */
};

/* Reads the files; without certificates tls stays NULL. Fails as tls_new() does. */
int tls_files_init(struct tls_files *f, const struct tls_options *o, struct err *err);
void tls_files_release(struct tls_files *f);

/* Reads the files again when one has changed, or in any case; tells on stderr how it went. */
void tls_files_check(struct tls_files *f, bool in_any_case);

#endif
