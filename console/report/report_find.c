/* SPDX-License-Identifier: MIT */
/*
 * What is most wrong, in sentences that name the line: what somebody wants to read
 * who was called at night.
 *
 * The law: to be blocked is the job of a blocking pool's threads. They are named when
 * tasks waited for them, after all that is wrong with loops.
 */
#include <inttypes.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

#include "console/format.h"
#include "console/names.h"
#include "console/report/report.h"

#define DURATION(ns) format_duration((char[FORMAT_SIZE]){ 0 }, FORMAT_SIZE, (ns), 0)
#define WORDS_SIZE 160

#define UNKNOWN_WORDS "who waited meanwhile is not known, as a blocked loop does not learn it"

struct findings {
	struct report_finding *list;
	size_t count;
	bool is_mild; /* what is found next comes last, whatever it cost */
};

static void find(struct findings *findings, uint64_t cost_ns, const char *format, ...)
	__attribute__((format(printf, 3, 4)));

/* Keeps them in order. */
static void find(struct findings *findings, uint64_t cost_ns, const char *format, ...)
{
	size_t at = findings->count;
	va_list args;

	if (at == REPORT_FINDINGS)
		return;
	for (; at && !findings->is_mild && findings->list[at - 1].cost_ns < cost_ns; at--)
		findings->list[at] = findings->list[at - 1];
	findings->count++;
	findings->list[at].cost_ns = cost_ns;
	va_start(args, format);
	vsnprintf(findings->list[at].text, sizeof(findings->list[at].text), format, args);
	va_end(args);
}

/* ---- The longest poll ---- */

static void span_words(const struct report_poll *poll, char *buf, size_t size)
{
	buf[0] = '\0';
	if (poll->span[0])
		snprintf(buf, size, " in span %s", poll->span);
}

static void blocked_words(const struct report_process *rp, const struct report_poll *poll,
			  char *buf, size_t size)
{
	char resource[WORDS_SIZE] = "";

	buf[0] = '\0';
	if (!poll->blocked_ns)
		return;
	if (poll->blocked_resource < rp->resource_count)
		report_resource_words(rp, poll->blocked_resource, resource, sizeof(resource));
	snprintf(buf, size, ", %s of it blocked at %s (%s)", DURATION(poll->blocked_ns),
		 report_place(rp, poll->blocked_site),
		 resource[0] ? resource : word_wait(poll->blocked_kind));
}

static void delayed_words(const struct report_process *rp, const struct report_poll *poll,
			  char *buf, size_t size)
{
	buf[0] = '\0';
	if (rp->is_board)
		return;
	if (!report_is_delay_known(rp, poll->executor, poll->run_ns, poll->delayed_ns))
		snprintf(buf, size, "; " UNKNOWN_WORDS);
	else if (poll->delayed_ns)
		snprintf(buf, size, "; meanwhile runnable tasks of %s waited %s together",
			 report_executor_name(rp, poll->executor), DURATION(poll->delayed_ns));
}

static void find_poll(struct findings *findings, const struct report_process *rp)
{
	const struct report_poll *poll = top_at(&rp->loop_polls, 0);
	char who[WORDS_SIZE], span[WORDS_SIZE], blocked[2 * WORDS_SIZE], delayed[WORDS_SIZE];
	char at[WORDS_SIZE] = "", when[FORMAT_SIZE];

	if (!rp->loop_polls.count)
		return;
	if (!rp->is_board)
		snprintf(at, sizeof(at), ", at %s",
			 report_at_words(rp, poll->begin_ns, when, sizeof(when)));
	span_words(poll, span, sizeof(span));
	blocked_words(rp, poll, blocked, sizeof(blocked));
	delayed_words(rp, poll, delayed, sizeof(delayed));
	find(findings, poll->run_ns + poll->delayed_ns,
	     "Longest poll: %s by task %s of %s on %s%s%s%s%s.", DURATION(poll->run_ns),
	     report_who_words(&poll->who, who, sizeof(who)), report_place(rp, poll->who.site),
	     report_worker_name(rp, poll->worker), span, at, blocked, delayed);
}

/* ---- The most contended lock ---- */

static void find_lock(struct findings *findings, const struct report_process *rp)
{
	size_t count;
	const struct report_resource **locks = report_locks(rp, &count);
	const struct report_resource *lock = count ? locks[0] : NULL;
	char name[WORDS_SIZE], at[WORDS_SIZE] = "", holder[WORDS_SIZE] = "";

	free(locks);
	if (!lock || !lock->wait.ns)
		return;
	report_resource_words(rp, (uint32_t)(lock - rp->resources), name, sizeof(name));
	/* Not known of one that has not ended. */
	if (lock->wait_max_site)
		snprintf(at, sizeof(at), " at %s", report_place(rp, lock->wait_max_site));
	if (lock->wait_max_holder)
		snprintf(holder, sizeof(holder), " for who had taken it at %s",
			 report_place(rp, lock->wait_max_holder));
	find(findings, lock->wait.ns,
	     "Most contended lock: %s, made at %s: %" PRIu64
	     " wait%s, %s in all; the longest, %s%s%s"
	     "%s; longest hold %s, taken at %s.",
	     name, report_place(rp, lock->site), lock->wait.count, lock->wait.count == 1 ? "" : "s",
	     DURATION(lock->wait.ns), DURATION(lock->wait.max_ns), at[0] || holder[0] ? "," : "",
	     at, holder, DURATION(lock->hold.max_ns), report_place(rp, lock->hold_max_site));
}

/* ---- The worst blocked worker ---- */

static const struct report_poll *worst_of(const struct report_process *rp, uint32_t worker)
{
	for (size_t i = 0; i < rp->loop_polls.count; i++) {
		const struct report_poll *poll = top_at(&rp->loop_polls, i);

		if (poll->worker == worker)
			return poll;
	}
	return NULL;
}

/* What others waited for it is worse than that it ran. */
static uint64_t blocked_cost(const struct report_worker *worker)
{
	return worker->long_ns + worker->delayed_ns;
}

static void find_worker(struct findings *findings, const struct report_process *rp)
{
	const struct report_worker *worst = NULL;
	const struct report_poll *poll;
	char delayed[WORDS_SIZE] = "";

	for (uint32_t i = 0; i < rp->worker_count; i++)
		if (!report_is_pool(rp, rp->workers[i].executor) &&
		    blocked_cost(&rp->workers[i]) > (worst ? blocked_cost(worst) : 0))
			worst = &rp->workers[i];
	if (!worst)
		return;
	poll = worst_of(rp, (uint32_t)(worst - rp->workers));
	if (!report_is_delay_known(rp, worst->executor, worst->long_ns, worst->delayed_ns))
		snprintf(delayed, sizeof(delayed), "; " UNKNOWN_WORDS);
	else if (worst->delayed_ns)
		snprintf(delayed, sizeof(delayed), ", which delayed runnable tasks by %s together",
			 DURATION(worst->delayed_ns));
	find(findings, blocked_cost(worst),
	     "Worst blocked worker: %s of executor %s, %" PRIu64 " poll%s longer than %s, %s in "
	     "all%s%s%s.",
	     worst->name, report_executor_name(rp, worst->executor), worst->long_polls,
	     worst->long_polls == 1 ? "" : "s", DURATION(REPORT_LONG_NS), DURATION(worst->long_ns),
	     delayed, poll ? "; the longest was of a task from " : "",
	     poll ? report_place(rp, poll->who.site) : "");
}

/* ---- A pool with a queue ---- */

static void find_pool(struct findings *findings, const struct report_process *rp)
{
	const struct report_executor *worst = NULL;

	for (uint32_t i = 0; i < rp->executor_count; i++)
		if (report_is_pool(rp, i) && rp->executors[i].delayed_ns &&
		    rp->executors[i].runnable.area >=
			    (worst ? worst->runnable.area : REPORT_LONG_NS))
			worst = &rp->executors[i];
	if (!worst)
		return;
	findings->is_mild = true;
	find(findings, worst->runnable.area,
	     "Pool with a queue: executor %s, a blocking pool with %" PRIu64 " thread%s: runnable "
	     "tasks waited %s together, at most %" PRIu64 " at once, while %" PRIu64
	     " poll%s took longer than %s.",
	     worst->name, worst->workers, worst->workers == 1 ? "" : "s",
	     DURATION(worst->runnable.area), worst->runnable.max, worst->long_polls,
	     worst->long_polls == 1 ? "" : "s", DURATION(REPORT_LONG_NS));
	findings->is_mild = false;
}

/* ---- Late starts, and what is stuck ---- */

static void find_late(struct findings *findings, const struct report_process *rp)
{
	const struct report_site *worst = NULL;

	for (uint32_t i = 0; rp->sites && i < rp->site_count; i++)
		if (rp->sites[i].runnable.max_ns > (worst ? worst->runnable.max_ns : 0))
			worst = &rp->sites[i];
	if (!worst)
		return;
	find(findings, worst->runnable.max_ns,
	     "Latest start: a task of %s (%s) stood runnable for %s before it was polled; 99 %% of "
	     "all waited less than %s.",
	     worst->place, report_site_name(worst), DURATION(worst->runnable.max_ns),
	     DURATION(vigil_hist_percentile(&rp->runnable_hist, 0.99)));
}

static void find_stuck(struct findings *findings, const struct report_process *rp)
{
	if (rp->stuck_count)
		find(findings, UINT64_MAX, "Stuck at the end: %s%s", rp->stuck,
		     rp->stuck[0] && rp->stuck[strlen(rp->stuck) - 1] == '.' ? "" : ".");
}

size_t report_findings(const struct report_process *process,
		       struct report_finding ret_findings[REPORT_FINDINGS])
{
	struct findings findings = { .list = ret_findings };

	find_stuck(&findings, process);
	find_poll(&findings, process);
	find_lock(&findings, process);
	find_worker(&findings, process);
	find_late(&findings, process);
	find_pool(&findings, process);
	return findings.count;
}

/* ---- The order of processes ---- */

static uint64_t worst_ns(const struct report_process *rp)
{
	struct report_finding findings[REPORT_FINDINGS];

	return report_findings(rp, findings) ? findings[0].cost_ns : 0;
}

void report_end(struct report *report)
{
	uint32_t count = 0;

	for (size_t i = 0; i < report->room; i++) {
		struct report_process *rp = report->processes[i];
		uint32_t at = count;

		if (!rp)
			continue;
		count++;
		report->processes[i] = NULL;
		for (; at && worst_ns(report->processes[at - 1]) < worst_ns(rp); at--)
			report->processes[at] = report->processes[at - 1];
		report->processes[at] = rp;
	}
	report->process_count = count;
}
