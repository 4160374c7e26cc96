/* SPDX-License-Identifier: MIT */
/*
 * The programs of examples/bugs whose fault is too much: storms, floods, leaks, and what goes
 * on or is lost unseen. The fault must stand on the board, and with --fixed it must not.
 *
 * The law: counts, no times. A program says when its fault stands; what is seen a moment
 * later is looked for until it is there.
 */
#include "tests/support/child.h"

#include <stdbool.h>

#define LOOKS 3000 /* 10 ms each */

TestSuite(bugs_leaks, .init = dir_make, .fini = dir_remove);

static struct vigil_reader *reader;

/* ---- Programs ---- */

static void program_start(const char *name, const char *option, int out)
{
	const char *build = getenv("VIGIL_BUILD");
	char path[512];

	snprintf(path, sizeof(path), "%s/examples/bugs/%s", build ? build : "build", name);
	child = fork();
	if (child)
		return;
	dup2(out, 1);
	execl(path, path, option, (char *)NULL);
	_exit(127);
}

/* Starts it, and returns the sentence that says what stands there. Reads on to that. */
static void bug_start(const char *name, const char *words)
{
	char line[256] = "";
	int ends[2];
	FILE *says;

	cr_assert_eq(pipe(ends), 0);
	program_start(name, "--forever", ends[1]);
	close(ends[1]);
	says = fdopen(ends[0], "r");
	cr_assert(says);
	while (!strstr(line, words))
		cr_assert(fgets(line, sizeof(line), says), "%s ended and never said \"%s\"", name,
			  words);
	reader = open_pid(child);
}

/* Runs the fixed twin to its end, and opens the board that it left. */
static void fixed_run(const char *name)
{
	struct vigil_problem problem = { "" };
	struct vigil_found *list;
	int status;

	program_start(name, "--fixed", 2);
	cr_assert_eq(waitpid(child, &status, 0), child);
	child = 0;
	cr_assert(WIFEXITED(status) && WEXITSTATUS(status) == 0, "%s --fixed: status %#x", name,
		  (unsigned)status);
	cr_assert_eq(vigil_find(dir, &list), 1);
	cr_assert_eq(vigil_reader_open_file(list[0].path, 0, &reader, &problem), 0, "%s",
		     problem.text);
	free(list);
}

static void look_end(void)
{
	vigil_reader_close(reader);
}

/* Looks again and again until a claim is true of the board. */
#define cr_assert_becomes(claim)                                                                   \
	do {                                                                                       \
		int looks_ = 0;                                                                    \
		while (!(claim)) {                                                                 \
			cr_assert_lt(looks_++, LOOKS, "it never became true: %s", #claim);         \
			usleep(10000);                                                             \
			cr_assert_eq(vigil_reader_refresh(reader), 0);                             \
		}                                                                                  \
	} while (0)

/* ---- What is on the board ---- */

static const struct vigil_task_record *next_task(uint32_t *i, const char *name)
{
	const struct vigil_task_record *t;

	while ((t = VIGIL_AT(reader, task, (*i)++)))
		if (t->life != VIGIL_LIFE_FREE && !strcmp(t->name, name))
			return t;
	return NULL;
}

static const struct vigil_task_record *task_of(const char *name)
{
	uint32_t i = 0;
	const struct vigil_task_record *t = next_task(&i, name);

	cr_assert(t, "no task \"%s\" on the board", name);
	return t;
}

static unsigned live_tasks(const char *name)
{
	const struct vigil_task_record *t;
	unsigned count = 0;

	for (uint32_t i = 0; (t = next_task(&i, name));)
		count += t->life == VIGIL_LIFE_LIVE;
	return count;
}

static unsigned ended_tasks(const char *name, enum vigil_outcome outcome)
{
	const struct vigil_task_record *t;
	unsigned count = 0;

	for (uint32_t i = 0; (t = next_task(&i, name));)
		count += t->life == VIGIL_LIFE_ENDED && t->outcome == (uint32_t)outcome;
	return count;
}

static unsigned waiting_tasks(const char *name, enum vigil_wait_kind kind)
{
	const struct vigil_task_record *t;
	unsigned count = 0;

	for (uint32_t i = 0; (t = next_task(&i, name));)
		count += t->life == VIGIL_LIFE_LIVE && !t->depth && t->wait_kind == (uint32_t)kind;
	return count;
}

static bool is_parent_live(const struct vigil_task_record *t)
{
	const struct vigil_task_record *parent = VIGIL_FIND(reader, task, t->parent);

	return parent && parent->life == VIGIL_LIFE_LIVE;
}

static unsigned orphans(const char *name)
{
	const struct vigil_task_record *t;
	unsigned count = 0;

	for (uint32_t i = 0; (t = next_task(&i, name));)
		count += t->life == VIGIL_LIFE_LIVE && !is_parent_live(t);
	return count;
}

/* All tasks of the name that ended, whether they are still on the board or not. */
static struct vigil_site_stats stats_of(const char *name)
{
	struct vigil_site_stats *all = vigil_reader_site_stats(reader), of;

	cr_assert(all);
	of = all[task_of(name)->site - 1];
	free(all);
	return of;
}

static int by_time(const void *a, const void *b)
{
	uint64_t x = *(const uint64_t *)a, y = *(const uint64_t *)b;

	return x < y ? -1 : x > y;
}

static size_t times_of(const char *name, size_t offset, uint64_t **ret_times)
{
	uint64_t *times = calloc(vigil_reader_count(reader, VIGIL_TABLE_task), sizeof(*times));
	const struct vigil_task_record *t;
	size_t count = 0;

	cr_assert(times);
	for (uint32_t i = 0; (t = next_task(&i, name));)
		memcpy(&times[count++], (const char *)t + offset, sizeof(*times));
	qsort(times, count, sizeof(*times), by_time);
	*ret_times = times;
	return count;
}

#define TIMES_OF(name, field, ret_times)                                                           \
	times_of(name, offsetof(struct vigil_task_record, field), ret_times)

/* Of the ended tasks on the board: the most that lived at the same time. */
static size_t most_at_once(const char *name)
{
	uint64_t *births, *ends;
	size_t count = TIMES_OF(name, created_ns, &births), most = 0, ended = 0;

	cr_assert_eq(TIMES_OF(name, ended_ns, &ends), count);
	for (size_t born = 0; born < count; born++) {
		while (ended < born && ends[ended] <= births[born])
			ended++;
		most = born + 1 - ended > most ? born + 1 - ended : most;
	}
	free(births);
	free(ends);
	return most;
}

/* The most tasks that wait, or waited last, for the same moment. */
static size_t most_due_together(const char *name)
{
	uint64_t *dues;
	size_t count = TIMES_OF(name, wait_until_ns, &dues), most = 0, first = 0;

	for (size_t i = 0; i < count; i++) {
		if (dues[i] != dues[first])
			first = i;
		most = i + 1 - first > most ? i + 1 - first : most;
	}
	free(dues);
	return most;
}

static uint64_t attr_of(enum vigil_table table, uint32_t index, uint32_t first, const char *key)
{
	struct vigil_attr_record attrs[16];
	size_t count = vigil_reader_attrs(reader, vigil_reader_ref(reader, table, index), first,
					  attrs, 16);

	for (size_t i = 0; i < count; i++)
		if (!strcmp(attrs[i].key, key))
			return attrs[i].value;
	return UINT64_MAX;
}

/* Of the first resource of that name, live or ended. */
static uint64_t resource_attr(const char *name, const char *key)
{
	const struct vigil_resource_record *r;

	for (uint32_t i = 0; (r = VIGIL_AT(reader, resource, i)); i++)
		if (r->life != VIGIL_LIFE_FREE && !strcmp(r->name, name))
			return attr_of(VIGIL_TABLE_resource, i, r->attrs, key);
	cr_assert_fail("no resource \"%s\" on the board", name);
	return UINT64_MAX;
}

static uint64_t task_attr(const char *name, const char *key)
{
	const struct vigil_task_record *t;
	uint32_t i = 0;

	t = next_task(&i, name);
	cr_assert(t, "no task \"%s\" on the board", name);
	return attr_of(VIGIL_TABLE_task, i - 1, t->attrs, key);
}

/* Of the tasks' executor, the first. */
static uint64_t executor_attr(const char *key)
{
	const struct vigil_executor_record *e = VIGIL_AT(reader, executor, 0);

	cr_assert(e && e->life != VIGIL_LIFE_FREE);
	return attr_of(VIGIL_TABLE_executor, 0, e->attrs, key);
}

static bool is_waited_for(uint64_t resource)
{
	const struct vigil_task_record *t;

	for (uint32_t i = 0; (t = VIGIL_AT(reader, task, i)); i++)
		if (t->life == VIGIL_LIFE_LIVE && t->wait_kind && t->wait_object == resource)
			return true;
	return false;
}

static unsigned unawaited_timers(const char *name)
{
	const struct vigil_resource_record *r;
	unsigned count = 0;

	for (uint32_t i = 0; (r = VIGIL_AT(reader, resource, i)); i++)
		count += r->life == VIGIL_LIFE_LIVE && r->kind == VIGIL_RESOURCE_TIMER &&
			 !strcmp(r->name, name) &&
			 !is_waited_for(vigil_reader_ref(reader, VIGIL_TABLE_resource, i));
	return count;
}

/* ---- Storms ---- */

Test(bugs_leaks, a_task_that_yields_instead_of_waiting_wakes_itself_all_the_time)
{
	const struct vigil_site_record *site;
	uint64_t before;

	bug_start("self_wake_storm", "wakes itself");
	before = task_of("answer")->self_wakes;
	site = vigil_reader_site(reader, task_of("answer")->wake_site);

	cr_assert(site);
	cr_expect_str_eq(site->function, "answer");
	cr_expect_geq(before, 9000);
	cr_expect_geq(task_of("answer")->yields, 9000);
	cr_assert_becomes(task_of("answer")->self_wakes > before + 1000);
	look_end();
}

Test(bugs_leaks, a_task_that_waits_for_a_notification_never_wakes_itself)
{
	fixed_run("self_wake_storm");

	cr_expect_eq(stats_of("answer").self_wakes, 0);
	cr_expect_leq(task_of("answer")->polls, 2);
	cr_expect_eq(ended_tasks("answer", VIGIL_OUTCOME_COMPLETED), 1);
	look_end();
}

Test(bugs_leaks, sessions_of_one_clock_wait_for_the_same_tick)
{
	bug_start("timer_storm", "the same tick");

	cr_expect_eq(live_tasks("session"), 2000);
	cr_assert_becomes(most_due_together("session") >= 1000);
	look_end();
}

Test(bugs_leaks, sessions_with_a_moment_of_their_own_do_not_wait_for_the_same_tick)
{
	fixed_run("timer_storm");

	cr_expect_eq(stats_of("session").completed, 2000);
	cr_expect_eq(most_due_together("session"), 1);
	look_end();
}

/* ---- Floods ---- */

Test(bugs_leaks, a_task_for_each_request_makes_as_many_as_there_are_requests)
{
	bug_start("unbounded_spawn", "nothing bounds them");

	cr_expect_eq(live_tasks("request"), 20000);
	cr_expect_eq(stats_of("request").live, 20000);
	look_end();
}

Test(bugs_leaks, a_server_that_awaits_an_end_before_it_accepts_has_as_many_tasks_as_it_allows)
{
	fixed_run("unbounded_spawn");

	cr_expect_eq(stats_of("request").completed, 20000);
	cr_expect_leq(most_at_once("request"), 64, "%zu lived at once", most_at_once("request"));
	look_end();
}

Test(bugs_leaks, a_channel_without_a_capacity_holds_what_its_receiver_does_not_come_to)
{
	bug_start("unbounded_channel", "no capacity");

	cr_expect_eq(resource_attr("lines", "high water"), 20000);
	cr_expect_geq(resource_attr("lines", "length"), 10000);
	cr_expect_eq(waiting_tasks("collector", VIGIL_WAIT_SEND), 0);
	look_end();
}

Test(bugs_leaks, a_channel_with_a_capacity_never_holds_more)
{
	fixed_run("unbounded_channel");

	cr_expect_leq(resource_attr("lines", "high water"), 64);
	cr_expect_eq(resource_attr("lines", "length"), 0);
	cr_expect_eq(ended_tasks("writer", VIGIL_OUTCOME_COMPLETED), 1);
	look_end();
}

Test(bugs_leaks, a_receiver_slower_than_the_broadcast_misses_messages)
{
	uint64_t before;

	bug_start("lagging_receiver", "lags");
	before = resource_attr("prices #1", "missed");

	cr_expect_geq(before, 1);
	cr_expect_geq(resource_attr("prices", "lagged"), before);
	cr_assert_becomes(resource_attr("prices #1", "missed") > before);
	look_end();
}

Test(bugs_leaks, a_receiver_that_takes_all_there_is_misses_none)
{
	fixed_run("lagging_receiver");

	cr_expect_eq(resource_attr("prices", "sent"), 1600);
	cr_expect_eq(resource_attr("prices", "lagged"), 0);
	cr_expect_eq(resource_attr("prices #1", "missed"), 0);
	cr_expect_eq(resource_attr("prices #1", "position"), 1600);
	look_end();
}

/* ---- Leaks ---- */

Test(bugs_leaks, timers_that_are_not_freed_stay_and_nobody_waits_for_them)
{
	bug_start("leaked_timer", "nobody waits");

	cr_expect_eq(unawaited_timers("limit"), 500);
	cr_expect_eq(live_tasks("request"), 0);
	look_end();
}

Test(bugs_leaks, timers_that_are_freed_are_gone_with_their_requests)
{
	fixed_run("leaked_timer");

	cr_expect_eq(unawaited_timers("limit"), 0);
	cr_expect_eq(stats_of("request").completed, 500);
	look_end();
}

Test(bugs_leaks, collectors_of_a_channel_that_is_never_closed_wait_for_ever)
{
	bug_start("leaked_task", "cannot come");

	cr_expect_eq(live_tasks("collector"), 200);
	cr_expect_eq(orphans("collector"), 200);
	cr_assert_becomes(waiting_tasks("collector", VIGIL_WAIT_RECEIVE) == 200);
	look_end();
}

Test(bugs_leaks, collectors_of_a_channel_that_is_closed_end)
{
	fixed_run("leaked_task");

	cr_expect_eq(live_tasks("collector"), 0);
	cr_expect_eq(ended_tasks("collector", VIGIL_OUTCOME_COMPLETED), 200);
	look_end();
}

/* ---- What goes on, and what is lost ---- */

Test(bugs_leaks, a_detached_task_goes_on_after_its_parent_has_ended)
{
	uint64_t before;

	bug_start("detached_outlives", "has ended");
	before = task_of("audit")->polls;

	cr_expect_eq(task_of("audit")->join, VIGIL_JOIN_DETACHED);
	cr_expect_eq(orphans("audit"), 1);
	cr_expect_eq(ended_tasks("request", VIGIL_OUTCOME_COMPLETED), 1);
	cr_assert_becomes(task_of("audit")->polls > before);
	look_end();
}

Test(bugs_leaks, a_task_that_is_awaited_ends_before_its_parent)
{
	fixed_run("detached_outlives");

	cr_expect_eq(task_of("audit")->join, VIGIL_JOIN_JOINED);
	cr_expect_eq(ended_tasks("audit", VIGIL_OUTCOME_CANCELLED), 1);
	cr_expect_leq(task_of("audit")->ended_ns, task_of("request")->ended_ns);
	look_end();
}

Test(bugs_leaks, errors_of_tasks_whose_handles_were_dropped_are_counted_as_unseen)
{
	bug_start("forgotten_error", "nobody looked");

	cr_expect_eq(executor_attr("errors unseen"), 10);
	cr_expect_eq(ended_tasks("save", VIGIL_OUTCOME_FAILED), 10);
	cr_expect_eq(task_of("save")->join, VIGIL_JOIN_DETACHED);
	look_end();
}

Test(bugs_leaks, errors_that_were_looked_at_are_not_counted_as_unseen)
{
	fixed_run("forgotten_error");

	cr_expect_eq(executor_attr("errors unseen"), 0);
	cr_expect_eq(ended_tasks("save", VIGIL_OUTCOME_FAILED), 10);
	cr_expect_eq(task_of("save")->join, VIGIL_JOIN_JOINED);
	look_end();
}

Test(bugs_leaks, a_task_that_ignores_its_cancellation_is_cancelled_and_lives)
{
	uint64_t before;

	bug_start("cancelled_goes_on", "goes on");
	before = task_of("import")->polls;

	cr_expect_eq(task_attr("import", "cancelled"), 1);
	cr_expect_eq(resource_attr("shutdown", "live since cancel"), 1);
	cr_assert_becomes(task_of("import")->polls > before);
	cr_expect_eq(live_tasks("import"), 1);
	look_end();
}

Test(bugs_leaks, a_task_that_heeds_its_cancellation_has_ended)
{
	fixed_run("cancelled_goes_on");

	cr_expect_eq(resource_attr("shutdown", "live since cancel"), 0);
	cr_expect_eq(ended_tasks("import", VIGIL_OUTCOME_CANCELLED), 1);
	look_end();
}
