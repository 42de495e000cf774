#!/usr/bin/env bats
# The jobs of ci/pipelines with the real programs, an upstream and a git host: from a pull request
# to a sync and its rollback, each script in a checkout as its CI system makes it.

# shellcheck disable=SC2016,SC2034,SC2154  # texts of scripts; variables of tests/lib/pipelines.bash

bats_require_minimum_version 1.5.0

setup() {
	load ../lib/sync
	load ../lib/pipelines
	world
	for text in one two; do layout_image "$up" docker.io/team/app:1 "app $text"; done
	layout_image "$up" docker.io/team/tool:1 tool
	list up.example/team/app:1
	git_host
	said_gitlab=() said_jenkins=()
	mkdir commands
	ln -s "$BIN"/mirror-{sync,publish} commands/
	PATH=$PWD/commands:$PATH
}

teardown() {
	stop_all
}

# request LINE...: a pull request with these lines behind the list's, while main goes on.
request() {
	git -C team switch -q -C topic main
	printf '%s\n' "$@" >>"$lists/base.list"
	commit "a request"
	base=$(git -C team merge-base main topic)
	git -C team switch -q main
	git -C team commit -q --allow-empty -m "main goes on"
	push main
	git -C team switch -q topic
	push topic
	pull_request 1
	said[github.event.pull_request.base.sha]=$(git -C team rev-parse main)
	said_gitlab=(CI_MERGE_REQUEST_TARGET_BRANCH_NAME=main "CI_MERGE_REQUEST_DIFF_BASE_SHA=$base")
	said_jenkins=(CHANGE_TARGET=main)
}

check_github() {
	checkout_github refs/pull/1/merge
	github check 1
}

check_gitlab() {
	checkout_gitlab
	# the step that installs the programs is tried in a bare root only
	gitlab_without_install check
}

check_jenkins() {
	checkout_jenkins 1
	jenkins check
}

# In a subshell: these functions are for the script.
# shellcheck disable=SC2317  # the script calls them
gitlab_without_install() (
	curl() { :; }
	apt-get() { :; }
	tar() { cat >/dev/null; }
	xargs() { :; }
	export -f curl apt-get tar xargs
	sed 's|/usr/local/share/mirror/packages|/dev/null|' "$pipelines/$gitlab_file" >own.yml
	pipelines=$PWD gitlab_file=own.yml gitlab "$1"
)

@test "check: a request with a right line is green, and says what it adds" {
	request up.example/team/tool:1
	run --separate-stderr -0 check_github
	[[ $output == *"adds 1 image"* ]]
	[[ $output == *"asked for 1 of 2 lines"* ]]
	run -0 check_gitlab
	[ "$(cat work/code-quality.json)" = "[]" ]
	run -0 check_jenkins
	[[ $output == *"asked for 1 of 2 lines"* ]]
}

@test "check: a request with a tag that does not exist is red, at its line" {
	request up.example/team/tool:9
	run -2 check_github
	[[ $output == *"::error file=mirror-lists/base.list,line=2"*"no such tag"* ]]
	run -2 check_gitlab
	[ "$(jq -r '.[] | "\(.location.path):\(.location.lines.begin)"' work/code-quality.json)" = \
		mirror-lists/base.list:2 ]
	run -2 check_jenkins
	[[ $output == *"base.list:2"*"no such tag"* ]]
}

@test "check: a request that breaks mirror.conf is red, and so is one outside the base's policy" {
	echo 'policy allow=up.example/team/app' >>"$lists/mirror.conf"
	commit "a policy"
	request up.example/team/tool:1
	for system in github gitlab jenkins; do
		run -1 "check_$system"
		[ "$system" = gitlab ] || [[ $output == *"not allowed by the policy"* ]]
	done
	sed -i '/^policy/s/ .*/ alow=up.example\/*/' "$lists/mirror.conf"
	commit "a slip"
	push topic
	pull_request 1
	for system in github gitlab jenkins; do
		run -1 "check_$system"
		case $system in
		gitlab) jq -e '.[] | select(.location | .path == "mirror-lists/mirror.conf" and
			.lines.begin == 2)' work/code-quality.json ;;
		github) [[ $output == *"::error file=mirror-lists/mirror.conf,line=2"*alow* ]] ;;
		jenkins) [[ $output == *"mirror.conf:2"*alow* ]] ;;
		esac
	done
}

# merge: what the host's button does, and a checkout of the branch main for the jobs on the mirror.
merge() {
	git -C team switch -q main
	git -C team merge -q --no-ff -m "Merge 1" topic
	push main
}

@test "missing: after the merge each system fetches the new image, and names its author" {
	request up.example/team/tool:1
	merge
	for system in github gitlab jenkins; do
		rm -rf "$mirror"
		case $system in
		github) checkout_github refs/heads/main && github missing 0 ;;
		gitlab) checkout_gitlab && gitlab missing ;;
		jenkins) checkout_github refs/heads/main && jenkins missing ;;
		esac
		[ -n "$(published up.example/team/tool:1)" ]
		[ "$(note up.example/team/tool:1 author)" = "Ann <ann@corp.example>" ]
	done
}

@test "sync: by hand, and by the timer, with a report for the system's page" {
	for system in github gitlab jenkins; do
		rm -rf "$mirror"
		checkout_github refs/heads/main
		said=([github.event_name]=workflow_dispatch [inputs.label]='sprint 47' [inputs.force]=true)
		said_gitlab=("LABEL=sprint 47") said_jenkins=("LABEL=sprint 47")
		case $system in
		github)
			github sync 0
			export GITHUB_STEP_SUMMARY=$PWD/summary
			github sync 1
			grep up.example/team/app:1 summary
			;;
		gitlab) gitlab sync ;;
		jenkins) jenkins sync ;;
		esac
		[ "$system" = github ] || grep -F '<testcase' work/sync.xml
		grep -F '"dev.ocimirror.label":"sprint 47"' "$mirror/index.json"
	done
}

# bare_root: from now on scripts run in a copy of $PIPELINES_ROOT, as its root, with this test's
# directory under its own name.
bare_root() {
	local root=$BATS_TEST_TMPDIR/root
	rm -rf "$root"
	cp -ax "$PIPELINES_ROOT" "$root"
	mkdir -p "$root$PWD"
	in_root=(unshare -m --propagation private sh -ec "mount --bind $PWD $root$PWD
		mount -t proc proc $root/proc; exec chroot $root \"\$@\"" -
		env -i HOME=/root PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin)
}

@test "check in a bare Debian: what the jobs install is enough" {
	[ -n "${PIPELINES_ROOT:-}" ] || skip "PIPELINES_ROOT names no bare Debian (tests/README.md)"
	cp "$BATS_TEST_DIRNAME"/../../build/mirror-*.tar.gz mirror.tar.gz
	archive=file://$PWD/mirror.tar.gz
	request up.example/team/tool:1
	bare_root
	checkout_github refs/pull/1/merge
	github check 0
	run -0 github check 1
	[[ $output == *"adds 1 image"* ]]
	bare_root
	checkout_gitlab
	run -0 gitlab check
	[ "$(cat work/code-quality.json)" = "[]" ]
}
