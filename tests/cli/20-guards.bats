#!/usr/bin/env bats
# mirror-sync: what is rather a mistake is not done, and what may be forgotten is told.
bats_require_minimum_version 1.5.0

setup() {
	load ../lib/sync
	world
}

teardown() {
	stop_all
}

app=up.example/team/app

# N: lists and syncs that many tags of one image, and one of another.
many() {
	local lines=()
	layout_image "$up" docker.io/team/other:1 other
	for n in $(seq "$1"); do
		cp "$up/entries" entries
		lines+=("$app:$n")
	done
	one=$(layout_describe "$up" one amd64 | layout_blob "$up")
	for n in $(seq "$1"); do layout_entry "$up" "docker.io/team/app:$n" "$one"; done
	layout_publish "$up"
	list up.example/team/other:1 "${lines[@]}"
	sync >/dev/null
}

unlisted() {
	grep -c unlisted-since "$mirror/index.json" || true
}

@test "a run that would unlist very many publishes the rest, leaves these listed, and says so" {
	many 21
	git -C team mv mirror-lists/base.list mirror-lists/base.lst
	echo "up.example/team/other:1" >"$lists/other.list"
	new=$(layout_image "$up" docker.io/team/other:1 new)
	commit renamed
	run --separate-stderr -34 sync --dry-run
	[[ $stderr == *"21 of 22 listed references ($app:1 and others) match no line of the lists any \
more: they stay listed; if this is meant, give --accept-unlisted"* ]]
	run --separate-stderr -2 sync --report r.json
	[[ $stderr == *"--accept-unlisted"* ]]
	jq -e '.status == 2 and (.warnings[] | contains("--accept-unlisted"))' r.json
	[ "$(unlisted)" -eq 0 ]
	[ "$(published up.example/team/other:1)" = "$new" ]
	run -0 sync --accept-unlisted
	[ "$(unlisted)" -eq 21 ]
	run -0 sync
}

@test "--accept-unlisted has its effect in a preview and with --missing, too" {
	many 21
	list up.example/team/other:1
	run --separate-stderr -2 sync --missing
	[[ $stderr == *"--accept-unlisted"* ]]
	run --separate-stderr -0 sync --dry-run --accept-unlisted
	[[ $stderr == *"$app:1 and 20 more: would be unlisted: "* ]]
	[ "$(unlisted)" -eq 0 ]
	run -0 sync --missing --accept-unlisted
	[ "$(unlisted)" -eq 21 ]
}

@test "twenty are unlisted without a question" {
	many 20
	list up.example/team/other:1
	run --separate-stderr -0 sync --dry-run
	[[ $stderr == *"$app:1 and 19 more: would be unlisted: "* ]]
	run -0 sync
	[ "$(unlisted)" -eq 20 ]
}

@test "platform= unset: a tag that loses amd64 is a warning" {
	layout_multi "$up" docker.io/team/app:1 one
	layout_image "$up" docker.io/team/single:1 one
	list "$app:1" up.example/team/single:1
	sync
	printf '{"schemaVersion":2,"mediaType":"%s","manifests":[%s]}' "$OCI_INDEX" \
		"$(layout_child "$up" two arm64)" | layout_manifest "$up" docker.io/team/app:1 "$OCI_INDEX"
	layout_describe "$up" two arm64 | layout_manifest "$up" docker.io/team/single:1 "$OCI_MANIFEST"
	run --separate-stderr -0 sync --report r.json
	for ref in "$app:1" up.example/team/single:1; do
		[[ $stderr == *"warning: $ref: has linux/arm64; not linux/amd64, which the content \
before has"* ]]
	done
	[ "$(jq '[.images[] | select(.warning)] | length' r.json)" -eq 2 ]
	run --separate-stderr -0 sync
	[ "$stderr" = "" ]
}

@test "a hold of months has its age in every summary" {
	layout_image "$up" docker.io/team/app:1 one
	list "$app:1"
	sync
	"$BIN/mirror-publish" --mirror "$mirror" hold "$app:1"
	run -0 sync
	[[ $output != *"is held for"* ]]
	since=$(date -u -d '-100 days' +%Y-%m-%dT%H:%M:%SZ)
	sed -i "s/\\(since[^:]*:[^0-9]*\\)[0-9T:-]*Z/\\1$since/" "$mirror/index.json"
	cp "$mirror/index.json" "$mirror/.mirror/generations/$(generation).json"
	run -0 sync
	[[ $output == *"; $app:1 is held for 100d" ]]
	run -0 sync --dry-run
	[[ $output == *"; $app:1 is held for 100d" ]]
}

@test "a tag that a rollback has kept back for months is named by its age, too" {
	layout_image "$up" docker.io/team/app:1 one
	list "$app:1"
	sync
	layout_image "$up" docker.io/team/app:1 two
	sync
	"$BIN/mirror-publish" --mirror "$mirror" rollback "$app:1"
	since=$(date -u -d '-45 days' +%Y-%m-%dT%H:%M:%SZ)
	sed -i "/^{\"schemaVersion/s/\\(since[^:]*:[^0-9]*\\)[0-9T:-]*Z/\\1$since/" "$mirror/index.json"
	grep -q "$since" "$mirror/index.json"
	cp "$mirror/index.json" "$mirror/.mirror/generations/$(generation).json"
	run -0 sync
	[[ $output == *"; $app:1 is held for 45d" ]]
}

@test "last-run.json: the last run, and the last full one" {
	layout_image "$up" docker.io/team/app:1 one
	list "$app:1" up.example/team/none:1
	run -2 sync
	[ "$(jq -c '[.last == .full, .last.status, .last.generation, .last.counts]' \
		"$mirror/.mirror/last-run.json")" = '[true,2,1,{"new":1,"failed":1}]' ]
	jq -e '.last | .start <= .end and (.hosts | map(.host) == ["up.example"])' \
		"$mirror/.mirror/last-run.json"
	for args in "--missing" "*:1"; do
		run sync "$args"
		[ "$(jq -c '[.last == .full, .full.counts]' "$mirror/.mirror/last-run.json")" = \
			'[false,{"new":1,"failed":1}]' ]
	done
	cp "$mirror/.mirror/last-run.json" before
	run sync --dry-run
	run sync --check --online
	cmp before "$mirror/.mirror/last-run.json"
}

@test "--report: where it cannot be written is said before the work" {
	layout_image "$up" docker.io/team/app:1 one
	list "$app:1"
	touch file
	for path in file/r.json none/r.json; do
		run --separate-stderr -1 sync --report "$path"
		[[ $stderr == *"--report: cannot write in \"${path%/*}/\": "* ]]
		[ ! -e "$mirror" ]
	done
	run --separate-stderr -1 sync --report file/r.json
	[[ $stderr == *": Not a directory" ]]
}

@test "output that cannot be written is an error of all three programs" {
	layout_image "$up" docker.io/team/app:1 one
	list "$app:1"
	full() { "$@" >/dev/full; }
	run --separate-stderr -2 full sync
	[[ $stderr == "mirror-sync: cannot write to standard output"* ]]
	[ "$(published "$app:1")" != "" ]
	run --separate-stderr -2 full sync --check
	run --separate-stderr -2 full "$BIN/mirror-sync" --help
	run --separate-stderr -2 full "$BIN/mirror-publish" --mirror "$mirror" status
	[[ $stderr == "mirror-publish: cannot write to standard output"* ]]
	run --separate-stderr -16 full "$BIN/mirror-serve" --help
	run --separate-stderr -2 sync --report /dev/full
	[[ $stderr == *"/dev/full"*"No space left on device"* ]]
}
