#!/usr/bin/env bats
# What happens without memory: with plain programs, since AddressSanitizer reserves all there is.

# shellcheck disable=SC2154  # half_head sets some

bats_require_minimum_version 1.5.0

setup() {
	load ../lib/ask
	dir=$BATS_TEST_TMPDIR/mirror
	mirror_of_one "$dir"
}

teardown() {
	stop_all
}

@test "no memory for more connections: they are closed, and those that are there are served" {
	serve_start --threads 1 --limit drain=0 "$dir"
	half_head first
	trap "" PIPE
	# what it has, and half a megabyte
	data=$(awk '/VmData/ { print 1024 * ($2 + 512) }' "/proc/$server_pid/status")
	prlimit --pid "$server_pid" --data="$data:unlimited"
	for _ in {1..100}; do
		connect more
		printf 'GET /v2/ HTTP/1.1\r\nHo' >&"$more" || true # closed already
	done
	await "closed, since there was no memory for its connection"
	rest_of_head "$first"
	[[ $line == "HTTP/1.1 200"* ]]
	prlimit --pid "$server_pid" --data=unlimited
	connect last
	ask_on "$last"
}
