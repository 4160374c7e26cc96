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
