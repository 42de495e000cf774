#!/usr/bin/env bats
# mirror-sync and the proxy variables: they come from the environment, and each host is asked the
# way they say.
bats_require_minimum_version 1.5.0

setup() {
	load ../lib/sync
	unset http_proxy https_proxy no_proxy HTTP_PROXY HTTPS_PROXY NO_PROXY
	world
	layout_image "$up" docker.io/team/good:1 good
	cat >"$BATS_TEST_TMPDIR/fake.txt" <<-END
		content config {}
		content image {"schemaVersion":2,"mediaType":"$OCI_MANIFEST","config":{"mediaType":"x/config","digest":"{digest config}","size":2},"layers":[]}
		request HEAD http://far.example/v2/app/manifests/1
		reply 200 OK
			Docker-Content-Digest: {digest image}
		request GET http://far.example/v2/app/manifests/{digest image}
		reply 200 OK
			Content-Type: $OCI_MANIFEST
			body image
	END
	misbehave
	conf "registry far.example scheme=http"
	list "far.example/app:1 referrers=no" up.example/team/good:1
}

teardown() {
	stop_all
}

@test "HTTP_PROXY is asked for another host, and not for this machine" {
	HTTP_PROXY=http://$fake_at run -0 sync
	[[ $output == *"2 new"* ]]
	behaved
}

@test "http_proxy comes before HTTP_PROXY, and needs no scheme" {
	HTTP_PROXY=http://127.0.0.1:9 http_proxy=$fake_at run -0 sync
	behaved
}

@test "a password in the proxy's URL is shown nowhere" {
	stop_proxy
	HTTP_PROXY=http://user:pa55word@$fake_at run -2 sync far.example/app:1 --report r.json
	[[ $output == *"far.example/app:1"* && $output != *pa55word* ]]
	! grep -rq pa55word r.json "$mirror" || false
}

stop_proxy() {
	stop fake || true
}

@test "a proxy that is no URL is refused before anything is asked, in words without its password" {
	stop_proxy
	for proxy in http://bob:s3c/retPW@127.0.0.1:1 bob:s3cretPW@127.0.0.1:1x; do
		HTTP_PROXY=$proxy run -16 sync far.example/app:1 --report r.json
		[[ $output == *"HTTP_PROXY is not the URL of a proxy"*%2F* && $output != *s3c* ]]
		! grep -rqs s3c r.json "$mirror" || false
	done
}
