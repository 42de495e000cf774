#!/usr/bin/env bats
# Histories of one tag: what upstream offers, syncs and operators' commands in turn, and where the
# tag must be then. Each row has a tag and a mirror of its own.
#
#   A B C ...   upstream moves the tag to that content
#   s           a sync; what it must say of the tag follows a slash: s/held
#   x:N         a command of mirror-publish must end with status N
#   rb rbf      rollback, with --freeze     rel hold    release, hold
#   to/A        rollback --to the newest snapshot with content A
#   un un3      undo, undo --to 3
#   day         the clock goes on by a day
#   pinA        the line pins content A from now on
#   =A          the tag means A now
#   bad=...     what is bad for it: contents with the verb, sorted; "-" for nothing
# shellcheck disable=SC2030,SC2031  # each test is a process of its own

bats_require_minimum_version 1.5.0

setup() {
	load ../lib/wallclock
	load ../lib/sync
	world
}

teardown() {
	stop_all
}

# The content whose digest is $1.
content_of() {
	awk -v digest="$1" '$1 == digest { print $2; exit }' contents
}

bad_now() {
	local digest by
	jq -r '(.annotations["dev.ocimirror.bad"] // "[]") | fromjson | .[] | "\(.digest) \(.by)"' \
		"$mirror/index.json" | while read -r digest by; do
		echo "$(content_of "$digest"):$by"
	done | sort | paste -s -d ,
}

state_now() {
	sed 's/^\[\]$//' report.json | jq -r --arg ref "$ref" '.images[] | select(.ref == $ref) | .state'
}

# The name of the snapshot that was replaced last of those with content $1.
stamp_of() {
	jq -r --arg digest "$(awk -v text="$1" '$2 == text { print $1; exit }' contents)" --arg ref "$ref" \
		'[.manifests[] | select(.digest == $digest) | .annotations |
		select(."dev.ocimirror.snapshot-of" == $ref)] |
		max_by(."dev.ocimirror.snapshot-in" | tonumber)."org.opencontainers.image.ref.name" |
		ltrimstr($ref)' "$mirror/index.json"
}

offer() {
	echo "$(layout_image "$up" "docker.io/team/app:$row" "$1") $1" >>contents
}

publish() { # STATUS ARGS...
	local want=$1 got=0
	shift
	"${with_clock[@]}" "$BIN/mirror-publish" --mirror "$mirror" "$@" >said 2>&1 || got=$?
	[ "$got" = "$want" ] || { echo "$*: status $got" && cat said && return 1; }
}

step() { # WORD
	local status=0 word=${1%:[0-9]}
	[ "$word" = "$1" ] || status=${1##*:}
	case $word in
	[A-Z]) offer "$word" ;;
	s | s/*)
		sync --report report.json >said 2>&1 || true
		[ "$word" = s ] || [ "$(state_now)" = "${word#s/}" ]
		;;
	rb) publish "$status" rollback "$ref" ;;
	to/*) publish "$status" rollback "$ref" --to "$(stamp_of "${word#to/}")" ;;
	day) clock_later 86400 ;;
	rbf) publish "$status" rollback "$ref" --freeze ;;
	rel) publish "$status" release "$ref" ;;
	hold) publish "$status" hold "$ref" ;;
	un) publish "$status" undo ;;
	un*) publish "$status" undo --to "${word#un}" ;;
	pin*) list "$ref@$(awk -v text="${word#pin}" '$2 == text { print $1; exit }' contents)" ;;
	=*) [ "$(content_of "$(published "$ref")")" = "${word#=}" ] ;;
	bad=-) [ "$(bad_now)" = "" ] ;;
	bad=*) [ "$(bad_now)" = "${word#bad=}" ] ;;
	*) false ;;
	esac
}

# Plays rows from stdin: "name: words".
play() {
	local words word
	row=0
	while IFS=: read -r name words; do
		row=$((row + 1))
		ref=up.example/team/app:$row
		mirror=$BATS_TEST_TMPDIR/mirror$row
		: >contents
		list "$ref"
		for word in $words; do
			step "$word" || {
				echo "$name: at $word it is $(content_of "$(published "$ref")")," \
					"$(state_now), bad: $(bad_now)"
				cat said
				return 1
			}
		done
	done
}

@test "histories: rollback, and what upstream offers then" {
	play <<-'END'
		kept back: A s B s rb =A bad=B:rollback s/held =A
		upstream goes on: A s B s rb C s/updated =C bad=B:rollback
		a revert upstream is kept back: A s B s rb C s B s/held =C s/held rel s/updated =B bad=-
		back at the good one, then the bad one again: A s B s rb A s/current B s/held =A
		two rollbacks: A s B s C s rb =B rb =A rb:2 bad=B:rollback,C:rollback B s/held C s/held D s =D
		released, it is no way back: A s B s rb rel rb:2 =A
		the way back skips what is bad: A s B s rb C s rb =A bad=B:rollback,C:rollback
		frozen: A s B s rbf C s/held =A rel C s/updated =C
		content that came again is one step back: A s B s A s C s rb =A rb =B
	END
}

@test "histories: a rollback goes back, on one day as with days between the moves" {
	rows=$(
		cat <<-'END'
			back to an old one, forward, twice back: A s B s C s to/A =A D s rb =A rb:2 =A
			undone, redone and released: A s B s un un2 =B rel rb =A
			the first content came again: A s B s A s C s to/B =B rb =A
			came again, then back to the middle: A s X s B s A s C s to/B rb =X rb =A
			the way back of a second stay: A s B s A s C s rb =A rb =B rb:2
			replaced by a sync and by a rollback: A s B s C s B s to/A =A rb:2 =A
			undone far back: A s B s C s un1 =A D s rel rb =A rb:2
		END
	)
	play <<<"$rows"
	# the same with a day after each sync
	rm -rf "$BATS_TEST_TMPDIR"/mirror[0-9]*
	play < <(sed 's/ s / s day /g; s/ rb / day rb /g; s/ un/ day un/g' <<<"$rows")
}

@test "histories: undo, and undo of an undo" {
	play <<-'END'
		undo and redo: A s B s un =A bad=B:undo s/held un2 =B bad=A:undo s/current un =A bad=B:undo
		undone, then upstream goes on: A s B s un C s =C un =A bad=B:undo,C:undo
		undo twice moves once: A s B s un un =A bad=B:undo
		undo after a rollback: A s B s rb un =A bad=B:rollback
		undo never brings back what a rollback marked: A s B s rb C s un2:2 =C un =A bad=B:rollback,C:undo
		undo to what another undo left, after a release too: A s B s un rel s =B un =A un2 =B
		undo leaves what is frozen: A s B s hold un =B un1 =B rel un =A
	END
}

@test "histories: a line that pins a bad digest fails and names both" {
	play <<-'END'
		rolled back: A s B s pinB s/current rb s/failed =A pinA s/current pinB s/failed rel s/updated =B
		undone: A s B s pinB un =A s/failed rel s/updated =B
	END
	grep -q "base.list:1 pins sha256:.*, which is bad by undo (" <(
		"$BIN/mirror-publish" --mirror "$mirror" undo >/dev/null 2>&1
		sync 2>&1
	)
}

@test "more bad digests than 32: each is kept back" {
	row=1 ref=up.example/team/app:1
	: >contents
	list "$ref"
	offer A
	sync >/dev/null
	for ((n = 10; n < 45; n++)); do
		offer "n$n"
		sync >/dev/null
		publish 0 rollback "$ref"
	done
	for n in n10 n11 n30 n44; do
		offer $n
		step s/held
		step "=A"
	done
}

@test "the end of a hold has its line; since when a tag means what it means, no hold changes" {
	row=1 ref=up.example/team/app:1
	: >contents
	list "$ref"
	for text in A B; do
		offer $text
		sync >/dev/null
	done
	publish 0 rollback "$ref" --reason broken
	publish 0 hold "$ref"
	publish 0 release "$ref"
	publish 0 at "$(date -u +%F)" "$ref"
	grep -q ' 3  rollback (' said
	publish 0 log "$ref"
	[ "$(awk '$4 == "==" { print $6 }' said | paste -s -d ' ')" = "release hold" ]
	# a hold that ends by itself
	sync >/dev/null
	publish 0 rollback "$ref"
	offer C
	sync >/dev/null
	jq -r --arg ref "$ref" 'select(.ref == $ref and .generation == 8) | .why' \
		"$mirror/.mirror/journal.jsonl" | paste -s -d ' ' | grep -qx "release sync"
	publish 0 at "$(date -u +%F)" "$ref"
	grep -q ' 8  sync, base.list:1 (' said
}

# Moves all dates of the newest generation a year on: a sync whose clock was ahead.
a_year_ahead() {
	local year
	year=$(date -u +%Y)
	for file in "$mirror/index.json" "$mirror/.mirror/generations/$(generation).json"; do
		chmod u+w "$file"
		jq -c --arg from "$year" --arg to $((year + 1)) --arg ref "$ref" \
			'.annotations["dev.ocimirror.created"] |= sub($from; $to) | .manifests |= map(
			if .annotations["org.opencontainers.image.ref.name"] == $ref
			then .annotations["dev.ocimirror.synced"] |= sub($from; $to)
			elif .annotations["dev.ocimirror.snapshot-in"] == "'"$(generation)"'"
			then .annotations["dev.ocimirror.snapshot-at"] |= sub($from; $to) else . end)' \
			"$file" >"$BATS_TEST_TMPDIR/i"
		cat "$BATS_TEST_TMPDIR/i" >"$file"
	done
	sed -i "s/^\(.*\"generation\":$(generation),.*\"time\":\"\)$year/\1$((year + 1))/" \
		"$mirror/.mirror/journal.jsonl"
}

@test "a clock that was a year ahead for one sync changes no order" {
	row=1 ref=up.example/team/app:1
	: >contents
	list "$ref"
	for text in A B; do
		offer $text
		sync >/dev/null
	done
	a_year_ahead
	publish 0 hold "$ref" # a generation of today
	publish 0 release "$ref"
	publish 0 at "$(date -u +%F)" "$ref"
	[ "$(content_of "$(awk '{ print $2; exit }' said)")" = B ]
	offer C
	sync >/dev/null
	publish 0 rollback "$ref"
	step "=B"
	publish 0 rollback "$ref"
	step "=A"
}

@test "a moved signature's snapshot has its line" {
	app=$(layout_image "$up" docker.io/team/app:1 one)
	tag=sha256-${app#sha256:}.sig
	layout_image "$up" "docker.io/team/app:$tag" "signature one"
	list "up.example/team/app:1 referrers=yes"
	sync >/dev/null
	layout_image "$up" "docker.io/team/app:$tag" "signature two"
	sync --force >/dev/null
	jq -r 'select(.why == "snapshot") | .detail' "$mirror/.mirror/journal.jsonl" |
		grep -qx "up.example/team/app:$tag"
}
