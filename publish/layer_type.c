#include "publish/layer_type.h"

#include <stddef.h>
#include <string.h>
#include <strings.h>

static const char *const tars[] = {
	"application/vnd.oci.image.layer.v1.tar",
	"application/vnd.oci.image.layer.nondistributable.v1.tar",
	"application/vnd.docker.image.rootfs.diff.tar",
	"application/vnd.docker.image.rootfs.foreign.diff.tar",
};

static const char *const compressions[] = {
	"", "+gzip", ".gzip", "+zstd", ".zstd", "+xz", "+bzip2"
};

static const char *const configs[] = {
	"application/vnd.oci.image.config.v1+json",
	"application/vnd.docker.container.image.v1+json",
};

#define COUNT(rows) (sizeof(rows) / sizeof((rows)[0]))

static bool is_compression(const char *suffix)
{
	for (size_t i = 0; i < COUNT(compressions); i++)
		if (strcasecmp(suffix, compressions[i]) == 0)
			return true;
	return false;
}

bool layer_type_is_tar(const char *media_type)
{
	for (size_t i = 0; i < COUNT(tars); i++) {
		size_t n = strlen(tars[i]);

		if (strncasecmp(media_type, tars[i], n) == 0 && is_compression(media_type + n))
			return true;
	}
	return false;
}

bool layer_type_is_image_config(const char *media_type)
{
	for (size_t i = 0; i < COUNT(configs); i++)
		if (strcasecmp(media_type, configs[i]) == 0)
			return true;
	return false;
}
