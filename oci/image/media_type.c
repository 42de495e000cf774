#include "oci/image/media_type.h"

#include <stddef.h>
#include <string.h>
#include <strings.h>

static const struct {
	const char *type;
	enum media_type_kind kind;
} table[] = {
	{ MEDIA_OCI_INDEX, MEDIA_INDEX },   { MEDIA_OCI_MANIFEST, MEDIA_MANIFEST },
	{ MEDIA_DOCKER_LIST, MEDIA_INDEX }, { MEDIA_DOCKER_MANIFEST, MEDIA_MANIFEST },
	{ MEDIA_SCHEMA1, MEDIA_OLD },       { MEDIA_SCHEMA1_SIGNED, MEDIA_OLD },
};

const char media_accept[] =
	MEDIA_OCI_INDEX ", " MEDIA_OCI_MANIFEST ", " MEDIA_DOCKER_LIST ", " MEDIA_DOCKER_MANIFEST
			", " MEDIA_SCHEMA1_SIGNED ", " MEDIA_SCHEMA1;

enum media_type_kind media_type_kind(const char *type)
{
	size_t n;

	if (!type)
		return MEDIA_OTHER;
	n = strcspn(type, "; \t");
	for (size_t i = 0; i < sizeof(table) / sizeof(table[0]); i++)
		if (strlen(table[i].type) == n && strncasecmp(table[i].type, type, n) == 0)
			return table[i].kind;
	return MEDIA_OTHER;
}
