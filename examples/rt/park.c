/* SPDX-License-Identifier: MIT */
/*
 * How a worker sleeps: one of them in epoll_wait, as the driver of the reactor, the others
 * on a condition. When the driver goes to work nobody drives until a worker parks again or
 * looks outside: a poll that blocks may therefore hold up I/O and timers.
 */
#include "core.h"

#define ENDING_MS 5 /* how often a worker looks whether the runtime's time is up */

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

/* Announces how it sleeps. Returns false when it was notified before. */
static bool park_as(struct worker *worker, enum park_state how)
{
	uint32_t none = PARK_NONE;

	return atomic_compare_exchange_strong(&worker->park, &none, how);
}

static void park_on_condition(struct worker *worker)
{
	uint64_t until = clock_ns() + ENDING_MS * RT_MS;
	struct timespec ts = { .tv_sec = (time_t)(until / RT_S), .tv_nsec = (long)(until % RT_S) };

	vigil_worker_park();
	pthread_mutex_lock(&worker->park_lock);
	while (atomic_load(&worker->park) == PARK_CONDITION) {
		if (!atomic_load(&worker->rt->is_ending))
			pthread_cond_wait(&worker->park_condition, &worker->park_lock);
		else if (pthread_cond_clockwait(&worker->park_condition, &worker->park_lock,
						CLOCK_MONOTONIC, &ts))
			break;
	}
	pthread_mutex_unlock(&worker->park_lock);
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

	if (rt->options.is_paused && (reactor_wait(rt, 0, false) > 0 || advance_time(rt)))
		return;
	reactor_wait(rt, atomic_load(&rt->is_ending) ? ENDING_MS : -1, true);
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
	bool was_chosen;

	if (worker->is_searching) {
		worker->is_searching = false;
		atomic_fetch_sub(&rt->searching, 1);
	}
	vigil_worker_queued(0);
	atomic_fetch_or(&rt->idle, bit);
	/* Partner: the fence in schedule_notify. */
	atomic_thread_fence(memory_order_seq_cst);
	if (!worker_has_work(rt))
		park_wait(worker);
	was_chosen = !(atomic_fetch_and(&rt->idle, ~bit) & bit);
	worker->is_searching = was_chosen;
}
