#!/usr/bin/env bats
# A mirror of some three hundred tags out of Debian's docker-registry.

# shellcheck source=tests/interop/lib.bash
source "$BATS_TEST_DIRNAME/lib.bash"

setup_file() {
	interop_begin "$BATS_FILE_TMPDIR"
	registry_start upstream
	"$top/tests/interop/fill" "$(at upstream)" 300
	retag "$(at upstream)" library/base 1 moving
	mapfile -t images < <(all_images)
	printf '%s\n' "${images[@]}" >"$work/images"
	lists lists "${images[@]}"
}

teardown_file() { interop_end; }

setup() { mirror=$work/mirror; }

all_images() {
	local n
	printf 'docker.io/library/%s\n' base:1 base:oci base:moving tool:zstd empty:1 nested:1 \
		sbom:1 sha512:1
	for ((n = 0; n < 300; n++)); do echo "docker.io/team/app-0$((n % 10)):$n"; done
}

@test "every tag is mirrored under the digest that upstream gives it" {
	mirror_sync --mirror "$mirror" --lists "$work/lists"
	verifies "$mirror"
	digests_at "$(at upstream)" <"$work/images" | sort >"$work/upstream.digests"
	[ "$(wc -l <"$work/upstream.digests")" = 308 ]
	digests_in "$mirror" | sort | diff - "$work/upstream.digests"
}

@test "each blob was asked for once" {
	[ -z "$(requests upstream | grep '^GET .*/blobs/' | sed -E 's/.*(sha[0-9]+:[^ ]*).*/\1/' | sort | uniq -d)" ]
}

@test "a second run is one HEAD an image and publishes nothing" {
	local before generation
	before=$(requests upstream | wc -l)
	generation=$(generation_of "$mirror")
	cp -p "$mirror/index.json" "$work/index.before"
	mirror_sync --mirror "$mirror" --lists "$work/lists"
	requests upstream | tail -n "+$((before + 1))" >"$work/second"
	[ "$(cut -d' ' -f1 "$work/second" | sort | uniq -c | tr -s ' ')" = " 308 HEAD" ]
	[ -z "$(sort "$work/second" | uniq -d)" ]
	cmp "$mirror/index.json" "$work/index.before"
	[ ! "$mirror/index.json" -nt "$work/index.before" ]
	[ "$(generation_of "$mirror")" = "$generation" ]
	[ ! -e "$mirror/.mirror/generations/$((generation + 1)).json" ]
}

@test "a tag that moves twice on one day leaves two snapshots" {
	local first second third snapshots
	first=$(digest_in "$mirror" docker.io/library/base:moving)
	retag "$(at upstream)" library/base oci moving
	second=$(digest_at "$(at upstream)" library/base moving)
	mirror_sync --mirror "$mirror" --lists "$work/lists"
	put_annotated "$(at upstream)" library/base oci moving
	third=$(digest_at "$(at upstream)" library/base moving)
	mirror_sync --mirror "$mirror" --lists "$work/lists"
	verifies "$mirror"
	[ "$first" != "$second" ] && [ "$second" != "$third" ]
	[ "$(digest_in "$mirror" docker.io/library/base:moving)" = "$third" ]
	snapshots=$(digests_in "$mirror" | grep -E 'base:moving\.[0-9]{8}' | sort)
	echo "$snapshots"
	[ "$(cut -d' ' -f2 <<<"$snapshots")" = "$first"$'\n'"$second" ]
	# over midnight the second one bears the next day
	[[ "$snapshots" =~ base:moving\.([0-9]{8})-2\  ]] \
		|| [ "$(grep -c -- - <<<"$snapshots")" = 0 ]
}

@test "a reference by digest is asked for once, and never again" {
	local digest before
	digest=$(digest_at "$(at upstream)" library/base 1)
	lists pinned "docker.io/library/base@$digest"
	mirror_sync --mirror "$work/pinned-mirror" --lists "$work/pinned"
	verifies "$work/pinned-mirror"
	before=$(requests upstream | wc -l)
	mirror_sync --mirror "$work/pinned-mirror" --lists "$work/pinned"
	[ "$(requests upstream | wc -l)" = "$before" ]
}

@test "a platform filter leaves the index alone and fetches fewer of its children" {
	local other
	lists sparse 'docker.io/library/base:1 platform=linux/amd64'
	mirror_sync --mirror "$work/sparse-mirror" --lists "$work/sparse"
	verifies "$work/sparse-mirror"
	[ "$(digest_in "$work/sparse-mirror" docker.io/library/base:1)" = \
		"$(digest_at "$(at upstream)" library/base 1)" ]
	other=$(manifest_at "$(at upstream)" library/base 1 \
		| jq -r '.manifests[] | select(.platform.architecture == "arm64") | .digest')
	[ ! -e "$work/sparse-mirror/blobs/${other/://}" ]
}

@test "a tag that never existed fails alone, by name" {
	lists absent docker.io/library/base:1 docker.io/library/base:absent \
		docker.io/library/nowhere:1
	run mirror_sync --mirror "$work/absent-mirror" --lists "$work/absent"
	echo "$output"
	[ "$status" = 2 ]
	[[ "$output" == *docker.io/library/base:absent* ]] \
		&& [[ "$output" == *docker.io/library/nowhere:1* ]]
	[ "$(refs_in "$work/absent-mirror")" = docker.io/library/base:1 ]
	verifies "$work/absent-mirror"
}

@test "with the upstream stopped nothing published is lost" {
	cp "$mirror/index.json" "$work/index.before"
	stop upstream
	run mirror_sync --mirror "$mirror" --lists "$work/lists" 'docker.io/library/*'
	echo "$output"
	[ "$status" = 2 ]
	[[ "$output" == *docker.io* ]]
	cmp "$mirror/index.json" "$work/index.before"
	verifies "$mirror"
}
