# shellcheck shell=bash disable=SC2034,SC2154  # what is set is for the tests
# An upstream (mirror-serve over a layout), lists in a git checkout, and a mirror for mirror-sync.
#
#   world                   makes $up (the upstream's layout), $lists (mirror-lists of a checkout)
#                           and $mirror
#   list LINE...            replaces the list by these lines, and commits it
#   conf LINE...            adds lines to mirror.conf, and commits it
#   sync ARGS...            runs mirror-sync on them
#   published REF           prints the digest that the mirror publishes under REF, or nothing
#   note REF KEY            prints an annotation (dev.ocimirror.KEY) of an entry
#   requests METHOD [PATH]  prints how many such requests the upstream received
#   small_disk SIZE         runs the script on stdin where $mirror is a file system of that size

# shellcheck source=tests/lib/layout.bash
source "${BASH_SOURCE[0]%/*}/layout.bash"
# shellcheck source=tests/lib/servers.bash
source "${BASH_SOURCE[0]%/*}/servers.bash"

world() {
	cd "$BATS_TEST_TMPDIR" || return
	unset MIRROR_DIR
	export GIT_CONFIG_GLOBAL=/dev/null GIT_CONFIG_NOSYSTEM=1 HOME=$BATS_TEST_TMPDIR TZ=UTC
	up=$BATS_TEST_TMPDIR/up lists=$BATS_TEST_TMPDIR/team/mirror-lists \
		mirror=$BATS_TEST_TMPDIR/mirror
	upstream_log=$BATS_TEST_TMPDIR/upstream.access
	layout_new "$up"
	serve upstream --access-log "$upstream_log" "$up"
	layout_served "$up" "$upstream_pid" "$upstream_err"
	mkdir -p "$lists"
	git init -q -b main team
	git -C team config user.name Ann
	git -C team config user.email ann@corp.example
	: >"$lists/base.list"
	# what the lists call up.example is our upstream
	echo "registry up.example endpoint=$upstream_url" >"$lists/mirror.conf"
	commit "lists"
}

commit() {
	git -C "$BATS_TEST_TMPDIR/team" add -A
	git -C "$BATS_TEST_TMPDIR/team" commit -q --allow-empty -m "$1"
}

list() {
	printf '%s\n' "$@" >"$lists/base.list"
	commit "list"
}

conf() {
	printf '%s\n' "$@" >>"$lists/mirror.conf"
	commit "conf"
}

sync() {
	MIRROR_DIR=$mirror "${with_clock[@]}" "$BIN/mirror-sync" --lists "$lists" "$@"
}

entry() {
	grep -F "\"org.opencontainers.image.ref.name\":\"$1\"" "$mirror/index.json"
}

published() {
	entry "$1" | grep -o '"digest":"[^"]*"' | head -n 1 | cut -d '"' -f 4
}

note() {
	entry "$1" | grep -o "\"dev.ocimirror.$2\":\"[^\"]*\"" | cut -d '"' -f 4
}

generation() {
	grep -o '"dev.ocimirror.generation":"[0-9]*"' "$mirror/index.json" | cut -d '"' -f 4
}

requests() {
	grep -c "\"$1 [^\"]*${2:-}" "$upstream_log" || true
}

forget_requests() {
	: >"$upstream_log"
}

# whole: every blob that index.json reaches exists and has its digest.
whole() {
	"$BIN/tests/tools/mirrorcheck" "$mirror"
}

small_disk() {
	export mirror BIN lists
	mkdir -p "$mirror"
	unshare -rm mount -t tmpfs none "$mirror" 2>/dev/null || skip "nothing may be mounted here"
	unshare -rm bash -euc "mount -t tmpfs -o size=$1 none \"\$mirror\"; $(cat)"
}
