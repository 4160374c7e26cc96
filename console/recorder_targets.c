/* SPDX-License-Identifier: MIT */
/* Whom a recording is of: the processes that live, and those that come. */
#include <errno.h>
#include <inttypes.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "console/boards.h"
#include "console/recorder.h"
#include "console/trace/keyframe.h"

#define SCAN_NS 100000000u

static void target_close(struct target *target)
{
	vigil_reader_close(target->reader);
	if (target->pidfd >= 0)
		close(target->pidfd);
	free(target->since);
}

/* Takes over the reader. */
static bool target_add(struct recorder *recorder, struct vigil_reader *reader)
{
	const struct vigil_process_record *process = VIGIL_AT(reader, process, 0);
	size_t count = recorder->target_count + 1;
	struct target *all = realloc(recorder->targets, count * sizeof(*all));
	struct target *target;

	if (!all) {
		vigil_reader_close(reader);
		return false;
	}
	recorder->targets = all;
	recorder->target_count = count;
	target = &all[count - 1];
	*target = (struct target){
		.reader = reader,
		.pid = vigil_reader_pid(reader),
		.vpid = process->pid,
		.start_ticks = process->start_ticks,
		.pidfd = -1,
	};
	target->pidfd = (int)syscall(SYS_pidfd_open, (pid_t)target->pid, 0);
	recorder->had_board = true;
	return true;
}

void targets_fini(struct recorder *recorder)
{
	for (size_t i = 0; i < recorder->target_count; i++)
		target_close(&recorder->targets[i]);
	free(recorder->targets);
	free(recorder->others);
}

/* ---- The one that was named ---- */

const char *probes_find(char *buf, size_t size)
{
	static const char *const places[] = { "libvigil-lttng.so", "../lib/libvigil-lttng.so.0" };
	ssize_t length = readlink("/proc/self/exe", buf, size - 64);
	char *slash;

	if (length <= 0)
		return NULL;
	buf[length] = '\0';
	slash = strrchr(buf, '/');
	for (size_t i = 0; i < sizeof(places) / sizeof(places[0]); i++) {
		snprintf(slash + 1, 32, "%s", places[i]);
		if (!access(buf, R_OK))
			return buf;
	}
	return NULL;
}

static int no_probes(uint32_t pid, const char *name)
{
	char buf[4096];
	const char *path = probes_find(buf, sizeof(buf));

	return refuse("cannot record %s, pid %" PRIu32
		      ": libvigil-lttng.so is not loaded in it, because it was not found when the "
		      "program started or VIGIL_LTTNG=0 said so; start it anew after `make "
		      "install`, or with VIGIL_LTTNG=%s",
		      name, pid, path ? path : "/path/to/libvigil-lttng.so");
}

static int target_check(const struct vigil_reader *reader)
{
	const char *name = VIGIL_AT(reader, process, 0)->name;
	uint32_t pid = vigil_reader_pid(reader);

	switch (vigil_reader_status(reader)) {
	case VIGIL_STATUS_ALIVE:
		return keyframe_has_probes(pid) ? EXIT_DONE : no_probes(pid, name);
	case VIGIL_STATUS_STOPPED:
		return refuse("cannot record %s, pid %" PRIu32
			      ": it is stopped and does not answer LTTng; `kill -CONT %" PRIu32
			      "` lets it go on",
			      name, pid, pid);
	default:
		return refuse("cannot record %s: its process, pid %" PRIu32
			      ", is gone; `vigil ps` lists those that live",
			      vigil_reader_path(reader), pid);
	}
}

static int target_open(struct recorder *recorder)
{
	const char *words = recorder->options->target;
	struct vigil_problem problem = { "" };
	struct vigil_reader *reader;
	int r = *words ? vigil_reader_open(words, &reader, &problem) : -EINVAL;

	if (!*words)
		return refuse("\"\" is no target: give a pid, the name of a process or a board's "
			      "file; `vigil ps` lists what there is");
	if (r == -ENOTUNIQ)
		candidates_tell(words, "record", NULL, &problem);
	if (r == -EBADMSG && !access(words, X_OK))
		return refuse("%s is no board but a program: `vigil record -- %s` starts it and "
			      "records it",
			      words, words);
	if (r)
		return refuse("%s", problem.text);
	if (target_check(reader)) {
		vigil_reader_close(reader);
		return EXIT_CANNOT;
	}
	snprintf(recorder->name, sizeof(recorder->name), "%s", VIGIL_AT(reader, process, 0)->name);
	recorder->recording.pid = vigil_reader_pid(reader);
	return target_add(recorder, reader) ? EXIT_DONE : refuse("out of memory");
}

/* ---- All that live ---- */

static bool is_known(const struct recorder *recorder, const struct vigil_found *found)
{
	for (size_t i = 0; i < recorder->target_count; i++)
		if (!strcmp(vigil_reader_path(recorder->targets[i].reader), found->path))
			return true;
	return false;
}

/* Those that cannot be recorded are passed over: who asks for all has asked for none of them. */
static void all_add(struct recorder *recorder, uint64_t since_unix_ns)
{
	struct vigil_found *list = NULL;
	int count = vigil_find(NULL, &list);

	for (int i = 0; i < count; i++) {
		struct vigil_problem problem = { "" };
		struct vigil_reader *reader;

		if (!list[i].is_readable || list[i].status != VIGIL_STATUS_ALIVE ||
		    list[i].created_unix_ns < since_unix_ns || is_known(recorder, &list[i]) ||
		    !keyframe_has_probes(list[i].pid) ||
		    vigil_reader_open_file(list[i].path, list[i].pid, &reader, &problem))
			continue;
		target_add(recorder, reader);
	}
	free(list);
}

/* ---- For a command: all that live are others ---- */

static int others_find(struct recorder *recorder)
{
	all_add(recorder, 0);
	recorder->others = targets_vpids(recorder, &recorder->other_count);
	for (size_t i = 0; i < recorder->target_count; i++)
		target_close(&recorder->targets[i]);
	recorder->target_count = 0;
	recorder->had_board = false;
	return recorder->others ? EXIT_DONE : refuse("out of memory");
}

static bool is_other(const struct recorder *recorder, uint32_t vpid)
{
	for (size_t i = 0; i < recorder->other_count; i++)
		if (recorder->others[i] == vpid)
			return true;
	return false;
}

static int others_add(struct recorder *recorder, const uint32_t *vpids, size_t count)
{
	uint32_t *all = realloc(recorder->others,
				(recorder->other_count + count + 1) * sizeof(*recorder->others));

	if (!all)
		return refuse("out of memory");
	recorder->others = all;
	for (size_t i = 0; i < count; i++)
		if (!is_other(recorder, vpids[i]))
			all[recorder->other_count++] = vpids[i];
	return EXIT_DONE;
}

int targets_exclude(struct recorder *recorder)
{
	struct vigil_problem problem = { "" };
	uint32_t *vpids;
	size_t count;
	int status;

	if (session_registered(&vpids, &count, &problem))
		return refuse("%s", problem.text);
	status = others_add(recorder, vpids, count);
	free(vpids);
	if (recorder->other_count > SESSION_NOT_MAX)
		say(recorder,
		    "%zu instrumented processes ran before, and LTTng can keep %d out: events of "
		    "the others are recorded too",
		    recorder->other_count, SESSION_NOT_MAX);
	return status;
}

static void command_name(struct recorder *recorder)
{
	const char *path = recorder->options->command[0];
	const char *slash = strrchr(path, '/');
	size_t at = 0;

	snprintf(recorder->name, sizeof(recorder->name), "%.31s", slash ? slash + 1 : path);
	for (char *const *word = recorder->options->command;
	     *word && at < sizeof(recorder->recording.command); word++)
		at += (size_t)snprintf(recorder->recording.command + at,
				       sizeof(recorder->recording.command) - at, "%s%s",
				       at ? " " : "", *word);
}

int targets_find(struct recorder *recorder)
{
	if (is_command(recorder)) {
		if (recorder->options->target)
			return refuse("record takes a TARGET or a command after --, not both");
		if (!recorder->options->command[0])
			return refuse("after -- stands a program and its arguments, as in `vigil "
				      "record -- ./server`");
		command_name(recorder);
		return others_find(recorder);
	}
	if (recorder->options->target)
		return target_open(recorder);
	snprintf(recorder->name, sizeof(recorder->name), "all");
	all_add(recorder, 0);
	return EXIT_DONE;
}

uint32_t *targets_vpids(const struct recorder *recorder, size_t *ret_count)
{
	uint32_t *pids = calloc(recorder->target_count + 1, sizeof(*pids));

	for (size_t i = 0; pids && i < recorder->target_count; i++)
		pids[i] = recorder->targets[i].vpid;
	*ret_count = recorder->target_count;
	return pids;
}

int targets_copy(struct recorder *recorder)
{
	struct vigil_problem problem = { "" };

	for (size_t i = 0; i < recorder->target_count; i++)
		if (keyframe_save(recorder->targets[i].reader, recorder->folder,
				  &recorder->recording, &problem))
			return refuse("%s", problem.text);
	return EXIT_DONE;
}

bool target_has_ended(const struct target *target)
{
	struct pollfd fd = { .fd = target->pidfd, .events = POLLIN };

	return fd.fd >= 0 && poll(&fd, 1, 0) > 0;
}

void targets_scan(struct recorder *recorder)
{
	uint64_t now = recorder_now();

	if ((!recorder->options->is_snapshot && !recorder->options->live) ||
	    recorder->options->target || now - recorder->scanned_ns < SCAN_NS)
		return;
	recorder->scanned_ns = now;
	all_add(recorder, recorder->recording.started_unix_ns);
}
