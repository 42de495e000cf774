#!/usr/bin/env bats
# mirror-sync --missing: what the lists say and the mirror lacks is made true; no tag moves.
bats_require_minimum_version 1.5.0

setup() {
	load ../lib/sync
	world
}

teardown() {
	stop_all
}

app=up.example/team/app

@test "--missing: a new image comes, a tag that upstream has moved stays, nothing else is told" {
	one=$(layout_image "$up" docker.io/team/app:1 one)
	layout_image "$up" docker.io/team/gone:1 two
	list "$app:1" up.example/team/gone:1
	sync
	layout_image "$up" docker.io/team/app:1 two
	layout_untag "$up" docker.io/team/gone:1
	run -8 sync "*gone*"
	new=$(layout_image "$up" docker.io/team/new:1 new)
	list "$app:1 max-age=1h" up.example/team/gone:1 up.example/team/new:1
	sed -i 's/"checked":"[^"]*"/"checked":"2020-01-01T00:00:00Z"/' "$mirror/.mirror/state.json"
	forget_requests
	run --separate-stderr -0 sync --missing
	[ "$stderr" = "" ]
	[ "$(published "$app:1")" = "$one" ]
	[ "$(published up.example/team/new:1)" = "$new" ]
	[ "$(requests HEAD)" -eq 1 ]
}

@test "--missing: a platform that is added comes for the content that is published" {
	one=$(layout_multi "$up" docker.io/team/app:1 one)
	layout_multi "$up" docker.io/team/app:other one
	list "$app:1 platform=linux/amd64 refresh=never"
	sync
	layout_multi "$up" docker.io/team/app:1 two
	list "$app:1 platform=linux/amd64,linux/arm64 refresh=never"
	before=$(generation)
	run -32 sync --missing --dry-run --sizes --report dry.json
	bytes=$(sed -n 's/^.*would be completed, \([0-9]* bytes\) to fetch$/\1/p' <<<"$output")
	[[ $output == *"; $bytes to fetch; nothing was changed (dry run)"* ]]
	[ "$(generation)" = "$before" ]
	run -32 sync --missing --dry-run
	forget_requests
	run -0 sync --missing --report real.json
	[[ $output == *"$app:1: completed, "* ]]
	[ "$(jq '.images[0].missing' dry.json) bytes" = "$bytes" ]
	# manifests are not counted by --sizes
	[ "$(jq '.images[0].bytes' real.json)" -ge "$(jq '.images[0].missing' dry.json)" ]
	[ "$(requests GET /blobs/)" -eq 2 ]
	[ "$(requests HEAD)" -eq 0 ]
	[ "$(published "$app:1")" = "$one" ]
	[ "$(note "$app:1" platform)" = linux/amd64,linux/arm64 ]
	whole
	run -0 sync --missing --dry-run
	forget_requests
	run -0 sync --missing
	[ ! -s "$upstream_log" ]
}

@test "--missing --dry-run --sizes tells the bytes that --missing then fetches" {
	layout_image "$up" docker.io/team/app:1 one
	list "$app:1"
	sync
	new=$(layout_image "$up" docker.io/team/new:1 new)
	layout_image "$up" docker.io/team/app:1 moved
	list "$app:1" up.example/team/new:1
	blobs=$(grep -rlZE '^layer of new for amd64$|"text":"new"' "$up/blobs" | xargs -0 cat | wc -c)
	bytes=$((blobs + $(layout_size "$up" "$new")))
	run -32 sync --missing --dry-run --sizes
	[[ $output == *"up.example/team/new:1: would be new, "*", $bytes bytes to fetch"* ]]
	[[ $output == *"; $bytes bytes to fetch; "* ]]
	[[ $output != *"$app:1"* ]]
}

@test "--missing --dry-run tells that referrers are asked for which a line promises now" {
	layout_image "$up" docker.io/team/app:1 one
	list "$app:1 refresh=never"
	sync
	list "$app:1 refresh=never referrers=yes"
	run -32 sync --missing --dry-run
	[[ $output == "$app:1: would be completed"* ]]
	run -0 sync --missing
	run -0 sync --missing --dry-run
	[[ $output != *"would be"* ]]
}

@test "--missing: a line that pins another digest moves its tag; keep= is set" {
	one=$(layout_image "$up" docker.io/team/app:1 one)
	layout_image "$up" docker.io/team/lib:1 one
	list "$app:1@$one" up.example/team/lib:1
	sync
	two=$(layout_image "$up" docker.io/team/app:1 two)
	layout_image "$up" docker.io/team/lib:1 two
	list "$app:1@$two" "up.example/team/lib:1 keep=4"
	run -0 sync --missing
	[ "$(published "$app:1")" = "$two" ]
	[ "$(published "$app:1.$(date -u +%Y%m%d)")" = "$one" ]
	[ "$(note up.example/team/lib:1 keep)" = 4 ]
	[ "$(published up.example/team/lib:1)" = "$one" ]
}

@test "--missing: a line that it leaves without content is a failure" {
	list "$app:1"
	run --separate-stderr -2 sync --missing
	[[ $stderr == *"$app:1: no such tag or repository"* ]]
}

@test "--missing: a new line for a name that is a snapshot here and another tag upstream is a failure" {
	day=$(date -u +%Y%m%d)
	one=$(layout_image "$up" docker.io/team/app:1 one)
	list "$app:1"
	sync
	layout_image "$up" docker.io/team/app:1 two
	sync
	# a name that only the mirror has is asked for once
	list "$app:1" "$app:1.$day"
	forget_requests
	run --separate-stderr -0 sync --missing
	[ "$stderr" = "" ]
	[ "$(requests HEAD "app/manifests/1.$day")" -eq 1 ]
	run -0 sync --missing
	[ "$(requests HEAD)" -eq 1 ]
	list "$app:1"
	sync
	layout_image "$up" "docker.io/team/app:1.$day" own
	for line in "$app:1.$day" "$app tags=1*" "$app:1.$day refresh=never"; do
		rm "$mirror/.mirror/state.json"
		list "$app:1" "$line"
		run --separate-stderr -2 sync --missing --dry-run
		[[ $stderr == *"$app:1.$day: the mirror keeps a snapshot of its own under this name"* ]]
		run --separate-stderr -2 sync --missing
		[[ $stderr == *"$app:1.$day: the mirror keeps a snapshot of its own under this name"* ]]
		# and so it stays
		run --separate-stderr -2 sync --missing
	done
	[ "$(published "$app:1.$day")" = "$one" ]
}

@test "--missing --force repairs, and moves nothing" {
	one=$(layout_image "$up" docker.io/team/app:1 one)
	layout_image "$up" docker.io/team/app:other one
	list "$app:1"
	sync
	layout_image "$up" docker.io/team/app:1 two
	rm -f "$(layout_file "$mirror" "$(layout_blob "$up" "layer of one for amd64")")"
	run -0 sync --missing --force
	[ "$(published "$app:1")" = "$one" ]
	whole
}

@test "a platform that is added to the line of a held tag comes for what is held" {
	one=$(layout_multi "$up" docker.io/team/app:1 one)
	layout_multi "$up" docker.io/team/app:other one
	list "$app:1 platform=linux/amd64"
	sync
	"$BIN/mirror-publish" --mirror "$mirror" hold "$app:1"
	layout_multi "$up" docker.io/team/app:1 two
	list "$app:1 platform=linux/amd64,linux/arm64"
	run -0 sync
	[ "$(published "$app:1")" = "$one" ]
	[ "$(note "$app:1" platform)" = linux/amd64,linux/arm64 ]
	whole
}
