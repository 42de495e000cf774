#!/usr/bin/env bats
# A disk that fails, at every call that touches the mirror: what was published stays as it was, byte
# for byte; there is one clear line; and when the disk is well again, the next run completes.

bats_require_minimum_version 1.5.0

setup() {
	top=$(cd "$BATS_TEST_DIRNAME/../.." && pwd)
	bin=${BIN:-$top/build}
	storeops=$bin/tests/tools/storeops
	mirrorcheck=$bin/tests/tools/mirrorcheck
	ref=docker.io/library/a:1
	source "$top/tests/lib/strike.bash"
	strike_begin
	export base mirror storeops mirrorcheck ref work
	"$storeops" "$base" "$ref" before
}

say() {
	echo "$*" >&2
	return 1
}

# One line that names the program, the mirror, and the disk's reason.
check_words() {
	local reason=$1
	[ "$(wc -l <"$work/err")" -eq 1 ] || say "not one line: $(cat "$work/err")"
	[[ $(cat "$work/err") == "storeops: "*"$mirror"*"$reason" ]] \
		|| say "unclear: $(cat "$work/err")"
}

# After a failed run: the old generation (of a mirror that was being made: none, or the empty one),
# or, when only its last confirmation failed, the new one.
check_published() {
	if [ ! -d "$base" ]; then
		[ -e "$mirror/index.json" ] || return 0
	elif grep -q 'generation 2 is published, but the disk does not confirm it' "$work/err"; then
		grep -q '"dev.ocimirror.generation":"2"' "$mirror/index.json"
	else
		cmp "$mirror/index.json" "$base/index.json"
	fi
	run "$mirrorcheck" "$mirror"
	[ "$status" -eq 0 ] || say "after the fault: $output"
}

check_recovery() {
	run "$storeops" "$mirror" "$ref" after
	[ "$status" -eq 0 ] || say "the next run: $output"
	run "$mirrorcheck" "$mirror"
	[ "$status" -eq 0 ] || say "after the next run: $output"
	[ -z "$(find "$mirror" -name '*.tmp')" ] || say "leftovers: $(find "$mirror" -name '*.tmp')"
}

# fail_each CALLS ERROR REASON FROM: FROM is "" (this call only) or "+" (all from it on).
fail_each() {
	local calls=$1 error=$2 reason=$3 from=$4 call number struck=0
	local points
	points=$(strike_points "$calls" "$storeops" "$mirror" "$ref" after)
	while read -r call number; do
		restore
		strike "$call" "$number$from" "error=$error" "$storeops" "$mirror" "$ref" after
		echo "$call $number: status $status, $(cat "$work/err")" >&2
		if [ "$status" -eq 0 ]; then
			continue # only words for the next one who asks for a lock were lost
		fi
		[ "$status" -eq 1 ]
		check_words "$reason"
		check_published
		check_recovery
		struck=$((struck + 1))
	done <<<"$points"
	echo "$struck faults" >&2
	[ "$struck" -ge 1 ]
}

@test "a full disk, once, at each write" {
	fail_each 'write,mkdirat,openat,?renameat,?renameat2' ENOSPC ': No space left on device' ''
}

@test "a full disk while a mirror is made" {
	rm -rf "$base"
	fail_each 'write,mkdirat,openat,?renameat,?renameat2' ENOSPC ': No space left on device' ''
	fail_each fsync,syncfs EIO ': Input/output error' ''
}

@test "a full disk that stays full" {
	fail_each openat ENOSPC ': No space left on device' +
}

# On a file system of 1 MiB: an image of 4 MiB does not fit, a small one still does.
@test "a file system that is really full" {
	mkdir "$mirror"
	unshare -rm mount -t tmpfs none "$mirror" 2>/dev/null || skip "nothing may be mounted here"
	# shellcheck disable=SC2016  # the inner shell expands them
	run unshare -rm bash -euc '
		mount -t tmpfs -o size=1m none "$mirror"
		cp -a "$base/." "$mirror"
		! "$storeops" "$mirror" "$ref" after 4000000 2>"$work/err"
		cmp "$mirror/index.json" "$base/index.json"
		"$mirrorcheck" "$mirror"
		"$storeops" "$mirror" "$ref" after
		"$mirrorcheck" "$mirror"'
	[ "$status" -eq 0 ] || say "$output"
	check_words ': No space left on device'
}

@test "a disk that cannot confirm" {
	fail_each fsync,syncfs EIO ': Input/output error' ''
}

@test "a disk that cannot be read" {
	fail_each read,pread64 EIO ': Input/output error' ''
}

@test "a disk that refuses names, modes and lengths" {
	fail_each 'fchmod,ftruncate,?renameat,?renameat2' EROFS ': Read-only file system' ''
}

@test "a disk that fails when a file is closed" {
	fail_each close ENOSPC ': No space left on device' ''
}

@test "no quota is left" {
	fail_each write EDQUOT ': Disk quota exceeded' ''
}

@test "what a failed barrier held is not trusted by the next run" {
	restore
	strike syncfs 1 error=EIO "$storeops" "$mirror" "$ref" after
	[ "$status" -eq 1 ]
	grep -q 'cannot make 3 blobs durable: Input/output error' "$work/err"
	[ "$(ls "$mirror/.mirror/partial")" = lock ]
	check_recovery
}
