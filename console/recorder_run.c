/* SPDX-License-Identifier: MIT */
/*
 * A recording while it runs: what ends it, what it writes and tells meanwhile.
 *
 * The law: each look is short, and whatever ends the recording is seen in the next
 * one, a tenth of a second later at most.
 */
#include <errno.h>
#include <inttypes.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/signalfd.h>
#include <time.h>
#include <unistd.h>

#include "console/recorder.h"
#include "console/trace/relay.h"
#include "console/trace/snapshot.h"

#define LOOK_NS 100000000u
#define LOOK_NEAR_NS 10000000u /* the disk is nearly full */
#define COUNTS_NS 500000000u
#define TRIGGER_PART 4 /* looks in the time a worker may be blocked */
#define TRIGGER_LEAST_NS 5000000u

uint64_t recorder_now(void)
{
	struct timespec ts;

	clock_gettime(CLOCK_MONOTONIC, &ts);
	return (uint64_t)ts.tv_sec * 1000000000u + (uint64_t)ts.tv_nsec;
}

uint64_t recorder_unix_now(void)
{
	struct timespec ts;

	clock_gettime(CLOCK_REALTIME, &ts);
	return (uint64_t)ts.tv_sec * 1000000000u + (uint64_t)ts.tv_nsec;
}

static void end(struct recorder *recorder, enum ending ending, const char *why)
{
	if (recorder->ending)
		return;
	recorder->ending = ending;
	recorder->ended_ns = recorder_now();
	snprintf(recorder->why, sizeof(recorder->why), "%s", why);
}

/* ---- Signals ---- */

/*
 * A terminal gives ^C to the command too, who sends us a signal does not. Then we
 * wait for the command; asked again we do not.
 */
static void ask_to_end(struct recorder *recorder, const struct signalfd_siginfo *info)
{
	recorder->asked++;
	if (!is_command(recorder) || recorder->asked > 1) {
		end(recorder, ENDING_ASKED, "it was asked to end");
		return;
	}
	if (info->ssi_code != SI_KERNEL)
		kill(recorder->command.pid, (int)info->ssi_signo);
}

static void signals_take(struct recorder *recorder)
{
	struct signalfd_siginfo info;

	while (read(recorder->signals, &info, sizeof(info)) == sizeof(info)) {
		if (info.ssi_signo == SIGUSR1)
			recorder_snapshot(recorder, "SIGUSR1 asked for it");
		else if (info.ssi_signo != SIGCHLD)
			ask_to_end(recorder, &info);
	}
}

/* ---- Endings ---- */

/* It died of a signal that was not our doing. */
static void command_ended(struct recorder *recorder)
{
	char words[64], why[200];
	bool is_ours = recorder->asked || recorder->ending == ENDING_TIME;

	snprintf(why, sizeof(why), "%s %s", recorder->name,
		 command_words(&recorder->command, words, sizeof(words)));
	end(recorder,
	    command_signal(&recorder->command) && !is_ours ? ENDING_KILLED : ENDING_TARGET, why);
}

/* Of a process that is not our child the board says whether it took its leave. */
static void target_ended(struct recorder *recorder, struct target *target)
{
	char why[200];

	vigil_reader_refresh(target->reader);
	if (vigil_reader_status(target->reader) == VIGIL_STATUS_FINISHED) {
		snprintf(why, sizeof(why), "%s, pid %" PRIu32 ", has ended", recorder->name,
			 target->pid);
		end(recorder, ENDING_TARGET, why);
		return;
	}
	snprintf(why, sizeof(why), "%s, pid %" PRIu32 ", was killed, or left without vigil_fini",
		 recorder->name, target->pid);
	end(recorder, ENDING_KILLED, why);
}

static void targets_watch(struct recorder *recorder)
{
	if (is_command(recorder)) {
		if (command_look(&recorder->command))
			command_ended(recorder);
		return;
	}
	for (size_t i = 0; i < recorder->target_count && recorder->options->target; i++)
		if (target_has_ended(&recorder->targets[i]))
			target_ended(recorder, &recorder->targets[i]);
}

static void time_watch(struct recorder *recorder, uint64_t now)
{
	uint64_t limit = recorder->options->for_ns;

	if (!limit || recorder->ending || now - recorder->started_ns < limit)
		return;
	end(recorder, ENDING_TIME, "its time was over");
}

/* What LTTng says of itself costs a few messages, so not at every look. */
static void counts_watch(struct recorder *recorder, uint64_t now)
{
	struct vigil_problem problem = { "" };

	if (now - recorder->said_ns < COUNTS_NS)
		return;
	recorder->said_ns = now;
	if (session_counts(recorder->session, &recorder->counts, &problem)) {
		end(recorder, ENDING_DAEMON, "LTTng's session daemon is gone, or lost the session");
		return;
	}
	recorder->bytes = folder_bytes(recorder->folder);
	say_progress(recorder);
}

static void look(struct recorder *recorder)
{
	uint64_t now = recorder_now();
	char why[300];

	signals_take(recorder);
	targets_watch(recorder);
	time_watch(recorder, now);
	counts_watch(recorder, now);
	if (recorder->relay >= 0 && relay_is_gone(recorder->relay))
		end(recorder, ENDING_RELAY, "the relay is gone");
	if (disk_is_full(recorder))
		end(recorder, ENDING_DISK, "the disk is full");
	targets_scan(recorder);
	keyframes_take(recorder);
	statedumps_take(recorder);
	if (recorder->options->blocked_ns && !recorder->ending &&
	    trigger_look(recorder, why, sizeof(why)))
		recorder_snapshot(recorder, why);
}

static int look_interval_ms(const struct recorder *recorder)
{
	uint64_t ns = LOOK_NS, blocked = recorder->options->blocked_ns / TRIGGER_PART;

	if (disk_is_near_full(recorder))
		ns = LOOK_NEAR_NS;
	if (recorder->options->blocked_ns && blocked < ns)
		ns = blocked > TRIGGER_LEAST_NS ? blocked : TRIGGER_LEAST_NS;
	return (int)(ns / 1000000);
}

void recorder_run(struct recorder *recorder)
{
	struct pollfd fd = { .fd = recorder->signals, .events = POLLIN };

	while (!recorder->ending) {
		poll(&fd, 1, look_interval_ms(recorder));
		look(recorder);
	}
}

void recorder_snapshot(struct recorder *recorder, const char *why)
{
	struct vigil_problem problem = { "" };
	char folder[PATH_MAX];

	if (!recorder->options->is_snapshot) {
		say(recorder, "SIGUSR1 writes out a flight recorder, and this is none: see "
			      "`vigil record --help` on --snapshot");
		return;
	}
	if (snapshot_write(recorder->folder, &recorder->recording, why, folder, &problem)) {
		say(recorder, "%s", problem.text);
		return;
	}
	say(recorder, "%s: wrote %s%s", why, recorder->shown, strrchr(folder, '/'));
}
