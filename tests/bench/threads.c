/* SPDX-License-Identifier: MIT */
/* Threads that poll different tasks must not slow each other down. */
#include "tests/bench/bench.h"

#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include "libtrace/apply.h"
#include "libtrace/clock.h"
#include "libtrace/hot.h"

#include <vigil/vigil.h>

#define POLLS 40000
#define THREADS 16

static pthread_barrier_t barrier;
static bool is_over;
static struct board boards[THREADS];

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
	__atomic_store_n(&is_over, true, __ATOMIC_RELAXED);
	pthread_barrier_wait(&barrier);
	vigil_task_end(task, VIGIL_OUTCOME_COMPLETED);
	return NULL;
}

/* Does a poller's work on a board of its own: shares the processor, and no line. */
static void *neighbour(void *arg)
{
	struct board *board = arg;
	struct lane *lane = &board->lanes[0];
	uint64_t task = vigil_ref_make(VIGIL_TABLE_task, 0, 1);

	pthread_barrier_wait(&barrier);
	while (!__atomic_load_n(&is_over, __ATOMIC_RELAXED)) {
		board_poll_begin(board, lane, clock_now(), task);
		board_poll_end(board, lane, clock_now(), task);
	}
	pthread_barrier_wait(&barrier);
	return NULL;
}

static void boards_make(void)
{
	struct task_birth birth = { .name = "threads" };
	struct board_shape shape;

	board_shape_default(&shape);
	shape.capacity[VIGIL_TABLE_worker] = 1;
	shape.capacity[VIGIL_TABLE_task] = shape.retain[VIGIL_TABLE_task] = 64;
	for (int i = 0; i < THREADS; i++) {
		if (board_init(&boards[i], -1, &shape))
			exit(2);
		lane_open(&boards[i], clock_now(), 0, ANY);
		board_task_spawn(&boards[i], NULL, clock_now(), &birth);
	}
}

/* The mean cost of a poll with that many threads at it, beside so many neighbours. */
static double cost_with(int pollers, int neighbours)
{
	pthread_t thread[THREADS];
	double cost[THREADS] = { 0 }, sum = 0;
	int threads = pollers + neighbours;

	__atomic_store_n(&is_over, false, __ATOMIC_RELAXED);
	pthread_barrier_init(&barrier, NULL, (unsigned)threads);
	for (int i = 0; i < threads; i++)
		if (pthread_create(&thread[i], NULL, i < pollers ? poller : neighbour,
				   i < pollers ? (void *)&cost[i] : (void *)&boards[i]))
			exit(2);
	for (int i = 0; i < threads; i++)
		pthread_join(thread[i], NULL);
	for (int i = 0; i < pollers; i++)
		sum += cost[i];
	pthread_barrier_destroy(&barrier);
	return sum / pollers;
}

int bench_threads(struct row *rows)
{
	static char names[THREADS + 1][32];
	long cpus = sysconf(_SC_NPROCESSORS_ONLN);
	double ns[RUNS], ref_ns[RUNS];
	int n = 0;

	boards_make();
	for (int threads = 1; threads <= cpus && threads <= THREADS; threads *= 2) {
		for (int i = 0; i < RUNS; i++) {
			ref_ns[i] = cost_with(1, threads - 1);
			ns[i] = cost_with(threads, 0);
		}
		snprintf(names[n], sizeof(names[n]), "poll_%d_thread%s", threads,
			 threads > 1 ? "s" : "");
		rows[n] = (struct row){
			.name = names[n],
			.target = TARGET_RATIO,
			.limit = 1.25,
			.what = "each polls its task; one does, the others on boards of their own"
		};
		bench_figures(&rows[n++], ns, ref_ns, RUNS);
	}
	return n;
}
