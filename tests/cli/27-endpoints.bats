#!/usr/bin/env bats
# An endpoint that cannot be asked says what to write in mirror.conf: its certificate, its scheme. A
# mirror= that cannot be asked says so once, and the registry itself is asked.
bats_require_minimum_version 1.5.0

setup() {
	load ../lib/sync
	load ../lib/tls
	world
	layout_image "$up" docker.io/team/app:1 one
	layout_image "$up" docker.io/team/app:2 two
	list up.example/team/app:{1,2}
}

teardown() {
	stop_all
}

# Serves the upstream with the certificate NAME.
secure() {
	serve "$1" --tls-cert "$at/$1.pem" --tls-key "$at/$1.key" "$up"
}

# signed NAME: a certificate NAME for localhost that ca.pem has signed.
signed() {
	cert ca ca.example
	request "$1" /CN=localhost
	openssl x509 -req -in "$at/$1.csr" -CA "$at/ca.pem" -CAkey "$at/ca.key" -days 20 \
		-set_serial 7 -out "$at/$1.pem" -extfile <(echo subjectAltName=DNS:localhost) 2>/dev/null
}

# The line of up.example.
endpoint() {
	echo "registry up.example $*" >"$lists/mirror.conf"
	commit endpoint
}

advice='if the certificate is right, "registry up.example ca=FILE" in mirror.conf names a file (PEM) '\
'with the CA that signed it, or with the certificate itself'

@test "a certificate that no trusted CA has signed: the message has the line to write" {
	cert self
	secure self
	signed private
	secure private
	for port in "$self_port" "$private_port"; do
		endpoint "endpoint=https://localhost:$port"
		run -2 --separate-stderr sync --dry-run
		[[ $stderr == *"up.example: SSL certificate problem: "*"; $advice"* ]]
	done
	# and that line is right
	cp "$at/ca.pem" "$at/self.pem" "$lists"
	endpoint "endpoint=https://localhost:$private_port ca=ca.pem"
	run -32 sync --dry-run
	endpoint "endpoint=https://localhost:$self_port ca=self.pem"
	run -32 sync --dry-run
}

@test "a certificate that another CA than that of ca= has signed" {
	cert self
	cert other
	secure self
	cp "$at/other.pem" "$lists"
	endpoint "endpoint=https://localhost:$self_port ca=other.pem"
	run -2 --separate-stderr sync --dry-run
	[[ $stderr == *"; the CA that signed it is not among those of ca= in mirror.conf (and of \
certs.d): ask its owner for the CA's certificate"* ]]
	[[ $stderr != *"$advice"* ]]
}

@test "a certificate of another name, and one that has expired" {
	cert named other.example
	expired old
	secure named
	secure old
	cp "$at/named.pem" "$at/old.pem" "$lists"
	endpoint "endpoint=https://localhost:$named_port ca=named.pem"
	run -2 --separate-stderr sync --dry-run
	[[ $stderr == *"certificate subject name"*"; endpoint= or mirror= in mirror.conf has to have a \
name that the certificate is for"* ]]
	endpoint "endpoint=https://localhost:$old_port ca=old.pem"
	run -2 --separate-stderr sync --dry-run
	[[ $stderr == *"certificate has expired; its owner has to renew it, unless this machine's \
clock is wrong"* ]]
}

@test "https where plain http is spoken, and http where TLS is" {
	cert self
	secure self
	endpoint "endpoint=https://127.0.0.1:$upstream_port"
	run -2 --separate-stderr sync --dry-run
	[[ $stderr == *"up.example: does not speak TLS; if it is to be asked over plain http, \
mirror.conf says scheme=http, or http:// in endpoint= and mirror="* ]]
	endpoint "endpoint=http://localhost:$self_port"
	run -2 --separate-stderr sync --dry-run
	[[ $stderr == *"up.example: 400 "* ]]
}

@test "a mirror= that cannot be asked says so once, and the registry itself is asked" {
	cert self
	secure self
	next='; what this mirror does not give is asked of the next one, or of the registry itself'
	while IFS='|' read -r mirror_url words; do
		endpoint "mirror=$mirror_url endpoint=$upstream_url"
		run -32 --separate-stderr sync --dry-run
		# shellcheck disable=SC2053  # a pattern
		[[ $stderr == mirror-sync:\ warning:\ up.example\ at\ $words"$next" ]] ||
			{ echo "$mirror_url: $stderr" && false; }
	done <<-END
		https://127.0.0.1:$upstream_port|127.0.0.1: does not speak TLS; if it is to be *
		https://localhost:$self_port|localhost: SSL certificate problem: self-signed *; $advice
		http://127.0.0.1:1|127.0.0.1: given up for this run after 4 failures in a row: *
		http://none.invalid|none.invalid: given up for this run after 4 failures in a row: *
	END
}

@test "--against: a certificate that no trusted CA has signed, and the scheme" {
	cert self
	secure self
	against() {
		run --separate-stderr "$BIN/mirror-sync" --lists "$lists" --dry-run --against "$1"
	}
	against "https://localhost:$self_port"
	[ "$status" -eq 16 ]
	[[ $stderr == *"https://localhost:$self_port: SSL certificate problem: "*"; if the certificate \
is right, let SSL_CERT_FILE name a file (PEM) with the CA that signed it, or with the certificate \
itself" ]]
	against "https://127.0.0.1:$upstream_port"
	[[ $stderr == *": does not speak TLS; if it is to be asked over plain http, write http:// in \
the URL" ]]
	SSL_CERT_FILE=$at/self.pem against "https://localhost:$self_port"
	[ "$status" -ne 16 ]
}
