/* SPDX-License-Identifier: MIT */
/*
 * Models: one for each process of a source, whichever of them is chosen, and their
 * sums. Numbered as in the source.
 *
 * The law of the file: it reads boards only when it is told to, so that who shows one
 * process alone pays for no other.
 */
#ifndef CONSOLE_MODELS_H
#define CONSOLE_MODELS_H

#include "console/model.h"
#include "console/source.h"

#define MODELS_MOST 4095 /* processes; later ones are not there */

/* The model of a process. */
struct models_one {
	struct model *model; /* NULL: it has not begun */
	bool is_other;       /* since the last refresh no record need be what it was */
	bool is_away;        /* its stream is lost: this was its last moment */
};

struct models {
	struct models_one *list;
	uint32_t count;
	struct model sum; /* its totals, counts and status are of all together; no more of it is */
	struct vigil_counts_record counts;
	uint32_t begun, ended, away; /* processes */
	uint32_t hosts;
};

/* All zero is none yet. Reads the processes of a source again. Returns 0 or -ENOMEM. */
int models_refresh(struct models *models, struct source *source);
void models_fini(struct models *models);

/* NULL: it has not begun. */
struct model *models_at(const struct models *models, uint32_t process);

/* Whether a process runs, as far as is known. */
bool models_is_there(const struct models_one *one);

/* "3 processes on 2 hosts". */
void models_words(const struct models *models, char *buf, size_t size);

/* Who the process of a model is; of one that is alone: its name, no host. */
void model_member(const struct model *model, struct source_member *ret_member);

#endif
