# shellcheck shell=bash disable=SC2034  # what is set is for the tests
# Starts programs of ours in the background of a test, and stops each by its pid.
#
#   serve NAME ARGS...  starts mirror-serve on a port that the kernel picks, or as --listen says,
#                       and waits until it is ready; sets NAME_pid, NAME_url, NAME_port (of the
#                       first listener), NAME_urls (a line each), NAME_err (a file)
#   stop NAME           sends SIGTERM and waits; fails when the exit status is not 0
#   ended NAME          waits for a program that was told to end; fails when its status is not 0
#   stop_all            stops all of them; for teardown
#   misbehave           starts fakereg with the page $BATS_TEST_TMPDIR/fake.txt; sets fake_pid,
#                       fake_at and fake_b, the addresses of its hosts A and B; the page's
#                       directory is $BATS_TEST_TMPDIR/fake, its log of requests
#                       $BATS_TEST_TMPDIR/fake.log
#   behaved             stops fakereg; fails unless it got exactly the requests of the page
#
# A program is ready when it prints its line, so no function sleeps.

BIN=$(cd "${BIN:-${BASH_SOURCE[0]%/*}/../../build}" && pwd)
servers=''
# the words in front of a program that is to have the test's clock (wallclock.bash)
[ -v with_clock ] || with_clock=()

serve() {
	local name=$1 ready=$BATS_TEST_TMPDIR/$1.ready where=(--listen 127.0.0.1:0) lines line
	shift
	[[ " $*" != *" --listen"* ]] || where=()
	printf -v "${name}_err" %s "$BATS_TEST_TMPDIR/$name.err"
	mkfifo "$ready"
	"${with_clock[@]}" "$BIN/mirror-serve" "${where[@]}" "$@" >"$ready" 2>"$BATS_TEST_TMPDIR/$name.err" \
		3>&- &
	servers="$servers $!"
	printf -v "${name}_pid" %s "$!"
	# all lines come in one write
	lines=$(dd bs=64K count=1 status=none <"$ready")
	rm "$ready"
	[ -n "$lines" ] || return
	line=${lines%%$'\n'*}
	printf -v "${name}_urls" %s "${lines//listening on /}"
	printf -v "${name}_url" %s "${line#listening on }"
	printf -v "${name}_port" %s "${line##*:}"
}

ended() {
	local pid=${1}_pid
	servers=${servers/ ${!pid}/}
	wait "${!pid}"
}

stop() {
	local pid=${1}_pid
	kill "${!pid}"
	ended "$1"
}

stop_all() {
	local pid bad=0
	for pid in $servers; do
		kill "$pid" && wait "$pid" || bad=$?
	done
	servers=''
	return "$bad"
}

misbehave() {
	local line dir=$BATS_TEST_TMPDIR/fake
	mkdir "$dir"
	mkfifo "$dir.ready"
	"$BIN/tests/tools/fakereg" "$dir.txt" "$dir.log" "$dir" >"$dir.ready" 2>"$dir.err" 3>&- &
	fake_pid=$!
	servers="$servers $fake_pid"
	exec 9<"$dir.ready"
	while read -r line <&9 && [ "$line" != ready ]; do
		case $line in
		"host A "*) fake_at=${line#host A } ;;
		"host B "*) fake_b=${line#host B } ;;
		esac
	done
}

behaved() {
	stop fake || { cat <&9; return 1; }
}
