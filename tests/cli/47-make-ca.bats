#!/usr/bin/env bats
# deploy/make-ca: a CA that can vouch for the mirror only, and its certificate.

# shellcheck disable=SC2030,SC2031,SC2034,SC2154  # each test is its own process; eval sets some

bats_require_minimum_version 1.5.0

setup() {
	load ../lib/ask
	make_ca=$BATS_TEST_DIRNAME/../../deploy/make-ca
	ca=$BATS_TEST_TMPDIR/ca
	dir=$BATS_TEST_TMPDIR/mirror
}

teardown() {
	stop_all
}

names_of() {
	openssl x509 -in "$1" -noout -ext subjectAltName | tail -n +2 | tr -d ' \n'
}

@test "one command: a CA, a certificate for all names, keys that only we read, and a pull" {
	umask 022
	run "$make_ca" "$ca" localhost 127.0.0.1 '*.mirror.corp' ::1
	[ "$status" -eq 0 ]
	[ "$(names_of "$ca/localhost.pem")" = \
		"DNS:localhost,IPAddress:127.0.0.1,DNS:*.mirror.corp,IPAddress:0:0:0:0:0:0:0:1" ]
	[ "$(stat -c %a "$ca/ca.key" "$ca/localhost.key" "$ca/ca.pem" "$ca/localhost.pem" | tr '\n' ' ')" = \
		"600 600 644 644 " ]
	openssl verify -x509_strict -purpose sslserver -CAfile "$ca/ca.pem" "$ca/localhost.pem"
	layout_new "$dir"
	layout_publish "$dir" 1
	serve_start --tls-cert "$ca/localhost.pem" --tls-key "$ca/localhost.key" "$dir"
	run ! grep "warning: " "$server_err"
	for host in "127.0.0.1:$server_port" "localhost:$server_port"; do
		[ "$(curl -s --cacert "$ca/ca.pem" "https://$host/v2/")" = "{}" ]
	done
}

@test "where each client wants it is printed, with the port unless it is 443" {
	run "$make_ca" --port 5443 "$ca" mirror.corp
	while read -r words; do
		[[ $output == *"$words"* ]] || { echo "# no $words" && false; }
	done <<-END
		--listen 0.0.0.0:5443 --tls-cert $ca/mirror.corp.pem --tls-key $ca/mirror.corp.key
		/etc/docker/certs.d/mirror.corp:5443/ca.crt
		/etc/containers/certs.d/mirror.corp:5443/ca.crt
		[host."https://mirror.corp:5443"]
		registries.yaml
		update-ca-certificates
	END
	run "$make_ca" --port=443 "$ca" mirror.corp
	[[ $output == *"/etc/docker/certs.d/mirror.corp/ca.crt"* ]]
}

@test "called again it changes nothing; --renew keeps the key and the old file" {
	"$make_ca" "$ca" mirror.corp 10.0.0.5
	sum=$(cat "$ca"/* | sha256sum)
	run "$make_ca" "$ca" mirror.corp 10.0.0.5
	[ "$status" -eq 0 ]
	[[ $output == "kept $ca/mirror.corp.pem: it is valid until 20"* ]]
	[ "$(cat "$ca"/* | sha256sum)" = "$sum" ]
	before=$(cat "$ca/ca.pem" "$ca/ca.key" "$ca/mirror.corp.key")
	old=$(cat "$ca/mirror.corp.pem")
	"$make_ca" --renew "$ca" mirror.corp
	[ "$(cat "$ca/ca.pem" "$ca/ca.key" "$ca/mirror.corp.key")" = "$before" ]
	[ "$(names_of "$ca/mirror.corp.pem")" = DNS:mirror.corp ]
	[ "$(cat "$ca"/mirror.corp.pem.until-*)" = "$old" ]
	[ "$(cd "$ca" && echo .make-ca*)" = ".make-ca*" ]
}

@test "a certificate that ends soon is renewed, without --renew" {
	"$make_ca" "$ca" mirror.corp
	openssl req -new -key "$ca/mirror.corp.key" -subj /CN=mirror.corp -out "$ca/csr"
	openssl x509 -req -in "$ca/csr" -CA "$ca/ca.pem" -CAkey "$ca/ca.key" -set_serial 3 -days 29 \
		-out "$ca/mirror.corp.pem"
	run "$make_ca" "$ca" mirror.corp
	[[ $output == "made $ca/mirror.corp.pem"* ]]
	openssl x509 -in "$ca/mirror.corp.pem" -noout -checkend $((300 * 24 * 3600))
}

@test "the CA can vouch for no other name, nor for an address; --any-name lifts that" {
	"$make_ca" "$ca" mirror.corp
	for other in "other.corp" "mirror.corp 10.0.0.5" "mirror.corp fd00::1"; do
		# shellcheck disable=SC2086 # words are meant
		run "$make_ca" --renew "$ca" $other
		[ "$status" -eq 1 ]
		[[ $output == *"may not vouch for all of $other"*"--any-name"* ]]
	done
	[ "$(names_of "$ca/mirror.corp.pem")" = DNS:mirror.corp ]
	[ ! -e "$ca/other.corp.pem" ]
	# somebody who has stolen the CA's key gets no further
	openssl req -new -newkey rsa:2048 -nodes -keyout "$BATS_TEST_TMPDIR/k" -subj /CN=google.com \
		-out "$BATS_TEST_TMPDIR/csr" 2>/dev/null
	openssl x509 -req -in "$BATS_TEST_TMPDIR/csr" -CA "$ca/ca.pem" -CAkey "$ca/ca.key" \
		-set_serial 4 -out "$BATS_TEST_TMPDIR/pem" -extfile <(echo subjectAltName=DNS:google.com) \
		2>/dev/null
	run openssl verify -CAfile "$ca/ca.pem" "$BATS_TEST_TMPDIR/pem"
	[[ $output == *"permitted subtree violation"* ]]
	"$make_ca" --any-name "$ca-any" mirror.corp
	"$make_ca" "$ca-any" other.corp 10.0.0.5
}

@test "nothing half done, nothing overwritten, and wrong words are named" {
	while IFS='|' read -r words args; do
		# shellcheck disable=SC2086 # words are meant
		run "$make_ca" $args
		[ "$status" -eq 1 ]
		[[ $output == *"$words"* ]] || { echo "# $args: $output" && false; }
	done <<-END
		make-ca [OPTION...] DIR NAME|$ca
		neither a name nor an address|$ca a/b
		neither a name nor an address|$ca mirror.corp -x
		is not a number|--port http $ca mirror.corp
		is the CA's|$ca ca
	END
	mkdir -p "$ca"
	echo key >"$ca/ca.key"
	run "$make_ca" "$ca" mirror.corp
	[ "$status" -eq 1 ]
	[[ $output == *"ca.key is there without its ca.pem"* ]]
	[ "$(ls -A "$ca")" = ca.key ]
	rm "$ca/ca.key"
	"$make_ca" "$ca" mirror.corp
	rm "$ca/ca.key"
	run "$make_ca" --renew "$ca" mirror.corp
	[ "$status" -eq 1 ]
	[[ $output == *"ca.key is not there"* ]]
}
