#!/usr/bin/env bats
# A mirror that version 0.1.0 made is read and carried on: its generations have no .previous, no
# .run and no .requires, its holds are in the entries. tests/fixtures/mirror-0.1.0.tar.gz has the
# mirror and its upstream (up.example), nine generations: three syncs, two rollbacks of app:1 and
# one of app:2 (frozen), a hold of frozen:1, a sync that found gone:1 gone and dropped:1 on no list,
# and an undo.

bats_require_minimum_version 1.5.0

APP1=up.example/team/app:1

setup() {
	load ../lib/sync
	world
	rm -rf "$mirror"
	tar -xzf "$BATS_TEST_DIRNAME/../fixtures/mirror-0.1.0.tar.gz"
	serve old --access-log old.access up
	echo "registry up.example endpoint=$old_url" >"$lists/mirror.conf"
	list up.example/team/{app:1,app:2,frozen:1,gone:1,multi:1}
	export MIRROR_DIR=$mirror
}

teardown() {
	stop_all
}

publish() {
	run --separate-stderr "$BIN/mirror-publish" "$@"
}

old_generations() {
	(cd "$mirror/.mirror/generations" && sha256sum {0..9}.json)
}

@test "status, log, at and diff read it" {
	publish status --json
	[ "$status" -eq 0 ]
	jq -e '.generation == 9 and .made_by == "undo" and (.images | length) == 6' <<<"$output"
	publish log --json
	[ "$status" -eq 0 ]
	[ -z "$stderr" ]
	[ "$(jq -c 'map(.generation)' <<<"$output")" = "[9,8,7,6,5,4,3,2,1]" ]
	publish at 2026-11-28 $APP1 --json
	[ "$status" -eq 0 ]
	[ "$(jq -r .digest <<<"$output")" = "$(published $APP1)" ]
	publish diff sprint-1 sprint-3 --json
	[ "$status" -eq 0 ]
	jq -e '[.changes[] | select(.change == "moved").ref] == ["up.example/team/app:1",
		"up.example/team/app:2", "up.example/team/frozen:1"]' <<<"$output"
}

@test "the first publish carries it on, and what was kept stays as it was" {
	kept=$(old_generations)
	journal=$(cat "$mirror/.mirror/journal.jsonl")
	before=sha256:$(sha256sum <"$mirror/index.json" | cut -d' ' -f1)
	publish hold up.example/team/multi:1
	[ "$status" -eq 0 ]
	[ "$(generation)" = 10 ]
	jq -e --arg before "$before" '.annotations | .["dev.ocimirror.previous"] == $before
		and (.["dev.ocimirror.run"] | fromjson | .who and .moved == 0 and .added == 0)' "$mirror/index.json"
	[ "$(old_generations)" = "$kept" ]
	[ "$(head -n "$(wc -l <<<"$journal")" "$mirror/.mirror/journal.jsonl")" = "$journal" ]
	whole
}

@test "rollback, release and undo" {
	publish rollback up.example/team/frozen:1 --to 20261128 --reason "test"
	[ "$status" -eq 0 ]
	publish release up.example/team/app:1
	[ "$status" -eq 0 ]
	publish undo --to sprint-3 --reason "back"
	[[ $status -eq 0 || $status -eq 2 ]]
	whole
	publish status
	[ "$status" -eq 0 ]
}

@test "a sync goes on: what is held stays, and what is gone is told" {
	run --separate-stderr sync --report r.json
	[ "$((status & ~8))" -eq 0 ]
	[[ $(entry up.example/team/frozen:1) == *frozen* ]]
	jq -e '[.images[] | {(.ref): .state}] | add
		| .["up.example/team/frozen:1"] == "current" and .["up.example/team/gone:1"] == "gone"
		and .["up.example/team/multi:1"] == "current"' r.json
	whole
	publish log --limit 1
	[ "$status" -eq 0 ]
}

@test "its differences are made a few at a time, and read like the others" {
	for _ in 1 2 3 4 5 6; do
		publish hold up.example/team/multi:1
		publish release up.example/team/multi:1
	done
	[ -e "$mirror/.mirror/generations/5.diff" ]
	[ ! -e "$mirror/.mirror/generations/5.json" ]
	for label in sprint-1 sprint-2 sprint-3 sprint-4; do
		publish diff "$label" 21
		[ "$status" -eq 0 ]
	done
	publish diff 5 6
	[ "$status" -eq 0 ]
	[[ $output == *"up.example/team/app:2 "*moved* ]]
	whole
}

@test "an older index.json that is put back is refused, one generation back, too" {
	for number in 2 8; do
		cp "$mirror/.mirror/generations/$number.json" "$mirror/index.json"
		publish hold up.example/team/multi:1
		[ "$status" -eq 16 ]
		[[ $stderr == *"mirror-publish restored"* ]]
		run --separate-stderr sync
		[ "$status" -eq 16 ]
		[[ $stderr == *"mirror-publish restored"* ]]
		[ "$(wc -l <"$mirror/.mirror/journal.jsonl")" -eq 28 ]
	done
	publish restored --reason "drill"
	[ "$status" -eq 0 ]
	[ "$(generation)" = 10 ]
	whole
}
