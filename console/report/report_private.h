/* SPDX-License-Identifier: MIT */
/* The pass from the inside: what the files of report.h share. */
#ifndef CONSOLE_REPORT_PRIVATE_H
#define CONSOLE_REPORT_PRIVATE_H

#include "console/report/report.h"
#include "libtrace/board.h"

/* ---- What only the pass needs ---- */

enum task_state { TASK_NONE, TASK_IDLE, TASK_RUNNABLE, TASK_RUNNING };

/* A task while it lives, by the index of its record. */
struct task_sum {
	uint32_t gen;
	enum task_state state;
	uint32_t executor; /* row */
	uint64_t log_last; /* its last slice in the path's log, plus one */
	uint64_t run_ns, runnable_ns, wait_ns, held_ns;
	uint64_t polls, run_max_ns, runnable_max_ns;
	/* A lock it was handed while it was idle: its record has forgotten it since. */
	uint32_t lock_kind, lock_row, lock_site;
};

/* Which row a record has, while it is the same object. */
struct row_map {
	struct row_at {
		uint32_t gen;
		uint32_t row; /* plus one */
	} * list;
	size_t room;
};

#define RESOURCE_SLOTS (2 * REPORT_RESOURCES)
#define WAIT_SLOTS (2 * REPORT_WAITS)

struct report_inside {
	const struct board *board;
	uint64_t boards; /* as of the trace's process: how often it became another */
	struct task_sum *tasks;
	size_t task_room;
	struct row_map workers, executors, resources;
	uint32_t resource_slots[RESOURCE_SLOTS]; /* row plus one, by hash */
	uint32_t wait_slots[WAIT_SLOTS];
};

/* ---- report.c ---- */

/* A process without a trace, the only one of its report. NULL without memory. */
struct report_process *report_process_new(struct report *report);

/* ---- report_board.c ---- */

/* A sentence about who is stuck on a board, if anybody is. */
void report_stuck(struct report_process *rp, const struct model *model);

/* ---- report_rows.c ---- */

/* Makes list[index] exist, zero at first. Returns false without memory. */
bool array_reach(void *list, size_t *room, size_t index, size_t size);

/* Adds one more than count, zero at first. Returns NULL without memory. */
void *array_add(void *list, uint32_t *count, size_t size);

/* The row of an object; REPORT_NONE for 0, of what is gone, and without memory. */
uint32_t row_worker(struct report_process *rp, uint64_t ref);
uint32_t row_executor(struct report_process *rp, uint64_t ref);
uint32_t row_resource(struct report_process *rp, uint64_t ref);

/* The row of an index plus one; NULL for 0, for nonsense and without memory. */
struct report_site *row_site(struct report_process *rp, uint32_t site);

/* A worker or executor has got its name. */
void row_rename(struct report_process *rp, uint64_t ref);

/* Words of all sites, when the board is as it was last. */
void rows_name_sites(struct report_process *rp);

void report_site_name_put(struct report_site *row, const struct vigil_site_record *site);

void who_of(const struct report_process *rp, uint64_t task, struct report_who *ret_who);
void who_of_record(const struct report_process *rp, const struct vigil_task_record *task,
		   struct report_who *ret_who);

/* ---- Sums and histograms ---- */

void sum_add(struct report_sum *sum, uint64_t ns);
void hist_put(struct vigil_hist *hist, uint64_t ns);

/* The same; makes it when it is the first. */
void hist_put_at(struct vigil_hist **hist, uint64_t ns);

/* ns, kept within the window. */
uint64_t window_of(const struct report_process *rp, uint64_t ns);

/* ---- report_task.c ---- */

/* The sum of a task that lives; NULL for nonsense, what is gone, and without memory. */
struct task_sum *task_sum_of(struct report_process *rp, uint64_t ref);

/* A slice of its own: run, runnable or wait. */
void task_slice(struct report_process *rp, const struct slice *slice);

/* A wait held it up so long. */
void task_held(struct report_process *rp, uint64_t ref, uint64_t ns);

/* An event has happened to it: how is it now? */
void task_settle(struct report_process *rp, uint64_t ref, uint64_t ns);

/* Those that are there: when the trace begins, or when its board became another. */
void tasks_begin(struct report_process *rp, uint64_t ns);

/* The end of the pass: those that live are told to the tops. */
void tasks_close(struct report_process *rp);

/* ---- report_poll.c ---- */

void poll_begins(struct report_process *rp, const struct trace_event *event);
void poll_slice(struct report_process *rp, const struct slice *slice, bool is_open);
void poll_blocked(struct report_process *rp, const struct slice *slice);
void poll_span(struct report_process *rp, const struct slice *slice);

/* ---- report_wait.c ---- */

/* For what, and who ended it; waker is the place of the wake. */
void wait_like(struct report_process *rp, const struct slice *slice, uint32_t waker,
	       struct report_wait *ret_wait);

/* The same of a thread that was blocked. */
void wait_blocked_like(struct report_process *rp, const struct slice *slice,
		       struct report_wait *ret_wait);

/* Who has a lock, or had it last. */
uint64_t wait_holder(const struct report_process *rp, uint64_t lock);

void wait_slice(struct report_process *rp, const struct slice *slice, uint32_t waker);
void wait_blocked(struct report_process *rp, const struct slice *slice);
void wait_lock(struct report_process *rp, const struct slice *slice);
/* One that is not over, if it is for a lock: nobody took that. */
void wait_lock_open(struct report_process *rp, const struct slice *slice);

void wait_hold(struct report_process *rp, const struct slice *slice);

/* ---- report_path.c ---- */

/* waker and where it stood: of a wait, what ended it. */
void path_slice(struct report_process *rp, const struct slice *slice, uint64_t waker,
		uint32_t wake_site, bool is_open);

/* A thread was blocked in the middle of a poll, which is not over. */
void path_blocked(struct report_process *rp, const struct slice *slice, bool is_open);

/* An event has happened to a task: is it the one? */
void path_settle(struct report_process *rp, uint64_t ref);
void path_fini(struct report_path *path);

#endif
