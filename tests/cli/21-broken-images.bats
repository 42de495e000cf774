#!/usr/bin/env bats
# mirror-sync and hosts some of whose images are broken upstream: the others arrive in the same run.
bats_require_minimum_version 1.5.0

setup() {
	load ../lib/sync
	world
}

teardown() {
	stop_all
}

v2='"schemaVersion":2'
image='"config":{"mediaType":"x/config","digest":"{digest config}","size":2}'

# Starts a registry with good images: good:1 to good:$1. Other orders for its page come from stdin.
some_good() {
	{
		cat
		cat <<-PAGE
			content config {}
			content root {$v2,$image,"layers":[]}
			request GET /v2/good/manifests/{digest root} always
			reply 200 OK
				body root
			request GET /v2/good/blobs/{digest config} always
			reply 200 OK
				body config
		PAGE
		for i in $(seq "$1"); do
			printf 'request HEAD /v2/good/manifests/%s\nreply 200 OK\n' "$i"
			printf '\tDocker-Content-Digest: {digest root}\n'
		done
	} >"$BATS_TEST_TMPDIR/fake.txt"
	misbehave
	conf "image * referrers=no" "registry bad.example endpoint=http://$fake_at"
}

@test "--jobs 1: the first four images are always reset, and the others of their host arrive" {
	some_good 6 <<-'PAGE'
		request HEAD /v2/a/manifests/1 always
		garbage
		request HEAD /v2/a/manifests/2 always
		garbage
		request HEAD /v2/a/manifests/3 always
		garbage
		request HEAD /v2/a/manifests/4 always
		garbage
	PAGE
	list bad.example/a:{1,2,3,4} bad.example/good:{1,2,3,4,5,6}
	run -2 --separate-stderr sync --jobs 1
	[[ $output == *"6 new, 4 failed; "* ]]
	[[ $stderr == *"bad.example/a:1 and 3 more: bad.example: "*"Empty reply from server" ]]
	whole
}

@test "the first answer of a host is a tag list whose body does not come: its other images arrive" {
	some_good 2 <<-'PAGE'
		request GET /v2/slow/tags/list?n=1000
		reply 200 OK
			Content-Type: application/json
			text {"tags":["v1"]}
			await 1000 body
	PAGE
	list "bad.example/slow tags=v*" bad.example/good:{1,2}
	run -2 --separate-stderr sync --timeout 3s
	[[ $output == *"2 new, "*"1 failed; "* ]]
	[ "$(published bad.example/good:1)" != "" ]
	[ "$(published bad.example/good:2)" != "" ]
	whole
}
