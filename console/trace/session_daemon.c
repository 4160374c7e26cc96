/* SPDX-License-Identifier: MIT */
/*
 * The session daemon: whether one answers, and starting one as lttng(1) does.
 *
 * It is left running, as lttng(1) leaves it: other recordings may use it by then,
 * and a traced program would notice its end.
 *
 * The law: no daemon is started where one answers, and none is ever ended.
 */
#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <lttng/lttng.h>
#include <signal.h>
#include <spawn.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "console/trace/session.h"
#include "console/trace/session_private.h"

#define DAEMON "lttng-sessiond"
#define ANSWER_TRIES 250
#define ANSWER_PAUSE_NS 20000000

static bool is_answering(void)
{
	return lttng_session_daemon_alive() == 1;
}

/* It says what it cannot do in many words, which people would take for ours. */
static int daemon_spawn(pid_t *ret_pid)
{
	const char *path = getenv("LTTNG_SESSIOND_PATH");
	char *argv[] = { DAEMON, "--daemonize", NULL };
	posix_spawn_file_actions_t files;
	posix_spawnattr_t attributes;
	sigset_t none, usual;
	int r;

	sigemptyset(&none);
	sigemptyset(&usual);
	sigaddset(&usual, SIGPIPE);
	posix_spawnattr_init(&attributes);
	posix_spawnattr_setflags(&attributes, POSIX_SPAWN_SETSIGMASK | POSIX_SPAWN_SETSIGDEF);
	posix_spawnattr_setsigmask(&attributes, &none);
	posix_spawnattr_setsigdefault(&attributes, &usual);
	posix_spawn_file_actions_init(&files);
	posix_spawn_file_actions_addopen(&files, STDIN_FILENO, "/dev/null", O_RDONLY, 0);
	posix_spawn_file_actions_addopen(&files, STDOUT_FILENO, "/dev/null", O_WRONLY, 0);
	posix_spawn_file_actions_addopen(&files, STDERR_FILENO, "/dev/null", O_WRONLY, 0);
	r = posix_spawnp(ret_pid, path && *path ? path : DAEMON, &files, &attributes, argv,
			 environ);
	posix_spawn_file_actions_destroy(&files);
	posix_spawnattr_destroy(&attributes);
	return -r;
}

/* The process we started ends once the daemon it leaves behind is ready. */
static int daemon_await(pid_t pid, struct vigil_problem *ret_problem)
{
	const struct timespec moment = { .tv_nsec = ANSWER_PAUSE_NS };
	int status = 0;

	while (waitpid(pid, &status, 0) < 0 && errno == EINTR)
		;
	for (int i = 0; i < ANSWER_TRIES; i++) {
		if (is_answering())
			return 0;
		if (status)
			break;
		nanosleep(&moment, NULL);
	}
	snprintf(ret_problem->text, sizeof(ret_problem->text),
		 "cannot record: a session daemon was started and does not answer; start "
		 "`" DAEMON "` by hand to see why");
	return -EIO;
}

int session_daemon_ensure(bool *ret_is_started, struct vigil_problem *ret_problem)
{
	pid_t pid;
	int r;

	*ret_is_started = false;
	if (is_answering())
		return 0;
	r = daemon_spawn(&pid);
	if (r) {
		snprintf(ret_problem->text, sizeof(ret_problem->text),
			 "cannot record: no session daemon runs, and " DAEMON
			 " cannot be started: %s; install lttng-tools",
			 strerror(-r));
		return r;
	}
	r = daemon_await(pid, ret_problem);
	*ret_is_started = !r;
	return r;
}

/* ---- Who has registered ---- */

static bool is_ours(const struct lttng_event *event)
{
	return !strncmp(event->name, "vigil:", 6);
}

/* The tracepoints of all that have; the caller frees. Their number, or an error of LTTng's. */
static int tracepoints_list(struct lttng_event **ret_events)
{
	struct lttng_domain domain = { .type = LTTNG_DOMAIN_UST };
	struct lttng_handle *handle = lttng_create_handle(NULL, &domain);
	int count;

	*ret_events = NULL;
	if (!handle)
		return -LTTNG_ERR_NOMEM;
	count = lttng_list_tracepoints(handle, ret_events);
	lttng_destroy_handle(handle);
	return count;
}

static bool is_listed(const struct lttng_event *events, int count, uint32_t pid)
{
	for (int i = 0; i < count; i++)
		if (events[i].pid == (pid_t)pid && is_ours(&events[i]))
			return true;
	return false;
}

/* The first of the pids that has not registered; 0: all have. */
static uint32_t missing_find(const uint32_t *pids, size_t count)
{
	struct lttng_event *events;
	int listed = tracepoints_list(&events);
	uint32_t missing = 0;

	for (size_t i = 0; i < count && !missing; i++)
		if (!is_listed(events, listed, pids[i]))
			missing = pids[i];
	free(events);
	return missing;
}

int session_registered(uint32_t **ret_pids, size_t *ret_count, struct vigil_problem *ret_problem)
{
	struct lttng_event *events;
	int listed = tracepoints_list(&events);
	uint32_t *pids;
	size_t count = 0;

	if (listed < 0)
		return session_failed(ret_problem, listed, "ask who runs");
	pids = calloc((size_t)listed + 1, sizeof(*pids));
	/* The tracepoints of a process stand together. */
	for (int i = 0; pids && i < listed; i++)
		if (is_ours(&events[i]) && (!count || pids[count - 1] != (uint32_t)events[i].pid))
			pids[count++] = (uint32_t)events[i].pid;
	free(events);
	if (!pids)
		return session_failed(ret_problem, LTTNG_ERR_NOMEM, "ask who runs");
	*ret_pids = pids;
	*ret_count = count;
	return 0;
}

int session_await(const uint32_t *pids, size_t count, struct vigil_problem *ret_problem)
{
	const struct timespec moment = { .tv_nsec = ANSWER_PAUSE_NS };
	uint32_t missing = 0;

	for (int i = 0; i < ANSWER_TRIES; i++) {
		missing = missing_find(pids, count);
		if (!missing)
			return 0;
		nanosleep(&moment, NULL);
	}
	snprintf(ret_problem->text, sizeof(ret_problem->text),
		 "cannot record pid %" PRIu32
		 ": it does not answer the session daemon; run vigil as the user, and with the "
		 "HOME or LTTNG_HOME, that it was started with",
		 missing);
	return -ETIMEDOUT;
}
