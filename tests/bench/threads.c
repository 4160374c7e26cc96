/* SPDX-License-Identifier: MIT */
/* Threads that poll different tasks must not slow each other down. */
#include "tests/bench/bench.h"

#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include <vigil/vigil.h>

#define POLLS 40000
#define THREADS 16

static pthread_barrier_t barrier;

/* Polls tasks of its own; the cost of one poll goes to *arg. */
static void *poller(void *arg)
{
	vigil_task task = vigil_task_spawn(0, VIGIL_TASK_ASYNC, "threads", 0);
	uint64_t begin;

	pthread_barrier_wait(&barrier);
	begin = bench_now();
	for (int i = 0; i < POLLS; i++) {
		vigil_poll_begin(task);
		vigil_poll_end(task);
	}
	*(double *)arg = (double)(bench_now() - begin) / POLLS;
	pthread_barrier_wait(&barrier);
	vigil_task_end(task, VIGIL_OUTCOME_COMPLETED);
	return NULL;
}

/* The mean cost of a poll with that many threads at it. */
static double cost_with(int threads)
{
	pthread_t thread[THREADS];
	double cost[THREADS], sum = 0;

	pthread_barrier_init(&barrier, NULL, (unsigned)threads);
	for (int i = 0; i < threads; i++)
		if (pthread_create(&thread[i], NULL, poller, &cost[i]))
			exit(2);
	for (int i = 0; i < threads; i++) {
		pthread_join(thread[i], NULL);
		sum += cost[i];
	}
	pthread_barrier_destroy(&barrier);
	return sum / threads;
}

int bench_threads(struct row *rows)
{
	static char names[THREADS + 1][32];
	long cpus = sysconf(_SC_NPROCESSORS_ONLN);
	double ns[RUNS], ref_ns[RUNS];
	int n = 0;

	for (int threads = 1; threads <= cpus && threads <= THREADS; threads *= 2) {
		for (int i = 0; i < RUNS; i++) {
			ref_ns[i] = cost_with(1);
			ns[i] = cost_with(threads);
		}
		snprintf(names[n], sizeof(names[n]), "poll_%d_thread%s", threads,
			 threads > 1 ? "s" : "");
		rows[n] = (struct row){ .name = names[n],
					.target = TARGET_RATIO,
					.limit = 1.25,
					.what = "each polls its task; one thread alone" };
		bench_figures(&rows[n++], ns, ref_ns);
	}
	return n;
}
