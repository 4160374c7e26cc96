/* SPDX-License-Identifier: MIT */
/* What a task told of itself: its open spans, and its messages. */
#include <pthread.h>
#include <stdio.h>
#include <string.h>

#include "tests/support/own_board.h"

#include "console/messages.h"
#include "console/names.h"
#include "console/spans.h"

#define MS UINT64_C(1000000)

TestSuite(task_told, .init = own_board_begin, .fini = own_board_end);

static struct open_span spans[SPANS_MOST];

static size_t look_for_spans(vigil_task task)
{
	own_board_look();
	return spans_of_task(own_model, task, spans);
}

static vigil_task spawn(const char *name)
{
	return vigil_task_spawn(0, VIGIL_TASK_ASYNC, name, 0);
}

static vigil_span enter(const char *name)
{
	vigil_span span = vigil_span_new(VIGIL_LEVEL_INFO, name);

	vigil_span_enter(span);
	return span;
}

Test(task_told, its_spans_stand_outermost_first_with_fields_and_times)
{
	vigil_task task = spawn("order");
	char fields[SPAN_FIELDS];
	vigil_span outer;

	vigil_poll_begin(task);
	outer = enter("handle_order");
	vigil_attr_u64(outer, "number", 504, NULL);
	vigil_attr_text(outer, "customer", "ada");
	own_board_pass(3 * MS);
	enter("charge");
	own_board_pass(2 * MS);

	cr_assert_eq(look_for_spans(task), 2);
	cr_expect_str_eq(spans[0].record->name, "handle_order");
	cr_expect_str_eq(spans[1].record->name, "charge");
	cr_expect_eq(spans[0].depth, 0);
	cr_expect_eq(spans[1].depth, 1);
	cr_expect_eq(span_open_ns(own_model, &spans[0]), 5 * MS);
	span_fields(own_model, &spans[0], fields, sizeof(fields));
	cr_expect(!strcmp(fields, "number 504, customer ada") ||
			  !strcmp(fields, "customer ada, number 504"),
		  "%s", fields);
	vigil_poll_end(task);
}

Test(task_told, spans_that_are_left_at_a_wait_are_open)
{
	vigil_task task = spawn("order");
	vigil_span span;

	vigil_poll_begin(task);
	span = enter("charge");
	vigil_span_leave(span);
	vigil_poll_end(task);

	cr_expect_eq(look_for_spans(task), 1);
	vigil_span_free(span);
	cr_expect_eq(look_for_spans(task), 0);
}

Test(task_told, a_span_that_another_task_made_is_among_those_it_has_entered)
{
	vigil_task parent = spawn("parent"), child = spawn("child");
	vigil_span span;

	vigil_poll_begin(parent);
	span = vigil_span_new(VIGIL_LEVEL_INFO, "request");
	vigil_poll_end(parent);
	vigil_poll_begin(child);
	vigil_span_enter(span);

	cr_expect_eq(look_for_spans(child), 1);
	vigil_poll_end(child);
}

Test(task_told, no_more_spans_are_found_than_there_is_room_for)
{
	vigil_task task = spawn("deep");

	vigil_poll_begin(task);
	for (int i = 0; i < SPANS_MOST + 5; i++)
		enter("step");

	cr_expect_eq(look_for_spans(task), SPANS_MOST);
	for (size_t i = 0; i < SPANS_MOST; i++)
		cr_expect_eq(spans[i].depth, i);
	vigil_poll_end(task);
}

static void *enter_elsewhere(void *task)
{
	vigil_poll_begin(*(vigil_task *)task);
	enter("made first");
	vigil_poll_end(*(vigil_task *)task);
	return NULL;
}

/* Each thread counts spans on its own. */
Test(task_told, spans_that_several_threads_made_stand_in_the_order_of_their_times)
{
	vigil_task task = spawn("order");
	pthread_t thread;

	vigil_span_free(vigil_span_new(VIGIL_LEVEL_INFO, "this thread's number is lower"));
	cr_assert_eq(pthread_create(&thread, NULL, enter_elsewhere, &task), 0);
	pthread_join(thread, NULL);
	own_board_pass(MS);
	vigil_poll_begin(task);
	enter("made last");
	vigil_poll_end(task);

	cr_assert_eq(look_for_spans(task), 2);
	cr_expect_str_eq(spans[0].record->name, "made first");
	cr_expect_str_eq(spans[1].record->name, "made last");
	cr_expect_lt(spans[1].record->id, spans[0].record->id);
}

Test(task_told, its_last_messages_are_its_own_in_the_order_of_their_times)
{
	struct vigil_message_record messages[MESSAGES_SHOWN];
	vigil_task task = spawn("order"), other = spawn("other");
	char words[8];

	vigil_poll_begin(other);
	vigil_event(VIGIL_LEVEL_WARN, "of another one");
	vigil_poll_end(other);
	vigil_poll_begin(task);
	for (int i = 0; i < MESSAGES_SHOWN + 3; i++) {
		snprintf(words, sizeof(words), "%d", i);
		own_board_pass(MS);
		vigil_event(VIGIL_LEVEL_INFO, words);
	}
	vigil_poll_end(task);
	own_board_look();

	cr_assert_eq(messages_of_task(own_model, task, messages), MESSAGES_SHOWN);
	cr_expect_str_eq(messages[0].words, "3");
	cr_expect_str_eq(messages[MESSAGES_SHOWN - 1].words, "18");
}
