# shellcheck shell=bash
# lib - starts and stops the real programs that the interop tests talk to.
#
#	setup_file()    { interop_begin "$BATS_FILE_TMPDIR"; registry_start upstream; ... }
#	teardown_file() { interop_end; }
#
# A started program has a name, and a directory of that name under $work (log, pid, status, data).
# It listens on a loopback port that the kernel picked: `at NAME` prints 127.0.0.1:PORT. A small
# shell waits for each program and keeps a lock until the program ends. So a line in its log shows
# that a program is ready, and the released lock that it has ended: no function polls. interop_end
# stops programs that still run, and fails when a process of this file is left.

top=$(cd "${BASH_SOURCE[0]%/*}/../.." && pwd)
bin=${BIN:-$top/build}

# ---------------------------------------------------------------------------------------------
# The file's frame

# interop_begin DIRECTORY: prepares the environment; all files are made below DIRECTORY.
interop_begin() {
	export work=$1
	export HOME=$work/home TMPDIR=$work/tmp
	export LC_ALL=C TZ=UTC GIT_CONFIG_GLOBAL=/dev/null GIT_CONFIG_NOSYSTEM=1
	export GIT_AUTHOR_NAME=Ada GIT_AUTHOR_EMAIL=ada@example.org
	export GIT_COMMITTER_NAME=Ada GIT_COMMITTER_EMAIL=ada@example.org
	export CONTAINERS_STORAGE_CONF=$work/storage.conf \
		CONTAINERS_REGISTRIES_CONF=$work/registries.conf
	unset http_proxy https_proxy all_proxy no_proxy HTTP_PROXY HTTPS_PROXY ALL_PROXY NO_PROXY
	unset DOCKER_CONFIG DOCKER_HOST DOCKER_AUTH_CONFIG REGISTRY_AUTH_FILE XDG_RUNTIME_DIR \
		MIRROR_DIR
	unset SSL_CERT_FILE SSL_CERT_DIR CURL_CA_BUNDLE
	mkdir -p "$HOME" "$TMPDIR" "$work/run"
	: >"$work/registries.conf"
	printf '[storage]\ndriver = "vfs"\nrunroot = "%s/storage-run"\ngraphroot = "%s/storage"\n' \
		"$work" "$work" >"$work/storage.conf"
}

# Stops the programs that this file started and that still run, by the pid that their shells wrote.
# Fails when other processes are left, and prints them; it does not kill them: they may not be ours.
interop_end() {
	local pid dir left=0
	[ -n "${work:-}" ] && [ -d "$work/run" ] || return 0
	for pid in "$work"/run/*/pid; do
		dir=${pid%/pid}
		[ ! -e "$pid" ] || stop "${dir##*/}"
	done
	! leftovers "$work" || left=1
	return "$left"
}

# Prints processes with the directory on their command line, and mounts below it. Fails if there are
# none.
leftovers() {
	local dir found=1
	for dir in /proc/[0-9]*; do
		tr '\0' ' ' 2>/dev/null <"$dir/cmdline" | grep -F -- "${1:?}/run/" \
			| grep -v bats-exec && found=0
	done
	grep -F -- " ${1:?}/" /proc/self/mountinfo && found=0
	return "$found"
}

# Skips the test without root (for mounts and container daemons) or without a program.
need() {
	local what
	for what; do
		case $what in
		root) [ "$(id -u)" = 0 ] || skip "needs root" ;;
		*) command -v "$what" >/dev/null || skip "needs $what" ;;
		esac
	done
}

# ---------------------------------------------------------------------------------------------
# Programs that keep running

# await FILE PATTERN [PID]: waits until a line of the file matches; fails when PID ends before.
await() {
	local lines found=0 reader
	exec {lines}< <(exec timeout 120 tail -n +1 -s 0.05 ${3:+--pid="$3"} -f "$1" 2>/dev/null \
		3>&-)
	reader=$!
	grep -E -m1 -q -- "$2" <&"$lines" || found=1
	exec {lines}<&-
	kill "$reader" 2>/dev/null || true
	return "$found"
}

# start NAME READY COMMAND...: runs it in the background; returns when a line of its log has READY.
start() {
	local name=$1 ready=$2 dir=$work/run/$1
	shift 2
	mkdir -p "$dir"
	rm -f "$dir/status" "$dir/pid"
	: >"$dir/log"
	exec 9>"$dir/alive"
	flock 9
	keep "$dir" "$@" 3>&- </dev/null >/dev/null 2>&1 &
	exec 9>&-
	echo $! >"$dir/keeper"
	[ -z "$ready" ] || await "$dir/log" "$ready" "$!" || {
		echo "# $name does not start:" && tail -n 20 "$dir/log"
		return 1
	}
}

# The shell that waits for one program: it inherits the lock on fd 9; its exit releases the lock.
keep() {
	local dir=$1
	shift
	set +e
	"$@" >>"$dir/log" 2>&1 9>&- &
	echo $! >"$dir/pid.new"
	mv "$dir/pid.new" "$dir/pid"
	wait $!
	echo $? >"$dir/status"
	rm -f "$dir/pid" # from now on another process may get the number
}

pid_of() { cat "$work/run/$1/pid"; }
keeper_of() { cat "$work/run/$1/keeper"; }
log_of() { echo "$work/run/$1/log"; }

# Waits until the program ends by itself; returns its exit status.
ended() {
	flock "$work/run/$1/alive" true
	return "$(cat "$work/run/$1/status" 2>/dev/null || echo 1)"
}

# stop NAME [SIGNAL]: stops the program, if it still runs, and waits until it has ended.
stop() {
	local pid
	pid=$(cat "${work:?}/run/$1/pid" 2>/dev/null) || return 0
	kill -s CONT "$pid" 2>/dev/null || true
	kill -s "${2:-TERM}" "$pid" 2>/dev/null || true
	ended "$1" || true
}

# Prints a free port, picked by the kernel.
free_port() {
	perl -MIO::Socket::INET -e \
		'print IO::Socket::INET->new(Listen => 1, LocalAddr => "127.0.0.1")->sockport'
}

at() { cat "$work/run/$1/at"; }

# ---------------------------------------------------------------------------------------------
# Upstreams

# registry_start NAME [STORAGE [KEY=VALUE...]]: starts Debian's docker-registry. A name that is
# started again gets its port again. Keys: auth=FILE (htpasswd), tls=CERT,KEY. Its log has a line
# per request.
registry_start() {
	local name=$1 storage=${2:-$work/run/$1/storage} dir=$work/run/$1 auth='' tls='' option
	shift $(($# > 1 ? 2 : 1))
	mkdir -p "$dir"
	[ -e "$dir/at" ] || echo "127.0.0.1:$(free_port)" >"$dir/at"
	for option; do
		case $option in
		auth=*) auth=", auth: {htpasswd: {realm: interop, path: ${option#auth=}}}" ;;
		tls=*) tls=${option#tls=} tls=", tls: {certificate: ${tls%,*}, key: ${tls#*,}}" ;;
		esac
	done
	cat >"$dir/config.yml" <<-END
		{version: 0.1, log: {level: info},
		 storage: {filesystem: {rootdirectory: $storage}, delete: {enabled: true}},
		 http: {addr: "$(at "$name")", secret: interop$tls}$auth}
	END
	start "$name" 'listening on 127' docker-registry serve "$dir/config.yml"
}

# Prints the requests in a log (of docker-registry, nginx or mirror-serve) as "METHOD PATH STATUS".
requests() {
	sed -nE 's/^[^"]*"(GET|HEAD|POST|PUT|PATCH|DELETE) ([^ "]+) HTTP[^"]*" ([0-9]+).*/\1 \2 '\
'\3/p' "$(log_of "$1")"
}

# nginx_start NAME: starts nginx with the server blocks from stdin; `PORT` stands for its port. Its
# log has a line per request, with the Authorization header at the end.
nginx_start() {
	local name=$1 dir=$work/run/$1
	mkdir -p "$dir/tmp"
	[ -e "$dir/at" ] || echo "127.0.0.1:$(free_port)" >"$dir/at"
	cat >"$dir/nginx.conf" <<-END
		daemon off; user root; worker_processes 1; pid $dir/nginx.pid; error_log stderr notice;
		events { worker_connections 1024; }
		http {
		log_format line '\$remote_addr - - [\$time_local] "\$request" \$status \$bytes_sent auth="\$http_authorization"';
		access_log $dir/log line;
		client_body_temp_path $dir/tmp/body; proxy_temp_path $dir/tmp/proxy; fastcgi_temp_path $dir/tmp/fcgi;
		uwsgi_temp_path $dir/tmp/uwsgi; scgi_temp_path $dir/tmp/scgi;
		default_type application/octet-stream; proxy_http_version 1.1; proxy_set_header Host \$http_host;
		$(sed "s/PORT/$(at "$name")/g")
		}
	END
	start "$name" 'start worker process ' nginx -p "$dir/" -c "$dir/nginx.conf"
}

# ---------------------------------------------------------------------------------------------
# The mirror and its clients

# lists NAME LINE...: makes a git repository $work/NAME with these lines in base.list, or commits
# the change to it. mirror.conf is $conf, or redirects docker.io to the program named $upstream.
lists() {
	local dir=$work/$1
	shift
	[ -d "$dir/.git" ] || git init -q -b main "$dir"
	echo "${conf-registry docker.io endpoint=http://$(at "${upstream:-upstream}")}" \
		>"$dir/mirror.conf"
	printf '%s\n' "$@" >"$dir/base.list"
	git -C "$dir" add . && git -C "$dir" commit -q --allow-empty -m 'Lists'
}

mirror_sync() { "$bin/mirror-sync" "$@"; }
mirror_publish() { "$bin/mirror-publish" "$@"; }

# serve_start NAME DIRECTORY [OPTION...]
serve_start() {
	local name=$1 mirror=$2 dir=$work/run/$1
	shift 2
	mkdir -p "$dir"
	[ -e "$dir/at" ] || echo "127.0.0.1:$(free_port)" >"$dir/at"
	start "$name" '^listening on ' "$bin/mirror-serve" --listen "$(at "$name")" "$@" "$mirror"
}

# Fails unless index.json parses and every reference resolves to whole blobs.
verifies() {
	"$bin/tests/tools/mirrorcheck" "$1"
}

generation_of() { jq -r '.annotations["dev.ocimirror.generation"]' "$1/index.json"; }

# digest_in MIRROR REF
digest_in() {
	jq -r --arg ref "$2" '.manifests[] | '\
'select(.annotations["org.opencontainers.image.ref.name"] == $ref) | .digest' \
		"$1/index.json"
}

# Prints the content of the mirror as "REF DIGEST" lines.
digests_in() {
	jq -r '.manifests[] | "\(.annotations["org.opencontainers.image.ref.name"]) \(.digest)"' \
		"$1/index.json"
}

# Prints the references in the mirror, one per line.
refs_in() { jq -r '.manifests[].annotations["org.opencontainers.image.ref.name"]' "$1/index.json"; }

manifest_types=application/vnd.oci.image.index.v1+json,application/vnd.oci.image.manifest.v1+json
manifest_types+=,application/vnd.docker.distribution.manifest.list.v2+json
manifest_types+=,application/vnd.docker.distribution.manifest.v2+json

# digest_at HOST:PORT NAME TAG: prints the digest of a tag at a registry.
digest_at() {
	curl -sfI -H "Accept: $manifest_types" "http://$1/v2/$2/manifests/$3" |
		tr -d '\r' | sed -n 's/^[Dd]ocker-[Cc]ontent-[Dd]igest: //p'
}

# digests_at HOST:PORT: the same for many docker.io references on stdin, as "REF DIGEST" lines.
digests_at() {
	local ref name
	while read -r ref; do
		name=${ref#docker.io/}
		printf 'next\nurl = "http://%s/v2/%s/manifests/%s"\nhead\nfail\nsilent\n' "$1" \
			"${name%:*}" "${name##*:}"
		printf 'header = "Accept: %s"\noutput = "/dev/null"\n' "$manifest_types"
		printf 'write-out = "%s %%header{docker-content-digest}\\n"\n' "$ref"
	done | sed 1d | curl -K -
}

# manifest_at HOST:PORT NAME TAG-OR-DIGEST: prints the manifest.
manifest_at() { curl -sf -H "Accept: $manifest_types" "http://$1/v2/$2/manifests/$3"; }

# retag HOST:PORT NAME FROM TO: moves the tag TO to the digest of FROM.
retag() {
	local type
	type=$(curl -sfI -H "Accept: $manifest_types" "http://$1/v2/$2/manifests/$3" |
		tr -d '\r' | sed -n 's/^[Cc]ontent-[Tt]ype: //p')
	manifest_at "$1" "$2" "$3" |
		curl -sf -o /dev/null -X PUT -H "Content-Type: $type" --data-binary @- \
			"http://$1/v2/$2/manifests/$4"
}

# put_annotated HOST:PORT NAME FROM TO: as retag, with one more annotation, so the digest changes.
put_annotated() {
	local type
	type=$(manifest_at "$1" "$2" "$3" | jq -r .mediaType)
	manifest_at "$1" "$2" "$3" | jq -c --arg now "$(date +%s%N)" '.annotations.at = $now' |
		curl -sf -o /dev/null -X PUT -H "Content-Type: $type" --data-binary @- \
			"http://$1/v2/$2/manifests/$4"
}

# dockerd_start NAME [OPTION...]; docker_at NAME ARGUMENTS... is its client.
dockerd_start() {
	local name=$1 dir=$work/run/$1
	shift
	mkdir -p "$dir"
	start "$name" 'API listen on' dockerd -s vfs --bridge=none --iptables=false --data-root \
		"$dir/data" \
		--exec-root "$dir/exec" --pidfile "$dir/docker.pid" -H "unix://$dir/sock" "$@"
}

docker_at() {
	local name=$1
	shift
	docker -H "unix://$work/run/$name/sock" "$@"
}

# containerd_start NAME; ctr_at NAME ARGUMENTS... is its client.
containerd_start() {
	local name=$1 dir=$work/run/$1
	mkdir -p "$dir"
	cat >"$dir/config.toml" <<-END
		version = 2
		root = "$dir/root"
		state = "$dir/state"
		disabled_plugins = ["io.containerd.grpc.v1.cri"]
		[grpc]
		  address = "$dir/sock"
	END
	start "$name" 'containerd successfully booted' containerd -c "$dir/config.toml"
}

ctr_at() {
	local name=$1
	shift
	ctr -a "$work/run/$name/sock" "$@"
}

# podman and buildah with stores below $work, separate from those of this machine.
podman_at() {
	local dir=$work/podman
	podman --root "$dir/root" --runroot "$dir/run" --storage-driver vfs --cgroup-manager \
		cgroupfs \
		--runtime runc "$@"
}

buildah_at() {
	buildah --root "$work/buildah/root" --runroot "$work/buildah/run" --storage-driver vfs "$@"
}
