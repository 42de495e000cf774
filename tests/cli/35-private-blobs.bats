#!/usr/bin/env bats
# What only private lines have brought becomes part of another repository's image only when that
# repository has it: a manifest that names somebody else's layer does not get it from the store.
bats_require_minimum_version 1.5.0

setup() {
	load ../lib/sync
	load ../lib/ask
	world
	root=$(layout_image "$up" docker.io/team/secret:1 secret)
	manifest=$(cat "$(layout_file "$up" "$root")")
	config=$(jq -r .config.digest <<<"$manifest") layer=$(jq -r '.layers[0].digest' <<<"$manifest")
	record=$mirror/.mirror/private-blobs
	secret="up.example/team/secret:1 private=pay"
}

teardown() {
	stop_all
}

# other STATUS: starts a registry with an image other.example/app:1 of the private config and layer.
# It answers 404 to GET of these, and STATUS to HEAD.
other() {
	{
		printf 'content root %s\n' "${manifest/%\}/,\"annotations\":\{\"a\":\"b\"\}\}}"
		printf 'request HEAD /v2/app/manifests/1 always\nreply 200 '\
'OK\n\tDocker-Content-Digest: {digest root}\n'
		printf 'request GET /v2/app/manifests/{digest root} always\nreply 200 OK\n\tbody '\
'root\n'
		for blob in "$config" "$layer"; do
			printf 'request HEAD /v2/app/blobs/%s always\nreply %s\n\tlength %s\n' "$blob" \
				"$1" "$(layout_size "$up" "$blob")"
			printf 'request GET /v2/app/blobs/%s always\nreply 404 Not Found\n' "$blob"
		done
	} >"$BATS_TEST_TMPDIR/fake.txt"
	misbehave
	conf "image * referrers=no" "registry other.example endpoint=http://$fake_at"
}

# asked METHOD: how many such requests for blobs the other registry got.
asked() {
	grep -c "$1 /v2/app/blobs/" fake.log || true
}

refused() {
	run --separate-stderr -2 sync
	[[ $stderr == "mirror-sync: other.example/app:1: upstream does not have all of it: blob \
sha256:"*": other.example: 404"* ]]
	[ "$(published other.example/app:1)" = "" ]
	whole
}

@test "a layer that the repository does not have is not taken from a private image" {
	other "404 Not Found"
	list "$secret"
	sync
	for d in "$root" "$config" "$layer"; do grep -qx "$d up.example/team/secret" "$record"; done
	list "$secret" other.example/app:1
	refused
	[ "$(asked HEAD)" -ge 1 ]
	# the image that was there first is current, for one HEAD
	forget_requests
	list "$secret"
	run -0 sync
	[[ $output == *"1 current"* ]]
	[ "$(requests HEAD)" -eq 1 ]
	[ "$(requests GET)" -eq 0 ]
}

@test "nor from what a sync that was killed has left" {
	other "404 Not Found"
	list "$secret"
	sync
	for d in "$config" "$layer"; do
		chmod u+w "$(layout_file "$mirror" "$d")"
		mv "$(layout_file "$mirror" "$d")" "$mirror/.mirror/partial/${d/:/-}"
	done
	list other.example/app:1
	run --separate-stderr -2 sync
	[[ $stderr == *"upstream does not have all of it: blob sha256:"*": 404"* ]]
	[ "$(published other.example/app:1)" = "" ]
}

@test "a repository that has it is asked once, and is believed from then on" {
	other "200 OK"
	list "$secret"
	sync
	list "$secret" "other.example/app:1 private=other"
	run -0 sync
	[[ $output == *"1 new"* ]]
	[ "$(asked HEAD)" -eq 2 ]
	[ "$(asked GET)" -eq 0 ]
	grep -qx "$layer other.example/app" "$record"
	grep -qx "$layer up.example/team/secret" "$record"
	run -0 sync --force
	[ "$(asked HEAD)" -eq 2 ]
	whole
}

@test "what a public line's repository has is everybody's" {
	other "200 OK"
	list "$secret"
	sync
	list "$secret" other.example/app:1
	run -0 sync
	[ "$(asked HEAD)" -eq 2 ]
	[ "$(cut -d' ' -f1 "$record" | grep -cx -e "$config" -e "$layer")" -eq 0 ]
	# the private manifest itself stays private
	grep -qx "$root up.example/team/secret" "$record"
	serve_start "$mirror"
	get "/v2/other.example/app/blobs/$layer"
	is 200
	get "/v2/other.example/app/manifests/$root"
	is 404
	run -0 sync --force
	[ "$(asked HEAD)" -eq 2 ]
}

@test "public content is not recorded, and costs no request more" {
	layout_image "$up" docker.io/team/public:1 public
	layout_image "$up" docker.io/team/mine:1 public
	list up.example/team/public:1
	sync
	forget_requests
	list up.example/team/public:1 "up.example/team/mine:1 private=pay"
	run -0 sync
	[ ! -s "$record" ]
	[ "$(requests HEAD)" -eq 2 ]
	[ "$(requests HEAD /blobs/)" -eq 0 ]
}

@test "a private line that becomes public gives what it has brought to everybody" {
	list "$secret"
	sync
	[ "$(wc -l <"$record")" -eq 3 ]
	list up.example/team/secret:1
	run -0 sync
	[ ! -s "$record" ]
}

@test "a record that cannot be read stops the sync" {
	list "$secret"
	sync
	before=$(sha256sum <"$mirror/index.json")
	sed -i '2s/^sha256://' "$record"
	run --separate-stderr -16 sync
	[[ $stderr == "mirror-sync: $mirror: .mirror/private-blobs:2: this is no digest and \
repository; "* ]]
	[ "$(sha256sum <"$mirror/index.json")" = "$before" ]
}

@test "nor in the run that brings the private image: not while it comes, not in the second try" {
	other "404 Not Found"
	# the same run, in both orders; the second try comes when both have ended
	list other.example/app:1 "$secret"
	refused
	[ "$(published up.example/team/secret:1)" = "$root" ]
	# it was asked for proof, and was not only told that the blob is missing
	[ "$(asked HEAD)" -ge 1 ]
	rm -rf "$mirror"
	list "$secret" other.example/app:1
	refused
	[ "$(published up.example/team/secret:1)" = "$root" ]
	# one at a time: the public image has failed before the private one is asked for
	rm -rf "$mirror"
	list other.example/app:1 "$secret"
	run --separate-stderr -2 sync --jobs 1
	[[ $stderr == *"other.example/app:1: upstream does not have all of it: blob sha256:"* ]]
	[ "$(published other.example/app:1)" = "" ]
	# content of a public line does come in the second try
	rm -rf "$mirror"
	list other.example/app:1 up.example/team/secret:1
	run -0 sync
	[ "$(published other.example/app:1)" != "" ]
}

# leaves_away: starts a registry with images of evil.example/x that name the private manifest and
# layer, without having them, where a line leaves them away.
leaves_away() {
	local evil=$BATS_TEST_TMPDIR/evil own
	layout_new "$evil"
	own=$(layout_image "$evil" docker.io/x:own own)
	printf '{"schemaVersion":2,"mediaType":"%s","manifests":[%s,%s]}' "$OCI_INDEX" \
		"$(layout_desc "$evil" "$own" "$OCI_MANIFEST" \
			'"platform":{"os":"linux","architecture":"amd64"}')" \
		"$(layout_desc "$up" "$root" "$OCI_MANIFEST" \
			'"platform":{"os":"linux","architecture":"s390x"}')" |
		layout_manifest "$evil" docker.io/x:sparse "$OCI_INDEX"
	jq -c --argjson foreign "$(layout_desc "$up" "$layer" \
		application/vnd.docker.image.rootfs.foreign.diff.tar.gzip \
		'"urls":["https://x.example/y"]')" \
		'.layers += [$foreign]' "$(layout_file "$evil" "$own")" |
		layout_manifest "$evil" docker.io/x:foreign "$OCI_MANIFEST"
	serve evil "$evil"
	conf "image * referrers=no" "registry evil.example endpoint=$evil_url"
	public=("evil.example/x:sparse platform=linux/amd64" "evil.example/x:foreign external=no")
}

# unproven: evil.example/x is served, and nothing of the private image in it.
unproven() {
	local path
	for path in manifests/sparse manifests/foreign; do
		get "/v2/evil.example/x/$path"
		is 200
	done
	for path in "manifests/$root" "blobs/$root" "blobs/$config" "blobs/$layer"; do
		get "/v2/evil.example/x/$path"
		is 404
	done
}

@test "what a line leaves away is not served from a private image" {
	leaves_away
	list "$secret"
	sync
	list "$secret" "${public[@]}"
	run -0 sync
	serve_start "$mirror"
	unproven
	# also without a table
	stop server
	rm "$mirror"/.mirror/tables/*
	serve_start "$mirror"
	await "as a whole"
	unproven
}

@test "nor when the private image comes later: while it comes, and when it is there" {
	leaves_away
	list "${public[@]}"
	run -0 sync
	serve_start "$mirror"
	unproven
	for d in "$root" "$config" "$layer"; do
		cp "$(layout_file "$up" "$d")" "$(layout_file "$mirror" "$d")"
	done
	unproven
	for d in "$root" "$config" "$layer"; do rm -f "$(layout_file "$mirror" "$d")"; done
	list "${public[@]}" "$secret"
	run -0 sync
	await "generation 2: repositories: "
	unproven
}
