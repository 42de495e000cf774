#!/usr/bin/env bats
# .mirror/tables: what publishers leave for mirror-serve, and what it does when that does not fit.

# shellcheck disable=SC2030,SC2031  # each test is a process of its own

bats_require_minimum_version 1.5.0

setup() {
	load ../lib/ask
	dir=$BATS_TEST_TMPDIR/mirror
	storeops=${BIN:-build}/tests/tools/storeops
	tables=$dir/.mirror/tables
}

teardown() {
	stop_all
}

# publish TAG TEXT: docker.io/library/app:TAG becomes an image of TEXT.
publish() {
	"$storeops" "$dir" "docker.io/library/app:$1" "$2" >/dev/null
}

# The digest of app:TAG in index.json.
digest_in_index() {
	sed -n "s/.*\"digest\":\"\(sha256:[0-9a-f]*\)\".*library\/app:$1\".*/\1/p" "$dir/index.json"
}

# The value of the annotation on the first line.
named_table() {
	head -n 1 "$dir/index.json" | sed -n 's/.*"dev.ocimirror.table":"\([^"]*\)".*/\1/p'
}

# serves TAG: it has the digest of index.json.
serves() {
	get "/v2/app/manifests/$1"
	is 200
	has "Docker-Content-Digest: $(digest_in_index "$1")"
}

# Everything that clients can ask of the server.
all_answers() {
	local path
	for path in _catalog app/tags/list app/manifests/1 app/manifests/2 _ocimirror/index.json \
		"app/manifests/$(digest_in_index 1)" "app/referrers/$(digest_in_index 1)"; do
		get "/v2/$path"
		grep -v '^Date:' "$head"
		cat "$body"
	done
}

# edit OFFSET BYTE: of the table, under its old name.
edit() {
	local table
	table=$tables/$(named_table)
	chmod u+w "$table"
	printf '%b' "$2" | dd of="$table" bs=1 seek="$1" conv=notrunc status=none
}

@test "a publisher leaves the table of its generation, named on the first line by its digest" {
	publish 1 one
	publish 2 two
	[ "sha256:$(sha256sum <"$tables/$(named_table)" | cut -d' ' -f1)" = "$(named_table)" ]
	[ "$(stat -c %a "$tables/$(named_table)")" = 444 ]
	[ "$(jq -r '.annotations["dev.ocimirror.table"]' "$dir/index.json")" = "$(named_table)" ]
	serve_start "$dir"
	all_answers >"$BATS_TEST_TMPDIR/by-table"
	stop server
	run ! grep -q "as a whole" "$server_err"
	rm "$tables"/*
	serve_start "$dir"
	await "index.json was read as a whole"
	all_answers | diff "$BATS_TEST_TMPDIR/by-table" -
}

@test "the tables of two generations stay; others are dropped by the next publisher" {
	local first second
	publish 1 one
	first=$(named_table)
	publish 1 two
	second=$(named_table)
	[ "$(ls "$tables")" = "$(printf '%s\n' "$first" "$second" | sort)" ]
	echo orphan >"$tables/sha256:$(printf 0%.0s {1..64})"
	echo orphan >"$tables/$first.4711.tmp"
	publish 1 three
	[ "$(ls "$tables")" = "$(printf '%s\n' "$(named_table)" "$second" | sort)" ]
}

@test "a table that cannot be written: the generation is published all the same" {
	publish 1 one
	rm -r "$tables"
	echo "no directory" >"$tables"
	run --separate-stderr "$BIN/mirror-publish" --mirror "$dir" hold docker.io/library/app:1
	[ "$status" -eq 0 ]
	[[ $stderr == *"generation 2 has no table for mirror-serve, whose start and reload take "* ]]
	publish 1 two
	[ -z "$(named_table)" ]
	serve_start "$dir"
	serves 1
	await "it names no table"
	rm "$tables"
	publish 1 three
	[ -n "$(named_table)" ]
	serves 1
}

@test "each damaged byte of a table is found before it is used" {
	local size at
	publish 1 one
	serve_start "$dir"
	serves 1
	size=$(stat -c %s "$tables/$(named_table)")
	for ((at = 0; at < size; at += 397)); do
		publish 1 "text $at"
		edit "$at" '\xa5'
		kill -HUP "$server_pid"
		serves 1
	done
	truncate -s 100 "$tables/$(named_table)"
	kill -HUP "$server_pid"
	serves 1
	grep -q "as a whole, which takes longer: .*damaged" "$server_err"
}

@test "a table of another version is not read; that is said once" {
	publish 1 one
	edit 8 '\x63'
	serve_start "$dir"
	serves 1
	await "it is of another version"
	publish 1 two
	edit 8 '\x63'
	serves 1
	[ "$(grep -c 'it is of another version' "$server_err")" -le 2 ]
}

@test "a publisher that knows no tables carries the old name on: the generation decides" {
	local one
	publish 1 one
	one=$(digest_in_index 1)
	publish 1 two
	serve_start "$dir"
	serves 1
	sed -e '1s/"dev.ocimirror.generation":"2"/"dev.ocimirror.generation":"3"/' \
		-e "s/$(digest_in_index 1)/$one/" "$dir/index.json" >"$dir/index.json.new"
	mv "$dir/index.json.new" "$dir/index.json"
	serves 1
	has "X-Mirror-Generation: 3"
	grep -q "is of another one" "$server_err"
}

@test "another tool that moves a tag and keeps the first line: found behind the first answers" {
	local one
	publish 1 one
	one=$(digest_in_index 1)
	publish 1 two
	serve_start "$dir"
	sed "s/$(digest_in_index 1)/$one/" "$dir/index.json" >"$dir/index.json.new"
	mv "$dir/index.json.new" "$dir/index.json"
	get /v2/app/manifests/1
	await "does not fit index.json, which is read as a whole"
	await "generation 2: repositories: 1"
	serves 1
	get /v2/_ocimirror/index.json
	tail -n +2 "$body" | cmp - <(tail -n +2 "$dir/index.json")
}

@test "another tool that writes the index anew, with the annotation or without" {
	publish 1 one
	publish 2 two
	serve_start "$dir"
	serves 1
	jq . "$dir/index.json" >"$dir/index.json.new"
	mv "$dir/index.json.new" "$dir/index.json"
	get /v2/app/manifests/2
	is 200
	jq -c 'del(.annotations["dev.ocimirror.table"]) | .manifests |= .[:1]' "$dir/index.json" \
		>"$dir/index.json.new"
	mv "$dir/index.json.new" "$dir/index.json"
	get /v2/app/manifests/2
	is 404
	get /v2/app/manifests/1
	is 200
}

@test "a mirror is served while it is published again and again: no error, nothing stale" {
	local i clients=() pid
	publish 1 one
	publish 2 two
	serve_start --threads 4 "$dir"
	for i in 1 2 3; do
		while [ ! -e "$BATS_TEST_TMPDIR/end" ]; do
			curl -sf -o /dev/null -o /dev/null "$url/v2/app/manifests/[1-2]" "$url/v2/app/tags/list" \
				|| echo failed
		done >"$BATS_TEST_TMPDIR/client.$i" 2>&1 3>&- &
		clients+=($!)
	done
	for i in {1..30}; do
		publish 1 "text $((i % 3))"
		serves 1
	done
	touch "$BATS_TEST_TMPDIR/end"
	for pid in "${clients[@]}"; do wait "$pid"; done
	[ ! -s "$BATS_TEST_TMPDIR/client.1" ]
	run ! grep -q . "$BATS_TEST_TMPDIR"/client.*
	run ! grep -q "as a whole" "$server_err"
}

@test "a publish under eight kept connections: no later request is answered from before" {
	local i
	publish 1 one
	serve_start --threads 4 "$dir"
	for i in {1..5}; do
		"${BIN:-build}/tests/tools/fresh" "$address" /v2/app/manifests/1 8 20 \
			"$storeops" "$dir" docker.io/library/app:1 "text $i"
	done
	run ! grep -q "as a whole" "$server_err"
}

@test "SIGHUP looks for what was missing when the table was made" {
	local manifest layer
	publish 1 one
	manifest=$(layout_file "$dir" "$(digest_in_index 1)")
	layer=$(jq -r '.layers[0].digest' "$manifest")
	mv "$manifest" "$dir/kept"
	rm -r "$tables"
	publish 2 two
	serve_start "$dir"
	await 'manifest is missing or damaged: 1, the first is "docker.io/library/app:1"'
	get /v2/app/manifests/1
	is 404
	mv "$dir/kept" "$manifest"
	serves 1
	get "/v2/app/blobs/$layer"
	is 404
	kill -HUP "$server_pid"
	await "generation 2: repositories: 1"
	get "/v2/app/blobs/$layer"
	is 200
}

@test "private entries: by a table as without one" {
	publish 1 one
	sed -i '2s/"annotations":{/&"dev.ocimirror.private":"team-a",/' "$dir/index.json"
	rm -r "$dir/.mirror/generations"
	"$storeops" "$dir" docker.io/library/open:1 open >/dev/null
	serve_start "$dir"
	await "private entries, which are served to nobody: 1"
	get /v2/app/manifests/1
	is 404 NAME_UNKNOWN
	get /v2/open/manifests/1
	is 200
	get /v2/_ocimirror/index.json
	is 200
	run ! grep -q library/app "$body"
	grep -q library/open "$body"
	run ! grep -q "as a whole" "$server_err"
}

@test "a table that is cut or overwritten in place under a running server: the answers stay right" {
	local table
	publish 1 one
	publish 2 two
	serve_start "$dir"
	serves 1
	all_answers >"$BATS_TEST_TMPDIR/before"
	table=$tables/$(named_table)
	chmod u+w "$table"
	# what rsync --inplace does on its way
	tr '\0-\376' '\1-\377' <"$table" >"$BATS_TEST_TMPDIR/changed"
	dd if="$BATS_TEST_TMPDIR/changed" of="$table" conv=notrunc status=none
	all_answers | diff "$BATS_TEST_TMPDIR/before" -
	: >"$table"
	all_answers | diff "$BATS_TEST_TMPDIR/before" -
	stop server
}
