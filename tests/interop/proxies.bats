#!/usr/bin/env bats
# The examples for nginx and HAProxy in deploy/, with other ports and paths and nothing else
# changed: clients pull through them over TLS.

# shellcheck source=tests/interop/lib.bash
source "$BATS_TEST_DIRNAME/lib.bash"
# shellcheck source=tests/lib/layout.bash
source "$BATS_TEST_DIRNAME/../lib/layout.bash"

setup_file() {
	interop_begin "$BATS_FILE_TMPDIR"
	layout_new "$work/mirror"
	layout_multi "$work/mirror" docker.io/library/alpine:1 one >"$work/alpine"
	truncate -s 32M "$work/zeros"
	layout_blob "$work/mirror" <"$work/zeros" >"$work/big"
	layout_entry "$work/mirror" docker.io/library/big:1 "$(
		layout_blob "$work/mirror" "{\"schemaVersion\":2,\"mediaType\":\"$OCI_MANIFEST\",\"config\":$(
			layout_desc "$work/mirror" "$(layout_blob "$work/mirror" '{}')" "$OCI_CONFIG"
		),\"layers\":[$(layout_desc "$work/mirror" "$(cat "$work/big")" "$OCI_LAYER")]}"
	)"
	layout_publish "$work/mirror"
	serve_start mirror "$work/mirror" --access-log "$work/access" --trusted-proxy 127.0.0.1/32
	mkdir "$work/certs"
	openssl req -x509 -newkey rsa:2048 -nodes -days 2 -subj /CN=mirror.example \
		-addext subjectAltName=DNS:mirror.example,IP:127.0.0.1 \
		-keyout "$work/mirror.key" -out "$work/certs/ca.crt" 2>"$work/openssl.log"
	cat "$work/certs/ca.crt" "$work/mirror.key" >"$work/mirror.pem"
}

teardown_file() { interop_end; }

# place FILE PROXY: the example with this test's ports and files.
place() {
	sed -e "s|127\.0\.0\.1:5000|$(at mirror)|" -e "s|/etc/ssl/mirror\.crt|$work/certs/ca.crt|" \
		-e "s|/etc/ssl/private/mirror\.key|$work/mirror.key|" \
		-e "s|/etc/haproxy/mirror\.pem|$work/mirror.pem|" \
		-e "s|listen 443|listen $(at "$2")|" -e "s|bind :443|bind $(at "$2")|" "$top/deploy/$1"
}

# What every proxy must let through, unchanged.
pulls_through() {
	local proxy
	proxy=$(at "$1")
	ask() { curl -s -m 60 --cacert "$work/certs/ca.crt" "$@"; }
	[ "$(ask -o "$work/body" -w '%{http_code}' "https://$proxy/v2/alpine/manifests/1")" = 200 ]
	[ "sha256:$(sha256sum <"$work/body" | cut -d' ' -f1)" = "$(cat "$work/alpine")" ]
	ask -I "https://$proxy/v2/alpine/manifests/1" | grep -i "^docker-content-digest: $(cat "$work/alpine")"
	ask "https://$proxy/v2/big/blobs/$(cat "$work/big")" | cmp - "$work/zeros"
	[ "$(ask -r 1000-1999 "https://$proxy/v2/big/blobs/$(cat "$work/big")" | wc -c)" = 1000 ]
	[ "$(ask -o /dev/null -w '%{http_code}' -X POST "https://$proxy/v2/alpine/blobs/uploads/")" \
		!= 202 ]
	skopeo copy -q --src-cert-dir "$work/certs" --override-arch arm64 \
		"docker://$proxy/docker.io/library/alpine:1" "oci:$work/copy-$1:alpine"
	# the log has the client's address, whatever the client says it is
	ask --interface 127.0.0.2 -H 'X-Forwarded-For: 203.0.113.9' -o "$work/body" \
		"https://$proxy/v2/alpine/manifests/1"
	tail -n 1 "$work/access" | grep '^127\.0\.0\.2 '
	# the registry that a request is for also comes from the header Host, as the client sent it
	[ "$(ask -o /dev/null -w '%{http_code}' -H 'Host: docker.io' \
		"https://$proxy/v2/library/alpine/manifests/1")" = 200 ]
}

@test "nginx with the example of deploy/nginx" {
	need nginx openssl skopeo
	mkdir -p "$work/run/nginx/tmp"
	echo "127.0.0.1:$(free_port)" >"$work/run/nginx/at"
	place nginx/mirror.conf nginx >"$work/run/nginx/mirror.conf"
	cat >"$work/run/nginx/nginx.conf" <<-END
		daemon off; user root; worker_processes 1; pid $work/run/nginx/nginx.pid;
		error_log stderr notice;
		events { worker_connections 1024; }
		http {
		access_log off;
		client_body_temp_path $work/run/nginx/tmp/body; proxy_temp_path $work/run/nginx/tmp/proxy;
		fastcgi_temp_path $work/run/nginx/tmp/fcgi; uwsgi_temp_path $work/run/nginx/tmp/uwsgi;
		scgi_temp_path $work/run/nginx/tmp/scgi;
		include $work/run/nginx/mirror.conf;
		}
	END
	start nginx 'start worker process ' nginx -p "$work/run/nginx/" -c "$work/run/nginx/nginx.conf"
	pulls_through nginx
	stop nginx
}

@test "HAProxy with the example of deploy/haproxy" {
	need haproxy openssl skopeo
	mkdir -p "$work/run/haproxy"
	echo "127.0.0.1:$(free_port)" >"$work/run/haproxy/at"
	place haproxy/haproxy.cfg haproxy >"$work/haproxy.cfg"
	haproxy -c -q -f "$work/haproxy.cfg"
	start haproxy 'Loading success' haproxy -W -db -f "$work/haproxy.cfg"
	pulls_through haproxy
	stop haproxy
}
