#!/usr/bin/env bats
# mirror-sync: `deny DIGEST` of mirror.conf.
bats_require_minimum_version 1.5.0

setup() {
	load ../lib/sync
	world
}

teardown() {
	stop_all
}

# Prints the digest of the last layer of an image.
layer_of() { # DIGEST
	jq -r '.layers[-1].digest' "$(layout_file "$up" "$1")"
}

config_of() { # DIGEST
	jq -r '.config.digest' "$(layout_file "$up" "$1")"
}

@test "what comes is looked through before its blobs are asked for: root, child, config, layer" {
	one=$(layout_image "$up" docker.io/team/app:1 one)
	list up.example/team/app:1
	sync
	two=$(layout_image "$up" docker.io/team/app:1 two)
	child=$(layout_multi "$up" docker.io/team/multi:1 three)
	child=$(jq -r '.manifests[0].digest' "$(layout_file "$up" "$child")")
	for denied in "$two" "$(config_of "$two")" "$(layer_of "$two")"; do
		sed -i '/^deny/d' "$lists/mirror.conf"
		conf "deny $denied reason=CVE-2026-1234"
		forget_requests
		run -0 sync
		[[ $output == *"app:1: held: what upstream has now is kept back: $denied is denied \
(mirror.conf:2: CVE-2026-1234)"* ]]
		[ "$(published up.example/team/app:1)" = "$one" ]
		[ "$(requests GET blobs)" -eq 0 ]
	done
	sed -i '/^deny/d' "$lists/mirror.conf"
	conf "deny $child"
	list up.example/team/multi:1
	run -2 --separate-stderr sync
	[[ $stderr == *"multi:1: $child is denied (mirror.conf:2)"* ]]
	[ "$(published up.example/team/multi:1)" = "" ]
	sed -i '/^deny/d' "$lists/mirror.conf"
	list up.example/team/app:1 up.example/team/multi:1
	run -0 sync
	[ "$(published up.example/team/app:1)" = "$two" ]
	whole
}

@test "a line that pins what is denied fails, and both are named" {
	one=$(layout_image "$up" docker.io/team/app:1 one)
	conf "deny $one"
	list "up.example/team/app:1@$one"
	run -2 --separate-stderr sync
	[[ $stderr == *"up.example/team/app:1: $one is denied (mirror.conf:2)"* ]]
}

@test "what is published and denied fails in every run: listed or not, due or not, also a snapshot" {
	one=$(layout_image "$up" docker.io/team/app:1 one)
	layout_image "$up" docker.io/team/old:1 one
	layout_image "$up" docker.io/team/good:1 good
	list "up.example/team/app:1 refresh=never" up.example/team/old:1 up.example/team/good:1
	sync
	list "up.example/team/app:1 refresh=never" up.example/team/good:1
	conf "deny $(layer_of "$one") reason=bad"
	for _ in 1 2; do
		run -2 --separate-stderr sync --report report.json
		[[ $stderr == *"app:1: it is published, and contains what is forbidden: \
$(layer_of "$one") is denied (mirror.conf:2: bad)"* ]]
		[[ $stderr == *"old:1: it is published, and contains what is forbidden: "* ]]
		[[ $stderr != *good* ]]
		[ "$(jq -r '.denied[].ref' report.json | tr '\n' ' ')" = \
			"up.example/team/app:1 up.example/team/old:1 " ]
	done
	# upstream mends it: the snapshot keeps what is denied
	layout_image "$up" docker.io/team/app:1 two
	list up.example/team/app:1 up.example/team/good:1
	run -2 --separate-stderr sync
	snapshot=up.example/team/app:1.$(date -u +%Y%m%d)
	[[ $stderr == *"$snapshot: it is published, and contains what is forbidden: "* ]]
	run -2 --separate-stderr sync
	[[ $stderr == *"$snapshot: it is published, and contains what is forbidden: "* ]]
	sed -i '/^deny/d' "$lists/mirror.conf"
	commit "allowed again"
	run -0 sync
}

@test "deny lines are marks of the index, and go with their lines" {
	layout_image "$up" docker.io/team/app:1 one
	digest=sha256:$(printf '1%.0s' {1..64})
	list up.example/team/app:1
	conf "deny $digest reason=\"CVE-2026-1234\""
	run -0 sync
	[ "$(jq -r '.annotations["dev.ocimirror.banned"] | fromjson | .[] | [.digest, .by, .reason, .who] | join(" ")' \
		"$mirror/index.json")" = \
		"$digest deny CVE-2026-1234 mirror.conf:2@$(git -C team rev-parse HEAD)" ]
	before=$(generation)
	list up.example/team/app:1
	run -0 sync
	[ "$(generation)" = "$before" ]
	sed -i '/^deny/d' "$lists/mirror.conf"
	commit "allowed again"
	run -0 sync
	run ! grep dev.ocimirror.banned "$mirror/index.json"
}

publish() {
	run --separate-stderr "$BIN/mirror-publish" --mirror "$mirror" "$@"
}

@test "no verb goes back to content with a denied manifest, config or layer; status tells it" {
	tag=up.example/team/app:1
	list $tag
	good=$(layout_image "$up" docker.io/team/app:1 good)
	sync
	old=$(layout_multi "$up" docker.io/team/app:1 old)
	sync --label old
	layout_image "$up" docker.io/team/app:1 new >/dev/null
	sync
	new=$(published $tag)
	stamp=$(date -u +%Y%m%d)-2
	child=$(jq -r '.manifests[0].digest' "$(layout_file "$up" "$old")")
	for denied in "$old" "$child" "$(config_of "$child")" "$(layer_of "$child")"; do
		sed -i '/^deny/d' "$lists/mirror.conf"
		conf "deny $denied reason=CVE-9"
		run ! sync
		for verb in "undo" "undo --to old" "rollback $tag --to $stamp"; do
			# shellcheck disable=SC2086 # words
			publish $verb --dry-run
			[ "$status" -eq 2 ]
			# shellcheck disable=SC2086 # words
			publish $verb
			[ "$status" -eq 2 ]
			[[ $stderr == *"$tag: stays: "*" banned by deny (CVE-9)"* ]]
			[ "$(published $tag)" = "$new" ]
		done
		publish status "$tag"
		[[ $output == *"$stamp"*"banned: by deny"*"CVE-9"* ]]
		publish status --json "$tag"
		jq -e --arg d "$denied" '.images[0] | .banned == null and
			([.snapshots[].banned.digest] | index($d)) != null' <<<"$output"
		publish rollback $tag --to none
		[[ $stderr != *"$stamp"* ]]
		publish rollback $tag --dry-run
		[ "$status" -eq 0 ]
		[[ $output == *"${good:0:15}"* ]]
	done
	# a published tag that has it is told, too
	sed -i '/^deny/d' "$lists/mirror.conf"
	conf "deny $(layer_of "$new")"
	run ! sync
	publish status
	[[ $output == *"$tag"*"banned: by deny of "*" in it"* ]]
}
