/* SPDX-License-Identifier: MIT */
/* A flight recorder's snapshot: events, and a copy of the board of some time among them. */
#include <sys/stat.h>

#include "console/trace/keyframe.h"
#include "tests/support/served.h"

#define HOST "host"

static void begin(void)
{
	traced_start();
	live_start();
	time_passes(1000);
	told_pid = (uint32_t)getpid();
}

static void end(void)
{
	trace_close(trace);
	trace = NULL;
	live_stop();
}

TestSuite(statedump_beside, .init = begin, .fini = end, .timeout = 60);

static char folder[] = "/tmp/vigil-statedump-XXXXXX";

/* Lays a copy of the board beside a trace, as a flight recorder's snapshot has one. */
static void copy_beside(uint64_t whole_ns)
{
	struct recording recording = { .mode = RECORDING_SNAPSHOT, .host = HOST };
	struct vigil_problem problem;
	char inner[64];

	cr_assert(mkdtemp(folder));
	snprintf(inner, sizeof(inner), "%s/" RECORDING_FOLDER, folder);
	cr_assert_eq(mkdir(inner, 0700), 0);
	vigil_reader_refresh(live_reader);
	cr_assert_eq(keyframe_save(live_reader, folder, &recording, &problem), 0);
	time_passes(1);
	recording.keyframes[0].begin_ns = live_time;
	time_passes(1);
	recording.keyframes[0].end_ns = live_time;
	recording.whole_ns = whole_ns;
	time_passes(1);
	cr_assert_eq(recording_write(&recording, folder, &problem), 0);
	recording_fini(&recording);
}

static void copy_remove(void)
{
	char command[96];

	snprintf(command, sizeof(command), "rm -r %s", folder);
	cr_assert_eq(system(command), 0); /* NOLINT */
}

static void read_beside(size_t first)
{
	const char *const path = folder;
	const struct trace_options options = { .paths = &path, .path_count = 1, .read = told_read };
	struct vigil_problem problem;

	told_first = first;
	cr_assert_eq(trace_open(&options, &trace, &problem), 0);
	cr_assert_eq(told_apply(trace, SIZE_MAX), TRACE_END, "%s", trace_problem(trace));
	copy_remove();
}

/* What the buffers kept begins where it begins; the copy is of some time later. */
Test(statedump_beside, events_before_the_copy_are_events)
{
	size_t joined;

	requests_serve(5);
	joined = traced_count;
	request_serve();
	request_serve();
	copy_beside(0);
	request_serve();
	read_beside(joined);

	cr_expect_eq(only_process()->events, traced_count - joined);
	cr_expect_eq(trace_epoch(trace), 1);
	cr_expect(only_process()->is_whole);
	cr_expect_eq(differences(), 0);
}

Test(statedump_beside, a_copy_after_all_events_of_a_snapshot_is_how_it_ended)
{
	size_t joined;

	requests_serve(5);
	joined = traced_count;
	request_serve();
	copy_beside(0);
	read_beside(joined);

	cr_expect_eq(only_process()->events, traced_count - joined);
	cr_expect_eq(differences(), 0);
}

/* One processor's buffer reaches back further than another's. */
Test(statedump_beside, events_before_all_of_them_are_there_are_left_out)
{
	size_t joined, whole;

	requests_serve(5);
	joined = traced_count;
	request_serve();
	whole = traced_count;
	request_serve();
	copy_beside(traced_at(whole)->ns);
	request_serve();
	read_beside(joined);

	cr_expect_eq(only_process()->events, traced_count - whole);
	cr_expect_eq(differences(), 0);
}

Test(statedump_beside, a_copy_before_all_events_of_a_snapshot_is_where_they_begin)
{
	requests_serve(5);
	copy_beside(0);
	request_serve();
	read_beside(traced_count - 6);

	cr_expect_eq(trace_epoch(trace), 0);
	cr_expect_eq(differences(), 0);
}
