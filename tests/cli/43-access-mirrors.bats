#!/usr/bin/env bats
# mirror-serve with users: what other mirrors read, and what names and logs tell of private ones.

bats_require_minimum_version 1.5.0

setup() {
	load ../lib/ask
	load ../lib/access
	dir=$BATS_TEST_TMPDIR/mirror
}

teardown() {
	stop_all
}

# names NAME...: the last reply is an index of these, with the identity of the mirror's own.
names() {
	jq -e --arg want "$*" '[.manifests[].annotations["org.opencontainers.image.ref.name"]] | sort
		| join(" ") == $want' "$body" || { cat "$body" && return 1; }
	[ "$(jq -r '.annotations["dev.ocimirror.identity"]' "$body")" = \
		"sha256:$(sha256sum <"$dir/index.json" | cut -d ' ' -f 1)" ]
	[ "$(jq -r '.annotations["dev.ocimirror.generation"]' "$body")" = 7 ]
	has "Content-Length: $(stat -c %s "$body")"
}

@test "the index for other mirrors is what each may read, and its ETag says which view" {
	access_start
	local open=docker.io/library/alpine:3.19 app=docker.io/team/app:1 tool=quay.io/org/tool:1
	get /v2/_ocimirror/index.json
	names "$open"
	get /v2/_ocimirror/index.json -u ann:secret
	names "$open" "$app"
	tag=$(sed -n 's/^ETag: //p' "$head")
	[[ $tag == "\"sha256:$(sha256sum <"$dir/index.json" | cut -d ' ' -f 1)+"* ]]
	get /v2/_ocimirror/index.json -u bob:hunter2
	names "$open" "$tool"
	get /v2/_ocimirror/index.json -u ann:secret -H "If-None-Match: $tag"
	is 304
	get /v2/_ocimirror/index.json -u bob:hunter2 -H "If-None-Match: $tag"
	is 200
	get /v2/_ocimirror/index.json -H "If-None-Match: $tag"
	names "$open"
	get /v2/_ocimirror/index.json -u ann:secret -I
	has "ETag: $tag"
	printf 'team-a: ann\nteam-b: ann\n' >"$groups"
	kill -HUP "$server_pid"
	await 'read again: users: 2, groups: 2'
	get /v2/_ocimirror/index.json -u ann:secret -H "If-None-Match: $tag"
	names "$open" "$app" "$tool"
}

@test "an index of private entries alone is one for its members, and an empty one for others" {
	access_files
	layout_new "$dir"
	layout_entry "$dir" docker.io/team/app:1 "$(layout_untagged "$dir" a)" "$OCI_MANIFEST" \
		'"dev.ocimirror.private":"team-a"'
	layout_entry "$dir" docker.io/team/app:2 "$(layout_untagged "$dir" b)" "$OCI_MANIFEST" \
		'"dev.ocimirror.private":"team-a"'
	layout_publish "$dir" 7
	serve_start --htpasswd "$users" --groups "$groups" "$dir"
	get /v2/_ocimirror/index.json
	names
	get /v2/_ocimirror/index.json -u ann:secret
	names docker.io/team/app:1 docker.io/team/app:2
	get /v2/_ocimirror/index.json -u bob:hunter2
	names
}

@test "the index for other mirrors has no mail addresses" {
	access_files
	access_mirror
	author='"dev.ocimirror.author":"Ann Smith <ann@corp.example>"'
	layout_entry "$dir" docker.io/team/open:1 "$public" "$OCI_MANIFEST" "$author"
	layout_entry "$dir" docker.io/team/app:2 "$hidden" "$OCI_MANIFEST" \
		"\"dev.ocimirror.private\":\"team-a\",$author"
	layout_publish "$dir" 7
	serve_start --htpasswd "$users" --groups "$groups" "$dir"
	for login in '' ann:secret; do
		get /v2/_ocimirror/index.json ${login:+-u "$login"}
		run ! grep -e corp.example -e '@corp' "$body"
		grep -q '"dev.ocimirror.author":"Ann Smith"' "$body"
	done
}

@test "the access log has the user who was asked for" {
	for format in common combined json; do
		access_start --access-log "$BATS_TEST_TMPDIR/$format" --log-format "$format"
		get /v2/team/app/manifests/1 -u ann:secret
		get /v2/team/app/manifests/1 
		get /v2/team/app/manifests/1 -u ann:wrong
		stop server
	done
	for format in common combined; do
		[ "$(cut -d ' ' -f 3 "$BATS_TEST_TMPDIR/$format" | paste -sd ' ')" = "ann - -" ]
	done
	[ "$(jq -r .user "$BATS_TEST_TMPDIR/json" | paste -sd ' ')" = "ann null null" ]
}

@test "--no-catalog and --no-index: what they switch off looks as if there was no such thing" {
	access_start --no-catalog --no-index
	for path in /v2/_catalog /v2/_ocimirror/index.json /v2/_ocimirror/journal; do
		for login in '' ann:secret ann:wrong; do
			get "$path" ${login:+-u "$login"}
			is 404 UNSUPPORTED
			cp "$body" "$BATS_TEST_TMPDIR/off"
			get /v2/_ocimirror/none
			cmp "$body" "$BATS_TEST_TMPDIR/off"
		done
	done
	get /v2/library/alpine/manifests/3.19
	is 200
}

@test "a Host that only private images have leads there for their members alone" {
	access_start
	get /v2/org/tool/manifests/1 -u bob:hunter2 -H 'Host: quay.io'
	is 200
	has "OCI-Namespace: quay.io"
	get /v2/org/tool/manifests/1 -u bob:hunter2 -H 'Host: quay.io:443'
	is 200
	get /v2/org/tool/manifests/1 -u ann:secret -H 'Host: quay.io'
	is 404
	sed 's/quay.io/nowhere.io/g' "$body" >"$BATS_TEST_TMPDIR/want"
	get /v2/org/tool/manifests/1 -u ann:secret -H 'Host: nowhere.io'
	cmp "$body" "$BATS_TEST_TMPDIR/want"
	# who is no member finds what is public under that name as under any other
	for login in '' ann:secret ann:wrong; do
		get /v2/library/alpine/manifests/3.19 ${login:+-u "$login"} -H 'Host: quay.io'
		is 200
		has_no OCI-Namespace
	done
	get /v2/library/alpine/manifests/3.19 -u bob:hunter2 -H 'Host: quay.io'
	is 404
	get /v2/_catalog -u bob:hunter2 -H 'Host: quay.io'
	[ "$(jq -c .repositories "$body")" = '["org/tool"]' ]
}

# journal_line GENERATION REF [MEMBERS]
journal_line() {
	printf '{"generation":%d,"time":"2026-11-20T08:15:00Z"%s,"why":"sync","who":"Ann <ann@corp.example>"%s}\n' \
		"$1" "${2:+,\"ref\":\"$2\"}" "${3:-}" >>"$dir/.mirror/journal.jsonl"
}

# refs REF...: the last reply is a journal of these
refs() {
	is 200
	[ "$(jq -r '.ref // "-"' "$body" | paste -sd ' ')" = "$*" ] || { cat "$body" && return 1; }
	[[ $(cat "$body") != *@corp* ]]
}

@test "the journal for other mirrors: what each may read, page by page, without mail addresses" {
	access_start
	local open=docker.io/library/alpine:3.19 app=docker.io/team/app:1 tool=quay.io/org/tool:1
	get /v2/_ocimirror/journal
	refs
	mkdir -p "$dir/.mirror"
	journal_line 5 ''
	for ref in "$open" "$app" "$tool" docker.io/team/gone:1 docker.io/team/app@$hidden; do
		journal_line 6 "$ref"
	done
	published=$(stat -c %s "$dir/.mirror/journal.jsonl")
	journal_line 8 "$open"
	get /v2/_ocimirror/journal
	refs - "$open"
	has "X-Mirror-Journal-Next: $published"
	run ! grep -i ^link: "$head"
	get /v2/_ocimirror/journal -u ann:secret
	refs - "$open" "$app" "docker.io/team/app@$hidden"
	tag=$(sed -n 's/^ETag: //p' "$head")
	get /v2/_ocimirror/journal -u ann:secret -H "If-None-Match: $tag"
	is 304
	get /v2/_ocimirror/journal -u bob:hunter2 -H "If-None-Match: $tag"
	refs - "$open" "$tool"
	get "/v2/_ocimirror/journal?from=$published"
	refs
	get /v2/_ocimirror/journal -u ann:wrong
	is 401
	for from in 5 99999 "$((published - 1))"; do
		get "/v2/_ocimirror/journal?from=$from"
		is 404 UNSUPPORTED
	done
	for from in x -1 ''; do
		get "/v2/_ocimirror/journal?from=$from"
		is 400 UNSUPPORTED
	done
	# a megabyte a page
	journal_line 6 "$open" ",\"detail\":\"$(head -c 60000 /dev/zero | tr '\0' x)\""
	last=$(tail -n 1 "$dir/.mirror/journal.jsonl")
	sed -i /:8,/d "$dir/.mirror/journal.jsonl"
	for ((i = 0; i < 40; i++)); do printf '%s\n' "$last"; done >>"$dir/.mirror/journal.jsonl"
	get /v2/_ocimirror/journal -u ann:secret
	told=$(grep -c '' "$body") path=$(sed -n 's/^Link: <\(.*\)>; rel="next"$/\1/p' "$head")
	while [ -n "$path" ]; do
		get "$path" -u ann:secret
		told=$((told + $(grep -c '' "$body")))
		path=$(sed -n 's/^Link: <\(.*\)>; rel="next"$/\1/p' "$head")
	done
	[ "$told" -eq 45 ]
}
