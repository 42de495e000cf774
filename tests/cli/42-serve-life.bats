#!/usr/bin/env bats
# mirror-serve as a process: reloads, signals, the access log, HTTP from clients that do not behave.

# shellcheck disable=SC2030,SC2031,SC2034  # each test is a process of its own; eval sets some

bats_require_minimum_version 1.5.0

setup() {
	load ../lib/ask
	dir=$BATS_TEST_TMPDIR/mirror
}

teardown() {
	stop_all
}

# A blob too large for the buffers of any socket, in docker.io/library/big:1; digest in $big.
with_big_blob() {
	truncate -s 64M "$dir/zeros"
	big=sha256:$(sha256sum <"$dir/zeros" | cut -d' ' -f1)
	mv "$dir/zeros" "$(layout_file "$dir" "$big")"
	layout_entry "$dir" docker.io/library/big:1 "$(
		layout_blob "$dir" "{\"schemaVersion\":2,\"config\":$(layout_desc "$dir" "$big" a/b),\"layers\":[]}"
	)"
	layout_publish "$dir"
}

# Asks for the big blob on descriptor $transfer and reads the head of the answer.
begin_transfer() {
	local line
	connect transfer
	printf 'GET /v2/library/big/blobs/%s HTTP/1.1\r\nHost: m\r\n\r\n' "$big" >&"$transfer"
	read -r line <&"$transfer"
	[[ $line == "HTTP/1.1 200"* ]]
	while read -r line <&"$transfer" && [ "$line" != $'\r' ]; do :; done
}

# ---- the program ----

@test "it links no library that only talks to upstreams" {
	run ldd "$BIN/mirror-serve"
	[ "$status" -eq 0 ]
	[[ $output == *libc.so* ]]
	[[ $output != *libcurl* && $output != *libgit2* && $output != *libarchive* ]]
}

@test "a standard input that is closed is not taken for a file of the mirror" {
	local line
	mirror_of_one "$dir"
	mkfifo "$BATS_TEST_TMPDIR/ready"
	"$BIN/mirror-serve" --listen 127.0.0.1:0 "$dir" >"$BATS_TEST_TMPDIR/ready" 3>&- <&- &
	server_pid=$! servers=" $!"
	read -r line <"$BATS_TEST_TMPDIR/ready"
	[[ $line == "listening on "* ]]
	[ "$(readlink "/proc/$server_pid/fd/0")" = /dev/null ]
}

@test "what cannot be used is named, with its own exit status" {
	layout_new "$dir"
	mkdir "$BATS_TEST_TMPDIR/empty" "$BATS_TEST_TMPDIR/other"
	echo '{"imageLayoutVersion":"9.9"}' >"$BATS_TEST_TMPDIR/other/oci-layout"
	echo '{"manifests":[]}' >"$BATS_TEST_TMPDIR/other/index.json"
	layout_new "$BATS_TEST_TMPDIR/broken"
	echo '{"manifests":[' >"$BATS_TEST_TMPDIR/broken/index.json"
	layout_new "$BATS_TEST_TMPDIR/bare"
	rm "$BATS_TEST_TMPDIR/bare/index.json"
	while IFS='|' read -r want name args; do
		# shellcheck disable=SC2086 # words are meant
		run --separate-stderr "$BIN/mirror-serve" $args
		[ "$status" -eq "$want" ] || { echo "# $args: $status" && false; }
		[ "${#stderr_lines[@]}" -eq 1 ] || { echo "# $args: $stderr" && false; }
		[[ $stderr == "mirror-serve: "*"$name"* ]] || { echo "# $args: $stderr" && false; }
		[[ $name != /* || $stderr != *"$name"*"$name"* ]] || { echo "# twice: $stderr" \
			&& false; }
	done <<-END
		16|/nonexistent/mirror|/nonexistent/mirror
		16|$BATS_TEST_TMPDIR/empty|$BATS_TEST_TMPDIR/empty
		16|$BATS_TEST_TMPDIR/other|$BATS_TEST_TMPDIR/other
		16|index.json|$BATS_TEST_TMPDIR/broken
		16|index.json|$BATS_TEST_TMPDIR/bare
		16|192.0.2.1:5000|--listen 192.0.2.1:5000 $dir
		16|/nonexistent/log|--access-log /nonexistent/log --listen 127.0.0.1:0 $dir
		1|5000|--listen 5000 $dir
		1|127.0.0.1:x|--listen 127.0.0.1:x $dir
		1|::1:5000|--listen ::1:5000 $dir
		1|127.0.0.1:65536|--listen 127.0.0.1:65536 $dir
		1|a..b|--name a..b $dir
		1|not a host|--default-registry docker.io/library $dir
		1|threads|--threads 0 $dir
		1|two|$dir two
	END
}

@test "an address in use is status 16" {
	mirror_of_one "$dir"
	serve_start "$dir"
	run --separate-stderr "$BIN/mirror-serve" --listen "$address" "$dir"
	[ "$status" -eq 16 ]
	[[ $stderr == *"$address"* ]]
}

@test "MIRROR_DIR, and \"mirror\" when there is none" {
	mirror_of_one "$dir"
	MIRROR_DIR=$dir serve_start
	get /v2/alpine/manifests/1
	is 200
	stop server
	cd "$BATS_TEST_TMPDIR"
	serve_start
	get /v2/alpine/manifests/1
	is 200
}

@test "IPv6 addresses stand in brackets" {
	[ -e /proc/net/if_inet6 ] && grep -q ' lo$' /proc/net/if_inet6 || skip "no IPv6 here"
	mirror_of_one "$dir"
	serve_start --listen "[::1]:0" "$dir"
	[[ $url == "http://[::1]:"* ]]
	get /v2/
	is 200
}

@test "the access log: one line a request, whatever the client sent" {
	mirror_of_one "$dir"
	layer=$(layout_blob "$dir" "layer of one")
	serve_start --access-log "$BATS_TEST_TMPDIR/log" "$dir"
	get /v2/alpine/manifests/1 -A 'evil "agent"'
	get "/v2/alpine/blobs/$layer" -A ''
	get "/v2/alpine/blobs/$layer" -I -A x
	get "/v2/alpine/blobs/$layer" -r 0-1 -A x
	get /v2/alpine/manifests/2 -A x
	raw 'GET\n' >/dev/null
	stop server
	sed 's/\[[^]]*\]/[-]/' "$BATS_TEST_TMPDIR/log" | diff - <(cat <<-END
		127.0.0.1 - - [-] "GET /v2/alpine/manifests/1 HTTP/1.1" 200 $(layout_size "$dir" "$one") "evil \\x22agent\\x22" "$address" "-"
		127.0.0.1 - - [-] "GET /v2/alpine/blobs/$layer HTTP/1.1" 200 12 "-" "$address" "-"
		127.0.0.1 - - [-] "HEAD /v2/alpine/blobs/$layer HTTP/1.1" 200 0 "x" "$address" "-"
		127.0.0.1 - - [-] "GET /v2/alpine/blobs/$layer HTTP/1.1" 206 2 "x" "$address" "-"
		127.0.0.1 - - [-] "GET /v2/alpine/manifests/2 HTTP/1.1" 404 $(stat -c %s "$body") "x" "$address" "-"
		127.0.0.1 - - [-] "-" 400 94 "-" "-" "-"
	END
	)
	[[ $(head -n1 "$BATS_TEST_TMPDIR/log") =~ \
		\[[0-9]{2}/[A-Z][a-z]{2}/20[0-9]{2}:[0-9:]{8}\ \+0000\] ]]
}

# ---- reloads ----

@test "a new index.json is served when it is renamed into place" {
	mirror_of_one "$dir"
	serve_start "$dir"
	get /v2/alpine/manifests/1
	has "X-Mirror-Generation: 1"
	new=$(layout_untagged "$dir" new)
	: >"$dir/entries"
	layout_entry "$dir" docker.io/library/alpine:1 "$new"
	layout_entry "$dir" docker.io/library/alpine:1.20261120 "$one"
	layout_publish "$dir" 2
	await "generation 2"
	get /v2/alpine/manifests/1
	has "Docker-Content-Digest: $new"
	has "X-Mirror-Generation: 2"
	get /v2/alpine/manifests/1.20261120
	has "Docker-Content-Digest: $one"
}

@test "an index.json that is rewritten in place, and half-written meanwhile" {
	mirror_of_one "$dir"
	serve_start "$dir"
	layout_entry "$dir" docker.io/library/alpine:2 "$(layout_untagged "$dir" new)"
	layout_index_json "$dir" 2 >"$BATS_TEST_TMPDIR/whole"
	head -c 200 "$BATS_TEST_TMPDIR/whole" >"$dir/index.json"
	await "generation 1 is served on"
	get /v2/alpine/manifests/1
	is 200
	has "X-Mirror-Generation: 1"
	get /v2/_ocimirror/index.json
	is 200
	has "Content-Length: $(stat -c %s "$body")"
	[ "$(jq '.manifests | length' "$body")" = 1 ]
	cat "$BATS_TEST_TMPDIR/whole" >"$dir/index.json"
	await "generation 2"
	get /v2/alpine/manifests/2
	is 200
}

@test "a broken index.json, an empty one, or none: the old generation is served on" {
	mirror_of_one "$dir"
	serve_start "$dir"
	for broken in '{"manifests":[{"digest":"../../etc/passwd","size":1}]}' '' '[]' \
		'{"manifests":{}}'; do
		: >"$server_err"
		printf '%s' "$broken" >"$dir/index.json.new"
		mv "$dir/index.json.new" "$dir/index.json"
		await "generation 1 is served on"
		get /v2/alpine/manifests/1
		is 200
		has "X-Mirror-Generation: 1"
	done
	rm "$dir/index.json"
	kill -HUP "$server_pid"
	get /v2/alpine/manifests/1
	is 200
	layout_publish "$dir" 3
	await "generation 3"
}

@test "a mirror that is a symbolic link may be switched" {
	mirror_of_one "$BATS_TEST_TMPDIR/a" 1
	mirror_of_one "$BATS_TEST_TMPDIR/b" 2
	layout_entry "$BATS_TEST_TMPDIR/b" docker.io/library/alpine:2 \
		"$(layout_untagged "$BATS_TEST_TMPDIR/b" b)"
	layout_publish "$BATS_TEST_TMPDIR/b" 2
	ln -s a "$dir"
	serve_start "$dir"
	get /v2/alpine/manifests/2
	is 404
	ln -s b "$dir.new" && mv -T "$dir.new" "$dir"
	await "generation 2"
	get /v2/alpine/manifests/2
	is 200
	# and the new place is the one that is watched
	layout_publish "$BATS_TEST_TMPDIR/b" 3
	await "generation 3"
}

@test "SIGHUP looks again: a manifest that was repaired is served" {
	mirror_of_one "$dir"
	file=$(layout_file "$dir" "$one")
	mv "$file" "$dir/kept"
	serve_start "$dir"
	get /v2/alpine/manifests/1
	is 404
	mv "$dir/kept" "$file"
	kill -HUP "$server_pid"
	await "generation 1: "
	get /v2/alpine/manifests/1
	is 200
}

@test "an index without a generation is known by its digest" {
	mirror_of_one "$dir"
	printf '{"schemaVersion":2,"manifests":[]}' >"$dir/index.json"
	serve_start "$dir"
	get /v2/
	has "X-Mirror-Generation: sha256:$(sha256sum <"$dir/index.json" | cut -d' ' -f1)"
}

@test "a transfer goes on while its blob is unlinked and the mirror changes" {
	mirror_of_one "$dir"
	with_big_blob
	serve_start "$dir"
	begin_transfer
	: >"$dir/entries"
	layout_entry "$dir" docker.io/library/alpine:1 "$one"
	layout_publish "$dir" 9
	rm "$(layout_file "$dir" "$big")"
	await "generation 9"
	[ "$(head -c 67108864 <&"$transfer" | sha256sum | cut -d' ' -f1)" = "${big#*:}" ]
	# and so does the connection
	printf 'GET /v2/library/big/blobs/%s HTTP/1.1\r\nHost: m\r\nConnection: close\r\n\r\n' \
		"$big" >&"$transfer"
	[[ $(cat <&"$transfer") == "HTTP/1.1 404 "* ]]
	exec {transfer}<&-
}

@test "a reply from memory goes on while its generation is replaced" {
	layout_new "$dir"
	config=$(layout_blob "$dir" c)
	large=$({
		printf '{"schemaVersion":2,"config":%s,"layers":[],"annotations":{"x":"' "$(layout_desc "$dir" "$config" a/b)"
		head -c 2200000 /dev/urandom | base64 -w0
		printf '"}}'
	} | layout_blob "$dir")
	layout_entry "$dir" docker.io/a/large:1 "$large"
	layout_publish "$dir" 1
	serve_start --threads 1 "$dir"
	connect slow
	# in one write, so that all of them are answered from the first generation: printf makes one
	# of each line
	ask='GET /v2/a/large/manifests/1 HTTP/1.1\r\nHost: m\r\n\r\n'
	# shellcheck disable=SC2059
	printf "$ask$ask$ask$ask${ask/Host/Connection: close\\r\\nHost}" >"$BATS_TEST_TMPDIR/asked"
	cat "$BATS_TEST_TMPDIR/asked" >&"$slow"
	read -r line <&"$slow"
	: >"$dir/entries"
	layout_publish "$dir" 2
	await "generation 2"
	# the thread has taken the new generation over before it answers this
	get /v2/
	has "X-Mirror-Generation: 2"
	timeout 60 cat <&"$slow" >"$BATS_TEST_TMPDIR/answers"
	exec {slow}<&-
	# a body has no line end: behind it, on its line, stands the next reply
	cut=$(grep -a '^{"schemaVersion"' "$BATS_TEST_TMPDIR/answers" | sed 's/}}HTTP.*$/}}/' \
		| sort -u | tr -d '\n' | sha256sum)
	[ "${cut%% *}" = "${large#*:}" ]
	[ "$(grep -ac '^{"schemaVersion"' "$BATS_TEST_TMPDIR/answers")" = 5 ]
}

# ---- signals ----

@test "SIGTERM: a transfer is finished, idle connections are closed, then it ends with 0" {
	mirror_of_one "$dir"
	with_big_blob
	serve_start --access-log "$BATS_TEST_TMPDIR/log" "$dir"
	begin_transfer
	connect idle
	printf 'GET /v2/ HTTP/1.1\r\nHost: m\r\n\r\n' >&"$idle"
	read -r line <&"$idle"
	kill -TERM "$server_pid"
	# it closes what is idle: from here on it is known to be stopping
	timeout 30 cat <&"$idle" >/dev/null
	run curl -s "$url/v2/"
	[ "$status" -eq 7 ]
	[ "$(timeout 60 cat <&"$transfer" | sha256sum | cut -d' ' -f1)" = "${big#*:}" ]
	exec {transfer}<&- {idle}<&-
	ended server
	[ ! -s "$server_err" ]
	grep -q "GET /v2/library/big/blobs/$big HTTP/1.1\" 200 67108864 " "$BATS_TEST_TMPDIR/log"
}

@test "SIGINT ends it as well, and a second signal does not wait" {
	mirror_of_one "$dir"
	with_big_blob
	serve_start "$dir"
	begin_transfer
	connect idle
	# a background process of a script ignores SIGINT: sent all the same
	kill -INT "$server_pid"
	timeout 30 cat <&"$idle" >/dev/null
	kill -TERM "$server_pid"
	ended server
	exec {transfer}<&- {idle}<&-
}

@test "a client that goes away in the middle is no error" {
	mirror_of_one "$dir"
	with_big_blob
	serve_start --threads 1 --access-log "$BATS_TEST_TMPDIR/log" "$dir"
	for _ in 1 2 3; do
		begin_transfer
		exec {transfer}<&-
		run curl -s -r 0- --max-filesize 10 "$url/v2/library/big/blobs/$big" -o /dev/null
		[ "$status" -eq 63 ]
	done
	get /v2/alpine/manifests/1
	is 200
	stop server
	[ ! -s "$server_err" ]
	# what was not sent is not counted as sent
	[ "$(grep -c "$big" "$BATS_TEST_TMPDIR/log")" = 6 ]
	run ! grep -q ' 67108864 ' "$BATS_TEST_TMPDIR/log"
}

@test "more connections than descriptors: idle ones make room" {
	mirror_of_one "$dir"
	ulimit -n 80
	serve_start --threads 2 "$dir"
	ulimit -n 80
	for _ in $(seq 40); do
		connect idle
	done
	get /v2/alpine/manifests/1 --max-time 30
	is 200
}

# ---- HTTP ----

# What the answers to some bytes say, a status line each.
statuses() {
	raw "$1" | grep -ao 'HTTP/1.1 [0-9][0-9]*' | cut -d' ' -f2 | tr '\n' ' '
}

@test "pipelined requests are answered in their order, blobs among them" {
	mirror_of_one "$dir"
	layer=$(layout_blob "$dir" "layer of one")
	serve_start "$dir"
	many=
	for _ in $(seq 40); do
		many+="GET /v2/alpine/manifests/1 HTTP/1.1\r\nHost: m\r\n\r\n"
		many+="GET /v2/alpine/blobs/$layer HTTP/1.1\r\nHost: m\r\n\r\n"
		many+="HEAD /v2/alpine/blobs/$layer HTTP/1.1\r\nHost: m\r\n\r\n"
		many+="GET /v2/alpine/tags/list HTTP/1.1\r\nHost: m\r\n\r\n"
	done
	many+="GET /v2/alpine/manifests/none HTTP/1.1\r\nHost: m\r\nConnection: close\r\n\r\n"
	raw "$many" >"$BATS_TEST_TMPDIR/answers"
	[ "$(grep -ao 'HTTP/1.1 200' "$BATS_TEST_TMPDIR/answers" | wc -l)" = 160 ]
	[ "$(grep -ao 'layer of one' "$BATS_TEST_TMPDIR/answers" | wc -l)" = 40 ]
	[ "$(grep -ac '"tags":\["1"\]' "$BATS_TEST_TMPDIR/answers")" = 40 ]
	[ "$(grep -ao 'HTTP/1.1 [0-9]*' "$BATS_TEST_TMPDIR/answers" | tail -n1 | cut -d' ' -f2)" = \
		404 ]
}

@test "a request in pieces" {
	mirror_of_one "$dir"
	serve_start "$dir"
	connect slow
	for piece in 'GE' 'T /v2/ HT' 'TP/1.1\r' '\nHost: m\r\nConnection: close\r\n' '\r' '\n'; do
		# shellcheck disable=SC2059
		printf "$piece" >&"$slow"
	done
	[[ $(timeout 30 cat <&"$slow") == "HTTP/1.1 200 "*"{}" ]]
	exec {slow}<&-
}

@test "a body on a GET is skipped, and the next request is read behind it" {
	mirror_of_one "$dir"
	serve_start "$dir"
	next='GET /v2/alpine/tags/list HTTP/1.1\r\nHost: m\r\nConnection: close\r\n\r\n'
	[ "$(statuses "GET /v2/alpine/manifests/sha256:totallywrong HTTP/1.1\r\nHost: m\r\nContent-Length: 9\r\n\r\nblablabla$next")" = "400 200 " ]
	[ "$(statuses "PUT /v2/alpine/manifests/1 HTTP/1.1\r\nHost: m\r\nContent-Length: 33\r\n\r\nGET /v2/ HTTP/1.1\r\nHost: evil\r\n\r\n$next")" = "405 200 " ]
	# of a body that is long, or of unknown length, nothing is taken for a request
	[ "$(statuses "GET /v2/ HTTP/1.1\r\nHost: m\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n$next")" = "200 " ]
	[ "$(statuses "PUT /v2/ HTTP/1.1\r\nHost: m\r\nContent-Length: 99999999\r\n\r\n$next")" = \
		"405 " ]
	[ "$(statuses "PUT /v2/ HTTP/1.1\r\nHost: m\r\nContent-Length: 9\r\nExpect: 100-continue\r\n\r\n$next")" = "405 " ]
	get /v2/alpine/blobs/uploads/ -X POST --data-binary "@$(layout_file "$dir" "$one")"
	is 405
	head -c 20000000 /dev/zero >"$BATS_TEST_TMPDIR/zeros"
	get /v2/alpine/blobs/uploads/ -X POST --data-binary "@$BATS_TEST_TMPDIR/zeros"
	is 405
}

@test "what could be read in two ways is refused, and the connection closed" {
	mirror_of_one "$dir"
	serve_start "$dir"
	next='GET /v2/ HTTP/1.1\r\nHost: m\r\n\r\n'
	get='GET /v2/ HTTP/1.1\r\n'
	while IFS='|' read -r want bytes; do
		got=$(statuses "${bytes//NEXT/$next}")
		[ "$got" = "$want " ] || { echo "# $bytes: $got" && false; }
	done <<-END
		400|${get}Host: m\r\nContent-Length: 5\r\nTransfer-Encoding: chunked\r\n\r\nNEXT
		400|${get}Host: m\r\nContent-Length: 5\r\nContent-Length: 6\r\n\r\nNEXT
		400|${get}Host: m\nX: y\r\n\r\nNEXT
		400|${get}Host : m\r\n\r\nNEXT
		400|${get}Host: m\r\n folded\r\n\r\nNEXT
		400|${get}\r\nNEXT
		400|${get}Host: m\r\nHost: m\r\n\r\nNEXT
		400|\x16\x03\x01\r\n\r\nNEXT
		501|${get}Host: m\r\nTransfer-Encoding: gzip\r\n\r\nNEXT
		505|GET / HTTP/2.0\r\nHost: m\r\n\r\nNEXT
		414|GET /$(printf '%09000d' 0) HTTP/1.1\r\nHost: m\r\n\r\nNEXT
		431|${get}Host: m\r\nCookie: $(printf '%041000d' 0)\r\n\r\nNEXT
	END
}

@test "HTTP/1.0: closed by itself, kept when asked for" {
	mirror_of_one "$dir"
	serve_start "$dir"
	run raw 'GET /v2/ HTTP/1.0\r\n\r\n'
	[[ $output == "HTTP/1.1 200 OK"*"Connection: close"*"{}" ]]
	run raw 'GET /v2/ HTTP/1.0\r\nConnection: keep-alive\r\n\r\nGET /v2/ HTTP/1.0\r\n\r\n'
	[[ $output == "HTTP/1.1 200 OK"*"Connection: keep-alive"*"HTTP/1.1 200 OK"*"Connection: \
close"* ]]
}

@test "an absolute target, as proxies send it" {
	mirror_of_one "$dir"
	serve_start "$dir"
	[ "$(statuses 'GET http://docker.io/v2/library/alpine/manifests/1 HTTP/1.1\r\nHost: mirror\r\nConnection: close\r\n\r\n')" = "200 " ]
	[ "$(statuses 'OPTIONS * HTTP/1.1\r\nHost: mirror\r\nConnection: close\r\n\r\n')" = "204 " ]
}

@test "a repeated listing is the same, and one of the next generation is another" {
	mirror_of_one "$dir"
	serve_start --threads 1 "$dir"
	for _ in 1 2; do
		get /v2/_catalog
		[ "$(cat "$body")" = '{"repositories":["docker.io/library/alpine"]}' ]
		get /v2/_catalog -I
		has "Content-Length: 46"
	done
	layout_entry "$dir" docker.io/library/b:1 "$one"
	layout_publish "$dir" 2
	await "generation 2"
	get /v2/_catalog
	[ "$(cat "$body")" = '{"repositories":["docker.io/library/alpine","docker.io/library/b"]}' ]
}

@test "a connection that pipelines listings leaves turns to the others" {
	mirror_of_one "$dir"
	serve_start --threads 1 --access-log "$BATS_TEST_TMPDIR/log" "$dir"
	# the requests of both are there before the only thread has seen either
	kill -STOP "$server_pid"
	for _ in $(seq 350); do printf 'HEAD /v2/_catalog HTTP/1.1\r\nHost: m\r\n\r\n'; done \
		>"$BATS_TEST_TMPDIR/asked"
	connect many
	head -c 16000 "$BATS_TEST_TMPDIR/asked" >&"$many"
	connect one
	printf 'GET /v2/ HTTP/1.1\r\nHost: m\r\n\r\n' >&"$one"
	kill -CONT "$server_pid"
	read -r line <&"$one"
	[[ $line == "HTTP/1.1 200"* ]]
	exec {one}<&- {many}<&-
	stop server
	before=$(grep -n 'GET /v2/ ' "$BATS_TEST_TMPDIR/log" | cut -d: -f1)
	[ "$before" -le 100 ] || { echo "# after $before listings" && false; }
}
