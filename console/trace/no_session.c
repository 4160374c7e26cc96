/* SPDX-License-Identifier: MIT */
/* In place of session*.c where liblttng-ctl-dev was missing: every call refuses. */
#include <errno.h>
#include <stdio.h>

#include "console/trace/session.h"

struct session {
	char unused;
};

static int refuse_all(struct vigil_problem *ret_problem)
{
	snprintf(ret_problem->text, sizeof(ret_problem->text),
		 "cannot record: this vigil was built without LTTng's control library; install "
		 "liblttng-ctl-dev and build it again");
	return -ENOSYS;
}

int session_daemon_ensure(bool *ret_is_started, struct vigil_problem *ret_problem)
{
	*ret_is_started = false;
	return refuse_all(ret_problem);
}

uint64_t session_part_bytes(uint64_t buffer_bytes)
{
	return buffer_bytes;
}

int session_open(const struct session_options *options, struct session **ret_session,
		 struct vigil_problem *ret_problem)
{
	(void)options;
	(void)ret_session;
	return refuse_all(ret_problem);
}

int session_await(const uint32_t *pids, size_t count, struct vigil_problem *ret_problem)
{
	(void)pids;
	(void)count;
	return refuse_all(ret_problem);
}

int session_registered(uint32_t **ret_pids, size_t *ret_count, struct vigil_problem *ret_problem)
{
	(void)ret_pids;
	(void)ret_count;
	return refuse_all(ret_problem);
}

int session_start(struct session *session, struct vigil_problem *ret_problem)
{
	(void)session;
	return refuse_all(ret_problem);
}

int session_counts(const struct session *session, struct session_counts *ret_counts,
		   struct vigil_problem *ret_problem)
{
	(void)session;
	(void)ret_counts;
	return refuse_all(ret_problem);
}

int session_stop(struct session *session, struct vigil_problem *ret_problem)
{
	(void)session;
	return refuse_all(ret_problem);
}

void session_close(struct session *session)
{
	(void)session;
}

int session_snapshot(const char *name, const char *folder, struct vigil_problem *ret_problem)
{
	(void)name;
	(void)folder;
	return refuse_all(ret_problem);
}

int session_folder(const char *name, char *ret_folder, size_t size,
		   struct vigil_problem *ret_problem)
{
	(void)name;
	(void)ret_folder;
	(void)size;
	return refuse_all(ret_problem);
}
