/* SPDX-License-Identifier: MIT */
/*
 * Several functions at once, of which the first to succeed is wanted.
 *
 * Who was first is noted where tasks end, under the lock, so it is the true order; and a
 * racer counts as ended only when it will touch the race no more. We do not return before
 * all have: they may use our stack.
 */
#include "core.h"

#include <errno.h>
#include <stdlib.h>

struct racer {
	struct race *race;
	struct rt_handle handle;
	vigil_task vigil;
	void (*drop)(void *value);
	bool has_ended;
};

struct race {
	pthread_mutex_t lock;
	struct waitq waiters;
	size_t left;          /* have not ended */
	struct racer *winner; /* the first that succeeded */
	struct racer *last;   /* that ended */
	struct racer *named;  /* in the wait word of who waits */
	size_t count;         /* were started */
	struct racer racers[];
};

static void racer_ended(struct rt_task *task, void *arg)
{
	struct racer *racer = arg;
	struct race *race = racer->race;
	bool is_winner;

	pthread_mutex_lock(&race->lock);
	is_winner = task->code >= 0 && !race->winner;
	if (is_winner)
		race->winner = racer;
	racer->has_ended = true;
	race->last = racer;
	race->left--;
	/* The wait word is to name one that runs. */
	if (is_winner || !race->left || racer == race->named)
		waitq_wake_all(&race->waiters, NULL, false);
	pthread_mutex_unlock(&race->lock);
}

static int racer_start(struct vigil_site *site, struct race *race, const struct rt_racer *as)
{
	struct rt_spawn_options options = { .name = as->name };
	struct racer *racer = &race->racers[race->count];
	int error;
	struct rt_task *task = task_make(site, &racer->handle, as->fn, as->arg, &options, &error);

	if (!task)
		return error;
	racer->race = race;
	racer->drop = as->drop;
	racer->vigil = task->vigil;
	task->ended = racer_ended;
	task->ended_arg = racer;
	pthread_mutex_lock(&race->lock);
	race->count++;
	race->left++;
	pthread_mutex_unlock(&race->lock);
	task_start(task);
	return 0;
}

/* ---- Awaiting the first, and the rest ---- */

static bool race_poll(struct rt_op *op)
{
	struct race *race = op->object;
	bool is_for_all = op->in.number;
	bool is_done;

	pthread_mutex_lock(&race->lock);
	is_done = !race->left || (race->winner && !is_for_all);
	if (is_done)
		waitq_remove(op);
	else
		waitq_add(&race->waiters, op);
	/* The wait word has room for one. */
	for (size_t i = 0; i < race->count && !is_done; i++) {
		if (race->racers[i].has_ended)
			continue;
		race->named = &race->racers[i];
		op->resource = race->named->vigil;
		break;
	}
	pthread_mutex_unlock(&race->lock);
	op->result = 0;
	return is_done;
}

static void race_cancel(struct rt_op *op)
{
	struct race *race = op->object;

	pthread_mutex_lock(&race->lock);
	waitq_remove(op);
	pthread_mutex_unlock(&race->lock);
}

static int await_race(struct vigil_site *site, struct race *race, bool is_for_all)
{
	static const struct rt_op_type type = {
		.source = "race", .waits = VIGIL_WAIT_TASK, .poll = race_poll, .cancel = race_cancel
	};
	struct rt_op op = op_make(&type, site, race, 0);

	op.in.number = is_for_all;
	return rt_await(&op);
}

static void cut_and_await(struct vigil_site *site, struct race *race, struct rt_task *task)
{
	for (size_t i = 0; i < race->count; i++)
		rt_cancel_at(site, &race->racers[i].handle);
	rt_shield_begin();
	if (await_race(site, race, true) == -ECANCELED) {
		for (size_t i = 0; i < race->count; i++)
			rt_abort_at(site, &race->racers[i].handle);
		task->holds++;
		await_race(site, race, true);
		task->holds--;
	}
	rt_shield_end();
}

/* ---- The result ---- */

/* All have ended. The error of a race that nobody won is its caller's. */
static int take_results(struct vigil_site *site, struct race *race, struct rt_result *ret_result)
{
	struct racer *chosen = race->winner ? race->winner : race->last;
	struct rt_result result;
	int code = -ECANCELED;

	for (size_t i = 0; i < race->count; i++) {
		struct racer *racer = &race->racers[i];

		/* Does not wait, so a cancel does not stop it. */
		rt_try(rt_join_op_at(site, &racer->handle, &result));
		if (racer->drop && result.value && (racer != chosen || !ret_result))
			racer->drop(result.value);
		if (racer != chosen) {
			rt_result_free(&result);
			continue;
		}
		code = race->winner ? (int)i : result.code;
		if (ret_result)
			*ret_result = result;
		else if (race->winner)
			rt_result_free(&result);
		else
			rt_fail_with(result.error);
	}
	return code;
}

int rt_race_at(struct vigil_site *site, const struct rt_racer *racers, size_t count,
	       struct rt_result *ret_result)
{
	struct rt_task *task = task_here();
	struct race *race;
	int code = 0, error = 0;

	if (ret_result)
		*ret_result = (struct rt_result){ .code = -ECANCELED };
	if (!task)
		return misuse(-EPERM, "rt_race outside a task: there is nobody to wait for it");
	if (task->is_in_place)
		return refused_in_place("rt_race");
	if (!count)
		return misuse(-EINVAL, "rt_race among no functions has no winner");
	if (task_is_cut(task))
		return -ECANCELED;
	race = calloc(1, sizeof(*race) + count * sizeof(race->racers[0]));
	if (!race)
		return -ENOMEM;
	pthread_mutex_init(&race->lock, NULL);
	for (size_t i = 0; i < count && !error; i++)
		error = racer_start(site, race, &racers[i]);
	if (!error)
		error = await_race(site, race, false);
	cut_and_await(site, race, task);
	code = take_results(site, race, ret_result);
	/* Cancelled, or no memory for all: unless one made it all the same. */
	if (error && code < 0) {
		if (ret_result)
			rt_result_free(ret_result);
		code = error;
	}
	pthread_mutex_destroy(&race->lock);
	free(race);
	return code;
}
