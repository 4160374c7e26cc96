/* SPDX-License-Identifier: MIT */
/*
 * The inside of the runtime: what its files know of each other.
 *
 * Who calls whom: primitives (mutex.c, mpsc.c, ...) stand on operations and wait queues
 * (op.c, waitq.c); these on tasks (task.c); tasks on the scheduler (worker.c, runtime.c),
 * which alone switches contexts. reactor.c and timers.c wake tasks; nothing calls them
 * but the scheduler and what waits for descriptors and times.
 *
 * Locks, in the order they are taken: a primitive's own; a task's; timers'; a waiting
 * thread's (thread.c); run queues'. Nobody holds one across an await.
 *
 * The law: a function that runs on a task's stack asks anew for its worker after every
 * await, for it may be another thread's (worker_here). Its task stays the same.
 */
#ifndef RT_CORE_H
#define RT_CORE_H

#include <pthread.h>
#include <stdatomic.h>

#include "context.h"
#include "ring.h"
#include "rt.h"
#include "stack.h"

#define WORKERS 64 /* at most, with stand-ins: a bit each in rt.idle */
#define TASK_LISTS 16
#define TASK_NAME 48
#define TASK_SPANS 16
#define UNSEEN_ERRORS "errors unseen" /* an attribute of the executor */

/* ---- Tasks (task.c) ---- */

enum task_state {
	TASK_IDLE,     /* waits; a wake queues it */
	TASK_QUEUED,   /* in a run queue */
	TASK_RUNNING,  /* polled */
	TASK_NOTIFIED, /* polled, and woken meanwhile */
	TASK_DONE,
};

enum task_cut { TASK_GOES_ON, TASK_CANCELLED, TASK_ABORTED };

/* Why a task switched to its worker. */
enum task_stop { STOP_WAIT, STOP_YIELD, STOP_END };

/* The spans that are entered, innermost last. */
struct span_stack {
	vigil_span spans[TASK_SPANS];
	unsigned depth;
	unsigned unseen; /* entered within these, and not on the board */
};

struct rt_task {
	/* Anybody's. */
	_Atomic uint32_t state; /* enum task_state */
	_Atomic uint32_t refs;  /* the runtime's, until it ends, and the handle's */
	_Atomic uint32_t cut;   /* enum task_cut */
	/* What it awaited last, and where: while it is idle, it still does. Static, both. */
	const char *_Atomic awaits;
	struct vigil_site *_Atomic awaits_at;
	struct rt *rt;
	vigil_task vigil;
	uint64_t id;
	char name[TASK_NAME];
	struct rt_task *next; /* in the inject queue; in a list of jobs */

	/* Its own, and its worker's between polls. */
	struct context context;
	struct stack stack;
	rt_fn fn;
	void *arg;
	void *value;
	struct rt_error *error;
	enum task_stop stop;
	unsigned shields;
	unsigned budget; /* awaits that may succeed at once before it must yield */
	struct span_stack spans;
	unsigned holds;   /* not to be cut now: others work on its stack. They nest. */
	bool is_in_place; /* it blocks its worker's thread: no awaits */
	bool is_thread;   /* no task: a thread that waits (rt_do_blocking) */
	bool is_blocking; /* a job of the blocking pool */
	unsigned cut_at;  /* tests: cancelled at its n-th wait from now; 0 never */

	/* Under lock. */
	pthread_mutex_t lock;
	bool is_done, is_detached;
	struct rt_op *joiner;
	int code;
	enum vigil_outcome outcome;
	void (*ended)(struct rt_task *task, void *arg); /* called once, at its end, under no lock */
	void *ended_arg;

	struct rt_task *all_next, **all_link; /* in a list of the runtime's */
};

/* Returns the task that runs here, NULL outside; a pool's job is none. */
struct rt_task *task_here(void);
/* The same, or the pool's job. */
struct rt_task *job_here(void);

/* Makes a task that waits for task_start; two references. Returns NULL: no memory. */
struct rt_task *task_new(struct rt *rt, struct vigil_site *site, rt_fn fn, void *arg,
			 const struct rt_spawn_options *options, unsigned vigil_flags);
/*
 * rt_spawn_at in two halves: between them the spawner may set task->ended, and what stands
 * on the board of the task. NULL: *ret_error says why.
 */
struct rt_task *task_make(struct vigil_site *site, struct rt_handle *ret_handle, rt_fn fn,
			  void *arg, const struct rt_spawn_options *options, int *ret_error);
/* Once, for every task that is no job. From here on it may end, and be gone, at any time. */
void task_start(struct rt_task *task);
void task_release(struct rt_task *task);

/*
 * Makes it runnable unless it is. The caller makes sure that it lives: it holds the lock of
 * the queue the task's operation stands in, or a reference.
 */
void task_schedule(struct rt_task *task);

/* Stops the running task until it is scheduled. The caller has said what it waits for. */
void task_wait(struct rt_task *task);
/* Stops it and queues it behind the others. */
void task_yield(struct rt_task *task, struct vigil_site *site, bool is_forced);

void task_cut(struct rt_task *task, enum task_cut cut, struct vigil_site *site);
/* Whether awaits must return -ECANCELED now. */
bool task_is_cut(const struct rt_task *task);

/* The task's function has returned; on its worker's stack, or its pool's thread. */
void task_finish(struct rt_task *task, int code);

/* It failed, and nobody will take its error: counted, and told on the board. */
void task_unseen(struct rt_task *task);

/* Calls fn for every task that has not ended, under the list's lock. */
void tasks_each(struct rt *rt, void (*fn)(struct rt_task *task, void *arg), void *arg);

/* The spans of whoever runs here: of a task, a job, or the thread (here.c). */
struct span_stack *spans_here(void);
/* Leaves and frees those that an ended task or job left open. */
void spans_close(struct span_stack *stack);

/* ---- Operations and wait queues (op.c, waitq.c) ---- */

struct rt_op_type {
	const char *source;         /* "Mutex::lock", as the board shows it */
	enum vigil_wait_kind waits; /* VIGIL_WAIT_NONE: poll says itself what for (a lock) */
	/*
	 * Tries. True: done, op->result has what it came to. False: op stands in a
	 * queue, and its task will be woken. Called again after every wake of the task,
	 * whoever woke it.
	 */
	bool (*poll)(struct rt_op *op);
	/*
	 * Takes it back after a poll that returned false: out of the queue, and what it was
	 * granted meanwhile goes to the next in line.
	 */
	void (*cancel)(struct rt_op *op);
};

struct rt_op op_make(const struct rt_op_type *type, struct vigil_site *site, void *object,
		     vigil_object resource);
/* The runtime of who waits; before that, of this thread. NULL: none. */
struct rt *op_rt(const struct rt_op *op);
/* An operation that is done before it begins: bad arguments. */
struct rt_op op_failed(struct vigil_site *site, int code);

/*
 * Awaits; in what blocks in place, as a thread does. For what must be awaited wherever one is,
 * as others use one's stack.
 */
int op_await_anywhere(struct rt_op op);

/* First in, first out. Its owner has the lock. Zeroed: empty. */
struct waitq {
	struct rt_op *first, *last;
	size_t count;
};

/*
 * Puts op of the calling task at the end. Returns false when it stands there already, or
 * only tries: then there is nothing to tell the board.
 */
bool waitq_add(struct waitq *queue, struct rt_op *op);
/* Takes op out unless somebody has already. Returns whether it stood there. */
bool waitq_remove(struct rt_op *op);
/* Takes the first out, grants it (op->is_granted) and wakes its task. NULL when empty. */
struct rt_op *waitq_wake_one(struct waitq *queue, struct vigil_site *site);
/* Takes all out and wakes them; granted or not. Returns how many. */
size_t waitq_wake_all(struct waitq *queue, struct vigil_site *site, bool is_granted);
/* The same for an operation that stands elsewhere: in the wheel, or alone. */
void op_enlist(struct rt_op *op);
void op_wake(struct rt_op *op, struct vigil_site *site);
void op_delist(struct rt_op *op);

/* task_schedule of a thread that waits (thread.c). */
void thread_schedule(struct rt_task *task);

/* What an await returns where the task blocks in place. */
int refused_in_place(const char *what);

/* ---- Misuse (misuse.c) ---- */

/* Tells the sentence, on the board too. Returns code. */
int misuse(int code, const char *format, ...) RT_PRINTF(2, 3);

/* ---- Timers (timers.c) ---- */

struct timers {
	pthread_mutex_t lock;
	struct wheel wheel;
	uint64_t armed_ns; /* what the timerfd is set to; UINT64_MAX: nothing */
	int fd;
};

int timers_open(struct rt *rt);
void timers_close(struct rt *rt);
/* Wakes op's task at its deadline (timer.deadline_ns); op must be enlisted. */
void timer_add(struct rt *rt, struct rt_op *op, uint64_t deadline_ns);
/* Returns whether it had not fired. */
bool timer_remove(struct rt *rt, struct rt_op *op);
/*
 * For operations that look at a clock themselves: puts op, enlisted, into the wheel anew,
 * wherever it stood; and takes it out if it has not fired.
 */
void timer_arm(struct rt *rt, struct rt_op *op, uint64_t deadline_ns);
void timer_disarm(struct rt *rt, struct rt_op *op);
/* Whether it has not fired. */
bool timer_is_set(struct rt *rt, const struct rt_op *op);
/* Wakes what is due. Returns how many. */
size_t timers_expire(struct rt *rt);
/* When the next is due, at the earliest; UINT64_MAX none. */
uint64_t timers_next(struct rt *rt);

/* ---- The reactor (reactor.c) ---- */

enum direction { TO_READ, TO_WRITE };

struct source; /* a descriptor it watches */

struct reactor {
	int epoll, eventfd;
	pthread_mutex_t driver; /* held by the worker that waits in epoll_wait */
	pthread_mutex_t lock;   /* of the list of free sources */
	struct source *free;
	struct source *all;
};

int reactor_open(struct rt *rt);
void reactor_close(struct rt *rt);
/*
 * Waits (-1: for ever) and wakes what is ready; the caller holds driver. When there is something
 * and *is_parked (NULL: false), the worker is shown unparked first. Returns how many events.
 */
int reactor_wait(struct rt *rt, int timeout_ms, bool *is_parked);
void reactor_interrupt(struct rt *rt);

/* Watches fd, edge-triggered. NULL: errno in *ret_error, negative. fd stays the caller's. */
struct source *source_new(struct rt *rt, int fd, int *ret_error);
/*
 * Before fd is closed. Returns false, and has done nothing, when somebody waits for it, or was
 * woken and has not looked.
 */
bool source_free(struct source *source);
/*
 * The poll of an operation on a descriptor: calls attempt, which makes one system call and
 * returns its result or -errno, until it is not -EAGAIN, and stands in line if it is.
 */
bool source_poll(struct source *source, struct rt_op *op, enum direction direction,
		 int (*attempt)(int fd, struct rt_op *op));
void source_cancel(struct source *source, struct rt_op *op);

/* ---- The blocking pool (pool.c, blocking.c) ---- */

struct pool {
	pthread_mutex_t lock;
	pthread_cond_t has_work, is_idle;
	struct rt_task *first, **end;
	size_t queued;
	unsigned threads, idle, running, started, limit;
	bool is_ending;
	vigil_executor executor;
};

int pool_open(struct rt *rt, struct vigil_site *site);
/*
 * Drops what is queued, waits for what runs until deadline_ns of CLOCK_MONOTONIC. Returns how
 * many run on.
 */
unsigned pool_close(struct rt *rt, uint64_t deadline_ns);
/* After a close that returned 0. */
void pool_free(struct rt *rt);
/* Takes a task made with is_blocking. */
int pool_submit(struct rt *rt, struct rt_task *task);
/* All jobs that wait are cancelled. */
void pool_drop_queue(struct rt *rt);
/* Takes a job out of the queue. Returns whether it was there. */
bool pool_withdraw(struct rt *rt, struct rt_task *task);
bool pool_is_idle(struct rt *rt);

/* rt_spawn_blocking, with a function that is called once when the job has ended, run or not. */
int job_spawn(struct vigil_site *site, struct rt_handle *ret_handle, rt_fn fn, void *arg,
	      const char *name, void (*ended)(struct rt_task *job, void *arg));
/* Awaits a job: on the board an operation called source, with a wait of that kind for the job. */
int job_join(struct vigil_site *site, const char *source, enum vigil_wait_kind waits,
	     struct rt_handle *job, struct rt_result *ret_result);
/* rt_call_blocking, shown in that way. */
int job_call(struct vigil_site *site, const char *source, enum vigil_wait_kind waits, rt_fn fn,
	     void *arg, const char *name);

/* ---- The scheduler (runtime.c, worker.c, park.c) ---- */

enum park_state { PARK_NONE, PARK_CONDITION, PARK_DRIVER, PARK_NOTIFIED };

struct worker {
	struct rt *rt;
	unsigned index;
	pthread_t thread;
	struct context context;       /* of its loop */
	struct rt_task *task;         /* that it polls */
	struct rt_task *_Atomic lifo; /* woken by the task that it polls: next (worker.c) */
	unsigned lifo_uses;
	_Atomic uint32_t ticks;   /* how often it looked for a task */
	_Atomic uint32_t watched; /* what ticks was when another worker looked at it */
	unsigned naps;            /* in a row, in which nothing went on (park.c) */
	uint64_t turns_seen;
	uint32_t queued_told; /* to the board */
	uint32_t random;
	bool is_searching;
	_Atomic bool is_here;  /* its thread runs */
	_Atomic uint32_t park; /* enum park_state */
	pthread_mutex_t park_lock;
	pthread_cond_t park_condition;
	struct ring ring;
};

struct rt {
	struct rt_options options;
	char name[32];
	vigil_executor executor;
	unsigned workers; /* without stand-ins */
	struct worker *_Atomic all[WORKERS];

	_Alignas(64) pthread_mutex_t inject_lock;
	struct rt_task *inject_first, *inject_last;
	_Atomic size_t injected;

	_Alignas(64) _Atomic uint64_t idle; /* a bit for each worker that parks */
	_Atomic uint32_t searching;
	_Atomic uint64_t turns;     /* how often one woke and there was something to do */
	_Atomic uint64_t deep;      /* of the idle ones, those that sleep without a limit */
	_Atomic uint32_t is_driven; /* somebody waits in epoll_wait */
	_Atomic uint32_t is_ending;
	_Atomic size_t live; /* tasks, pool's jobs among them */
	_Atomic uint64_t next_id;
	_Atomic uint64_t paused_ns; /* now, when time is paused */
	uint64_t end_by_ns;         /* when ending: of CLOCK_MONOTONIC */
	struct rt *next_abandoned;

	/* Stand-ins for workers whose task blocks in place (blocking.c). */
	pthread_mutex_t standin_lock;
	unsigned standins_wanted, standins;

	struct {
		pthread_mutex_t lock;
		struct rt_task *first;
	} lists[TASK_LISTS];

	struct {
		_Atomic uint64_t spawned, ended[5], left, abandoned, unseen_errors, yields,
			forced_yields, steals;
	} stats;

	struct timers timers;
	struct reactor reactor;
	struct pool pool;
};

/* Never inlined: see the law above. */
struct worker *worker_here(void);
/* The runtime of this thread: a worker's, or a pool's thread. NULL outside. */
struct rt *rt_here(void);
/* On a thread's start and end (all NULL), and around each job of the pool. */
void here_set(struct rt *rt, struct worker *worker, struct rt_task *job);

struct worker *worker_new(struct rt *rt, unsigned index);
void worker_free(struct worker *worker);
/* A thread becomes the worker, and is it no more. name_base may be "rt": "rt-0". */
void worker_enter(struct worker *worker, const char *name_base);
void worker_leave(struct worker *worker);
/* The task of this worker wrote below its stack, where no guard page is: tells it and dies. */
_Noreturn void stack_overflowed(struct stack stack);
/* Starts a thread for it. Returns 0 or a negative errno. */
int worker_start(struct worker *worker, void *(*run)(void *worker));
/* The loop of a worker, on its thread, until the runtime ends or is_over says so. */
void worker_run(struct worker *worker, bool (*is_over)(struct worker *worker));
uint32_t worker_random(struct worker *worker);

/* ---- Run queues (schedule.c) ---- */

bool worker_has_work(struct rt *rt);
void schedule_inject(struct rt *rt, struct rt_task *task);
struct rt_task *schedule_take(struct rt *rt);
/* Queues a task: with this worker, or for all. */
void schedule_task(struct rt *rt, struct rt_task *task, bool is_yield);
/* Sees to it that an idle worker looks for work, unless one does already. */
void schedule_notify(struct rt *rt);
/* Wakes all that park. */
void schedule_notify_all(struct rt *rt);

/* ---- Sleep (park.c) ---- */

void worker_park(struct worker *worker);
void worker_unpark(struct worker *worker);
/* Wakes one that sleeps without a limit, for it to look around now and then. */
void park_wake_deep(struct rt *rt);

/* ---- Time (here.c) ---- */

uint64_t clock_ns(void); /* CLOCK_MONOTONIC */
uint64_t rt_clock(struct rt *rt);
/* A time so far away that it does not fit is never: UINT64_MAX. */
uint64_t time_after(uint64_t from_ns, uint64_t ns);

#endif
