# shellcheck shell=bash disable=SC2034,SC2154
# Tests read variables that are set here, and bats sets others.
#
# Runs mirror-publish on a mirror with three generations: docker.io/library/alpine:3.19 was the
# images one, two, three; quay.io/team/app:v1 was first, second.
#
#   setup_file() { team_mirror; }   makes the mirror, once per file
#   setup() { anew; }               copies it to "mirror" in the directory of the test
#   publish ARGS...                 runs mirror-publish, as `run` of bats does
#   index FILTER                    runs jq on index.json; in FILTER, name is the reference of an
#                                   entry, note(K) one of our annotations, named(REF) an entry
#   made_by VERB REF                prints the suffixes of the tag's snapshots that VERB made
#   hold_of REF                     prints the hold as JSON
#   bad_of REF                      prints what is bad for the reference: "three:rollback two:undo"
#   files_of DIR                    prints the digest of each file
#   same_mirror DIR FILES           the files are those that files_of printed before

# shellcheck source=tests/lib/layout.bash
source "${BASH_SOURCE[0]%/*}/layout.bash"
# shellcheck source=tests/lib/mirror.bash
source "${BASH_SOURCE[0]%/*}/mirror.bash"

BIN=$(cd "${BIN:-${BASH_SOURCE[0]%/*}/../../build}" && pwd)

team_mirror() {
	local alpine=docker.io/library/alpine:3.19 app=quay.io/team/app:v1
	cd "$BATS_FILE_TMPDIR" || return
	mirror_init mirror
	mirror_sync mirror 2026-11-05 "$alpine" one "$app" first
	mirror_sync mirror 2026-11-06 "$alpine" two
	mirror_sync mirror 2026-11-10 "$alpine" three "$app" second
}

anew() {
	unset MIRROR_DIR
	cd "$BATS_TEST_TMPDIR" || return
	rm -rf mirror
	cp -r "$BATS_FILE_TMPDIR/mirror" "$BATS_FILE_TMPDIR/mirror.texts" .
	mirror_texts=mirror.texts
}

publish() {
	run --separate-stderr "$BIN/mirror-publish" "$@"
}

index() {
	jq -r "def name: .annotations[\"org.opencontainers.image.ref.name\"];
		def note(\$k): .annotations[\"dev.ocimirror.\" + \$k];
		def named(\$n): .manifests[] | select(name == \$n);
		$1" mirror/index.json
}

made_by() {
	index ".manifests[] | select(note(\"snapshot-of\") == \"$2\" and note(\"snapshot-by\") == \
\"$1\") | name" |
		sed "s|^$2||"
}

hold_of() {
	index "named(\"$1\") | note(\"held\") // \"{}\""
}

bad_of() {
	local digest by
	index "(.annotations[\"dev.ocimirror.bad\"] // \"[]\") | fromjson | .[]
		| select(.ref == \"$1\") | \"\(.digest) \(.by)\"" |
		while read -r digest by; do
			awk -v digest="$digest" -v by="$by" '$1 == digest { print $2 ":" by; exit }' \
				"$mirror_texts"
		done | sort | paste -s -d ' '
}

files_of() {
	(cd "$1" && find . -type f -exec sha256sum {} + | sort)
}

same_mirror() {
	[ "$(files_of "$1")" = "$2" ]
}
