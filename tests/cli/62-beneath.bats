#!/usr/bin/env bats
# Links below a mirror that lead out of it: no program reads what they point at, and each says so.

bats_require_minimum_version 1.5.0

setup() {
	load ../lib/ask
	dir=$BATS_TEST_TMPDIR/mirror
	storeops=${BIN:-build}/tests/tools/storeops
	"$storeops" "$dir" docker.io/library/app:1 one >/dev/null
	"$storeops" "$dir" docker.io/library/app:1 two >/dev/null
}

teardown() {
	stop_all
}

# lead_out FILE: moves a file or directory of the mirror out of it, and leaves a link.
lead_out() {
	mv "$dir/$1" "$BATS_TEST_TMPDIR/outside"
	ln -s "$BATS_TEST_TMPDIR/outside" "$dir/$1"
}

publish() {
	run --separate-stderr "$BIN/mirror-publish" --mirror "$dir" "$@"
}

@test "index.json leads out: no verb takes it, and mirror-serve does not start" {
	lead_out index.json
	for verb in status "hold app:1"; do
		# shellcheck disable=SC2086 # words
		publish $verb
		[ "$status" -eq 16 ]
		[[ $stderr == *'"index.json" leads out of the mirror by a symbolic link, which is not followed: '* ]]
	done
	run --separate-stderr "$BIN/mirror-serve" --listen 127.0.0.1:0 "$dir"
	[ "$status" -eq 16 ]
	[[ $stderr == *'"index.json" leads out of the mirror by a symbolic link'* ]]
}

@test "index.json leads out while it is served: what was served before still is" {
	serve_start "$dir"
	get /v2/app/manifests/1
	is 200
	cp "$head" "$BATS_TEST_TMPDIR/before"
	sed 's/"dev.ocimirror.generation":"2"/"dev.ocimirror.generation":"9"/' "$dir/index.json" \
		>"$BATS_TEST_TMPDIR/outside"
	ln -s "$BATS_TEST_TMPDIR/outside" "$dir/new"
	mv -T "$dir/new" "$dir/index.json"
	get /v2/app/manifests/1
	is 200
	has "X-Mirror-Generation: 2"
	await '"index.json" leads out of the mirror by a symbolic link'
}

@test "the tables, or the generations, lead out: they are not read" {
	lead_out .mirror/tables
	serve_start "$dir"
	await 'as a whole, which takes longer: *leads out of the mirror'
	get /v2/app/manifests/1
	is 200
	stop server
	rm "$dir/.mirror/tables" "$BATS_TEST_TMPDIR/outside" -r
	lead_out .mirror/generations
	publish diff 1
	[ "$status" -ne 0 ]
	[[ $stderr == *'generations/'*'leads out of the mirror by a symbolic link'* ]]
}

@test "a kernel without openat2, or a sandbox that forbids it: mirrors are read all the same" {
	command -v strace >/dev/null || skip "strace is not installed"
	strace -o /dev/null true 2>/dev/null || skip "tracing is not allowed here"
	export ASAN_OPTIONS=${ASAN_OPTIONS:+$ASAN_OPTIONS:}detect_leaks=0 # not to be looked for under strace
	for error in ENOSYS EPERM; do
		run --separate-stderr strace -f -qq -e "inject=openat2:error=$error" -e trace=openat2 \
			-o "$BATS_TEST_TMPDIR/calls" "$BIN/mirror-publish" --mirror "$dir" log
		[ "$status" -eq 0 ]
		[[ $output == *app:1* ]]
		grep -q INJECTED "$BATS_TEST_TMPDIR/calls"
	done
}
