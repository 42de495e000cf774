#!/usr/bin/env bats
# mirror-sync against upstreams that lie, break off or send rubbish: one clear line for the image,
# nothing published is lost or changed, and the other images go on.
bats_require_minimum_version 1.5.0

setup() {
	load ../lib/sync
	world
	layout_image "$up" docker.io/team/good:1 good
}

teardown() {
	stop_all
}

# Starts a registry that answers the HEAD of app:1 with the digest of `root`, and its GET with
# `body`; what stands before and after those two on its page comes from stdin.
page() {
	{
		cat
		printf 'content root %s\ncontent body %s\n' "$1" "${2:-$1}"
		printf 'request HEAD /v2/app/manifests/1 always\nreply 200 '\
'OK\n\tDocker-Content-Digest: {digest root}\n'
		printf 'request GET /v2/app/manifests/{digest root} always\nreply 200 OK\n\tbody '\
'body\n'
	} >"$BATS_TEST_TMPDIR/fake.txt"
	misbehave
}

# Syncs bad.example/app:1 from the page and a good image from the upstream; the first fails with $1,
# the second arrives.
fails() {
	conf "image * referrers=no" "registry bad.example endpoint=http://$fake_at"
	list bad.example/app:1 up.example/team/good:1
	run --separate-stderr sync
	[ "$status" -eq 2 ]
	[ "${#stderr_lines[@]}" -eq 1 ]
	[[ $stderr == "mirror-sync: bad.example/app:1: "*"$1"* ]]
	[ "$(published up.example/team/good:1)" != "" ]
	[ "$(published bad.example/app:1)" = "" ]
	whole
}

image='"config":{"mediaType":"x/config","digest":"{digest config}","size":2}'
v2='"schemaVersion":2'

@test "other bytes than the digest promised" {
	page '{"schemaVersion":2,"manifests":[]}' '{"schemaVersion":2,"manifests":[ ]}' </dev/null
	fails "sha256:"
}

@test "an index that claims to contain itself" {
	page "{$v2,\"manifests\":[]}" \
		"{$v2,\"manifests\":[{\"mediaType\":\"application/vnd.oci.image.index.v1+json\",\"digest\":\"{digest root}\",\"size\":34}]}" \
		</dev/null
	fails "sha256:"
}

@test "a thousand levels of JSON" {
	page "$(printf '[%.0s' {1..1000})" </dev/null
	fails "nested more than 64 deep"
}

@test "a manifest of 5 MB" {
	page "repeat 5000000 [" </dev/null
	fails "5000000 bytes is larger than 4 MiB"
}

@test "a page of HTML instead of a manifest" {
	page '<html><body>Welcome to Hotel Wi-Fi</body></html>' </dev/null
	fails ""
}

@test "a manifest that lies about a layer's size" {
	page "{$v2,$image,\"layers\":[{\"mediaType\":\"x/layer\",\"digest\":\"{digest \
layer}\",\"size\":3}]}" <<-'PAGE'
		content config {}
		content layer four
		request GET /v2/app/blobs/{digest layer} always
		reply 200 OK
			body layer
	PAGE
	fails "blob sha256:"
}

@test "two images share a layer and one gives a wrong size: the other arrives, in either order" {
	layout_image "$up" docker.io/team/app:good one
	manifest=$(layout_describe "$up" one amd64)
	size=$(grep -o '"size":[0-9]*' <<<"$manifest" | tail -n 1)
	echo "${manifest/%"$size}]}"/\"size\":9\}]\}}" \
		| layout_manifest "$up" docker.io/team/app:liar "$OCI_MANIFEST"
	for order in "good liar" "liar good"; do
		rm -rf "$mirror"
		# shellcheck disable=SC2046,SC2086  # two words
		list $(printf 'up.example/team/app:%s\n' $order)
		run --separate-stderr -2 sync
		[[ $output == *"1 new, 1 failed"* ]]
		# which of them is met first is told by the network: the upstream answers with 22
		# bytes, or sent them for the other image just now, or they are in the store
		[[ $stderr == "mirror-sync: up.example/team/app:liar: "*"blob sha256:"* \
			&& "$stderr " == *" 9 "* ]]
		[ "$(published up.example/team/app:good)" != "" ]
		[ "$(published up.example/team/app:liar)" = "" ]
		whole
	done
}

# A registry at lost.example without the layer of its image, and one at copy.example that has all of
# it; copy.example answers its first request when $1 requests have arrived.
lost_layer() {
	cat >"$BATS_TEST_TMPDIR/fake.txt" <<-PAGE
		content config {}
		content layer bytes
		content root {$v2,$image,"layers":[{"mediaType":"x/layer","digest":"{digest layer}","size":5}]}
		request A HEAD /v2/app/manifests/1 always
		reply 200 OK
			Docker-Content-Digest: {digest root}
		request B HEAD /v2/app/manifests/1 always
		reply 200 OK
			Docker-Content-Digest: {digest root}
			await $1
		request A GET /v2/app/blobs/{digest layer} always
		reply 404 Not Found
		request B GET /v2/app/blobs/{digest layer} always
		reply 200 OK
			body layer
		request A GET /v2/app/manifests/{digest root} always
		reply 200 OK
			body root
	PAGE
	misbehave
	conf "image * referrers=no" "registry lost.example endpoint=http://$fake_at" \
		"registry copy.example endpoint=http://$fake_b"
}

# lost.example: HEAD, manifest and layer; then copy.example's HEAD
@test "a layer that one repository has lost comes with another image of the run" {
	lost_layer 4
	list lost.example/app:1 copy.example/app:1
	run --separate-stderr -0 sync
	[[ $output == *"2 new"* ]]
	[ -z "$stderr" ]
	[ "$(published lost.example/app:1)" != "" ]
	[ "$(published lost.example/app:1)" = "$(published copy.example/app:1)" ]
	whole
}

@test "a layer that no repository of the run has: the image fails, after one try" {
	lost_layer 1
	list lost.example/app:1 up.example/team/good:1
	run --separate-stderr -2 sync
	[[ $stderr == "mirror-sync: lost.example/app:1: upstream does not have all of it: "* ]]
	[ "$(grep -c "GET /v2/app/blobs/.*$(printf bytes | sha256sum | cut -c 1-64)" \
		"$BATS_TEST_TMPDIR/fake.log")" -eq 1 ]
	[ "$(published up.example/team/good:1)" != "" ]
}

@test "one layer with two sizes in one image" {
	manifest=$(layout_describe "$up" one amd64)
	layer=$(grep -o '{[^{]*layer.v1[^}]*}' <<<"$manifest")
	echo "${manifest/%"]}"/",${layer%\}}1}]}"}" \
		| layout_manifest "$up" docker.io/team/app:1 "$OCI_MANIFEST"
	list up.example/team/app:1
	run --separate-stderr -2 sync
	[[ $stderr == "mirror-sync: up.example/team/app:1: sha256:"*" is said to have 22 bytes, \
and 221" ]]
}

@test "a manifest that is an index by its type and an image by its shape" {
	page "{$v2,\"mediaType\":\"application/vnd.oci.image.index.v1+json\",$image,\"layers\":[]}" <<<'content config {}'
	fails "says it is"
}

# A layer that the registry does not have, and $1, an address, is said to.
foreign_layer() {
	page "{$v2,$image,\"layers\":[{\"mediaType\":\"application/vnd.docker.image.rootfs.foreign.diff.tar.gzip\",\"digest\":\"{digest layer}\",\"size\":5,\"urls\":[\"$1/layer\"]}]}" <<-END
		content config {}
		content layer bytes
		request GET /v2/app/blobs/{digest layer} always
		reply 404 Not Found
		request B GET /layer always
		reply 200 OK
			body layer
		request B GET /nowhere/layer always
		reply 404 Not Found
	END
}

@test "external=no: a foreign layer that cannot be had stays away; without it, it is missed" {
	foreign_layer 'http://{B}/nowhere'
	conf "image * referrers=no" "registry bad.example endpoint=http://$fake_at"
	list "bad.example/app:1 external=no"
	run --separate-stderr -0 sync
	[ "$(published bad.example/app:1)" != "" ]
	[ -z "$stderr" ]
	[ "$(grep -c 'GET /.*layer\|/blobs/' "$BATS_TEST_TMPDIR/fake.log")" -eq 0 ]
	run --separate-stderr -0 sync --force
	list "bad.example/app:1"
	run --separate-stderr -2 sync
	[[ $stderr == *"not in the registry, and elsewhere"* ]]
	[ "$(published bad.example/app:1)" != "" ]
}

@test "external=no leaves out no ordinary layer, also when that has urls, and says so" {
	page "{$v2,$image,\"layers\":[{\"mediaType\":\"application/vnd.oci.image.layer.v1.tar\",\"digest\":\"{digest layer}\",\"size\":5,\"urls\":[\"http://{B}/layer\"]}]}" <<-END
		content config {}
		content layer bytes
		request GET /v2/app/blobs/{digest layer} always
		reply 200 OK
			body layer
	END
	conf "image * referrers=no" "registry bad.example endpoint=http://$fake_at"
	list "bad.example/app:1 external=no"
	run --separate-stderr -0 sync
	[[ $stderr == *"external=no leaves out no layer that may be distributed, also when it has urls" ]]
	whole
}

# An ordinary layer with urls at B; what A replies is $1.
ordinary_layer() {
	page "{$v2,$image,\"layers\":[{\"mediaType\":\"application/vnd.oci.image.layer.v1.tar\",\"digest\":\"{digest layer}\",\"size\":5,\"urls\":[\"http://{B}/layer\"]}]}" <<-END
		content config {}
		content layer bytes
		request GET /v2/app/blobs/{digest layer} always
		reply $1
	END
	conf "image * referrers=no" "registry bad.example endpoint=http://$fake_at"
	list bad.example/app:1
}

@test "the urls of an ordinary layer are not asked" {
	ordinary_layer '404 Not Found'
	run --separate-stderr -2 sync
	[[ $stderr == *404* && $stderr != *elsewhere* ]]
	! grep -q 'GET /layer' "$BATS_TEST_TMPDIR/fake.log" || false
}

@test "an ordinary layer with urls comes from its registry, with a warning" {
	ordinary_layer $'200 OK\n\tbody layer'
	run --separate-stderr -0 sync
	[[ $stderr == *"the urls of a layer that may be distributed are not asked"* ]]
	whole
}

@test "a foreign layer comes from where its urls say, and is served from then on" {
	foreign_layer 'http://{B}'
	conf "image * referrers=no" "registry bad.example endpoint=http://$fake_at"
	list bad.example/app:1
	run -0 sync
	[[ $output == *"1 new"* ]]
	[ -f "$mirror/blobs/sha256/$(printf bytes | sha256sum | cut -d' ' -f1)" ]
	whole
}

@test "a foreign layer that cannot be had" {
	foreign_layer 'http://{B}/nowhere'
	fails "not in the registry, and elsewhere: 127.0.0.2: 404"
}

@test "a digest that is a path" {
	page "{$v2,$image,\"layers\":[{\"mediaType\":\"x/layer\",\"digest\":\"sha256:../../../../etc/passwd\",\"size\":3}]}" \
		<<<'content config {}'
	fails "layer 0: "
}

@test "a layer that breaks off is asked for from where it ended, and the image arrives" {
	page "{$v2,$image,\"layers\":[{\"mediaType\":\"x/layer\",\"digest\":\"{digest \
layer}\",\"size\":{size layer}}]}" <<-'PAGE'
		content config {}
		content layer repeat 100000 x
		request GET /v2/app/blobs/{digest layer}
			without Range
		reply 200 OK
			body layer
			close after 70000
		request GET /v2/app/blobs/{digest layer}
			with Range: bytes=70000-
		reply 206 Partial Content
			Content-Range: bytes 70000-99999/100000
			body layer 70000
	PAGE
	conf "image * referrers=no" "registry bad.example endpoint=http://$fake_at"
	list bad.example/app:1
	run -0 sync
	whole
	behaved
}

@test "a signal: what is complete is published, what is not continues in the next run" {
	page "{$v2,$image,\"layers\":[{\"mediaType\":\"x/layer\",\"digest\":\"{digest \
layer}\",\"size\":{size layer}}]}" <<-'PAGE'
		content config {}
		content layer repeat 100000 x
		request GET /v2/app/blobs/{digest layer}
			without Range
		reply 200 OK
			body layer
			stall after 70000
		request GET /v2/app/blobs/{digest layer}
			with Range: bytes=70000-
		reply 206 Partial Content
			Content-Range: bytes 70000-99999/100000
			body layer 70000
	PAGE
	conf "image * referrers=no" "registry bad.example endpoint=http://$fake_at"
	list bad.example/app:1 up.example/team/good:1
	mkfifo out
	"$BIN/mirror-sync" --mirror "$mirror" --lists "$lists" --report report.json --tolerate \
		gone,limited,failed \
		>out 2>err 3>&- &
	sync_pid=$!
	exec 8<out
	# the layer has begun, and the other image is in the store
	until [ "$(stat -c %s "$mirror"/.mirror/partial/* 2>/dev/null | grep -c '^70000$')" -eq 1 \
		] &&
		[ "$(find "$mirror/.mirror/partial" "$mirror/blobs" -type f 2>/dev/null | wc -l)" \
			-ge 5 ]; do
		kill -0 "$sync_pid"
	done
	kill -TERM "$sync_pid"
	status=0
	wait "$sync_pid" || status=$?
	[ "$status" -eq 2 ] # which is nobody's fault but must not pass for done
	[ "$(tail -n 1 err)" = "mirror-sync: stopped by a signal before the end; the next run \
goes on from there" ]
	[ "$(published up.example/team/good:1)" != "" ]
	[ "$(published bad.example/app:1)" = "" ]
	whole
	run -0 sync
	[ "$(published bad.example/app:1)" != "" ]
	whole
	behaved
}

@test "--timeout ends a run as a signal does, however an upstream keeps it busy" {
	page "{$v2,$image,\"layers\":[{\"mediaType\":\"x/layer\",\"digest\":\"{digest \
layer}\",\"size\":{size layer}}]}" <<-'PAGE'
		content config {}
		content layer repeat 100000 x
		request GET /v2/app/blobs/{digest layer}
			without Range
		reply 200 OK
			body layer
			drip 70000
	PAGE
	conf "image * referrers=no" "registry bad.example endpoint=http://$fake_at"
	list bad.example/app:1 up.example/team/good:1
	run -2 --separate-stderr sync --timeout 2s --tolerate gone,limited,failed --report r.json
	[ "${stderr_lines[-1]}" = "mirror-sync: stopped by --timeout before the end; the next run \
goes on from there" ]
	[ "$(jq .status r.json)" -eq 2 ]
	[ "$(published up.example/team/good:1)" != "" ]
	[ "$(published bad.example/app:1)" = "" ]
	[ "$(find "$mirror/.mirror/partial" -size +69000c | wc -l)" -eq 1 ]
	whole
	# a run that ends before is not changed by it
	run -0 sync --timeout 1h 'up.example/*'
}

@test "a rollback while a sync runs succeeds at once, and stands" {
	one=$(layout_image "$up" docker.io/team/good:1 one)
	list up.example/team/good:1
	sync
	two=$(layout_image "$up" docker.io/team/good:1 two)
	sync
	three=$(layout_image "$up" docker.io/team/good:1 three)
	page "{$v2,$image,\"layers\":[{\"mediaType\":\"x/layer\",\"digest\":\"{digest \
layer}\",\"size\":{size layer}}]}" <<-'PAGE'
		content config {}
		content layer repeat 100000 x
		request GET /v2/app/blobs/{digest layer}
		reply 200 OK
			body layer
			stall after 70000
	PAGE
	conf "image * referrers=no" "registry bad.example endpoint=http://$fake_at"
	list bad.example/app:1 up.example/team/good:1
	"$BIN/mirror-sync" --mirror "$mirror" --lists "$lists" >out 2>err 3>&- &
	sync_pid=$!
	until [ "$(stat -c %s "$mirror"/.mirror/partial/* 2>/dev/null | grep -c '^70000$')" -eq 1 \
		] &&
		grep -q "HEAD /v2/team/good/manifests/1" "$upstream_log"; do
		kill -0 "$sync_pid"
	done
	run -0 "$BIN/mirror-publish" --mirror "$mirror" rollback up.example/team/good:1
	[ "$(published up.example/team/good:1)" = "$one" ]
	kill -TERM "$sync_pid"
	wait "$sync_pid" || true
	[ "$(published up.example/team/good:1)" = "$one" ]
	grep -q "up.example/team/good:1: held: changed by an operator during this run" out
	[ "$two" != "$three" ]
	whole
}
