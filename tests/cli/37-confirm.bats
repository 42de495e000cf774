#!/usr/bin/env bats
# mirror-publish --confirm: servers that have the generation, lag, are down, or are none.

# shellcheck disable=SC2030,SC2031,SC2154  # each test is a process of its own; serve sets some

bats_require_minimum_version 1.5.0

setup_file() {
	load ../lib/publish
	team_mirror
}

setup() {
	load ../lib/publish
	load ../lib/servers
	load ../lib/tls
	anew
	unset SSL_CERT_FILE SSL_CERT_DIR
	# nothing listens there: only root could
	down=http://127.0.0.1:1
}

teardown() {
	stop_all
}

@test "servers of the mirror confirm what was just published, with the URL before or behind the verb" {
	serve first mirror
	serve second mirror
	publish --mirror mirror --confirm "$first_url,$second_url/" hold alpine:3.19
	[ "$status" -eq 0 ]
	[ "${#stderr_lines[@]}" -eq 2 ]
	[ "${stderr_lines[-1]}" = "mirror-publish: 2 of 2 servers confirm generation 4" ]
	publish release alpine:3.19 --confirm="$first_url"
	[ "$status" -eq 0 ]
	[ "${stderr_lines[-1]}" = "mirror-publish: 1 of 1 servers confirm generation 5" ]
}

@test "a verb that changes nothing confirms the generation that is there" {
	serve first mirror
	publish hold alpine:3.19
	publish hold alpine:3.19 --confirm "$first_url"
	[ "$status" -eq 0 ]
	[ "${stderr_lines[-1]}" = "mirror-publish: 1 of 1 servers confirm generation 4" ]
	publish rollback alpine:3.19 --dry-run --confirm "$first_url"
	[ "${stderr_lines[-1]}" = "mirror-publish: 1 of 1 servers confirm generation 4" ]
}

@test "what lags, is down or is no mirror-serve is named, each in its own words; the verb's work stays" {
	cat >"$BATS_TEST_TMPDIR/fake.txt" <<-'PAGE'
		request HEAD /v2/ always
		reply 401 Unauthorized
		request B HEAD /v2/ always
		reply 503 Service Unavailable
	PAGE
	misbehave
	cp -r mirror copy
	serve first mirror
	serve second copy
	publish hold alpine:3.19 --confirm-within 0 \
		--confirm "$first_url,$second_url,$down,http://$fake_at,http://$fake_b"
	[ "$status" -eq 2 ]
	[ "${#stderr_lines[@]}" -eq 6 ]
	[[ ${stderr_lines[1]} == *" $second_url lags: it still answers from generation 3, and the mirror is at 4;"* ]]
	[[ ${stderr_lines[2]} == *" $down does not confirm generation 4: "* ]]
	[[ ${stderr_lines[3]} == *" http://$fake_at does not confirm generation 4: it is no mirror-serve (it answers 401, "* ]]
	[[ ${stderr_lines[4]} == *" http://$fake_b does not confirm generation 4: it answers 503, "*"is mirror-serve running there?" ]]
	[ "${stderr_lines[5]}" = "mirror-publish: 1 of 5 servers confirm generation 4" ]
	[ "$(index '.annotations."dev.ocimirror.generation"')" = 4 ]
}

@test "what may change is asked again: an error of a proxy, a generation that is none" {
	cat >"$BATS_TEST_TMPDIR/fake.txt" <<-'PAGE'
		request HEAD /v2/
		reply 502 Bad Gateway
		request HEAD /v2/
		reply 200 OK
			X-Mirror-Generation: 99999999999999999999999999
		request HEAD /v2/
		reply 200 OK
			X-Mirror-Generation: 4
	PAGE
	misbehave
	publish hold alpine:3.19 --confirm "http://$fake_at" --confirm-within 300
	[ "$status" -eq 0 ]
	behaved
}

@test "with --json standard output is the verb's alone" {
	publish hold alpine:3.19 --json --confirm "$down" --confirm-within 0
	[ "$status" -eq 2 ]
	jq -e . <<<"$output"
	[[ $output != *confirm* ]]
}

@test "a server with a later generation confirms, one with an index of another tool lags" {
	cp -r mirror later
	cp -r mirror foreign
	publish --mirror later hold alpine:3.19
	publish --mirror later release alpine:3.19
	jq 'del(.annotations)' mirror/index.json >foreign/index.json
	serve first later
	serve second foreign
	publish hold alpine:3.19 --confirm "$first_url"
	[ "$status" -eq 0 ]
	publish hold alpine:3.19 --confirm "$second_url" --confirm-within 0
	[ "$status" -eq 2 ]
	[[ $stderr == *"still answers from generation sha256:"* ]]
}

@test "it waits: a copy that is brought up to date meanwhile confirms" {
	local line
	cp -r mirror copy
	mkfifo log
	exec 8<>log
	serve second --access-log log copy
	"$BIN/mirror-publish" hold alpine:3.19 --confirm "$second_url" --confirm-within 300 \
		>out 2>err 3>&- 8>&- &
	# it was asked, and answered from its old copy
	read -r line <&8
	[[ $line == *"HEAD /v2/ "* ]]
	cp mirror/index.json copy/index.json.new
	mv copy/index.json.new copy/index.json
	wait $!
	[ "$(tail -n 1 err)" = "mirror-publish: 1 of 1 servers confirm generation 4" ]
}

@test "a server that asks for passwords confirms without one" {
	htpasswd -nbBC 4 ann secret >users
	serve first --htpasswd users mirror
	publish hold alpine:3.19 --confirm "$first_url"
	[ "$status" -eq 0 ]
}

@test "a private CA is named by SSL_CERT_FILE; without it the certificate is refused at once" {
	cert main
	serve first --tls-cert "$at/main.pem" --tls-key "$at/main.key" mirror
	publish hold alpine:3.19 --confirm "https://localhost:$first_port"
	[ "$status" -eq 2 ]
	[[ $stderr == *"https://localhost:$first_port does not confirm generation 4: "*certificate*"; if the certificate \
is right, let SSL_CERT_FILE name a file (PEM) "* ]]
	SSL_CERT_FILE=$at/main.pem publish hold alpine:3.19 --confirm "https://localhost:$first_port"
	[ "$status" -eq 0 ]
}

@test "wrong URLs and options without effect are refused before anything is done, without passwords" {
	local url
	for url in https://ann:secret@m:5000 ann:secret@m:5000; do
		publish hold alpine:3.19 --confirm "$url"
		[ "$status" -eq 1 ]
		[[ $stderr == *"--confirm takes URLs without user and password"* ]]
		[[ $stderr != *secret* ]]
	done
	for url in m:5000 unix:/run/m https://m:5000/v2/ "https://m?x" ftp://m; do
		publish hold alpine:3.19 --confirm "$url"
		[ "$status" -eq 1 ]
		[[ $stderr == *"--confirm"*"https://HOST[:PORT]"* ]]
	done
	publish hold alpine:3.19 --confirm "https://m,,https://n"
	[ "$status" -eq 1 ]
	publish hold alpine:3.19 --confirm-within 3
	[ "$status" -eq 1 ]
	[[ $stderr == *"--confirm-within goes with --confirm"* ]]
	for verb in status log "diff 1" "at 2026-11-05 alpine:3.19"; do
		# shellcheck disable=SC2086
		publish --confirm "$down" $verb
		[ "$status" -eq 1 ]
		[[ $stderr == *"${verb%% *} goes without --confirm: "* ]]
	done
	[ "$(index '.annotations."dev.ocimirror.generation"')" = 3 ]
}

@test "a verb that fails asks nobody" {
	publish hold --mirror nowhere alpine:3.19 --confirm "$down" --confirm-within 0
	[ "$status" -eq 16 ]
	[ "${#stderr_lines[@]}" -eq 1 ]
	[[ $stderr != *confirm* ]]
}

# The server's view of the mirror is another mount than the publisher's, as on another machine; its
# own mount namespace ends with it.
@test "four servers, each on a bind mount of one directory, confirm" {
	local i urls=
	unshare -rm true 2>/dev/null || skip "no user and mount namespaces here"
	unshare -rm mount --bind mirror mirror 2>/dev/null || skip "nothing may be mounted here"
	mkdir program view
	# shellcheck disable=SC2016  # the inner shell expands it
	printf '#!/bin/sh\nexec unshare -rm sh -ec '\''%s'\'' %q %q "$@"\n' \
		'mount --bind -o ro "$1" view; program=$0; shift; exec "$program" "$@" view' \
		"$BIN/mirror-serve" "$PWD/mirror" >program/mirror-serve
	chmod +x program/mirror-serve
	for i in 1 2 3 4; do
		BIN=$PWD/program serve "server$i"
		urls+=${urls:+,}$(eval "echo \$server${i}_url")
	done
	publish rollback alpine:3.19 --confirm "$urls"
	[ "$status" -eq 0 ]
	[ "${stderr_lines[-1]}" = "mirror-publish: 4 of 4 servers confirm generation 4" ]
}
