#!/usr/bin/env bats
# A mirror whose upstream is a mirror: endpoint= names it, and nothing else is needed.
bats_require_minimum_version 1.5.0

setup() {
	load ../lib/sync
	world
	layout_image "$up" docker.io/team/app:1 one >/dev/null
	layout_image "$up" docker.io/team/app:1.20260101 old >/dev/null
	sed -i d "$lists/mirror.conf"
	conf "image * referrers=no" "registry docker.io endpoint=$upstream_url"
	list docker.io/team/app:1
	parent=$mirror
	sync
}

teardown() {
	stop_all
}

# child CONF LINE...: lists of their own and a mirror of their own, behind the first mirror
child() {
	serve parent --access-log "$BATS_TEST_TMPDIR/parent.access" "$parent"
	mirror=$BATS_TEST_TMPDIR/child
	sed -i d "$lists/mirror.conf"
	conf "image * referrers=no" "${1//PARENT/$parent_url}"
	shift
	list "$@"
}

@test "a mirror behind a mirror has the same digests, with endpoint= alone" {
	digest=$(published docker.io/team/app:1)
	child "registry docker.io endpoint=PARENT" docker.io/team/app:1
	run -0 sync
	[ "$(published docker.io/team/app:1)" = "$digest" ]
	run -0 sync
	[[ $output != *"new sha256"* ]]
	# the parent was asked, not the registry
	grep -q '"HEAD /v2/team/app/manifests/1' "$BATS_TEST_TMPDIR/parent.access"
}

@test "a registry other than docker.io is the first part of the endpoint's path" {
	layout_image "$up" quay.io/org/tool:1 tool >/dev/null
	conf "registry quay.io endpoint=$upstream_url/v2/quay.io"
	list docker.io/team/app:1 quay.io/org/tool:1
	run -0 sync
	digest=$(published quay.io/org/tool:1)
	child "registry quay.io endpoint=PARENT/v2/quay.io" quay.io/org/tool:1
	run -0 sync
	[ "$(published quay.io/org/tool:1)" = "$digest" ]
}

@test "each mirror makes its own snapshots; those of the parent are tags there, to be listed" {
	old=$(published docker.io/team/app:1)
	layout_image "$up" docker.io/team/app:1 two >/dev/null
	run -0 sync
	snapshot=$(grep -o 'docker.io/team/app:1\.[0-9]*' "$mirror/index.json" | head -n 1)
	child "registry docker.io endpoint=PARENT" docker.io/team/app:1
	run -0 sync
	[ "$(published "$snapshot")" = "" ]
	list docker.io/team/app:1 "$snapshot as=docker.io/team/app:before"
	run -0 sync
	[ "$(published docker.io/team/app:before)" = "$old" ]
}

@test "a private image of the parent is not there for a child without a user of its group" {
	conf "image docker.io/team/* private=team"
	list docker.io/team/app:1
	run -0 sync
	child "registry docker.io endpoint=PARENT" docker.io/team/app:1
	run -2 sync
	[[ $output == *"docker.io/team/app:1: "* ]]
	[ "$(published docker.io/team/app:1)" = "" ]
}

@test "a user of the group gets it; the child's line says whose it is" {
	conf "image docker.io/team/* private=team"
	list docker.io/team/app:1
	run -0 sync
	digest=$(published docker.io/team/app:1)
	htpasswd -nbBC 4 ann secret >users
	echo "team: ann" >groups
	serve parent --htpasswd users --groups groups "$parent"
	login=$(printf ann:secret | base64)
	export DOCKER_AUTH_CONFIG="{\"auths\":{\"${parent_url#http://}\":{\"auth\":\"$login\"}}}"
	mirror=$BATS_TEST_TMPDIR/child
	sed -i d "$lists/mirror.conf"
	conf "image * referrers=no" "registry docker.io endpoint=$parent_url"
	list "docker.io/team/app:1 private=team"
	run -0 sync
	[ "$(published docker.io/team/app:1)" = "$digest" ]
	[ "$(note docker.io/team/app:1 private)" = team ]
}
