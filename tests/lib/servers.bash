# Programs of ours that run in the background of a test, each stopped by its pid.
#
#   serve NAME ARGS...      starts mirror-serve; sets NAME_pid, NAME_port, NAME_url when it is ready
#   stop NAME
#   stop_all                for teardown

serve() {
	local name=$1 line
	shift
	mkfifo "$BATS_TEST_TMPDIR/$name.ready"
	"$BIN/mirror-serve" --listen 127.0.0.1:0 "$@" >"$BATS_TEST_TMPDIR/$name.ready" \
		2>"$BATS_TEST_TMPDIR/$name.log" 3>&- &
	servers="${servers:-} $!"
	printf -v "${name}_pid" %s "$!"
	read -r line <"$BATS_TEST_TMPDIR/$name.ready"
	rm "$BATS_TEST_TMPDIR/$name.ready"
	printf -v "${name}_url" %s "${line#listening on }"
	printf -v "${name}_port" %s "${line##*:}"
}

stop() {
	local pid=${1}_pid
	kill "${!pid}"
	wait "${!pid}" || return 1
	servers=${servers/ ${!pid}/}
}

stop_all() {
	local pid
	for pid in ${servers:-}; do
		kill "$pid" 2>/dev/null && wait "$pid"
	done
	servers=""
}

#   misbehave               starts fakereg with the page $BATS_TEST_TMPDIR/fake.txt; sets fake_pid, fake_at; the page's own directory is
#                           $BATS_TEST_TMPDIR/fake, its log of requests $BATS_TEST_TMPDIR/fake.log
#   behaved                 ends it, and tells whether exactly what the page names was asked for
misbehave() {
	local line dir=$BATS_TEST_TMPDIR/fake
	mkdir "$dir"
	mkfifo "$dir.ready"
	"$BIN/tests/tools/fakereg" "$dir.txt" "$dir.log" "$dir" >"$dir.ready" 2>"$dir.err" 3>&- &
	fake_pid=$!
	servers="${servers:-} $fake_pid"
	exec 9<"$dir.ready"
	while read -r line <&9 && [ "$line" != ready ]; do
		case $line in "host A "*) fake_at=${line#host A } ;; esac
	done
}

behaved() {
	kill "$fake_pid"
	wait "$fake_pid" || { cat <&9; return 1; }
	servers=${servers/ $fake_pid/}
}
