/* SPDX-License-Identifier: MIT */
/*
 * A trace that a test makes up, event by event, and the report of it: no LTTng, no
 * clock, no threads.
 *
 *	report_begin((struct report_options){ 0 });
 *	... told(WORKER(0), TRACE_poll_begin, .object = TASK(1)); passes(MS(3)); ...
 *	report = report_finish();
 */
#ifndef TESTS_SUPPORT_REPORT_H
#define TESTS_SUPPORT_REPORT_H

#include <criterion/criterion.h>
#include <stdlib.h>
#include <string.h>

#include <vigil/vigil.h>

#include "console/report/report.h"
#include "console/trace/process.h"

#define US(n) ((uint64_t)(n)*1000)
#define MS(n) ((uint64_t)(n)*1000000)

#define EXECUTOR(i) vigil_ref_make(VIGIL_TABLE_executor, (i), 1)
#define WORKER(i) vigil_ref_make(VIGIL_TABLE_worker, (i), 1)
#define TASK(i) vigil_ref_make(VIGIL_TABLE_task, (i), 1)
#define RESOURCE(i) vigil_ref_make(VIGIL_TABLE_resource, (i), 1)
#define SPAN(i) vigil_ref_make(VIGIL_TABLE_span, (i), 1)
#define OP(i) vigil_ref_make(VIGIL_TABLE_op, (i), 1)

#define TRACE_STARTS UINT64_C(1700000000000000000)
#define CLOCK_STARTS UINT64_C(5000000000)

static struct report *made;
static struct process *traced[2];
static uint64_t passed; /* since the start of the trace */
static uint16_t speaks; /* the process that the next events are of */

static inline void passes(uint64_t ns)
{
	passed += ns;
}

/* Whether events reach the board alone, as if they were before the trace. */
static bool is_unseen;

static inline void tell(struct trace_event event)
{
	struct process *process = traced[event.process];

	event.name = event.name ? event.name : "";
	event.text = event.text ? event.text : "";
	event.extra = event.extra ? event.extra : "";
	event.ns = CLOCK_STARTS + passed;
	event.unix_ns = TRACE_STARTS + passed;
	cr_assert_eq(process_board(process, &event), 0);
	process_note(process, &event);
	if (!is_unseen)
		report_before(made, &process->known, &event);
	event_apply(&process->board, &process->adoption, &event);
	if (!is_unseen)
		report_after(made, &process->known, &event);
}

#define told(by, what, ...)                                                                        \
	tell((struct trace_event){ .process = speaks, .worker = (by), .kind = (what), __VA_ARGS__ })

/* A process that is whole: its board is announced. */
static inline void process_starts(uint16_t index, uint32_t pid, const char *name)
{
	struct board_shape shape;

	board_shape_default(&shape);
	traced[index] = process_new(
		index,
		&(struct trace_event){ .number = (int32_t)pid, .name = name, .text = "host" });
	cr_assert_not_null(traced[index]);
	for (uint32_t i = 0; i < VIGIL_TABLES; i++)
		process_room(traced[index], &(struct trace_event){ .name = table_kinds[i].name,
								   .value = shape.capacity[i],
								   .flags = shape.retain[i] });
	speaks = index;
	told(0, TRACE_process_begin, .number = (int32_t)pid, .name = name, .text = "./server -p 80",
	     .extra = "0.1.0");
}

static inline void traces_begin(struct report_options options)
{
	options.is_quiet = true;
	passed = 0;
	is_unseen = false;
	made = report_new("traces/server", &options);
	cr_assert_not_null(made);
}

static inline void report_begin(struct report_options options)
{
	traces_begin(options);
	process_starts(0, 4711, "server");
}

/* The end of the trace. */
static inline struct report *report_finish(void)
{
	for (size_t i = 0; i < 2; i++) {
		if (!traced[i])
			continue;
		traced[i]->known.last_ns = CLOCK_STARTS + passed;
		traced[i]->known.last_unix_ns = TRACE_STARTS + passed;
		report_close(made, &traced[i]->known);
	}
	report_end(made);
	cr_assert_not(made->has_no_memory);
	return made;
}

static inline void report_done(void)
{
	report_free(made);
	made = NULL;
	for (size_t i = 0; i < 2; i++) {
		process_free(traced[i]);
		traced[i] = NULL;
	}
}

/* ---- What programs do ---- */

static inline void site(uint32_t index, enum vigil_site_kind kind, const char *file, int line,
			const char *function, const char *name)
{
	told(0, TRACE_site, .site = index, .state = kind, .text = file, .number = line,
	     .extra = function, .name = name);
}

static inline void executor(uint32_t index, const char *name)
{
	told(0, TRACE_executor_new, .object = EXECUTOR(index), .id = index + 1,
	     .state = VIGIL_EXECUTOR_EVENT_LOOP, .name = name);
}

static inline void pool(uint32_t index, const char *name)
{
	told(0, TRACE_executor_new, .object = EXECUTOR(index), .id = index + 1,
	     .state = VIGIL_EXECUTOR_BLOCKING_POOL, .name = name);
}

static inline void worker(uint32_t index, uint32_t of, const char *name)
{
	told(WORKER(index), TRACE_thread_begin, .id = index + 1, .value = 100 + index);
	told(WORKER(index), TRACE_worker_begin, .object = EXECUTOR(of), .name = name);
}

/* Its serial number is its index plus one. */
static inline void spawn(uint32_t index, uint32_t of, uint32_t where, uint32_t flags)
{
	told(WORKER(0), TRACE_task_spawn, .object = TASK(index), .id = index + 1, .site = where,
	     .value = EXECUTOR(of), .flags = flags);
}

static inline void ends(uint32_t by, uint32_t task)
{
	told(WORKER(by), TRACE_task_end, .object = TASK(task), .state = VIGIL_OUTCOME_COMPLETED);
}

static inline void begins(uint32_t by, uint32_t task)
{
	told(WORKER(by), TRACE_poll_begin, .object = TASK(task));
}

static inline void stops(uint32_t by, uint32_t task)
{
	told(WORKER(by), TRACE_poll_end, .object = TASK(task));
}

static inline void waits(uint32_t by, uint32_t task, enum vigil_wait_kind kind, uint64_t object)
{
	told(WORKER(by), TRACE_task_wait, .object = TASK(task), .state = kind, .other = object,
	     .number = -1);
}

static inline void wakes(uint32_t by, uint32_t task, uint32_t where, uint64_t waker)
{
	told(WORKER(by), TRACE_wake, .object = TASK(task), .site = where, .other = waker);
}

static inline void locks(uint32_t by, uint32_t lock, uint32_t where, uint64_t owner)
{
	told(WORKER(by), TRACE_lock_acquired, .object = RESOURCE(lock), .site = where,
	     .state = VIGIL_MODE_EXCLUSIVE, .other = owner);
}

static inline void wants(uint32_t by, uint32_t lock, uint32_t where)
{
	told(WORKER(by), TRACE_lock_wait, .object = RESOURCE(lock), .site = where,
	     .state = VIGIL_MODE_EXCLUSIVE);
}

static inline void unlocks(uint32_t by, uint32_t lock, uint64_t owner)
{
	told(WORKER(by), TRACE_lock_released, .object = RESOURCE(lock), .other = owner);
}

/* ---- A server ---- */

enum { CONN = 1, LOOP, CACHE, PAGE, GET, JOB, REQUEST, READ };

static inline void server_sites(void)
{
	site(CONN, VIGIL_SITE_SPAWN, "src/conn.c", 120, "conn_open", "conn");
	site(LOOP, VIGIL_SITE_WAKE, "src/loop.c", 40, "loop_collect", "");
	site(CACHE, VIGIL_SITE_RESOURCE, "src/cache.c", 23, "cache_new", "");
	site(PAGE, VIGIL_SITE_LOCK, "src/page.c", 83, "page_render", "");
	site(GET, VIGIL_SITE_LOCK, "src/cache.c", 159, "cache_get", "");
	site(JOB, VIGIL_SITE_SPAWN, "src/job.c", 9, "job_run", "");
	site(REQUEST, VIGIL_SITE_SPAN, "src/http.c", 77, "http_serve", "");
	site(READ, VIGIL_SITE_OP, "src/io.c", 5, "io_read", "Socket.read");
}

static inline void server_parts(void)
{
	server_sites();
	executor(0, "http");
	pool(1, "files");
	worker(0, 0, "http-0");
	worker(1, 1, "files-0");
	told(WORKER(0), TRACE_resource_new, .object = RESOURCE(0), .id = 1, .site = CACHE,
	     .state = VIGIL_RESOURCE_MUTEX, .flags = VIGIL_RESOURCE_THREAD, .name = "cache");
	passes(MS(1));
}

/* A task was spawned, and is runnable, when the trace begins. */
static inline void board_lies_beside(void)
{
	is_unseen = true;
	process_starts(0, 4711, "server");
	server_parts();
	spawn(0, 0, CONN, 0);
	is_unseen = false;
}

/* A connection waits to be readable, then is polled for as long as is said. */
static inline void request(uint32_t task, uint64_t late_ns, uint64_t ns)
{
	wakes(0, task, LOOP, WORKER(0));
	passes(late_ns);
	begins(0, task);
	passes(ns);
	waits(0, task, VIGIL_WAIT_READABLE, 0);
	stops(0, task);
}

/* A job holds the cache for 40 ms; a connection blocks its worker on it for 30 ms. */
static inline void server_blocks(void)
{
	begins(1, 3);
	locks(1, 0, PAGE, TASK(3));
	passes(MS(10));
	wakes(0, 0, LOOP, WORKER(0));
	begins(0, 0);
	told(WORKER(0), TRACE_span_new, .object = SPAN(0), .id = 1, .site = REQUEST,
	     .state = VIGIL_LEVEL_INFO, .name = "GET /");
	told(WORKER(0), TRACE_span_enter, .object = SPAN(0));
	wants(0, 0, GET);
	wakes(1, 1, LOOP, TASK(3));
	passes(MS(10));
	wakes(1, 2, LOOP, TASK(3));
	passes(MS(20));
	unlocks(1, 0, TASK(3));
	locks(0, 0, GET, TASK(0));
	passes(MS(2));
	unlocks(0, 0, TASK(0));
	told(WORKER(0), TRACE_span_leave, .object = SPAN(0));
	waits(0, 0, VIGIL_WAIT_READABLE, 0);
	stops(0, 0);
	ends(1, 3);
	stops(1, 3);
}

/* All of it: three connections, a job that a fourth one awaits. */
static inline void server_runs(void)
{
	server_parts();
	for (uint32_t i = 0; i < 3; i++)
		spawn(i, 0, CONN, 0);
	for (uint32_t i = 0; i < 3; i++)
		request(i, 0, US(20));
	spawn(3, 1, JOB, 0);
	passes(MS(1));
	server_blocks();
	for (uint32_t i = 1; i < 3; i++) {
		begins(0, i);
		passes(US(50));
		waits(0, i, VIGIL_WAIT_READABLE, 0);
		stops(0, i);
	}
	for (uint32_t i = 0; i < 50; i++)
		request(i % 3, US(7), US(30 + i));
	ends(0, 2);
	passes(MS(5));
}

#endif
