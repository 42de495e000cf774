#!/usr/bin/env bats
# mirror-publish on mirrors as syncs of days long gone left them: what is shown, rolled back, held and undone.

# shellcheck disable=SC2030,SC2031  # each test is a process of its own

bats_require_minimum_version 1.5.0

A=docker.io/library/alpine:3.19
Q=quay.io/team/app:v1

# alpine: one, two, three; the app: first, second
setup_file() {
	top=$(cd "$BATS_TEST_DIRNAME/../.." && pwd)
	. "$top/tests/lib/layout.bash"
	. "$top/tests/lib/mirror.bash"
	cd "$BATS_FILE_TMPDIR" || return
	mirror_init mirror
	mirror_sync mirror 2026-11-05 $A one $Q first
	mirror_sync mirror 2026-11-06 $A two
	mirror_sync mirror 2026-11-10 $A three $Q second
}

setup() {
	top=$(cd "$BATS_TEST_DIRNAME/../.." && pwd)
	bin=${BIN:-$top/build}
	. "$top/tests/lib/layout.bash"
	. "$top/tests/lib/mirror.bash"
	unset MIRROR_DIR
	cd "$BATS_TEST_TMPDIR" || return
	anew
}

# The mirror as it was at first.
anew() {
	rm -rf mirror
	cp -r "$BATS_FILE_TMPDIR/mirror" "$BATS_FILE_TMPDIR/mirror.texts" .
	mirror_texts=mirror.texts
}

publish() {
	run --separate-stderr "$bin/mirror-publish" "$@"
}

# jq on the index; "name" is an entry's reference, "note(K)" one of our annotations.
index() {
	jq -r "def name: .annotations[\"org.opencontainers.image.ref.name\"];
		def note(\$k): .annotations[\"dev.ocimirror.\" + \$k];
		def named(\$n): .manifests[] | select(name == \$n);
		$1" mirror/index.json
}

# The snapshots of a tag that this verb made, without the tag's name.
made_by() {
	index ".manifests[] | select(note(\"snapshot-of\") == \"$2\" and note(\"snapshot-by\") == \"$1\") | name" |
		sed "s|^$2||"
}

hold_of() {
	index "named(\"$1\") | note(\"held\") // \"{}\""
}

same_mirror() {
	[ "$(cd "$1" && find . -type f -exec sha256sum {} + | sort)" = "$2" ]
}

files_of() {
	(cd "$1" && find . -type f -exec sha256sum {} + | sort)
}

# ---- status ----

@test "status: a reference a line, with digest, age, snapshots and what is to be said" {
	publish status
	[ "$status" -eq 0 ]
	[ -z "$stderr" ]
	[ "${#lines[@]}" -eq 2 ]
	read -r ref digest age snapshots state <<<"${lines[0]}"
	[ "$ref" = $A ]
	[ "$digest" = "$(mirror_digest three | cut -c 1-19)" ]
	[[ $age =~ ^[0-9]+[smhdy]$ ]]
	[ "$snapshots" = 2 ]
	[ "$state" = - ]
}

@test "status PATTERN: the tag, then its snapshots, the newest first" {
	publish status alpine:3.19
	[ "$status" -eq 0 ]
	[ "$(awk '{ print $1 }' <<<"$output" | tr '\n' ' ')" = "$A $A.20261110 $A.20261106 " ]
	[[ ${lines[1]} == *"replaced 2026-11-10 by sync" ]]
}

@test "status of a snapshot by its name" {
	publish status alpine:3.19.20261106
	[ "$status" -eq 0 ]
	[ "${#lines[@]}" -eq 1 ]
}

@test "status: held, gone and unlisted are said" {
	jq -c '.manifests[0].annotations += {"dev.ocimirror.gone-since": "2026-11-11T00:00:00Z",
		"dev.ocimirror.unlisted-since": "2026-11-12T00:00:00Z",
		"dev.ocimirror.held": "{\"mode\":\"frozen\",\"reason\":\"audit\",\"who\":\"eve@x\",\"since\":\"2026-11-13T00:00:00Z\"}"}' \
		mirror/index.json >i && mv i mirror/index.json
	publish status
	[[ ${lines[0]} == *'held: frozen, "audit" (eve@x, 2026-11-13); gone since 2026-11-11; unlisted since 2026-11-12' ]]
}

@test "status: what stands in an index cannot move a terminal's cursor" {
	jq -c '.manifests[0].annotations["dev.ocimirror.held"] = "{\"mode\":\"frozen\",\"who\":\"x\",\"reason\":\"\u001b[2Jboo\"}"' \
		mirror/index.json >i && mv i mirror/index.json
	publish status
	[ "$status" -eq 0 ]
	[[ $output != *$'\033'* ]]
}

@test "status --json has everything" {
	publish status --json alpine:3.19
	[ "$status" -eq 0 ]
	jq -e --arg three "$(mirror_digest three)" '.generation == 3 and .made_by == "sync" and .label == "sprint-3"
		and (.images | length) == 1 and .images[0].digest == $three and .images[0].held == null
		and (.images[0].snapshots | map(.ref)) == ["'$A.20261110'", "'$A.20261106'"]' <<<"$output"
}

@test "status: a pattern that matches nothing is status 2" {
	publish status quay.io/nobody
	[ "$status" -eq 2 ]
	[ -z "$output" ]
	[ "${#stderr_lines[@]}" -eq 1 ]
}

@test "status of a mirror in which nothing is published yet" {
	mirror_init empty
	publish --mirror empty status
	[ "$status" -eq 0 ]
	[ -z "$output" ]
	publish --mirror empty status --json
	jq -e '.images == []' <<<"$output"
}

# ---- log and at ----

@test "log: generations, the newest first, and what each changed" {
	publish log
	[ "$status" -eq 0 ]
	[[ ${lines[0]} == "generation 3  2026-11-10T08:00:00Z  sync"* ]]
	[ "$(grep -c ^generation <<<"$output")" -eq 3 ]
	[[ ${lines[1]} == "  $A "*" $(mirror_digest two | cut -c 1-19)  ->  $(mirror_digest three | cut -c 1-19) "* ]]
	publish log --json
	jq -e 'map(.generation) == [3, 2, 1] and (.[0].changes | length) == 2 and .[0].changes[0].who == "Ann"' <<<"$output"
}

@test "log REF: its history, the newest first" {
	publish log alpine:3.19
	[ "$status" -eq 0 ]
	[ "$(awk '{ print $1 }' <<<"$output" | tr '\n' ' ')" = "3 2 1 " ]
	publish log $A --json
	jq -e --arg one "$(mirror_digest one)" '.[2].old == null and .[2].new == $one' <<<"$output"
	publish log nobody
	[ "$status" -eq 2 ]
	[[ $stderr == *'"docker.io/library/nobody:latest" was never published here' ]]
}

@test "log: a line of the journal that is rubbish hides no other" {
	sed -i '2s/.*/rubbish/' mirror/.mirror/journal.jsonl
	publish log
	[ "$status" -eq 0 ]
	[ "$(grep -c ^generation <<<"$output")" -eq 3 ]
	[[ $stderr == *"1 line"* ]]
}

@test "at DATE REF: what it meant at the end of that day, and where that is now" {
	while read -r date text now; do
		publish at "$date" alpine:3.19
		[ "$status" -eq 0 ]
		[[ $output == "$A  $(mirror_digest "$text")  "*"now $now" ]] || { echo "$date: $output" && false; }
	done <<-END
		2026-11-05 one $A.20261106
		20261105 one $A.20261106
		2026-11-06 two $A.20261110
		2026-11-06T07:59:59Z one $A.20261106
		2026-11-06T08:00:00Z two $A.20261110
		2026-11-06T09:59:59+02:00 one $A.20261106
		2026-11-09 two $A.20261110
		2030-01-01 three $A
	END
	publish at 2026-11-06 alpine:3.19 --json
	jq -e --arg two "$(mirror_digest two)" '.digest == $two and .generation == 2' <<<"$output"
}

@test "at: before it was published, or no date at all" {
	publish at 2026-11-04 alpine:3.19
	[ "$status" -eq 2 ]
	[[ $stderr == *"it first was 2026-11-05T08:00:00Z"* ]]
	for date in yesterday 2026-11-31 2026-1-1 2026-13-01 202611 2026-11-05T 2026-11-05x ""; do
		publish at "$date" alpine:3.19
		[ "$status" -eq 1 ] || { echo "$date: $output" && false; }
	done
	publish at alpine:3.19
	[ "$status" -eq 1 ]
}

# ---- rollback ----

@test "rollback: back to the snapshot before, what was there is kept and marked bad, the tag is held" {
	publish rollback alpine:3.19 --reason "breaks the build"
	[ "$status" -eq 0 ]
	[[ $output == "$A "*" ->  $(mirror_digest two | cut -c 1-19)  3.19.20261110, held; kept: 3.19."* ]]
	[ "$(mirror_means mirror $A)" = two ]
	[ "$(mirror_generation mirror)" = 4 ]
	stamp=$(made_by rollback $A)
	[[ $stamp =~ ^\.[0-9]{8}$ ]]
	[ "$(mirror_means mirror "$A$stamp")" = three ]
	[ "$(index "named(\"$A$stamp\") | note(\"bad\")")" = "breaks the build" ]
	hold_of $A | jq -e --arg three "$(mirror_digest three)" --arg who "$(id -un)@$(uname -n)" '.mode == "blocked"
		and .digest == $three and .reason == "breaks the build" and .who == $who'
	[ "$(index "named(\"$A\") | note(\"synced\")")" = 2026-11-06T08:00:00Z ]
	[ "$(index "named(\"$A\") | note(\"snapshot-of\")")" = null ]
}

@test "rollback: journal and generation file say the same" {
	publish rollback alpine:3.19 --reason "breaks the build"
	cmp mirror/index.json mirror/.mirror/generations/4.json
	tail -n 1 mirror/.mirror/journal.jsonl | jq -e --arg two "$(mirror_digest two)" --arg three "$(mirror_digest three)" \
		'.generation == 4 and .ref == "'$A'" and .old == $three and .new == $two and .why == "rollback"
		and .detail == "breaks the build" and (.who | contains("@"))'
	publish at 2026-11-30 alpine:3.19
	publish log alpine:3.19
	[[ ${lines[0]} == *'rollback, "breaks the build"'* ]]
}

@test "rollback twice goes two steps back, a third time there is nothing" {
	publish rollback alpine:3.19
	publish rollback alpine:3.19
	[ "$status" -eq 0 ]
	[ "$(mirror_means mirror $A)" = one ]
	hold_of $A | jq -e --arg two "$(mirror_digest two)" --arg three "$(mirror_digest three)" \
		'.digest == $two and .also == [$three]'
	[ "$(index "[.manifests[] | select(note(\"bad\"))] | length")" = 3 ]
	before=$(files_of mirror)
	publish rollback alpine:3.19
	[ "$status" -eq 2 ]
	[ -z "$output" ]
	[[ ${stderr_lines[0]} == *"$A: no earlier snapshot to roll back to"* ]]
	[ "$(files_of mirror | grep -v lock)" = "$(grep -v lock <<<"$before")" ]
}

@test "rollback --to: a snapshot by what follows the tag" {
	for stamp in 20261106 .20261106 3.19.20261106 $A.20261106; do
		anew
		publish rollback alpine:3.19 --to "$stamp"
		[ "$status" -eq 0 ]
		[ "$(mirror_means mirror $A)" = one ]
	done
}

@test "rollback --to: one that is not there names those that are, but none that is bad" {
	publish rollback alpine:3.19
	publish rollback alpine:3.19 --to 20261107
	[ "$status" -eq 2 ]
	[[ ${stderr_lines[0]} == *'no snapshot "20261107"; there are 20261110, 20261106' ]]
	[ "$(mirror_means mirror $A)" = two ]
}

@test "rollback --to: a name with two readings is refused, with its separator it is not" {
	jq -c '.manifests |= (. + [.[] | select(.annotations["org.opencontainers.image.ref.name"] == "'$A.20261106'")
		| .annotations["org.opencontainers.image.ref.name"] = "'$A-20261106'"]
		| sort_by(.annotations["org.opencontainers.image.ref.name"]))' mirror/index.json >i && mv i mirror/index.json
	publish rollback alpine:3.19 --to 20261106
	[ "$status" -eq 2 ]
	[[ $stderr == *"is more than one snapshot: "*"-20261106"* ]]
	publish rollback alpine:3.19 --to -20261106
	[ "$status" -eq 0 ]
	[ "$(mirror_means mirror $A)" = one ]
}

@test "rollback --to what was bad: it is bad no longer, nor blocked" {
	publish rollback alpine:3.19
	bad=$(made_by rollback $A)
	publish rollback alpine:3.19 --to "$bad"
	[ "$status" -eq 0 ]
	[ "$(mirror_means mirror $A)" = three ]
	[ "$(index "named(\"$A$bad\") | note(\"bad\")")" = null ]
	hold_of $A | jq -e --arg two "$(mirror_digest two)" '.digest == $two and .also == null'
}

@test "rollback --to where the tag is already changes nothing" {
	publish rollback alpine:3.19
	publish rollback alpine:3.19 --to 20261110
	[ "$status" -eq 0 ]
	[[ $output == *"means that already" ]]
	[ "$(mirror_generation mirror)" = 4 ]
}

@test "rollback --freeze holds the tag against everything" {
	publish rollback alpine:3.19 --freeze
	hold_of $A | jq -e '.mode == "frozen"'
}

@test "rollback of several: one generation, what cannot be is named, status 2" {
	mirror_sync mirror 2026-11-11 docker.io/library/new:1 only
	publish rollback alpine:3.19 'quay.io/*' new:1 quay.io/nobody:1
	[ "$status" -eq 2 ]
	[ "$(mirror_generation mirror)" = 5 ]
	[ "$(mirror_means mirror $A) $(mirror_means mirror $Q)" = "two first" ]
	[[ $stderr == *"docker.io/library/new:1: no earlier snapshot"* ]]
	[[ $stderr == *"quay.io/nobody:1: no tag of this mirror matches"* ]]
}

@test "rollback --digest: every tag that means it, and no other" {
	mirror_sync mirror 2026-11-11 docker.io/library/alpine:3 two docker.io/library/alpine:latest three
	mirror_sync mirror 2026-11-12 docker.io/library/alpine:3 three
	publish rollback --digest "$(mirror_digest three)"
	[ "$status" -eq 2 ]
	[ "$(mirror_means mirror $A) $(mirror_means mirror docker.io/library/alpine:3)" = "two two" ]
	[ "$(mirror_means mirror docker.io/library/alpine:latest)" = three ]
	[[ $stderr == *"docker.io/library/alpine:latest: no earlier snapshot"* ]]
}

@test "rollback --digest takes what status shows of it" {
	publish rollback --digest "$(mirror_digest three | cut -c 1-19)"
	[ "$status" -eq 0 ]
	[ "$(mirror_means mirror $A)" = two ]
	publish rollback --digest sha256:0000000
	[ "$status" -eq 2 ]
	[[ $stderr == *"sha256:0000000: no tag of this mirror means it"* ]]
	publish rollback --digest three
	[ "$status" -eq 1 ]
}

@test "rollback: two tags of one digest are each handled by itself" {
	B=docker.io/library/alpine:3
	mirror_sync mirror 2026-11-11 $B three
	publish rollback $A
	[ "$(mirror_means mirror $A) $(mirror_means mirror $B)" = "two three" ]
	[ "$(hold_of $B)" = "{}" ]
}

@test "rollback: a snapshot cannot be rolled back, and the tag is named" {
	publish rollback alpine:3.19.20261110
	[ "$status" -eq 2 ]
	[[ $stderr == *"is a snapshot of \"$A\" and never moves; name the tag"* ]]
}

@test "rollback: a tag that could not be pulled is left where it is" {
	layer=$(layout_describe mirror two amd64 | jq -r .layers[0].digest)
	rm -f "mirror/blobs/sha256/${layer#sha256:}"
	publish rollback alpine:3.19 'quay.io/*'
	[ "$status" -eq 2 ]
	[ "$(mirror_means mirror $A) $(mirror_means mirror $Q)" = "three first" ]
	[[ $stderr == *"$A: stays: it could not be pulled, since its layer $layer is missing"* ]]
	[ "$(hold_of $A)" = "{}" ]
}

@test "rollback: snapshots are named as the last sync named them" {
	jq -c '.annotations["dev.ocimirror.snapshot-suffix"] = "-before-%Y%m%d"' mirror/index.json >i && mv i mirror/index.json
	publish rollback alpine:3.19
	[[ $(made_by rollback $A) =~ ^-before-[0-9]{8}$ ]]
}

@test "rollback: a snapshot name that no tag can be leaves the tag where it is" {
	long=docker.io/library/alpine:$(printf 't%.0s' {1..124})
	mirror_sync mirror 2026-11-11 "$long" one
	jq -c '.manifests += [.manifests[] | select(.annotations["org.opencontainers.image.ref.name"] == "'$A.20261106'")
		| .annotations["org.opencontainers.image.ref.name"] = "'"$long"'.x"
		| .annotations["dev.ocimirror.snapshot-of"] = "'"$long"'" | .digest = "'"$(mirror_digest two)"'"]' \
		mirror/index.json >i && mv i mirror/index.json
	publish rollback "$long"
	[ "$status" -eq 2 ]
	[[ $stderr == *"cannot be kept as"* ]]
	[ "$(mirror_means mirror "$long")" = one ]
}

@test "rollback --json" {
	publish rollback alpine:3.19 new:1 --json
	[ "$status" -eq 2 ]
	jq -e --arg two "$(mirror_digest two)" '.generation == 4 and .published and .images[0].new == $two
		and .images[0].to == "3.19.20261110" and (.images[0].snapshot | startswith("'$A'."))' <<<"$output"
}

# ---- hold and release ----

@test "hold freezes, release lets go; doing it again changes nothing" {
	publish hold 'quay.io/*' --reason audit
	[ "$status" -eq 0 ]
	hold_of $Q | jq -e '.mode == "frozen" and .reason == "audit"'
	publish hold 'quay.io/*'
	[ "$status" -eq 0 ]
	[[ $output == *"is frozen already" ]]
	publish release '*'
	[ "$status" -eq 0 ]
	[ "$(hold_of $Q)" = "{}" ]
	[ "$(mirror_generation mirror)" = 5 ]
	publish release '*'
	[ "$status" -eq 0 ]
	[ "$(mirror_generation mirror)" = 5 ]
	[ "$(tail -n 2 mirror/.mirror/journal.jsonl | jq -r .why | tr '\n' ' ')" = "hold release " ]
}

@test "hold on what a rollback blocked keeps what is blocked" {
	publish rollback alpine:3.19 --reason broken
	publish hold alpine:3.19
	hold_of $A | jq -e --arg three "$(mirror_digest three)" '.mode == "frozen" and .digest == $three and .reason == "broken"'
	publish rollback alpine:3.19
	hold_of $A | jq -e '.mode == "frozen"'
}

@test "release: what was blocked is bad no longer" {
	publish rollback alpine:3.19
	publish rollback alpine:3.19
	publish release alpine:3.19
	[ "$(index "[.manifests[] | select(note(\"bad\"))] | length")" = 0 ]
}

# ---- undo ----

@test "undo: every tag is where it was before the last sync, additions stay, nothing is lost" {
	mirror_sync mirror 2026-11-12 $A four docker.io/library/new:1 only
	publish undo --reason "bad sprint"
	[ "$status" -eq 0 ]
	[ "$(mirror_means mirror $A) $(mirror_means mirror $Q)" = "three second" ]
	[ "$(mirror_means mirror docker.io/library/new:1)" = only ]
	[ "$(mirror_means mirror "$A$(made_by undo $A)")" = four ]
	hold_of $A | jq -e --arg four "$(mirror_digest four)" '.mode == "blocked" and .digest == $four and .reason == "bad sprint"'
	[ "$(hold_of $Q)" = "{}" ]
}

@test "undo twice: the second finds nothing to move and publishes nothing" {
	publish undo
	[ "$(mirror_means mirror $A) $(mirror_means mirror $Q)" = "two first" ]
	publish undo
	[ "$status" -eq 0 ]
	[ -z "$output" ]
	[[ $stderr == *"nothing to change: generation 4 stays"* ]]
	[ "$(mirror_generation mirror)" = 4 ]
}

@test "undo --to a number or a label" {
	for to in 1 sprint-1 '#1'; do
		anew
		publish undo --to "$to"
		[ "$status" -eq 0 ]
		[ "$(mirror_means mirror $A) $(mirror_means mirror $Q)" = "one first" ]
		[[ $output == *"generation 1, held"* ]]
	done
}

@test "undo --to what is none names those that are kept" {
	for to in 17 sprint-9 -- '#x' -1; do
		publish undo --to="$to"
		[ "$status" -eq 1 ]
		[ "$(mirror_generation mirror)" = 3 ]
	done
	[[ $stderr == *"those kept are 0 to 3"* ]]
}

@test "undo --to a label that is also a generation is refused" {
	for file in mirror/index.json mirror/.mirror/generations/3.json; do
		jq -c '.annotations["dev.ocimirror.label"] = "1"' $file >i && mv i $file
	done
	publish undo --to 1
	[ "$status" -eq 1 ]
	[[ $stderr == *'the label of generation 3: say "#1" or "3"'* ]]
	publish undo --to '#1'
	[ "$status" -eq 0 ]
	[ "$(mirror_means mirror $A)" = one ]
}

@test "undo of an undo: by its number, and nothing was lost" {
	publish undo --to 1
	publish undo --to 3
	[ "$status" -eq 0 ]
	[ "$(mirror_means mirror $A) $(mirror_means mirror $Q)" = "three second" ]
	hold_of $A | jq -e --arg one "$(mirror_digest one)" '.digest == $one and .also == null'
}

@test "undo after a rollback goes to where the tag was before the sync" {
	publish rollback alpine:3.19
	publish undo
	[ "$status" -eq 0 ]
	[ "$(mirror_means mirror $A) $(mirror_means mirror $Q)" = "two first" ]
	hold_of $A | jq -e --arg three "$(mirror_digest three)" '.digest == $three'
}

@test "undo brings back what was blocked then" {
	publish rollback alpine:3.19
	mirror_sync mirror 2026-11-12 $A four
	publish undo
	[ "$(mirror_means mirror $A)" = two ]
	hold_of $A | jq -e --arg three "$(mirror_digest three)" --arg four "$(mirror_digest four)" \
		'.digest == $four and .also == [$three]'
}

@test "undo to what a rollback has called bad says so" {
	publish rollback alpine:3.19
	publish rollback alpine:3.19 --reason worse
	publish undo
	[ "$(mirror_means mirror $A)" = two ]
	[[ $stderr == *"$A: what it means again is marked bad: worse (release takes the mark away)"* ]]
	publish status alpine:3.19
	[[ $output == *"bad: worse"* ]]
	publish release alpine:3.19
	publish status alpine:3.19
	[[ $output != *"bad: worse"* ]]
}

@test "undo: what was removed comes back when it is all there" {
	for gone in $Q $A; do
		jq -c '.manifests |= map(select(.annotations["org.opencontainers.image.ref.name"] != "'"$gone"'"))' \
			mirror/index.json >i && mv i mirror/index.json
	done
	layer=$(layout_describe mirror two amd64 | jq -r .layers[0].digest)
	rm -f "mirror/blobs/sha256/${layer#sha256:}"
	publish undo
	[ "$status" -eq 2 ]
	[ "$(mirror_means mirror $Q)" = first ]
	[ -z "$(mirror_entry mirror $A)" ]
	[[ $stderr == *"$A: "*"$layer is missing"* ]]
	[ "$(hold_of $Q)" = "{}" ]
}

@test "undo leaves what is frozen frozen" {
	publish hold alpine:3.19
	publish undo
	[ "$(mirror_means mirror $A)" = two ]
	hold_of $A | jq -e '.mode == "frozen"'
}

@test "undo without a sync on record" {
	mirror_init empty
	publish undo --mirror empty
	[ "$status" -eq 2 ]
	[[ $stderr == *"no sync to undo"* ]]
}

# ---- locks ----

@test "no verb waits for a running sync" {
	: >mirror/.mirror/sync.lock
	exec 7>mirror/.mirror/sync.lock
	flock 7
	publish rollback alpine:3.19 7>&-
	[ "$status" -eq 0 ]
	publish undo --to 1 7>&-
	[ "$status" -eq 0 ]
	publish hold alpine:3.19 7>&-
	[ "$status" -eq 0 ]
	exec 7>&-
}

@test "while somebody else publishes: status 16, and nothing is changed" {
	: >mirror/.mirror/lock
	exec 7>mirror/.mirror/lock
	flock 7
	before=$(files_of mirror)
	publish rollback alpine:3.19 --wait 0 7>&-
	[ "$status" -eq 16 ]
	[[ $stderr == *".mirror/lock"* ]]
	same_mirror mirror "$before"
	publish status 7>&-
	[ "$status" -eq 0 ]
	exec 7>&-
}

# ---- mirrors that are none, and other mistakes ----

@test "no mirror: one line that says how to name it, status 16, and nothing is made" {
	for verb in status log "at 2026-11-05 x" "rollback x" "hold x" "release x" undo; do
		# shellcheck disable=SC2086  # words
		publish --mirror nowhere $verb
		[ "$status" -eq 16 ]
		[ "${#stderr_lines[@]}" -eq 1 ]
		[[ $stderr == *'no mirror at "nowhere"'*MIRROR_DIR* ]]
		[ ! -e nowhere ]
	done
}

@test "what is no mirror is left as it is" {
	mkdir plain && touch plain/file
	layout_new foreign
	layout_image foreign registry.example/a:1 one
	cp -r mirror other && printf '{"imageLayoutVersion":"2.0.0"}' >other/oci-layout
	for dir in plain foreign other; do
		before=$(files_of $dir)
		for verb in status "rollback x" undo; do
			# shellcheck disable=SC2086  # words
			publish --mirror $dir $verb
			[ "$status" -eq 16 ] || { echo "$dir $verb: $status $stderr" && false; }
			[ "${#stderr_lines[@]}" -eq 1 ]
			same_mirror $dir "$before"
		done
	done
}

@test "an index.json that is broken, cut or missing stops everything, and nothing is changed" {
	for how in '{' '' 'null' '{"schemaVersion":2,"manifests":[{"digest":"sha256:1"}]}' gone; do
		rm -rf broken && cp -r mirror broken
		rm broken/index.json
		[ "$how" = gone ] || printf %s "$how" >broken/index.json
		before=$(files_of broken)
		for verb in status "rollback alpine:3.19" undo "hold alpine:3.19"; do
			# shellcheck disable=SC2086  # words
			publish --mirror broken $verb
			[ "$status" -eq 16 ] || { echo "$how $verb: $status $output" && false; }
			[ -z "$output" ]
			[ "${#stderr_lines[@]}" -eq 1 ]
			[[ $stderr == *"; nothing was changed; "*"cp broken/.mirror/generations/"*".json broken/index.json" ]]
		done
		[ "$(files_of broken | grep -v lock)" = "$before" ]
	done
}

@test "a disk that fails at any step: status 16, one line, the generation before stands" {
	command -v strace >/dev/null || skip "no strace here"
	before=$(sha256sum <mirror/index.json)
	for fault in fsync:when=1 fsync:when=3 renameat:when=1 renameat:when=2; do
		ASAN_OPTIONS=${ASAN_OPTIONS:-}:detect_leaks=0 run --separate-stderr strace -f -o trace -e trace=fsync,renameat -e "inject=${fault/:/:error=ENOSPC:}" \
			"$bin/mirror-publish" rollback alpine:3.19
		[ "$status" -eq 16 ] || { echo "$fault: $status" && cat trace && false; }
		[ -z "$output" ]
		[[ $stderr == *"No space left on device"* ]]
		[ "$(sha256sum <mirror/index.json)" = "$before" ]
		publish rollback alpine:3.19
		[ "$status" -eq 0 ]
		[ "$(mirror_means mirror $A)" = two ]
		[ "$(jq -c .generation mirror/.mirror/journal.jsonl | tail -n 3 | tr '\n' ' ')" = "3 4 4 " ]
		anew
	done
}

# Whether a rollback that was killed left the generation before or the one after, and the next one completes.
survives() {
	if [ "$(mirror_generation mirror)" = 3 ]; then
		cmp mirror/index.json "$BATS_FILE_TMPDIR/mirror/index.json" || return
	else
		cmp mirror/index.json mirror/.mirror/generations/4.json || return
		[ "$(mirror_means mirror $A)" = two ] || return
	fi
	publish rollback alpine:3.19 --to 20261110
	[ "$status $(mirror_generation mirror) $(mirror_means mirror $A)" = "0 4 two" ] &&
		[ "$(jq -c .generation mirror/.mirror/journal.jsonl | tail -n 3 | tr '\n' ' ')" = "3 4 4 " ]
}

@test "killed at any step: the generation before or the one after, and the next run goes on" {
	command -v strace >/dev/null || skip "no strace here"
	kills=0
	for call in write ftruncate fchmod fsync renameat; do
		for ((step = 1; step < 20; step++)); do
			anew
			ASAN_OPTIONS=${ASAN_OPTIONS:-}:detect_leaks=0 run strace -f -o trace -e trace=$call \
				-e inject=$call:signal=KILL:when=$step "$bin/mirror-publish" rollback alpine:3.19
			[ "$status" -ne 0 ] || break
			kills=$((kills + 1))
			survives || { echo "killed at $call $step" && false; }
		done
	done
	[ "$kills" -ge 12 ]
}

@test "a wrong command line is status 1, one line, and touches nothing" {
	before=$(files_of mirror)
	while read -r words; do
		eval "publish $words"
		[ "$status" -eq 1 ] || { echo "$words: $status" && false; }
		[ "${#stderr_lines[@]}" -eq 1 ]
		[ -z "$output" ]
	done <<-'END'
		""
		rolback x
		rollback
		rollback alpine:3.19 --digest sha256:1234567
		rollback alpine:3.19 --reason "$(printf 'a\nb')"
		rollback alpine:3.19 --reason "$(printf 'a\xffb')"
		rollback alpine:3.19 --reason "$(printf 'x%.0s' {1..401})"
		rollback 'al pine'
		hold
		release
		undo alpine:3.19
		undo --wait soon
		log a b
		log 'UPPER/..'
		status --to 3
		status --mirror
	END
	same_mirror mirror "$before"
}

@test "options stand before or after the verb; MIRROR_DIR names the mirror" {
	mv mirror elsewhere
	publish --mirror elsewhere status
	[ "${#lines[@]}" -eq 2 ]
	publish --mirror=elsewhere --wait 3 hold alpine:3.19
	[ "$status" -eq 0 ]
	publish status --mirror elsewhere
	[ "${#lines[@]}" -eq 2 ]
	MIRROR_DIR=elsewhere publish status
	[ "${#lines[@]}" -eq 2 ]
	MIRROR_DIR=nowhere publish status --mirror elsewhere
	[ "${#lines[@]}" -eq 2 ]
}

@test "every verb has its --help" {
	for verb in status log at rollback hold release undo; do
		publish "$verb" --help
		[ "$status" -eq 0 ]
		[[ ${lines[0]} == "Usage: mirror-publish $verb"* ]]
		[ -z "$stderr" ]
	done
}

@test "output that cannot be written is no success" {
	run bash -c '"$1/mirror-publish" status >/dev/full' - "$bin"
	[ "$status" -ne 0 ]
}
