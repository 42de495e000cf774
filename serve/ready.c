#include "serve/ready.h"

#include "serve/out.h"
#include "serve/reload.h"
#include "serve/reply.h"
#include "serve/server.h"

const char *ready_why_not(const struct server *s)
{
	if (atomic_load_explicit(&s->stopping, memory_order_relaxed))
		return "this server is about to end";
	if (atomic_load_explicit(&s->reload->bad, memory_order_relaxed))
		return "index.json cannot be read; an earlier generation is served";
	return NULL;
}

void ready_reply(struct exchange *x, const struct server *s)
{
	const char *why_not = ready_why_not(s);

	buf_clear(&x->out->text);
	buf_addf(&x->out->text, "%s\n", why_not ? why_not : "ready");
	reply_text(x, why_not ? 503 : 200, "text/plain");
}
