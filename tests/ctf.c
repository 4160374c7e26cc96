/* SPDX-License-Identifier: MIT */
/* Files of LTTng, whole, damaged and foreign, read through babeltrace2. */
#include "console/trace/trace.h"
#include "libtrace/board.h"
#include "tests/support/board_equal.h"
#include "tests/support/ctf_folder.h"

#define EVENTS 92 /* of all.trace, without what a board is made after */

static struct trace *trace;

static void end(void)
{
	trace_close(trace);
	trace = NULL;
	ctf_folder_remove();
}

TestSuite(ctf, .init = ctf_folder_make, .fini = end, .timeout = 60);

/* Reads it all. Returns how it ended. */
static enum trace_result read_all(uint64_t span_bytes, uint64_t *ret_events)
{
	const char *const path = ctf_folder;
	const struct trace_options options = {
		.paths = &path, .path_count = 1, .patience_s = 5, .span_bytes = span_bytes
	};
	const struct trace_event *event;
	struct vigil_problem problem;
	enum trace_result r;

	*ret_events = 0;
	cr_assert_eq(trace_open(&options, &trace, &problem), 0, "%s", problem.text);
	while ((r = trace_next(trace, &event)) == TRACE_EVENT || r == TRACE_GAP) {
		if (r == TRACE_GAP)
			continue;
		trace_apply(trace, event);
		++*ret_events;
	}
	return r;
}

static void expect_sentence(const char *words)
{
	cr_expect_not_null(strstr(trace_problem(trace), words), "\"%s\"", trace_problem(trace));
	cr_expect_null(strchr(trace_problem(trace), '\n'));
}

/* ---- Whole ---- */

Test(ctf, every_event_of_a_whole_trace_is_read)
{
	uint64_t events;

	cr_assert_eq(read_all(0, &events), TRACE_END, "%s", trace_problem(trace));
	cr_expect_eq(events, EVENTS);
	cr_expect_eq(trace_foreign(trace), 0);
	cr_assert_eq(trace_process_count(trace), 1);
	cr_expect_str_eq(trace_process(trace, 0)->name, "trace_all");
	cr_expect(trace_process(trace, 0)->is_whole);
}

Test(ctf, a_trace_read_in_spans_makes_the_same_board)
{
	struct trace *whole;
	uint64_t events;

	read_all(0, &events);
	whole = trace;
	cr_assert_eq(read_all(4096, &events), TRACE_END, "%s", trace_problem(trace));

	cr_expect_eq(events, EVENTS);
	cr_assert_eq(boards_differ(trace_process(whole, 0)->base, trace_process(trace, 0)->base, 0),
		     0);
	trace_close(whole);
}

Test(ctf, the_extent_is_known_before_the_first_event)
{
	const char *const path = ctf_folder;
	const struct trace_options options = { .paths = &path, .path_count = 1 };
	const struct trace_event *event = NULL;
	struct vigil_problem problem;

	cr_assert_eq(trace_open(&options, &trace, &problem), 0);
	cr_assert_eq(trace_next(trace, &event), TRACE_EVENT);

	cr_expect_gt(trace_extent(trace)->begin_unix_ns, 0);
	cr_expect_leq(trace_extent(trace)->begin_unix_ns, event->unix_ns);
	cr_expect_gt(trace_extent(trace)->end_unix_ns, event->unix_ns);
	cr_expect_eq(trace_extent(trace)->bytes, ctf_size(1) + ctf_size(2));
}

Test(ctf, without_a_place_for_views_a_keyframe_is_gone_on_from_all_the_same)
{
	const struct trace_event *event;
	struct trace *whole;
	uint64_t events;
	size_t size;
	void *keep = NULL;
	enum trace_result r = TRACE_EVENT;

	read_all(0, &events);
	whole = trace;
	setenv("TMPDIR", "/nonexistent", 1);
	trace = NULL;
	read_all(0, &events);
	cr_assert_eq(trace_go(trace, NULL, 0), 0);
	for (int i = 0; i < 40 && (r = trace_next(trace, &event)) == TRACE_EVENT; i++)
		trace_apply(trace, event);
	keep = trace_keep(trace, &size);
	cr_assert_eq(trace_go(trace, keep, size), 0);
	for (events = 40; (r = trace_next(trace, &event)) == TRACE_EVENT; events++)
		trace_apply(trace, event);

	cr_expect_eq(r, TRACE_END, "%s", trace_problem(trace));
	cr_expect_eq(events, EVENTS);
	cr_assert_eq(boards_differ(trace_process(whole, 0)->base, trace_process(trace, 0)->base, 0),
		     0);
	free(keep);
	trace_close(whole);
}

/* ---- Damaged ---- */

Test(ctf, of_a_stream_that_was_cut_short_the_whole_packets_are_read)
{
	uint64_t events;

	cr_assert_eq(truncate(ctf_path(1), (off_t)ctf_size(1) - 100), 0);

	cr_assert_eq(read_all(0, &events), TRACE_DAMAGED);
	cr_expect_gt(events, 0);
	cr_expect_lt(events, EVENTS);
	expect_sentence("bytes of");
	expect_sentence("are damaged; the packets around them were read");
}

Test(ctf, around_noise_in_a_packet_the_rest_is_read)
{
	static const uint8_t noise[64] = { 0xff, 0xfe, 0xfd, 0xfc, 0xfb };
	uint64_t events;

	ctf_poke(1, 300, noise, sizeof(noise));

	cr_assert_eq(read_all(0, &events), TRACE_DAMAGED);
	cr_expect_gt(events, 0);
	cr_expect_lt(events, EVENTS);
	expect_sentence("are damaged");
	cr_assert_geq(trace_process_count(trace), 1);
}

Test(ctf, metadata_that_was_cut_short_is_a_sentence)
{
	uint64_t events;

	cr_assert_eq(truncate(ctf_path(0), (off_t)ctf_size(0) - 1), 0);

	cr_assert_eq(read_all(0, &events), TRACE_DAMAGED);
	cr_expect_eq(events, 0);
	expect_sentence("its file \"metadata\", which says what the rest means, is damaged");
}

Test(ctf, metadata_that_says_nonsense_is_a_sentence)
{
	uint64_t events;

	ctf_poke(0, 37 + 20, "}}}}}}", 6);

	cr_assert_eq(read_all(0, &events), TRACE_DAMAGED);
	cr_expect_eq(events, 0);
	expect_sentence("cannot read");
}

Test(ctf, a_metadata_packet_without_size_does_not_take_for_ever)
{
	const uint32_t none = 0;
	uint64_t events;

	ctf_poke(0, 4096 + 28, &none, sizeof(none));

	cr_assert_eq(read_all(0, &events), TRACE_DAMAGED);
	cr_expect_eq(events, 0);
	cr_expect_gt(strlen(trace_problem(trace)), 0);
}

Test(ctf, a_stream_without_a_whole_packet_leaves_the_others)
{
	static const uint8_t noise[4] = { 0xff, 0xff, 0xff, 0xff };
	uint64_t events;

	ctf_poke(2, 0, noise, sizeof(noise));

	cr_assert_eq(read_all(0, &events), TRACE_DAMAGED);
	cr_expect_gt(events, 0);
	expect_sentence("4096 of 12288 bytes of");
}

/* ---- Foreign ---- */

/* Renames the provider wherever the metadata has it, across its packets' headers. */
static void provider_rename(void)
{
	static char bytes[1 << 18];
	size_t size = ctf_size(0);
	int fd = open(ctf_path(0), O_RDONLY | O_CLOEXEC);

	cr_assert_eq(read(fd, bytes, size), (ssize_t)size);
	close(fd);
	for (size_t i = 0; i + 6 < size; i++)
		if (!memcmp(bytes + i, "vigil:", 6))
			bytes[i] = 'V';
	ctf_write(0, bytes, size);
}

Test(ctf, events_that_are_not_ours_are_counted_and_left_out)
{
	uint64_t events;

	provider_rename();

	cr_assert_eq(read_all(0, &events), TRACE_END, "%s", trace_problem(trace));
	cr_expect_lt(events, 4); /* a name may stand across two packets */
	cr_expect_gt(trace_foreign(trace), EVENTS / 2);
}

Test(ctf, a_folder_without_metadata_is_no_trace)
{
	uint64_t events;

	unlink(ctf_path(0));

	cr_assert_eq(read_all(0, &events), TRACE_DAMAGED);
	expect_sentence("is no trace");
}

Test(ctf, the_folder_of_a_flight_recorder_names_its_snapshots)
{
	char below[64];
	uint64_t events;

	snprintf(below, sizeof(below), "%s/snapshot-1", ctf_folder);
	cr_assert_eq(mkdir(below, 0700), 0);

	cr_expect_eq(read_all(0, &events), TRACE_DAMAGED);
	expect_sentence("each a trace of its own");
	rmdir(below);
}

Test(ctf, nothing_is_left_in_the_folder_of_temporary_files)
{
	char tmp[64];
	uint64_t events;

	snprintf(tmp, sizeof(tmp), "%s/tmp", ctf_folder);
	cr_assert_eq(mkdir(tmp, 0700), 0);
	setenv("TMPDIR", tmp, 1);
	read_all(4096, &events);
	trace_close(trace);
	trace = NULL;

	cr_assert_eq(rmdir(tmp), 0, "%s", strerror(errno));
}
