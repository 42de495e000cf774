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
