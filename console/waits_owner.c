/* SPDX-License-Identifier: MIT */
/* Who owns a lock, what a thread does: steps of a wait chain. */
#include <inttypes.h>
#include <stdio.h>

#include "console/waits_walk.h"

/* ---- Locks ---- */

static bool is_lock(const struct vigil_resource_record *resource)
{
	return resource->kind == VIGIL_RESOURCE_MUTEX || resource->kind == VIGIL_RESOURCE_RWLOCK ||
	       resource->kind == VIGIL_RESOURCE_SEMAPHORE || resource->acquired;
}

static void nobody_holds(struct walk *walk, const struct vigil_resource_record *resource,
			 uint64_t ref)
{
	if (resource->holders) {
		link_add(walk, LINK_UNKNOWN, ref, 0, 0,
			 "%s is held %" PRIu32 " times by owners that were not recorded", NAME(ref),
			 resource->holders);
		conclude(walk, ref, resource->site, "%s is held by owners that were not recorded",
			 NAME(ref));
	} else if (lock_is_used_up(walk->model, resource)) {
		link_add(walk, LINK_UNKNOWN, ref, resource->site, 0,
			 "%s, made at %s, has no permits, and nobody holds one to give back: who "
			 "should add some is not known",
			 NAME(ref), PLACE(resource->site));
		conclude(walk, ref, resource->site,
			 "%s, made at %s, has no permits; who should add some is not known",
			 NAME(ref), PLACE(resource->site));
	} else if (!is_lock(resource)) {
		link_add(walk, LINK_UNKNOWN, ref, resource->site, 0,
			 "%s, made at %s, has no owner: who should act on it is not known",
			 NAME(ref), PLACE(resource->site));
		conclude(
			walk, ref, resource->site,
			"%s, made at %s, does not give what is waited for; who should act on it is "
			"not known",
			NAME(ref), PLACE(resource->site));
	} else {
		link_add(walk, LINK_CAUSE, ref, resource->last_site, 0,
			 "%s is free: %s%s%s%s; who waits was not woken", NAME(ref),
			 resource->last_owner ? "given back by " : "nobody has held it yet",
			 resource->last_owner ? NAME(resource->last_owner) : "",
			 resource->last_owner ? ", who took it at " : "",
			 resource->last_owner ? PLACE(resource->last_site) : "");
		conclude(walk, ref, resource->last_site,
			 "%s is free, yet who waits for it was not woken: a lost wake after the "
			 "release by %s, who took it at %s",
			 NAME(ref),
			 resource->last_owner ? NAME(resource->last_owner) : "nobody known",
			 PLACE(resource->last_site));
	}
}

/* Owners end, and threads exit, without giving their locks back. */
static bool owner_is_gone(const struct vigil_reader *reader, uint64_t owner)
{
	const struct vigil_task_record *task = VIGIL_FIND(reader, task, owner);
	const struct vigil_worker_record *worker = VIGIL_FIND(reader, worker, owner);

	if (task)
		return task->life == VIGIL_LIFE_ENDED;
	return !worker || worker->life == VIGIL_LIFE_ENDED;
}

static void lost_owner(struct walk *walk, uint64_t ref)
{
	link_add(walk, LINK_CAUSE, walk->lock_owner, walk->lock_site, walk->lock_ns,
		 "its owner has ended without giving it back");
	conclude(walk, ref, walk->lock_site, "its owner has ended without a release");
}

void step_resource(struct walk *walk, const struct vigil_resource_record *resource, uint64_t ref)
{
	int at = owner_to_follow(walk, resource, ref);
	char more[64] = "";

	if (at < 0) {
		nobody_holds(walk, resource, ref);
		return;
	}
	if (resource->holders > 1 && all_owners_wait(walk, resource, ref)) {
		step_all_owners_wait(walk, resource, ref);
		return;
	}
	if (resource->holders > 1 && resource->kind == VIGIL_RESOURCE_SEMAPHORE)
		walk->is_one_of_many = true;
	walk->lock = ref;
	walk->lock_owner = resource->owner[at];
	walk->lock_site = resource->held_site[at];
	walk->lock_ns = ns_since(walk, resource->held_since_ns[at]);
	if (resource->holders > 1)
		snprintf(more, sizeof(more), ", %s of %" PRIu32 " owners",
			 at == lock_oldest_owner(resource) ? "the oldest" : "one",
			 resource->holders);
	link_add(walk, LINK_FACT, ref, walk->lock_site, walk->lock_ns,
		 "%s has been held %s by %s%s, taken at %s", NAME(ref), FOR(walk->lock_ns),
		 NAME(walk->lock_owner), more, PLACE(walk->lock_site));
	/* Its waiter's hop has named the lock: this one only goes on from there. */
	if (walk->seen_count > 1)
		snprintf(walk->hops[walk->seen_count - 2], HOP_TEXT, HOP_HELD, NAME(ref),
			 NAME(walk->lock_owner), PLACE(walk->lock_site));
	if (owner_is_gone(walk->model->reader, walk->lock_owner))
		lost_owner(walk, ref);
	else
		walk->next = walk->lock_owner;
}

/* ---- Threads ---- */

static void worker_runs(struct walk *walk, const struct vigil_worker_record *worker, uint64_t ref)
{
	uint64_t silent_ns = ns_since(walk, worker->last_ns);

	link_add(walk, LINK_CAUSE, ref, 0, silent_ns,
		 "%s runs code outside any task and has recorded nothing %s", THREAD(worker),
		 FOR(silent_ns));
	link_add_stack(walk, worker);
	conclude(walk, walk->lock ? walk->lock : ref, 0,
		 "%s has been in code outside any task %s, at a line the board does not know",
		 THREAD(worker), FOR(silent_ns));
}

static void worker_sleeps(struct walk *walk, const struct vigil_worker_record *worker, uint64_t ref,
			  uint64_t for_ns)
{
	link_add(walk, walk->lock ? LINK_CAUSE : LINK_FACT, ref, 0, for_ns,
		 "%s has been asleep %s%s", THREAD(worker), FOR(for_ns),
		 walk->lock ? " and holds the lock meanwhile" : ": it waits for something to do");
	conclude_by_design(walk, ref, "%s has been asleep %s", THREAD(worker), FOR(for_ns));
}

/* The thread itself waits, outside any poll, for something that has no owner. */
static void worker_blocks(struct walk *walk, const struct vigil_worker_record *worker, uint64_t ref,
			  uint64_t for_ns)
{
	const char *what = word_wait(worker->wait_kind);

	link_add(walk, LINK_CAUSE, ref, worker->wait_site, for_ns,
		 "%s has waited %s outside any task (%s), at %s", THREAD(worker), LASTING(for_ns),
		 what, PLACE(worker->wait_site));
	conclude(walk, ref, worker->wait_site, "%s has waited %s outside any task (%s), at %s",
		 THREAD(worker), LASTING(for_ns), what, PLACE(worker->wait_site));
}

void step_worker(struct walk *walk, const struct vigil_worker_record *worker, uint64_t ref)
{
	struct worker_times times;

	model_worker_times(walk->model, worker, &times);
	if (times.state == WORKER_WAITING && !worker->task && !worker->wait_object) {
		worker_blocks(walk, worker, ref, times.state_ns);
	} else if (times.state == WORKER_WAITING && !worker->task) {
		link_add(walk, LINK_FACT, ref, worker->wait_site, times.state_ns,
			 "%s has waited %s for %s, at %s", THREAD(worker), LASTING(times.state_ns),
			 NAME(worker->wait_object), PLACE(worker->wait_site));
		hop_set(walk, "%s", NAME(worker->wait_object));
		walk->next = worker->wait_object;
	} else if (VIGIL_FIND(walk->model->reader, task, worker->task)) {
		walk->next = worker->task;
	} else if (times.state == WORKER_PARKED) {
		worker_sleeps(walk, worker, ref, times.state_ns);
	} else if (times.state == WORKER_ENDED) {
		link_add(walk, LINK_CAUSE, ref, 0, times.state_ns, "%s ended %s", THREAD(worker),
			 AGO(times.state_ns));
		conclude(walk, ref, 0, "%s ended %s", THREAD(worker), AGO(times.state_ns));
	} else {
		worker_runs(walk, worker, ref);
	}
}
