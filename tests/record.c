/* SPDX-License-Identifier: MIT */
/*
 * Recordings into a folder: what is in them, whom they are of, and how they end when
 * something is killed or the disk is full. Other modes: record_modes.c.
 */
#include "tests/support/record.h"
#include "libtrace/tracepoints.h"

TestSuite(record, .init = record_begin, .fini = record_end, .timeout = 120);

/* ---- Recording ---- */

Test(record, a_started_program_is_recorded_from_its_first_event_to_its_last)
{
	char *text;

	if (lack)
		return;

	cr_expect_eq(run("record", vigil_path(), "record", "-o", trace, "--", helper("trace_all")),
		     0);
	text = read_back(trace);

#define X(name, params)                                                                            \
	cr_expect(strstr(text, " vigil:" #name ": "), "vigil:" #name " was not recorded");
	TRACEPOINTS(X)
#undef X
	expect_said("trace_all ended with status 0");
	expect_said("0 events discarded, 0 packets lost");
	expect_said("`vigil report ");
	cr_expect_eq(recording_of(trace).state, RECORDING_COMPLETE);
	cr_expect_eq(recording_of(trace).keyframe_count, 0);
	free(text);
}

Test(record, a_running_program_is_recorded_alone_with_its_board_beside_it)
{
	struct vigil_problem problem = { "" };
	struct vigil_reader *reader;
	struct recording recording;
	char path[256], pid[16];
	pid_t other;
	char *text;

	if (lack)
		return;
	storm = storm_start("storm");
	other = storm_start("other");
	snprintf(pid, sizeof(pid), "%d", storm);

	cr_expect_eq(run("record", vigil_path(), "record", "-o", trace, "--for=500ms", pid), 0,
		     "%s", output("record.err"));
	text = read_back(trace);
	recording = recording_of(trace);

	cr_expect(has_events_of(text, storm));
	cr_expect(!has_events_of(text, other));
	cr_assert_eq(recording.keyframe_count, 1);
	cr_expect_geq(recording.keyframes[0].begin_ns, recording.started_ns);
	snprintf(path, sizeof(path), "%s/vigil/%s", trace, recording.keyframes[0].file);
	cr_assert_eq(vigil_reader_open_file(path, 0, &reader, &problem), 0, "%s", problem.text);
	cr_expect_str_eq(VIGIL_AT(reader, process, 0)->name, "storm");
	cr_expect_eq(vigil_reader_count(reader, VIGIL_TABLE_task), 2);
	vigil_reader_close(reader);
	free(text);
	end_by_pid(&other);
}

Test(record, all_that_run_are_recorded_when_nobody_is_named)
{
	pid_t other;
	char *text;

	if (lack)
		return;
	storm = storm_start("storm");
	other = storm_start("other");

	cr_expect_eq(run("record", vigil_path(), "record", "-o", trace, "--for=500ms"), 0);
	text = read_back(trace);

	cr_expect(has_events_of(text, storm));
	cr_expect(has_events_of(text, other));
	cr_expect_eq(recording_of(trace).keyframe_count, 2);
	free(text);
	end_by_pid(&other);
}

Test(record, tasks_of_all_processes_of_a_trace_are_listed)
{
	char mine[32], filter[32];
	pid_t other;

	if (lack)
		return;
	storm = storm_start("storm");
	other = storm_start("other");
	cr_assert_eq(run("record", vigil_path(), "record", "-o", trace, "--for=500ms"), 0);

	snprintf(filter, sizeof(filter), "--filter=pid=%d", (int)other);
	cr_expect_eq(run("tasks", vigil_path(), "tasks", trace), 0);
	cr_expect_eq(run("few", vigil_path(), "tasks", filter, trace), 0);
	cr_expect_eq(run("json", vigil_path(), "tasks", "--json", trace), 0);

	snprintf(mine, sizeof(mine), "%d  storm ", (int)storm);
	cr_expect(wrote("tasks.out", "2 processes on 1 host, recorded at "));
	cr_expect(wrote("tasks.out", mine));
	cr_expect(wrote("few.out", "  storm "));
	cr_expect_not(wrote("few.out", mine));
	cr_expect(wrote("json.out", "\"processes\":["));
	cr_expect(wrote("json.out", "\"process\":\"storm\""));
	end_by_pid(&other);
}

/* Which is the busiest says nothing of which one hangs. */
Test(record, why_asks_all_processes_of_a_trace_and_tells_the_worst_first)
{
	pid_t hung;

	if (lack)
		return;
	storm = storm_start("storm");
	hung = start("hung", (char *[]){ helper("deadlock_two_locks"), NULL });
	await_words("hung.out", "ready");
	cr_assert_eq(run("record", vigil_path(), "record", "-o", trace, "--for=1500ms"), 0);

	cr_expect_eq(run("why", vigil_path(), "why", trace), 1);
	cr_expect_eq(run("one", vigil_path(), "why", trace, "1"), 2);
	cr_expect_eq(run("json", vigil_path(), "why", "--json", trace), 1);

	cr_expect(wrote("why.out", "deadlock, pid "));
	cr_expect(wrote("why.out", "Cause: Deadlock: 1 transfer waits for lock"));
	cr_expect(wrote("why.out", "Nothing has been stuck for over 1 s in storm "));
	cr_expect(wrote("one.err", "--process=PID"));
	cr_expect(wrote("json.out", "\"processes\":["));
	end_by_pid(&hung);
}

Test(record, of_a_command_those_that_ran_before_are_kept_out)
{
	char *text;

	if (lack)
		return;
	storm = storm_start("storm");

	record_storm("--for=500ms");
	cr_expect_eq(status_of(&recorder), 0);
	text = read_back(trace);

	cr_expect(has_events_of(text, (pid_t)recording_of(trace).pid));
	cr_expect(!has_events_of(text, storm));
	expect_said("its time was over");
	cr_expect(!wrote("record.err", "goes on"), "it was ended with its recording");
	free(text);
}

Test(record, of_a_command_those_whose_boards_are_elsewhere_are_kept_out_too)
{
	char setting[128], *text;

	if (lack)
		return;
	snprintf(setting, sizeof(setting), "VIGIL_DIR=%s/elsewhere", home);
	cr_assert_eq(run("mkdir", "mkdir", "-m", "700", strchr(setting, '/')), 0);
	storm = start("storm", (char *[]){ "env", setting, helper("poll_storm"), STORM, NULL });
	await_words("storm.out", "ready");

	cr_expect_eq(run("record", vigil_path(), "record", "-o", trace, "--", helper("trace_all")),
		     0);
	text = read_back(trace);

	cr_expect(has_events_of(text, (pid_t)recording_of(trace).pid));
	cr_expect(!has_events_of(text, storm));
	free(text);
}

Test(record, a_program_without_a_board_is_told)
{
	if (lack)
		return;

	cr_expect_eq(run("record", vigil_path(), "record", "-o", trace, "--", "true"), 2);

	expect_said("nothing was recorded: true made no board, as one does that is instrumented; "
		    "build it with libvigil");
}

Test(record, a_program_without_a_board_is_told_where_others_are_instrumented)
{
	if (lack)
		return;
	storm = storm_start("storm");

	cr_expect_eq(run("record", vigil_path(), "record", "-o", trace, "--", "true"), 2);

	expect_said("nothing was recorded: true made no board");
}

Test(record, a_flight_recorder_of_a_program_without_a_board_is_told)
{
	if (lack)
		return;

	cr_expect_eq(run("record", vigil_path(), "record", "--snapshot", "-o", trace, "--", "true"),
		     2);

	expect_said("nothing was recorded: true made no board");
}

Test(record, rotation_makes_parts_that_are_one_trace)
{
	char path[128];

	if (lack)
		return;
	snprintf(path, sizeof(path), "%s/archives", trace);

	record_storm("--rotate=64K", "--buffers=1M");
	cr_expect(await(!access(path, F_OK)));
	kill(recorder, SIGINT);
	cr_expect_eq(status_of(&recorder), 0);

	expect_polls(trace);
}

/* ---- Endings ---- */

Test(record, an_interrupt_reaches_the_command_and_ends_the_recording)
{
	pid_t pid;

	if (lack)
		return;

	record_storm("--buffers=1M");
	pid = started();
	kill(recorder, SIGINT);
	cr_expect_eq(status_of(&recorder), 0);

	expect_said("poll_storm was killed by SIGINT");
	cr_expect_eq(kill(pid, 0), -1);
	expect_polls(trace);
}

Test(record, all_that_a_killed_program_did_is_there)
{
	if (lack)
		return;

	record_storm("--for=60s");
	kill(started(), SIGKILL);
	cr_expect_eq(status_of(&recorder), 2);

	expect_said("poll_storm was killed by SIGKILL; all it did up to then is recorded");
	expect_polls(trace);
	run("tasks", vigil_path(), "tasks", trace);
	run("before", vigil_path(), "tasks", "--at=begin", trace);
	cr_expect(wrote("tasks.out", "DEAD; this is its last state"));
	cr_expect_not(wrote("before.out", "DEAD"));
}

Test(record, all_that_a_killed_target_did_is_there)
{
	char pid[16];

	if (lack)
		return;
	storm = storm_start("storm");
	snprintf(pid, sizeof(pid), "%d", storm);

	record_start(pid);
	end_by_pid(&storm);
	cr_expect_eq(status_of(&recorder), 2);

	expect_said("was killed, or left without vigil_fini");
	expect_polls(trace);
}

Test(record, a_killed_recorder_leaves_a_trace_and_no_session)
{
	struct recording recording;
	pid_t pid;

	if (lack)
		return;

	record_storm("--for=60s");
	pid = started();
	kill(recorder, SIGKILL);
	cr_expect_eq(status_of(&recorder), 128 + SIGKILL);
	cr_expect(await(recording_of(trace).state == RECORDING_CUT));
	recording = recording_of(trace);
	kill(pid, SIGKILL);

	cr_expect_str_eq(recording.ended, "the recorder was killed");
	await_words("record.err", "the recorder was killed: all up to then is in the trace");
	cr_expect_eq(run("list", "lttng", "--no-sessiond", "list"), 0);
	cr_expect(!wrote("list.out", recording.session), "%s", output("list.out"));
	expect_polls(trace);
}

/* Whether some events are on the disk by now, and what describes them. */
static bool is_readable(void)
{
	return !run("look", "babeltrace2", trace) && wrote("look.out", " vigil:poll_end: ");
}

Test(record, a_killed_session_daemon_is_told_and_its_trace_is_readable)
{
	pid_t pid;

	if (lack)
		return;

	record_storm("--for=60s");
	pid = started();
	cr_assert(await(is_readable()));
	kill(daemon_pid, SIGKILL);
	waitpid(daemon_pid, NULL, 0);
	daemon_pid = 0;
	cr_expect_eq(status_of(&recorder), 2);
	kill(pid, SIGKILL);

	expect_said("session daemon is gone, or lost the session; what it had written by then is "
		    "there");
	expect_said("poll_storm goes on, pid ");
	cr_expect_eq(recording_of(trace).state, RECORDING_CUT);
	cr_expect(is_readable(), "%s", output("look.err"));
}

Test(record, a_full_disk_is_told_and_its_trace_is_readable)
{
	if (lack)
		return;
	cr_assert_eq(mkdir(disk, 0777), 0);
	if (mount("tmpfs", disk, "tmpfs", 0, "size=8M,mode=0777")) {
		fprintf(stderr, "skipped: no file system may be mounted here\n");
		return;
	}
	snprintf(trace, sizeof(trace), "%s/t", disk);

	recorder = start("record", (char *[]){ vigil_path(), "record", "-o", trace, "--",
					       helper("poll_storm"), "500000", "2", NULL });
	cr_expect_eq(status_of(&recorder), 2);
	kill(started(), SIGKILL);

	expect_said("the disk is full; what was written by then can be read");
	expect_polls(trace);
}
