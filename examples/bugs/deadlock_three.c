/* SPDX-License-Identifier: MIT */
/*
 * A deadlock over a lock, a channel and a join: "indexer" holds the lock of the index and waits
 * for room in the channel; "writer", who should receive, awaits the end of "snapshot"; and that
 * one waits for the lock.
 * Fixed: the writer awaits the snapshot when it has received all rows.
 *
 * Look at: vigil why: "perhaps a deadlock", for nobody owns a channel: that the writer would
 * receive is a guess; t, the tasks: three that wait, for a lock, to send, and for a task.
 */
#include "../example.h"

#define ROWS 6

static struct rt_mutex *lock; /* of the index */
static struct rt_sender *sender;
static struct rt_receiver *receiver;
static struct rt_handle job; /* the snapshot */
static unsigned sent;

static int indexer(void *arg)
{
	int code = rt_mutex_lock(lock);

	(void)arg;
	if (code < 0)
		return code;
	for (sent = 0; !code && sent < ROWS; sent += !code) {
		scene_step();
		code = rt_send(sender, "row");
	}
	rt_mutex_unlock(lock);
	return code;
}

static int snapshot(void *arg)
{
	(void)arg;
	scene_step();
	return rt_mutex_lock(lock) == 0 ? rt_mutex_unlock(lock) : -ECANCELED;
}

static int writer(void *arg)
{
	void *row;
	int code = rt_recv(receiver, &row);

	(void)arg;
	code = code ? code : rt_spawn(&job, snapshot, NULL, "snapshot");
	if (!code && !example.is_fixed)
		code = rt_join(&job, NULL);
	for (int i = 1; !code && i < ROWS; i++)
		code = rt_recv(receiver, &row);
	if (!code && example.is_fixed)
		code = rt_join(&job, NULL);
	return code;
}

static int deadlock_three(void)
{
	int code = rt_mpsc_new("rows", 1, NULL, &sender, &receiver);

	if (code < 0)
		return code;
	lock = rt_mutex_new("index");
	code = lock ? scene_spawn(1, writer, NULL, "writer") : -ENOMEM;
	code = code ? code : scene_spawn(1, indexer, NULL, "indexer");
	/* Of the rows one is received, one in the channel, one waits; and the snapshot. */
	code = code ? code : scene_stand(4, "3 tasks wait for one another: lock, channel, task");
	printf("%u of %d rows were sent\n", sent, ROWS);
	scene_end();
	if (job.task) /* the writer was cancelled before it could await it */
		rt_join(&job, NULL);
	rt_sender_free(sender);
	rt_receiver_free(receiver);
	rt_mutex_free(lock);
	return code;
}

EXAMPLE_BUG(&(struct rt_options){ .workers = 1 }, deadlock_three)
