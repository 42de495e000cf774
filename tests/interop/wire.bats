#!/usr/bin/env bats
# The wire itself, against nginx: HTTP/2, client certificates, and what TLS must not be talked out
# of.

# shellcheck source=tests/interop/lib.bash
source "$BATS_TEST_DIRNAME/lib.bash"

setup_file() {
	interop_begin "$BATS_FILE_TMPDIR"
	openssl ecparam -name prime256v1 -genkey -noout -out "$work/key"
	openssl req -x509 -key "$work/key" -days 2 -subj /CN=interop -addext \
		subjectAltName=IP:127.0.0.1 \
		-out "$work/pem"
	digest=sha256:$(printf 0 | sha256sum | cut -d' ' -f1)
	export digest
	mkdir -p "$work/www"
}

teardown_file() { interop_end; }
teardown() { stop tls; }

# tls_start DIRECTIVE...: every HEAD of a manifest is answered with the digest.
tls_start() {
	nginx_start tls <<-END
		log_format spoken '\$server_protocol \$connection';
		server { listen PORT ssl http2; ssl_certificate $work/pem; ssl_certificate_key $work/key;
		access_log $work/spoken spoken; access_log $work/run/tls/log line;
		location / { add_header Docker-Content-Digest $digest; return 200; } $* }
	END
}

# ask OPTION-OR-COMMAND...: wirecat, told that the registry speaks TLS, and what $line says.
ask() {
	echo "registry $(at tls) scheme=https ${line:-}" >"$work/mirror.conf"
	"$bin/tests/tools/wirecat" --retry-ms=1 --conf="$work/mirror.conf" "$@"
}

@test "HTTP/2 is spoken where it is offered, over one connection" {
	local commands=()
	tls_start
	: >"$work/spoken"
	for i in {1..60}; do commands+=("head $(at tls)/app:$i"); done
	run ask --ca="$work/pem" "${commands[@]}"
	[ "$status" = 0 ]
	[ "$(grep -c "ok $digest" <<<"$output")" = 60 ]
	stop tls
	[ "$(cut -d' ' -f1 "$work/spoken" | sort | uniq -c | xargs)" = "60 HTTP/2.0" ]
	[ "$(cut -d' ' -f2 "$work/spoken" | sort -u | wc -l)" = 1 ]
}

@test "a certificate nobody vouches for is refused once, for all" {
	tls_start
	run ask "head $(at tls)/app:1" "head $(at tls)/app:2"
	[[ "${lines[0]}" == *": NET $(at tls): "*certificate*requests=1 ]]
	[[ "${lines[1]}" == *": NET $(at tls): "*certificate*requests=0 ]]
	[ -z "$(requests tls)" ]
}

@test "tls-verify=no accepts that certificate, with a warning, and no other host's" {
	tls_start "location /v2/moved/ { return 307 https://localhost:\$server_port/x; }"
	line="tls-verify=no"
	run ask "head $(at tls)/app:1" "head $(at tls)/app:2" "head $(at tls)/moved:1"
	[[ "${lines[0]}" == "warning: $(at tls): tls-verify=no: its certificate is not checked"* ]]
	[[ "${lines[1]}" == *": ok $digest "* ]]
	[[ "${lines[2]}" == *": ok $digest "* ]]
	[[ "${lines[3]}" == *": NET $(at tls): redirected to https://localhost:"*certificate* ]]
	[ "${#lines[@]}" = 4 ]
}

@test "transfers that share an HTTP/2 connection share a rate, and none is cut for it" {
	local commands=() blobs=() i
	tls_start "location /v2/app/blobs/ { alias $work/www/; }"
	for i in 1 2 3 4; do
		head -c 60000 /dev/zero | tr '\0' "$i" >"$work/blob"
		blobs[i]=sha256:$(sha256sum <"$work/blob" | cut -d' ' -f1)
		mv "$work/blob" "$work/www/${blobs[i]}"
		commands+=("blob $(at tls)/app@${blobs[i]} 60000")
	done
	: >"$work/spoken"
	line=max-rate=60K
	run ask --ca="$work/pem" --layout="$work/shared" --pace=1 --stall=1 "${commands[@]}"
	[ "$(grep -c "ok bytes=60000 requests=1" <<<"$output")" = 4 ]
	stop tls
	[ "$(cut -d' ' -f1 "$work/spoken" | sort | uniq -c | xargs)" = "4 HTTP/2.0" ]
}

@test "certs.d has the CA, and the certificate that we show" {
	tls_start "ssl_client_certificate $work/pem; ssl_verify_client on;"
	mkdir -p "$work/certs/$(at tls)"
	cp "$work/pem" "$work/certs/$(at tls)/ca.crt"
	run ask --certs="$work/certs" "head $(at tls)/app:1"
	[[ "$output" == *"400 bad request"* ]]
	cp "$work/pem" "$work/certs/$(at tls)/client.cert"
	cp "$work/key" "$work/certs/$(at tls)/client.key"
	run ask --certs="$work/certs" "head $(at tls)/app:1"
	[[ "$output" == *"ok $digest"* ]]
	rm "$work/certs/$(at tls)/client.key"
	run ask --certs="$work/certs" "head $(at tls)/app:1"
	[[ "$output" == *client.cert* ]]
}

@test "our certificate is not shown where the registry redirects to" {
	nginx_start storage <<-END
		server { listen PORT ssl; ssl_certificate $work/pem; ssl_certificate_key $work/key;
		ssl_verify_client optional_no_ca; add_header Docker-Content-Digest $digest;
		location / { if (\$ssl_client_verify != NONE) { return 400; } return 200; } }
	END
	tls_start "ssl_client_certificate $work/pem; ssl_verify_client on;" \
		"location /v2/moved/ { return 307 https://$(at storage)/x; }"
	mkdir -p "$work/certs/$(at tls)"
	cp "$work/pem" "$work/certs/$(at tls)/client.cert"
	cp "$work/key" "$work/certs/$(at tls)/client.key"
	run ask --ca="$work/pem" --certs="$work/certs" "head $(at tls)/moved:1"
	stop storage
	[[ "$output" == *"ok $digest"*requests=1 ]]
}

@test "https does not become http by a redirect, a token realm, or the urls of a layer" {
	tls_start "location /v2/moved/ { return 307 http://127.0.0.1:1/x; }" \
		"location /v2/private/ { add_header WWW-Authenticate 'Bearer \
realm=\"http://127.0.0.1:1/token\"' always; return 401; }" \
		"location /v2/foreign/ { return 404; }"
	run ask --ca="$work/pem" --layout="$work/layout" "head $(at tls)/moved:1" \
		"blob $(at tls)/foreign@$digest 1 http://127.0.0.1:1/x" 'then' \
			"head $(at tls)/private:1"
	[[ "${lines[0]}" == *"INVALID $(at tls): 127.0.0.1 sends us from https to plain http at \
127.0.0.1"* ]]
	[[ "${lines[2]}" == *"INVALID $(at tls): token server: 127.0.0.1 sends us from https to \
plain http at 127.0.0.1"* ]]
	[[ "${lines[1]}" == *"INVALID not in the registry, and elsewhere: 127.0.0.1 sends us from \
https to plain http at 127.0.0.1 requests=1" ]]
}

@test "a next page that calls itself http is asked for over TLS" {
	tls_start "location = /v2/app/tags/list {" \
		"if (\$arg_n) { add_header Link '<http://127.0.0.1/v2/app/tags/list?p=2>; \
rel=\"next\"'; return 200 '{\"tags\":[\"1\"]}'; }" \
		"return 200 '{\"tags\":[\"2\"]}'; }"
	run ask --ca="$work/pem" "tags $(at tls)/app"
	[[ "$output" == *"ok 1 2 requests=2" ]]
}

@test "a proxy that speaks TLS is trusted as registries are" {
	tls_start
	echo "registry far.example scheme=http" >"$work/mirror.conf"
	far() { "$bin/tests/tools/wirecat" --retry-ms=1 --conf="$work/mirror.conf" \
		--http-proxy="https://$(at tls)" "$@" "head far.example/app:1"; }
	run far --ca="$work/pem"
	[[ "$output" == *"ok $digest"*requests=1 ]]
	run far
	[[ "$output" == *"NET far.example: "*certificate* ]]
}

@test "a registry without TLS is told apart from one that is down" {
	nginx_start tls <<<"server { listen PORT; }"
	run ask "head $(at tls)/app:1"
	[[ "$output" == *"NET $(at tls): does not speak TLS; if it is to be asked over plain \
http, mirror.conf says scheme=http, or http:// in endpoint= and mirror= requests=1" ]]
}
