#!/usr/bin/env bats
# mirror-sync --check: what a pull request runs first. Offline, strict, all errors at once.

bats_require_minimum_version 1.5.0

setup() {
	top=$(cd "$BATS_TEST_DIRNAME/../.." && pwd)
	bin=${BIN:-$top/build}
	export GIT_CONFIG_NOSYSTEM=1 GIT_CONFIG_GLOBAL=/dev/null
	export GIT_AUTHOR_NAME=Ann GIT_AUTHOR_EMAIL=ann@corp.example
	export GIT_COMMITTER_NAME=Ann GIT_COMMITTER_EMAIL=ann@corp.example
	unset MIRROR_DIR
	cd "$BATS_TEST_TMPDIR" || return
	git init -q -b main work
	cd work || return
	mkdir mirror-lists
	echo 'docker.io/library/alpine:3.19' >mirror-lists/base.list
}

commit() {
	git add . && git commit -qm "${1:-lists}"
}

check() {
	"$bin/mirror-sync" --check "$@"
}

@test "good lists: status 0, one line on stdout, nothing on stderr" {
	echo 'quay.io/a/b tags=v2.* newest=3' >mirror-lists/more.list
	echo 'image * platform=linux/amd64 keep=10' >mirror-lists/mirror.conf
	commit
	run --separate-stderr check
	[ "$status" -eq 0 ]
	[ "$output" = "mirror-lists: no errors: 2 lists, 2 lines, 2 repositories" ]
	[ -z "$stderr" ]
}

@test "the lists of this repository are good" {
	run --separate-stderr check --worktree --lists "$top/mirror-lists"
	[ "$status" -eq 0 ]
	[ -z "$stderr" ]
}

@test "every error of every file at once, each with its place and what was meant" {
	cat >mirror-lists/base.list <<-'EOF'
		docker.io/library/alpine:3.19
		docker.io/library/debian:12 platfrom=linux/amd64
		docker.io/library/debian:11 platform=linux/x86_64 keep=many
		alpine:3.19
	EOF
	echo 'docker.io/library/redis:7.*' >mirror-lists/more.list
	echo 'regsitry docker.io parallel=8' >mirror-lists/mirror.conf
	commit
	run --separate-stderr check
	[ "$status" -eq 1 ]
	[ "${stderr_lines[0]}" = \
		'mirror-lists/base.list:2:29: unknown option "platfrom" (did you mean '\
'"platform"?)' ]
	[ "${stderr_lines[1]}" = \
		'mirror-lists/base.list:3:38: platform: unknown architecture "x86_64" (did you '\
'mean "amd64"?)' ]
	[ "${stderr_lines[2]}" = \
		'mirror-lists/base.list:3:56: keep: "many" is not a number from 0 to 1000000' ]
	[ "${stderr_lines[3]}" = \
		'mirror-lists/mirror.conf:1:1: unknown word "regsitry" (did you mean "registry"?)' ]
	[ "${stderr_lines[4]}" = \
		'mirror-lists/more.list:1:27: a wildcard in a reference: tags are chosen by '\
'tags=, as in "docker.io/library/redis tags=7.*"' ]
}

@test "a warning is said and does not fail" {
	echo alpine >mirror-lists/base.list
	commit
	run --separate-stderr check
	[ "$status" -eq 0 ]
	[ "$stderr" = 'mirror-lists/base.list:1:1: warning: no tag, so "latest" is meant (write '\
'docker.io/library/alpine:latest to say so)' ]
}

@test "the commit is checked; what is not committed is pointed out" {
	commit
	echo nonsense nonsense >>mirror-lists/base.list
	echo docker.io/library/redis:7 >mirror-lists/new.list
	run --separate-stderr check
	[ "$status" -eq 0 ]
	[ "$stderr" = "mirror-sync: warning: mirror-lists: not used since not committed \
(--worktree would): base.list, new.list" ]
	run --separate-stderr check --worktree
	[ "$status" -eq 1 ]
	[[ $stderr == 'mirror-lists/base.list:2:10: unexpected word "nonsense"'* ]]
}

@test "another revision, a bare repository, a directory further down, a checkout of somebody else" {
	commit
	echo nonsense nonsense >mirror-lists/base.list
	commit two
	run -1 check
	run -0 check --rev HEAD^
	git clone -q --bare . ../bare.git
	run -0 check --lists ../bare.git:mirror-lists --rev HEAD~1
	run -1 check --lists ../bare.git:mirror-lists
	mkdir -p a/b && git mv mirror-lists a/b/lists && echo alpine:3 >a/b/lists/base.list \
		&& commit three
	run -0 check --lists a/b/lists
	cd a/b || return
	run -0 check --lists lists
	if [ "$(id -u)" -eq 0 ]; then
		chown -R 12345 ..
		run -0 check --lists lists
	fi
}

@test "no git repository: one line that says what to do" {
	cp -r mirror-lists ../plain
	run --separate-stderr check --lists ../plain
	[ "$status" -eq 1 ]
	[ "${#stderr_lines[@]}" -eq 1 ]
	[[ $stderr == 'mirror-sync: "../plain" is not in a git repository'*--worktree* ]]
	run -0 check --lists ../plain --worktree
}

@test "no such place, revision, directory, or list: one line each" {
	run --separate-stderr check
	[ "$status" -eq 1 ]
	[ "$stderr" = "mirror-sync: mirror-lists: the git repository has no commit yet" ]
	commit
	run --separate-stderr check --rev nope
	[ "$status" -eq 1 ]
	[ "$stderr" = 'mirror-sync: mirror-lists: unknown git revision "nope": no branch, tag or '\
'commit of that name' ]
	run --separate-stderr check --lists elsewhere
	[ "$status" -eq 1 ]
	[[ $stderr == *"has no directory \"elsewhere\""* ]]
	[ "${#stderr_lines[@]}" -eq 1 ]
	run --separate-stderr check --lists .
	[ "$status" -eq 1 ]
	[ "$stderr" = 'mirror-sync: no *.list file in "."' ]
	run --separate-stderr check --worktree --lists elsewhere
	[ "$status" -eq 1 ]
	[[ $stderr == *'"elsewhere": No such file or directory' ]]
}

@test "binary rubbish, a line of 10 MB, a file of 10 MB: one error each" {
	head -c 100000 "$bin/mirror-sync" >mirror-lists/binary.list
	head -c 5000000 /dev/zero | tr '\0' a >mirror-lists/line.list
	head -c 10000000 /dev/zero | tr '\0' '\n' >mirror-lists/large.list
	ln -s base.list mirror-lists/link.list
	commit
	run --separate-stderr check
	[ "$status" -eq 1 ]
	[ "${#stderr_lines[@]}" -eq 5 ]
	[[ ${stderr_lines[0]} == mirror-lists/binary.list:1:*" is not text "* ]]
	[ "${stderr_lines[1]}" = "mirror-lists/large.list: is larger than 8388608 bytes" ]
	[ "${stderr_lines[2]}" = \
		"mirror-lists/line.list:1:1: a line of 5000000 bytes; at most 4096 are read" ]
	[ "${stderr_lines[3]}" = "mirror-lists/link.list: is not a regular file" ]
}

@test "no more than a hundred errors, and how many more" {
	for i in $(seq 250); do echo "alpine:$i kep=3"; done >mirror-lists/base.list
	commit
	run --separate-stderr check
	[ "$status" -eq 1 ]
	[ "${stderr_lines[100]}" = "mirror-lists: and 150 more problems like these" ]
}

@test "a CA that mirror.conf names must be there" {
	echo 'registry registry.corp ca=corp.pem' >mirror-lists/mirror.conf
	commit
	run --separate-stderr check
	[ "$status" -eq 1 ]
	[ "${stderr_lines[0]}" = \
		'mirror-lists/mirror.conf:1:10: ca: "corp.pem": is not in the commit' ]
	printf '\x30\x82\x03\x01' >mirror-lists/corp.pem
	commit
	run --separate-stderr -1 check
	[[ ${stderr_lines[0]} == *': ca: "corp.pem" is in DER form, and PEM is wanted: openssl x509 '* ]]
	echo '-----BEGIN CERTIFICATE-----' >mirror-lists/corp.pem
	commit
	run -0 check
}

@test "an error of the lists stops a sync before anything is made" {
	echo 'alpine:3 kep=3' >mirror-lists/base.list
	commit
	run --separate-stderr "$bin/mirror-sync" --mirror ../mirror
	[ "$status" -eq 1 ]
	[ "${stderr_lines[0]}" = \
		'mirror-lists/base.list:1:10: unknown option "kep" (did you mean "keep"?)' ]
	[ ! -e ../mirror ]
}

@test "a partial clone says what it is, and what gets the rest" {
	local filter
	# libgit2 1.5 loses what it compares the extensions of such a repository with
	export ASAN_OPTIONS=${ASAN_OPTIONS:-}:detect_leaks=0
	commit
	echo docker.io/library/alpine:3 >>mirror-lists/base.list
	commit
	git config uploadpack.allowFilter true
	for filter in tree:0 blob:none; do
		git clone -q --no-checkout -o other --filter=$filter "file://$PWD" clone
		run --separate-stderr check --lists clone/mirror-lists
		[ "$status" -eq 1 ]
		[[ ${stderr_lines[0]} == *"the clone is a partial one (--filter=$filter) and lacks it: "* ]]
		# the command that it names
		[[ ${stderr_lines[0]} =~ \"git\ (fetch\ [^\"]*)\" ]]
		# git would tidy up in the background after it, and the clone is removed
		# shellcheck disable=SC2086  # words of a command
		git -C clone -c gc.autoDetach=false ${BASH_REMATCH[1]} -q
		check --lists clone/mirror-lists
		rm -rf clone
	done
}
