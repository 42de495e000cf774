#!/usr/bin/env bats
# mirror-serve with users: who may read what, for every route and every kind of asker.

# shellcheck disable=SC2034 # the askers are read by name

bats_require_minimum_version 1.5.0

setup() {
	load ../lib/ask
	load ../lib/access
	dir=$BATS_TEST_TMPDIR/mirror
}

teardown() {
	stop_all
}

# Each asker is the options that curl sends.
askers() {
	local now
	now=$(date +%s)
	nobody=()
	member=(-u ann:secret)
	member_token=(-H "Authorization: Bearer $(token ann:secret)")
	other_user=(-u bob:hunter2)
	other_token=(-H "Authorization: Bearer $(token bob:hunter2)")
	anonymous=(-H "Authorization: Bearer $(token '')")
	wrong=(-u ann:guess)
	foreign=(-u hub-user:hub-password)
	empty=(-u :)
	expired=(-H "Authorization: Bearer $(sign ann $((now - 1)))")
	later=(-H "Authorization: Bearer $(sign ann $((now + 100000)))")
	signed=(-H "Authorization: Bearer $(sign ann $((now + 100)))")
	gone=(-H "Authorization: Bearer $(sign carl $((now + 100)))")
	garbage=(-H "Authorization: Bearer eyJhbGciOiJSUzI1NiJ9.e30.c2ln")
	scheme=(-H "Authorization: Negotiate YII=")
	twice=(-H "Authorization: Basic YW5uOnNlY3JldA==" -H "Authorization: Basic YW5uOnNlY3JldA==")
	nothing=(-H "Authorization;")
}

# Those who get a challenge for what is not public, those who get 404, and those of team-a.
challenged="nobody wrong foreign empty expired later gone garbage scheme twice nothing"
known="other_user other_token anonymous"
members="member member_token signed"

# ask ASKER PATH [CURL OPTION...]
ask() {
	local -n sent=$1
	local path=$2
	shift 2
	get "$path" "${sent[@]}" "$@"
}

# The last answer, but for the date, with one name in the place of another.
answer_with() {
	sed "s,$1,$2,g; 1s/^/$code /" "$head" "$body" | grep -v '^Date'
}

routes() {
	echo "manifests/1 manifests/$hidden blobs/$hidden_layer blobs/$hidden tags/list"
	echo "referrers/$hidden manifests/none blobs/$public_layer"
}

@test "what is public is served to everybody, whatever is sent with the request" {
	access_start --token-key "$key"
	askers
	for asker in $challenged $known $members; do
		for path in manifests/3.19 "manifests/$public" "blobs/$public_layer" tags/list \
			"referrers/$public"; do
			ask "$asker" "/v2/library/alpine/$path"
			is 200
			has_no WWW-Authenticate
		done
		ask "$asker" /v2/library/alpine/manifests/none
		is 404 MANIFEST_UNKNOWN
	done
}

@test "what is private is served to its group" {
	access_start --token-key "$key"
	askers
	for asker in $members; do
		for path in manifests/1 "manifests/$hidden" "blobs/$hidden_layer" tags/list \
			"referrers/$hidden"; do
			ask "$asker" "/v2/team/app/$path"
			is 200
			ask "$asker" "/v2/team/app/$path?ns=docker.io"
			is 200
			ask "$asker" "/v2/docker.io/team/app/$path" -I
			is 200
		done
		ask "$asker" /v2/team/app/manifests/none
		is 404 MANIFEST_UNKNOWN
		ask "$asker" /v2/quay.io/org/tool/manifests/1
		is 404 NAME_UNKNOWN
	done
}

@test "who has no token is sent to the token endpoint for all that is not public" {
	access_start --token-key "$key"
	askers
	for asker in $challenged; do
		for path in $(routes); do
			for method in GET HEAD; do
				option=(-X "$method")
				[ "$method" = GET ] || option=(-I)
				ask "$asker" "/v2/team/app/$path" "${option[@]}"
				is 401
				grep -qx "WWW-Authenticate: Bearer realm=\"$url/v2/_ocimirror/token\",service=\"mirror-serve\",scope=\"repository:team/app:pull\"\(,error=\"invalid_token\"\)\?" "$head"
				there=$(answer_with team/app team/not)
				ask "$asker" "/v2/team/not/$path" "${option[@]}"
				[ "$there" = "$(answer_with team/not team/not)" ]
			done
		done
	done
}

@test "with a token, what one may not read is answered like what does not exist" {
	access_start --token-key "$key"
	askers
	for asker in $known; do
		for path in $(routes); do
			for query in '' '?ns=docker.io' '?n=1'; do
				ask "$asker" "/v2/team/app/$path$query"
				is 404 NAME_UNKNOWN
				has_no WWW-Authenticate
				there=$(answer_with team/app team/not)
				ask "$asker" "/v2/team/not/$path$query"
				[ "$there" = "$(answer_with team/not team/not)" ]
			done
		done
	done
}

@test "a blob is read only through a repository that has it and that one may read" {
	access_start --token-key "$key"
	askers
	for asker in $challenged $known $members; do
		ask "$asker" "/v2/library/alpine/blobs/$hidden_layer"
		is 404 BLOB_UNKNOWN
		ask "$asker" "/v2/library/alpine/manifests/$hidden"
		is 404 MANIFEST_UNKNOWN
	done
	ask member "/v2/team/app/blobs/$public_layer"
	is 404 BLOB_UNKNOWN
}

@test "the base asks for a login; a token that names no user is enough" {
	access_start --token-key "$key"
	askers
	for asker in $challenged; do
		ask "$asker" /v2/
		is 401 UNAUTHORIZED
		grep -q "^WWW-Authenticate: Bearer realm=\"$url/v2/_ocimirror/token\",service=\"mirror-serve\"" "$head"
		! grep -q scope= "$head"
	done
	for asker in $known $members; do
		ask "$asker" /v2/
		is 200
	done
}

@test "the catalogue and the index have what the asker may read" {
	access_start --token-key "$key"
	askers
	for asker in nobody empty $known $members; do
		ask "$asker" /v2/_catalog
		is 200
		case $asker in
		nobody | empty | anonymous) want='["docker.io/library/alpine"]' ;;
		other*) want='["docker.io/library/alpine","quay.io/org/tool"]' ;;
		*) want='["docker.io/library/alpine","docker.io/team/app"]' ;;
		esac
		[ "$(jq -c .repositories "$body")" = "$want" ]
		ask "$asker" /v2/_ocimirror/index.json
		is 200
	done
	for asker in wrong foreign expired garbage; do
		for path in /v2/_catalog /v2/_ocimirror/index.json; do
			ask "$asker" "$path"
			is 401 UNAUTHORIZED
		done
	done
}

@test "the realm is this server as it was asked, and https behind a proxy that says so" {
	access_start
	get /v2/ -H 'Host: mirror.corp:8443' -H 'X-Forwarded-Proto: https'
	has 'WWW-Authenticate: Bearer realm="https://mirror.corp:8443/v2/_ocimirror/token",service="mirror-serve"'
	run raw 'GET /v2/ HTTP/1.0\r\n\r\n'
	[[ $output == *'WWW-Authenticate: Basic realm="mirror-serve"'* ]]
}

# ---- the token endpoint ----

@test "a pull gets a token whatever it sends; a login fails when the password is wrong" {
	access_start
	askers
	for asker in wrong foreign scheme twice; do
		ask "$asker" '/v2/_ocimirror/token?service=mirror-serve&scope=repository:team/app:pull'
		is 200
		[ "$(jq .expires_in "$body")" -eq 60 ]
		anonymous=(-H "Authorization: Bearer $(jq -r .token "$body")")
		ask anonymous /v2/library/alpine/manifests/3.19
		is 200
		ask anonymous /v2/team/app/manifests/1
		is 404 NAME_UNKNOWN
		ask "$asker" '/v2/_ocimirror/token?account=ann&client_id=docker&offline_token=true&service=mirror-serve'
		is 401 UNAUTHORIZED
		ask "$asker" '/v2/_ocimirror/token?service=mirror-serve&scope='
		is 401 UNAUTHORIZED
	done
}

@test "a wrong password and a name that is nobody's look the same at the token endpoint" {
	access_start
	for query in '' '?scope=repository:x:pull'; do
		get "/v2/_ocimirror/token$query" -u ann:guess
		first=$(sed -E 's/"[^"]{30,}"/TOKEN/g' <(answer_with x x))
		get "/v2/_ocimirror/token$query" -u nobody:guess
		[ "$first" = "$(sed -E 's/"[^"]{30,}"/TOKEN/g' <(answer_with x x))" ]
	done
}

@test "tokens by GET and by form" {
	access_start
	form() {
		get /v2/_ocimirror/token --data "$1" && [ "$code" = "$2" ] || return
		[ "$code" = 401 ] || [ "$(jq -r .access_token "$body")" = "$(jq -r .token "$body")" ]
	}
	reads() {
		get /v2/team/app/manifests/1 -H "Authorization: Bearer $(jq -r .access_token "$body")" &&
			is "$1"
	}
	get /v2/_ocimirror/token -u ann:secret
	is 200
	has 'Content-Type: application/json'
	reads 200
	form 'grant_type=password&username=ann&password=secret&service=mirror-serve&scope=repository%3Ateam%2Fapp%3Apull&client_id=containerd-client' 200
	reads 200
	form 'grant_type=password&username=a%6En&password=secret' 200
	reads 200
	form 'grant_type=password&username=ann&password=guess&scope=repository%3Ateam%2Fapp%3Apull' 200
	reads 404
	form 'grant_type=password&username=ann&password=guess' 401
	form 'grant_type=refresh_token&refresh_token=of-docker-hub&scope=repository%3Aa%3Apull' 200
	reads 404
	form 'grant_type=refresh_token&refresh_token=of-docker-hub' 401
	form 'grant_type=password&username=ann&password=%zz' 401
	form 'scope=repository%3Aa%3Apull' 200
	reads 404
	# a form that is not read is no anonymous one
	head -c 20000 /dev/zero | tr '\0' x >"$BATS_TEST_TMPDIR/long"
	get /v2/_ocimirror/token --data "@$BATS_TEST_TMPDIR/long"
	is 413 UNSUPPORTED
	get /v2/_ocimirror/token --data 'grant_type=password' -H 'Transfer-Encoding: chunked'
	is 413 UNSUPPORTED
	get /v2/library/alpine/manifests/3.19 --data a=b
	is 405 UNSUPPORTED
}

@test "a form that arrives byte by byte, and a request behind it" {
	access_start
	form='grant_type=password&username=ann&password=secret'
	connect socket
	printf 'POST /v2/_ocimirror/token HTTP/1.1\r\nHost: m\r\nContent-Length: %d\r\n\r\n' \
		${#form} >&"$socket"
	for ((i = 0; i < ${#form}; i++)); do printf %s "${form:i:1}" >&"$socket"; done
	printf 'GET /v2/library/alpine/manifests/3.19 HTTP/1.1\r\nHost: m\r\nConnection: close\r\n\r\n' \
		>&"$socket"
	answers=$(tr -d '\r' <&"$socket" | grep -a -e ^HTTP -e ^Docker-Content)
	[ "$answers" = "HTTP/1.1 200 OK
HTTP/1.1 200 OK
Docker-Content-Digest: $public" ]
}

@test "a token prolongs no token" {
	access_start
	get '/v2/_ocimirror/token?scope=repository:x:pull' -H "Authorization: Bearer $(token ann:secret)"
	is 200
	get /v2/team/app/manifests/1 -H "Authorization: Bearer $(jq -r .token "$body")"
	is 404
}

@test "servers that share a key take each other's tokens, others do not" {
	access_start --token-key "$key"
	mine="Authorization: Bearer $(token ann:secret)"
	serve second --htpasswd "$users" --groups "$groups" --token-key "$key" "$dir"
	serve third --htpasswd "$users" --groups "$groups" "$dir"
	url=$second_url get /v2/team/app/manifests/1 -H "$mine"
	is 200
	url=$third_url get /v2/team/app/manifests/1 -H "$mine"
	is 401
}

@test "guesses at one name are slowed down: neither other users nor what is public" {
	access_start
	for i in 1 2 3 4 5; do
		get /v2/team/app/manifests/1 -u "ann:guess$i"
		is 401
	done
	get /v2/team/app/manifests/1 -u ann:guess6
	is 429 TOOMANYREQUESTS
	has 'Retry-After: 5'
	get /v2/_ocimirror/token -u ann:guess6
	is 429 TOOMANYREQUESTS
	get /v2/library/alpine/manifests/3.19 -u ann:guess6
	is 200
	get '/v2/_ocimirror/token?scope=repository:x:pull' -u ann:guess6
	is 200
	get /v2/team/app/manifests/1 -u ann:guess1
	is 401
	get /v2/quay.io/org/tool/manifests/1 -u bob:hunter2
	is 200
}

@test "requests behind one that waits for its password are answered in their order" {
	access_start --threads 1
	ask_all() {
		local a
		a=$(printf %s "$1" | base64)
		raw "HEAD /v2/library/alpine/manifests/3.19 HTTP/1.1\r\nHost: m\r\n\r\n\
HEAD /v2/team/app/manifests/1 HTTP/1.1\r\nHost: m\r\nAuthorization: Basic $a\r\n\r\n\
HEAD /v2/library/alpine/manifests/none HTTP/1.1\r\nHost: m\r\nConnection: close\r\n\r\n" |
			grep -a ^HTTP | cut -d ' ' -f 2 | tr '\n' ' '
	}
	[ "$(ask_all ann:secret)" = "200 200 404 " ]
	[ "$(ask_all ann:guess)" = "200 401 404 " ]
}

@test "a client's certificate: its CN is a user, its O are groups" {
	load ../lib/tls
	access_files
	access_mirror
	cert server localhost
	cert ca
	client of-team-a ca /CN=carl/O=other/O=team-a
	client ann ca /CN=ann
	client bob ca /CN=bob/O=team-aa
	for options in "--groups $groups" "--groups $groups --htpasswd $users" ""; do
		# shellcheck disable=SC2086 # words
		serve_start --tls-cert "$at/server.pem" --tls-key "$at/server.key" \
			--client-ca "$at/ca.pem" $options "$dir"
		url=https://localhost:$server_port
		as() {
			get "$2" --cacert "$at/server.pem" ${1:+--cert "$at/$1.pem" --key "$at/$1.key"} \
				"${@:3}"
		}
		as of-team-a /v2/team/app/manifests/1
		is 200
		as of-team-a /v2/_catalog
		[ "$(jq -c .repositories "$body")" = '["docker.io/library/alpine","docker.io/team/app"]' ]
		as ann /v2/team/app/manifests/1
		[ "$code" = "$([ -n "$options" ] && echo 200 || echo 404)" ]
		# a certificate says who it is, whatever else is sent
		as bob /v2/team/app/manifests/1 -u ann:secret
		is 404 NAME_UNKNOWN
		as bob /v2/
		is 200
		as '' /v2/library/alpine/manifests/3.19
		is 200
		as '' /v2/team/app/manifests/1
		[[ $options == *htpasswd* ]] || is 404 NAME_UNKNOWN
		[[ $options != *htpasswd* ]] || is 401 UNAUTHORIZED
		[[ $options != *htpasswd* ]] || grep -q "Bearer realm=\"$url/v2/_ocimirror/token\"" "$head"
		stop server
		rm -f "$server_err"
	done
}

# ---- the files ----

@test "users and groups are read again by themselves and on SIGHUP; a bad file changes nothing" {
	access_start
	get /v2/team/app/manifests/1 -u bob:hunter2
	is 404
	echo 'team-a: ann bob' >"$groups.new"
	mv "$groups.new" "$groups"
	kill -HUP "$server_pid"
	await 'read again: users: 2, groups: 1'
	get /v2/team/app/manifests/1 -u bob:hunter2
	is 200
	sed -i /^bob/d "$users"
	await 'read again: users: 1'
	get /v2/team/app/manifests/1 -u bob:hunter2
	is 401
	echo 'carl:secret' >>"$users"
	await "$users:4: user \"carl\": the password's format is plain text or DES crypt"
	grep -q 'users, groups and keys stay as they were' "$server_err"
	get /v2/team/app/manifests/1 -u ann:secret
	is 200
}

@test "a token of a user who is no longer one, or no longer in the group, reads nothing more" {
	access_start
	ann="Authorization: Bearer $(token ann:secret)"
	get /v2/team/app/manifests/1 -H "$ann"
	is 200
	: >"$groups"
	kill -HUP "$server_pid"
	await 'read again: users: 2, groups: 0'
	get /v2/team/app/manifests/1 -H "$ann"
	is 404
	sed -i /^ann/d "$users"
	kill -HUP "$server_pid"
	await 'read again: users: 1'
	get /v2/team/app/manifests/1 -H "$ann"
	is 401
}

@test "a file that everybody may read is said to be so" {
	access_files
	access_mirror
	chmod 644 "$users"
	serve_start --htpasswd "$users" --token-key "$key" "$dir"
	grep -qF "$users: every user of this machine may read it: chmod o= $users" "$server_err"
	! grep -qF "$key: every user" "$server_err"
}

@test "a bad file at start is a usage error, with its line and what to do" {
	access_files
	access_mirror
	refuses() {
		run -1 "$BIN/mirror-serve" --listen 127.0.0.1:0 "${@:2}" "$dir"
		[[ $output == *"$1"* ]] || { echo "# $output" && return 1; }
	}
	htpasswd -nbm eve secret | head -n 1 >>"$users"
	refuses "$users:5: user \"eve\": the password's format is apr1 (MD5), the default of htpasswd, which does not withstand guessing or is not supported: write it with htpasswd -B" \
		--htpasswd "$users"
	refuses "cannot open" --htpasswd "$BATS_TEST_TMPDIR/none"
	access_files
	echo 'team a: ann' >"$groups"
	refuses "$groups:1: a group's name" --htpasswd "$users" --groups "$groups"
	echo short >"$key"
	refuses "$key:1: a key of 5 characters" --htpasswd "$users" --token-key "$key"
	refuses "--groups has no effect without --htpasswd or --client-ca" --groups "$groups"
	refuses "--token-key has no effect without --htpasswd" --token-key "$key"
}

@test "without users there is no 401, no token, and nothing private" {
	access_files
	access_mirror
	serve_start "$dir"
	for path in /v2/ /v2/_catalog /v2/library/alpine/manifests/3.19; do
		get "$path" -u ann:secret
		is 200
	done
	get /v2/team/app/manifests/1 -u ann:secret
	is 404 NAME_UNKNOWN
	get /v2/_ocimirror/token -u ann:secret
	is 404 UNSUPPORTED
	get /v2/_ocimirror/token --data a=b
	is 405 UNSUPPORTED
	await 'private entries, which are served to nobody: 2'
}
