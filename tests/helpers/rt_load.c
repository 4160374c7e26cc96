/* SPDX-License-Identifier: MIT */
/*
 * rt_load WORK COUNT: does something COUNT times on the example runtime, with a live
 * board; a second build of it has no instrumentation (-DVIGIL_DISABLE). Prints ns per
 * time, and bytes of memory per time.
 *
 *	yield     two tasks take turns, on one worker
 *	channel   a message goes to another task and back, through two channels of one
 *		  place, on one worker
 *	spawn     tasks that end at once, a thousand at a time, each awaited; on all workers
 *	sleep     so many tasks on stacks of 16 KiB that all sleep at once; on all workers
 */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "examples/rt/rt.h"

#define BATCH 1000u
#define STACK (16 * 1024)

static uint64_t count, ns, bytes;

static int yielder(void *arg)
{
	for (uint64_t i = 0; i < count / 2; i++)
		rt_yield();
	(void)arg;
	return 0;
}

static int yield(void *arg)
{
	struct rt_handle jobs[2];
	uint64_t begin = rt_now();

	rt_spawn(&jobs[0], yielder, arg, "yielder");
	rt_spawn(&jobs[1], yielder, arg, "yielder");
	rt_join(&jobs[0], NULL);
	rt_join(&jobs[1], NULL);
	ns = rt_now() - begin;
	return 0;
}

/* ---- Channels ---- */

struct ends {
	struct rt_sender *to;
	struct rt_receiver *from;
};

static int echo(void *arg)
{
	struct ends *ends = arg;
	void *message;
	int error;

	while (!(error = rt_recv(ends->from, &message)))
		rt_send(ends->to, message);
	return error == -EPIPE ? 0 : error;
}

static int channel(void *arg)
{
	struct ends here, there;
	struct rt_handle job;
	uint64_t begin;
	void *message;

	rt_mpsc_new("there", 1, NULL, &here.to, &there.from);
	rt_mpsc_new("back", 1, NULL, &there.to, &here.from);
	rt_spawn(&job, echo, &there, "echo");
	begin = rt_now();
	for (uint64_t i = 0; i < count; i++) {
		rt_send(here.to, arg);
		rt_recv(here.from, &message);
	}
	ns = rt_now() - begin;
	rt_sender_free(here.to);
	rt_join(&job, NULL);
	rt_sender_free(there.to);
	rt_receiver_free(here.from);
	rt_receiver_free(there.from);
	return 0;
}

/* ---- Spawning ---- */

static int nothing(void *arg)
{
	(void)arg;
	return 0;
}

static int spawn(void *arg)
{
	static struct rt_handle jobs[BATCH];
	uint64_t begin = rt_now();

	for (uint64_t done = 0; done < count; done += BATCH) {
		for (unsigned i = 0; i < BATCH; i++)
			if (rt_spawn(&jobs[i], nothing, arg, "nothing"))
				return -1;
		for (unsigned i = 0; i < BATCH; i++)
			rt_join(&jobs[i], NULL);
	}
	ns = rt_now() - begin;
	return 0;
}

/* ---- Sleepers ---- */

static uint64_t asleep;

static int sleeper(void *arg)
{
	(void)arg;
	__atomic_fetch_add(&asleep, 1, __ATOMIC_RELAXED);
	return rt_sleep(3600 * RT_S);
}

/* Private memory of this process: the board's file is counted by its own row. */
static uint64_t memory(void)
{
	unsigned long long total = 0, resident = 0, shared = 0;
	FILE *file = fopen("/proc/self/statm", "r");

	if (!file)
		return 0;
	if (fscanf(file, "%llu %llu %llu", &total, &resident, &shared) != 3)
		resident = shared = 0;
	fclose(file);
	return (resident - shared) * 4096;
}

static int sleepers(void *arg)
{
	struct rt_spawn_options options = { .name = "sleeper", .stack_size = STACK };
	uint64_t before = memory(), begin = rt_now();

	for (uint64_t i = 0; i < count; i++)
		if (rt_spawn_with(NULL, sleeper, arg, &options))
			return -1;
	while (__atomic_load_n(&asleep, __ATOMIC_RELAXED) < count)
		rt_yield();
	ns = rt_now() - begin;
	bytes = memory() - before;
	return 0;
}

int main(int argc, char **argv)
{
	static const struct {
		const char *name;
		rt_fn fn;
		unsigned workers;
	} works[] = { { "yield", yield, 1 },
		      { "channel", channel, 1 },
		      { "spawn", spawn, 0 },
		      { "sleep", sleepers, 0 } };
	struct rt_options options = { .name = "load", .shutdown_ns = 60 * RT_S };

	count = argc == 3 ? strtoull(argv[2], NULL, 10) : 0;
	for (size_t i = 0; count && i < sizeof(works) / sizeof(works[0]); i++) {
		if (strcmp(argv[1], works[i].name) != 0)
			continue;
		options.workers = works[i].workers;
		vigil_init(NULL);
		if (rt_run(&options, works[i].fn, NULL))
			return 1;
		printf("%.2f %.1f\n", (double)ns / (double)count, (double)bytes / (double)count);
		return 0;
	}
	fprintf(stderr, "usage: rt_load yield|channel|spawn|sleep COUNT\n");
	return 2;
}
