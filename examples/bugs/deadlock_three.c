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

static struct {
	struct rt_mutex *lock; /* of the index */
	struct rt_sender *sender;
	struct rt_receiver *receiver;
	struct rt_handle snapshot;
	unsigned sent;
} demo;

static int indexer(void *arg)
{
	int code = rt_mutex_lock(demo.lock);

	(void)arg;
	if (code < 0)
		return code;
	for (demo.sent = 0; !code && demo.sent < ROWS; demo.sent += !code) {
		scene_step();
		code = rt_send(demo.sender, "row");
	}
	rt_mutex_unlock(demo.lock);
	return code;
}

static int snapshot(void *arg)
{
	int code;

	(void)arg;
	scene_step();
	code = rt_mutex_lock(demo.lock);
	return code ? code : rt_mutex_unlock(demo.lock);
}

static int writer(void *arg)
{
	void *row;
	int code = rt_recv(demo.receiver, &row);

	(void)arg;
	if (!code)
		code = rt_spawn(&demo.snapshot, snapshot, NULL, "snapshot");
	if (!code && !example.is_fixed)
		code = rt_join(&demo.snapshot, NULL);
	for (int i = 1; !code && i < ROWS; i++)
		code = rt_recv(demo.receiver, &row);
	if (!code && example.is_fixed)
		code = rt_join(&demo.snapshot, NULL);
	return code;
}

static int deadlock_three(void)
{
	int code;

	memset(&demo, 0, sizeof(demo));
	demo.lock = rt_mutex_new("index");
	code = demo.lock ? rt_mpsc_new("rows", 1, NULL, &demo.sender, &demo.receiver) : -ENOMEM;
	if (!code)
		code = scene_spawn(1, writer, NULL, "writer");
	if (!code)
		code = scene_spawn(1, indexer, NULL, "indexer");
	/* Of the rows one is received, one in the channel, one waits; and the snapshot. */
	if (!code)
		code = scene_stand(4,
				   "3 tasks wait for one another: for a lock, a channel, a task");
	printf("%u of %d rows were sent\n", demo.sent, ROWS);
	scene_end();
	if (demo.snapshot.task) /* the writer was cancelled before it could await it */
		rt_join(&demo.snapshot, NULL);
	rt_sender_free(demo.sender);
	rt_receiver_free(demo.receiver);
	rt_mutex_free(demo.lock);
	return code;
}

EXAMPLE_BUG(&(struct rt_options){ .workers = 1 }, deadlock_three)
