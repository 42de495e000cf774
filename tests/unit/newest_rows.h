/* The rows of newest.c: a list of tests/corpus/tags, a line, and the tags that it means, sorted. */
static const struct row {
	const char *list, *name;
	const char *tags, *exclude, *match, *semver;
	long newest;
	const char *want;
	const char *left; /* how what is left out is told; NULL: not looked at */
} rows[] = {
	{ "alpine", "three releases, with what floats to them", .tags = "3.*", .newest = 3,
	  .want = "3.20 3.20.2 3.20.3 3.21 3.21.0",
	  .left = "1 pre-release (3.21.0_rc1), 16 older (3.20.1, 3.20.0, 3.19.4, ...)" },
	{ "alpine", "everything by version", .tags = "*", .newest = 1, .want = "3 3.21 3.21.0",
	  .left = "6 are no versions (20240329, 20240606, 20240807, ...), 1 pre-release "
		  "(3.21.0_rc1), 21 older (3.20.3, 3.20.2, 3.20.1, ...)" },
	{ "alpine", "the edge of dates", .tags = "2024*", .newest = 2,
	  .want = "20240807 20240923" },
	{ "debian", "releases", .tags = "1*", .exclude = "*-slim", .newest = 2,
	  .want = "12 12.7 12.8" },
	{ "debian", "both variants", .tags = "12*", .newest = 1,
	  .want = "12 12-slim 12.8 12.8-slim" },
	{ "ubuntu", "years", .tags = "*", .newest = 3, .want = "23.10 24.04 24.10",
	  .left = "16 are no versions (bionic, devel, focal, ...), 10 older (23.04, 22.10, "
		  "22.04, ...)" },
	{ "ubuntu", "long term ones", .match = "[0-9]*[02468]\\.04", .newest = 2,
	  .want = "22.04 24.04" },
	{ "node", "one variant of a line", .tags = "22*-alpine", .newest = 2,
	  .want = "22-alpine 22.11-alpine 22.11.0-alpine 22.12-alpine 22.12.0-alpine" },
	{ "node", "every alpine", .tags = "22*-alpine*", .newest = 2,
	  .want = "22-alpine 22-alpine3.20 22-alpine3.21 22.11-alpine 22.11-alpine3.20 "
		  "22.11-alpine3.21 22.11.0-alpine 22.11.0-alpine3.20 22.11.0-alpine3.21 "
		  "22.12-alpine 22.12-alpine3.20 22.12-alpine3.21 22.12.0-alpine "
		  "22.12.0-alpine3.20 22.12.0-alpine3.21",
	  .left = "2 of old variants (22.9.0-alpine3.19, 22.9-alpine3.19), 7 older "
		  "(22.10.0-alpine, 22.10.0-alpine3.20, 22.10.0-alpine3.21, ...)" },
	{ "node", "the newest of all", .tags = "*", .exclude = "*-*", .newest = 2,
	  .want = "23 23.3 23.3.0 23.4 23.4.0" },
	{ "node", "short names alone are versions", .tags = "2?-alpine", .newest = 2,
	  .want = "22-alpine 23-alpine" },
	{ "python", "slim, no candidates", .tags = "3.*-slim", .newest = 2,
	  .want = "3.13-slim 3.13.0-slim 3.13.1-slim" },
	{ "python", "candidates that are asked for", .tags = "3.*rc*-slim", .newest = 1,
	  .want = "3.14-rc-slim" },
	{ "python", "a candidate by its expression", .match = "3\\.14.*(rc|a[0-9])-?[a-z0-9]*",
	  .newest = 1, .want = "3.14-rc 3.14-rc-alpine 3.14-rc-slim" },
	{ "python", "alphas by their letter", .tags = "3.14.0a*-slim", .newest = 1,
	  .want = "3.14.0a3-slim" },
	{ "postgres", "two years", .tags = "1?,1?.*", .newest = 2,
	  .want = "17 17.1 17.1-alpine 17.1-alpine3.20 17.1-alpine3.21 17.1-bookworm "
		  "17.1-bullseye 17.2 17.2-alpine 17.2-alpine3.19 17.2-alpine3.20 "
		  "17.2-alpine3.21 17.2-bookworm 17.2-bullseye" },
	{ "postgres", "alpine of one", .tags = "17*-alpine*", .newest = 1,
	  .want = "17-alpine 17-alpine3.20 17-alpine3.21 17.2-alpine 17.2-alpine3.19 "
		  "17.2-alpine3.20 17.2-alpine3.21" },
	{ "postgres", "betas", .tags = "17beta*", .newest = 1, .want = "17beta3 17beta3-alpine" },
	{ "redis", "everything with a 7", .tags = "7*", .exclude = "*-*", .newest = 2,
	  .want = "7 7.4 7.4.0 7.4.1" },
	{ "redis", "alpine without milestones", .tags = "*-alpine", .newest = 1,
	  .want = "7-alpine 7.4-alpine 7.4.1-alpine" },
	{ "redis", "milestones", .tags = "8*m*", .newest = 1, .want = "8.0-M02-bookworm" },
	{ "redis", "a range of semver", .semver = ">=7 <8", .newest = 2,
	  .want = "7 7.4 7.4.0 7.4.1" },
	{ "nginx", "alpine", .tags = "1.*-alpine", .newest = 2,
	  .want = "1.27-alpine 1.27.2-alpine 1.27.3-alpine" },
	{ "nginx", "slim of alpine", .tags = "*-alpine*-slim", .newest = 1,
	  .want = "1-alpine-slim 1-alpine3.20-slim 1.27-alpine-slim 1.27-alpine3.20-slim "
		  "1.27.3-alpine-slim 1.27.3-alpine3.20-slim" },
	{ "golang", "alpine", .tags = "1.*-alpine", .newest = 2,
	  .want = "1.23-alpine 1.23.3-alpine 1.23.4-alpine" },
	{ "golang", "windows editions are variants, not revisions", .tags = "*-nanoserver-*",
	  .newest = 1, .want = "1.23.4-nanoserver-1809 1.23.4-nanoserver-ltsc2022" },
	{ "prometheus", "three releases", .tags = "v*", .newest = 3,
	  .want = "v2 v2.55.1 v3 v3.0.0 v3.0.1",
	  .left = "8 pre-releases (v2.1.0-rc.0, v2.54.0-rc.1, v2.55.0-rc.0, ...), 15 older "
		  "(v2.55.0, v2.54.1, v2.54.0, ...)" },
	{ "prometheus", "of the second line", .tags = "v2.*", .exclude = "*-rc*", .newest = 2,
	  .want = "v2.55.0 v2.55.1" },
	{ "prometheus", "candidates", .tags = "v3.0.0-rc*", .newest = 1, .want = "v3.0.0-rc.1" },
	{ "prometheus", "a range of semver with pre-releases", .semver = ">=3.0.0-0 <3.0.1",
	  .newest = 2, .want = "v3 v3.0.0 v3.0.0-rc.1" },
	{ "grafana", "two releases", .tags = "11.*", .newest = 2,
	  .want = "11.3.2 11.3.2-boringcrypto 11.3.2-ubuntu 11.4.0 11.4.0-boringcrypto "
		  "11.4.0-ubuntu" },
	{ "grafana", "plain ones", .match = "[0-9.]+", .newest = 2, .want = "11.3.2 11.4.0" },
	{ "kubernetes", "four releases", .tags = "v1.*", .newest = 4,
	  .want = "v1.31.2 v1.31.3 v1.31.4 v1.31.4-amd64 v1.32.0 v1.32.0-amd64" },
	{ "kubernetes", "two of a line", .tags = "v1.31.*", .newest = 2,
	  .want = "v1.31.3 v1.31.4 v1.31.4-amd64" },
	{ "kubernetes", "a range", .semver = "~1.31", .newest = 2, .want = "v1.31.3 v1.31.4" },
	{ "sonarqube", "community", .tags = "*-community", .newest = 1,
	  .want = "25.2.0.102705-community" },
	{ "sonarqube", "developer", .tags = "*-developer", .newest = 2,
	  .want = "10.8-developer 10.8.1-developer 2025.1-developer 2025.1.0-developer "
		  "2025.1.0.102122-developer" },
	{ "sonarqube", "community by expression", .match = "[0-9.]+-community", .newest = 2,
	  .want = "25.1.0.102122-community 25.2.0.102705-community" },
	{ "jenkins", "weekly", .tags = "2.*-jdk17", .exclude = "*-lts-*,*-slim-*,*-rhel-*",
	  .newest = 2, .want = "2.491-jdk17 2.492-jdk17" },
	{ "jenkins", "long term", .tags = "2.*-lts-jdk17", .newest = 2,
	  .want = "2.479.2-lts-jdk17 2.479.3-lts-jdk17" },
	{ "mongo", "newest of all variants", .tags = "*", .exclude = "*windows*,*nano*",
	  .newest = 1, .want = "8 8-noble 8.0 8.0-noble 8.0.4 8.0.4-noble" },
	{ "mongo", "candidates", .tags = "8.*-rc*-noble", .newest = 1, .want = "8.1.0-rc0-noble" },
	{ "traefik", "spellings come together", .tags = "*", .exclude = "*windows*,*nano*",
	  .newest = 2, .want = "3 3.2 3.2.2 3.2.3 v3 v3.2 v3.2.2 v3.2.3" },
	{ "traefik", "of version 2", .tags = "v2.*", .newest = 1, .want = "v2.11 v2.11.16" },
	{ "traefik", "windows", .tags = "v*windows*", .newest = 1,
	  .want = "v3.2.3-windowsservercore-1809" },
	{ "bitnami-redis", "two releases", .tags = "7.*-debian-12*", .newest = 2,
	  .want = "7.4-debian-12 7.4.0-debian-12 7.4.0-debian-12-r1 7.4.1-debian-12 "
		  "7.4.1-debian-12-r3",
	  .left = "4 older revisions (7.4.1-debian-12-r2, 7.4.1-debian-12-r1, "
		  "7.4.1-debian-12-r0, ...), 9 older (7.2.6-debian-12-r1, 7.2.6-debian-12-r0, "
		  "7.2.6-debian-12, ...)" },
	{ "bitnami-redis", "all of them", .tags = "7*", .newest = 1,
	  .want = "7 7-debian-12 7.4 7.4-debian-12 7.4.1 7.4.1-debian-12 7.4.1-debian-12-r3" },
	{ "distroless", "names are no versions", .tags = "nonroot*", .newest = 2,
	  .want = "newest=2: none of the 6 matching tags counts: 6 are no versions (nonroot, "
		  "nonroot-amd64, nonroot-arm, ...)" },
	{ "distroless", "hashes alone", .tags = "1*", .newest = 1,
	  .want = "1234567890123456789012345678901234567890" },
	{ "chainguard-go", "two releases", .tags = "1*", .newest = 2,
	  .want = "1 1-dev 1.23 1.23-dev 1.23.3 1.23.3-dev 1.23.3-r0 1.23.3-r0-dev 1.23.4 "
		  "1.23.4-dev 1.23.4-r2 1.23.4-r2-dev" },
	{ "chainguard-go", "dev", .tags = "1*-dev", .newest = 1,
	  .want = "1-dev 1.23-dev 1.23.4-dev 1.23.4-r2-dev" },
	{ "linuxserver-sonarr", "two releases", .tags = "4.*-ls*", .exclude = "*develop*",
	  .newest = 2, .want = "4.0.10.2544-ls259 4.0.11.2680-ls262" },
	{ "linuxserver-sonarr", "everything", .tags = "*", .newest = 1,
	  .want = "4.0.11 4.0.11.2680 4.0.11.2680-ls262 4.0.11.2697-develop "
		  "4.0.11.2697-develop-ls46" },
	{ "linuxserver-plex", "a hash is no variant", .tags = "1.*-ls*", .newest = 2,
	  .want = "1.41.2.9200-c6501a38c-ls249 1.41.3.9314-a0bfb8370-ls251" },
	{ "linuxserver-plex", "everything", .tags = "1.*", .newest = 1,
	  .want = "1.41.3 1.41.3.9314-a0bfb8370 1.41.3.9314-a0bfb8370-ls251" },
	{ "cuda", "one kind", .tags = "12.*-base-ubuntu22.04", .newest = 2,
	  .want = "12.6.2-base-ubuntu22.04 12.6.3-base-ubuntu22.04" },
	{ "cuda", "all kinds of an image", .tags = "*-cudnn*-devel-*", .newest = 1,
	  .want = "12.6.3-cudnn-devel-rockylinux9 12.6.3-cudnn-devel-ubi9 "
		  "12.6.3-cudnn-devel-ubuntu22.04 12.6.3-cudnn-devel-ubuntu24.04" },
	{ "keycloak", "two releases", .tags = "*", .newest = 2,
	  .want = "26 26.0 26.0.6 26.0.6-1 26.0.7 26.0.7-0" },
	{ "keycloak", "one of 21", .tags = "21*", .newest = 1, .want = "21.1.2 21.1.2-1" },
	{ "rockylinux", "two releases", .tags = "9*", .newest = 2,
	  .want = "9 9-minimal 9.4 9.4-minimal 9.4.20240509 9.4.20240509-minimal 9.5 "
		  "9.5-minimal 9.5.20241118 9.5.20241118-minimal" },
	{ "rockylinux", "short names", .tags = "9.?", .newest = 2, .want = "9.4 9.5" },
};
