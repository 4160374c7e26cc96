/* SPDX-License-Identifier: MIT */
/* Verbs on the folder of a trace, as people use them. */
#include "tests/support/command.h"
#include "tests/support/ctf_folder.h"

static void set_up(void)
{
	command_begin();
	ctf_folder_make();
}

static void tear_down(void)
{
	ctf_folder_remove();
	command_end();
}

TestSuite(trace_verbs, .init = set_up, .fini = tear_down, .timeout = 60);

/* ---- Moments ---- */

Test(trace_verbs, a_part_of_a_trace_with_nothing_in_it_is_refused)
{
	expect_refused(vigil("report", ctf_folder, "--from=1h", NULL),
		       "--from is not before the end of /tmp/vigil-ctf");
	expect_refused(vigil("report", ctf_folder, "--from=end", NULL), "--from is not before");
	expect_refused(vigil("report", ctf_folder, "--until=0", NULL),
		       "--until is not after the begin of");
	expect_refused(vigil("report", ctf_folder, "--from=50%", "--until=begin", NULL),
		       "--until is not after the begin of");
	expect_refused(vigil("report", ctf_folder, ctf_folder, "--from=1h", NULL),
		       "--from is not before");
	expect_refused(vigil("export", "--to=csv", "--from=1h", ctf_folder, NULL),
		       "--from is not before");
	expect_refused(vigil("export", "--to=csv", "--until=0", ctf_folder, NULL),
		       "--until is not after the begin of");
}

Test(trace_verbs, every_option_that_takes_a_moment_takes_the_same_ones)
{
	static const char *const moments[] = { "0.0001", "+100us", "-100us", "50%", "begin" };
	char at[32], from[32];

	for (size_t i = 0; i < sizeof(moments) / sizeof(moments[0]); i++) {
		snprintf(at, sizeof(at), "--at=%s", moments[i]);
		snprintf(from, sizeof(from), "--from=%s", moments[i]);
		cr_expect_eq(vigil("tasks", at, ctf_folder, NULL), 0, "%s: %s", at, err);
		cr_expect_eq(vigil("report", from, ctf_folder, NULL), 0, "%s: %s", from, err);
		cr_expect_eq(vigil("export", "--to=csv", from, ctf_folder, NULL), 0, "%s: %s",
			     from, err);
	}
	expect_refused(vigil("tasks", "--at=noon", ctf_folder, NULL),
		       "--at: \"noon\" is no moment of a trace");
	expect_refused(vigil("replay", "--at=noon", ctf_folder, NULL),
		       "--at: \"noon\" is no moment of a trace");
	expect_refused(vigil("export", "--to=csv", "--until=noon", ctf_folder, NULL),
		       "--until: \"noon\" is no moment of a trace");
}
