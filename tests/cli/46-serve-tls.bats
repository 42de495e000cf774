#!/usr/bin/env bats
# mirror-serve over TLS: versions, certificates by server name, tickets, reloads, certificates of
# clients, and what speaks the wrong protocol.

# shellcheck disable=SC2030,SC2031,SC2034,SC2154  # each test is its own process; eval sets some

bats_require_minimum_version 1.5.0

setup() {
	load ../lib/ask
	load ../lib/tls
	dir=$BATS_TEST_TMPDIR/mirror
	mirror_of_one "$dir"
	cert main
	tls=(--tls-cert "$at/main.pem" --tls-key "$at/main.key")
	trust=(--cacert "$at/main.pem" --resolve "localhost:0:127.0.0.1")
}

teardown() {
	stop_all
}

# Starts it with TLS; $url names localhost, as the certificate does.
serve_tls() {
	serve_start "${tls[@]}" "$@" "$dir"
	url=https://localhost:$server_port
}

ask=' HTTP/1.1\r\nHost: m\r\n\r\n'
ask_last=' HTTP/1.1\r\nHost: m\r\nConnection: close\r\n\r\n'

# ---- the protocol ----

@test "https: the line says so, and TLS 1.2 and 1.3 are spoken, HTTP/1.1 by ALPN" {
	serve_tls
	[[ $server_url == "https://127.0.0.1:"* ]]
	get /v2/alpine/manifests/1 "${trust[@]}"
	is 200
	has "Docker-Content-Digest: $one"
	get /v2/alpine/manifests/1 "${trust[@]}" --tls-max 1.2
	is 200
	run shake -alpn h2,http/1.1
	[[ $output == *"ALPN protocol: http/1.1"* ]]
	[[ $output == *"TLSv1.3, Cipher is TLS_AES_128_GCM_SHA256"* ]]
	run shake -alpn h2
	[[ $output == *"no application protocol"* ]]
	run shake -tls1_1 -cipher ALL:@SECLEVEL=0
	[[ $output == *"alert protocol version"* ]]
	run shake -tls1_2 -cipher AES128-SHA
	[[ $output == *"handshake failure"* ]]
}

@test "the access log names the version of TLS, the metrics when the certificate ends" {
	admin=$BATS_TEST_TMPDIR/admin
	serve_tls --access-log "$at/log" --log-format json --admin 127.0.0.1:0
	get /v2/alpine/manifests/1 "${trust[@]}"
	get /v2/alpine/manifests/1 "${trust[@]}" --tls-max 1.2
	end=$(date -d "$(openssl x509 -noout -enddate -in "$at/main.pem" | cut -d = -f 2)" +%s)
	curl -sf "$(sed -n 's/^admin on //p' <<<"$server_urls")/metrics" >"$admin"
	grep -qx "mirror_certificate_expiry_timestamp_seconds $end" "$admin"
	stop server
	[ "$(jq -r .tls "$at/log" | paste -sd ' ')" = "TLSv1.3 TLSv1.2" ]
}

@test "several ranges of a blob over TLS" {
	layer=$(head -c 3000000 /dev/urandom | layout_blob "$dir")
	layout_entry "$dir" docker.io/library/big:1 "$(layout_blob "$dir" \
		"{\"schemaVersion\":2,\"config\":$(layout_desc "$dir" "$one" a/b),\"layers\":[$(layout_desc "$dir" "$layer" a/b)]}")"
	layout_publish "$dir" 2
	serve_tls
	get "/v2/big/blobs/$layer" "${trust[@]}" -H 'Range: bytes=2000000-2899999,0-0,5-1999999'
	is 206
	has "Content-Length: $(stat -c %s "$body")"
	file=$(layout_file "$dir" "$layer")
	{
		tail -c +2000001 "$file" | head -c 900000
		head -c 1 "$file"
		tail -c +6 "$file" | head -c 1999995
	} 2>/dev/null >"$BATS_TEST_TMPDIR/want"
	# between them stand the boundary and two fields, always the same number of bytes
	between=$(printf -- '\r\n--%s\r\nContent-Type: application/octet-stream\r\n' \
		"${layer#*:}" | wc -c)
	first=$(printf 'Content-Range: bytes 2000000-2899999/3000000\r\n\r\n' | wc -c)
	second=$(printf 'Content-Range: bytes 0-0/3000000\r\n\r\n' | wc -c)
	third=$(printf 'Content-Range: bytes 5-1999999/3000000\r\n\r\n' | wc -c)
	{
		tail -c +$((between - 2 + first + 1)) "$body" | head -c 900000
		tail -c +$((2 * between - 2 + first + second + 900001)) "$body" | head -c 1
		tail -c +$((3 * between - 2 + first + second + third + 900002)) "$body" \
			| head -c 1999995
	} 2>/dev/null | cmp - "$BATS_TEST_TMPDIR/want"
}

@test "there is no renegotiation, and no early data is taken" {
	serve_tls
	# R on a line of its own asks for it
	run bash -c "printf 'R\n' | timeout 30 openssl s_client -tls1_2 -connect 127.0.0.1:$server_port 2>&1"
	[[ $output == *"no renegotiation"* ]]
	run shake
	[[ $output == *"Max Early Data: 0"* || $output != *"Early Data"*[1-9]* ]]
}

@test "tickets resume a connection, in each thread, after a reload, and in both versions" {
	serve_tls --threads 3
	for version in -tls1_2 -tls1_3; do
		send_tls "GET /v2/$ask_last" "$version" -sess_out "$at/session" >/dev/null
		for _ in 1 2 3 4 5 6; do
			run shake "$version" -sess_in "$at/session"
			[[ $output == *$'\nReused, '* ]] || { echo "# $version: $output" && false; }
		done
		kill -HUP "$server_pid"
		await "certificates were read again"
		run shake "$version" -sess_in "$at/session"
		[[ $output == *$'\nReused, '* ]]
	done
}

@test "blobs, parts of them, and pipelined requests arrive whole" {
	truncate -s 20M "$dir/zeros"
	echo end >>"$dir/zeros"
	big=sha256:$(sha256sum <"$dir/zeros" | cut -d' ' -f1)
	mv "$dir/zeros" "$(layout_file "$dir" "$big")"
	layout_entry "$dir" docker.io/library/big:1 "$(
		layout_blob "$dir" "{\"schemaVersion\":2,\"config\":$(layout_desc "$dir" "$big" a/b),\"layers\":[]}"
	)"
	layout_publish "$dir"
	serve_tls --threads 1
	for version in 1.2 1.3; do
		[ "$(curl -s "${trust[@]}" --tls-max "$version" "$url/v2/library/big/blobs/$big" |
			sha256sum | cut -d' ' -f1)" = "${big#*:}" ]
	done
	get "/v2/library/big/blobs/$big" "${trust[@]}" -r 20971519-
	is 206
	[ "$(tail -c 4 "$body")" = end ]
	many=
	for _ in $(seq 100); do
		many+="GET /v2/alpine/manifests/1$ask"
		many+="HEAD /v2/library/big/blobs/$big$ask"
	done
	many+="GET /v2/library/big/blobs/$big$ask_last"
	send_tls "$many" >"$at/answers"
	[ "$(grep -ao 'HTTP/1.1 200' "$at/answers" | wc -l)" = 201 ]
	[ "$(tail -c 20971524 "$at/answers" | sha256sum | cut -d' ' -f1)" = "${big#*:}" ]
}

@test "a head of many records, and one of a byte a record" {
	serve_tls
	send_tls "GET /v2/ HTTP/1.1\r\nHost: m\r\nX: $(printf '%016000d' 0)\r\nConnection: close\r\n\r\n" \
		-max_send_frag 512 >"$at/answer"
	[[ $(cat "$at/answer") == "HTTP/1.1 200 "*"{}" ]]
	send_tls "GET /v2/ HTTP/1.1\r\nHost: m\r\nX: $(printf '%041000d' 0)\r\n\r\n" >"$at/answer"
	[[ $(cat "$at/answer") == "HTTP/1.1 431 "* ]]
}

@test "a client that leaves, and one that never speaks, hold nothing up" {
	serve_tls --threads 1
	connect silent
	connect half
	printf '\x16\x03\x01\x02\x00\x01' >&"$half"
	exec {half}<&-
	get /v2/ "${trust[@]}"
	is 200
	await "TLS handshake: "
	kill "$server_pid"
	[ -z "$(timeout 30 cat <&"$silent")" ]
	ended server
	exec {silent}<&-
}

@test "a unix socket beside it stays plain" {
	serve_tls --listen "unix:$at/s" --listen 127.0.0.1:0
	[ "$(curl -s --unix-socket "$at/s" http://m/v2/)" = "{}" ]
	server_port=$(sed -n 's/^https.*://p' <<<"$server_urls")
	run shake
	[[ $output == *"TLSv1.3"* ]]
}

# ---- the wrong protocol ----

@test "plain HTTP on a listener for TLS: 400, and where to go" {
	serve_tls --access-log "$at/log"
	for host in localhost mirror.corp:5000; do
		run curl -s -i -H "Host: $host" "http://127.0.0.1:$server_port/v2/"
		[[ $output == "HTTP/1.1 400 "*"Connection: close"*"this is https: use https://$host\""* ]]
	done
	stop server
	grep -q '"GET /v2/ HTTP/1.1" 400 ' "$at/log"
}

@test "TLS on a listener for plain HTTP: 400 in words at once, and in the log" {
	serve_start --access-log "$at/log" "$dir"
	run curl -s "https://127.0.0.1:$server_port/v2/"
	[ "$status" -eq 35 ]
	run shake
	[[ $output == *"wrong version number"* ]]
	# what Go's clients look for, in the first bytes of the answer
	[[ $(raw '\x16\x03\x01\x02\x00\x01\x00') == "HTTP/1.1 400 "*"without TLS"* ]]
	stop server
	[ "$(grep -c '"-" 400 ' "$at/log")" = 3 ]
}

@test "what is neither is refused" {
	serve_tls
	[ -z "$(raw '\x00\x01\x02\x03\x04\x05\x06\x07\x08\x09\x0a')" ]
	await "127.0.0.1: TLS handshake: wrong version number"
}

# ---- certificates ----

@test "the server name chooses the certificate; the first is the default" {
	cert hub docker.io '*.quay.io'
	cert other other.corp
	tls+=(--tls-cert "$at/hub.pem" --tls-key "$at/hub.key")
	tls+=(--tls-cert "$at/other.pem" --tls-key "$at/other.key")
	serve_tls
	while read -r want name; do
		run shake -servername "$name"
		[[ $output == *"subject=CN = $want"* ]] || { echo "# $name: $output" && false; }
	done <<-END
		localhost localhost
		docker.io docker.io
		docker.io cdn.quay.io
		other.corp OTHER.corp
		localhost quay.io
		localhost unknown.example
	END
	run shake -noservername
	[[ $output == *"subject=CN = localhost"* ]]
}

@test "a server name or Host that is an upstream chooses its images, as ns= does" {
	cert main localhost quay.io docker.io
	two=$(layout_untagged "$dir" two)
	layout_entry "$dir" quay.io/library/alpine:1 "$two"
	layout_publish "$dir" 1
	serve_tls
	# name in TLS, Host (as curl writes it: the URL's), want
	while read -r name host want; do
		send_tls "HEAD /v2/library/alpine/manifests/1 HTTP/1.1\r\nHost: $host\r\nConnection: close\r\n\r\n" \
			-servername "$name" >"$at/answer"
		grep -q "Docker-Content-Digest: ${!want}" "$at/answer" \
			|| { echo "# $name $host: $(cat "$at/answer")" && false; }
	done <<-END
		quay.io mirror.corp two
		QUAY.io mirror.corp:5000 two
		quay.io quay.io:443 two
		quay.io docker.io one
		mirror.corp quay.io two
		mirror.corp mirror.corp one
		index.docker.io mirror.corp one
	END
	# never another upstream's content
	send_tls "HEAD /v2/library/none/manifests/1$ask_last" -servername quay.io >"$at/answer"
	[[ $(cat "$at/answer") == "HTTP/1.1 404 "* ]]
	send_tls "GET /v2/library/alpine/manifests/1?ns=docker.io$ask_last" -servername quay.io \
		>"$at/answer"
	grep -q "Docker-Content-Digest: $one" "$at/answer"
}

@test "what cannot be used is named, with its exit status" {
	cert second
	request locked /CN=x
	openssl ec -in "$at/locked.key" -aes128 -passout pass:x -out "$at/locked.key" 2>/dev/null
	openssl genrsa -out "$at/rsa.key" 2048 2>/dev/null
	echo nothing >"$at/nothing"
	while IFS='|' read -r want words args; do
		# shellcheck disable=SC2086 # words are meant
		run --separate-stderr "$BIN/mirror-serve" --listen 127.0.0.1:0 $args "$dir"
		[ "$status" -eq "$want" ] || { echo "# $args: $status" && false; }
		[ "${#stderr_lines[@]}" -eq 1 ] || { echo "# $args: $stderr" && false; }
		[[ $stderr == *"$words"* ]] || { echo "# $args: $stderr" && false; }
	done <<-END
		1|1 --tls-cert and 0 --tls-key|--tls-cert $at/main.pem
		1|0 --tls-cert and 1 --tls-key|--tls-key $at/main.key
		1|--client-ca needs|--client-ca $at/main.pem
		16|second.key is not the key of $at/main.pem|--tls-cert $at/main.pem --tls-key $at/second.key
		16|rsa.key is not the key of $at/main.pem|--tls-cert $at/main.pem --tls-key $at/rsa.key
		16|none.pem|--tls-cert $at/none.pem --tls-key $at/main.key
		16|none.key|--tls-cert $at/main.pem --tls-key $at/none.key
		16|nothing: no certificate|--tls-cert $at/nothing --tls-key $at/main.key
		16|nothing: no private key|--tls-cert $at/main.pem --tls-key $at/nothing
		16|without a passphrase|--tls-cert $at/main.pem --tls-key $at/locked.key
		16|nothing: no certificate of a CA|--tls-cert $at/main.pem --tls-key $at/main.key --client-ca $at/nothing
	END
}

@test "a certificate where all listeners are unix sockets is refused: those stay plain" {
	run --separate-stderr -1 "$BIN/mirror-serve" --listen "unix:$at/s" "${tls[@]}" "$dir"
	[ "$stderr" = "mirror-serve: --tls-cert has no effect: all listeners are unix sockets, and those \
stay plain" ]
	[ ! -e "$at/s" ]
}

@test "what clients will refuse is a warning, and served" {
	expired old
	cert nameless
	openssl req -x509 -key "$at/nameless.key" -days 20 -subj /CN=x -out "$at/nameless.pem"
	chmod 644 "$at/main.key"
	tls+=(--tls-cert "$at/old.pem" --tls-key "$at/old.key")
	tls+=(--tls-cert "$at/nameless.pem" --tls-key "$at/nameless.key")
	serve_tls
	get /v2/ "${trust[@]}"
	is 200
	grep -q "warning: $at/old.pem has expired (20" "$server_err"
	grep -q "warning: $at/nameless.pem names no host" "$server_err"
	grep -q "warning: $at/main.key can be read by every user" "$server_err"
	[ "$(grep -c "warning: " "$server_err")" = 3 ]
}

# ---- reloads ----

# The serial number of the certificate that is served.
serial() {
	shake "$@" | openssl x509 -noout -serial
}

@test "a pair that is swapped by a symbolic link is served without a word from us" {
	mkdir "$at/v1" "$at/v2"
	mv "$at"/main.* "$at/v1"
	cert main
	mv "$at"/main.* "$at/v2"
	ln -s v1 "$at/now"
	ln -s now/main.pem "$at/main.pem"
	ln -s now/main.key "$at/main.key"
	serve_tls
	[ "$(serial)" = "$(openssl x509 -noout -serial -in "$at/v1/main.pem")" ]
	ln -s v2 "$at/next" && mv -T "$at/next" "$at/now"
	await "certificates were read again; the first expires at 20"
	[ "$(serial)" = "$(openssl x509 -noout -serial -in "$at/v2/main.pem")" ]
}

@test "a pair of which one file was replaced keeps the old one, until the other comes" {
	serve_tls
	before=$(serial)
	mv "$at/main.pem" "$at/old.pem" && mv "$at/main.key" "$at/old.key"
	cert next
	cp "$at/old.key" "$at/main.key"
	cp "$at/next.pem" "$at/main.pem"
	await "main.key is not the key of $at/main.pem"
	grep -q "the certificates read before stay in use" "$server_err"
	[ "$(serial)" = "$before" ]
	cp "$at/next.key" "$at/main.key"
	await "certificates were read again"
	[ "$(serial)" = "$(openssl x509 -noout -serial -in "$at/next.pem")" ]
}

@test "SIGHUP reads them in any case; a file that is gone changes nothing" {
	serve_tls
	rm "$at/main.pem"
	kill -HUP "$server_pid"
	await "main.pem"
	run shake
	[[ $output == *"TLSv1.3"* ]]
	cert main
	kill -HUP "$server_pid"
	await "certificates were read again"
	get /v2/ "${trust[@]}"
	is 200
}

# ---- certificates of clients ----

@test "a client's certificate is asked for, and must be good if it comes" {
	cert ca "Our CA"
	cert foreign "Their CA"
	client ann ca /CN=ann/O=team-a/O=team-b
	client eve foreign /CN=ann
	serve_tls --client-ca "$at/ca.pem"
	for version in 1.2 1.3; do
		get /v2/alpine/manifests/1 "${trust[@]}" --tls-max "$version"
		is 200
		get /v2/alpine/manifests/1 "${trust[@]}" --tls-max "$version" \
			--cert "$at/ann.pem" --key "$at/ann.key"
		is 200
		get /v2/alpine/manifests/1 "${trust[@]}" --tls-max "$version" \
			--cert "$at/eve.pem" --key "$at/eve.key" || true
		[ "$code" = 000 ]
	done
	await "TLS handshake: certificate verify failed"
	run shake
	[[ $output == *"CN = Our CA"* ]]
}

@test "a ticket does not outlive the CA that vouched for its client" {
	cert ca "Our CA"
	client ann ca /CN=ann
	serve_tls --client-ca "$at/ca.pem"
	mine=(-cert "$at/ann.pem" -key "$at/ann.key")
	send_tls "GET /v2/$ask_last" "${mine[@]}" -sess_out "$at/session" >/dev/null
	run shake -sess_in "$at/session" "${mine[@]}"
	[[ $output == *$'\nReused, '* ]]
	cert ca "Our new CA"
	await "certificates were read again"
	run shake -sess_in "$at/session"
	[[ $output == *$'\nNew, '* ]]
}
