/* SPDX-License-Identifier: MIT */
/*
 * A graceful shutdown made by hand: a signal, a broadcast of "stop" that each task hears between
 * two jobs, a join set that is drained until a deadline, a cancel for who is late.
 * shutdown_token.c has all that from rt_shutdown. With --forever it runs until SIGTERM.
 *
 * In the console (t) workers receive from broadcast "stop" until their next job comes, and main
 * waits for signal "SIGTERM"; after it for the worker that is late.
 */
#include <errno.h>
#include <signal.h>
#include <unistd.h>

#include "../example.h"

#define WORKERS 4
#define DRAIN_NS (600 * RT_MS)

struct worker {
	unsigned number;
	uint64_t job_ns; /* how long its jobs take */
	struct rt_subscriber *stop;
	unsigned jobs;
};

struct outcome {
	unsigned drained, cancelled;
};

/* Not in the middle of a job: it is done, and then there is an end. */
static int work(void *arg)
{
	struct worker *worker = arg;

	for (;;) {
		void *reason;
		struct rt_op ops[] = { rt_subscriber_recv_op(worker->stop, &reason),
				       rt_sleep_op(30 * RT_MS) }; /* a job comes */
		int first = rt_select(ops, 2, RT_BIASED);
		int code = first == 1 ? rt_sleep(worker->job_ns) : first;

		if (first == 0) {
			rt_event(VIGIL_LEVEL_INFO, "stopped: %s", (const char *)reason);
			return ops[0].result;
		}
		if (code)
			return code;
		worker->jobs++;
	}
}

static int workers_start(struct worker *workers, struct rt_broadcast *stop, struct rt_join_set *set)
{
	int code = 0;

	for (unsigned i = 0; i < WORKERS && !code; i++) {
		char name[32];

		/* The last one's job would take for ever. */
		workers[i] = (struct worker){ .number = i,
					      .job_ns = i == WORKERS - 1 ? UINT64_MAX : 40 * RT_MS,
					      .stop = rt_subscribe(stop) };
		snprintf(name, sizeof(name), "worker %u", i);
		code = workers[i].stop ? rt_join_set_spawn(set, work, &workers[i], name) : -ENOMEM;
	}
	return code;
}

/* Awaits the signal. Without --forever it sends it itself. */
static int signal_await(int number)
{
	struct rt_signal *signal = NULL;
	int code = rt_signal_new(number, &signal);

	if (!code && !example.is_forever) {
		code = rt_sleep(500 * RT_MS);
		if (!code)
			kill(getpid(), number);
	}
	if (!code)
		code = rt_signal_wait(signal);
	rt_signal_free(signal);
	return code;
}

/* Takes results until none is left, for DRAIN_NS; then cuts the rest. */
static int drain(struct rt_join_set *set, struct outcome *outcome)
{
	uint64_t deadline_ns = rt_now() + DRAIN_NS;
	struct rt_result result;
	int code;

	while (!(code = rt_timeout_until(deadline_ns, rt_join_set_next_op(set, &result)))) {
		outcome->drained++;
		rt_result_free(&result);
	}
	if (code != -ETIMEDOUT)
		return code == -EPIPE ? 0 : code;
	rt_join_set_cancel_all(set);
	while (!(code = rt_join_set_next(set, &result))) {
		outcome->cancelled++;
		rt_result_free(&result);
	}
	return code == -EPIPE ? 0 : code;
}

static int run(void *arg)
{
	struct rt_broadcast *stop = rt_broadcast_new("stop", 1, NULL, NULL);
	struct rt_join_set *set = rt_join_set_new("workers");
	struct worker workers[WORKERS] = { 0 };
	struct outcome outcome = { 0 };
	int code = stop && set ? workers_start(workers, stop, set) : -ENOMEM;

	(void)arg;
	if (!code)
		code = signal_await(SIGTERM);
	if (!code) {
		rt_broadcast_send(stop, (void *)"SIGTERM");
		code = drain(set, &outcome);
	}
	code = rt_join_set_finish(set, code);
	for (unsigned i = 0; i < WORKERS; i++)
		rt_subscriber_free(workers[i].stop);
	rt_broadcast_free(stop);
	if (code)
		return code;
	example.is_forever = false; /* it was told to end */
	printf("SIGTERM: %u of %d workers finished their job and stopped, %u had to be cancelled\n",
	       outcome.drained, WORKERS, outcome.cancelled);
	return 0;
}

EXAMPLE_PATTERN(NULL, run)
