#!/usr/bin/env bats
# The image of deploy/Containerfile: built on a bare Debian that is made here, put into a mirror,
# pulled from our own server, and run without root on a read-only root. "make check-deploy" runs it:
# it fetches Debian's packages.

# shellcheck source=tests/interop/lib.bash
source "$BATS_TEST_DIRNAME/../interop/lib.bash"
# shellcheck source=tests/lib/layout.bash
source "$BATS_TEST_DIRNAME/../lib/layout.bash"

setup_file() {
	interop_begin "$BATS_FILE_TMPDIR"
	# shellcheck disable=SC2030  # setup_file's variables are for all tests
	export bin=${BIN:-$top/build}
	[ "$(id -u)" = 0 ] || skip "needs root"
	for program in mmdebstrap buildah podman runc; do
		command -v "$program" >/dev/null || skip "$program is not installed"
	done
	# the base: what docker.io/library/debian:12-slim is to others. BARE=FILE has one made
	# before
	[ -n "${BARE:-}" ] ||
		mmdebstrap --quiet --variant=minbase --include=ca-certificates bookworm \
			"$work/base.tar"
	base=$(buildah_at from scratch)
	buildah_at add -q "$base" "${BARE:-$work/base.tar}" /
	buildah_at commit -q --rm "$base" localhost/base:12
	rm -f "$work/base.tar"
	make -s -C "$top" BUILD="$top/build" BASE=localhost/base:12 \
		BUILDAH="buildah --root $work/buildah/root --runroot $work/buildah/run --storage-driver vfs" \
		BUILDFLAGS="--isolation chroot" image >"$work/image.log" 2>&1 ||
		{ tail -n 30 "$work/image.log" && false; }
	# in the place of a sync: the image stands in a layout that mirror-serve serves
	buildah_at push -q "$(image)" "oci:$work/layout:docker.io/team/mirror:1"
	serve_start home "$work/layout"
	podman_at pull -q --tls-verify=false "$(at home)/team/mirror:1" >"$work/image.id"
	layout_new "$work/mirror"
	layout_image "$work/mirror" docker.io/library/alpine:1 one >"$work/one"
	chmod -R go+rX "$work/mirror" "$BATS_RUN_TMPDIR"
}

teardown_file() { interop_end; }

image() { buildah_at images --format '{{.Name}}:{{.Tag}}' | grep -m1 ocimirror; }

setup() {
	# as a careful operator would run it
	careful=(podman --root "$work/podman/root" --runroot "$work/podman/run" --storage-driver vfs
		--cgroup-manager cgroupfs --runtime runc run --rm --read-only --cap-drop all
		--security-opt no-new-privileges --network host
		--ulimit nofile=1024:1024 --ulimit nproc=1000:1000)
}

# run_image VOLUME ARGUMENTS...
run_image() {
	"${careful[@]}" -v "$1:/var/lib/mirror" "${@:2}"
}

@test "the image that came through the mirror is the one that was built, byte for byte" {
	pulled=$(podman_at image inspect --format '{{.Digest}}' "$(cat "$work/image.id")")
	[ "$pulled" = "$(digest_in "$work/layout" docker.io/team/mirror:1)" ]
}

@test "what runs in it is neither root nor able to write its root, and the programs are there" {
	# shellcheck disable=SC2016 # the inner shell expands
	run run_image "$work/mirror" "$(cat "$work/image.id")" sh -c 'id -u
		touch /usr/new && echo "the root can be written"
		for p in mirror-sync mirror-publish git ssh; do command -v $p || exit 9; done
		mirror-serve --version'
	[ "$status" -eq 0 ]
	[ "${lines[0]}" = 10001 ]
	[[ $output != *"can be written"* && ${lines[-1]} == mirror-serve* ]]
}

@test "its server answers a pull from a read-only mirror, and ends when it is told to" {
	start inner '^listening on ' "${careful[@]}" -v "$work/mirror:/var/lib/mirror:ro" \
		"$(cat "$work/image.id")" mirror-serve --listen 127.0.0.1:0
	url=$(sed -n 's/^listening on //p' "$(log_of inner)")
	[ "$(digest_at "${url#http://}" alpine 1)" = "$(cat "$work/one")" ]
	stop inner
	[ "$(cat "$work/run/inner/status")" = 0 ]
}

@test "its mirror-sync fills an empty volume that belongs to its user" {
	serve_start up "$work/mirror"
	mkdir "$work/lists" "$work/volume"
	echo docker.io/library/alpine:1 >"$work/lists/base.list"
	echo "registry docker.io endpoint=http://$(at up)" >"$work/lists/mirror.conf"
	chown 10001:10001 "$work/volume"
	run_image "$work/volume" -v "$work/lists:/lists:ro" "$(cat "$work/image.id")" \
		mirror-sync --worktree --lists /lists
	verifies "$work/volume"
	[ "$(digest_in "$work/volume" docker.io/library/alpine:1)" = "$(cat "$work/one")" ]
}
