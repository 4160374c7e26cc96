/* SPDX-License-Identifier: MIT */
/* `vigil report` as people use it, where there is no trace: boards, and what is refused. */
#include <sys/stat.h>

#include "tests/support/command.h"
#include "tests/support/json_check.h"

TestSuite(report_verb, .init = command_begin, .fini = command_end, .timeout = 60);

static bool tells(const char *words)
{
	return strstr(err, words) != NULL;
}

Test(report_verb, a_board_tells_its_sums_and_says_what_only_a_trace_has)
{
	start("deadlock_two_locks");

	cr_expect_eq(vigil("report", NULL), 0, "%s", err);
	cr_expect(says("deadlock, pid "), "%s", out);
	cr_expect(says("need a trace (`vigil record`)"), "%s", out);
	cr_expect(says("Sites, by busy time"), "%s", out);
	cr_expect(says("lock \"accounts\""), "%s", out);
	cr_expect_not(says("Critical path\n"), "%s", out);
}

Test(report_verb, a_dead_board_is_valid_json_and_a_page)
{
	char option[128], path[96];
	struct stat st;

	start("deadlock_two_locks");
	stop(SIGKILL);
	snprintf(path, sizeof(path), "%s/page", dir);
	snprintf(option, sizeof(option), "--html=%s", path);

	cr_expect_eq(vigil("report", board(), "--json", NULL), 0);
	cr_expect(json_is_valid(out), "%s", out);
	cr_expect(says("\"is_board\":true"));
	cr_expect_eq(vigil("report", board(), option, NULL), 0, "%s", err);
	cr_expect(says(path));
	cr_assert_eq(stat(path, &st), 0);
	cr_expect_gt(st.st_size, 1000);
	unlink(path);
	cr_expect_eq(vigil("report", board(), "--html=-", NULL), 0);
	cr_expect(says("</html>"));
}

Test(report_verb, what_only_a_trace_has_is_refused_of_a_board)
{
	start("idle_server");

	cr_expect_eq(vigil("report", "idle", "--task=1", NULL), 2);
	cr_expect(tells("need a trace"), "%s", err);
	cr_expect_eq(vigil("report", "idle", "--from=1", NULL), 2);
	cr_expect(tells("need a trace"), "%s", err);
	cr_expect_eq(vigil("report", "idle", "idle", NULL), 2);
	cr_expect(tells("only traces can be compared"), "%s", err);
}

Test(report_verb, nonsense_is_refused_in_a_sentence)
{
	cr_expect_eq(vigil("report", dir, "--from=3", "--until=2", NULL), 2);
	cr_expect(tells("--until must be later"), "%s", err);
	cr_expect_eq(vigil("report", dir, "--from=soon", NULL), 2);
	cr_expect(tells("--from: \"soon\" is no moment of a trace"), "%s", err);
	cr_expect_eq(vigil("report", dir, "--top=0", NULL), 2);
	cr_expect(tells("--top needs a number of rows"), "%s", err);
	cr_expect_eq(vigil("report", dir, "--process=init", NULL), 2);
	cr_expect(tells("--process needs the pid"), "%s", err);
	cr_expect_eq(vigil("report", dir, "--task=first", NULL), 2);
	cr_expect(tells("is no task"), "%s", err);
	cr_expect_eq(vigil("report", "a", "b", "c", NULL), 2);
	cr_expect(tells("does not know what to do with \"c\""), "%s", err);
}

Test(report_verb, a_folder_without_a_trace_is_refused)
{
	cr_expect_eq(vigil("report", dir, NULL), 2);
	cr_expect(tells(dir), "%s", err);
}

Test(report_verb, a_page_that_cannot_be_written_is_refused)
{
	start("idle_server");

	cr_expect_eq(vigil("report", "idle", "--html=/nonexistent/page.html", NULL), 2);
	cr_expect(tells("cannot write /nonexistent/page.html"), "%s", err);
}
