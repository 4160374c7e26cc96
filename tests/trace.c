/* SPDX-License-Identifier: MIT */
/* Traces: events in order, boards, gaps, lives, keyframes, and children that end badly. */
#include "console/trace/trace.h"

#include <errno.h>
#include <signal.h>
#include <sys/prctl.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "console/trace/trace_private.h"
#include "tests/support/served.h"

static void begin(void)
{
	traced_start();
	live_start();
	time_passes(1000);
}

static void end(void)
{
	trace_close(trace);
	trace = NULL;
	live_stop();
}

TestSuite(trace, .init = begin, .fini = end, .timeout = 60);

/* ---- Scenes ---- */

static const struct vigil_task_record *only_task(void)
{
	const struct trace_process *process = trace_process(trace, 0);

	return RECORD_AT(process->board, task, 0);
}

/* ---- Whole traces ---- */

Test(trace, a_whole_trace_makes_the_live_board)
{
	requests_serve(10);
	trace = told_open();

	cr_assert_eq(told_apply(trace, SIZE_MAX), TRACE_END);
	cr_assert_eq(boards_differ(live_board->base, only_process()->base, 0), 0);
	cr_expect(only_process()->is_whole);
	cr_expect_eq(only_process()->pid, TOLD_PID);
	cr_expect_str_eq(only_process()->host, "host");
	cr_expect_eq(only_process()->adopted, 0);
}

Test(trace, the_board_is_as_before_an_event_until_it_is_applied)
{
	const struct trace_event *event = NULL;

	requests_serve(1);
	trace = told_open();
	do
		cr_assert_eq(trace_next(trace, &event), TRACE_EVENT);
	while (event->kind != TRACE_wake && (trace_apply(trace, event), true));

	cr_expect_eq(only_task()->wakes, 0);
	trace_apply(trace, event);
	cr_expect_eq(only_task()->wakes, 1);
}

Test(trace, the_end_of_a_trace_is_for_good)
{
	const struct trace_event *event;

	requests_serve(1);
	trace = told_open();
	told_apply(trace, SIZE_MAX);

	cr_expect_eq(trace_next(trace, &event), TRACE_END);
	cr_expect_eq(trace_next(trace, &event), TRACE_END);
	cr_expect_eq(trace_now(trace), told_unix(traced_count),
		     "the recording ends after the last event");
}

Test(trace, vigil_init_after_vigil_fini_is_another_process_of_the_same_pid)
{
	struct vigil_options options = { .struct_size = sizeof(options), .now_ns = live_now };

	requests_serve(1);
	vigil_fini();
	cr_assert_eq(vigil_init(&options), 0);
	server_start();
	trace = told_open();
	told_apply(trace, SIZE_MAX);

	cr_assert_eq(trace_process_count(trace), 2);
	cr_expect(trace_process(trace, 0)->is_over);
	cr_expect_not(trace_process(trace, 1)->is_over);
	cr_expect_eq(trace_process(trace, 1)->pid, TOLD_PID);
	cr_assert_eq(boards_differ(live_board->base, trace_process(trace, 1)->base, 0), 0);
}

Test(trace, a_trace_without_pids_takes_the_one_that_the_process_says)
{
	requests_serve(1);
	told_pid = 0;
	trace = told_open();
	told_apply(trace, SIZE_MAX);

	cr_expect_eq(only_process()->pid, (uint32_t)getpid());
}

/* Another process, which begins while the one before goes on. */
static void second_process_begin(void)
{
	size_t first = traced_count;

	for (size_t i = 0; i < first; i++)
		if (traced_at(i)->kind == TRACE_process_room ||
		    traced_at(i)->kind == TRACE_process_begin)
			traced_put(*traced_at(i));
	traced_list[traced_count - 1].number++;
}

Test(trace, processes_that_cannot_be_told_apart_are_a_sentence)
{
	requests_serve(1);
	second_process_begin();
	told_pid = 0;
	trace = told_open();

	cr_assert_eq(told_apply(trace, SIZE_MAX), TRACE_DAMAGED);
	cr_expect_not_null(strstr(trace_problem(trace), "-t vpid"), "%s", trace_problem(trace));
}

Test(trace, a_clock_that_steps_back_makes_the_live_board)
{
	requests_serve(3);
	live_time -= 2000;
	request_serve();
	live_time += UINT64_C(3600000000000);
	request_serve();
	trace = told_open();
	told_apply(trace, SIZE_MAX);

	cr_assert_eq(boards_differ(live_board->base, only_process()->base, 0), 0);
}

/* ---- What was born unseen ---- */

Test(trace, what_was_born_before_the_trace_is_adopted_and_says_so)
{
	size_t before;

	requests_serve(5);
	before = traced_count;
	request_serve();
	told_first = before;
	trace = told_open();
	told_apply(trace, SIZE_MAX);

	cr_expect_not(only_process()->is_whole);
	cr_expect_eq(only_process()->adopted, 3, "worker, task and lock, not %d",
		     (int)only_process()->adopted);
	cr_expect_str_eq(only_task()->name, "born before the trace");
	cr_expect_eq(only_task()->polls, 1);
	cr_expect_eq(only_process()->board->counts->misused_stale, 0);
}

Test(trace, an_object_that_is_adopted_keeps_its_reference)
{
	size_t before;

	requests_serve(1);
	before = traced_count;
	request_serve();
	told_first = before;
	trace = told_open();
	told_apply(trace, SIZE_MAX);

	cr_expect_not_null(RECORD_OF(only_process()->board, task, task));
	cr_expect_not_null(RECORD_OF(only_process()->board, resource, lock));
}

/* ---- Gaps ---- */

static void gap_from_here(void)
{
	told_gap_from = traced_count;
}

static void gap_to_here(void)
{
	told_gap_to = traced_count;
}

Test(trace, a_gap_is_told_and_counted_on_the_board)
{
	const struct trace_gap *gaps;
	const struct trace_event *event;
	enum trace_result r;
	size_t count, told = 0;

	requests_serve(2);
	gap_from_here();
	request_serve();
	gap_to_here();
	request_serve();
	trace = told_open();
	while ((r = trace_next(trace, &event)) != TRACE_END) {
		told += r == TRACE_GAP;
		if (r == TRACE_EVENT)
			trace_apply(trace, event);
	}

	gaps = trace_gaps(trace, &count);
	cr_assert_eq(told, 1);
	cr_assert_eq(count, 1);
	cr_expect_eq(gaps[0].events, told_gap_to - told_gap_from);
	cr_expect_eq(gaps[0].begin_unix_ns, told_unix(told_gap_from));
	cr_expect_eq(only_process()->lost_events, gaps[0].events);
	cr_expect_eq(only_process()->board->counts->lost_events, gaps[0].events);
	cr_expect_gt(only_process()->board->counts->unsure_ns, LIVE_START);
	cr_expect_not(only_process()->is_whole);
}

Test(trace, a_poll_that_may_have_ended_in_a_gap_is_over)
{
	requests_serve(1);
	vigil_wake(task);
	vigil_poll_begin(task);
	gap_from_here();
	vigil_poll_end(task);
	gap_to_here();
	request_serve();
	trace = told_open();
	told_apply(trace, SIZE_MAX);

	cr_expect_eq(only_task()->depth, 0);
	cr_expect_eq(only_task()->polls, 2, "the one in the gap cannot be counted");
	cr_expect_eq(only_process()->board->counts->misused_overlap, 0);
}

Test(trace, ends_without_a_begin_after_a_gap_are_not_held_against_the_program)
{
	requests_serve(1);
	gap_from_here();
	vigil_wake(task);
	vigil_poll_begin(task);
	gap_to_here();
	vigil_poll_end(task);
	trace = told_open();
	told_apply(trace, SIZE_MAX);

	cr_expect_eq(only_process()->board->counts->misused_balance, 0);
}

Test(trace, a_task_that_was_born_in_a_gap_is_adopted_with_a_number_of_its_own)
{
	const struct vigil_task_record *born;
	vigil_task in_gap;

	requests_serve(1);
	gap_from_here();
	in_gap = vigil_task_spawn(0, VIGIL_TASK_ASYNC, "lost", 0);
	gap_to_here();
	vigil_poll_begin(in_gap);
	vigil_poll_end(in_gap);
	trace = told_open();
	told_apply(trace, SIZE_MAX);

	born = RECORD_OF(only_process()->board, task, in_gap);
	cr_assert_not_null(born);
	cr_expect_str_eq(born->name, "born where events were lost");
	cr_expect_eq(born->id, 2);
}

/* ---- Children that end badly ---- */

static void end_in_a_crash(struct feed *feed)
{
	feed_flush(feed);
	signal(SIGSEGV, SIG_DFL);
	raise(SIGSEGV);
}

Test(trace, a_reader_that_crashes_is_a_sentence_after_all_it_read)
{
	requests_serve(3);
	told_end = end_in_a_crash;
	trace = told_open();

	cr_assert_eq(told_apply(trace, SIZE_MAX), TRACE_DAMAGED);
	cr_expect_not_null(strstr(trace_problem(trace), "crashed (signal 11"), "%s",
			   trace_problem(trace));
	cr_assert_eq(boards_differ(live_board->base, only_process()->base, 0), 0);
}

static void end_in_a_problem(struct feed *feed)
{
	feed_put(feed, &(struct trace_event){ .kind = FEED_PROBLEM, .text = "it is torn" });
}

Test(trace, what_the_reader_says_is_wrong_is_passed_on)
{
	requests_serve(1);
	told_end = end_in_a_problem;
	trace = told_open();

	cr_assert_eq(told_apply(trace, SIZE_MAX), TRACE_DAMAGED);
	cr_assert_str_eq(trace_problem(trace), "it is torn");
}

static void end_in_a_stranger(struct feed *feed)
{
	feed_put(feed, &(struct trace_event){ .kind = TRACE_wake, .process = 9 });
}

Test(trace, an_event_of_a_process_that_was_not_told_of_ends_it)
{
	requests_serve(1);
	told_end = end_in_a_stranger;
	trace = told_open();

	cr_assert_eq(told_apply(trace, SIZE_MAX), TRACE_DAMAGED);
	cr_assert_gt(strlen(trace_problem(trace)), 0);
}

/* ---- Keyframes ---- */

/* From a keyframe after so many events to the end: the board is the live one. */
static void expect_equal_from(size_t events)
{
	size_t size;
	void *keep;

	told_apply(trace, events);
	keep = trace_keep(trace, &size);
	cr_assert_not_null(keep);
	told_apply(trace, SIZE_MAX);
	cr_assert_eq(trace_go(trace, keep, size), 0);

	cr_assert_eq(told_apply(trace, SIZE_MAX), TRACE_END);
	cr_assert_eq(boards_differ(live_board->base, trace_process(trace, 0)->base, 0), 0,
		     "from event %zu", events);
	free(keep);
}

Test(trace, from_any_keyframe_the_end_is_the_same)
{
	requests_serve(4);

	for (size_t i = 0; i < traced_count; i++) {
		trace = told_open();
		expect_equal_from(i);
		trace_close(trace);
		trace = NULL;
	}
}

Test(trace, going_to_no_keyframe_is_going_to_the_start)
{
	requests_serve(4);
	trace = told_open();
	told_apply(trace, SIZE_MAX);

	cr_assert_eq(trace_go(trace, NULL, 0), 0);
	cr_expect_eq(trace_process_count(trace), 0);
	cr_assert_eq(told_apply(trace, SIZE_MAX), TRACE_END);
	cr_assert_eq(boards_differ(live_board->base, only_process()->base, 0), 0);
}

Test(trace, a_gap_before_a_keyframe_is_known_after_it_and_not_counted_twice)
{
	size_t size, count;
	void *keep;

	requests_serve(2);
	gap_from_here();
	request_serve();
	gap_to_here();
	request_serve();
	request_serve();
	trace = told_open();
	told_apply(trace, traced_count - (told_gap_to - told_gap_from) - 3 - VIGIL_TABLES);
	keep = trace_keep(trace, &size);
	cr_assert_eq(trace_go(trace, keep, size), 0);
	told_apply(trace, SIZE_MAX);

	(void)trace_gaps(trace, &count);
	cr_expect_eq(count, 1);
	cr_expect_eq(only_process()->lost_events, told_gap_to - told_gap_from);
	free(keep);
}

Test(trace, a_damaged_keyframe_is_refused_or_harmless)
{
	uint8_t *keep, *copy;
	size_t size;
	unsigned seed = 1;
	int refused = 0;

	requests_serve(3);
	trace = told_open();
	told_apply(trace, 20);
	keep = trace_keep(trace, &size);
	copy = malloc(size);
	for (int round = 0; round < 200; round++) {
		size_t reach = round % 2 ? size : 8192; /* heads and tables stand at the start */

		memcpy(copy, keep, size);
		for (int i = 0; i < 8; i++)
			copy[(size_t)rand_r(&seed) % reach] = (uint8_t)rand_r(&seed);
		refused += trace_go(trace, copy, size) != 0;
		told_apply(trace, SIZE_MAX);
	}

	cr_expect_eq(trace_go(trace, keep, size - 8), -EBADMSG);
	cr_expect_eq(trace_go(trace, keep, size), 0);
	cr_expect_gt(refused, 0);
	free(copy);
	free(keep);
}

/* ---- What a child leaves behind ---- */

static int held[2]; /* a pipe: the folder of the child that is held, by name */

/* In the child: a view is laid out, and being read for ever. */
static void read_held(struct feed *feed, uint64_t begin_unix_ns)
{
	const char *folder = child_scratch();
	char path[4200];

	(void)feed;
	(void)begin_unix_ns;
	cr_assert_eq(mkdir(folder, 0700), 0);
	for (int i = 0; i < 3; i++) {
		snprintf(path, sizeof(path), "%s/%d", folder, i);
		cr_assert_eq(mkdir(path, 0700), 0);
		snprintf(path, sizeof(path), "%s/%d/metadata", folder, i);
		cr_assert_eq(symlink("/nonexistent/metadata", path), 0);
	}
	cr_assert_eq(write(held[1], folder, strlen(folder) + 1), (ssize_t)strlen(folder) + 1);
	for (;;)
		pause();
}

static void open_held(void)
{
	const char *const path = "held";
	const struct trace_options options = { .paths = &path, .path_count = 1, .read = read_held };
	struct vigil_problem problem;

	cr_assert_eq(trace_open(&options, &trace, &problem), 0, "%s", problem.text);
}

Test(trace, a_view_is_removed_by_who_closes_the_trace)
{
	char folder[4096] = "";

	cr_assert_eq(pipe(held), 0);
	open_held();
	cr_assert_gt(read(held[0], folder, sizeof(folder)), 0);
	cr_assert_eq(access(folder, F_OK), 0);
	trace_close(trace);
	trace = NULL;

	cr_expect_neq(access(folder, F_OK), 0, "%s is left", folder);
}

/* ^C ends the command at once. Its child, which is ours then, cleans up. */
Test(trace, a_view_does_not_outlive_a_command_that_is_killed)
{
	static const int signals[] = { SIGINT, SIGKILL };

	prctl(PR_SET_CHILD_SUBREAPER, 1);
	for (size_t i = 0; i < sizeof(signals) / sizeof(signals[0]); i++) {
		char folder[4096] = "";
		pid_t pid;

		cr_assert_eq(pipe(held), 0);
		pid = fork();
		if (!pid) {
			open_held();
			for (;;)
				pause();
		}
		cr_assert_gt(read(held[0], folder, sizeof(folder)), 0);
		cr_assert_eq(access(folder, F_OK), 0);
		kill(pid, signals[i]);
		while (wait(NULL) > 0)
			;

		cr_expect_neq(access(folder, F_OK), 0, "%s is left", folder);
		close(held[0]);
		close(held[1]);
	}
}
