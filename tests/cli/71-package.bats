#!/usr/bin/env bats
# The Debian package of "make deb": lintian finds no error in it; it is installed, started,
# upgraded, removed and purged. The programs in it are those of the plain build with gcc.

bats_require_minimum_version 1.5.0

setup_file() {
	top=$(cd "$BATS_TEST_DIRNAME/../.." && pwd)
	build=$top/build/gcc
	command -v dpkg-shlibdeps >/dev/null || skip "dpkg-dev is not installed"
	make -s -C "$top" CI=1 BUILD=build/gcc all
	export old new
	old=$("$top/deploy/debian/make-deb" "$build" 0.1.0)
	new=$("$top/deploy/debian/make-deb" "$build" 99.0)
	cp "$old" "$BATS_FILE_TMPDIR/old.deb"
	cp "$new" "$BATS_FILE_TMPDIR/new.deb"
	rm "$new"
	old=$BATS_FILE_TMPDIR/old.deb new=$BATS_FILE_TMPDIR/new.deb
}

setup() {
	top=$(cd "$BATS_TEST_DIRNAME/../.." && pwd)
	tmp=$BATS_TEST_TMPDIR
	load ../lib/ask
	load ../lib/debian
}

teardown() {
	stop_all
}

@test "lintian finds no error in the package" {
	command -v lintian >/dev/null || skip "lintian is not installed"
	run lintian --allow-root --fail-on error,warning "$old"
	[ "$status" -eq 0 ] || { echo "$output" && false; }
}

@test "the package has the programs, a page for each verb, completion, the units and their user" {
	dpkg-deb -c "$old" | awk '{ print $6 }' >"$tmp/files"
	for path in bin/mirror-{sync,publish,serve} share/man/man1/mirror-publish-rollback.1.gz \
		share/bash-completion/completions/mirror-sync lib/sysusers.d/ocimirror.conf \
		share/doc/ocimirror/docs/deploying.md.gz; do
		grep -qx "./usr/$path" "$tmp/files"
	done
	for unit in mirror-serve.{service,socket} mirror-{sync,verify}.{service,timer}; do
		grep -qx "./lib/systemd/system/$unit" "$tmp/files"
	done
	[ "$(dpkg-deb -f "$old" Version)" = 0.1.0 ]
	[[ $(dpkg-deb -f "$old" Depends) == *libgit2* ]]
}

# Without an init system, as in the build of a container image.
@test "it is installed, upgraded and purged where no systemd runs; a purge keeps the images, and says so" {
	run in_debian "$old" "$new" <<-'SH'
		dpkg -i old.deb
		id _mirror
		ls /etc/systemd/system/*.wants | grep mirror && exit 9
		mkdir -p /var/lib/mirror /var/lib/mirror-sync /var/log/mirror
		touch /var/lib/mirror/index.json /var/log/mirror/access.log
		echo SERVE_OPTIONS=--threads 3 >/etc/default/mirror-serve
		mirror-sync --version
		dpkg -i new.deb
		dpkg-query -W -f 'now ${Version}\n' ocimirror
		cat /etc/default/mirror-serve
		dpkg --remove ocimirror
		[ -e /etc/default/mirror-serve ]
		dpkg --purge ocimirror
		find /etc /lib/systemd /usr/bin /usr/share/man/man1 /usr/share/doc -name '*mirror-serve*'
		[ -e /var/lib/mirror/index.json ]
		[ ! -e /var/log/mirror ]
	SH
	[ "$status" -eq 0 ] || { echo "$output" && false; }
	[[ $output == *"(_mirror)"*"mirror-sync 0.1.0"*"now 99.0"*"SERVE_OPTIONS=--threads 3"* ]]
	[[ $output == *"ocimirror: /var/lib/mirror is kept; to delete it: rm -rf /var/lib/mirror"* ]]
	[[ $output == *"ocimirror: /var/lib/mirror-sync is kept"* ]]
	! grep -E '^/(etc|lib|usr)/.*mirror-serve' <<<"$output"
}

# An upstream of one image, and lists for it in $tmp/mirror-lists.
upstream_of_one() {
	layout_new "$tmp/up"
	layout_image "$tmp/up" docker.io/library/alpine:1 one >/dev/null
	serve upstream "$tmp/up"
	mkdir "$tmp/mirror-lists"
	echo docker.io/library/alpine:1 >"$tmp/mirror-lists/base.list"
	echo "registry docker.io endpoint=$upstream_url" >"$tmp/mirror-lists/mirror.conf"
}

@test "systemd runs the sync and the server of the package, restarts it in an upgrade, stops it at the end" {
	debian_needs systemd-nspawn
	# shellcheck disable=SC2034  # for serve()
	BIN=$top/build/gcc
	upstream_of_one
	run booted_debian "$old" "$new" "$tmp/mirror-lists" <<-'SH'
		dpkg -i old.deb
		echo SYNC_OPTIONS=--worktree >/etc/default/mirror-sync
		echo SERVE_OPTIONS=--listen 127.0.0.1:0 --access-log /var/log/mirror/access.log \
			>/etc/default/mirror-serve
		mkdir -p /var/lib/mirror-sync
		cp -r mirror-lists /var/lib/mirror-sync
		systemctl is-active mirror-serve || echo "not started by the package"
		systemctl start mirror-sync || { journalctl -u mirror-sync; exit 1; }
		stat -c '%n is %U, %a' /var/lib/mirror /var/lib/mirror/index.json
		pid() { systemctl show -P MainPID mirror-serve; }
		ask() {
			curl -sf -o /dev/null -w "$1: %{http_code}\n" "$2/v2/alpine/manifests/1"
			ps -o user= -p "$(pid)"
		}
		systemctl start mirror-serve || { journalctl -u mirror-serve; exit 1; }
		url=http://$(ss -Hltnp | sed -n 's/.* \(127[^ ]*\) .*"mirror-serve".*/\1/p')
		ask pulled "$url"
		first=$(pid)
		systemctl reload mirror-serve
		dpkg -i new.deb
		[ "$(pid)" != "$first" ]
		url=http://$(ss -Hltnp | sed -n 's/.* \(127[^ ]*\) .*"mirror-serve".*/\1/p')
		ask "pulled after the upgrade" "$url"
		systemctl stop mirror-serve
		echo >/etc/default/mirror-serve
		mkdir /etc/systemd/system/mirror-serve.socket.d
		printf '[Socket]\nListenStream=\nListenStream=/run/mirror.socket\n' \
			>/etc/systemd/system/mirror-serve.socket.d/where.conf
		systemctl daemon-reload
		systemctl start mirror-serve.socket
		curl -sf --unix-socket /run/mirror.socket -o /dev/null -w 'by the socket: %{http_code}\n' \
			http://mirror/v2/alpine/manifests/1
		dpkg --purge ocimirror
		systemctl is-active mirror-serve || echo "stopped with the package"
	SH
	[ "$status" -eq 0 ] || { echo "$output" && false; }
	echo "$output"
	[[ $output == *"not started by the package"* ]]
	[[ $output == *"/var/lib/mirror is _mirror, 750"*"/var/lib/mirror/index.json is _mirror, 640"* ]]
	[[ $output == *"pulled: 200"*"pulled after the upgrade: 200"*"by the socket: 200"* ]]
	[ "$(grep -cx _mirror <<<"$output")" -eq 2 ]
	[[ $output == *"stopped with the package"* ]]
}
