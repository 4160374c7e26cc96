/* SPDX-License-Identifier: MIT */
/*
 * Trying again: with a limit in time for each attempt, pauses that double and are shuffled
 * (jitter, so that clients that failed together do not come back together), and only after what
 * may be better next time. The server is our own, and flaky; its moods are seeded.
 *
 * In the console (t) a "question" waits for its answer (readable) or out a pause (timer), each
 * with the time left; tasks "answer" that stay are those of a silent server.
 */
#include "../example.h"
#include "connections.h"

#define SEED 5u
#define JOBS 5
#define ATTEMPTS 5
#define PATIENCE_NS (300 * RT_MS) /* for an answer */
#define PAUSE_NS (150 * RT_MS)    /* the first one, at most */

enum { ANSWERS, HANGS_UP, IS_SILENT, IS_BUSY, REFUSES };

struct question {
	uint32_t job, attempt;
};

struct job {
	uint32_t number, attempts, random;
	uint16_t port; /* the server's */
};

static uint32_t shuffle(uint32_t n)
{
	n = (n ^ 61) ^ (n >> 16);
	n *= 9;
	n ^= n >> 4;
	n *= 0x27d4eb2d;
	return n ^ (n >> 15);
}

/* ---- The server ---- */

/* The last two jobs are hopeless: one is refused, one finds it busy whenever it comes. */
static char mood_for(struct question question)
{
	if (question.job >= JOBS - 2)
		return question.job == JOBS - 1 ? REFUSES : IS_BUSY;
	if (question.attempt > 3)
		return ANSWERS;
	return (char)(shuffle(SEED + 16 * question.job + question.attempt) % 4);
}

/* Returns 0 whatever happens: it is not the server that fails. */
static int answer(void *arg, void *item)
{
	RT_GUARD(rt_io_guard) struct rt_io *io = item;
	struct question question;
	char mood;

	(void)arg;
	if (rt_read_full(io, &question, sizeof(question)))
		return 0;
	mood = mood_for(question);
	if (mood == IS_SILENT)
		rt_read(io, &question, 1); /* until the other loses patience */
	else if (mood != HANGS_UP)
		rt_write_all(io, &mood, 1);
	return 0;
}

static int serve(void *listener)
{
	return rt_stream_for_each_bounded(connections_of(listener), JOBS, answer, NULL, "answer");
}

/* ---- A client ---- */

static int ask(struct job *job)
{
	RT_GUARD(rt_io_guard) struct rt_io *io = NULL;
	struct question question = { job->number, job->attempts };
	int code = rt_tcp_connect("127.0.0.1", job->port, &io);
	char mood = 0;

	if (!code)
		code = rt_write_all(io, &question, sizeof(question));
	if (!code)
		code = rt_timeout(PATIENCE_NS, rt_read_op(io, &mood, 1));
	if (code <= 0)
		return code ? code : rt_fail("net", -ECONNRESET, "it hung up");
	if (mood == ANSWERS)
		return 0;
	return mood == IS_BUSY ? rt_fail("net", -EBUSY, "it is busy") :
				 rt_fail("net", -EACCES, "it refuses");
}

static bool is_worth_a_retry(int code)
{
	return code == -ECONNRESET || code == -ETIMEDOUT || code == -EBUSY;
}

/* Anything up to the pause, which doubles: "full jitter". */
static int pause_before_next(struct job *job)
{
	uint64_t most_ns = PAUSE_NS << (job->attempts - 1);

	job->random = shuffle(job->random);
	return rt_sleep(most_ns * (job->random % 1024) / 1024);
}

static int ask_until_answered(void *arg)
{
	struct job *job = arg;
	int code;

	for (job->attempts = 1;; job->attempts++) {
		code = ask(job);
		if (!is_worth_a_retry(code) || job->attempts == ATTEMPTS)
			break;
		rt_event(VIGIL_LEVEL_WARN, "attempt %u: %s", job->attempts, strerror(-code));
		if (pause_before_next(job))
			return -ECANCELED;
	}
	if (!code)
		printf("question %u: answered, attempt %u\n", job->number, job->attempts);
	if (!code || code == -ECANCELED)
		return code;
	rt_context(code, "question %u: gave up after %u attempt%s", job->number, job->attempts,
		   job->attempts == 1 ? "" : "s");
	example_print_error();
	return 0;
}

static int retry(void *arg)
{
	struct rt_join_set *tasks = rt_join_set_new("questions");
	struct server server = { 0 };
	struct job jobs[JOBS];
	int code = server_start(&server, serve, "flaky server");

	(void)arg;
	for (uint32_t i = 0; i < JOBS; i++)
		jobs[i] = (struct job){ .number = i, .random = SEED + i, .port = server.port };
	if (!code)
		code = example_spawn_each(tasks, "question", ask_until_answered, jobs,
					  sizeof(jobs[0]), JOBS);
	code = rt_join_set_finish(tasks, code);
	server_stop(&server);
	return code;
}

EXAMPLE_PATTERN(NULL, retry)
