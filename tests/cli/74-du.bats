#!/usr/bin/env bats
# mirror-publish du: how much of the disk belongs to what.

bats_require_minimum_version 1.5.0

A=docker.io/library/alpine:3.19

setup_file() {
	load ../lib/publish
	team_mirror
	# an image of two repositories
	mirror_sync mirror 2026-11-12 quay.io/copy/alpine:1 three
}

setup() {
	load ../lib/publish
	anew
}

# size_of TEXT...: the bytes of images that share nothing: manifest, config and layer.
size_of() {
	local text manifest total=0 digest
	for text in "$@"; do
		manifest=$(mirror_digest "$text")
		for digest in "$manifest" $(jq -r '.config.digest, .layers[].digest' \
			"$(layout_file mirror "$manifest")"); do
			total=$((total + $(layout_size mirror "$digest")))
		done
	done
	echo "$total"
}

# row NAME FILTER: of the JSON that du printed.
row() {
	jq -r --arg name "$1" ".rows[] | select(.name == \$name) | $2" <<<"$output"
}

# note FILTER KEY VALUE: sets an annotation of the entries whose name matches.
note() {
	jq -c --arg key "$2" --arg value "$3" '(.manifests[]
		| select(.annotations["org.opencontainers.image.ref.name"] | '"$1"')).annotations
		|= (. + {("dev.ocimirror." + $key): $value})' mirror/index.json >i
	mv i mirror/index.json
}

@test "du: repositories, the largest first, then the mirror as a whole" {
	publish du --titles
	[ "$status" -eq 0 ]
	[ -z "$stderr" ]
	[[ ${lines[0]} =~ ^REPOSITORY\ +NUMBER\ +BYTES\ +UNIQUE\ +SHARED\ +SNAPSHOTS\ +REFERRERS$ ]]
	[ "$(awk 'NR > 1 { print $1 }' <<<"$output" | tr '\n' ' ')" = "docker.io/library/alpine \
quay.io/team/app quay.io/copy/alpine (published) (unreferenced) (partial) (records) " ]
	awk 'NF != 7 { exit 1 }' <<<"$output"
	publish du
	[[ ${lines[0]} == docker.io/* ]]
}

@test "du --json: bytes, and what is unique, shared, and only of snapshots" {
	publish du --json
	[ "$status" -eq 0 ]
	all=$(size_of one two three) shared=$(size_of three)
	[ "$(row docker.io/library/alpine '"\(.tags) \(.snapshots) \(.referrers)"')" = "1 2 0" ]
	[ "$(row docker.io/library/alpine '"\(.bytes) \(.unique) \(.shared) \(.snapshot_bytes)"')" \
		= "$all $((all - shared)) $shared $(size_of one two)" ]
	[ "$(row quay.io/copy/alpine '"\(.bytes) \(.unique) \(.shared)"')" = "$shared 0 $shared" ]
	[ "$(jq -r '"\(.by) \(.published.files) \(.published.bytes)"' <<<"$output")" = \
		"repository 15 $(size_of one two three first second)" ]
}

@test "du: what a snapshot shares with its tag is no snapshot's" {
	index=$(printf '{"schemaVersion":2,"mediaType":"%s","manifests":[%s]}' "$OCI_INDEX" \
		"$(layout_desc mirror "$(mirror_digest two)" "$OCI_MANIFEST")" | layout_blob mirror)
	jq -c --arg index "$index" --argjson size "$(layout_size mirror "$index")" '(.manifests[]
		| select(.annotations["org.opencontainers.image.ref.name"] == "'$A'"))
		|= (.digest = $index | .size = $size | .mediaType = "'"$OCI_INDEX"'")' mirror/index.json >i
	mv i mirror/index.json
	publish du --json
	[ "$(row docker.io/library/alpine .snapshot_bytes)" = "$(size_of one)" ]
	[ "$(row docker.io/library/alpine .bytes)" = \
		$(($(size_of one two) + $(layout_size mirror "$index"))) ]
}

@test "du: referrers apart" {
	note '. == "quay.io/copy/alpine:1"' subject "$(mirror_digest one)"
	publish du --json
	[ "$(row quay.io/copy/alpine '"\(.tags) \(.referrers) \(.referrer_bytes)"')" = \
		"0 1 $(size_of three)" ]
	publish du
	[ "$(awk '$1 == "quay.io/copy/alpine" { print ($3 == $7) }' <<<"$output")" = 1 ]
}

@test "du --by list, owner and group: an image counts in the row of each" {
	note 'startswith("quay.io/copy")' list "web.list:7@c0ffee base.list:2@c0ffee"
	note 'startswith("quay.io/copy")' owner "ann, ben"
	note 'startswith("quay.io/team")' private team-a
	publish du --json --by list
	[ "$(row web.list '"\(.tags) \(.bytes) \(.unique)"')" = "1 $(size_of three) 0" ]
	[ "$(row base.list .bytes)" = "$(size_of one two three first second)" ]
	publish du --json --by owner
	[ "$(row ann .bytes)" = "$(size_of three)" ]
	[ "$(row ben .unique)" = 0 ]
	[ "$(row '(no-owner)' .tags)" = 2 ]
	publish du --json --by group
	[ "$(row team-a '"\(.bytes) \(.unique)"')" = "$(size_of first second) $(size_of first second)" ]
	[ "$(row '(public)' .bytes)" = "$(size_of one two three)" ]
	publish du --by colour
	[ "$status" -eq 1 ]
}

@test "du: blobs that nothing published has, and unfinished downloads" {
	layout_blob mirror stray >/dev/null
	mkdir -p mirror/.mirror/partial
	printf 12345 >mirror/.mirror/partial/sha256-abc
	publish du --json
	jq -e '.unreferenced == {"files":1,"bytes":5} and .partial == {"files":1,"bytes":5}
		and .published.files == 15' <<<"$output"
}

@test "du: what is not on disk does not count" {
	rm -f "$(layout_file mirror "$(jq -r '.layers[0].digest' \
		"$(layout_file mirror "$(mirror_digest one)")")")"
	publish du --json
	[ "$status" -eq 0 ]
	jq -e '.published.files == 14' <<<"$output"
}

@test "du: the table of a publisher gives what the disk gives" {
	publish hold $A
	publish du --json
	with=$(jq -c .rows <<<"$output")
	rm -r mirror/.mirror/tables
	publish du --json
	[ "$(jq -c .rows <<<"$output")" = "$with" ]
}

@test "du --pins: what only snapshots and unlisted references need, the largest first" {
	note '. == "'$A'"' keep 10
	publish du --pins --json
	[ "$status" -eq 0 ]
	jq -e --argjson together "$(size_of one two first)" '.together == $together
		and (.pins | length) == 3 and (.pins | map(.own) | . == (sort | reverse))' <<<"$output"
	jq -e --argjson one "$(size_of one)" '.pins[] | select(.ref == "'$A.20261106'")
		| .own == $one and .bytes == $one and .nth == 2 and .keep == "10" and .keep_for == null
		and .snapshot_of == "'$A'" and (.since | startswith("2026-11-06"))' <<<"$output"
	publish du --pins --titles
	[[ ${lines[0]} =~ ^REFERENCE\ +OWN\ +BYTES\ +SINCE\ +WHAT$ ]]
	[[ $output == *"$A.20261110 "*"  2026-11-10  snapshot 1 of $A, keep=10"* ]]
	[[ ${lines[4]} == "(together) "* ]]
	publish du --pins --by list
	[ "$status" -eq 1 ]
}

@test "du --pins: what another entry has, too, is not its own; an unlisted reference is a pin" {
	note '. == "quay.io/copy/alpine:1"' unlisted-since 2026-11-20T00:00:00Z
	publish du --pins --json
	jq -e --argjson three "$(size_of three)" '.pins[] | select(.ref == "quay.io/copy/alpine:1")
		| .own == 0 and .bytes == $three and .nth == null and .snapshot_of == null' <<<"$output"
	publish du --pins
	[[ $output == *"quay.io/copy/alpine:1 "*"  2026-11-20  unlisted"* ]]
	# without the tag that shares it
	jq -c '.manifests |= map(select(.annotations["org.opencontainers.image.ref.name"]
		!= "'$A'"))' mirror/index.json >i && mv i mirror/index.json
	publish du --pins --json
	jq -e --argjson three "$(size_of three)" '.pins[0] | .ref == "quay.io/copy/alpine:1"
		and .own == $three' <<<"$output"
}

@test "du --pins: what two snapshots share is free only without both" {
	note '. == "quay.io/copy/alpine:1"' snapshot-of quay.io/copy/alpine:2
	note '. == "'$A'"' snapshot-of docker.io/library/alpine:4
	publish du --pins --json
	jq -e --argjson all "$(size_of one two three first)" '.together == $all
		and ([.pins[] | select(.own == 0)] | length) == 2' <<<"$output"
}

@test "du: a layout of bare tags" {
	jq -c '(.manifests[] | select(.annotations["org.opencontainers.image.ref.name"]
		== "quay.io/copy/alpine:1")).annotations |= {"org.opencontainers.image.ref.name": "3.19"}' \
		mirror/index.json >i && mv i mirror/index.json
	publish du --json
	[ "$(row '(no-name)' '"\(.tags) \(.bytes)"')" = "1 $(size_of three)" ]
}

@test "du: an empty mirror, none, and a word too many" {
	mirror_init empty
	publish --mirror empty du --json
	[ "$status" -eq 0 ]
	jq -e '.rows == [] and .published.files == 0' <<<"$output"
	publish --mirror nowhere du
	[ "$status" -eq 16 ]
	publish du alpine
	[ "$status" -eq 1 ]
}
