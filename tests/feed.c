/* SPDX-License-Identifier: MIT */
/* The feed between a reading child and its parent, and what a wild child puts into it. */
#include "console/trace/feed.c" /* NOLINT: slots are scribbled over */

#include <criterion/criterion.h>
#include <stdio.h>
#include <sys/wait.h>

static struct feed *feed;
static pid_t child;

/* Forks a child that runs put and leaves. */
static void child_begin(void (*put)(void))
{
	cr_assert_eq(feed_new(&feed), 0);
	child = fork();
	cr_assert(child >= 0);
	if (!child) {
		feed_be_writer(feed);
		put();
		_exit(0);
	}
	feed_be_reader(feed);
}

static void child_finish(void)
{
	if (child > 0) {
		kill(child, SIGKILL);
		waitpid(child, NULL, 0);
	}
	feed_free(feed);
	feed = NULL;
	child = 0;
}

TestSuite(feed, .fini = child_finish, .timeout = 60);

static const struct trace_event full = {
	.kind = TRACE_task_spawn,
	.process = 3,
	.site = 7,
	.ns = 11,
	.unix_ns = 12,
	.worker = 13,
	.object = 14,
	.id = 15,
	.other = 16,
	.value = UINT64_MAX,
	.state = 18,
	.flags = 19,
	.number = -20,
	.name = "conn 1",
	.text = "",
	.extra = "unit",
};

static void put_full(void)
{
	feed_put(feed, &full);
	feed_flush(feed);
}

Test(feed, a_record_comes_out_as_it_went_in)
{
	const struct trace_event *record = NULL;

	child_begin(put_full);

	cr_assert_eq(feed_next(feed, -1, &record), FEED_RECORD);
	cr_expect_eq(record->kind, full.kind);
	cr_expect_eq(record->process, full.process);
	cr_expect_eq(record->site, full.site);
	cr_expect_eq(record->ns, full.ns);
	cr_expect_eq(record->unix_ns, full.unix_ns);
	cr_expect_eq(record->worker, full.worker);
	cr_expect_eq(record->object, full.object);
	cr_expect_eq(record->id, full.id);
	cr_expect_eq(record->other, full.other);
	cr_expect_eq(record->value, full.value);
	cr_expect_eq(record->state, full.state);
	cr_expect_eq(record->flags, full.flags);
	cr_expect_eq(record->number, full.number);
	cr_expect_str_eq(record->name, full.name);
	cr_expect_str_eq(record->text, full.text);
	cr_expect_str_eq(record->extra, full.extra);
	cr_assert_eq(feed_next(feed, -1, &record), FEED_CLOSED);
}

static void put_long_text(void)
{
	static char words[4 * FEED_TEXT_MAX];

	memset(words, 'x', sizeof(words) - 1);
	feed_put(feed, &(struct trace_event){ .text = words });
	feed_flush(feed);
}

Test(feed, a_text_that_is_too_long_is_cut)
{
	const struct trace_event *record = NULL;

	child_begin(put_long_text);

	cr_assert_eq(feed_next(feed, -1, &record), FEED_RECORD);
	cr_assert_eq(strlen(record->text), FEED_TEXT_MAX - 1);
	cr_assert_str_empty(record->name);
}

#define MANY 100000 /* several times what all slots hold */

static void put_many(void)
{
	for (uint64_t i = 0; i < MANY; i++)
		feed_put(feed, &(struct trace_event){ .value = i, .name = "some name" });
	feed_flush(feed);
}

Test(feed, more_records_than_the_slots_hold_come_out_in_order)
{
	const struct trace_event *record = NULL;
	uint64_t count = 0;

	child_begin(put_many);

	while (feed_next(feed, -1, &record) == FEED_RECORD && record->value == count)
		count++;
	cr_assert_eq(count, MANY);
}

static void put_and_die(void)
{
	put_full();
	feed_put(feed, &full); /* not handed over */
	raise(SIGKILL);
}

Test(feed, what_a_child_handed_over_before_it_died_can_be_read)
{
	const struct trace_event *record = NULL;

	child_begin(put_and_die);

	cr_assert_eq(feed_next(feed, -1, &record), FEED_RECORD);
	cr_assert_eq(feed_next(feed, -1, &record), FEED_CLOSED);
}

static void put_nothing(void)
{
	pause();
}

Test(feed, who_does_not_wait_gets_nothing_from_a_silent_child)
{
	const struct trace_event *record = NULL;

	child_begin(put_nothing);

	cr_assert_eq(feed_next(feed, 0, &record), FEED_NOTHING);
}

/* ---- A child gone wild ---- */

static struct slot_record *slot_first(void)
{
	return (struct slot_record *)(void *)feed->slots;
}

#define WILD(name, scribble)                                                                       \
	static void put_##name(void)                                                               \
	{                                                                                          \
		struct slot_record *record = slot_first();                                         \
                                                                                                   \
		feed_put(feed, &full);                                                             \
		scribble;                                                                          \
		feed_flush(feed);                                                                  \
		pause();                                                                           \
	}                                                                                          \
	Test(feed, a_record_with_##name##_is_nonsense)                                             \
	{                                                                                          \
		const struct trace_event *record = NULL;                                           \
                                                                                                   \
		child_begin(put_##name);                                                           \
                                                                                                   \
		cr_expect_eq(feed_next(feed, -1, &record), FEED_NONSENSE);                         \
		cr_expect_eq(feed_next(feed, -1, &record), FEED_NONSENSE);                         \
	}

WILD(no_size, record->size = 0)
WILD(a_size_beyond_its_slot, record->size = feed->used + 8)
WILD(an_odd_size, record->size -= 4)
WILD(an_unknown_kind, record->kind = FEED_KINDS)
WILD(a_text_beyond_its_end, record->sizes[2] = 4000)
WILD(a_text_without_size, record->sizes[1] = 0)
WILD(a_text_without_an_end, ((char *)(record + 1))[record->sizes[0] - 1] = 'x')
WILD(a_slot_fuller_than_it_can_be, (void)record; feed->used = SLOT_SIZE + 8)
static void put_an_odd_notice(void)
{
	(void)!send(feed->ends[1], "odd", 3, 0);
	pause();
}

Test(feed, a_notice_of_another_size_is_nonsense)
{
	const struct trace_event *record = NULL;

	child_begin(put_an_odd_notice);

	cr_assert_eq(feed_next(feed, -1, &record), FEED_NONSENSE);
}

WILD(a_slot_that_is_not, (void)record; feed->slot = SLOTS)
