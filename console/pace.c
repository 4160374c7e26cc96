/* SPDX-License-Identifier: MIT */
/* What workers had done a second ago. Its law is in pace.h. */
#include "console/pace.h"

#include <stdlib.h>
#include <string.h>

#include "libtrace/board.h"

void pace_fini(struct pace *pace)
{
	for (uint32_t i = 0; i < pace->count; i++)
		for (int k = 0; k < PACE_MARKS; k++)
			free(pace->list[i].marks[k].workers);
	free(pace->list);
}

void pace_clear(struct pace *pace)
{
	for (uint32_t i = 0; i < pace->count; i++)
		pace->list[i].made = 0;
	pace->due_unix_ns = pace->last_unix_ns = 0;
}

/* ---- Marks ---- */

static struct pace_one *one_of(struct pace *pace, uint32_t process)
{
	struct pace_one *list = pace->list;

	if (process < pace->count)
		return &list[process];
	list = realloc(list, (process + 1) * sizeof(*list));
	if (!list)
		return NULL;
	memset(list + pace->count, 0, (process + 1 - pace->count) * sizeof(*list));
	pace->list = list;
	pace->count = process + 1;
	return &list[process];
}

static bool make_room(struct pace_mark *mark, uint32_t count)
{
	struct past_worker *workers;

	if (count <= mark->room)
		return true;
	workers = realloc(mark->workers, count * sizeof(*workers));
	if (!workers)
		return false;
	mark->workers = workers;
	mark->room = count;
	return true;
}

/* Without memory there is no mark: what is said then is of another second. */
static void mark_make(struct pace_one *one, const struct board *board, uint64_t unix_ns,
		      uint64_t quiet_unix_ns)
{
	struct pace_mark *mark = &one->marks[one->made % PACE_MARKS];
	uint32_t count = board->tables[VIGIL_TABLE_worker].used;

	if (!make_room(mark, count))
		return;
	for (uint32_t i = 0; i < count; i++) {
		const struct vigil_worker_record *worker = RECORD_AT(board, worker, i);

		mark->workers[i] = (struct past_worker){
			.created_ns = worker->created_ns,
			.polls = worker->polls,
			.wakes = worker->wakes,
			.spawns = worker->spawns,
			.busy_ns = worker->busy_ns,
			.poll_begin_ns = worker->poll_begin_ns,
		};
	}
	mark->count = count;
	mark->unix_ns = unix_ns;
	mark->quiet_unix_ns = quiet_unix_ns;
	one->made++;
}

void pace_pass(struct pace *pace, const struct trace *trace, const struct trace_event *event)
{
	uint64_t quiet = pace->last_unix_ns ? pace->last_unix_ns : event->unix_ns;

	pace->last_unix_ns = event->unix_ns;
	if (event->unix_ns < pace->due_unix_ns)
		return;
	pace->due_unix_ns = event->unix_ns + PACE_EVERY_NS;
	for (uint32_t i = 0; i < trace_process_count(trace); i++) {
		const struct trace_process *process = trace_process(trace, i);
		struct pace_one *one = process->board ? one_of(pace, i) : NULL;

		if (one)
			mark_make(one, process->board, event->unix_ns, quiet);
	}
}

/* ---- What it had done ---- */

/* The mark next to a moment, after it if there is one; NULL: there are none. */
static const struct pace_mark *mark_near(const struct pace_one *one, uint64_t unix_ns)
{
	uint64_t first = one->made > PACE_MARKS ? one->made - PACE_MARKS : 0;
	const struct pace_mark *mark = NULL;

	for (uint64_t i = first; i < one->made; i++) {
		mark = &one->marks[i % PACE_MARKS];
		if (mark->unix_ns >= unix_ns)
			break;
	}
	return mark;
}

static void past_of(const struct pace_mark *mark, const struct trace_process *process,
		    uint64_t unix_ns, struct past *ret_past)
{
	uint64_t at = mark->quiet_unix_ns <= unix_ns && unix_ns <= mark->unix_ns ? unix_ns :
										   mark->unix_ns;

	ret_past->ns = trace_process_ns(process, at);
	ret_past->workers = mark->workers;
	ret_past->count = mark->count;
}

void pace_past(const struct pace *pace, const struct trace_process *process, uint64_t unix_ns,
	       struct past *ret_past)
{
	uint64_t then = unix_ns > PACE_NS ? unix_ns - PACE_NS : 0;
	const struct pace_mark *mark = NULL;
	uint64_t now;

	*ret_past = (struct past){ .is_known = false };
	if (!process)
		return;
	now = trace_process_ns(process, unix_ns);
	if (process->index < pace->count)
		mark = mark_near(&pace->list[process->index], then);
	if (process->board->process->created_ns > trace_process_ns(process, then)) {
		/* It is younger: it had done nothing. */
		ret_past->ns = process->board->process->created_ns;
	} else if (pace->last_unix_ns && pace->last_unix_ns <= then) {
		ret_past->is_still = true;
		ret_past->ns = trace_process_ns(process, then);
	} else if (mark) {
		past_of(mark, process, then, ret_past);
	} else {
		return;
	}
	ret_past->is_known = now >= ret_past->ns + PACE_LEAST_NS;
}
