#!/usr/bin/env bats
# The jobs of ci/pipelines with the real programs, an upstream and a git host: from a pull request
# to a sync and its rollback, each script in a checkout as its CI system makes it.

# shellcheck disable=SC2016,SC2034,SC2154  # texts of scripts; variables of tests/lib/pipelines.bash

bats_require_minimum_version 1.5.0

setup() {
	load ../lib/sync
	load ../lib/pipelines
	load ../lib/pages
	top=$(cd "$BATS_TEST_DIRNAME/../.." && pwd)
	readme=$pipelines/README.md
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
		grep -qF '"dev.ocimirror.label":"sprint 47"' "$mirror/index.json"
	done
}

# bare_root: from now on scripts run in a copy of $PIPELINES_ROOT, as its root, with this test's
# directory under its own name. Skips without the switch.
bare_root() {
	[ -n "${PIPELINES_ROOT:-}" ] || skip "PIPELINES_ROOT names no bare Debian (tests/README.md)"
	root=$BATS_TEST_TMPDIR/root
	rm -rf "$root"
	cp -ax "$PIPELINES_ROOT" "$root"
	mkdir -p "$root$PWD"
	in_root_as root
}

# in_root_as USER: whose the scripts are, and what an account has: no identity for git, no sudo.
in_root_as() {
	in_root=(unshare -m --propagation private sh -ec "mount --bind $PWD $root$PWD
		mount -t proc proc $root/proc; exec chroot --userspec=$1: $root \"\$@\"" -
		env -i "HOME=$(chroot "$root" sh -c "echo ~$1")"
		PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin)
}

# the_archive: what make dist made, where ci/pipelines/README.md has it; skips without it.
the_archive() {
	mkdir build
	cp "$BATS_TEST_DIRNAME"/../../build/mirror-*.tar.gz build || skip "make dist has not run"
	archive=file://$(echo "$PWD"/build/*)
}

@test "check in a bare Debian: what the jobs install is enough" {
	bare_root
	the_archive
	request up.example/team/tool:1
	checkout_github refs/pull/1/merge
	# a container's root finds the workspace of the host's user, whom it does not know
	chown -R 1001:1001 "$work"
	github check 0
	run -0 github check 1
	[[ $output == *"adds 1 image"* ]]
	bare_root
	checkout_gitlab
	run -0 gitlab check
	[ "$(cat work/code-quality.json)" = "[]" ]
}

# as_runner COMMAND...: a job of the runner's user, who owns the checkout and where it came from
# meanwhile.
as_runner() {
	local status=0
	chown -R "$runner:$runner" "$work" "$host"
	"$@" || status=$?
	chown -R 0:0 "$host"
	return "$status"
}

# host_job SYSTEM JOB: that job, in a checkout of main. mirror is the root's directory for the
# job, and the same one seen from here for the test.
host_job() {
	local mirror=/srv/mirror
	checkout_github refs/heads/main
	case $1 in
	github) as_runner github "$2" 0 ;;
	gitlab) checkout_gitlab && as_runner gitlab "$2" ;;
	jenkins) as_runner jenkins "$2" ;;
	esac
}

# operate SYSTEM WHAT IMAGES TO REASON
operate() {
	local mirror=/srv/mirror
	said=([inputs.what]=$2 [inputs.images]=$3 [inputs.to]=$4 [inputs.reason]=$5 [github.actor]=bob)
	said_gitlab=("OPERATE=$2" "IMAGES=$3" "TO=$4" "REASON=$5" GITLAB_USER_LOGIN=bob)
	said_jenkins=("WHAT=$2" "IMAGES=$3" "TO=$4" "REASON=$5" ACTOR=bob)
	case $1 in
	github) github_file=github/operate.yml as_runner github operate 0 ;;
	gitlab) as_runner gitlab operate ;;
	jenkins) jenkins_file=jenkins/Jenkinsfile.operate as_runner jenkins operate ;;
	esac
}

@test "a bare Debian as the mirror's host: its user runs missing, sync and operate" {
	bare_root
	the_archive
	"${in_root[@]}" useradd -m -s /bin/bash runner
	runner=$(chroot "$root" id -u runner)
	block "$readme" "The programs" 2 | "${in_root[@]}" env -C "$PWD" sh -e
	block "$readme" "The mirror's host" 1 | "${in_root[@]}" sh -e
	in_root_as runner
	mirror=$root/srv/mirror
	request up.example/team/tool:1
	checkout_jenkins 1
	run -0 as_runner jenkins check
	[[ $output == *"adds 1 image"* ]]
	merge
	for ci in github gitlab jenkins; do
		find "$mirror" -mindepth 1 -delete
		host_job "$ci" missing
		[ -n "$(published up.example/team/tool:1)" ]
		[ "$(note up.example/team/tool:1 author)" = "Ann <ann@corp.example>" ]
		layout_image "$up" docker.io/team/app:1 "of $ci"
		said=([github.event_name]=workflow_dispatch [inputs.label]='sprint 47' [inputs.force]=true)
		said_gitlab=("LABEL=sprint 47") said_jenkins=("LABEL=sprint 47")
		host_job "$ci" sync
		grep -qF '"dev.ocimirror.label":"sprint 47"' "$mirror/index.json"
		operate "$ci" rollback up.example/team/app:1 "" slow
		operate "$ci" hold 'up.example/team/t*' "" ""
		run -0 operate "$ci" status "" "" ""
		[[ $output == *tool:1*held* ]]
		operate "$ci" release 'up.example/team/*' "" ""
		operate "$ci" undo "" "sprint 47" "all of it"
		grep -F '"all of it (bob)"' "$mirror/.mirror/journal.jsonl"
		[ -z "$(find "$mirror" ! -user "$runner")" ]
	done
}

@test "the programs are built in a bare Debian by a user without sudo, and root runs what ci/deps prints" {
	bare_root
	"${in_root[@]}" useradd -m -s /bin/bash runner
	git clone -q --no-local "$top" clone
	chown -R "$(chroot "$root" id -u runner)" clone
	in_root_as runner
	run -1 "${in_root[@]}" env -C "$PWD/clone" ci/deps build
	in_root_as root
	sed -n '/^apt-get /p' <<<"$output" | "${in_root[@]}" sh -e
	in_root_as runner
	work=$PWD/clone variables=()
	{
		block "$top/README.md" "A first mirror of your own" 1
		block "$readme" "The programs" 1
		echo 'command -v mirror-serve && mirror-serve --version'
	} | run_script sh -e
	ls clone/build/mirror-*.tar.gz
	# what a sync from a registry needs, too
	[ -s "$root/etc/ssl/certs/ca-certificates.crt" ]
}
