#!/usr/bin/env bats
# mirror-publish, what is moved and held: rollback, hold, release, undo.

bats_require_minimum_version 1.5.0

A=docker.io/library/alpine:3.19
Q=quay.io/team/app:v1

setup_file() {
	load ../lib/publish
	team_mirror
}

setup() {
	load ../lib/publish
	anew
}

# ---- rollback ----

@test "rollback: back to the previous snapshot; the replaced one is kept and bad, the tag held" {
	publish rollback alpine:3.19 --reason "breaks the build"
	[ "$status" -eq 0 ]
	[[ $output == "$A "*" ->  $(mirror_digest two | cut -c 1-19)  3.19.20261110, held; kept: \
3.19."* ]]
	[ "$(mirror_means mirror $A)" = two ]
	[ "$(mirror_generation mirror)" = 4 ]
	stamp=$(made_by rollback $A)
	[[ $stamp =~ ^\.[0-9]{8}$ ]]
	[ "$(mirror_means mirror "$A$stamp")" = three ]
	[ "$(bad_of $A)" = three:rollback ]
	index '.annotations["dev.ocimirror.bad"]' | jq -e --arg three "$(mirror_digest three)" \
		--arg who "$(id -un)@$(uname -n)" 'length == 1 and .[0].ref == "'$A'" and .[0].digest == $three
		and .[0].reason == "breaks the build" and .[0].who == $who and (.[0].since | length) == 20'
	[ "$(hold_of $A)" = "{}" ]
	publish status alpine:3.19
	[[ ${lines[0]} == *"held: kept back from $(mirror_digest three | cut -c 1-19), \"breaks the build\""* ]]
	[[ ${lines[1]} == "$A$stamp "*"bad: by rollback, \"breaks the build\""* ]]
	publish status alpine:3.19 --json
	jq -e --arg three "$(mirror_digest three)" '.images[0] | .held.mode == "kept back" and .held.digest == $three
		and (.bad | map(.by)) == ["rollback"] and .snapshots[0].bad == "breaks the build"' <<<"$output"
	[ "$(index "named(\"$A\") | note(\"synced\")")" = 2026-11-06T08:00:00Z ]
	[ "$(index "named(\"$A\") | note(\"snapshot-of\")")" = null ]
}

@test "rollback: journal and generation file say the same" {
	publish rollback alpine:3.19 --reason "breaks the build"
	cmp mirror/index.json mirror/.mirror/generations/4.json
	tail -n 1 mirror/.mirror/journal.jsonl \
		| jq -e --arg two "$(mirror_digest two)" --arg three "$(mirror_digest three)" \
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
	[ "$(bad_of $A)" = "three:rollback two:rollback" ]
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
	[ "$(bad_of $A)" = two:rollback ]
}

@test "rollback --to where the tag is already changes nothing" {
	publish rollback alpine:3.19
	publish rollback alpine:3.19 --to 20261110
	[ "$status" -eq 0 ]
	[[ $output == *"means that already" ]]
	[ "$(mirror_generation mirror)" = 4 ]
}

@test "rollback --freeze holds the tag against everything" {
	publish rollback alpine:3.19 --freeze --reason audit
	hold_of $A | jq -e '.mode == "frozen" and .reason == "audit"'
	# and no later one forgets why
	publish rollback alpine:3.19 --freeze
	hold_of $A | jq -e '.mode == "frozen" and .reason == "audit"'
}

@test "rollback --dry-run says what would move, and changes nothing" {
	before=$(files_of mirror)
	publish rollback alpine:3.19 'quay.io/*' --dry-run
	[ "$status" -eq 0 ]
	[[ $output == "$A "*" ->  $(mirror_digest two | cut -c 1-19)  3.19.20261110, held; kept: "* ]]
	[ "${#lines[@]}" -eq 2 ]
	[[ $stderr == *"--dry-run: nothing was changed; generation 3 stays"* ]]
	publish rollback alpine:3.19 --dry-run --json
	jq -e '.dry_run and (.published | not) and .generation == 3' <<<"$output"
	same_mirror mirror "$before"
}

@test "rollback: what is banned is no way back, not even by name" {
	jq -c --arg two "$(mirror_digest two)" \
		'.annotations["dev.ocimirror.banned"] = ([{digest: $two, by: "block", reason: "CVE"}] | tojson)' \
		mirror/index.json >i && mv i mirror/index.json
	publish rollback alpine:3.19 --to 20261110
	[ "$status" -eq 2 ]
	[[ $stderr == *"$A: stays: what \"3.19.20261110\" keeps is banned by block (CVE)"* ]]
	publish undo
	[ "$status" -eq 2 ]
	[[ $stderr == *"$A: stays: "*" is banned by block (CVE)"* ]]
	publish rollback alpine:3.19
	[ "$status" -eq 0 ]
	[ "$(mirror_means mirror $A)" = one ]
}

@test "rollback, hold and release mean images: signatures go with theirs" {
	three=$(mirror_digest three)
	sig=docker.io/library/alpine:sha256-${three#sha256:}.sig
	mirror_sync mirror 2026-11-11 "$sig" sig1 docker.io/library/alpine:ref refers
	mirror_sync mirror 2026-11-12 "$sig" sig2 docker.io/library/alpine:ref refers2
	jq -c '.manifests |= map(if .annotations["org.opencontainers.image.ref.name"] == "docker.io/library/alpine:ref"
		then .annotations["dev.ocimirror.subject"] = "'"$three"'" else . end)' mirror/index.json >i && mv i mirror/index.json
	publish rollback 'docker.io/library/alpine:*'
	[ "$status" -eq 0 ]
	[ "${#lines[@]}" -eq 1 ]
	[ "$(mirror_means mirror $A) $(mirror_means mirror "$sig")" = "two sig2" ]
	publish hold 'docker.io/library/alpine'
	[ "$(index "[.manifests[] | select(note(\"held\")) | name] | join(\" \")")" = $A ]
	publish hold docker.io/library/alpine:ref
	[ "$status" -eq 2 ]
	[[ $stderr == *"is no image, but a signature or the like, which goes with its image"* ]]
	publish undo
	[ "$(mirror_means mirror "$sig")" = sig2 ]
}

@test "a pattern that matches nothing suggests the host, one that changes nothing is one line" {
	publish rollback 'team/*'
	[ "$status" -eq 2 ]
	[[ $stderr == *"team/*: no tag of this mirror matches; did you mean \"*/team/*\" (1 tag)?"* ]]
	mirror_sync mirror 2026-11-11 docker.io/team/a:1 x docker.io/team/b:1 x
	publish rollback 'team/*'
	[[ $stderr == *"did you mean \"docker.io/team/*\" (2 tags)?"* ]]
	publish hold 'alp*'
	[[ $stderr == *"did you mean \"docker.io/library/alp*\" (1 tag)?"* ]]
	for verb in hold release rollback; do
		publish $verb team/app:v1
		[ "$status" -eq 2 ]
		[[ $stderr == *"team/app:v1: no tag of this mirror matches; did you mean \"$Q\"?"* ]]
	done
	publish hold team/app:v2
	[[ $stderr != *"did you mean"* ]]
	publish release 'docker.io/*'
	[ "$status" -eq 0 ]
	[ -z "$output" ]
	[ "${#stderr_lines[@]}" -eq 2 ]
	[ "${stderr_lines[0]}" = "mirror-publish: docker.io/*: changes none of the 3 tags that it \
matches ($A: is not held)" ]
	publish rollback 'docker.io/team/*'
	[ "$status" -eq 2 ]
	[ "${#stderr_lines[@]}" -eq 2 ]
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
	mirror_sync mirror 2026-11-11 docker.io/library/alpine:3 two \
		docker.io/library/alpine:latest three
	mirror_sync mirror 2026-11-12 docker.io/library/alpine:3 three
	publish rollback --digest "$(mirror_digest three)"
	[ "$status" -eq 2 ]
	[ "$(mirror_means mirror $A) $(mirror_means mirror docker.io/library/alpine:3)" = \
		"two two" ]
	[ "$(mirror_means mirror docker.io/library/alpine:latest)" = three ]
	[[ $stderr == *"docker.io/library/alpine:latest: no earlier snapshot"* ]]
}

@test "rollback --digest takes what status shows of it" {
	publish rollback --digest "$(mirror_digest three | cut -c 1-19)"
	[ "$status" -eq 0 ]
	[ "$(mirror_means mirror $A)" = two ]
	publish rollback --digest sha256:0000000
	[ "$status" -eq 2 ]
	[[ $stderr == *"sha256:0000000: no tag of this mirror has it"* ]]
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
	jq -c '.annotations["dev.ocimirror.snapshot-suffix"] = "-before-%Y%m%d"' mirror/index.json \
		>i && mv i mirror/index.json
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

@test "hold on what a rollback kept back keeps the marks and the reason" {
	publish rollback alpine:3.19 --reason broken
	publish hold alpine:3.19
	hold_of $A | jq -e '.mode == "frozen" and .reason == "broken"'
	[ "$(bad_of $A)" = three:rollback ]
	publish rollback alpine:3.19
	hold_of $A | jq -e '.mode == "frozen"'
}

@test "release: what was blocked is bad no longer" {
	publish rollback alpine:3.19
	publish rollback alpine:3.19
	publish release alpine:3.19
	[[ $output == *"released; 2 digests are no longer bad" ]]
	[ "$(bad_of $A)" = "" ]
	[ "$(index '.annotations["dev.ocimirror.bad"]')" = null ]
}

@test "release of a reference that is not published any more" {
	publish rollback alpine:3.19
	jq -c '.manifests |= map(select(.annotations["org.opencontainers.image.ref.name"] != "'$A'"))' \
		mirror/index.json >i && mv i mirror/index.json
	publish release alpine:3.19
	[ "$status" -eq 0 ]
	[[ $output == "$A "*"released; 1 digest is no longer bad" ]]
	[ "$(bad_of $A)" = "" ]
}

# ---- undo ----

@test "undo: every tag is where it was before the last sync, additions stay, nothing is lost" {
	mirror_sync mirror 2026-11-12 $A four docker.io/library/new:1 only
	publish undo --reason "bad sprint"
	[ "$status" -eq 0 ]
	[ "$(mirror_means mirror $A) $(mirror_means mirror $Q)" = "three second" ]
	[ "$(mirror_means mirror docker.io/library/new:1)" = only ]
	[ "$(mirror_means mirror "$A$(made_by undo $A)")" = four ]
	[ "$(bad_of $A)" = four:undo ]
	[ "$(bad_of $Q)" = "" ]
	publish status alpine:3.19 --json
	jq -e '.images[0].held | .by == "undo" and .reason == "bad sprint"' <<<"$output"
}

@test "undo moves what the last sync moved, and nothing else" {
	mirror_sync mirror 2026-11-12 $A four
	publish rollback 'quay.io/*'
	publish undo
	[ "$status" -eq 0 ]
	[ "$(mirror_means mirror $A) $(mirror_means mirror $Q)" = "three first" ]
	[ "$(bad_of $Q)" = second:rollback ]
	[ "${#lines[@]}" -eq 1 ]
}

@test "undo --dry-run says what would move, and changes nothing" {
	before=$(files_of mirror)
	publish undo --dry-run
	[ "$status" -eq 0 ]
	[ "${#lines[@]}" -eq 2 ]
	[[ ${lines[0]} == "$A "*" ->  $(mirror_digest two | cut -c 1-19)  generation 2, held; kept: "* ]]
	same_mirror mirror "$before"
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
	[ "$(bad_of $A) $(bad_of $Q)" = "one:undo first:undo" ]
}

@test "undo after a rollback goes to where the tag was before the sync" {
	publish rollback alpine:3.19
	publish undo
	[ "$status" -eq 0 ]
	[ "$(mirror_means mirror $A) $(mirror_means mirror $Q)" = "two first" ]
	[ "$(bad_of $A) $(bad_of $Q)" = "three:rollback second:undo" ]
}

@test "undo adds a mark to those of a rollback" {
	publish rollback alpine:3.19
	mirror_sync mirror 2026-11-12 $A four
	publish undo
	[ "$(mirror_means mirror $A)" = two ]
	[ "$(bad_of $A)" = "four:undo three:rollback" ]
}

@test "undo never goes to what a rollback called bad: the tag stays and is named" {
	publish rollback alpine:3.19
	publish rollback alpine:3.19 --reason worse
	publish undo
	[ "$status" -eq 2 ]
	[ "$(mirror_means mirror $A) $(mirror_means mirror $Q)" = "one first" ]
	[[ $stderr == *"$A: stays: $(mirror_digest two | cut -c 1-19) was called bad by a rollback (worse)"* ]]
	[ "$(bad_of $A)" = "three:rollback two:rollback" ]
	# no release, no way back
	publish undo --to 3
	[ "$status" -eq 2 ]
	[ "$(mirror_means mirror $A) $(mirror_means mirror $Q)" = "one second" ]
	publish release alpine:3.19
	publish undo --to 3
	[ "$status" -eq 0 ]
	[ "$(mirror_means mirror $A)" = three ]
}

@test "undo: what was removed, local or unlisted stays as it is" {
	jq -c '.manifests |= map(select(.annotations["org.opencontainers.image.ref.name"] != "'$Q'"))' \
		mirror/index.json >i && mv i mirror/index.json
	for key in list unlisted-since; do
		jq -c '.manifests |= map(if .annotations["org.opencontainers.image.ref.name"] != "'$A'" then .
			elif "'$key'" == "list" then del(.annotations["dev.ocimirror.list"])
			else .annotations += {"dev.ocimirror.list": "x.list:1", "dev.ocimirror.unlisted-since": "2026-11-11T00:00:00Z"} end)' \
			mirror/index.json >i && mv i mirror/index.json
		publish undo --to 1
		[ "$status" -eq 0 ]
		[ "$(mirror_means mirror $A)" = three ]
		[ -z "$(mirror_entry mirror $Q)" ]
		[ "$(mirror_generation mirror)" = 3 ]
	done
}

@test "undo leaves what is frozen where it is, and its reason" {
	publish hold alpine:3.19 --reason audit
	publish undo
	[ "$status" -eq 0 ]
	[ "$(mirror_means mirror $A) $(mirror_means mirror $Q)" = "three first" ]
	[[ $output == *"$A "*"stays: it is frozen: audit"* ]]
	hold_of $A | jq -e '.mode == "frozen" and .reason == "audit"'
}

@test "a mirror of version 0.1: its blocked holds and bad snapshots are understood and carried over" {
	jq -c --arg two "$(mirror_digest two)" --arg three "$(mirror_digest three)" '.manifests |= map(
		if .annotations["org.opencontainers.image.ref.name"] == "'$A'" then .annotations["dev.ocimirror.held"] =
			({mode: "blocked", digest: $three, also: [$two], reason: "old", who: "eve@x", since: "2026-11-11T00:00:00Z"} | tojson)
		elif .annotations["org.opencontainers.image.ref.name"] == "'$A.20261110'" then .annotations["dev.ocimirror.bad"] = "segfaults"
		else . end)' mirror/index.json >i && mv i mirror/index.json
	publish status alpine:3.19 --json
	jq -e '.images[0].bad | map(.by) | sort == ["rollback", "undo"]' <<<"$output"
	publish rollback alpine:3.19 --dry-run
	[[ $output == *" 3.19.20261106, held"* ]]
	publish hold 'quay.io/*'
	[ "$(bad_of $A)" = "three:undo two:rollback" ]
	[ "$(hold_of $A)" = "{}" ]
	[ "$(index "[.manifests[] | select(note(\"bad\"))] | length")" = 0 ]
}

@test "marks that cannot be read stop everything, in words" {
	jq -c '.annotations["dev.ocimirror.bad"] = "broken"' mirror/index.json >i && mv i mirror/index.json
	before=$(files_of mirror)
	for verb in status "rollback alpine:3.19" "release alpine:3.19" undo; do
		# shellcheck disable=SC2086  # words
		publish $verb
		[ "$status" -eq 16 ]
		[[ $stderr == *"mirror/index.json: annotation dev.ocimirror.bad"* ]]
	done
	same_mirror mirror "$(cat <<<"$before")" || [ "$(files_of mirror | grep -v lock)" = "$(grep -v lock <<<"$before")" ]
}

@test "undo without a sync on record" {
	mirror_init empty
	publish undo --mirror empty
	[ "$status" -eq 2 ]
	[[ $stderr == *"no sync to undo"* ]]
}
