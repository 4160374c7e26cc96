/* SPDX-License-Identifier: MIT */
/* Copies of boards that are being written: what is in them, and that they are boards. */
#include "tests/support/own_board.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>

#include "console/trace/keyframe.h"
#include "libtrace/live.h"

static char folder[64];
static struct recording recording;
static struct vigil_problem problem;

static void begin(void)
{
	char inner[80];

	own_board_begin();
	snprintf(folder, sizeof(folder), "/tmp/vigil-keyframe-XXXXXX");
	cr_assert(mkdtemp(folder));
	snprintf(inner, sizeof(inner), "%s/vigil", folder);
	cr_assert_eq(mkdir(inner, 0700), 0);
}

static void end(void)
{
	char path[200];

	for (size_t i = 0; i < recording.keyframe_count; i++) {
		snprintf(path, sizeof(path), "%s/vigil/%s", folder, recording.keyframes[i].file);
		unlink(path);
	}
	snprintf(path, sizeof(path), "%s/vigil", folder);
	rmdir(path);
	rmdir(folder);
	recording_fini(&recording);
	own_board_end();
}

TestSuite(keyframe, .init = begin, .fini = end, .timeout = 60);

static vigil_task spawn(const char *name)
{
	return vigil_task_spawn(0, VIGIL_TASK_ASYNC, name, 0);
}

static const char *copy_path(size_t index)
{
	static char path[200];

	cr_assert_lt(index, recording.keyframe_count);
	snprintf(path, sizeof(path), "%s/vigil/%s", folder, recording.keyframes[index].file);
	return path;
}

/* Copies our own board and opens the copy. */
static struct vigil_reader *copy(void)
{
	struct vigil_reader *reader;

	cr_assert_eq(keyframe_save(own_model->reader, folder, &recording, &problem), 0, "%s",
		     problem.text);
	cr_assert_eq(vigil_reader_open_file(copy_path(recording.keyframe_count - 1), 0, &reader,
					    &problem),
		     0, "%s", problem.text);
	return reader;
}

Test(keyframe, a_copy_has_every_record_as_it_is)
{
	struct vigil_reader *reader;

	for (int i = 0; i < 300; i++) {
		vigil_task task = spawn(i % 2 ? "odd" : "even");

		vigil_attr_u64(task, "number", (uint64_t)i, NULL);
		vigil_poll_begin(task);
		own_board_pass(1000);
		vigil_poll_end(task);
		if (i % 3 == 0)
			vigil_task_end(task, VIGIL_OUTCOME_COMPLETED);
	}
	vigil_resource_new(VIGIL_RESOURCE_MUTEX, "Mutex", "db", 0, 0);
	own_board_look();

	reader = copy();

	for (int table = 0; table < VIGIL_TABLES; table++) {
		uint32_t count = vigil_reader_count(own_model->reader, (enum vigil_table)table);
		uint32_t last = 0;

		cr_assert_eq(vigil_reader_count(reader, (enum vigil_table)table), count);
		for (; last < count; last++) {
			const uint64_t *there = vigil_reader_record(own_model->reader,
								    (enum vigil_table)table, last);
			const uint64_t *here =
				vigil_reader_record(reader, (enum vigil_table)table, last);

			cr_assert_eq(there[0], here[0], "table %d, record %u", table, last);
			cr_assert_eq(there[3], here[3], "table %d, record %u", table, last);
		}
	}
	cr_expect_str_eq(VIGIL_AT(reader, task, 299)->name, "odd");
	vigil_reader_close(reader);
}

Test(keyframe, a_copy_has_what_readers_keep_no_copies_of)
{
	struct vigil_attr_record attr;
	struct vigil_event_record events[8];
	struct vigil_reader *reader;
	struct vigil_hist hist;
	vigil_task task = spawn("one");

	vigil_attr_text(task, "peer", "192.0.2.1");
	vigil_poll_begin(task);
	own_board_pass(5000);
	vigil_poll_end(task);
	own_board_look();

	reader = copy();

	cr_assert_eq(vigil_reader_attrs(reader, task, VIGIL_AT(reader, task, 0)->attrs, &attr, 1),
		     1);
	cr_expect_str_eq(attr.words, "192.0.2.1");
	cr_expect(
		vigil_reader_task_hist(reader, VIGIL_AT(reader, task, 0), VIGIL_HIST_BUSY, &hist));
	cr_expect_eq(hist.total, 1);
	cr_expect_geq(vigil_reader_events(reader, 0, events, 8), 2);
	vigil_reader_close(reader);
}

Test(keyframe, a_copy_is_of_the_moment_not_of_the_last_refresh)
{
	struct vigil_reader *reader;

	spawn("before");
	own_board_look();
	spawn("after");

	reader = copy();

	cr_assert_eq(vigil_reader_count(reader, VIGIL_TABLE_task), 2);
	cr_expect_str_eq(VIGIL_AT(reader, task, 1)->name, "after");
	vigil_reader_close(reader);
}

Test(keyframe, a_copy_is_as_long_as_the_board_and_as_full_of_holes)
{
	struct stat there, here;

	spawn("one");
	own_board_look();

	vigil_reader_close(copy());

	cr_assert_eq(stat(vigil_reader_path(own_model->reader), &there), 0);
	cr_assert_eq(stat(copy_path(0), &here), 0);
	cr_expect_eq(here.st_size, there.st_size);
	cr_expect_leq(here.st_blocks, there.st_blocks);
}

/* Its writer was stopped in the middle: seq is odd for good. */
Test(keyframe, a_record_that_is_never_steady_is_torn_in_the_copy_too)
{
	struct vigil_reader *reader;
	uint32_t *seq = &RECORD_AT(live_board, task, vigil_ref_index(spawn("torn")))->seq;

	own_board_look();
	*seq |= 1;
	reader = copy();
	*seq += 1;

	cr_expect(vigil_reader_is_torn(reader, VIGIL_TABLE_task, 0));
	cr_expect_not(vigil_reader_is_torn(reader, VIGIL_TABLE_process, 0));
	vigil_reader_close(reader);
}

Test(keyframe, each_copy_has_a_file_of_its_own_and_its_times)
{
	own_board_look();

	vigil_reader_close(copy());
	vigil_reader_close(copy());

	cr_assert_eq(recording.keyframe_count, 2);
	cr_expect_str_neq(recording.keyframes[0].file, recording.keyframes[1].file);
	cr_expect_leq(recording.keyframes[0].begin_ns, recording.keyframes[0].end_ns);
	cr_expect_leq(recording.keyframes[0].end_ns, recording.keyframes[1].begin_ns);
}

Test(keyframe, a_folder_that_takes_no_copy_is_told)
{
	own_board_look();

	cr_expect_eq(keyframe_save(own_model->reader, "/nonexist", &recording, &problem), -ENOENT);
	cr_expect(strstr(problem.text, "to /nonexist/vigil: No such file"), "%s", problem.text);
	cr_expect_eq(recording.keyframe_count, 0);
}

Test(keyframe, a_descriptor_that_takes_no_bytes_is_told)
{
	int fd = open("/dev/null", O_RDONLY | O_CLOEXEC);

	own_board_look();

	cr_expect_lt(vigil_reader_save(own_model->reader, fd), 0);
	close(fd);
}

Test(keyframe, a_process_without_probes_is_known)
{
	cr_expect_not(keyframe_has_probes((uint32_t)getpid()));
	cr_expect_not(keyframe_has_probes(0));
}
