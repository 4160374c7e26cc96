/* SPDX-License-Identifier: MIT */
/* What the pages and lists of the console say beyond what tests/app.c shows. */
#include <criterion/criterion.h>

#include "console/waits.h"
#include "tests/support/app.h"

TestSuite(details, .init = set_up, .fini = tear_down);

/* ---- Tasks ---- */

Test(details, a_task_shows_its_open_spans_and_what_it_said)
{
	vigil_task task = vigil_task_spawn_at(SCENE_SITE("order.c", 61, "order_open"), scene.http,
					      VIGIL_TASK_ASYNC, "order 504", 0);
	vigil_span span;
	char *screen;

	vigil_poll_begin(task);
	span = vigil_span_new(VIGIL_LEVEL_INFO, "handle_order");
	vigil_span_enter(span);
	vigil_attr_u64(span, "number", 504, NULL);
	scene_pass(3 * SCENE_MS);
	span = vigil_span_new(VIGIL_LEVEL_TRACE, "attempt");
	vigil_span_enter(span);
	vigil_event(VIGIL_LEVEL_WARN, "the terminal is busy");
	vigil_span_leave(span);
	vigil_poll_end(task);
	scene_pass(4 * SCENE_MS);
	refresh();
	press("/order 504\r\r");
	screen = draw(100, 70, false);

	cr_expect_not_null(strstr(screen, "7.0 ms  info   handle_order  number 504"), "%s", screen);
	cr_expect_not_null(strstr(screen, "4.0 ms  trace    attempt"), "%s", screen);
	cr_expect_not_null(strstr(screen, "4.0 ms ago  warn   the terminal is busy"), "%s", screen);
	free(screen);
}

/* ---- Executors ---- */

Test(details, an_executor_lists_what_runs_and_what_could)
{
	press("e");
	press_key(K_ENTER);

	expect_screen("details-executor");
}

Test(details, a_long_key_of_an_attribute_stands_apart_from_its_value)
{
	char *screen;

	vigil_attr_u64(scene.http, "errors unseen", 4, NULL);
	vigil_attr_u64(scene.http, "tasks", 12, NULL);
	refresh();
	press("e");
	press_key(K_ENTER);
	screen = draw(100, 60, false);

	cr_expect_not_null(strstr(screen, "errors unseen  4"), "%s", screen);
	cr_expect_not_null(strstr(screen, "tasks          12"), "%s", screen);
	free(screen);
}

Test(details, an_executor_lists_some_of_many_the_longest_wait_first)
{
	vigil_task tasks[20];
	char *screen;

	for (int i = 0; i < 20; i++) {
		tasks[i] = vigil_task_spawn_at(SCENE_SITE("pool.c", 61, "pool_read"), scene.files,
					       VIGIL_TASK_BLOCKING, "stat-file", 0);
		vigil_wake_at(SCENE_SITE("pool.c", 70, "pool_put"), tasks[i]);
		scene_pass(SCENE_MS);
	}
	refresh();
	press("e/files\r");
	press_key(K_ENTER);
	screen = draw(100, 45, false);

	cr_expect_not_null(strstr(screen, "20.0 ms  21 stat-file  "), "%s", screen);
	cr_expect_null(strstr(screen, "40 stat-file"), "%s", screen);
	cr_expect_not_null(strstr(screen, "and 4 more"), "%s", screen);
	free(screen);
}

Test(details, executors_are_filtered_by_the_properties_of_their_workers)
{
	press("e\\state=parked since>1s\r");

	cr_expect(shows("file-1 "));
	cr_expect(shows("files "), "an executor stays with its worker");
	cr_expect_not(shows("1/3 busy"), "an executor with no such worker does not");
	cr_expect_not(shows("thread 4242"));
	press("\\\x15polls>300 name~http-[01]\r");
	cr_expect(shows("3 of 8"));
	press("\\\x15nonsense=1\r");
	cr_expect(shows("there is no \"nonsense\""));
}

static bool shows_at(int width, const char *text)
{
	char *screen = draw(width, 20, false);
	bool is_there = strstr(screen, text) != NULL;

	free(screen);
	return is_there;
}

Test(details, a_thread_that_said_nothing_is_outside_and_not_said_to_run)
{
	press("e");

	cr_expect(shows_at(140, "thread 4242  outside"));
	cr_expect(shows_at(140, "of no executor, said nothing for "));
	cr_expect_not(shows_at(140, "running        -"));
}

Test(details, since_when_a_worker_is_blocked_is_shown_before_how_busy_it_was)
{
	press("e");

	cr_expect(shows_at(60, "http-2      330 ms blocked by 15 http-conn"));
	cr_expect_not(shows_at(60, "BUSY"));
	cr_expect(shows_at(80, "BUSY"));
}

Test(details, where_an_executor_was_made_is_no_reason)
{
	press("e");

	cr_expect_not(shows_at(100, "main.c:40"));
	cr_expect(shows_at(200, "MADE AT"));
	cr_expect(shows_at(200, "main.c:40 main  event loop"));
}

/* ---- Why ---- */

Test(details, why_tells_first_what_ran_when_the_process_died)
{
	app->shared.model->status = VIGIL_STATUS_DEAD;
	press("y");

	expect_screen("details-why-dead");
}

Test(details, links_are_led_to_as_the_verb_does)
{
	press("y");

	cr_expect(shows("→ because 11 http-conn has awaited"));
	cr_expect(shows("→ cause: 20 read-file has been running"));
	cr_expect(shows("→ not known: where in the code"));
}

Test(details, nothing_stuck_is_said_as_the_verb_says_it)
{
	char sentence[LINK_TEXT];
	char *screen;

	const vigil_task stuck[] = {
		scene.holder,     scene.job,        scene.blocked,
		scene.waiters[0], scene.waiters[1], scene.waiters[2],
	};

	for (size_t i = 0; i < sizeof(stuck) / sizeof(stuck[0]); i++)
		vigil_task_end(stuck[i], VIGIL_OUTCOME_CANCELLED);
	refresh();
	press("y");
	screen = draw(300, 30, false);
	waits_nothing(app->shared.model, WAITS_STUCK_NS, sentence, sizeof(sentence));

	cr_expect_not_null(strstr(screen, sentence), "%s", screen);
	free(screen);
}

/* ---- Processes ---- */

Test(details, processes_are_filtered_by_their_properties)
{
	char keys[64];

	/* Other scenes are played beside this one: ours has our pid in its path. */
	snprintf(keys, sizeof(keys), "p\\name=httpd pid<2 path~/%d-\r", (int)getpid());
	press(keys);
	/* Its status is that of process 1 of the machine, whatever that is. */
	cr_expect(shows("1 httpd "));
	cr_expect(shows("httpd --port 8080"));
	cr_expect(shows(" ago "), "when it started");
	press("\\\x15status=stopped\r");
	cr_expect(shows("No row matches the filter"));
	press("\\\x15nonsense=1\r");
	cr_expect(shows("there is no \"nonsense\""));
}
