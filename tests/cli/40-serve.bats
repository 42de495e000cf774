#!/usr/bin/env bats
# mirror-serve's read API, asked with curl and with bare bytes, over a layout made by hand.

# shellcheck disable=SC2030,SC2031  # each test is a process of its own

bats_require_minimum_version 1.5.0

setup() {
	load ../lib/ask
	dir=$BATS_TEST_TMPDIR/mirror
}

teardown() {
	stop_all
}

# One repository with a tag that is an image, a tag that is an index of two, one more registry.
small_mirror() {
	layout_new "$dir"
	one=$(layout_untagged "$dir" one)
	two=$(layout_untagged "$dir" two)
	both=$(layout_index "$dir" "$one" "$two")
	layout_entry "$dir" docker.io/library/alpine:3.19 "$one"
	layout_entry "$dir" docker.io/library/alpine:3.20 "$both" "$OCI_INDEX"
	layout_entry "$dir" quay.io/org/tool:1 "$two"
	layout_entry "$dir" registry.corp:5000/team/app:1 "$two"
	layout_publish "$dir" 7
}

# ---- endpoints ----

@test "the base answers 200, with and without its slash" {
	small_mirror
	serve_start "$dir"
	for path in /v2/ /v2; do
		get "$path"
		is 200
		has "Content-Type: application/json"
		has "Docker-Distribution-Api-Version: registry/2.0"
		has "X-Content-Type-Options: nosniff"
		has "X-Mirror-Generation: 7"
		[ "$(cat "$body")" = "{}" ]
	done
}

@test "a manifest by tag: its bytes, its type, its digest" {
	small_mirror
	serve_start "$dir"
	get /v2/library/alpine/manifests/3.19
	is 200
	has "Content-Type: $OCI_MANIFEST"
	has "Content-Length: $(layout_size "$dir" "$one")"
	has "Docker-Content-Digest: $one"
	has "ETag: \"$one\""
	has "Cache-Control: no-cache"
	has_no Content-Encoding
	has_no Transfer-Encoding
	cmp "$body" "$(layout_file "$dir" "$one")"
}

@test "a manifest by digest may be cached for ever; children of an index are manifests" {
	small_mirror
	serve_start "$dir"
	for d in "$one" "$two" "$both"; do
		get "/v2/library/alpine/manifests/$d"
		is 200
		has "Docker-Content-Digest: $d"
		has "Cache-Control: max-age=31536000, immutable"
		cmp "$body" "$(layout_file "$dir" "$d")"
	done
	get "/v2/library/alpine/manifests/${one/:/%3A}"
	is 200
}

@test "HEAD has the head of GET and no body" {
	small_mirror
	serve_start "$dir"
	layer=$(layout_blob "$dir" "layer of one")
	for path in "manifests/3.19" "manifests/$both" "blobs/$layer" "blobs/$one" tags/list; do
		get "/v2/library/alpine/$path"
		grep -v ^Date "$head" >"$head.get"
		get "/v2/library/alpine/$path" -I
		is 200
		grep -v ^Date "$head" | diff "$head.get" -
	done
	# and nothing of a body that would be taken for the next answer
	run raw "HEAD /v2/library/alpine/manifests/3.19 HTTP/1.1\r\nHost: m\r\n\r\nGET /v2/ \
HTTP/1.1\r\nHost: m\r\nConnection: close\r\n\r\n"
	[[ $output == "HTTP/1.1 200 OK"*$'\r\n\r\n'"HTTP/1.1 200 OK"*"{}" ]]
}

@test "HEAD of what is not there: the status and the length, no body" {
	small_mirror
	serve_start "$dir"
	run raw "HEAD /v2/library/alpine/manifests/9 HTTP/1.1\r\nHost: m\r\nConnection: \
close\r\n\r\n"
	[[ $output == "HTTP/1.1 404 "*"Content-Length: "[1-9]*$'\r\n\r' ]]
}

@test "blobs: configurations, layers and manifests, as octets" {
	small_mirror
	serve_start "$dir"
	layer=$(layout_blob "$dir" "layer of one")
	config=$(layout_blob "$dir" '{"word":"one"}')
	for d in "$layer" "$config" "$one" "$both"; do
		get "/v2/library/alpine/blobs/$d"
		is 200
		has "Content-Type: application/octet-stream"
		has "Content-Length: $(layout_size "$dir" "$d")"
		has "Docker-Content-Digest: $d"
		has "ETag: \"$d\""
		has "Accept-Ranges: bytes"
		has "Cache-Control: max-age=31536000, immutable"
		cmp "$body" "$(layout_file "$dir" "$d")"
	done
}

@test "content is served through repositories that reach it, and no other" {
	small_mirror
	other=$(layout_blob "$dir" "on disk, in no image")
	serve_start "$dir"
	get "/v2/quay.io/org/tool/manifests/$two"
	is 200
	get "/v2/quay.io/org/tool/manifests/$one"
	is 404 MANIFEST_UNKNOWN
	get "/v2/quay.io/org/tool/blobs/$one"
	is 404 BLOB_UNKNOWN
	get "/v2/quay.io/org/tool/blobs/$other"
	is 404 BLOB_UNKNOWN
	# a layer is no manifest
	get "/v2/library/alpine/manifests/$(layout_blob "$dir" "layer of one")"
	is 404 MANIFEST_UNKNOWN
}

@test "what is not there: 404 with the code that clients look for" {
	small_mirror
	serve_start "$dir"
	none=sha256:$(printf '%064d' 0)
	while read -r path code error; do
		get "$path"
		is "$code" "$error"
		has "Content-Type: application/json"
	done <<-END
		/v2/library/alpine/manifests/9                   404 MANIFEST_UNKNOWN
		/v2/library/alpine/manifests/.INVALID            404 MANIFEST_UNKNOWN
		/v2/library/alpine/manifests/$none               404 MANIFEST_UNKNOWN
		/v2/library/alpine/manifests/                    404 MANIFEST_UNKNOWN
		/v2/library/alpine/manifests/sha256:totallywrong 400 DIGEST_INVALID
		/v2/library/alpine/blobs/$none                   404 BLOB_UNKNOWN
		/v2/library/alpine/blobs/sha256:totallywrong     400 DIGEST_INVALID
		/v2/library/alpine/blobs/latest                  400 DIGEST_INVALID
		/v2/library/alpine/referrers/sha256:wrong        400 DIGEST_INVALID
		/v2/library/alpine/referrers/3.19                400 DIGEST_INVALID
		/v2/library/none/manifests/1                     404 NAME_UNKNOWN
		/v2/library/none/blobs/$none                     404 NAME_UNKNOWN
		/v2/library/none/tags/list                       404 NAME_UNKNOWN
		/v2/library/none/referrers/$none                 404 NAME_UNKNOWN
		/v2/Library/alpine/manifests/3.19                404 NAME_INVALID
		/v2/library/../alpine/manifests/3.19             404 NAME_INVALID
		/v2/../../etc/passwd                             404 UNSUPPORTED
		/v2/library/%2e%2e/alpine/manifests/3.19         404 NAME_INVALID
		/v2/library/alpine/manifests/3.19%00             400 UNSUPPORTED
		/v2/library/alpine/manifests/%3                  400 UNSUPPORTED
		/v2/library/alpine                               404 UNSUPPORTED
		/v2/library/alpine/tags                          404 UNSUPPORTED
		/v1/_ping                                        404 UNSUPPORTED
		/v1/search?n=25&q=alpine                         404 UNSUPPORTED
	END
}

@test "writes are refused with 405, never with 404" {
	small_mirror
	serve_start "$dir"
	for method in POST PUT PATCH DELETE; do
		for path in /v2/ /v2/library/alpine/manifests/new \
			/v2/library/alpine/blobs/uploads/ \
			"/v2/library/alpine/blobs/$one"; do
			get "$path" -X $method
			is 405 UNSUPPORTED
			has "Allow: GET, HEAD, OPTIONS"
		done
	done
}

@test "whatever Accept and Accept-Encoding say, the stored bytes come" {
	small_mirror
	serve_start "$dir"
	for accept in '*/*' application/json "$DOCKER_MANIFEST" 'text/html;q=0.1' ''; do
		get /v2/library/alpine/manifests/3.19 -H "Accept: $accept" -H \
			'Accept-Encoding: zstd;q=1.0, gzip;q=0.8, deflate;q=0.5'
		is 200
		has "Content-Type: $OCI_MANIFEST"
		has_no Content-Encoding
		cmp "$body" "$(layout_file "$dir" "$one")"
	done
}

# ---- media types ----

@test "a manifest's type: what it says, else what its entry says, else what it looks like" {
	layout_new "$dir"
	docker=$(layout_untagged "$dir" docker "$DOCKER_MANIFEST")
	silent=$(layout_blob "$dir" \
		'{"schemaVersion":2,"config":{"mediaType":"a/b","digest":"sha256:'"$(printf '%064d' 0)"'","size":1},"layers":[]}')
	list=$(layout_blob "$dir" '{"schemaVersion":2,"manifests":[]}')
	strange=$(layout_blob "$dir" '{"x":1}')
	layout_entry "$dir" a.io/a:docker "$docker" "$OCI_MANIFEST"
	layout_entry "$dir" a.io/b:silent "$silent" "$DOCKER_MANIFEST"
	layout_entry "$dir" a.io/c:silent "$list" ""
	layout_entry "$dir" a.io/d:strange "$strange" "application/x.thing+json; charset=utf-8"
	layout_entry "$dir" a.io/e:rubbish "$(layout_blob "$dir" rubbish)" 'a/b\r\nX-Evil: 1'
	layout_publish "$dir"
	serve_start "$dir"
	get /v2/a.io/a/manifests/docker
	has "Content-Type: $DOCKER_MANIFEST"
	get /v2/a.io/b/manifests/silent
	has "Content-Type: $DOCKER_MANIFEST"
	get /v2/a.io/c/manifests/silent
	has "Content-Type: $OCI_INDEX"
	get /v2/a.io/d/manifests/strange
	has "Content-Type: application/x.thing+json"
	get /v2/a.io/e/manifests/rubbish
	is 200
	has "Content-Type: application/octet-stream"
	has_no X-Evil
}

# ---- conditions and ranges ----

@test "If-None-Match: 304 without a body" {
	small_mirror
	serve_start "$dir"
	layer=$(layout_blob "$dir" "layer of one")
	get "/v2/library/alpine/manifests/3.19" -H "If-None-Match: \"$one\""
	is 304
	has "ETag: \"$one\""
	has "Docker-Content-Digest: $one"
	has_no Content-Length
	for tag in "W/\"$one\"" "$one" '*' "\"a\", \"$one\""; do
		get "/v2/library/alpine/manifests/3.19" -H "If-None-Match: $tag"
		is 304
	done
	get "/v2/library/alpine/blobs/$layer" -H "If-None-Match: \"$layer\"" -H 'Range: bytes=0-1'
	is 304
	get "/v2/library/alpine/manifests/3.19" -H "If-None-Match: \"$two\""
	is 200
	get "/v2/library/alpine/manifests/3.19" -H "If-Match: \"$two\""
	is 412
}

@test "ranges of a blob" {
	small_mirror
	layer=$(head -c 2048 /dev/urandom | layout_blob "$dir")
	image=$(layout_blob "$dir" \
		"{\"schemaVersion\":2,\"config\":$(layout_desc "$dir" "$one" a/b),\"layers\":[$(layout_desc "$dir" "$layer" a/b)]}")
	layout_entry "$dir" docker.io/library/big:1 "$image"
	layout_publish "$dir"
	serve_start "$dir"
	while read -r range from to; do
		get "/v2/library/big/blobs/$layer" -H "Range: bytes=$range"
		is 206
		has "Content-Range: bytes $from-$to/2048"
		has "Content-Length: $((to - from + 1))"
		has "Docker-Content-Digest: $layer"
		tail -c +$((from + 1)) "$(layout_file "$dir" "$layer")" \
			| head -c $((to - from + 1)) | cmp - "$body"
	done <<-END
		500-1499  500  1499
		500-      500  2047
		-500      1548 2047
		2000-5000 2000 2047
		0-0       0    0
		0-        0    2047
	END
	for range in 500-0 5000-10000 2048- -0; do
		get "/v2/library/big/blobs/$layer" -H "Range: bytes=$range"
		is 416 RANGE_INVALID
		has "Content-Range: bytes */2048"
	done
	# another unit, what is no range, or a HEAD: everything
	for range in lines=1-2 bytes=0-1,x bytes=0-1,9-5; do
		get "/v2/library/big/blobs/$layer" -H "Range: $range"
		is 200
		cmp "$body" "$(layout_file "$dir" "$layer")"
	done
	get "/v2/library/big/blobs/$layer" -I -H "Range: bytes=0-1"
	is 200
	# a manifest has none, but as a blob it does
	get "/v2/library/big/manifests/1" -H "Range: bytes=0-1"
	is 200
	get "/v2/library/big/blobs/$image" -H "Range: bytes=0-0"
	is 206
	[ "$(cat "$body")" = "{" ]
}

# A blob of 8 bytes a line, its line number; `$layer`, in docker.io/library/big:1.
mirror_of_lines() {
	small_mirror
	layer=$(awk -v n="$1" 'BEGIN { for (i = 0; i < n; i++) printf "%07d\n", i }' \
		| layout_blob "$dir")
	size=$(layout_size "$dir" "$layer")
	layout_entry "$dir" docker.io/library/big:1 "$(layout_blob "$dir" \
		"{\"schemaVersion\":2,\"config\":$(layout_desc "$dir" "$one" a/b),\"layers\":[$(layout_desc "$dir" "$layer" a/b)]}")"
	layout_publish "$dir"
}

# Ranges on stdin, "FIRST LAST" each: the body that answers them, with the bytes from the blob.
body_of_parts() {
	local first last line=''
	while read -r first last; do
		printf '%b--%s\r\nContent-Type: application/octet-stream\r\n' "$line" \
			"${layer#*:}"
		printf 'Content-Range: bytes %s-%s/%s\r\n\r\n' "$first" "$last" "$size"
		tail -c +$((first + 1)) "$(layout_file "$dir" "$layer")" 2>/dev/null \
			| head -c $((last - first + 1))
		line='\r\n'
	done
	printf '\r\n--%s--\r\n' "${layer#*:}"
}

@test "several ranges of a blob: a part for each, in the order asked" {
	mirror_of_lines 256
	serve_start "$dir"
	while read -r ranges parts; do
		get "/v2/library/big/blobs/$layer" -H "Range: bytes=$ranges"
		is 206
		has "Content-Type: multipart/byteranges; boundary=${layer#*:}"
		has "Docker-Content-Digest: $layer"
		has_no Content-Range
		tr , '\n' <<<"$parts" | tr - ' ' | body_of_parts >"$BATS_TEST_TMPDIR/want"
		cmp "$body" "$BATS_TEST_TMPDIR/want"
		has "Content-Length: $(stat -c %s "$BATS_TEST_TMPDIR/want")"
	done <<-END
		0-1,4-5               0-1,4-5
		1000-1009,0-9         1000-1009,0-9
		0-9,10-19,20-29       0-9,10-19,20-29
		5-6,5-6               5-6,5-6
		2040-,-3,0-0          2040-2047,2045-2047,0-0
		0-1,5000-6000,2040-   0-1,2040-2047
		5000-,7-7             7-7
		0-1023,1024-2047      0-1023,1024-2047
	END
	# none of them is there
	get "/v2/library/big/blobs/$layer" -H "Range: bytes=2048-2049,5000-"
	is 416 RANGE_INVALID
	has "Content-Range: bytes */2048"
	# together they ask for more than there is
	for ranges in 0-,0- 0-1024,1024- -2000,-2000; do
		get "/v2/library/big/blobs/$layer" -H "Range: bytes=$ranges"
		is 200
		cmp "$body" "$(layout_file "$dir" "$layer")"
	done
	get "/v2/library/big/blobs/$layer" -I -H "Range: bytes=0-1,4-5"
	is 200
	has "Content-Length: 2048"
	get "/v2/library/big/blobs/$layer" -H "Range: bytes=0-1,4-5" -H "If-Range: \"$one\""
	is 200
}

@test "a thousand ranges, and one more than that" {
	mirror_of_lines 5000
	serve_start "$dir"
	# podman asks for 1,024 at most: every fourth line, the last first
	awk -v n=1024 'BEGIN { printf "Range: bytes="
		for (i = n; i; i--) printf "%s%d-%d", i < n ? "," : "", 32 * i, 32 * i + 7 }' \
		>"$BATS_TEST_TMPDIR/field"
	get "/v2/library/big/blobs/$layer" -H "@$BATS_TEST_TMPDIR/field"
	is 206
	[ "$(grep -ac ^Content-Range "$body")" = 1024 ]
	grep -a '^[0-9]' "$body" | tr -d '\r' >"$BATS_TEST_TMPDIR/lines"
	awk 'BEGIN { for (i = 1024; i; i--) printf "%07d\n", 4 * i }' \
		| cmp - "$BATS_TEST_TMPDIR/lines"
	has "Content-Length: $(stat -c %s "$body")"
	printf ',0-0' >>"$BATS_TEST_TMPDIR/field"
	get "/v2/library/big/blobs/$layer" -H "@$BATS_TEST_TMPDIR/field"
	is 200
	cmp "$body" "$(layout_file "$dir" "$layer")"
}

@test "several ranges that are longer than a socket's buffers, and a request behind them" {
	mirror_of_lines 3000000
	serve_start --access-log "$BATS_TEST_TMPDIR/log" "$dir"
	curl -sS -o "$body" -H 'Range: bytes=12000000-23999999,0-0,1000000-9999999' \
		"$url/v2/library/big/blobs/$layer" \
		--next -sS -o "$BATS_TEST_TMPDIR/second" "$url/v2/"
	printf '%s\n' '12000000 23999999' '0 0' '1000000 9999999' | body_of_parts | cmp - "$body"
	[ "$(cat "$BATS_TEST_TMPDIR/second")" = "{}" ]
	log_has "$BATS_TEST_TMPDIR/log" "\" 206 $(stat -c %s "$body") "
	# a client that leaves in the middle
	connect early
	printf 'GET /v2/library/big/blobs/%s HTTP/1.1\r\nHost: m\r\nRange: bytes=0-1,9-22000000\r\n\r\n' \
		"$layer" >&"$early"
	read -r -u "$early" line
	[[ $line == "HTTP/1.1 206"* ]]
	exec {early}>&-
	get /v2/
	is 200
}

@test "If-Range: a part of the same content, else all of it" {
	small_mirror
	layer=$(layout_blob "$dir" "layer of one")
	serve_start "$dir"
	get "/v2/library/alpine/blobs/$layer" -H 'Range: bytes=6-' -H "If-Range: \"$layer\""
	is 206
	[ "$(cat "$body")" = "of one" ]
	for tag in "\"$one\"" "W/\"$layer\"" "Fri, 20 Nov 2026 08:15:00 GMT"; do
		get "/v2/library/alpine/blobs/$layer" -H 'Range: bytes=6-' -H "If-Range: $tag"
		is 200
	done
}

@test "an empty blob is whole" {
	small_mirror
	layer=$(layout_blob "$dir" </dev/null)
	image=$(layout_blob "$dir" \
		"{\"schemaVersion\":2,\"config\":$(layout_desc "$dir" "$one" a/b),\"layers\":[$(layout_desc "$dir" "$layer" a/b)]}")
	layout_entry "$dir" docker.io/library/nothing:1 "$image"
	layout_publish "$dir"
	serve_start "$dir"
	get "/v2/library/nothing/blobs/$layer"
	is 200
	has "Content-Length: 0"
	get "/v2/library/nothing/blobs/$layer" -H 'Range: bytes=0-'
	is 416
}

# ---- blobs that are not as they should be ----

@test "a blob of another size is an error before the first byte" {
	small_mirror
	layer=$(layout_blob "$dir" "layer of one")
	file=$(layout_file "$dir" "$layer")
	serve_start "$dir"
	printf short >"$file"
	get "/v2/library/alpine/blobs/$layer"
	is 500 UNKNOWN
	get "/v2/library/alpine/blobs/$layer" -I
	[ "$code" = 500 ]
	await "$layer is not a readable file of 12 bytes"
	printf 'layer of one and more' >"$file"
	get "/v2/library/alpine/blobs/$layer"
	is 500 UNKNOWN
	rm "$file"
	get "/v2/library/alpine/blobs/$layer"
	is 404 BLOB_UNKNOWN
	mkdir "$file"
	get "/v2/library/alpine/blobs/$layer"
	is 500 UNKNOWN
}

@test "a link in a blob's place is not followed, and a FIFO holds nobody up" {
	small_mirror
	layer=$(layout_blob "$dir" "layer of one")
	file=$(layout_file "$dir" "$layer")
	serve_start "$dir"
	printf 'secret here!' >"$dir/secret"
	ln -sf ../../secret "$file"
	get "/v2/library/alpine/blobs/$layer"
	is 500 UNKNOWN
	rm "$file" && mkfifo "$file"
	get "/v2/library/alpine/blobs/$layer"
	is 500 UNKNOWN
}

@test "of two descriptors that give two sizes for one blob, the file knows which is right" {
	layout_new "$dir"
	layer=$(layout_blob "$dir" "twelve bytes")
	for size in 11 12 13; do
		image=$(layout_blob "$dir" \
			"{\"schemaVersion\":2,\"config\":{\"mediaType\":\"a/b\",\"digest\":\"$layer\",\"size\":$size},\"layers\":[]}")
		layout_entry "$dir" "a.io/a:$size" "$image"
	done
	layout_publish "$dir"
	serve_start "$dir"
	get "/v2/a.io/a/blobs/$layer"
	is 200
	[ "$(cat "$body")" = "twelve bytes" ]
}

@test "a manifest that is missing or damaged is not served, said once; the others are" {
	small_mirror
	rm "$(layout_file "$dir" "$one")"
	tr '[:lower:]' '[:upper:]' <"$(layout_file "$dir" "$both")" >"$dir/x" \
		&& mv "$dir/x" "$(layout_file "$dir" "$both")"
	serve_start "$dir"
	await 'manifest is missing or damaged: 2, the first is "docker.io/library/alpine:3.19"'
	get /v2/library/alpine/manifests/3.19
	is 404 MANIFEST_UNKNOWN
	get /v2/library/alpine/manifests/3.20
	is 500
	get /v2/quay.io/org/tool/manifests/1
	is 200
}

@test "a manifest that is altered while it is served: 500, until it is mended; from memory or not" {
	local file
	small_mirror
	file=$(layout_file "$dir" "$one")
	serve_start "$dir"
	cp "$file" "$dir/kept"
	tr '[:lower:]' '[:upper:]' <"$dir/kept" >"$dir/x" && mv "$dir/x" "$file"
	for path in 3.19 "$one"; do
		get "/v2/library/alpine/manifests/$path"
		is 500
		get "/v2/library/alpine/manifests/$path" -I
		[ "$code" -eq 500 ]
	done
	await "$one has other content than its digest says"
	mv "$dir/kept" "$file"
	get /v2/library/alpine/manifests/3.19
	is 200
	# now it is in memory, and checked
	tr '[:lower:]' '[:upper:]' <"$file" >"$dir/x" && mv "$dir/x" "$file"
	get /v2/library/alpine/manifests/3.19
	is 200
	[ "sha256:$(sha256sum <"$body" | cut -d' ' -f1)" = "$one" ]
}

@test "a sparse index is served, and its missing children are 404" {
	small_mirror
	rm "$(layout_file "$dir" "$one")"
	serve_start "$dir"
	get /v2/library/alpine/manifests/3.20
	is 200
	get "/v2/library/alpine/manifests/$one"
	is 404 MANIFEST_UNKNOWN
	get "/v2/library/alpine/blobs/$one"
	is 404 BLOB_UNKNOWN
	get "/v2/library/alpine/manifests/$two"
	is 200
}

@test "sha512" {
	layout_new "$dir"
	printf 'sixty-four times eight' >"$dir/layer"
	layer=sha512:$(sha512sum <"$dir/layer" | cut -d' ' -f1)
	mv "$dir/layer" "$(layout_file "$dir" "$layer")"
	printf '{"schemaVersion":2,"config":%s,"layers":[]}' "$(layout_desc "$dir" "$layer" a/b)" \
		>"$dir/image"
	image=sha512:$(sha512sum <"$dir/image" | cut -d' ' -f1)
	mv "$dir/image" "$(layout_file "$dir" "$image")"
	layout_entry "$dir" a.io/a:1 "$image"
	layout_publish "$dir"
	serve_start "$dir"
	get /v2/a.io/a/manifests/1
	is 200
	has "Docker-Content-Digest: $image"
	get "/v2/a.io/a/blobs/$layer"
	is 200
	has "ETag: \"$layer\""
}
