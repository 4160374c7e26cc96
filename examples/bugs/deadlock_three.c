/* SPDX-License-Identifier: MIT */
/*
 * A deadlock over a lock, a channel and a join, no two of which are alike: "indexer" holds the
 * lock of the index and waits for room in the channel; "writer", who should receive, awaits the
 * end of "snapshot"; and that one waits for the lock.
 * Fixed: the writer awaits the snapshot when it has received all rows.
 *
 * Look at: vigil why: "perhaps a deadlock", for nobody owns a channel: that the writer would
 * receive is a guess; t, the tasks: three that wait, for a lock, to send, and for a task.
 */
#include "../example.h"

#define ROWS 6

struct demo {
	int rows[ROWS];
	struct rt_mutex *lock; /* of rows, the index */
	struct rt_sender *sender;
	struct rt_receiver *receiver;
	struct rt_notify *step;
	unsigned sending, sent, snapshots;
	bool is_snapshot_begun;
};

static int indexer(void *arg)
{
	struct demo *demo = arg;
	int code = rt_mutex_lock(demo->lock);

	if (code < 0)
		return code;
	for (int i = 0; i < ROWS && !code; i++) {
		demo->rows[i] = i;
		demo->sending++;
		rt_notify_one(demo->step);
		code = rt_send(demo->sender, &demo->rows[i]);
		demo->sent += !code;
	}
	rt_mutex_unlock(demo->lock);
	return code;
}

static int snapshot(void *arg)
{
	struct demo *demo = arg;
	int code;

	demo->is_snapshot_begun = true;
	rt_notify_one(demo->step);
	code = rt_mutex_lock(demo->lock);
	if (code < 0)
		return code;
	demo->snapshots++;
	return rt_mutex_unlock(demo->lock);
}

static int writer(void *arg)
{
	struct demo *demo = arg;
	struct rt_handle job = { 0 };
	void *row;
	int code = rt_recv(demo->receiver, &row);

	if (!code)
		code = rt_spawn(&job, snapshot, demo, "snapshot");
	if (!code && !example.is_fixed)
		code = rt_join(&job, NULL);
	for (int i = 1; i < ROWS && !code; i++)
		code = rt_recv(demo->receiver, &row);
	if (!job.task)
		return code;
	/* Also when cancelled it does not leave the snapshot behind. */
	if (code < 0)
		rt_cancel(&job);
	rt_shield_begin();
	rt_join(&job, NULL);
	rt_shield_end();
	return code;
}

static int run(struct demo *demo, struct rt_join_set *tasks)
{
	int code = rt_join_set_spawn(tasks, writer, demo, "writer");

	if (!code)
		code = rt_join_set_spawn(tasks, indexer, demo, "indexer");
	/* Row 1 is received, row 2 is in the channel. */
	while (!code && !(demo->is_snapshot_begun && demo->sending >= 3))
		code = rt_notified(demo->step);
	if (!code && !example.is_fixed)
		code = example_hold("3 tasks wait for one another: for a lock, a channel, a task");
	else
		example_join(tasks);
	printf("%u of %d rows were sent, %u of 1 snapshot was made\n", demo->sent, ROWS,
	       demo->snapshots);
	return code;
}

static int deadlock_three(void *arg)
{
	struct demo demo = { .lock = rt_mutex_new("index"), .step = rt_notify_new("step") };
	struct rt_join_set *tasks = rt_join_set_new("tasks");
	int code = -ENOMEM;

	(void)arg;
	if (demo.lock && demo.step && tasks)
		code = rt_mpsc_new("rows", 1, NULL, &demo.sender, &demo.receiver);
	if (!code)
		code = run(&demo, tasks);
	example_end(tasks);
	rt_sender_free(demo.sender);
	rt_receiver_free(demo.receiver);
	rt_notify_free(demo.step);
	rt_mutex_free(demo.lock);
	return code;
}

EXAMPLE_BUG(&(struct rt_options){ .workers = 1 }, deadlock_three)
