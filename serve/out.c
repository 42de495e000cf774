#include "serve/out.h"

#include <errno.h>
#include <unistd.h>

#include "oci/base/limits.h"

/* Bytes of a file sent before other connections have their turn: about what a socket takes. */
#define TURN (2UL * MIB)
/* Parts of a body sent in one turn. */
#define TURN_PARTS 16
/* The memory of a text is kept for the next one up to this size. */
#define KEPT (64 * KIB)

void out_init(struct out *o)
{
	o->first = o->n = 0;
	o->used = o->start = 0;
	o->tls = NULL;
	o->file = -1;
	o->at = 0;
	o->left = 0;
	o->sent = 0;
	o->parts = NULL;
	o->has_text = false;
	o->page = NULL;
	buf_init(&o->text, LIMIT_INDEX);
}

static void clear_queue(struct out *o)
{
	if (o->file >= 0)
		close(o->file);
	o->file = -1;
	multipart_free(o->parts);
	o->parts = NULL;
	o->first = o->n = 0;
	o->used = o->start = 0;
	o->has_text = false;
	page_unref(o->page);
	o->page = NULL;
}

void out_release(struct out *o)
{
	clear_queue(o);
	buf_release(&o->text);
}

void out_number(struct out *o, int64_t n)
{
	char digits[20];
	size_t at = sizeof(digits);

	do {
		digits[--at] = (char)('0' + n % 10);
		n /= 10;
	} while (n);
	out_put(o, digits + at, sizeof(digits) - at);
}

void out_lend(struct out *o, const char *p, size_t n)
{
	assert(o->n < OUT_PIECES);
	if (n)
		o->v[o->n++] = (struct iovec){ .iov_base = (void *)(uintptr_t)p, .iov_len = n };
}

void out_cut(struct out *o)
{
	out_lend(o, o->heads + o->start, o->used - o->start);
	o->start = o->used;
}

void out_file(struct out *o, int fd, int64_t at, int64_t n)
{
	o->file = fd;
	o->at = at;
	o->left = n;
}

void out_parts(struct out *o, int fd, struct multipart *m)
{
	out_file(o, fd, 0, 0);
	o->parts = m;
}

int64_t out_unsent(const struct out *o)
{
	return o->left + (o->parts ? multipart_left(o->parts) : 0);
}

/* Removes the bytes that were sent from the front of the queue. */
static void drop_sent(struct out *o, size_t sent)
{
	while (o->first < o->n && sent >= o->v[o->first].iov_len)
		sent -= o->v[o->first++].iov_len;
	if (sent) {
		o->v[o->first].iov_base = (char *)o->v[o->first].iov_base + sent;
		o->v[o->first].iov_len -= sent;
	}
}

static enum out_result send_error(void)
{
	return errno == EAGAIN || errno == EINTR ? OUT_BLOCKED : OUT_BROKEN;
}

static enum out_result send_pieces(struct out *o, int sock)
{
	bool more = o->file >= 0 && (o->left || o->parts);

	while (o->first < o->n) {
		ssize_t sent =
			transport_writev(sock, o->tls, o->v + o->first, o->n - o->first, more);

		if (sent < 0)
			return send_error();
		o->sent += (size_t)sent;
		drop_sent(o, (size_t)sent);
	}
	return OUT_DONE;
}

/* sendfile() gives one error for both its ends: the file is at fault if it cannot be read here. */
static enum out_result file_error(const struct out *o)
{
	int error = errno;
	char byte;

	if (error == EAGAIN || error == EINTR)
		return OUT_BLOCKED;
	return pread(o->file, &byte, 1, o->at) < 0 ? OUT_FILE : OUT_BROKEN;
}

static enum out_result send_file(struct out *o, int sock)
{
	size_t want = (uint64_t)o->left < TURN ? (size_t)o->left : TURN;
	ssize_t sent;

	if (!want)
		return OUT_DONE;
	sent = transport_sendfile(sock, o->tls, o->file, &o->at, want);
	if (sent < 0)
		return file_error(o);
	if (sent == 0) { /* the file ends before its size: the reply must not look complete */
		errno = 0;
		return OUT_FILE;
	}
	o->sent += (size_t)sent;
	o->left -= sent;
	return o->left ? OUT_BLOCKED : OUT_DONE;
}

/* Everything queued is sent: queues the next part, or the end of the body; false when there is
 * none. */
static bool queue_part(struct out *o)
{
	char head[MULTIPART_HEAD];
	struct range r;
	size_t n;

	if (!o->parts)
		return false;
	o->first = o->n = 0;
	o->used = o->start = 0;
	if (multipart_head(o->parts, head, &n, &r)) {
		o->at = r.first;
		o->left = range_length(&r);
	} else {
		multipart_free(o->parts);
		o->parts = NULL;
	}
	out_put(o, head, n);
	out_cut(o);
	return true;
}

enum out_result out_flush(struct out *o, int sock)
{
	int64_t sent = 0;
	unsigned parts = 0;

	do {
		int64_t left = o->left;
		enum out_result r;

		if (parts++ == TURN_PARTS || sent >= (int64_t)TURN)
			return OUT_BLOCKED;
		r = send_pieces(o, sock);
		if (r == OUT_DONE && o->file >= 0)
			r = send_file(o, sock);
		if (r != OUT_DONE)
			return r;
		sent += left;
	} while (queue_part(o));
	clear_queue(o);
	if (o->text.cap > KEPT)
		buf_release(&o->text);
	return OUT_DONE;
}
