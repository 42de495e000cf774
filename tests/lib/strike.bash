# shellcheck shell=bash disable=SC2154  # strike_begin, and those who call, set them
# Strikes at one system call of a command that works on a mirror: a fault, or a kill. Sourced by bats.
#
# $mirror is the directory; calls that do not touch it (the loader's, the sanitizer's) are left alone.
# A dry run numbers the calls, so each is struck once, at the same place every time.

strike_begin() {
	command -v strace >/dev/null || skip "strace is not installed"
	strace -o /dev/null true 2>/dev/null || skip "tracing is not allowed here"
	work=$BATS_TEST_TMPDIR
	mirror=$work/mirror
	base=$work/base # copied to $mirror before each strike; absent: the mirror does not exist yet
	# leaks cannot be looked for under strace
	export ASAN_OPTIONS=${ASAN_OPTIONS:+$ASAN_OPTIONS:}detect_leaks=0
}

restore() {
	rm -rf "$mirror"
	[ ! -d "$base" ] || cp -a "$base" "$mirror"
}

# strike_points CALLS COMMAND...: "call number" of each of these calls that touches the mirror.
strike_points() {
	local calls=$1
	shift
	restore
	strace -qq -y -o "$work/calls" -e trace="$calls" "$@" >&2
	awk -F'(' -v mirror="$mirror" '{ n[$1]++; if (index($0, mirror)) print $1, n[$1] }' "$work/calls"
}

# shellcheck disable=SC2034  # status is for whoever calls
# strike CALL NUMBER WHAT COMMAND...: runs it with WHAT (error=EIO, signal=KILL) at that call; its
# status is in $status, its words are in $work/out and $work/err.
strike() {
	local call=$1 number=$2 what=$3
	shift 3
	status=0
	strace -qq -o /dev/null -e trace="$call" -e inject="$call:$what:when=$number" "$@" \
		>"$work/out" 2>"$work/err" || status=$?
}
