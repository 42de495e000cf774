#!/usr/bin/env bats
# Generations: what differs between two, one that was put back, a journal that was lost, and what a
# reader must understand.

bats_require_minimum_version 1.5.0

A=docker.io/library/alpine:3.19
APP=quay.io/team/app:v1

setup_file() {
	load ../lib/publish
	team_mirror
}

setup() {
	load ../lib/publish
	anew
}

# A copy, as people make it: the file is written in place.
put_back() {
	cp "mirror/.mirror/generations/$1.json" mirror/index.json
}

# ---- diff ----

@test "diff FROM TO: by number or label, a line for each reference that differs" {
	publish diff 2 sprint-3
	[ "$status" -eq 0 ]
	[ "$(awk '{ print $1, $3, $5 }' <<<"$output")" = "$A -> moved
$A.20261110 -> new
$APP -> moved
$APP.20261110 -> new" ]
	[[ ${lines[0]} == *" $(mirror_digest two | cut -c 1-19) "*" $(mirror_digest three | cut -c 1-19) "* ]]
}

@test "diff FROM: against what is published now; what else changed is named" {
	publish hold alpine:3.19
	publish diff 3
	[ "$status" -eq 0 ]
	[ "${#lines[@]}" -eq 1 ]
	[[ ${lines[0]} == "$A "*" == "*"changed: held" ]]
	publish diff 4
	[ "$status" -eq 0 ]
	[ -z "$output" ]
	[[ $stderr == *"generations 4 and 4 have the same entries" ]]
}

@test "diff backwards: what was new is removed" {
	publish diff 3 1
	[ "$status" -eq 0 ]
	[ "$(awk '$5 == "removed" { print $1 }' <<<"$output" | head -1)" = $A.20261106 ]
}

@test "diff --json" {
	publish diff 2 3 --json
	[ "$status" -eq 0 ]
	jq -e --arg new "$(mirror_digest second)" '.from.generation == 2 and .to.label == "sprint-3"
		and (.changes | length) == 4
		and (.changes[] | select(.ref == "quay.io/team/app:v1") | .change == "moved" and .new == $new)
		and (.changes[] | select(.change == "new") | .old == null and .snapshot_of)' <<<"$output"
}

@test "diff of what is no generation: status 1, in words" {
	publish diff
	[ "$status" -eq 1 ]
	publish diff 1 2 3
	[ "$status" -eq 1 ]
	publish diff 1 sprint-9
	[ "$status" -eq 1 ]
	[[ $stderr == *'no generation "sprint-9": those kept are 0 to 3'* ]]
}

# ---- log --since --limit ----

@test "log --limit: the newest N generations; with REF, the newest N changes" {
	publish log --limit 1
	[ "$status" -eq 0 ]
	[ "$(grep -c '^generation' <<<"$output")" -eq 1 ]
	[[ ${lines[0]} == "generation 3 "* ]]
	publish log --limit 2 --json
	[ "$(jq -c 'map(.generation)' <<<"$output")" = "[3,2]" ]
	publish log alpine:3.19 --limit 2
	[ "$(awk '{ print $1 }' <<<"$output" | tr '\n' ' ')" = "3 2 " ]
	publish log alpine:3.19 --limit 1 --json
	[ "$(jq -c 'map(.generation)' <<<"$output")" = "[3]" ]
	publish log --limit 0
	[ "$status" -eq 1 ]
}

@test "log --since: a day, an instant, or how long ago" {
	while read -r since generations; do
		publish log --since "$since" --json
		[ "$status" -eq 0 ]
		[ "$(jq -c 'map(.generation)' <<<"$output")" = "$generations" ]
	done <<-'END'
		2026-11-06 [3,2]
		20261107 [3]
		2026-11-06T08:00:01Z [3]
		2027-01-01 []
		36500d [3,2,1]
	END
	publish log alpine:3.19 --since 2027-01-01
	[ "$status" -eq 0 ]
	[ -z "$output$stderr" ]
	publish log --since yesterday
	[ "$status" -eq 1 ]
	[[ $stderr == *'--since "yesterday" is neither'* ]]
}

# ---- status --titles --long ----

@test "status --titles names the columns, --long gives whole digests" {
	publish status --titles --long
	[ "$status" -eq 0 ]
	[ "${#lines[@]}" -eq 3 ]
	[[ ${lines[0]} == "REFERENCE "*" DIGEST "*" STATE" ]]
	[ "$(awk 'NR == 2 { print $2 }' <<<"$output")" = "$(mirror_digest three)" ]
}

# ---- an index.json that was put back ----

@test "an older index.json stops every verb that publishes, and nothing is touched" {
	for number in 1 2; do
		put_back "$number"
		before=$(files_of mirror | grep -v 'lock$')
		for verb in "rollback alpine:3.19" "hold alpine:3.19" "release alpine:3.19" undo "undo --to 1"; do
			# shellcheck disable=SC2086  # words
			publish $verb
			[ "$status" -eq 16 ]
			[[ $stderr == *"index.json is generation $number, and "*"mirror-publish restored"* ]]
			[[ $stderr == *"cp mirror/.mirror/generations/3.json mirror/index.json" ]]
			[ "$(files_of mirror | grep -v 'lock$')" = "$before" ]
		done
	done
	# readers say it, and show what lies there
	for verb in status log "log alpine:3.19" "diff 1" "at 2026-11-20 alpine:3.19"; do
		# shellcheck disable=SC2086  # words
		publish $verb
		[ "$status" -eq "$([ "$verb" = status ] && echo 2 || echo 0)" ]
		[[ $stderr == *"index.json is generation 2, and "*"mirror-publish restored"* ]]
		[ "${#stderr_lines[@]}" -eq 1 ]
	done
	# dry runs end as the real run would
	for verb in "undo --dry-run" "rollback alpine:3.19 --dry-run"; do
		# shellcheck disable=SC2086  # words
		publish $verb
		[ "$status" -eq 16 ]
		[[ $stderr == *"index.json is generation 2, and "*"mirror-publish restored"* ]]
	done
	mkdir lists
	echo "docker.io/library/alpine:3.19 upstream=gone" >lists/a.list
	for how in --dry-run --observe; do
		run --separate-stderr "$BIN/mirror-sync" --mirror mirror --lists lists --worktree $how
		[ "$status" -eq 16 ]
		[[ $stderr == *"index.json is generation 2, and "*"mirror-publish restored"* ]]
	done
	rm -r mirror/.mirror
	publish status
	[ "$status" -eq 0 ]
}

@test "restored: what was put back is a new generation, and the journal says so" {
	journal=$(cat mirror/.mirror/journal.jsonl)
	put_back 1
	publish restored --reason "disk lost"
	[ "$status" -eq 0 ]
	[[ $stderr == *"generation 4 is published"* ]]
	[ "$(mirror_generation mirror)" = 4 ]
	[ "$(mirror_means mirror $A)" = one ]
	[ "$(head -n "$(wc -l <<<"$journal")" mirror/.mirror/journal.jsonl)" = "$journal" ]
	publish log alpine:3.19 --limit 1 --json
	jq -e --arg old "$(mirror_digest three)" --arg new "$(mirror_digest one)" \
		'.[0] | .why == "restored" and .detail == "disk lost" and .old == $old and .new == $new' <<<"$output"
	publish diff 1 4
	[ -z "$output" ]
	cmp mirror/index.json mirror/.mirror/generations/4.json
	publish hold alpine:3.19
	[ "$status" -eq 0 ]
	[ "$(mirror_generation mirror)" = 5 ]
}

@test "restored when nothing was put back: nothing changes" {
	before=$(files_of mirror | grep -v 'lock$')
	publish restored
	[ "$status" -eq 0 ]
	[[ $stderr == *"nothing to change: generation 3 stays"* ]]
	[ "$(files_of mirror | grep -v 'lock$')" = "$before" ]
	publish restored now
	[ "$status" -eq 1 ]
}

@test "restored: what is bad, banned or private is not taken from the older generation" {
	jq -c '.annotations["dev.ocimirror.bad"] = "[]" | .annotations["dev.ocimirror.generation"] = "4"
		| (.manifests[] | select(.annotations["org.opencontainers.image.ref.name"] == "quay.io/team/app:v1"))
			.annotations["dev.ocimirror.private"] = "team-a"' mirror/index.json >i
	cp i mirror/.mirror/generations/4.json
	put_back 1
	publish restored
	[ "$status" -eq 0 ]
	[ "$(mirror_generation mirror)" = 5 ]
	[ "$(jq -r '.annotations["dev.ocimirror.bad", "dev.ocimirror.requires"]' mirror/index.json | tr '\n' ' ')" = "[] bad private " ]
	[ "$(index "named(\"$APP\") | note(\"private\")")" = team-a ]
	[ "$(index "named(\"$A\") | note(\"private\")")" = null ]
}

@test "restored: a freeze of the newest generation stays, is named and journalled; every change counts" {
	cp mirror/index.json old.json
	publish hold alpine:3.19 --reason audit
	cp old.json mirror/index.json
	publish restored
	[ "$status" -eq 0 ]
	[[ $stderr == *"$A: stays frozen, as in generation 4 (audit)"* ]]
	[[ $stderr == *"0 references changed"* ]]
	[ "$(hold_of $A | jq -r '.mode + " " + .reason')" = "frozen audit" ]
	publish log alpine:3.19 --limit 1 --json
	jq -e '.[0] | .why == "hold" and .detail == "audit" and .old == .new' <<<"$output"
	publish undo --to 1
	[ "$(mirror_means mirror $A)" = three ]
	# a freeze that only the older one has lies there, and counts as a change
	cp mirror/index.json old.json
	publish release alpine:3.19
	cp old.json mirror/index.json
	publish restored
	[[ $stderr == *"1 references changed"* ]]
	[ "$(hold_of $A | jq -r .reason)" = audit ]
	# also of a tag that moved since, but not of one that is not there
	put_back 1
	publish restored
	[[ $stderr == *"$A: stays frozen"* ]]
	[ "$(mirror_means mirror $A)" = one ]
	[ "$(hold_of $A | jq -r .reason)" = audit ]
}

@test "a whole mirror restored from a backup of an older day goes on by itself" {
	cp -a mirror backup
	publish hold alpine:3.19
	rm -rf mirror
	mv backup mirror
	publish hold alpine:3.19
	[ "$status" -eq 0 ]
	[ "$(mirror_generation mirror)" = 4 ]
}

@test "an index.json of a backup, over a mirror that has lost its generations" {
	cp mirror/index.json monday.json
	publish hold alpine:3.19
	publish release alpine:3.19
	rm -r mirror/.mirror/generations
	mkdir mirror/.mirror/generations
	cp monday.json mirror/index.json
	publish hold alpine:3.19
	[ "$status" -eq 16 ]
	[[ $stderr == *"is generation 3, and the journal tells of newer ones"* ]]
	publish restored
	[ "$status" -eq 0 ]
	[ "$(mirror_generation mirror)" = 6 ]
}

@test "a backup as docs/operating.md makes it has no partials: a sync goes on from it" {
	rm -rf mirror/.mirror/partial
	mkdir lists
	echo "docker.io/library/alpine:3.19 upstream=gone" >lists/a.list
	run --separate-stderr "$BIN/mirror-sync" --mirror mirror --lists lists --worktree --accept-unlisted
	[ "$status" -eq 0 ]
	[ -d mirror/.mirror/partial ]
}

# ---- the journal is lost ----

@test "without the journal, log and at say what the generations know" {
	rm mirror/.mirror/journal.jsonl
	publish log
	[ "$status" -eq 0 ]
	[[ $stderr == *"the journal is missing: the generations kept (0 to 3) say what follows"* ]]
	[ "$(grep -c '^generation' <<<"$output")" -eq 3 ]
	publish log alpine:3.19 --json
	[ "$status" -eq 0 ]
	jq -e --arg three "$(mirror_digest three)" --arg two "$(mirror_digest two)" \
		'map(.generation) == [3, 2, 1] and .[0].new == $three and .[0].old == $two' <<<"$output"
	publish at 2026-11-06 alpine:3.19
	[ "$status" -eq 0 ]
	[[ $output == *"$(mirror_digest two)"* ]]
	publish log nothing:1
	[ "$status" -eq 2 ]
	[[ $stderr == *"the journal is missing"* ]]
	[[ $stderr != *"never published"* ]]
}

@test "a journal that has lost its beginning" {
	sed -i '/"generation":1,/d' mirror/.mirror/journal.jsonl
	publish log alpine:3.19 --json
	[ "$status" -eq 0 ]
	[[ $stderr == *"the journal begins with generation 2"* ]]
	[ "$(jq -c 'map(.generation)' <<<"$output")" = "[3,2,1]" ]
}

# ---- the order of publishers ----

@test "a verb reads without the lock: one that does not change anything needs none" {
	publish hold alpine:3.19
	exec 7>mirror/.mirror/lock
	flock 7
	publish hold alpine:3.19 --wait 0 7>&-
	[ "$status" -eq 0 ]
	exec 7>&-
}

@test "two publishers at once: both changes stand" {
	"$BIN/mirror-publish" hold alpine:3.19 2>/dev/null &
	first=$!
	publish hold quay.io/team/app:v1
	[ "$status" -eq 0 ]
	wait "$first"
	[ "$(mirror_generation mirror)" = 5 ]
	[[ $(hold_of $A) == *frozen* ]]
	[[ $(hold_of $APP) == *frozen* ]]
}

# ---- what a reader must understand ----

@test "an index that requires what we do not know is refused by all three programs, in words" {
	jq -c '.annotations["dev.ocimirror.requires"] = "bad rings"' mirror/index.json >i && mv i mirror/index.json
	before=$(files_of mirror | grep -e index.json -e generations/ -e journal)
	for verb in status log "hold alpine:3.19" "diff 1" restored; do
		# shellcheck disable=SC2086  # words
		publish $verb
		[ "$status" -eq 16 ]
		[[ $stderr == *'requires "rings"'*"newer version"* ]]
	done
	run --separate-stderr "$BIN/mirror-serve" --listen 127.0.0.1:0 mirror
	[ "$status" -eq 16 ]
	[[ $stderr == *'requires "rings"'* ]]
	mkdir lists
	echo "up.example/a:1" >lists/a.list
	for how in "" --dry-run; do
		run --separate-stderr "$BIN/mirror-sync" --mirror mirror --lists lists --worktree $how
		[ "$status" -eq 16 ]
		[[ $stderr == *'requires "rings"'* ]]
	done
	[ "$(files_of mirror | grep -e index.json -e generations/ -e journal)" = "$before" ]
}

# ---- differences ----

@test "older generations are differences, and every verb reads them" {
	for _ in 1 2 3 4 5 6 7 8; do
		publish hold alpine:3.19
		publish release alpine:3.19
	done
	[ -e mirror/.mirror/generations/19.json ]
	[ -e mirror/.mirror/generations/8.diff ]
	[ ! -e mirror/.mirror/generations/8.json ]
	[[ $(head -1 mirror/.mirror/generations/8.diff) == *'"dev.ocimirror.generation":"8"'*'"dev.ocimirror.made-by":"hold"'* ]]
	# those with a label stay whole
	[ -e mirror/.mirror/generations/2.json ]
	publish diff 8 9
	[ "$status" -eq 0 ]
	[[ $output == "$A "*"changed: held" ]]
	publish undo --to 5
	[ "$status" -eq 0 ]
	rm mirror/.mirror/journal.jsonl
	publish log alpine:3.19 --json
	[ "$(jq -c 'map(.generation)' <<<"$output")" = "[3,2,1]" ]
}
