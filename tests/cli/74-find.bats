#!/usr/bin/env bats
# mirror-publish find: which references, snapshots and generations have, or had, a digest.

bats_require_minimum_version 1.5.0

A=docker.io/library/alpine:3.19
P=quay.io/team/app:v1

setup_file() {
	load ../lib/publish
	team_mirror
}

setup() {
	load ../lib/publish
	anew
}

# part TEXT FILTER: a digest in the manifest of the image with that text.
part() {
	jq -r "$2" "$(layout_file mirror "$(mirror_digest "$1")")"
}

# rows: reference, generations, since and until of each row, the first words of the last column.
rows() {
	awk '{ print $2, $4, substr($5, 1, 10), substr($6, 1, 10) }' <<<"$output"
}

@test "find of a manifest: its tag then, its snapshot now" {
	publish find "$(mirror_digest two)"
	[ "$status" -eq 0 ]
	[ -z "$stderr" ]
	[ "$(rows)" = "$A.20261110 ?- 2026-11-10 now
$A 2 2026-11-06 2026-11-10" ]
	[[ ${lines[0]} == *"  manifest, snapshot, base.list:1@c0ffee" ]]
	[[ ${lines[1]} == *"  manifest, sync, base.list:1@c0ffee (Ann)" ]]
}

@test "find of a layer and of a config, shortened: one row for each reference, of each digest" {
	layer=$(part three '.layers[0].digest') config=$(part three .config.digest)
	publish find "${layer:0:19}" "${config:0:30}"
	[ "$status" -eq 0 ]
	[ "${#lines[@]}" -eq 2 ]
	[ "$(rows)" = "$A 3- 2026-11-10 now
$A 3- 2026-11-10 now" ]
	[[ ${lines[0]} == "${layer:0:19}  "*"  layer, sync, "* ]]
	[[ ${lines[1]} == "${config:0:19}  "*"  config, sync, "* ]]
	publish find --long "${layer:0:19}"
	[[ $output == "$layer  $A  $(mirror_digest three)  "* ]]
}

@test "find --titles names the columns" {
	publish find --titles "$(mirror_digest two)"
	[[ ${lines[0]} =~ ^DIGEST\ +REFERENCE\ +MANIFEST\ +GENERATIONS\ +SINCE\ +UNTIL\ +WHAT$ ]]
	publish find --titles --json "$(mirror_digest two)"
	[ "$status" -eq 1 ]
}

@test "find --json: references, snapshots, generations" {
	publish find --json "$(mirror_digest two)" "$(mirror_digest second)"
	[ "$status" -eq 0 ]
	jq -e --arg two "$(mirror_digest two)" '.[0] | .digest == $two and .found and .here
		and .role == "manifest" and (.banned | not)
		and (.references | length) == 1 and (.snapshots | length) == 1
		and (.references[0] | .ref == "'$A'" and .first == 2 and .last == 2
			and .since == "2026-11-06T08:00:00Z" and .until == "2026-11-10T08:00:00Z"
			and (.published | not) and .who == "Ann" and .list == "base.list:1"
			and .commit == "c0ffee" and .why == "sync")
		and (.snapshots[0] | .ref == "'$A.20261110'" and .published and .last == 3
			and .snapshot_of == "'$A'")
		and .generations == [[2,3]]' <<<"$output"
	jq -e '.[1] | .references[0].ref == "'$P'" and .snapshots == [] and .generations == [[3,3]]' \
		<<<"$output"
}

@test "find: of several digests, each that was never published is named, and the status is 2" {
	none=sha256:$(printf '0%.0s' {1..64})
	publish find "$none" "$(mirror_digest one)"
	[ "$status" -eq 2 ]
	[ "${#lines[@]}" -eq 2 ]
	[ "$stderr" = "mirror-publish: \"$none\" was never published here" ]
	publish find --json "$none"
	[ "$status" -eq 2 ]
	jq -e '.[0].found == false and .[0].digest == $none and .[0].references == []
		and .[0].generations == []' --arg none "$none" <<<"$output"
}

@test "find: a blob that nothing published has is told apart" {
	stray=$(layout_blob mirror stray)
	publish find "$stray"
	[ "$status" -eq 2 ]
	[[ $stderr == *"is on disk, but in nothing that was published here" ]]
}

@test "find: words that are no digests are refused, and so is a beginning of two" {
	for word in alpine sha256:123 "md5:0123456789ab" ""; do
		publish find "$word"
		[ "$status" -eq 1 ]
		[[ $stderr == *"is no digest"* ]]
	done
	publish find
	[ "$status" -eq 1 ]
	jq -c --arg a "sha256:$(printf '0%.0s' {1..63})" '.manifests += [1, 2 | {
		mediaType: "'"$OCI_MANIFEST"'", digest: "\($a)\(.)", size: 2,
		annotations: {"org.opencontainers.image.ref.name": "h/r:\(.)"}}]' mirror/index.json >i
	mv i mirror/index.json
	publish find sha256:000000000000
	[ "$status" -eq 1 ]
	[[ $stderr == *"begins more than one digest: sha256:0"* ]]
	[ -z "$output" ]
}

@test "find of a child that the mirror leaves out: found in its index, and not here" {
	absent=sha256:$(printf absent | sha256sum | cut -d ' ' -f 1)
	child=$(mirror_digest one)
	index=$(printf '{"schemaVersion":2,"mediaType":"%s","manifests":[%s,{"mediaType":"%s",'\
'"digest":"%s","size":6,"platform":{"os":"linux","architecture":"arm64"}}]}' "$OCI_INDEX" \
		"$(layout_desc mirror "$child" "$OCI_MANIFEST")" "$OCI_MANIFEST" "$absent" | layout_blob mirror)
	jq -c --arg index "$index" --argjson size "$(layout_size mirror "$index")" '
		.manifests += [{mediaType: "'"$OCI_INDEX"'", digest: $index, size: $size, annotations:
			{"org.opencontainers.image.ref.name": "docker.io/library/multi:1",
			"dev.ocimirror.synced-in": "3", "dev.ocimirror.platform": "linux/amd64"}}]' \
		mirror/index.json >i && mv i mirror/index.json
	publish find "$absent"
	[ "$status" -eq 0 ]
	[[ $output == *"  docker.io/library/multi:1  ${index:0:19}  3-  "*"  manifest (not here)" ]]
	publish find --json "$absent" "$index"
	jq -e '.[0].here == false and .[0].found and .[1].role == "index" and .[1].here' <<<"$output"
	# what is in the child that is here is in the index, too
	publish find "$(part one '.layers[0].digest')"
	[ "$(rows | grep -c "^docker.io/library/multi:1 3- ")" -eq 1 ]
}

@test "find: private images are found, and the group is named" {
	jq -c '(.manifests[] | select(.annotations["org.opencontainers.image.ref.name"]
		| startswith("quay.io/team/app"))).annotations["dev.ocimirror.private"] = "team-a"' \
		mirror/index.json >i && mv i mirror/index.json
	publish find "$(mirror_digest first)"
	[ "$status" -eq 0 ]
	[ "$(grep -c ', private to team-a$' <<<"$output")" -eq 2 ]
	publish find --json "$(mirror_digest first)" "$(mirror_digest one)"
	jq -e '.[0].references[0].private == "team-a" and .[1].references[0].private == null' \
		<<<"$output"
}

@test "find: without the journal, the generations that are kept say it" {
	publish find "$(mirror_digest two)"
	known=$(rows)
	: >mirror/.mirror/journal.jsonl
	publish find "$(mirror_digest two)"
	[ "$status" -eq 0 ]
	[[ $stderr == *"warning: the journal does not tell of all generations"* ]]
	[ "$(rows)" = "$known" ]
}

@test "find: without the journal, a generation that lacks a reference ends its stay" {
	: >mirror/.mirror/journal.jsonl
	chmod u+w mirror/.mirror/generations/2.json
	jq -c --arg ref $P '.manifests |= map(select(.annotations["org.opencontainers.image.ref.name"]
		!= $ref))' mirror/.mirror/generations/2.json >i
	cp i mirror/.mirror/generations/2.json
	publish find "$(mirror_digest first)"
	[ "$status" -eq 0 ]
	[ "$(rows | tail -n 1)" = "$P 1 2026-11-05 2026-11-06" ]
}

@test "find: where the journal has lost its beginning or its end" {
	publish find "$(mirror_digest one)"
	known=$(rows)
	cp mirror/.mirror/journal.jsonl whole
	for left in 1,2d 4,\$d; do
		sed "$left" whole >mirror/.mirror/journal.jsonl
		publish find "$(mirror_digest one)"
		[ "$status" -eq 0 ] || { echo "$left: $output $stderr" && false; }
		[[ $stderr == *"does not tell of all generations"* ]]
		[ "$(rows | tail -n 1)" = "$(tail -n 1 <<<"$known")" ] \
			|| { echo "$left: $(rows)" && false; }
	done
}

@test "find: a generation that is needed and cannot be read is counted" {
	: >mirror/.mirror/journal.jsonl
	chmod u+w mirror/.mirror/generations/2.json
	echo rubbish >mirror/.mirror/generations/2.json
	publish find "$(mirror_digest one)"
	[ "$status" -eq 0 ]
	[[ $stderr == *"warning: 1 generation cannot be read"* ]]
}

@test "find: lines of the journal that cannot be read are counted, and hide no other" {
	sed -i '1a {"generation":2,"ref' mirror/.mirror/journal.jsonl
	publish find "$(mirror_digest two)"
	[ "$status" -eq 0 ]
	[ "${#lines[@]}" -eq 2 ]
	[[ $stderr == *"warning: 1 line of the journal"* ]]
}

@test "find: what a manifest that is gone had in it is not known, and said so" {
	layer=$(part one '.layers[0].digest')
	rm -f "$(layout_file mirror "$(mirror_digest one)")"
	publish find "$layer"
	[ "$status" -eq 2 ]
	[[ $stderr == *"warning: 1 manifest that was published is missing or damaged: \
$(mirror_digest one); what is in it is not known"* ]]
	publish find "$(mirror_digest one)"
	[ "$status" -eq 0 ]
	[[ $output == *"  content (not here), "* ]]
}

@test "find: what a rollback brings back has two stays" {
	publish rollback $A
	publish find "$(mirror_digest two)"
	[ "$status" -eq 0 ]
	[ "$(rows | awk -v ref=$A '$1 == ref { print $2 }' | tr '\n' ' ')" = "4- 2 " ]
	[[ $output == *", rollback, "* ]]
}

@test "find answers from the table of a publisher as it does from the disk" {
	publish hold $A
	[ -n "$(ls mirror/.mirror/tables)" ]
	publish find --json "$(part two .config.digest)" "$(part second '.layers[0].digest')"
	[ "$status" -eq 0 ]
	with=$output
	rm -r mirror/.mirror/tables
	publish find --json "$(part two .config.digest)" "$(part second '.layers[0].digest')"
	[ "$output" = "$with" ]
}

@test "find: no mirror, or one that cannot be read, is status 16" {
	publish --mirror nowhere find sha256:000000000000
	[ "$status" -eq 16 ]
	chmod 000 mirror/.mirror/journal.jsonl
	[ "$(id -u)" -ne 0 ] || { rm mirror/.mirror/journal.jsonl && mkdir mirror/.mirror/journal.jsonl; }
	publish find "$(mirror_digest one)"
	[ "$status" -eq 16 ]
	[ -z "$output" ]
}
