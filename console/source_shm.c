/* SPDX-License-Identifier: MIT */
/* Boards in files, most of them in shared memory: the reader does all of it. */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>

#include "console/source.h"

struct shm {
	struct source source;
	struct vigil_reader *first; /* opened to see that there is one */
};

static void shm_close(struct source *source)
{
	vigil_reader_close(((struct shm *)source)->first);
	free(source);
}

static int shm_reader_open(struct source *source, struct vigil_reader **ret_reader,
			   struct vigil_problem *ret_problem)
{
	struct shm *shm = (struct shm *)source;

	(void)ret_problem;
	*ret_reader = shm->first;
	shm->first = NULL;
	return 0;
}

static enum source_news shm_refresh(struct source *source, struct vigil_reader *reader)
{
	(void)source;
	(void)reader;
	return SOURCE_SAME;
}

static const struct source_ops shm_ops = {
	.close = shm_close,
	.reader_open = shm_reader_open,
	.refresh = shm_refresh,
};

int source_shm_open(const char *target, const struct source_options *options,
		    struct source **ret_source, struct vigil_problem *ret_problem)
{
	struct vigil_reader *reader;
	struct shm *shm;
	int r = vigil_reader_open(target, &reader, ret_problem);

	if (r)
		return r;
	if (options->at || options->pid) {
		snprintf(ret_problem->text, sizeof(ret_problem->text),
			 "%s is no trace but the board of a process: it has no other moment than "
			 "its present one, and one process; leave --at and --process out",
			 target ? target : "what is alive");
		vigil_reader_close(reader);
		return -EINVAL;
	}
	shm = calloc(1, sizeof(*shm));
	if (!shm) {
		snprintf(ret_problem->text, sizeof(ret_problem->text), "out of memory");
		vigil_reader_close(reader);
		return -ENOMEM;
	}
	shm->source.ops = &shm_ops;
	shm->first = reader;
	*ret_source = &shm->source;
	return 0;
}
