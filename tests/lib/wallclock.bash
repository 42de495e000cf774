# shellcheck shell=bash disable=SC2034  # what is set is for other files
# A wall clock that a test moves, for the programs of ours that it starts, servers included. To be
# loaded before world(), so that the upstream has the same clock.
#
#   clock_ahead SECONDS  sets how far it is ahead of this machine's
#   clock_later SECONDS  lets so much time pass
#   with_clock           an array: the words in front of a program that is to have that clock;
#                        serve() and sync() put them there by themselves

clock_file=$BATS_TEST_TMPDIR/wallclock
clock_now=0
# What goes in front of a program. The sanitizer's library wants to be the first that is loaded, and
# does not need to be.
with_clock=(env "ASAN_OPTIONS=$ASAN_OPTIONS:verify_asan_link_order=0" "WALLCLOCK=$clock_file"
	"LD_PRELOAD=$BIN/tests/preload/wallclock.so")

# Programs map the file: it keeps its size, and is never replaced.
clock_ahead() {
	clock_now=$1
	printf '%-31d' "$clock_now" 1<>"$clock_file"
}

clock_later() {
	clock_ahead $((clock_now + $1))
}

clock_ahead 0
