/* SPDX-License-Identifier: MIT */
/*
 * States told in the middle of a session: what a recorder tells of a board, and what
 * somebody makes of it who has not seen the process begin.
 */
#include "console/recorder.h"
#include "console/trace/cursor.h"
#include "tests/support/served.h"

#define RECORDER_PID 99
#define HOST "host"

static struct recorder recorder;

/* A piece, on the test's clock. */
static void traced_board_part(uint64_t ns, uint64_t worker, uint32_t pid, uint64_t start_ticks,
			      uint32_t part, uint32_t parts, uint64_t offset, uint64_t size,
			      const uint64_t *words, uint32_t count)
{
	uint64_t *copy = malloc((count + 1u) * sizeof(*copy));

	(void)ns;
	if (count)
		memcpy(copy, words, count * sizeof(*copy));
	traced_put((struct trace_event){ .kind = TRACE_board_part,
					 .ns = live_time,
					 .worker = worker,
					 .number = (int32_t)pid,
					 .object = start_ticks,
					 .state = part,
					 .flags = parts,
					 .value = offset,
					 .other = size,
					 .text = HOST,
					 .id = RECORDER_PID,
					 .words = copy,
					 .word_count = count });
}

static void traced_free(struct trace_event *event)
{
	free((void *)(uintptr_t)event->words);
	free((void *)(uintptr_t)event->name);
	free((void *)(uintptr_t)event->text);
	free((void *)(uintptr_t)event->extra);
}

static void begin(void)
{
	static const struct verb_options options = { .live = "net://host" };
	static struct target target;
	static const int on = 1;

	traced_start();
	tracepoints.board_part = traced_board_part;
	__atomic_store_n(&tracepoints.board_part_on, &on, __ATOMIC_RELEASE);
	live_start();
	time_passes(1000);
	told_pid = (uint32_t)getpid();
	target = (struct target){ .reader = live_reader,
				  .vpid = told_pid,
				  .start_ticks = live_board->process->start_ticks,
				  .pidfd = -1 };
	recorder.options = &options;
	recorder.targets = &target;
	recorder.target_count = 1;
	recorder.buffer_bytes = 8u << 20;
	recorder.dumps.fd = -1;
}

static void end(void)
{
	trace_close(trace);
	trace = NULL;
	live_stop();
}

TestSuite(statedump, .init = begin, .fini = end, .timeout = 60);

/* ---- What is told ---- */

/* The first piece, and the copy. */
static void state_copy(void)
{
	vigil_reader_refresh(live_reader);
	recorder.dumps.due_ns = 0;
	statedumps_take(&recorder);
	cr_assert_geq(recorder.dumps.fd, 0, "nothing was copied");
}

/* The other pieces. */
static void state_tell(void)
{
	while (!recorder.dumps.due_ns)
		statedumps_take(&recorder);
	time_passes(1);
}

static void read_from(size_t first)
{
	told_first = first;
	trace = told_open();
	cr_assert_eq(told_apply(trace, SIZE_MAX), TRACE_END, "%s", trace_problem(trace));
}

/* The piece with this number. */
static size_t piece_at(uint32_t part)
{
	size_t i = 0;

	while (i < traced_count &&
	       (traced_at(i)->kind != TRACE_board_part || traced_at(i)->state != part))
		i++;
	cr_assert_lt(i, traced_count, "there is no piece %u", part);
	return i;
}

/* ---- Late joiners ---- */

Test(statedump, who_joins_late_knows_all_that_was_there)
{
	size_t joined;

	requests_serve(5);
	joined = traced_count;
	state_copy();
	state_tell();
	request_serve();
	read_from(joined);

	cr_expect_eq(differences(), 0);
	cr_expect(only_process()->is_whole);
	cr_expect_eq(only_process()->adopted, 0);
	cr_expect_eq(trace_epoch(trace), 1);
}

Test(statedump, a_process_that_does_nothing_is_there)
{
	size_t joined;

	requests_serve(5);
	joined = traced_count;
	state_copy();
	state_tell();
	read_from(joined);

	cr_expect_eq(differences(), 0);
	cr_expect_str_eq(only_process()->host, HOST);
	cr_expect_eq(only_process()->pid, told_pid);
	cr_expect_eq(only_process()->events, 0);
}

Test(statedump, what_happens_between_the_copy_and_its_last_piece_is_not_lost)
{
	size_t joined;

	requests_serve(5);
	joined = traced_count;
	request_serve();
	state_copy();
	request_serve();
	vigil_task_rename(task, "connection");
	request_serve();
	state_tell();
	request_serve();
	read_from(joined);

	cr_expect_eq(differences(), 0);
}

Test(statedump, what_happens_while_it_is_copied_counts_once)
{
	struct trace_event first;
	size_t joined, at;

	requests_serve(5);
	joined = traced_count;
	request_serve();
	state_copy();
	state_tell();
	request_serve();
	/* As if the request before it came after its first piece. */
	at = piece_at(0);
	first = *traced_at(at);
	first.ns = traced_at(joined)->ns;
	memmove(&traced_list[joined + 1], &traced_list[joined],
		(at - joined) * sizeof(*traced_list));
	traced_list[joined] = first;
	read_from(joined);

	cr_expect_eq(differences(), 0);
}

Test(statedump, a_process_seen_from_its_start_needs_none)
{
	requests_serve(5);
	state_copy();
	state_tell();
	request_serve();
	read_from(0);

	cr_expect_eq(differences(), 0);
	cr_expect_eq(trace_epoch(trace), 0);
}

Test(statedump, a_board_that_is_read_stays_until_its_readers_know)
{
	const char *const path = "told";
	const struct trace_options options = {
		.paths = &path, .path_count = 1, .read = told_read, .has_readers = true
	};
	struct vigil_problem problem;
	const void *before;

	requests_serve(5);
	told_first = traced_count;
	request_serve();
	state_copy();
	state_tell();
	cr_assert_eq(trace_open(&options, &trace, &problem), 0);
	told_apply(trace, 1);
	before = only_process()->base;

	told_apply(trace, SIZE_MAX);

	cr_assert_eq(trace_epoch(trace), 1);
	cr_expect_neq(only_process()->base, before);
	cr_expect_eq(memcmp(before, VIGIL_MAGIC, 8), 0);
	trace_bury(trace);
	cr_expect_eq(differences(), 0);
}

static void go(struct cursor *cursor, enum cursor_to to)
{
	cursor_go(cursor, &(struct cursor_goal){ .to = to });
	while (cursor_work(cursor, UINT64_MAX) == CURSOR_AGAIN)
		;
}

/* Readers of a board that is gone are opened anew when its number is another one. */
Test(statedump, no_two_boards_of_a_replay_have_the_same_number)
{
	const char *const path = "told";
	const struct cursor_options options = {
		.trace = { .paths = &path, .path_count = 1, .read = told_read }
	};
	struct vigil_problem problem;
	struct cursor *cursor;
	uint64_t before;

	requests_serve(5);
	told_first = traced_count;
	request_serve();
	state_copy();
	state_tell();
	request_serve();
	cr_assert_eq(cursor_open(&options, &cursor, &problem), 0, "%s", problem.text);
	go(cursor, CURSOR_TO_END);
	before = cursor_epoch(cursor);

	go(cursor, CURSOR_TO_TIME);

	cr_expect_gt(cursor_epoch(cursor), before);
	cursor_close(cursor);
}

Test(statedump, no_keyframe_is_made_in_the_middle_of_one)
{
	const struct trace_event *event;

	requests_serve(5);
	told_first = traced_count;
	state_copy();
	request_serve();
	state_tell();
	request_serve();
	trace = told_open();

	cr_assert_eq(trace_next(trace, &event), TRACE_EVENT);
	cr_expect_not(trace_can_keep(trace));
	told_apply(trace, SIZE_MAX);
	cr_expect(trace_can_keep(trace));
}

Test(statedump, pieces_fit_small_buffers)
{
	recorder.buffer_bytes = 64 << 10;
	requests_serve(5);
	told_first = traced_count;
	state_copy();
	state_tell();

	for (size_t i = told_first; i < traced_count; i++)
		cr_expect_leq(traced_at(i)->word_count * 8, (64u << 10) / 16);
	read_from(told_first);
	cr_expect_eq(differences(), 0);
}

/* ---- What is missing ---- */

Test(statedump, makes_good_what_was_lost_before_it)
{
	requests_serve(5);
	told_gap_from = traced_count;
	request_serve();
	told_gap_to = traced_count;
	request_serve();
	state_copy();
	state_tell();
	request_serve();
	read_from(0);

	cr_expect(only_process()->is_whole);
	cr_expect_eq(only_process()->board->counts->lost_events, told_gap_to - told_gap_from,
		     "that some were lost stays known");
	cr_expect_eq(only_process()->board->counts->unsure_ns, 0);
	only_process()->board->counts->lost_events = 0;
	cr_expect_eq(differences(), 0);
}

Test(statedump, with_a_piece_missing_is_not_believed_but_the_next_one_is)
{
	struct trace_event lost;
	size_t joined, missing;

	requests_serve(5);
	joined = traced_count;
	state_copy();
	state_tell();
	request_serve();
	missing = piece_at(1);
	lost = *traced_at(missing);
	memmove(&traced_list[missing], &traced_list[missing + 1],
		(traced_count - missing - 1) * sizeof(*traced_list));
	traced_count--;
	traced_free(&lost);
	read_from(joined);
	cr_expect_eq(trace_epoch(trace), 0);
	cr_expect_not(only_process()->is_whole);
	trace_close(trace);

	state_copy();
	state_tell();
	read_from(joined);
	cr_expect_eq(trace_epoch(trace), 1);
	cr_expect_eq(differences(), 0);
}

Test(statedump, with_events_lost_meanwhile_is_not_believed)
{
	size_t joined;

	requests_serve(5);
	joined = traced_count;
	request_serve();
	state_copy();
	told_gap_from = traced_count;
	request_serve();
	told_gap_to = traced_count;
	state_tell();
	read_from(joined);

	cr_expect_eq(trace_epoch(trace), 0);
	cr_expect_not(only_process()->is_whole);
}

Test(statedump, of_another_process_of_the_pid_is_not_believed)
{
	size_t joined;

	requests_serve(5);
	joined = traced_count;
	recorder.targets->start_ticks++;
	state_copy();
	state_tell();
	request_serve();
	read_from(joined);

	cr_expect_eq(trace_epoch(trace), 0);
}

/* After vigil_fini and vigil_init, or exec, a process is another one of the same pid. */
Test(statedump, of_a_life_before_is_not_believed)
{
	struct vigil_options again = { .struct_size = sizeof(again), .now_ns = live_now };

	requests_serve(5);
	told_first = traced_count;
	request_serve();
	state_copy();
	vigil_fini();
	cr_assert_eq(vigil_init(&again), 0);
	request_serve();
	state_tell();
	trace = told_open();
	told_apply(trace, SIZE_MAX);

	cr_expect_eq(trace_epoch(trace), 0);
	cr_expect_eq(boards_differ(live_board->base, trace_process(trace, 1)->base, 0), 0);
}

Test(statedump, an_end_meanwhile_is_not_forgotten)
{
	requests_serve(5);
	told_first = traced_count;
	request_serve();
	state_copy();
	vigil_fini();
	state_tell();
	trace = told_open();
	told_apply(trace, SIZE_MAX);

	cr_expect_eq(trace_epoch(trace), 1);
	cr_expect(only_process()->is_over);
	cr_expect_neq(only_process()->board->process->ended_ns, 0);
}

/* ---- Hostile pieces ---- */

/* Few words may say that they are many. */
Test(statedump, a_piece_larger_than_a_piece_is_none)
{
	const uint64_t words[] = { UINT64_C(1) << 24, UINT64_C(1) << 24 }, *was;
	struct trace_event *piece;

	requests_serve(5);
	told_first = traced_count;
	state_copy();
	state_tell();
	request_serve();
	piece = &traced_list[piece_at(1)];
	was = piece->words;
	piece->words = words;
	piece->word_count = 2;
	piece->value = 0;
	read_from(told_first);
	piece->words = was;

	cr_expect_eq(trace_epoch(trace), 0);
}

#define ROUNDS 200

/* Each round another piece says something else than it did. */
Test(statedump, stays_sound_whatever_the_pieces_say)
{
	uint64_t seed = 1;
	size_t joined, last;

	requests_serve(5);
	joined = traced_count;
	state_copy();
	state_tell();
	last = traced_count;
	request_serve();
	for (int round = 0; round < ROUNDS; round++) {
		struct trace_event *piece, before;
		uint64_t *word = NULL, was = 0;

		seed = seed * 6364136223846793005u + 1442695040888963407u;
		piece = &traced_list[joined + (seed >> 33) % (last - joined)];
		before = *piece;
		switch (round % 4) {
		case 0:
			piece->value = seed;
			break;
		case 1:
			piece->other = seed >> (seed & 63);
			break;
		case 2:
			piece->word_count /= 2;
			break;
		default:
			if (!piece->word_count)
				continue;
			word = (uint64_t *)(uintptr_t)&piece
				       ->words[(seed >> 13) % piece->word_count];
			was = *word;
			*word ^= seed;
			break;
		}
		read_from(joined);
		cr_expect_leq(trace_process_count(trace), 1);
		trace_close(trace);
		trace = NULL;
		*piece = before;
		if (word)
			*word = was;
	}
}
