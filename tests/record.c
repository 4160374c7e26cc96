/* SPDX-License-Identifier: MIT */
/*
 * `vigil record` under a session daemon of the test's own: what it records is read
 * back by babeltrace2, which must have nothing to say about it; what is killed, and
 * by whom.
 */
#include <criterion/criterion.h>
#include <netinet/in.h>
#include <sys/mount.h>

#include "console/trace/recording.h"
#include "libtrace/tracepoints.h"
#include "tests/support/lttng.h"

#define STORM "20000", "2" /* events a second, threads */

static char trace[96];
static const char *lack;
static pid_t recorder, storm;

static void record_begin(void)
{
	home_make();
	lack = missing();
	if (!lack && !daemon_start())
		lack = "lttng-sessiond did not come up";
	if (lack)
		fprintf(stderr, "skipped: %s\n", lack);
	snprintf(trace, sizeof(trace), "%s/t", home);
}

static void end_by_pid(pid_t *pid)
{
	if (*pid > 0) {
		kill(*pid, SIGKILL);
		waitpid(*pid, NULL, 0);
	}
	*pid = 0;
}

static void record_end(void)
{
	end_by_pid(&recorder);
	end_by_pid(&storm);
	home_remove();
}

TestSuite(record, .init = record_begin, .fini = record_end, .timeout = 120);

/* ---- Arranging ---- */

static char *vigil_path(void)
{
	static char path[4096];

	snprintf(path, sizeof(path), "%s/vigil", build);
	return path;
}

/* Waits until a condition holds; false when it does not in half a minute. */
#define await(condition)                                                                           \
	({                                                                                         \
		const struct timespec moment_ = { .tv_nsec = 10000000 };                           \
		int tries_ = READY_SECONDS * 100;                                                  \
                                                                                                   \
		while (!(condition) && --tries_)                                                   \
			nanosleep(&moment_, NULL);                                                 \
		tries_ > 0;                                                                        \
	})

static bool wrote(const char *file, const char *words)
{
	char *text = output(file);
	bool has = strstr(text, words) != NULL;

	free(text);
	return has;
}

#define await_words(file, words)                                                                   \
	cr_assert(await(wrote(file, words)), "%s: no \"%s\" in \"%s\"", file, words, output(file))

/* A program that polls all the time, under no recorder. Its pid. */
static pid_t storm_start(const char *name)
{
	char file[64];
	pid_t pid = start(name, (char *[]){ helper("poll_storm"), STORM, NULL });

	snprintf(file, sizeof(file), "%s.out", name);
	await_words(file, "ready");
	return pid;
}

/* Starts `vigil record -o TRACE ...` and waits until it records. */
#define record_start(...)                                                                          \
	do {                                                                                       \
		recorder = start("record", (char *[]){ vigil_path(), "record", "-o", trace,        \
						       __VA_ARGS__, NULL });                       \
		await_words("record.err", "vigil: recording ");                                    \
	} while (0)

/* The same, of a storm of its own. */
#define record_storm(...)                                                                          \
	do {                                                                                       \
		record_start(__VA_ARGS__, "--", helper("poll_storm"), STORM);                      \
		await_words("record.out", "ready");                                                \
	} while (0)

static struct recording recording_of(const char *folder)
{
	struct vigil_problem problem = { "" };
	struct recording recording;

	cr_assert_eq(recording_read(folder, &recording, &problem), 0, "%s", problem.text);
	return recording;
}

/* The program that the recorder started; it is no child of ours. */
static pid_t started(void)
{
	struct recording recording = recording_of(trace);

	cr_assert_gt(recording.pid, 0);
	return (pid_t)recording.pid;
}

static int status_of(pid_t *pid)
{
	int status = 0;

	waitpid(*pid, &status, 0);
	*pid = 0;
	return WIFEXITED(status) ? WEXITSTATUS(status) : 128 + WTERMSIG(status);
}

/* ---- Asserting ---- */

/* The trace as babeltrace2 tells it, which it must do without a word of its own. */
static char *read_back(const char *folder)
{
	char *warnings;

	cr_assert_eq(run("read", "babeltrace2", (char *)folder), 0, "%s", output("read.err"));
	warnings = output("read.err");
	cr_expect_str_empty(warnings, "babeltrace2 says: %s", warnings);
	free(warnings);
	return output("read.out");
}

static bool has_events_of(const char *text, pid_t pid)
{
	char words[32];

	snprintf(words, sizeof(words), "{ vpid = %d }", (int)pid);
	return strstr(text, words) != NULL;
}

static void expect_said(const char *words)
{
	cr_expect(wrote("record.err", words), "no \"%s\" in \"%s\"", words, output("record.err"));
}

static void expect_polls(const char *folder)
{
	char *text = read_back(folder);

	cr_expect(strstr(text, " vigil:poll_end: "), "no polls in %s", folder);
	free(text);
}

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
	recording_fini(&recording);
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

Test(record, a_program_without_a_board_is_told)
{
	if (lack)
		return;

	cr_expect_eq(run("record", vigil_path(), "record", "-o", trace, "--", "true"), 0);

	expect_said("nothing was recorded: true made no board");
}

Test(record, rotation_makes_parts_that_are_one_trace)
{
	char path[128];

	if (lack)
		return;
	snprintf(path, sizeof(path), "%s/archives", trace);

	record_storm("--rotate=64K");
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
	char disk[64];

	if (lack)
		return;
	snprintf(disk, sizeof(disk), "%s/disk", home);
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
	cr_expect_eq(umount(disk), 0);
}

/* ---- Flight recorders ---- */

static char *snapshot_path(const char *name)
{
	static char path[160];

	snprintf(path, sizeof(path), "%s/%s", trace, name);
	return path;
}

Test(record, a_flight_recorder_is_written_out_when_asked)
{
	if (lack)
		return;

	record_storm("--snapshot");
	cr_expect_eq(run("one", vigil_path(), "snapshot"), 0, "%s", output("one.err"));
	cr_expect_eq(run("two", vigil_path(), "snapshot", trace), 0, "%s", output("two.err"));
	kill(recorder, SIGUSR1);
	await_words("record.err", "a signal asked for it: wrote ");
	kill(started(), SIGKILL);
	cr_expect_eq(status_of(&recorder), 2);

	expect_said("/snapshot-4` tells what happened");
	for (int i = 1; i <= 4; i++) {
		char name[32];

		snprintf(name, sizeof(name), "snapshot-%d", i);
		expect_polls(snapshot_path(name));
	}
	cr_expect_eq(recording_of(snapshot_path("snapshot-1")).mode, RECORDING_SNAPSHOT);
	cr_expect_eq(run("late", vigil_path(), "snapshot", trace), 2);
	cr_expect(wrote("late.err", "has ended: poll_storm was killed by SIGKILL"));
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
	recording_fini(&recording);
	if (!is_late)
		run("rm", "rm", "-r", snapshot_path("snapshot-1"));
	return is_late;
}

Test(record, a_snapshot_has_a_board_of_when_its_events_begin)
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

Test(record, a_snapshot_that_has_all_of_a_program_needs_no_board)
{
	if (lack)
		return;

	record_storm("--snapshot");
	cr_assert(await(recording_of(trace).keyframe_count > 0));
	cr_expect_eq(run("one", vigil_path(), "snapshot"), 0, "%s", output("one.err"));
	kill(started(), SIGKILL);

	cr_expect_eq(recording_of(snapshot_path("snapshot-1")).keyframe_count, 0);
}

Test(record, a_worker_that_is_blocked_writes_one_snapshot)
{
	if (lack)
		return;

	record_start("--snapshot", "--on=blocked=50ms", "--", helper("blocked_worker"));
	await_words("record.err", "the worker main-0 of blocked is blocked for ");
	kill(recorder, SIGINT);
	cr_expect_eq(status_of(&recorder), 0);

	cr_expect_eq(access(snapshot_path("snapshot-1"), F_OK), 0);
	free(read_back(snapshot_path("snapshot-1")));
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

Test(record, a_killed_relay_is_told)
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
	expect_said("`vigil top net://127.0.0.1/host/");
	end_by_pid(&relay);
	cr_expect_eq(status_of(&recorder), 2);
	kill(started(), SIGKILL);

	expect_said("the relay is gone; what it had received by then is there");
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

Test(record, what_cannot_be_recorded_is_refused_and_leaves_no_folder)
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
	expect_refused("c", run("c", vigil_path(), "snapshot"), "no flight recorder runs");
	expect_refused("d", run("d", vigil_path(), "snapshot", "nope"),
		       "no flight recorder \"nope\"");
}
