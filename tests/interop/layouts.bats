#!/usr/bin/env bats
# Layouts as other programs write them, served by mirror-serve --name and pulled by skopeo.

# shellcheck source=tests/interop/lib.bash
source "$BATS_TEST_DIRNAME/lib.bash"

setup_file() {
	interop_begin "$BATS_FILE_TMPDIR"
	mkdir -p "$work/context"
	echo hello >"$work/context/file"
	printf 'FROM scratch\nCOPY file /file\n' >"$work/context/Dockerfile"
}

teardown_file() { interop_end; }

# The programs that write a layout: each is given its directory.
from_buildah() {
	need buildah
	buildah_at build -q --isolation chroot -t made "$work/context"
	buildah_at push -q made "oci:$1"
}

from_buildah_tagged() {
	need buildah
	buildah_at build -q --isolation chroot -t made "$work/context"
	buildah_at push -q made "oci:$1:1.0"
}

from_skopeo() {
	need skopeo umoci
	umoci_image "$work/source"
	skopeo copy -q "oci:$work/source:1.0" "oci:$1"
}

from_skopeo_twice() {
	need skopeo umoci
	umoci_image "$work/source"
	skopeo copy -q "oci:$work/source:1.0" "oci:$1:1.0"
	skopeo copy -q "oci:$work/source:1.0" "oci:$1:2.0"
}

from_umoci() {
	need umoci
	umoci_image "$1"
}

umoci_image() {
	[ ! -d "$1" ] || return 0
	umoci init --layout "$1"
	umoci new --image "$1:1.0"
	umoci insert --image "$1:1.0" "$work/context/file" /file
}

# served_as WRITER TAG...: what it wrote is served under these tags, and can be pulled whole.
served_as() {
	local writer=$1 tag
	shift
	"$writer" "$work/$writer"
	serve_start "$writer" "$work/$writer" --name team/app
	curl -s "http://$(at "$writer")/v2/team/app/tags/list" | jq -r '.tags[]' \
		| diff - <(printf '%s\n' "$@")
	for tag; do
		skopeo copy -q --src-tls-verify=false "docker://$(at "$writer")/team/app:$tag" \
			"dir:$work/pulled-$writer-$tag"
	done
	stop "$writer"
}

@test "buildah push without a name: latest" { served_as from_buildah latest; }

@test "buildah push with a tag" { served_as from_buildah_tagged 1.0; }

@test "skopeo copy without a name: latest" { served_as from_skopeo latest; }

@test "skopeo copy of two tags" { served_as from_skopeo_twice 1.0 2.0; }

@test "umoci" { served_as from_umoci 1.0; }
