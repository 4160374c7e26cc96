/* SPDX-License-Identifier: MIT */
/* What the command removes, and what it refuses with which words. */
#include <criterion/criterion.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/wait.h>
#include <unistd.h>

#include "tests/support/command.h"
#include "tests/support/json_check.h"

TestSuite(refusals, .init = command_begin, .fini = command_end, .timeout = 60);

/* ---- Prune ---- */

Test(refusals, prune_removes_a_dead_board_and_says_so)
{
	start("idle_server");
	stop(SIGKILL);

	cr_expect_eq(vigil("prune", "--dry-run", NULL), 0);
	cr_expect(says("would remove"));
	cr_expect_neq(board()[0], '\0');
	cr_expect_eq(vigil("prune", NULL), 0);
	cr_expect(says("removed 1 board"));
	cr_expect_eq(board()[0], '\0');
}

Test(refusals, prune_says_in_json_what_it_would_remove_and_what_it_did)
{
	start("idle_server");
	stop(SIGKILL);

	cr_expect_eq(vigil("prune", "-n", "--json", NULL), 0);
	cr_expect(says("\"removed\":false,"), "%s", out);
	cr_expect(says("\"would_remove\":true,"), "%s", out);
	cr_expect(says("\"removed\":0,"), "%s", out);
	cr_expect(says("\"would_remove\":1,"), "%s", out);
	cr_expect_eq(vigil("prune", "--json", NULL), 0);
	cr_expect(says("\"removed\":true,"), "%s", out);
	cr_expect(says("\"would_remove\":false,"), "%s", out);
	cr_expect(says("\"removed\":1,"), "%s", out);
	cr_expect(says("\"would_remove\":0,"), "%s", out);
	cr_expect(json_is_valid(out));
}

Test(refusals, prune_never_removes_a_living_or_stopped_one)
{
	start("idle_server");
	cr_expect_eq(vigil("prune", "--dead", NULL), 0);
	stop(SIGSTOP);
	cr_expect_eq(vigil("prune", NULL), 0);

	cr_expect(says("removed 0 boards"));
	cr_expect_neq(board()[0], '\0');
}

/* Starts a scene that is pid 1 of a namespace of its own. Returns whether we may. */
static bool start_elsewhere(const char *name)
{
	const char *argv[] = { "unshare",      "--pid", "--fork", "--kill-child",
			       "--mount-proc", NULL,    NULL };
	char path[300];

	snprintf(path, sizeof(path), "tests/helpers/%s", name);
	argv[5] = built(path);
	return start_command(argv);
}

/* Its pid there is that of somebody else here, who is no reason to think it dead. */
Test(refusals, prune_never_removes_one_that_lives_in_another_pid_namespace)
{
	int fd;

	if (!start_elsewhere("idle_server"))
		cr_skip_test("no namespace may be made here");

	cr_expect_eq(vigil("prune", NULL), 0);
	cr_expect(says("removed 0 boards, 0 B; 1 in use"), "%s", out);
	cr_expect_neq(board()[0], '\0');

	stop(SIGKILL);
	fd = open(board(), O_RDONLY | O_CLOEXEC);
	cr_assert_eq(flock(fd, LOCK_SH), 0, "its writer's lock goes with it");
	close(fd);
	cr_expect_eq(vigil("prune", NULL), 0);
	cr_expect(says("removed 1 board,"), "%s", out);
}

Test(refusals, prune_leaves_what_is_no_board)
{
	char path[128];

	snprintf(path, sizeof(path), "%s/letter.board", dir);
	file_write(path, "Dear Sir,", 9);

	cr_expect_eq(vigil("prune", NULL), 0);
	cr_expect(says("left alone"));
	cr_expect_eq(access(path, F_OK), 0);
	cr_expect_eq(vigil("ps", NULL), 0);
	cr_expect(says("damaged"));
}

Test(refusals, a_directory_that_is_not_there_is_told)
{
	setenv("VIGIL_DIR", "/nonexist", 1);

	cr_expect_eq(vigil("ps", "--filter=name=nobody-at-all", NULL), 0);
	cr_expect_eq(vigil("prune", "--dry-run", NULL), 0);
	cr_expect(says("VIGIL_DIR=/nonexist does not exist"));
	setenv("VIGIL_DIR", dir, 1);
}

/* ---- Arguments ---- */

Test(refusals, help_comes_for_all_and_for_each_verb)
{
	static const char *const verbs[] = { "top",  "replay",    "ps",      "prune",  "tasks",
					     "task", "executors", "locks",   "wakers", "sites",
					     "why",  "record",    "snapshot" };

	cr_expect_eq(vigil("--help", NULL), 0);
	for (size_t i = 0; i < sizeof(verbs) / sizeof(verbs[0]); i++)
		cr_expect(says(verbs[i]));
	for (size_t i = 0; i < sizeof(verbs) / sizeof(verbs[0]); i++) {
		cr_expect_eq(vigil(verbs[i], "--help", NULL), 0);
		cr_expect_eq(strncmp(out, "usage: vigil ", 13), 0);
	}
}

Test(refusals, the_version_is_told)
{
	cr_expect_eq(vigil("--version", NULL), 0);
	cr_expect_eq(strncmp(out, "vigil ", 6), 0);
}

Test(refusals, what_is_no_trace_is_not_replayed)
{
	expect_refused(vigil("replay", NULL), "the folder of a trace");
	expect_refused(vigil("replay", "/nonexistent", NULL), "no folder of this name");
	expect_refused(vigil("replay", dir, NULL), "no file \"metadata\"");
	expect_refused(vigil("replay", "--process=none", dir, NULL), "--process needs the pid");
	expect_refused(vigil("tasks", "net://127.0.0.1:1", NULL), "cannot reach the relay");
}

Test(refusals, wrong_arguments_are_told)
{
	expect_refused(vigil("tasks", "--nonsense", NULL), "--nonsense");
	expect_refused(vigil("ps", "--over=1s", NULL), "--over");
	expect_refused(vigil("tasks", "--limit", "many", NULL), "--limit");
	expect_refused(vigil("tasks", "--limit", NULL), "needs a value");
	expect_refused(vigil("tasks", "--watch=never", NULL), "needs a time");
	expect_refused(vigil("tasks", "a", "b", NULL), "\"b\"");
	expect_refused(vigil("task", NULL), "number of a task");
	expect_refused(vigil("help", "cooking", NULL), "no verb");
}

Test(refusals, a_refusal_names_the_option_and_what_it_takes)
{
	expect_refused(vigil("tasks", "--watch=0", NULL),
		       "--watch needs a time from 10ms to 1d, such as 2s, not \"0\"");
	expect_refused(vigil("tasks", "--limit=0", NULL),
		       "--limit needs a number of rows from 1, not \"0\"");
}

Test(refusals, what_record_is_asked_for_must_fit_together)
{
	expect_refused(vigil("record", "--for=soon", NULL),
		       "--for needs a time such as 500ms or 30s, not \"soon\"");
	expect_refused(vigil("record", "--for=0", NULL), "--for needs a time");
	expect_refused(vigil("record", "--buffers=huge", NULL),
		       "--buffers needs a size such as 64M or 1G, not \"huge\"");
	expect_refused(vigil("record", "--rotate=10s", NULL), "--rotate needs a size");
	expect_refused(vigil("record", "--on=fire", NULL), "blocked=200ms, not \"fire\"");
	expect_refused(vigil("record", "--on=blocked=1s", NULL), "add --snapshot");
	expect_refused(vigil("record", "--live", "--snapshot", NULL), "give one of them");
	expect_refused(vigil("record", "--rotate=1G", "--live", NULL), "not with --live");
	expect_refused(vigil("record", "--", NULL), "after -- stands a program");
	expect_refused(vigil("record", "7", "--", "true", NULL), "not both");
	expect_refused(vigil("record", "", NULL), "\"\" is no target");
	expect_refused(vigil("record", "--live=here", "--", "true", NULL),
		       "\"here\" is no address of a relay");
	expect_refused(vigil("tasks", "-o", "t", NULL), "see `vigil tasks --help`");
	expect_refused(vigil("snapshot", "/nonexist", NULL), "there is no folder /nonexist");
	expect_refused(vigil("snapshot", dir, NULL), "vigil/recording: No such file");
}

Test(refusals, a_folder_with_something_in_it_is_not_recorded_into)
{
	char path[128];

	snprintf(path, sizeof(path), "%s/letter", dir);
	file_write(path, "Dear Sir,", 9);

	expect_refused(vigil("record", "-o", dir, "--", "true", NULL), "is there and not empty");
	expect_refused(vigil("record", "-o", path, "--", "true", NULL), "is there and no folder");
	expect_refused(vigil("record", "-o", "/nonexist/t", "--", "true", NULL),
		       "cannot make the folder /nonexist/t: No such file");
}

Test(refusals, a_target_without_probes_or_life_is_not_recorded)
{
	char pid[16];

	setenv("VIGIL_LTTNG", "0", 1);
	start("idle_server");
	unsetenv("VIGIL_LTTNG");
	snprintf(pid, sizeof(pid), "%d", scene);

	expect_refused(vigil("record", pid, NULL), "libvigil-lttng.so is not loaded in it");
	stop(SIGSTOP);
	expect_refused(vigil("record", pid, NULL), "`kill -CONT ");
	expect_refused(vigil("record", "nobody-at-all", NULL), "nobody-at-all");
	stop(SIGKILL);
	expect_refused(vigil("record", board(), NULL), "is gone; `vigil ps` lists");
}

Test(refusals, a_mistyped_verb_is_answered_with_the_one_meant)
{
	expect_refused(vigil("tsks", NULL), "no verb \"tsks\" (did you mean tasks?)");
	expect_refused(vigil("lokcs", NULL), "(did you mean locks?)");
	expect_refused(vigil("wyh", NULL), "(did you mean why?)");
	expect_refused(vigil("help", "prone", NULL), "(did you mean prune?)");
	expect_refused(vigil("nginx", NULL), "no verb \"nginx\", and");
	expect_refused(vigil("a-name-as-long-as-processes-have", NULL), "have\", and");
}

Test(refusals, a_directory_is_told_with_how_to_look_into_it)
{
	expect_refused(vigil("tasks", dir, NULL), "is a directory, not a board; `vigil ps --dir=");
	expect_refused(vigil("tasks", dir, NULL), " vigil tasks` looks at them");
	expect_refused(vigil("why", "/", NULL), "`VIGIL_DIR=/ vigil why`");
}

Test(refusals, an_empty_target_is_quoted)
{
	expect_refused(vigil("tasks", "", NULL), "\"\" is no target");
}

Test(refusals, a_task_that_is_not_there_is_told)
{
	start("idle_server");
	expect_refused(vigil("task", "99", NULL), "no task 99");
	expect_refused(vigil("task", "conn", NULL), "is no task");
	expect_refused(vigil("why", "idle", "99", NULL), "no task 99");
}

Test(refusals, several_processes_are_named_with_what_to_type)
{
	char words[128];
	pid_t first;

	start("idle_server");
	stop(SIGSTOP);
	first = scene;
	start("blocked_worker");

	snprintf(words, sizeof(words), "2 processes could be meant: %d blocked (alive), %d idle ",
		 scene, first);
	expect_refused(vigil("why", NULL), words);
	snprintf(words, sizeof(words), "%d idle (stopped); say which by its pid, as in `vigil why ",
		 first);
	expect_refused(vigil("why", NULL), words);
	snprintf(words, sizeof(words), "`vigil task %d 3`\n", scene);
	expect_refused(vigil("task", "3", NULL), words);
	kill(scene, SIGKILL);
	waitpid(scene, NULL, 0);
	scene = first;
	cr_expect_eq(vigil("why", NULL), 0, "of two the living one: %s", err);
}

Test(refusals, several_processes_of_a_name_are_named)
{
	char words[128];
	pid_t first;

	start("idle_server");
	first = scene;
	start("idle_server");

	snprintf(words, sizeof(words), "`vigil tasks %d`\n", scene);
	expect_refused(vigil("tasks", "idle", NULL), words);
	snprintf(words, sizeof(words), "`vigil top %d`\n", scene);
	expect_refused(vigil("top", "idle_server", NULL), words);
	stop(SIGKILL);
	scene = first;
}

Test(refusals, nobody_alive_is_told)
{
	expect_refused(vigil("tasks", NULL), "no instrumented process");
	cr_expect_eq(vigil("ps", NULL), 0);
	cr_expect(says("No boards in"));
	cr_expect(says("no instrumented program runs here"), "%s", out);
	cr_expect_eq(vigil("ps", "--json", NULL), 0);
	cr_expect(json_is_valid(out));
}
