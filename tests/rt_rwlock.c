/* SPDX-License-Identifier: MIT */
/* The example runtime's rwlock: many readers or one writer, in the order they asked. */
#include "tests/support/rt.h"

TestSuite(rt_rwlock, .init = rt_begin, .fini = rt_end_empty);

static struct rt_rwlock *lock;
static char order[64];

static int take(char how)
{
	return how == 'w' ? rt_rwlock_write(lock) : rt_rwlock_read(lock);
}

/* "r" reads, "w" writes, for 1 ms. */
static int use(void *arg)
{
	const char *how = arg;
	int error = take(*how);

	if (error)
		return error;
	strcat(order, how);
	error = rt_sleep(RT_MS);
	strcat(order, ".");
	rt_rwlock_unlock(lock);
	return error;
}

static int in_order(void *arg)
{
	const char *hows = arg;
	static const char *const how[] = { "r", "w" };
	struct rt_handle jobs[8];
	size_t count = strlen(hows);

	lock = rt_rwlock_new("cfg");
	for (size_t i = 0; i < count; i++) {
		rt_spawn(&jobs[i], use, (void *)how[hows[i] == 'w'], "user");
		rt_yield();
	}
	for (size_t i = 0; i < count; i++)
		cr_assert_eq(rt_join(&jobs[i], NULL), 0);
	cr_assert_eq(rt_rwlock_try_write(lock), 0);
	rt_rwlock_unlock(lock);
	rt_rwlock_free(lock);
	return 0;
}

Test(rt_rwlock, lets_readers_in_together_and_writers_alone)
{
	cr_assert_eq(rt_paused(in_order, "rrwwr"), 0);

	cr_assert_str_eq(order, "rr..w.w.r.");
}

Test(rt_rwlock, does_not_let_a_reader_overtake_a_writer_that_waits)
{
	cr_assert_eq(rt_paused(in_order, "rwrr"), 0);

	cr_assert_str_eq(order, "r.w.rr..");
}

static int trying(void *arg RT_UNUSED)
{
	struct rt_handle job;

	lock = rt_rwlock_new("cfg");
	cr_assert_eq(rt_rwlock_try_read(lock), 0);
	cr_assert_eq(rt_rwlock_try_read(lock), 0);
	cr_assert_eq(rt_rwlock_try_write(lock), -EAGAIN);
	rt_rwlock_unlock(lock);
	rt_spawn(&job, use, "w", "writer");
	rt_yield();
	cr_assert_eq(rt_rwlock_try_read(lock), -EAGAIN, "it overtook the writer");
	rt_rwlock_unlock(lock);
	rt_join(&job, NULL);
	rt_rwlock_free(lock);
	return 0;
}

Test(rt_rwlock, is_tried_without_overtaking)
{
	cr_assert_eq(rt_paused(trying, NULL), 0);
}

/* ---- On the board ---- */

static int shown(void *arg RT_UNUSED)
{
	struct rt_handle reader, writer, late;
	const struct vigil_resource_record *r;

	lock = rt_rwlock_new("cfg");
	rt_rwlock_read(lock);
	rt_spawn(&reader, use, "r", "reader");
	rt_yield();
	rt_spawn(&writer, use, "w", "writer");
	rt_yield();
	rt_spawn(&late, use, "r", "late");
	rt_yield();

	r = rt_board_resource("cfg");
	cr_assert_eq(r->mode, VIGIL_MODE_SHARED);
	cr_assert_eq(r->holders, 2);
	cr_assert_eq(r->owner[0], task_here()->vigil);
	cr_assert_eq(r->owner[1], reader.task->vigil);
	cr_assert_eq(r->waiters, 2);
	cr_assert_eq(rt_board_task("writer")->wait_kind, VIGIL_WAIT_LOCK);
	cr_assert_eq(rt_board_task("late")->wait_kind, VIGIL_WAIT_LOCK_SHARED);

	rt_join(&reader, NULL);
	rt_rwlock_unlock(lock);
	r = rt_board_resource("cfg");
	cr_assert_eq(r->mode, VIGIL_MODE_EXCLUSIVE);
	cr_assert_eq(r->owner[0], writer.task->vigil, "it was not handed over at once");
	rt_join(&writer, NULL);
	rt_join(&late, NULL);
	cr_assert_eq(rt_board_resource("cfg")->acquired, 4);
	cr_assert_eq(rt_board_resource("cfg")->contended, 2);
	rt_rwlock_free(lock);
	return 0;
}

Test(rt_rwlock, shows_who_reads_who_writes_and_who_waits_for_which)
{
	cr_assert_eq(rt_paused(shown, NULL), 0);
}

/* A wake that brings nothing. */
static int shielded(void *arg)
{
	int error;

	rt_shield_begin();
	error = use(arg);
	rt_shield_end();
	return error;
}

static int woken_for_nothing(void *arg RT_UNUSED)
{
	struct rt_handle reader;

	lock = rt_rwlock_new("cfg");
	rt_rwlock_write(lock);
	rt_spawn(&reader, shielded, "r", "reader");
	rt_yield();
	rt_cancel(&reader);
	rt_yield();
	cr_assert_eq(rt_board_task("reader")->wait_kind, VIGIL_WAIT_LOCK_SHARED);
	cr_assert_eq(rt_board_resource("cfg")->waiters, 1);
	rt_rwlock_unlock(lock);
	rt_join(&reader, NULL);
	rt_rwlock_free(lock);
	return 0;
}

Test(rt_rwlock, shows_who_waits_also_after_a_wake_for_nothing)
{
	cr_assert_eq(rt_paused(woken_for_nothing, NULL), 0);
}

/* ---- Downgrade ---- */

static int downgraded(void *arg RT_UNUSED)
{
	struct rt_handle readers[2], writer;
	const struct vigil_resource_record *r;

	lock = rt_rwlock_new("cfg");
	rt_rwlock_write(lock);
	rt_rwlock_downgrade(lock);
	cr_assert_eq(rt_board_resource("cfg")->mode, VIGIL_MODE_SHARED);
	cr_assert_eq(rt_board_resource("cfg")->holders, 1);
	rt_rwlock_unlock(lock);

	rt_rwlock_write(lock);
	rt_spawn(&readers[0], use, "r", "reader");
	rt_yield();
	rt_spawn(&writer, use, "w", "writer");
	rt_yield();
	rt_spawn(&readers[1], use, "r", "late");
	rt_yield();

	cr_assert_eq(rt_rwlock_downgrade(lock), 0);
	r = rt_board_resource("cfg");
	cr_assert_eq(r->mode, VIGIL_MODE_SHARED);
	cr_assert_eq(r->holders, 2, "the first reader alone comes in with it");
	cr_assert_eq(r->owner[0], task_here()->vigil);
	cr_assert_eq(rt_rwlock_downgrade(lock), -EPERM);
	cr_assert_str_eq(rt_misused, "downgrade of rwlock \"cfg\" by task 1 \"main\", which does "
				     "not hold it to write: 2 tasks read");

	rt_rwlock_unlock(lock);
	rt_join(&readers[0], NULL);
	rt_join(&writer, NULL);
	rt_join(&readers[1], NULL);
	cr_assert_str_eq(order, "r.w.r.");
	rt_rwlock_free(lock);
	return 0;
}

Test(rt_rwlock, goes_from_writer_to_reader_with_no_writer_between)
{
	cr_assert_eq(rt_paused(downgraded, NULL), 0);
}

/* ---- Misuse ---- */

static int only_unlock(void *arg RT_UNUSED)
{
	return rt_rwlock_unlock(lock);
}

static int thieves(void *arg RT_UNUSED)
{
	struct rt_result result;
	struct rt_handle job;

	lock = rt_rwlock_new("cfg");
	cr_assert_eq(rt_rwlock_unlock(lock), -EPERM);
	cr_assert_str_eq(rt_misused, "unlock of rwlock \"cfg\" by task 1 \"main\", which does not "
				     "hold it: nobody does");
	rt_rwlock_read(lock);
	rt_spawn(&job, only_unlock, NULL, "thief");
	rt_join(&job, &result);
	cr_assert_eq(result.code, -EPERM);
	cr_assert_str_eq(rt_misused, "unlock of rwlock \"cfg\" by task 2 \"thief\", which does not "
				     "hold it: task 1 reads");
	rt_rwlock_unlock(lock);
	rt_rwlock_write(lock);
	cr_assert_eq(rt_call_blocking(only_unlock, NULL, "job"), -EPERM);
	cr_assert_eq(rt_rwlock_unlock(lock), 0);
	rt_rwlock_free(lock);
	return 0;
}

Test(rt_rwlock, is_given_back_by_those_who_hold_it_alone)
{
	cr_assert_eq(rt_paused(thieves, NULL), 0);
}

static int leave_it_held(void *arg RT_UNUSED)
{
	return rt_rwlock_write(lock);
}

static int ended_owner(void *arg RT_UNUSED)
{
	struct rt_handle job;
	uint64_t id;

	lock = rt_rwlock_new("cfg");
	rt_spawn(&job, leave_it_held, NULL, "forgetful");
	id = rt_handle_id(&job);
	rt_join(&job, NULL);

	cr_assert_eq(rt_rwlock_try_read(lock), -EAGAIN);
	cr_assert_eq(rt_timeout(RT_MS, rt_rwlock_read_op(lock)), -ETIMEDOUT);
	/* Whatever memory it gets: the next task is not the owner. */
	rt_spawn(&job, only_unlock, NULL, "next");
	rt_join(&job, NULL);
	cr_assert_eq(rt_misuses, 1);
	cr_assert_eq(rt_board_resource("cfg")->holders, 1);
	cr_assert_eq(VIGIL_FIND(rt_reader, task, rt_board_resource("cfg")->owner[0])->life,
		     VIGIL_LIFE_ENDED);
	cr_assert_eq(id, 2);
	rt_rwlock_free(lock);
	return 0;
}

Test(rt_rwlock, stays_held_when_its_owner_ends)
{
	cr_assert_eq(rt_paused(ended_owner, NULL), 0);
}

/* ---- Cancellation ---- */

static int write_and_read_cut(void *arg RT_UNUSED)
{
	RT_GUARD(rt_rwlock_guard) struct rt_rwlock *held = NULL;
	int error = rt_rwlock_write(lock);

	if (error)
		return error;
	held = lock;
	error = rt_sleep(RT_MS);
	if (error)
		return error;
	rt_rwlock_downgrade(lock);
	error = rt_sleep(RT_MS);
	if (error)
		return error;
	rt_rwlock_guard(&held);
	error = rt_rwlock_read(lock);
	if (!error)
		held = lock;
	return error;
}

static int cut(void *arg)
{
	return rt_cut(write_and_read_cut, arg);
}

static int with_rivals(void *arg RT_UNUSED)
{
	struct rt_handle jobs[4];

	order[0] = '\0';
	lock = rt_rwlock_new("cfg");
	rt_spawn(&jobs[0], use, "r", "reader");
	rt_spawn(&jobs[1], cut, NULL, "cut");
	rt_spawn(&jobs[2], use, "r", "reader");
	rt_spawn(&jobs[3], use, "w", "writer");
	for (int i = 0; i < 4; i++)
		rt_join(&jobs[i], NULL);
	cr_assert_eq(rt_rwlock_try_write(lock), 0, "it was lost");
	rt_rwlock_unlock(lock);
	cr_assert_eq(rt_board_resource("cfg")->waiters, 0);
	rt_rwlock_free(lock);
	return 0;
}

Test(rt_rwlock, survives_a_cancel_at_every_await)
{
	cr_assert_eq(rt_cut_everywhere(with_rivals, NULL), 4);
}

static int writer_gives_up(void *arg RT_UNUSED)
{
	struct rt_handle writer, reader;

	lock = rt_rwlock_new("cfg");
	rt_rwlock_read(lock);
	rt_spawn(&writer, use, "w", "writer");
	rt_yield();
	rt_spawn(&reader, use, "r", "reader");
	rt_yield();
	cr_assert_str_eq(order, "");
	rt_cancel(&writer);
	rt_join(&writer, NULL);
	rt_join(&reader, NULL);
	cr_assert_str_eq(order, "r.", "the reader stood behind nobody");
	rt_rwlock_unlock(lock);
	rt_rwlock_free(lock);
	return 0;
}

Test(rt_rwlock, lets_readers_in_when_the_writer_before_them_gives_up)
{
	cr_assert_eq(rt_paused(writer_gives_up, NULL), 0);
}

static struct rt_notify *other;

/* Both are ready, and the other is looked at first. */
static int other_wins(void *arg)
{
	struct rt_op ops[2] = { rt_notified_op(other), *(char *)arg == 'w' ?
							       rt_rwlock_write_op(lock) :
							       rt_rwlock_read_op(lock) };

	cr_assert_eq(rt_select(ops, 2, RT_BIASED), 0);
	return 0;
}

static int handed_to_a_loser(void *arg)
{
	struct rt_handle loser, next;

	other = rt_notify_new("other");
	lock = rt_rwlock_new("cfg");
	rt_rwlock_write(lock);
	rt_spawn(&loser, other_wins, arg, "loser");
	rt_yield();
	rt_spawn(&next, use, "w", "next");
	rt_yield();
	rt_notify_one(other);
	rt_rwlock_unlock(lock);
	cr_assert_eq(rt_board_resource("cfg")->owner[0], loser.task->vigil);
	rt_join(&loser, NULL);
	rt_join(&next, NULL);
	cr_assert_str_eq(order, "w.");
	rt_rwlock_free(lock);
	rt_notify_free(other);
	return 0;
}

Test(rt_rwlock, to_write_goes_to_the_next_when_its_task_chose_something_else)
{
	cr_assert_eq(rt_paused(handed_to_a_loser, "w"), 0);
}

Test(rt_rwlock, to_read_goes_to_the_next_when_its_task_chose_something_else)
{
	cr_assert_eq(rt_paused(handed_to_a_loser, "r"), 0);
}

/* ---- Stress ---- */

#define TASKS 50
#define ROUNDS 120

static unsigned written, copy; /* plain: the lock is what keeps them */
static _Atomic unsigned readers, writers, reads, writes;

static void look(void)
{
	readers++;
	cr_assert_eq(writers, 0);
	cr_assert_eq(written, copy);
	reads++;
}

static int read_some(int i)
{
	if (i % 4 ? rt_rwlock_read(lock) : rt_timeout(10 * RT_US, rt_rwlock_read_op(lock)))
		return 0;
	look();
	if (i % 3 == 0)
		rt_yield();
	readers--;
	return rt_rwlock_unlock(lock);
}

static int write_some(int i)
{
	if (i % 3 ? rt_rwlock_write(lock) : rt_timeout(10 * RT_US, rt_rwlock_write_op(lock)))
		return 0;
	cr_assert_eq(++writers, 1);
	cr_assert_eq(readers, 0);
	written++;
	if (i % 2)
		rt_yield();
	copy++;
	writers--;
	writes++;
	if (i % 5)
		return rt_rwlock_unlock(lock);
	cr_assert_eq(rt_rwlock_downgrade(lock), 0);
	look();
	readers--;
	return rt_rwlock_unlock(lock);
}

static int read_and_write(void *arg)
{
	for (int i = (int)(intptr_t)arg; i < (int)(intptr_t)arg + ROUNDS; i++)
		cr_assert_eq(i % 6 == 1 ? write_some(i / 6) : read_some(i), 0);
	return 0;
}

static int all_of_them(void *arg RT_UNUSED)
{
	struct rt_handle jobs[TASKS];

	lock = rt_rwlock_new("cfg");
	for (intptr_t i = 0; i < TASKS; i++)
		rt_spawn(&jobs[i], read_and_write, (void *)i, "user");
	for (int i = 0; i < TASKS; i++)
		rt_join(&jobs[i], NULL);
	cr_assert_eq(rt_rwlock_try_write(lock), 0);
	rt_rwlock_unlock(lock);
	rt_rwlock_free(lock);
	return 0;
}

Test(rt_rwlock, keeps_readers_and_writers_apart_on_four_workers)
{
	cr_assert_eq(rt_threads(4, all_of_them, NULL), 0);

	cr_assert_eq(written, writes);
	cr_assert_geq(writes, TASKS * ROUNDS / 6 / 2);
	cr_assert_geq(reads, TASKS * ROUNDS / 2);
}
