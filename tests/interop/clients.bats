#!/usr/bin/env bats
# Real clients pull from mirror-serve while the upstream is stopped, and get what upstream had.

# shellcheck source=tests/interop/lib.bash
source "$BATS_TEST_DIRNAME/lib.bash"

setup_file() {
	interop_begin "$BATS_FILE_TMPDIR"
	registry_start upstream
	"$top/tests/interop/fill" "$(at upstream)" 10
	lists lists docker.io/library/base:1 docker.io/library/base:oci \
		docker.io/library/tool:zstd \
		docker.io/library/empty:1 docker.io/library/nested:1 docker.io/library/sbom:1 \
		docker.io/library/sha512:1 docker.io/team/app-03:3
	mirror_sync --mirror "$work/mirror" --lists "$work/lists"
	verifies "$work/mirror"
	sed 's/ .*//' "$work/lists/base.list" \
		| digests_at "$(at upstream)" >"$work/upstream.digests"
	stop upstream
	serve_start mirror "$work/mirror" --access-log "$work/access"
}

teardown_file() { interop_end; }

setup() { mirror=$(at mirror); }

# What upstream had under a name below docker.io.
had() { sed -n "s|^docker.io/$1 ||p" "$work/upstream.digests"; }

# below DIGEST: that manifest's, and those of everything below it.
below() {
	local manifest=$work/mirror/blobs/${1/://} child
	echo "$1"
	jq -r '(.config, .layers[]?) | select(.) | .digest' "$manifest"
	for child in $(jq -r '.manifests[]?.digest' "$manifest"); do below "$child"; done
}

@test "curl gets every manifest and every blob, byte for byte" {
	local ref digest path name
	while read -r ref digest; do
		name=${ref%:*}
		for path in "$name" "${name#docker.io/}"; do
			[ "sha256:$(manifest_at "$mirror" "$path" "${ref##*:}" | sha256sum | cut -d' ' -f1)" = "$digest" ]
			[ "$(digest_at "$mirror" "$path" "$digest")" = "$digest" ]
		done
	done <"$work/upstream.digests"
	while read -r ref digest; do
		for digest in $(below "$digest"); do
			curl -sf "http://$mirror/v2/${ref%:*}/blobs/$digest" \
				| cmp - "$work/mirror/blobs/${digest/://}"
		done
	done <"$work/upstream.digests"
}

@test "docker pulls through registry-mirrors, and runs the image" {
	need root dockerd docker
	dockerd_start docker --registry-mirror "http://$mirror"
	docker_at docker pull base:1
	docker_at docker image inspect base:1 \
		| jq -e --arg id "base@$(had library/base:1)" '.[].RepoDigests | index([$id])'
	[ "$(docker_at docker run --network none --rm base:1 cat /etc/arch)" = amd64 ]
	docker_at docker pull base:oci
	docker_at docker pull "team/app-03@$(had team/app-03:3)"
	docker_at docker pull empty:1
	stop docker
}

@test "docker pulls by the mirror's own name" {
	need root dockerd docker
	dockerd_start docker
	docker_at docker pull "$mirror/library/base:1"
	docker_at docker pull "$mirror/docker.io/team/app-03:3"
	docker_at docker image inspect "$mirror/library/base:1" |
		jq -e --arg id "$mirror/library/base@$(had library/base:1)" \
			'.[].RepoDigests | index([$id])'
	stop docker
}

@test "containerd pulls with hosts.toml, and so with ?ns=" {
	need root containerd ctr
	mkdir -p "$work/hosts/_default"
	printf '[host."http://%s"]\n  capabilities = ["pull", "resolve"]\n' "$mirror" \
		>"$work/hosts/_default/hosts.toml"
	containerd_start containerd
	local name
	for name in library/base:1 library/base:oci library/tool:zstd team/app-03:3; do
		ctr_at containerd image pull --hosts-dir "$work/hosts" --snapshotter native \
			"docker.io/$name" >/dev/null
		ctr_at containerd image ls "name==docker.io/$name" | grep -F "$(had "$name")"
	done
	grep -F '/v2/library/base/manifests/1?ns=docker.io' "$work/access"
	[ "$(ctr_at containerd run --rm --snapshotter native docker.io/library/base:1 box cat /etc/arch)" = amd64 ]
	stop containerd
}

@test "an ns that is not the image's registry finds nothing" {
	[ "$(curl -s -o /dev/null -w '%{http_code}' "http://$mirror/v2/library/base/manifests/1?ns=quay.io")" = 404 ]
}

@test "podman pulls through a mirror in registries.conf, and runs the image" {
	need podman runc
	registries_conf
	podman_at pull -q docker.io/library/base:1
	podman_at image inspect docker.io/library/base:1 |
		jq -e --arg id "docker.io/library/base@$(had library/base:1)" \
			'.[].RepoDigests | index([$id])'
	podman_at pull -q docker.io/library/tool:zstd
	podman_at pull -q --arch arm64 docker.io/library/base:oci
	[ "$(id -u)" = 0 ] || return 0
	[ "$(podman_at run --rm --network none --ulimit nofile=1024:1024 --ulimit nproc=1000:1000 \
		docker.io/library/base:1 cat /etc/arch)" = amd64 ]
}

registries_conf() {
	cat >"$CONTAINERS_REGISTRIES_CONF" <<-END
		[[registry]]
		prefix = "docker.io"
		location = "docker.io"
		[[registry.mirror]]
		location = "$mirror/docker.io"
		insecure = true
	END
}

@test "skopeo copies everything, and finds the digests that upstream had" {
	need skopeo
	local ref digest
	while read -r ref digest; do
		[ "$(skopeo inspect --raw --tls-verify=false "docker://$mirror/$ref" | sha256sum | cut -d' ' -f1)" = "${digest#sha256:}" ]
	done <"$work/upstream.digests"
	skopeo copy -q --all --preserve-digests --src-tls-verify=false \
		"docker://$mirror/library/base:1" "dir:$work/copy"
	[ "sha256:$(sha256sum "$work/copy/manifest.json" | cut -d' ' -f1)" = \
		"$(had library/base:1)" ]
	skopeo list-tags --tls-verify=false "docker://$mirror/library/base" \
		| jq -e '.Tags == ["1", "oci"]'
}

@test "a Dockerfile builds with --build-arg REGISTRY=" {
	need buildah
	mkdir -p "$work/context"
	cat >"$work/context/Dockerfile" <<-'END'
		ARG REGISTRY=docker.io
		FROM ${REGISTRY}/library/base:1
		RUN cat /etc/arch > /built-on
	END
	buildah_at build -q --isolation chroot --tls-verify=false --build-arg "REGISTRY=$mirror" \
		-t built "$work/context"
	local box mount
	box=$(buildah_at from --pull-never built)
	mount=$(buildah_at mount "$box")
	[ "$(cat "$mount/built-on")" = amd64 ]
	buildah_at umount -a
}

@test "skopeo reads the layout as it lies there" {
	need skopeo
	skopeo copy -q --all --preserve-digests "oci:$work/mirror:docker.io/library/base:oci" \
		"dir:$work/from-layout"
	[ "sha256:$(sha256sum "$work/from-layout/manifest.json" | cut -d' ' -f1)" = \
		"$(had library/base:oci)" ]
}

@test "umoci lists the layout, and unpacks an image of it" {
	need umoci root
	umoci ls --layout "$work/mirror" | sort >"$work/umoci.refs"
	refs_in "$work/mirror" | sort | diff - "$work/umoci.refs"
	umoci unpack --image "$work/mirror:docker.io/library/empty:1" "$work/unpacked"
	[ -d "$work/unpacked/rootfs" ]
}

@test "a client that asks with HEAD and any Accept is answered" {
	[ "$(curl -sI -H 'Accept: */*' -o /dev/null -w '%{http_code} %header{docker-content-digest}' \
		"http://$mirror/v2/library/base/manifests/oci")" = "200 $(had library/base:oci)" ]
}
