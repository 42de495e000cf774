#!/usr/bin/env bats
# mirror-sync: where the host of a list's line may lead, by its spelling and by its address.

# shellcheck disable=SC2034  # with_clock is for tests/lib

bats_require_minimum_version 1.5.0

setup() {
	load ../lib/sync
	world
	layout_image "$up" docker.io/team/good:1 good >/dev/null
	conf "image * referrers=no"
}

teardown() {
	stop_all
}

# resolved NAME=ADDRESS... -- ARGS...: a sync for which names have these addresses.
resolved() {
	local names=()
	while [ "$1" != -- ]; do
		names+=("$1")
		shift
	done
	shift
	with_clock=(env "ASAN_OPTIONS=$ASAN_OPTIONS:verify_asan_link_order=0" "NAMES=${names[*]}"
		"LD_PRELOAD=$BIN/tests/preload/names.so")
	sync "$@"
}

@test "a name that leads to this machine is refused, before a byte is sent" {
	list "evil.example:$upstream_port/team/good:1" up.example/team/good:1
	conf "image evil.example*/* referrers=no"
	for at in 127.0.0.1 ::ffff:127.0.0.1; do
		forget_requests
		run -2 resolved "evil.example=$at" -- --force
		[[ $output == *"evil.example:$upstream_port/team/good:1: evil.example:$upstream_port: its name \
leads to $at, an address we may not be sent to; if that is meant, give the host a registry line in \
mirror.conf"* ]]
		[ "$(published up.example/team/good:1)" != "" ]
	done
	# no proxy is asked for it either
	list 169.254.170.2/team/good:1 up.example/team/good:1
	http_proxy=$upstream_url https_proxy=$upstream_url run -2 sync
	[[ $output == *"leads to 169.254.170.2"* ]]
	[ "$(requests CONNECT)" -eq 0 ]
	list "evil.example:$upstream_port/team/good:1" up.example/team/good:1
	conf "registry evil.example:$upstream_port scheme=http"
	run -0 resolved evil.example=127.0.0.1 --
	[ "$(published "evil.example:$upstream_port/team/good:1")" != "" ]
}

@test "no registry is at a cloud's metadata service, whoever names it" {
	list meta.example/team/good:1 up.example/team/good:1
	conf "registry meta.example endpoint=http://169.254.169.254"
	run -2 sync
	[[ $output == *"meta.example: its name leads to 169.254.169.254, an address we may not be sent to"* ]]
	[ "$(published up.example/team/good:1)" != "" ]
	list 100.100.100.200/team/good:1
	run -2 sync
	[[ $output == *"its name leads to 100.100.100.200, an address we may not be sent to"* ]]
}

@test "a check refuses addresses and localhost in the lists, but for those of a registry line" {
	list 127.0.0.1:5000/a:1 localhost:5000/a:1 10.1.2.3/a:1 192.168.0.1:80/a:1 169.254.169.254/a:1 \
		a.localhost/a:1 8.8.8.8/a:1 registry.corp/a:1 127.1:7/a:1
	run -1 sync --check
	[ "$(grep -c "names an address near us" <<<"$output")" -eq 7 ]
	[[ $output == *"base.list:1:1: 127.0.0.1:5000 names an address near us (this machine): "* ]]
	[[ $output == *"base.list:3:1: 10.1.2.3 names an address near us (a private network): a \
\"registry 10.1.2.3\" line in mirror.conf allows it"* ]]
	[[ $output == *"base.list:5:1: 169.254.169.254 names an address near us (a cloud's metadata service"* ]]
	[[ $output != *"8.8.8.8"* && $output != *"registry.corp"* ]]
	run -1 sync --check --online
	[[ $output == *"base.list:2:1: localhost:5000 names an address near us"* ]]
	conf "registry 127.0.0.1:5000 scheme=http"
	list 127.0.0.1:5000/a:1
	run -0 sync --check
}
