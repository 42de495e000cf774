#!/usr/bin/env bats
# Clients that Debian 12 does not have, and those that it has, at a mirror with TLS by the CA of
# deploy/make-ca and with users: each pulls what is public and what is private, and finds the digest
# that the mirror publishes. "make check-deploy" runs it: ci/deploy-tools fetches the clients. The
# table in docs/clients.md has the versions and the results.

# shellcheck source=tests/interop/lib.bash
source "$BATS_TEST_DIRNAME/../interop/lib.bash"

setup_file() {
	interop_begin "$BATS_FILE_TMPDIR"
	registry_start upstream
	"$top/tests/interop/fill" "$(at upstream)" 10
	chart
	conf="registry docker.io endpoint=http://$(at upstream)
registry quay.io endpoint=http://$(at upstream)" \
		lists lists docker.io/library/base:{1,oci} quay.io/library/base:oci \
		docker.io/charts/hello:1.0.0 'docker.io/team/app-03:3 private=team-a'
	mirror_sync --mirror "$work/mirror" --lists "$work/lists"
	stop upstream
	htpasswd -nbBC 4 ann secret >"$work/users"
	htpasswd -nbBC 4 bob hunter2 >>"$work/users"
	echo 'team-a: ann' >"$work/groups"
	chmod 600 "$work/users"
	"$top/deploy/make-ca" "$work/ca" mirror.test localhost 127.0.0.1
	six=()
	! grep -q ' lo$' /proc/net/if_inet6 || six=(--listen '[::1]:0')
	serve_start mirror "$work/mirror" --access-log "$work/access" "${six[@]}" \
		--tls-cert "$work/ca/mirror.test.pem" --tls-key "$work/ca/mirror.test.key" \
		--htpasswd "$work/users" --groups "$work/groups"
}

teardown_file() { interop_end; }

# A Helm chart at the upstream, pushed by helm itself where it is installed.
chart() {
	command -v helm >/dev/null || return 0
	helm create "$work/hello" >/dev/null
	sed -i 's/^version: .*/version: 1.0.0/' "$work/hello/Chart.yaml"
	helm package -d "$work" "$work/hello" >/dev/null
	helm push --plain-http "$work/hello-1.0.0.tgz" "oci://$(at upstream)/charts"
}

setup() {
	mirror=localhost:$(at mirror | sed 's/.*://')
	export SSL_CERT_FILE=$work/ca/ca.pem
	public=$(digest_in "$work/mirror" docker.io/library/base:1)
	private=$(digest_in "$work/mirror" docker.io/team/app-03:3)
}

teardown() {
	rm -rf "${work:?}"/home/.docker "${work:?}"/home/.config "${work:?}"/dest
	stop docker
	stop containerd
}

# refused COMMAND...: it fails, and its words are kept in $output.
refused() {
	run "$@"
	[ "$status" -ne 0 ]
}

@test "crane: digest, pull, ls and copy, with and without a login" {
	need crane
	[ "$(crane digest "$mirror/library/base:1")" = "$public" ]
	crane pull --format oci "$mirror/library/base:1" "$work/dest"
	crane validate --remote "$mirror/library/base:1"
	[ "$(crane ls "$mirror/library/base")" = $'1\noci' ]
	refused crane digest "$mirror/team/app-03:3"
	for login in ann:guess carl:secret bob:hunter2; do
		crane auth login -u "${login%:*}" -p "${login#*:}" "$mirror"
		refused crane digest "$mirror/team/app-03:3"
		[ "$(crane digest "$mirror/library/base:1")" = "$public" ]
	done
	crane auth login -u ann -p secret "$mirror"
	[ "$(crane digest "$mirror/team/app-03:3")" = "$private" ]
	crane validate --remote "$mirror/team/app-03:3"
	crane catalog "$mirror" | tee /dev/stderr | grep -x docker.io/team/app-03
}

@test "oras: pull, discover and copy, with and without a login" {
	need oras
	# oras takes localhost for a registry without TLS
	local from=(--from-ca-file "$work/ca/ca.pem" --from-plain-http=false)
	local oras=(--ca-file "$work/ca/ca.pem" --plain-http=false)
	[ "$(oras resolve "${oras[@]}" "$mirror/library/base:1")" = "$public" ]
	oras copy "${from[@]}" "$mirror/library/base:oci" --to-oci-layout "$work/dest:1"
	oras repo tags "${oras[@]}" "$mirror/library/base"
	oras discover "${oras[@]}" "$mirror/library/base:1"
	refused oras resolve "${oras[@]}" "$mirror/team/app-03:3"
	for login in ann:guess carl:secret; do
		refused oras login "${oras[@]}" -u "${login%:*}" -p "${login#*:}" "$mirror"
	done
	oras login "${oras[@]}" -u bob -p hunter2 "$mirror"
	refused oras resolve "${oras[@]}" "$mirror/team/app-03:3"
	[ "$(oras resolve "${oras[@]}" "$mirror/library/base:1")" = "$public" ]
	oras login "${oras[@]}" -u ann -p secret "$mirror"
	[ "$(oras resolve "${oras[@]}" "$mirror/team/app-03:3")" = "$private" ]
	oras copy "${from[@]}" "$mirror/team/app-03:3" --to-oci-layout "$work/dest:2"
	oras repo ls "${oras[@]}" "$mirror"
}

@test "regctl: digest and copy, with and without a login" {
	need regctl
	regctl registry set --tls enabled --cacert "$(cat "$work/ca/ca.pem")" "$mirror"
	[ "$(regctl image digest "$mirror/library/base:1")" = "$public" ]
	regctl image copy --referrers --digest-tags "$mirror/library/base:oci" "ocidir://$work/dest:1"
	regctl tag ls "$mirror/library/base"
	refused regctl image digest "$mirror/team/app-03:3"
	for login in ann:guess carl:secret; do
		refused regctl registry login -u "${login%:*}" -p "${login#*:}" "$mirror"
		regctl registry logout "$mirror"
	done
	regctl registry login -u bob -p hunter2 "$mirror"
	refused regctl image digest "$mirror/team/app-03:3"
	[ "$(regctl image digest "$mirror/library/base:1")" = "$public" ]
	regctl registry login -u ann -p secret "$mirror"
	[ "$(regctl image digest "$mirror/team/app-03:3")" = "$private" ]
	regctl image copy "$mirror/team/app-03:3" "ocidir://$work/dest:2"
	regctl repo ls "$mirror"
}

@test "helm pulls a chart" {
	need helm
	mkdir "$work/dest"
	helm pull --ca-file "$work/ca/ca.pem" -d "$work/dest" "oci://$mirror/charts/hello" \
		--version 1.0.0
	cmp "$work/dest/hello-1.0.0.tgz" "$work/hello-1.0.0.tgz"
	helm show chart --ca-file "$work/ca/ca.pem" "oci://$mirror/charts/hello"
	refused helm registry login --ca-file "$work/ca/ca.pem" -u ann -p guess "$mirror"
	helm registry login --ca-file "$work/ca/ca.pem" -u ann -p secret "$mirror"
	helm pull --ca-file "$work/ca/ca.pem" -d "$work/dest" "oci://$mirror/charts/hello"
}

# etc: sets $mirror6, the mirror as mirror.test at ::1 (docker verifies no host of 127.0.0.0/8), and
# $in_etc, words in front of a command that is to know it: with an /etc/hosts, an /etc/docker and an
# /etc/containers of its own, which have the CA. Skips without IPv6.
etc() {
	local port
	need root unshare
	port=$(sed -n 's|^listening on https://\[::1\]:||p' "$(log_of mirror)")
	[ -n "$port" ] || skip "no IPv6 here"
	mirror6=mirror.test:$port
	mkdir -p /etc/docker /etc/containers "$work/etc/docker/certs.d/$mirror6" \
		"$work/etc/containers/certs.d/$mirror6"
	printf '127.0.0.1 localhost\n::1 mirror.test\n' >"$work/etc/hosts"
	echo '{"default": [{"type": "insecureAcceptAnything"}]}' >"$work/etc/containers/policy.json"
	cp "$work/ca/ca.pem" "$work/etc/docker/certs.d/$mirror6/ca.crt"
	cp "$work/ca/ca.pem" "$work/etc/containers/certs.d/$mirror6/ca.crt"
	# shellcheck disable=SC2016 # for the inner shell
	in_etc=(unshare -m --propagation private sh -c '
		mount --bind "$0/hosts" /etc/hosts && mount --bind "$0/docker" /etc/docker &&
		mount --bind "$0/containers" /etc/containers && exec "$@"' "$work/etc")
	unset SSL_CERT_FILE
}

dockerd() { exec "${in_etc[@]}" "$(type -P dockerd)" "$@"; }

@test "docker: certs.d, registry-mirrors and docker login" {
	need docker
	type -P dockerd >/dev/null || skip "needs dockerd"
	etc
	dockerd_start docker --registry-mirror "https://$mirror6"
	docker_at docker pull base:1
	docker_at docker image inspect base:1 |
		jq -e --arg id "base@$public" '.[].RepoDigests | index([$id])'
	docker_at docker pull "$mirror6/library/base:1"
	refused docker_at docker pull "$mirror6/team/app-03:3"
	refused "${in_etc[@]}" docker -H "unix://$work/run/docker/sock" login -u ann -p guess "$mirror6"
	docker_at docker login -u bob -p hunter2 "$mirror6"
	refused docker_at docker pull "$mirror6/team/app-03:3"
	docker_at docker login -u ann -p secret "$mirror6"
	docker_at docker pull "$mirror6/team/app-03:3"
	docker_at docker image inspect "$mirror6/team/app-03:3" |
		jq -e --arg id "$mirror6/team/app-03@$private" '.[].RepoDigests | index([$id])'
	stop docker
}

@test "podman, buildah and skopeo: certs.d and podman login" {
	need podman buildah skopeo
	etc
	local auth=(--authfile "$work/auth.json")
	local podman=("${in_etc[@]}" podman --root "$work/podman/root" --runroot "$work/podman/run"
		--storage-driver vfs)
	"${podman[@]}" pull -q "$mirror6/library/base:1"
	refused "${podman[@]}" pull -q "$mirror6/team/app-03:3"
	refused "${podman[@]}" login "${auth[@]}" -u ann -p guess "$mirror6"
	"${podman[@]}" login "${auth[@]}" -u bob -p hunter2 "$mirror6"
	refused "${in_etc[@]}" skopeo inspect "${auth[@]}" "docker://$mirror6/team/app-03:3"
	"${podman[@]}" login "${auth[@]}" -u ann -p secret "$mirror6"
	"${podman[@]}" pull -q "${auth[@]}" "$mirror6/team/app-03:3"
	"${in_etc[@]}" skopeo inspect --raw "${auth[@]}" "docker://$mirror6/team/app-03:3" >"$work/raw"
	[ "sha256:$(sha256sum <"$work/raw" | cut -d' ' -f1)" = "$private" ]
	"${in_etc[@]}" skopeo list-tags "${auth[@]}" "docker://$mirror6/team/app-03"
	"${in_etc[@]}" buildah --root "$work/buildah/root" --runroot "$work/buildah/run" \
		--storage-driver vfs pull -q "${auth[@]}" "$mirror6/team/app-03:3"
}

# build_scripts: prints the script of each build job of ci/pipelines to a file in $work/jobs.
build_scripts() {
	local dir=$top/ci/pipelines
	mkdir -p "$work/jobs"
	yq -r '.jobs.build.steps[] | select(.run) | .run' "$dir/github/build.yml" >"$work/jobs/github"
	yq -r '.build.script[]' "$dir/gitlab/build.gitlab-ci.yml" >"$work/jobs/gitlab"
	awk -v quotes="\047\047\047" 'index($0, "sh " quotes) { on = 1; next }
		on && index($0, quotes) { exit }
		on' "$dir/jenkins/Jenkinsfile.build" >"$work/jobs/jenkins"
}

@test "docker: the build jobs of ci/pipelines, with an ARG for each upstream" {
	need docker yq
	type -P dockerd >/dev/null || skip "needs dockerd"
	etc
	dockerd_start docker
	build_scripts
	mkdir "$work/context"
	cat >"$work/context/Dockerfile" <<-'END'
		ARG REGISTRY=docker.io
		ARG QUAY=quay.io
		FROM ${QUAY}/library/base:oci AS tools
		FROM ${REGISTRY}/library/base:1
		COPY --from=tools /etc/arch /etc/arch-of-quay
	END
	for job in github gitlab jenkins; do
		(cd "$work/context" && env DOCKER_HOST="unix://$work/run/docker/sock" MIRROR="$mirror6" \
			GITHUB_SHA=$job CI_COMMIT_SHA=$job GIT_COMMIT=$job sh -e "$work/jobs/$job")
		docker_at docker image inspect "app:$job"
	done
	grep -F "/v2/quay.io/library/base/manifests/oci" "$work/access"
	stop docker
}

# cri_start: containerd with its CRI, without a network for pods.
cri_start() {
	local dir=$work/run/containerd
	mkdir -p "$dir"
	cat >"$dir/config.toml" <<-END
		version = 2
		root = "$dir/root"
		state = "$dir/state"
		[grpc]
		  address = "$dir/sock"
		[plugins."io.containerd.grpc.v1.cri"]
		  stream_server_port = "0"
		  [plugins."io.containerd.grpc.v1.cri".containerd]
		    snapshotter = "native"
		  [plugins."io.containerd.grpc.v1.cri".registry]
		    config_path = "$work/hosts"
	END
	start containerd 'containerd successfully booted' containerd -c "$dir/config.toml"
	crictl=(crictl --runtime-endpoint "unix://$dir/sock" --image-endpoint "unix://$dir/sock")
}

# pulled REF: the digests under which containerd keeps it.
pulled() { "${crictl[@]}" inspecti "$1" | jq -r '.status.repoDigests[]'; }

@test "containerd's CRI, as a kubelet asks it: hosts.toml and the pod's secret" {
	need root containerd crictl
	mkdir -p "$work/hosts/_default"
	printf '[host."https://%s"]\n  capabilities = ["pull", "resolve"]\n  ca = "%s"\n' "$mirror" \
		"$work/ca/ca.pem" >"$work/hosts/_default/hosts.toml"
	cri_start
	"${crictl[@]}" pull docker.io/library/base:1
	pulled docker.io/library/base:1 | grep -x "docker.io/library/base@$public"
	refused "${crictl[@]}" pull docker.io/team/app-03:3
	for login in hub-user:hub-password ann:guess bob:hunter2; do
		refused "${crictl[@]}" pull --creds "$login" docker.io/team/app-03:3
		"${crictl[@]}" pull --creds "$login" docker.io/library/base:1
	done
	"${crictl[@]}" pull --creds ann:secret docker.io/team/app-03:3
	pulled docker.io/team/app-03:3 | grep -x "docker.io/team/app-03@$private"
	"${crictl[@]}" rmi docker.io/team/app-03:3
	"${crictl[@]}" pull --creds ann:secret "$mirror/team/app-03:3"
	stop containerd
}

# layer_of TAG: pushes the files in $work/files as an image of one zstd:chunked layer.
layer_of() {
	local box
	box=$(buildah_at from --pull-never scratch)
	buildah_at copy -q "$box" "$work/files" /
	buildah_at commit -q --rm "$box" "localhost/parts:$1"
	podman --root "$work/buildah/root" --runroot "$work/buildah/run" --storage-driver vfs push -q \
		--tls-verify=false --compression-format zstd:chunked "localhost/parts:$1" \
		"docker://$(at upstream)/team/parts:$1"
}

@test "podman fetches of a zstd:chunked layer what is new, by ranges" {
	need root podman buildah
	local plain size sent
	registry_start upstream
	mkdir "$work/files"
	for file in {1..50}; do head -c 60000 /dev/urandom >"$work/files/$file"; done
	layer_of 1
	for file in 7 70; do head -c 60000 /dev/urandom >"$work/files/$file"; done
	layer_of 2
	lists lists docker.io/team/parts:{1,2}
	mirror_sync --mirror "$work/parts" --lists "$work/lists"
	serve_start parts "$work/parts" --access-log "$work/parts.access"
	plain=$(at parts)
	cat >"$work/partial.conf" <<-END
		[storage]
		driver = "overlay"
		runroot = "$work/partial/run"
		graphroot = "$work/partial/root"
		[storage.options]
		pull_options = {enable_partial_images = "true"}
	END
	export CONTAINERS_STORAGE_CONF=$work/partial.conf
	podman pull -q --tls-verify=false "$plain/team/parts:1"
	: >"$work/parts.access"
	podman pull -q --tls-verify=false "$plain/team/parts:2"
	podman image inspect "$plain/team/parts:2" |
		jq -e --arg id "$(digest_in "$work/parts" docker.io/team/parts:2)" '.[].Digest == $id'
	size=$(manifest_at "$plain" team/parts 2 | jq '.layers[0].size')
	sent=$(awk '/"GET .*\/blobs\// && $9 == 206 { n += $10 } END { print n + 0 }' \
		"$work/parts.access")
	echo "$sent of $size bytes"
	[ "$sent" -gt 120000 ] && [ "$sent" -lt $((size / 4)) ]
}
