/* SPDX-License-Identifier: MIT */
/* The example runtime's spans: on the stack of their task, entered while it is polled. */
#include "tests/support/rt.h"

TestSuite(rt_tracing, .init = rt_begin, .fini = rt_end_empty);

static const struct vigil_span_record *span_record(const char *name)
{
	const struct vigil_span_record *span;

	rt_look();
	for (uint32_t i = 0; (span = VIGIL_AT(rt_reader, span, i)); i++)
		if (span->life != VIGIL_LIFE_FREE && !strcmp(span->name, name))
			return span;
	return NULL;
}

static uint64_t field(const char *span, const char *key)
{
	const struct vigil_span_record *record = span_record(span);

	cr_assert(record, "no span \"%s\"", span);
	return rt_board_attr(record->attrs, key);
}

/* ---- Across awaits ---- */

static int work_in_spans(void *arg RT_UNUSED)
{
	struct rt_span outer = rt_span_enter(VIGIL_LEVEL_INFO, "outer");
	struct rt_span inner = rt_span_enter(VIGIL_LEVEL_DEBUG, "inner");
	int code = rt_sleep(RT_MS);

	rt_span_leave(&inner);
	rt_span_leave(&outer);
	return code;
}

static int look_at_spans(void *arg RT_UNUSED)
{
	const struct vigil_span_record *outer, *inner;
	struct rt_span mine = rt_span_enter(VIGIL_LEVEL_INFO, "of main");
	struct rt_handle job;

	rt_spawn(&job, work_in_spans, NULL, "worker");
	rt_yield();
	outer = span_record("outer");
	inner = span_record("inner");
	cr_assert_eq(outer->depth, 0, "left while it waits");
	cr_assert_eq(inner->depth, 0);
	cr_assert_eq(outer->entries, 1);
	cr_assert_eq(outer->task, job.task->vigil);
	cr_assert_eq(outer->parent, 0, "a task's spans are its own");
	cr_assert_eq(VIGIL_FIND(rt_reader, span, inner->parent), outer);
	cr_assert_eq(span_record("of main")->depth, 1, "entered while it is polled");
	rt_join(&job, NULL);
	rt_span_leave(&mine);
	return 0;
}

Test(rt_tracing, spans_are_entered_while_their_task_is_polled)
{
	cr_assert_eq(rt_paused(look_at_spans, NULL), 0);
}

static int enter_thrice(void *arg RT_UNUSED)
{
	struct rt_span span RT_GUARD(rt_span_leave) =
		rt_span_enter(VIGIL_LEVEL_INFO, "entered often");

	rt_yield();
	rt_yield();
	cr_assert_eq(span_record("entered often")->entries, 3);
	return 0;
}

Test(rt_tracing, spans_are_entered_once_a_poll)
{
	cr_assert_eq(rt_paused(enter_thrice, NULL), 0);
}

/* ---- Out of order ---- */

static int leave_outer_first(void *arg RT_UNUSED)
{
	struct rt_span a = rt_span_enter(VIGIL_LEVEL_INFO, "a");
	struct rt_span b = rt_span_enter(VIGIL_LEVEL_INFO, "b");
	struct rt_span c = rt_span_enter(VIGIL_LEVEL_INFO, "c");

	rt_span_leave(&b);
	rt_look();
	cr_assert_eq(RT_LIVE_OF(span), 1, "c went with b");
	rt_span_leave(&c);
	rt_span_leave(&c);
	rt_span_i64("of", 1);
	cr_assert_eq(field("a", "of"), 1, "a is still the innermost");
	rt_span_leave(&a);
	return 0;
}

Test(rt_tracing, a_span_that_is_left_takes_those_inside_it_along_and_no_other)
{
	cr_assert_eq(rt_paused(leave_outer_first, NULL), 0);
}

static int forget_spans(void *arg)
{
	rt_span_enter(VIGIL_LEVEL_INFO, "forgotten");
	rt_span_enter(VIGIL_LEVEL_INFO, "forgotten, too");
	return arg ? rt_call_blocking(forget_spans, NULL, "job") : 0;
}

Test(rt_tracing, a_tasks_end_closes_what_it_forgot)
{
	cr_assert_eq(rt_threads(1, forget_spans, &rt_reader), 0);
}

/* ---- Too deep ---- */

static int go_down(int depth)
{
	struct rt_span span RT_GUARD(rt_span_leave) = rt_span_enter(VIGIL_LEVEL_INFO, "level");
	const struct vigil_span_record *seen;

	rt_span_i64("depth", depth);
	if (depth == 20) {
		rt_look();
		cr_assert_eq(RT_LIVE_OF(span), 16);
		seen = VIGIL_FIND(rt_reader, span, rt_board_task("main")->span);
		cr_assert_eq(rt_board_attr(seen->attrs, "depth"), 16);
		return rt_yield();
	}
	return go_down(depth + 1);
}

static int deep(void *arg RT_UNUSED)
{
	struct rt_span span RT_GUARD(rt_span_leave) = rt_span_enter(VIGIL_LEVEL_INFO, "top");
	int code = go_down(2);

	rt_span_i64("depth", 1);
	cr_assert_eq(field("top", "depth"), 1);
	return code;
}

Test(rt_tracing, sixteen_are_seen_and_the_fields_of_deeper_ones_are_nobodys)
{
	cr_assert_eq(rt_paused(deep, NULL), 0);
}

/* ---- Functions ---- */

static int instrumented(int id, const char *path, char *buf, bool is_new)
{
	RT_INSTRUMENT(VIGIL_LEVEL_INFO, RT_ARG(id), RT_ARG(path), RT_ARG(buf), RT_ARG(is_new));

	rt_sleep(RT_MS);
	cr_assert_eq(field("instrumented", "id"), (uint64_t)-7);
	cr_assert_eq(field("instrumented", "is_new"), 1);
	cr_assert_str_eq(rt_board_words(span_record("instrumented")->attrs, "path"), "/etc");
	cr_assert_str_eq(rt_board_words(span_record("instrumented")->attrs, "buf"), "NULL");
	return id;
}

static void bare(void)
{
	RT_INSTRUMENT(VIGIL_LEVEL_TRACE);

	cr_assert_eq(span_record("bare")->level, VIGIL_LEVEL_TRACE);
	cr_assert_eq(span_record("bare")->attrs, 0);
}

static int functions(void *arg RT_UNUSED)
{
	cr_assert_eq(instrumented(-7, "/etc", NULL, true), -7);
	bare();
	rt_look();
	cr_assert_eq(RT_LIVE_OF(span), 0);
	return 0;
}

Test(rt_tracing, instruments_functions_with_and_without_arguments)
{
	cr_assert_eq(rt_paused(functions, NULL), 0);
}

Test(rt_tracing, spans_and_fields_stand_on_a_thread_outside_tasks)
{
	struct rt_span span = rt_span_enter(VIGIL_LEVEL_INFO, "of the thread");

	rt_span_i64("number", 3);
	rt_span_text("text", "words");

	cr_assert_eq(field("of the thread", "number"), 3);
	cr_assert_eq(rt_paused(enter_thrice, NULL), 0);
	rt_span_leave(&span);
	rt_span_i64("number", 4);
}

/* ---- Messages ---- */

static int send_messages(void *arg RT_UNUSED)
{
	struct rt_span span RT_GUARD(rt_span_leave) = rt_span_enter(VIGIL_LEVEL_INFO, "around");
	const struct vigil_worker_record *worker;
	struct vigil_message_record messages[8];
	size_t count = 0;

	rt_event(VIGIL_LEVEL_WARN, "%d of %s", 3, "many");
	rt_look();
	for (uint32_t i = 0; !count && (worker = VIGIL_AT(rt_reader, worker, i)); i++)
		count = vigil_reader_messages(rt_reader, i, messages, 8);
	cr_assert_eq(count, 1);
	cr_assert_eq(messages[0].span, span.span);
	return 0;
}

Test(rt_tracing, messages_stand_in_their_span)
{
	cr_assert_eq(rt_paused(send_messages, NULL), 0);
}

/* ---- Stress ---- */

static int wander(void *arg)
{
	RT_INSTRUMENT(VIGIL_LEVEL_INFO, RT_ARG((intptr_t)arg));

	for (int i = 0; i < 20; i++) {
		struct rt_span span RT_GUARD(rt_span_leave) =
			rt_span_enter(VIGIL_LEVEL_DEBUG, "step");

		rt_span_i64("step", i);
		if (rt_yield())
			return -ECANCELED;
	}
	return 0;
}

static int wander_all(void *arg RT_UNUSED)
{
	struct rt_handle jobs[100];

	for (intptr_t i = 0; i < 100; i++)
		rt_spawn(&jobs[i], wander, (void *)i, "wanderer");
	for (int i = 0; i < 100; i++) {
		if (i % 4 == 0)
			rt_cancel(&jobs[i]);
		rt_join(&jobs[i], NULL);
	}
	return 0;
}

Test(rt_tracing, spans_move_with_their_task_from_worker_to_worker)
{
	cr_assert_eq(rt_threads(4, wander_all, NULL), 0);
}

/* ---- Cancellation ---- */

static int sleep_in_spans(void *arg RT_UNUSED)
{
	RT_INSTRUMENT(VIGIL_LEVEL_INFO);
	struct rt_span inner RT_GUARD(rt_span_leave) = rt_span_enter(VIGIL_LEVEL_DEBUG, "inner");
	int error = rt_sleep(RT_MS);

	rt_span_i64("slept", error);
	return error ? error : rt_sleep(RT_MS);
}

static int sleep_cut(void *arg)
{
	return rt_cut(sleep_in_spans, arg);
}

static int sleeper_cut(void *arg RT_UNUSED)
{
	struct rt_handle job;

	rt_spawn(&job, sleep_cut, NULL, "cut");
	rt_join(&job, NULL);
	rt_look();
	cr_assert_eq(RT_LIVE_OF(span), 0, "a span outlived its scope");
	return 0;
}

Test(rt_tracing, spans_are_left_by_a_task_cancelled_at_any_await)
{
	cr_assert_eq(rt_cut_everywhere(sleeper_cut, NULL), 2);
}
