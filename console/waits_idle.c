/* SPDX-License-Identifier: MIT */
/* What an idle task waits for: one step of a wait chain. */
#include <inttypes.h>
#include <stdio.h>
#include <sys/types.h>
#include <unistd.h>

#include "console/waits_walk.h"

/* What a descriptor is, as the kernel says of a process that is there: " (socket:[81])". */
static void fd_words(const struct walk *walk, int fd, char *buf, size_t size)
{
	char path[64], target[NAME_TEXT];
	ssize_t length;

	buf[0] = '\0';
	if (walk->model->status != VIGIL_STATUS_ALIVE &&
	    walk->model->status != VIGIL_STATUS_STOPPED)
		return;
	snprintf(path, sizeof(path), "/proc/%" PRIu32 "/fd/%d",
		 vigil_reader_pid(walk->model->reader), fd);
	length = readlink(path, target, sizeof(target) - 1);
	if (length <= 0)
		return;
	target[length] = '\0';
	snprintf(buf, size, " (%.200s)", target);
}

static void wait_for_fd(struct walk *walk, const struct vigil_task_record *task, uint64_t ref)
{
	uint64_t for_ns = ns_since(walk, task->wait_since_ns);
	const char *kind = word_wait(task->wait_kind);
	char fd[NAME_TEXT], what[32] = "a descriptor";

	fd[0] = '\0';
	if (task->wait_fd >= 0) {
		fd_words(walk, task->wait_fd, fd, sizeof(fd));
		snprintf(what, sizeof(what), "fd %" PRId32, task->wait_fd);
	}
	link_add(walk, LINK_FACT, ref, site_to_show(walk, task), for_ns,
		 "%s has waited %s for %s%s: %s%s", NAME(ref), LASTING(for_ns), what, fd, kind,
		 WAITS_AT(task));
	link_add(walk, LINK_UNKNOWN, 0, 0, 0, "what the other end of %s does is not known here",
		 what);
	conclude_by_design(walk, ref, "%s waits for its peer on %s%s (%s)", NAME(ref), what, fd,
			   kind);
}

/* ", 40 ms to go", ", due now": of a timer that is not late. */
static const char *words_to_go(struct words *words, const struct walk *walk, uint64_t until)
{
	if (!until)
		snprintf(words->text, sizeof(words->text), ", without an end that was recorded");
	else if (until > walk->model->now)
		snprintf(words->text, sizeof(words->text), ", %s to go",
			 TIME(until - walk->model->now));
	else
		snprintf(words->text, sizeof(words->text), ", due now");
	return words->text;
}
#define TO_GO(until) words_to_go(&(struct words){ "" }, walk, (until))

/* Late timers are their executor's business. */
static void wait_for_timer(struct walk *walk, const struct vigil_task_record *task, uint64_t ref)
{
	uint64_t until = task->wait_until_ns, late_ns = ns_since(walk, until);
	const char *what = task->wait_object ? NAME(task->wait_object) : "timer";

	if (late_ns <= WAITS_LATE_NS) {
		link_add(walk, LINK_FACT, ref, site_to_show(walk, task),
			 ns_since(walk, task->wait_since_ns), "%s sleeps: %s%s%s", NAME(ref), what,
			 TO_GO(until), WAITS_AT(task));
		conclude_by_design(walk, ref, "%s sleeps (%s%s)", NAME(ref), what, TO_GO(until));
		return;
	}
	link_add(walk, LINK_FACT, ref, site_to_show(walk, task), late_ns,
		 "%s sleeps%s, though its %s was due %s: who runs the timers did not get to it",
		 NAME(ref), WAITS_AT(task), what, AGO(late_ns));
	hop_set(walk, "its timer, due %s", AGO(late_ns));
	walk->next = task->executor;
	if (!VIGIL_FIND(walk->model->reader, executor, task->executor))
		conclude(walk, ref, task->site,
			 "the timer of %s, spawned at %s, was due %s and was not fired; its "
			 "executor was not recorded",
			 NAME(ref), PLACE(task->site), AGO(late_ns));
}

static void wait_for_lock(struct walk *walk, const struct vigil_task_record *task, uint64_t ref)
{
	uint64_t for_ns = ns_since(walk, task->wait_since_ns);

	link_add(walk, LINK_FACT, ref, site_to_show(walk, task), for_ns,
		 "%s has waited %s for %s%s", NAME(ref), LASTING(for_ns),
		 task->wait_object ? NAME(task->wait_object) : "a lock that was not named",
		 WAITS_AT(task));
	hop_set(walk, "%s", NAME(task->wait_object));
	walk->next = task->wait_object;
	if (!task->wait_object)
		conclude(walk, ref, task->site, "%s waits for a lock that was not named",
			 NAME(ref));
}

static void wait_for_task(struct walk *walk, const struct vigil_task_record *task, uint64_t ref)
{
	uint64_t for_ns = ns_since(walk, task->wait_since_ns);
	bool is_job = task->wait_kind == VIGIL_WAIT_JOB;
	bool is_task = VIGIL_FIND(walk->model->reader, task, task->wait_object);

	link_add(walk, LINK_FACT, ref, site_to_show(walk, task), for_ns, "%s has awaited %s%s %s%s",
		 NAME(ref),
		 !is_job ? "the end of " :
		 is_task ? "its job " :
			   "a job of ",
		 task->wait_object ? NAME(task->wait_object) : "something that was not named",
		 FOR(for_ns), WAITS_AT(task));
	hop_set(walk, "%s", NAME(task->wait_object));
	walk->next = task->wait_object;
	if (task->wait_object)
		return;
	link_add(walk, LINK_UNKNOWN, 0, 0, 0, "which %s, the program did not say",
		 is_job ? "job" : "task");
	conclude(walk, ref, task->site, "%s, spawned at %s, awaits a %s the program did not name",
		 NAME(ref), PLACE(task->site), is_job ? "pool job" : "task");
}

/* A yield is a wake of its own. */
static uint64_t wakes_by_others(const struct vigil_task_record *task)
{
	return task->wakes > task->self_wakes ? task->wakes - task->self_wakes : 0;
}

/*
 * Whether nobody can say that an awaited task is as it should be: it said nothing
 * of what it waits for, or something without a name for which nobody ever woke it.
 */
static bool is_unexplained(const struct walk *walk, const struct vigil_task_record *task,
			   uint64_t ref, uint64_t for_ns)
{
	if (walk->chain->task == ref || walk->is_guess)
		return false;
	/* Until just now it did something: it is who awaits it that waits long. */
	if (for_ns <= walk->absent->limit_ns && walk->model->status != VIGIL_STATUS_DEAD)
		return false;
	switch (task->wait_kind) {
	case VIGIL_WAIT_NONE:
		return true;
	case VIGIL_WAIT_OTHER:
	case VIGIL_WAIT_NOTIFIED:
	case VIGIL_WAIT_SEND:
		return !wakes_by_others(task);
	default:
		return false;
	}
}

/* "has been idle for 3 s and did not say what it waits for", "has waited 3 s for: send, x". */
static const char *anything_words(struct words *words, struct walk *walk,
				  const struct vigil_task_record *task, uint64_t for_ns)
{
	const char *kind =
		task->wait_kind == VIGIL_WAIT_OTHER ? "something" : word_wait(task->wait_kind);

	if (!task->wait_kind)
		snprintf(words->text, sizeof(words->text),
			 "has been idle %.100s and did not say what it waits for", FOR(for_ns));
	else
		snprintf(words->text, sizeof(words->text), "has waited %.100s for: %s%s%.100s",
			 LASTING(for_ns), kind, task->wait_object ? ", " : "",
			 NAME(task->wait_object));
	return words->text;
}
#define ANYTHING(task, ns) anything_words(&(struct words){ "" }, walk, (task), (ns))

static void nobody_to_blame(struct walk *walk, const struct vigil_task_record *task, uint64_t ref,
			    uint64_t for_ns)
{
	const char *who = !task->wakes          ? "nobody has ever woken" :
			  wakes_by_others(task) ? "none but itself was the last to wake" :
						  "nobody but itself has ever woken";

	link_add(walk, LINK_UNKNOWN, 0, 0, 0, "%s%s this task: who should is not known",
		 task->wait_kind ? "nobody owns that, and " : "", who);
	conclude_by_design(walk, ref, "%s, spawned at %s, %s; %s it", NAME(ref), PLACE(task->site),
			   ANYTHING(task, for_ns), who);
	walk->verdict.is_by_design &= !is_unexplained(walk, task, ref, for_ns);
}

/*
 * A channel, a notification: nobody owns it, so nobody can be blamed for sure.
 * Who woke the task last will likely do so again.
 */
static void wait_for_anybody(struct walk *walk, const struct vigil_task_record *task, uint64_t ref)
{
	const struct vigil_task_record *waker = VIGIL_FIND(walk->model->reader, task, task->waker);
	uint64_t for_ns =
		ns_since(walk, task->wait_since_ns ? task->wait_since_ns : task->poll_end_ns);

	link_add(walk, LINK_FACT, ref, site_to_show(walk, task), for_ns, "%s %s%s", NAME(ref),
		 ANYTHING(task, for_ns), WAITS_AT(task));
	if (!task->wakes || waker == task) {
		nobody_to_blame(walk, task, ref, for_ns);
		return;
	}
	link_add(walk, LINK_GUESS, task->waker, task->wake_site, 0,
		 "nobody owns that; of its %" PRIu64
		 " wakes the last came from %s, at %s: likely it "
		 "comes from there again",
		 task->wakes, task->waker ? NAME(task->waker) : "a thread that was not recorded",
		 PLACE(task->wake_site));
	if (waker && waker->life == VIGIL_LIFE_LIVE) {
		walk->is_guess = true;
		hop_set(walk, "a wake from %s", NAME(task->waker));
		walk->next = task->waker;
		return;
	}
	conclude_by_design(walk, ref, "%s %s, and was woken last from %s", NAME(ref),
			   ANYTHING(task, for_ns), PLACE(task->wake_site));
	walk->verdict.is_by_design &= !is_unexplained(walk, task, ref, for_ns);
}

void step_idle(struct walk *walk, const struct vigil_task_record *task, uint64_t ref)
{
	if (step_absent(walk, task, ref))
		return;
	switch (task->wait_kind) {
	case VIGIL_WAIT_LOCK:
	case VIGIL_WAIT_LOCK_SHARED:
	case VIGIL_WAIT_PERMIT:
		wait_for_lock(walk, task, ref);
		break;
	case VIGIL_WAIT_TASK:
	case VIGIL_WAIT_JOB:
		wait_for_task(walk, task, ref);
		break;
	case VIGIL_WAIT_TIMER:
		wait_for_timer(walk, task, ref);
		break;
	case VIGIL_WAIT_READABLE:
	case VIGIL_WAIT_WRITABLE:
	case VIGIL_WAIT_ACCEPT:
	case VIGIL_WAIT_CONNECT:
	case VIGIL_WAIT_RESOLVE:
		wait_for_fd(walk, task, ref);
		break;
	default:
		wait_for_anybody(walk, task, ref);
		break;
	}
}
