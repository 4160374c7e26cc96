/* SPDX-License-Identifier: MIT */
/*
 * A small program under test: an event loop over connections, each event parsed
 * and answered. Compiled twice, the second time with -DVIGIL_DISABLE.
 */
#include "tests/bench/bench.h"

#include <string.h>

#include <vigil/vigil.h>

#define CONNECTIONS 256

#ifdef VIGIL_DISABLE
#define SUBJECT_RUN subject_run_disabled
#else
#define SUBJECT_RUN subject_run
#endif

struct connection {
	vigil_task task;
	uint64_t state;
	char buffer[512];
};

static struct connection connections[CONNECTIONS];

/* About what a short request costs to parse. */
static uint64_t serve(struct connection *conn, uint64_t event)
{
	uint64_t hash = 1469598103934665603u ^ conn->state;

	memset(conn->buffer, (int)event & 0x7f, 128);
	for (int i = 0; i < 512; i++)
		hash = (hash ^ (unsigned char)conn->buffer[i]) * 1099511628211u;
	conn->state = hash;
	return hash;
}

static uint64_t dispatch(struct connection *conn, uint64_t event)
{
	uint64_t result;

	vigil_wake(conn->task);
	vigil_poll_begin(conn->task);
	result = serve(conn, event);
	vigil_poll_end(conn->task);
	vigil_task_wait_fd(conn->task, VIGIL_WAIT_READABLE, (int)event & 255);
	return result;
}

uint64_t SUBJECT_RUN(uint64_t polls)
{
	vigil_executor loop = vigil_executor_new(VIGIL_EXECUTOR_EVENT_LOOP, "subject");
	uint64_t sum = 0;

	for (int i = 0; i < CONNECTIONS; i++)
		connections[i].task = vigil_task_spawn(loop, VIGIL_TASK_CALLBACK, "conn", 0);
	for (uint64_t i = 0; i < polls; i++)
		sum += dispatch(&connections[i * 7 % CONNECTIONS], i);
	for (int i = 0; i < CONNECTIONS; i++)
		vigil_task_end(connections[i].task, VIGIL_OUTCOME_COMPLETED);
	vigil_executor_free(loop);
	return sum;
}
