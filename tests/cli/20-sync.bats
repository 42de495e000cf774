#!/usr/bin/env bats
# mirror-sync's main road: what is listed is fetched, what moves is kept, what does not is left in
# peace.
bats_require_minimum_version 1.5.0

setup() {
	load ../lib/sync
	world
}

teardown() {
	stop_all
}

today() {
	date -u +%Y%m%d
}

@test "a first sync fetches what is listed, and the mirror is whole" {
	want=$(layout_multi "$up" docker.io/team/app:1 one)
	list "up.example/team/app:1"
	run --separate-stderr sync
	[ "$status" -eq 0 ]
	[[ $output == *"up.example/team/app:1: new sha256:"* ]]
	[[ $output == *"1 new; "*"published generation 1" ]]
	[ "$stderr" = "" ]
	[ "$(published up.example/team/app:1)" = "$want" ]
	whole
}

@test "a second run asks once for each image, gets nothing, publishes nothing" {
	for i in 1 2 3 4 5; do layout_multi "$up" "docker.io/team/app:$i" "text $i"; done
	list up.example/team/app:{1,2,3,4,5}
	sync
	before=$(cat "$mirror/index.json")
	forget_requests
	run -0 sync
	[[ $output == "5 current; "*"generation 1 stands" ]]
	[ "$(requests HEAD)" -eq 5 ]
	[ "$(requests GET)" -eq 0 ]
	[ "$(cat "$mirror/index.json")" = "$before" ]
	[ "$(find "$mirror/.mirror/generations" -name '*.json' | wc -l)" -eq 2 ]
}

@test "a tag that moves keeps its old content under the day's name" {
	old=$(layout_image "$up" docker.io/team/app:1 one)
	list "up.example/team/app:1"
	sync
	new=$(layout_image "$up" docker.io/team/app:1 two)
	run -0 sync
	[[ $output == *"app:1: updated ${old:0:19} -> ${new:0:19}, kept as 1.$(today)"* ]]
	[ "$(published up.example/team/app:1)" = "$new" ]
	[ "$(published "up.example/team/app:1.$(today)")" = "$old" ]
	[ "$(note "up.example/team/app:1.$(today)" snapshot-of)" = "up.example/team/app:1" ]
	whole
}

@test "a tag that moves twice on one day leaves two snapshots" {
	one=$(layout_image "$up" docker.io/team/app:1 one)
	list "up.example/team/app:1"
	sync
	two=$(layout_image "$up" docker.io/team/app:1 two)
	sync
	three=$(layout_image "$up" docker.io/team/app:1 three)
	sync
	[ "$(published up.example/team/app:1)" = "$three" ]
	[ "$(published "up.example/team/app:1.$(today)")" = "$one" ]
	[ "$(published "up.example/team/app:1.$(today)-2")" = "$two" ]
}

@test "a tag that cannot be snapshotted stays where it is, and is named" {
	long=$(printf 't%.0s' {1..125})
	old=$(layout_image "$up" "docker.io/team/app:$long" one)
	list "up.example/team/app:$long"
	sync
	layout_image "$up" "docker.io/team/app:$long" two
	run --separate-stderr sync
	[ "$status" -eq 2 ]
	[[ $stderr == *"cannot be kept, so it stays"* ]]
	[ "$(published "up.example/team/app:$long")" = "$old" ]
}

@test "content that several images share is fetched once" {
	layout_image "$up" docker.io/team/a:1 same
	layout_image "$up" docker.io/team/b:1 same
	layout_image "$up" docker.io/team/c:1 same
	list up.example/team/{a,b,c}:1
	sync
	[ "$(requests GET /manifests/)" -eq 1 ]
	[ "$(requests GET /blobs/)" -eq 2 ]
	whole
}

@test "one bad image never stops the others" {
	layout_image "$up" docker.io/team/good:1 good
	layout_image "$up" docker.io/team/broken:1 broken
	printf '{"schemaVersion":1,"name":"team/old","tag":"1","fsLayers":[],"history":[]}' |
		layout_manifest "$up" docker.io/team/old:1 \
			application/vnd.docker.distribution.manifest.v1+json
	layer=$(printf 'layer of broken for amd64' | sha256sum | cut -d ' ' -f 1)
	printf 'layer of BROKEN for amd64' >"$up/blobs/sha256/$layer.new"
	mv "$up/blobs/sha256/$layer.new" "$up/blobs/sha256/$layer"
	list up.example/team/{broken,good,missing,old}:1
	run --separate-stderr sync
	[ "$status" -eq 2 ]
	[ "$(published up.example/team/good:1)" != "" ]
	[ "$(published up.example/team/broken:1)" = "" ]
	[[ $stderr == *"up.example/team/broken:1: "*"sha256:$layer"* ]]
	[[ $stderr == *"up.example/team/missing:1: "* ]]
	[[ $stderr == *"up.example/team/old:1: "*"schema 1"* ]]
	[[ $output == *"1 new, 3 failed"* ]]
	whole
}

@test "what is gone upstream is reported, marked once, and served as before" {
	old=$(layout_image "$up" docker.io/team/app:1 one)
	list "up.example/team/app:1"
	sync
	layout_untag "$up" docker.io/team/app:1
	run --separate-stderr sync
	[ "$status" -eq 8 ]
	[[ $stderr == *"up.example/team/app:1: gone: no longer upstream"* ]]
	[ "$(published up.example/team/app:1)" = "$old" ]
	[ "$(note up.example/team/app:1 gone-since)" != "" ]
	[ "$(generation)" -eq 2 ]
	run sync
	[ "$status" -eq 8 ]
	[ "$(generation)" -eq 2 ]
	run sync --tolerate gone
	[ "$status" -eq 0 ]
	layout_image "$up" docker.io/team/app:1 one
	run sync
	[ "$status" -eq 0 ]
	[ "$(note up.example/team/app:1 gone-since)" = "" ]
}

@test "upstream=gone is served and not asked for" {
	layout_image "$up" docker.io/team/app:1 one
	list "up.example/team/app:1"
	sync
	layout_untag "$up" docker.io/team/app:1
	list "up.example/team/app:1 upstream=gone"
	forget_requests
	run -0 sync
	[ "$(requests HEAD)" -eq 0 ]
}

@test "a platform filter leaves the index as it is and fetches less; widened, it fetches the rest" {
	want=$(layout_multi "$up" docker.io/team/app:1 one)
	list "up.example/team/app:1 platform=linux/amd64"
	sync
	[ "$(published up.example/team/app:1)" = "$want" ]
	[ "$(requests GET /blobs/)" -eq 2 ]
	whole
	list "up.example/team/app:1 platform=linux/amd64,linux/arm64"
	forget_requests
	run -0 sync
	[ "$(requests GET /blobs/)" -eq 2 ]
	whole
}

@test "by digest: asked for once" {
	want=$(layout_image "$up" docker.io/team/app:1 one)
	list "up.example/team/app@$want"
	run -0 sync
	[ "$(published "up.example/team/app@$want")" = "$want" ]
	forget_requests
	run -0 sync
	[ ! -s "$upstream_log" ]
}

@test "tag and digest: the tag means exactly that, and changing the digest moves it" {
	one=$(layout_image "$up" docker.io/team/app:1 one)
	two=$(layout_image "$up" docker.io/team/app:1 two)
	layout_image "$up" docker.io/team/app:other one
	list "up.example/team/app:1@$one"
	run -0 sync
	[ "$(published up.example/team/app:1)" = "$one" ]
	list "up.example/team/app:1@$two"
	run -0 sync
	[ "$(published up.example/team/app:1)" = "$two" ]
	[ "$(published "up.example/team/app:1.$(today)")" = "$one" ]
}

@test "as= publishes under another name" {
	want=$(layout_image "$up" docker.io/team/app:1 one)
	list "up.example/team/app:1 as=docker.io/our/app:stable"
	run -0 sync
	[ "$(published docker.io/our/app:stable)" = "$want" ]
	[ "$(note docker.io/our/app:stable source)" = "up.example/team/app@$want" ]
}

@test "an entry says where it came from, when, and on whose word" {
	layout_image "$up" docker.io/team/app:1 one
	list "# the app" "up.example/team/app:1 keep=3 keep-for=90d"
	sync --label sprint-47
	head=$(git -C team rev-parse HEAD)
	[ "$(note up.example/team/app:1 list)" = "base.list:2@$head" ]
	[ "$(note up.example/team/app:1 author)" = "Ann <ann@corp.example>" ]
	[ "$(note up.example/team/app:1 keep)" = 3 ]
	[ "$(note up.example/team/app:1 keep-for)" = 90d ]
	[[ $(note up.example/team/app:1 synced) == 20*Z ]]
	grep -q '"dev.ocimirror.label":"sprint-47"' "$mirror/index.json"
	grep -q "\"dev.ocimirror.list-commit\":\"$head\"" "$mirror/index.json"
	grep -q '"ref":"up.example/team/app:1"' "$mirror/.mirror/journal.jsonl"
}

@test "a change of retention alone is published; a change of the list's other lines is not" {
	layout_image "$up" docker.io/team/app:1 one
	list "up.example/team/app:1"
	sync
	list "# a comment" "up.example/team/app:1"
	sync
	[ "$(generation)" -eq 1 ]
	list "up.example/team/app:1 keep=5"
	sync
	[ "$(generation)" -eq 2 ]
	[ "$(note up.example/team/app:1 keep)" = 5 ]
}

@test "what leaves the lists is marked unlisted and served; back on them, it is listed again" {
	layout_image "$up" docker.io/team/app:1 one
	layout_image "$up" docker.io/team/app:2 two
	list up.example/team/app:{1,2}
	sync
	list up.example/team/app:2
	sync "*:2"
	[ "$(note up.example/team/app:1 unlisted-since)" = "" ]
	run -0 --separate-stderr sync
	[ "$stderr" = "mirror-sync: up.example/team/app:1: unlisted: no line of the lists matches it \
any more; the mirror still serves it" ]
	[ "$(published up.example/team/app:1)" != "" ]
	[ "$(note up.example/team/app:1 unlisted-since)" != "" ]
	run -0 --separate-stderr sync
	[ "$stderr" = "" ]
	list up.example/team/app:{1,2}
	run -0 sync
	[ "$(note up.example/team/app:1 unlisted-since)" = "" ]
	list
	run -0 --separate-stderr sync
	[ "$stderr" = "mirror-sync: up.example/team/app:1 and 1 more: unlisted: no line of the lists \
matches them any more; the mirror still serves them" ]
}

@test "tags by pattern: what matches is mirrored, tags/list is asked only then" {
	conf "image * referrers=no"
	for tag in v1.0 v2.0 v2.1 v2.2-rc1 v2.2 latest; do layout_image "$up" \
		"docker.io/team/app:$tag" "$tag"; done
	list "up.example/team/app tags=v2.* exclude=*-rc* newest=2"
	run -0 sync
	[ "$(published up.example/team/app:v2.2)" != "" ]
	[ "$(published up.example/team/app:v2.1)" != "" ]
	[ "$(grep -c ref.name "$mirror/index.json")" -eq 2 ]
	[ "$(requests GET /tags/list)" -eq 1 ]
	list "up.example/team/app:v1.0"
	forget_requests
	sync
	[ "$(requests GET /tags/list)" -eq 0 ]
}

@test "a pattern that matches nothing fails by name" {
	layout_image "$up" docker.io/team/app:1 one
	list "up.example/team/app tags=v9.*"
	run --separate-stderr -2 sync
	[[ $stderr == *"up.example/team/app: none of its 1 tags matches"* ]]
}

@test "a tag chosen by a pattern is gone when the listing loses it, unlisted when the pattern does" {
	for tag in 1.0 1.1 1.2; do layout_image "$up" "docker.io/team/app:$tag" "$tag"; done
	list "up.example/team/app tags=1.*"
	sync
	layout_untag "$up" docker.io/team/app:1.0
	run sync
	[ "$status" -eq 8 ]
	[ "$(note up.example/team/app:1.0 gone-since)" != "" ]
	list "up.example/team/app tags=1.* newest=1"
	run sync
	[ "$(note up.example/team/app:1.1 unlisted-since)" != "" ]
	[ "$(note up.example/team/app:1.2 unlisted-since)" = "" ]
}

@test "refresh=: what is not due costs no request, unless --force" {
	layout_image "$up" docker.io/team/app:1 one
	list "up.example/team/app:1 refresh=6h"
	sync
	forget_requests
	run -0 sync
	[[ $output == "1 skipped; "* ]]
	[ ! -s "$upstream_log" ]
	run -0 sync --force
	[ "$(requests HEAD)" -eq 1 ]
	rm "$mirror/.mirror/state.json"
	forget_requests
	run -0 sync
	[ "$(requests HEAD)" -eq 1 ]
}

@test "a second sync says who holds the lock, and does nothing" {
	layout_image "$up" docker.io/team/app:1 one
	list up.example/team/app:1
	sync
	exec 7>>"$mirror/.mirror/sync.lock"
	flock 7
	run --separate-stderr sync
	exec 7>&-
	[ "$status" -eq 16 ]
	[[ $stderr == *"another sync is at work; nothing was done"*"locked by mirror-sync, \
process "* ]]
	run -0 sync
}

@test "an unreadable index stops a sync, and stays as it is" {
	layout_image "$up" docker.io/team/app:1 one
	list up.example/team/app:1
	sync
	for bad in '' '{' '[]' 'not json' '{"schemaVersion":2,"manifests":7}'; do
		printf '%s' "$bad" >"$mirror/index.json"
		run --separate-stderr sync
		[ "$status" -eq 16 ]
		[[ $stderr == *index.json* ]]
		[ "$(cat "$mirror/index.json")" = "$bad" ]
	done
	rm "$mirror/index.json"
	run --separate-stderr sync
	[ "$status" -eq 16 ]
	[[ $stderr == *index.json* ]]
	[ ! -e "$mirror/index.json" ]
}

@test "a directory that is no mirror is refused and left alone" {
	layout_image "$up" docker.io/team/app:1 one
	list up.example/team/app:1
	mkdir "$mirror"
	echo precious >"$mirror/thesis.txt"
	run --separate-stderr sync
	[ "$status" -eq 16 ]
	[[ $stderr == *"$mirror"* ]]
	[ "$(ls -A "$mirror")" = thesis.txt ]
}

@test "max-age=: what could not be checked for longer is named" {
	layout_image "$up" docker.io/team/app:1 one
	list "up.example/team/app:1 max-age=1h"
	sync
	stop upstream
	run --separate-stderr sync
	[ "$status" -eq 2 ]
	[[ $stderr != *max-age* ]]
	sed -i 's/"checked":"[^"]*"/"checked":"2020-01-01T00:00:00Z"/' "$mirror/.mirror/state.json"
	run --separate-stderr sync --report r.json
	[[ $stderr == *"warning: up.example/team/app:1: last checked with success \
2020-01-01T00:00:00Z, longer ago than its max-age"* ]]
	grep -q '"stale":true' r.json
}

# What status says of the only image, as its last column and as JSON.
status_says() {
	"$BIN/mirror-publish" --mirror "$mirror" status | sed -E 's/^([^ ]+ +){4}//'
}
status_json() {
	"$BIN/mirror-publish" --mirror "$mirror" status --json | jq -c ".images[0] | $1"
}

@test "max-age=: status tells it as well, whether or not a sync still runs" {
	layout_image "$up" docker.io/team/app:1 one
	list "up.example/team/app:1 max-age=30h"
	sync
	[ "$(status_says)" = - ]
	[ "$(status_json '[.max_age, .stale]')" = '["30h",false]' ]
	sed -i 's/"2[^"]*Z"/"2020-01-01T00:00:00Z"/; '\
's/synced":"[^"]*"/synced":"2020-01-01T00:00:00Z"/' \
		"$mirror/.mirror/state.json" "$mirror/index.json"
	[[ $(status_says) == "not checked with success for "*"y (max-age 30h)" ]]
	[ "$(status_json '[.checked, .max_age, .stale]')" = '["2020-01-01T00:00:00Z","30h",true]' ]
	stop upstream
	run -2 sync
	[[ $(status_says) == *"(max-age 30h)" ]]
	# the line says otherwise now, and that holds although the upstream is still down
	list "up.example/team/app:1"
	run -2 sync
	[ "$(status_says)" = - ]
	[ "$(status_json '[.max_age, .stale]')" = '[null,false]' ]
}

@test "max-age= without state.json counts from the day an image came; upstream=gone is exempt" {
	layout_image "$up" docker.io/team/app:1 one
	list "up.example/team/app:1 max-age=1h"
	sync
	stop upstream
	sed -i 's/synced":"[^"]*"/synced":"2020-01-01T00:00:00Z"/' "$mirror/index.json"
	rm "$mirror/.mirror/state.json"
	run --separate-stderr -2 sync
	[[ $stderr == *"app:1: last checked with success 2020-01-01T00:00:00Z, longer ago than \
its max-age"* ]]
	[[ $(status_says) == *"(max-age 1h)" ]]
	list "up.example/team/app:1 max-age=1h upstream=gone"
	run --separate-stderr -0 sync
	[[ $stderr != *max-age* ]]
	[ "$(status_says)" = - ]
}

@test "many images behind a host that is down are one line" {
	for i in 1 2 3 4 5 6; do layout_image "$up" "docker.io/team/app:$i" "$i"; done
	list up.example/team/app:{1,2,3,4,5,6}
	stop upstream
	run --separate-stderr sync
	[ "$status" -eq 2 ]
	[ "$(grep -c 'given up\|refused\|connect' <<<"$stderr")" -le 2 ]
	[[ $stderr == *"up.example/team/app:1 and 5 more: up.example: "* ]]
	[[ $output == "6 failed; "* ]]
}

@test "a sync.lock that may not be opened is not taken for another sync's" {
	list "# nothing"
	sync
	rm "$mirror/.mirror/sync.lock"
	mkdir "$mirror/.mirror/sync.lock"
	run --separate-stderr -16 sync
	[ "$stderr" = "mirror-sync: $mirror: cannot open \".mirror/sync.lock\": Is a directory" ]
}

@test "state.json that cannot be written costs requests, not the run" {
	layout_image "$up" docker.io/team/app:1 one
	list "up.example/team/app:1"
	mkdir -p "$mirror"
	sync
	rm "$mirror/.mirror/state.json"
	mkdir -p "$mirror/.mirror/state.json" "$mirror/.mirror/state.json.bad/full"
	layout_image "$up" docker.io/team/app:1 two
	run --separate-stderr -0 sync
	[[ $output == *"published generation 2" ]]
	[[ $stderr == "mirror-sync: warning: "*"state.json"*"the next run asks for everything" ]]
}

# An image of a layer of several megabytes: in the file "layer", digest in $layer.
large_layer() {
	local config
	seq 1 400000 | head -c 2600000 >layer
	layer=$(layout_blob "$up" <layer)
	config=$(layout_blob "$up" "{}")
	printf '{"schemaVersion":2,"mediaType":"%s","config":%s,"layers":[%s]}' "$OCI_MANIFEST" \
		"$(layout_desc "$up" "$config" a/b)" "$(layout_desc "$up" "$layer" a/b)" |
		layout_manifest "$up" docker.io/team/app:1 "$OCI_MANIFEST"
	list up.example/team/app:1
}

@test "where no more threads are allowed, large layers are hashed all the same" {
	command -v strace >/dev/null || skip "strace is not installed"
	strace -o /dev/null true 2>/dev/null || skip "tracing is not allowed here"
	large_layer
	ASAN_OPTIONS=${ASAN_OPTIONS:-}:detect_leaks=0 strace -f -qq -o calls -e trace=clone3 -e \
		inject=clone3:error=EAGAIN \
		"$BIN/mirror-sync" --mirror "$mirror" --lists "$lists"
	grep -q EAGAIN calls
	cmp layer "$mirror/blobs/sha256/${layer:7:64}"
	whole
}

# What an earlier run left of a layer of several megabytes, and how often its bytes are asked for
# then.
@test "a large layer goes on from what an earlier run left, be it right or wrong" {
	large_layer
	name=sha256-${layer:7:64}
	head -c 1500000 layer >beginning
	tr 1 2 <beginning >wrong-beginning
	tr 1 2 <layer >wrong
	: >nothing
	while read -r left asked; do
		mirror=$BATS_TEST_TMPDIR/mirror-$left
		mkdir -p "$mirror/.mirror/partial" "$mirror/blobs/sha256"
		printf '{"imageLayoutVersion":"1.0.0"}' >"$mirror/oci-layout"
		cp "$left" "$mirror/.mirror/partial/$name"
		forget_requests
		echo "$left"
		sync
		[ "$(requests GET "blobs/$layer")" = "$asked" ]
		cmp layer "$mirror/blobs/sha256/${layer:7:64}"
		whole
	done <<-END
		nothing 1
		beginning 1
		wrong-beginning 2
		layer 0
		wrong 1
	END
}

@test "a partial clone is synced from, and said once to tell no author" {
	# libgit2 1.5 loses what it compares the extensions of such a repository with
	export ASAN_OPTIONS=${ASAN_OPTIONS:-}:detect_leaks=0
	layout_image "$up" docker.io/team/app:1 one
	layout_image "$up" docker.io/team/app:2 two
	list up.example/team/app:1
	git -C team config user.name Bob
	list up.example/team/app:1 up.example/team/app:2
	git -C team config uploadpack.allowFilter true
	git clone -q --filter=blob:none "file://$PWD/team" clone
	lists=clone/mirror-lists
	run -0 --separate-stderr sync
	[ "${#stderr_lines[@]}" -eq 1 ]
	[[ $stderr == "mirror-sync: clone/mirror-lists is a partial clone: "* ]]
	[ "$(note up.example/team/app:1 author)" = "" ]
	git -C clone -c gc.autoDetach=false fetch --refetch --no-filter -q
	layout_image "$up" docker.io/team/app:1 three
	run -0 --separate-stderr sync
	[ "$stderr" = "" ]
	[[ $(note up.example/team/app:1 author) == Ann* ]]
}
