#!/usr/bin/env bats
# mirror-sync --repo, from git's own servers: git daemon, git http-backend behind nginx with TLS and passwords, sshd.

# shellcheck source=tests/interop/lib.bash
source "$BATS_TEST_DIRNAME/lib.bash"

bats_require_minimum_version 1.5.0

setup_file() {
	interop_begin "$BATS_FILE_TMPDIR"
	conf='' lists origin docker.io/library/base:1
	mkdir -p "$work/served/team"
	git clone -q --bare "$work/origin" "$work/served/team/lists.git"
	touch "$work/served/team/lists.git/git-daemon-export-ok"
	key "$work/ca"
	openssl req -x509 -key "$work/ca.key" -days 2 -subj /CN=interop -out "$work/ca.pem"
	certificate good DNS:localhost,DNS:git.corp.example 2
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
	for name in daemon https proxy sshd agent; do stop "$name"; done
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
	# shellcheck disable=SC2154  # bats sets stderr
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

# https_start CERTIFICATE [LINE...]: git http-backend over TLS, with more lines for its location.
https_start() {
	need fcgiwrap
	[ -S "$work/cgi.sock" ] || fcgiwrap_start
	local certificate=$1
	shift
	nginx_start https <<-END
		server {
			listen PORT ssl;
			ssl_certificate $work/$certificate.pem; ssl_certificate_key $work/$certificate.key;
			location / {
				$*
				fastcgi_pass unix:$work/cgi.sock;
				fastcgi_param SCRIPT_FILENAME /usr/lib/git-core/git-http-backend;
				fastcgi_param GIT_PROJECT_ROOT $work/served;
				fastcgi_param PATH_INFO \$uri; fastcgi_param QUERY_STRING \$query_string;
				fastcgi_param REQUEST_METHOD \$request_method; fastcgi_param CONTENT_TYPE \$content_type;
				fastcgi_param CONTENT_LENGTH \$content_length; fastcgi_param REMOTE_USER \$remote_user;
			}
		}
	END
	port=$(at https)
	port=${port##*:}
	export SSL_CERT_FILE=$work/ca.pem
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
	SSL_CERT_FILE='' refused 'certificate' "https://localhost:$port/team/lists.git"
	mkdir "$work/cas" && cp "$work/ca.pem" "$work/cas"
	SSL_CERT_FILE='' SSL_CERT_DIR=$work/cas fetched "https://localhost:$port/team/lists.git"
	SSL_CERT_FILE=$work/nowhere.pem refused "$work/nowhere.pem" "https://localhost:$port/team/lists.git"
	refused '404' "https://localhost:$port/team/no-such.git"
}

@test "https with a certificate for another name, or an expired one" {
	https_start other
	refused 'certificate' "https://localhost:$port/team/lists.git"
	stop https
	https_start expired
	refused 'expired' "https://localhost:$port/team/lists.git"
}

@test "https with a password" {
	with_password
	local url=localhost:$port/team/lists.git
	refused "asks for a user and a password, and ~/.netrc has none for it" "https://$url"
	fetched "https://deploy:s3cret-w0rd@$url"
	fetched "https://t0ken-in-place-of-a-name@$url"
	refused "does not take the user and the password of the URL" "https://deploy:wrong-w0rd@$url"
	printf 'machine localhost\n login other password x\n login deploy\n password s3cret-w0rd\n' >"$HOME/.netrc"
	fetched "https://$url"
	fetched "https://deploy@$url"
	printf 'machine localhost login deploy password wrong-w0rd\n' >"$HOME/.netrc"
	refused "does not take the user and the password of $HOME/.netrc" "https://$url"
	run mirror_sync --mirror "$work/m" --repo "https://deploy:s3cret-w0rd@$url" --lists . 'nothing:*'
	[ "$status" = 2 ] # no image of that name; the clone is there
	[ -e "$work/m/.mirror/lists.git/HEAD" ]
	run ! grep -r -e w0rd -e deploy "$work/m"
}

@test "https: a redirect to another host is not followed, one on the same host is" {
	https_start good
	local first=$port
	stop https
	nginx_start https <<-END
		server {
			listen PORT ssl; listen $first;
			ssl_certificate $work/good.pem; ssl_certificate_key $work/good.key;
			location /away/ { return 302 https://127.0.0.1:1/team/lists.git/info/refs?service=git-upload-pack; }
			location /down/ { return 302 http://localhost:$first/team/lists.git/info/refs?service=git-upload-pack; }
			location /moved/ { return 302 /gone/info/refs\$is_args\$args; }
		}
	END
	printf 'machine localhost login deploy password s3cret-w0rd\n' >"$HOME/.netrc"
	refused "cannot redirect from 'localhost' to '127.0.0.1'" "https://localhost:$port/away/lists.git"
	refused "cannot redirect from 'https' to 'http'" "https://localhost:$port/down/lists.git"
	refused 404 "https://localhost:$port/moved/lists.git"
	requests https | grep -F 'GET /gone/info/refs?service=git-upload-pack 404'
}

# A proxy that knows one host, git.corp.example, under our own address; with words, it wants them as a password.
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
	https_proxy=$proxy refused 502 https://git.other.example/team/lists.git
	https_proxy=$proxy no_proxy=corp.example refused 'git.corp.example' "$url"
	[ "$(grep -c 'CONNECT git.corp' "$(log_of proxy)")" = 2 ]
	stop proxy
	proxy_start "$proxy" ann:pr0xy-w0rd
	https_proxy=http://ann:pr0xy-w0rd@$proxy fetched "$url"
	https_proxy=http://ann:wrong-w0rd@$proxy refused 'proxy' "$url"
}

# A host key of its own, and one user, who is who runs this test. The ssh that is found first is told to look at
# our home, since the program itself looks at the account's.
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
	over_ssh refused 'ssh: Host key verification failed' "$ssh_url"
	know
	over_ssh fetched "$ssh_url"
	over_ssh fetched "lists:$ssh_path"
	over_ssh fetched "$(id -un)@lists:$ssh_path"
	over_ssh refused "no-such.git' does not appear to be a git repository" "${ssh_url%/*}/no-such.git"
	over_ssh refused "it's.git' does not appear to be a git repository" "${ssh_url%/*}/it's.git"
	rm "$HOME"/.ssh/id_*
	over_ssh refused 'Permission denied (publickey)' "$ssh_url"
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
	over_ssh refused 'Host key verification failed' "$ssh_url"
}

@test "ssh: the program is not there" {
	mkdir "$work/empty"
	run --separate-stderr env "PATH=$work/empty" "$bin/mirror-sync" --check --repo git@localhost:team/lists.git
	[ "$status" = 1 ]
	[[ $stderr == *"git@localhost:team/lists.git: ssh: the program ssh is not installed" ]]
}
