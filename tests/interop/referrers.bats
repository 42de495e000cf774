#!/usr/bin/env bats
# Signatures out of Debian's docker-registry, which has no referrers API: they are under tags.

# shellcheck source=tests/interop/lib.bash
source "$BATS_TEST_DIRNAME/lib.bash"

image_type=application/vnd.oci.image.manifest.v1+json
index_type=application/vnd.oci.image.index.v1+json

setup_file() {
	interop_begin "$BATS_FILE_TMPDIR"
	registry_start upstream
}

teardown_file() { interop_end; }

setup() {
	bats_require_minimum_version 1.5.0
	need jq
	mirror=$BATS_TEST_TMPDIR/mirror
	# a repository of its own for each test
	repository=team$BATS_TEST_NUMBER/app
	reference=docker.io/$repository
	conf="registry docker.io endpoint=http://$(at upstream)"
	for arch in amd64 arm64; do
		manifest "{\"architecture\":\"$arch\",\"os\":\"linux\"}" "image for $arch" \
			>"$BATS_TEST_TMPDIR/$arch.json"
		put "$BATS_TEST_TMPDIR/$arch.json" "$image_type"
	done
	amd64=$(digest_of "$BATS_TEST_TMPDIR/amd64.json")
	index 1 "$BATS_TEST_TMPDIR/amd64.json" "$BATS_TEST_TMPDIR/arm64.json"
	app=$(digest_of "$BATS_TEST_TMPDIR/1")
}

digest_of() { echo "sha256:$(sha256sum <"$1" | cut -d ' ' -f 1)"; }

# blob TEXT: uploads it, prints its descriptor without the type
blob() {
	local digest where
	digest=sha256:$(printf %s "$1" | sha256sum | cut -d ' ' -f 1)
	where=$(curl -sf -X POST -D - -o /dev/null "http://$(at upstream)/v2/$repository/blobs/uploads/" \
		| tr -d '\r' | sed -n 's/^Location: //p')
	printf %s "$1" | curl -sf -o /dev/null -X PUT -H 'Content-Type: application/octet-stream' \
		--data-binary @- "$where&digest=$digest"
	printf '"digest":"%s","size":%d' "$digest" "${#1}"
}

# manifest CONFIG LAYER [MEMBERS]: prints a manifest of these texts, which are uploaded
manifest() {
	printf '{"schemaVersion":2,"mediaType":"%s","config":{"mediaType":"%s",%s},"layers":[{"mediaType":"text/plain",%s}]%s}' \
		"$image_type" application/vnd.oci.image.config.v1+json "$(blob "$1")" "$(blob "$2")" \
		"${3:+,$3}"
}

# put FILE TYPE [TAG]
put() {
	curl -sf -o /dev/null -X PUT -H "Content-Type: $2" --data-binary "@$1" \
		"http://$(at upstream)/v2/$repository/manifests/${3:-$(digest_of "$1")}"
}

# index TAG FILE...: an index of the manifests in these files
index() {
	local tag=$1 list='' file
	shift
	for file; do
		list+="${list:+,}{\"mediaType\":\"$image_type\",\"artifactType\":\"application/vnd.cncf.notary.signature\",\"digest\":\"$(
			digest_of "$file")\",\"size\":$(stat -c %s "$file")}"
	done
	printf '{"schemaVersion":2,"mediaType":"%s","manifests":[%s]}' "$index_type" "$list" \
		>"$BATS_TEST_TMPDIR/$tag"
	put "$BATS_TEST_TMPDIR/$tag" "$index_type" "$tag"
}

# tag_of DIGEST [SUFFIX]
tag_of() { echo "sha256-${1#sha256:}${2:-}"; }

# asked METHOD PATTERN: how many such requests for the test's repository since `forget`
asked() {
	requests upstream | tail -n "+$((before + 1))" | grep -c "^$1 /v2/$repository/$2" || true
}

forget() { before=$(requests upstream | wc -l); }

a_day_later() {
	sed -i "s/\"at\":\"[^\"]*\"/\"at\":\"$(date -u -d '25 hours ago' +%Y-%m-%dT%H:%M:%SZ)\"/" \
		"$mirror/.mirror/state.json"
}

sync() { mirror_sync --mirror "$mirror" --lists "$work/lists$BATS_TEST_NUMBER" "$@"; }

# The three manifests are asked about at once, so each may find out that there is no API.
@test "an image without signatures: less than two requests a manifest when new, one a day, else none" {
	lists "lists$BATS_TEST_NUMBER" "$reference:1"
	forget
	run -0 sync
	[ "$(asked GET referrers/)" -le 3 ]
	[ "$(asked GET tags/)" -eq 1 ]
	[ "$(asked HEAD .)" -eq 1 ]
	forget
	run -0 sync
	[ "$(asked HEAD .)" -eq 1 ]
	[ "$(asked GET .)" -eq 0 ]
	a_day_later
	forget
	run -0 sync
	[ "$(asked GET .)" -eq 1 ]
	[ "$(asked GET tags/)" -eq 1 ]
}

@test "all forms come along: the fallback tag and cosign's, of the index and of a child" {
	manifest '{}' "a notary signature" "\"subject\":{\"mediaType\":\"$index_type\",\"digest\":\"$app\",\"size\":1}" \
		>"$BATS_TEST_TMPDIR/signature.json"
	put "$BATS_TEST_TMPDIR/signature.json" "$image_type"
	index "$(tag_of "$app")" "$BATS_TEST_TMPDIR/signature.json"
	for suffix in .sig .att .sbom; do
		manifest '{}' "cosign's $suffix" >"$BATS_TEST_TMPDIR/cosign$suffix"
		put "$BATS_TEST_TMPDIR/cosign$suffix" "$image_type" "$(tag_of "$app" "$suffix")"
	done
	put "$BATS_TEST_TMPDIR/cosign.sig" "$image_type" "$(tag_of "$amd64" .sig)"
	lists "lists$BATS_TEST_NUMBER" "$reference:1"
	forget
	run -0 sync
	[[ $output == *", with 3 signatures, 1 attestation, 1 SBOM"* ]]
	signature=$(digest_of "$BATS_TEST_TMPDIR/signature.json")
	[ "$(digest_in "$mirror" "$reference@$signature")" = "$signature" ]
	for suffix in .sig .att .sbom; do
		[ "$(digest_in "$mirror" "$reference:$(tag_of "$app" "$suffix")")" = \
			"$(digest_of "$BATS_TEST_TMPDIR/cosign$suffix")" ]
	done
	[ "$(digest_in "$mirror" "$reference:$(tag_of "$amd64" .sig)")" = \
		"$(digest_of "$BATS_TEST_TMPDIR/cosign.sig")" ]
	verifies "$mirror"
	# HEAD of the image and of five tags
	[ "$(asked HEAD .)" -eq 6 ]
	forget
	run -0 sync
	[ "$(asked "[A-Z]*" .)" -eq 1 ]
	# the mirror offers it both ways
	serve_start "ours$BATS_TEST_NUMBER" "$mirror"
	for path in "referrers/$app" "manifests/$(tag_of "$app")"; do
		curl -sf "http://$(at "ours$BATS_TEST_NUMBER")/v2/docker.io/$repository/$path" |
			jq -e --arg d "$signature" '[.manifests[].digest] == [$d]'
	done
}

@test "a fallback tag that names what is not there, and an artifact manifest: a warning each" {
	manifest '{}' "a signature" >"$BATS_TEST_TMPDIR/gone.json"
	printf '{"mediaType":"application/vnd.oci.artifact.manifest.v1+json","artifactType":"text/x"}' \
		>"$BATS_TEST_TMPDIR/artifact.json"
	list=
	for file in gone artifact; do
		type=$(jq -r .mediaType "$BATS_TEST_TMPDIR/$file.json")
		list+="${list:+,}{\"mediaType\":\"$type\",\"digest\":\"$(
			digest_of "$BATS_TEST_TMPDIR/$file.json")\",\"size\":$(stat -c %s "$BATS_TEST_TMPDIR/$file.json")}"
	done
	# docker-registry accepts no index of what it lacks, so the file is put in its storage
	printf '{"schemaVersion":2,"mediaType":"%s","manifests":[%s]}' "$index_type" "$list" \
		>"$BATS_TEST_TMPDIR/index.json"
	store "$BATS_TEST_TMPDIR/index.json" "$(tag_of "$app")"
	lists "lists$BATS_TEST_NUMBER" "$reference:1 referrers=yes"
	run --separate-stderr -0 sync
	[[ $stderr == *"$(digest_of "$BATS_TEST_TMPDIR/gone.json") refers to $app: upstream lists it, and does not have all of it"* ]]
	[[ $stderr == *"$(digest_of "$BATS_TEST_TMPDIR/artifact.json") refers to $app: a document of type application/vnd.oci.artifact.manifest.v1+json cannot be mirrored"* ]]
	run --separate-stderr -0 sync
	[ -z "$stderr" ]
}

# store FILE TAG: puts a manifest into the registry's storage behind its back
store() {
	local root=$work/run/upstream/storage/docker/registry/v2 hex
	hex=$(sha256sum <"$1" | cut -d ' ' -f 1)
	install -D "$1" "$root/blobs/sha256/${hex:0:2}/$hex/data"
	for link in "revisions/sha256/$hex" "tags/$2/current" "tags/$2/index/sha256/$hex"; do
		mkdir -p "$root/repositories/$repository/_manifests/$link"
		printf 'sha256:%s' "$hex" >"$root/repositories/$repository/_manifests/$link/link"
	done
}

@test "the absence of the API is remembered: a second repository beside it is not asked" {
	lists "lists$BATS_TEST_NUMBER" "$reference:1"
	run -0 sync
	forget
	repository=${repository%/*}/other
	for arch in amd64 arm64; do
		manifest "{\"architecture\":\"$arch\",\"os\":\"linux\"}" "image for $arch" >/dev/null
		put "$BATS_TEST_TMPDIR/$arch.json" "$image_type"
	done
	put "$BATS_TEST_TMPDIR/1" "$index_type" 1
	lists "lists$BATS_TEST_NUMBER" "$reference:1" "docker.io/$repository:1"
	run -0 sync
	[ "$(asked GET tags/)" -eq 1 ]
	[ "$(asked GET referrers/)" -eq 0 ]
}
