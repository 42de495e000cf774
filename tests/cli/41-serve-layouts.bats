#!/usr/bin/env bats
# mirror-serve: layouts of other tools, and manifests that it does not understand.

bats_require_minimum_version 1.5.0

setup() {
	load ../lib/ask
	dir=$BATS_TEST_TMPDIR/mirror
}

teardown() {
	stop_all
}

# digest_of WORD: of the image made with layout_untagged for it.
digest_of() {
	layout_untagged "$dir" "$1"
}

@test "bare tags are served under --name" {
	layout_new "$dir"
	d=$(layout_untagged "$dir" x)
	nameless=$(layout_untagged "$dir" nameless)
	layout_entry "$dir" 1.0 "$d"
	layout_entry "$dir" latest "$d"
	layout_entry "$dir" latest "$nameless"
	layout_entry "$dir" "" "$nameless"
	layout_publish "$dir"
	serve_start "$dir"
	await "entries of index.json without a usable name: 4"
	get /v2/_catalog
	[ "$(cat "$body")" = '{"repositories":[]}' ]
	stop server
	serve_start --name team/app "$dir"
	get /v2/team/app/tags/list
	[ "$(cat "$body")" = '{"name":"team/app","tags":["1.0","latest"]}' ]
	# of two entries with one name the first is meant
	get /v2/team/app/manifests/latest
	has "Docker-Content-Digest: $d"
	get "/v2/team/app/manifests/$nameless"
	is 200
	# it is nobody's namespace
	get '/v2/team/app/manifests/latest?ns=docker.io'
	is 404 NAME_UNKNOWN
	stop server
	serve_start --name docker.io/library/app "$dir"
	get '/v2/library/app/manifests/latest?ns=docker.io'
	is 200
}

# Entries as crane leaves them when it pulls one tag twice, an entry for each platform.
@test "two entries of one name: the first has the tag, the others their digest, and a warning" {
	layout_new "$dir"
	first=$(layout_untagged "$dir" amd64)
	second=$(layout_untagged "$dir" arm64)
	third=$(layout_untagged "$dir" s390x)
	for d in "$first" "$second" "$third"; do
		layout_entry "$dir" docker.io/library/alpine:3.19 "$d"
	done
	layout_entry "$dir" quay.io/a/b:1 "$first"
	layout_entry "$dir" quay.io/a/b:1 "$first"
	layout_publish "$dir"
	serve_start "$dir"
	await 'a name that an earlier entry has: 2, the first is "docker.io/library/alpine:3.19"'
	get /v2/alpine/manifests/3.19
	has "Docker-Content-Digest: $first"
	for d in "$first" "$second" "$third"; do
		get "/v2/alpine/manifests/$d"
		is 200
		for word in amd64 arm64 s390x; do
			[ "$(digest_of $word)" != "$d" ] && continue
			get "/v2/alpine/blobs/$(layout_blob "$dir" "layer of $word")"
			is 200
		done
	done
	get "/v2/a/b/manifests/$second?ns=quay.io"
	is 404 MANIFEST_UNKNOWN
	get /v2/alpine/tags/list
	[ "$(cat "$body")" = '{"name":"alpine","tags":["3.19"]}' ]
	get '/v2/a/b/tags/list?ns=quay.io'
	[ "$(cat "$body")" = '{"name":"a/b","tags":["1"]}' ]
	if command -v skopeo >/dev/null; then
		# the entry that skopeo reads from the same directory
		[ "$(skopeo inspect --raw "oci:$dir:docker.io/library/alpine:3.19" | sha256sum)" \
			= "${first#*:}  -" ]
	fi
}

@test "two entries of one name of a group: the warning names nothing" {
	layout_new "$dir"
	for d in "$(layout_untagged "$dir" x)" "$(layout_untagged "$dir" y)"; do
		layout_entry "$dir" docker.io/team/secret:1 "$d" "$OCI_MANIFEST" \
			'"dev.ocimirror.private":"team-a"'
	done
	layout_publish "$dir"
	serve_start "$dir"
	await 'a name that an earlier entry has: 1; a tag means'
	run ! grep secret "$server_err"
}

@test "a layout without names, of one image: --name makes it latest, or what it says" {
	layout_new "$dir"
	d=$(layout_untagged "$dir" x)
	layout_entry "$dir" "" "$d"
	layout_publish "$dir"
	while read -r name repository tag; do
		serve_start --name "$name" "$dir"
		get "/v2/$repository/tags/list"
		[ "$(cat "$body")" = "{\"name\":\"$repository\",\"tags\":[\"$tag\"]}" ]
		get "/v2/$repository/manifests/$tag"
		has "Docker-Content-Digest: $d"
		get "/v2/$repository/manifests/$d"
		is 200
		run ! grep "warning" "$server_err"
		stop server
	done <<-END
		team/app             team/app             latest
		team/app:1           team/app             1
		reg.corp:5000/app:v2 reg.corp_5000/app    v2
		reg.corp:5000/app    reg.corp_5000/app    latest
		app:1                app                  1
	END
	for name in team/app: team/app:-x team/app:1:2 :1 "team/app@$d"; do
		run -1 --separate-stderr timeout 10 "$BIN/mirror-serve" --listen 127.0.0.1:0 \
			--name "$name" "$dir"
		[[ $stderr == *"--name \"$name\" is not a repository's name"* ]]
	done
}

@test "several entries without a name: by digest under --name; a tag is told to be nobody's" {
	layout_new "$dir"
	for word in x y; do layout_entry "$dir" "" "$(layout_untagged "$dir" $word)"; done
	layout_publish "$dir"
	serve_start --name team/app:1 "$dir"
	await 'no entry is served as "team/app:1": --name gives its tag to a sole entry; 2 entries'
	get /v2/team/app/tags/list
	[ "$(cat "$body")" = '{"name":"team/app","tags":[]}' ]
	for word in x y; do
		get "/v2/team/app/manifests/$(digest_of $word)"
		is 200
	done
	stop server
	serve_start --name team/app "$dir"
	await 'without a tag, which are served as team/app@DIGEST: 2'
}

@test "--name hides no whole name, and an entry with a tag beside a nameless one keeps it" {
	layout_new "$dir"
	d=$(layout_untagged "$dir" x)
	other=$(layout_untagged "$dir" y)
	layout_entry "$dir" 1.27 "$d" "$OCI_MANIFEST" \
		'"io.containerd.image.name":"docker.io/library/nginx:1.27"'
	layout_entry "$dir" quay.io/org/tool:2 "$d"
	layout_entry "$dir" "" "$other"
	layout_publish "$dir"
	serve_start --name team/app "$dir"
	for path in nginx/manifests/1.27 quay.io/org/tool/manifests/2 team/app/manifests/1.27; do
		get "/v2/$path"
		is 200
		has "Docker-Content-Digest: $d"
	done
	get "/v2/team/app/manifests/$other"
	is 200
	get /v2/team/app/manifests/latest
	is 404
	get /v2/team/app/manifests/2
	is 404
}

# odd NAME TYPE: an entry docker.io/odd/NAME:1 for the manifest on stdin.
odd() {
	layout_entry "$dir" "docker.io/odd/$1:1" "$(layout_blob "$dir")" "$2"
}

@test "a manifest that is not understood is 404 with a warning, never half an image" {
	layout_new "$dir"
	config=$(layout_blob "$dir" '{}')
	layer=$(layout_blob "$dir" 'a layer')
	c=$(layout_desc "$dir" "$config" a/b)
	l=$(layout_desc "$dir" "$layer" a/b)
	m="\"schemaVersion\":2,\"mediaType\":\"$OCI_MANIFEST\""
	child=$(layout_untagged "$dir" child)
	i=$(layout_desc "$dir" "$child" "$OCI_MANIFEST")
	many=$(printf "$l,%.0s" {1..4999})
	vnd=application/vnd
	odd artifact "$vnd.oci.artifact.manifest.v1+json" \
		<<<"{\"mediaType\":\"$vnd.oci.artifact.manifest.v1+json\",\"blobs\":[$l]}"
	odd config-null "$OCI_MANIFEST" <<<"{$m,\"config\":null,\"layers\":[$l]}"
	odd many "$OCI_MANIFEST" <<<"{$m,\"config\":$c,\"layers\":[$many$l]}"
	odd bom "$OCI_MANIFEST" <<<$'\xef\xbb\xbf'"{$m,\"config\":$c,\"layers\":[$l]}"
	odd keys "$OCI_MANIFEST" <<<"{$m,\"config\":$c,\"config\":$c,\"layers\":[$l]}"
	odd unknown "$vnd.acme+json" <<<"{\"mediaType\":\"$vnd.acme+json\",\"things\":[$l]}"
	odd schema1 "$vnd.docker.distribution.manifest.v1+prettyjws" \
		<<<"{\"schemaVersion\":1,\"fsLayers\":[{\"blobSum\":\"$layer\"}]}"
	odd both "$OCI_MANIFEST" <<<"{$m,\"config\":$c,\"layers\":[$l],\"manifests\":[$i]}"
	odd digest "$OCI_MANIFEST" \
		<<<"{$m,\"config\":$c,\"layers\":[{\"digest\":\"sha256:1\",\"size\":1}]}"
	bom=$(grep -o 'sha256:[0-9a-f]*' <(grep odd/bom: "$dir/entries"))
	# what names nothing has nothing missing; an image beside them is whole
	odd nothing "$vnd.acme+json" <<<'{"schemaVersion":2}'
	layout_entry "$dir" docker.io/odd/index:1 "$(layout_index "$dir" "$child" "$bom")" \
		"$OCI_INDEX"
	layout_publish "$dir" 1
	serve_start "$dir"
	await 'they are no image manifests or indexes): 9, the first is "docker.io/odd/artifact:1"'
	layout_served "$dir" "$server_pid" "$server_err"
	for again in first second; do
		for name in artifact config-null many bom keys unknown schema1 both digest; do
			get "/v2/odd/$name/manifests/1"
			[ "$code" = 404 ] || { echo "# $again, $name: $code" && false; }
			get "/v2/odd/$name/blobs/$layer"
			[ "$code" = 404 ] || { echo "# $again, $name, layer: $code" && false; }
		done
		get /v2/odd/nothing/manifests/1
		is 200
		has "Content-Type: $vnd.acme+json"
		get /v2/odd/index/manifests/1
		is 200
		get "/v2/odd/index/manifests/$child"
		is 200
		get "/v2/odd/index/manifests/$bom"
		is 404 MANIFEST_UNKNOWN
		get "/v2/odd/index/blobs/$bom"
		is 404 BLOB_UNKNOWN
		# the next table is made with the help of this one
		layout_image "$dir" docker.io/library/new:1 new
	done
}

@test "full and short references in ref.name, and containerd's names" {
	layout_new "$dir"
	d=$(layout_untagged "$dir" x)
	layout_entry "$dir" alpine:3.19 "$d"
	layout_entry "$dir" quay.io/org/tool "$d"
	layout_entry "$dir" 1.27 "$d" "$OCI_MANIFEST" \
		'"io.containerd.image.name":"docker.io/library/nginx:1.27"'
	layout_publish "$dir"
	serve_start "$dir"
	get /v2/docker.io/library/alpine/manifests/3.19
	is 200
	get /v2/quay.io/org/tool/manifests/latest
	is 200
	get /v2/nginx/manifests/1.27
	is 200
}

@test "a layout that skopeo wrote" {
	command -v skopeo >/dev/null || skip "needs skopeo"
	layout_new "$dir"
	layout_image "$dir" docker.io/library/alpine:1 x
	skopeo copy -q "oci:$dir:docker.io/library/alpine:1" "oci:$BATS_TEST_TMPDIR/copy:3.19"
	serve_start --name library/alpine "$BATS_TEST_TMPDIR/copy"
	get /v2/library/alpine/manifests/3.19
	is 200
}

# ---- what docs/conformance.md decides ----

@test "referrers: 404 in a repository that is not here, else 200, if need be with nothing" {
	layout_new "$dir"
	d=$(layout_image "$dir" docker.io/library/alpine:1 x)
	serve_start "$dir"
	get "/v2/library/none/referrers/$d"
	is 404 NAME_UNKNOWN
	for subject in "$d" "sha256:$(printf '%064d' 0)"; do
		get "/v2/library/alpine/referrers/$subject"
		is 200
		has "Content-Type: $OCI_INDEX"
		grep -qF '"manifests":[]' "$body"
	done
	get /v2/library/alpine/referrers/sha256:12
	is 400 DIGEST_INVALID
}

@test "a sparse index is served as it is; the platforms that were left out are 404" {
	layout_new "$dir"
	index=$(layout_multi "$dir" docker.io/library/alpine:1 x)
	gone=$(layout_describe "$dir" x arm64 | layout_blob "$dir")
	rm "$(layout_file "$dir" "$gone")"
	serve_start "$dir"
	get /v2/library/alpine/manifests/1
	is 200
	has "Docker-Content-Digest: $index"
	cmp "$body" "$(layout_file "$dir" "$index")"
	get "/v2/library/alpine/manifests/$(layout_describe "$dir" x amd64 | layout_blob "$dir")"
	is 200
	get "/v2/library/alpine/manifests/$gone"
	is 404 MANIFEST_UNKNOWN
}
