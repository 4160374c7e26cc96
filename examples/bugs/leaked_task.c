/* SPDX-License-Identifier: MIT */
/*
 * Tasks that leak: each request starts a collector, which receives the parts of its answer
 * until all senders are gone. The request sends through a clone, frees that, and forgets the
 * sender it was cloned from: the channel is never closed, and with each request a task stays
 * that waits for a part which cannot come.
 *
 * --fixed: the first sender is freed too, and the collector ends.
 *
 * Look at `vigil sites`: of collectors 200 are LIVE and 0 DONE, of requests 0 and 200; in
 * `vigil tasks` each says "receive, mpsc "parts""; with --all, or in the console t, F5 and D,
 * their parents are there too, "completed".
 */
#include "../example.h"

#define REQUESTS 200
#define PARTS 3

static struct rt_sender *forgotten[REQUESTS]; /* for the end: this program itself leaks none */

static int collect(void *arg)
{
	struct rt_receiver *parts = arg;
	void *part;
	int code;

	scene_step();
	do
		code = rt_recv(parts, &part);
	while (!code);
	rt_receiver_free(parts);
	return code == -EPIPE ? 0 : code; /* all are here */
}

static int request(void *arg)
{
	struct rt_sender **first = arg, *clone;
	struct rt_receiver *receiver;
	int code = rt_mpsc_new("parts", PARTS, NULL, first, &receiver);

	if (code)
		return code;
	code = scene_spawn(1, collect, receiver, "collector");
	if (code)
		rt_receiver_free(receiver);
	clone = rt_sender_clone(*first);
	for (int i = 0; !code && i < PARTS; i++)
		code = clone ? rt_send(clone, "part") : -ENOMEM;
	rt_sender_free(clone);
	if (example.is_fixed) {
		rt_sender_free(*first);
		*first = NULL;
	}
	return code;
}

static int leaked_task(void)
{
	struct rt_handle job;
	int code = 0;

	for (int i = 0; !code && i < REQUESTS; i++) {
		code = rt_spawn(&job, request, &forgotten[i], "request");
		if (!code)
			code = rt_join(&job, NULL);
	}
	if (!code)
		code = scene_stand(REQUESTS, "200 tasks \"collector\" wait for what cannot come: "
					     "the requests that started them have ended");
	scene_end();
	for (int i = 0; i < REQUESTS; i++) {
		rt_sender_free(forgotten[i]);
		forgotten[i] = NULL;
	}
	printf("%d requests answered\n", REQUESTS);
	return code;
}

EXAMPLE_BUG(NULL, leaked_task)
