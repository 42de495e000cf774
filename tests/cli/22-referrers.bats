#!/usr/bin/env bats
# referrers=yes: signatures, SBOMs and attestations travel with an image, and with each platform of
# it.
bats_require_minimum_version 1.5.0

setup() {
	load ../lib/sync
	world
	app=$(layout_multi "$up" docker.io/team/app:1 one)
	child=$(grep -o 'sha256:[0-9a-f]*' "$up/blobs/sha256/${app#sha256:}" | head -n 1)
}

teardown() {
	stop_all
}

# refer SUBJECT TEXT REF: an artifact with a subject, reachable in the upstream's layout under REF;
# prints its digest
refer() {
	local layer empty
	layer=$(layout_blob "$up" "$2")
	empty=$(layout_blob "$up" "{}")
	printf '{"schemaVersion":2,"mediaType":"%s","artifactType":"application/x-sbom","config":%s,"layers":[%s],"subject":%s}' \
		"$OCI_MANIFEST" "$(layout_desc "$up" "$empty" application/vnd.oci.empty.v1+json)" \
		"$(layout_desc "$up" "$layer" text/plain)" \
			"$(layout_desc "$up" "$1" "$OCI_INDEX")" |
		layout_manifest "$up" "$3" "$OCI_MANIFEST"
}

@test "referrers of an image, of its platforms and of referrers arrive with it and are served" {
	sbom=$(refer "$app" "the sbom" docker.io/team/app:x1)
	child_sbom=$(refer "$child" "the child's sbom" docker.io/team/app:x2)
	signature=$(refer "$sbom" "the sbom's signature" docker.io/team/app:x3)
	list "up.example/team/app:1 referrers=yes"
	run -0 sync
	[ "$(note "up.example/team/app@$sbom" subject)" = "$app" ]
	[ "$(note "up.example/team/app@$child_sbom" subject)" = "$child" ]
	[ "$(note "up.example/team/app@$signature" subject)" = "$sbom" ]
	whole
	serve ours "$mirror"
	curl -sSf "$ours_url/v2/up.example/team/app/referrers/$app" | grep -q "$sbom"
}

@test "new ones on an unchanged digest are found; nothing new publishes nothing" {
	list "up.example/team/app:1 referrers=yes"
	run -0 sync
	[ "$(generation)" -eq 1 ]
	sbom=$(refer "$app" "the sbom" docker.io/team/app:x1)
	run -0 sync
	[ "$(published "up.example/team/app@$sbom")" = "$sbom" ]
	[ "$(generation)" -eq 2 ]
	run -0 sync
	[ "$(generation)" -eq 2 ]
}

@test "cosign's tags are kept under their names, and a replaced one is kept too" {
	tag=sha256-${app#sha256:}.sig
	one=$(layout_image "$up" "docker.io/team/app:$tag" "signature one")
	list "up.example/team/app:1 referrers=yes"
	run -0 sync
	[ "$(published "up.example/team/app:$tag")" = "$one" ]
	[ "$(note "up.example/team/app:$tag" subject)" = "$app" ]
	two=$(layout_image "$up" "docker.io/team/app:$tag" "signature two")
	run -0 sync
	[ "$(published "up.example/team/app:$tag")" = "$two" ]
	[ "$(published "up.example/team/app:$tag.$(date -u +%Y%m%d)")" = "$one" ]
	whole
}

@test "without referrers=yes nothing of it is asked" {
	refer "$app" "the sbom" docker.io/team/app:x1
	list "up.example/team/app:1"
	run -0 sync
	[ "$(requests GET /referrers/)" -eq 0 ]
	[ "$(grep -c ref.name "$mirror/index.json")" -eq 1 ]
}

@test "a referrer that cannot be had is said, and the image is published all the same" {
	sbom=$(refer "$app" "the sbom" docker.io/team/app:x1)
	layer=$(printf 'the sbom' | sha256sum | cut -d ' ' -f 1)
	rm "$up/blobs/sha256/$layer"
	list "up.example/team/app:1 referrers=yes"
	run --separate-stderr sync
	[ "$status" -eq 2 ]
	[[ $stderr == *"up.example/team/app:1: what refers to $app: "* ]]
	[ "$(published up.example/team/app:1)" = "$app" ]
	[ "$(published "up.example/team/app@$sbom")" = "" ]
	whole
}
