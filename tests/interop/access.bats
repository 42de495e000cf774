#!/usr/bin/env bats
# Real clients at a mirror-serve with users: a login that is somebody else's breaks no public pull,
# and a private image is pulled with the user's own.

# shellcheck source=tests/interop/lib.bash
source "$BATS_TEST_DIRNAME/lib.bash"

setup_file() {
	interop_begin "$BATS_FILE_TMPDIR"
	registry_start upstream
	"$top/tests/interop/fill" "$(at upstream)" 10
	lists lists docker.io/library/base:1 'docker.io/team/app-03:3 private=team-a'
	mirror_sync --mirror "$work/mirror" --lists "$work/lists"
	stop upstream
	htpasswd -nbBC 4 ann secret >"$work/users"
	htpasswd -nbBC 4 bob hunter2 >>"$work/users"
	echo 'team-a: ann' >"$work/groups"
	chmod 600 "$work/users"
	serve_start mirror "$work/mirror" --htpasswd "$work/users" --groups "$work/groups"
}

teardown_file() { interop_end; }

setup() { mirror=$(at mirror); }

teardown() {
	rm -rf "${work:?}"/home/.docker "${work:?}"/home/.config "${work:?}"/dest
	stop docker
	stop containerd
}

# knows HOST USER PASSWORD: what docker login keeps.
knows() {
	mkdir -p "$HOME/.docker"
	jq -n --arg host "$1" --arg auth "$(printf %s "$2:$3" | base64)" \
		'{auths: {($host): {auth: $auth}}}' >"$HOME/.docker/config.json"
}

@test "docker with registry-mirrors pulls what is public, logged in to Docker Hub or not" {
	need root dockerd docker
	dockerd_start docker --registry-mirror "http://$mirror"
	docker_at docker pull base:1
	docker_at docker rmi base:1
	knows https://index.docker.io/v1/ hub-user hub-password
	docker_at docker pull base:1
	docker_at docker rmi base:1
	# the same name as a user's here, with another password
	knows https://index.docker.io/v1/ ann hub-password
	docker_at docker pull base:1
	docker_at docker rmi base:1
	# an identity token, as Docker Desktop keeps one
	mkdir -p "$HOME/.docker"
	jq -n '{auths: {"https://index.docker.io/v1/": {auth: "aHViLXVzZXI6", identitytoken: "of-the-hub"}}}' \
		>"$HOME/.docker/config.json"
	docker_at docker pull base:1
	# what is private is not there for it
	run docker_at docker pull team/app-03:3
	[ "$status" -ne 0 ]
}

@test "docker login fails with a wrong password, and with a name that is nobody's" {
	need root dockerd docker
	dockerd_start docker
	for login in ann:guess carl:secret; do
		run docker_at docker login -u "${login%:*}" -p "${login#*:}" "$mirror"
		[ "$status" -ne 0 ]
		[[ $output == *unauthorized* ]]
	done
	run docker_at docker pull "$mirror/team/app-03:3"
	[ "$status" -ne 0 ]
	docker_at docker login -u bob -p hunter2 "$mirror"
	run docker_at docker pull "$mirror/team/app-03:3"
	[ "$status" -ne 0 ]
	docker_at docker pull "$mirror/library/base:1"
	docker_at docker login -u ann -p secret "$mirror"
	docker_at docker pull "$mirror/team/app-03:3"
}

@test "containerd pulls what is public with any credentials, and what is private with a member's" {
	need root containerd ctr
	mkdir -p "$work/hosts/docker.io"
	printf 'server = "http://%s"\n[host."http://%s"]\n  capabilities = ["pull", "resolve"]\n' \
		"$mirror" "$mirror" >"$work/hosts/docker.io/hosts.toml"
	containerd_start containerd
	pull() {
		ctr_at containerd image pull --hosts-dir "$work/hosts" --snapshotter native \
			--plain-http "${@:2}" "$1" >/dev/null
	}
	pull docker.io/library/base:1
	ctr_at containerd image rm docker.io/library/base:1
	pull docker.io/library/base:1 --user hub-user:hub-password
	for login in '' hub-user:hub-password ann:guess bob:hunter2; do
		run pull docker.io/team/app-03:3 ${login:+--user "$login"}
		[ "$status" -ne 0 ]
	done
	pull "$mirror/team/app-03:3" --user ann:secret
	# the node's own credentials, for all its pods (docs/access.md)
	printf '  [host."http://%s".header]\n    Authorization = "Basic %s"\n' "$mirror" \
		"$(printf %s ann:secret | base64)" >>"$work/hosts/docker.io/hosts.toml"
	pull docker.io/team/app-03:3
}

@test "podman pulls what is public; podman login tells a wrong password" {
	need podman runc
	podman_at pull -q --tls-verify=false "$mirror/library/base:1"
	podman_at pull -q --tls-verify=false --creds hub-user:hub-password "$mirror/library/base:1"
	run podman_at pull -q --tls-verify=false "$mirror/team/app-03:3"
	[ "$status" -ne 0 ]
	for login in ann:guess carl:secret; do
		run podman_at login --tls-verify=false --authfile "$work/auth.json" \
			-u "${login%:*}" -p "${login#*:}" "$mirror"
		[ "$status" -ne 0 ]
		[[ $output == *"invalid username/password"* ]]
	done
	podman_at login --tls-verify=false --authfile "$work/auth.json" -u ann -p secret "$mirror"
	podman_at pull -q --tls-verify=false --authfile "$work/auth.json" "$mirror/team/app-03:3"
	# through registries.conf, with the same login
	printf '[[registry]]\nprefix = "docker.io"\nlocation = "docker.io"\n[[registry.mirror]]\n%s\n' \
		"location = \"$mirror/docker.io\"
insecure = true" >"$CONTAINERS_REGISTRIES_CONF"
	podman_at pull -q --authfile "$work/auth.json" docker.io/team/app-03:3
	podman_at pull -q docker.io/library/base:1
}

@test "skopeo with and without credentials" {
	need skopeo
	copy() { skopeo copy -q --src-tls-verify=false "${@:2}" "docker://$mirror/$1" "dir:$work/dest"; }
	copy library/base:1
	copy library/base:1 --src-creds hub-user:hub-password
	run copy team/app-03:3
	[ "$status" -ne 0 ]
	run copy team/app-03:3 --src-creds ann:guess
	[ "$status" -ne 0 ]
	run copy team/app-03:3 --src-creds bob:hunter2
	[ "$status" -ne 0 ]
	copy team/app-03:3 --src-creds ann:secret
	skopeo list-tags --tls-verify=false --creds ann:secret "docker://$mirror/team/app-03"
}
