/* SPDX-License-Identifier: MIT */
/*
 * The runtime from its start to its end.
 *
 * The end: when the main task returns, no task can be spawned any more, jobs that wait for
 * the pool are dropped, and all that lives is aborted. Workers go on until nothing lives or
 * shutdown_ns has passed. A task that would not end by then is abandoned: its memory, the
 * runtime's, and a thread that it blocks stay, and it is counted. One that blocks the thread
 * that called rt_run keeps rt_run from returning.
 */
#include "core.h"

#include <errno.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "io.h"
#include "stack.h"

#define LEAVE_NS (100 * RT_MS) /* for a thread to leave that is not stuck */

static pthread_mutex_t runtimes_lock = PTHREAD_MUTEX_INITIALIZER;
static unsigned runtimes;    /* those abandoned count for ever */
static struct rt *abandoned; /* kept: their threads may still run */

/* ---- Workers' threads ---- */

/* In a signal handler: no snprintf. */
static size_t put(char *buf, size_t size, size_t at, const char *text)
{
	while (*text && at + 1 < size)
		buf[at++] = *text++;
	return at;
}

static size_t describe_task(struct stack stack, char *buf, size_t size)
{
	struct rt_task *task = task_here();
	char digits[24];
	size_t first = sizeof(digits) - 1, at;

	if (!task || task->stack.low != stack.low)
		return 0;
	digits[first] = '\0';
	for (uint64_t id = task->id; id; id /= 10)
		digits[--first] = (char)('0' + id % 10);
	at = put(buf, size, 0, "task ");
	at = put(buf, size, at, digits + first);
	at = put(buf, size, at, " \"");
	at = put(buf, size, at, task->name);
	at = put(buf, size, at, "\"");
	buf[at] = '\0';
	return at;
}

/* As overflow.c does it in its handler. */
void stack_overflowed(struct stack stack)
{
	char who[96];

	describe_task(stack, who, sizeof(who));
	fprintf(stderr,
		"rt: %s overflowed its stack of %zu KiB; give it a larger one "
		"(rt_options.stack_size, or rt_spawn_options.stack_size)\n",
		who, stack.size / 1024);
	raise(SIGSEGV);
	abort();
}

void worker_enter(struct worker *worker, const char *name_base)
{
	char name[48];

	here_set(worker->rt, worker, NULL);
	overflow_watch_begin(describe_task);
	context_of_thread(&worker->context);
	worker->queued_told = 0;
	snprintf(name, sizeof(name), "%s-%u", name_base, worker->index);
	vigil_worker_begin(worker->rt->executor, name);
}

void worker_leave(struct worker *worker)
{
	(void)worker;
	vigil_worker_end();
	overflow_watch_end();
	here_set(NULL, NULL, NULL);
}

int worker_start(struct worker *worker, void *(*run)(void *worker))
{
	pthread_t thread;
	int error;

	atomic_store(&worker->is_here, true);
	error = pthread_create(&thread, NULL, run, worker);
	if (error)
		atomic_store(&worker->is_here, false);
	else
		worker->thread = thread;
	return -error;
}

static void *worker_thread(void *arg)
{
	struct worker *worker = arg;

	worker_enter(worker, worker->rt->name);
	worker_run(worker, NULL);
	worker_leave(worker);
	return NULL;
}

/* ---- Start ---- */

static void options_fill(struct rt *rt, const struct rt_options *options)
{
	long processors = sysconf(_SC_NPROCESSORS_ONLN);

	if (options)
		rt->options = *options;
	if (!rt->options.workers)
		rt->options.workers = processors > 0 ? (unsigned)processors : 1;
	if (rt->options.workers > WORKERS / 2)
		rt->options.workers = WORKERS / 2;
	if (rt->options.is_paused)
		rt->options.workers = 1;
	if (!rt->options.stack_size)
		rt->options.stack_size = RT_STACK_SIZE;
	if (!rt->options.blocking_threads)
		rt->options.blocking_threads = 64;
	if (!rt->options.shutdown_ns)
		rt->options.shutdown_ns = RT_S;
	rt->workers = rt->options.workers;
	snprintf(rt->name, sizeof(rt->name), "%s", rt->options.name ? rt->options.name : "rt");
}

static void locks_init(struct rt *rt)
{
	pthread_mutex_init(&rt->inject_lock, NULL);
	pthread_mutex_init(&rt->standin_lock, NULL);
	for (unsigned i = 0; i < TASK_LISTS; i++)
		pthread_mutex_init(&rt->lists[i].lock, NULL);
}

static void rt_free(struct rt *rt)
{
	for (unsigned i = 0; i < WORKERS; i++)
		worker_free(atomic_load(&rt->all[i]));
	pool_free(rt);
	reactor_close(rt);
	timers_close(rt);
	for (unsigned i = 0; i < TASK_LISTS; i++)
		pthread_mutex_destroy(&rt->lists[i].lock);
	pthread_mutex_destroy(&rt->standin_lock);
	pthread_mutex_destroy(&rt->inject_lock);
	vigil_executor_free(rt->executor);
	free(rt);
}

static struct rt *rt_new(struct vigil_site *site, const struct rt_options *options, int *ret_error)
{
	struct rt *rt = aligned_alloc(64, (sizeof(*rt) + 63) / 64 * 64);
	int error;

	if (!rt) {
		*ret_error = -ENOMEM;
		return NULL;
	}
	memset(rt, 0, sizeof(*rt));
	options_fill(rt, options);
	locks_init(rt);
	rt->executor = vigil_executor_new_at(site,
					     rt->workers == 1 ? VIGIL_EXECUTOR_CURRENT_THREAD :
								VIGIL_EXECUTOR_MULTI_THREAD,
					     rt->name);
	/* Known from the start, so that any thread may set it. */
	vigil_attr_u64(rt->executor, UNSEEN_ERRORS, 0, NULL);
	rt->reactor.epoll = rt->reactor.eventfd = -1;
	error = timers_open(rt);
	if (!error)
		error = reactor_open(rt);
	for (unsigned i = 0; i < rt->workers && !error; i++) {
		struct worker *worker = worker_new(rt, i);

		atomic_store(&rt->all[i], worker);
		error = worker ? 0 : -ENOMEM;
	}
	if (!error)
		error = pool_open(rt, site);
	if (!error)
		return rt;
	rt_free(rt);
	*ret_error = error;
	return NULL;
}

/* ---- End ---- */

static void abort_one(struct rt_task *task, void *arg)
{
	uint64_t *left = arg;

	*left += 1;
	/* A job that runs may look (rt_is_cancelled); one that waits is dropped next. */
	if (task->is_blocking)
		atomic_store(&task->cut, TASK_ABORTED);
	else
		task_cut(task, TASK_ABORTED, NULL);
}

static void main_ended(struct rt_task *task, void *arg)
{
	struct rt *rt = task->rt;
	uint64_t left = 0;

	(void)arg;
	rt->end_by_ns = time_after(clock_ns(), rt->options.shutdown_ns);
	atomic_store(&rt->is_ending, 1);
	tasks_each(rt, abort_one, &left);
	atomic_store(&rt->stats.left, left);
	pool_drop_queue(rt);
	schedule_notify_all(rt);
}

static struct rt_stats stats_of(struct rt *rt)
{
	return (struct rt_stats){
		.spawned = atomic_load(&rt->stats.spawned),
		.completed = atomic_load(&rt->stats.ended[VIGIL_OUTCOME_COMPLETED]),
		.failed = atomic_load(&rt->stats.ended[VIGIL_OUTCOME_FAILED]),
		.cancelled = atomic_load(&rt->stats.ended[VIGIL_OUTCOME_CANCELLED]),
		.aborted = atomic_load(&rt->stats.ended[VIGIL_OUTCOME_ABORTED]),
		.left = atomic_load(&rt->stats.left),
		.abandoned = atomic_load(&rt->stats.abandoned),
		.unseen_errors = atomic_load(&rt->stats.unseen_errors),
		.yields = atomic_load(&rt->stats.yields),
		.forced_yields = atomic_load(&rt->stats.forced_yields),
		.steals = atomic_load(&rt->stats.steals),
		.live = atomic_load(&rt->live),
	};
}

struct rt_stats rt_stats(void)
{
	struct rt *rt = rt_here();

	return rt ? stats_of(rt) : (struct rt_stats){ 0 };
}

/* Of CLOCK_REALTIME: ThreadSanitizer knows no join by another clock. */
static bool thread_join_within(pthread_t thread, uint64_t ns)
{
	struct timespec ts;

	clock_gettime(CLOCK_REALTIME, &ts);
	ns += (uint64_t)ts.tv_nsec;
	ts.tv_sec += (time_t)(ns / RT_S);
	ts.tv_nsec = (long)(ns % RT_S);
	return !pthread_timedjoin_np(thread, NULL, &ts);
}

/*
 * When nothing lives all threads are leaving; else one may be stuck in a poll that does not
 * end. Returns how many are.
 */
static unsigned threads_join(struct rt *rt)
{
	unsigned stuck = 0;

	for (unsigned i = 1; i < WORKERS; i++) {
		struct worker *worker = atomic_load(&rt->all[i]);

		if (!worker || !worker->thread)
			continue;
		if (!atomic_load(&rt->live)) {
			pthread_join(worker->thread, NULL);
		} else if (!thread_join_within(worker->thread, LEAVE_NS)) {
			pthread_detach(worker->thread);
			stuck++;
		}
	}
	return stuck;
}

/* The main task's result: its error to who asked, or to stderr. */
static int main_result(struct rt *rt, struct rt_task *main_task)
{
	int code = main_task->code;
	char words[512];

	if (rt->options.ret_error) {
		*rt->options.ret_error = main_task->error;
		main_task->error = NULL;
	} else if (main_task->error) {
		rt_error_print(main_task->error, words, sizeof(words));
		fprintf(stderr, "rt: the main task failed: %s\n", words);
	}
	vigil_join_done(main_task->vigil);
	task_release(main_task);
	return code;
}

static void rt_end(struct rt *rt)
{
	unsigned running = threads_join(rt);

	running += pool_close(rt, rt->end_by_ns);
	io_bytes_tell();
	atomic_store(&rt->stats.abandoned, atomic_load(&rt->live));
	if (rt->options.ret_stats)
		*rt->options.ret_stats = stats_of(rt);
	pthread_mutex_lock(&runtimes_lock);
	if (running || atomic_load(&rt->live)) {
		rt->next_abandoned = abandoned;
		abandoned = rt;
	} else {
		rt_free(rt);
		if (!--runtimes)
			stacks_unmap();
	}
	pthread_mutex_unlock(&runtimes_lock);
}

int rt_run_at(struct vigil_site *site, const struct rt_options *options, rt_fn fn, void *arg)
{
	struct rt_spawn_options main_options = { .name = "main", .is_root = true };
	struct rt_task *main_task = NULL;
	struct rt *rt;
	int code = 0;

	if (rt_here())
		return misuse(-EPERM, "rt_run inside a runtime: spawn a task instead");
	rt = rt_new(site, options, &code);
	if (!rt)
		return code;
	pthread_mutex_lock(&runtimes_lock);
	runtimes++;
	pthread_mutex_unlock(&runtimes_lock);
	worker_enter(rt->all[0], rt->name);
	main_task = task_new(rt, site, fn, arg, &main_options, VIGIL_SPAWN_JOIN);
	if (!main_task) {
		worker_leave(rt->all[0]);
		rt_end(rt);
		return -ENOMEM;
	}
	main_task->ended = main_ended;
	task_start(main_task);
	/* With fewer threads it runs too. */
	for (unsigned i = 1; i < rt->workers; i++)
		worker_start(rt->all[i], worker_thread);
	worker_run(rt->all[0], NULL);
	worker_leave(rt->all[0]);
	code = main_result(rt, main_task);
	rt_end(rt);
	return code;
}
