#!/usr/bin/env bats
# kill -9 at many moments of a sync and of a publish. After each: the index parses, everything it
# reaches verifies, it is the state before or the state after, and a next run completes.
#
# The moments are system calls: a dry run counts them, then strace kills at the first, the last and
# some in between of each kind.

# shellcheck source=tests/interop/lib.bash
source "$BATS_TEST_DIRNAME/lib.bash"

calls=(openat write writev pwrite64 rename renameat renameat2 linkat unlinkat mkdirat fchmod ftruncate
	fsync fdatasync syncfs flock sendto recvfrom)

setup_file() {
	interop_begin "$BATS_FILE_TMPDIR"
	registry_start upstream
	"$top/tests/interop/fill" "$(at upstream)" 10
	retag "$(at upstream)" library/base 1 moving
	lists lists docker.io/library/base:moving docker.io/library/empty:1
	mirror_sync --mirror "$work/before" --lists "$work/lists"
	retag "$(at upstream)" library/base oci moving
	lists lists docker.io/library/base:moving docker.io/library/empty:1 \
		docker.io/library/tool:zstd \
		docker.io/team/app-03:3
	# leaks cannot be looked for under strace
	export ASAN_OPTIONS=${ASAN_OPTIONS:-}:detect_leaks=0
}

teardown_file() { interop_end; }

# count COMMAND...: "CALL NUMBER" lines.
count() {
	strace -f -qq -o "$work/calls" -e trace="$(IFS=, && echo "${calls[*]/#/?}")" "$@" >&2
	sed -nE 's/^[0-9]+ +([a-z0-9_]+)\(.*/\1/p' "$work/calls" | sort | uniq -c \
		| awk '{ print $2, $1 }'
}

# moments MANY: of "CALL NUMBER" lines on stdin, "CALL N" with at most MANY n for each call.
moments() {
	awk -v many="$1" '{
		step = $2 > many ? ($2 - 1) / (many - 1) : 1
		for (i = 0; i < many && i < $2; i++) print $1, 1 + int(i * step)
	}'
}

# killed CALL N COMMAND...: runs it, and kills it at its Nth CALL.
killed() {
	local call=$1 n=$2
	shift 2
	run strace -f -qq -o /dev/null -e trace="$call" -e inject="$call:signal=KILL:when=$n" "$@"
}

# Two states that only differ in when things happened are one.
state() { digests_in "$1" | sed -E 's/\.[0-9]{8} /.DATE /' | sort; }

# after CALL N MIRROR: nothing is broken, and it is one of the two states.
sound() {
	echo "# killed at $1 $2: status $status" && echo "$output"
	[ ! -e "$3/index.json" ] || {
		verifies "$3"
		state "$3" >"$work/now"
		cmp -s "$work/now" "$work/state.0" || cmp -s "$work/now" "$work/state.1"
	}
}

@test "killed at any moment of a sync, a mirror is whole and the next sync completes" {
	need strace
	local call n killed=0
	cp -a "$work/before" "$work/after"
	count "$bin/mirror-sync" --mirror "$work/after" --lists "$work/lists" >"$work/sync.calls"
	state "$work/before" >"$work/state.0"
	state "$work/after" >"$work/state.1"
	[ "$(cat "$work/state.0")" != "$(cat "$work/state.1")" ]
	moments 4 <"$work/sync.calls" >"$work/moments"
	while read -r call n; do
		rm -rf "${work:?}/m" && cp -a "${work:?}/before" "${work:?}/m"
		killed "$call" "$n" "$bin/mirror-sync" --mirror "$work/m" --lists "$work/lists"
		[ "$status" != 137 ] || killed=$((killed + 1))
		sound "$call" "$n" "$work/m"
		mirror_sync --mirror "$work/m" --lists "$work/lists"
		verifies "$work/m"
		state "$work/m" | diff "$work/state.1" -
		[ -z "$(find "$work/m/.mirror/partial" -type f ! -name lock)" ]
	done <"$work/moments"
	[ "$killed" -ge 20 ]
}

@test "killed at any moment of its first sync, a new mirror is none or whole" {
	need strace
	local call n
	rm -rf "${work:?}/after"
	count "$bin/mirror-sync" --mirror "$work/after" --lists "$work/lists" >"$work/sync.calls"
	: >"$work/state.0"
	state "$work/after" >"$work/state.1"
	moments 2 <"$work/sync.calls" >"$work/moments"
	while read -r call n; do
		rm -rf "${work:?}/m"
		killed "$call" "$n" "$bin/mirror-sync" --mirror "$work/m" --lists "$work/lists"
		sound "$call" "$n" "$work/m"
		mirror_sync --mirror "$work/m" --lists "$work/lists"
		verifies "$work/m"
		state "$work/m" | diff "$work/state.1" -
	done <"$work/moments"
}

@test "killed at any moment of a rollback, a mirror is whole and the next one completes" {
	need strace
	local call n rollback=("$bin/mirror-publish" --mirror "$work/m" rollback \
		docker.io/library/base:moving)
	rm -rf "${work:?}/start" "${work:?}/m"
	cp -a "$work/before" "$work/start"
	mirror_sync --mirror "$work/start" --lists "$work/lists"
	cp -a "$work/start" "$work/m"
	count "${rollback[@]}" >"$work/rollback.calls"
	state "$work/start" >"$work/state.0"
	state "$work/m" >"$work/state.1"
	[ "$(cat "$work/state.0")" != "$(cat "$work/state.1")" ]
	moments 6 <"$work/rollback.calls" >"$work/moments"
	while read -r call n; do
		rm -rf "${work:?}/m" && cp -a "${work:?}/start" "${work:?}/m"
		killed "$call" "$n" "${rollback[@]}"
		sound "$call" "$n" "$work/m"
		cmp -s "$work/now" "$work/state.1" || "${rollback[@]}"
		verifies "$work/m"
		state "$work/m" | diff "$work/state.1" -
	done <"$work/moments"
}

@test "what was killed left a journal that can be read" {
	jq -es 'length > 0' "$work/m/.mirror/journal.jsonl"
	mirror_publish --mirror "$work/m" log docker.io/library/base:moving
}
