# shellcheck shell=bash disable=SC2154  # $server_port, $BATS_TEST_TMPDIR are set elsewhere
# Certificates for tests, and bytes through TLS. All files are in $BATS_TEST_TMPDIR.
#
#   cert NAME [HOST...]        a self-signed certificate NAME.pem for these hosts (default
#                              localhost), with its key NAME.key
#   expired NAME               one that ended yesterday
#   client NAME CA SUBJECT     a client's certificate that NAME.pem of CA has signed
#   shake [S_CLIENT OPTION...] connects to $server_port, and prints what openssl says of it
#   send_tls 'GET …\r\n' [S_CLIENT OPTION...]
#                              sends these bytes; prints the answer until the server closes

at=$BATS_TEST_TMPDIR
new_key=(-newkey ec -pkeyopt ec_paramgen_curve:prime256v1 -nodes)

cert() {
	local name=$1 names
	shift
	[ $# -gt 0 ] || set -- localhost
	names=$(printf ',DNS:%s' "$@")
	openssl req -x509 "${new_key[@]}" -days 20 -subj "/CN=$1" -addext \
		"subjectAltName=${names#,}" -keyout "$at/$name.key" -out "$at/$name.pem" 2>/dev/null
	chmod 600 "$at/$name.key"
}

request() {
	openssl req -new "${new_key[@]}" -subj "$2" -keyout "$at/$1.key" -out "$at/$1.csr" 2>/dev/null
}

expired() {
	request "$1" /CN=localhost
	openssl x509 -req -in "$at/$1.csr" -signkey "$at/$1.key" -days -1 -out "$at/$1.pem" \
		-extfile <(echo subjectAltName=DNS:localhost) 2>/dev/null
}

client() {
	request "$1" "$3"
	openssl x509 -req -in "$at/$1.csr" -CA "$at/$2.pem" -CAkey "$at/$2.key" -days 20 \
		-set_serial 7 -out "$at/$1.pem" -extfile <(echo extendedKeyUsage=clientAuth) 2>/dev/null
}

shake() {
	timeout 30 openssl s_client -connect "127.0.0.1:$server_port" "$@" </dev/null 2>&1
}

send_tls() {
	local bytes=$1
	shift
	# shellcheck disable=SC2059 # the escapes are meant
	printf "$bytes" | timeout 60 openssl s_client -quiet -verify_quiet -connect \
		"127.0.0.1:$server_port" "$@" 2>/dev/null
}
