#!/usr/bin/env bats
# What one image may cost: its manifests count, before they are asked for; an image that is refused
# leaves nothing behind, and others go on.
bats_require_minimum_version 1.5.0

setup() {
	load ../lib/sync
	world
	layout_image "$up" docker.io/team/good:1 good
}

teardown() {
	stop_all
}

# descriptors N SIZE [TYPE]: N descriptors of manifests that nobody has.
descriptors() {
	awk -v n="$1" -v size="$2" -v type="${3:-$OCI_MANIFEST}" -v seed="$RANDOM" 'BEGIN {
		for (i = 1; i <= n; i++)
			printf "%s{\"mediaType\":\"%s\",\"digest\":\"sha256:%032d%032d\",\"size\":%d}",
				(i > 1 ? "," : ""), type, seed, i, size
	}'
}

index() {
	printf '{"schemaVersion":2,"mediaType":"%s","manifests":[%s]}' "$OCI_INDEX" "$1"
}

# The whole run is about team/bad:1 and a good image: the first fails with $1.
fails() {
	list up.example/team/bad:1 up.example/team/good:1
	forget_requests
	run --separate-stderr -2 sync
	[[ $output == *"1 new, 1 failed"* ]]
	[[ $stderr == "mirror-sync: up.example/team/bad:1: $1" ]]
	[ "$(published up.example/team/good:1)" != "" ]
	[ "$(published up.example/team/bad:1)" = "" ]
	whole
}

@test "an image with more manifests than one may have: two indexes of 3000" {
	one=$(index "$(descriptors 3000 500)" | layout_blob "$up")
	two=$(index "$(descriptors 3000 500)" | layout_blob "$up")
	index "$(layout_desc "$up" "$one" "$OCI_INDEX"),$(layout_desc "$up" "$two" "$OCI_INDEX")" \
		| layout_manifest "$up" docker.io/team/bad:1 "$OCI_INDEX"
	fails "it has more than 5000 manifests, the most that one image may have; nothing of it \
is kept"
	[ "$(requests GET /team/bad/manifests/)" -le 18 ]
	run -2 sync --check --online
	[[ $output == *"cannot be mirrored: it has more than 5000 manifests, "* ]]
}

@test "manifests of more bytes than those of one image may have: none of them is asked for" {
	index "$(descriptors 17 4000000)" | layout_manifest "$up" docker.io/team/bad:1 "$OCI_INDEX"
	fails "its manifests have more than 64 MiB together, the most that those of one image may \
have; nothing of it is kept"
	[ "$(requests GET /team/bad/manifests/)" -eq 1 ]
}

@test "max-bytes= counts manifests: twelve of 3.9 MB, and none of them is asked for" {
	index "$(descriptors 12 3900000)" | layout_manifest "$up" docker.io/team/bad:1 "$OCI_INDEX"
	conf "policy max-bytes=1M"
	fails "needs 46.8 MB, more than the 1.0 MB of the policy's max-bytes="
	[ "$(requests GET /team/bad/manifests/)" -eq 1 ]
	for how in "--check --online" "--dry-run --sizes"; do
		forget_requests
		# shellcheck disable=SC2086  # words
		run sync $how
		[[ $output == *"needs 46.8 MB, more than the 1.0 MB of the policy's max-bytes="* ]]
		[ "$(requests GET /team/bad/manifests/)" -le 1 ]
	done
}

@test "a check tells the bytes of manifests, too, those of content that is shared once" {
	layout_multi "$up" docker.io/team/app:1 one
	layout_multi "$up" docker.io/team/app:2 one
	list up.example/team/app:{1,2}
	run -32 sync --dry-run --sizes
	told=$(grep -o '[0-9.]* [kM]*B* *[a-z]* to fetch; nothing' <<<"$output" | cut -d' ' -f1,2)
	run -0 sync --report r.json
	[ "$(jq '[.images[].bytes] | add' r.json)" -gt 1000 ]
	[[ $told == "$(jq '[.images[].bytes] | add' r.json | awk '{ printf "%.1f kB", $1 / 1000 }')" ]]
}
