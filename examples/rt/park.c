/* SPDX-License-Identifier: MIT */
/*
 * How a worker sleeps: one of them in epoll_wait, as the driver of the reactor, the others
 * on a condition.
 *
 * When the driver goes to work nobody drives, and what its task woke stands in its LIFO
 * slot; a poll that blocks would hold up both. So for as long as something goes on those
 * that sleep do so by naps, and look around after each: whether nobody drives, and whether
 * a worker has not come back to its LIFO slot for a nap's length. Who took NAPS naps in
 * which nothing went on sleeps deep, without a limit; the first who has something to do
 * then wakes one. One that is alone has nobody to look after, and sleeps deep at once;
 * unless the board is to be told of bytes: that is done after a nap.
 */
#include "core.h"

#include "io.h"

#define ENDING_MS 5 /* how often a worker looks whether the runtime's time is up */
#define NAP_MS 10
#define NAPS 100

void worker_unpark(struct worker *worker)
{
	switch (atomic_exchange(&worker->park, PARK_NOTIFIED)) {
	case PARK_CONDITION:
		pthread_mutex_lock(&worker->park_lock);
		pthread_cond_signal(&worker->park_condition);
		pthread_mutex_unlock(&worker->park_lock);
		break;
	case PARK_DRIVER:
		reactor_interrupt(worker->rt);
		break;
	default:
		break;
	}
}

/* ---- Naps ---- */

void park_wake_deep(struct rt *rt)
{
	uint64_t deep = atomic_load(&rt->deep);
	unsigned index;

	if (!deep)
		return;
	index = (unsigned)__builtin_ctzll(deep);
	if (atomic_fetch_and(&rt->deep, ~(1ull << index)) & (1ull << index))
		worker_unpark(rt->all[index]);
}

/* Partners: the end of worker_park, and schedule_task, which look at deep last. */
static bool go_deep(struct worker *worker)
{
	struct rt *rt = worker->rt;
	uint64_t bit = 1ull << worker->index;
	bool goes_on;

	atomic_fetch_or(&rt->deep, bit);
	goes_on = !atomic_load(&rt->is_driven) || atomic_load(&rt->turns) != worker->turns_seen;
	for (unsigned i = 0; i < WORKERS && !goes_on; i++) {
		struct worker *other = atomic_load(&rt->all[i]);

		goes_on = other && atomic_load(&other->lifo);
	}
	if (goes_on)
		atomic_fetch_and(&rt->deep, ~bit);
	return !goes_on;
}

/* How long to sleep: -1 for ever. */
static int nap_ms(struct worker *worker)
{
	struct rt *rt = worker->rt;
	uint64_t turns = atomic_load(&rt->turns);

	if (atomic_load(&rt->is_ending))
		return ENDING_MS;
	if (io_bytes_are_late())
		return NAP_MS;
	if (rt->workers == 1)
		return -1;
	if (turns != worker->turns_seen) {
		worker->turns_seen = turns;
		worker->naps = 0;
	}
	if (worker->naps++ < NAPS || !go_deep(worker))
		return NAP_MS;
	return -1;
}

/* Takes a task from a worker that has not come back since another nap. Returns whether it did. */
static bool rescue(struct worker *worker)
{
	struct rt *rt = worker->rt;

	for (unsigned i = 0; i < WORKERS; i++) {
		struct worker *other = atomic_load(&rt->all[i]);
		struct rt_task *task;
		uint32_t ticks;

		if (!other || !atomic_load(&other->lifo))
			continue;
		ticks = atomic_load_explicit(&other->ticks, memory_order_relaxed);
		if (atomic_exchange(&other->watched, ticks) != ticks)
			continue;
		task = atomic_exchange(&other->lifo, NULL);
		if (!task)
			continue;
		schedule_inject(rt, task);
		/* Something goes on: those that sleep deep are needed again. */
		atomic_fetch_add(&rt->turns, 1);
		return true;
	}
	return false;
}

/* ---- Sleep ---- */

/* Announces how it sleeps. Returns false when it was notified before. */
static bool park_as(struct worker *worker, enum park_state how)
{
	uint32_t none = PARK_NONE;

	return atomic_compare_exchange_strong(&worker->park, &none, how);
}

/* Returns whether it was woken; false after ms. */
static bool condition_wait(struct worker *worker, int ms)
{
	uint64_t until = clock_ns() + (uint64_t)ms * RT_MS;
	struct timespec ts = { .tv_sec = (time_t)(until / RT_S), .tv_nsec = (long)(until % RT_S) };
	int error = 0;

	pthread_mutex_lock(&worker->park_lock);
	while (atomic_load(&worker->park) == PARK_CONDITION && !error) {
		if (ms < 0)
			pthread_cond_wait(&worker->park_condition, &worker->park_lock);
		else
			error = pthread_cond_clockwait(&worker->park_condition, &worker->park_lock,
						       CLOCK_MONOTONIC, &ts);
	}
	pthread_mutex_unlock(&worker->park_lock);
	return atomic_load(&worker->park) != PARK_CONDITION;
}

static void park_on_condition(struct worker *worker)
{
	struct rt *rt = worker->rt;

	vigil_worker_park();
	while (!condition_wait(worker, nap_ms(worker))) {
		io_bytes_tell();
		if (atomic_load(&rt->is_ending) || !atomic_load(&rt->is_driven) || rescue(worker))
			break;
	}
	vigil_worker_unpark();
}

/* Paused time goes on to the next timer when nothing else can happen. Returns whether it did. */
static bool advance_time(struct rt *rt)
{
	uint64_t next = timers_next(rt);

	if (next == UINT64_MAX || !pool_is_idle(rt) || worker_has_work(rt))
		return false;
	if (next > atomic_load(&rt->paused_ns))
		atomic_store(&rt->paused_ns, next);
	timers_expire(rt);
	return true;
}

static void park_as_driver(struct worker *worker)
{
	struct rt *rt = worker->rt;
	bool is_parked = true;

	if (rt->options.is_paused && (reactor_wait(rt, 0, NULL) > 0 || advance_time(rt)))
		return;
	vigil_worker_park();
	atomic_store(&rt->is_driven, 1);
	while (reactor_wait(rt, nap_ms(worker), &is_parked) <= 0) {
		io_bytes_tell();
		if (atomic_load(&rt->is_ending) || rescue(worker))
			break;
	}
	atomic_store(&rt->is_driven, 0);
	if (is_parked)
		vigil_worker_unpark();
}

static void park_wait(struct worker *worker)
{
	struct rt *rt = worker->rt;

	if (pthread_mutex_trylock(&rt->reactor.driver) == 0) {
		if (park_as(worker, PARK_DRIVER))
			park_as_driver(worker);
		atomic_store(&worker->park, PARK_NONE);
		pthread_mutex_unlock(&rt->reactor.driver);
		return;
	}
	if (park_as(worker, PARK_CONDITION))
		park_on_condition(worker);
	atomic_store(&worker->park, PARK_NONE);
}

void worker_park(struct worker *worker)
{
	struct rt *rt = worker->rt;
	uint64_t bit = 1ull << worker->index;

	if (worker->is_searching) {
		worker->is_searching = false;
		atomic_fetch_sub(&rt->searching, 1);
	}
	if (worker->queued_told)
		vigil_worker_queued(0);
	worker->queued_told = 0;
	atomic_fetch_or(&rt->idle, bit);
	/* Partner: the fence in schedule_notify. */
	atomic_thread_fence(memory_order_seq_cst);
	if (!worker_has_work(rt))
		park_wait(worker);
	atomic_fetch_and(&rt->deep, ~bit);
	/* Who was chosen searches. */
	worker->is_searching = !(atomic_fetch_and(&rt->idle, ~bit) & bit);
	if (worker->is_searching)
		atomic_fetch_add(&rt->turns, 1);
	if (atomic_load(&rt->turns) != worker->turns_seen)
		park_wake_deep(rt);
}
