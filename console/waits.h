/* SPDX-License-Identifier: MIT */
/*
 * Wait chains: from a stuck task through what it waits on and who owns that, to
 * the last cause the board can know. Knows the model, no terminal.
 *
 * The law: a chain is bounded, says where it closes on itself (a deadlock), and
 * calls a guess a guess: who owns a lock is known, who will send on a channel or
 * wake a task is not; then the last ones who did are named as likely.
 */
#ifndef CONSOLE_WAITS_H
#define CONSOLE_WAITS_H

#include "console/model.h"

#define CHAIN_LINKS 24
#define LINK_TEXT 400
#define SUMMARY_TEXT 800

#define LINK_KINDS(X)                                                                              \
	X(LINK, FACT, "fact")       /* follows from what was recorded */                           \
	X(LINK, GUESS, "guess")     /* likely, from history */                                     \
	X(LINK, CAUSE, "cause")     /* the last fact: the root cause */                            \
	X(LINK, CYCLE, "cycle")     /* the chain is back at one of its links: a deadlock */        \
	X(LINK, UNKNOWN, "unknown") /* what cannot be known, and what would tell */
#define LINK_ENUM_(e, NAME, word) e##_##NAME,
enum link_kind { LINK_KINDS(LINK_ENUM_) };

/* One step: an object, and a sentence about it. */
struct link {
	enum link_kind kind;
	uint64_t object; /* task, worker, resource or executor; 0 none */
	uint32_t site;   /* the guilty line, or where it waits; index plus one; 0 none */
	uint64_t for_ns; /* how long it has been so */
	char text[LINK_TEXT];
};

/* What leads to a link, "because", "cause:", "not known:"; empty for a fact that comes first. */
const char *link_lead(const struct link *link, bool is_first);

struct chain {
	uint64_t task;
	uint64_t stuck_ns; /* how long it has not run though it wanted to */
	uint64_t delayed;  /* others that end at the same cause; not it itself */
	size_t count;
	struct link links[CHAIN_LINKS];
	char summary[SUMMARY_TEXT]; /* one sentence that names the cause and its line */
};

/* Times of a process that is gone end at the last thing it recorded. */
bool waits_is_gone(const struct model *model);

/* How long it has been so: "202 ms"; "at least 202 ms" of a process that is gone. */
const char *waits_time(const struct model *model, uint64_t ns, char *buf, size_t size);

/* Whether its summary says more than its links, of which one alone is a fact. */
bool waits_needs_summary(const struct chain *chain);

/* The chain of one task. A worker that is away is so after WAITS_AWAY_NS. */
#define WAITS_AWAY_NS UINT64_C(1000000000)

/* So late is a timer, or a task not polled yet, on a loaded machine: no wake was lost. */
#define WAITS_LATE_NS UINT64_C(100000000)
void waits_chain(const struct model *model, const struct vigil_task_record *task,
		 struct chain *ret_chain);

/*
 * The chains of every task stuck for longer than limit_ns, worst first: those
 * in a cycle, then by how many tasks share the cause, then by time. What a task
 * of a server waits for by design (readable, accept, a timer that is not due, an
 * idle pool worker) is not stuck; what is overdue while the worker that would
 * notice is away is; and so is who awaits a task that did not say what it waits
 * for, or never got it. Tasks with the same cause are one chain, with `delayed`.
 * Caller frees. Returns how many, or -ENOMEM.
 */
#define WAITS_STUCK_NS UINT64_C(1000000000) /* when nobody asks for another limit */
int waits_stuck(const struct model *model, uint64_t limit_ns, struct chain **ret_chains);

/* The sentence for when there is none; it counts what waits as long and may. */
void waits_nothing(const struct model *model, uint64_t limit_ns, char *buf, size_t size);

/* A poll that the death of its process cut short, however long it had run. */
#define LAST_POLLS 64
struct last_poll {
	uint64_t task;
	uint64_t worker;
	uint64_t for_ns; /* until the last thing recorded: at least so long */
};

/* Those of a dead process, the longest first. Returns how many; 0 when it is not dead. */
size_t waits_last_polls(const struct model *model, struct last_poll polls[LAST_POLLS]);

/* The sentence about one of them, and for when there is none. */
#define LAST_POLL_NONE "No task was running when the process died."
#define LAST_POLL_TEXT 1024
const char *waits_last_poll(const struct model *model, const struct last_poll *poll, char *buf,
			    size_t size);

#endif
