#!/usr/bin/env bats
# docker-registry behind TLS and passwords: who is trusted, and who is told what.

# shellcheck source=tests/interop/lib.bash
source "$BATS_TEST_DIRNAME/lib.bash"

setup_file() {
	interop_begin "$BATS_FILE_TMPDIR"
	registry_start upstream
	"$top/tests/interop/fill" "$(at upstream)" 1
	htpasswd -Bbn ada sesame >"$work/htpasswd"
	registry_start private "$work/run/upstream/storage" "auth=$work/htpasswd"
	nginx_start cdn <<-END
		server { listen PORT; location / { proxy_pass http://$(at upstream); } }
	END
	key "$work/ca"
	openssl req -x509 -key "$work/ca.key" -days 2 -subj /CN=interop -out "$work/ca.pem"
	certificate good IP:127.0.0.1 2
	certificate other DNS:other.example 2
	certificate expired IP:127.0.0.1 -1
}

teardown_file() { interop_end; }

teardown() {
	rm -rf "${work:?}"/home/.docker "${work:?}"/home/.config
	stop front
	stop tls
}

key() { openssl ecparam -name prime256v1 -genkey -noout -out "$1.key"; }

# certificate NAME ALTERNATIVE-NAME DAYS: signed by our CA.
certificate() {
	key "$work/$1"
	openssl req -new -key "$work/$1.key" -subj /CN=interop -addext "subjectAltName=$2" |
		openssl x509 -req -CA "$work/ca.pem" -CAkey "$work/ca.key" -days "$3" \
			-copy_extensions copy -out "$work/$1.pem"
}

# tls_start CERTIFICATE: the registry over TLS.
tls_start() { registry_start tls "$work/run/upstream/storage" "tls=$work/$1.pem,$work/$1.key"; }

# login HOST:PORT USER PASSWORD [FILE]: as real tools keep it.
login() {
	local file=${4:-$HOME/.docker/config.json}
	mkdir -p "${file%/*}"
	jq -n --arg host "$1" --arg auth "$(printf %s "$2:$3" | base64)" \
		'{auths: {($host): {auth: $auth}}}' >"$file"
}

# mirrored HOST:PORT: base:1 of it arrives whole.
mirrored() {
	rm -rf "${work:?}/m"
	lists lists "$1/library/base:1"
	mirror_sync --mirror "$work/m" --lists "$work/lists"
	verifies "$work/m"
	[ "$(digest_in "$work/m" "$1/library/base:1")" = \
		"$(digest_at "$(at upstream)" library/base 1)" ]
}

# refused HOST:PORT WORD: it fails alone, by name, and says the word.
refused() {
	rm -rf "${work:?}/m"
	lists lists "$1/library/base:1"
	run mirror_sync --mirror "$work/m" --lists "$work/lists"
	echo "$output"
	[ "$status" = 2 ]
	[[ "$output" == *"$1/library/base:1"* && "$output" == *"$2"* ]]
	verifies "$work/m"
	[ -z "$(refs_in "$work/m")" ]
}

@test "a private CA is trusted through mirror.conf" {
	tls_start good
	mkdir -p "$work/lists"
	cp "$work/ca.pem" "$work/lists/corp-ca.pem"
	conf="registry $(at tls) scheme=https ca=corp-ca.pem" mirrored "$(at tls)"
}

@test "a private CA is trusted through certs.d" {
	tls_start good
	mkdir -p "$HOME/.config/containers/certs.d/$(at tls)"
	cp "$work/ca.pem" "$HOME/.config/containers/certs.d/$(at tls)/corp.crt"
	conf="registry $(at tls) scheme=https" mirrored "$(at tls)"
}

@test "a private CA is trusted through SSL_CERT_FILE" {
	tls_start good
	SSL_CERT_FILE=$work/ca.pem conf="registry $(at tls) scheme=https" mirrored "$(at tls)"
}

# The registry behind an nginx that wants a certificate of its clients.
mutual_start() {
	nginx_start front <<-END
		server {
			listen PORT ssl;
			ssl_certificate $work/good.pem; ssl_certificate_key $work/good.key;
			ssl_client_certificate $work/ca.pem; ssl_verify_client on;
			location / { proxy_pass http://$(at upstream); }
		}
	END
}

@test "a client certificate comes from certs.d" {
	mutual_start
	local certs
	certs=$HOME/.config/containers/certs.d/$(at front)
	mkdir -p "$certs"
	cp "$work/ca.pem" "$certs/corp.crt"
	conf="registry $(at front) scheme=https" refused "$(at front)" 400
	cp "$work/good.pem" "$certs/client.cert"
	cp "$work/good.key" "$certs/client.key"
	conf="registry $(at front) scheme=https" mirrored "$(at front)"
}

@test "a client certificate comes from mirror.conf" {
	mutual_start
	mkdir -p "$work/lists"
	cp "$work/ca.pem" "$work/lists/corp-ca.pem"
	conf="registry $(at front) scheme=https ca=corp-ca.pem cert=$work/good.pem \
key=$work/good.key" \
		mirrored "$(at front)"
}

@test "an unknown CA is refused" {
	tls_start good
	conf="registry $(at tls) scheme=https" refused "$(at tls)" certificate
}

@test "a certificate for another name is refused" {
	tls_start other
	SSL_CERT_FILE=$work/ca.pem conf="registry $(at tls) scheme=https" refused "$(at tls)" \
		certificate
}

@test "an expired certificate is refused" {
	tls_start expired
	SSL_CERT_FILE=$work/ca.pem conf="registry $(at tls) scheme=https" refused "$(at tls)" \
		certificate
}

@test "a password comes from docker's config.json" {
	login "$(at private)" ada sesame
	conf='' mirrored "$(at private)"
}

@test "a password comes from containers' auth.json, as skopeo writes it" {
	need skopeo
	skopeo login -u ada -p sesame --tls-verify=false --authfile "$work/auth.json" \
		"$(at private)"
	REGISTRY_AUTH_FILE=$work/auth.json conf='' mirrored "$(at private)"
}

# helper SCRIPT: docker-credential-test, and a config.json that names it.
helper() {
	mkdir -p "$work/bin" "$HOME/.docker"
	printf '#!/bin/sh\nread -r server\n%s\n' "$1" >"$work/bin/docker-credential-test"
	chmod +x "$work/bin/docker-credential-test"
	echo '{"credsStore":"test"}' >"$HOME/.docker/config.json"
}

@test "a password comes from a credential helper, which has the environment" {
	# shellcheck disable=SC2016 # it is the helper's to expand
	helper '[ "$1 $server $VAULT" = "get $WANTED open" ] && echo '\
'"{\"Username\":\"ada\",\"Secret\":\"sesame\"}"'
	VAULT=open WANTED=$(at private) PATH=$work/bin:$PATH conf='' mirrored "$(at private)"
}

@test "a credential helper that fails is named, with its words" {
	helper 'echo the vault is locked; exit 1'
	PATH=$work/bin:$PATH conf='' refused "$(at private)" \
		'"docker-credential-test" failed: the vault is locked'
	rm "$work/bin/docker-credential-test"
	PATH=$work/bin:$PATH conf='' refused "$(at private)" 'config.json, is not in the path'
}

@test "a wrong password is named as such, and shown nowhere" {
	login "$(at private)" ada open-barley
	conf='' refused "$(at private)" "$(at private)"
	[[ "$output" != *open-barley* && "$output" != *"$(printf ada:open-barley | base64)"* ]]
	! grep -rq open-barley "$work/m" || false
}

@test "no password where one is needed" {
	conf='' refused "$(at private)" credentials
}

@test "a redirect to another port does not take the password along" {
	nginx_start front <<-END
		server {
			listen PORT;
			location ~ /blobs/ { return 307 http://$(at cdn)\$request_uri; }
			location / { proxy_pass http://$(at private); }
		}
	END
	login "$(at front)" ada sesame
	conf='' mirrored "$(at front)"
	grep -E 'GET [^"]*/manifests/.*auth="Basic ' "$(log_of front)"
	[ "$(requests cdn | grep -c /blobs/)" -gt 0 ]
	! grep -F 'auth="Basic' "$(log_of cdn)" || false
}

@test "a password for docker.io stays at home when mirror.conf sends docker.io elsewhere" {
	nginx_start front <<-END
		server { listen PORT; location / { proxy_pass http://$(at upstream); } }
	END
	login https://index.docker.io/v1/ ada sesame
	upstream=front lists lists docker.io/library/base:1
	rm -rf "${work:?}/m"
	mirror_sync --mirror "$work/m" --lists "$work/lists"
	verifies "$work/m"
	[ "$(requests front | wc -l)" -gt 0 ]
	! grep -vE 'auth="-"|notice' "$(log_of front)" || false
}
