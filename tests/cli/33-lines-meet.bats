#!/usr/bin/env bats
# Lines that meet: two teams that need one image, lines that contradict each other, and private=.

bats_require_minimum_version 1.5.0

setup() {
	# shellcheck source=tests/lib/sync.bash
	source "$BATS_TEST_DIRNAME/../lib/sync.bash"
	world
	app=up.example/team/app
}

teardown() {
	stop_all
}

@test "two teams ask for one tag: once fetched, both recorded, listed until the last line goes" {
	layout_image "$up" docker.io/team/app:17 one
	echo "$app:17 owner=pay keep=3" >"$lists/a.list"
	list "$app:17 owner=web keep=10 reason=\"old clients\""
	run --separate-stderr -0 sync
	[[ $output == *"1 new"* ]]
	[ -z "$stderr" ]
	[ "$(requests HEAD)" -eq 1 ]
	commit=$(git -C team rev-parse HEAD)
	[ "$(note "$app:17" list)" = "a.list:1@$commit base.list:1@$commit" ]
	[ "$(note "$app:17" owner)" = "pay, web" ]
	[ "$(note "$app:17" reason)" = "old clients" ]
	[ "$(note "$app:17" keep)" = 10 ]
	[ "$(note "$app:17" author)" = "Ann <ann@corp.example>" ]
	run -0 sync --report r.json
	[ "$(jq -r '.images[0].list' r.json)" = "a.list:1 base.list:1" ]
	[ "$(generation)" -eq 1 ]
	rm "$lists/a.list"
	commit "pay leaves"
	run -0 sync
	[ "$(note "$app:17" owner)" = web ]
	[ "$(note "$app:17" list)" = "base.list:1@$(git -C team rev-parse HEAD)" ]
	[ "$(note "$app:17" unlisted-since)" = "" ]
	list
	layout_image "$up" docker.io/team/other:1 other
	list up.example/team/other:1
	run -0 sync
	[ "$(note "$app:17" unlisted-since)" != "" ]
}

@test "a tag that is named, and chosen by two patterns, has the limits of all" {
	for tag in 1.0 1.1; do layout_image "$up" "docker.io/team/app:$tag" "$tag"; done
	list "$app:1.1 keep=2" "$app tags=1.* keep=5 owner=a" "$app tags=* newest=1 keep=3 owner=b"
	run --separate-stderr -0 sync
	[ -z "$stderr" ]
	[ "$(note "$app:1.1" keep)" = 5 ]
	[ "$(note "$app:1.1" owner)" = "a, b" ]
	[ "$(note "$app:1.0" keep)" = 5 ]
	[ "$(note "$app:1.0" owner)" = a ]
	[ "$(requests HEAD)" -eq 2 ]
}

@test "lines that contradict fail, each by name, and stop nothing else" {
	one=$(layout_image "$up" docker.io/team/app:1 one)
	layout_image "$up" docker.io/team/base:1 base
	list "$app:1"
	sync
	layout_image "$up" docker.io/team/app:1 two
	layout_image "$up" docker.io/team/new:1 new
	list "$app:1" "up.example/team/base:1 as=$app:1" up.example/team/new:1
	run --separate-stderr -2 sync
	[[ $output == *"1 new, 1 failed; "* ]]
	[[ $stderr == *"$app:1: two sources for $app:1: $app:1 and up.example/team/base:1 \
(the other line: base.list:2)"* ]]
	[ "$(published "$app:1")" = "$one" ]
	[ "$(note "$app:1" unlisted-since)" = "" ]
	run --separate-stderr -2 sync --check
	[ "${#stderr_lines[@]}" -eq 3 ]
	[[ ${stderr_lines[0]} == *"/base.list:1:1: two sources for "*"base.list:2)" ]]
	[[ ${stderr_lines[1]} == *"/base.list:2:1: two sources for "*"base.list:1)" ]]
	[ "${stderr_lines[2]}" = "mirror-sync: the lists contradict themselves: nothing was done" ]
	run --separate-stderr -2 sync --check --online --since HEAD^
	[[ $stderr == *"/base.list:2:1: up.example/team/base:1: cannot be mirrored: two sources for "* ]]
}

@test "upstream=gone on one of two lines contradicts the other, and both are named" {
	one=$(layout_image "$up" docker.io/team/app:1 one)
	ref=up.example/team/app:1
	list "$ref"
	sync
	for first in "$ref" "$ref upstream=gone" "up.example/team/app tags=*"; do
		second="$ref upstream=gone"
		[[ $first != *gone ]] || second="up.example/team/app tags=1"
		layout_image "$up" docker.io/team/app:1 "two $first"
		list "$first"
		echo "$second" >"$lists/team.list"
		commit "another team"
		for options in --missing --dry-run "" ""; do
			# shellcheck disable=SC2086
			run --separate-stderr -2 sync $options
			[[ $stderr == *"upstream=gone stands on one of them only"* ]]
			[[ $stderr == *team.list:1* ]]
		done
		[ "$(published "$ref")" = "$one" ]
		run -2 sync --check --online
	done
	list "$ref upstream=gone"
	run --separate-stderr -0 sync
}

@test "upstream=gone names what a choice of tags does not list any more" {
	for tag in 1 2; do layout_image "$up" docker.io/team/app:$tag $tag; done
	list "up.example/team/app tags=*"
	sync
	layout_untag "$up" docker.io/team/app:1
	list "up.example/team/app:1 upstream=gone" "up.example/team/app tags=*"
	run --separate-stderr -0 sync
	[ "$stderr" = "" ]
	list "up.example/team/app tags=*" "up.example/team/app tags=1 upstream=gone"
	run --separate-stderr -0 sync
	[ "$stderr" = "" ]
}

@test "patterns with two sources for one repository both fail; its tags stay as they are" {
	layout_image "$up" docker.io/team/app:1.0 one
	layout_image "$up" docker.io/team/base:1.1 two
	list "$app tags=1.*"
	sync
	list "$app tags=1.*" "up.example/team/base tags=1.* as=$app"
	run --separate-stderr -2 sync
	[[ $stderr == *"two sources for $app: $app and up.example/team/base"* ]]
	[[ $output == *"1 skipped, 2 failed; "* ]]
	[ "$(note "$app:1.0" unlisted-since)" = "" ]
}

@test "private= is a repository's: tags, snapshots, unlisted ones; served to nobody" {
	layout_image "$up" docker.io/team/app:1 one
	layout_image "$up" docker.io/team/app:2 two
	layout_image "$up" docker.io/team/open:1 open
	list "$app:1" "$app:2" up.example/team/open:1
	sync
	digest=$(layout_image "$up" docker.io/team/app:1 three)
	list "$app:1" up.example/team/open:1
	sync
	list "$app:1 private=pay" up.example/team/open:1
	run -0 sync
	[[ $output == *"published generation 3"* ]]
	[ "$(grep -c '"dev.ocimirror.private":"pay"' "$mirror/index.json")" -eq 3 ]
	[ "$(note "$app:2" private)" = pay ]
	[ "$(note "$app:1.$(date -u +%Y%m%d)" private)" = pay ]
	[ "$(note up.example/team/open:1 private)" = "" ]
	run -0 sync
	[[ $output == *"generation 3 stands"* ]]
	serve private "$mirror"
	for path in up.example/team/app/manifests/{1,2,"$digest"} up.example/team/app/tags/list \
		"up.example/team/open/manifests/$digest" "up.example/team/app/blobs/$digest"; do
		[ "$(curl -s -o /dev/null -w '%{http_code}' "$private_url/v2/$path")" -eq 404 ]
	done
	[ "$(curl -s -o /dev/null -w '%{http_code}' \
		"$private_url/v2/up.example/team/open/manifests/1")" -eq 200 ]
	[[ $(curl -s "$private_url/v2/_catalog") != *team/app* ]]
	curl -s "$private_url/v2/_ocimirror/index.json" >public.json
	[ "$(jq '.manifests | length' public.json)" -eq 1 ]
	run -1 grep -e team/app -e pay public.json
	grep -F "private entries, which are served to nobody: 3" "$private_err"
}

@test "private= ends with the lists of today, and stays when the last line goes" {
	layout_image "$up" docker.io/team/app:1 one
	layout_image "$up" docker.io/team/open:1 open
	list "$app:1 private=pay" up.example/team/open:1
	sync
	list up.example/team/open:1
	run -0 sync
	[ "$(note "$app:1" unlisted-since)" != "" ]
	[ "$(note "$app:1" private)" = pay ]
	list up.example/team/open:1 "$app:1"
	run -0 sync
	[ "$(note "$app:1" private)" = "" ]
	conf "image up.example/team/a* private=other"
	run -0 sync
	[ "$(note "$app:1" private)" = other ]
	list up.example/team/open:1 "$app:1" "$app:2 private=pay"
	run --separate-stderr -2 sync
	[[ $stderr == *"$app belongs to one group: private=other and private=pay"* ]]
	[ "$(note "$app:1" private)" = other ]
}

@test "what looks like a list and is not read is a warning" {
	layout_image "$up" docker.io/team/app:1 one
	list "$app:1"
	mkdir "$lists/more"
	touch "$lists/more/x.list" "$lists/team.lst" "$lists/notes.md"
	commit "names"
	run --separate-stderr -0 sync --check
	[ "${#stderr_lines[@]}" -eq 2 ]
	[[ ${stderr_lines[0]} == *"/more/: warning: looks like a directory of lists, and is not read"* ]]
	[[ ${stderr_lines[1]} == *"/team.lst: warning: looks like a list, and is not read"* ]]
	run --separate-stderr -0 sync --worktree --check
	[ "${#stderr_lines[@]}" -eq 2 ]
	# beside the directory, from wherever the program is called
	touch "$lists/../lost.list"
	for worktree in "" --worktree; do
		run --separate-stderr -0 sync --check $worktree
		[[ ${stderr_lines[0]} == *"/../lost.list: warning: looks like a list, and is not read: "*" files of $lists are" ]]
		(cd "$lists" && run --separate-stderr -0 "$BIN/mirror-sync" --lists . --check $worktree)
		(cd "$lists/.." && run --separate-stderr -0 "$BIN/mirror-sync" --lists mirror-lists \
			--check $worktree &&
			[[ ${stderr_lines[0]} == *"/../lost.list: warning: "* ]])
	done
}

@test "what newest= leaves out is told by a dry run, and before the merge" {
	for tag in v3.0.0-rc.1 v3.0.0-rc.2 v2.55.1 v2.55.0 v2.54.0; do
		layout_image "$up" "docker.io/team/app:$tag" "$tag"
	done
	list "$app tags=v* newest=2"
	run --separate-stderr -32 sync --dry-run
	[ "$stderr" = "mirror-sync: base.list:1: newest=2 leaves out of $app: 2 pre-releases \
(v3.0.0-rc.1, v3.0.0-rc.2), 1 older (v2.54.0)" ]
	run -0 sync --check --online
	[[ ${lines[0]} == *"; left out: 2 pre-releases (v3.0.0-rc.1, v3.0.0-rc.2), 1 older \
(v2.54.0)" ]]
	run -0 sync
	[ "$(grep -c ref.name "$mirror/index.json")" -eq 2 ]
}
