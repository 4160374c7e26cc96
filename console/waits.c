/* SPDX-License-Identifier: MIT */
/*
 * Wait chains: the walk, and what a task that runs or could run waits for.
 * waits_idle.c has idle tasks, waits_owner.c locks, workers and executors.
 *
 * The law stands in waits.h. Records are copied one after the other, so a chain
 * of short waits may join moments that never were; long ones are true.
 */
#include <inttypes.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "console/format.h"
#include "console/waits_walk.h"

/* ---- Words ---- */

const char *words_object(struct words *words, const struct model *model, uint64_t ref)
{
	name_object(model, ref, words->text, sizeof(words->text));
	return words->text;
}

const char *words_place(struct words *words, const struct model *model, uint32_t site)
{
	name_place_long(model, site, words->text, sizeof(words->text));
	return site && words->text[0] != '-' ? words->text : "a place that was not recorded";
}

const char *words_time(struct words *words, uint64_t ns)
{
	return format_duration(words->text, sizeof(words->text), ns, 0);
}

const char *words_waits_at(struct words *words, const struct walk *walk,
			   const struct vigil_task_record *task)
{
	uint32_t site = wait_sites_of(walk->wait_sites, walk->model, task);
	char place[NAME_TEXT / 2];

	words->text[0] = '\0';
	if (!site)
		return words->text;
	name_place_long(walk->model, site, place, sizeof(place));
	snprintf(words->text, sizeof(words->text), ", at %s", place);
	return words->text;
}

uint32_t site_to_show(const struct walk *walk, const struct vigil_task_record *task)
{
	uint32_t site = wait_sites_of(walk->wait_sites, walk->model, task);

	return site ? site : task->site;
}

bool waits_is_gone(const struct model *model)
{
	return !status_is_there(model->status);
}

const char *waits_time(const struct model *model, uint64_t ns, char *buf, size_t size)
{
	char time[FORMAT_SIZE];

	format_duration(time, sizeof(time), ns, 0);
	if (waits_is_gone(model) && !ns)
		snprintf(buf, size, "since the last thing it recorded");
	else
		snprintf(buf, size, "%s%s", waits_is_gone(model) ? "at least " : "", time);
	return buf;
}

const char *words_lasting(struct words *words, struct walk *walk, uint64_t ns, bool has_for)
{
	bool is_gone = waits_is_gone(walk->model);
	char time[NAME_TEXT / 2];

	waits_time(walk->model, ns, time, sizeof(time));
	snprintf(words->text, sizeof(words->text), "%s%s%s",
		 has_for && (ns || !is_gone) ? "for " : "", time,
		 is_gone && ns && !walk->has_told_end ? " (it recorded nothing after that)" : "");
	walk->has_told_end |= ns > 0;
	return words->text;
}

const char *words_ago(struct words *words, const struct walk *walk, uint64_t ns)
{
	char time[FORMAT_SIZE];

	format_duration(time, sizeof(time), ns, 0);
	if (!waits_is_gone(walk->model))
		snprintf(words->text, sizeof(words->text), "%s ago", time);
	else if (ns)
		snprintf(words->text, sizeof(words->text), "at least %s before its end", time);
	else
		snprintf(words->text, sizeof(words->text), "at the last moment it recorded");
	return words->text;
}

const char *words_thread(struct words *words, const struct model *model,
			 const struct vigil_worker_record *worker)
{
	char name[NAME_TEXT / 2];

	name_worker(model, worker, name, sizeof(name));
	if (worker->name[0])
		snprintf(words->text, sizeof(words->text), "%s (thread %" PRIu32 ")", name,
			 worker->tid);
	else
		snprintf(words->text, sizeof(words->text), "%s", name);
	return words->text;
}

/* ---- Links ---- */

const char *link_lead(const struct link *link, bool is_first)
{
	switch (link->kind) {
	case LINK_GUESS:
		return "a guess:";
	case LINK_CAUSE:
		return "cause:";
	case LINK_CYCLE:
		return "deadlock:";
	case LINK_UNKNOWN:
		return "not known:";
	default:
		return is_first ? "" : "because";
	}
}

bool waits_needs_summary(const struct chain *chain)
{
	size_t facts = 0;

	for (size_t i = 0; i < chain->count; i++)
		facts += chain->links[i].kind != LINK_UNKNOWN;
	return facts > 1;
}

void link_add(struct walk *walk, enum link_kind kind, uint64_t object, uint32_t site,
	      uint64_t for_ns, const char *format, ...)
{
	struct link *link;
	va_list args;

	if (walk->chain->count == CHAIN_LINKS)
		return;
	link = &walk->chain->links[walk->chain->count++];
	link->kind = walk->is_guess && kind == LINK_CAUSE ? LINK_GUESS : kind;
	link->object = object;
	link->site = site;
	link->for_ns = for_ns;
	va_start(args, format);
	vsnprintf(link->text, sizeof(link->text), format, args);
	va_end(args);
}

void hop_set(struct walk *walk, const char *format, ...)
{
	va_list args;

	va_start(args, format);
	vsnprintf(walk->hops[walk->seen_count - 1], HOP_TEXT, format, args);
	va_end(args);
}

/* Cuts without a word: a sentence that long is wrong anyway. */
static void sentence_put(char *buf, size_t size, const char *format, ...)
	__attribute__((format(printf, 3, 4)));

static void sentence_put(char *buf, size_t size, const char *format, ...)
{
	va_list args;

	va_start(args, format);
	vsnprintf(buf, size, format, args);
	va_end(args);
}

/* A lock that is held all the while is the cause, whatever its owner does. */
static void summary_put(struct walk *walk, uint32_t site, const char *format, va_list args)
{
	char tail[SUMMARY_TEXT];

	vsnprintf(tail, sizeof(tail), format, args);
	if (walk->lock)
		sentence_put(walk->chain->summary, sizeof(walk->chain->summary),
			     "%.90s, taken at %.90s %s by %.60s, is not given back: %s.",
			     NAME(walk->lock), PLACE(walk->lock_site), AGO(walk->lock_ns),
			     NAME(walk->lock_owner), tail);
	else
		sentence_put(walk->chain->summary, sizeof(walk->chain->summary), "%s%.780s.",
			     walk->is_guess ? "Probably " : "", tail);
	walk->verdict.site = walk->lock ? walk->lock_site : site;
	walk->next = 0;
}

void conclude(struct walk *walk, uint64_t object, uint32_t site, const char *format, ...)
{
	va_list args;

	va_start(args, format);
	summary_put(walk, site, format, args);
	va_end(args);
	walk->verdict.object = walk->verdict.culprit = object;
}

void conclude_by_design(struct walk *walk, uint64_t object, const char *format, ...)
{
	va_list args;

	va_start(args, format);
	summary_put(walk, 0, format, args);
	va_end(args);
	walk->verdict.object = walk->lock ? walk->lock : object;
	walk->verdict.is_by_design = !walk->lock;
}

void link_add_stack(struct walk *walk, const struct vigil_worker_record *worker)
{
	const struct model *model = walk->model;

	if (model->status == VIGIL_STATUS_ALIVE || model->status == VIGIL_STATUS_STOPPED)
		link_add(walk, LINK_UNKNOWN, 0, 0, 0,
			 "where in the code that is, a board cannot say: gdb -p %" PRIu32
			 " -batch -ex 'thread apply all bt' shows it as LWP %" PRIu32,
			 vigil_reader_pid(model->reader), worker->tid);
	else if (model->status == VIGIL_STATUS_RECORDED)
		link_add(walk, LINK_UNKNOWN, 0, 0, 0,
			 "where in the code thread %" PRIu32 " was, a trace does not say",
			 worker->tid);
	else
		link_add(walk, LINK_UNKNOWN, 0, 0, 0,
			 "where in the code that was, a board cannot say; a core dump of thread "
			 "%" PRIu32 " would",
			 worker->tid);
}

/* ---- Tasks ---- */

static void running_plainly(struct walk *walk, const struct vigil_task_record *task, uint64_t ref,
			    uint64_t for_ns)
{
	const struct vigil_worker_record *worker =
		VIGIL_FIND(walk->model->reader, worker, task->worker);
	bool is_asleep = worker && worker->park_begin_ns;

	link_add(walk, LINK_CAUSE, ref, task->site, for_ns,
		 "%s has been running %s%s%s without returning to its executor%s; it was "
		 "spawned at %s%s",
		 NAME(ref), FOR(for_ns), worker ? " on " : "", worker ? THREAD(worker) : "",
		 is_asleep ? ", and its thread sleeps inside that poll" : "", PLACE(task->site),
		 worker ? WAITING(worker) : "");
	if (worker)
		link_add_stack(walk, worker);
	conclude(walk, ref, task->site,
		 "%s, spawned at %s, has been running %s%s%s without returning", NAME(ref),
		 PLACE(task->site), FOR(for_ns), worker ? " on " : "",
		 worker ? THREAD(worker) : "");
}

/* The thread blocks inside the poll, for something that has no owner. */
static void running_blocked(struct walk *walk, const struct vigil_worker_record *worker,
			    uint64_t ref)
{
	uint64_t for_ns = ns_since(walk, worker->wait_since_ns);
	const char *what = word_wait(worker->wait_kind);

	link_add(walk, LINK_CAUSE, ref, worker->wait_site, for_ns,
		 "%s blocks its thread: %s has waited %s inside its poll (%s), at %s%s", NAME(ref),
		 THREAD(worker), LASTING(for_ns), what, PLACE(worker->wait_site), WAITING(worker));
	conclude(walk, ref, worker->wait_site, "%s has blocked %s %s (%s), at %s", NAME(ref),
		 THREAD(worker), FOR(for_ns), what, PLACE(worker->wait_site));
}

static void step_running(struct walk *walk, const struct vigil_task_record *task, uint64_t ref,
			 uint64_t for_ns)
{
	const struct vigil_reader *reader = walk->model->reader;
	const struct vigil_worker_record *worker = VIGIL_FIND(reader, worker, task->worker);
	bool is_innermost = worker && worker->task == ref;

	if (worker && is_innermost && worker->wait_kind && !worker->wait_object) {
		running_blocked(walk, worker, ref);
	} else if (worker && is_innermost && worker->wait_kind) {
		link_add(walk, LINK_FACT, ref, worker->wait_site,
			 ns_since(walk, worker->wait_since_ns),
			 "%s is running on %s, and that thread has waited %s for %s, at %s%s",
			 NAME(ref), THREAD(worker), LASTING(ns_since(walk, worker->wait_since_ns)),
			 NAME(worker->wait_object), PLACE(worker->wait_site), WAITING(worker));
		hop_set(walk, "%s", NAME(worker->wait_object));
		walk->next = worker->wait_object;
	} else if (worker && !is_innermost && VIGIL_FIND(reader, task, worker->task)) {
		link_add(walk, LINK_FACT, ref, task->site, for_ns,
			 "%s has been running %s on %s; inside its poll %s is polled", NAME(ref),
			 FOR(for_ns), THREAD(worker), NAME(worker->task));
		hop_set(walk, "%s, polled inside its own poll", NAME(worker->task));
		walk->next = worker->task;
	} else {
		running_plainly(walk, task, ref, for_ns);
	}
}

static void step_scheduled(struct walk *walk, const struct vigil_task_record *task, uint64_t ref,
			   uint64_t for_ns)
{
	bool is_new = !task->wakes;

	link_add(walk, LINK_FACT, ref, is_new ? task->site : task->wake_site, for_ns,
		 "%s could run and has not been polled %s: %s %s%s%s", NAME(ref), FOR(for_ns),
		 is_new ? "spawned at" : "woken at", PLACE(is_new ? task->site : task->wake_site),
		 !is_new && task->waker ? " by " : "", is_new ? "" : NAME(task->waker));
	walk->waiter = ref;
	walk->worker = task->polls ? task->worker : 0;
	walk->next = task->executor;
	if (VIGIL_FIND(walk->model->reader, executor, task->executor))
		return;
	link_add(walk, LINK_UNKNOWN, 0, 0, 0,
		 "it has no executor on the board, so who should poll it is not known");
	conclude(walk, ref, is_new ? task->site : task->wake_site,
		 "%s, %s %s, has not been polled %s by whoever should", NAME(ref),
		 is_new ? "spawned at" : "woken at", PLACE(is_new ? task->site : task->wake_site),
		 FOR(for_ns));
}

static void step_done(struct walk *walk, const struct vigil_task_record *task, uint64_t ref,
		      uint64_t for_ns)
{
	const char *how = word_outcome(task->outcome);

	if (!walk->chain->count) {
		link_add(walk, LINK_FACT, ref, task->site, for_ns, "%s is done: %s %s", NAME(ref),
			 how, AGO(for_ns));
		conclude_by_design(walk, ref, "%s is done and waits for nothing", NAME(ref));
		return;
	}
	link_add(walk, LINK_CAUSE, ref, task->site, for_ns,
		 "%s is done (%s %s, spawned at %s), yet who awaits it was not woken", NAME(ref),
		 how, AGO(for_ns), PLACE(task->site));
	conclude(walk, ref, task->site,
		 "%s, spawned at %s, ended %s and the wake that should follow was lost or never "
		 "sent",
		 NAME(ref), PLACE(task->site), AGO(for_ns));
}

void step_task(struct walk *walk, const struct vigil_task_record *task, uint64_t ref)
{
	const struct model *model = walk->model;
	struct vigil_task_times times;

	vigil_task_times(task, model->now, &times);
	if (vigil_reader_is_torn(model->reader, VIGIL_TABLE_task, vigil_ref_index(ref)))
		link_add(
			walk, LINK_UNKNOWN, ref, 0, 0,
			"the record of %s was being written when it was read: what follows from it "
			"may be a mixture of two moments",
			NAME(ref));
	switch (times.state) {
	case VIGIL_STATE_RUNNING:
		step_running(walk, task, ref, times.state_ns);
		break;
	case VIGIL_STATE_SCHEDULED:
		step_scheduled(walk, task, ref, times.state_ns);
		break;
	case VIGIL_STATE_IDLE:
		walk->waiter = ref;
		walk->worker = task->worker;
		walk->sites[walk->seen_count - 1] = wait_sites_of(walk->wait_sites, model, task);
		step_idle(walk, task, ref);
		break;
	default:
		step_done(walk, task, ref, times.state_ns);
		break;
	}
}

/* ---- The walk ---- */

static void step(struct walk *walk, uint64_t ref)
{
	const struct vigil_reader *reader = walk->model->reader;
	enum vigil_table table = (enum vigil_table)vigil_ref_table(ref);
	const void *record = vigil_reader_find(reader, table, ref);

	if (record && table == VIGIL_TABLE_task) {
		step_task(walk, record, ref);
	} else if (record && table == VIGIL_TABLE_worker) {
		step_worker(walk, record, ref);
	} else if (record && table == VIGIL_TABLE_executor) {
		step_executor(walk, record, ref);
	} else if (record && table == VIGIL_TABLE_resource) {
		step_resource(walk, record, ref);
	} else if (record && table == VIGIL_TABLE_op) {
		walk->next = ((const struct vigil_op_record *)record)->resource;
	} else {
		link_add(walk, LINK_UNKNOWN, 0, 0, 0, "what it waits for is gone from the board");
		conclude(walk, ref, 0, "%s waits for something that is gone from the board",
			 walk->waiter ? NAME(walk->waiter) : "it");
	}
}

/* Adds " waits at own.c:7 work for lock x, held by 18 b", or how it goes on after others. */
static size_t hop_tell(const struct walk *walk, size_t hop, bool is_first, char *buf, size_t size)
{
	uint32_t site = walk->sites[hop];

	return (size_t)snprintf(buf, size, "%s%s%.100s for %s",
				is_first ? " waits" : ", which waits", site ? " at " : "",
				site ? PLACE(site) : "", walk->hops[hop]);
}

/*
 * "17 a waits for lock x, held by 18 b, which waits for lock y, held by 17 a": told from a
 * task on, wherever the cycle was entered.
 */
static void cycle_tell(struct walk *walk, size_t first, bool is_guess)
{
	size_t length = walk->seen_count - first, from = 0, at;
	char story[SUMMARY_TEXT];
	bool is_first = true;

	while (from + 1 < length &&
	       !VIGIL_FIND(walk->model->reader, task, walk->seen[first + from]))
		from++;
	if (!VIGIL_FIND(walk->model->reader, task, walk->seen[first + from]))
		from = 0;
	at = (size_t)snprintf(story, sizeof(story), "%.100s", NAME(walk->seen[first + from]));
	for (size_t i = 0; i < length && at < sizeof(story); i++) {
		size_t hop = first + (from + i) % length;

		if (!walk->hops[hop][0])
			continue;
		at += hop_tell(walk, hop, is_first, story + at, sizeof(story) - at);
		is_first = false;
	}
	link_add(walk, is_guess ? LINK_GUESS : LINK_CYCLE, walk->seen[first], 0, 0,
		 "back at %s: %s", NAME(walk->seen[first]),
		 walk->is_guess ? "a deadlock, if the guess above is right" :
		 is_guess       ? "a deadlock, if nobody else gives a permit back" :
				  "each waits for the next, a deadlock that nothing will end");
	walk->lock = 0;
	sentence_put(walk->chain->summary, sizeof(walk->chain->summary), "%s: %.770s.",
		     is_guess ? "Perhaps a deadlock" : "Deadlock", story);
}

/* Who leads back to a lock that was seen has said only its name: by whom it is held follows. */
static void hop_close(struct walk *walk, size_t first)
{
	const struct vigil_reader *reader = walk->model->reader;
	uint64_t ref = walk->seen[first], task = 0;
	const struct vigil_resource_record *lock = VIGIL_FIND(reader, resource, ref);
	int at = lock ? owner_to_follow(walk, lock, ref) : -1;

	for (size_t i = first; i < walk->seen_count && !task; i++)
		task = VIGIL_FIND(reader, task, walk->seen[i]) ? walk->seen[i] : 0;
	if (VIGIL_FIND(reader, executor, ref))
		hop_set(walk, "a free worker of %.100s%s%.100s", NAME(ref),
			task ? ", busy with " : "", NAME(task));
	else if (at >= 0)
		hop_set(walk, HOP_HELD, NAME(ref), NAME(lock->owner[at]),
			PLACE(lock->held_site[at]));
}

/* A cycle is the same from wherever it is entered: its smallest member names it. */
static void cycle_conclude(struct walk *walk, size_t first)
{
	bool is_guess = walk->is_guess || walk->is_one_of_many;
	uint64_t least = walk->seen[first];

	hop_close(walk, first);
	cycle_tell(walk, first, is_guess);
	for (size_t i = first; i < walk->seen_count; i++)
		if (walk->seen[i] < least)
			least = walk->seen[i];
	walk->verdict.object = least;
	walk->verdict.site = walk->lock_site;
	walk->verdict.is_cycle = !is_guess;
	walk->verdict.is_by_design = is_guess;
	walk->next = 0;
}

static bool was_seen(const struct walk *walk, uint64_t ref, size_t *ret_at)
{
	for (size_t i = 0; i < walk->seen_count; i++) {
		if (walk->seen[i] != ref)
			continue;
		*ret_at = i;
		return true;
	}
	return false;
}

void walk_run(struct walk *walk, const struct model *model, const struct absent *absent,
	      const struct wait_sites *wait_sites, uint64_t from, struct chain *chain)
{
	size_t at;

	memset(walk, 0, sizeof(*walk));
	memset(chain, 0, sizeof(*chain));
	chain->task = from;
	walk->model = model;
	walk->absent = absent;
	walk->wait_sites = wait_sites;
	walk->chain = chain;
	walk->next = from;
	while (walk->next) {
		uint64_t ref = walk->next;

		walk->next = 0;
		if (was_seen(walk, ref, &at)) {
			cycle_conclude(walk, at);
		} else if (walk->seen_count == CHAIN_LINKS || chain->count + 3 > CHAIN_LINKS) {
			link_add(walk, LINK_UNKNOWN, ref, 0, 0, "the chain goes on from %s",
				 NAME(ref));
			conclude(walk, ref, 0,
				 "the chain is longer than %d links and goes on at %s", CHAIN_LINKS,
				 NAME(ref));
		} else {
			walk->seen[walk->seen_count++] = ref;
			step(walk, ref);
		}
	}
}

void waits_chain(const struct model *model, const struct vigil_task_record *task,
		 struct chain *ret_chain)
{
	struct vigil_task_times times;
	struct absent absent;
	struct wait_sites wait_sites;
	struct walk walk;

	/* Without memory nobody is counted, and the chain is as good. */
	absent_find(model, WAITS_AWAY_NS, &absent);
	wait_sites_find(model, &wait_sites);
	walk_run(&walk, model, &absent, &wait_sites, model_ref(model, VIGIL_TABLE_task, task),
		 ret_chain);
	wait_sites_fini(&wait_sites);
	free(absent.waiting);
	vigil_task_times(task, model->now, &times);
	if (times.state != VIGIL_STATE_DONE)
		ret_chain->stuck_ns = times.state == VIGIL_STATE_IDLE && task->wait_kind ?
					      ns_since(&walk, task->wait_since_ns) :
					      times.state_ns;
}
