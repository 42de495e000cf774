#!/usr/bin/env bats
# mirror-serve and where it listens: several addresses, sockets in the file system, and sockets that
# a service manager passes on.

# shellcheck disable=SC2030,SC2031,SC2034,SC2154  # each test is its own process; eval sets some

bats_require_minimum_version 1.5.0

setup() {
	load ../lib/ask
	dir=$BATS_TEST_TMPDIR/mirror
	mirror_of_one "$dir"
	socket=$BATS_TEST_TMPDIR/s
}

teardown() {
	stop_all
}

# URL [CURL OPTION...]: the status of alpine:1 there.
status_at() {
	local url=$1
	shift
	curl -s -o /dev/null -w '%{http_code}' "$@" "$url/v2/alpine/manifests/1"
}

# ---- several ----

@test "several listeners: a line each, in their order, and each answers" {
	serve_start --threads 2 --listen 127.0.0.1:0 --listen "unix:$socket" --listen 127.0.0.2:0 "$dir"
	mapfile -t urls <<<"$server_urls"
	[ "${#urls[@]}" = 3 ]
	[[ ${urls[0]} =~ ^http://127.0.0.1:[0-9]+$ ]]
	[ "${urls[1]}" = "unix:$socket" ]
	[[ ${urls[2]} =~ ^http://127.0.0.2:[0-9]+$ ]]
	[ "$(status_at "${urls[0]}")" = 200 ]
	[ "$(status_at http://m --unix-socket "$socket")" = 200 ]
	[ "$(status_at "${urls[2]}")" = 200 ]
}

@test "IPv4 and IPv6 of all interfaces on one port, in either order" {
	[ -e /proc/net/if_inet6 ] && grep -q ' lo$' /proc/net/if_inet6 || skip "no IPv6 here"
	serve_start "$dir"
	port=$server_port
	stop server
	for order in "0.0.0.0 [::]" "[::] 0.0.0.0"; do
		serve_start --listen "${order% *}:$port" --listen "${order#* }:$port" "$dir"
		[ "$(wc -l <<<"$server_urls")" = 2 ]
		[ "$(status_at "http://127.0.0.1:$port")" = 200 ]
		[ "$(status_at "http://[::1]:$port")" = 200 ]
		stop server
	done
	# alone it takes both, and the log has a client's IPv4 address as elsewhere
	serve_start --listen "[::]:$port" --access-log "$BATS_TEST_TMPDIR/log" "$dir"
	[ "$(status_at "http://127.0.0.1:$port")" = 200 ]
	stop server
	grep -q '^127\.0\.0\.1 - - ' "$BATS_TEST_TMPDIR/log"
}

@test "one listener of several that cannot be used: status 16, and no socket is left" {
	serve_start "$dir"
	run --separate-stderr "$BIN/mirror-serve" --listen "unix:$socket" --listen "$address" "$dir"
	[ "$status" -eq 16 ]
	[[ $stderr == *"$address"* ]]
	[ ! -e "$socket" ]
	# a text that is wrong is a usage error
	run --separate-stderr "$BIN/mirror-serve" --listen 127.0.0.1:0 --listen 5000 "$dir"
	[ "$status" -eq 1 ]
}

@test "when it ends, each listener answers what waits in its queue" {
	serve_start --threads 1 --listen 127.0.0.1:0 --listen "unix:$socket" "$dir"
	# stopped meanwhile, so that the connections are in the queues when SIGTERM comes
	kill -STOP "$server_pid"
	connect waiting
	printf 'GET /v2/ HTTP/1.1\r\nHost: m\r\n\r\n' >&"$waiting"
	curl -s -o "$BATS_TEST_TMPDIR/answer" --unix-socket "$socket" http://m/v2/ 3>&- &
	asker=$!
	# until curl is connected, or nearly
	until [ "$(grep -c " $socket\$" /proc/net/unix)" -ge 2 ]; do :; done
	kill -TERM "$server_pid"
	kill -CONT "$server_pid"
	[[ $(timeout 30 cat <&"$waiting") == "HTTP/1.1 200 "* ]]
	wait "$asker"
	[ "$(cat "$BATS_TEST_TMPDIR/answer")" = "{}" ]
	ended server
}

# ---- sockets in the file system ----

@test "a unix socket: open to all, removed at the end, and in the log without an address" {
	umask 077
	serve_start --listen "unix:$socket" --access-log "$BATS_TEST_TMPDIR/log" "$dir"
	[ "$(stat -c '%a %F' "$socket")" = "666 socket" ]
	[ "$(status_at http://m --unix-socket "$socket")" = 200 ]
	stop server
	[ ! -e "$socket" ]
	grep -q '^unix: - - .* 200 ' "$BATS_TEST_TMPDIR/log"
}

@test "a socket that a dead server left is replaced; a live one is not" {
	serve_start --listen "unix:$socket" "$dir"
	run --separate-stderr "$BIN/mirror-serve" --listen "unix:$socket" "$dir"
	[ "$status" -eq 16 ]
	[[ $stderr == *"$socket"*"another program listens there"* ]]
	[ "$(status_at http://m --unix-socket "$socket")" = 200 ]
	kill -KILL "$server_pid"
	ended server || true
	[ -S "$socket" ]
	serve_start --listen "unix:$socket" "$dir"
	[ "$(status_at http://m --unix-socket "$socket")" = 200 ]
}

@test "the socket of a successor is not removed" {
	serve_start --listen "unix:$socket" "$dir"
	rm "$socket"
	serve successor --listen "unix:$socket" "$dir"
	stop server
	[ "$(status_at http://m --unix-socket "$socket")" = 200 ]
}

@test "a file that is no socket is left as it is, and named; so is a path that cannot be" {
	echo content >"$BATS_TEST_TMPDIR/file"
	ln -s file "$BATS_TEST_TMPDIR/link"
	while IFS='|' read -r want words path; do
		run --separate-stderr "$BIN/mirror-serve" --listen "unix:$path" "$dir"
		[ "$status" -eq "$want" ] || { echo "# $path: $status" && false; }
		[[ $stderr == *"$words"* ]] || { echo "# $stderr" && false; }
	done <<-END
		16|no socket|$BATS_TEST_TMPDIR/file
		16|no socket|$BATS_TEST_TMPDIR/link
		16|no socket|$BATS_TEST_TMPDIR
		16|/nonexistent/s|/nonexistent/s
		1|107 bytes|
		1|107 bytes|/$(printf '%0120d' 0)
	END
	[ "$(cat "$BATS_TEST_TMPDIR/file")" = content ]
}

# ---- a service manager ----

# ADDRESS ARGS...: starts mirror-serve under tests/tools/manager; its lines are on descriptor 8.
manage() {
	local at=$1
	shift
	mkfifo "$BATS_TEST_TMPDIR/told"
	"$BIN/tests/tools/manager" "$at" "${notify:-$BATS_TEST_TMPDIR/notify}" "$BIN/mirror-serve" "$@" \
		>"$BATS_TEST_TMPDIR/told" 2>"$BATS_TEST_TMPDIR/err" 3>&- &
	manager_pid=$!
	servers="$servers $!"
	exec 8<"$BATS_TEST_TMPDIR/told"
}

# WORDS: the next line is this one; the rest of it is in $rest.
told() {
	local line
	read -r -t 30 -u 8 line
	[[ $line == "$1"* ]] || { echo "# \"$line\" instead of \"$1\"" && return 1; }
	rest=${line#"$1"}
}

@test "a socket that systemd passes on takes the place of the default address" {
	manage tcp "$dir"
	told "at "
	at=$rest
	told "listening on http://$at"
	told "told READY=1"
	[ "$(status_at "http://$at")" = 200 ]
	kill -HUP "$manager_pid"
	told "told RELOADING=1 MONOTONIC_USEC="
	[ "$rest" -gt 0 ]
	told "told READY=1"
	kill -TERM "$manager_pid"
	told "told STOPPING=1"
	# the socket is the manager's: what connects now is for the next server
	told "queue open"
	told "ended 0"
	ended manager
}

@test "a unix socket that is passed on, beside --listen; its file is the manager's" {
	manage "unix:$socket" --listen 127.0.0.1:0 "$dir"
	told "listening on unix:$socket"
	told "listening on http://"
	[ "$(status_at "http://$rest")" = 200 ]
	[ "$(status_at http://m --unix-socket "$socket")" = 200 ]
	told "told READY=1"
	kill -TERM "$manager_pid"
	told "told STOPPING=1"
	told "ended 0"
	[ -S "$socket" ]
	ended manager
}

@test "notifications to an abstract socket; none at all when the start fails" {
	notify=@mirror-test-$$ manage none --listen 127.0.0.1:0 "$dir"
	told "listening on http://"
	told "told READY=1"
	kill -TERM "$manager_pid"
	told "told STOPPING=1"
	told "ended 0"
	ended manager
	rm "$BATS_TEST_TMPDIR/told"
	manage none --listen 127.0.0.1:0 /nonexistent
	told "ended 16"
	ended manager
}

@test "what cannot be listened on is named; sockets for another process are not ours" {
	manage datagram "$dir"
	told "ended 16"
	ended manager
	[[ $(cat "$BATS_TEST_TMPDIR/err") == *"descriptor 3"*"ListenStream="* ]]
	LISTEN_PID=1 LISTEN_FDS=3 NOTIFY_SOCKET=/nonexistent serve_start "$dir"
	get /v2/
	is 200
}
