/* SPDX-License-Identifier: MIT */
/*
 * What the files of the model share.
 *
 *	model.c		opening, refreshing, finding; what follows from a record
 *	model_update.c	what a refresh counts
 *	longest.c	what has lasted longest, if somebody asks
 *	uses.c		who waits for a resource and uses it, if somebody asks
 */
#ifndef CONSOLE_MODEL_PRIVATE_H
#define CONSOLE_MODEL_PRIVATE_H

#include "console/model.h"

/* What one worker had counted by when; the record may serve another thread later. */
struct worker_seen {
	uint64_t ref;
	uint64_t polls, wakes;
};

/* Those that use a resource. */
enum use_kind { USE_TASK, USE_WORKER, USE_OP, USES };

struct use {
	uint64_t ref; /* the resource they were counted for */
	uint32_t count[USES];
	uint32_t first[USES]; /* index plus one in its table */
};

struct uses {
	struct use *list; /* by resource index */
	uint32_t count;
	uint32_t *next[USES]; /* by index in its table: the next one, plus one */
	uint32_t next_count[USES];
};

/* A model and what only its own files know of it. */
struct inside {
	struct model model;
	uint8_t *states; /* by task index: enum vigil_state or STATE_NONE */
	uint8_t *torn;   /* by task index */
	uint32_t state_count;
	struct worker_seen *seen; /* by worker index */
	uint8_t *waited;          /* by resource index: whether somebody waits for it */
	uint32_t waited_count;    /* how long that is */
	uint32_t waited_locks;    /* how many are set */
	size_t contended_room;
	uint64_t *waiting; /* by resource index: since when somebody waits; longest.c */
	uint32_t waiting_count;
	bool has_waiting;    /* since the last refresh */
	struct uses uses;    /* when they were wanted last; uses.c */
	uint64_t gone_polls; /* of workers whose record went to another */
	uint64_t gone_wakes;
	uint64_t last_polls, last_wakes, last_spawns;
};

static inline struct inside *inside_of(struct model *model)
{
	return (struct inside *)(void *)model;
}

/* ---- model_update.c ---- */

/* Draws all that follows from the copies as they are now. Returns 0 or -ENOMEM. */
int model_update(struct inside *inside, bool is_first);

/* How long it was in polls, the one that runs included. */
uint64_t worker_busy(const struct vigil_worker_record *worker, uint64_t now);

/* ---- uses.c ---- */

void uses_fini(struct uses *uses);

#endif
