/* SPDX-License-Identifier: MIT */
/*
 * The tracepoints under a real recording session: a session daemon of the test's
 * own, a program that makes every call, and babeltrace2 to read what was written.
 */
#include <criterion/criterion.h>

#include "libtrace/tracepoints.h"
#include "tests/support/lttng.h"

static char traces[64];

static void record(void)
{
	snprintf(traces, sizeof(traces), "%s/traces", home);
	cr_assert_eq(run("create", "lttng", "--no-sessiond", "create", "t", "--output", traces), 0);
	cr_assert_eq(run("enable", "lttng", "--no-sessiond", "enable-event", "-u", "vigil:*"), 0);
	cr_assert_eq(run("start", "lttng", "--no-sessiond", "start"), 0);
	cr_assert_eq(run("helper", helper("trace_all")), 0, "trace_all failed");
	cr_assert_eq(run("destroy", "lttng", "--no-sessiond", "destroy", "t"), 0);
}

Test(lttng, a_session_records_every_tracepoint, .init = home_make, .fini = home_remove,
     .timeout = 120)
{
	const char *lack = missing();
	char *text, *warnings, *said;

	if (lack) {
		fprintf(stderr, "skipped: %s\n", lack);
		return;
	}
	cr_assert(daemon_start(), "lttng-sessiond did not come up");

	record();
	cr_assert_eq(run("read", "babeltrace2", traces), 0);
	text = output("read.out");
	warnings = output("read.err");
	said = output("helper.err");

#define X(name, params)                                                                            \
	cr_expect(strstr(text, " vigil:" #name ": "), "vigil:" #name " was not recorded");
	TRACEPOINTS(X)
#undef X
	cr_assert_str_empty(warnings, "babeltrace2 says: %s", warnings);
	cr_assert_str_empty(said, "the program said: %s", said);
	free(text);
	free(warnings);
	free(said);
}
