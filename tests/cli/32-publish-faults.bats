#!/usr/bin/env bats
# mirror-publish when something is in the way: locks, disks, kills, mirrors that are none, wrong
# command lines.

# shellcheck disable=SC2030,SC2031  # each test is a process of its own

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

# ---- locks ----

@test "no verb waits for a running sync" {
	: >mirror/.mirror/sync.lock
	exec 7>mirror/.mirror/sync.lock
	flock 7
	publish rollback alpine:3.19 7>&-
	[ "$status" -eq 0 ]
	publish undo --to 1 7>&-
	[ "$status" -eq 0 ]
	publish hold alpine:3.19 7>&-
	[ "$status" -eq 0 ]
	exec 7>&-
}

@test "while somebody else publishes: status 16, and nothing is changed" {
	: >mirror/.mirror/lock
	exec 7>mirror/.mirror/lock
	flock 7
	before=$(files_of mirror)
	publish rollback alpine:3.19 --wait 0 7>&-
	[ "$status" -eq 16 ]
	[[ $stderr == *".mirror/lock"* ]]
	same_mirror mirror "$before"
	publish status 7>&-
	[ "$status" -eq 0 ]
	exec 7>&-
}

# ---- mirrors that are none, and other mistakes ----

@test "no mirror: one line that says how to name it, status 16, and nothing is made" {
	for verb in status log "at 2026-11-05 x" "rollback x" "hold x" "release x" undo; do
		# shellcheck disable=SC2086  # words
		publish --mirror nowhere $verb
		[ "$status" -eq 16 ]
		[ "${#stderr_lines[@]}" -eq 1 ]
		[[ $stderr == *'no mirror at "nowhere"'*MIRROR_DIR* ]]
		[ ! -e nowhere ]
	done
}

@test "what is no mirror is left as it is" {
	mkdir plain && touch plain/file
	layout_new foreign
	layout_image foreign registry.example/a:1 one
	cp -r mirror other && printf '{"imageLayoutVersion":"2.0.0"}' >other/oci-layout
	for dir in plain foreign other; do
		before=$(files_of $dir)
		for verb in status "rollback x" undo; do
			# shellcheck disable=SC2086  # words
			publish --mirror $dir $verb
			[ "$status" -eq 16 ] || { echo "$dir $verb: $status $stderr" && false; }
			[ "${#stderr_lines[@]}" -eq 1 ]
			same_mirror $dir "$before"
		done
	done
}

@test "an index.json that is broken, cut or missing stops everything, and nothing is changed" {
	for how in '{' '' 'null' '{"schemaVersion":2,"manifests":[{"digest":"sha256:1"}]}' gone; do
		rm -rf broken && cp -r mirror broken
		rm broken/index.json
		[ "$how" = gone ] || printf %s "$how" >broken/index.json
		before=$(files_of broken)
		for verb in status "rollback alpine:3.19" undo "hold alpine:3.19"; do
			# shellcheck disable=SC2086  # words
			publish --mirror broken $verb
			[ "$status" -eq 16 ] || { echo "$how $verb: $status $output" && false; }
			[ -z "$output" ]
			[ "${#stderr_lines[@]}" -eq 1 ]
			[[ $stderr == \
				*"; nothing was changed; "*"cp \
broken/.mirror/generations/"*".json broken/index.json" ]]
		done
		[ "$(files_of broken | grep -v lock)" = "$before" ]
	done
}

@test "a disk that fails at any step: status 16, one line, the generation before stands" {
	command -v strace >/dev/null || skip "no strace here"
	before=$(sha256sum <mirror/index.json)
	for fault in fsync:when=3 fsync:when=5 renameat:when=2 renameat:when=3; do
		ASAN_OPTIONS=${ASAN_OPTIONS:-}:detect_leaks=0 run --separate-stderr strace -f -o \
			trace -e trace=fsync,renameat -e "inject=${fault/:/:error=ENOSPC:}" \
			"$BIN/mirror-publish" rollback alpine:3.19
		[ "$status" -eq 16 ] || { echo "$fault: $status" && cat trace && false; }
		[ -z "$output" ]
		[[ $stderr == *"No space left on device"* ]]
		[ "$(sha256sum <mirror/index.json)" = "$before" ]
		publish rollback alpine:3.19
		[ "$status" -eq 0 ]
		[ "$(mirror_means mirror $A)" = two ]
		[ "$(jq -c .generation mirror/.mirror/journal.jsonl | tail -n 3 | tr '\n' ' ')" = \
			"3 4 4 " ]
		anew
	done
}

@test "a disk that has no room for the table: published without it, and said" {
	command -v strace >/dev/null || skip "no strace here"
	for fault in fsync:when=1 renameat:when=1; do
		ASAN_OPTIONS=${ASAN_OPTIONS:-}:detect_leaks=0 run --separate-stderr strace -f -o \
			trace -e trace=fsync,renameat -e "inject=${fault/:/:error=ENOSPC:}" \
			"$BIN/mirror-publish" rollback alpine:3.19
		[ "$status" -eq 0 ] || { echo "$fault: $status" && cat trace && false; }
		[[ $stderr == *"warning: "*"No space left on device"* ]]
		[ "$(mirror_means mirror $A)" = two ]
		[ -z "$(find mirror/.mirror/tables -type f -newer mirror/oci-layout -name '*.tmp')" ]
		anew
	done
}

# Whether a rollback that was killed left the generation before or the one after, and the next one
# completes.
survives() {
	if [ "$(mirror_generation mirror)" = 3 ]; then
		cmp mirror/index.json "$BATS_FILE_TMPDIR/mirror/index.json" || return
	else
		cmp mirror/index.json mirror/.mirror/generations/4.json || return
		[ "$(mirror_means mirror $A)" = two ] || return
	fi
	publish rollback alpine:3.19 --to 20261110
	[ "$status $(mirror_generation mirror) $(mirror_means mirror $A)" = "0 4 two" ] &&
		[ "$(jq -c .generation mirror/.mirror/journal.jsonl | tail -n 3 | tr '\n' ' ')" = \
			"3 4 4 " ]
}

@test "killed at any step: the generation before or the one after, and the next run goes on" {
	command -v strace >/dev/null || skip "no strace here"
	kills=0
	for call in write ftruncate fchmod fsync renameat; do
		for ((step = 1; step < 20; step++)); do
			anew
			ASAN_OPTIONS=${ASAN_OPTIONS:-}:detect_leaks=0 run strace -f -o trace -e \
				trace=$call \
				-e inject=$call:signal=KILL:when=$step "$BIN/mirror-publish" \
					rollback alpine:3.19
			[ "$status" -ne 0 ] || break
			kills=$((kills + 1))
			survives || { echo "killed at $call $step" && false; }
		done
	done
	[ "$kills" -ge 12 ]
}

@test "a wrong command line is status 1, one line, and touches nothing" {
	before=$(files_of mirror)
	while read -r words; do
		eval "publish $words"
		[ "$status" -eq 1 ] || { echo "$words: $status" && false; }
		[ "${#stderr_lines[@]}" -eq 1 ]
		[ -z "$output" ]
	done <<-'END'
		""
		rolback x
		rollback
		rollback alpine:3.19 --digest sha256:1234567
		rollback alpine:3.19 --reason "$(printf 'a\nb')"
		rollback alpine:3.19 --reason "$(printf 'a\xffb')"
		rollback alpine:3.19 --reason "$(printf 'x%.0s' {1..401})"
		rollback 'al pine'
		hold
		release
		undo alpine:3.19
		undo --wait soon
		log a b
		log 'UPPER/..'
		status --to 3
		status --mirror
	END
	same_mirror mirror "$before"
}

@test "options stand before or after the verb; MIRROR_DIR names the mirror" {
	mv mirror elsewhere
	publish --mirror elsewhere status
	[ "${#lines[@]}" -eq 2 ]
	publish --mirror=elsewhere --wait 3 hold alpine:3.19
	[ "$status" -eq 0 ]
	publish status --mirror elsewhere
	[ "${#lines[@]}" -eq 2 ]
	MIRROR_DIR=elsewhere publish status
	[ "${#lines[@]}" -eq 2 ]
	MIRROR_DIR=nowhere publish status --mirror elsewhere
	[ "${#lines[@]}" -eq 2 ]
}

@test "every verb has its --help" {
	for verb in status log at rollback hold release undo; do
		publish "$verb" --help
		[ "$status" -eq 0 ]
		[[ ${lines[0]} == "Usage: mirror-publish $verb"* ]]
		[ -z "$stderr" ]
	done
}

@test "output that cannot be written is no success" {
	run bash -c '"$1/mirror-publish" status >/dev/full' - "$BIN"
	[ "$status" -ne 0 ]
}
