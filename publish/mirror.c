#include "publish/mirror.h"

#include <sys/stat.h>
#include <unistd.h>

#include "oci/base/cleanup.h"
#include "oci/base/err.h"
#include "oci/cli/message.h"
#include "oci/store/generation.h"

static int open_layout(struct mirror *m, const char *path, struct err *err)
{
	if (access(path, F_OK) < 0)
		return err_set(err, ERR_NOTFOUND, 0,
			       "no mirror at \"%s\": --mirror or MIRROR_DIR says where it is",
			       path);
	return layout_open(&m->layout, path, LAYOUT_READ, err);
}

static bool has_records(const struct mirror *m)
{
	return faccessat(m->layout.root, ".mirror", F_OK, 0) == 0;
}

static int not_a_mirror(const char *path, struct err *err)
{
	return err_set(err, ERR_INVALID, 0,
		       "\"%s\" is an OCI image layout, but not a mirror: mirror-sync has never "
		       "published there",
		       path);
}

int mirror_read(struct mirror *m, const char *path, struct err *err)
{
	if (open_layout(m, path, err) < 0 || generation_look(&m->layout, &m->index, err) < 0)
		return -1;
	/* a copy made for serving may lack .mirror/ */
	if (!has_records(m) && !index_annotation(&m->index, ANNOTATION_GENERATION))
		return not_a_mirror(path, err);
	if (!generation_doubt(&m->layout, &m->index, &m->doubt))
		m->doubt = (struct err)ERR_INIT;
	return 0;
}

bool mirror_tell_doubt(const struct mirror *m)
{
	if (m->doubt.kind != ERR_NONE)
		message_err(&m->doubt);
	return m->doubt.kind != ERR_NONE;
}

static int open_for_change(struct mirror *m, const char *path, struct err *err)
{
	if (open_layout(m, path, err) < 0)
		return -1;
	return has_records(m) ? 0 : not_a_mirror(path, err);
}

int mirror_open(struct mirror *m, const char *path, const char *who, long wait, struct err *err)
{
	if (open_for_change(m, path, err) < 0)
		return -1;
	return generation_open(&m->layout, who, (int)wait, &m->index, err);
}

int mirror_open_restored(struct mirror *m, const char *path, long *last, struct err *err)
{
	if (open_for_change(m, path, err) < 0)
		return -1;
	return generation_restored_open(&m->layout, &m->index, last, err);
}

int mirror_relock(struct mirror *m, const char *who, long wait, struct err *err)
{
	int current;

	m->lock = generation_lock(&m->layout, who, (int)wait, err);
	if (m->lock < 0)
		return -1;
	current = generation_is_current(&m->layout, &m->index, err);
	if (current != 1)
		cleanup_fd_(&m->lock);
	return current;
}

int mirror_lock(struct mirror *m, const char *path, const char *who, long wait, struct err *err)
{
	if (open_for_change(m, path, err) < 0)
		return -1;
	m->lock = generation_lock(&m->layout, who, (int)wait, err);
	return m->lock < 0 ? -1 : generation_load(&m->layout, &m->index, err);
}

void mirror_unlock(struct mirror *m)
{
	if (m->lock < 0)
		return;
	cleanup_fd_(&m->lock);
	generation_thin(&m->layout, generation_number(&m->index));
}

void mirror_release(struct mirror *m)
{
	index_release(&m->index);
	layout_close(&m->layout);
	cleanup_fd_(&m->lock);
	*m = (struct mirror)MIRROR_INIT;
}
