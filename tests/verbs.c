/* SPDX-License-Identifier: MIT */
/* The command as people use it: on scenes that live, are stopped, were killed. */
#include <criterion/criterion.h>
#include <stdlib.h>
#include <string.h>

#include "tests/support/command.h"
#include "tests/support/json_check.h"

TestSuite(verbs, .init = command_begin, .fini = command_end, .timeout = 60);

/* ---- Living, stopped, dead ---- */

Test(verbs, ps_shows_a_living_process)
{
	start("idle_server");

	cr_expect_eq(vigil("ps", NULL), 0);
	cr_expect(says("idle"));
	cr_expect(says("alive"));
}

Test(verbs, ps_says_how_long_ago_a_process_started)
{
	start("idle_server");

	cr_expect_eq(vigil("ps", NULL), 0);
	cr_expect(says(" ago "), "%s", out);
}

Test(verbs, without_a_target_the_only_living_process_is_taken)
{
	start("idle_server");

	cr_expect_eq(vigil("tasks", NULL), 0);
	cr_expect(says("acceptor"));
	cr_expect(says("timer, "));
	cr_expect(says("warm-up"));
}

Test(verbs, a_stopped_process_says_that_it_is_stopped)
{
	start("idle_server");
	stop(SIGSTOP);

	cr_expect_eq(vigil("tasks", "idle", NULL), 0);
	cr_expect(says("STOPPED"));
	cr_expect(says("acceptor"));
}

Test(verbs, a_killed_process_is_read_from_its_board)
{
	start("idle_server");
	stop(SIGKILL);

	cr_expect_eq(vigil("tasks", board(), NULL), 0);
	cr_expect(says("DEAD"));
	cr_expect(says("acceptor"));
	cr_expect_eq(vigil("ps", NULL), 0);
	cr_expect(says("dead"));
}

Test(verbs, every_verb_prints_text_and_valid_json_of_a_dead_process)
{
	static const char *const verbs[] = { "tasks",     "executors", "locks", "wakers",
					     "resources", "sites",     "why" };

	start("deadlock_two_locks");
	stop(SIGKILL);
	for (size_t i = 0; i < sizeof(verbs) / sizeof(verbs[0]); i++) {
		int found = !strcmp(verbs[i], "why");

		cr_expect_eq(vigil(verbs[i], board(), NULL), found, "%s: %s", verbs[i], err);
		cr_expect(says("DEAD"));
		cr_expect_eq(vigil(verbs[i], board(), "--json", NULL), found);
		cr_expect(json_is_valid(out), "%s: %s", verbs[i], out);
		cr_expect(says("\"status\":\"dead\""));
	}
}

Test(verbs, no_escape_code_is_printed_without_a_terminal)
{
	start("idle_server");
	vigil("tasks", NULL);
	cr_expect_null(strchr(out, '\033'));
	vigil("why", NULL);
	cr_expect_null(strchr(out, '\033'));
}

Test(verbs, json_of_tasks_has_the_members_that_are_promised)
{
	static const char *const members[] = {
		"id",
		"name",
		"state",
		"kind",
		"site",
		"parent",
		"age_ns",
		"busy_ns",
		"scheduled_ns",
		"idle_ns",
		"polls",
		"wakes",
		"self_wakes",
		"waker_clones",
		"waker_drops",
		"waiting",
		"outcome",
		"poll_ns",
		"scheduled_ns_hist",
		"process",
		"not_recorded",
		"misused",
		"now_ns",
	};
	char quoted[64];

	start("idle_server");
	cr_assert_eq(vigil("tasks", "--json", NULL), 0);
	for (size_t i = 0; i < sizeof(members) / sizeof(members[0]); i++) {
		snprintf(quoted, sizeof(quoted), "\"%s\":", members[i]);
		cr_expect(says(quoted), "%s", quoted);
	}
	cr_expect(json_is_valid(out));
	cr_expect(says("\"state\":\"done\""));
	cr_expect(says("\"outcome\":\"completed\""));
}

Test(verbs, a_task_shows_its_attributes_histograms_and_events)
{
	start("idle_server");

	cr_expect_eq(vigil("task", "2", NULL), 0);
	cr_expect(says("127.0.0.1:4711"));
	cr_expect(says("1234 bytes"));
	cr_expect(says("Polls: 1"));
	cr_expect(says("poll on http-0"));
	cr_expect_eq(vigil("task", "idle", "2", "--json", NULL), 0);
	cr_expect(json_is_valid(out));
	cr_expect(says("\"attributes\""));
}

Test(verbs, a_task_says_once_why_it_is_as_it_is)
{
	start("idle_server");

	cr_expect_eq(vigil("task", "4", NULL), 0);
	cr_expect(says("Why\n  4 tick sleeps: timer, "), "%s", out);
	cr_expect_not(says("4 tick sleeps (timer"), "%s", out);
}

Test(verbs, locks_show_owner_waiters_and_where_it_was_taken)
{
	start("lock_held");

	cr_expect_eq(vigil("locks", NULL), 0);
	cr_expect(says("1 refresher"));
	cr_expect(says("lock_held.c:"));
	cr_expect_eq(vigil("locks", "--filter=contended=2", NULL), 0);
	cr_expect(says("1 refresher"), "who waits now has waited: %s", out);
	cr_expect(says("s+"), "%s", out);
}

/* Taken once, and two want it: no wait has ended yet. */
Test(verbs, resources_show_who_waits_locks_too)
{
	start("deadlock_two_locks");
	cr_expect_eq(vigil("resources", "--filter=kind=mutex waiting>0", NULL), 0);
	cr_expect(says("WAITING"));
	cr_expect(says("accounts"), "%s", out);

	cr_expect_eq(vigil("resources", "--json", NULL), 0);
	cr_expect(json_is_valid(out), "%s", out);
	cr_expect(says("\"attributes\":[]"));
	cr_expect(says("\"waiting\":[{\"type\":\"task\""), "%s", out);
	cr_expect(says("\"operations\":[]"));
}

Test(verbs, a_task_names_in_json_what_it_waits_for)
{
	start("deadlock_two_locks");
	cr_expect_eq(vigil("task", "1", "--json", NULL), 0, "%s", err);
	cr_expect(json_is_valid(out), "%s", out);
	cr_expect(says("\"waits_for\":"), "%s", out);
}

Test(verbs, a_lock_that_is_waited_for_right_now_is_contended)
{
	start("lock_held");

	cr_expect_eq(vigil("locks", "--json", NULL), 0);
	cr_expect(says("\"contended\":0,"), "%s", out);
	cr_expect(says("\"contention\":0.66"), "%s", out);
	cr_expect(says("\"waiters\":2,"), "%s", out);
	cr_expect(json_is_valid(out));
}

/* ---- Why ---- */

Test(verbs, why_finds_a_deadlock_and_both_its_lines)
{
	start("deadlock_two_locks");

	cr_expect_eq(vigil("why", "--over", "0", NULL), 1);
	cr_expect(says("\n  Cause: Deadlock: "));
	cr_expect(says("lock \"ledger\", held by 2 audit (taken at deadlock_two_locks.c:"));
	cr_expect(says("lock \"accounts\", held by 1 transfer (taken at deadlock_two_locks.c:"));
}

Test(verbs, why_and_task_lead_to_links_with_the_same_words)
{
	start("pool_exhausted");

	vigil("why", "--over", "0", NULL);
	cr_expect(says("\n    because "), "%s", out);
	cr_expect(says("\n    cause: "), "%s", out);
	cr_expect(says("\n    not known: "), "%s", out);
	vigil("task", "1", NULL);
	cr_expect(says("\n  not known: "), "%s", out);
}

Test(verbs, why_finds_a_deadlock_of_a_thread_lock_and_a_queue)
{
	start("lock_across_poll");

	cr_expect_eq(vigil("why", "--over", "0", NULL), 1);
	cr_expect(says("Deadlock: "));
	cr_expect(says("lock \"db\", held by 1 query"));
}

Test(verbs, why_names_the_task_that_blocks_a_worker)
{
	start("blocked_worker");

	cr_expect_eq(vigil("why", "--over", "0", NULL), 1);
	cr_expect(says("and 2 more for the same cause"));
	cr_expect(says("1 resize-image, spawned at blocked_worker.c:"));
	cr_expect(says("gdb -p"));
}

Test(verbs, why_names_who_sleeps_with_a_lock)
{
	start("lock_held");

	cr_expect_eq(vigil("why", "--over", "0", NULL), 1);
	cr_expect(says("lock \"cache\", taken at lock_held.c:"));
	cr_expect(says("1 refresher sleeps"));
}

Test(verbs, why_names_the_jobs_that_fill_a_pool)
{
	start("pool_exhausted");

	cr_expect_eq(vigil("why", "--over", "0", NULL), 1);
	cr_expect(says("all workers of executor files are busy"));
	cr_expect(says("pool_exhausted.c:"));
}

Test(verbs, why_follows_joins_to_a_thread_that_holds_a_lock)
{
	start("join_chain");

	cr_expect_eq(vigil("why", "--task", "1", NULL), 0);
	cr_expect(says("1 upload has awaited the end of 2 encode"));
	cr_expect(says("lock \"disk\", taken at join_chain.c:"));
	cr_expect(says("outside any task"));
}

Test(verbs, why_finds_lost_wakes)
{
	start("lost_wake");

	cr_expect_eq(vigil("why", "--over", "0", NULL), 1);
	cr_expect(says("lock \"queue\" is free"));
	cr_expect(says("loop-0"));
}

Test(verbs, why_says_when_nothing_is_stuck)
{
	start("idle_server");

	cr_expect_eq(vigil("why", "--over", "0", NULL), 0);
	cr_expect(says("Nothing is stuck: no live task (of 4)"));
}

Test(verbs, why_reads_the_board_of_a_killed_process)
{
	start("deadlock_two_locks");
	stop(SIGKILL);

	cr_expect_eq(vigil("why", board(), "1", NULL), 0);
	cr_expect(says("Deadlock: "));
}

/* Its poll began milliseconds before: too short to be stuck in. */
Test(verbs, why_tells_what_was_running_when_a_process_died)
{
	start("blocked_worker");
	stop(SIGKILL);

	cr_expect_eq(vigil("why", board(), NULL), 0);
	cr_expect(says("1 resize-image, spawned at blocked_worker.c:"), "%s", out);
	cr_expect(says(", was running on main-0 when the process died; the begin of its poll was "
		       "the last thing recorded.\n"),
		  "%s", out);
	cr_expect(says("Nothing is stuck: no live task (of 4)"));
	cr_expect_eq(vigil("why", board(), "--json", NULL), 0);
	cr_expect(json_is_valid(out));
	cr_expect(says("\"running_at_death\":[\n"), "%s", out);
	cr_expect(says("\"text\":\"worker main-0\""), "%s", out);
}

/* Its threads had blocked long before: nothing says how long it went on. */
Test(verbs, a_killed_process_says_that_its_times_end_at_its_last_record)
{
	start("idle_server");
	stop(SIGKILL);

	cr_expect_eq(vigil("executors", board(), NULL), 0);
	cr_expect(says("\n4 tasks were alive (0 running"), "%s", out);
	cr_expect(says("\nTimes end at its last record, "), "%s", out);
	cr_expect(says(" after its start; when it died is not known.\n"), "%s", out);
	cr_expect_not(says("up "), "%s", out);
	cr_expect_eq(vigil("executors", board(), "--json", NULL), 0);
	cr_expect_not(says("\"last_record_ns\":null"), "%s", out);
}

Test(verbs, why_says_that_no_task_was_running_when_a_process_died)
{
	start("idle_server");
	stop(SIGKILL);

	cr_expect_eq(vigil("why", board(), NULL), 0);
	cr_expect(says("No task was running when the process died."), "%s", out);
}

Test(verbs, why_says_nothing_of_death_while_a_process_lives)
{
	start("blocked_worker");

	vigil("why", "--over=0", NULL);
	cr_expect_not(says("died"), "%s", out);
	vigil("why", "--over=0", "--json", NULL);
	cr_expect(says("\"running_at_death\":[]"), "%s", out);
}

/* ---- Filter, sort, limit, watch ---- */

Test(verbs, a_filter_keeps_what_matches)
{
	start("idle_server");

	cr_expect_eq(vigil("tasks", "--filter", "conn readable", "--json", NULL), 0);
	cr_expect(says("\"conn\""));
	cr_expect_not(says("\"tick\""));
}

Test(verbs, a_wrong_filter_is_told)
{
	start("idle_server");
	expect_refused(vigil("tasks", "--filter", "nonsense>3", NULL), "there is no \"nonsense\"");
}

Test(verbs, tasks_that_ended_long_ago_are_counted_and_not_listed)
{
	start("ended_tasks");

	cr_expect_eq(vigil("tasks", NULL), 0);
	cr_expect(says("acceptor"), "%s", out);
	cr_expect(says("just-now"));
	cr_expect_not(says("long-ago"), "%s", out);
	cr_expect(says("\nand 3 ended tasks not shown (--all)\n"), "%s", out);

	cr_expect_eq(vigil("tasks", "--filter=name=long-ago", NULL), 0);
	cr_expect(says("\n3 ended tasks not shown (--all)\n"), "%s", out);
	cr_expect_eq(vigil("tasks", "--limit=1", NULL), 0);
	cr_expect(says("\nand 3 ended tasks not shown (--all)\n"), "%s", out);
}

Test(verbs, tasks_that_ended_long_ago_are_listed_when_asked_for)
{
	start("ended_tasks");

	cr_expect_eq(vigil("tasks", "--all", NULL), 0);
	cr_expect(says("long-ago"), "%s", out);
	cr_expect_not(says("not shown"));
	cr_expect_eq(vigil("tasks", "--json", NULL), 0);
	cr_expect(says("\"long-ago\""), "%s", out);
	expect_refused(vigil("locks", "--all", NULL), "does not take the option --all");
}

Test(verbs, a_command_without_its_dashes_is_told_where_they_go)
{
	expect_refused(vigil("record", "/bin/true", "--port", "8489", NULL),
		       "put -- before the command: `vigil record -- /bin/true --port 8489` starts");
	expect_refused(vigil("record", "--for=1s", "true", "-p", "8489", NULL),
		       "`vigil record -- true -p 8489`");
	expect_refused(vigil("record", "true", "8489", NULL), "`vigil record -- true 8489`");
	expect_refused(vigil("record", "nonexist", "--port", NULL),
		       "record does not take the option --port");
}

Test(verbs, what_export_cannot_read_yet_is_to_be_recorded)
{
	start("idle_server");

	expect_refused(vigil("export", "--to=csv", "24081", NULL),
		       "export takes the folder of a trace; record it first: `vigil record 24081`");
	expect_refused(vigil("export", "--to=csv", board(), NULL), "record it first");
	expect_refused(vigil("export", "--to=csv", "net://relay", NULL),
		       "export takes the folder of a trace, not net://relay: a relay keeps one");
	expect_refused(vigil("export", "--to=csv", "./nonexist", NULL), "cannot read ./nonexist");
}

Test(verbs, a_word_that_never_is_is_told)
{
	start("idle_server");
	expect_refused(vigil("tasks", "--filter=state=runing", NULL),
		       "running, scheduled, idle, done");
	expect_refused(vigil("ps", "--filter=status=undead", NULL),
		       "alive, stopped, finished, dead, restarted, damaged");
	expect_refused(vigil("executors", "--filter=state=busy", NULL),
		       "polling, parked, waiting, outside, ended");
}

Test(verbs, a_head_as_it_is_printed_names_its_column)
{
	start("idle_server");
	cr_expect_eq(vigil("tasks", "--sort=sched", NULL), 0, "%s", err);
	cr_expect_eq(vigil("locks", "--sort=hold p50:asc", NULL), 0, "%s", err);
	expect_refused(vigil("sites", "--sort=P99", NULL), "poll_p99, scheduled_p99");
}

Test(verbs, sites_are_found_by_the_function_they_stand_in)
{
	start("idle_server");
	cr_expect_eq(vigil("sites", "--filter=function=main", NULL), 0, "%s", err);
	cr_expect(says("FUNCTION"), "%s", out);
	cr_expect(says("idle_server.c:"), "%s", out);
}

Test(verbs, no_time_at_all_is_a_dash)
{
	start("idle_server");
	cr_expect_eq(vigil("tasks", NULL), 0);
	cr_expect_not(says(" 0 ns"), "%s", out);
}

Test(verbs, rows_are_sorted_and_cut)
{
	start("idle_server");

	cr_expect_eq(vigil("tasks", "--sort", "id:desc", "--limit", "2", NULL), 0);
	cr_expect(says("warm-up"));
	cr_expect(says("tick"));
	cr_expect_not(says("acceptor"));
}

Test(verbs, an_unknown_column_is_told_with_those_there_are)
{
	start("idle_server");
	expect_refused(vigil("tasks", "--sort", "beauty", NULL), "there are id, state, name");
}

Test(verbs, watch_ends_with_its_process)
{
	start("idle_server");
	stop(SIGKILL);

	cr_expect_eq(vigil("tasks", board(), "--watch=0.01", "--json", NULL), 0);
	cr_expect(json_is_valid(out));
	cr_expect_eq(strchr(out, '\n'), out + strlen(out) - 1);
}

Test(verbs, executors_are_told_with_their_attributes)
{
	start("idle_server");

	cr_expect_eq(vigil("executors", NULL), 0);
	cr_expect(says("; made at idle_server.c:"), "%s", out);
	cr_expect(says("; connections 2\n"), "%s", out);
	cr_expect_eq(vigil("executors", "--json", NULL), 0);
	cr_expect(says("\"attributes\":[{\"key\":\"connections\",\"value\":2,"), "%s", out);
}

Test(verbs, workers_of_one_name_are_told_apart)
{
	start("pool_exhausted");

	cr_expect_eq(vigil("executors", NULL), 0);
	cr_expect(says("pool#1"), "%s", out);
	cr_expect(says("pool#2"), "%s", out);
	cr_expect_not(says("http-0#"));
}
