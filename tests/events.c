/* SPDX-License-Identifier: MIT */
/* The last events in words. */
#include <string.h>

#include "tests/support/own_board.h"

#include "console/events.h"
#include "console/names.h"

#define MS UINT64_C(1000000)

static void begin(void)
{
	own_board_begin();
	vigil_worker_begin(vigil_executor_new(VIGIL_EXECUTOR_EVENT_LOOP, "http"), "http-0");
}

TestSuite(events, .init = begin, .fini = own_board_end);

/* The words of a task's last event. */
static const char *last_of(vigil_task task)
{
	static char words[NAME_TEXT];
	struct ring_event event;

	own_board_look();
	cr_assert_eq(events_of_task(own_model, task, &event, 1), 1);
	event_words(own_model, &event, words, sizeof(words));
	return words;
}

static vigil_span enter(const char *name)
{
	vigil_span span = vigil_span_new_at(vigil_site_find("own.c", 7, "work", NULL),
					    VIGIL_LEVEL_INFO, name);

	vigil_span_enter(span);
	return span;
}

Test(events, leaving_a_span_says_how_long_it_was_entered)
{
	vigil_task task = vigil_task_spawn(0, VIGIL_TASK_ASYNC, "task", 0);
	vigil_span span;

	vigil_poll_begin(task);
	span = enter("charge");
	own_board_pass(12 * MS);
	vigil_span_leave(span);

	cr_expect_str_eq(last_of(task), "span leave on http-0, 12 ms at own.c:7");
	vigil_poll_end(task);
}

Test(events, the_length_in_a_span_is_no_object_however_it_looks)
{
	vigil_task task = vigil_task_spawn(0, VIGIL_TASK_ASYNC, "task", 0);
	struct ring_event event;
	vigil_span span;

	vigil_poll_begin(task);
	span = enter("charge");
	own_board_pass(task);
	vigil_span_leave(span);
	own_board_look();

	cr_expect_eq(events_of_task(own_model, task, &event, 1), 1);
	cr_expect_eq(event.event.value, task);
	cr_expect_eq(event_object(&event.event), 0);
	vigil_poll_end(task);
}

Test(events, an_event_says_once_what_its_object_is)
{
	vigil_task task = vigil_task_spawn(0, VIGIL_TASK_ASYNC, "task", 0);
	vigil_resource lock = vigil_resource_new(VIGIL_RESOURCE_MUTEX, "", "db", 0, 0);

	vigil_poll_begin(task);
	vigil_op_new_at(vigil_site_find("own.c", 9, "meet", NULL), lock, "Barrier::wait", 0);
	cr_expect_str_eq(last_of(task), "operation Barrier::wait on http-0 at own.c:9");

	enter("charge");
	cr_expect_str_eq(last_of(task), "span enter charge on http-0 at own.c:7");

	vigil_lock_acquired_at(vigil_site_find("own.c", 11, "put", NULL), lock,
			       VIGIL_MODE_EXCLUSIVE);
	cr_expect_str_eq(last_of(task), "lock \"db\" on http-0 at own.c:11");
	vigil_poll_end(task);
}

Test(events, a_span_without_a_name_has_its_sites)
{
	vigil_task task = vigil_task_spawn(0, VIGIL_TASK_ASYNC, "task", 0);

	vigil_poll_begin(task);
	enter(NULL);

	cr_expect_str_eq(last_of(task), "span enter work on http-0 at own.c:7");
	vigil_poll_end(task);
}
