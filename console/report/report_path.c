/* SPDX-License-Identifier: MIT */
/*
 * The critical path of one task: its run, its time runnable, and for each wait what
 * who ended it did meanwhile, and who that waited for, some levels deep.
 *
 * The last slices of all tasks are kept in a ring, so that a wait can be followed when
 * it ends. Steps are kept until there are too many; then the shortest become a count.
 *
 * A poll is one slice, and what its thread was blocked for another that lies in it: here
 * they become pieces that follow each other.
 */
#include <stdlib.h>
#include <string.h>

#include "console/report/report_private.h"

#define LOG_SIZE (1u << 19) /* slices, of all tasks */
#define DEPTH 5
#define CHILDREN 16 /* steps below one wait */
#define PARTS 4     /* of a poll, in which its thread was blocked */
#define PIECES (2 * PARTS + 1)
#define PART_SHARE 10 /* a shorter part of a poll is not told */

/* Of a poll that is not over. */
struct part {
	uint64_t begin_ns, end_ns;
	uint64_t task, holder;
	struct report_wait wait;
	uint32_t site;
	bool is_open;
};

struct parts {
	struct part list[PARTS]; /* the longest, in the order of time */
	size_t count;
};

struct log_entry {
	uint64_t begin_ns, end_ns;
	uint64_t task, id;
	uint64_t prev; /* of the same task, plus one */
	uint64_t waker;
	uint64_t worker;
	struct report_wait wait;
	uint32_t site, wake_site;
	int32_t fd;
	enum slice_kind kind;
	bool is_open;
	bool is_rest; /* of a poll, after it was blocked */
};

struct report_log {
	uint64_t count; /* ever put */
	struct parts parts[REPORT_WORKERS];
	struct log_entry list[LOG_SIZE];
};

/* Steps as they are found, the last first. */
struct steps {
	struct report_step list[CHILDREN];
	size_t count;
};

/* ---- The log ---- */

static const struct log_entry *entry_at(const struct report_log *log, uint64_t number)
{
	return number && log->count - (number - 1) <= LOG_SIZE ?
		       &log->list[(number - 1) % LOG_SIZE] :
		       NULL;
}

static void entry_fill(struct report_process *rp, struct log_entry *entry,
		       const struct slice *slice)
{
	const struct vigil_task_record *t = RECORD_OF(rp->inside->board, task, slice->task);

	entry->begin_ns = slice->begin_ns;
	entry->end_ns = slice->end_ns;
	entry->task = slice->task;
	entry->worker = slice->worker;
	entry->fd = slice->fd;
	entry->kind = slice->kind;
	entry->id = t ? t->id : 0;
	entry->site = t ? t->site : 0;
}

static const struct log_entry *log_put(struct report_process *rp, const struct log_entry *entry)
{
	struct report_log *log = rp->path.log;
	struct log_entry *place = &log->list[log->count % LOG_SIZE];
	struct task_sum *sum = task_sum_of(rp, entry->task);

	*place = *entry;
	place->prev = sum ? sum->log_last : 0;
	log->count++;
	if (sum)
		sum->log_last = log->count;
	return place;
}

/* ---- Polls that were blocked ---- */

static bool path_open(struct report_process *rp);

static void part_drop(struct parts *parts, size_t at)
{
	memmove(&parts->list[at], &parts->list[at + 1],
		(parts->count - at - 1) * sizeof(*parts->list));
	parts->count--;
}

void path_blocked(struct report_process *rp, const struct slice *slice, bool is_open)
{
	uint32_t row = row_worker(rp, slice->worker);
	struct part part = { .begin_ns = slice->begin_ns,
			     .end_ns = slice->end_ns,
			     .task = slice->task,
			     .site = slice->site,
			     .is_open = is_open };
	struct parts *parts;
	size_t shortest = 0;

	if (!slice->task || row == REPORT_NONE || !path_open(rp))
		return;
	wait_blocked_like(rp, slice, &part.wait);
	if (wait_is_for_lock(part.wait.kind))
		part.holder = wait_holder(rp, slice->other);
	parts = &rp->path.log->parts[row];
	for (size_t i = 1; i < parts->count; i++)
		if (parts->list[i].end_ns - parts->list[i].begin_ns <
		    parts->list[shortest].end_ns - parts->list[shortest].begin_ns)
			shortest = i;
	if (parts->count == PARTS)
		part_drop(parts, shortest);
	parts->list[parts->count++] = part;
}

static struct log_entry piece_of(const struct log_entry *run, uint64_t begin_ns, uint64_t end_ns)
{
	struct log_entry piece = *run;

	piece.begin_ns = begin_ns;
	piece.end_ns = end_ns;
	piece.is_rest = begin_ns > run->begin_ns;
	piece.is_open = run->is_open && end_ns == run->end_ns;
	return piece;
}

/* A poll as it ran and was blocked by turns. Returns how many pieces there are, one at least. */
static size_t pieces_of(struct report_process *rp, const struct log_entry *run,
			struct log_entry ret_pieces[PIECES])
{
	uint32_t row = row_worker(rp, run->worker);
	const struct parts *parts = row == REPORT_NONE ? NULL : &rp->path.log->parts[row];
	uint64_t at = run->begin_ns;
	size_t count = 0;

	for (size_t i = 0; parts && i < parts->count; i++) {
		const struct part *part = &parts->list[i];

		if (part->task != run->task || part->begin_ns < at || part->end_ns > run->end_ns ||
		    part->end_ns - part->begin_ns < (run->end_ns - run->begin_ns) / PART_SHARE)
			continue;
		ret_pieces[count] = piece_of(run, at, part->begin_ns);
		ret_pieces[count].is_open = false;
		count++;
		ret_pieces[count] = piece_of(run, part->begin_ns, part->end_ns);
		ret_pieces[count].kind = SLICE_BLOCKED;
		ret_pieces[count].wait = part->wait;
		ret_pieces[count].waker = part->holder;
		ret_pieces[count].wake_site = part->site;
		ret_pieces[count].is_open = part->is_open;
		count++;
		at = part->end_ns;
	}
	if (at < run->end_ns || !count)
		ret_pieces[count++] = piece_of(run, at, run->end_ns);
	return count;
}

/* The poll is over: what was blocked in it is told. */
static void parts_forget(struct report_process *rp, const struct slice *slice)
{
	const struct vigil_worker_record *w = RECORD_OF(rp->inside->board, worker, slice->worker);
	uint32_t row = row_worker(rp, slice->worker);
	struct parts *parts = row == REPORT_NONE ? NULL : &rp->path.log->parts[row];

	for (size_t i = parts ? parts->count : 0; i; i--)
		if (parts->list[i - 1].task == slice->task || !w || w->depth <= 1)
			part_drop(parts, i - 1);
}

static bool is_waiting(const struct log_entry *entry)
{
	return entry->kind == SLICE_WAIT || entry->kind == SLICE_BLOCKED;
}

/* ---- Steps ---- */

static void waker_of(struct report_process *rp, uint64_t waker, struct report_who *ret_who)
{
	uint32_t row = row_worker(rp, waker);

	*ret_who = (struct report_who){ 0 };
	if (vigil_ref_table(waker) == VIGIL_TABLE_task && waker)
		who_of(rp, waker, ret_who);
	else if (row != REPORT_NONE)
		snprintf(ret_who->name, sizeof(ret_who->name), "%s", rp->workers[row].name);
}

static struct report_step step_of(struct report_process *rp, const struct log_entry *entry,
				  int depth)
{
	struct report_step step = { .depth = depth,
				    .kind = entry->kind,
				    .steps = 1,
				    .begin_ns = entry->begin_ns,
				    .end_ns = entry->end_ns,
				    .worker = row_worker(rp, entry->worker),
				    .wait = entry->wait,
				    .fd = entry->fd,
				    .wake_site = entry->wake_site,
				    .is_open = entry->is_open };

	who_of(rp, entry->task, &step.who);
	if (!step.who.id) {
		step.who.id = entry->id;
		step.who.site = entry->site;
	}
	if (entry->kind != SLICE_RUN)
		waker_of(rp, entry->waker, &step.waker);
	return step;
}

static void steps_put(struct steps *steps, struct report_step step, uint64_t from_ns,
		      uint64_t to_ns)
{
	if (step.begin_ns < from_ns)
		step.begin_ns = from_ns;
	if (step.end_ns > to_ns)
		step.end_ns = to_ns;
	if (step.begin_ns < step.end_ns && steps->count < CHILDREN)
		steps->list[steps->count++] = step;
}

/* The poll that runs now is not in the log. */
static void running_put(struct report_process *rp, struct steps *steps, uint64_t task, int depth,
			uint64_t from_ns, uint64_t to_ns)
{
	const struct vigil_task_record *t = RECORD_OF(rp->inside->board, task, task);
	struct log_entry entry = { .kind = SLICE_RUN, .task = task, .end_ns = to_ns, .fd = -1 };
	struct log_entry pieces[PIECES];

	if (!t || t->life != VIGIL_LIFE_LIVE || !t->depth)
		return;
	entry.begin_ns = t->poll_begin_ns;
	entry.worker = t->worker;
	entry.id = t->id;
	entry.site = t->site;
	if (entry.begin_ns > to_ns)
		return;
	for (size_t i = pieces_of(rp, &entry, pieces); i; i--)
		steps_put(steps, step_of(rp, &pieces[i - 1], depth), from_ns, to_ns);
}

static uint64_t log_last_of(const struct report_process *rp, uint64_t task)
{
	uint32_t index = vigil_ref_index(task);

	return index < rp->inside->task_room ? rp->inside->tasks[index].log_last : 0;
}

/* What a task did in a while, and of what it waited for then, backwards. */
static void steps_find(struct report_process *rp, struct steps *steps, uint64_t task, int depth,
		       uint64_t from_ns, uint64_t to_ns)
{
	const struct report_log *log = rp->path.log;
	uint64_t number = log_last_of(rp, task);
	const struct log_entry *entry = entry_at(log, number);

	/* At the end of the trace it may be told already. */
	if (!entry || entry->task != task || !entry->is_open)
		running_put(rp, steps, task, depth, from_ns, to_ns);
	for (; entry && entry->task == task && entry->end_ns > from_ns && steps->count < CHILDREN;
	     entry = entry_at(log, number)) {
		uint64_t begin_ns = entry->begin_ns > from_ns ? entry->begin_ns : from_ns;
		uint64_t end_ns = entry->end_ns < to_ns ? entry->end_ns : to_ns;

		if (is_waiting(entry) && depth < DEPTH && begin_ns < end_ns &&
		    entry->waker != task && entry->waker != rp->path.ref &&
		    vigil_ref_table(entry->waker) == VIGIL_TABLE_task)
			steps_find(rp, steps, entry->waker, depth + 1, begin_ns, end_ns);
		steps_put(steps, step_of(rp, entry, depth), from_ns, to_ns);
		number = entry->prev;
	}
	rp->path.is_cut |= number && !entry;
}

/* ---- What is kept of it ---- */

static void step_fold(struct report_step *into, const struct report_step *step)
{
	if (!into->steps)
		*into = (struct report_step){ .begin_ns = step->begin_ns,
					      .kind = SLICE_KINDS,
					      .who = step->who };
	into->steps += step->steps;
	into->end_ns = step->end_ns;
}

/*
 * Steps of the task's own shorter than short_ns become one of many, and so do
 * neighbours of that; what others did meanwhile goes with them.
 */
static size_t steps_fold(struct report_step *steps, size_t count, uint64_t short_ns)
{
	size_t used = 0;
	bool is_dropped = false;

	for (size_t i = 0; i < count; i++) {
		struct report_step step = steps[i];
		bool has_fold = used && steps[used - 1].kind == SLICE_KINDS;

		if (!step.depth)
			is_dropped =
				step.kind == SLICE_KINDS || step.end_ns - step.begin_ns < short_ns;
		if (!is_dropped) {
			steps[used++] = step;
			continue;
		}
		if (step.depth)
			continue;
		if (!has_fold)
			steps[used++] = (struct report_step){ 0 };
		step_fold(&steps[used - 1], &step);
	}
	return used;
}

/* Makes room: as short ones as are needed for a quarter of it become a count. */
static void steps_shorten(struct report_path *path)
{
	do {
		path->count = steps_fold(path->steps, path->count, path->short_ns);
		if (path->count > REPORT_STEPS / 4 * 3)
			path->short_ns = path->short_ns ? 2 * path->short_ns : 1000;
	} while (path->count > REPORT_STEPS / 4 * 3 && path->short_ns < UINT64_MAX / 4);
}

static void step_keep(struct report_path *path, const struct report_step *step)
{
	if (path->count == REPORT_STEPS)
		steps_shorten(path);
	if (path->count < REPORT_STEPS)
		path->steps[path->count++] = *step;
}

/* Where who woke it stood; of one that was blocked, where the lock had been taken. */
static uint32_t ender_of(const struct report_step *step)
{
	return step->kind == SLICE_BLOCKED ? step->wait.ender : step->wake_site;
}

static bool is_cause(const struct report_cause *cause, const struct report_step *step)
{
	return cause->wait.kind == step->wait.kind && cause->wait.object == step->wait.object &&
	       cause->wait.is_blocked == step->wait.is_blocked &&
	       cause->wait.number == step->wait.number && cause->wait.ender == ender_of(step) &&
	       cause->waker.site == step->waker.site;
}

/* The last one is for all that find no other. */
static struct report_cause *cause_of(struct report_path *path, const struct report_step *step)
{
	uint32_t i = 0;

	while (i < path->cause_count && !is_cause(&path->causes[i], step))
		i++;
	if (i == REPORT_CAUSES)
		return &path->causes[REPORT_CAUSES - 1];
	if (i == path->cause_count) {
		path->cause_count++;
		path->causes[i].wait = step->wait;
		path->causes[i].wait.ender = ender_of(step);
	}
	return &path->causes[i];
}

static void cause_add(struct report_path *path, const struct report_step *step,
		      const struct steps *below)
{
	struct report_cause *cause = cause_of(path, step);

	cause->waker = step->waker;
	sum_add(&cause->wait.sum, step->end_ns - step->begin_ns);
	for (size_t i = 0; i < below->count; i++) {
		const struct report_step *it = &below->list[i];
		uint64_t ns = it->depth == 1 ? it->end_ns - it->begin_ns : 0;

		if (it->kind == SLICE_RUN)
			cause->run_ns += ns;
		else if (it->kind == SLICE_RUNNABLE)
			cause->runnable_ns += ns;
		else
			cause->wait_ns += ns;
	}
}

/* A slice of the task itself. */
static void own_take(struct report_process *rp, const struct log_entry *entry)
{
	struct report_path *path = &rp->path;
	struct report_step step = step_of(rp, entry, 0);
	uint64_t ns = entry->end_ns - entry->begin_ns;
	struct steps below = { .count = 0 };
	struct report_sum *sum = entry->kind == SLICE_RUN      ? &path->run :
				 entry->kind == SLICE_RUNNABLE ? &path->runnable :
				 entry->kind == SLICE_BLOCKED  ? &path->blocked :
								 &path->wait;

	sum_add(sum, ns);
	/* A poll counts once, in however many pieces. */
	sum->count -= entry->is_rest && entry->kind == SLICE_RUN;
	if (is_waiting(entry) && entry->waker && entry->waker != path->ref &&
	    vigil_ref_table(entry->waker) == VIGIL_TABLE_task)
		steps_find(rp, &below, entry->waker, 1, entry->begin_ns, entry->end_ns);
	if (is_waiting(entry))
		cause_add(path, &step, &below);
	if (ns)
		step_keep(path, &step);
	for (size_t i = below.count; i && ns >= path->short_ns; i--)
		step_keep(path, &below.list[i - 1]);
}

/* ---- Whose it is ---- */

static bool path_open(struct report_process *rp)
{
	struct report_path *path = &rp->path;

	if (!path->log) {
		path->log = malloc(sizeof(*path->log));
		path->steps = calloc(REPORT_STEPS, sizeof(*path->steps));
		path->causes = calloc(REPORT_CAUSES, sizeof(*path->causes));
		if (path->log) {
			path->log->count = 0;
			memset(path->log->parts, 0, sizeof(path->log->parts));
		}
	}
	if (path->log && path->steps && path->causes)
		return true;
	rp->has_no_memory = true;
	return false;
}

void path_slice(struct report_process *rp, const struct slice *slice, uint64_t waker,
		uint32_t wake_site, bool is_open)
{
	struct log_entry entry = { .is_open = is_open }, pieces[PIECES];
	size_t count = 1;

	if (!path_open(rp))
		return;
	entry_fill(rp, &entry, slice);
	entry.waker = slice->kind == SLICE_RUNNABLE ? slice->other : waker;
	entry.wake_site = slice->kind == SLICE_RUNNABLE ? slice->site : wake_site;
	if (slice->kind == SLICE_WAIT)
		wait_like(rp, slice, wake_site, &entry.wait);
	pieces[0] = entry;
	if (slice->kind == SLICE_RUN) {
		count = pieces_of(rp, &entry, pieces);
		parts_forget(rp, slice);
	}
	for (size_t i = 0; i < count; i++) {
		const struct log_entry *placed = log_put(rp, &pieces[i]);

		if (rp->path.is_found && slice->task == rp->path.ref)
			own_take(rp, placed);
	}
}

void path_settle(struct report_process *rp, uint64_t ref)
{
	const struct vigil_task_record *t = RECORD_OF(rp->inside->board, task, ref);
	struct report_path *path = &rp->path;

	if (!t || t->id != rp->options->task)
		return;
	path->is_found = true;
	path->ref = ref;
	who_of_record(rp, t, &path->task.who);
	path->task.born_ns = t->created_ns;
	path->task.outcome = t->life == VIGIL_LIFE_ENDED ? t->outcome : VIGIL_OUTCOME_NONE;
}

void path_fini(struct report_path *path)
{
	free(path->log);
	free(path->steps);
	free(path->causes);
}
