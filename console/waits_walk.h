/* SPDX-License-Identifier: MIT */
/* A walk along a wait chain, from the inside: for the waits files only. */
#ifndef CONSOLE_WAITS_WALK_H
#define CONSOLE_WAITS_WALK_H

#include "console/names.h"
#include "console/wait_sites.h"
#include "console/waits.h"

/* What came out, for who compares chains. */
struct verdict {
	uint64_t object;   /* the cause: chains with the same one belong together */
	uint64_t culprit;  /* the same; 0: each of a cycle is as guilty as the next */
	uint32_t site;     /* the guilty line */
	bool is_cycle;     /* proved */
	bool is_by_design; /* it waits for input, a timer, work: not stuck */
};

#define HOP_TEXT 320
#define HOP_HELD "%.80s, held by %.80s (taken at %.100s)"

/* What waits or runs for longer than the limit though nothing is stuck. */
struct quiet {
	uint64_t awaits; /* of a task that waits by design */
	uint64_t jobs;   /* of blocking pools, that run */
};
int waits_quiet(const struct model *model, uint64_t limit_ns, struct quiet *ret_quiet);

/* Who waits for workers that are away. */
struct absent {
	uint64_t limit_ns; /* away is who has been so for longer */
	uint64_t *waiting; /* tasks without a deadline, by worker index; NULL: none */
};

struct walk {
	const struct model *model;
	const struct absent *absent;
	const struct wait_sites *wait_sites;
	struct chain *chain;
	struct verdict verdict;
	uint64_t next;       /* the object to look at; 0: the walk is over */
	bool is_guess;       /* a link so far was a guess */
	bool is_one_of_many; /* somebody else may give a permit back: a cycle proves nothing */

	uint64_t seen[CHAIN_LINKS];
	char hops[CHAIN_LINKS]
		 [HOP_TEXT];         /* what each of them waits for, for the story of a cycle */
	uint32_t sites[CHAIN_LINKS]; /* the line at which each of them waits; 0: not known */
	size_t seen_count;

	uint64_t lock; /* the last lock on the way: what happens now happens under it */
	uint64_t lock_owner;
	uint32_t lock_site;
	uint64_t lock_ns;

	uint64_t waiter; /* the last task on the way, and where it was polled last */
	uint64_t worker;

	bool is_first_absent;  /* the first task is one of those counted as waiting */
	bool has_told_waiting; /* once a chain is enough */
	bool has_told_end;
};

/* Walks from any object. */
void walk_run(struct walk *walk, const struct model *model, const struct absent *absent,
	      const struct wait_sites *wait_sites, uint64_t from, struct chain *chain);

/* ---- Workers that do not look at their events: waits_away.c ---- */

/* How long a worker has been in one poll, or blocked outside of any; 0: it is not. */
uint64_t away_ns(const struct model *model, const struct vigil_worker_record *worker);

/* Whether an idle task waits for what a loop tells it: a descriptor, a timer. */
bool is_for_loop(const struct vigil_task_record *task);

/*
 * The worker that would notice what an idle task waits for, if it has been away
 * for longer than the limit or since the deadline; NULL: it is not, or who it is
 * is not known.
 */
const struct vigil_worker_record *away_worker(const struct model *model,
					      const struct vigil_task_record *task,
					      uint64_t limit_ns);

/* Counts those who wait without a deadline. Returns 0, or -1 without memory; the
 * caller frees waiting. */
int absent_find(const struct model *model, uint64_t limit_ns, struct absent *ret_absent);

/* The step of such a task. Returns false, and did nothing, when it is none. */
bool step_absent(struct walk *walk, const struct vigil_task_record *task, uint64_t ref);

/* ---- Permits, whose owners want more of them: waits_permits.c ---- */

/*
 * The owner to go on to: the oldest one that does not wait for the same lock, else the
 * oldest. Index of it; -1: none is known.
 */
int owner_to_follow(const struct walk *walk, const struct vigil_resource_record *lock,
		    uint64_t ref);

/* Whether all who hold it wait for it themselves. */
bool all_owners_wait(const struct walk *walk, const struct vigil_resource_record *lock,
		     uint64_t ref);

/* The step of such a lock with several owners: a deadlock. */
void step_all_owners_wait(struct walk *walk, const struct vigil_resource_record *lock,
			  uint64_t ref);

/* ---- Steps, one a kind of object. Each adds links; sets next or concludes. ---- */

void step_task(struct walk *walk, const struct vigil_task_record *task, uint64_t ref);
void step_idle(struct walk *walk, const struct vigil_task_record *task, uint64_t ref);
void step_worker(struct walk *walk, const struct vigil_worker_record *worker, uint64_t ref);
void step_executor(struct walk *walk, const struct vigil_executor_record *executor, uint64_t ref);
void step_resource(struct walk *walk, const struct vigil_resource_record *resource, uint64_t ref);

/* ---- What steps write ---- */

void link_add(struct walk *walk, enum link_kind kind, uint64_t object, uint32_t site,
	      uint64_t for_ns, const char *format, ...) __attribute__((format(printf, 6, 7)));

/* The line at which the task waits, if that is known, else where it was spawned. */
uint32_t site_to_show(const struct walk *walk, const struct vigil_task_record *task);

/* What the object looked at waits for: "lock "a", held by 17 left (taken at a.c:7)". */
void hop_set(struct walk *walk, const char *format, ...) __attribute__((format(printf, 2, 3)));

/*
 * Ends the walk: the sentence that names the cause, without its full stop. A
 * lock on the way comes first in it, and its line is then the guilty one.
 */
void conclude(struct walk *walk, uint64_t object, uint32_t site, const char *format, ...)
	__attribute__((format(printf, 4, 5)));

/* Ends it with what nobody need worry about, unless a lock is held meanwhile. */
void conclude_by_design(struct walk *walk, uint64_t object, const char *format, ...)
	__attribute__((format(printf, 3, 4)));

/* ---- Words ---- */

/* A name, a place, a time, each in a buffer of its own: one call an argument. */
struct words {
	char text[NAME_TEXT];
};
const char *words_object(struct words *words, const struct model *model, uint64_t ref);
const char *words_place(struct words *words, const struct model *model, uint32_t site);
const char *words_time(struct words *words, uint64_t ns);

/* ", at own.c:7 work": the line at which a task waits; empty when it is not known. */
const char *words_waits_at(struct words *words, const struct walk *walk,
			   const struct vigil_task_record *task);

/*
 * Times that go on: "202 ms", "for 202 ms", "202 ms ago". Of a process that is
 * gone they end at the last thing it recorded, and say so; the first of a chain
 * in full.
 */
const char *words_lasting(struct words *words, struct walk *walk, uint64_t ns, bool has_for);
const char *words_ago(struct words *words, const struct walk *walk, uint64_t ns);

/* "; 3 other tasks of http-0 wait for this worker to return", once a chain. */
const char *words_waiting(struct words *words, struct walk *walk,
			  const struct vigil_worker_record *worker);
const char *words_thread(struct words *words, const struct model *model,
			 const struct vigil_worker_record *worker);

/* What tells more than a board can: a debugger, a core. */
void link_add_stack(struct walk *walk, const struct vigil_worker_record *worker);

#define PLACE(site) words_place(&(struct words){ "" }, walk->model, (site))
#define NAME(ref) words_object(&(struct words){ "" }, walk->model, (ref))
#define WAITS_AT(task) words_waits_at(&(struct words){ "" }, walk, (task))
#define TIME(ns) words_time(&(struct words){ "" }, (ns))
#define LASTING(ns) words_lasting(&(struct words){ "" }, walk, (ns), false)
#define FOR(ns) words_lasting(&(struct words){ "" }, walk, (ns), true)
#define AGO(ns) words_ago(&(struct words){ "" }, walk, (ns))
#define WAITING(worker) words_waiting(&(struct words){ "" }, walk, (worker))
#define THREAD(worker) words_thread(&(struct words){ "" }, walk->model, (worker))

static inline uint64_t ns_since(const struct walk *walk, uint64_t begin)
{
	return begin && walk->model->now > begin ? walk->model->now - begin : 0;
}

#endif
