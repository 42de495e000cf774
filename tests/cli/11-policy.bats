#!/usr/bin/env bats
# The policy lines of mirror.conf: which lists each of them holds for, and what those may ask for.
bats_require_minimum_version 1.5.0

setup() {
	load ../lib/sync
	world
	conf "policy allow=docker.io/library/*" \
		"policy file=pay*.list allow=up.example/team/* as=docker.io/pay/* private=pay max-tags=2 max-bytes=1K"
	list docker.io/library/alpine:3
}

teardown() {
	stop_all
}

# pay LINE...: the list of the team with a policy of its own
pay() {
	printf '%s\n' "$@" >"$lists/payments.list"
	commit pay
}

check() {
	sync --check "$@"
}

@test "each list is judged by the policy that names it" {
	pay "up.example/team/app:1 as=docker.io/pay/app:1 private=pay"
	run -0 check
	list docker.io/library/alpine:3 up.example/team/app:1
	run -1 check
	[[ $output == *"base.list:2:1: the target up.example/team/app:1 is not allowed by the policy (mirror.conf:2)"* ]]
	list docker.io/library/alpine:3
	pay docker.io/library/alpine:3
	run -1 check
	[[ $output == *"payments.list:1:1: the target docker.io/library/alpine:3 is not allowed by the policy (mirror.conf:"* ]]
}

@test "as= outside the policy's, a source outside, and a line that forgets private=" {
	pay "up.example/team/app:1 as=docker.io/library/alpine:3 private=pay" \
		"evil.example/app:1 as=docker.io/pay/app:1 private=pay" \
		"up.example/team/app:2 as=docker.io/pay/app:2" \
		"up.example/team/app:3 as=docker.io/pay/app:3 private=others"
	run -1 check
	[[ $output == *"payments.list:1:1: the target docker.io/library/alpine:3 is not allowed by the policy's as= (mirror.conf:"* ]]
	[[ $output == *"payments.list:2:1: the source evil.example/app:1 is not allowed by the policy (mirror.conf:"* ]]
	[[ $output == *"payments.list:3:1: docker.io/pay/app:2 would be everybody's: the policy (mirror.conf:"*") wants private=pay for every image of payments.list"* ]]
	[[ $output == *"payments.list:4:1: docker.io/pay/app:3 has private=others: the policy (mirror.conf:"*") wants private=pay for every image of payments.list"* ]]
	# a sync refuses them as well
	run -1 sync
	[[ $output == *"would be everybody's"* ]]
}

@test "a request cannot widen as= or drop private= past the base's policy" {
	git -C team branch -f base
	sed -i '/^policy file=/d' "$lists/mirror.conf"
	pay "up.example/team/app:1 as=docker.io/library/redis:7"
	run -1 check --conf-rev base
	[[ $output == *"payments.list:1:1: the target docker.io/library/redis:7 is not allowed by the policy's as="* ]]
	[[ $output == *"payments.list:1:1: docker.io/library/redis:7 would be everybody's"* ]]
}

@test "max-tags= and max-bytes= of the file's policy; an image that two files list has the larger" {
	layout_image "$up" docker.io/team/app:1 one
	layout_image "$up" docker.io/team/app:2 "$(seq 2000)"
	layout_image "$up" docker.io/team/app:3 three
	sed -i '/^policy/d' "$lists/mirror.conf"
	conf "policy file=pay*.list max-tags=2 max-bytes=1K"
	list up.example/team/app:1
	pay up.example/team/app:2 "up.example/team/app tags=*"
	run --separate-stderr -2 sync
	[[ $stderr == *"up.example/team/app:2: "*"needs "*" kB, more than the 1.0 kB of the policy's max-bytes="* ]]
	[[ $stderr == *"up.example/team/app: 3 tags match, more than the policy's max-tags=2"* ]]
	[ "$(published up.example/team/app:1)" != "" ]
	[ "$(published up.example/team/app:2)" = "" ]
	list up.example/team/app:1 up.example/team/app:2
	pay up.example/team/app:2
	run -0 sync
	[ "$(published up.example/team/app:2)" != "" ]
}

@test "a policy that names no list is a warning, since a name may be mistyped" {
	run -0 check
	[[ $output == *"mirror.conf:"*": warning: file=pay*.list names no list that is there: this policy holds for nothing"* ]]
}

@test "max-total= of the lists' lines: what goes beyond it fails by name, what is published stays" {
	layout_image "$up" docker.io/team/app:1 "$(seq 1000)"
	layout_image "$up" docker.io/team/app:2 "$(seq 3000 4000)"
	layout_image "$up" docker.io/team/app:3 "$(seq 5000 6000)"
	sed -i '/^policy/d' "$lists/mirror.conf"
	conf "image * referrers=no" "policy file=pay*.list max-total=24K"
	pay up.example/team/app:1
	list
	run -0 sync
	# both would fit alone, not together
	pay up.example/team/app:1 up.example/team/app:2 up.example/team/app:3
	run --separate-stderr -2 sync --check --online --jobs 1
	[[ $stderr == *"breaks the policy: with it, the lists of the policy (mirror.conf:"*") would have brought "*" kB, more than the 24.6 kB of its max-total=; what is published stays"* ]]
	[ "$(grep -c max-total <<<"$stderr")" -eq 1 ]
	run --separate-stderr -2 sync
	[ "$(grep -c max-total <<<"$stderr")" -eq 1 ]
	would=$(grep -o "brought [0-9.]* kB" <<<"$stderr")
	[ "$(published up.example/team/app:1)" != "" ]
	[ "$(grep -c '"org.opencontainers.image.ref.name":"up.example/team/app:' "$mirror/index.json")" -eq 2 ]
	# the next run, which counts what is published, says the same
	run --separate-stderr -2 sync
	[ "$(grep -o "brought [0-9.]* kB" <<<"$stderr")" = "$would" ]
	# a list with no policy, or one that has room, may bring it
	list up.example/team/app:2 up.example/team/app:3
	run -0 sync
}

@test "max-total= counts what a moved tag left as a snapshot" {
	layout_image "$up" docker.io/team/app:1 "$(seq 1000)"
	sed -i '/^policy/d' "$lists/mirror.conf"
	conf "image * referrers=no" "policy max-total=24K"
	list up.example/team/app:1
	run -0 sync
	layout_image "$up" docker.io/team/app:1 "$(seq 3000 4000)"
	run -0 sync
	layout_image "$up" docker.io/team/app:1 "$(seq 6000 7000)"
	before=$(published up.example/team/app:1)
	run -2 sync
	[[ $output == *"up.example/team/app:1: "*"max-total="* ]]
	[ "$(published up.example/team/app:1)" = "$before" ]
}
