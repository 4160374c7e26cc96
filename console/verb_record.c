/* SPDX-License-Identifier: MIT */
/*
 * `vigil record`: an LTTng session that fits, and the boards of what lives already.
 *
 * In this order, for nothing to be missed: the session, the command (waiting), the
 * start, copies of boards, the command goes. Then recorder_run until it is over.
 *
 * Whom it records: TARGET alone, by LTTng's tracker of pids. Of a command all that
 * comes to be while it runs, for its children to be in; instrumented processes
 * that lived before are kept out by a filter. Else everybody, as LTTng does it: the
 * processes of the user, for root those of all users.
 */
#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/signalfd.h>
#include <time.h>
#include <unistd.h>

#include <vigil/vigil.h>

#include "console/recorder.h"
#include "console/trace/relay.h"

#define END_TRIES 200 /* in hundredths of a second */

/* ---- What was asked for ---- */

static int options_check(const struct verb_options *options)
{
	if (options->live && options->is_snapshot)
		return refuse("--live sends what --snapshot keeps in memory: give one of them");
	if (options->blocked_ns && !options->is_snapshot)
		return refuse("--on says when a flight recorder is written out: add --snapshot");
	if (options->rotate_bytes && (options->live || options->is_snapshot))
		return refuse("--rotate is for a recording into a folder: not with --live or "
			      "--snapshot");
	return EXIT_DONE;
}

static enum session_mode mode_of(const struct verb_options *options)
{
	return options->live        ? SESSION_LIVE :
	       options->is_snapshot ? SESSION_SNAPSHOT :
				      SESSION_FILES;
}

/* ^C and the like are read as they come; broken pipes are LTTng's sockets. */
static int signals_open(struct recorder *recorder)
{
	static const int numbers[] = { SIGINT, SIGTERM, SIGHUP, SIGUSR1, SIGCHLD };
	sigset_t set;

	sigemptyset(&set);
	for (size_t i = 0; i < sizeof(numbers) / sizeof(numbers[0]); i++)
		sigaddset(&set, numbers[i]);
	sigprocmask(SIG_BLOCK, &set, NULL);
	signal(SIGPIPE, SIG_IGN);
	recorder->signals = signalfd(-1, &set, SFD_CLOEXEC | SFD_NONBLOCK);
	return recorder->signals < 0 ? refuse("cannot hear signals: %s", strerror(errno)) :
				       EXIT_DONE;
}

/* liblttng-ctl ends a program whose socket gets the number 0. */
static void streams_open(void)
{
	int fd;

	do
		fd = open("/dev/null", O_RDWR);
	while (fd >= 0 && fd <= STDERR_FILENO);
	if (fd >= 0)
		close(fd);
}

/* ---- The recording's own words ---- */

static void recording_begin(struct recorder *recorder)
{
	struct recording *recording = &recorder->recording;

	recording->state = RECORDING_RUNS;
	recording->mode = (enum recording_mode)mode_of(recorder->options);
	recording->recorder = (uint32_t)getpid();
	snprintf(recording->version, sizeof(recording->version), "%s", VIGIL_VERSION);
	snprintf(recording->url, sizeof(recording->url), "%s",
		 recorder->options->live ? recorder->options->live : "");
	gethostname(recording->host, sizeof(recording->host) - 1);
	recording->started_unix_ns = recorder_unix_now();
	recording->started_ns = recorder_now();
	recorder->started_ns = recording->started_ns;
}

/* A name in LTTng has letters, digits and a few signs; the pid makes it the only one. */
static void session_name(struct recorder *recorder)
{
	char name[sizeof(recorder->name)];
	size_t at = 0;

	for (const char *from = recorder->name; *from; from++)
		name[at++] = strchr("abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ"
				    "0123456789_-",
				    *from) ?
				     *from :
				     '-';
	name[at] = '\0';
	snprintf(recorder->recording.session, sizeof(recorder->recording.session), "vigil-%s-%d",
		 name, (int)getpid());
}

static void recording_end(struct recorder *recorder)
{
	struct recording *recording = &recorder->recording;
	struct vigil_problem problem = { "" };

	recording->state = recorder->ending >= ENDING_KILLED ? RECORDING_CUT : RECORDING_COMPLETE;
	/* A target that was killed leaves a complete trace. */
	if (recorder->ending == ENDING_KILLED) {
		recording->state = RECORDING_COMPLETE;
		recording->killed = recording->pid;
	}
	recording->ended_unix_ns = recorder_unix_now();
	recording->discarded_events = recorder->counts.discarded_events;
	recording->lost_packets = recorder->counts.lost_packets;
	snprintf(recording->ended, sizeof(recording->ended), "%s", recorder->why);
	if (recording_write(recording, recorder->folder, &problem))
		say(recorder, "%s", problem.text);
}

/* ---- From nothing to a recording ---- */

static int open_session(struct recorder *recorder)
{
	struct session_options options = {
		.name = recorder->recording.session,
		.mode = mode_of(recorder->options),
		.folder = recorder->folder,
		.url = recorder->options->live,
		.buffer_bytes = recorder->buffer_bytes,
		.rotate_bytes = recorder->options->rotate_bytes,
		.whom = is_command(recorder)      ? SESSION_NOT :
			recorder->options->target ? SESSION_ONLY :
						    SESSION_ALL,
	};
	struct vigil_problem problem = { "" };
	uint32_t *pids = targets_vpids(recorder, &options.pid_count);
	int r = 0;

	if (!pids)
		return refuse("out of memory");
	options.pids = pids;
	if (is_command(recorder)) {
		if (targets_exclude(recorder)) {
			free(pids);
			return EXIT_CANNOT;
		}
		options.pids = recorder->others;
		options.pid_count = recorder->other_count;
	} else {
		r = session_await(pids, options.pid_count, &problem);
	}
	if (!r)
		r = session_open(&options, &recorder->session, &problem);
	free(pids);
	return r ? refuse("%s", problem.text) : EXIT_DONE;
}

static int ready_relay(struct recorder *recorder)
{
	struct vigil_problem problem = { "" };

	if (!recorder->options->live)
		return EXIT_DONE;
	recorder->relay = relay_connect(recorder->options->live, &problem);
	return recorder->relay < 0 ? refuse("%s", problem.text) : EXIT_DONE;
}

static int ready_daemon(struct recorder *recorder)
{
	struct vigil_problem problem = { "" };
	bool is_started;

	if (session_daemon_ensure(&is_started, &problem))
		return refuse("%s", problem.text);
	if (is_started)
		say(recorder, "no session daemon ran: started lttng-sessiond, which stays");
	return EXIT_DONE;
}

/* Everything up to where the first event may come. */
static int start(struct recorder *recorder)
{
	struct vigil_problem problem = { "" };
	int r = 0;

	session_name(recorder);
	if (open_session(recorder))
		return EXIT_CANNOT;
	/* First of all: from here on there is a session to be ended. */
	if (guard_start(&recorder->guard, recorder->session, recorder->folder))
		return refuse("cannot start a guard: %s", strerror(errno));
	if (is_command(recorder))
		r = command_fork(&recorder->command, recorder->options->command, &problem);
	if (!r && is_command(recorder))
		recorder->recording.pid = (uint32_t)recorder->command.pid;
	recording_begin(recorder);
	if (!r)
		r = session_start(recorder->session, &problem);
	if (r)
		return refuse("%s", problem.text);
	if (targets_copy(recorder))
		return EXIT_CANNOT;
	r = recording_write(&recorder->recording, recorder->folder, &problem);
	if (!r && is_command(recorder))
		r = command_go(&recorder->command, recorder->options->command[0], &problem);
	return r ? refuse("%s", problem.text) : EXIT_DONE;
}

/* Who watches connects to a port of its own, which we were not told. */
static void say_live(struct recorder *recorder)
{
	struct relay_address at;
	bool has_colons;

	if (!relay_read(recorder->options->live, &at))
		return;
	has_colons = strchr(at.host, ':') != NULL;
	say(recorder, "recording %s to the relay: `vigil top net://%s%s%s%s/host/%s/%s` shows it%s",
	    recorder->name, has_colons ? "[" : "", at.host, has_colons ? "]" : "",
	    at.is_usual ? "" : ":PORT", recorder->recording.host, recorder->recording.session,
	    at.is_usual ? "" : ", PORT being its live port (lttng-relayd -L)");
}

static void say_started(struct recorder *recorder)
{
	const struct verb_options *options = recorder->options;

	if (options->live)
		say_live(recorder);
	else if (options->is_snapshot)
		say(recorder,
		    "recording %s in memory: `vigil snapshot %s`, or kill -USR1 %d, writes it out",
		    recorder->name, recorder->shown, (int)getpid());
	else
		say(recorder, "recording %s to %s; ^C ends it", recorder->name, recorder->shown);
	if (!is_command(recorder) && !options->target && !recorder->target_count)
		say(recorder, "no instrumented process runs that can be recorded; those that start "
			      "will be");
}

/* ---- From a recording to its end ---- */

/* What it does as it ends is recorded too; if it does not, it goes on without us. */
static void command_end(struct recorder *recorder)
{
	const struct timespec moment = { .tv_nsec = 10000000 };

	if (!is_command(recorder) || command_look(&recorder->command))
		return;
	kill(recorder->command.pid, SIGTERM);
	for (int i = 0; i < END_TRIES && !command_look(&recorder->command); i++)
		nanosleep(&moment, NULL);
}

static void finish(struct recorder *recorder)
{
	struct vigil_problem problem = { "" };

	if (recorder->ending == ENDING_TIME)
		command_end(recorder);
	/* What a flight recorder is for. */
	if (recorder->options->is_snapshot &&
	    (recorder->ending == ENDING_KILLED || recorder->ending == ENDING_TARGET))
		recorder_snapshot(recorder, recorder->why);
	if (recorder->ending != ENDING_DAEMON) {
		if (session_stop(recorder->session, &problem) ||
		    session_counts(recorder->session, &recorder->counts, &problem))
			say(recorder, "%s", problem.text);
	}
	session_close(recorder->session);
	recorder->session = NULL;
	guard_end(&recorder->guard);
	recorder->bytes = folder_bytes(recorder->folder);
	recording_end(recorder);
}

static int record(struct recorder *recorder)
{
	int status;

	if (ready_relay(recorder) || folder_make(recorder))
		return EXIT_CANNOT;
	if (ready_daemon(recorder) || signals_open(recorder) || start(recorder)) {
		session_close(recorder->session);
		guard_end(&recorder->guard);
		command_fini(&recorder->command);
		folder_remove(recorder);
		return EXIT_CANNOT;
	}
	say_started(recorder);
	statedumps_start(recorder);
	recorder_run(recorder);
	finish(recorder);
	status = say_summary(recorder);
	command_fini(&recorder->command);
	return status;
}

int verb_record(const struct verb_options *options)
{
	static struct recorder recorder;
	int status;

	recorder.options = options;
	recorder.relay = recorder.signals = -1;
	recorder.command.gate = recorder.command.answer = -1;
	if (options_check(options))
		return EXIT_CANNOT;
	streams_open();
	status = targets_find(&recorder);
	if (!status)
		status = record(&recorder);
	targets_fini(&recorder);
	recording_fini(&recorder.recording);
	return status;
}
