/* SPDX-License-Identifier: MIT */
/*
 * The model: a board as verbs and views ask about it. It knows no terminal, and
 * not where its board came from.
 *
 * Rates and shares are of the time between two refreshes, of a trace that is moved of the
 * second before its moment: it may have come there at once.
 *
 * Everything a model returns stays valid until the next model_refresh.
 */
#ifndef CONSOLE_MODEL_H
#define CONSOLE_MODEL_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include <vigil/reader.h>

/* One worker's busy share over the refreshes remembered, newest last. */
#define MODEL_HISTORY 120

struct worker_history {
	uint64_t ref;
	float busy[MODEL_HISTORY]; /* 0..1 of each interval */
	uint64_t busy_ns;          /* at the last refresh, the running poll included */
};

/* Tasks by state, and what happens in a second. */
struct model_totals {
	uint64_t running, scheduled, idle, done; /* done: still visible */
	uint64_t live;
	uint64_t polls, wakes, spawns;              /* since the start */
	double polls_rate, wakes_rate, spawns_rate; /* per second, last interval; NAN: not known */
	uint64_t lost;                              /* sum of counts->lost_* and refused_space */
	uint64_t misused;                           /* sum of counts->misused_* */
	uint64_t torn;                              /* task records torn at this refresh */
};

/* A lock that others wait for, and one who holds it. */
struct contended {
	uint64_t owner, lock;
};

struct source;
struct source_options;

struct model {
	struct vigil_reader *reader;
	struct source *source; /* where that is from; NULL: the caller's */
	uint64_t now;          /* time of the last refresh */
	enum vigil_status status;
	const struct vigil_process_record *process;
	const struct vigil_counts_record *counts;
	struct model_totals totals;
	struct vigil_site_stats *sites;  /* by site index; NULL until model_want_sites */
	struct vigil_edge_record *edges; /* most polls first; after model_want_edges */
	size_t edge_count;
	struct worker_history *histories; /* by worker index */
	uint32_t history_count;
	uint32_t history_at; /* intervals remembered so far */
	uint64_t last_now;
	bool has_no_past; /* of a trace, and nothing of what led up to this moment was seen */
	struct contended *contended; /* by owner */
	size_t contended_count;
};

/*
 * Opens a target: what vigil_reader_open takes, or a trace's folder, or a relay's
 * session. options may be NULL. Returns 0 or -errno.
 */
int model_open(const char *target, const struct source_options *options, struct model **ret_model,
	       struct vigil_problem *ret_problem);

/* Takes over a source. Returns 0, or -errno with a sentence and the source the caller's. */
int model_new_of(struct source *source, struct model **ret_model,
		 struct vigil_problem *ret_problem);

/* Takes over a reader that is open. Returns NULL without memory. */
struct model *model_new(struct vigil_reader *reader);
void model_free(struct model *model);

/*
 * Reads the board again: records, totals, histories. Returns 0; 1 when it is another
 * board than before, or another moment of it, so that no record need be what it was;
 * or -errno: then the picture is the old one.
 */
int model_refresh(struct model *model);

/* The same at once of another process of its source. */
int model_choose(struct model *model, uint32_t process);

/* Sums for sites, edges between them: only for who shows them, after a refresh. */
int model_want_sites(struct model *model);
int model_want_edges(struct model *model);

/* A task of a serial number, as people type it; NULL when none is visible. */
const struct vigil_task_record *model_task_by_id(const struct model *model, uint64_t id);

/* The index of a record that model handed out, and its reference. */
uint32_t model_index(const struct model *model, enum vigil_table table, const void *record);
uint64_t model_ref(const struct model *model, enum vigil_table table, const void *record);

/* Whether its process was there at that moment, one of a trace included. */
bool status_is_there(enum vigil_status status);

/* Whether it ended without a word: all times end at its last record, when it ended is not known. */
bool model_is_cut_off(const struct model *model);

/* Whether a trace lost events after this moment: what has been so since then may not be. */
bool model_is_unsure(const struct model *model, uint64_t since_ns);

/* A lock that a task or a worker holds and others wait for; 0: none. */
uint64_t model_contended_lock(const struct model *model, uint64_t owner);

/*
 * Whether a worker polls, is parked, or waits for a lock. OUTSIDE: it said nothing
 * of the kind; it is outside of any poll, and what it does there is not known.
 */
#define WORKER_STATES(X)                                                                           \
	X(WORKER, POLLING, "polling")                                                              \
	X(WORKER, PARKED, "parked")                                                                \
	X(WORKER, WAITING, "waiting") X(WORKER, OUTSIDE, "outside") X(WORKER, ENDED, "ended")
#define WORKER_ENUM_(e, NAME, word) e##_##NAME,
enum worker_state { WORKER_STATES(WORKER_ENUM_) };

struct worker_times {
	enum worker_state state;
	uint64_t state_ns;  /* how long it has been so, 0 unknown (OUTSIDE) */
	uint64_t busy_ns;   /* polls, the one that runs included */
	uint64_t parked_ns; /* parks, the present one included */
	uint64_t age_ns;
	double busy_share; /* in polls, 0..1 of the last interval, else of its life */
	bool has_share;    /* else there was no interval, and it is 0 */
};
void model_worker_times(const struct model *model, const struct vigil_worker_record *worker,
			struct worker_times *ret_times);

/* Whether it is there and a lock, by its kind or by how it is used. */
bool lock_is_live(const struct vigil_resource_record *resource);

/* Whether it says that it has no permits, and nobody has one to give back. */
bool lock_is_used_up(const struct model *model, const struct vigil_resource_record *lock);

/* How often who wanted a lock had to wait, those who wait now included: 0 to 1. */
double lock_contention(const struct vigil_resource_record *lock);

/* Its owner that has held it longest; -1 when none is named. */
int lock_oldest_owner(const struct vigil_resource_record *lock);

/* a - b; 0 when that is negative. */
uint64_t less_of(uint64_t a, uint64_t b);

/* a / b; 0 when b is 0. */
double share_of(uint64_t a, uint64_t b);

#endif
