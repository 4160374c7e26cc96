/* SPDX-License-Identifier: MIT */
/* Verbs on the folder of a trace, as people use them. */
#include <time.h>

#include "console/trace/recording.h"
#include "tests/support/command.h"
#include "tests/support/ctf_folder.h"

static void set_up(void)
{
	command_begin();
	ctf_folder_make();
}

static void tear_down(void)
{
	char path[64];

	/* What a recording, and who replays it, leave beside a trace. */
	snprintf(path, sizeof(path), "%s/vigil/recording", ctf_folder);
	unlink(path);
	snprintf(path, sizeof(path), "%s/vigil/index", ctf_folder);
	unlink(path);
	snprintf(path, sizeof(path), "%s/vigil", ctf_folder);
	rmdir(path);
	ctf_folder_remove();
	command_end();
}

TestSuite(trace_verbs, .init = set_up, .fini = tear_down, .timeout = 60);

/* ---- Moments ---- */

Test(trace_verbs, a_part_of_a_trace_with_nothing_in_it_is_refused)
{
	expect_refused(vigil("report", ctf_folder, "--from=1h", NULL),
		       "--from is not before the end of /tmp/vigil-ctf");
	expect_refused(vigil("report", ctf_folder, "--from=end", NULL), "--from is not before");
	expect_refused(vigil("report", ctf_folder, "--until=0", NULL),
		       "--until is not after the begin of");
	expect_refused(vigil("report", ctf_folder, "--from=50%", "--until=begin", NULL),
		       "--until is not after the begin of");
	expect_refused(vigil("report", ctf_folder, ctf_folder, "--from=1h", NULL),
		       "--from is not before");
	expect_refused(vigil("export", "--to=csv", "--from=1h", ctf_folder, NULL),
		       "--from is not before");
	expect_refused(vigil("export", "--to=csv", "--until=0", ctf_folder, NULL),
		       "--until is not after the begin of");
}

Test(trace_verbs, every_option_that_takes_a_moment_takes_the_same_ones)
{
	static const char *const moments[] = { "0.0001", "+100us", "-100us", "50%", "begin" };
	char at[32], from[32];

	for (size_t i = 0; i < sizeof(moments) / sizeof(moments[0]); i++) {
		snprintf(at, sizeof(at), "--at=%s", moments[i]);
		snprintf(from, sizeof(from), "--from=%s", moments[i]);
		cr_expect_eq(vigil("tasks", at, ctf_folder, NULL), 0, "%s: %s", at, err);
		cr_expect_eq(vigil("report", from, ctf_folder, NULL), 0, "%s: %s", from, err);
		cr_expect_eq(vigil("export", "--to=csv", from, ctf_folder, NULL), 0, "%s: %s", from,
			     err);
	}
	expect_refused(vigil("tasks", "--at=1h", ctf_folder, NULL),
		       "--at is after the end of /tmp/vigil-ctf");
	expect_refused(vigil("tasks", "--at=noon", ctf_folder, NULL),
		       "--at: \"noon\" is no moment of a trace");
	expect_refused(vigil("replay", "--at=noon", ctf_folder, NULL),
		       "--at: \"noon\" is no moment of a trace");
	expect_refused(vigil("export", "--to=csv", "--until=noon", ctf_folder, NULL),
		       "--until: \"noon\" is no moment of a trace");
}

/* ---- Processes ---- */

Test(trace_verbs, a_process_that_is_not_there_is_refused_with_those_that_are)
{
	static const char *const verbs[] = { "tasks",  "task", "why",   "locks",
					     "replay", "top",  "report" };
	char words[128];

	snprintf(words, sizeof(words), "there is no process 1 in %s: there are ", ctf_folder);
	for (size_t i = 0; i < sizeof(verbs) / sizeof(verbs[0]); i++)
		expect_refused(vigil(verbs[i], "--process=1", ctf_folder,
				     strcmp(verbs[i], "task") != 0 ? NULL : "1", NULL),
			       words);
	expect_refused(
		vigil("export", "--to=chrome", "--process=1", "-o", "/dev/null", ctf_folder, NULL),
		words);
}

/* ---- Snapshots ---- */

/* As `vigil record --snapshot` leaves it. */
static void recording_make(const struct recording *recording)
{
	struct vigil_problem problem;
	char path[64];

	snprintf(path, sizeof(path), "%s/vigil", ctf_folder);
	cr_assert_eq(mkdir(path, 0700), 0);
	cr_assert_eq(recording_write(recording, ctf_folder, &problem), 0, "%s", problem.text);
}

Test(trace_verbs, a_report_of_a_snapshot_begins_with_why_it_was_written)
{
	recording_make(&(struct recording){
		.state = RECORDING_COMPLETE,
		.mode = RECORDING_SNAPSHOT,
		.ended = "the worker http-0 of httpd is blocked for 1 s in a poll of task 3 conn",
	});

	cr_expect_eq(vigil("report", ctf_folder, NULL), 0, "%s", err);
	cr_expect(
		says("\nA snapshot, written because the worker http-0 of httpd is blocked for 1 s "
		     "in a poll of task 3 conn.\n"),
		"%s", out);
	cr_expect_eq(vigil("report", "--json", ctf_folder, NULL), 0);
	cr_expect(says("\"snapshot\":\"the worker http-0 of"), "%s", out);
	cr_expect_eq(vigil("report", "--html=-", ctf_folder, NULL), 0);
	cr_expect(says("A snapshot, written because the worker"));
	cr_expect_eq(vigil("report", ctf_folder, ctf_folder, NULL), 0);
	cr_expect(says("   a snapshot, written because the worker"), "%s", out);
}

Test(trace_verbs, a_report_of_no_snapshot_does_not_speak_of_one)
{
	recording_make(
		&(struct recording){ .mode = RECORDING_FILES, .ended = "its time was over" });

	cr_expect_eq(vigil("report", ctf_folder, NULL), 0, "%s", err);
	cr_expect_not(says("snapshot"), "%s", out);
	cr_expect_eq(vigil("report", "--json", ctf_folder, NULL), 0);
	cr_expect(says("\"snapshot\":null"));
}

/* ---- Boards beside a trace ---- */

static char beside[96], beside_later[96];

/* The board of a process, to be copied so long after the recording began. */
static void board_add(struct recording *recording, int pid, uint64_t late_ns, char *path,
		      size_t size)
{
	struct keyframe keyframe = { .begin_ns = recording->started_ns + late_ns };

	keyframe.end_ns = keyframe.begin_ns;
	snprintf(keyframe.file, sizeof(keyframe.file), "%d-1.board", pid);
	cr_assert_eq(recording_add(recording, &keyframe), 0);
	snprintf(path, size, "%s/vigil/%d-1.board", ctf_folder, pid);
}

static void board_copy(const char *path)
{
	char command[512];

	snprintf(command, sizeof(command), "cp --sparse=always '%s' '%s'", board(), path);
	cr_assert_eq(system(command), 0);
}

/* A program that did nothing while it was recorded: its board. And another one. */
static void boards_make(uint64_t started_unix_ns, bool has_two)
{
	struct timespec now;
	struct recording recording = { .state = RECORDING_COMPLETE, .host = "here" };

	start("blocked_worker");
	recording.started_unix_ns = started_unix_ns;
	clock_gettime(CLOCK_MONOTONIC, &now);
	recording.started_ns = (uint64_t)now.tv_sec * 1000000000u + (uint64_t)now.tv_nsec;
	board_add(&recording, (int)scene, 0, beside, sizeof(beside));
	if (has_two)
		board_add(&recording, (int)scene + 1, 2000000, beside_later, sizeof(beside_later));
	recording_make(&recording);
	recording_fini(&recording);
	board_copy(beside);
	if (has_two)
		board_copy(beside_later);
	stop(SIGKILL);
}

/* And no event of any. */
static void silence_make(bool has_two)
{
	struct timespec now;

	clock_gettime(CLOCK_REALTIME, &now);
	boards_make((uint64_t)now.tv_sec * 1000000000u, has_two);
	for (int i = 1; i < CTF_FILES; i++)
		ctf_write(i, "", 0);
}

Test(trace_verbs, of_a_trace_without_events_the_boards_beside_it_are_shown)
{
	char pid[48], process[32];

	silence_make(false);
	snprintf(process, sizeof(process), "--process=%d", (int)atoi(strrchr(beside, '/') + 1));
	snprintf(pid, sizeof(pid), "pid %s", process + strlen("--process="));

	cr_expect_eq(vigil("tasks", ctf_folder, NULL), 0, "%s", err);
	cr_expect(says("resize-image") && says("running"), "%s", out);
	cr_expect_eq(vigil("tasks", process, "--at=begin", ctf_folder, NULL), 0, "%s", err);
	cr_expect(says(pid), "%s", out);
	cr_expect_eq(vigil("report", ctf_folder, NULL), 0, "%s", err);
	cr_expect(says("0 events of 1 process\n"), "%s", out);
	cr_expect(says("4 alive at the end"), "%s", out);
	expect_refused(vigil("tasks", "--process=1", ctf_folder, NULL), "there are ");
	unlink(beside);
}

Test(trace_verbs, a_board_that_was_copied_later_than_another_is_there_from_the_begin)
{
	char process[32];

	silence_make(true);
	snprintf(process, sizeof(process), "--process=%d", atoi(strrchr(beside_later, '/') + 1));

	cr_expect_eq(vigil("tasks", "--at=begin", ctf_folder, NULL), 0, "%s", err);
	cr_expect(says("2 processes"), "%s", out);
	cr_expect_eq(vigil("tasks", process, "--at=begin", ctf_folder, NULL), 0, "%s", err);
	cr_expect(says("resize-image"), "%s", out);
	cr_expect_not(says("not begun yet"), "%s", out);
	unlink(beside);
	unlink(beside_later);
}

Test(trace_verbs, a_replay_shows_who_hangs_first_though_nothing_is_heard_of_it)
{
	char path[96], svg[112], words[32], picture[65536];
	FILE *file;

	boards_make(1000000000000000000, false);
	snprintf(path, sizeof(path), "%s/vigil/replay.svg", ctf_folder);
	snprintf(svg, sizeof(svg), "--svg=%s", path);
	snprintf(words, sizeof(words), ">%d<", atoi(strrchr(beside, '/') + 1));

	cr_assert_eq(vigil("replay", svg, ctf_folder, NULL), 0, "%s", err);
	file = fopen(path, "re");
	cr_assert_not_null(file);
	picture[fread(picture, 1, sizeof(picture) - 1, file)] = '\0';
	fclose(file);

	cr_expect_not_null(strstr(picture, words), "%s", picture);
	unlink(path);
	unlink(beside);
}

Test(trace_verbs, of_a_recording_without_a_trace_it_is_said_where_its_boards_are)
{
	char words[128];

	silence_make(false);
	ctf_folder_empty();
	snprintf(words, sizeof(words), "`vigil ps --dir=%s/vigil` lists them", ctf_folder);

	expect_refused(vigil("tasks", ctf_folder, NULL), "nothing came to be recorded");
	expect_refused(vigil("why", ctf_folder, NULL), words);
	unlink(beside);
}
