/* SPDX-License-Identifier: MIT */
/*
 * A report: what happened in a trace, gathered in one pass, then printed as text, as
 * JSON or as a page.
 *
 *	report.c		the pass: which event tells whom
 *	report_rows.c		sites, workers, executors, resources of a process
 *	report_task.c		tasks: times, states, the runnable ones of an executor
 *	report_poll.c		polls: the slowest, and what they held up
 *	report_wait.c		waits: for what, and who ended them
 *	report_path.c		the critical path of one task
 *	report_find.c		what is most wrong, and the order of processes
 *	report_words.c		words and orders for printers
 *	report_board.c		the same of a board alone, without a trace
 *	report_read.c		whole traces, with progress
 *	report_text.c report_json.c report_html.c report_compare.c	printing
 *
 * The law: what is gathered does not grow with the length of the trace: rows per
 * site, worker, executor, live task; the largest N; bins; histograms. Gathering
 * prints nothing, printing gathers nothing. Names are copied when they are met, since
 * a record serves another object later. They are hostile to the last: each printer
 * makes them harmless in its own way.
 */
#ifndef CONSOLE_REPORT_REPORT_H
#define CONSOLE_REPORT_REPORT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>

#include <vigil/reader.h>

#include "console/moment.h"
#include "console/report/report_bins.h"
#include "console/report/report_top.h"
#include "console/trace/event.h"
#include "console/trace/slice.h"

struct model;
struct recording;

#define REPORT_NAME 48
#define REPORT_NONE UINT32_MAX /* no row */

#define REPORT_LONG_NS UINT64_C(10000000) /* a poll longer than this blocks its worker */
#define REPORT_TOP 10

struct report_options {
	struct window window;    /* as it was asked for; report_read finds it in the trace */
	uint64_t from_ns, to_ns; /* since the start of the trace; to_ns 0: its end */
	uint64_t task;           /* serial number, whose critical path is wanted; 0 none */
	uint32_t pid;            /* 0: every process */
	size_t top;              /* rows of a table; 0: REPORT_TOP */
	bool is_quiet;           /* no progress on stderr */
};

/* ---- Rows ---- */

/* A task that may be gone when this is read. */
struct report_who {
	uint64_t id; /* 0: none */
	uint32_t site;
	char name[REPORT_NAME];
};

struct report_sum {
	uint64_t count, ns, max_ns;
};

/* Of a place in the source. */
struct report_site {
	char place[80]; /* conn.c:120 */
	char file[128];
	uint32_t line;
	char function[64];
	char name[REPORT_NAME];
	uint64_t spawned, ended, failed, cancelled, aborted;
	struct report_sum run, runnable, wait; /* of tasks spawned here */
	struct vigil_hist *run_hist, *runnable_hist;
	struct report_sum span, op; /* of spans and operations made here */
};

#define REPORT_SPANS 8

struct report_worker {
	uint64_t ref;
	char name[REPORT_NAME];
	uint32_t executor; /* row; REPORT_NONE */
	bool is_of_pool;
	uint64_t begin_ns, end_ns;
	struct report_sum run, park, blocked;
	uint64_t long_polls, long_ns, delayed_ns;
	struct series *busy, *waiting; /* NULL: it never polled */
	/* Of its outermost poll that runs. */
	uint64_t area_ns; /* of its executor when that began */
	uint64_t blocked_ns, blocked_max_ns;
	uint32_t blocked_kind, blocked_site, blocked_resource;
	uint32_t span_count;
	struct slice spans[REPORT_SPANS]; /* that ended in it */
};

struct report_executor {
	uint64_t ref;
	char name[REPORT_NAME];
	uint32_t kind;
	uint32_t site;
	uint64_t workers;
	struct level runnable;
	uint64_t queued_max; /* as its runtime says */
	uint64_t long_polls, long_ns, delayed_ns;
};

/* Resources of one name, kind and place are one row. */
struct report_resource {
	char name[REPORT_NAME];
	char type[32];
	uint32_t kind;
	uint32_t site;
	uint64_t count;
	uint64_t acquired; /* holds that were seen to begin */
	struct report_sum hold, wait;
	struct vigil_hist *hold_hist, *wait_hist;
	uint32_t hold_max_site;
	uint32_t wait_max_site;   /* where the longest waiter stood */
	uint32_t wait_max_holder; /* and where who held it meanwhile had taken it */
};

struct report_task {
	uint64_t key;
	struct report_who who;
	uint64_t born_ns; /* on the process's clock */
	uint64_t run_ns, runnable_ns, wait_ns;
	uint64_t held_ns; /* waits that hold up, also inside polls */
	uint64_t polls, run_max_ns, runnable_max_ns;
	uint32_t outcome; /* enum vigil_outcome; none: it lives */
};

#define REPORT_DELAYED 3

struct report_poll {
	uint64_t key;
	struct report_who who;
	uint32_t worker, executor; /* rows */
	uint64_t begin_ns, run_ns;
	char span[REPORT_NAME];
	uint32_t span_site;
	uint64_t blocked_ns; /* of it, the thread waited */
	uint32_t blocked_kind, blocked_site, blocked_resource;
	uint64_t delayed_ns; /* runnable tasks of the executor, added up */
	uint64_t delayed;    /* how many were still at its end */
	struct report_delayed {
		struct report_who who;
		uint64_t ns;
	} worst[REPORT_DELAYED];
	bool is_open;
};

/* Waits that began, were and ended alike. */
enum report_object { REPORT_NOTHING, REPORT_RESOURCE, REPORT_TASK, REPORT_WORKER };
struct report_wait {
	uint32_t site;   /* of the task */
	uint32_t kind;   /* enum vigil_wait_kind */
	bool is_blocked; /* the thread waited, in the middle of a poll */
	bool is_of_pool; /* and is there for that */
	bool is_overdue; /* what came after its deadline; what came before is a row of its own */
	enum report_object object;
	uint32_t number; /* resource: its row plus one; task: its site */
	uint32_t ender;  /* the place that woke it, or where the lock had been taken */
	struct report_sum sum;
};

/* ---- The critical path of one task ---- */

#define REPORT_STEPS 400
struct report_step {
	int depth; /* 0: the task's own; 1: of who it waited for, meanwhile; ... */
	uint64_t begin_ns, end_ns;
	/* RUN, RUNNABLE, WAIT, BLOCKED inside a poll; SLICE_KINDS: `steps` that were too short */
	enum slice_kind kind;
	uint64_t steps;
	struct report_who who;
	uint32_t worker;         /* row, of RUN */
	struct report_wait wait; /* of WAIT and BLOCKED, without its sum */
	int32_t fd;
	struct report_who waker; /* of WAIT and RUNNABLE; of BLOCKED on a lock who held it */
	uint32_t wake_site;      /* of BLOCKED where it stood */
	bool is_open;
};

/* What its waits were for, and what who ended them did meanwhile. */
#define REPORT_CAUSES 64
struct report_cause {
	struct report_wait wait; /* with its sum; ender is where it was woken, or the lock taken */
	struct report_who waker; /* the last one; its site is that of all */
	uint64_t run_ns, runnable_ns, wait_ns;
};

struct report_path {
	bool is_wanted, is_found;
	bool is_cut; /* of somebody it waited for, what was long ago is not kept */
	uint64_t ref;
	struct report_task task;
	struct report_sum run, runnable, wait, blocked; /* blocked: inside polls, not in run */
	struct report_step *steps;                      /* in the order of time */
	size_t count;
	uint64_t short_ns; /* steps below it are counted, not kept */
	struct report_cause *causes;
	uint32_t cause_count;
	struct report_log *log; /* what only the pass needs */
};

/* ---- A process ---- */

#define REPORT_RESOURCES 1024 /* rows; what has none is in row 0 */
#define REPORT_WORKERS 512
#define REPORT_EXECUTORS 256
#define REPORT_WAITS 4096
#define REPORT_MARKS 64 /* long polls that are remembered for the timeline, at least */

struct report_process {
	const struct report_options *options;
	uint32_t index;
	uint32_t pid;
	char host[64], name[32], command[256];
	uint64_t first_unix_ns, last_unix_ns;
	uint64_t first_ns;           /* on its own clock */
	uint64_t before_ns;          /* that it had run when the trace began */
	uint64_t origin_ns;          /* first_ns, as the clock of the trace's start */
	uint64_t begin_ns, end_ns;   /* the window, on its own clock */
	uint64_t events;             /* all that are its */
	uint64_t kinds[TRACE_KINDS]; /* those in the window */
	uint64_t lost_events, gaps, adopted, replaced;
	bool is_whole, is_over, is_closed;
	char ended[256]; /* how, as the recording says: "httpd was killed by SIGKILL"; or "" */
	bool is_killed;
	bool has_no_memory;
	bool is_board; /* of a board: no polls one by one, no times of day */

	struct report_sum run, runnable, wait; /* of all tasks */
	struct vigil_hist run_hist, runnable_hist;
	struct level live;
	uint64_t live_end;
	struct bins bins;

	struct report_site *sites; /* by index plus one */
	uint32_t site_count;
	struct report_worker *workers;
	uint32_t worker_count;
	struct report_executor *executors;
	uint32_t executor_count;
	struct report_resource *resources;
	uint32_t resource_count;
	struct report_wait *waits;
	uint32_t wait_count;
	struct top polls, blocked;               /* struct report_poll */
	struct top loop_polls;                   /* the longest that no blocking pool ran */
	struct top by_run, by_runnable, by_wait; /* struct report_task; by_wait: held up first */
	struct report_path path;
	uint64_t tasks; /* that did anything in the window */

	char stuck[800]; /* at its end: a sentence */
	uint64_t stuck_count;

	struct report_inside *inside; /* what only the pass needs */
};

/* ---- A report ---- */

struct report_finding {
	uint64_t cost_ns; /* what it is ordered by */
	char text[600];
};
#define REPORT_FINDINGS 8

struct report {
	struct report_options options;
	char what[512]; /* the folder or target */
	uint64_t first_unix_ns, last_unix_ns;
	struct report_process **processes; /* by index in the trace; after report_end worst first */
	uint32_t process_count;            /* known after report_end */
	size_t room;
	uint64_t events, lost_events, gaps, unknown_gaps, lost_packets, foreign;
	char snapshot[512]; /* why a flight recorder wrote it; "": it is no snapshot */
	char cut[512];      /* why the recording ended before it should; "": it did not */
	char problem[512];  /* why the trace could not be read to its end */
	bool has_no_memory;
	bool is_board;
};

/* NULL without memory. what is copied; options are, too. */
struct report *report_new(const char *what, const struct report_options *options);
void report_free(struct report *report);

/* Before and after an event is applied to its process's board. */
void report_before(struct report *report, const struct trace_process *process,
		   const struct trace_event *event);
void report_after(struct report *report, const struct trace_process *process,
		  const struct trace_event *event);

/* All events are read: takes in a process that did nothing, of which a board lies beside. */
void report_silent(struct report *report, const struct trace_process *process);

/* Whether the window is over: nothing later matters. */
bool report_is_over(const struct report *report, const struct trace_event *event);

/* Its board is as it was last: closes what is open. To be called for each process. */
void report_close(struct report *report, const struct trace_process *process);

/* All are closed: orders rows and processes. */
void report_end(struct report *report);

/* Reads a whole trace. Returns 0 or -errno with a sentence. */
int report_read(const char *path, const struct report_options *options, struct report **ret_report,
		struct vigil_problem *ret_problem);

/* After report_end: what the recording says of itself, and of its program's end. */
void report_recorded(struct report *report, const struct recording *recording);

/* What a board alone tells. Returns 0 or -ENOMEM. */
int report_of_model(const char *what, struct model *model, const struct report_options *options,
		    struct report **ret_report);

/* What is most wrong in a process, worst first. Returns how many. */
size_t report_findings(const struct report_process *process,
		       struct report_finding ret_findings[REPORT_FINDINGS]);

/* ---- What printers ask ---- */

/*
 * Whether somebody made it wait that should not have: who has a lock, a permit, a full queue,
 * does not end, blocks the loop. Others wait for what is outside, or is not due.
 */
bool report_holds_up(const struct report_wait *wait);

/* "timer, overdue", "thread: lock". */
const char *report_wait_words(const struct report_wait *wait, char *buf, size_t size);

/* All workers: loops with long polls first, then the busiest and most blocked. */
const struct report_worker **report_workers(const struct report_process *process,
					    size_t *ret_count);

/* "conn.c:120 conn_open"; "-" for none. site is an index plus one. */
const char *report_place(const struct report_process *process, uint32_t site);
const char *report_place_long(const struct report_process *process, uint32_t site, char *buf,
			      size_t size);

/* `17 http-conn`; "-" for none. */
const char *report_who_words(const struct report_who *who, char *buf, size_t size);

/* `lock "db"`, `task of conn.c:120`; "" for nothing. */
const char *report_object_words(const struct report_process *process, enum report_object object,
				uint32_t number, char *buf, size_t size);
const char *report_resource_words(const struct report_process *process, uint32_t row, char *buf,
				  size_t size);

const char *report_worker_name(const struct report_process *process, uint32_t row);
const char *report_executor_name(const struct report_process *process, uint32_t row);

/* Whether its threads are there to be blocked. */
bool report_is_pool(const struct report_process *process, uint32_t executor);

/*
 * Whether long polls are known to have delayed others by so much. A loop that is blocked
 * does not learn who is ready: next to nothing is what it was told before, not what waited.
 */
bool report_is_delay_known(const struct report_process *process, uint32_t executor,
			   uint64_t long_ns, uint64_t delayed_ns);

/* A time of the process's clock, since the start of the trace. */
uint64_t report_since(const struct report_process *process, uint64_t ns);

/* From the first event to the last. */
uint64_t report_duration(const struct report *report);

/* report_since in words, to the microsecond: "0.715123 s"; "-" on a board. */
const char *report_at_words(const struct report_process *process, uint64_t ns, char *buf,
			    size_t size);

/* Rows that have something to tell, in an order. Caller frees; NULL: none, or no memory. */
enum report_order { REPORT_BY_RUN, REPORT_BY_RUNNABLE, REPORT_BY_WAIT };
const struct report_site **report_sites(const struct report_process *process,
					enum report_order order, size_t *ret_count);
const struct report_site **report_span_sites(const struct report_process *process,
					     size_t *ret_count);
const struct report_site **report_op_sites(const struct report_process *process, size_t *ret_count);
const struct report_resource **report_locks(const struct report_process *process,
					    size_t *ret_count);

/* Those that hold up first. */
const struct report_wait **report_waits(const struct report_process *process, size_t *ret_count);

/* Adds more to a histogram. */
void report_hist_join(struct vigil_hist *hist, const struct vigil_hist *more);

/* A sentence on what the trace lost, and on what was there before it; "" for nothing to say. */
const char *report_lost_words(const struct report *report, char *buf, size_t size);
const char *report_born_words(const struct report_process *process, char *buf, size_t size);

/* How a process ended, and when; "" when that is not known. */
const char *report_ended_words(const struct report_process *process, char *buf, size_t size);

/* What is open in it: "still runs", "when it was killed", "when it ended". */
const char *report_open_words(const struct report_process *process);

/* What a site's tasks are called: its name, else its function. */
const char *report_site_name(const struct report_site *site);

/* ---- Printing ---- */

struct text;
struct json;

void report_text(const struct report *report, const struct text *text);
void report_json(const struct report *report, struct json *json);

/* The object that says what a report is of. */
void report_json_trace(const struct report *report, struct json *json, const char *key);
void report_html(const struct report *report, FILE *file);

void report_compare_text(const struct report *a, const struct report *b, const struct text *text);
void report_compare_json(const struct report *a, const struct report *b, struct json *json);

#endif
