#!/usr/bin/env bats
# mirror-serve: which repository a name means, what lists hold, and referrers.

bats_require_minimum_version 1.5.0

setup() {
	load ../lib/ask
	dir=$BATS_TEST_TMPDIR/mirror
}

teardown() {
	stop_all
}

# Five registries with an image each, two of them by the same path.
mirror_of_five() {
	layout_new "$dir"
	for host in docker.io/library/alpine quay.io/org/tool docker.io/org/tool \
		registry.corp:5000/team/app plain.corp:80/team/app; do
		layout_entry "$dir" "$host:1" "$(layout_untagged "$dir" "$host")"
	done
	layout_publish "$dir"
}

# digest_of WORD: of the image made with layout_untagged for it.
digest_of() {
	layout_untagged "$dir" "$1"
}

# ---- names ----

@test "one image by all its names" {
	mirror_of_five
	serve_start "$dir"
	want=$(digest_of docker.io/library/alpine)
	for name in alpine library/alpine docker.io/library/alpine docker.io/alpine \
		index.docker.io/library/alpine 'library%2Falpine'; do
		get "/v2/$name/manifests/1"
		is 200
		has "Docker-Content-Digest: $want"
		has_no OCI-Namespace
	done
	get /v2/alpine/tags/list
	[ "$(cat "$body")" = '{"name":"alpine","tags":["1"]}' ]
}

# ns_of TARGET: the namespace that its ns= names, as replies write it.
ns_of() {
	local ns=${1##*ns=}
	ns=${ns//%3A/:}
	ns=${ns,,}
	case $ns in index.docker.io | registry-1.docker.io) ns=docker.io ;; esac
	echo "$ns"
}

@test "ns= chooses the registry, and never gives another's" {
	mirror_of_five
	serve_start "$dir"
	while read -r target word; do
		get "/v2/$target"
		if [ "$word" = none ]; then
			is 404 NAME_UNKNOWN
		else
			is 200
			has "Docker-Content-Digest: $(digest_of "$word")"
			[ "$(sed -n 's/^OCI-Namespace: //p' "$head")" = "$(ns_of "$target")" ]
		fi
	done <<-END
		org/tool/manifests/1?ns=quay.io                                quay.io/org/tool
		org/tool/manifests/1?ns=docker.io                              docker.io/org/tool
		org/tool/manifests/1?ns=Docker.IO                              docker.io/org/tool
		org/tool/manifests/1?ns=registry-1.docker.io                   docker.io/org/tool
		org/tool/manifests/1?ns=ghcr.io                                none
		org/tool/manifests/1?ns=quay.io:443                            quay.io/org/tool
		org/tool/manifests/1?ns=QUAY.IO%3A443                          quay.io/org/tool
		org/tool/manifests/1?ns=quay.io:80                             quay.io/org/tool
		alpine/manifests/1?ns=index.docker.io:443                      docker.io/library/alpine
		org/tool/manifests/1?ns=quay.io:8443                           none
		library/alpine/manifests/1?ns=quay.io:443                      none
		team/app/manifests/1?ns=plain.corp:80                          plain.corp:80/team/app
		team/app/manifests/1?ns=plain.corp                             none
		quay.io/org/tool/manifests/1?ns=quay.io                        quay.io/org/tool
		quay.io/org/tool/manifests/1?ns=docker.io                      none
		library/alpine/manifests/1?ns=quay.io                          none
		docker.io/library/alpine/manifests/1?ns=quay.io                none
		alpine/manifests/1?ns=docker.io                                docker.io/library/alpine
		alpine/manifests/1?ns=quay.io                                  none
		docker.io/library/alpine/manifests/1?ns=docker.io              docker.io/library/alpine
		team/app/manifests/1?ns=registry.corp:5000                     registry.corp:5000/team/app
		team/app/manifests/1?ns=registry.corp%3A5000                   registry.corp:5000/team/app
		registry.corp_5000/team/app/manifests/1?ns=registry.corp:5000  registry.corp:5000/team/app
		team/app/manifests/1?ns=registry.corp                          none
		alpine/manifests/1?ns=docker.io/library                        none
	END
	get '/v2/org/tool/manifests/1?ns='
	is 200
	has "Docker-Content-Digest: $(digest_of docker.io/org/tool)"
}

@test "a Host that names an upstream of this mirror is a namespace" {
	mirror_of_five
	serve_start "$dir"
	for host in quay.io QUAY.io quay.io:443 quay.io:80; do
		get /v2/org/tool/manifests/1 -H "Host: $host"
		is 200
		has "Docker-Content-Digest: $(digest_of quay.io/org/tool)"
		has "OCI-Namespace: quay.io"
	done
	get /v2/team/app/manifests/1 -H "Host: registry.corp:5000"
	has "Docker-Content-Digest: $(digest_of registry.corp:5000/team/app)"
	get /v2/team/app/manifests/1 -H "Host: plain.corp:80"
	has "Docker-Content-Digest: $(digest_of plain.corp:80/team/app)"
	get /v2/library/alpine/manifests/1 -H "Host: quay.io"
	is 404 NAME_UNKNOWN
	get /v2/library/alpine/manifests/1 -H "Host: registry-1.docker.io"
	is 200
	# ns= says more than Host; a host that is no upstream says nothing
	get '/v2/org/tool/manifests/1?ns=docker.io' -H "Host: quay.io"
	has "Docker-Content-Digest: $(digest_of docker.io/org/tool)"
	get /v2/library/alpine/manifests/1 -H "Host: mirror.example:5000"
	is 200
}

@test "a registry with a port is found as host_port" {
	mirror_of_five
	serve_start "$dir"
	get /v2/registry.corp_5000/team/app/manifests/1
	is 200
	get /v2/registry.corp:5000/team/app/manifests/1
	is 200
	get /v2/registry.corp_5000/team/app/tags/list
	[ "$(cat "$body")" = '{"name":"registry.corp_5000/team/app","tags":["1"]}' ]
}

@test "--default-registry" {
	mirror_of_five
	serve_start --default-registry quay.io "$dir"
	get /v2/org/tool/manifests/1
	has "Docker-Content-Digest: $(digest_of quay.io/org/tool)"
	get /v2/alpine/manifests/1
	is 404 NAME_UNKNOWN
	get /v2/docker.io/library/alpine/manifests/1
	is 200
}

@test "a 404 says which names were tried" {
	mirror_of_five
	serve_start "$dir"
	get /v2/nginx/manifests/1
	grep -qF 'tried nginx, docker.io/nginx, docker.io/library/nginx"' "$body"
	get '/v2/nginx/manifests/1?ns=quay.io'
	grep -qF 'tried quay.io/nginx"' "$body"
	get /v2/alpine/manifests/9
	grep -qF 'docker.io/library/alpine has no manifest \"9\"' "$body"
}

# ---- lists ----

@test "tags/list: sorted, in pages" {
	layout_new "$dir"
	d=$(layout_untagged "$dir" x)
	for tag in test0 test2 test10 test1 Upper; do layout_entry "$dir" "docker.io/a/b:$tag" \
		"$d"; done
	layout_entry "$dir" "docker.io/a/b@$d" "$d"
	layout_entry "$dir" "docker.io/a/none@$d" "$d"
	layout_publish "$dir"
	serve_start "$dir"
	while read -r target list next; do
		get "/v2/$target"
		is 200
		has "Content-Type: application/json"
		[ "$(cat "$body")" = "{\"name\":\"${target%%/tags*}\",\"tags\":[$list]}" ]
		if [ -n "$next" ]; then has "Link: <$next>; rel=\"next\""; else has_no Link; fi
	done <<-END
		a/b/tags/list                    "Upper","test0","test1","test10","test2"
		a/b/tags/list?n=2                "Upper","test0"                              /v2/a/b/tags/list?n=2&last=test0
		a/b/tags/list?n=2&last=test0     "test1","test10"                             /v2/a/b/tags/list?n=2&last=test10
		a/b/tags/list?n=2&last=test10    "test2"
		a/b/tags/list?n=5                "Upper","test0","test1","test10","test2"
		a/b/tags/list?last=test11        "test2"
		a/b/tags/list?last=zzz
		a/b/tags/list?n=0
		a/none/tags/list
	END
	get '/v2/a/b/tags/list?n=-1'
	is 400 PAGINATION_NUMBER_INVALID
	get '/v2/a/b/tags/list?n=x'
	is 400 PAGINATION_NUMBER_INVALID
	get "/v2/a/none/manifests/$d"
	is 200
	# following the links finds every tag once
	link='/v2/a/b/tags/list?n=2' found=
	while [ -n "$link" ]; do
		get "$link"
		found+=$(sed 's/.*\[\(.*\)\].*/\1/' "$body"),
		link=$(sed -n 's/^Link: <\(.*\)>.*/\1/p' "$head")
	done
	[ "$found" = '"Upper","test0","test1","test10","test2",' ]
}

@test "snapshots are pulled by name, and listed only with --list-snapshots" {
	layout_new "$dir"
	d=$(layout_untagged "$dir" old)
	layout_entry "$dir" docker.io/library/alpine:3.19 "$(layout_untagged "$dir" new)"
	layout_entry "$dir" docker.io/library/alpine:3.19.20261120 "$d" "$OCI_MANIFEST" \
		'"dev.ocimirror.snapshot-of":"docker.io/library/alpine:3.19"'
	layout_publish "$dir"
	serve_start "$dir"
	get /v2/alpine/manifests/3.19.20261120
	is 200
	has "Docker-Content-Digest: $d"
	get /v2/alpine/tags/list
	[ "$(cat "$body")" = '{"name":"alpine","tags":["3.19"]}' ]
	stop server
	serve_start --list-snapshots "$dir"
	get /v2/alpine/tags/list
	[ "$(cat "$body")" = '{"name":"alpine","tags":["3.19","3.19.20261120"]}' ]
}

@test "the catalogue: names that clients can write, in pages, by namespace" {
	mirror_of_five
	serve_start "$dir"
	get /v2/_catalog
	is 200
	[ "$(cat "$body")" = '{"repositories":["docker.io/library/alpine","docker.io/org/tool","plain.corp_80/team/app","quay.io/org/tool","registry.corp_5000/team/app"]}' ]
	get '/v2/_catalog?n=1&last=docker.io/library/alpine'
	[ "$(cat "$body")" = '{"repositories":["docker.io/org/tool"]}' ]
	has 'Link: </v2/_catalog?n=1&last=docker.io/org/tool>; rel="next"'
	get '/v2/_catalog?ns=docker.io'
	[ "$(cat "$body")" = '{"repositories":["library/alpine","org/tool"]}' ]
	get '/v2/_catalog?ns=Quay.io:443'
	[ "$(cat "$body")" = '{"repositories":["org/tool"]}' ]
	get '/v2/_catalog?ns=plain.corp:80'
	[ "$(cat "$body")" = '{"repositories":["team/app"]}' ]
	get '/v2/_catalog?n=x'
	is 400
	# what it names can be pulled
	get /v2/_catalog
	tr ',' '\n' <"$body" | sed 's/.*"\([^"]*\)"[]}]*$/\1/' >"$BATS_TEST_TMPDIR/names"
	while read -r name; do
		get "/v2/$name/manifests/1"
		is 200
	done <"$BATS_TEST_TMPDIR/names"
}

@test "an empty mirror has an empty catalogue" {
	layout_new "$dir"
	serve_start "$dir"
	get /v2/_catalog
	[ "$(cat "$body")" = '{"repositories":[]}' ]
	get /v2/alpine/manifests/latest
	is 404 NAME_UNKNOWN
}

@test "the index itself, for other mirrors" {
	mirror_of_five
	serve_start "$dir"
	get /v2/_ocimirror/index.json
	is 200
	cmp "$body" "$dir/index.json"
	digest=sha256:$(sha256sum <"$dir/index.json" | cut -d' ' -f1)
	has "Content-Type: $OCI_INDEX"
	has "ETag: \"$digest\""
	has "Cache-Control: no-cache"
	get /v2/_ocimirror/index.json -H "If-None-Match: \"$digest\""
	is 304
	get /v2/_ocimirror/index.json -I
	has "Content-Length: $(stat -c %s "$dir/index.json")"
	get /v2/_ocimirror/
	is 404
}

# ---- referrers ----

# A subject in docker.io/a/b with an SBOM and a signature that name it, and one more by its fallback
# tag.
mirror_with_referrers() {
	layout_new "$dir"
	subject=$(layout_untagged "$dir" subject)
	local about
	about=$(layout_desc "$dir" "$subject" "$OCI_MANIFEST")
	sbom=$(layout_untagged "$dir" sbom "$OCI_MANIFEST" \
		"\"artifactType\":\"application/spdx+json\",\"annotations\":{\"made\":\"today\"},\"subject\":$about")
	signature=$(layout_untagged "$dir" signature "$OCI_MANIFEST" "\"subject\":$about")
	old=$(layout_untagged "$dir" old)
	fallback=$(layout_blob "$dir" "{\"schemaVersion\":2,\"mediaType\":\"$OCI_INDEX\",\"manifests\":[$(
		layout_desc "$dir" "$old" "$OCI_MANIFEST" '"artifactType":"application/old","annotations":{"k":"v"}'
	),$(layout_desc "$dir" "$sbom" "$OCI_MANIFEST" '"artifactType":"application/spdx+json"')]}")
	layout_entry "$dir" docker.io/a/b:1 "$subject"
	layout_entry "$dir" "docker.io/a/b@$sbom" "$sbom"
	layout_entry "$dir" "docker.io/a/b@$signature" "$signature"
	layout_entry "$dir" "docker.io/a/b:${subject/:/-}" "$fallback" "$OCI_INDEX"
	layout_entry "$dir" docker.io/a/other:1 "$(layout_untagged "$dir" other)"
	layout_publish "$dir"
}

# The answer as digests with their types, sorted.
referrers() {
	jq -r '.manifests[] | "\(.digest) \(.artifactType)"' "$body" | sort
}

@test "referrers: by their subject field and by the fallback tag, each once" {
	command -v jq >/dev/null || skip "needs jq"
	mirror_with_referrers
	serve_start "$dir"
	get "/v2/a/b/referrers/$subject"
	is 200
	has "Content-Type: $OCI_INDEX"
	has_no OCI-Filters-Applied
	jq -e '.schemaVersion == 2 and .mediaType == "'"$OCI_INDEX"'"' "$body"
	[ "$(referrers)" = "$(sort <<-END
		$sbom application/spdx+json
		$signature application/vnd.oci.image.config.v1+json
		$old application/old
	END
	)" ]
	jq -e '.manifests[] | select(.digest == "'"$sbom"'") | .annotations.made == "today" and '\
'.size == '"$(layout_size "$dir" "$sbom")" "$body"
	jq -e '.manifests[] | select(.digest == "'"$old"'") | .annotations.k == "v"' "$body"
	# they are pulled like everything else
	for d in "$sbom" "$signature" "$old"; do
		get "/v2/a/b/manifests/$d"
		is 200
	done
}

@test "referrers of one type" {
	command -v jq >/dev/null || skip "needs jq"
	mirror_with_referrers
	serve_start "$dir"
	get "/v2/a/b/referrers/$subject?artifactType=application/spdx%2Bjson"
	has "OCI-Filters-Applied: artifactType"
	[ "$(referrers)" = "$sbom application/spdx+json" ]
	get "/v2/a/b/referrers/$subject?artifactType=application/old&artifactType=application/spdx+json"
	[ "$(referrers | wc -l)" = 2 ]
	get "/v2/a/b/referrers/$subject?artifactType=text/none"
	is 200
	[ -z "$(referrers)" ]
}

@test "referrers of what has none, or is not there: an empty index" {
	mirror_with_referrers
	serve_start "$dir"
	empty='{"schemaVersion":2,"mediaType":"application/vnd.oci.image.index.v1+json","manifests":[]}'
	for target in "a/b/referrers/$sbom" "a/b/referrers/sha256:$(printf '%064d' 0)" \
		"a/other/referrers/$subject" \
		"a/b/referrers/blake3:0123"; do
		get "/v2/$target"
		is 200
		has "Content-Type: $OCI_INDEX"
		[ "$(cat "$body")" = "$empty" ]
	done
	get "/v2/a/unknown/referrers/$subject"
	is 404 NAME_UNKNOWN
}

# mirror_with_referrers without its fallback tag.
mirror_without_fallback() {
	mirror_with_referrers
	layout_untag "$dir" "docker.io/a/b:${subject/:/-}"
}

@test "the fallback tag lists the referrers where no such tag is stored" {
	command -v jq >/dev/null || skip "needs jq"
	mirror_without_fallback
	serve_start "$dir"
	get "/v2/a/b/manifests/${subject/:/-}"
	is 200
	has "Content-Type: $OCI_INDEX"
	[ "$(referrers)" = "$(sort <<-END
		$sbom application/spdx+json
		$signature application/vnd.oci.image.config.v1+json
	END
	)" ]
	digest=sha256:$(sha256sum <"$body" | cut -d ' ' -f 1)
	has "Docker-Content-Digest: $digest"
	size=$(stat -c %s "$body")
	get "/v2/a/b/manifests/${subject/:/-}" -I
	is 200
	has "Docker-Content-Digest: $digest"
	has "Content-Length: $size"
	get "/v2/a/b/manifests/${subject/:/-}" -H "If-None-Match: \"$digest\""
	is 304
	# it is no tag of the repository
	get /v2/a/b/tags/list
	[ "$(cat "$body")" = '{"name":"a/b","tags":["1"]}' ]
}

@test "the fallback tag of what has no referrers is not there" {
	mirror_without_fallback
	serve_start "$dir"
	for tag in "${sbom/:/-}" "sha256-$(printf '%064d' 0)" sha256-12 "${subject/:/-}.sig" \
		"${subject/:/-}0"; do
		get "/v2/a/b/manifests/$tag"
		is 404 MANIFEST_UNKNOWN
	done
	get "/v2/a/other/manifests/${subject/:/-}"
	is 404 MANIFEST_UNKNOWN
}

@test "a fallback tag that is stored is answered as it is" {
	mirror_with_referrers
	serve_start "$dir"
	get "/v2/a/b/manifests/${subject/:/-}"
	is 200
	has "Docker-Content-Digest: $fallback"
}
