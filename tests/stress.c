/* SPDX-License-Identifier: MIT */
/*
 * Four threads poll, wake, migrate, lock and end tasks, often those another
 * thread polls, while a reader looks on through a mapping of its own.
 *
 * Of every record that is not torn, at every look:
 *
 *  1  seq is even; life, kind, outcome and join are words of their enumerations;
 *     a task's depth is 0 or 1.
 *  2  busy + scheduled + idle = age, and none of them is negative.
 *  3  While a generation stands, id, site, parent and birth stay what they were;
 *     polls, busy_ns, scheduled_ns, wakes, self_wakes, waker_clones and the peaks
 *     never go back; what ended stays ended, at the same time, with one outcome.
 *  4  A peak is at most the sum it belongs to; no polls means no busy time.
 *  5  A generation of a record is never followed by an older one.
 *  6  A worker's polls, busy_ns, parks, parked_ns and wakes never go back while its
 *     generation stands, and busy + parked fit into its life.
 *  7  A lock's acquired, contended, hold_ns and wait_ns never go back; a lock that
 *     one may hold has at most one holder.
 *
 * When all threads have ended:
 *
 *  8  Every site's spawned = completed + failed + cancelled + aborted + live.
 *  9  Every histogram's counts add up to its count beside it.
 * 10  What the threads counted is what the board says: spawns, ends, wakes; and
 *     nothing was misused that they did not misuse.
 */
#include <criterion/criterion.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <vigil/reader.h>
#include <vigil/vigil.h>

#define THREADS 4
#define LOOKS 3 /* at least, while threads run */
#define SLOTS 48
#define LOCKS 3
#if defined(__SANITIZE_THREAD__) || defined(__SANITIZE_ADDRESS__)
#define ROUNDS 30000
#else
#define ROUNDS 200000
#endif

/* A task that whoever takes the slot may poll. */
struct slot {
	int taken;
	vigil_task task;
};

static struct slot slots[SLOTS];
static pthread_mutex_t mutexes[LOCKS];
static vigil_resource locks[LOCKS];
static vigil_resource shared;
static int threads_left;
static uint64_t looks;

struct tally {
	uint64_t seed;
	uint64_t spawns, ends, wakes, parks;
};

static uint32_t roll(struct tally *tally, uint32_t sides)
{
	tally->seed = tally->seed * 6364136223846793005u + 1442695040888963407u;
	return (uint32_t)(tally->seed >> 33) % sides;
}

static vigil_task spawn(struct tally *tally)
{
	tally->spawns++;
	return vigil_task_spawn(0, VIGIL_TASK_ASYNC, "stressed", roll(tally, 4));
}

static vigil_task slot_task(uint32_t i)
{
	return __atomic_load_n(&slots[i].task, __ATOMIC_ACQUIRE);
}

/* Ends a slot's task, whoever polls it, and puts a new one in its place. */
static void slot_end(struct tally *tally, uint32_t i)
{
	vigil_task old = __atomic_exchange_n(&slots[i].task, spawn(tally), __ATOMIC_ACQ_REL);

	if (roll(tally, 4))
		vigil_task_end(old, (enum vigil_outcome)(1 + roll(tally, 4)));
	else
		vigil_task_fail(old, 5, "as told");
	tally->ends++;
}

static void lock_use(struct tally *tally)
{
	uint32_t i = roll(tally, LOCKS);

	if (pthread_mutex_trylock(&mutexes[i])) {
		vigil_lock_wait(locks[i], VIGIL_MODE_EXCLUSIVE);
		pthread_mutex_lock(&mutexes[i]);
	}
	vigil_lock_acquired(locks[i], VIGIL_MODE_EXCLUSIVE);
	vigil_lock_released(locks[i]);
	pthread_mutex_unlock(&mutexes[i]);
	vigil_lock_acquired(shared, VIGIL_MODE_SHARED);
	vigil_lock_released(shared);
}

/* What a task does in its poll. */
static void work(struct tally *tally, uint32_t self)
{
	switch (roll(tally, 8)) {
	case 0:
		vigil_wake(slot_task(self));
		tally->wakes++;
		break;
	case 1:
		lock_use(tally);
		break;
	case 2:
		slot_end(tally, self);
		break;
	case 3:
		slot_end(tally, roll(tally, SLOTS));
		break;
	case 4:
		vigil_waker_clone(slot_task(self));
		vigil_waker_drop(slot_task(self));
		break;
	default:
		vigil_wake(slot_task(roll(tally, SLOTS)));
		tally->wakes++;
		break;
	}
}

static void poll_slot(struct tally *tally)
{
	uint32_t i = roll(tally, SLOTS);
	vigil_task task;

	if (__atomic_exchange_n(&slots[i].taken, 1, __ATOMIC_ACQUIRE))
		return;
	task = slot_task(i);
	vigil_poll_begin(task);
	work(tally, i);
	vigil_poll_end(task);
	__atomic_store_n(&slots[i].taken, 0, __ATOMIC_RELEASE);
}

static uint64_t load_looks(void)
{
	return __atomic_load_n(&looks, __ATOMIC_RELAXED);
}

static void *stress(void *arg)
{
	struct tally *tally = arg;

	vigil_worker_begin(0, "stress");
	/* A reader that was not given a processor has not looked yet. */
	for (int round = 0; round < ROUNDS || load_looks() < LOOKS; round++) {
		switch (roll(tally, 16)) {
		case 0:
			slot_end(tally, roll(tally, SLOTS));
			break;
		case 1:
			vigil_wake(slot_task(roll(tally, SLOTS)));
			tally->wakes++;
			break;
		case 2:
			vigil_worker_park();
			vigil_worker_unpark();
			tally->parks++;
			break;
		default:
			poll_slot(tally);
			break;
		}
	}
	__atomic_fetch_sub(&threads_left, 1, __ATOMIC_RELEASE);
	return NULL;
}

/* ---- The reader's side ---- */

static struct vigil_reader *reader;
static struct vigil_task_record last_tasks[65536];
static struct vigil_worker_record last_workers[64];
static struct vigil_resource_record last_resources[16];
static uint64_t torn, checked;

#define HOLDS(t, condition)                                                                        \
	cr_assert(condition, "look %lu, task %u.%u: not %s", (unsigned long)looks, index,          \
		  (t)->gen, #condition)
#define GROWS(t, last, field) HOLDS(t, (t)->field >= (last)->field)
#define STAYS(t, last, field) HOLDS(t, (t)->field == (last)->field)

static void task_times_check(uint32_t index, const struct vigil_task_record *t)
{
	struct vigil_task_times times;

	vigil_task_times(t, vigil_reader_now(reader), &times);
	HOLDS(t, !times.is_impossible);
	HOLDS(t, times.busy_ns + times.scheduled_ns + times.idle_ns == times.age_ns);
	HOLDS(t, t->busy_max_ns <= t->busy_ns);
	HOLDS(t, t->scheduled_max_ns <= t->scheduled_ns);
	HOLDS(t, t->polls || !t->busy_ns);
}

static void task_check(uint32_t index, const struct vigil_task_record *t)
{
	struct vigil_task_record *last = &last_tasks[index];

	HOLDS(t, !(t->seq & 1));
	HOLDS(t, t->life <= VIGIL_LIFE_ENDED);
	HOLDS(t, t->gen >= last->gen);
	if (t->life == VIGIL_LIFE_FREE)
		return;
	HOLDS(t, t->kind == VIGIL_TASK_ASYNC);
	HOLDS(t, t->outcome <= VIGIL_OUTCOME_ABORTED && t->join <= VIGIL_JOIN_DETACHED);
	HOLDS(t, t->life != VIGIL_LIFE_ENDED || (t->outcome && t->ended_ns));
	HOLDS(t, t->depth <= 1);
	task_times_check(index, t);
	if (last->gen == t->gen && last->life) {
		STAYS(t, last, id);
		STAYS(t, last, site);
		STAYS(t, last, parent);
		STAYS(t, last, created_ns);
		GROWS(t, last, polls);
		GROWS(t, last, busy_ns);
		GROWS(t, last, busy_max_ns);
		GROWS(t, last, scheduled_ns);
		GROWS(t, last, scheduled_max_ns);
		GROWS(t, last, poll_begin_ns);
		GROWS(t, last, poll_end_ns);
		GROWS(t, last, wakes);
		GROWS(t, last, self_wakes);
		GROWS(t, last, waker_clones);
		GROWS(t, last, life);
	}
	if (last->gen == t->gen && last->life == VIGIL_LIFE_ENDED) {
		STAYS(t, last, ended_ns);
		STAYS(t, last, outcome);
		STAYS(t, last, code);
	}
	*last = *t;
	checked++;
}

static void worker_check(uint32_t index, const struct vigil_worker_record *w)
{
	struct vigil_worker_record *last = &last_workers[index];

	HOLDS(w, !(w->seq & 1) && w->life <= VIGIL_LIFE_ENDED && w->depth <= 16);
	if (last->gen == w->gen && last->life) {
		GROWS(w, last, polls);
		GROWS(w, last, busy_ns);
		GROWS(w, last, busy_max_ns);
		GROWS(w, last, parks);
		GROWS(w, last, parked_ns);
		GROWS(w, last, wakes);
		GROWS(w, last, spawns);
		GROWS(w, last, ring_head);
	}
	HOLDS(w, w->busy_ns + w->parked_ns <= w->last_ns - w->created_ns);
	*last = *w;
}

static void resource_check(uint32_t index, const struct vigil_resource_record *r)
{
	struct vigil_resource_record *last = &last_resources[index];

	HOLDS(r, r->mode <= VIGIL_MODE_SHARED);
	HOLDS(r, r->kind != VIGIL_RESOURCE_MUTEX || r->holders <= 1);
	HOLDS(r, r->waiters <= THREADS && r->holders <= THREADS);
	GROWS(r, last, acquired);
	GROWS(r, last, contended);
	GROWS(r, last, hold_ns);
	GROWS(r, last, hold_max_ns);
	GROWS(r, last, wait_ns);
	GROWS(r, last, wait_max_ns);
	*last = *r;
}

/* Calls check for every record of a table that is not torn. */
#define EACH(record, check)                                                                        \
	for (uint32_t i = 0; i < vigil_reader_count(reader, VIGIL_TABLE_##record); i++) {          \
		if (vigil_reader_is_torn(reader, VIGIL_TABLE_##record, i))                         \
			torn++;                                                                    \
		else                                                                               \
			check(i, VIGIL_AT(reader, record, i));                                     \
	}

static void look(void)
{
	cr_assert_eq(vigil_reader_refresh(reader), 0);
	EACH(task, task_check);
	EACH(worker, worker_check);
	EACH(resource, resource_check);
	__atomic_store_n(&looks, looks + 1, __ATOMIC_RELAXED);
}

static void sites_check(const struct tally *sum)
{
	struct vigil_site_stats *stats = vigil_reader_site_stats(reader);
	uint64_t spawned = 0, ended = 0;
	struct vigil_hist hist;

	for (uint32_t i = 0; i < vigil_reader_count(reader, VIGIL_TABLE_site); i++) {
		struct vigil_site_stats *s = &stats[i];

		if (VIGIL_AT(reader, site, i)->kind != VIGIL_SITE_SPAWN)
			continue;
		cr_assert_eq(s->spawned,
			     s->completed + s->failed + s->cancelled + s->aborted + s->live);
		spawned += s->spawned;
		ended += s->completed + s->failed + s->cancelled + s->aborted;
		vigil_reader_site_hist(reader, i + 1, VIGIL_HIST_BUSY, &hist);
		cr_assert_eq(hist.total, s->busy_count);
		cr_assert_eq(hist.max_ns, s->busy_max_ns);
		vigil_reader_site_hist(reader, i + 1, VIGIL_HIST_DELAY, &hist);
		cr_assert_eq(hist.total, s->delay_count);
	}
	cr_assert_eq(spawned, sum->spawns);
	cr_assert_eq(ended, sum->ends);
	free(stats);
}

static void task_hists_check(void)
{
	const struct vigil_task_record *t;
	struct vigil_hist hist;

	for (uint32_t i = 0; (t = VIGIL_AT(reader, task, i)); i++)
		if (t->life && vigil_reader_task_hist(reader, t, VIGIL_HIST_BUSY, &hist))
			cr_assert_eq(hist.total, t->polls, "task %u", i);
}

static void counts_check(const struct tally *sum)
{
	const struct vigil_counts_record *counts = VIGIL_AT(reader, counts, 0);
	uint64_t wakes = 0, parks = 0;

	cr_assert_eq(counts->lost_tasks + counts->lost_polls + counts->lost_cells, 0);
	cr_assert_eq(counts->lost_workers + counts->lost_hists + counts->lost_owners, 0);
	cr_assert_eq(counts->misused_overlap, 0);
	cr_assert_eq(counts->misused_balance, 0);
	cr_assert_eq(counts->misused_owner, 0);
	for (uint32_t i = 0; i < vigil_reader_count(reader, VIGIL_TABLE_worker); i++) {
		wakes += VIGIL_AT(reader, worker, i)->wakes;
		parks += VIGIL_AT(reader, worker, i)->parks;
		cr_assert_eq(VIGIL_AT(reader, worker, i)->depth, 0);
	}
	/* The rest of the wakes met tasks that had just ended. */
	cr_assert_eq(wakes + counts->misused_wakes + counts->misused_stale +
				     counts->misused_ended >=
			     sum->wakes,
		     1);
	cr_assert_leq(wakes, sum->wakes);
	cr_assert_eq(parks, sum->parks);
}

static void world_make(struct tally *first)
{
	struct vigil_options options = { .struct_size = sizeof(options),
					 .tasks = 65536,
					 .workers = 64 };
	struct vigil_problem problem;
	char path[512];

	cr_assert_eq(vigil_init(&options), 0);
	vigil_board_path(path, sizeof(path));
	cr_assert_eq(vigil_reader_open_file(path, 0, &reader, &problem), 0, "%s", problem.text);
	unlink(path);
	shared = vigil_resource_new(VIGIL_RESOURCE_RWLOCK, "rwlock", "shared", 0,
				    VIGIL_RESOURCE_THREAD);
	for (int i = 0; i < LOCKS; i++) {
		pthread_mutex_init(&mutexes[i], NULL);
		locks[i] = vigil_resource_new(VIGIL_RESOURCE_MUTEX, "mutex", "lock", 0,
					      VIGIL_RESOURCE_THREAD);
	}
	for (int i = 0; i < SLOTS; i++)
		slots[i].task = spawn(first);
}

Test(stress, records_that_are_not_torn_hold_their_invariants, .timeout = 60)
{
	struct tally tallies[THREADS] = { { 0 } }, sum = { 0 };
	pthread_t threads[THREADS];

	world_make(&tallies[0]);
	threads_left = THREADS;
	for (int i = 0; i < THREADS; i++) {
		tallies[i].seed = (uint64_t)i * 7919 + 1;
		cr_assert_eq(pthread_create(&threads[i], NULL, stress, &tallies[i]), 0);
	}
	while (__atomic_load_n(&threads_left, __ATOMIC_ACQUIRE))
		look();
	for (int i = 0; i < THREADS; i++) {
		pthread_join(threads[i], NULL);
		sum.spawns += tallies[i].spawns;
		sum.ends += tallies[i].ends;
		sum.wakes += tallies[i].wakes;
		sum.parks += tallies[i].parks;
	}
	torn = 0;
	look();

	cr_assert_eq(torn, 0, "a record at rest is torn");
	cr_assert_gt(checked, SLOTS);
	sites_check(&sum);
	task_hists_check();
	counts_check(&sum);
	vigil_reader_close(reader);
}
