/* SPDX-License-Identifier: MIT */
/*
 * Runs Criterion tests in a sanitized build, in the place of Criterion's own
 * runner: that one maps memory where ThreadSanitizer keeps its own, and takes
 * no notice of what LeakSanitizer has to say.
 *
 * Each test runs in a forked child, one after the other. It fails if the child
 * ends in another way than it should: by a failed assertion, a signal, a
 * sanitizer's exit status, or too late. Theories, parameters and report hooks
 * are not known here. The last line is Criterion's.
 *
 * The law: what tests call and Criterion would send to its runner is defined
 * here, and so wins over the shared library; all else is Criterion's.
 */
#include <criterion/criterion.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#define SLOWER 5 /* than the build a test's timeout was meant for */

extern struct criterion_test *__start_cr_tst[], *__stop_cr_tst[];
extern struct criterion_suite *__start_cr_sts[] __attribute__((weak));
extern struct criterion_suite *__stop_cr_sts[] __attribute__((weak));

static const struct criterion_test *running;
static int failures;

static const struct criterion_test_extra_data *suite_data(const char *name)
{
	/* cppcheck-suppress comparePointers */
	for (struct criterion_suite **suite = __start_cr_sts; suite < __stop_cr_sts; suite++)
		if (*suite && !strcmp((*suite)->name, name))
			return (*suite)->data;
	return NULL;
}

/* ---- In the child ---- */

void criterion_send_assert(struct criterion_assert_stats *stats)
{
	if (!stats->passed)
		fprintf(stderr, "%s:%u: %s\n", stats->file, stats->line,
			stats->message ? stats->message : "assertion failed");
}

void cri_asserts_passed_incr(void)
{
}

void criterion_continue_test(void)
{
	failures++;
}

void criterion_abort_test(void)
{
	exit(1);
}

void criterion_test_die(const char *msg, ...)
{
	va_list args;

	va_start(args, msg);
	vfprintf(stderr, msg, args);
	va_end(args);
	exit(1);
}

void criterion_skip_test(const char *format, ...)
{
	(void)format;
	_exit(running->data->exit_code);
}

void criterion_internal_test_setup(void)
{
	const struct criterion_test_extra_data *suite = suite_data(running->category);

	if (suite && suite->init)
		suite->init();
	if (running->data->init)
		running->data->init();
}

void criterion_internal_test_main(void (*fn)(void))
{
	fn();
}

void criterion_internal_test_teardown(void)
{
	const struct criterion_test_extra_data *suite = suite_data(running->category);

	if (running->data->fini)
		running->data->fini();
	if (suite && suite->fini)
		suite->fini();
}

/* ---- In the runner ---- */

/* Returns NULL or what was wrong with how the child ended. */
static const char *judge(const struct criterion_test *test, int status)
{
	if (WIFSIGNALED(status) && WTERMSIG(status) == test->data->signal)
		return NULL;
	if (WIFSIGNALED(status))
		return WTERMSIG(status) == SIGALRM ? "timed out" : strsignal(WTERMSIG(status));
	if (test->data->signal)
		return "no signal";
	return WEXITSTATUS(status) == test->data->exit_code ? NULL : "failed";
}

static bool test_passes(const struct criterion_test *test)
{
	const char *complaint = "not a plain Test(): the sanitized runner cannot run it";
	int status;
	pid_t pid;

	if (test->data->kind_ == CR_TEST_NORMAL) {
		pid = fork();
		if (pid == 0) {
			running = test;
			alarm((unsigned)(test->data->timeout * SLOWER));
			test->test();
			exit(failures ? 1 : 0);
		}
		if (pid < 0 || waitpid(pid, &status, 0) < 0)
			complaint = "no process for it";
		else
			complaint = judge(test, status);
	}
	if (complaint)
		fprintf(stderr, "[FAIL] %s::%s: %s\n", test->category, test->name, complaint);
	return !complaint;
}

int main(void)
{
	int tested = 0, passing = 0;

	/* cppcheck-suppress comparePointers */
	for (struct criterion_test **at = __start_cr_tst; at < __stop_cr_tst; at++) {
		const struct criterion_test *test = *at;
		const struct criterion_test_extra_data *suite;

		if (!test)
			continue;
		suite = suite_data(test->category);
		if (test->data->disabled || (suite && suite->disabled))
			continue;
		tested++;
		if (test_passes(test))
			passing++;
	}
	fprintf(stderr, "[====] Synthesis: Tested: %d | Passing: %d | Failing: %d | Crashing: 0\n",
		tested, passing, tested - passing);
	return tested != passing;
}
