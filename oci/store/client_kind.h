/*
 * client_kind - what kind of client sent a request, by its User-Agent: the one table.
 *
 * A User-Agent (RFC 9110, 10.1.5) begins with a product, "containerd/2.0.1 ...". Its name tells the
 * kind; what stands behind is not looked at. A client may send any name, so a kind is good for
 * counting and for people, never for a decision about access.
 */
#ifndef OCI_STORE_CLIENT_KIND_H
#define OCI_STORE_CLIENT_KIND_H

#include <stdbool.h>

#include "oci/base/span.h"

/*
 * CLIENT(enumerator, word in files and metrics, whether it pulls no images). The last kind is what
 * no product names.
 */
#define CLIENT_KINDS(CLIENT)                                                                       \
	CLIENT(CLIENT_DOCKER, "docker", false)                                                     \
	CLIENT(CLIENT_CONTAINERD, "containerd", false)                                             \
	CLIENT(CLIENT_CONTAINERS, "containers", false) /* podman, CRI-O, skopeo, buildah */        \
	CLIENT(CLIENT_BUILDKIT, "buildkit", false)                                                 \
	CLIENT(CLIENT_CURL, "curl", false) /* also enroot, which runs curl */                      \
	CLIENT(CLIENT_CRANE, "crane", false)                                                       \
	CLIENT(CLIENT_ORAS, "oras", false)                                                         \
	CLIENT(CLIENT_REGCTL, "regctl", false)                                                     \
	CLIENT(CLIENT_HELM, "helm", false)                                                         \
	CLIENT(CLIENT_K3S, "k3s", false)                                                           \
	CLIENT(CLIENT_MIRROR, "mirror", false) /* mirror-sync and mirror-publish */                \
	CLIENT(CLIENT_SCANNER, "scanner", true)                                                    \
	CLIENT(CLIENT_OTHER, "other", false)

#define CLIENT_ENUMERATOR(kind, word, scans) kind,
enum client_kind { CLIENT_KINDS(CLIENT_ENUMERATOR) };
#undef CLIENT_ENUMERATOR
#define CLIENT_NKINDS (CLIENT_OTHER + 1)

/* The first product of a User-Agent, "containerd/2.0.1"; empty when there is none. */
struct span client_kind_product(struct span agent);

enum client_kind client_kind_of(struct span agent);

/* "containerd" */
const char *client_kind_word(enum client_kind kind);
/* Whether such clients look around in networks, and pull no images: browsers and scanners. */
bool client_kind_scans(enum client_kind kind);
/* The kind with that word; CLIENT_OTHER when no kind has it. */
enum client_kind client_kind_named(const char *word);

#endif
