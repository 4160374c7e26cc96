/* SPDX-License-Identifier: MIT */
/*
 * Example programs, examples/patterns: time, spans, many readers, things lent, trying again,
 * streams, blocking work, input and output, and ends in good order.
 */
#include "tests/support/example.h"

TestSuite(patterns_b, .init = example_begin, .fini = example_end);

/* An ended task of the board, by the beginning of its name. */
static const struct vigil_task_record *ended_task(const char *name)
{
	const struct vigil_task_record *t;

	for (uint32_t i = 0; (t = VIGIL_AT(example_reader, task, i)); i++)
		if (t->life == VIGIL_LIFE_ENDED && !strncmp(t->name, name, strlen(name)))
			return t;
	cr_assert_fail("no ended task \"%s\"", name);
	return NULL;
}

static unsigned ended_tasks(const char *name)
{
	const struct vigil_task_record *t;
	unsigned count = 0;

	for (uint32_t i = 0; (t = VIGIL_AT(example_reader, task, i)); i++)
		count += t->life == VIGIL_LIFE_ENDED && !strncmp(t->name, name, strlen(name));
	return count;
}

/* ---- Ends in good order ---- */

Test(patterns_b, shutdown_token_reports_who_would_not_end)
{
	example_runs("patterns/shutdown_token");

	EXAMPLE_SAYS("SIGTERM: 4 drained, 1 had to be cancelled, 1 would not end");
	EXAMPLE_SAYS("sales report: half of it is saved");
	EXAMPLE_SAYS("\"stubborn\" waits in Sleep at shutdown_token.c:");
	EXAMPLE_SAYS("\"sales report\" waits in Sleep at shutdown_token.c:");
	cr_assert_eq(ended_task("sales report")->outcome, VIGIL_OUTCOME_CANCELLED);
	cr_assert_eq(ended_task("stubborn")->outcome, VIGIL_OUTCOME_ABORTED);
}

Test(patterns_b, shutdown_token_waits_for_a_signal)
{
	EXAMPLE_SHOWS("patterns/shutdown_token",
		      { .task = "main", .kind = VIGIL_WAIT_SIGNAL, .on = "server" },
		      { .task = "connection 0", .kind = VIGIL_WAIT_CANCEL, .on = "server" },
		      { .task = "flusher", .kind = VIGIL_WAIT_CANCEL, .on = "server" },
		      { .task = "stubborn", .kind = VIGIL_WAIT_TIMER });
}

Test(patterns_b, shutdown_broadcast_lets_jobs_be_finished)
{
	example_runs("patterns/shutdown_broadcast");

	EXAMPLE_SAYS("SIGTERM: 3 of 4 workers finished their job and stopped, "
		     "1 had to be cancelled");
	cr_assert_eq(ended_task("worker 3")->outcome, VIGIL_OUTCOME_CANCELLED);
}

Test(patterns_b, shutdown_broadcast_has_workers_that_listen)
{
	EXAMPLE_SHOWS("patterns/shutdown_broadcast",
		      { .task = "main", .kind = VIGIL_WAIT_SIGNAL, .on = "SIGTERM" },
		      { .task = "worker 0", .kind = VIGIL_WAIT_RECEIVE, .on = "stop" },
		      { .task = "worker 3", .kind = VIGIL_WAIT_TIMER });
}

Test(patterns_b, supervisor_starts_again_and_gives_up)
{
	example_runs("patterns/supervisor");

	EXAMPLE_SAYS("parser failed: line 17 has no date; restart 1 of 3\n");
	EXAMPLE_SAYS("import has done its work\n");
	EXAMPLE_SAYS("uplink failed: nobody listens; restart 3 of 3\n");
	EXAMPLE_SAYS("gave up: uplink failed 4 times, last: nobody listens; "
		     "the others were cancelled\n");
	cr_assert_eq(ended_task("uplink life 4")->outcome, VIGIL_OUTCOME_FAILED);
	cr_assert_eq(ended_task("parser life 3")->outcome, VIGIL_OUTCOME_CANCELLED);
}

Test(patterns_b, supervisor_names_each_life)
{
	EXAMPLE_SHOWS("patterns/supervisor",
		      { .task = "main", .kind = VIGIL_WAIT_TASK, .on = "parser" },
		      { .task = "parser life 3", .kind = VIGIL_WAIT_TIMER },
		      { .task = "uplink life 4", .kind = VIGIL_WAIT_TIMER });
}

/* ---- Things shared ---- */

Test(patterns_b, repository_finds_who_is_known)
{
	char path[512];

	snprintf(path, sizeof(path), "%s/examples/patterns/repository", getenv("VIGIL_BUILD"));
	if (access(path, X_OK))
		cr_skip_test("there is no SQLite here");
	example_runs("patterns/repository");

	EXAMPLE_SAYS("4 clerks: 12 people added, 12 known already; 12 in the database\n");
	cr_assert_eq(ended_tasks("INSERT person"), 24);
	cr_assert_eq(ended_tasks("SELECT person"), 12);
	EXAMPLE_SHOWS("patterns/repository",
		      { .task = "clerk", .kind = VIGIL_WAIT_LOCK, .on = "people.db" },
		      { .task = "clerk", .kind = VIGIL_WAIT_JOB, .on = "INSERT person" },
		      { .task = "clerk", .kind = VIGIL_WAIT_TIMER });
}

Test(patterns_b, rwlock_cache_is_right)
{
	example_runs("patterns/rwlock_cache");

	EXAMPLE_SAYS("192 lookups by 4 readers: ");
	EXAMPLE_SAYS(" misses that read the file, 0 wrong\n");
}

Test(patterns_b, rwlock_cache_has_writers_that_wait_for_readers)
{
	EXAMPLE_SHOWS("patterns/rwlock_cache",
		      { .task = "reader", .kind = VIGIL_WAIT_LOCK, .on = "cache" },
		      { .task = "reader", .kind = VIGIL_WAIT_TIMER },
		      { .task = "main", .kind = VIGIL_WAIT_TASK, .on = "reader" });
}

Test(patterns_b, conn_pool_closes_what_was_cancelled_midway)
{
	example_runs("patterns/conn_pool");

	EXAMPLE_SAYS("8 clients, 3 connections: 80 queries answered, 0 wrong; "
		     "1 connection closed in the middle of a query that was cancelled\n");
	cr_assert_eq(ended_task("impatient")->outcome, VIGIL_OUTCOME_CANCELLED);
}

Test(patterns_b, conn_pool_has_clients_that_wait_for_a_place)
{
	EXAMPLE_SHOWS("patterns/conn_pool",
		      { .task = "client", .kind = VIGIL_WAIT_PERMIT, .on = "squares places" },
		      { .task = "client", .kind = VIGIL_WAIT_READABLE },
		      { .task = "impatient", .kind = VIGIL_WAIT_READABLE },
		      { .task = "session", .kind = VIGIL_WAIT_TIMER },
		      { .task = "connections", .kind = VIGIL_WAIT_ACCEPT });
}

Test(patterns_b, rate_limiter_lets_nobody_be_too_early)
{
	example_runs("patterns/rate_limiter");

	EXAMPLE_SAYS("48 requests of 4 clients: a burst of 8, then one every 30 ms; "
		     "0 came too early\n");
}

Test(patterns_b, rate_limiter_has_clients_that_wait_for_tokens)
{
	EXAMPLE_SHOWS("patterns/rate_limiter",
		      { .task = "client 0", .kind = VIGIL_WAIT_PERMIT, .on = "tokens" },
		      { .task = "refill", .kind = VIGIL_WAIT_TIMER, .on = "a token every 30 ms" });
}

/* ---- Trying again, streams ---- */

Test(patterns_b, retry_gives_up_only_what_is_hopeless)
{
	example_runs("patterns/retry");

	EXAMPLE_SAYS("question 0: answered, attempt ");
	EXAMPLE_SAYS("question 1: answered, attempt ");
	EXAMPLE_SAYS("question 2: answered, attempt ");
	EXAMPLE_SAYS("question 3: gave up after 5 attempts: ");
	EXAMPLE_SAYS("question 4: gave up after ");
}

Test(patterns_b, retry_waits_for_answers_and_between_attempts)
{
	EXAMPLE_SHOWS("patterns/retry", { .task = "question", .kind = VIGIL_WAIT_READABLE },
		      { .task = "question 3", .kind = VIGIL_WAIT_TIMER },
		      { .task = "answer", .kind = VIGIL_WAIT_READABLE },
		      { .task = "flaky server", .kind = VIGIL_WAIT_RECEIVE, .on = "connections" });
}

Test(patterns_b, streams_lose_nothing)
{
	example_runs("patterns/streams");

	EXAMPLE_SAYS("72 readings, 60 plausible, in 15 packets, uploaded 2 at a time: "
		     "960 characters\n");
	cr_assert_eq(ended_tasks("upload"), 15);
}

Test(patterns_b, streams_show_who_waits_for_whom)
{
	EXAMPLE_SHOWS("patterns/streams",
		      { .task = "thermometer", .kind = VIGIL_WAIT_SEND, .on = "thermometer" },
		      { .task = "barometer", .kind = VIGIL_WAIT_SEND, .on = "barometer" },
		      { .task = "both sensors", .kind = VIGIL_WAIT_SEND, .on = "both sensors" },
		      { .task = "next upload", .kind = VIGIL_WAIT_TIMER },
		      { .task = "upload", .kind = VIGIL_WAIT_TIMER });
}

/* ---- Time and turns ---- */

Test(patterns_b, timers_treat_missed_ticks_each_in_its_way)
{
	example_runs("patterns/timers");

	EXAMPLE_SAYS("sleep: 5 periods and the work between them took longer than 5 periods\n");
	EXAMPLE_SAYS("sleep until: deadline 5 was 500 ms after the begin\n");
	EXAMPLE_SAYS("burst: after tick 0, and 310 ms away, ticks were due at "
		     "100 200 300 400 500 ms\n");
	EXAMPLE_SAYS("delay: after tick 0, and 310 ms away, ticks were due at 100 ");
	EXAMPLE_SAYS("skip: after tick 0, and 310 ms away, ticks were due at 100 ");
	EXAMPLE_SAYS("timer: idle, after ");
}

Test(patterns_b, timers_say_when_they_are_due)
{
	EXAMPLE_SHOWS("patterns/timers", { .task = "sleep", .kind = VIGIL_WAIT_TIMER },
		      { .task = "sleep until", .kind = VIGIL_WAIT_TIMER },
		      { .task = "burst", .kind = VIGIL_WAIT_TIMER, .on = "burst" },
		      { .task = "delay", .kind = VIGIL_WAIT_TIMER, .on = "delay" },
		      { .task = "skip", .kind = VIGIL_WAIT_TIMER, .on = "skip" },
		      { .task = "idle watch", .kind = VIGIL_WAIT_TIMER, .on = "idle timeout" });
}

Test(patterns_b, yielding_is_forced_on_who_does_not)
{
	example_runs("patterns/yielding");

	EXAMPLE_SAYS("greedy: 25600 awaits were ready at once; its budget made it yield 200 "
		     "times\n");
	EXAMPLE_SAYS("polite: 17984 primes below 200000, yielded by itself 400 times\n");
	EXAMPLE_SAYS("bystander: had its turns\n");
	cr_assert_eq(ended_task("greedy")->forced_yields, 200);
	cr_assert_eq(ended_task("greedy")->yields, 0);
	cr_assert_eq(ended_task("polite")->yields, 400);
	cr_assert_eq(ended_task("polite")->forced_yields, 0);
}

Test(patterns_b, yielding_has_a_bystander)
{
	EXAMPLE_SHOWS("patterns/yielding", { .task = "bystander", .kind = VIGIL_WAIT_TIMER },
		      { .task = "greedy", .kind = VIGIL_WAIT_TIMER },
		      { .task = "polite", .kind = VIGIL_WAIT_TIMER });
}

/* ---- Blocking work, input and output ---- */

static const struct vigil_executor_record *pool(void)
{
	const struct vigil_executor_record *e;

	for (uint32_t i = 0; (e = VIGIL_AT(example_reader, executor, i)); i++)
		if (e->kind == VIGIL_EXECUTOR_BLOCKING_POOL)
			return e;
	cr_assert_fail("no pool");
	return NULL;
}

Test(patterns_b, blocking_has_a_queue)
{
	example_runs("patterns/blocking");

	EXAMPLE_SAYS("pool: 6 jobs for 2 threads, 5 run, 1 taken back; sum 655360\n");
	EXAMPLE_SAYS("in place: blocked 2 times, and the others went on\n");
	cr_assert_geq(pool()->queued_max, 4);
	cr_assert_eq(ended_task("checksum 5")->outcome, VIGIL_OUTCOME_CANCELLED);
	cr_assert_eq(ended_task("checksum 5")->polls, 0);
}

Test(patterns_b, blocking_awaits_its_jobs)
{
	EXAMPLE_SHOWS("patterns/blocking",
		      { .task = "main", .kind = VIGIL_WAIT_TASK, .on = "checksum" },
		      { .task = "main", .kind = VIGIL_WAIT_JOB, .on = "one call" },
		      { .task = "ticker", .kind = VIGIL_WAIT_TIMER });
}

Test(patterns_b, io_relays_all_lines)
{
	example_runs("patterns/io");

	EXAMPLE_SAYS("320 bytes came through TCP, UDP, a Unix socket and a pipe; "
		     "the last: \"line         19\"\n");
	cr_assert_eq(ended_tasks("localhost"), 1);
}

Test(patterns_b, io_has_a_task_for_each_hop)
{
	EXAMPLE_SHOWS("patterns/io", { .task = "TCP to UDP", .kind = VIGIL_WAIT_READABLE },
		      { .task = "UDP to Unix", .kind = VIGIL_WAIT_READABLE },
		      { .task = "Unix to pipe", .kind = VIGIL_WAIT_READABLE },
		      { .task = "pipe to file", .kind = VIGIL_WAIT_READABLE },
		      { .task = "inspector", .kind = VIGIL_WAIT_SIGNAL, .on = "SIGUSR1" },
		      { .task = "sender", .kind = VIGIL_WAIT_TIMER });
}

/* ---- Spans ---- */

static unsigned ended_spans(const char *name, bool is_over_polls)
{
	const struct vigil_span_record *s;
	unsigned count = 0;

	for (uint32_t i = 0; (s = VIGIL_AT(example_reader, span, i)); i++)
		count += s->life == VIGIL_LIFE_ENDED && !strcmp(s->name, name) &&
			 (s->entries > 1) == is_over_polls;
	return count;
}

Test(patterns_b, spans_are_kept_across_awaits)
{
	example_runs("patterns/spans");

	EXAMPLE_SAYS("order 501: paid, attempts: 1\n");
	EXAMPLE_SAYS("order 502: paid, attempts: 2\n");
	EXAMPLE_SAYS("order 504: failed, attempts: 3: cannot charge Edsger: ");
	cr_assert_eq(ended_spans("handle_order", true), 3);
	cr_assert_eq(ended_spans("reserve", true), 3);
	cr_assert_eq(ended_spans("charge", true), 3);
	cr_assert_eq(ended_spans("attempt", true), 6);
}

Test(patterns_b, spans_have_orders_that_wait)
{
	EXAMPLE_SHOWS("patterns/spans", { .task = "order 501", .kind = VIGIL_WAIT_TIMER },
		      { .task = "order 504", .kind = VIGIL_WAIT_TIMER },
		      { .task = "main", .kind = VIGIL_WAIT_TASK, .on = "order 50" });
}
