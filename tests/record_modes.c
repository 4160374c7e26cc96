/* SPDX-License-Identifier: MIT */
/* Flight recorders, recordings to a relay, and what `vigil record` refuses. */
#include <netinet/in.h>

#include "tests/support/record.h"

TestSuite(record_modes, .init = record_begin, .fini = record_end, .timeout = 120);

/* ---- Flight recorders ---- */

static char *snapshot_path(const char *name)
{
	static char path[160];

	snprintf(path, sizeof(path), "%s/%s", trace, name);
	return path;
}

/* What wrote a snapshot stands beside it. */
static void expect_trigger(const char *name, const char *why)
{
	cr_expect_eq(recording_of(snapshot_path(name)).mode, RECORDING_SNAPSHOT);
	cr_expect_str_eq(recording_of(snapshot_path(name)).ended, why);
}

Test(record_modes, a_flight_recorder_is_written_out_when_asked)
{
	if (lack)
		return;

	record_storm("--snapshot");
	cr_expect_eq(run("one", vigil_path(), "snapshot"), 0, "%s", output("one.err"));
	cr_expect_eq(run("two", vigil_path(), "snapshot", trace), 0, "%s", output("two.err"));
	kill(recorder, SIGUSR1);
	await_words("record.err", "SIGUSR1 asked for it: wrote ");
	kill(started(), SIGKILL);
	cr_expect_eq(status_of(&recorder), 2);

	expect_said("/snapshot-4` tells what happened");
	for (int i = 1; i <= 4; i++) {
		char name[32];

		snprintf(name, sizeof(name), "snapshot-%d", i);
		expect_polls(snapshot_path(name));
	}
	expect_trigger("snapshot-1", "`vigil snapshot` asked for it");
	expect_trigger("snapshot-3", "SIGUSR1 asked for it");
	expect_trigger("snapshot-4", "poll_storm was killed by SIGKILL");
	cr_expect_eq(run("late", vigil_path(), "snapshot", trace), 2);
	cr_expect(wrote("late.err", "has ended: poll_storm was killed by SIGKILL"));
}

Test(record_modes, a_killed_flight_recorder_is_written_out)
{
	pid_t pid;

	if (lack)
		return;

	record_storm("--snapshot");
	pid = started();
	kill(recorder, SIGKILL);
	cr_expect_eq(status_of(&recorder), 128 + SIGKILL);
	cr_expect(await(recording_of(trace).state == RECORDING_CUT));
	kill(pid, SIGKILL);

	await_words("record.err", "the recorder was killed: what it had in memory was written to ");
	expect_said("/snapshot-1` reads it.");
	expect_polls(snapshot_path("snapshot-1"));
	expect_trigger("snapshot-1", "the recorder was killed");
}

/* Until its buffers have come round and a board was copied since. */
static bool has_late_keyframe(void)
{
	struct recording recording;
	bool is_late;

	if (run("shoot", vigil_path(), "snapshot", trace))
		return false;
	recording = recording_of(snapshot_path("snapshot-1"));
	is_late = recording.keyframe_count == 1 &&
		  recording.keyframes[0].begin_ns > recording.started_ns + 400000000;
	if (!is_late)
		run("rm", "rm", "-r", snapshot_path("snapshot-1"));
	return is_late;
}

Test(record_modes, a_snapshot_has_a_board_of_when_its_events_begin)
{
	struct vigil_problem problem = { "" };
	struct vigil_reader *reader;
	char pid[16], path[320];

	if (lack)
		return;
	storm = storm_start("storm");
	snprintf(pid, sizeof(pid), "%d", storm);

	record_start("--snapshot", "--buffers=512K", pid);
	cr_assert(await(has_late_keyframe()));

	snprintf(path, sizeof(path), "%s/vigil/%s", snapshot_path("snapshot-1"),
		 recording_of(snapshot_path("snapshot-1")).keyframes[0].file);
	cr_assert_eq(vigil_reader_open_file(path, 0, &reader, &problem), 0, "%s", problem.text);
	cr_expect_eq(vigil_reader_count(reader, VIGIL_TABLE_task), 2);
	vigil_reader_close(reader);
}

Test(record_modes, a_snapshot_that_has_all_of_a_program_needs_no_board)
{
	if (lack)
		return;

	record_storm("--snapshot");
	cr_assert(await(recording_of(trace).keyframe_count > 0));
	cr_expect_eq(run("one", vigil_path(), "snapshot"), 0, "%s", output("one.err"));
	kill(started(), SIGKILL);

	cr_expect_eq(recording_of(snapshot_path("snapshot-1")).keyframe_count, 0);
}

Test(record_modes, a_worker_that_is_blocked_writes_one_snapshot)
{
	if (lack)
		return;

	record_start("--snapshot", "--on=blocked=50ms", "--", helper("blocked_worker"));
	await_words("record.err", "the worker main-0 of blocked is blocked for ");
	kill(recorder, SIGINT);
	cr_expect_eq(status_of(&recorder), 0);

	cr_expect_eq(access(snapshot_path("snapshot-1"), F_OK), 0);
	free(read_back(snapshot_path("snapshot-1")));
	cr_expect_not_null(strstr(recording_of(snapshot_path("snapshot-1")).ended,
				  " in a poll of task 1 resize-image"));
}

/* ---- Relays ---- */

/* A relay on ports that were free a moment ago. */
static pid_t relay_start(int *ret_control)
{
	char control[48], data[48], live[48];
	int ports[3], fds[3];
	pid_t pid;

	for (int i = 0; i < 3; i++) {
		struct sockaddr_in address = { .sin_family = AF_INET,
					       .sin_addr.s_addr = htonl(INADDR_LOOPBACK) };
		socklen_t size = sizeof(address);

		fds[i] = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
		cr_assert_eq(bind(fds[i], (struct sockaddr *)&address, size), 0);
		cr_assert_eq(getsockname(fds[i], (struct sockaddr *)&address, &size), 0);
		ports[i] = ntohs(address.sin_port);
	}
	for (int i = 0; i < 3; i++)
		close(fds[i]);
	snprintf(control, sizeof(control), "tcp://127.0.0.1:%d", ports[0]);
	snprintf(data, sizeof(data), "tcp://127.0.0.1:%d", ports[1]);
	snprintf(live, sizeof(live), "tcp://127.0.0.1:%d", ports[2]);
	pid = start("relay",
		    (char *[]){ "lttng-relayd", "-C", control, "-D", data, "-L", live, NULL });
	snprintf(trace, sizeof(trace), "--live=net://127.0.0.1:%d:%d", ports[0], ports[1]);
	*ret_control = ports[0];
	return pid;
}

static bool accepts(int port)
{
	struct sockaddr_in address = { .sin_family = AF_INET,
				       .sin_port = htons((uint16_t)port),
				       .sin_addr.s_addr = htonl(INADDR_LOOPBACK) };
	int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
	bool is_there = !connect(fd, (struct sockaddr *)&address, sizeof(address));

	close(fd);
	return is_there;
}

Test(record_modes, a_killed_relay_is_told)
{
	char live[96];
	pid_t relay;
	int control;

	if (lack)
		return;
	relay = relay_start(&control);
	snprintf(live, sizeof(live), "%s", trace);
	snprintf(trace, sizeof(trace), "%s/t", home);
	cr_assert(await(accepts(control)), "%s", output("relay.err"));

	record_storm(live);
	expect_said("`vigil top net://127.0.0.1:PORT/host/");
	expect_said("` shows it, PORT being its live port (lttng-relayd -L)");
	end_by_pid(&relay);
	cr_expect_eq(status_of(&recorder), 2);
	kill(started(), SIGKILL);

	expect_said("the relay is gone; what it had received by then is there");
}

Test(record_modes, a_live_recording_ends_with_where_its_trace_is)
{
	char live[96], other[96], words[96];
	pid_t relay;
	int control;

	if (lack)
		return;
	relay = relay_start(&control);
	snprintf(live, sizeof(live), "%s", trace);
	snprintf(trace, sizeof(trace), "%s/t", home);
	cr_assert(await(accepts(control)), "%s", output("relay.err"));
	snprintf(other, sizeof(other), "--live=net://127.0.0.1:%d:1", control);
	snprintf(words, sizeof(words), "no relay answers at its ports %d, for control, and 1, for",
		 control);

	cr_expect_eq(
		run("record", vigil_path(), "record", "-o", trace, live, "--", helper("trace_all")),
		0);
	cr_expect_eq(run("other", vigil_path(), "record", "-o", disk, other, "--", "true"), 2);
	end_by_pid(&relay);

	expect_said("the relay has the trace, below its --output");
	cr_expect(wrote("other.err", words), "%s", output("other.err"));
}

/* ---- Refusals ---- */

static void expect_refused(const char *name, int status, const char *words)
{
	char file[64], *text;

	snprintf(file, sizeof(file), "%s.err", name);
	text = output(file);
	cr_expect_eq(status, 2);
	cr_expect(!strncmp(text, "vigil: ", 7), "%s", text);
	cr_expect_eq(strchr(text, '\n'), text + strlen(text) - 1, "%s", text);
	cr_expect(strstr(text, words), "no \"%s\" in \"%s\"", words, text);
	free(text);
}

Test(record_modes, what_cannot_be_recorded_is_refused_and_leaves_no_folder)
{
	if (lack)
		return;

	expect_refused("a", run("a", vigil_path(), "record", "-o", trace, "--", "./nonexist"),
		       "cannot start ./nonexist: No such file");
	cr_expect_eq(access(trace, F_OK), -1);
	expect_refused("b",
		       run("b", vigil_path(), "record", "-o", trace, "--live=net://127.0.0.1:1",
			   "--", "true"),
		       "no relay answers at 127.0.0.1 port 1: Connection refused");
	cr_expect_eq(access(trace, F_OK), -1);
	expect_refused("r",
		       run("r", vigil_path(), "record", "-o", trace, "--rotate=1", "--buffers=1M",
			   "--", "true"),
		       "--rotate=1 B is less than is written at once, and would make a folder for "
		       "each time; give at least 64 KiB, or");
	cr_expect_eq(access(trace, F_OK), -1);
	expect_refused("c", run("c", vigil_path(), "snapshot"), "no flight recorder runs");
	expect_refused("d", run("d", vigil_path(), "snapshot", "nope"),
		       "no flight recorder \"nope\"");
}
