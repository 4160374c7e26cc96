/* SPDX-License-Identifier: MIT */
/* `vigil report` as people use it, where there is no trace: boards, and what is refused. */
#include <sys/stat.h>

#include "console/trace/recording.h"
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

Test(report_verb, a_page_and_json_at_once_are_refused)
{
	start("idle_server");

	cr_expect_eq(vigil("report", "idle", "--json", "--html=-", NULL), 2);
	cr_expect(tells("--html and --json are two forms"), "%s", err);
	cr_expect_eq(out[0], '\0', "%s", out);
	cr_expect_eq(vigil("report", "a", "b", "--html", NULL), 2);
	cr_expect(tells("--html is of one trace"), "%s", err);
}

/* ---- Folders that are no trace, or more than one ---- */

static char folder[] = "/tmp/vigil-folder-XXXXXX";

static const char *below(const char *path)
{
	static char buf[256];

	snprintf(buf, sizeof(buf), "%s/%s", folder, path);
	return buf;
}

/* A folder in the test's, and the folders above it. */
static void folder_make(const char *path)
{
	char command[300];

	if (!strcmp(folder + strlen(folder) - 6, "XXXXXX"))
		cr_assert(mkdtemp(folder));
	snprintf(command, sizeof(command), "mkdir -p %s", below(path));
	cr_assert_eq(system(command), 0);
}

static void recording_make(const char *path, enum recording_mode mode)
{
	struct recording recording = { .mode = mode, .url = "net://relay:5342/host/web" };
	struct vigil_problem problem;
	char beside[128];

	snprintf(beside, sizeof(beside), "%s/vigil", path);
	folder_make(beside);
	cr_assert_eq(recording_write(&recording, below(path), &problem), 0, "%s", problem.text);
}

static void trace_make(const char *path)
{
	char command[512];

	folder_make(path);
	snprintf(command, sizeof(command), "touch %s/metadata", below(path));
	cr_assert_eq(system(command), 0);
}

static void folders_remove(void)
{
	char command[300];

	snprintf(command, sizeof(command), "rm -r %s", folder);
	cr_assert_eq(system(command), 0);
}

/* Also that nothing is said of a damage, and that there are no tables of zeros. */
static void expect_told(int status, const char *words)
{
	cr_expect_eq(status, 2);
	cr_expect(tells(words), "%s", err);
	cr_expect_null(strstr(err, "damaged"), "%s", err);
	cr_expect_eq(out[0], '\0', "%s", out);
}

Test(report_verb, of_what_went_to_a_relay_it_says_where_the_trace_is)
{
	recording_make(".", RECORDING_LIVE);

	expect_told(vigil("report", folder, NULL),
		    "it went to the relay net://relay:5342/host/web, and is there");
	expect_told(vigil("tasks", folder, NULL), "it went to the relay net://relay:5342");
	expect_told(vigil("replay", folder, NULL), "it went to the relay net://relay:5342");
	expect_told(vigil("export", "--to=csv", folder, NULL), "it went to the relay net://");
	folders_remove();
}

Test(report_verb, of_a_flight_recorder_it_says_which_snapshots_there_are)
{
	char words[256];

	recording_make(".", RECORDING_SNAPSHOT);
	expect_told(vigil("report", folder, NULL), "has written no snapshot");
	for (int i = 1; i <= 4; i++) {
		char path[64];

		snprintf(path, sizeof(path), "snapshot-%d/ust/uid/0/64-bit", i);
		trace_make(path);
	}
	snprintf(words, sizeof(words),
		 "wrote 4 snapshots, each a trace of its own: "
		 "%s/snapshot-1 ... %s/snapshot-4; give one\n",
		 folder, folder);

	expect_told(vigil("report", folder, NULL), words);
	expect_told(vigil("report", below("/"), NULL), words);
	expect_told(vigil("why", folder, NULL), words);
	folders_remove();
}

Test(report_verb, several_recordings_are_not_taken_for_one)
{
	char words[256];

	recording_make("a", RECORDING_FILES);
	trace_make("a/ust/uid/0/64-bit");
	recording_make("b", RECORDING_FILES);
	trace_make("b/ust/uid/0/64-bit");
	trace_make("plain/session/ust/uid/0/64-bit");
	snprintf(words, sizeof(words),
		 "there are 3 recordings in %s, which have nothing to do with each other: %s/a, "
		 "%s/b, %s/plain/session; give one of them",
		 folder, folder, folder, folder);

	expect_told(vigil("report", folder, NULL), words);
	expect_told(vigil("tasks", folder, NULL), words);
	folders_remove();
}

Test(report_verb, parts_of_a_rotated_recording_are_one)
{
	static const char *const of_one[] = { "a/archives/1-1/ust/uid/0/64-bit",
					      "a/archives/2-2/ust/uid/0/64-bit",
					      "a/ust/uid/0/64-bit", "a/ust/uid/1000/64-bit",
					      "a/kernel" };

	for (size_t i = 0; i < sizeof(of_one) / sizeof(of_one[0]); i++)
		trace_make(of_one[i]);

	vigil("report", folder, NULL);
	cr_expect_null(strstr(err, "recordings in"), "%s", err);
	vigil("report", below("a/ust"), NULL);
	cr_expect_null(strstr(err, "recordings in"), "%s", err);
	vigil("report", below("a/archives"), NULL);
	cr_expect_null(strstr(err, "recordings in"), "%s", err);
	recording_make("a", RECORDING_FILES);
	vigil("report", folder, NULL);
	cr_expect_null(strstr(err, "recordings in"), "%s", err);
	folders_remove();
}

Test(report_verb, a_page_that_cannot_be_written_is_refused)
{
	start("idle_server");

	cr_expect_eq(vigil("report", "idle", "--html=/nonexistent/page.html", NULL), 2);
	cr_expect(tells("cannot write /nonexistent/page.html"), "%s", err);
}
