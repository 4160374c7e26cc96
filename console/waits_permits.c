/* SPDX-License-Identifier: MIT */
/*
 * Locks that several own at once, semaphores above all, whose owners want more of the
 * same: the one who could go on is who to look at; when there is none, it is a deadlock.
 */
#include <inttypes.h>
#include <stdio.h>

#include "console/waits_walk.h"

/* Whether an owner waits for the very lock it has. */
static const struct vigil_task_record *waits_again(const struct walk *walk, uint64_t owner,
						   uint64_t ref)
{
	const struct vigil_task_record *task = VIGIL_FIND(walk->model->reader, task, owner);
	struct vigil_task_times times;

	if (!task || task->wait_object != ref)
		return NULL;
	vigil_task_times(task, walk->model->now, &times);
	return times.state == VIGIL_STATE_IDLE ? task : NULL;
}

int owner_to_follow(const struct walk *walk, const struct vigil_resource_record *lock, uint64_t ref)
{
	int found = -1;

	for (int i = 0; i < VIGIL_OWNERS; i++)
		if (lock->owner[i] && !waits_again(walk, lock->owner[i], ref) &&
		    (found < 0 || lock->held_since_ns[i] < lock->held_since_ns[found]))
			found = i;
	return found >= 0 ? found : lock_oldest_owner(lock);
}

bool all_owners_wait(const struct walk *walk, const struct vigil_resource_record *lock,
		     uint64_t ref)
{
	uint32_t known = 0;

	for (int i = 0; i < VIGIL_OWNERS; i++) {
		if (!lock->owner[i])
			continue;
		if (!waits_again(walk, lock->owner[i], ref))
			return false;
		known++;
	}
	return known > 0;
}

/* Whether all of them took it at one line, and ask again at one line. */
static bool is_one_story(const struct walk *walk, const struct vigil_resource_record *lock)
{
	const struct vigil_task_record *first = NULL;
	uint32_t taken = 0;

	for (int i = 0; i < VIGIL_OWNERS; i++) {
		const struct vigil_task_record *task =
			VIGIL_FIND(walk->model->reader, task, lock->owner[i]);

		if (!task)
			continue;
		if (first && (lock->held_site[i] != taken ||
			      wait_sites_of(walk->wait_sites, walk->model, task) !=
				      wait_sites_of(walk->wait_sites, walk->model, first)))
			return false;
		first = task;
		taken = lock->held_site[i];
	}
	return true;
}

/* "2 report (taken at a.c:65 report; asks again at a.c:54 audit)". */
static size_t owner_tell(const struct walk *walk, const struct vigil_resource_record *lock, int at,
			 bool has_places, char *buf, size_t size)
{
	const struct vigil_task_record *task =
		VIGIL_FIND(walk->model->reader, task, lock->owner[at]);
	uint32_t again = wait_sites_of(walk->wait_sites, walk->model, task);

	if (!has_places)
		return (size_t)snprintf(buf, size, "%.60s", NAME(lock->owner[at]));
	return (size_t)snprintf(buf, size, "%.60s (taken at %.60s%s%.60s)", NAME(lock->owner[at]),
				PLACE(lock->held_site[at]), again ? ", asks again at " : "",
				again ? PLACE(again) : "");
}

/* Who holds it: names, and their lines unless all have the same. */
static void owners_tell(const struct walk *walk, const struct vigil_resource_record *lock,
			bool has_places, char *buf, size_t size)
{
	uint32_t known = 0, told = 0;
	size_t at = 0;

	buf[0] = '\0';
	for (int i = 0; i < VIGIL_OWNERS; i++)
		known += lock->owner[i] != 0;
	for (int i = 0; i < VIGIL_OWNERS; i++) {
		if (!lock->owner[i] || at >= size)
			continue;
		told++;
		at += (size_t)snprintf(buf + at, size - at, "%s",
				       told == 1     ? "" :
				       told == known ? " and " :
						       ", ");
		if (at < size)
			at += owner_tell(walk, lock, i, has_places, buf + at, size - at);
	}
}

static void link_add_owner(struct walk *walk, const struct vigil_resource_record *lock,
			   uint64_t ref, int at)
{
	const struct vigil_task_record *task =
		VIGIL_FIND(walk->model->reader, task, lock->owner[at]);
	uint64_t for_ns = ns_since(walk, task->wait_since_ns);

	link_add(walk, LINK_FACT, lock->owner[at], lock->held_site[at], for_ns,
		 "%s is held by %s, taken at %s, who has waited %s for more of it%s", NAME(ref),
		 NAME(lock->owner[at]), PLACE(lock->held_site[at]), LASTING(for_ns),
		 WAITS_AT(task));
}

void step_all_owners_wait(struct walk *walk, const struct vigil_resource_record *lock, uint64_t ref)
{
	bool has_places = !is_one_story(walk, lock), is_guess = walk->is_guess;
	int oldest = lock_oldest_owner(lock);
	const struct vigil_task_record *first =
		VIGIL_FIND(walk->model->reader, task, lock->owner[oldest]);
	uint32_t again = wait_sites_of(walk->wait_sites, walk->model, first), known = 0;
	char owners[SUMMARY_TEXT / 2];

	for (int i = 0; i < VIGIL_OWNERS; i++) {
		if (lock->owner[i])
			link_add_owner(walk, lock, ref, i);
		known += lock->owner[i] != 0;
	}
	/* Of those that were not recorded nobody knows whether they wait. */
	is_guess |= known < lock->holders;
	owners_tell(walk, lock, has_places, owners, sizeof(owners));
	link_add(walk, is_guess ? LINK_GUESS : LINK_CYCLE, ref, lock->held_site[oldest], 0,
		 "%s who hold %s wait for more of it: %s",
		 known < lock->holders ? "those known" : "all", NAME(ref),
		 is_guess ? "a deadlock, if nobody else gives any back" :
			    "nobody gives any back, a deadlock that nothing will end");
	walk->lock = 0;
	conclude(walk, ref, lock->held_site[oldest],
		 "%s: %.80s is held by %.300s, each of which waits for more of it%s%.90s%s%.90s",
		 !is_guess      ? "Deadlock" :
		 walk->is_guess ? "a deadlock" :
				  "Perhaps a deadlock",
		 NAME(ref), owners, has_places ? "" : ": taken at ",
		 has_places ? "" : PLACE(lock->held_site[oldest]),
		 has_places || !again ? "" : ", asked for again at ",
		 has_places || !again ? "" : PLACE(again));
	walk->verdict.is_cycle = !is_guess;
	walk->verdict.is_by_design = is_guess;
}
