/* SPDX-License-Identifier: MIT */
/*
 * The example programs of tasks, channels, races and errors: each says what it should, leaves
 * nothing on its board, and shows there what it is about.
 */
#include "tests/support/example.h"

TestSuite(patterns_a, .init = example_begin, .fini = example_end, .timeout = 60);

/* ---- Many at once ---- */

Test(patterns_a, concurrent_finds_the_damaged_file)
{
	example_runs("patterns/concurrent");

	EXAMPLE_SAYS("part-13.dat is damaged: checksum bf57f49f, noted was 0eed5c04\n");
	EXAMPLE_SAYS("23 of 24 files are sound, 6946816 bytes\n");
}

Test(patterns_a, concurrent_shows_what_each_file_waits_for)
{
	EXAMPLE_SHOWS("patterns/concurrent", EXAMPLE_WAIT("scrub part-", TIMER, NULL),
		      EXAMPLE_WAIT("scrub part-", JOB, "read "),
		      EXAMPLE_WAIT("main", TASK, "scrub part-"));
}

Test(patterns_a, bounded_fetch_has_all_pages_and_an_order)
{
	example_runs("patterns/bounded_fetch");

	EXAMPLE_SAYS("24 pages, 4 at a time, as they complete: ");
	EXAMPLE_SAYS("24 pages, 4 at a time, in order: 0 1 2 3 4 5 6 7 8 9 10 11 12 13 14 15 16 17 "
		     "18 19 20 21 22 23\n");
}

Test(patterns_a, bounded_fetch_shows_both_sides)
{
	EXAMPLE_SHOWS("patterns/bounded_fetch", EXAMPLE_WAIT("fetch", READABLE, NULL),
		      EXAMPLE_WAIT("conn", TIMER, NULL), EXAMPLE_WAIT("server", ACCEPT, NULL),
		      EXAMPLE_WAIT("main", TASK, "fetch"));
}

Test(patterns_a, race_replicas_answers_while_one_lives)
{
	example_runs("patterns/race_replicas");

	EXAMPLE_SAYS("with all three: 9 of 9 requests were answered; ");
	EXAMPLE_SAYS("without lima: 9 of 9 requests were answered; ");
	EXAMPLE_SAYS("lima 0, ");
	EXAMPLE_SAYS(" does not answer: Connection refused\n");
}

Test(patterns_a, race_replicas_shows_who_runs)
{
	EXAMPLE_SHOWS("patterns/race_replicas", EXAMPLE_WAIT("ask oslo", READABLE, NULL),
		      EXAMPLE_WAIT("ask lima", READABLE, NULL),
		      EXAMPLE_WAIT("ask kyoto", READABLE, NULL),
		      EXAMPLE_WAIT("replica kyoto", ACCEPT, NULL),
		      EXAMPLE_WAIT("request", READABLE, NULL), EXAMPLE_WAIT("main", TASK, "ask "));
}

/* ---- Channels ---- */

Test(patterns_a, mpsc_loses_no_line)
{
	example_runs("patterns/mpsc");

	EXAMPLE_SAYS("800 lines were sent, 800 are in the file in order; "
		     "the disk was synced less often\n");
}

Test(patterns_a, mpsc_shows_who_is_held_back)
{
	EXAMPLE_SHOWS("patterns/mpsc", EXAMPLE_WAIT("worker 0", SEND, "log lines"),
		      EXAMPLE_WAIT("worker 3", SEND, "log lines"),
		      EXAMPLE_WAIT("log writer", TIMER, NULL),
		      EXAMPLE_WAIT("log writer", JOB, "sync "));
}

Test(patterns_a, broadcast_tells_who_missed_how_many)
{
	example_runs("patterns/broadcast");

	EXAMPLE_SAYS("knows how many, and the last: number 80\n");
	EXAMPLE_SAYS("reader carl: missed some, knows how many, and the last: number 80\n");
}

Test(patterns_a, broadcast_shows_who_reads_and_who_is_slow)
{
	EXAMPLE_SHOWS("patterns/broadcast", EXAMPLE_WAIT("reader anna", RECEIVE, "room"),
		      EXAMPLE_WAIT("reader bert", RECEIVE, "room"),
		      EXAMPLE_WAIT("reader carl", TIMER, NULL));
}

Test(patterns_a, oneshot_has_each_end_of_a_request)
{
	example_runs("patterns/oneshot");

	EXAMPLE_SAYS("399998880000703: 19999963 x 19999981\n");
	EXAMPLE_SAYS("2147483647: refused, it is prime\n");
	EXAMPLE_SAYS("2305843009213693951: not in time, its solver has stopped\n");
}

Test(patterns_a, oneshot_shows_who_waits_for_an_answer)
{
	EXAMPLE_SHOWS("patterns/oneshot", EXAMPLE_WAIT("main", RECEIVE, "answer"));
}

Test(patterns_a, watch_gives_everybody_the_last_configuration)
{
	example_runs("patterns/watch");

	EXAMPLE_SAYS("limiter: version 6, rate 200");
	EXAMPLE_SAYS("logger: version 6, rate 200");
	EXAMPLE_SAYS("indexer: version 6, rate 200, not each of them\n");
	EXAMPLE_SAYS("refused: 1\n");
}

Test(patterns_a, watch_shows_who_waits_for_a_change)
{
	EXAMPLE_SHOWS("patterns/watch", EXAMPLE_WAIT("reloader", SIGNAL, NULL),
		      EXAMPLE_WAIT("limiter", RECEIVE, "config"),
		      EXAMPLE_WAIT("logger", RECEIVE, "config"),
		      EXAMPLE_WAIT("indexer", TIMER, NULL));
}

/* ---- What is built of them ---- */

Test(patterns_a, errors_are_handled_by_type_and_passed_on_with_their_causes)
{
	example_runs("patterns/errors");

	EXAMPLE_SAYS("good.conf: port 8080\n");
	EXAMPLE_SAYS("take the defaults: cannot load typo.conf: line 2: "
		     "\"potr=8080\" is no setting\n");
	EXAMPLE_SAYS("try again later: cannot load remote.conf: "
		     "\"read remote.conf\" took longer than 800 ms\n");
	EXAMPLE_SAYS("give up: this one we cannot do without: cannot load missing.conf: "
		     "No such file or directory\n");
	EXAMPLE_SAYS("errors nobody looked at: yes\n");
}

Test(patterns_a, errors_shows_what_is_limited_in_time)
{
	EXAMPLE_SHOWS("patterns/errors", EXAMPLE_WAIT("read remote.conf", READABLE, NULL),
		      EXAMPLE_WAIT("load remote.conf", TASK, "read remote.conf"),
		      EXAMPLE_WAIT("main", TASK, "load remote.conf"));
}

Test(patterns_a, actor_answers_and_keeps_its_ledger)
{
	example_runs("patterns/actor");

	EXAMPLE_SAYS("1000000 EUR were not paid out, there are 300\n");
	EXAMPLE_SAYS("the ledger says 300 EUR\n");
}

Test(patterns_a, actor_shows_an_actor_and_who_asks_it)
{
	const struct vigil_task_record *t;
	bool is_actor = false;

	EXAMPLE_SHOWS("patterns/actor", EXAMPLE_WAIT("account", RECEIVE, "mailbox"),
		      EXAMPLE_WAIT("account", JOB, "write "),
		      EXAMPLE_WAIT("client 0", RECEIVE, "reply"),
		      EXAMPLE_WAIT("client 3", TIMER, NULL));

	for (uint32_t i = 0; (t = VIGIL_AT(example_reader, task, i)); i++)
		is_actor |= t->kind == VIGIL_TASK_ACTOR && !strcmp(t->name, "account");
	cr_expect(is_actor);
}

Test(patterns_a, pipeline_brings_every_line_through)
{
	example_runs("patterns/pipeline");

	EXAMPLE_SAYS("25600 lines, 819200 bytes; the last is \"192.0.2.xxx GET /page99 ");
}

Test(patterns_a, pipeline_shows_backpressure)
{
	EXAMPLE_SHOWS("patterns/pipeline", EXAMPLE_WAIT("read", SEND, "raw"),
		      EXAMPLE_WAIT("anonymise", SEND, "clean"), EXAMPLE_WAIT("write", TIMER, NULL));
}

Test(patterns_a, sync_computes_what_life_does)
{
	example_runs("patterns/sync");

	EXAMPLE_SAYS("the pattern was read 1 time; 304 cells live after 500 generations\n");
}

Test(patterns_a, sync_shows_who_waits_for_whom)
{
	EXAMPLE_SHOWS("patterns/sync", EXAMPLE_WAIT("band 0", NOTIFIED, "generation"),
		      EXAMPLE_WAIT("band 3", NOTIFIED, "generation"),
		      EXAMPLE_WAIT("band ", TIMER, NULL),
		      EXAMPLE_WAIT("progress", NOTIFIED, "generation ended"));
}

/* ---- Options ---- */

Test(patterns_a, help_tells_what_forever_does)
{
	static const char *const names[] = { "patterns/actor", "bugs/timer_storm" };

	for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++) {
		cr_expect_eq(example_run(names[i], "--help"), 0);
		EXAMPLE_SAYS("[--forever]");
		EXAMPLE_SAYS(" with --forever ");
	}
	EXAMPLE_SAYS(" with --fixed ");
}

Test(patterns_a, the_loop_takes_a_port_alone)
{
	cr_expect_eq(example_run("loop", "--help"), 0);
	EXAMPLE_SAYS("usage: loop [PORT]\n");
	cr_expect_eq(example_run("loop", "--port"), 2);
	cr_expect_eq(example_run("loop", "70000"), 2);
}

/* ---- Too few descriptors ---- */

/* Returns its exit status; its words and complaints are in example_said. */
static int run_with_descriptors(const char *name, int count)
{
	const char *build = getenv("VIGIL_BUILD");
	char command[600];
	size_t length;
	FILE *says;

	snprintf(command, sizeof(command), "ulimit -n %d; exec '%s/examples/%s' 2>&1", count,
		 build ? build : "build", name);
	says = popen(command, "r");
	cr_assert(says);
	length = fread(example_said, 1, sizeof(example_said) - 1, says);
	example_said[length] = '\0';
	return WEXITSTATUS(pclose(says));
}

Test(patterns_a, a_server_that_cannot_accept_leaves_nobody_waiting)
{
	cr_expect_eq(run_with_descriptors("patterns/race_replicas", 12), 0);
	EXAMPLE_SAYS("with all three: ");
	cr_expect_eq(run_with_descriptors("patterns/conn_pool", 12), 1);
	EXAMPLE_SAYS("patterns/conn_pool: ");
}

Test(patterns_a, a_program_that_cannot_go_on_says_why)
{
	cr_expect_eq(run_with_descriptors("patterns/io", 12), 1);
	EXAMPLE_SAYS("patterns/io: Too many open files\n");
}
