#!/usr/bin/env bats
# mirror-serve's sandbox: that it is there, that everything which is read again goes on being read
# inside it, and that nothing else is opened.

# shellcheck disable=SC2030,SC2031,SC2034,SC2154  # each test is its own process; eval sets some

bats_require_minimum_version 1.5.0

setup() {
	load ../lib/ask
	load ../lib/tls
	load ../lib/access
	# a directory for each thing, so that the rule for one does not open the other
	mkdir "$BATS_TEST_TMPDIR"/{srv,tls,log,run,users,outside}
	dir=$BATS_TEST_TMPDIR/srv/mirror
	mirror_of_one "$dir"
}

teardown() {
	stop_all
}

# What the kernel says of the server's threads: "1 2" with no_new_privs and a filter of calls.
confined() {
	local status
	for status in /proc/"$server_pid"/task/*/status; do
		[ "$(awk '/^NoNewPrivs|^Seccomp:/ { print $2 }' "$status" | xargs)" = "$1" ] \
			|| { cat "$status" && return 1; }
	done
}

@test "it is there, for every thread; with --no-sandbox it is not; nothing is said of either" {
	access_files
	serve_start --htpasswd "$users" "$dir"
	confined "1 2"
	stop server
	run ! grep -q sandbox "$server_err"
	serve_start --no-sandbox "$dir"
	confined "0 0"
	stop server
	run ! grep -q sandbox "$server_err"
}

@test "where the kernel refuses, it starts, and one line names what is missing" {
	strace -o /dev/null true || skip "strace traces nothing here"
	# the container's part is played by strace, which refuses all three; -D: the server keeps
	# its process id. LeakSanitizer cannot look at a process that is traced.
	with_clock=(env ASAN_OPTIONS=detect_leaks=0 strace -D -f -o "$BATS_TEST_TMPDIR/trace" -e
		"trace=prctl,seccomp,landlock_create_ruleset" -e "inject=prctl,seccomp:error=EPERM" -e
		"inject=landlock_create_ruleset:error=EOPNOTSUPP")
	serve_start "$dir"
	get /v2/alpine/manifests/1
	is 200
	[ "$(grep -c sandbox "$server_err")" = 1 ]
	grep -q "not complete; no_new_privs: Operation not permitted; landlock: Operation not supported; seccomp: " \
		"$server_err"
}

@test "index.json, the link to the mirror, and links to blobs are followed when they are switched" {
	mkdir "$BATS_TEST_TMPDIR/pool"
	mv "$dir/blobs/sha256" "$BATS_TEST_TMPDIR/pool/"
	ln -s "$BATS_TEST_TMPDIR/pool/sha256" "$dir/blobs/sha256"
	mv "$dir" "$dir-1"
	cp -a "$dir-1" "$dir-2"
	ln -s mirror-1 "$dir"
	serve_start "$dir"
	get /v2/alpine/manifests/1
	is 200
	layout_publish "$dir-1" 2
	get /v2/alpine/manifests/1
	has "X-Mirror-Generation: 2"
	layout_publish "$dir-2" 3
	ln -s mirror-2 "$dir.new" && mv -T "$dir.new" "$dir"
	get /v2/alpine/manifests/1
	is 200
	has "X-Mirror-Generation: 3"
	kill -HUP "$server_pid"
	await "generation 3"
	# a directory may be renamed into its place as well
	rm "$dir" && layout_publish "$dir-1" 4 && mv "$dir-1" "$dir"
	get /v2/alpine/manifests/1
	has "X-Mirror-Generation: 4"
}

@test "certificates as Kubernetes swaps them, users, and the log are read and opened again" {
	at=$BATS_TEST_TMPDIR/tls
	mkdir "$at/..1" "$at/..2"
	cert main
	mv "$at"/main.* "$at/..1"
	cert main
	mv "$at"/main.* "$at/..2"
	ln -s ..1 "$at/..data"
	ln -s ..data/main.pem "$at/main.pem"
	ln -s ..data/main.key "$at/main.key"
	access_files
	mv "$users" "$groups" "$key" "$BATS_TEST_TMPDIR/users"
	cd "$BATS_TEST_TMPDIR/users"
	serve_start --tls-cert "$at/main.pem" --tls-key "$at/main.key" --htpasswd htpasswd \
		--groups groups --token-key token-key --access-log "$BATS_TEST_TMPDIR/log/log" "$dir"
	url=https://localhost:$server_port
	get /v2/alpine/manifests/1 --cacert "$at/..1/main.pem"
	is 200
	ln -s ..2 "$at/..new" && mv -T "$at/..new" "$at/..data"
	htpasswd -nbBC 4 carl secret >new && mv new htpasswd
	mv "$BATS_TEST_TMPDIR/log/log" "$BATS_TEST_TMPDIR/log/old"
	kill -HUP "$server_pid"
	await "certificates were read again"
	get /v2/ --cacert "$at/..2/main.pem" -u carl:secret
	is 200
	grep -q carl "$BATS_TEST_TMPDIR/log/log"
	run ! grep -q "Permission denied" "$server_err"
}

@test "--admin, and a unix socket, which is removed at the end" {
	serve_start --admin 127.0.0.1:0 --listen "unix:$BATS_TEST_TMPDIR/run/socket" "$dir"
	code=$(curl -s -o "$body" -w '%{http_code}' --unix-socket "$BATS_TEST_TMPDIR/run/socket" \
		http://m/v2/alpine/manifests/1)
	is 200
	admin=$(sed -n 's/^admin on //p' <<<"$server_urls")
	curl -sf "$admin/metrics" | grep -q '^mirror_filesystem_\|^mirror_ready 1'
	stop server
	[ ! -e "$BATS_TEST_TMPDIR/run/socket" ]
}

@test "what lies elsewhere is not opened: a certificate that is switched to another directory" {
	at=$BATS_TEST_TMPDIR/tls
	cert main
	cp "$at"/main.* "$BATS_TEST_TMPDIR/outside"
	for sandbox in yes no; do
		options=()
		[ "$sandbox" = yes ] || options=(--no-sandbox)
		serve_start "${options[@]}" --tls-cert "$at/main.pem" --tls-key "$at/main.key" "$dir"
		ln -sf ../outside/main.pem "$at/new" && mv -T "$at/new" "$at/main.pem"
		kill -HUP "$server_pid"
		if [ "$sandbox" = yes ]; then
			await "Permission denied (the sandbox allows the directories that were there at start"
			url=https://localhost:$server_port
			get /v2/alpine/manifests/1 -k
			is 200
			rm "$at/main.pem" && cp "$BATS_TEST_TMPDIR/outside/main.pem" "$at"
		else
			await "certificates were read again"
		fi
		stop server
	done
}
