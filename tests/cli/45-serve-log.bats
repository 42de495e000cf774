#!/usr/bin/env bats
# mirror-serve's access log: its formats, what clients cannot do to it, proxies in front, SIGHUP.

# shellcheck disable=SC2030,SC2031,SC2034  # each test is a process of its own; eval sets some

bats_require_minimum_version 1.5.0

setup() {
	load ../lib/ask
	dir=$BATS_TEST_TMPDIR/mirror
	log=$BATS_TEST_TMPDIR/log
	mirror_of_one "$dir"
}

teardown() {
	stop_all
}

# Each line without its date and our port.
lines_of() {
	sed 's/\[[^]]*\]/[-]/; s/"127.0.0.1:[0-9]*"/"127.0.0.1:0"/' "$1"
}

@test "common, combined: namespace and Host are named" {
	for format in common combined; do
		serve_start --access-log "$log.$format" --log-format "$format" "$dir"
		get "/v2/library/alpine/manifests/1?ns=docker.io" -A x
		get /v2/library/alpine/manifests/1 -A x -H 'Host: docker.io'
		get /v2/ -A x
		stop server
	done
	size=$(layout_size "$dir" "$one")
	lines_of "$log.common" | diff - <(cat <<-END
		127.0.0.1 - - [-] "GET /v2/library/alpine/manifests/1?ns=docker.io HTTP/1.1" 200 $size "x" "127.0.0.1:0" "docker.io"
		127.0.0.1 - - [-] "GET /v2/library/alpine/manifests/1 HTTP/1.1" 200 $size "x" "docker.io" "docker.io"
		127.0.0.1 - - [-] "GET /v2/ HTTP/1.1" 200 3 "x" "127.0.0.1:0" "-"
	END
	)
	sed 's/" \([0-9]* [0-9]*\) "/" \1 "-" "/' "$log.common" | lines_of /dev/stdin | diff - \
		<(lines_of "$log.combined")
}

@test "json: every line is an object, whatever the client sent" {
	layer=$(layout_blob "$dir" "layer of one")
	serve_start --access-log "$log" --log-format json "$dir"
	get "/v2/library/alpine/blobs/$layer?ns=docker.io" -A $'a"\\\xe9\xff\xe2\x80\xae,"x":1'
	get "/v2/library/alpine/manifests/1%0a%22?ns=%0a%22%ff" -A ''
	raw 'GET\n' >/dev/null
	raw 'GET /v2/"\\ HTTP/1.1\r\nHost: m\r\nConnection: close\r\n\r\n' >/dev/null
	stop server
	[ "$(grep -c '' "$log")" = 4 ]
	iconv -f UTF-8 -t UTF-8 "$log" >/dev/null
	[ "$(jq -s length "$log")" = 4 ]
	jq -se --arg d "$layer" '.[0] | .method == "GET" and .status == 200 and .bytes == 12 and
		.digest == $d and .ns == "docker.io" and .peer == "127.0.0.1" and .user == null and
		.tls == null and (.x | not) and (.agent | startswith("a\"\\")) and
		(.milliseconds >= 0) and (.time | test("^20[0-9-]{8}T[0-9:]{8}Z$"))' "$log"
	jq -se '.[1] | .ns == "\n\"\ufffd" and .agent == null and .status == 404 and .digest == null' "$log"
	jq -se '.[2] | .method == null and .path == null and .status == 400' "$log"
	jq -se '.[3].path == "/v2/\"\\"' "$log"
}

@test "X-Forwarded-For is taken from trusted proxies, and from nobody else" {
	serve_start --access-log "$log" "$dir"
	get /v2/ -H 'X-Forwarded-For: 203.0.113.7'
	stop server
	serve_start --access-log "$log" --trusted-proxy 10.0.0.0/8 --trusted-proxy 127.0.0.1 "$dir"
	get /v2/ -H 'X-Forwarded-For: 203.0.113.8'
	get /v2/ -H 'X-Forwarded-For: 203.0.113.9, 10.0.0.7' -H 'x-forwarded-for: 127.0.0.1'
	get /v2/ -H 'X-Forwarded-For: "evil"'
	get /v2/
	# each request of a connection for itself
	raw 'GET /v2/ HTTP/1.1\r\nHost: m\r\nX-Forwarded-For: ::7\r\n\r\nGET /v2/ HTTP/1.1\r\nHost: m\r\nConnection: close\r\n\r\n'
	stop server
	[ "$(cut -d' ' -f1 "$log" | tr '\n' ' ')" = \
		"127.0.0.1 203.0.113.8 203.0.113.9 127.0.0.1 127.0.0.1 ::7 127.0.0.1 " ]
}

@test "what --log-format and --trusted-proxy do not take is named" {
	run --separate-stderr "$BIN/mirror-serve" --log-format xml "$dir"
	[ "$status" -eq 1 ]
	[[ $stderr == *"common, combined, json"* ]]
	run --separate-stderr "$BIN/mirror-serve" --trusted-proxy proxy.example "$dir"
	[ "$status" -eq 1 ]
	[[ $stderr == *'--trusted-proxy "proxy.example" is no address'* ]]
}

@test "SIGHUP opens the log anew; when that fails, the open one is written on" {
	serve_start --threads 1 --access-log "$log" "$dir"
	get /v2/ -A first
	mv "$log" "$log.1"
	kill -HUP "$server_pid"
	await "generation 1:"
	get /v2/ -A second
	mkdir "$log.d" && mv "$log" "$log.2" && mv "$log.d" "$log"
	: >"$server_err"
	kill -HUP "$server_pid"
	await "lines go on to the file that was open"
	get /v2/ -A third
	stop server
	grep -q first "$log.1"
	[ "$(grep -c '' "$log.1")" = 1 ]
	grep -q second "$log.2" && grep -q third "$log.2"
}
