#!/usr/bin/env bats
# Real clients pull over TLS, with the CA of deploy/make-ca in the place that it names, and not
# without it.

# shellcheck source=tests/interop/lib.bash
source "$BATS_TEST_DIRNAME/lib.bash"

setup_file() {
	interop_begin "$BATS_FILE_TMPDIR"
	registry_start upstream
	"$top/tests/interop/fill" "$(at upstream)" 1
	lists lists docker.io/library/base:1 docker.io/library/base:oci
	mirror_sync --mirror "$work/mirror" --lists "$work/lists"
	stop upstream
	six=()
	! grep -q ' lo$' /proc/net/if_inet6 || six=(--listen '[::1]:0')
	"$top/deploy/make-ca" "$work/ca" mirror.test localhost 127.0.0.1
	serve_start mirror "$work/mirror" --access-log "$work/access" "${six[@]}" \
		--tls-cert "$work/ca/mirror.test.pem" --tls-key "$work/ca/mirror.test.key"
}

teardown_file() { interop_end; }

setup() {
	port=$(at mirror)
	port=${port##*:}
}

# The digest of base:1, as skopeo sees it in the layout.
base() { digest_in "$work/mirror" docker.io/library/base:1; }

@test "curl, and enroot with it: the CA in the system's store" {
	curl -sf --cacert "$work/ca/ca.pem" "https://localhost:$port/v2/"
	SSL_CERT_FILE=$work/ca/ca.pem curl -sf "https://localhost:$port/v2/"
	run curl -sf "https://localhost:$port/v2/"
	[ "$status" -eq 60 ]
}

# dockerd sees /etc/docker and /etc/hosts of its own. It never verifies a host of 127.0.0.0/8, so
# the mirror is at ::1 for it.
dockerd() {
	# shellcheck disable=SC2016 # for the inner shell
	exec unshare -m --propagation private sh -c '
		mount -t tmpfs none /etc/docker && mount --bind "$0/hosts" /etc/hosts &&
		if [ -d "$0/certs.d" ]; then cp -r "$0/certs.d" /etc/docker; fi && exec "$@"' \
		"$work/etc" "$(type -P dockerd)" "$@"
}

@test "docker: certs.d" {
	need root docker unshare
	type -P dockerd >/dev/null || skip "needs dockerd"
	port6=$(sed -n 's|^listening on https://\[::1\]:||p' "$(log_of mirror)")
	[ -n "$port6" ] || skip "no IPv6 here"
	mkdir -p /etc/docker "$work/etc"
	printf '127.0.0.1 localhost\n::1 mirror.test\n' >"$work/etc/hosts"
	dockerd_start docker
	run docker_at docker pull "mirror.test:$port6/library/base:1"
	[ "$status" -ne 0 ]
	[[ $output == *"unknown authority"* ]]
	stop docker
	mkdir -p "$work/etc/certs.d/mirror.test:$port6"
	cp "$work/ca/ca.pem" "$work/etc/certs.d/mirror.test:$port6/ca.crt"
	dockerd_start docker
	docker_at docker pull "mirror.test:$port6/library/base:1"
	docker_at docker image inspect "mirror.test:$port6/library/base:1" |
		jq -e --arg id "mirror.test:$port6/library/base@$(base)" \
			'.[].RepoDigests | index([$id])'
	stop docker
}

@test "containerd: ca in hosts.toml" {
	need root containerd ctr
	mkdir -p "$work/hosts/_default"
	printf '[host."https://localhost:%s"]\n  capabilities = ["pull", "resolve"]\n' "$port" \
		>"$work/hosts/_default/hosts.toml"
	containerd_start containerd
	run ctr_at containerd image pull --hosts-dir "$work/hosts" --snapshotter native \
		docker.io/library/base:1
	[ "$status" -ne 0 ]
	printf '  ca = "%s"\n' "$work/ca/ca.pem" >>"$work/hosts/_default/hosts.toml"
	ctr_at containerd image pull --hosts-dir "$work/hosts" --snapshotter native \
		docker.io/library/base:1 >/dev/null
	ctr_at containerd image ls name==docker.io/library/base:1 | grep -F "$(base)"
	stop containerd
}

@test "podman and skopeo: ca.crt in a directory of certs.d" {
	need podman skopeo
	mkdir -p "$work/certs"
	run skopeo inspect --cert-dir "$work/certs" "docker://localhost:$port/library/base:1"
	[ "$status" -ne 0 ]
	cp "$work/ca/ca.pem" "$work/certs/ca.crt"
	[ "sha256:$(skopeo inspect --raw --cert-dir "$work/certs" "docker://localhost:$port/library/base:1" |
		sha256sum | cut -d' ' -f1)" = "$(base)" ]
	podman_at pull -q --cert-dir "$work/certs" "localhost:$port/library/base:1"
	podman_at image inspect "localhost:$port/library/base:1" |
		jq -e --arg id "localhost:$port/library/base@$(base)" \
			'.[].RepoDigests | index([$id])'
}
