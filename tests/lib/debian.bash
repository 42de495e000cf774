# shellcheck shell=bash
# A Debian to install packages in: this machine's own files as the lower layer of an overlay, so
# that nothing is fetched and nothing of this machine changes. It needs root, and ends with its
# command. DEBIAN=DIRECTORY takes another system as the lower layer, such as a bare one:
# mmdebstrap --variant=minbase --include=git,… bookworm DIRECTORY
#
#   in_debian FILE... <SCRIPT     runs the script there by sh, as root, with /proc; the FILEs are
#                                 in /root, which is the script's directory
#   booted_debian FILE... <SCRIPT the same, started by a systemd that is process 1 there and starts
#                                 nothing else; the network is this machine's
#
# Both print what the script printed, and return its status.

debian_needs() {
	local what
	[ "$(id -u)" = 0 ] || skip "needs root"
	for what; do
		command -v "$what" >/dev/null || skip "$what is not installed"
	done
	unshare -m mount -t tmpfs none "$BATS_TEST_TMPDIR" 2>/dev/null ||
		skip "nothing may be mounted here"
}

# HOW FILE...: makes the system at $root, in a mount namespace of its own, and runs HOW there.
debian_run() {
	local how=$1 root=$BATS_TEST_TMPDIR/debian
	shift
	mkdir -p "$root"
	cat >"$BATS_TEST_TMPDIR/script"
	export root how lower=${DEBIAN:-/} script=$BATS_TEST_TMPDIR/script
	# shellcheck disable=SC2016  # the inner shell's variables
	unshare -m bash -euc '
		mount -t tmpfs none "$root"
		mkdir "$root"/{upper,work,system}
		mount -t overlay none -o "lowerdir=$lower,upperdir=$root/upper,workdir=$root/work" \
			"$root/system"
		rm -f "$root/system/var/lib/man-db/auto-update"
		mount -t tmpfs none "$root/system/root"
		cp "$script" "$root/system/root/script"
		[ $# -eq 0 ] || cp -r "$@" "$root/system/root"
		'"$(declare -f debian_chroot debian_boot)"'
		"$how"' in_debian "$@" 3>&- </dev/null
}

debian_chroot() {
	mount -t proc proc "$root/system/proc"
	mount --bind /dev "$root/system/dev"
	cd "$root/system" || return
	chroot . env -i PATH=/usr/sbin:/usr/bin:/sbin:/bin LANG=C.UTF-8 DEBIAN_FRONTEND=noninteractive \
		sh -euc 'cd /root; . ./script' 2>&1
}

# The unit writes the status when the script has ended, and tells systemd to end.
debian_boot() {
	local dir=$root/system
	rm -f "$dir/usr/sbin/policy-rc.d"
	cat >"$dir/etc/systemd/system/script.service" <<-END
		[Unit]
		DefaultDependencies=no
		After=systemd-journald.service
		Wants=systemd-journald.service
		[Service]
		Type=oneshot
		TimeoutStartSec=180
		WorkingDirectory=/root
		Environment=PATH=/usr/sbin:/usr/bin:/sbin:/bin LANG=C.UTF-8 DEBIAN_FRONTEND=noninteractive
		ExecStart=/bin/sh -euc '. ./script'
		StandardOutput=file:/root/output
		StandardError=inherit
		ExecStopPost=/bin/sh -c 'echo \$\${EXIT_STATUS:-1} >/root/status'
		ExecStopPost=/bin/systemctl --no-block exit
	END
	timeout 240 systemd-nspawn --quiet --register=no --keep-unit --link-journal=no -D "$dir" --boot \
		-- systemd.unit=script.service >"$root/console" 2>&1 || true
	cat "$dir/root/output"
	[ "$(cat "$dir/root/status" 2>/dev/null)" = 0 ] || { cat "$root/console" && return 1; }
}

in_debian() {
	debian_needs
	debian_run debian_chroot "$@"
}

booted_debian() {
	debian_needs systemd-nspawn
	debian_run debian_boot "$@"
}
