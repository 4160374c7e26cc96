/* SPDX-License-Identifier: MIT */
/*
 * Calls that block their thread: as jobs of a pool of two threads, with a queue before it, from
 * which a job can be taken back; and in place, where another thread does the worker's part
 * meanwhile.
 *
 * In the console (e) "blocking" has a queue, at most 6, and two workers that poll "checksum";
 * tasks (t) has those in the queue as runnable. A worker "stand-in" comes for the call in place.
 */
#include "../example.h"

#define JOBS 6
#define SIZE 65536

struct job {
	char byte;
	bool has_run;
	unsigned sum;
};

/* A disk of the old days: no await, the thread is gone for that long. */
static void seek_slowly(void)
{
	nanosleep(&(struct timespec){ .tv_nsec = 200000000 }, NULL);
}

/* Writes a file through to the disk and adds up what it says. */
static int checksum(void *arg)
{
	struct job *job = arg;
	unsigned char bytes[SIZE];
	FILE *file = tmpfile(); /* without a name: nothing is left of it */
	int fd, code = 0;

	job->has_run = true;
	if (!file)
		return rt_fail("io", -errno, "cannot make a file");
	fd = fileno(file);
	memset(bytes, job->byte, sizeof(bytes));
	seek_slowly();
	if (pwrite(fd, bytes, sizeof(bytes), 0) != SIZE || fsync(fd) ||
	    pread(fd, bytes, sizeof(bytes), 0) != SIZE)
		code = rt_fail("io", errno ? -errno : -EIO, "cannot write a file");
	for (size_t i = 0; i < sizeof(bytes) && !code; i++)
		job->sum += bytes[i];
	fclose(file);
	return code;
}

/* ---- A queue before two threads ---- */

/* Awaits them all; with a code that is not 0, takes back what still stands in the queue. */
static int await_all(struct rt_handle *handles, int code)
{
	for (unsigned i = 0; i < JOBS; i++) {
		struct rt_result result = { 0 };

		if (!handles[i].task)
			continue;
		if (code)
			rt_cancel(&handles[i]);
		rt_join(&handles[i], &result);
		if (!code && result.outcome != VIGIL_OUTCOME_CANCELLED)
			code = result.code;
		rt_result_free(&result);
	}
	return code;
}

static int use_pool(void)
{
	struct rt_handle handles[JOBS] = { 0 };
	struct job jobs[JOBS] = { 0 };
	unsigned run = 0, sum = 0;
	int code = 0;

	for (unsigned i = 0; i < JOBS && !code; i++) {
		char name[32];

		jobs[i].byte = (char)i;
		snprintf(name, sizeof(name), "checksum %u", i);
		code = rt_spawn_blocking(&handles[i], checksum, &jobs[i], name);
	}
	if (!code)
		rt_cancel(&handles[JOBS - 1]); /* it cannot have begun: two threads, six jobs */
	code = await_all(handles, code);
	if (code)
		return code;
	for (unsigned i = 0; i < JOBS; i++) {
		run += jobs[i].has_run;
		sum += jobs[i].sum;
	}
	printf("pool: %d jobs for 2 threads, %u run, %u taken back; sum %u\n", JOBS, run,
	       JOBS - run, sum);
	return 0;
}

/* ---- In place ---- */

static int block(void *arg)
{
	unsigned *blocked = arg;

	seek_slowly();
	(*blocked)++;
	return 0;
}

/* Goes on while the other task has its worker's thread. */
static int tick(void *arg)
{
	unsigned *ticks = arg;
	int code;

	while (!(code = rt_sleep(10 * RT_MS)))
		(*ticks)++;
	return code;
}

static int use_place(void)
{
	struct rt_handle ticker;
	unsigned ticks = 0, blocked = 0;
	int code = rt_spawn(&ticker, tick, &ticks, "ticker");

	if (code)
		return code;
	code = rt_call_blocking(block, &blocked, "one call"); /* on the pool, and awaited */
	if (!code)
		code = rt_block_in_place(block, &blocked);
	example_stop(&ticker);
	if (!code)
		printf("in place: blocked %u times, and the others %s\n", blocked,
		       ticks ? "went on" : "stood still");
	return code;
}

static int use_both(void *arg)
{
	int code = use_pool();

	(void)arg;
	return code ? code : use_place();
}

static const struct rt_options two_and_two = { .workers = 2, .blocking_threads = 2 };

EXAMPLE_PATTERN(&two_and_two, use_both)
