#!/usr/bin/env bats
# mirror-sync --repo: lists from a repository that is fetched first. Git's own servers:
# tests/interop/repo.bats.

# shellcheck disable=SC2016,SC2030,SC2031  # texts are evaluated later, by test processes

bats_require_minimum_version 1.5.0

setup() {
	load ../lib/sync
	world
	layout_image "$up" docker.io/team/app:1 one >/dev/null
	layout_image "$up" docker.io/team/app:2 two >/dev/null
	list up.example/team/app:1
	remote=$BATS_TEST_TMPDIR/remote.git
	git clone -q --bare team remote.git
	clone=$mirror/.mirror/lists.git
}

teardown() {
	stop_all
}

repo() {
	MIRROR_DIR=$mirror "$BIN/mirror-sync" --repo "$remote" "$@"
}

# The same in the background; $first is its pid.
repo_begins() {
	"$BIN/mirror-sync" --mirror "$mirror" --repo "$remote" 3>&- 2>said &
	first=$!
}

# A run that is killed when so many bytes have come. All that took part is gone when `begun` ends.
cut_off() {
	repo_begins
	exec 7<begun
	read -r _ <&7
	echo "$1" >go
	read -r _ <&7
	kill -9 "$first"
	wait "$first" || true
	cat <&7
	exec 7<&-
}

# Makes the remote what the checkout is, whatever it was.
push() {
	git -C team push -q --mirror "$remote"
}

unfetched() {
	echo "$stderr"
	[ "$status" -eq 1 ]
	[[ $stderr == "mirror-sync: the lists could not be fetched, nothing was done: "*"$1"* ]]
}

# Everything in the mirror, with times and sizes, as text.
trace() {
	find "$mirror" -printf '%P %s %T@\n' | sort
}

# An ssh whose far end is this machine. It says "begun" in the fifo of that name, and is told by
# the fifo `go` to pass on all, or so many bytes, when it says "cut" and waits. While it lives the
# fifo `begun` does not end.
fake_ssh() {
	mkdir "$BATS_TEST_TMPDIR/bin"
	mkfifo "$BATS_TEST_TMPDIR/begun" "$BATS_TEST_TMPDIR/go"
	cat >"$BATS_TEST_TMPDIR/bin/ssh" <<-END
		#!/bin/bash
		command=\${!#}
		exec 8>"$BATS_TEST_TMPDIR/begun"
		echo begun >&8
		read -r line <"$BATS_TEST_TMPDIR/go"
		[ "\$line" != all ] || exec sh -c "\$command" 8>&-
		exec 6<&0
		exec 9< <(exec sh -c "\$command" <&6 8>&-)
		dd bs=1 "count=\$line" status=none <&9
		echo cut >&8
		read -r line <"$BATS_TEST_TMPDIR/go"
	END
	chmod +x "$BATS_TEST_TMPDIR/bin/ssh"
	remote=far:$remote
	export PATH=$BATS_TEST_TMPDIR/bin:$PATH
}

@test "a path, a relative path and file:// are fetched, and synced from" {
	repo
	[ -n "$(published up.example/team/app:1)" ]
	whole
	[ "$(note up.example/team/app:1 list)" = "base.list:1@$(git -C team rev-parse HEAD)" ]
	[ "$(git -C "$clone" rev-parse HEAD)" = "$(git -C team rev-parse HEAD)" ]
	[ ! -e "$clone.new" ]
	for remote in "file://$remote" remote.git ./team; do
		repo --check --rev main
	done
}

@test "what is pushed is there in the next run, and nothing published is stale" {
	repo
	list up.example/team/app:1 up.example/team/app:2
	push
	repo
	[ -n "$(published up.example/team/app:2)" ]
}

@test "a branch that is force-pushed is followed, one that is deleted is gone, one in the place of another arrives" {
	git -C team branch side
	git -C team branch x
	push
	repo --rev side
	git -C team branch -D side x
	git -C team branch x/y
	git -C team commit -q --amend -m 'other history'
	list up.example/team/app:2
	push
	repo
	[ -n "$(published up.example/team/app:2)" ]
	names=$(git -C "$clone" for-each-ref --format='%(refname)' refs/heads refs/tags)
	[ "$names" = $'refs/heads/main\nrefs/heads/x/y' ]
	run --separate-stderr repo --rev side
	[ "$status" -eq 1 ]
	[ "$stderr" = "mirror-sync: nothing was done: $remote: unknown git revision \"side\": no branch, tag or commit of that name" ]
}

@test "--rev names a branch, a tag or a commit there; --lists a directory in it" {
	git -C team tag first
	first=$(git -C team rev-parse HEAD)
	mkdir -p team/deep/er
	echo up.example/team/app:2 >team/deep/er/more.list
	cp team/mirror-lists/mirror.conf team/deep/er
	commit deeper
	push
	repo --rev main --lists deep/er/
	[ -n "$(published up.example/team/app:2)" ]
	for rev in first "$first" "${first:0:10}" HEAD~1; do
		run --separate-stderr repo --check --rev "$rev" --lists deep/er
		[ "$status" -eq 1 ]
		[ "$stderr" = "mirror-sync: nothing was done: $remote: commit ${first:0:12} has no directory \"deep/er\"" ]
	done
}

@test "a default branch of another name, and a repository without one" {
	git -C team branch -m trunk
	git clone -q --bare team trunk.git
	remote=trunk.git repo --check
	git -C trunk.git symbolic-ref HEAD refs/heads/none
	remote=trunk.git run --separate-stderr repo --check
	[ "$stderr" = "mirror-sync: nothing was done: trunk.git: HEAD is a branch without a commit; name another with --rev" ]
	remote=trunk.git repo --check --rev trunk
	git init -q --bare empty.git
	remote=empty.git run --separate-stderr repo --check
	[ "$status" -eq 1 ]
	[ "$stderr" = "mirror-sync: nothing was done: empty.git: the git repository has no commit yet" ]
}

@test "a fetch that fails stops the run; the lists of the last one are not used" {
	repo
	before=$(trace)
	mv "$remote" away.git
	run --separate-stderr repo
	unfetched "$remote"
	[ "$(trace | grep -v sync.lock)" = "$(echo "$before" | grep -v sync.lock)" ]
	mv away.git "$remote"
	repo
}

@test "a new mirror whose lists cannot be fetched is a new mirror the next time" {
	mv "$remote" away.git
	run --separate-stderr repo
	unfetched "$remote"
	mv away.git "$remote"
	repo
	whole
}

@test "a path that leads nowhere is told as that" {
	touch file
	while IFS='|' read -r remote why; do
		run --separate-stderr repo --check
		[ "$status" -eq 1 ]
		[ "$stderr" = "mirror-sync: the lists could not be fetched, nothing was done: $remote: $why" ] ||
			{ echo "$stderr" && false; }
	done <<-END
		nowhere|No such file or directory
		$PWD/nowhere.git|No such file or directory
		file|not a directory
	END
}

@test "errors in the lists stop the run" {
	list up.example/team/app:1 'up.example/team/app:2 platfrom=x'
	push
	run --separate-stderr repo
	[ "$status" -eq 1 ]
	[[ $stderr == 'mirror-lists/base.list:2:23: unknown option "platfrom"'*'nothing was done' ]]
	[ ! -e "$mirror/index.json" ]
}

@test "--check makes no mirror, and --dry-run leaves no trace in one" {
	repo --check
	[ ! -e "$mirror" ]
	run repo --dry-run
	[ "$status" -eq 32 ]
	[ ! -e "$mirror" ]
	repo
	list up.example/team/app:2
	push
	traced=$(trace)
	run repo --dry-run
	[ "$status" -eq 32 ]
	[[ $output == *"up.example/team/app:2"* ]]
	[ "$(trace)" = "$traced" ]
}

@test "a temporary clone is removed, whatever came of it" {
	command -v strace >/dev/null || skip "strace is not installed"
	strace -o /dev/null true 2>/dev/null || skip "tracing is not allowed here"
	export ASAN_OPTIONS=${ASAN_OPTIONS:+$ASAN_OPTIONS:}detect_leaks=0 # not to be looked for under strace
	git clone -q --bare team broken.git
	rm -r broken.git/objects
	for remote in "$remote" broken.git; do
		strace -f -o calls -e trace=mkdir "$BIN/mirror-sync" --check --repo "$remote" || true
		made=$(grep -o '"/tmp/mirror-sync\.[^"/]*' calls | head -n 1)
		[ -n "$made" ]
		[ ! -e "${made#?}" ]
	done
}

@test "a clone that is broken is made anew, and the old one kept aside" {
	repo
	list up.example/team/app:2
	push
	breaks=(
		'rm -r "$clone/objects"'
		'rm -r "$clone/refs" "$clone/HEAD"'
		'rm "$clone/origin"'
		'echo not-a-commit >"$clone/refs/heads/main"'
		'rm "$clone/config"; mkdir -p "$clone/config/x"'
		'touch "$clone/refs/heads/main.lock"; git -C team commit -q --allow-empty -m more; push'
		'rm -r "$clone"; echo a file >"$clone"'
		'find "$clone/objects" -type f -exec chmod u+w {} + -exec truncate -s 20 {} +'
	)
	for break in "${breaks[@]}"; do
		eval "$break"
		run --separate-stderr repo
		echo "$break: $stderr"
		[ "$status" -eq 0 ]
		[[ $stderr == "mirror-sync: warning: $clone is made anew"* ]]
		[ -e "$clone.old" ]
		[ "$(git -C "$clone" rev-parse HEAD)" = "$(git -C team rev-parse HEAD)" ]
		run --separate-stderr repo
		[ "$status" -eq 0 ]
		[ -z "$stderr" ]
	done
	whole
}

@test "what is wrong with a clone and does not matter is written anew" {
	breaks=(
		'echo rubbish >"$clone/config"'
		'rm "$clone/config" "$clone/HEAD"'
		'echo "$PWD/nowhere" >"$clone/commondir"'
		'mkdir -p "$clone/objects/info"; echo "$PWD/nowhere" >"$clone/objects/info/alternates"'
		'git -C "$clone" symbolic-ref HEAD refs/heads/main'
		'find "$clone/objects" -type f -delete'
		'git -C "$clone" rev-parse HEAD >"$clone/shallow"'
	)
	for break in "${breaks[@]}"; do
		repo
		eval "$break"
		run --separate-stderr repo
		echo "$break: $stderr"
		[ "$status" -eq 0 ]
		[ -z "$stderr" ]
		[ ! -e "$clone.old" ]
		[ "$(git -C "$clone" rev-parse HEAD)" = "$(git -C team rev-parse HEAD)" ]
		git -C "$clone" fsck --strict
	done
}

@test "a hostile configuration and the hooks of a clone have no effect" {
	repo
	mine="touch $PWD/hostile"
	hook=$(printf '#!/bin/sh\n%s\n' "$mine")
	cat >hostile.config <<-END
		[core]
			repositoryformatversion = 1
			bare = true
			fsmonitor = $mine
			sshCommand = $mine
			gitProxy = $mine
			askPass = $mine
			alternateRefsCommand = $mine
			hooksPath = $PWD/hooks
		[extensions]
			worktreeConfig = true
		[alias]
			fetch = !$mine
		[credential]
			helper = !$mine
		[uploadpack]
			packObjectsHook = $mine
		[remote "$remote"]
			uploadpack = $mine
		[url "ext::$mine "]
			insteadOf = $remote
		[url "ext::$mine "]
			insteadOf = far
		[protocol]
			allow = always
		[include]
			path = $PWD/more.config
	END
	git config -f more.config gc.recentObjectsHook "$mine"
	mkdir -p hooks
	for directory in hooks "$clone/hooks"; do
		mkdir -p "$directory"
		for name in reference-transaction pre-auto-gc post-update update post-merge; do
			echo "$hook" >"$directory/$name"
			chmod +x "$directory/$name"
		done
	done
	fake_ssh
	for url in "${remote#far:}" "$remote"; do
		remote=$url
		cp hostile.config "$clone/config"
		cp hostile.config "$clone/config.worktree"
		echo "$url" >"$clone/origin"
		list "up.example/team/app:1 reason=$RANDOM$RANDOM"
		git -C team push -q --mirror "${remote#far:}"
		[ "$url" = "${url#far:}" ] || { (read -r _ <begun && echo all >go) 3>&- & }
		run --separate-stderr repo
		echo "$stderr"
		[ "$status" -eq 0 ]
		[ -z "$stderr" ]
		[ ! -e hostile ]
		[ "$(grep -c hostile "$clone/config")" = 0 ]
		[ "$(git --git-dir="$clone" rev-parse HEAD)" = "$(git -C team rev-parse HEAD)" ]
	done
}

@test "variables that lead git elsewhere are not passed on" {
	git init -q --bare "$PWD/decoy"
	export GIT_DIR=$PWD/decoy GIT_WORK_TREE=$PWD GIT_INDEX_FILE=$PWD/index
	export GIT_OBJECT_DIRECTORY=$PWD/decoy/objects GIT_ALTERNATE_OBJECT_DIRECTORIES=$PWD/decoy/objects
	export GIT_EXEC_PATH=$PWD/bin GIT_COMMON_DIR=$PWD/decoy GIT_CONFIG=$PWD/config GIT_NAMESPACE=x
	export GIT_ASKPASS="touch hostile" GIT_EXTERNAL_DIFF="touch hostile"
	export GIT_CONFIG_COUNT=1 GIT_CONFIG_KEY_0=url.ext::x.insteadOf GIT_CONFIG_VALUE_0=/
	export GIT_CONFIG_PARAMETERS="'core.fsmonitor=touch hostile'" GIT_ALLOW_PROTOCOL=ext
	export GIT_PROXY_COMMAND="touch hostile" GIT_TEMPLATE_DIR=$PWD GIT_DEFAULT_HASH=sha256
	export GIT_SHALLOW_FILE=$PWD/x GIT_TRACE=$PWD/hostile
	repo
	[ ! -e hostile ]
	env -i "PATH=$PATH" git --git-dir="$clone" rev-parse HEAD
}

@test "git itself: found in absolute directories only, and told when it is not there" {
	mkdir none
	printf '#!/bin/sh\ntouch hostile\n' >git
	chmod +x git
	run --separate-stderr env "PATH=.:$PWD/none:" \
		"$BIN/mirror-sync" --mirror "$mirror" --repo "$remote"
	unfetched "$remote: the program git is not installed, or not in \$PATH"
	[ ! -e hostile ]
}

@test "a repository with SHA-256 object names is not supported, and told as that" {
	git init -q --bare --object-format=sha256 other.git
	git init -q --object-format=sha256 other
	git -C other -c user.name=Ann -c user.email=ann@corp.example commit -q --allow-empty -m one
	remote=other run --separate-stderr repo --check
	remote=other unfetched "repositories with SHA-256 object names are not supported"
}

@test "the clone of another repository is not taken for this one's" {
	repo
	git clone -q --bare team other.git
	old=$(git -C team rev-parse HEAD)
	git -C other.git update-ref refs/heads/main "$(
		git -C other.git -c user.name=Bob -c user.email=bob@corp.example commit-tree -m fresh 'HEAD^{tree}'
	)"
	remote=other.git run --separate-stderr repo --rev "$old"
	[ "$status" -eq 1 ]
	[[ $stderr == *"made anew"*"a clone of \"$remote\""*"unknown git revision"* ]]
}

@test "two runs at once: the clone is one run's at a time" {
	fake_ssh
	repo_begins
	read -r _ <begun
	run --separate-stderr repo
	[ "$status" -eq 16 ]
	[[ $stderr == *"another sync is at work"* ]]
	echo all >go
	wait "$first"
	[ -n "$(published up.example/team/app:1)" ]
}

@test "killed in the middle of a first fetch, and of a later one: nothing runs on, and the next run completes" {
	fake_ssh
	for round in first later; do
		head -c 20000 /dev/urandom >team/bulk
		list "up.example/team/app:1 reason=$round"
		git -C team push -q --mirror "${remote#far:}"
		for cut in 0 100 2000 10000; do
			cut_off "$cut"
		done
		(read -r _ <begun && echo all >go) &
		repo
		[ "$(git -C "$clone" rev-parse HEAD)" = "$(git -C team rev-parse HEAD)" ]
	done
	whole
	[ ! -e "$clone.new" ]
}

@test "a signal ends a fetch at once" {
	fake_ssh
	repo_begins
	exec 7<begun
	read -r _ <&7
	kill -TERM "$first"
	status=0
	wait "$first" || status=$?
	[ "$status" -eq 2 ]
	[ "$(cat said)" = "mirror-sync: the lists could not be fetched, nothing was done: $remote: stopped by a signal" ]
	cat <&7
}

@test "what --repo does not take" {
	run --separate-stderr repo --worktree
	[ "$status" -eq 1 ]
	[ "$stderr" = "mirror-sync: --repo and --worktree do not go together" ]
	rows=(
		'ftp://host/x=\"ftp://\" is none of https, http, ssh, git, file'
		'https://=has no valid host'
		'https://host=\"https://host\" names no repository'
		'https://user:s3cret@host:port/x=has no valid host'
		'ssh://user:s3cret@host/x=ssh takes keys'
		'user:s3cret@host/x=a user and a password need a scheme'
		'ssh://-oProxyCommand=x/y=has no valid host'
		'-x:y=begins with "-"'
		'-oProxyCommand=touch hostile'
		'--upload-pack=touch hostile'
		'ssh://-x@host/y=begins with "-"'
		'git@-x:y=has no valid host'
		'git@host:-y=begins with "-"'
		'ext::sh -c touch% hostile=remote helpers'
		'ext::sh -c touch% hostile /x=remote helpers'
		'fd::7=remote helpers'
		'https::https://user:s3cret@host/x=remote helpers'
		'file://-x/y=begins with "-"'
		$'file:///a\nb=no URL and no path'
		$'file:///a\033[2Jb=no URL and no path'
		'file:///a%0ab=cannot be read'
		$'https://user:s3cret@host/a\rb=no URL and no path'
	)
	for row in "${rows[@]}"; do
		run --separate-stderr "$BIN/mirror-sync" --mirror "$mirror" "--repo=${row%=*}"
		echo "$row: $stderr"
		[ "$status" -eq 1 ]
		words=${row##*=}
		[ "${words#touch}" = "$words" ] || words='begins with "-"'
		[[ $stderr == *"${words//\\/}"* ]]
		[[ $stderr != *s3cret* && $stderr != *$'\n'* && $stderr != *$'\033'* ]]
	done
	[ ! -e "$mirror" ] && [ ! -e hostile ]
}
