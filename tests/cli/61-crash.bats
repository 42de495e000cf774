#!/usr/bin/env bats
# kill -9 at every call that touches the mirror: index.json is the generation before or the one
# after, all that it reaches verifies, and the next run completes.

bats_require_minimum_version 1.5.0

setup() {
	top=$(cd "$BATS_TEST_DIRNAME/../.." && pwd)
	bin=${BIN:-$top/build}
	storeops=$bin/tests/tools/storeops
	mirrorcheck=$bin/tests/tools/mirrorcheck
	ref=docker.io/library/a:1
	source "$top/tests/lib/strike.bash"
	strike_begin
	calls='openat,mkdirat,write,fsync,syncfs,?renameat,?renameat2,fchmod,fchmodat,ftruncate,flock,unlinkat'
}

say() {
	echo "$*" >&2
	return 1
}

number_of() {
	sed -n 's/.*"dev.ocimirror.generation":"\([0-9]*\)".*/\1/p' "$1"
}

# The mirror as a kill left it; before index.json was made for the first time there is none.
check_left() {
	[ -e "$mirror/index.json" ] || [ ! -d "$base" ] || say "index.json is gone"
	[ -e "$mirror/index.json" ] || return 0
	run "$mirrorcheck" "$mirror"
	[ "$status" -eq 0 ] || say "after the kill: $output"
}

# $1: the generation before.
check_next() {
	run "$storeops" "$mirror" "$ref" after 300000
	[ "$status" -eq 0 ] || say "the next run: $output"
	run "$mirrorcheck" "$mirror"
	[ "$status" -eq 0 ] || say "after the next run: $output"
	local number
	number=$(number_of "$mirror/index.json")
	[ "$number" -eq $(($1 + 1)) ] || [ "$number" -eq $(($1 + 2)) ]
	[ -z "$(find "$mirror" -name '*.tmp')" ] || say "leftovers: $(find "$mirror" -name '*.tmp')"
	[ "$(ls "$mirror/.mirror/partial")" = lock ] \
		|| say "partials: $(ls "$mirror/.mirror/partial")"
}

kill_each() {
	local before=$1 call number points killed=0
	points=$(strike_points "$calls" "$storeops" "$mirror" "$ref" after 300000)
	while read -r call number; do
		restore
		strike "$call" "$number" signal=KILL "$storeops" "$mirror" "$ref" after 300000
		echo "$call $number: status $status" >&2
		[ "$status" -eq 137 ]
		check_left
		check_next "$before"
		killed=$((killed + 1))
	done <<<"$points"
	echo "$killed kills" >&2
	[ "$killed" -gt 30 ]
}

@test "killed while a mirror is made" {
	kill_each 0
}

@test "killed while a tag moves" {
	"$storeops" "$base" "$ref" before
	"$storeops" "$base" docker.io/library/b:1 other
	kill_each 2
}

@test "killed while another tool's layout is taken over" {
	"$storeops" "$base" "$ref" before
	rm -rf "$base/.mirror"
	sed -i 's/"annotations":{"dev.*},"manifests/"manifests/' "$base/index.json"
	[ -z "$(number_of "$base/index.json")" ]
	kill_each 0
}

@test "killed while an old generation becomes a difference" {
	for text in 1 2 3 4 5 6 7 8 9 10; do
		"$storeops" "$base" "$ref" "$text"
	done
	[ -e "$base/.mirror/generations/0.json" ]
	[ -e "$base/.mirror/generations/1.json" ]
	restore
	"$storeops" "$mirror" "$ref" after
	[ -e "$mirror/.mirror/generations/1.diff" ]
	[ ! -e "$mirror/.mirror/generations/1.json" ]
	kill_each 10
}

# A kill leaves what the kernel holds; a power cut does not. So the order counts in which things are
# made durable: everything before the name that leads to it.
@test "the order of a publish" {
	"$storeops" "$base" "$ref" before
	restore
	strace -qq -y -o "$work/calls" -e trace='syncfs,fsync,?renameat,?renameat2' \
		"$storeops" "$mirror" "$ref" after
	sed -i -e "s|$mirror|MIRROR|g" -e 's/^renameat2\?(.*, "\(.*\)".*) = 0/names \1/' \
		-e 's/^f\?sync\(fs\)\?([0-9]*<\(.*\)>) *= 0/sync\1 \2/' \
		-e 's/\.[0-9]*\.tmp$/ (its temporary)/' -e 's|\([/:]\)[0-9a-f]\{64\}|\1...|' "$work/calls"
	cat "$work/calls"
	diff "$work/calls" - <<-'END'
		syncfs MIRROR/.mirror/partial
		names blobs/sha256/...
		names blobs/sha256/...
		names blobs/sha256/...
		sync MIRROR/blobs/sha256
		sync MIRROR/.mirror/tables/sha256:... (its temporary)
		names .mirror/tables/sha256:...
		sync MIRROR/.mirror/tables
		sync MIRROR/.mirror/generations/2.json (its temporary)
		names .mirror/generations/2.json
		sync MIRROR/.mirror/generations
		sync MIRROR/.mirror/journal.jsonl
		sync MIRROR/index.json (its temporary)
		names index.json
		sync MIRROR
	END
}
