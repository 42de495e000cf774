#!/usr/bin/env bats
# mirror-sync: what a mirror has is not lost, whatever upstreams, lists and operators do; and what is as it was is
# not published again.
bats_require_minimum_version 1.5.0

setup() {
	load ../lib/layout
	load ../lib/servers
	load ../lib/sync
	BIN=${BIN:-$BATS_TEST_DIRNAME/../../build}
	world
}

teardown() {
	stop_all
}

today() {
	date -u +%Y%m%d
}

# Nothing is published by one more run.
settled() {
	local before
	before=$(generation)
	sync "$@" || true
	[ "$(generation)" = "$before" ]
}

@test "each entry has the author of its own line" {
	layout_image "$up" docker.io/team/a:1 one
	layout_image "$up" docker.io/team/b:1 two
	list up.example/team/a:1
	git -C team config user.name Bob
	list up.example/team/a:1 up.example/team/b:1
	sync
	[ "$(note up.example/team/a:1 author)" = "Ann <ann@corp.example>" ]
	[ "$(note up.example/team/b:1 author)" = "Bob <ann@corp.example>" ]
}
