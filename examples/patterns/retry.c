/* SPDX-License-Identifier: MIT */
/*
 * Trying again: with a limit in time for each attempt, pauses that double and are shuffled
 * (jitter, so that clients that failed together do not come back together), and only after what
 * may be better next time. The server is our own, and flaky; its moods are seeded.
 *
 * In the console (t) a "question" waits for its answer (readable) or out a pause (timer), each
 * with the time left; tasks "answer" that stay are those of a silent server.
 */
#include <errno.h>

#include "../example.h"
#include "connections.h"

#define SEED 5u
#define JOBS 5
#define ATTEMPTS 5
#define PATIENCE_NS (300 * RT_MS) /* for an answer */
#define PAUSE_NS (150 * RT_MS)    /* the first one, at most */

enum mood { ANSWERS, HANGS_UP, IS_SILENT, IS_BUSY, REFUSES };

struct question {
	uint32_t job, attempt;
};

struct job {
	uint32_t number, attempts, random;
	uint16_t port;
	int code;
	char why[128];
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
static enum mood mood_for(struct question question)
{
	if (question.job >= JOBS - 2)
		return question.job == JOBS - 1 ? REFUSES : IS_BUSY;
	if (question.attempt > 3)
		return ANSWERS;
	return (enum mood)(shuffle(SEED + 16 * question.job + question.attempt) % 4);
}

/* Returns 0 whatever happens: it is not the server that fails. */
static int answer(void *arg, void *item)
{
	RT_GUARD(rt_io_guard) struct rt_io *io = item;
	struct question question;
	char word;

	(void)arg;
	if (rt_read_full(io, &question, sizeof(question)))
		return 0;
	switch (mood_for(question)) {
	case HANGS_UP:
		break;
	case IS_SILENT:
		rt_read(io, &word, 1); /* until the other loses patience */
		break;
	case IS_BUSY:
		rt_write_all(io, "b", 1);
		break;
	case REFUSES:
		rt_write_all(io, "r", 1);
		break;
	case ANSWERS:
		rt_write_all(io, "a", 1);
		break;
	}
	return 0;
}

static int serve(void *listener)
{
	struct rt_stream *connections = connections_of(listener);

	return rt_stream_for_each_bounded(connections, JOBS, answer, NULL, "answer");
}

/* ---- A client ---- */

static int ask(struct job *job)
{
	RT_GUARD(rt_io_guard) struct rt_io *io = NULL;
	struct question question = { job->number, job->attempts };
	int code = rt_tcp_connect("127.0.0.1", job->port, &io);
	char word = 0;

	if (!code)
		code = rt_write_all(io, &question, sizeof(question));
	if (!code)
		code = rt_timeout(PATIENCE_NS, rt_read_op(io, &word, 1));
	if (code <= 0)
		return code ? code : rt_fail("net", -ECONNRESET, "it hung up");
	if (word == 'a')
		return 0;
	return word == 'b' ? rt_fail("net", -EBUSY, "it is busy") :
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
	struct rt_error *error;

	for (;;) {
		job->attempts++;
		job->code = ask(job);
		if (!is_worth_a_retry(job->code) || job->attempts == ATTEMPTS)
			break;
		rt_event(VIGIL_LEVEL_WARN, "attempt %u: %s", job->attempts, strerror(-job->code));
		if (pause_before_next(job))
			return -ECANCELED;
	}
	if (job->code == -ECANCELED)
		return job->code;
	rt_context(job->code, "gave up after %u attempt%s", job->attempts,
		   job->attempts == 1 ? "" : "s");
	error = job->code ? rt_error_take() : NULL;
	rt_error_print(error, job->why, sizeof(job->why));
	rt_error_free(error);
	return 0;
}

static int ask_all(struct job *jobs, uint16_t port)
{
	struct rt_join_set *tasks = rt_join_set_new("questions");
	int code = tasks ? 0 : -ENOMEM;

	for (uint32_t i = 0; i < JOBS && !code; i++) {
		char name[32];

		jobs[i] = (struct job){ .number = i, .random = SEED + i, .port = port };
		snprintf(name, sizeof(name), "question %u", i);
		code = rt_join_set_spawn(tasks, ask_until_answered, &jobs[i], name);
	}
	return rt_join_set_finish(tasks, code);
}

static int retry(void *arg)
{
	struct rt_listener *listener = NULL;
	struct rt_handle server = { 0 };
	struct rt_result result = { 0 };
	struct job jobs[JOBS] = { 0 };
	int code = rt_tcp_listen("127.0.0.1", 0, &listener);

	(void)arg;
	if (!code)
		code = rt_spawn(&server, serve, listener, "flaky server");
	if (!code)
		code = ask_all(jobs, rt_listener_port(listener));
	rt_cancel(&server);
	if (server.task)
		rt_join(&server, &result);
	rt_result_free(&result);
	rt_listener_free(listener);
	for (unsigned i = 0; i < JOBS && !code; i++) {
		if (jobs[i].code)
			printf("question %u: %s\n", i, jobs[i].why);
		else
			printf("question %u: answered, attempt %u\n", i, jobs[i].attempts);
	}
	return code;
}

EXAMPLE_PATTERN(NULL, retry)
