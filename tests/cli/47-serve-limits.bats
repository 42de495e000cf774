#!/usr/bin/env bats
# mirror-serve's limits: who makes room, who is cut off, and what is said about it.

# shellcheck disable=SC2030,SC2031,SC2034  # each test is a process of its own; eval sets some

bats_require_minimum_version 1.5.0

setup() {
	load ../lib/ask
	dir=$BATS_TEST_TMPDIR/mirror
	mirror_of_one "$dir"
}

teardown() {
	stop_all
}

# DESCRIPTOR: whether the server has closed it; waits for that.
closed() {
	timeout 30 cat <&"$1" >/dev/null
}

@test "the oldest idle connections make room, before the limit is met; the newest stay" {
	serve_start --threads 1 --limit connections=16 "$dir"
	connect first
	ask_on "$first"
	for _ in $(seq 40); do connect idle; done
	ask_on "$idle"
	closed "$first"
	get /v2/alpine/manifests/1
	is 200
	await "to make room for others"
	connect last
	ask_on "$last"
	ask_on "$idle" || { echo "# the newest was closed" && false; }
}

@test "a connection with unread bytes makes no room" {
	serve_start --threads 1 --limit connections=16 "$dir"
	connect asks
	ask_on "$asks"
	# its request and many connections are there before the only thread has seen any of them
	kill -STOP "$server_pid"
	for _ in $(seq 40); do connect idle; done
	printf 'GET /v2/ HTTP/1.1\r\nHost: m\r\n\r\n' >&"$asks"
	kill -CONT "$server_pid"
	read -r line <&"$asks"
	[[ $line == "HTTP/1.1 200"* ]]
}

@test "idle connections that their clients close while they make room" {
	local i
	serve_start --threads 1 --limit connections=16 "$dir"
	for i in {1..13}; do
		connect "old$i"
		eval "ask_on \$old$i"
	done
	# one turn of the only thread has the new connection first, then the ends of the old ones
	kill -STOP "$server_pid"
	connect new
	for i in {1..13}; do
		eval "exec {old$i}<&-"
	done
	kill -CONT "$server_pid"
	ask_on "$new"
	get /v2/alpine/manifests/1
	is 200
}

@test "a head that does not arrive, and a request that does not come: closed, the first one told" {
	serve_start --limit header-time=1s --limit idle-time=1s "$dir"
	connect half
	printf 'GET /v2/ HT' >&"$half"
	closed "$half"
	await "a head did not arrive within --limit header-time="
	connect idle
	ask_on "$idle"
	closed "$idle"
	connect silent
	closed "$silent"
	stop server
	[ "$(grep -c '127.0.0.1: a head did not arrive' "$server_err")" = 1 ]
}

@test "drain: what is under way after that time is cut off, and the server ends with 0" {
	truncate -s 64M "$dir/zeros"
	big=sha256:$(sha256sum <"$dir/zeros" | cut -d' ' -f1)
	mv "$dir/zeros" "$(layout_file "$dir" "$big")"
	layout_entry "$dir" docker.io/library/big:1 "$(
		layout_blob "$dir" "{\"schemaVersion\":2,\"config\":$(layout_desc "$dir" "$big" a/b),\"layers\":[]}"
	)"
	layout_publish "$dir"
	for time in 0 1s; do
		serve_start --limit "drain=$time" --access-log "$BATS_TEST_TMPDIR/log" "$dir"
		connect transfer
		printf 'GET /v2/library/big/blobs/%s HTTP/1.1\r\nHost: m\r\n\r\n' "$big" >&"$transfer"
		read -r line <&"$transfer"
		kill "$server_pid"
		ended server
		grep -q "cut off, since --limit drain= has passed" "$server_err"
		exec {transfer}<&-
		rm "$server_err"
	done
	# it is in the log, with the bytes that were sent
	[ "$(grep -c "GET /v2/library/big/blobs/$big" "$BATS_TEST_TMPDIR/log")" = 2 ]
	run ! grep -q ' 67108864 ' "$BATS_TEST_TMPDIR/log"
}

@test "per-address: beyond it an address is answered 429, and another is served" {
	serve_start --threads 1 --limit drain=0 --limit per-address=3 --admin 127.0.0.1:0 "$dir"
	half_head a b c
	get /v2/alpine/manifests/1
	is 429 TOOMANYREQUESTS
	has 'Retry-After: 1'
	has 'Connection: close'
	grep -q 'your address has as many connections as this mirror allows' "$body"
	get /v2/alpine/manifests/1 --interface 127.0.0.2
	is 200
	await "127.0.0.1: refused, since its address has as many connections as --limit per-address="
	# on a connection that is there nothing is refused, and one that ends leaves its place
	rest_of_head "$a"
	[[ $line == "HTTP/1.1 200"* ]]
	get /v2/alpine/manifests/1
	is 200
	url=http://${server_urls##*//} get /metrics
	grep -qx 'mirror_refused_total{reason="per-address"} 1' "$body"
	grep -qx 'mirror_refused_total{reason="per-address-room"} 1' "$body"
}

@test "per-address: the oldest idle connection of the address makes way, of whichever thread" {
	serve_start --threads 1 --limit drain=0 --limit per-address=3 "$dir"
	connect first
	ask_on "$first"
	connect second
	ask_on "$second"
	half_head third
	get /v2/alpine/manifests/1
	is 200
	closed "$first"
	ask_on "$second"
	await "127.0.0.1: closed, as the oldest idle connection of an address with more than"
	stop server
	serve_start --threads 4 --limit per-address=3 "$dir"
	for _ in {1..12}; do
		connect idle
		ask_on "$idle"
	done
}

@test "per-address: as many wait for their 429, and those beyond are closed at once" {
	serve_start --threads 1 --limit drain=0 --limit per-address=2 "$dir"
	half_head a b over1 over2
	run curl -s "$url/v2/"
	[[ $status = 5[26] ]] # no reply, or a reset
	rest_of_head "$over1"
	[[ $line == "HTTP/1.1 429"* ]]
	rest_of_head "$a"
	[[ $line == "HTTP/1.1 200"* ]]
}

@test "per-address: a proxy that is trusted stands for many clients" {
	local names=(a b c d e f)
	serve_start --threads 1 --limit drain=0 --limit per-address=2 --trusted-proxy 127.0.0.1 "$dir"
	half_head "${names[@]}"
	get /v2/alpine/manifests/1
	is 200
}

# COUNT [FIELD]: sends that many requests with that header field, in one piece, so that all come at
# one time; the answers are in $body. Prints their statuses.
burst() {
	local i many=
	for ((i = 1; i < $1; i++)); do
		many+="GET /v2/alpine/manifests/1 HTTP/1.1\r\nHost: m\r\n${2-}\r\n"
	done
	many+="GET /v2/ HTTP/1.1\r\nHost: m\r\nConnection: close\r\n${2-}\r\n"
	raw "$many" | tr -d '\r' >"$body"
	sed -n 's,^.*HTTP/1.1 \([0-9]*\).*,\1,p' "$body" | uniq -c | tr -s ' \n' ' '
}

@test "requests-per-second: what an address asks beyond it is 429, and the connection stays" {
	serve_start --threads 1 --limit requests-per-second=5 --admin 127.0.0.1:0 "$dir"
	[ "$(burst 12)" = " 5 200 7 429 " ]
	# another address has its own bucket, and what asks whether the server lives has none
	get /v2/alpine/manifests/1 --interface 127.0.0.2
	is 200
	for _ in {1..8}; do
		get /
		is 200
	done
	await "127.0.0.1: answered 429, since its address asks more often than --limit requests-per"
	url=http://${server_urls##*//} get /metrics
	grep -qx 'mirror_refused_total{reason="requests-per-second"} 7' "$body"
	grep -qx 'mirror_requests_total{route="manifest",code="429"} 6' "$body"
}

@test "requests-per-second: the answer says why and when, and after that time it is 200" {
	serve_start --limit requests-per-second=1 "$dir"
	[ "$(burst 3)" = " 1 200 2 429 " ]
	[ "$(grep -cx 'Retry-After: 1' "$body")" = 2 ]
	[ "$(grep -cx 'Connection: close' "$body")" = 1 ] # the last asks for it
	grep -q '"TOOMANYREQUESTS","message":"your address sends more requests a second than' "$body"
	get /v2/alpine/manifests/1 --retry 3 --fail -o /dev/null
	is 200
}

@test "requests-per-second: behind a trusted proxy each client has its own, and the proxy none" {
	serve_start --limit requests-per-second=1 --trusted-proxy 127.0.0.0/8 "$dir"
	for client in 192.0.2.1 192.0.2.2 2001:db8::1; do
		[ "$(burst 2 "X-Forwarded-For: $client\r\n")" = " 1 200 1 429 " ]
	done
	[ "$(burst 9)" = " 9 200 " ]
}

@test "a disk that fails in the middle of a blob, or in a manifest: one client suffers" {
	local with_clock=(env "ASAN_OPTIONS=$ASAN_OPTIONS:verify_asan_link_order=0"
		"LD_PRELOAD=$BIN/tests/preload/badfile.so" BADFILE=8388608) good
	truncate -s 8M "$dir/zeros"
	big=sha256:$(sha256sum <"$dir/zeros" | cut -d' ' -f1)
	mv "$dir/zeros" "$(layout_file "$dir" "$big")"
	layout_entry "$dir" docker.io/library/big:1 "$(
		layout_blob "$dir" "{\"schemaVersion\":2,\"config\":$(layout_desc "$dir" "$big" a/b),\"layers\":[]}"
	)"
	layout_publish "$dir"
	good=$(layout_blob "$dir" "layer of one")
	serve_start --threads 1 --admin 127.0.0.1:0 "$dir"
	# the length was promised, so the connection ends; the next one is as good as ever
	run curl -s -o "$body" "$url/v2/library/big/blobs/$big"
	[ "$status" -eq 18 ] # a part of a file
	[ "$(stat -c %s "$body")" -ge 1048576 ]
	await "$big cannot be read: Input/output error"
	await "127.0.0.1: cut off, since the file of its blob could not be read"
	get "/v2/alpine/blobs/$good"
	is 200
	get /v2/library/big/manifests/1
	is 200
	url=http://${server_urls##*//} get /metrics
	grep -qx 'mirror_refused_total{reason="read-error"} 1' "$body"
	stop server

	with_clock[3]=BADFILE=$(stat -c %s "$(layout_file "$dir" "$one")")
	serve_start --threads 1 "$dir"
	[ "$(burst 30)" = " 29 500 1 200 " ]
	get /v2/library/big/manifests/1
	is 200
	await "$one is not a readable file"
	stop server
	[ "$(grep -c "$one is not a readable file" "$server_err")" -lt 29 ]
}

@test "large manifests beyond what is kept in memory have the same answers" {
	local digests=() i
	for i in {1..4}; do
		digests[i]=$(layout_blob "$dir" "{\"schemaVersion\":2,\"layers\":[],\"annotations\":{\"$i\":\"$(
			head -c 2000000 /dev/zero | tr '\0' "$i"
		)\"}}")
		layout_entry "$dir" "docker.io/library/large:$i" "${digests[i]}"
	done
	layout_publish "$dir"
	serve_start --threads 1 "$dir"
	for i in {1..4} {4..1}; do
		get "/v2/library/large/manifests/$i"
		is 200
		has "Docker-Content-Digest: ${digests[i]}"
		cmp "$body" "$(layout_file "$dir" "${digests[i]}")"
		get "/v2/library/large/manifests/$i" -H "If-None-Match: \"${digests[i]}\""
		is 304
	done
}

@test "out of descriptors: a blob is 503 for now, and what needs no file is answered" {
	local layer open
	layer=$(layout_blob "$dir" "layer of one")
	serve_start --threads 1 "$dir"
	half_head kept
	get /v2/alpine/manifests/1
	is 200
	# one more for a connection, and none for a file
	open=$(find "/proc/$server_pid/fd" -mindepth 1 | sort -t/ -k5n | awk -F/ '
		$5 != n { exit } { n++ } END { print n }')
	prlimit --pid "$server_pid" --nofile="$((open + 1)):"
	get "/v2/alpine/blobs/$layer"
	is 503 UNAVAILABLE
	has 'Retry-After: 1'
	get /v2/alpine/manifests/1
	is 200
	rest_of_head "$kept"
	[[ $line == "HTTP/1.1 200"* ]]
	prlimit --pid "$server_pid" --nofile=1024:
	get "/v2/alpine/blobs/$layer"
	is 200
}

@test "a limit that is none is named, with those that there are" {
	while IFS='|' read -r limit words; do
		run --separate-stderr "$BIN/mirror-serve" --limit "$limit" "$dir"
		[ "$status" -eq 1 ]
		[[ $stderr == *"$words"* ]] || { echo "# $stderr" && false; }
	done <<-END
		per-address=0|a number from 1 to 16384
		speed=1|none of connections=, per-address=, requests-per-second=, header-time=, idle-time=, drain=
		connections=1|a number from 8 to 16384
		drain=never|a time from 0s to 86400s, such as 30s
	END
}
