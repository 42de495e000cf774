#!/usr/bin/env bats
# mirror-sync --repo, from git's own servers: git daemon, git http-backend behind nginx with TLS
# and passwords, sshd.

# shellcheck source=tests/interop/lib.bash
source "$BATS_TEST_DIRNAME/lib.bash"

bats_require_minimum_version 1.5.0

setup_file() {
	interop_begin "$BATS_FILE_TMPDIR"
	conf='' lists origin docker.io/library/base:1
	mkdir -p "$work/served/team"
	conf='' lists empty ''
	local name
	for name in origin empty; do
		git clone -q --bare "$work/$name" "$work/served/team/$name.git"
		touch "$work/served/team/$name.git/git-daemon-export-ok"
	done
	mv "$work/served/team/origin.git" "$work/served/team/lists.git"
	key "$work/ca"
	openssl req -x509 -key "$work/ca.key" -days 2 -subj /CN=interop -out "$work/ca.pem"
	certificate good DNS:localhost,IP:127.0.0.1,DNS:git.corp.example 2
	certificate other DNS:other.example 2
	certificate expired DNS:localhost -1
	htpasswd -bBc "$work/htpasswd" deploy s3cret-w0rd
	htpasswd -bB "$work/htpasswd" t0ken-in-place-of-a-name ''
}

teardown_file() {
	[ ! -e "$work/made" ] || rmdir /run/sshd
	interop_end
}

teardown() {
	rm -rf "${work:?}"/home/.netrc "${work:?}"/home/.ssh "${work:?}"/m
	local name
	for name in daemon https elsewhere odd proxy sshd agent; do stop "$name"; done
}

key() { openssl ecparam -name prime256v1 -genkey -noout -out "$1.key"; }

# certificate NAME ALTERNATIVE-NAMES DAYS: signed by our CA.
certificate() {
	key "$work/$1"
	openssl req -new -key "$work/$1.key" -subj /CN=interop -addext "subjectAltName=$2" |
		openssl x509 -req -CA "$work/ca.pem" -CAkey "$work/ca.key" -days "$3" -copy_extensions copy -out "$work/$1.pem"
}

# check URL [OPTION...]: what a run without a mirror says to it.
check() {
	local url=$1
	shift
	run --separate-stderr mirror_sync --check --repo "$url" --lists . "$@"
	echo "$output$stderr"
}

fetched() {
	check "$@"
	[ "$status" = 0 ]
	[ "$output" = ".: no errors: 1 list, 1 line, 1 repository" ]
}

# refused WORDS URL: status 1, one line with the words in it and nothing secret.
refused() {
	check "$2"
	[ "$status" = 1 ]
	[ -z "$output" ]
	[[ $stderr == "mirror-sync: the lists could not be fetched, nothing was done: "*"$1"* ]]
	[[ $stderr != *w0rd* && $stderr != *t0ken* && $stderr != *$'\n'* ]]
}

# A listening socket is made first and handed over, so it is there when the line says so.
fcgiwrap_start() {
	# shellcheck disable=SC2016  # perl's
	start cgi '^listening' perl -MIO::Socket::UNIX -e '
		my $socket = IO::Socket::UNIX->new(Listen => 64, Local => shift) or die "$!";
		print STDERR "listening\n"; open(STDIN, "<&", $socket); exec @ARGV' \
		"$work/cgi.sock" fcgiwrap
}

# backend LINE...: what a location needs to be git http-backend.
backend() {
	cat <<-END
		$*
		fastcgi_pass unix:$work/cgi.sock;
		fastcgi_param SCRIPT_FILENAME /usr/lib/git-core/git-http-backend;
		fastcgi_param GIT_PROJECT_ROOT $work/served;
		fastcgi_param PATH_INFO \$uri; fastcgi_param QUERY_STRING \$query_string;
		fastcgi_param REQUEST_METHOD \$request_method; fastcgi_param CONTENT_TYPE \$content_type;
		fastcgi_param CONTENT_LENGTH \$content_length; fastcgi_param REMOTE_USER \$remote_user;
	END
}

# web_start: server blocks on stdin, for nginx; $port is where PORT is.
web_start() {
	need fcgiwrap
	[ -S "$work/cgi.sock" ] || fcgiwrap_start
	nginx_start https
	port=$(at https)
	port=${port##*:}
	export SSL_CERT_FILE=$work/ca.pem
}

tls() { echo "ssl_certificate $work/$1.pem; ssl_certificate_key $work/$1.key;"; }

# https_start CERTIFICATE [LINE...]: git http-backend over TLS, with more lines for its location.
https_start() {
	local certificate=$1
	shift
	web_start <<-END
		server {
			listen PORT ssl;
			$(tls "$certificate")
			location / { $(backend "$@") }
		}
	END
}

with_password() { https_start good "auth_basic lists; auth_basic_user_file $work/htpasswd;"; }

@test "git://" {
	local at port
	at=$(free_port)
	start daemon 'Ready to rumble' git daemon --verbose "--base-path=$work/served" \
		--listen=127.0.0.1 "--port=$at" --reuseaddr
	fetched "git://127.0.0.1:$at/team/lists.git"
	refused 'no-such.git' "git://127.0.0.1:$at/team/no-such.git"
}

@test "https with a private CA" {
	https_start good
	fetched "https://localhost:$port/team/lists.git"
	fetched "https://127.0.0.1:$port/team/lists.git/"
	SSL_CERT_FILE='' refused 'CAfile: none CRLfile: none: SSL_CERT_FILE names the CAs to trust' \
		"https://localhost:$port/team/lists.git"
	mkdir "$work/cas" && cp "$work/ca.pem" "$work/cas" && openssl rehash "$work/cas"
	SSL_CERT_FILE='' SSL_CERT_DIR=$work/cas fetched "https://localhost:$port/team/lists.git"
	SSL_CERT_FILE=$work/nowhere.pem refused 'the file that SSL_CERT_FILE or' \
		"https://localhost:$port/team/lists.git"
}

@test "https as few speak it: TLS 1.3 alone, HTTP/2" {
	web_start <<-END
		server { listen PORT ssl http2; $(tls good) ssl_protocols TLSv1.3; location / { $(backend) } }
	END
	fetched "https://localhost:$port/team/lists.git"
	stop https
	grep -F 'HTTP/2.0" 200' "$(log_of https)"
}

@test "https with a certificate for another name, or an expired one, or none" {
	https_start other
	refused 'certificate' "https://localhost:$port/team/lists.git"
	stop https
	https_start expired
	refused 'certificate verification failed' "https://localhost:$port/team/lists.git"
	stop https
	web_start <<<"server { listen PORT; }"
	refused 'localhost does not speak TLS' "https://localhost:$port/team/lists.git"
	stop https
	refused "Failed to connect to localhost" "https://localhost:$port/team/lists.git"
}

@test "https: no such repository, no repository, none that we may read" {
	web_start <<-END
		server {
			listen PORT ssl; $(tls good)
			location / { $(backend) }
			location /page/ { default_type text/html; return 200 '<html>log in, please</html>'; }
			location /mine/ { return 403; }
			location /down/ { return 503; }
			location /over/ { return 410; }
		}
	END
	local url=https://localhost:$port
	refused 'localhost has no such repository (404), or hides it' "$url/team/no-such.git"
	refused 'localhost offers no branch and no tag: is it the URL' "$url/page/lists.git"
	refused 'localhost does not let us read it (403)' "$url/mine/lists.git"
	refused 'localhost answers 503: try again later' "$url/down/lists.git"
	refused 'localhost answers 410: is it the URL that git clones?' "$url/over/lists.git"
	check "$url/team/lists.git" --rev no-such-branch
	[ "$status" = 1 ]
	[[ $stderr == "mirror-sync: nothing was done: $url/team/lists.git: unknown git revision \"no-such-branch\""* ]]
}

@test "https: what was pushed is fetched, and what was fetched is not fetched again" {
	https_start good
	local n url=https://localhost:$port/team/empty.git
	mirror_sync --mirror "$work/m" --repo "$url" --lists .
	for n in 1 2; do
		head -c 3000000 /dev/urandom >"$work/empty/bulk"
		conf='' lists empty '#' && git -C "$work/empty" branch "side-$n"
		git -C "$work/empty" push -q --mirror "$work/served/team/empty.git"
		mirror_sync --mirror "$work/m" --repo "$url" --lists .
		[ "$(git -C "$work/m/.mirror/lists.git" rev-parse HEAD "side-$n")" = \
			"$(git -C "$work/empty" rev-parse HEAD HEAD)" ]
	done
	git -C "$work/m/.mirror/lists.git" fsck --strict
	stop https
	# the second of them brought one file, not both
	sent=$(sed -nE 's/.*"POST [^"]*" 200 ([0-9]+) .*/\1/p' "$(log_of https)" | tail -n 1)
	[ "$sent" -gt 3000000 ]
	[ "$sent" -lt 4000000 ]
	https_start good
	mirror_sync --mirror "$work/m" --repo "$url" --lists .
	stop https
	# the list of references
	[ "$(requests https | grep -c 'POST /team/empty.git/git-upload-pack')" = 1 ]
}

# A server of two answers: one that breaks off, and an error page of 100 MiB.
@test "http: an answer that breaks off, and an error page that nobody would read" {
	local at
	at=$(free_port)
	# shellcheck disable=SC2016  # perl's
	start odd '^ready' perl -MIO::Socket::INET -e '
		$SIG{PIPE} = "IGNORE";
		my $server = IO::Socket::INET->new(Listen => 8, LocalAddr => shift, ReuseAddr => 1) or die "$!";
		print STDERR "ready\n";
		while (my $client = $server->accept) {
			my $long = <$client> =~ /long/;
			while (<$client>) { last if $_ eq "\r\n" }
			print $client "HTTP/1.1 ", $long ? 404 : 200, " x\r\nConnection: close\r\n",
				"Content-Type: application/x-git-upload-pack-advertisement\r\n",
				$long ? "\r\n" : "Content-Length: 1000\r\n\r\n001e# service=git-upload-pack\n0000";
			my $n = $long ? 100 : 0;
			$n-- while $n && print $client " " x 1048576;
			close $client;
			print STDERR $long ? $n ? "cut off\n" : "read whole\n" : "sent\n";
		}' "127.0.0.1:$at"
	refused 'bytes remaining' "http://localhost:$at/team/lists.git"
	refused 'localhost has no such repository (404)' "http://localhost:$at/long/lists.git"
	stop odd
}

# It sends the beginning of an answer, and then nothing.
@test "http: a fetch that stalls is given up" {
	local at
	at=$(free_port)
	# shellcheck disable=SC2016  # perl's
	start odd '^ready' perl -MIO::Socket::INET -e '
		my $server = IO::Socket::INET->new(Listen => 8, LocalAddr => shift, ReuseAddr => 1) or die "$!";
		print STDERR "ready\n";
		while (my $client = $server->accept) {
			while (<$client>) { last if $_ eq "\r\n" }
			print $client "HTTP/1.1 200 x\r\nContent-Length: 1000\r\n",
				"Content-Type: application/x-git-upload-pack-advertisement\r\n\r\n",
				"001e# service=git-upload-pack\n0000";
			$client->flush;
			push @open, $client;
		}' "127.0.0.1:$at"
	export GIT_HTTP_LOW_SPEED_LIMIT=1 GIT_HTTP_LOW_SPEED_TIME=1
	refused 'Operation too slow' "http://localhost:$at/team/lists.git"
	stop odd
}

@test "https with a password" {
	with_password
	local url=localhost:$port/team/lists.git
	refused "localhost:$port asks for a user and a password, and neither ~/.netrc nor" "https://$url"
	fetched "https://deploy:s3cret-w0rd@$url"
	fetched "https://t0ken-in-place-of-a-name@$url"
	refused "localhost:$port does not take the user and the password that it was given" \
		"https://deploy:wrong-w0rd@$url"
	printf 'machine localhost\n login deploy\n password s3cret-w0rd\n' >"$HOME/.netrc"
	fetched "https://$url"
	fetched "https://deploy@$url"
	printf 'machine localhost login deploy password wrong-w0rd\n' >"$HOME/.netrc"
	refused "asks for a user and a password, and neither ~/.netrc nor" "https://$url"
	fetched "https://deploy:s3cret-w0rd@$url"
}

@test "https with the credential helpers and the settings of the user's git" {
	with_password
	local url=localhost:$port/team/lists.git
	export GIT_CONFIG_GLOBAL=$work/gitconfig
	printf '#!/bin/sh\ncat >>%s\necho username=deploy\necho password=s3cret-w0rd\n' \
		"$work/asked" >"$work/helper"
	chmod +x "$work/helper"
	git config --global credential.helper "$work/helper"
	fetched "https://$url"
	fetched "https://deploy@$url"
	grep -x 'username=deploy' "$work/asked"
	# a password in the URL is not given to helpers that would keep it
	: >"$work/asked"
	fetched "https://deploy:s3cret-w0rd@$url"
	[ ! -s "$work/asked" ]
	git config --global credential.helper 'store'
	fetched "https://deploy:s3cret-w0rd@$url"
	[ ! -e "$HOME/.git-credentials" ]
	# of the user's, with a CA of its own
	printf 'https://deploy:s3cret-w0rd@localhost%%3a%s\n' "$port" >"$HOME/.git-credentials"
	git config --global http.sslCAInfo "$work/ca.pem"
	SSL_CERT_FILE='' fetched "https://$url"
	git config --global url."https://localhost:$port/".insteadOf https://lists.corp.example/
	fetched "https://lists.corp.example/team/lists.git"
	# a program that asks a person is not started
	rm "$HOME/.git-credentials"
	printf '#!/bin/sh\ntouch %s\n' "$work/prompted" >"$work/askpass"
	chmod +x "$work/askpass"
	git config --global core.askPass "$work/askpass"
	export GIT_ASKPASS=$work/askpass SSH_ASKPASS=$work/askpass
	refused 'asks for a user and a password' "https://$url"
	[ ! -e "$work/prompted" ]
	rm "$GIT_CONFIG_GLOBAL"
}

@test "https: a password is kept nowhere, and said only when it is asked for" {
	with_password
	printf 'machine localhost login deploy password s3cret-w0rd\n' >"$HOME/.netrc"
	run mirror_sync --mirror "$work/m" --repo "https://localhost:$port/team/empty.git" --lists . \
		--report "$work/report.json"
	[ "$status" = 0 ]
	[[ $output != *w0rd* ]]
	run mirror_sync --mirror "$work/m" --repo "https://deploy:s3cret-w0rd@localhost:$port/team/lists.git" \
		--lists . --report "$work/report.json" 'nothing:*'
	[ "$status" = 2 ] # no image of that name; the clone is there
	[ -e "$work/m/.mirror/lists.git/HEAD" ]
	run ! grep -r -e w0rd -e deploy -e "$(printf deploy:s3cret-w0rd | base64)" "$work/m" "$work/report.json"
	# nor on a command line of git, its transport, or the shell that runs the helper
	rm "$HOME/.netrc"
	if strace -o /dev/null true 2>/dev/null; then
		ASAN_OPTIONS=detect_leaks=0 strace -f -s 10000 -o "$work/calls" -e trace=execve \
			"$bin/mirror-sync" --check --lists . \
			--repo "https://deploy:s3cret-w0rd@localhost:$port/team/lists.git"
		grep -F 'MIRROR_SYNC_REPO_PASSWORD' "$work/calls"
		run ! grep -F w0rd <(grep -v -F '"--repo"' "$work/calls")
	fi
	stop https
	https_start good
	fetched "https://deploy:s3cret-w0rd@localhost:$port/team/lists.git"
	stop https
	requests https | grep -F 'POST /team/lists.git/git-upload-pack 200'
	run ! grep -v 'auth="-"' <(grep -F ' HTTP/1.1' "$(log_of https)")
}

@test "https: redirects are followed, but not to http, and take no password along" {
	local elsewhere first
	nginx_start elsewhere <<<"server { listen PORT ssl; $(tls good) return 401; }"
	elsewhere=$(at elsewhere)
	first=$(free_port)
	web_start <<-END
		server {
			listen PORT ssl; listen 127.0.0.1:$first; $(tls good)
			auth_basic lists; auth_basic_user_file $work/htpasswd;
			location /team/ { $(backend) }
			location /moved/ { rewrite ^/moved/(.*)$ /team/\$1? redirect; }
			location = /moved/lists.git/info/refs { return 301 /team/lists.git/info/refs\$is_args\$args; }
			location /away/ { return 302 https://$elsewhere/team/lists.git/info/refs?service=git-upload-pack; }
			location /next/ { return 302 https://localhost:${elsewhere##*:}/team/lists.git/info/refs?service=git-upload-pack; }
			location /down/ { return 302 http://localhost:$first/team/lists.git/info/refs?service=git-upload-pack; }
			location /round/ { return 302 \$request_uri; }
			location /home/ { return 302 /login; }
			location /nowhere/ { return 302 ftp://git.corp.example/; }
		}
	END
	local with_password=https://deploy:s3cret-w0rd@localhost:$port
	fetched "$with_password/moved/lists.git"
	refused "$elsewhere asks for a user and a password" "$with_password/away/lists.git"
	refused "localhost:${elsewhere##*:} asks for a user and a password" "$with_password/next/lists.git"
	refused 'localhost redirects to a protocol that is not followed' "$with_password/down/lists.git"
	refused 'localhost redirects without end' "$with_password/round/lists.git"
	refused 'localhost redirects to what is not a repository' "$with_password/home/lists.git"
	refused 'localhost redirects to a protocol that is not followed' "$with_password/nowhere/lists.git"
	stop https
	stop elsewhere
	requests https | grep -F 'POST /team/lists.git/git-upload-pack 200'
	grep -F '"GET /team/lists.git/info/refs' "$(log_of elsewhere)"
	run ! grep -F 'auth="Basic' "$(log_of elsewhere)"
}

@test "http: no password goes over it to another machine, and there is a warning" {
	web_start <<-END
		server {
			listen PORT;
			location / { $(backend) }
			location /mine/ { auth_basic lists; auth_basic_user_file $work/htpasswd; $(backend) }
		}
	END
	fetched "http://localhost:$port/team/lists.git"
	[ -z "$stderr" ]
	fetched "http://deploy:s3cret-w0rd@localhost:$port/team/lists.git"
	export http_proxy=127.0.0.1:$port
	fetched "http://git.corp.example/team/lists.git"
	[[ $stderr == "mirror-sync: warning: http://git.corp.example/team/lists.git is neither encrypted nor signed"* ]]
	: >"$(log_of https)"
	check "http://deploy:s3cret-w0rd@git.corp.example/mine/lists.git"
	[ "$status" = 1 ]
	[[ $stderr == *"git.corp.example asks for a password, which is not sent over plain http"* ]]
	stop https
	grep -F 'auth="-"' "$(log_of https)"
	run ! grep -F 'auth="Basic' "$(log_of https)"
}

# A proxy that knows one host, git.corp.example, under our own address; with words, it wants them
# as a password.
# shellcheck disable=SC2016  # perl's
proxy_start() {
	start proxy '^ready' perl -MIO::Socket::INET -MMIME::Base64 -e '
		my ($at, $to, $password) = @ARGV;
		my $server = IO::Socket::INET->new(Listen => 8, LocalAddr => $at, ReuseAddr => 1) or die "$!";
		print STDERR "ready\n";
		while (my $client = $server->accept) {
			next if fork;
			my $head = "";
			while (my $line = <$client>) { $head .= $line; last if $line eq "\r\n" }
			print STDERR $head =~ /^([^\r]*)/, "\n";
			my $known = $head =~ /^CONNECT git\.corp\.example:443 /;
			my $let_in = !$password || $head =~ /Proxy-Authorization: Basic \Q@{[encode_base64($password, "")]}\E\r/;
			print $client $let_in ? "HTTP/1.1 502 no\r\nContent-Length: 0\r\n\r\n" :
				"HTTP/1.1 407 no\r\nProxy-Authenticate: Basic realm=x\r\nConnection: close\r\nContent-Length: 0\r\n\r\n"
				unless $let_in && $known;
			exit unless $let_in && $known;
			my $far = IO::Socket::INET->new($to) or die "$!";
			print $client "HTTP/1.1 200 ok\r\n\r\n";
			my ($from, $into) = fork ? ($client, $far) : ($far, $client);
			my $bytes;
			syswrite $into, $bytes while sysread $from, $bytes, 65536;
			shutdown $into, 1;
			exit;
		}' "$1" "$(at https)" "${2:-}"
}

@test "https through a proxy, and around it" {
	https_start good
	local proxy url=https://git.corp.example/team/lists.git
	proxy=127.0.0.1:$(free_port)
	proxy_start "$proxy"
	https_proxy=$proxy fetched "$url"
	HTTPS_PROXY=http://$proxy fetched "$url"
	https_proxy=$proxy refused "CONNECT tunnel failed, response 502: NO_PROXY names" \
		https://git.other.example/team/lists.git
	https_proxy=$proxy no_proxy=corp.example refused 'Could not resolve host: git.corp.example' "$url"
	[ "$(grep -c 'CONNECT git.corp' "$(log_of proxy)")" = 2 ]
	https_proxy=$proxy no_proxy=localhost fetched "https://localhost:$port/team/lists.git"
	[ "$(grep -c CONNECT "$(log_of proxy)")" = 3 ]
	stop proxy
	https_proxy=$proxy refused "Failed to connect to 127.0.0.1 port ${proxy#*:}" "$url"
	proxy_start "$proxy" ann:pr0xy-w0rd
	https_proxy=http://ann:pr0xy-w0rd@$proxy fetched "$url"
	https_proxy=http://ann:wrong-w0rd@$proxy \
		refused "CONNECT tunnel failed, response 407: the proxy's URL takes a user" "$url"
	https_proxy=http://$proxy refused 'response 407' "$url"
}

# A host key of its own, and one user, who is who runs this test. The ssh that is found first is
# told to look at our home, since the program itself looks at the account's.
sshd_start() {
	local dir=$work/run/sshd
	mkdir -p "$dir" "$HOME/.ssh" "$work/bin"
	[ -e "$dir/host_key" ] || ssh-keygen -q -t ed25519 -N '' -f "$dir/host_key"
	[ -e "$dir/at" ] || echo "127.0.0.1:$(free_port)" >"$dir/at"
	ssh_port=$(at sshd)
	ssh_port=${ssh_port##*:}
	cat >"$dir/config" <<-END
		ListenAddress 127.0.0.1
		Port $ssh_port
		HostKey $dir/host_key
		PidFile none
		StrictModes no
		PermitRootLogin yes
		PasswordAuthentication no
		KbdInteractiveAuthentication no
		AuthorizedKeysFile $dir/authorized_keys
	END
	cat >"$HOME/.ssh/config" <<-END
		Host lists
		  HostName 127.0.0.1
		  Port $ssh_port
		Host behind
		  HostName 127.0.0.1
		  Port $ssh_port
		  ProxyJump lists
		Host *
		  UserKnownHostsFile $HOME/.ssh/known_hosts
		  GlobalKnownHostsFile none
		  IdentityFile $HOME/.ssh/id_ed25519
		  IdentityFile $HOME/.ssh/id_rsa
	END
	printf '#!/bin/sh\nexec %s -F %s "$@"\n' "$(command -v ssh)" "$HOME/.ssh/config" >"$work/bin/ssh"
	chmod +x "$work/bin/ssh"
	# for root the daemon wants this directory, which else its service makes
	[ "$(id -u)" != 0 ] || ! mkdir /run/sshd 2>/dev/null || : >"$work/made"
	start sshd 'Server listening' /usr/sbin/sshd -D -e -f "$dir/config"
	ssh_path=$work/served/team/lists.git
	ssh_url=ssh://$(id -un)@127.0.0.1:$ssh_port$ssh_path
}

over_ssh() { PATH=$work/bin:$PATH "$@"; }

know() { echo "[127.0.0.1]:$ssh_port $(cut -d ' ' -f 1,2 "$work/run/sshd/${1:-host_key}.pub")" >"$HOME/.ssh/known_hosts"; }

# ssh_key TYPE [FILE]: a new key, which is let in from now on, alone.
ssh_key() {
	ssh-keygen -q -t "$1" -N '' -f "${2:-$HOME/.ssh/id_$1}"
	cp "${2:-$HOME/.ssh/id_$1}.pub" "$work/run/sshd/authorized_keys"
}

@test "ssh: known hosts, keys, URLs and the short form" {
	need ssh /usr/sbin/sshd
	sshd_start
	ssh_key ed25519
	over_ssh refused "Host key verification failed" "$ssh_url"
	[[ $stderr == *"ssh-keyscan prints the host's key: compare it with"*"add it to ~/.ssh/known_hosts" ]]
	[ ! -e "$HOME/.ssh/known_hosts" ]
	know
	over_ssh fetched "$ssh_url"
	over_ssh fetched "lists:$ssh_path"
	over_ssh fetched "$(id -un)@lists:$ssh_path"
	over_ssh fetched "behind:$ssh_path"
	over_ssh refused "no-such.git' does not appear to be a git repository" "${ssh_url%/*}/no-such.git"
	over_ssh refused "it's.git' does not appear to be a git repository" "${ssh_url%/*}/it's.git"
	rm "$HOME"/.ssh/id_*
	over_ssh refused 'Permission denied (publickey)' "$ssh_url"
	[[ $stderr == *": a key that may read it must be in an agent, or in ~/.ssh without a passphrase" ]]
	ssh_key rsa
	over_ssh fetched "$ssh_url"
}

@test "ssh: the keys of an agent" {
	need ssh /usr/sbin/sshd
	sshd_start
	know
	start agent 'SSH_AUTH_SOCK' ssh-agent -D -a "$work/agent.sock"
	export SSH_AUTH_SOCK=$work/agent.sock
	ssh_key ed25519 "$work/agent_key"
	ssh-add -q "$work/agent_key"
	over_ssh fetched "$ssh_url"
	ssh-add -q -D
	over_ssh refused 'Permission denied (publickey)' "$ssh_url"
}

@test "ssh: a host whose key is another than it was" {
	need ssh /usr/sbin/sshd
	sshd_start
	ssh_key ed25519
	ssh-keygen -q -t ed25519 -N '' -f "$work/run/sshd/other_key"
	know other_key
	over_ssh refused "Host key for [127.0.0.1]:$ssh_port has changed" "$ssh_url"
	[[ $stderr == *"ask the host's owner; if it is so, remove the old key with ssh-keygen -R" ]]
}

@test "ssh: a key with a passphrase is not asked for it; a host that is not there" {
	need ssh /usr/sbin/sshd
	sshd_start
	ssh_key ed25519
	know
	ssh-keygen -q -p -N 'a passphrase' -f "$HOME/.ssh/id_ed25519"
	over_ssh refused 'Permission denied (publickey)' "$ssh_url"
	stop sshd
	over_ssh refused "connect to host 127.0.0.1 port $ssh_port: Connection refused" "$ssh_url"
}

@test "ssh: the program is not there" {
	mkdir "$work/git-alone"
	ln -s "$(command -v git)" "$(command -v sh)" "$work/git-alone"
	run --separate-stderr env "PATH=$work/git-alone" \
		"$bin/mirror-sync" --check --repo git@localhost:team/lists.git
	[ "$status" = 1 ]
	[[ $stderr == *"localhost cannot be asked: the program ssh is not installed"* ]]
}
