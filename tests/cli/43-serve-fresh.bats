#!/usr/bin/env bats
# mirror-serve: once index.json is replaced, every request is answered from the new one.

# shellcheck disable=SC2030,SC2031  # each test is a process of its own

bats_require_minimum_version 1.5.0

setup() {
	load ../lib/ask
	dir=$BATS_TEST_TMPDIR/mirror
}

teardown() {
	stop_all
}

# A tag docker.io/library/app:1 that is $one or $two, in $dir/index.1 and $dir/index.2, among enough
# other entries that reading the index takes a while.
mirror_of_two() {
	local i
	layout_new "$dir"
	one=$(layout_untagged "$dir" one) two=$(layout_untagged "$dir" two)
	layout_entry "$dir" docker.io/many/app-0:1 "$one"
	for i in {1..2000}; do sed -n "1s/app-0/app-$i/p" "$dir/entries"; done >"$dir/many"
	mv "$dir/many" "$dir/entries"
	layout_entry "$dir" docker.io/library/app:1 "$one"
	layout_index_json "$dir" 1 >"$dir/index.1"
	sed -i "\$s/${one}/${two}/" "$dir/entries"
	layout_index_json "$dir" 2 >"$dir/index.2"
	publish 1
}

# publish N: index.json is a copy of index.N when this returns.
publish() {
	cp "$dir/index.$1" "$dir/index.json.new"
	mv "$dir/index.json.new" "$dir/index.json"
}

# digest_from DESCRIPTOR: the digest in the head that comes.
digest_from() {
	local line digest=
	while read -r -t 30 -u "$1" line && [ "$line" != $'\r' ]; do
		[[ $line != Docker-Content-Digest:* ]] || digest=${line#*: }
	done
	echo "${digest%$'\r'}"
}

# asked DESCRIPTOR PATH: the digest that a HEAD over a kept connection is answered with.
asked() {
	printf 'HEAD %s HTTP/1.1\r\nHost: m\r\n\r\n' "$2" >&"$1"
	digest_from "$1"
}

# all_answer DIGEST: on each of eight kept connections.
all_answer() {
	local i got
	for i in "${kept[@]}"; do
		got=$(asked "$i" /v2/library/app/manifests/1)
		[ "$got" = "$1" ] || { echo "# $got instead of $1" && return 1; }
	done
}

connect_eight() {
	local i socket
	kept=()
	for i in {1..8}; do
		connect socket
		kept+=("$socket")
	done
}

@test "every kept connection gets the new generation at once, again and again" {
	local i
	mirror_of_two
	serve_start --threads 4 "$dir"
	connect_eight
	all_answer "$one"
	for i in {1..8}; do
		publish 2
		all_answer "$two"
		publish 1
		all_answer "$one"
	done
}

@test "a mirror that is a symbolic link: what it is switched to is served at once" {
	local other=$BATS_TEST_TMPDIR/other i
	mirror_of_two
	cp -r "$dir" "$other"
	cp "$other/index.2" "$other/index.json"
	ln -s "$dir" "$BATS_TEST_TMPDIR/link"
	serve_start --threads 4 "$BATS_TEST_TMPDIR/link"
	connect_eight
	for i in {1..3}; do
		ln -sfn "$other" "$BATS_TEST_TMPDIR/new" && mv -T "$BATS_TEST_TMPDIR/new" \
			"$BATS_TEST_TMPDIR/link"
		all_answer "$two"
		ln -sfn "$dir" "$BATS_TEST_TMPDIR/new" && mv -T "$BATS_TEST_TMPDIR/new" \
			"$BATS_TEST_TMPDIR/link"
		all_answer "$one"
	done
}

@test "a request that is whole only after a publish is answered from it" {
	mirror_of_two
	serve_start --threads 1 "$dir"
	connect_eight
	asked "${kept[0]}" /v2/library/app/manifests/1
	# half a head is read before, the rest after the publish
	printf 'HEAD /v2/library/app/manifests/1 HTTP/1.1\r\n' >&"${kept[0]}"
	publish 2
	printf 'Host: m\r\n\r\n' >&"${kept[0]}"
	[ "$(digest_from "${kept[0]}")" = "$two" ]
}

@test "a bad index.json changes nothing, and is said once, however many ask" {
	mirror_of_two
	serve_start --threads 4 "$dir"
	connect_eight
	all_answer "$one"
	echo '{"manifests":[' >"$dir/index.json.new"
	mv "$dir/index.json.new" "$dir/index.json"
	all_answer "$one"
	all_answer "$one"
	[ "$(grep -c 'is served on' "$server_err")" -eq 1 ]
	publish 2
	all_answer "$two"
}
