/* SPDX-License-Identifier: MIT */
/* The example runtime's streams made of another: mapped, filtered, cut short, chunked, throttled. */
#include "tests/support/rt_stream.h"

TestSuite(rt_stream_shape, .init = rt_begin, .fini = rt_end_empty);

static int shape_all(void *arg RT_UNUSED)
{
	struct plan plan = { .count = 100 };
	struct rt_stream *stream = rt_stream_take(
		rt_stream_filter(rt_stream_map(numbers(&plan), tenfold, NULL, drop), is_even, NULL),
		3);

	cr_assert_eq(draw(stream), -EPIPE);
	rt_stream_free(stream);
	return 0;
}

Test(rt_stream_shape, is_mapped_filtered_and_cut_short)
{
	cr_assert_eq(rt_paused(shape_all, NULL), 0);

	cr_assert_str_eq(log_of, "0 20 40 ");
	cr_assert_eq(alive, 0);
	cr_assert_eq(dropped, 2);
}

static int chunks_of_two(void *arg RT_UNUSED)
{
	struct plan plan = { .count = 5 }, failing = { .from = 7, .count = 1, .code = -EIO };
	struct rt_stream *stream = rt_stream_chunks(numbers(&failing), 2);
	void *item;

	cr_assert_eq(rt_stream_for_each(rt_stream_chunks(numbers(&plan), 2), use_chunk, NULL), 0);
	/* What came before an error comes before it. */
	cr_assert_eq(rt_stream_next(stream, &item), 0);
	use_chunk(NULL, item);
	cr_assert_eq(rt_stream_next(stream, &item), -EIO);
	cr_assert_eq(rt_stream_next(stream, &item), -EPIPE);
	rt_stream_free(stream);
	return 0;
}

Test(rt_stream_shape, comes_in_chunks_and_the_rest)
{
	cr_assert_eq(rt_paused(chunks_of_two, NULL), 0);

	cr_assert_str_eq(log_of, "2:0 1 2:2 3 1:4 1:7 ");
}

static int free_half_a_chunk(void *arg RT_UNUSED)
{
	struct plan plan = { .count = 9, .ns = 10 * RT_MS };
	struct rt_stream *stream = rt_stream_chunks(numbers(&plan), 4);
	struct rt_handle job;

	rt_spawn(&job, draw_job, stream, "reader");
	rt_sleep(25 * RT_MS);
	rt_cancel(&job);
	rt_join(&job, NULL);
	cr_assert_eq(dropped, 0);
	rt_stream_free(stream);
	cr_assert_eq(dropped, 2);
	return 0;
}

Test(rt_stream_shape, drops_the_items_of_half_a_chunk)
{
	cr_assert_eq(rt_paused(free_half_a_chunk, NULL), 0);

	cr_assert_eq(alive, 0);
}

static int throttled(void *arg RT_UNUSED)
{
	struct plan plan = { .count = 4 };
	struct rt_stream *stream = rt_stream_throttle(numbers(&plan), 10 * RT_MS);
	uint64_t begin = rt_now();
	void *item;

	for (int i = 0; i < 3; i++) {
		cr_assert_eq(rt_stream_next(stream, &item), 0);
		item_free(item);
		cr_assert_eq(rt_now() - begin, (uint64_t)i * 10 * RT_MS);
	}
	/* Who comes late does not wait again. */
	rt_sleep(15 * RT_MS);
	cr_assert_eq(rt_stream_next(stream, &item), 0);
	item_free(item);
	cr_assert_eq(rt_now() - begin, 35 * RT_MS);
	rt_stream_free(stream);
	return 0;
}

Test(rt_stream_shape, is_throttled_to_the_nanosecond)
{
	cr_assert_eq(rt_paused(throttled, NULL), 0);
}

static int from_nothing(void *arg RT_UNUSED)
{
	struct plan plan = { .count = 3 };
	struct rt_stream *of[2] = { NULL, numbers(&plan) };
	void *item;

	cr_assert_null(rt_stream_take(rt_stream_filter(NULL, is_even, NULL), 2));
	cr_assert_null(rt_stream_merge("merged", of, 2));
	cr_assert_eq(rt_stream_next(NULL, &item), -ENOMEM);
	cr_assert_eq(rt_stream_for_each(NULL, use_chunk, NULL), -ENOMEM);
	rt_stream_free(NULL);
	return 0;
}

Test(rt_stream_shape, hands_a_lack_of_memory_on)
{
	cr_assert_eq(rt_paused(from_nothing, NULL), 0);

	cr_assert_eq(alive, 0);
}

/* ---- Cancellation, and many at once ---- */

/* Of 0 10 20 ... the first `count` that are even tens, in chunks of 2, at most one each ms. */
static struct rt_stream *all_shapes(struct plan *plan, size_t count)
{
	struct rt_stream *even =
		rt_stream_filter(rt_stream_map(numbers(plan), tenfold, NULL, drop), is_even, NULL);

	return rt_stream_chunks(rt_stream_throttle(rt_stream_take(even, count), RT_MS), 2);
}

#define ALL_SHAPES "2:0 20 1:40 " /* what three of them print */

static int use_shapes(void *arg RT_UNUSED)
{
	struct plan plan = { .count = 9 };

	return rt_stream_for_each(all_shapes(&plan, 3), use_chunk, NULL);
}

static int use_shapes_cut(void *arg)
{
	return rt_cut(use_shapes, arg);
}

static int shapes_cut(void *arg RT_UNUSED)
{
	struct rt_handle job;
	struct rt_result result;

	log_of[0] = '\0';
	rt_spawn(&job, use_shapes_cut, NULL, "cut");
	cr_assert_eq(rt_join(&job, &result), 0);
	/* At the last await all has been used. */
	cr_assert(result.code == -ECANCELED || (!result.code && !strcmp(log_of, ALL_SHAPES)));
	cr_assert_eq(alive, 0);
	return 0;
}

Test(rt_stream_shape, loses_nothing_when_who_draws_is_cancelled_at_any_await)
{
	cr_assert_geq(rt_cut_everywhere(shapes_cut, NULL), 4);

	cr_assert_str_eq(log_of, ALL_SHAPES);
}

#define USERS 16
#define ROUNDS 20

static _Atomic unsigned drawn;

static int use_counted(void *arg RT_UNUSED, void *item)
{
	struct rt_chunk *chunk = item;

	for (size_t i = 0; i < chunk->count; i++)
		item_free(chunk->items[i]);
	drawn += (unsigned)chunk->count;
	free(chunk);
	return 0;
}

static int use_often(void *arg RT_UNUSED)
{
	int code = 0;

	for (int i = 0; !code && i < ROUNDS; i++) {
		struct plan plan = { .count = 9 };

		code = rt_stream_for_each(all_shapes(&plan, 3), use_counted, NULL);
	}
	return code;
}

static int many_users(void *arg RT_UNUSED)
{
	struct rt_handle users[USERS];

	for (int i = 0; i < USERS; i++)
		rt_spawn(&users[i], use_often, NULL, "user");
	for (int i = 0; i < USERS; i++)
		rt_join(&users[i], NULL);
	return 0;
}

Test(rt_stream_shape, gives_each_item_once_on_four_workers)
{
	cr_assert_eq(rt_threads(4, many_users, NULL), 0);

	cr_assert_eq(drawn, USERS * ROUNDS * 3);
	cr_assert_eq(alive, 0);
}
