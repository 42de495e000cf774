#!/usr/bin/env bats
# mirror-sync and mirror-publish on one mirror, one after the other and at the same time.

# shellcheck disable=SC2030,SC2031  # each test is a process of its own

bats_require_minimum_version 1.5.0

A=up.example/team/app:1

setup() {
	load ../lib/sync
	world
}

teardown() {
	stop_all
}

publish() {
	"$BIN/mirror-publish" --mirror "$mirror" "$@"
}

# upstream TEXT [TAG]: what upstream's tag means from now on; sets the variable TEXT to its digest.
upstream() {
	printf -v "$1" %s "$(layout_image "$up" "docker.io/team/app:${2:-1}" "$1")"
}

# means REF DIGEST
means() {
	[ "$(published "$1")" = "$2" ] || { echo "# $1 means $(published "$1"), not $2" && false; }
}

# The snapshots of a reference, as digests, in order of their names.
snapshots() {
	jq -r --arg ref "$1" '.manifests[] | select(.annotations["dev.ocimirror.snapshot-of"] == '\
'$ref) | .digest' \
		"$mirror/index.json"
}

held() {
	publish status --json "$1" | jq -r '.images[0].held.mode // "not"'
}

# one, then two: as a mirror is after two sprints
two_sprints() {
	list "$A"
	upstream one
	sync --label sprint-1
	upstream two
	sync --label sprint-2
}

@test "a rollback stands until upstream offers something else than the bad digest" {
	two_sprints
	publish rollback "$A" --reason broken
	run -0 sync
	[[ $output == *"$A: held"* ]]
	means "$A" "$one"
	before=$(generation)
	run -0 sync
	[ "$(generation)" = "$before" ]
	upstream three
	run -0 sync
	means "$A" "$three"
	[ "$(held "$A")" = not ]
	whole
}

@test "a rollback of a frozen kind stands whatever upstream offers, until released" {
	two_sprints
	publish rollback "$A" --freeze
	upstream three
	run -0 sync
	[[ $output == *"$A: held"* ]]
	means "$A" "$one"
	publish release "$A"
	sync
	means "$A" "$three"
}

@test "release after a rollback: the next sync brings back what upstream has" {
	two_sprints
	publish rollback "$A"
	publish release "$A"
	sync
	means "$A" "$two"
	[ "$(publish status "$A" --json | jq '[.images[].snapshots[] | select(.bad)] | length')" = \
		0 ]
}

@test "rollback, sync, undo, sync" {
	two_sprints
	publish rollback "$A" --reason "two is broken"
	upstream three
	sync
	means "$A" "$three"
	publish undo --reason "so is three"
	means "$A" "$one"
	run -0 sync
	[[ $output == *"$A: held"* ]]
	means "$A" "$one"
	# what the rollback blocked is blocked still
	upstream two
	sync
	means "$A" "$one"
	upstream four
	sync
	means "$A" "$four"
	[ "$(snapshots "$A" | sort)" = "$(printf '%s\n' "$one" "$two" "$three" | sort)" ]
	whole
}

@test "undo twice, with a sync in between: the second finds nothing to move" {
	two_sprints
	publish undo
	means "$A" "$one"
	sync
	before=$(generation)
	run --separate-stderr -0 publish undo
	[ -z "$output" ]
	[[ $stderr == *"nothing to change"* ]]
	[ "$(generation)" = "$before" ]
	means "$A" "$one"
}

@test "rollback twice, and both steps are blocked" {
	two_sprints
	upstream three
	sync
	publish rollback "$A"
	means "$A" "$two"
	publish rollback "$A"
	means "$A" "$one"
	for text in three two; do
		upstream $text
		sync
		means "$A" "$one"
	done
	upstream four
	sync
	means "$A" "$four"
	publish rollback "$A"
	means "$A" "$one"
}

@test "content that comes back is one step of the way back, not two" {
	list "$A"
	for text in one two one three; do
		upstream $text
		sync
	done
	publish rollback "$A"
	means "$A" "$one"
}

@test "undo by the label of a sprint" {
	two_sprints
	upstream three
	sync --label sprint-3
	publish undo --to sprint-1
	means "$A" "$one"
	publish undo --to sprint-3
	means "$A" "$three"
	run -0 publish log
	[ "$(grep -c '"sprint-' <<<"$output")" -eq 3 ]
	[[ ${lines[0]} == "generation 5 "*" undo" ]]
}

@test "a rollback while a sync runs: it is not waited for, and it stands" {
	command -v strace >/dev/null || skip "no strace here"
	list "$A" "up.example/team/app:2"
	upstream one
	upstream other 2
	sync
	upstream two
	sync
	upstream three
	upstream another 2
	# an upstream that does not answer holds the sync between reading the mirror and changing it
	kill -STOP "$upstream_pid"
	mkfifo asked
	ASAN_OPTIONS=${ASAN_OPTIONS:-}:detect_leaks=0 strace -f -qq -e trace=connect -e \
		signal=none -o asked \
		"$BIN/mirror-sync" --mirror "$mirror" --lists "$lists" >said 2>&1 3>&- &
	syncing=$!
	grep -q -m 1 'connect(.*htons('"$upstream_port"')' asked
	publish rollback "$A"
	means "$A" "$one"
	exec 8<asked
	kill -CONT "$upstream_pid"
	cat <&8 >/dev/null
	wait "$syncing"
	cat said
	means "$A" "$one"
	means up.example/team/app:2 "$another"
	grep -q "$A: held" said
	[ "$(held "$A")" = "kept back" ]
	# what came meanwhile is not what was blocked
	sync
	means "$A" "$three"
	whole
}

@test "holds stay across generations" {
	list "$A" "up.example/team/app:2"
	upstream one
	upstream a 2
	sync
	publish hold "$A" --reason audit
	for text in b c d; do
		upstream "$text" 2
		upstream "new$text"
		sync
		means "$A" "$one"
		[ "$(held "$A")" = frozen ]
		means up.example/team/app:2 "${!text}"
	done
	publish undo
	means up.example/team/app:2 "$c"
	[ "$(held "$A")" = frozen ]
	publish release '*'
	sync
	means "$A" "$newd"
	means up.example/team/app:2 "$d"
}

@test "two tags of one digest: each has its own snapshots and holds" {
	list "$A" "up.example/team/app:latest"
	for text in one two; do
		upstream $text
		upstream $text latest
		sync
	done
	publish rollback "$A"
	means "$A" "$one"
	means up.example/team/app:latest "$two"
	upstream three latest
	sync
	means "$A" "$one"
	means up.example/team/app:latest "$three"
	publish rollback --digest "$three"
	means up.example/team/app:latest "$two"
	publish release '*'
	sync
	means "$A" "$two"
	means up.example/team/app:latest "$three"
	publish rollback --digest "$two"
	means "$A" "$one"
	whole
}

@test "as=: snapshots, rollbacks and holds are the target's" {
	T=corp.example/base/app:9
	list "$A as=$T"
	upstream one
	sync
	upstream two
	sync
	[ "$(snapshots "$T")" = "$one" ]
	run -2 publish rollback "$A"
	publish rollback "$T"
	means "$T" "$one"
	sync
	means "$T" "$one"
	upstream three
	sync
	means "$T" "$three"
	[ "$(note "$T" source)" = "up.example/team/app@$three" ]
}

@test "a sparse index is rolled back to, and widened by the next sync that moves it" {
	list "up.example/team/app:1 platform=linux/amd64"
	one=$(layout_multi "$up" docker.io/team/app:1 one)
	sync
	layout_multi "$up" docker.io/team/app:1 two
	sync
	publish rollback "$A"
	means "$A" "$one"
	[ "$(note "$A" platform)" = linux/amd64 ]
	sync
	means "$A" "$one"
	whole
}

@test "what is gone upstream can be rolled back, and is gone still" {
	two_sprints
	layout_untag "$up" docker.io/team/app:1
	run sync
	[ "$status" -eq 8 ]
	publish rollback "$A"
	means "$A" "$one"
	[ -n "$(note "$A" gone-since)" ]
	whole
}

@test "the journal tells all of it, under the tag and under its snapshots" {
	two_sprints
	publish rollback "$A" --reason broken
	snapshot=$(publish status --json "$A" \
		| jq -r '.images[0].snapshots[] | select(.by == "sync") | .ref')
	run -0 publish log "$A"
	[ "$(awk '{ print $3, $5 }' <<<"$output")" = \
		"$(printf '%.19s %.19s\n' "$two" "$one" "$one" "$two" - "$one")" ]
	[[ ${lines[0]} == *"rollback, \"broken\" ("* ]]
	[[ ${lines[1]} == *"sync, kept: "*"base.list:1"* ]]
	run -0 publish log "$snapshot"
	[ "$(awk '{ print $3, $5 }' <<<"$output")" = "$(printf -- '- %.19s' "$one")" ]
	run -0 publish at "$(date -u +%F)" "$A"
	[[ $output == "$A  $one  "*"now $A" ]]
}
