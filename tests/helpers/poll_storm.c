/* SPDX-License-Identifier: MIT */
/*
 * poll_storm RATE THREADS SECONDS: each thread polls a task so often that all of
 * them make RATE events a second (a poll is two), in bursts a millisecond apart. Ends
 * after SECONDS; 0: when it is killed.
 */
#include <stdint.h>
#include <time.h>

#include "scene.h"

#define BURST_NS 1000000u

static unsigned polls_per_burst;
static uint64_t end_ns;
static vigil_executor loop;
static sem_t burst_done; /* the first of each thread */

static uint64_t now_ns(void)
{
	struct timespec ts;

	clock_gettime(CLOCK_MONOTONIC, &ts);
	return (uint64_t)ts.tv_sec * 1000000000u + (uint64_t)ts.tv_nsec;
}

static void *storm(void *arg)
{
	vigil_task task = vigil_task_spawn(loop, VIGIL_TASK_ASYNC, "storm", 0);
	uint64_t next_ns = now_ns(), first_ns = next_ns;

	vigil_worker_begin(loop, "storm");
	while (!end_ns || next_ns < end_ns) {
		struct timespec ts;

		for (unsigned i = 0; i < polls_per_burst; i++) {
			vigil_poll_begin(task);
			vigil_poll_end(task);
		}
		if (next_ns == first_ns)
			sem_post(&burst_done);
		next_ns += BURST_NS;
		ts.tv_sec = (time_t)(next_ns / 1000000000u);
		ts.tv_nsec = (long)(next_ns % 1000000000u);
		clock_nanosleep(CLOCK_MONOTONIC, TIMER_ABSTIME, &ts, NULL);
	}
	vigil_task_end(task, VIGIL_OUTCOME_COMPLETED);
	return arg;
}

int main(int argc, char **argv)
{
	unsigned rate = argc > 1 ? (unsigned)strtoul(argv[1], NULL, 10) : 1000;
	unsigned threads = argc > 2 ? (unsigned)strtoul(argv[2], NULL, 10) : 1;
	unsigned seconds = argc > 3 ? (unsigned)strtoul(argv[3], NULL, 10) : 0;
	pthread_t thread[64];

	if (!threads || threads > 64)
		return 1;
	scene_begin("storm");
	loop = vigil_executor_new(VIGIL_EXECUTOR_MULTI_THREAD, "storm");
	polls_per_burst = rate / 2000 / threads;
	end_ns = seconds ? now_ns() + seconds * UINT64_C(1000000000) : 0;
	sem_init(&burst_done, 0, 0);
	for (unsigned i = 0; i < threads; i++)
		if (pthread_create(&thread[i], NULL, storm, NULL))
			return 1;
	for (unsigned i = 0; i < threads; i++)
		sem_wait(&burst_done);
	puts("ready");
	fflush(stdout);
	for (unsigned i = 0; i < threads; i++)
		pthread_join(thread[i], NULL);
	vigil_fini();
	return 0;
}
