# shellcheck shell=bash disable=SC2154  # strike_begin and the tests set the variables
# Injects a fault or a kill into one system call of a command that works on a mirror. For bats.
#
# strike_points runs the command once and numbers the system calls that touch the directory $mirror
# (calls of the loader or a sanitizer do not). A test then runs strike once for each of them:
#
#   strike_begin                  sets $work, $mirror and $base; skips without strace
#   restore                       makes $mirror a copy of $base, or removes it if there is no $base
#   strike_points CALLS COMMAND   prints "call number" for each call that touches the mirror
#   strike CALL NUMBER WHAT COMMAND
#                                 runs COMMAND with WHAT (error=EIO, signal=KILL) at that call; sets
#                                 $status, and leaves the output in $work/out and $work/err

strike_begin() {
	command -v strace >/dev/null || skip "strace is not installed"
	strace -o /dev/null true 2>/dev/null || skip "tracing is not allowed here"
	work=$BATS_TEST_TMPDIR
	mirror=$work/mirror
	base=$work/base # restore copies it to $mirror; if absent, there is no mirror yet
	# the leak sanitizer does not work under strace
	export ASAN_OPTIONS=${ASAN_OPTIONS:+$ASAN_OPTIONS:}detect_leaks=0
}

restore() {
	rm -rf "$mirror"
	[ ! -d "$base" ] || cp -a "$base" "$mirror"
}

strike_points() {
	local calls=$1
	shift
	restore
	strace -qq -y -o "$work/calls" -e trace="$calls" "$@" >&2
	awk -F'(' -v mirror="$mirror" '{ n[$1]++; if (index($0, mirror)) print $1, n[$1] }' "$work/calls"
}

# shellcheck disable=SC2034  # tests read status
strike() {
	local call=$1 number=$2 what=$3
	shift 3
	status=0
	strace -qq -o /dev/null -e trace="$call" -e inject="$call:$what:when=$number" "$@" \
		>"$work/out" 2>"$work/err" || status=$?
}
