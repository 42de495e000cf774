#!/usr/bin/env bats
# mirror-sync --trace: every request and answer of a run, without a secret.
bats_require_minimum_version 1.5.0

setup() {
	load ../lib/sync
	world
}

teardown() {
	stop_all
}

# A registry that wants a token, redirects to storage with a signed URL, and repeats all the secrets
# it gets: each of them contains the word PLANTED. The storage fails once.
secretive() {
	local config='{"architecture":"amd64","os":"linux"}'
	cat >"$BATS_TEST_TMPDIR/fake.txt" <<-END
		content config $config
		content layer PLANTED, but a layer's own
		content root {"schemaVersion":2,"config":{"mediaType":"application/vnd.oci.image.config.v1+json","digest":"{digest config}","size":{size config}},"layers":[{"mediaType":"application/vnd.oci.image.layer.v1.tar","digest":"{digest layer}","size":{size layer}}]}

		request HEAD /v2/app/manifests/1
			without Authorization
		reply 401 Unauthorized
			WWW-Authenticate: Bearer realm="http://{A}/token",service="us",access_token="PLANTED"
			text {"errors":[{"message":"PLANTED"}]}

		request GET /token?service=us&scope=repository%3Aapp%3Apull&account=joe always
		reply 200 OK
			Set-Cookie: session=PLANTED
			text {"token":"xPLANTEDx"}

		request HEAD /v2/app/manifests/1
			with Authorization: Bearer xPLANTEDx
		reply 200 OK
			Warning: 299 - "Bearer xPLANTEDx of joe, hPLANTEDh, is known"
			Docker-Content-Digest: {digest root}
			body root

		request GET /v2/app/manifests/{digest root} always
		reply 200 OK
			Server: xPLANTEDx
			Set-Cookie: session=PLANTED
			body root

		request GET /v2/app/blobs/{digest config} always
		reply 200 OK
			body config

		request GET /v2/app/blobs/{digest layer} always
		reply 307 Temporary Redirect
			Location: http://{B}/blob?X-Amz-Signature=PLANTED&verify=PLANTED

		request B GET /blob?X-Amz-Signature=PLANTED&verify=PLANTED
		reply 503 Slow Down
			text <Error>PLANTED</Error>
		request B GET /blob?X-Amz-Signature=PLANTED&verify=PLANTED
		reply 200 OK
			body layer
	END
	misbehave
	conf "image * referrers=no" "registry odd.example endpoint=http://$fake_at"
	list odd.example/app:1
	export DOCKER_AUTH_CONFIG
	DOCKER_AUTH_CONFIG=$(jq -nc --arg at "$fake_at" --arg auth "$(printf joe:hPLANTEDh | base64)" \
		'{auths: {($at): {auth: $auth}}}')
}

@test "requests, tokens, redirects and tries stand in the file; secrets do not" {
	secretive
	run -0 --separate-stderr sync --trace trace.txt
	[ "$(published odd.example/app:1)" != "" ]
	[ "$(stat -c %a trace.txt)" = 600 ]
	run -1 grep -e PLANTED -e UExBT -e am9l trace.txt
	first() { grep -m 1 -F -e " $1" trace.txt; }
	[[ $(first "HEAD http://$fake_at/v2/app/manifests/1") == *" status=401 bytes="*" attempt=1" ]]
	[[ $(first "GET http://$fake_at/token?service=us&scope=repository%3Aapp%3Apull&account=...") == *" status=200 "*" auth=Basic" ]]
	grep -F " HEAD http://$fake_at/v2/app/manifests/1 status=200 " trace.txt | grep -q 'auth=Bearer$'
	[[ $(first "GET http://$fake_b/blob?X-Amz-Signature=...&verify=...") == *" status=503 bytes="* ]]
	grep -F " GET http://$fake_b/blob" trace.txt | grep -q ' status=200 bytes=[1-9].* attempt=2$'
	grep -qxF "	Location: http://$fake_b/blob?X-Amz-Signature=...&verify=..." trace.txt
	grep -q '^	Warning: 299 - "Bearer \.\.\.' trace.txt
	# a line of each request that the registry got
	[ "$(grep -c '^[0-9].* status=' trace.txt)" -eq "$(grep -c . fake.log)" ]
}

@test "a failure stands there with its reason" {
	list up.example/team/none:1
	conf "registry gone.example endpoint=http://127.0.0.1:1"
	list gone.example/app:1
	run -2 --separate-stderr sync --trace trace.txt
	grep -q '^[0-9].* GET\|HEAD http://127.0.0.1:1/v2/app/manifests/1 status=0 bytes=0 ms=[0-9]* attempt=1$' trace.txt
	grep -q '^	error: .*onnect' trace.txt
}

@test "a file that cannot be written is 1, before anything is done" {
	layout_image "$up" docker.io/team/app:1 one
	list up.example/team/app:1
	for file in none/trace.txt - "$BATS_TEST_TMPDIR"; do
		run -1 --separate-stderr sync --trace "$file"
		[[ $stderr == "mirror-sync: --trace: "* ]]
		[ "${#stderr_lines[@]}" -eq 1 ]
		[ ! -e "$mirror" ]
		[ "$(requests HEAD)" -eq 0 ]
	done
}

@test "one that fills up is told once, and the run goes on" {
	layout_image "$up" docker.io/team/app:1 one
	list up.example/team/app:1
	run -0 --separate-stderr sync --trace /dev/full
	[ "${#stderr_lines[@]}" -eq 1 ]
	[[ $stderr == "mirror-sync: warning: --trace: cannot write to \"/dev/full\": No space left"* ]]
	[ "$(published up.example/team/app:1)" != "" ]
}

@test "an older file is replaced, and read by nobody else" {
	layout_image "$up" docker.io/team/app:1 one
	list up.example/team/app:1
	echo "what stood there" >trace.txt
	chmod 644 trace.txt
	run -0 sync --dry-run --trace trace.txt || [ "$status" -eq 32 ]
	[ "$(stat -c %a trace.txt)" = 600 ]
	run -1 grep -q "what stood there" trace.txt
	grep -q " HEAD $upstream_url/v2/team/app/manifests/1 status=200 " trace.txt
}

@test "the mirror-serve of --against is traced, too" {
	layout_image "$up" docker.io/team/app:1 one
	list up.example/team/app:1
	run sync --dry-run --against "$upstream_url" --trace trace.txt
	grep -q " GET $upstream_url/v2/_ocimirror/index.json status=200 " trace.txt
}

@test "neither a trace nor a report goes into the mirror, nor both to one file" {
	sync
	cp "$mirror/index.json" before
	ln -s "$mirror" elsewhere
	for option in --report --trace; do
		for dir in "$mirror" elsewhere "$mirror/blobs/.."; do
			run -1 sync "$option" "$dir/index.json"
			[[ $output == *"$option: \"$dir/index.json\" is within the mirror"* ]]
			cmp before "$mirror/index.json"
		done
	done
	run -1 sync --report x.json --trace ./x.json
	[[ $output == *"--report and --trace name one file"* ]]
	[ ! -e x.json ]
}

@test "a trace follows no link" {
	echo kept >target
	ln -s target trace.txt
	run -1 sync --trace trace.txt
	[[ $output == *"is a symbolic link"* && $(cat target) == kept ]]
}
