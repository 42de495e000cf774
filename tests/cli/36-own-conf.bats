#!/usr/bin/env bats
# mirror-sync --check --conf-rev: the rules are those of the target branch, and the mirror.conf of
# the request is read as the next sync will read it.
bats_require_minimum_version 1.5.0

setup() {
	load ../lib/sync
	world
	list docker.io/team-a/app:1 quay.io/x/y:1
}

teardown() {
	stop_all
}

# request: from now on, what is committed is the request's, and `base` the target branch's.
request() {
	git -C team branch -f base
}

check() {
	sync --check --conf-rev base "$@"
}

@test "errors of the request's own mirror.conf, each with its place" {
	request
	run -0 check
	conf "registry quay.io paralel=8" "imagee *" "registry a.corp ca=missing.pem"
	run -1 check
	[[ $output == *"mirror.conf:2:18: unknown option"* ]]
	[[ $output == *"mirror.conf:3:1: unknown word"* ]]
	[[ $output == *"mirror.conf:4:10: ca: "* ]]
	run -1 check --format github
	[[ $output == *"::error file="*"mirror.conf,line=2,col=18::"* ]]
}

@test "what the next sync would refuse: lists that the request's own policy does not allow" {
	request
	conf "policy allow=quay.io/*"
	run -1 check
	[[ $output == *"base.list:1:1: the target docker.io/team-a/app:1 is not allowed by the policy (mirror.conf:2)"* ]]
	# each is said once
	[ "$(grep -c "is not allowed" <<<"$output")" -eq 1 ]
}

@test "a request cannot free itself from the base's policy" {
	conf "policy allow=docker.io/*,quay.io/x/*" "image docker.io/team-a/* private=team-a"
	request
	sed -i '/^policy/d; /private=/d' "$lists/mirror.conf"
	list docker.io/team-a/app:1 "docker.io/team-a/other:1 private=team-b" quay.io/x/y:1
	run check
	[[ $output == *"base.list:2:1: docker.io/team-a/other belongs to private=team-a, says mirror.conf: private=team-b here does not change it"* ]]
	[ "$status" -eq 2 ]
	list "evil.example/x:1"
	run -1 check
	[[ $output == *"evil.example/x:1 is not allowed by the policy"* ]]
	list "evil.example/x:1 as=docker.io/library/x:1"
	run -1 check
	[[ $output == *"the source evil.example/x:1 is not allowed by the policy"* ]]
	list "docker.io/team-a/app:1 as=docker.io/open/app:1"
	run -2 check
	[[ $output == *"the source docker.io/team-a/app belongs to private=team-a, says mirror.conf: as= does not publish it for everybody"* ]]
	list "docker.io/team-a/app:1 as=docker.io/open/app:1 private=team-a"
	run -0 check
}

@test "a rule that the request takes away, or changes, is said: syncs after the merge lack it" {
	conf "policy allow=docker.io/*,quay.io/x/*" "image docker.io/team-a/* private=team-a" \
		"deny $(printf 'sha256:%064d' 7) reason=bad" "policy file=pay*.list max-tags=5"
	list docker.io/team-a/app:1 quay.io/x/y:1
	touch "$lists/pay.list"
	commit base
	request
	run -0 check
	[[ $output != *"takes away"* ]]
	sed -i '/^deny/d; s/max-tags=5/max-tags=50/; s/private=team-a/keep=3/; /allow=/d' \
		"$lists/mirror.conf"
	commit lifted
	run -0 check
	[[ $output == *"mirror.conf: warning: takes away \"deny sha256:0000"*" (line "*" in base): "* ]]
	[[ $output == *"takes away private=team-a of \"image docker.io/team-a/*\", as base has it: "* ]]
	[[ $output == *"takes away the policy of line "*" in base: "* ]]
	[[ $output == *"warning: changes the policy of line "*" in base, for file=pay*.list: "* ]]
	run -0 check --format github
	[[ $output == *"::warning file="*"takes away \"deny"* ]]
}

@test "a request whose mirror.conf is gone, or new" {
	conf "policy allow=docker.io/*,quay.io/x/*"
	request
	rm "$lists/mirror.conf"
	commit gone
	run -0 check
	[[ $output == *"mirror.conf: warning: takes away the policy of line "* ]]
	request
	echo "nonsense here" >"$lists/mirror.conf"
	commit new
	run -1 check
	[[ $output == *"mirror.conf:1:1: a line begins with"* ]]
}

@test "in a sync, a line that says another group than mirror.conf fails alone" {
	layout_image "$up" docker.io/team-a/app:1 one >/dev/null
	layout_image "$up" docker.io/open/app:1 two >/dev/null
	conf "image * referrers=no" "image up.example/team-a/* private=team-a"
	list "up.example/team-a/app:1 private=team-b" up.example/open/app:1
	run -2 sync
	[ "$(published up.example/team-a/app:1)" = "" ]
	[ "$(published up.example/open/app:1)" != "" ]
}

@test "a request that mends a broken mirror.conf passes, and is judged by its own" {
	good=$(cat "$lists/mirror.conf")
	conf "policy allw=quay.io/*" "registry quay.io ca=missing.pem"
	request
	run -1 check
	[[ $output == *"mirror.conf:2:8: unknown option"* ]]
	# the request is no mending
	conf "imagee *"
	run -1 check
	[[ $output == *"mirror.conf:2:8: unknown option"* ]]
	[[ $output == *"mirror.conf:4:1: unknown word"* ]]
	# it mends it
	{ echo "$good"; echo "policy allow=docker.io/*,quay.io/*"; } >"$lists/mirror.conf"
	commit mended
	run -0 check
	[[ $output == *"mirror.conf: warning: that of base has errors (2:8: unknown option "*"): this check judges by the mirror.conf of the request itself"* ]]
	# its own rules hold
	{ echo "$good"; echo "policy allow=quay.io/*"; } >"$lists/mirror.conf"
	commit mended
	run -1 check
	[[ $output == *"base.list:1:1: the target docker.io/team-a/app:1 is not allowed by the policy (mirror.conf:2)"* ]]
	# it takes it away
	rm "$lists/mirror.conf"
	commit gone
	run -0 check
	[[ $output == *"warning: that of base has errors"* ]]
}

@test "a line that pins what mirror.conf denies, of the base or of the request" {
	digest=sha256:$(printf x | sha256sum | cut -d ' ' -f 1)
	other=sha256:$(printf y | sha256sum | cut -d ' ' -f 1)
	conf "deny $digest reason=\"CVE-2026-1234\""
	request
	list "docker.io/a/b@$digest" "docker.io/a/c:1@$digest" "docker.io/a/d:1@$other" docker.io/a/e:1
	run -1 check
	for line in 1 2; do
		[[ $output == *"base.list:$line:1: $digest is denied by mirror.conf:2, CVE-2026-1234: it is never published"* ]]
	done
	[ "$(grep -c "is denied" <<<"$output")" -eq 2 ]
	# the request takes the line out of mirror.conf: the base's holds
	sed -i '/^deny/d' "$lists/mirror.conf"
	conf "deny $other"
	run -1 check
	[[ $output == *"base.list:2:1: $digest is denied by mirror.conf:2, CVE-2026-1234:"* ]]
	[[ $output == *"base.list:3:1: $other is denied by mirror.conf:2: it"* ]]
	# without --conf-rev, and offline: nothing is asked
	run -1 sync --check
	[[ $output == *"base.list:3:1: $other is denied by mirror.conf:2: it"* ]]
	[ "$(grep -c "is denied" <<<"$output")" -eq 1 ]
}
