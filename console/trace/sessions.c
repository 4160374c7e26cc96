/* SPDX-License-Identifier: MIT */
/* A relay's sessions, by a child and a pipe. */
#include "console/trace/sessions.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

#include "console/trace/ctf_live.h"

struct sessions {
	pid_t child;
	int fd;
	char url[SESSION_URL];
	char text[(SESSIONS_MOST + 2) * SESSION_URL]; /* a line for each; ":" and why not */
	size_t used;
};

bool sessions_is_one(const char *url)
{
	const char *host = strstr(url, "/host/");
	const char *name = host ? strchr(host + strlen("/host/"), '/') : NULL;

	return name && name[1];
}

static void child_run(int fd, const char *url)
{
	char text[(SESSIONS_MOST + 2) * SESSION_URL];
	ssize_t put;
	size_t size;

	prctl(PR_SET_PDEATHSIG, SIGKILL);
	for (int number = 1; number < NSIG; number++)
		signal(number, SIG_DFL);
	signal(SIGINT, SIG_IGN); /* a key pressed for the parent */
	signal(SIGQUIT, SIG_IGN);
	signal(SIGTSTP, SIG_IGN);
	ctf_live_sessions(url, text, sizeof(text));
	size = strlen(text);
	/* It fits a pipe. */
	put = write(fd, text, size);
	_exit(put == (ssize_t)size ? 0 : 1);
}

int sessions_ask(const char *url, struct sessions **ret_sessions)
{
	struct sessions *sessions = calloc(1, sizeof(*sessions));
	int ends[2];

	if (!sessions)
		return -ENOMEM;
	snprintf(sessions->url, sizeof(sessions->url), "%s", url);
	if (pipe2(ends, O_CLOEXEC)) {
		free(sessions);
		return -errno;
	}
	fflush(NULL);
	sessions->child = fork();
	if (!sessions->child)
		child_run(ends[1], sessions->url);
	close(ends[1]);
	sessions->fd = ends[0];
	if (sessions->child < 0) {
		sessions->child = 0;
		sessions_free(sessions);
		return -EAGAIN;
	}
	*ret_sessions = sessions;
	return 0;
}

void sessions_free(struct sessions *sessions)
{
	if (!sessions)
		return;
	if (sessions->child) {
		kill(sessions->child, SIGKILL);
		while (waitpid(sessions->child, NULL, 0) < 0 && errno == EINTR)
			;
	}
	close(sessions->fd);
	free(sessions);
}

/* Reads until the child has said all, or there is no more for now. Returns whether it has. */
static bool all_read(struct sessions *sessions, int timeout_ms)
{
	struct pollfd one = { .fd = sessions->fd, .events = POLLIN };
	ssize_t got;

	while (sessions->used < sizeof(sessions->text) - 1) {
		if (poll(&one, 1, timeout_ms) <= 0)
			return false;
		got = read(sessions->fd, sessions->text + sessions->used,
			   sizeof(sessions->text) - 1 - sessions->used);
		if (got <= 0)
			break;
		sessions->used += (size_t)got;
	}
	sessions->text[sessions->used] = '\0';
	return true;
}

static void list_fill(const struct sessions *sessions, struct session_list *ret_list)
{
	const char *at = sessions->text;
	size_t length;

	for (ret_list->count = 0; *at && ret_list->count < SESSIONS_MOST; at += length) {
		length = strcspn(at, "\n");
		if (length && length < SESSION_URL)
			snprintf(ret_list->urls[ret_list->count++], SESSION_URL, "%.*s",
				 (int)length, at);
		length += at[length] == '\n';
	}
}

int sessions_answer(struct sessions *sessions, int timeout_ms, struct session_list *ret_list,
		    struct vigil_problem *ret_problem)
{
	if (!all_read(sessions, timeout_ms))
		return 0;
	if (sessions->text[0] != ':') {
		list_fill(sessions, ret_list);
		return 1;
	}
	snprintf(
		ret_problem->text, sizeof(ret_problem->text),
		"cannot reach the relay of %.150s (%.150s): is lttng-relayd running there, and may "
		"we connect to its live port, which is 5344 unless it was told another?",
		sessions->url, sessions->text + 1);
	return -ENOTCONN;
}

int sessions_list(const char *url, int timeout_ms, struct session_list *ret_list,
		  struct vigil_problem *ret_problem)
{
	struct sessions *sessions = NULL;
	int r = sessions_ask(url, &sessions);

	if (r || !sessions) {
		snprintf(ret_problem->text, sizeof(ret_problem->text),
			 "cannot start a process to ask %.200s: %s", url, strerror(-r));
		return r;
	}
	r = sessions_answer(sessions, timeout_ms, ret_list, ret_problem);
	if (!r) {
		snprintf(ret_problem->text, sizeof(ret_problem->text),
			 "the relay of %.200s does not answer", url);
		r = -ETIMEDOUT;
	}
	sessions_free(sessions);
	return r < 0 ? r : 0;
}
