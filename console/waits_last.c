/* SPDX-License-Identifier: MIT */
/*
 * What is to say beside chains: which polls a death cut short, and that nothing
 * is stuck.
 *
 * The law: that a task was running when the process died is what the board knows;
 * that it was the cause is not.
 */
#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "console/format.h"
#include "console/source.h"
#include "console/waits_walk.h"

/* ", but for 2 that await a task which ..., and 1 job that runs in a blocking pool": or nothing. */
static void quiet_words(const struct quiet *quiet, char *buf, size_t size)
{
	char awaits[160] = "", jobs[80] = "";

	if (quiet->awaits)
		snprintf(awaits, sizeof(awaits),
			 "%" PRIu64
			 " that await%s a task which itself waits for input, for a timer "
			 "or to be woken",
			 quiet->awaits, quiet->awaits == 1 ? "s" : "");
	if (quiet->jobs)
		snprintf(jobs, sizeof(jobs), "%" PRIu64 " job%s that run%s in a blocking pool",
			 quiet->jobs, quiet->jobs == 1 ? "" : "s", quiet->jobs == 1 ? "s" : "");
	buf[0] = '\0';
	if (awaits[0] || jobs[0])
		snprintf(buf, size, ", but for %s%s%s", awaits,
			 awaits[0] && jobs[0] ? ", and " : "", jobs);
}

void waits_nothing(const struct model *model, uint64_t limit_ns, char *buf, size_t size)
{
	struct quiet quiet;
	char time[FORMAT_SIZE], but[256];

	format_duration(time, sizeof(time), limit_ns, 0);
	if (!source_is_whole(model->source)) {
		snprintf(buf, size,
			 "Whether anything is stuck cannot be said: of the %" PRIu64
			 " live task%s seen none is, but the process began before this session, or "
			 "events of it were lost; and a task that waits makes no events. `vigil "
			 "record` keeps what was there before.",
			 model->totals.live, model->totals.live == 1 ? "" : "s");
		return;
	}
	if (!model->totals.live) {
		snprintf(buf, size, "Nothing is stuck: there are no live tasks.");
		return;
	}
	waits_quiet(model, limit_ns, &quiet);
	quiet_words(&quiet, but, sizeof(but));
	snprintf(buf, size,
		 "Nothing is stuck: no live task (of %" PRIu64
		 ") has been running, ready to run, or waiting for a lock, a job, a task or an "
		 "overdue timer for over %s%s.",
		 model->totals.live, time, but);
}

static void poll_put(struct last_poll *polls, size_t count, const struct last_poll *poll)
{
	size_t at = count;

	while (at > 0 && polls[at - 1].for_ns < poll->for_ns) {
		polls[at] = polls[at - 1];
		at--;
	}
	polls[at] = *poll;
}

size_t waits_last_polls(const struct model *model, struct last_poll polls[LAST_POLLS])
{
	uint32_t tasks = vigil_reader_count(model->reader, VIGIL_TABLE_task);
	size_t count = 0;

	if (model->status != VIGIL_STATUS_DEAD)
		return 0;
	for (uint32_t i = 0; i < tasks && count < LAST_POLLS; i++) {
		const struct vigil_task_record *task = VIGIL_AT(model->reader, task, i);
		struct last_poll poll = { .worker = task->worker };

		/* A task may end itself in its poll: then that poll still runs. */
		if (task->life == VIGIL_LIFE_FREE || !task->depth)
			continue;
		poll.task = vigil_reader_ref(model->reader, VIGIL_TABLE_task, i);
		if (model->now > task->poll_begin_ns)
			poll.for_ns = model->now - task->poll_begin_ns;
		poll_put(polls, count++, &poll);
	}
	return count;
}

const char *waits_last_poll(const struct model *model, const struct last_poll *poll, char *buf,
			    size_t size)
{
	const struct vigil_task_record *task = VIGIL_FIND(model->reader, task, poll->task);
	const struct vigil_worker_record *worker = VIGIL_FIND(model->reader, worker, poll->worker);
	char name[NAME_TEXT], place[NAME_TEXT], on[NAME_TEXT] = "", time[FORMAT_SIZE];
	char begin[FORMAT_SIZE + 60];

	name_object(model, poll->task, name, sizeof(name));
	name_place_long(model, task ? task->site : 0, place, sizeof(place));
	if (worker)
		name_worker(model, worker, on, sizeof(on));
	format_duration(time, sizeof(time), poll->for_ns, 0);
	if (poll->for_ns)
		snprintf(begin, sizeof(begin), "its poll had begun at least %s before", time);
	else
		snprintf(begin, sizeof(begin), "the begin of its poll was the last thing recorded");
	snprintf(buf, size, "%s, spawned at %s, was running%s%s when the process died; %s.", name,
		 place, on[0] ? " on " : "", on, begin);
	return buf;
}
