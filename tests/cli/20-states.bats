#!/usr/bin/env bats
# mirror-sync: a state is told until it is mended, and upstream=gone.
bats_require_minimum_version 1.5.0

setup() {
	load ../lib/sync
	world
}

teardown() {
	stop_all
}

app=up.example/team/app

# The image's member of state.json.
remembered() {
	jq -c ".references[\"$app:1\"] | $1" "$mirror/.mirror/state.json"
}

@test "a tag that is gone is told in every run, due or not, and is asked for again when due" {
	layout_image "$up" docker.io/team/app:1 one
	list "$app:1 refresh=6h"
	sync
	layout_untag "$up" docker.io/team/app:1
	run -8 sync --force
	checked=$(remembered .checked)
	forget_requests
	for _ in 1 2; do
		run --separate-stderr -8 sync --report r.json
		[[ $stderr == *"$app:1: gone: no longer upstream; the mirror serves it as before" ]]
		[ "$(jq -r '.images[0].state' r.json)" = gone ]
	done
	[ ! -s "$upstream_log" ]
	[ "$(remembered .checked)" = "$checked" ]
	run -0 sync --tolerate gone
	run -0 sync --missing
	sed -i 's/"checked":"[^"]*"/"checked":"2020-01-01T00:00:00Z"/' "$mirror/.mirror/state.json"
	layout_image "$up" docker.io/team/app:1 one
	run -0 sync
	[ "$(note "$app:1" gone-since)" = "" ]
	run -0 sync
}

@test "a failed check does not let an image rest" {
	layout_image "$up" docker.io/team/app:1 one
	list "$app:1 refresh=never"
	sync
	new=$(layout_image "$up" docker.io/team/app:1 two)
	lost=$(layout_file "$up" "$(layout_blob "$up" "layer of two for amd64")")
	mv "$lost" lost
	run -2 sync --force
	[ "$(remembered .unfinished)" = true ]
	run -2 sync
	mv lost "$lost"
	run -0 sync
	[ "$(published "$app:1")" = "$new" ]
	forget_requests
	run -0 sync
	[[ $output == "1 skipped; "* ]]
}

# Upstream answers HEAD of the image, and fails for what refers to it.
@test "an image whose referrers could not be had stays incomplete until they can be" {
	image=$(layout_image "$up" docker.io/team/app:1 one)
	sig=$(layout_image "$up" "docker.io/team/app:sha256-${image#sha256:}.sig" signature)
	list "$app:1 referrers=yes refresh=never"
	bad=$(layout_file "$up" "$(layout_blob "$up" "layer of signature for amd64")")
	cp "$bad" good
	tr f-y g-z <good >"$bad"
	for _ in 1 2; do
		run -2 sync
		[[ $output == *"$app:1: what refers to $image: "* ]]
		[ "$(remembered .unfinished)" = true ]
	done
	cp good "$bad"
	run -0 sync
	[ "$(published "$app:sha256-${image#sha256:}.sig")" = "$sig" ]
	forget_requests
	run -0 sync
	[ ! -s "$upstream_log" ]
}

@test "referrers=yes that is added to a refresh=never line is acted on, also by --missing" {
	for how in "" --missing; do
		rm -rf "$mirror"
		image=$(layout_image "$up" docker.io/team/app:1 one)
		sig=$(layout_image "$up" "docker.io/team/app:sha256-${image#sha256:}.sig" signature)
		list "$app:1 refresh=never referrers=no"
		sync
		[ "$(published "$app:sha256-${image#sha256:}.sig")" = "" ]
		list "$app:1 refresh=never referrers=yes"
		# shellcheck disable=SC2086  # nothing, or one word
		run -0 sync $how
		[ "$(published "$app:sha256-${image#sha256:}.sig")" = "$sig" ]
		forget_requests
		# shellcheck disable=SC2086
		run -0 sync $how
		[ ! -s "$upstream_log" ]
	done
}

@test "a released tag is due at once" {
	one=$(layout_image "$up" docker.io/team/app:1 one)
	list "$app:1 refresh=never"
	sync
	two=$(layout_image "$up" docker.io/team/app:1 two)
	sync --force
	"$BIN/mirror-publish" --mirror "$mirror" rollback "$app:1"
	[ "$(published "$app:1")" = "$one" ]
	forget_requests
	run -0 sync
	[ ! -s "$upstream_log" ]
	"$BIN/mirror-publish" --mirror "$mirror" release "$app:1"
	run -0 sync
	[ "$(published "$app:1")" = "$two" ]
	# frozen while upstream moves, seen by a run
	"$BIN/mirror-publish" --mirror "$mirror" hold "$app:1"
	three=$(layout_image "$up" docker.io/team/app:1 three)
	run -0 sync
	"$BIN/mirror-publish" --mirror "$mirror" release "$app:1"
	run -0 sync
	[ "$(published "$app:1")" = "$three" ]
	forget_requests
	run -0 sync
	[ ! -s "$upstream_log" ]
}

@test "a HEAD that says 404 is believed after one GET" {
	cat >"$BATS_TEST_TMPDIR/fake.txt" <<-'PAGE'
		content config {}
		content manifest {"schemaVersion":2,"mediaType":"application/vnd.oci.image.manifest.v1+json","config":{"mediaType":"application/vnd.oci.empty.v1+json","digest":"{digest config}","size":{size config}},"layers":[]}
		request HEAD /v2/app/manifests/1 times 2
		reply 404 Not Found
		request GET /v2/app/manifests/1 times 2
		reply 200 OK
			Content-Type: application/vnd.oci.image.manifest.v1+json
			body manifest
		request GET /v2/app/manifests/{digest manifest}
		reply 200 OK
			Content-Type: application/vnd.oci.image.manifest.v1+json
			body manifest
	PAGE
	misbehave
	conf "registry busy.example endpoint=http://$fake_at"
	list "busy.example/app:1 referrers=no"
	run -0 sync
	run -0 sync
	[[ $output == "1 current; "* ]]
	behaved
}

@test "upstream=gone: a line that chooses tags is not asked, and its request passes its check" {
	layout_image "$up" docker.io/team/app:1.1 one
	layout_image "$up" docker.io/team/app:1.2 two
	list "$app tags=1.*"
	sync
	for tag in 1.1 1.2; do layout_untag "$up" "docker.io/team/app:$tag"; done
	run -8 sync
	git -C team branch -f base
	list "$app tags=1.* upstream=gone"
	forget_requests
	run -0 sync --check --online --since base
	run -0 "$BIN/mirror-sync" --mirror "$BATS_TEST_TMPDIR/none" --lists "$lists" --check --online
	run -0 sync
	run -0 sync --missing
	run -0 sync --dry-run
	[ ! -s "$upstream_log" ]
	for tag in 1.1 1.2; do
		[ "$(published "$app:$tag")" != "" ]
		[ "$(note "$app:$tag" unlisted-since)" = "" ]
	done
}

@test "upstream=gone for what the mirror never had is a failure by name" {
	list "$app:1 upstream=gone" "up.example/team/other tags=* upstream=gone"
	for how in "" --missing --dry-run; do
		# shellcheck disable=SC2086  # nothing, or one word
		run --separate-stderr -2 sync $how
		[[ $stderr == *"$app:1: its line says upstream=gone, and the mirror never had it"* ]]
		[[ $stderr == *"up.example/team/other: its line says upstream=gone, and the mirror \
never had it"* ]]
	done
	[ ! -s "$upstream_log" ]
}

@test "a deleted repository is gone, for lines that name a tag and lines that choose some" {
	layout_image "$up" docker.io/team/app:1 one
	layout_image "$up" docker.io/team/lib:1 one
	layout_image "$up" docker.io/team/lib:2 two
	list "$app:1" "up.example/team/lib tags=* newest=1"
	sync
	for image in app:1 lib:1 lib:2; do layout_untag "$up" "docker.io/team/$image"; done
	run --separate-stderr -8 sync
	[[ $stderr == *"$app:1: gone: "* && $stderr == *"up.example/team/lib:2: gone: "* ]]
	[ "$(note up.example/team/lib:2 unlisted-since)" = "" ]
	list "$app:1" "up.example/team/lib tags=* newest=1" "up.example/never/was tags=*"
	run --separate-stderr -10 sync
	[[ $stderr == *"up.example/never/was: no such repository, or a private one"* ]]
}

@test "a listing that turns empty makes tags gone, never unlisted" {
	cat >"$BATS_TEST_TMPDIR/fake.txt" <<-'PAGE'
		request GET /v2/team/app/tags/list?n=1000 always
		reply 200 OK
			Content-Type: application/json
			text {"name":"team/app","tags":null}
	PAGE
	for tag in 1.1 1.2 1.3; do layout_image "$up" "docker.io/team/app:$tag" "$tag"; done
	list "$app tags=1.* newest=3"
	sync
	misbehave
	sed -i "s|endpoint=.*|endpoint=http://$fake_at|" "$lists/mirror.conf"
	list "$app tags=1.* newest=1"
	run -8 sync
	for tag in 1.1 1.2 1.3; do
		[ "$(note "$app:$tag" unlisted-since)" = "" ]
		[ "$(note "$app:$tag" gone-since)" != "" ]
	done
	stop fake
}

# The page answers 401 as Docker Hub and Quay do for what does not exist.
@test "401 from Docker Hub is gone for what was mirrored, and a failure for other hosts" {
	layout_image "$up" docker.io/team/app:1 one
	layout_image "$up" docker.io/team/lib:1 two
	conf "registry docker.io endpoint=$upstream_url"
	list team/app:1 "team/lib tags=*" "$app:1"
	run -0 sync
	cat >"$BATS_TEST_TMPDIR/fake.txt" <<-'PAGE'
		request HEAD /v2/team/app/manifests/1 always
		reply 401 Unauthorized
			WWW-Authenticate: Basic realm="us"
		request GET /v2/team/lib/tags/list?n=1000 always
		reply 401 Unauthorized
			WWW-Authenticate: Basic realm="us"
		request HEAD /v2/team/new/manifests/1 always
		reply 401 Unauthorized
			WWW-Authenticate: Basic realm="us"
	PAGE
	misbehave
	sed -i "s|endpoint=.*|endpoint=http://$fake_at|" "$lists/mirror.conf"
	list team/app:1 "team/lib tags=*" team/new:1 "$app:1"
	run --separate-stderr -10 sync --report r.json
	[ "$(jq -c '[.images[] | [.ref, .state]] | sort' r.json)" = \
		'[["docker.io/team/app:1","gone"],["docker.io/team/lib:1","gone"],["docker.io/team/new:1","failed"],["up.example/team/app:1","failed"]]' ]
	stop fake
}

@test "a pinned digest is asked for at its own repository, whoever brought it" {
	digest=$(layout_image "$up" docker.io/team/app:1 one)
	for order in first last; do
		rm -rf "$mirror"
		list "$app:1"
		[ "$order" = last ] || sync
		list "$app:1" "up.example/team/none:1@$digest"
		run --separate-stderr -2 sync
		[[ $stderr == *"up.example/team/none:1: no such image: up.example: 404 not found"* ]]
		run -2 sync
		[ "$(published up.example/team/none:1)" = "" ]
		run -2 sync --dry-run
	done
	list "$app:1@$digest"
	sync
	forget_requests
	run -0 sync
	[ ! -s "$upstream_log" ]
}

@test "--force repairs what is missing below a tag, also a held one, a snapshot, and one that is gone" {
	for image in held snap gone; do layout_image "$up" "docker.io/team/$image:1" "$image"; done
	list up.example/team/{held,snap,gone}:1
	sync
	"$BIN/mirror-publish" --mirror "$mirror" hold up.example/team/held:1
	layout_image "$up" docker.io/team/held:1 other
	layout_image "$up" docker.io/team/snap:1 other
	list up.example/team/{held,snap,gone}:1
	sync
	today=$(date -u +%Y%m%d)
	list up.example/team/{held,snap,gone}:1 "up.example/team/snap:1.$today"
	layout_untag "$up" docker.io/team/gone:1
	for image in held snap gone; do
		rm -f "$(layout_file "$mirror" "$(layout_blob "$up" "layer of $image for amd64")")"
	done
	run ! whole
	# what is gone by its tag can be there by its digest; mirror-serve has forgotten it
	run --separate-stderr -10 sync --force
	[[ $stderr == *"up.example/team/gone:1: no longer upstream"*"not all of the content that is \
served is there: "* ]]
	layout_image "$up" docker.io/team/gone:other gone
	layout_image "$up" docker.io/team/snap:other snap
	layout_image "$up" docker.io/team/held:other held
	run -8 sync --force
	whole
}
