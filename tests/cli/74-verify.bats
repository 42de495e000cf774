#!/usr/bin/env bats
# mirror-publish verify: every kind of damage is named once, with the references that need it, and
# what is not damaged is not.

# shellcheck disable=SC2030,SC2031  # each test is a process of its own

bats_require_minimum_version 1.5.0

A=docker.io/library/alpine:3.19
APP=quay.io/team/app:v1

setup_file() {
	load ../lib/publish
	team_mirror
	# layers that two references share, and one that nothing published refers to
	mirror_sync mirror 2026-11-11 docker.io/library/twin:1 three
	layout_blob mirror "nothing refers to this" >unreferenced
}

setup() {
	load ../lib/publish
	anew
	unreferenced=$(cat "$BATS_FILE_TMPDIR/unreferenced")
}

# The file of a digest in the mirror.
file_of() {
	layout_file mirror "$1"
}

# The digest of the config or the layer of the image with that text.
config_of() {
	jq -r .config.digest "$(file_of "$(mirror_digest "$1")")"
}
layer_of() {
	jq -r '.layers[0].digest' "$(file_of "$(mirror_digest "$1")")"
}

# spoil FILE: its last byte becomes another; its size stays.
spoil() {
	chmod u+w "$1"
	printf '#' | dd of="$1" bs=1 seek=$(($(stat -c %s "$1") - 1)) conv=notrunc status=none
}

# found NAME WORDS [REFERENCE...]: the only line of the last run is this one.
found() {
	local name=$1 words=$2
	shift 2
	[ "$status" -eq 2 ] || { echo "status $status: $output $stderr" >&2 && return 1; }
	if [ "${#lines[@]}" -ne 1 ] || [[ ${lines[0]} != "$name  $words"*"${*:+  $*}" ]]; then
		echo "found: $output" >&2
		return 1
	fi
}

@test "a whole mirror: status 0, nothing on stdout, a line of figures on stderr" {
	publish verify
	[ "$status" -eq 0 ]
	[ -z "$output" ]
	[[ $stderr == "mirror-publish: whole; generation 4: 6 references, "*" generations kept, "* ]]
	[[ $stderr == *"; nothing published refers to 1 of them, 22 bytes"* ]]
	publish verify --json
	[ "$status" -eq 0 ]
	jq -e '.status == 0 and .damage == [] and .unreferenced == {blobs: 1, bytes: 22}
		and .rehashed.blobs == .blobs and .generation == 4' <<<"$output"
}

@test "a layer of other content, of its size: named with each reference and snapshot" {
	spoil "$(file_of "$(layer_of three)")"
	publish verify
	found "$(layer_of three)" "has other content: sha256:" $A docker.io/library/twin:1
	anew
	spoil "$(file_of "$(layer_of two)")"
	publish verify
	found "$(layer_of two)" "has other content: sha256:" $A.20261110
}

@test "a config that is cut short has another size" {
	truncate -s 5 "$(file_of "$(config_of second)")"
	publish verify
	found "$(config_of second)" "has 5 bytes, not " $APP
}

@test "what is in the place of a layer: nothing, a link, a directory, a pipe" {
	layer=$(layer_of second) file=$(file_of "$(layer_of second)")
	mv "$file" elsewhere
	publish verify
	found "$layer" "is missing" $APP
	ln -s "$PWD/elsewhere" "$file"
	publish verify
	found "$layer" "is a symbolic link, which is not followed" $APP
	rm "$file"
	mkdir "$file"
	publish verify
	found "$layer" "is not a regular file" $APP
	rmdir "$file"
	mkfifo "$file"
	publish verify
	found "$layer" "is not a regular file" $APP
}

@test "a manifest that is damaged or missing: one line, and none about what is below it" {
	spoil "$(file_of "$(mirror_digest first)")"
	publish verify
	found "$(mirror_digest first)" "has other content: " $APP.20261110
	rm "$(file_of "$(mirror_digest first)")"
	publish verify
	found "$(mirror_digest first)" "is missing" $APP.20261110
}

@test "a manifest that is what its digest says, and no manifest" {
	odd=$(layout_blob mirror '{"schemaVersion":2}')
	jq -c --arg odd "$odd" '.manifests[0] |= (.digest = $odd | .size = 19)' mirror/index.json >new
	mv new mirror/index.json
	publish verify --json
	[ "$status" -eq 2 ]
	jq -e --arg odd "$odd" '.damage[] | select(.digest == $odd) | .damage == "document"
		and .text == "cannot be read: neither a manifest nor an index"' <<<"$output"
}

@test "a damaged blob that nothing published refers to is told: a sync would take it for whole" {
	spoil "$(file_of "$unreferenced")"
	publish verify
	found "$unreferenced" "has other content: "
	[[ $output == *"(nothing published refers to it)" ]]
}

@test "a file that may not be read" {
	[ "$(id -u)" -ne 0 ] || command -v setpriv >/dev/null || skip "it needs another user"
	chmod -R go+rX mirror
	chmod 0 "$(file_of "$(layer_of second)")"
	as=()
	[ "$(id -u)" -ne 0 ] || as=(setpriv --reuid=65534 --clear-groups)
	chmod 755 . "$BATS_TEST_TMPDIR" "$BATS_FILE_TMPDIR" "$BATS_RUN_TMPDIR"
	"${as[@]}" test -x "$BIN/mirror-publish" || skip "the programs are out of its reach"
	run --separate-stderr "${as[@]}" "$BIN/mirror-publish" verify
	found "$(layer_of second)" "may not be read by this user" $APP
	[[ $stderr == *"--since will not know of this run"* ]]
}

@test "every damage is in one report, each blob once; --json has all" {
	spoil "$(file_of "$(layer_of one)")"
	spoil "$(file_of "$(layer_of three)")"
	rm "$(file_of "$(config_of second)")"
	publish verify --json
	[ "$status" -eq 2 ]
	jq -e --arg one "$(layer_of one)" --arg three "$(layer_of three)" --arg c "$(config_of second)" '
		(.damage | map({(.digest): .damage}) | add) == {($one): "content", ($three): "content", ($c): "missing"}
		and (.damage | length) == 3 and .status == 2' <<<"$output"
}

# ---- what is not missing ----

# A mirror of one index: linux/amd64 and linux/arm64.
sparse_mirror() { # NOTES of the entry
	rm -rf sparse
	layout_new sparse
	index=$(layout_multi sparse h/a:1 word)
	arm=$(jq -r '.manifests[] | select(.platform.architecture == "arm64").digest' \
		"$(layout_file sparse "$index")")
	: >sparse/entries
	layout_entry sparse h/a:1 "$index" application/vnd.oci.image.index.v1+json "$1"
}

@test "a child that the platform filter leaves out is not missing; without the filter it is" {
	sparse_mirror '"dev.ocimirror.platform":"linux/amd64"'
	rm "$(layout_file sparse "$arm")"
	layout_publish sparse 1
	publish --mirror sparse verify
	[ "$status" -eq 0 ]
	sparse_mirror ''
	rm "$(layout_file sparse "$arm")"
	layout_publish sparse 1
	publish --mirror sparse verify
	found "$arm" "is missing" h/a:1
}

@test "of two entries with one index, only the one whose filter wants the child misses it" {
	sparse_mirror '"dev.ocimirror.platform":"linux/amd64"'
	layout_entry sparse h/a:2 "$index" application/vnd.oci.image.index.v1+json \
		'"dev.ocimirror.platform":"linux/arm64"'
	rm "$(layout_file sparse "$arm")"
	layout_publish sparse 1
	publish --mirror sparse verify
	found "$arm" "is missing" h/a:2
}

@test "a layer with urls that is stored elsewhere is not missing; one that is here is rehashed" {
	layout_new away
	layer=$(layout_blob away far) config=$(layout_blob away '{}')
	manifest=$(printf '{"schemaVersion":2,"config":%s,"layers":[%s]}' \
		"$(layout_desc away "$config" application/x)" \
		"$(layout_desc away "$layer" application/y '"urls":["https://far.example/l"]')" |
		layout_blob away)
	layout_entry away h/a:1 "$manifest"
	layout_publish away 1
	publish --mirror away verify
	[ "$status" -eq 0 ]
	spoil "$(layout_file away "$layer")"
	publish --mirror away verify
	found "$layer" "has other content: " h/a:1
	rm "$(layout_file away "$layer")"
	publish --mirror away verify
	[ "$status" -eq 0 ]
}

@test "a descriptor that lies about a size is the fault of its document" {
	layout_new lies
	config=$(layout_blob lies '{}')
	manifest=$(printf '{"schemaVersion":2,"config":%s,"layers":[]}' \
		"$(layout_desc lies "$config" application/x | sed 's/"size":2/"size":3/')" | layout_blob lies)
	layout_entry lies h/a:1 "$manifest"
	layout_publish lies 1
	publish --mirror lies verify
	found "$manifest" "says that $config has 3 bytes; it has 2" h/a:1
}

# ---- records ----

# storeops publishes as a sync does; the oldest of 30 generations are differences.
long_mirror() {
	rm -rf mirror
	for i in $(seq 30); do
		"$BIN/tests/tools/storeops" mirror h/a:$((i % 3)) "text $i" >/dev/null
	done
	publish verify
	[ "$status" -eq 0 ] || { echo "$output" >&2 && false; }
	[ -e mirror/.mirror/generations/9.diff ]
}

@test "index.json: two entries of a name, a time that is none, a media type that is another" {
	jq -c '.manifests += [.manifests[0]] | .manifests |= sort_by(.annotations["org.opencontainers.image.ref.name"])' \
		mirror/index.json >two.json
	cp two.json mirror/index.json
	cp two.json mirror/.mirror/generations/4.json
	publish verify
	found index.json "there are two entries of the name $A"
	anew
	jq -c '.manifests[0].annotations["dev.ocimirror.synced"] = "yesterday"' mirror/index.json >odd.json
	cp odd.json mirror/index.json
	cp odd.json mirror/.mirror/generations/4.json
	publish verify
	found index.json "the entry $A has a dev.ocimirror.synced that is no time: \"yesterday\""
	anew
	jq -c '.manifests[0].mediaType = "application/vnd.docker.distribution.manifest.v2+json"' \
		mirror/index.json >other.json
	cp other.json mirror/index.json
	cp other.json mirror/.mirror/generations/4.json
	publish verify
	found index.json "the entry $A says that $(mirror_digest three) is application/vnd.docker"
}

@test "an index.json that was put back is one" {
	cp mirror/.mirror/generations/3.json mirror/index.json
	publish verify
	[ "$status" -eq 2 ]
	[[ $output == "index.json  "*"generation"* ]]
}

@test "generations: a whole one that changed, a difference that changed, one that is missing" {
	long_mirror
	generations=mirror/.mirror/generations
	cp -r mirror before
	sed -i '2s/text/tuxt/; 2s/sha256:./sha256:0/' $generations/28.json
	publish verify
	found "generation 28" "is not what was published: its digest is sha256:"
	rm -r mirror && cp -r before mirror
	chmod u+w $generations/9.diff
	sed -i 's/"size":3/"size":4/' $generations/9.diff
	publish verify
	[ "$status" -eq 2 ]
	[[ ${lines[0]} == "generation "*"  cannot be rebuilt: "* ]]
	[[ $output == *"generation 9  cannot be rebuilt: what its difference makes is not what was published"* ]]
	rm -r mirror && cp -r before mirror
	rm -f $generations/9.diff
	publish verify
	found "generation 8" "cannot be rebuilt: generation 9, which it is kept against, is missing or damaged" ||
		[[ $output == *"generation 8  cannot be rebuilt: generation 9, which"* ]]
	rm -r mirror && cp -r before mirror
	rm -f $generations/30.json
	publish verify
	[[ $output == *"generation 30  is not kept: index.json has no second copy"* ]]
}

@test "the journal: a line that cannot be read, one in the wrong place, an end or all that is lost" {
	journal=mirror/.mirror/journal.jsonl
	echo '{"generation":' >>$journal
	publish verify
	found journal.jsonl "1 line cannot be read"
	anew
	line=$(head -1 $journal)
	echo "$line" >>$journal
	publish verify
	found journal.jsonl "1 line stands behind those of a later generation"
	anew
	sed -i '$d' $journal
	publish verify
	found journal.jsonl "ends with generation 3; 4 is published"
	: >$journal
	publish verify
	found journal.jsonl "is missing or empty"
}

@test "private-blobs that cannot be read; partial downloads are counted" {
	echo 'no digest' >mirror/.mirror/private-blobs
	mkdir -p mirror/.mirror/partial
	echo half >mirror/.mirror/partial/sha256-00
	: >mirror/.mirror/partial/lock
	publish verify
	found private-blobs ""
	[[ $stderr == *"; 1 partial download, 5 bytes"* ]]
}

@test "the table: damaged, or that of another index; one that was deleted is no damage" {
	long_mirror
	table=mirror/.mirror/tables/$(sed -n '1s/.*"dev.ocimirror.table":"\([^"]*\)".*/\1/p' \
		mirror/index.json)
	cp "$table" good
	chmod u+w "$table"
	spoil "$table"
	publish verify
	found "${table#mirror/}" "has other content: "
	rm "$table"
	publish verify
	[ "$status" -eq 0 ]
	[[ $stderr == *"; the table of index.json is not there, and mirror-serve does without"* ]]
	cp mirror/.mirror/tables/* "$table"
	publish verify
	found "${table#mirror/}" "has other content: "
}

# ---- what is remembered ----

@test "--since: what was found right is not rehashed, a file that was written to is, and so is a copy" {
	publish verify
	[ "$status" -eq 0 ]
	publish verify --since 1d --json
	[ "$status" -eq 0 ]
	# manifests are read in any case
	jq -e '.rehashed.blobs < .blobs and .rehashed.blobs == 5' <<<"$output"
	spoil "$(file_of "$(layer_of second)")"
	touch -d '1 minute' "$(file_of "$(layer_of second)")"
	publish verify --since 1d
	found "$(layer_of second)" "has other content: " $APP
	[[ $stderr == *"; rehashed: 6 blobs, "* ]]
	# what was found damaged is not remembered as right, whatever its time
	touch -d '1 year ago' "$(file_of "$(layer_of second)")"
	publish verify --since 1d
	found "$(layer_of second)" "has other content: " $APP
	cp -r mirror copy
	publish --mirror copy verify --since 1d --json
	jq -e '.rehashed.blobs == .blobs' <<<"$output"
}

@test "--since: presence and size are looked at; a file of .mirror/verified that is none counts as none" {
	publish verify
	file=$(file_of "$(layer_of second)")
	truncate -s 3 "$file"
	touch -d '1 year ago' "$file"
	publish verify --since 1d
	found "$(layer_of second)" "has 3 bytes, not " $APP
	anew
	publish verify
	echo 'what is this' >>mirror/.mirror/verified
	publish verify --since 1d --json
	jq -e '.rehashed.blobs == .blobs' <<<"$output"
}

@test "a mirror that version 0.1 made is whole" {
	tar -xzf "$BATS_TEST_DIRNAME/../fixtures/mirror-0.1.0.tar.gz" mirror --one-top-level=old
	publish --mirror old/mirror verify
	[ "$status" -eq 0 ]
	[ -z "$output" ]
}

# ---- publishers at work, and what cannot be read ----

# meanwhile NAME COMMAND: verifies, and COMMAND is run when the file of that name is opened first.
meanwhile() {
	run --separate-stderr env "ASAN_OPTIONS=${ASAN_OPTIONS:-}:verify_asan_link_order=0" \
		"LD_PRELOAD=$BIN/tests/preload/opening.so" "OPENING=$1" "OPENING_RUN=$2 && : >$PWD/ran" \
		"$BIN/mirror-publish" verify
	[ -e ran ]
	rm ran
}

@test "a blob that was not there for a moment is looked at again before it is missing" {
	file=$(file_of "$(layer_of second)")
	# away while the blobs are looked at, and back when the journal is read
	mv "$file" gone
	meanwhile journal.jsonl "mv gone $file"
	[ "$status" -eq 0 ] || { echo "$output $stderr" >&2 && false; }
	[ -z "$output" ]
	rm "$file"
	meanwhile journal.jsonl true
	found "$(layer_of second)" "is missing" $APP
}

@test "what a publisher takes away meanwhile, and what it brings, is judged by the new index.json" {
	"$BIN/tests/tools/storeops" fresh h/a:1 one >/dev/null
	"$BIN/tests/tools/storeops" fresh h/a:1 two >/dev/null
	layer=$(jq -r '.layers[0].digest' "$(layout_file fresh "$(jq -r '.manifests[0].digest' fresh/index.json)")")
	export MIRROR_DIR=fresh
	# the publish moves the tag, and a prune takes its old layer
	meanwhile "${layer#*:}" "$BIN/tests/tools/storeops fresh h/a:1 three && rm $(layout_file fresh "$layer")"
	[ "$status" -eq 0 ] || { echo "$output $stderr" >&2 && false; }
	[[ $stderr == *"whole; generation 3: "* ]]
}

@test "what is no mirror, or has an index.json that cannot be read: 16; wrong use: 1" {
	publish --mirror nowhere verify
	[ "$status" -eq 16 ]
	echo '{' >mirror/index.json
	publish verify
	[ "$status" -eq 16 ]
	[ -z "$output" ]
	publish verify --since tomorrow-ish
	[ "$status" -eq 1 ]
	publish verify alpine
	[ "$status" -eq 1 ]
}

# ---- --deep ----

# layer_mirror FILE COMPRESSION [DIFF-ID]: a mirror "deep" of h/a:1, whose one layer is the tar
# FILE compressed by that program (cat: not at all); its config names the FILE's digest, or DIFF-ID.
layer_mirror() {
	local id=${3:-sha256:$(sha256sum <"$1" | cut -d' ' -f1)}
	rm -rf deep
	layout_new deep
	layer=$("$2" <"$1" | layout_blob deep)
	config=$(layout_blob deep "{\"rootfs\":{\"type\":\"layers\",\"diff_ids\":[\"$id\"]}}")
	manifest=$(printf '{"schemaVersion":2,"config":%s,"layers":[%s]}' \
		"$(layout_desc deep "$config" "$OCI_CONFIG")" \
		"$(layout_desc deep "$layer" application/vnd.oci.image.layer.v1.tar+gzip)" | layout_blob deep)
	layout_entry deep h/a:1 "$manifest"
	layout_publish deep 1
}

# tar_of ENTRY...: writes layer.tar with entries "NAME", "NAME -> TARGET" (a symbolic link),
# "NAME == TARGET" (a hard link) or "NAME !" (a device), whatever their names.
tar_of() {
	python3 - "$@" <<-'PY'
	import io, sys, tarfile
	with tarfile.open("layer.tar", "w", format=tarfile.PAX_FORMAT) as tar:
	    for entry in sys.argv[1:]:
	        name, _, target = entry.partition(" ")
	        info = tarfile.TarInfo(name)
	        if target.startswith("-> "):
	            info.type, info.linkname = tarfile.SYMTYPE, target[3:]
	        elif target.startswith("== "):
	            info.type, info.linkname = tarfile.LNKTYPE, target[3:]
	        elif target == "!":
	            info.type, info.devmajor, info.devminor = tarfile.CHRTYPE, 1, 3
	        else:
	            info.size = 5
	        tar.addfile(info, io.BytesIO(b"hello"))
	PY
}

@test "--deep: layers of every compression decompress to their diff_ids" {
	tar_of etc/passwd "bin -> usr/bin" usr/bin/ls "usr/bin/dir == usr/bin/ls" grün "lib64 -> /usr/lib64"
	for by in cat gzip zstd xz bzip2; do
		command -v "$by" >/dev/null || continue
		layer_mirror layer.tar "$by"
		publish --mirror deep verify --deep --json
		[ "$status" -eq 0 ] || { echo "$by: $output" >&2 && false; }
		jq -e '.layers == 1 and .damage == [] and .rehashed.blobs == 3' <<<"$output"
	done
	# several members, as of an image that is fetched lazily
	head -c 1024 layer.tar | gzip >members
	tail -c +1025 layer.tar | gzip >>members
	layer_mirror layer.tar "$(printf '#!/bin/sh\ncat members\n' >by && chmod +x by && echo ./by)"
	publish --mirror deep verify --deep
	[ "$status" -eq 0 ] || { echo "$output" >&2 && false; }
	: >empty
	layer_mirror empty gzip
	publish --mirror deep verify --deep
	[ "$status" -eq 0 ]
}

@test "--deep: a layer that is not what the config says, also when only the number differs" {
	tar_of etc/passwd
	layer_mirror layer.tar gzip "sha256:$(printf '0%.0s' {1..64})"
	publish --mirror deep verify
	[ "$status" -eq 0 ]
	publish --mirror deep verify --deep
	found "$layer" "decompresses to sha256:$(sha256sum <layer.tar | cut -d' ' -f1), and the config $config says sha256:000" h/a:1
	layer_mirror layer.tar gzip "$(printf 'sha256:1","sha256:2')"
	publish --mirror deep verify --deep
	found "$config" "names 2 diff_ids, and its manifest $manifest has 1 layers" h/a:1
}

@test "--deep: entries that lead out are named; devices are counted, and no damage" {
	while IFS='|' read -r first second words; do
		tar_of "$first" "$second"
		layer_mirror layer.tar gzip
		publish --mirror deep verify --deep
		found "$layer" "its entry $words" h/a:1
	done <<-'ROWS'
		a|../../etc/passwd|"../../etc/passwd" has ".."
		a|/etc/passwd|"/etc/passwd" is absolute
		a|b == /etc/shadow|"b" is a hard link to a name that leads out
	ROWS
	tar_of "l -> /etc" l/passwd ../x
	layer_mirror layer.tar gzip
	publish --mirror deep verify --deep
	found "$layer" 'its entry "l/passwd" goes through a symbolic link that leads out, and 1 more lead out' h/a:1
	tar_of etc/passwd "dev/null !" "dev/zero !"
	layer_mirror layer.tar gzip
	publish --mirror deep verify --deep
	[ "$status" -eq 0 ]
	[[ $stderr == *"; 1 layer has devices: $layer (dev/null)"* ]]
}

@test "--deep: a layer that is cut off, one that is no tar, and one that is damaged besides" {
	tar_of etc/passwd
	gzip <layer.tar | head -c 60 >layer.cut
	layer_mirror layer.cut cat
	publish --mirror deep verify --deep
	found "$layer" "cannot be decompressed: " h/a:1
	head -c 5000 /dev/zero | tr '\0' x >text
	layer_mirror text gzip
	publish --mirror deep verify --deep
	found "$layer" "is no tar that can be read: " h/a:1
	layer_mirror layer.tar gzip
	spoil "$(layout_file deep "$layer")"
	publish --mirror deep verify --deep
	found "$layer" "has other content: " h/a:1
}

@test "--deep: a layer of zeros without end is not decompressed to its end" {
	command -v zstd >/dev/null || skip "zstd is not installed"
	head -c 1300000000 /dev/zero | zstd -q >zeros
	layer_mirror zeros cat
	publish --mirror deep verify --deep
	found "$layer" "decompresses to more than " h/a:1
}

@test "--deep --since: what was rehashed, and not opened, is opened" {
	tar_of etc/passwd
	layer_mirror layer.tar gzip
	mkdir -p deep/.mirror/generations
	cp deep/index.json deep/.mirror/generations/1.json
	printf '{"generation":1,"ref":"h/a:1"}\n' >deep/.mirror/journal.jsonl
	publish --mirror deep verify
	[ "$status" -eq 0 ] || { echo "$output" >&2 && false; }
	publish --mirror deep verify --deep --since 1d --json
	jq -e '.layers == 1' <<<"$output"
	publish --mirror deep verify --deep --since 1d --json
	jq -e '.layers == 0 and .status == 0' <<<"$output"
}
