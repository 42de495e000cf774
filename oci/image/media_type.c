#include "oci/image/media_type.h"

#include <stddef.h>
#include <string.h>
#include <strings.h>

struct media_type {
	const char *text;
	enum media_type_kind kind;
};

/*
 * The table of manifest media types. Their order is that of Accept: schema 1 comes last, and is
 * there only so that an upstream sends it and the refusal can name it.
 */
#define MEDIA_TYPES(ROW)                                                                           \
	ROW(MEDIA_OCI_INDEX, MEDIA_INDEX)                                                          \
	ROW(MEDIA_OCI_MANIFEST, MEDIA_MANIFEST)                                                    \
	ROW(MEDIA_DOCKER_LIST, MEDIA_INDEX)                                                        \
	ROW(MEDIA_DOCKER_MANIFEST, MEDIA_MANIFEST)                                                 \
	ROW(MEDIA_SCHEMA1_SIGNED, MEDIA_OLD)                                                       \
	ROW(MEDIA_SCHEMA1, MEDIA_OLD)

#define ROW(text, kind) { text, kind },
static const struct media_type table[] = { MEDIA_TYPES(ROW) };
#undef ROW

#define ROW(text, kind) ", " text
static const char accept_text[] = MEDIA_TYPES(ROW);
#undef ROW

const char *const media_accept = accept_text + sizeof(", ") - 1;

static const struct media_type *find_media_type(const char *type)
{
	size_t n = type ? strcspn(type, "; \t") : 0;

	for (size_t i = 0; n && i < sizeof(table) / sizeof(table[0]); i++)
		if (strlen(table[i].text) == n && strncasecmp(table[i].text, type, n) == 0)
			return &table[i];
	return NULL;
}

enum media_type_kind media_type_kind(const char *type)
{
	const struct media_type *found = find_media_type(type);

	return found ? found->kind : MEDIA_OTHER;
}

const char *media_type_known(const char *type)
{
	const struct media_type *found = find_media_type(type);

	return found ? found->text : NULL;
}

bool media_type_is_foreign(const char *type)
{
	static const char *const beginnings[] = {
		"application/vnd.docker.image.rootfs.foreign.",
		"application/vnd.oci.image.layer.nondistributable.",
	};

	for (size_t i = 0; i < sizeof(beginnings) / sizeof(beginnings[0]); i++)
		if (strncasecmp(type, beginnings[i], strlen(beginnings[i])) == 0)
			return true;
	return false;
}
