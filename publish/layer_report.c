#include "publish/layer_report.h"

#include <stdlib.h>

void layer_report_release(struct layer_report *r)
{
	free(r->text);
	free(r->first_device);
	*r = (struct layer_report){ .damage = DAMAGE_NONE };
}
