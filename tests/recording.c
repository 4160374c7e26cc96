/* SPDX-License-Identifier: MIT */
/* The text file of a recording: written, read back, and what of it is refused. */
#include <criterion/criterion.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "console/trace/recording.h"

static char folder[64], inner[80], path[100];
static struct vigil_problem problem;

static void folder_begin(void)
{
	snprintf(folder, sizeof(folder), "/tmp/vigil-recording-XXXXXX");
	cr_assert(mkdtemp(folder));
	snprintf(inner, sizeof(inner), "%s/vigil", folder);
	cr_assert_eq(mkdir(inner, 0700), 0);
	snprintf(path, sizeof(path), "%s/recording", inner);
}

static void folder_end(void)
{
	unlink(path);
	rmdir(inner);
	rmdir(folder);
}

TestSuite(recording, .init = folder_begin, .fini = folder_end, .timeout = 60);

static void file_write(const char *words)
{
	FILE *file = fopen(path, "w");

	cr_assert(file);
	fputs(words, file);
	fclose(file);
}

/* Reads what was written, and forgets it. */
static int read_words(const char *words)
{
	struct recording recording;
	int r;

	file_write(words);
	r = recording_read(folder, &recording, &problem);
	if (!r)
		recording_fini(&recording);
	return r;
}

Test(recording, what_was_written_is_read_back)
{
	struct recording written = {
		.state = RECORDING_CUT,
		.mode = RECORDING_LIVE,
		.version = "1.2",
		.session = "vigil-httpd-7",
		.command = "httpd -p 80",
		.host = "here",
		.url = "net://there",
		.ended = "the relay is gone",
		.pid = 812,
		.recorder = 7,
		.started_unix_ns = UINT64_MAX,
		.started_ns = 5,
		.ended_unix_ns = 6,
		.discarded_events = 8,
		.whole_ns = 10,
		.killed = 11,
		.lost_packets = 9,
	};
	struct recording read;

	cr_assert_eq(recording_write(&written, folder, &problem), 0, "%s", problem.text);
	cr_assert_eq(recording_read(folder, &read, &problem), 0, "%s", problem.text);

	cr_expect_eq(read.state, RECORDING_CUT);
	cr_expect_eq(read.mode, RECORDING_LIVE);
#define SAME(field) cr_expect_str_eq(read.field, written.field)
	SAME(version);
	SAME(session);
	SAME(command);
	SAME(host);
	SAME(url);
	SAME(ended);
#undef SAME
#define SAME(field) cr_expect_eq(read.field, written.field)
	SAME(pid);
	SAME(recorder);
	SAME(started_unix_ns);
	SAME(started_ns);
	SAME(ended_unix_ns);
	SAME(discarded_events);
	SAME(whole_ns);
	SAME(killed);
	SAME(lost_packets);
#undef SAME
	recording_fini(&read);
}

Test(recording, keyframes_keep_their_order)
{
	const struct keyframe first = { "812-99.board", 1, 2 }, second = { "7-1.2.board", 3, 3 };
	struct recording written = { .pid = 1 }, read;

	cr_assert_eq(recording_add(&written, &first), 0);
	cr_assert_eq(recording_add(&written, &second), 0);
	cr_assert_eq(recording_write(&written, folder, &problem), 0, "%s", problem.text);
	cr_assert_eq(recording_read(folder, &read, &problem), 0, "%s", problem.text);

	cr_assert_eq(read.keyframe_count, 2);
	cr_expect_str_eq(read.keyframes[0].file, "812-99.board");
	cr_expect_eq(read.keyframes[0].end_ns, 2);
	cr_expect_str_eq(read.keyframes[1].file, "7-1.2.board");
	cr_expect_eq(read.keyframes[1].begin_ns, 3);
	recording_fini(&written);
	recording_fini(&read);
}

Test(recording, a_line_break_in_a_name_is_no_line)
{
	struct recording written = { .command = "a\nstate=cut\n" }, read;

	cr_assert_eq(recording_write(&written, folder, &problem), 0, "%s", problem.text);
	cr_assert_eq(recording_read(folder, &read, &problem), 0, "%s", problem.text);

	cr_expect_str_eq(read.command, "a state=cut ");
	cr_expect_eq(read.state, RECORDING_RUNS);
	recording_fini(&read);
}

Test(recording, keys_of_a_later_vigil_are_passed_over)
{
	cr_expect_eq(read_words("state=complete\ncolour=blue\n\npid=3\n"), 0, "%s", problem.text);
}

Test(recording, one_that_is_not_there_is_told_from_a_damaged_one)
{
	struct recording recording;

	cr_expect_eq(recording_read(folder, &recording, &problem), -ENOENT);
	cr_expect_eq(read_words("hello\n"), -EBADMSG);
	cr_expect(strstr(problem.text, "line 1"), "%s", problem.text);
}

Test(recording, a_value_that_cannot_be_is_refused_with_its_line)
{
	static const char *const wrong[] = {
		"pid=3\nstate=maybe\n",
		"pid=3\nmode=tape\n",
		"pid=3\nrecorder=4294967296\n",
		"pid=3\nstarted_ns=-1\n",
		"pid=3\nstarted_ns=99999999999999999999\n",
		"pid=3\nlost_packets=\n",
		"pid=3\nlost_packets=1x\n",
		"pid=3\nkeyframe=a.board\n",
		"pid=3\nkeyframe=a.board begin_ns=1\n",
		"pid=3\nkeyframe=a.board end_ns=2 begin_ns=1\n",
		"pid=3\nkeyframe=a.board begin_ns=3 end_ns=2\n",
		"pid=3\nkeyframe=a.board begin_ns=1 end_ns=x\n",
	};

	for (size_t i = 0; i < sizeof(wrong) / sizeof(wrong[0]); i++) {
		cr_expect_eq(read_words(wrong[i]), -EBADMSG, "%s", wrong[i]);
		cr_expect(strstr(problem.text, "line 2"), "%s", problem.text);
	}
}

Test(recording, a_board_elsewhere_is_refused)
{
	static const char *const wrong[] = {
		"keyframe=../a.board begin_ns=1 end_ns=2\n",
		"keyframe=/etc/passwd begin_ns=1 end_ns=2\n",
		"keyframe=.. begin_ns=1 end_ns=2\n",
		"keyframe= begin_ns=1 end_ns=2\n",
	};

	for (size_t i = 0; i < sizeof(wrong) / sizeof(wrong[0]); i++)
		cr_expect_eq(read_words(wrong[i]), -EBADMSG, "%s", wrong[i]);
}

Test(recording, a_name_that_does_not_fit_is_refused)
{
	char words[200];

	snprintf(words, sizeof(words), "keyframe=%058d.board begin_ns=1 end_ns=2\n", 7);
	cr_expect_eq(read_words(words), -EBADMSG);
	snprintf(words, sizeof(words), "keyframe=%057d.board begin_ns=1 end_ns=2\n", 7);
	cr_expect_eq(read_words(words), 0);
}

Test(recording, what_is_no_file_or_too_long_is_refused)
{
	static char words[2 << 20];

	memset(words, '\n', sizeof(words) - 1);
	cr_expect_eq(read_words(words), -EBADMSG);
	unlink(path);
	cr_assert_eq(mkfifo(path, 0600), 0);
	cr_expect_eq(recording_read(folder, &(struct recording){ .pid = 0 }, &problem), -EBADMSG);
	unlink(path);
	cr_assert_eq(symlink("/etc/hostname", path), 0);
	cr_expect_eq(recording_read(folder, &(struct recording){ .pid = 0 }, &problem), -ELOOP);
}

Test(recording, a_folder_that_takes_no_file_is_told)
{
	struct recording recording = { .pid = 0 };

	cr_expect_eq(recording_write(&recording, "/nonexist", &problem), -ENOENT);
	cr_expect(strstr(problem.text, "cannot write /nonexist/vigil/recording: No such file"),
		  "%s", problem.text);
}
