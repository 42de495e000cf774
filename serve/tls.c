#include "serve/tls.h"

#include <errno.h>
#include <fcntl.h>
#include <openssl/core_names.h>
#include <openssl/err.h>
#include <openssl/rand.h>
#include <openssl/ssl.h>
#include <openssl/x509v3.h>
#include <pthread.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "oci/base/buf.h"
#include "oci/base/cleanup.h"
#include "oci/base/clock.h"
#include "oci/base/err.h"
#include "oci/base/limits.h"
#include "oci/cli/message.h"

/* AES-128 first: it is as safe here, and a third faster; clients that have no AES in their
 * processor name ChaCha20 first, and get it. */
#define CIPHERS_13 "TLS_AES_128_GCM_SHA256:TLS_AES_256_GCM_SHA384:TLS_CHACHA20_POLY1305_SHA256"
#define CIPHERS_12                                                                                 \
	"ECDHE-ECDSA-AES128-GCM-SHA256:ECDHE-RSA-AES128-GCM-SHA256:"                               \
	"ECDHE-ECDSA-AES256-GCM-SHA384:ECDHE-RSA-AES256-GCM-SHA384:"                               \
	"ECDHE-ECDSA-CHACHA20-POLY1305:ECDHE-RSA-CHACHA20-POLY1305"
#define GROUPS          "X25519:P-256:P-384"

#define TICKET_ROTATION (12 * 3600 * CLOCK_SEC)
#define TICKET_LIFE     (24 * 3600L)

#define RECORD          (16 * KIB)   /* the longest of TLS (RFC 8446, 5.1) */
#define BATCH           (8 * RECORD) /* of a file, read at once */

/* The certificates of one reading of the files. */
struct tls_set {
	atomic_uint refs;
	SSL_CTX *v[TLS_PAIRS];
	size_t n;
	time_t expires;
};

struct ticket_key {
	unsigned char name[16], cipher[32], mac[32];
};

struct tls {
	struct tls_options from;
	pthread_mutex_t lock; /* of all below */
	struct tls_set *set;
	struct ticket_key keys[2]; /* the current one, and the one before */
	int64_t next_rotation;
	EVP_CIPHER *cipher; /* of tickets; found once */
};

struct tls_conn {
	SSL *ssl;
	struct tls_set *set;
	bool waits_to_write;
	bool broken; /* nothing may be sent any more, not even a goodbye */
	bool whole;  /* the handshake is done */
	struct buf user, groups;
	const char *failure;
};

static void unref_set(struct tls_set *s)
{
	if (!s || atomic_fetch_sub(&s->refs, 1) != 1)
		return;
	for (size_t i = 0; i < s->n; i++)
		SSL_CTX_free(s->v[i]);
	free(s);
}

/* ---- the files ---- */

/* An error that names the file, and what OpenSSL says of it. */
static int file_error(struct err *err, const char *path, const char *what)
{
	const char *reason = ERR_reason_error_string(ERR_peek_last_error());
	/* access() does not know of the sandbox */
	cleanup_fd int fd = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK);

	if (fd < 0)
		return err_sys(err, "cannot read", path);
	return err_set(err, ERR_IO, 0, "%s: %s (%s)", path, what,
		       reason ? reason : "no reason is known");
}

/* A key with a passphrase is an error: OpenSSL would ask for it at the terminal. */
static int no_passphrase(char *buf, int size, int writing, void *arg)
{
	(void)buf, (void)size, (void)writing, (void)arg;
	return 0;
}

static int read_pair(SSL_CTX *ctx, const char *cert, const char *key, struct err *err)
{
	bool fits;

	ERR_clear_error();
	SSL_CTX_set_default_passwd_cb(ctx, no_passphrase);
	if (SSL_CTX_use_certificate_chain_file(ctx, cert) != 1)
		return file_error(err, cert, "no certificate in PEM form, or a weak one");
	if (SSL_CTX_use_PrivateKey_file(ctx, key, SSL_FILETYPE_PEM) != 1)
		fits = ERR_GET_LIB(ERR_peek_last_error()) != ERR_LIB_X509;
	else if (SSL_CTX_check_private_key(ctx) == 1)
		return 0;
	else
		fits = false;
	if (!fits)
		return err_set(err, ERR_IO, 0,
			       "%s is not the key of %s: give the key that its request was made "
			       "with",
			       key, cert);
	return file_error(err, key, "no private key in PEM form without a passphrase");
}

static int read_client_ca(SSL_CTX *ctx, const char *path, struct err *err)
{
	STACK_OF(X509_NAME) * names;

	if (!path)
		return 0;
	ERR_clear_error();
	names = SSL_load_client_CA_file(path);
	if (!names || SSL_CTX_load_verify_file(ctx, path) != 1) {
		sk_X509_NAME_pop_free(names, X509_NAME_free);
		return file_error(err, path, "no certificate of a CA in PEM form");
	}
	SSL_CTX_set_client_CA_list(ctx, names);
	/* a client without a certificate is served as well; one with a wrong certificate is not */
	SSL_CTX_set_verify(ctx, SSL_VERIFY_PEER, NULL);
	return 0;
}

static time_t end_of(const X509 *x)
{
	struct tm tm;

	return ASN1_TIME_to_tm(X509_get0_notAfter(x), &tm) == 1 ? timegm(&tm) : 0;
}

/* Warns of what clients will refuse, and of a key that is none. */
static void judge_pair(const SSL_CTX *ctx, const char *cert, const char *key)
{
	const X509 *x = SSL_CTX_get0_certificate(ctx);
	char when[CLOCK_RFC3339];
	struct stat st;

	clock_rfc3339(end_of(x), when);
	if (X509_cmp_current_time(X509_get0_notAfter(x)) < 0)
		message_warn("%s has expired (%s): clients refuse it; renew it", cert, when);
	if (X509_cmp_current_time(X509_get0_notBefore(x)) > 0)
		message_warn("%s is not valid yet: clients refuse it; look at this machine's clock",
			     cert);
	if (X509_get_ext_by_NID(x, NID_subject_alt_name, -1) < 0)
		message_warn("%s names no host (subjectAltName): docker, containerd and podman "
			     "refuse it",
			     cert);
	if (stat(key, &st) == 0 && st.st_mode & S_IROTH)
		message_warn("%s can be read by every user of this machine: chmod 600 it", key);
}

/* ---- what a handshake asks ---- */

/* Chooses the certificate that has the client's server name. */
static int choose_certificate(SSL *ssl, int *alert, void *arg)
{
	const struct tls_set *set = arg;
	const char *name = SSL_get_servername(ssl, TLSEXT_NAMETYPE_host_name);

	(void)alert;
	for (size_t i = 0; name && i < set->n && set->n > 1; i++)
		if (X509_check_host(SSL_CTX_get0_certificate(set->v[i]), name, 0, 0, NULL) == 1) {
			SSL_set_SSL_CTX(ssl, set->v[i]);
			break;
		}
	return name ? SSL_TLSEXT_ERR_OK : SSL_TLSEXT_ERR_NOACK;
}

/* RFC 7301, 3.2: a client that only speaks other protocols is told so. */
static int choose_protocol(SSL *ssl, const unsigned char **out, unsigned char *n,
			   const unsigned char *in, unsigned in_n, void *arg)
{
	static const unsigned char http[] = "\x08http/1.1";
	unsigned char *chosen;

	(void)ssl, (void)arg;
	if (SSL_select_next_proto(&chosen, n, http, sizeof(http) - 1, in, in_n) !=
	    OPENSSL_NPN_NEGOTIATED)
		return SSL_TLSEXT_ERR_ALERT_FATAL;
	*out = chosen;
	return SSL_TLSEXT_ERR_OK;
}

/* Makes a new current key; the previous one still opens tickets. The lock is held. */
static void rotate_keys(struct tls *t)
{
	t->keys[1] = t->keys[0];
	if (RAND_priv_bytes((unsigned char *)&t->keys[0], sizeof(t->keys[0])) != 1)
		abort(); /* no key may be guessed */
	t->next_rotation = clock_now() + TICKET_ROTATION;
}

/* The key of a ticket: the current one for a new ticket, else the one of that name. Gives what the
 * callback of OpenSSL gives: 1, 2 (fine, and make a new ticket), 0 (unknown). */
static int find_key(struct tls *t, struct ticket_key *key, const unsigned char *name, bool fresh)
{
	int result = 0;

	pthread_mutex_lock(&t->lock);
	if (clock_now() >= t->next_rotation)
		rotate_keys(t);
	for (int i = 0; i < (fresh ? 1 : 2) && !result; i++)
		if (fresh || memcmp(t->keys[i].name, name, sizeof(key->name)) == 0) {
			*key = t->keys[i];
			result = i + 1;
		}
	pthread_mutex_unlock(&t->lock);
	return result;
}

static int use_ticket(SSL *ssl, unsigned char *name, unsigned char *iv, EVP_CIPHER_CTX *cipher,
		      EVP_MAC_CTX *mac, int fresh)
{
	struct tls *t = SSL_CTX_get_app_data(SSL_get_SSL_CTX(ssl));
	struct ticket_key key;
	char sha256[] = "SHA256";
	OSSL_PARAM params[] = {
		OSSL_PARAM_construct_octet_string(OSSL_MAC_PARAM_KEY, key.mac, sizeof(key.mac)),
		OSSL_PARAM_construct_utf8_string(OSSL_MAC_PARAM_DIGEST, sha256, 0),
		OSSL_PARAM_END,
	};
	int result = find_key(t, &key, name, fresh);

	if (!result)
		return 0;
	if (fresh) {
		memcpy(name, key.name, sizeof(key.name));
		if (RAND_bytes(iv, EVP_CIPHER_get_iv_length(t->cipher)) != 1)
			return -1;
	}
	if (EVP_CipherInit_ex2(cipher, t->cipher, key.cipher, iv, fresh, NULL) != 1 ||
	    EVP_MAC_CTX_set_params(mac, params) != 1)
		return -1;
	return result;
}

/* ---- contexts ---- */

static void set_rules(SSL_CTX *ctx)
{
	static const unsigned char sessions[] = "mirror-serve";

	SSL_CTX_set_min_proto_version(ctx, TLS1_2_VERSION);
	SSL_CTX_set_options(ctx, SSL_OP_NO_RENEGOTIATION | SSL_OP_NO_COMPRESSION |
					 SSL_OP_CIPHER_SERVER_PREFERENCE |
					 SSL_OP_PRIORITIZE_CHACHA | SSL_OP_ENABLE_KTLS |
					 SSL_OP_IGNORE_UNEXPECTED_EOF);
	SSL_CTX_set_mode(ctx, SSL_MODE_ENABLE_PARTIAL_WRITE | SSL_MODE_ACCEPT_MOVING_WRITE_BUFFER |
				      SSL_MODE_RELEASE_BUFFERS);
	SSL_CTX_set_cipher_list(ctx, CIPHERS_12);
	SSL_CTX_set_ciphersuites(ctx, CIPHERS_13);
	SSL_CTX_set1_groups_list(ctx, GROUPS);
	SSL_CTX_set_session_cache_mode(ctx, SSL_SESS_CACHE_OFF);
	SSL_CTX_set_session_id_context(ctx, sessions, sizeof(sessions) - 1);
	SSL_CTX_set_timeout(ctx, TICKET_LIFE);
	SSL_CTX_set_num_tickets(ctx, 1);
	SSL_CTX_set_alpn_select_cb(ctx, choose_protocol, NULL);
	SSL_CTX_set_tlsext_ticket_key_evp_cb(ctx, use_ticket);
	SSL_CTX_set_tlsext_servername_callback(ctx, choose_certificate);
}

static SSL_CTX *new_context(struct tls *t, struct tls_set *set, size_t i, struct err *err)
{
	SSL_CTX *ctx = SSL_CTX_new(TLS_server_method());

	if (!ctx) {
		err_set(err, ERR_IO, 0, "OpenSSL cannot be used");
		return NULL;
	}
	set_rules(ctx);
	SSL_CTX_set_app_data(ctx, t);
	SSL_CTX_set_tlsext_servername_arg(ctx, set);
	if (read_pair(ctx, t->from.certs[i], t->from.keys[i], err) == 0 &&
	    read_client_ca(ctx, t->from.client_ca, err) == 0)
		return ctx;
	SSL_CTX_free(ctx);
	return NULL;
}

static struct tls_set *read_set(struct tls *t, struct err *err)
{
	struct tls_set *set = xcalloc(1, sizeof(*set));

	atomic_init(&set->refs, 1);
	while (set->n < t->from.n) {
		SSL_CTX *ctx = new_context(t, set, set->n, err);
		time_t end = ctx ? end_of(SSL_CTX_get0_certificate(ctx)) : 0;

		if (!ctx) {
			unref_set(set);
			return NULL;
		}
		if (!set->n || end < set->expires)
			set->expires = end;
		set->v[set->n++] = ctx;
	}
	for (size_t i = 0; i < set->n; i++)
		judge_pair(set->v[i], t->from.certs[i], t->from.keys[i]);
	return set;
}

struct tls *tls_new(const struct tls_options *o, struct err *err)
{
	struct tls *t = xcalloc(1, sizeof(*t));

	t->from = *o;
	pthread_mutex_init(&t->lock, NULL);
	t->cipher = EVP_CIPHER_fetch(NULL, "AES-256-CBC", NULL);
	rotate_keys(t);
	rotate_keys(t); /* so that the previous one is a key, too */
	if (tls_reload(t, err) == 0)
		return t;
	tls_delete(t);
	return NULL;
}

void tls_delete(struct tls *t)
{
	if (!t)
		return;
	unref_set(t->set);
	EVP_CIPHER_free(t->cipher);
	OPENSSL_cleanse(t->keys, sizeof(t->keys));
	pthread_mutex_destroy(&t->lock);
	free(t);
}

int tls_reload(struct tls *t, struct err *err)
{
	struct tls_set *next = read_set(t, err), *old;

	if (!next)
		return -1;
	pthread_mutex_lock(&t->lock);
	old = t->set;
	t->set = next;
	/* a ticket stands for a certificate that another CA may have signed: it ends */
	for (int i = 0; i < 2 && t->from.client_ca; i++)
		rotate_keys(t);
	pthread_mutex_unlock(&t->lock);
	unref_set(old);
	return 0;
}

time_t tls_expires(struct tls *t)
{
	time_t when;

	pthread_mutex_lock(&t->lock);
	when = t->set->expires;
	pthread_mutex_unlock(&t->lock);
	return when;
}

/* ---- a connection ---- */

struct tls_conn *tls_accept(struct tls *t, int fd)
{
	struct tls_conn *c = xcalloc(1, sizeof(*c));

	pthread_mutex_lock(&t->lock);
	c->set = t->set;
	atomic_fetch_add(&c->set->refs, 1);
	pthread_mutex_unlock(&t->lock);
	buf_init(&c->user, LIMIT_NAME + 1);
	buf_init(&c->groups, 4 * KIB);
	c->ssl = SSL_new(c->set->v[0]);
	if (c->ssl && SSL_set_fd(c->ssl, fd) == 1) {
		SSL_set_accept_state(c->ssl);
		return c;
	}
	ERR_clear_error();
	tls_free(c);
	return NULL;
}

void tls_end(struct tls_conn *c)
{
	if (!c->whole)
		return;
	ERR_clear_error();
	if (!c->broken && SSL_shutdown(c->ssl) < 0)
		c->broken = true;
}

void tls_free(struct tls_conn *c)
{
	if (!c)
		return;
	tls_end(c);
	SSL_free(c->ssl);
	unref_set(c->set);
	buf_release(&c->user);
	buf_release(&c->groups);
	free(c);
}

/* Turns the result of an operation of OpenSSL into one of recv() or sendmsg(). */
static ssize_t result_of(struct tls_conn *c, int n)
{
	if (n > 0)
		return n;
	switch (SSL_get_error(c->ssl, n)) {
	case SSL_ERROR_WANT_READ: c->waits_to_write = false; break;
	case SSL_ERROR_WANT_WRITE: c->waits_to_write = true; break;
	case SSL_ERROR_ZERO_RETURN: errno = EPIPE; return 0;
	default:
		c->broken = true;
		errno = EIO;
		return -1;
	}
	errno = EAGAIN;
	return -1;
}

/* Adds an entry of a name to the text, on a line of its own; a text with control characters is
 * left out whole. */
static void add_entry(struct buf *out, X509_NAME_ENTRY *entry)
{
	unsigned char *text = NULL;
	int n = ASN1_STRING_to_UTF8(&text, X509_NAME_ENTRY_get_data(entry));
	bool good = n > 0 && (size_t)n + out->n + 2 < out->max;

	for (int i = 0; i < n; i++)
		good &= text[i] >= 0x20 && text[i] != 0x7f;
	if (good && out->n)
		buf_addc(out, '\n');
	if (good)
		buf_add(out, text, (size_t)n);
	OPENSSL_free(text);
}

/* Notes who the client is. Its certificate was verified, or there is none. */
static void note_client(struct tls_conn *c)
{
	X509 *x = SSL_get0_peer_certificate(c->ssl);
	const X509_NAME *name = x ? X509_get_subject_name(x) : NULL;

	for (int i = 0; name && i < X509_NAME_entry_count(name); i++) {
		X509_NAME_ENTRY *entry = X509_NAME_get_entry(name, i);
		int kind = OBJ_obj2nid(X509_NAME_ENTRY_get_object(entry));

		if (kind == NID_commonName && !c->user.n)
			add_entry(&c->user, entry);
		else if (kind == NID_organizationName)
			add_entry(&c->groups, entry);
	}
}

enum tls_step tls_handshake(struct tls_conn *c)
{
	ERR_clear_error();
	if (result_of(c, SSL_do_handshake(c->ssl)) > 0) {
		c->whole = true;
		note_client(c);
		return TLS_DONE;
	}
	if (!c->broken && errno == EAGAIN)
		return TLS_WAIT;
	c->failure = ERR_reason_error_string(ERR_peek_error());
	ERR_clear_error();
	return TLS_FAILED;
}

const char *tls_failure(const struct tls_conn *c)
{
	return c->failure ? c->failure : "the client went away";
}

bool tls_waits_to_write(const struct tls_conn *c)
{
	return c->waits_to_write;
}

bool tls_has_bytes(const struct tls_conn *c)
{
	return SSL_has_pending(c->ssl) == 1;
}

ssize_t tls_read(struct tls_conn *c, void *p, size_t n)
{
	ERR_clear_error();
	return result_of(c, SSL_read(c->ssl, p, n > INT_MAX ? INT_MAX : (int)n));
}

/* Bytes on their way into a record; one for all connections of a thread, since none of them keeps
 * it from one call to the next. */
static _Thread_local char batch[BATCH];

/* A record at a time. A record that had to wait is given again, from its first byte, and may have
 * become longer. */
static ssize_t write_records(struct tls_conn *c, const char *p, size_t n)
{
	size_t sent = 0;

	c->waits_to_write = true;
	while (sent < n) {
		size_t record = n - sent < RECORD ? n - sent : RECORD;
		ssize_t r;

		ERR_clear_error();
		r = result_of(c, SSL_write(c->ssl, p + sent, (int)record));
		if (r <= 0)
			return sent ? (ssize_t)sent : -1;
		sent += (size_t)r;
	}
	return (ssize_t)sent;
}

ssize_t tls_writev(struct tls_conn *c, const struct iovec *v, size_t n)
{
	size_t used = 0;

	for (size_t i = 0; i < n && used < RECORD; i++) {
		size_t more = v[i].iov_len < RECORD - used ? v[i].iov_len : RECORD - used;

		memcpy(batch + used, v[i].iov_base, more);
		used += more;
	}
	return write_records(c, batch, used);
}

static ssize_t send_copy(struct tls_conn *c, int file, off_t *at, size_t n, bool *full)
{
	ssize_t got = pread(file, batch, n < BATCH ? n : BATCH, *at), sent;

	if (got <= 0)
		return got;
	sent = write_records(c, batch, (size_t)got);
	*full = sent < got;
	if (sent > 0)
		*at += sent;
	return sent;
}

ssize_t tls_sendfile(struct tls_conn *c, int file, off_t *at, size_t n)
{
	ssize_t all = 0, sent;
	bool full;

	ERR_clear_error();
	if (BIO_get_ktls_send(SSL_get_wbio(c->ssl))) {
		c->waits_to_write = true;
		sent = SSL_sendfile(c->ssl, file, *at, n, 0);
		if (sent > 0)
			*at += sent;
		return sent > 0 ? sent : result_of(c, (int)sent);
	}
	do {
		sent = send_copy(c, file, at, n - (size_t)all, &full);
		if (sent <= 0)
			return all ? all : sent;
		all += sent;
	} while (!full && (size_t)all < n);
	return all;
}

const char *tls_server_name(const struct tls_conn *c)
{
	const char *name = SSL_get_servername(c->ssl, TLSEXT_NAMETYPE_host_name);

	return name ? name : "";
}

const char *tls_version(const struct tls_conn *c)
{
	return SSL_get_version(c->ssl);
}

static const char *text_of(const struct buf *b)
{
	return b->n ? b->p : "";
}

const char *tls_user(const struct tls_conn *c)
{
	return text_of(&c->user);
}

const char *tls_groups(const struct tls_conn *c)
{
	return text_of(&c->groups);
}
