#!/usr/bin/env bats
# mirror-publish, what is shown: status, log, at.

bats_require_minimum_version 1.5.0

A=docker.io/library/alpine:3.19

setup_file() {
	load ../lib/publish
	team_mirror
}

setup() {
	load ../lib/publish
	anew
}

# ---- status ----

@test "status: a reference a line, with digest, age, snapshots and what is to be said" {
	publish status
	[ "$status" -eq 0 ]
	[ -z "$stderr" ]
	[ "${#lines[@]}" -eq 2 ]
	read -r ref digest age snapshots state <<<"${lines[0]}"
	[ "$ref" = $A ]
	[ "$digest" = "$(mirror_digest three | cut -c 1-19)" ]
	[[ $age =~ ^[0-9]+[smhdy]$ ]]
	[ "$snapshots" = 2 ]
	[ "$state" = - ]
}

@test "status PATTERN: the tag, then its snapshots, the newest first" {
	publish status alpine:3.19
	[ "$status" -eq 0 ]
	[ "$(awk '{ print $1 }' <<<"$output" | tr '\n' ' ')" = "$A $A.20261110 $A.20261106 " ]
	[[ ${lines[1]} == *"replaced 2026-11-10 by sync" ]]
}

@test "status of a snapshot by its name" {
	publish status alpine:3.19.20261106
	[ "$status" -eq 0 ]
	[ "${#lines[@]}" -eq 1 ]
}

@test "status: held, gone and unlisted are said" {
	jq -c '.manifests[0].annotations += {"dev.ocimirror.gone-since": "2026-11-11T00:00:00Z",
		"dev.ocimirror.unlisted-since": "2026-11-12T00:00:00Z",
		"dev.ocimirror.held": "{\"mode\":\"frozen\",\"reason\":\"audit\",\"who\":\"eve@x\",\"since\":\"2026-11-13T00:00:00Z\"}"}' \
		mirror/index.json >i && mv i mirror/index.json
	publish status
	[[ ${lines[0]} == *'held: frozen, "audit" (eve@x, 2026-11-13); gone since 2026-11-11; '\
'unlisted since 2026-11-12' ]]
}

@test "status: what stands in an index cannot move a terminal's cursor" {
	jq -c '.manifests[0].annotations["dev.ocimirror.held"] = '\
'"{\"mode\":\"frozen\",\"who\":\"x\",\"reason\":\"\u001b[2Jboo\"}"' \
		mirror/index.json >i && mv i mirror/index.json
	publish status
	[ "$status" -eq 0 ]
	[[ $output != *$'\033'* ]]
}

@test "status --json has everything" {
	publish status --json alpine:3.19
	[ "$status" -eq 0 ]
	jq -e --arg three "$(mirror_digest three)" '.generation == 3 and .made_by == "sync" and .label == "sprint-3"
		and (.images | length) == 1 and .images[0].digest == $three and .images[0].held == null
		and (.images[0].snapshots | map(.ref)) == ["'$A.20261110'", "'$A.20261106'"]' <<<"$output"
}

@test "status: a pattern that matches nothing is status 2" {
	publish status quay.io/nobody
	[ "$status" -eq 2 ]
	[ -z "$output" ]
	[ "${#stderr_lines[@]}" -eq 1 ]
}

@test "status of a mirror in which nothing is published yet" {
	mirror_init empty
	publish --mirror empty status
	[ "$status" -eq 0 ]
	[ -z "$output" ]
	publish --mirror empty status --json
	jq -e '.images == []' <<<"$output"
}

# ---- log and at ----

@test "log: generations, the newest first, and what each changed" {
	publish log
	[ "$status" -eq 0 ]
	[[ ${lines[0]} == "generation 3  2026-11-10T08:00:00Z  sync"* ]]
	[ "$(grep -c ^generation <<<"$output")" -eq 3 ]
	[[ ${lines[1]} == "  $A "*" $(mirror_digest two | cut -c 1-19)  ->  \
$(mirror_digest three | cut -c 1-19) "* ]]
	publish log --json
	jq -e 'map(.generation) == [3, 2, 1] and (.[0].changes | length) == 2 and '\
'.[0].changes[0].who == "Ann"' <<<"$output"
}

@test "log REF: its history, the newest first" {
	publish log alpine:3.19
	[ "$status" -eq 0 ]
	[ "$(awk '{ print $1 }' <<<"$output" | tr '\n' ' ')" = "3 2 1 " ]
	publish log $A --json
	jq -e --arg one "$(mirror_digest one)" '.[2].old == null and .[2].new == $one' <<<"$output"
	publish log nobody
	[ "$status" -eq 2 ]
	[[ $stderr == *'"docker.io/library/nobody:latest" was never published here' ]]
}

@test "log: a line of the journal that is rubbish hides no other" {
	sed -i '2s/.*/rubbish/' mirror/.mirror/journal.jsonl
	publish log
	[ "$status" -eq 0 ]
	[ "$(grep -c ^generation <<<"$output")" -eq 3 ]
	[[ $stderr == *"1 line"* ]]
}

@test "at DATE REF: what it meant at the end of that day, and where that is now" {
	while read -r date text now; do
		publish at "$date" alpine:3.19
		[ "$status" -eq 0 ]
		[[ $output == "$A  $(mirror_digest "$text")  "*"now $now" ]] \
			|| { echo "$date: $output" && false; }
	done <<-END
		2026-11-05 one $A.20261106
		20261105 one $A.20261106
		2026-11-06 two $A.20261110
		2026-11-06T07:59:59Z one $A.20261106
		2026-11-06T08:00:00Z two $A.20261110
		2026-11-06T09:59:59+02:00 one $A.20261106
		2026-11-09 two $A.20261110
		2030-01-01 three $A
	END
	publish at 2026-11-06 alpine:3.19 --json
	jq -e --arg two "$(mirror_digest two)" '.digest == $two and .generation == 2' <<<"$output"
}

@test "at: before it was published, or no date at all" {
	publish at 2026-11-04 alpine:3.19
	[ "$status" -eq 2 ]
	[[ $stderr == *"it first was 2026-11-05T08:00:00Z"* ]]
	for date in yesterday 2026-11-31 2026-1-1 2026-13-01 202611 2026-11-05T 2026-11-05x ""; do
		publish at "$date" alpine:3.19
		[ "$status" -eq 1 ] || { echo "$date: $output" && false; }
	done
	publish at alpine:3.19
	[ "$status" -eq 1 ]
}

@test "an option that would change nothing is refused" {
	for options in "status --json --titles" "status --long --json"; do
		# shellcheck disable=SC2086  # several words
		publish $options
		[ "$status" -eq 1 ]
		[[ $stderr == *"--json goes without --titles and --long"* ]]
	done
	for options in "--wait 5 status" "log --wait=5" "--wait 5 at 2026-11-06 alpine:3.19" "diff 1 --wait 5" \
		"rollback alpine:3.19 --dry-run --wait 5" "--wait 5 undo --dry-run"; do
		# shellcheck disable=SC2086  # several words
		publish $options
		[ "$status" -eq 1 ]
		[[ $stderr == *" goes without --wait: it waits for nobody"* ]]
	done
	publish --wait 5 --wait 6 release alpine:3.19
	[ "$status" -eq 1 ]
	[[ $stderr == *"--wait is given twice"* ]]
}
