#!/usr/bin/env bats
# mirror-sync and the limits of others: an upstream's quota, one's own policy, and runs that are cut
# short.
bats_require_minimum_version 1.5.0

setup() {
	load ../lib/sync
	world
}

teardown() {
	stop_all
}

# page: what stands on stdin is what hub.example answers, beside a config and an image of it.
page() {
	{
		printf 'content config {}\n'
		printf 'content image '\
'{"schemaVersion":2,"mediaType":"%s","config":{"mediaType":"x/config","digest":"{digest '\
'config}","size":2},"layers":[]}\n' "$OCI_MANIFEST"
		cat
	} >"$BATS_TEST_TMPDIR/fake.txt"
	misbehave
	conf "image * referrers=no" "registry hub.example endpoint=http://$fake_at"
}

# known TAG...: replies to HEAD for each, whatever it is that hub.example says of pulls.
known() {
	local tag
	for tag; do
		printf 'request HEAD /v2/app/manifests/%s always\nreply 200 '\
'OK\n\tDocker-Content-Digest: {digest image}\n' "$tag"
	done
}

@test "a used-up quota is status 4: one request, other images arrive, the reset time is printed" {
	page <<-END
		$(known 1 2)
		request GET /v2/app/manifests/{digest image} always
		reply 429 Too Many Requests
			RateLimit-Limit: 100;w=21600
			RateLimit-Remaining: 0;w=21600
			Retry-After: {epoch 7200}
	END
	layout_image "$up" docker.io/team/app:1 one
	list hub.example/app:1 hub.example/app:2 up.example/team/app:1
	run --separate-stderr -4 sync --report r.json
	[[ $output == *"1 new, 2 limited"* ]]
	[[ $stderr == "mirror-sync: hub.example/app:1 and 1 more: hub.example: the pull limit is \
used up: come back after 2"*Z ]]
	[ "$(published up.example/team/app:1)" != "" ]
	[ "$(jq -c '[.images[] | select(.state == "limited") | .ref]' r.json)" = \
		'["hub.example/app:1","hub.example/app:2"]' ]
	[ "$(jq -c '.hosts[] | select(.host == "hub.example") | .quota | [.limit, .remaining, (.until | test("Z$"))]' r.json)" = '[100,0,true]' ]
	[ "$(grep -c 'GET /v2/app/manifests/' fake.log)" -eq 1 ]
	run -0 sync --tolerate limited
}

@test "--wait-for-quota waits no longer than it may" {
	page <<-END
		$(known 1)
		request GET /v2/app/manifests/{digest image}
		reply 429 Too Many Requests
			RateLimit-Remaining: 0
			RateLimit-Reset: {epoch 7200}
	END
	list hub.example/app:1
	run --separate-stderr -4 sync --wait-for-quota 1h
	[[ $stderr == *"the pull limit is used up: come back after 2"* ]]
	behaved
}

@test "--wait-for-quota waits, and goes on" {
	page <<-END
		$(known 1)
		request GET /v2/app/manifests/{digest image}
		reply 429 Too Many Requests
			RateLimit-Remaining: 0
			RateLimit-Reset: 0
		request GET /v2/app/manifests/{digest image}
		reply 200 OK
			Content-Type: $OCI_MANIFEST
			body image
	END
	list hub.example/app:1
	run -0 --separate-stderr sync --wait-for-quota 1m
	[[ $stderr == "mirror-sync: warning: hub.example: waiting until 2"*Z": the pull limit is \
used up"* ]]
	[ "${#stderr_lines[@]}" -eq 1 ]
	[ "$(published hub.example/app:1)" != "" ]
	behaved
}

@test "a run that is cut short is followed by one that begins where it ended: longest ago first" {
	page <<-END
		$(known 1 2 3 4)
		request GET /v2/app/manifests/{digest image} always
		reply 200 OK
			Content-Type: $OCI_MANIFEST
			body image
	END
	sed -i 's/^registry hub.example .*/& parallel=1/' "$lists/mirror.conf"
	list hub.example/app:1 hub.example/app:2 hub.example/app:3 hub.example/app:4
	run -0 sync
	[ "$(asked)" = "1 2 3 4" ]
	checked 1 2026-01-03 2 2026-01-02 3 2026-01-04 4 2026-01-01
	run -0 sync
	[ "$(asked)" = "4 2 1 3" ]
	behaved
}

# The tags that were asked for since the last time, in order.
asked() {
	grep -o 'HEAD /v2/app/manifests/[0-9]*' fake.log | tail -n 4 | sed 's|.*/||' | paste -sd ' '
}

# checked TAG DATE...: when each was checked last.
checked() {
	while [ $# -gt 0 ]; do
		sed -i "/hub.example.app:$1\"/s|\"checked\":\"[^\"]*\"|\"checked\":\"$2T00:00:00Z\"|" \
			"$mirror/.mirror/state.json"
		shift 2
	done
}

@test "max-bytes= and max-tags= fail what exceeds them, and nothing else" {
	layout_image "$up" docker.io/team/app:1 small
	layout_image "$up" docker.io/team/app:2 "$(printf 'much%.0s' {1..500})"
	for tag in 1.1 1.2 1.3; do layout_image "$up" "docker.io/team/many:$tag" "$tag"; done
	conf "policy max-bytes=1K max-tags=2"
	list up.example/team/app:1 up.example/team/app:2 "up.example/team/many tags=1.*"
	run --separate-stderr -2 sync
	[[ $stderr == *"up.example/team/app:2: "*"needs "*" kB, more than the 1.0 kB of the \
policy's max-bytes="* ]]
	[[ $stderr == *"up.example/team/many: "*3*" max-tags=2"* ]]
	[ "$(published up.example/team/app:1)" != "" ]
	[ "$(published up.example/team/app:2)" = "" ]
	[ "$(published up.example/team/many:1.1)" = "" ]
	whole
}

@test "semver= with newest=: by precedence, not the alphabet; pre-releases only when named" {
	for tag in 1.4.0 v1.10.0 1.9 1.3.9 2.0.0-rc.1 2.0.0 1.11.0-rc.1 latest; do
		layout_image "$up" "docker.io/team/app:$tag" "$tag"
	done
	list 'up.example/team/app semver=">=1.4 <2" newest=2'
	run -0 sync
	[[ $output == *"2 new"* ]]
	[ "$(published up.example/team/app:v1.10.0)" != "" ]
	[ "$(published up.example/team/app:1.9)" != "" ]
	list 'up.example/team/app semver="~1.11.0-rc || ^2.0.0-rc"'
	run -0 sync
	[[ $output == *"3 new"* ]]
}

@test "a disk that is full: status 16, what was published stands, and what to do is said" {
	command -v strace >/dev/null || skip "strace is not installed"
	strace -o /dev/null true 2>/dev/null || skip "tracing is not allowed here"
	layout_image "$up" docker.io/team/app:1 one
	list up.example/team/app:1
	sync
	before=$(sha256sum <"$mirror/index.json")
	layout_image "$up" docker.io/team/app:1 two
	ASAN_OPTIONS=${ASAN_OPTIONS:-}:detect_leaks=0 run --separate-stderr strace -f -o calls -P \
		"$mirror/.mirror/partial" -e inject=openat:error=ENOSPC:when=2+ \
		"$BIN/mirror-sync" --mirror "$mirror" --lists "$lists"
	[ "$status" -eq 16 ]
	[[ ${stderr_lines[0]} == \
		"mirror-sync: "*"$mirror: "*": No space left on device; what was published \
stands; make room and run again, it goes on from there" ]]
	[ "$(sha256sum <"$mirror/index.json")" = "$before" ]
	run -0 sync
}
