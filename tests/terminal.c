/* SPDX-License-Identifier: MIT */
/* What the command sends to a terminal, byte by byte. */
#include <criterion/criterion.h>
#include <fcntl.h>
#include <pty.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include "tests/support/command.h"

TestSuite(terminal, .init = command_begin, .fini = command_end, .timeout = 60);

/* Whether a sequence sets one: ESC [ ... 30 or more ... m. */
static bool has_colour(const char *bytes)
{
	while ((bytes = strstr(bytes, "\033["))) {
		size_t length = strspn(bytes += 2, "0123456789;");

		for (const char *at = bytes; bytes[length] == 'm' && at < bytes + length; at++)
			if (strtoul(at, (char **)&at, 10) >= 30)
				return true;
	}
	return false;
}

/* What vigil sends to a terminal until `enough` is in it so often; then `end` ends it. */
static const char *on_terminal(const char *term, int rows, const char *const *argv,
			       const char *enough, int times, void (*end)(int terminal))
{
	struct winsize size = { .ws_row = (unsigned short)rows, .ws_col = 80 };
	static char bytes[1 << 16];
	bool is_told = false;
	size_t at = 0;
	ssize_t got;
	int terminal;
	pid_t pid = forkpty(&terminal, NULL, NULL, &size);

	if (pid == 0) {
		setenv("TERM", term, 1);
		/* A sanitizer's report is coloured, and not what is looked at. */
		dup2(open("/dev/null", O_WRONLY), STDERR_FILENO);
		execv(built("vigil"), (char *const *)argv);
		_exit(127);
	}
	cr_assert_gt(pid, 0);
	bytes[0] = '\0';
	while (at < sizeof(bytes) - 1 &&
	       (got = read(terminal, bytes + at, sizeof(bytes) - 1 - at)) > 0) {
		const char *found = bytes;
		int count = 0;

		at += (size_t)got;
		bytes[at] = '\0';
		while ((found = strstr(found, enough)) && ++count)
			found++;
		if (count >= times && !is_told) {
			end(terminal);
			is_told = true;
		}
	}
	waitpid(pid, NULL, 0);
	close(terminal);
	return bytes;
}

static void press_q(int terminal)
{
	cr_assert_eq(write(terminal, "q", 1), 1);
}

/* Who watches it leaves with it. */
static void kill_scene(int terminal)
{
	(void)terminal;
	stop(SIGKILL);
}

Test(terminal, no_colour_is_sent_to_a_terminal_that_wants_none)
{
	const char *const argv[] = { "vigil", "top", "--color=never", "idle", NULL };
	const char *bytes;

	start("idle_server");

	bytes = on_terminal("xterm-256color", 24, argv, "acceptor", 1, press_q);

	cr_expect_not_null(strstr(bytes, "acceptor"));
	cr_expect_not(has_colour(bytes));
}

Test(terminal, watch_draws_over_what_it_drew_on_a_terminal)
{
	const char *const argv[] = { "vigil", "tasks", "--watch=0.05", NULL };
	const char *bytes, *at;
	int times = 0;

	start("idle_server");

	bytes = on_terminal("xterm", 12, argv, "idle, pid", 3, kill_scene);

	for (at = bytes; (at = strstr(at, "idle, pid")); at++, times++)
		cr_expect_eq(strncmp(at - 3, "\033[H", 3), 0, "not in the upper left corner");
	cr_expect_geq(times, 3);
	cr_expect_not_null(strstr(bytes, "and 3 more\r\n"), "more rows than the terminal has");
	cr_expect_null(strstr(bytes, "\033[J"), "would be kept for scrolling back");
}

Test(terminal, watch_appends_where_nothing_can_be_drawn_over)
{
	const char *const argv[] = { "vigil", "tasks", "--watch=0.05", NULL };
	const char *bytes;

	start("idle_server");

	bytes = on_terminal("dumb", 10, argv, "idle, pid", 3, kill_scene);

	cr_expect_null(strchr(bytes, '\033'));
	cr_expect_not_null(strstr(bytes, "\r\n\r\nidle, pid"));
	cr_expect_null(strstr(bytes, " more\r\n"));
}
