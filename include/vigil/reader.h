/* SPDX-License-Identifier: MIT */
/*
 * Reading boards: of live processes, stopped ones, dead ones.
 *
 * A reader maps a board read-only, checks everything it relies on once, and
 * keeps private copies of the records, which vigil_reader_refresh brings up to
 * date. Between refreshes nothing moves, so a pause is just no refresh. The
 * target is never touched, stopped or asked: it may be wedged or dead.
 *
 * A reader is used by one thread at a time. Nothing here writes to a board.
 *
 * What is consistent: the fields of one record that its one writer writes, when
 * the record is not torn. What is not: records with one another (a task may be
 * copied before, its worker after a poll's end), counters any thread raises, and
 * histograms, which may hold a few more times than their record's count says.
 *
 * A board that claims more records than its file has storage for is refused; if
 * it does so after it was opened, it keeps the counts it had.
 *
 * A board's file that is cut short while it is mapped raises SIGBUS on access, as
 * every mapping does. So does a hole in it where a file system in memory is full;
 * an honest board has none among its records. Only its owner can cut it or make
 * holes.
 *
 * The structures that are filled here have one size for one soname: when one
 * must grow, the soname changes. Records grow without (board.h).
 *
 * This header compiles as C11 and C++17.
 */
#ifndef VIGIL_READER_H
#define VIGIL_READER_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include <vigil/board.h>

#ifdef __cplusplus
extern "C" {
#endif

#pragma GCC visibility push(default)

struct vigil_reader;

/* What went wrong, in one sentence for people: what, on what, why, what to do. */
struct vigil_problem {
	char text[512];
};

/* ---- Finding ---- */

/* The process behind a board. */
#define VIGIL_STATUSES(X)                                                                          \
	X(STATUS, ALIVE, "alive")                                                                  \
	X(STATUS, STOPPED, "stopped")   /* by a signal, or by a debugger */                        \
	X(STATUS, FINISHED, "finished") /* it called vigil_fini */                                 \
	X(STATUS, DEAD, "dead")                                                                    \
	X(STATUS, REPLACED, "restarted") /* the process went on without this board: exec */        \
	X(STATUS, RECORDED, "recorded")  /* a moment of a trace: vigil_reader_fix_status */
enum vigil_status { VIGIL_STATUSES(VIGIL_ENUM_) };

/* A board that was found. */
struct vigil_found {
	char path[512];
	char name[32];
	char command[256];
	uint32_t pid;
	uint32_t uid;
	enum vigil_status status;
	uint64_t created_unix_ns;
	uint64_t bytes;               /* of storage, not of address space */
	bool is_readable;             /* false: the fields from name on are not known */
	struct vigil_problem problem; /* why not */
};

/*
 * Lists the boards in dir, or if it is NULL in $VIGIL_DIR and /dev/shm/vigil-UID
 * (for root: of every user), newest first. Links are listed but not followed. The
 * caller frees *ret_list with free(). Returns how many, or -errno.
 */
int vigil_find(const char *dir, struct vigil_found **ret_list);

/* ---- Opening ---- */

/*
 * Opens the board of a target: a pid, a board's path, a process name, or NULL:
 * the only one alive. A pid's board is the one it has mapped, wherever that is,
 * in a container too; of a dead pid the newest found. Returns 0 or a negative
 * errno with the reason in ret_problem:
 *  -ENOENT   there is no such board
 *  -ENOTUNIQ several fit; the sentence names them
 *  -EACCES, -EPERM  not allowed
 *  -EBADMSG  not a board, or a damaged one
 *  -EPROTONOSUPPORT  a board of another ABI
 */
int vigil_reader_open(const char *target, struct vigil_reader **ret_reader,
		      struct vigil_problem *ret_problem);

/*
 * The same from a file alone, which is opened only if it is a regular one. pid 0:
 * the one in the board.
 */
int vigil_reader_open_file(const char *path, uint32_t pid, struct vigil_reader **ret_reader,
			   struct vigil_problem *ret_problem);

/* The same from memory that stays valid and is not changed by the reader. */
int vigil_reader_open_memory(const void *board, size_t size, struct vigil_reader **ret_reader,
			     struct vigil_problem *ret_problem);

void vigil_reader_close(struct vigil_reader *reader);

/* ---- Refreshing ---- */

/*
 * Brings the copies up to date and notes which records changed. Costs a look at
 * every record and a copy of the changed ones. Opening has done it once. Returns
 * 0 or -ENOMEM.
 */
int vigil_reader_refresh(struct vigil_reader *reader);

/* How the process was at the last refresh. */
enum vigil_status vigil_reader_status(const struct vigil_reader *reader);

/*
 * The time of the last refresh, ns of CLOCK_MONOTONIC: the clock's of a process
 * that lives or is stopped, the last one recorded of one that is gone.
 */
uint64_t vigil_reader_now(const struct vigil_reader *reader);

/* Fixes the time of all further refreshes: for tests. 0: no more. */
void vigil_reader_fix_now(struct vigil_reader *reader, uint64_t now_ns);

/*
 * Says how the process is, at once and in all further refreshes: no process is asked
 * for. For boards in memory that are a moment of a trace.
 */
void vigil_reader_fix_status(struct vigil_reader *reader, enum vigil_status status);

const char *vigil_reader_path(const struct vigil_reader *reader);

/*
 * Writes a copy of the board as it is now, not as at the last refresh, into fd: an
 * empty regular file, open to write. Each record in it is steady, or torn where its
 * writer never paused; records with one another are as consistent as in a refresh.
 * Holes stay holes. Returns 0, -EBADMSG when the board was damaged meanwhile, or
 * what writing failed with.
 */
int vigil_reader_save(struct vigil_reader *reader, int fd);

/* The pid as this process sees it. */
uint32_t vigil_reader_pid(const struct vigil_reader *reader);

/* ---- Records ---- */

/* Records of a table at the last refresh: indexes [0, count). */
uint32_t vigil_reader_count(const struct vigil_reader *reader, enum vigil_table table);

/*
 * The copy of a record, valid until the next refresh; NULL past the count. It
 * may be free (life), and of a text the last byte is 0. Kept copies: processes,
 * counts, sites, executors, workers, tasks, resources, ops, spans.
 */
const void *vigil_reader_record(const struct vigil_reader *reader, enum vigil_table table,
				uint32_t index);

/* Whether that copy was being written whenever we looked; it may be a mixture. */
bool vigil_reader_is_torn(const struct vigil_reader *reader, enum vigil_table table,
			  uint32_t index);

/* The indexes that changed in the last refresh; none of a table there is not. */
const uint32_t *vigil_reader_changed(const struct vigil_reader *reader, enum vigil_table table,
				     uint32_t *ret_count);

/* The record a reference names; NULL when it is stale, free, none or of another table. */
const void *vigil_reader_find(const struct vigil_reader *reader, enum vigil_table table,
			      uint64_t ref);

/* Typed: VIGIL_AT(reader, task, 3)->busy_ns, VIGIL_FIND(reader, worker, ref). */
#define VIGIL_AT(reader, record, index)                                                            \
	((const struct vigil_##record##_record *)vigil_reader_record(                              \
		(reader), VIGIL_TABLE_##record, (index)))
#define VIGIL_FIND(reader, record, ref)                                                            \
	((const struct vigil_##record##_record *)vigil_reader_find((reader), VIGIL_TABLE_##record, \
								   (ref)))

/* The reference of a table's record as it is now. */
uint64_t vigil_reader_ref(const struct vigil_reader *reader, enum vigil_table table,
			  uint32_t index);

/* The site of an index-plus-one; NULL for 0 and for nonsense. */
const struct vigil_site_record *vigil_reader_site(const struct vigil_reader *reader, uint32_t site);

/* ---- Tasks ---- */

#define VIGIL_STATES(X)                                                                            \
	X(STATE, RUNNING, "running")                                                               \
	X(STATE, SCHEDULED, "scheduled")                                                           \
	X(STATE, IDLE, "idle") X(STATE, DONE, "done")
enum vigil_state { VIGIL_STATES(VIGIL_ENUM_) };

/*
 * What follows from a task's record at a moment. In a record that is not torn:
 * busy + scheduled + idle = age, each at least 0.
 */
struct vigil_task_times {
	enum vigil_state state;
	uint64_t age_ns;
	uint64_t busy_ns;
	uint64_t scheduled_ns;
	uint64_t idle_ns;
	uint64_t state_ns;  /* how long it has been in its state; done: how long ago */
	bool is_impossible; /* busy and scheduled exceed age: the board is damaged */
};
void vigil_task_times(const struct vigil_task_record *task, uint64_t now,
		      struct vigil_task_times *ret_times);

/* ---- Histograms ---- */

struct vigil_hist {
	uint64_t counts[VIGIL_SITE_BUCKETS];
	uint32_t buckets; /* VIGIL_TASK_BUCKETS or VIGIL_SITE_BUCKETS */
	uint64_t total;   /* of counts */
	uint64_t max_ns;  /* exact, from beside the histogram */
};

enum vigil_hist_side { VIGIL_HIST_BUSY, VIGIL_HIST_DELAY };

/* Reads one of a task's or a lock's histograms. False when it has none. */
bool vigil_reader_task_hist(const struct vigil_reader *reader, const struct vigil_task_record *task,
			    enum vigil_hist_side side, struct vigil_hist *ret_hist);
bool vigil_reader_lock_hist(const struct vigil_reader *reader,
			    const struct vigil_resource_record *lock, enum vigil_hist_side side,
			    struct vigil_hist *ret_hist);

/* Adds up a site's histogram over all workers. site is an index plus one. */
bool vigil_reader_site_hist(const struct vigil_reader *reader, uint32_t site,
			    enum vigil_hist_side side, struct vigil_hist *ret_hist);

/* Limits of a bucket, in ns: [*ret_low, *ret_high). */
void vigil_hist_bounds(const struct vigil_hist *hist, uint32_t bucket, uint64_t *ret_low,
		       uint64_t *ret_high);

/*
 * The time below which a share (0..1) of the counts lie: the middle of its
 * bucket, and never above max_ns. 0 when empty.
 */
uint64_t vigil_hist_percentile(const struct vigil_hist *hist, double share);

/* ---- Sums, edges, last events, attributes ---- */

/* A site: its cells summed, and what its live tasks add. */
struct vigil_site_stats {
	uint64_t spawned, completed, failed, cancelled, aborted;
	uint64_t live; /* tasks of it alive now */
	uint64_t running, scheduled, idle;
	uint64_t wakes, self_wakes, waker_clones, waker_drops;
	uint64_t busy_count, busy_ns, busy_max_ns;
	uint64_t delay_count, delay_ns, delay_max_ns;
};

/* Sums for every site, by index; count is that of the sites. Caller frees. Or NULL. */
struct vigil_site_stats *vigil_reader_site_stats(const struct vigil_reader *reader);

/* The edges with equal sites added up, most polls first. Caller frees. Returns how many. */
size_t vigil_reader_edges(const struct vigil_reader *reader, struct vigil_edge_record **ret_edges);

/* The last events of a worker, oldest first, at most size. Returns how many. */
size_t vigil_reader_events(const struct vigil_reader *reader, uint32_t worker,
			   struct vigil_event_record *events, size_t size);
size_t vigil_reader_messages(const struct vigil_reader *reader, uint32_t worker,
			     struct vigil_message_record *messages, size_t size);

/* The attributes of an object, from its record's attrs. Returns how many, at most size. */
size_t vigil_reader_attrs(const struct vigil_reader *reader, uint64_t owner, uint32_t first,
			  struct vigil_attr_record *attrs, size_t size);

#pragma GCC visibility pop

#ifdef __cplusplus
}
#endif
#endif
