#!/usr/bin/env bats
# What happens without memory: with plain programs, since AddressSanitizer reserves all there is.

# shellcheck disable=SC2154  # half_head and connect set some

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

# KiB of data that the server has.
data_size() {
	awk '/VmData/ { print $2 }' "/proc/$server_pid/status"
}

@test "slow readers of a large manifest that is not kept in memory have no copy each" {
	local digest i before
	for i in {1..4}; do
		digest=$(layout_blob "$dir" "{\"schemaVersion\":2,\"layers\":[],\"annotations\":{\"$i\":\"$(
			head -c 2000000 /dev/zero | tr '\0' "$i"
		)\"}}")
		layout_entry "$dir" "docker.io/library/large:$i" "$digest"
	done
	layout_publish "$dir"
	serve_start --threads 1 --limit drain=0 "$dir"
	for i in {1..4}; do # the first ones are kept
		get "/v2/library/large/manifests/$i"
		is 200
	done
	before=$(data_size)
	for _ in {1..20}; do
		connect slow
		printf 'GET /v2/library/large/manifests/4 HTTP/1.1\r\nHost: m\r\n\r\n' >&"$slow"
		read -r line <&"$slow"
		[[ $line == "HTTP/1.1 200"* ]]
	done
	# twenty copies would be 40 MB
	[ $(($(data_size) - before)) -lt 10000 ]
}
