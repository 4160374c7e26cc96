/* SPDX-License-Identifier: MIT */
/*
 * What the tracepoints are told is enough to make the board again: each scene is
 * recorded on a live board, applied to a private one, and the two are compared
 * field by field.
 */
#include "console/trace/apply.h"
#include "libtrace/live.h"
#include "tests/support/board_equal.h"
#include "tests/support/programs.h"
#include "tests/support/sound.h"
#include "tests/support/traced.h"

static struct board replay;
static struct adoption whole; /* nothing was born unseen */

/* Live boards as they were before an event, each ready to go on from there. */
#define COPIES 4096
static struct board copies[COPIES]; /* by event; base NULL: none */

/* ---- Replaying ---- */

/* Whether an event tells what shape the board has; then the shape says so. */
static void shape_take(struct board_shape *shape, const struct trace_event *e)
{
	for (uint32_t i = 0; i < VIGIL_TABLES && e->kind == TRACE_process_room; i++) {
		if (strcmp(table_kinds[i].name, e->name))
			continue;
		shape->capacity[i] = (uint32_t)e->value;
		shape->retain[i] = e->flags;
	}
}

/* A private board of the shape that the trace tells, to which nothing happened yet. */
static void replay_begin(void)
{
	struct board_shape shape;

	board_shape_default(&shape);
	for (size_t i = 0; i < traced_count; i++)
		shape_take(&shape, traced_at(i));
	cr_assert_eq(board_init(&replay, -1, &shape), 0);
	replay.is_replay = true;
}

static void apply(struct board *board, size_t from, size_t to)
{
	for (size_t i = from; i < to; i++)
		event_apply(board, &whole, traced_at(i));
}

static int differences(const struct board *board)
{
	return boards_differ(live_board->base, board->base, 0);
}

/* An event is told before it is applied, but for those of what is new. */
static bool is_told_before(const struct trace_event *event)
{
	switch (event->kind) {
	case TRACE_site:
	case TRACE_thread_begin:
	case TRACE_executor_new:
	case TRACE_task_spawn:
	case TRACE_resource_new:
	case TRACE_op_new:
	case TRACE_span_new:
	case TRACE_process_room:
	case TRACE_process_clock:
	case TRACE_process_begin:
		return false;
	default:
		return true;
	}
}

static void copy_live(size_t i)
{
	if (i < COPIES && is_told_before(traced_at(i)))
		cr_assert_eq(board_load(&copies[i], live_board->base, live_board->size, NULL), 0);
}

static void scene_begin(void)
{
	traced_start();
	live_start_with(PROGRAMS_OPTIONS);
}

static void scene_end(void)
{
	board_fini(&replay);
	live_stop();
}

/*
 * Each scene three times: replayed from its start; from copies of the live board, at
 * every event before which one can be had; and from images of the replay, one at
 * every event.
 */
TestSuite(replay, .init = scene_begin, .fini = scene_end);
TestSuite(replay_from_a_copy, .init = scene_begin, .fini = scene_end);
TestSuite(replay_from_an_image, .init = scene_begin, .fini = scene_end);

static void from_the_start(void (*scene)(void))
{
	scene();
	replay_begin();
	apply(&replay, 0, traced_count);

	cr_assert_eq(differences(&replay), 0);
}

static void from_copies(void (*scene)(void))
{
	int tried = 0;

	traced_watch = copy_live;
	scene();
	traced_watch = NULL;
	for (size_t i = 0; i < traced_count && i < COPIES; i++) {
		if (!copies[i].base)
			continue;
		apply(&copies[i], i, traced_count);
		cr_assert_eq(differences(&copies[i]), 0, "from event %zu of %zu", i, traced_count);
		board_fini(&copies[i]);
		tried++;
	}

	cr_assert_gt(tried, 10);
}

static void from_images(void (*scene)(void))
{
	scene();
	replay_begin();
	for (size_t i = 0; i < traced_count; i++) {
		size_t size = board_image_size(&replay);
		void *image = malloc(size);
		struct board again;

		board_image_save(&replay, image);
		cr_assert_eq(board_load(&again, image, size, NULL), 0);
		free(image);
		apply(&again, i, traced_count);
		cr_assert_eq(differences(&again), 0, "from event %zu of %zu", i, traced_count);
		board_fini(&again);
		apply(&replay, i, i + 1);
	}
}

#define SCENE(scene)                                                                               \
	Test(replay_from_a_copy, of_##scene)                                                       \
	{                                                                                          \
		from_copies(scene);                                                                \
	}                                                                                          \
	SCENE_WITHOUT_COPIES(scene)

#define SCENE_WITHOUT_COPIES(scene)                                                                \
	Test(replay, of_##scene)                                                                   \
	{                                                                                          \
		from_the_start(scene);                                                             \
	}                                                                                          \
	Test(replay_from_an_image, of_##scene)                                                     \
	{                                                                                          \
		from_images(scene);                                                                \
	}

SCENE(all_calls)
SCENE(recycling)
SCENE(ends_during_polls)
SCENE(nested_polls)
SCENE(misuse_of_tasks)
SCENE(misuse_of_objects)
SCENE(threads)
SCENE(contention)
SCENE(many_places)
SCENE_WITHOUT_COPIES(polls_without_records)

/*
 * All that a program can lose or misuse, but for what is lost by a full file system
 * alone, or in hours. One scene after the other, so that each meets what the last left.
 */
Test(replay, of_all_that_was_lost_and_misused)
{
	const struct vigil_counts_record *counts = live_board->counts;

	all_calls();
	nested_polls();
	polls_without_records();
	misuse_of_tasks();
	misuse_of_objects();
	contention();
	threads();
	many_places();
	recycling();
	for (int i = 0; i < 1025; i++)
		vigil_executor_new(VIGIL_EXECUTOR_OTHER, NULL);
	replay_begin();
	apply(&replay, 0, traced_count);

	cr_assert_eq(differences(&replay), 0);
	cr_assert(counts->lost_tasks && counts->lost_sites && counts->lost_executors);
	cr_assert(counts->lost_workers && counts->lost_resources && counts->lost_owners);
	cr_assert(counts->lost_attrs && counts->lost_ops && counts->lost_spans);
	cr_assert(counts->lost_edges && counts->lost_messages && counts->lost_polls);
	cr_assert(counts->misused_stale && counts->misused_ended && counts->misused_wakes);
	cr_assert(counts->misused_balance && counts->misused_owner && counts->misused_overlap);
}

/* ---- Threads at once ---- */

TestSuite(replay_at_once, .fini = scene_end);

#define THREADS 3
#define ROUNDS 200

static void *work(void *arg)
{
	vigil_resource lock = vigil_resource_new(VIGIL_RESOURCE_MUTEX, NULL, arg, 0, 0);

	for (int i = 0; i < ROUNDS; i++) {
		vigil_task task = SPAWN(arg, 0);
		vigil_span span = vigil_span_new(VIGIL_LEVEL_INFO, arg);

		vigil_poll_begin(task);
		vigil_span_enter(span);
		vigil_lock_wait(lock, VIGIL_MODE_EXCLUSIVE);
		time_passes(1);
		vigil_lock_acquired(lock, VIGIL_MODE_EXCLUSIVE);
		vigil_attr_i64(task, "round", i, NULL);
		vigil_event(VIGIL_LEVEL_INFO, arg);
		vigil_wake(task);
		vigil_lock_released(lock);
		vigil_span_free(span);
		vigil_poll_end(task);
		if (i % 4)
			vigil_task_fail(task, i, i % 2 ? "odd" : NULL);
	}
	return NULL;
}

/*
 * Events of a thread are in order, those of several as they were told, which is not
 * always as they were applied. What threads share here, numbers and records, is told.
 */
Test(replay_at_once, of_threads)
{
	static char *const names[THREADS] = { "one", "two", "three" };
	pthread_t list[THREADS];

	traced_start();
	live_start_with((struct vigil_options){ .tasks = 4096, .spans = 4096 });
	for (int i = 0; i < THREADS; i++)
		cr_assert_eq(pthread_create(&list[i], NULL, work, names[i]), 0);
	for (int i = 0; i < THREADS; i++)
		pthread_join(list[i], NULL);
	replay_begin();
	apply(&replay, 0, traced_count);

	cr_assert_eq(differences(&replay), 0);
}

/* ---- Traces that are not whole ---- */

static uint64_t seed;

static uint32_t draw(uint32_t below)
{
	seed = seed * 6364136223846793005u + 1442695040888963407u;
	return (uint32_t)(seed >> 33) % below;
}

static void all_programs(void)
{
	all_calls();
	nested_polls();
	polls_without_records();
	ends_during_polls();
	misuse_of_tasks();
	misuse_of_objects();
	contention();
	threads();
	recycling();
}

/* Applies the events, some of them after the next ones, and some not at all. */
static void apply_torn(struct adoption *adoption, uint32_t swapped_of_64, uint32_t lost_of_64)
{
	size_t *order = malloc(traced_count * sizeof(*order));

	for (size_t i = 0; i < traced_count; i++)
		order[i] = i;
	for (size_t i = 1; i < traced_count; i++) {
		size_t other = i - 1 - draw(i < 4 ? 1 : 4), swapped = order[other];

		if (draw(64) >= swapped_of_64)
			continue;
		order[other] = order[i];
		order[i] = swapped;
	}
	for (size_t i = 0; i < traced_count; i++)
		if (draw(64) >= lost_of_64)
			event_apply(&replay, adoption, traced_at(order[i]));
	free(order);
}

Test(replay, stays_sound_in_any_order_and_with_losses)
{
	uint64_t replaced = 0;

	all_programs();
	for (uint32_t round = 0; round < 100; round++) {
		struct adoption adoption = { .is_allowed = round % 2 };

		replay_begin();
		apply_torn(&adoption, round % 3 * 8, round % 4 * 8);
		cr_assert_null(unsound(&replay), "round %u: %s", round, unsound(&replay));
		replaced += replay.replaced;
		board_fini(&replay);
	}

	cr_assert_gt(replaced, 0);
}

/* ---- The comparison itself ---- */

/* A board that was told all but one of the events. */
static int differences_without(size_t missed)
{
	replay_begin();
	apply(&replay, 0, missed);
	apply(&replay, missed + 1, traced_count);
	return differences(&replay);
}

Test(replay, misses_an_event_of_any_kind)
{
	static const char *const names[TRACE_KINDS] = {
#define X(name, params) #name,
		TRACEPOINTS(X)
#undef X
	};
	int told[TRACE_KINDS] = { 0 }, missed[TRACE_KINDS] = { 0 };

	all_calls();
	equal_is_quiet = true;
	for (size_t i = 0; i < traced_count; i++) {
		told[traced_at(i)->kind]++;
		missed[traced_at(i)->kind] += differences_without(i) > 0;
		board_fini(&replay);
	}

	for (int kind = 0; kind < TRACE_board_part; kind++)
		if (kind != TRACE_process_room && kind != TRACE_process_end)
			cr_expect(missed[kind], "%s: %d told, none is missed", names[kind],
				  told[kind]);
}
