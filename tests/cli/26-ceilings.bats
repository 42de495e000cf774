#!/usr/bin/env bats
# What one image may cost: its manifests count, before they are asked for; an image that is refused
# leaves nothing behind, and others go on.
bats_require_minimum_version 1.5.0

setup() {
	load ../lib/sync
	world
	layout_image "$up" docker.io/team/good:1 good
}

teardown() {
	stop_all
}

# descriptors N SIZE [TYPE]: N descriptors of manifests that nobody has.
descriptors() {
	awk -v n="$1" -v size="$2" -v type="${3:-$OCI_MANIFEST}" -v seed="$RANDOM" 'BEGIN {
		for (i = 1; i <= n; i++)
			printf "%s{\"mediaType\":\"%s\",\"digest\":\"sha256:%032d%032d\",\"size\":%d}",
				(i > 1 ? "," : ""), type, seed, i, size
	}'
}

index() {
	printf '{"schemaVersion":2,"mediaType":"%s","manifests":[%s]}' "$OCI_INDEX" "$1"
}

# The whole run is about team/bad:1 and a good image: the first fails with $1.
fails() {
	list up.example/team/bad:1 up.example/team/good:1
	forget_requests
	run --separate-stderr -2 sync
	[[ $output == *"1 new, 1 failed"* ]]
	[[ $stderr == "mirror-sync: up.example/team/bad:1: $1" ]]
	[ "$(published up.example/team/good:1)" != "" ]
	[ "$(published up.example/team/bad:1)" = "" ]
	whole
}

@test "an image with more manifests than one may have: two indexes of 3000" {
	one=$(index "$(descriptors 3000 500)" | layout_blob "$up")
	two=$(index "$(descriptors 3000 500)" | layout_blob "$up")
	index "$(layout_desc "$up" "$one" "$OCI_INDEX"),$(layout_desc "$up" "$two" "$OCI_INDEX")" \
		| layout_manifest "$up" docker.io/team/bad:1 "$OCI_INDEX"
	fails "it has more than 5000 manifests, the most that one image may have; nothing of it \
is kept"
	[ "$(requests GET /team/bad/manifests/)" -le 18 ]
	run -2 sync --check --online
	[[ $output == *"cannot be mirrored: it has more than 5000 manifests, "* ]]
}

@test "manifests of more bytes than those of one image may have: none of them is asked for" {
	index "$(descriptors 17 4000000)" | layout_manifest "$up" docker.io/team/bad:1 "$OCI_INDEX"
	fails "its manifests have more than 64 MiB together, the most that those of one image may \
have; nothing of it is kept"
	[ "$(requests GET /team/bad/manifests/)" -eq 1 ]
}

@test "max-bytes= counts manifests: twelve of 3.9 MB, and none of them is asked for" {
	index "$(descriptors 12 3900000)" | layout_manifest "$up" docker.io/team/bad:1 "$OCI_INDEX"
	conf "policy max-bytes=1M"
	fails "needs 46.8 MB, more than the 1.0 MB of the policy's max-bytes="
	[ "$(requests GET /team/bad/manifests/)" -eq 1 ]
	for how in "--check --online" "--dry-run --sizes"; do
		forget_requests
		# shellcheck disable=SC2086  # words
		run sync $how
		[[ $output == *"needs 46.8 MB, more than the 1.0 MB of the policy's max-bytes="* ]]
		[ "$(requests GET /team/bad/manifests/)" -le 1 ]
	done
}

@test "a check tells the bytes of manifests, too, those of content that is shared once" {
	layout_multi "$up" docker.io/team/app:1 one
	layout_multi "$up" docker.io/team/app:2 one
	list up.example/team/app:{1,2}
	run -32 sync --dry-run --sizes
	told=$(grep -o '[0-9.]* [kM]*B* *[a-z]* to fetch; nothing' <<<"$output" | cut -d' ' -f1,2)
	run -0 sync --report r.json
	[ "$(jq '[.images[].bytes] | add' r.json)" -gt 1000 ]
	[[ $told == "$(jq '[.images[].bytes] | add' r.json | awk '{ printf "%.1f kB", $1 / 1000 }')" ]]
}

# large_image REF SIZE...: an image with layers of these sizes.
large_image() {
	local ref=$1 layers='' config
	shift
	for size; do
		seq 1 400000 | head -c "$size" >layer
		layers+="${layers:+,}$(layout_desc "$up" "$(layout_blob "$up" <layer)" "$OCI_LAYER")"
	done
	config=$(layout_blob "$up" '{"architecture":"amd64","os":"linux"}')
	printf '{"schemaVersion":2,"mediaType":"%s","config":%s,"layers":[%s]}' "$OCI_MANIFEST" \
		"$(layout_desc "$up" "$config" "$OCI_CONFIG")" "$layers" \
		| layout_manifest "$up" "$ref" "$OCI_MANIFEST"
}

# Files of blobs that have no name yet.
partials() {
	find "$mirror/.mirror/partial" -type f ! -name lock
}
export -f partials

@test "an image that does not fit fails alone, in every run, and leaves nothing" {
	large_image docker.io/team/bad:1 2600000
	list up.example/team/bad:1 up.example/team/good:1
	run small_disk 2m <<-'END'
		cd "$BATS_TEST_TMPDIR"
		for run in 1 2; do
			status=0
			"$BIN/mirror-sync" --mirror "$mirror" --lists "$lists" || status=$?
			[ "$status" -eq 2 ]
			[ -z "$(partials)" ]
		done
		grep -q up.example/team/good:1 "$mirror/index.json"
		! grep -q up.example/team/bad:1 "$mirror/index.json"
		[ "$(ls "$mirror"/blobs/sha256 | wc -l)" -eq 3 ]
	END
	echo "$output"
	[ "$status" -eq 0 ]
	[[ $output == *"up.example/team/bad:1: needs 2.6 MB, and the disk has "*" left for it"* ]]
	[[ $output == *"1 new, 1 failed"*"1 current, 1 failed"* ]]
}

@test "a disk that is full in the middle of an image: it gives its room back, the others come" {
	# shellcheck disable=SC2046  # words
	large_image docker.io/team/bad:1 $(seq 1000 1300)
	list up.example/team/bad:1 up.example/team/good:1
	run small_disk 5m,nr_inodes=200 <<-'END'
		cd "$BATS_TEST_TMPDIR"
		status=0
		"$BIN/mirror-sync" --mirror "$mirror" --lists "$lists" --jobs 1 || status=$?
		[ "$status" -eq 2 ]
		[ -z "$(partials)" ]
		grep -q up.example/team/good:1 "$mirror/index.json"
	END
	echo "$output"
	[ "$status" -eq 0 ]
	[[ $output == *"up.example/team/bad:1: "*"No space left on device"* ]]
}

@test "a disk that is full before anything came: status 16" {
	large_image docker.io/team/bad:1 2600000
	list up.example/team/bad:1 up.example/team/good:1
	run small_disk 1m <<-'END'
		cd "$BATS_TEST_TMPDIR"
		"$BIN/mirror-sync" --mirror "$mirror" --lists "$lists" nothing/* || true
		dd if=/dev/zero of="$mirror/fill" bs=1k 2>/dev/null || true
		status=0
		"$BIN/mirror-sync" --mirror "$mirror" --lists "$lists" || status=$?
		[ "$status" -eq 16 ]
	END
	echo "$output"
	[ "$status" -eq 0 ]
	[[ $output == *"No space left on device; what was published stands; make room and run \
again, it goes on from there"* ]]
}

@test "what the policy or a deny refuses leaves nothing, and what an earlier run left of it goes" {
	large_image docker.io/team/bad:1 2600000
	list up.example/team/bad:1 up.example/team/good:1
	layer=$(layout_blob "$up" <layer)
	mkdir -p "$mirror"
	for rule in "policy max-bytes=1M" "deny $layer"; do
		sync nothing/* || true
		head -c 1000000 layer >"$mirror/.mirror/partial/${layer/:/-}"
		conf "$rule"
		run -2 sync
		[ -z "$(partials)" ]
		[ "$(find "$mirror/blobs" -type f | wc -l)" -eq 3 ]
		whole
		sed -i '$d' "$lists/mirror.conf"
	done
}

# refers MANIFEST-DIGEST TEXT: a referrer of it with a layer of that text.
refers() {
	local layer config subject
	layer=$(layout_blob "$up" "$2") config=$(layout_blob "$up" '{}')
	subject=$(layout_desc "$up" "$1" "$OCI_MANIFEST")
	printf '{"schemaVersion":2,"mediaType":"%s","artifactType":"application/x","config":%s,"layers":[%s],"subject":%s}' \
		"$OCI_MANIFEST" "$(layout_desc "$up" "$config" application/vnd.oci.empty.v1+json)" \
		"$(layout_desc "$up" "$layer" text/plain)" "$subject" | layout_blob "$up"
}

# listed_by_tag LIST DIGEST...: an image with that list of referrers; the digests are not there.
listed_by_tag() {
	local root digest
	root=$(layout_image "$up" docker.io/team/app:1 app)
	cp "$(layout_file "$up" "$root")" root.json
	{
		echo "content root $(cat root.json)"
		echo "content list $1"
		cat <<-'END'
			request HEAD /v2/app/manifests/1 always
			reply 200 OK
				Docker-Content-Digest: {digest root}
			request GET /v2/app/manifests/{digest root} always
			reply 200 OK
				Content-Type: application/vnd.oci.image.manifest.v1+json
				body root
			request GET /v2/app/referrers/{digest root} always
			reply 200 OK
				Content-Type: application/vnd.oci.image.index.v1+json
				body list
			request GET /v2/app/tags/list?n=1000 always
			reply 200 OK
				text {"tags":["1"]}
		END
		grep -o 'sha256:[0-9a-f]*' root.json | while read -r blob; do
			echo "content b${blob:7:8} $(cat "$(layout_file "$up" "$blob")")"
			printf 'request GET /v2/app/blobs/%s always\nreply 200 OK\n\tbody b%s\n' "$blob" "${blob:7:8}"
		done
		for digest in "${@:2}"; do
			printf 'request GET /v2/app/manifests/%s\nreply 404 Not Found\n' "$digest"
		done
	} >"$BATS_TEST_TMPDIR/fake.txt"
	misbehave
	conf "registry odd.example endpoint=http://$fake_at"
}

@test "a manifest with more referrers than one may have: none is asked for, the image arrives" {
	listed_by_tag "$(index "$(descriptors 1001 500)")"
	list odd.example/app:1 up.example/team/good:1
	run -0 --separate-stderr sync
	[[ $stderr == *"odd.example/app:1: "*"more than 1000 referrers of one manifest: none of them is fetched"* ]]
	[ "$(published odd.example/app:1)" != "" ]
	[ "$(grep -c 'GET /v2/app/manifests/' fake.log)" -eq 1 ]
	# a promise is not kept
	list "odd.example/app:1 referrers=yes" up.example/team/good:1
	run -2 --separate-stderr sync
	[[ $stderr == *"odd.example/app:1: "*"more than 1000 referrers of one manifest"* ]]
}

@test "max-bytes= counts all referrers of an image together" {
	root=$(layout_image "$up" docker.io/team/app:1 app)
	text=$(printf '%01500d' 0)
	for i in 1 2 3; do
		one=$(refers "$root" "$text$i")
		layout_entry "$up" "docker.io/team/app@$one" "$one" "$OCI_MANIFEST"
	done
	layout_publish "$up"
	conf "policy max-bytes=5000"
	list up.example/team/app:1
	run -0 --separate-stderr sync
	[[ $stderr == *"up.example/team/app:1: "*"more than the "*" of the policy's max-bytes="* ]]
	# two of the three came
	[ "$(grep -c '"dev.ocimirror.subject"' "$mirror/index.json")" -eq 2 ]
	whole
}

@test "max-bytes= counts the manifests of referrers, as their list says, before they are asked for" {
	rows=$(descriptors 40 3900000)
	mapfile -t asked < <(grep -o 'sha256:[0-9]*' <<<"$rows" | head -n 2)
	listed_by_tag "$(index "$rows")" "${asked[@]}"
	conf "policy max-bytes=10M"
	list odd.example/app:1
	run --separate-stderr sync
	# the image itself, and two of the forty
	[ "$(grep -c 'GET /v2/app/manifests/' fake.log)" -eq 3 ]
	[[ $stderr == *"needs 11.7 MB, more than the 10.5 MB of the policy's max-bytes="* ]]
	[ "$(published odd.example/app:1)" != "" ]
}
