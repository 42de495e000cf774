#include "oci/lists/web_address.h"

#include <stdlib.h>

#include "oci/base/cleanup.h"
#include "tests/tap.h"

static const struct {
	const char *name, *address, *reference;
} rows[] = {
	{ "an official image", "https://hub.docker.com/_/alpine", "docker.io/library/alpine" },
	{ "its tags", "https://hub.docker.com/_/alpine/tags?name=3", "docker.io/library/alpine" },
	{ "a user's image", "http://hub.docker.com/r/grafana/grafana/",
	  "docker.io/grafana/grafana" },
	{ "its owner's page", "hub.docker.com/repository/docker/me/app/general",
	  "docker.io/me/app" },
	{ "its layers", "https://hub.docker.com/layers/library/redis/7.2/images/sha256-aa",
	  "docker.io/library/redis:7.2" },
	{ "with www", "https://www.hub.docker.com/_/alpine", "docker.io/library/alpine" },
	{ "Quay", "https://quay.io/repository/coreos/etcd?tab=tags&tag=latest",
	  "quay.io/coreos/etcd" },
	{ "Amazon's gallery", "https://gallery.ecr.aws/nginx/nginx", "public.ecr.aws/nginx/nginx" },
	{ "Amazon's gallery, an image of Docker's", "https://gallery.ecr.aws/docker/library/alpine",
	  "public.ecr.aws/docker/library/alpine" },
	{ "Google's console",
	  "https://console.cloud.google.com/artifacts/docker/proj/us-west1/repo/app?project=p",
	  "us-west1-docker.pkg.dev/proj/repo/app" },
	{ "Google's console, the older registry",
	  "console.cloud.google.com/gcr/images/distroless/GLOBAL/static",
	  "gcr.io/distroless/static" },
	{ "... of a region", "https://console.cloud.google.com/gcr/images/proj/EU/app",
	  "eu.gcr.io/proj/app" },
	{ "an official image, by the registry's name", "https://registry.hub.docker.com/_/alpine",
	  "docker.io/library/alpine" },
	{ "another, by the registry's name", "registry.hub.docker.com/r/grafana/grafana/tags",
	  "docker.io/grafana/grafana" },
	{ "GitHub, an organization", "https://github.com/orgs/o/packages/container/package/app",
	  "ghcr.io/o/app" },
	{ "GitHub, a repository", "https://github.com/o/r/pkgs/container/charts%2Fapp",
	  "ghcr.io/o/charts/app" },
	{ "Microsoft", "https://mcr.microsoft.com/en-us/product/dotnet/sdk/about",
	  "mcr.microsoft.com/dotnet/sdk" },
	{ "skopeo", "docker://quay.io/a/b:1", "quay.io/a/b:1" },
	{ "a registry's host with a scheme", "https://ghcr.io/a/b:1/", "ghcr.io/a/b:1" },
	{ "a reference", "docker.io/library/alpine:3", NULL },
	{ "a repository that looks a little like a page", "quay.io/repository/x", NULL },
	{ "the front page", "https://hub.docker.com/", NULL },
	{ "a search", "https://hub.docker.com/search?q=alpine", NULL },
	{ "a user's page", "https://hub.docker.com/u/grafana", NULL },
	{ "an organization's page", "https://quay.io/organization/prometheus", NULL },
	{ "a repository of sources", "https://github.com/prometheus/prometheus", NULL },
	{ "the registry's other name", "registry.hub.docker.com/library/nginx:1.27",
	  "docker.io/library/nginx:1.27" },
	{ "the site's API", "https://hub.docker.com/v2/repositories/library/nginx/tags?page=2",
	  "docker.io/library/nginx" },
	{ "a request for a manifest", "https://ghcr.io/v2/org/app/manifests/1.0",
	  "ghcr.io/org/app:1.0" },
	{ "... by digest",
	  "https://ghcr.io/v2/a/b/manifests/"
	  "sha256:0000000000000000000000000000000000000000000000000000000000000000",
	  "ghcr.io/a/b@sha256:0000000000000000000000000000000000000000000000000000000000000000" },
	{ "a request for tags", "https://registry-1.docker.io/v2/library/alpine/tags/list?n=9",
	  "registry-1.docker.io/library/alpine" },
	{ "NVIDIA", "https://catalog.ngc.nvidia.com/orgs/nvidia/containers/cuda",
	  "nvcr.io/nvidia/cuda" },
	{ "NVIDIA, a team",
	  "https://catalog.ngc.nvidia.com/orgs/nvidia/teams/k8s/containers/dcgm-exporter/tags",
	  "nvcr.io/nvidia/k8s/dcgm-exporter" },
	{ "GitLab", "https://gitlab.com/group/project/container_registry/123",
	  "registry.gitlab.com/group/project" },
	{ "what is no reference", "https://example.com/A B", NULL },
	{ "a broken escape", "https://github.com/o/r/pkgs/container/a%2", NULL },
	{ "nothing", "", NULL },
};

static const struct {
	const char *name, *address, *advice;
} advices[] = {
	{ "an address with a scheme", "https://hub.docker.com/_/nginx",
	  "a reference has no \"https://\": write \"docker.io/library/nginx\"" },
	{ "without", "quay.io/repository/a/b", "the address of a web page: write \"quay.io/a/b\"" },
	{ "of nothing that is known", "https://hub.docker.com/u/grafana",
	  "the address of a web page that is not an image's: a reference is HOST/PATH:TAG, as "
	  "\"docker pull\" takes it" },
	{ "of no page", "s3://A/B",
	  "a reference has no \"s3://\": it is HOST/PATH:TAG, as \"docker pull\" takes it" },
	{ "no address", "alpine:3", NULL },
};

static void check_advices(void)
{
	for (size_t i = 0; i < sizeof(advices) / sizeof(advices[0]); i++) {
		cleanup_free char *got = web_address_advice(span_str(advices[i].address));

		CHECK_TEXT(got ? got : "none", advices[i].advice ? advices[i].advice : "none",
			   advices[i].name);
	}
}

int main(void)
{
	check_advices();
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		cleanup_free char *got = web_address_reference(span_str(rows[i].address));

		CHECK_TEXT(got ? got : "none", rows[i].reference ? rows[i].reference : "none",
			   rows[i].name);
	}
	return tap_done();
}
