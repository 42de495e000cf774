#include "publish/layer_type.h"

#include "tests/tap.h"

static const struct {
	const char *type;
	bool is_tar, is_config;
} rows[] = {
	{ "application/vnd.oci.image.layer.v1.tar", true, false },
	{ "application/vnd.oci.image.layer.v1.tar+gzip", true, false },
	{ "application/vnd.oci.image.layer.v1.tar+zstd", true, false },
	{ "application/vnd.oci.image.layer.nondistributable.v1.tar+gzip", true, false },
	{ "application/vnd.docker.image.rootfs.diff.tar.gzip", true, false },
	{ "application/vnd.docker.image.rootfs.diff.tar.zstd", true, false },
	{ "application/vnd.docker.image.rootfs.diff.tar", true, false },
	{ "application/vnd.docker.image.rootfs.foreign.diff.tar.gzip", true, false },
	{ "Application/vnd.OCI.image.layer.v1.tar+GZIP", true, false },
	{ "application/vnd.oci.image.layer.v1.tar+gzip+encrypted", false, false },
	{ "application/vnd.oci.image.layer.v1.tarball", false, false },
	{ "application/vnd.in-toto+json", false, false },
	{ "application/vnd.cncf.helm.chart.content.v1.tar+gzip", false, false },
	{ "application/vnd.oci.empty.v1+json", false, false },
	{ "", false, false },
	{ "application/vnd.oci.image.config.v1+json", false, true },
	{ "application/vnd.docker.container.image.v1+json", false, true },
	{ "application/vnd.cncf.helm.config.v1+json", false, false },
};

int main(void)
{
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++)
		CHECK_ROW(layer_type_is_tar(rows[i].type) == rows[i].is_tar &&
				  layer_type_is_image_config(rows[i].type) == rows[i].is_config,
			  rows[i].type);
	return tap_done();
}
