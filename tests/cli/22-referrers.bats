#!/usr/bin/env bats
# Signatures, SBOMs and attestations travel with an image, and with each platform of it; what that
# costs, and what referrers= says.
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

# Lets the last question for referrers be a day and an hour old.
a_day_later() {
	local day
	day=$(date -u -d '25 hours ago' +%Y-%m-%dT%H:%M:%SZ)
	sed -i "s/\"at\":\"[^\"]*\"/\"at\":\"$day\"/" "$mirror/.mirror/state.json"
}

# refer SUBJECT TEXT REF [TYPE]: an artifact with a subject, reachable in the upstream's layout
# under REF; prints its digest
refer() {
	local layer empty
	layer=$(layout_blob "$up" "$2")
	empty=$(layout_blob "$up" "{}")
	printf '{"schemaVersion":2,"mediaType":"%s","artifactType":"%s","config":%s,"layers":[%s],"subject":%s}' \
		"$OCI_MANIFEST" "${4:-application/x-sbom}" "$(layout_desc "$up" "$empty" application/vnd.oci.empty.v1+json)" \
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
	a_day_later
	run -0 sync
	[[ $output == *"up.example/team/app:1: current, with 1 SBOM"* ]]
	[ "$(published "up.example/team/app@$sbom")" = "$sbom" ]
	[ "$(generation)" -eq 2 ]
	a_day_later
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
	a_day_later
	run -0 sync
	[ "$(published "up.example/team/app:$tag")" = "$two" ]
	[ "$(published "up.example/team/app:$tag.$(date -u +%Y%m%d)")" = "$one" ]
	whole
}

@test "with referrers=no nothing of it is asked" {
	refer "$app" "the sbom" docker.io/team/app:x1
	list "up.example/team/app:1 referrers=no"
	run -0 sync
	[ "$(requests GET /referrers/)" -eq 0 ]
	[ "$(requests GET /tags/)" -eq 0 ]
	[ "$(grep -c ref.name "$mirror/index.json")" -eq 1 ]
}

# spoil TEXT: the blob with that text has other bytes upstream.
spoil() {
	local hex
	hex=$(printf %s "$1" | sha256sum | cut -d ' ' -f 1)
	tr '[:lower:]' x <<<"$1" | head -c "${#1}" >"$up/blobs/sha256/$hex"
}

@test "referrers=yes: a referrer that cannot be had is said, and the image is published all the same" {
	sbom=$(refer "$app" "the sbom" docker.io/team/app:x1)
	spoil "the sbom"
	list "up.example/team/app:1 referrers=yes"
	run --separate-stderr sync --report "$BATS_TEST_TMPDIR/report.json"
	[ "$status" -eq 2 ]
	[[ $stderr == *"up.example/team/app:1: what refers to $app: "* ]]
	[ "$(published up.example/team/app:1)" = "$app" ]
	[ "$(published "up.example/team/app@$sbom")" = "" ]
	jq -e '.images[0] | .state == "new" and .incomplete' "$BATS_TEST_TMPDIR/report.json"
	whole
	# until it is mended, and not once more when it is
	run -2 sync
	printf %s "the sbom" >"$up/blobs/sha256/$(printf 'the sbom' | sha256sum | cut -d ' ' -f 1)"
	run -0 sync
	[ "$(published "up.example/team/app@$sbom")" = "$sbom" ]
	forget_requests
	run -0 sync
	[ "$(requests GET)" -eq 0 ]
}

@test "auto: a referrer that cannot be had is a warning" {
	refer "$app" "the sbom" docker.io/team/app:x1
	spoil "the sbom"
	list "up.example/team/app:1"
	run --separate-stderr -0 sync --report "$BATS_TEST_TMPDIR/report.json"
	[[ $stderr == *"warning: up.example/team/app:1: what refers to $app: "* ]]
	jq -e '.images[0] | .state == "new" and .incomplete == null and (.warnings | length) == 1' \
		"$BATS_TEST_TMPDIR/report.json"
	# it is tried again in the next run
	run --separate-stderr -0 sync
	[[ $stderr == *"warning: up.example/team/app:1: what refers to $app: "* ]]
}

# mend TEXT: the upstream has those bytes again
mend() {
	printf %s "$1" >"$up/blobs/sha256/$(printf %s "$1" | sha256sum | cut -d ' ' -f 1)"
}

@test "auto: what could not be had once comes in the next run, whatever refresh= says" {
	sbom=$(refer "$app" "the sbom" docker.io/team/app:x1)
	for options in refresh=never refresh=6h refresh=0s; do
		for how in "" --missing; do
			rm -rf "$mirror"
			spoil "the sbom"
			list "up.example/team/app:1 $options"
			run --separate-stderr -0 sync
			[[ $stderr == *"warning: up.example/team/app:1: what refers to $app: "* ]]
			mend "the sbom"
			run --separate-stderr -0 sync ${how:+"$how"}
			[ "$stderr" = "" ]
			[ "$(published "up.example/team/app@$sbom")" = "$sbom" ]
			run -0 sync
		done
	done
	forget_requests
	list "up.example/team/app:1 refresh=never"
	run -0 sync
	[ ! -s "$upstream_log" ]
}

@test "auto: what could not be had in two runs is asked for once a day, and told meanwhile" {
	sbom=$(refer "$app" "the sbom" docker.io/team/app:x1)
	spoil "the sbom"
	list "up.example/team/app:1"
	run -0 sync
	run -0 sync
	mend "the sbom"
	forget_requests
	run --separate-stderr -0 sync
	[[ $stderr == *"warning: up.example/team/app:1: what refers to $app could not all be had in 2 runs, last at "*"--force at once"* ]]
	[ "$(requests GET)" -eq 0 ]
	run --separate-stderr -0 sync --missing
	[ "$stderr" = "" ]
	[ "$(published "up.example/team/app@$sbom")" = "" ]
	sed -i "s/\"tried\":\"[^\"]*\"/\"tried\":\"$(date -u -d '25 hours ago' +%Y-%m-%dT%H:%M:%SZ)\"/" \
		"$mirror/.mirror/state.json"
	list "up.example/team/app:1 refresh=never"
	run --separate-stderr -0 sync
	[ "$stderr" = "" ]
	[ "$(published "up.example/team/app@$sbom")" = "$sbom" ]
}

@test "no snapshot takes the name of a tag that was read in the list for signatures" {
	day=$(date -u +%Y%m%d)
	own=$(layout_multi "$up" "docker.io/team/app:1.$day" own)
	list up.example/team/app:1 "up.example/team/app:1 as=up.example/copy/app:1"
	run -0 sync
	layout_multi "$up" docker.io/team/app:1 two
	forget_requests
	run -0 sync
	[ "$(requests GET app/tags/list)" -eq 1 ]
	[ "$(published "up.example/team/app:1.$day-2")" = "$app" ]
	[ "$(published "up.example/copy/app:1.$day-2")" = "$app" ]
	list up.example/team/app:1 "up.example/team/app:1.$day"
	run -0 sync
	[ "$(published "up.example/team/app:1.$day")" = "$own" ]
}

@test "what upstream lists and does not have is a warning that names it, not a failure for ever" {
	sbom=$(refer "$app" "the sbom" docker.io/team/app:x1)
	rm "$up/blobs/sha256/$(printf 'the sbom' | sha256sum | cut -d ' ' -f 1)"
	list "up.example/team/app:1 referrers=yes"
	run --separate-stderr -0 sync
	[[ $stderr == *"warning: up.example/team/app:1: $sbom refers to $app: upstream lists it, and does not have all of it"* ]]
	[ "$(published "up.example/team/app@$sbom")" = "" ]
	run --separate-stderr -0 sync
	[[ $stderr != *warning* ]]
	whole
}

@test "the run says what came: signatures, attestations, SBOMs and others; nothing more the next time" {
	refer "$app" one docker.io/team/app:x1 application/vnd.cncf.notary.signature >/dev/null
	refer "$child" two docker.io/team/app:x2 application/vnd.dev.sigstore.bundle.v0.3+json >/dev/null
	refer "$child" three docker.io/team/app:x3 application/vnd.in-toto+json >/dev/null
	refer "$child" four docker.io/team/app:x4 application/spdx+json >/dev/null
	refer "$child" five docker.io/team/app:x5 application/x-readme >/dev/null
	layout_image "$up" "docker.io/team/app:sha256-${app#sha256:}.att" "an attestation"
	layout_image "$up" "docker.io/team/app:sha256-${child#sha256:}.sig" "a signature"
	list "up.example/team/app:1"
	run -0 sync --report "$BATS_TEST_TMPDIR/report.json"
	what="with 3 signatures, 2 attestations, 1 SBOM, 1 other referrer"
	[[ ${lines[0]} == "up.example/team/app:1: new sha256:"*", $what" ]]
	[[ ${lines[-1]} == "1 new, $what; "* ]]
	jq -e '.images[0].referrers == {signatures: 3, attestations: 2, sboms: 1, other: 1}' \
		"$BATS_TEST_TMPDIR/report.json"
	a_day_later
	run -0 sync
	[[ $output != *with* ]]
}

@test "cost: one request a manifest and one tag list when new; none within a day; signatures have none" {
	refer "$app" one docker.io/team/app:x1 application/vnd.cncf.notary.signature >/dev/null
	refer "$child" two docker.io/team/app:x2 application/vnd.dev.sigstore.bundle.v0.3+json >/dev/null
	list "up.example/team/app:1" "up.example/team/app:2"
	layout_tag "$up" docker.io/team/app:2 "$OCI_INDEX" "$app"
	forget_requests
	run -0 sync
	# an index, two children, and two signatures that are not asked for their own
	[ "$(requests GET /referrers/)" -eq 3 ]
	[ "$(requests GET /tags/list)" -eq 1 ]
	[ "$(requests HEAD)" -eq 2 ]
	forget_requests
	run -0 sync
	[ "$(requests HEAD)" -eq 2 ]
	[ "$(requests GET)" -eq 0 ]
	a_day_later
	forget_requests
	run -0 sync
	[ "$(requests GET /referrers/)" -eq 3 ]
	[ "$(requests GET)" -eq 4 ]
}

@test "--force and a changed option ask at once, refresh=never only for a changed option" {
	list "up.example/team/app:1 refresh=never"
	run -0 sync
	[ "$(requests GET /referrers/)" -eq 3 ]
	a_day_later
	forget_requests
	run -0 sync
	[ "$(requests)" -eq 0 ]
	run -0 sync --force
	[ "$(requests GET /referrers/)" -eq 3 ]
	list "up.example/team/app:1 refresh=never referrers=yes"
	forget_requests
	run -0 sync
	[ "$(requests GET /referrers/)" -eq 3 ]
	list "up.example/team/app:1 refresh=never referrers=no"
	forget_requests
	run -0 sync
	[ "$(requests)" -eq 0 ]
	list "up.example/team/app:1 refresh=never"
	run -0 sync
	[ "$(requests GET /referrers/)" -eq 3 ]
}

@test "a tag that is released is asked about at once" {
	list "up.example/team/app:1"
	run -0 sync
	"$BIN/mirror-publish" --mirror "$mirror" hold up.example/team/app:1
	run -0 sync
	"$BIN/mirror-publish" --mirror "$mirror" release up.example/team/app:1
	forget_requests
	run -0 sync
	[ "$(requests GET /referrers/)" -eq 3 ]
}

@test "a dry run asks for no referrers" {
	list "up.example/team/app:1"
	run -32 sync --dry-run --sizes
	[ "$(requests GET /referrers/)" -eq 0 ]
	[ "$(requests GET /tags/)" -eq 0 ]
}
