#!/usr/bin/env bats
# Upstreams on bad days, played by nginx in front of docker-registry; a mirror's bad days too.

# shellcheck source=tests/interop/lib.bash
source "$BATS_TEST_DIRNAME/lib.bash"

setup_file() {
	interop_begin "$BATS_FILE_TMPDIR"
	registry_start upstream
	"$top/tests/interop/fill" "$(at upstream)" 10
	# the same content once more: what answers for blobs while they are stalled or redirected
	registry_start blobs "$work/run/upstream/storage"
	export store=$work/run/upstream/storage/docker/registry/v2
}

teardown_file() { interop_end; }

teardown() {
	kill -s CONT "$(pid_of blobs)"
	stop sync
	stop front
	! mountpoint -q "${work:?}/small" || umount "$work/small"
}

# The digest of the biggest layer of an image.
biggest() {
	manifest_at "$(at upstream)" "$1" "$2" | jq -r '[.layers[]] | max_by(.size).digest'
}

# stalled_sync MIRROR LINE...: begins a sync whose blobs do not come until `blobs` is told to go on.
stalled_sync() {
	local mirror=$1
	shift
	nginx_start front <<-END
		proxy_read_timeout 1h;
		server {
			listen PORT;
			location ~ /blobs/ { proxy_pass http://$(at blobs); }
			location / { proxy_pass http://$(at upstream); }
		}
	END
	upstream=front lists lists "$@"
	kill -s STOP "$(pid_of blobs)"
	start sync '' "$bin/mirror-sync" --mirror "$mirror" --lists "$work/lists"
	await "$(log_of front)" 'GET [^ ]*/manifests/[^ ]* HTTP/1.1" 200' "$(keeper_of sync)"
}

# nginx remembers the size of a file it has opened. Truncated after that, it is announced whole,
# sent by half, and the connection is closed.
half_way() {
	nginx_start front <<-END
		open_file_cache max=100 inactive=1h; open_file_cache_valid 1h; sendfile on;
		server {
			listen PORT;
			location ~ /blobs/$1 { alias $store/blobs/sha256/${1:7:2}/${1:7}/data; }
			location / { proxy_pass http://$(at upstream); }
		}
	END
}

# refused REF: with the upstream as it is now, that image fails and says so, and base:1 is mirrored.
refused() {
	upstream=front lists lists "$1" docker.io/library/empty:1
	rm -rf "${work:?}/refused"
	run mirror_sync --mirror "$work/refused" --lists "$work/lists"
	echo "$output"
	[ "$status" = 2 ]
	[[ "$output" == *"$1"* ]]
	verifies "$work/refused"
	[ "$(refs_in "$work/refused")" = docker.io/library/empty:1 ]
}

@test "two syncs at once: the second says who holds the lock, and is gone" {
	local pid
	stalled_sync "$work/twice" docker.io/library/tool:zstd
	pid=$(pid_of sync)
	run mirror_sync --mirror "$work/twice" --lists "$work/lists"
	echo "$output"
	[ "$status" = 16 ]
	[ "${#lines[@]}" = 1 ]
	[[ "$output" == *"$pid"* ]]
	kill -s CONT "$(pid_of blobs)"
	ended sync
	verifies "$work/twice"
}

@test "a rollback while a sync runs succeeds at once, and stands" {
	local m=$work/rolled tag good bad
	for tag in blocked frozen; do retag "$(at upstream)" library/base 1 $tag; done
	lists lists docker.io/library/base:{blocked,frozen}
	mirror_sync --mirror "$m" --lists "$work/lists"
	good=$(digest_in "$m" docker.io/library/base:blocked)
	for tag in blocked frozen; do retag "$(at upstream)" library/base oci $tag; done
	mirror_sync --mirror "$m" --lists "$work/lists"
	bad=$(digest_in "$m" docker.io/library/base:blocked)
	[ "$good" != "$bad" ]

	put_annotated "$(at upstream)" library/base oci frozen
	stalled_sync "$m" docker.io/library/base:{blocked,frozen} docker.io/library/tool:zstd
	mirror_publish --mirror "$m" rollback docker.io/library/base:blocked --reason \
		'does not start'
	mirror_publish --mirror "$m" rollback docker.io/library/base:frozen --freeze --reason \
		'does not start'
	[ "$(digest_in "$m" docker.io/library/base:blocked)" = "$good" ]
	kill -s CONT "$(pid_of blobs)"
	ended sync
	verifies "$m"
	[ "$(digest_in "$m" docker.io/library/base:blocked)" = "$good" ]
	[ "$(digest_in "$m" docker.io/library/base:frozen)" = "$good" ]
	[ -n "$(digest_in "$m" docker.io/library/tool:zstd)" ]
}

@test "killed while blobs are under way, the mirror is whole and the next sync completes" {
	stalled_sync "$work/cut" docker.io/library/tool:zstd docker.io/library/base:1
	stop sync KILL
	verifies "$work/cut"
	[ -z "$(refs_in "$work/cut")" ]
	kill -s CONT "$(pid_of blobs)"
	mirror_sync --mirror "$work/cut" --lists "$work/lists"
	verifies "$work/cut"
	[ "$(refs_in "$work/cut" | wc -l)" = 2 ]
}

@test "a signal ends a sync that waits: nothing half-done is published" {
	stalled_sync "$work/signal" docker.io/library/tool:zstd
	kill -s TERM "$(pid_of sync)"
	run ended sync
	cat "$(log_of sync)"
	[ "$status" = 2 ]
	verifies "$work/signal"
	[ -z "$(refs_in "$work/signal")" ]
}

@test "blobs that are redirected to another port arrive" {
	nginx_start front <<-END
		server {
			listen PORT;
			location ~ /blobs/ { return 307 http://$(at blobs)\$request_uri; }
			location / { proxy_pass http://$(at upstream); }
		}
	END
	upstream=front lists lists docker.io/library/base:1 docker.io/library/tool:zstd
	mirror_sync --mirror "$work/redirected" --lists "$work/lists"
	verifies "$work/redirected"
	requests front | grep '/blobs/.* 307'
	[ "$(digest_in "$work/redirected" docker.io/library/base:1)" = \
		"$(digest_at "$(at upstream)" library/base 1)" ]
}

@test "an upstream that redirects for ever is given up, by name" {
	nginx_start front <<-END
		server { listen PORT; location / { return 307 http://PORT\$request_uri; } }
	END
	upstream=front lists lists docker.io/library/base:1
	run mirror_sync --mirror "$work/loop" --lists "$work/lists"
	echo "$output"
	[ "$status" = 2 ]
	[[ "$output" == *docker.io/library/base:1* ]]
	verifies "$work/loop"
}

@test "an upstream that closes half-way: others go on, and the next run resumes" {
	local digest file size
	digest=$(biggest library/tool zstd)
	file=$store/blobs/sha256/${digest:7:2}/${digest:7}/data
	size=$(stat -c %s "$file")
	cp "$file" "$work/whole"
	half_way "$digest"
	curl -sfI -o /dev/null "http://$(at front)/v2/library/tool/blobs/$digest"
	truncate -s $((size / 2)) "$file"
	upstream=front lists lists docker.io/library/tool:zstd docker.io/library/base:1
	run mirror_sync --mirror "$work/half" --lists "$work/lists"
	echo "$output"
	cat "$work/whole" >"$file"
	[ "$status" = 2 ]
	[[ "$output" == *docker.io/library/tool:zstd* ]]
	verifies "$work/half"
	[ "$(refs_in "$work/half")" = docker.io/library/base:1 ]

	stop front
	half_way "$digest"
	mirror_sync --mirror "$work/half" --lists "$work/lists"
	verifies "$work/half"
	[ "$(refs_in "$work/half" | wc -l)" = 2 ]
	[ "$(requests front | grep "$digest" | tail -n 1 | cut -d' ' -f3)" = 206 ]
}

@test "other bytes of the same size are refused" {
	local right
	right=$(biggest library/tool zstd)
	tr a b <"$store/blobs/sha256/${right:7:2}/${right:7}/data" >"$work/wrong"
	nginx_start front <<-END
		server {
			listen PORT;
			location ~ /blobs/$right { alias $work/wrong; }
			location / { proxy_pass http://$(at upstream); }
		}
	END
	refused docker.io/library/tool:zstd
	[[ "$output" == *"$right"* ]]
}

@test "a captive portal's page is no manifest" {
	nginx_start front <<-END
		server {
			listen PORT;
			location /v2/library/tool/ { default_type text/html; return 200 '<html>Please log in.</html>'; }
			location / { proxy_pass http://$(at upstream); }
		}
	END
	refused docker.io/library/tool:zstd
}

@test "a manifest that lies about a layer's size is refused" {
	manifest_at "$(at upstream)" library/tool zstd | jq -c '.layers[0].size += 1' |
		curl -sf -o /dev/null -X PUT -H \
			'Content-Type: application/vnd.oci.image.manifest.v1+json' \
			--data-binary @- "http://$(at upstream)/v2/library/tool/manifests/lies"
	nginx_start front <<-END
		server { listen PORT; location / { proxy_pass http://$(at upstream); } }
	END
	refused docker.io/library/tool:lies
}

@test "a full disk is one clear line, and the old generation stays" {
	need root
	local m=$work/small
	mkdir "$m"
	mount -t tmpfs -o size=1400k,mode=0755 none "$m"
	lists lists docker.io/library/empty:1
	mirror_sync --mirror "$m" --lists "$work/lists"
	cp "$m/index.json" "$work/index.before"
	head -c 400000 /dev/zero >"$m/.fill"
	lists lists docker.io/library/empty:1 docker.io/library/base:1
	run mirror_sync --mirror "$m" --lists "$work/lists"
	echo "$output"
	[ "$status" = 2 ]
	[[ "$output" == *docker.io/library/base:1*disk* ]]
	cmp "$m/index.json" "$work/index.before"
	verifies "$m"
	rm "$m/.fill"
	mount -o remount,size=20m "$m"
	mirror_sync --mirror "$m" --lists "$work/lists"
	verifies "$m"
	[ "$(refs_in "$m" | wc -l)" = 2 ]
	umount "$m"
}
