#!/usr/bin/env bats
# A FIFO in the place of a file of the mirror blocks no verb: nobody writes to it, for ever.

bats_require_minimum_version 1.5.0

setup() {
	load ../lib/ask
	dir=$BATS_TEST_TMPDIR/mirror
	layout_new "$dir"
	layout_entry "$dir" docker.io/library/alpine:1 "$(layout_untagged "$dir" one)"
	layout_publish "$dir" 1
	mkdir -p "$dir/.mirror"
}

@test "a FIFO as index.json, journal, state, list of private blobs, reserve or lock: no verb waits" {
	for file in index.json .mirror/journal.jsonl .mirror/state.json .mirror/private-blobs \
		.mirror/reserve .mirror/lock; do
		rm -rf "$dir-copy" && cp -a "$dir" "$dir-copy"
		rm -f "$dir-copy/$file" && mkfifo "$dir-copy/$file"
		for verb in status log "hold alpine:1 --reason x"; do
			# shellcheck disable=SC2086 # words
			run timeout 3 "$BIN/mirror-publish" --mirror "$dir-copy" $verb
			[ "$status" -ne 124 ] || { echo "# $verb waits for $file" && false; }
			[ "$status" -ne 1 ] || { echo "# $output" && false; }
		done
	done
}
