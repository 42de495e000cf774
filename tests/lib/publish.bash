# shellcheck shell=bash disable=SC2034,SC2154  # what is set is for the tests; bats sets what it sets
# mirror-publish on a mirror as syncs of days long gone left it: docker.io/library/alpine:3.19 meant one, two, three;
# quay.io/team/app:v1 first, second.
#
#   setup_file() { team_mirror; }       makes it, once for a file
#   setup() { anew; }                   "mirror" in the test's own directory, as it was at first
#   publish ARGS...                     runs mirror-publish, as bats' run does
#   index FILTER                        jq on the index; there, name is an entry's reference, note(K) one of our
#                                       annotations, named(REF) an entry
#   made_by VERB REF                    the snapshots of a tag that this verb made, without the tag's name
#   hold_of REF
#   files_of DIR; same_mirror DIR FILES

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
	index ".manifests[] | select(note(\"snapshot-of\") == \"$2\" and note(\"snapshot-by\") == \"$1\") | name" |
		sed "s|^$2||"
}

hold_of() {
	index "named(\"$1\") | note(\"held\") // \"{}\""
}

files_of() {
	(cd "$1" && find . -type f -exec sha256sum {} + | sort)
}

# Whether it holds what files_of once said.
same_mirror() {
	[ "$(files_of "$1")" = "$2" ]
}
