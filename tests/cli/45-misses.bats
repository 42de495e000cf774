#!/usr/bin/env bats
# mirror-serve --record-misses: what clients asked for and is not here; mirror-sync --suggest: list
# lines of it.

bats_require_minimum_version 1.5.0

setup() {
	load ../lib/ask
	load ../lib/access
	dir=$BATS_TEST_TMPDIR/mirror
	misses=$BATS_TEST_TMPDIR/misses
}

teardown() {
	stop_all
}

# Serves docker.io/library/alpine:3.19 and quay.io/org/tool:1.
record() {
	layout_new "$dir"
	layout_image "$dir" docker.io/library/alpine:3.19 one
	layout_image "$dir" quay.io/org/tool:1 two
	serve_start --record-misses "$misses" "$@" "$dir"
}

# pull AGENT PATH
pull() {
	get "/v2/$2" -A "$1"
}

# What the file says of each reference: jq's words for the filter, in the file's order.
recorded() {
	tail -n +2 "$misses" | jq -r "$1"
}

@test "what is not here is recorded under its canonical name, by whom and how often" {
	record
	pull containerd/1.7.2 "library/alpine/manifests/3.21?ns=docker.io"
	is 404 MANIFEST_UNKNOWN
	pull docker/24.0.7 alpine/manifests/3.21
	pull "skopeo/1.9.3 x" docker.io/library/alpine/manifests/3.21
	pull curl/7 ghcr.io/org/app/manifests/v1
	is 404 NAME_UNKNOWN
	pull curl/7 "org/app/manifests/v1?ns=ghcr.io"
	pull curl/7 registry.corp_5000/team/app/manifests/2
	pull curl/7 team/app/manifests/2
	stop server
	[ "$(recorded '[.ref, .requests, .ns, .addresses, .hours] | @tsv' | tr '\t' ' ' | sort)" = \
"docker.io/library/alpine:3.21 3 1 1 1
docker.io/team/app:2 1 0 1 1
ghcr.io/org/app:v1 2 1 1 1
registry.corp:5000/team/app:2 1 0 1 1" ]
	tail -n +2 "$misses" | jq -es '.[0] | .ref == "docker.io/library/alpine:3.21"
		and .clients == {docker: 1, containerd: 1, containers: 1}
		and .from == ["loopback"] and .agent == "skopeo/1.9.3"
		and (.since | fromdate) <= (.last | fromdate)'
	[ "$(stat -c %a "$misses")" = 640 ]
	! grep -q 127.0.0.1 "$misses"
}

@test "behind a trusted proxy, the addresses of clients count" {
	record --trusted-proxy 127.0.0.0/8
	for address in 203.0.113.5 10.0.0.1 10.0.0.2 10.0.0.3; do
		get /v2/team/app/manifests/1 -H "X-Forwarded-For: $address"
	done
	stop server
	[ "$(recorded '.from | join(" ")')" = "private public" ]
	[ "$(recorded '.addresses > 1')" = true ]
}

@test "a digest that is not here, and a platform that was left out" {
	record
	none=sha256:e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855
	child=$(layout_untagged "$dir" left-out)
	index=$(layout_index "$dir" "$child")
	layout_entry "$dir" quay.io/org/tool:2 "$index" "$OCI_INDEX"
	rm "$(layout_file "$dir" "$child")"
	layout_publish "$dir"
	pull containerd/2 quay.io/org/tool/manifests/2
	is 200
	pull containerd/2 "quay.io/org/tool/manifests/$child"
	is 404
	pull containerd/2 "quay.io/org/tool/manifests/$none"
	is 404
	stop server
	[ "$(recorded .ref | sort)" = "$(printf 'quay.io/org/tool@%s\n' "$child" "$none" | sort)" ]
}

@test "what could be no reference, other routes, scanners and what is here are not recorded" {
	record
	hex=$(printf '%064d' 7)
	for path in library/alpine/manifests/3.19 library/alpine/tags/list org/none/tags/list \
		library/alpine/blobs/sha256:"$hex" org/none/blobs/sha256:"$hex" \
		library/alpine/manifests/sha256-"$hex" library/alpine/manifests/sha256-"$hex".sig \
		org/none/manifests/..%2f..%2fetc org/UPPER/manifests/1 \
		"org/none/manifests/%1b%5b31m" "org/none/manifests/1?ns=http:%2f%2fevil" \
		"org/none/manifests/1?ns=a..b" .git/config wp-login.php; do
		pull curl/7 "$path"
	done
	pull "Mozilla/5.0 zgrab/0.x" org/none/manifests/1
	is 404
	stop server
	run -0 recorded .ref
	[ "$output" = "" ]
}

@test "the file is read again at the next start, and written on SIGHUP" {
	record
	pull containerd/2 team/app/manifests/1
	kill -HUP "$server_pid"
	timeout 30 bash -c 'until grep -q team/app "$1"; do :; done' - "$misses"
	stop server
	serve_start --record-misses "$misses" "$dir"
	pull containerd/2 team/app/manifests/1
	stop server
	[ "$(recorded '[.ref, .requests, .addresses] | @tsv')" = "docker.io/team/app:1	2	1" ]
}

@test "a file that is something else stops the start, and is left as it is" {
	echo "root:x:0:0" >"$misses"
	layout_new "$dir"
	run ! "$BIN/mirror-serve" --listen 127.0.0.1:0 --record-misses "$misses" "$dir"
	[ "$status" -eq 16 ]
	[[ $output == *"--record-misses (the file is left as it is: name another one, or remove \
it): $misses:1: "* ]]
	[ "$(cat "$misses")" = "root:x:0:0" ]
	run ! "$BIN/mirror-serve" --listen 127.0.0.1:0 --record-misses "$dir/none/misses" "$dir"
	[ "$status" -eq 16 ]
	[[ $output == *"--record-misses: "*"$dir/none/misses"* ]]
}

@test "nothing of private repositories is recorded, whoever asks" {
	access_start --record-misses "$misses"
	named=(-H "Authorization: Bearer $(token ann:secret)")
	anonymous=(-H "Authorization: Bearer $(token '')")
	get /v2/team/app/manifests/1 "${named[@]}"
	is 200
	get /v2/team/app/manifests/none "${named[@]}"
	is 404
	for path in team/app/manifests/1 team/app/manifests/none quay.io/org/tool/manifests/1; do
		get "/v2/$path" "${anonymous[@]}"
		is 404
		get "/v2/$path"
		is 401
	done
	get /v2/team/new/manifests/1
	is 401
	get /v2/team/new/manifests/1 "${anonymous[@]}"
	is 404
	get /v2/library/alpine/manifests/4 "${named[@]}"
	is 404
	stop server
	[ "$(recorded .ref | sort)" = "docker.io/library/alpine:4
docker.io/team/new:1" ]
}

@test "without users, what is private is not recorded either" {
	access_mirror
	serve_start --record-misses "$misses" "$dir"
	get /v2/team/app/manifests/1
	is 404
	get /v2/team/app/manifests/none
	is 404
	get /v2/team/other/manifests/1
	stop server
	[ "$(recorded .ref)" = docker.io/team/other:1 ]
}
