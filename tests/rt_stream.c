/* SPDX-License-Identifier: MIT */
/* The example runtime's streams that a task makes: from hand to hand, each item once. */
#include "tests/support/rt_stream.h"
#include "examples/rt/stream.h"

TestSuite(rt_stream, .init = rt_begin, .fini = rt_end_empty);

/* ---- The source ---- */

static int draw_numbers(void *arg RT_UNUSED)
{
	struct plan plan = { .count = 3 };
	struct rt_stream *stream = numbers(&plan);

	cr_assert_eq(draw(stream), -EPIPE);
	cr_assert_eq(draw(stream), -EPIPE);
	rt_stream_free(stream);
	return 0;
}

Test(rt_stream, gives_items_in_order_and_ends)
{
	cr_assert_eq(rt_paused(draw_numbers, NULL), 0);

	cr_assert_str_eq(log_of, "0 1 2 ");
	cr_assert_eq(alive, 0);
}

static int make_and_note(struct rt_stream *stream, void *arg RT_UNUSED)
{
	for (int i = 0; i < 3; i++) {
		note("put%d ", i);
		rt_stream_put(stream, item_new(i));
	}
	return 0;
}

static int draw_slowly(void *arg RT_UNUSED)
{
	struct rt_stream *stream = rt_stream_new("numbers", make_and_note, NULL, drop);
	void *item;

	for (int i = 0; i < 3; i++) {
		rt_sleep(RT_MS);
		cr_assert_eq(rt_stream_next(stream, &item), 0);
		note("next%d ", item_free(item));
	}
	rt_stream_free(stream);
	return 0;
}

Test(rt_stream, is_never_more_than_one_item_ahead)
{
	cr_assert_eq(rt_paused(draw_slowly, NULL), 0);

	cr_assert_str_eq(log_of, "put0 next0 put1 next1 put2 next2 ");
}

static int draw_error(void *arg RT_UNUSED)
{
	struct plan plan = { .count = 2, .code = -EIO };
	struct rt_stream *stream = numbers(&plan);
	struct rt_error *error;

	cr_assert_eq(draw(stream), -EIO);
	error = rt_error_take();
	cr_assert_str_eq(error->message, "after 2");
	rt_error_free(error);
	cr_assert_eq(draw(stream), -EPIPE);
	rt_stream_free(stream);
	return 0;
}

Test(rt_stream, gives_the_error_of_its_maker_once)
{
	cr_assert_eq(rt_paused(draw_error, NULL), 0);

	cr_assert_str_eq(log_of, "0 1 ");
	cr_assert_eq(rt_last_stats.unseen_errors, 0);
}

static int not_looked_at(void *arg RT_UNUSED)
{
	struct plan plan = { .code = -EIO };
	struct rt_stream *stream = numbers(&plan);

	rt_yield();
	rt_stream_free(stream);
	return 0;
}

Test(rt_stream, counts_an_error_that_nobody_drew)
{
	cr_assert_eq(rt_paused(not_looked_at, NULL), 0);

	cr_assert_eq(rt_last_stats.unseen_errors, 1);
}

/* ---- Freed early ---- */

static int free_early(void *arg RT_UNUSED)
{
	struct plan plans[] = { { .count = 9 }, { .count = 9, .ns = RT_S }, { .count = 0 } };

	for (int i = 0; i < 3; i++) {
		struct rt_stream *stream =
			rt_stream_new("early", make_and_clean_up, &plans[i], drop);
		void *item;

		if (i == 0) {
			rt_stream_next(stream, &item);
			item_free(item);
		}
		rt_yield();
		rt_stream_free(stream);
		cr_assert_eq(plans[i].count, -1, "freed before its maker has ended");
	}
	/* Makers that never ran. */
	rt_stream_free(rt_stream_new("early", make_and_clean_up, &plans[0], drop));
	cr_assert_eq(rt_stats().failed, 0);
	return 0;
}

Test(rt_stream, cancels_and_awaits_its_maker_when_it_is_freed)
{
	cr_assert_eq(rt_paused(free_early, NULL), 0);

	cr_assert_eq(alive, 0);
	cr_assert_eq(rt_last_stats.left, 0);
}

static int draw_until_cut(void *arg)
{
	struct plan plan = { .count = 9, .ns = RT_S };
	struct rt_stream *stream = rt_stream_new("early", make_and_clean_up, &plan, drop);
	bool *is_cleaned_up = arg;
	int code = draw(stream);

	rt_stream_free(stream);
	*is_cleaned_up = plan.count == -1;
	return code;
}

static int cut_who_draws(void *arg RT_UNUSED)
{
	for (int i = 0; i < 2; i++) {
		bool is_cleaned_up = false;
		struct rt_handle job;
		uint64_t begin;

		rt_spawn(&job, draw_until_cut, &is_cleaned_up, "reader");
		rt_sleep(RT_MS);
		begin = rt_now();
		if (i == 0)
			rt_cancel(&job);
		else
			rt_abort(&job);
		rt_join(&job, NULL);
		cr_assert(is_cleaned_up, "freed before its maker has ended");
		/* An abort goes through the maker's shield. */
		cr_assert_eq(rt_now() - begin, i == 0 ? RT_MS : 0);
	}
	return 0;
}

Test(rt_stream, awaits_its_maker_though_who_frees_it_is_cancelled)
{
	cr_assert_eq(rt_paused(cut_who_draws, NULL), 0);
}

static struct rt_stream *left;

static int leave_it(void *arg)
{
	left = numbers(arg);
	return rt_yield();
}

Test(rt_stream, can_be_freed_after_the_runtime)
{
	struct plan plan = { .count = 3 };

	cr_assert_eq(rt_paused(leave_it, &plan), 0);
	rt_stream_free(left);

	cr_assert_eq(alive, 0);
}

/* ---- On the board ---- */

static int look_at_it(void *arg RT_UNUSED)
{
	struct plan plan = { .count = 2 };
	struct rt_stream *stream = rt_stream_new("rows", make, &plan, drop);
	const struct vigil_resource_record *resource;
	const struct vigil_task_record *task;
	void *item;

	rt_yield();
	resource = rt_board_resource("rows");
	cr_assert_eq(resource->kind, VIGIL_RESOURCE_QUEUE);
	cr_assert_eq(rt_board_attr(resource->attrs, "length"), 1);
	task = rt_board_task("rows");
	cr_assert_eq(task->wait_kind, VIGIL_WAIT_SEND);
	cr_assert_str_eq(VIGIL_FIND(rt_reader, resource, task->wait_object)->name, "rows");
	rt_stream_next(stream, &item);
	item_free(item);
	resource = rt_board_resource("rows");
	cr_assert_eq(rt_board_attr(resource->attrs, "length"), 0);
	cr_assert_eq(rt_board_attr(resource->attrs, "items"), 1);
	rt_stream_free(stream);
	return 0;
}

Test(rt_stream, shows_its_maker_and_who_waits_for_what)
{
	cr_assert_eq(rt_paused(look_at_it, NULL), 0);
}

static int two_at_once(void *arg RT_UNUSED)
{
	struct plan plan = { .count = 2, .ns = RT_MS };
	struct rt_stream *stream = numbers(&plan);
	struct rt_handle job;
	void *item;

	rt_spawn(&job, draw_job, stream, "reader");
	rt_yield();
	rt_look();
	cr_assert_eq(rt_board_task("reader")->wait_kind, VIGIL_WAIT_RECEIVE);
	cr_assert_eq(rt_stream_next(stream, &item), -EINVAL);
	rt_join(&job, NULL);
	rt_stream_free(stream);
	return 0;
}

Test(rt_stream, is_drawn_by_one_task_at_a_time)
{
	cr_assert_eq(rt_paused(two_at_once, NULL), 0);

	cr_assert_str_eq(rt_misused, "two tasks draw one stream at once: draw it in one, and "
				     "hand the items on");
	cr_assert_str_eq(log_of, "0 1 ");
}

/* ---- Cancellation ---- */

static int cut_make(struct rt_stream *stream, void *arg)
{
	struct rt_task *task = task_here();
	int code;

	task->cut_at = rt_cut_at;
	code = make(stream, arg);
	rt_was_cut = task->cut_at == 0;
	task->cut_at = 0;
	return code;
}

static int maker_cut(void *arg RT_UNUSED)
{
	struct plan plan = { .count = 3 };
	struct rt_stream *stream = rt_stream_new("numbers", cut_make, &plan, drop);
	int code = draw(stream);

	cr_assert(code == -EPIPE || code == -ECANCELED);
	cr_assert_eq(draw(stream), -EPIPE);
	rt_stream_free(stream);
	cr_assert_eq(alive, 0);
	return 0;
}

Test(rt_stream, loses_nothing_when_its_maker_is_cancelled_at_any_await)
{
	cr_assert_eq(rt_cut_everywhere(maker_cut, NULL), 3);
}

static int make_nothing(struct rt_stream *stream RT_UNUSED, void *arg RT_UNUSED)
{
	return rt_sleep(RT_S);
}

/* Between its last poll and its cancel the item is taken: it has one owner, the taker. */
static int taken_then_cancelled(void *arg RT_UNUSED)
{
	struct rt_stream *stream = rt_stream_new("late", make_nothing, NULL, drop);
	void *item, *items[2] = { item_new(1), item_new(2) };
	struct rt_op puts[2];

	for (int i = 0; i < 2; i++) {
		puts[i] = feed_put_op(NULL, stream, items[i]);
		cr_assert(!puts[i].type->poll(&puts[i]));
	}
	cr_assert_eq(rt_stream_next(stream, &item), 0);
	for (int i = 0; i < 2; i++)
		puts[i].type->cancel(&puts[i]);
	cr_assert_eq(item, items[0]);
	cr_assert_eq(puts[0].more.number, 1);
	cr_assert_eq(puts[1].more.number, 0);
	item_free(items[0]);
	item_free(items[1]);
	rt_stream_free(stream);
	return 0;
}

Test(rt_stream, knows_that_a_put_is_cancelled_too_late)
{
	cr_assert_eq(rt_paused(taken_then_cancelled, NULL), 0);

	cr_assert_eq(alive, 0);
}

static int left_then_cancelled(void *arg RT_UNUSED)
{
	struct plan plan = { .count = 2, .ns = RT_MS };
	struct rt_stream *stream = numbers(&plan);
	void *item;
	struct rt_op op = feed_next_op(NULL, stream, &item);

	cr_assert(!op.type->poll(&op));
	rt_sleep(5 * RT_MS);
	cr_assert(op.is_granted);
	op.type->cancel(&op);
	cr_assert_eq(draw(stream), -EPIPE);
	rt_stream_free(stream);

	stream = numbers(&plan);
	op = feed_next_op(NULL, stream, &item);
	cr_assert(!op.type->poll(&op));
	rt_sleep(5 * RT_MS);
	op.type->cancel(&op);
	rt_stream_free(stream);
	cr_assert_eq(dropped, 1);
	return 0;
}

Test(rt_stream, keeps_the_item_that_was_left_for_a_cancelled_next)
{
	cr_assert_eq(rt_paused(left_then_cancelled, NULL), 0);

	cr_assert_str_eq(log_of, "0 1 ");
	cr_assert_eq(alive, 0);
}
