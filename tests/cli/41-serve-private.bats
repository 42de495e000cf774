#!/usr/bin/env bats
# mirror-serve: what belongs to a group (private=) looks as if it did not exist.

bats_require_minimum_version 1.5.0

setup() {
	load ../lib/ask
	dir=$BATS_TEST_TMPDIR/mirror
}

teardown() {
	stop_all
}

# private REF TEXT: an image of team-a; prints its digest.
private() {
	local d
	d=$(layout_untagged "$dir" "$2")
	layout_entry "$dir" "$1" "$d" "$OCI_MANIFEST" '"dev.ocimirror.private":"team-a"'
	echo "$d"
}

# A public repository and one of a group, which has one entry that does not say so, at a registry of
# its own.
mirror_with_a_group() {
	layout_new "$dir"
	layout_entry "$dir" docker.io/team/open:1 "$(layout_untagged "$dir" open)"
	secret=$(private registry.corp/team/app:1 secret)
	layout_entry "$dir" registry.corp/team/app:2 "$(layout_untagged "$dir" two)"
	layout_publish "$dir" 7
}

# as_if_absent PATH [CURL OPTION...]: the answer is that of a repository that was never there, but
# for its name.
as_if_absent() {
	local path=$1 absent
	shift
	get "$path" "$@"
	absent=$(sed 's,team/app,team/not,g; 1s/^/'"$code "'/' "$head" "$body" | grep -v '^Date')
	get "${path/app/not}" "$@"
	[ "$absent" = "$(sed '1s/^/'"$code "'/' "$head" "$body" | grep -v '^Date')" ] ||
		{ echo "# $absent" && cat "$head" "$body" && return 1; }
	is 404
}

@test "a repository of a group, with all its entries, is answered like one that is not there" {
	mirror_with_a_group
	serve_start "$dir"
	get /v2/team/open/manifests/1
	is 200
	for path in manifests/1 manifests/2 "manifests/$secret" "blobs/$secret" tags/list \
		"referrers/$secret"; do
		as_if_absent "/v2/registry.corp/team/app/$path"
		as_if_absent "/v2/team/app/$path?ns=registry.corp"
		as_if_absent "/v2/team/app/$path" -H "Host: registry.corp"
	done
	await "private entries, which are served to nobody: 2"
}

@test "neither the catalogue nor the index for other mirrors has anything of a group" {
	mirror_with_a_group
	serve_start "$dir"
	get /v2/_catalog
	[ "$(cat "$body")" = '{"repositories":["docker.io/team/open"]}' ]
	get "/v2/_catalog?ns=registry.corp"
	[ "$(cat "$body")" = '{"repositories":[]}' ]
	get /v2/_ocimirror/index.json
	is 200
	run ! grep -E 'team-a|registry.corp' "$body"
	grep -q docker.io/team/open:1 "$body"
}

@test "a manifest of a group is served through the public repositories that have it" {
	mirror_with_a_group
	layout_entry "$dir" docker.io/team/open:2 "$secret"
	layout_publish "$dir"
	serve_start "$dir"
	get "/v2/team/open/manifests/$secret"
	is 200
	as_if_absent "/v2/registry.corp/team/app/manifests/$secret"
}
