#!/usr/bin/env bats
# The mirror's directory as people arrange it: links, other file systems, permissions, full disks;
# and output that cannot be written.

# shellcheck disable=SC2030,SC2031  # each test is a process of its own

bats_require_minimum_version 1.5.0

setup() {
	load ../lib/sync
	world
	name=up.example/team/app
	elsewhere=''
}

teardown() {
	stop_all
	[ -z "$elsewhere" ] || rm -rf "$elsewhere"
}

# other_disk: a directory on another file system than the mirror's.
other_disk() {
	elsewhere=$(mktemp -d /dev/shm/mirror-test-XXXXXX) || skip "no second file system here"
	[ "$(stat -c %d "$elsewhere")" != "$(stat -c %d .)" ] || skip "one file system only"
}

# What root may do with files of any mode, the others may not.
as_user() {
	local drop=''
	[ "$(id -u)" -ne 0 ] || drop='setpriv --bounding-set=-dac_override,-dac_read_search'
	exec $drop "$@" # so that the background job's pid is the program's
}

# ---- links ----

@test "a link in a blob's place: one judgement of sync, publish and serve" {
	one=$(layout_image "$up" docker.io/team/app:1 one)
	list "$name:1"
	sync
	layout_image "$up" docker.io/team/app:1 two
	sync
	file=$(layout_file "$mirror" "$one")
	mv "$file" elsewhere
	ln -s "$PWD/elsewhere" "$file"

	run --separate-stderr "$BIN/mirror-publish" --mirror "$mirror" rollback "$name:1"
	[ "$status" -eq 2 ]
	[[ $stderr == *"$one is a symbolic link, which is not followed"* ]]

	serve mirror "$mirror"
	log_has "$mirror_err" 'manifest is missing or damaged: 1, the first is "up.example/team/app:1\.'
	run curl -s -o /dev/null -w '%{http_code}' "$mirror_url/v2/up.example/team/app/manifests/$one"
	[ "$output" = 500 ]
	grep "$one is not .*: it is a symbolic link, which is not followed" "$mirror_err"

	layout_image "$up" docker.io/team/app:1 one
	sync
	[ ! -L "$file" ]
	whole
}

@test "the roots may be links: the mirror, blobs/sha256 and .mirror" {
	mkdir real blobs records
	mv real place
	mkdir place/blobs
	ln -s ../../blobs place/blobs/sha256
	ln -s ../records place/.mirror
	printf '{"imageLayoutVersion":"1.0.0"}' >place/oci-layout
	ln -s place "$mirror"
	layout_image "$up" docker.io/team/app:1 one
	list "$name:1"
	sync
	whole
	serve mirror "$mirror"
	curl -sf -o /dev/null "$mirror_url/v2/up.example/team/app/manifests/1"
	[ -e records/journal.jsonl ]
}

# ---- another file system ----

@test "blobs on another file system than .mirror are refused before anything is fetched" {
	other_disk
	layout_image "$up" docker.io/team/app:1 one
	list "$name:1"
	mkdir -p "$mirror/blobs"
	printf '{"imageLayoutVersion":"1.0.0"}' >"$mirror/oci-layout"
	mkdir "$elsewhere/blobs" "$elsewhere/records"
	ln -s "$elsewhere/blobs" "$mirror/blobs/sha256"
	forget_requests
	run --separate-stderr sync
	[ "$status" -eq 16 ]
	[[ $stderr == *"blobs/sha256 and .mirror/partial are on different file systems"* ]]
	[ "${#stderr_lines[@]}" -eq 1 ]
	[ "$(requests HEAD)" -eq 0 ]
	[ "$(requests GET)" -eq 0 ]

	# both there: it works
	rm -rf "$mirror/.mirror"
	ln -s "$elsewhere/records" "$mirror/.mirror"
	sync
	whole
}

# ---- permissions ----

@test "a file that this user may not read is told as that, not as damage" {
	one=$(layout_image "$up" docker.io/team/app:1 one)
	list "$name:1"
	sync
	file=$(layout_file "$mirror" "$one")
	chmod 0 "$file"
	as_user "$BIN/mirror-serve" --listen 127.0.0.1:0 "$mirror" >out 2>err 3>&- &
	servers="$servers $!"
	log_has err 'manifest this user may not read (Permission denied): 1'
	run -1 grep 'missing or damaged' err
}

@test "a layer that this user may not read: 500, and the reason in the log" {
	one=$(layout_image "$up" docker.io/team/app:1 one)
	list "$name:1"
	sync
	layer=$(jq -r '.layers[0].digest' "$(layout_file "$mirror" "$one")")
	chmod 0 "$(layout_file "$mirror" "$layer")"
	: >out
	as_user "$BIN/mirror-serve" --listen 127.0.0.1:0 "$mirror" >out 2>err 3>&- &
	servers="$servers $!"
	log_has out 'listening on'
	url=$(sed 's/listening on //' out)
	run curl -s -w '%{http_code}' "$url/v2/up.example/team/app/blobs/$layer"
	[[ $output == *'permission denied'*500 ]]
	grep "$layer may not be read by this user: Permission denied" err
}

# ---- a full disk ----

@test "on a full disk an operator's verb has room, and the next sync keeps some again" {
	layout_image "$up" docker.io/team/app:1 one
	list "$name:1"
	run small_disk 1m <<-'END'
		cd "$BATS_TEST_TMPDIR"
		publish() { "$BIN/mirror-publish" --mirror "$mirror" "$@"; }
		"$BIN/mirror-sync" --mirror "$mirror" --lists "$lists"
		[ -s "$mirror/.mirror/reserve" ]
		dd if=/dev/zero of="$mirror/fill" bs=1k 2>/dev/null || true
		publish hold up.example/team/app:1 --reason "while the disk is full"
		[ ! -e "$mirror/.mirror/reserve" ]
		publish status up.example/team/app:1
		rm "$mirror/fill"
		"$BIN/mirror-sync" --mirror "$mirror" --lists "$lists"
		[ -s "$mirror/.mirror/reserve" ]
	END
	echo "$output"
	[ "$status" -eq 0 ]
	[[ $output == *"the disk is full: used the room that is kept for this"* ]]
	[[ $output == *"while the disk is full"* ]]
}

@test "a dry run keeps no room" {
	layout_image "$up" docker.io/team/app:1 one
	list "$name:1"
	sync
	rm "$mirror/.mirror/reserve"
	layout_image "$up" docker.io/team/app:1 two
	run sync --dry-run
	[ ! -e "$mirror/.mirror/reserve" ]
}

# ---- output that cannot be written ----

@test "output to a full device is an error in all programs" {
	layout_image "$up" docker.io/team/app:1 one
	list "$name:1"
	# shellcheck disable=SC2016  # the inner shell expands them
	for command in '"$BIN/mirror-sync" --mirror "$mirror" --lists "$lists"' \
		'"$BIN/mirror-sync" --mirror "$mirror" --lists "$lists" --dry-run' \
		'"$BIN/mirror-sync" --lists "$lists" --check' \
		'"$BIN/mirror-sync" --help' '"$BIN/mirror-sync" --version' \
		'"$BIN/mirror-publish" --mirror "$mirror" status' \
		'"$BIN/mirror-publish" --mirror "$mirror" log --json' \
		'"$BIN/mirror-publish" --help' '"$BIN/mirror-publish" rollback --completion' \
		'"$BIN/mirror-serve" --help' '"$BIN/mirror-serve" --man'; do
		BIN=$BIN mirror=$mirror lists=$lists run --separate-stderr \
			bash -c "$command >/dev/full"
		echo "$command: $status: $stderr"
		[ $((status & 18)) -ne 0 ]
		[[ $stderr == *": cannot write to standard output"* ]]
	done
}
