/* SPDX-License-Identifier: MIT */
/*
 * The loader of the tracepoints, without LTTng: what it refuses, that it is
 * silent, and what it does with an object that gives it something.
 *
 * That object is compiled here, by `cc`, so that it stands for no library at all.
 * The real one meets a real session in lttng.c.
 */
#include "libtrace/tracepoints.h"

#include <criterion/criterion.h>
#include <dlfcn.h>
#include <errno.h>
#include <fcntl.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

static int switches_on(void)
{
	int on = 0;

#define X(name, params) on += *tracepoints.name##_on != 0;
	TRACEPOINTS(X)
#undef X
	return on;
}

/* ---- A stand-in for libvigil-lttng.so, as one older than us: half the table ---- */

static const char stand_in[] =
	"#include <stddef.h>\n"
	"#include \"libtrace/tracepoints.h\"\n"
	"int state = 1, fills, polls, threads;\n"
	"uint64_t last_task;\n"
	"static void on_poll(uint64_t ns, uint64_t worker, uint64_t task)\n"
	"{ (void)ns; (void)worker; polls++; last_task = task; }\n"
	"static void on_thread(void) { threads++; }\n"
	"void vigil_lttng_tracepoints_2(struct tracepoints *ret_table);\n"
	"void vigil_lttng_tracepoints_2(struct tracepoints *ret_table)\n"
	"{\n"
	"	fills++;\n"
	"	ret_table->struct_size = offsetof(struct tracepoints, event_on);\n"
	"	ret_table->poll_begin_on = &state;\n"
	"	ret_table->poll_begin = on_poll;\n"
	"	ret_table->thread_ready = on_thread;\n"
	"}\n";

static char dir[] = "/tmp/vigil-tracepoints-XXXXXX";
static char object_path[64];

static void stand_in_build(void)
{
	char source[64], command[512];
	FILE *file;

	cr_assert(mkdtemp(dir));
	snprintf(source, sizeof(source), "%s/stand_in.c", dir);
	snprintf(object_path, sizeof(object_path), "%s/stand_in.so", dir);
	file = fopen(source, "w");
	cr_assert(file);
	fputs(stand_in, file);
	cr_assert_eq(fclose(file), 0);
	snprintf(command, sizeof(command), "cc -std=c11 -Iinclude -I. -shared -fPIC -o %s %s",
		 object_path, source);
	cr_assert_eq(system(command), 0, "cannot build the stand-in: %s", command);
	unlink(source);
}

static void stand_in_remove(void)
{
	unlink(object_path);
	rmdir(dir);
}

static void *stand_in_symbol(const char *name)
{
	void *object = dlopen(object_path, RTLD_LAZY | RTLD_NOLOAD);
	void *symbol = object ? dlsym(object, name) : NULL;

	cr_assert(symbol, "the stand-in is not loaded");
	return symbol;
}

static int stand_in_count(const char *name)
{
	return *(int *)stand_in_symbol(name);
}

/* ---- Refusals ---- */

Test(tracepoints, are_all_off_before_anything_is_loaded)
{
	cr_assert_eq(tracepoints.struct_size, sizeof(struct tracepoints));
#define X(name, params) cr_assert(tracepoints.name##_on, #name " has no switch");
	TRACEPOINTS(X)
#undef X
	cr_assert_eq(switches_on(), 0);
}

Test(tracepoints, do_not_evaluate_arguments_while_they_are_off)
{
	int evaluated = 0;

	TRACE(poll_begin, (uint64_t)++evaluated, 0, 0);

	cr_assert_eq(evaluated, 0);
}

Test(tracepoints, zero_refuses_the_probes)
{
	tracepoints_init("0");

	cr_assert_eq(switches_on(), 0);
	cr_assert_null(dlopen("liblttng-ust.so.1", RTLD_LAZY | RTLD_NOLOAD));
}

/* What a call printed, and where its standard streams went meanwhile. */
static off_t printed_by_init(const char *how)
{
	char path[] = "/tmp/vigil-printed-XXXXXX";
	int file = mkstemp(path);
	int out = dup(STDOUT_FILENO), err = dup(STDERR_FILENO);
	struct stat stat;

	cr_assert(file >= 0 && out >= 0 && err >= 0);
	fflush(NULL);
	dup2(file, STDOUT_FILENO);
	dup2(file, STDERR_FILENO);
	tracepoints_init(how);
	fflush(NULL);
	dup2(out, STDOUT_FILENO);
	dup2(err, STDERR_FILENO);
	cr_assert_eq(fstat(file, &stat), 0);
	unlink(path);
	close(file);
	close(out);
	close(err);
	return stat.st_size;
}

Test(tracepoints, an_absent_object_is_passed_over_in_silence)
{
	off_t printed;

	errno = 4711;
	printed = printed_by_init("/nonexistent/libvigil-lttng.so.0");
	tracepoints_thread();

	cr_assert_eq(printed, 0);
	cr_assert_null(dlerror());
	cr_assert_eq(switches_on(), 0);
}

Test(tracepoints, loading_leaves_errno_alone)
{
	errno = 4711;

	tracepoints_init("/nonexistent/libvigil-lttng.so.0");

	cr_assert_eq(errno, 4711);
}

Test(tracepoints, an_object_that_is_no_object_is_passed_over_in_silence)
{
	off_t printed = printed_by_init("/etc/passwd");

	cr_assert_eq(printed, 0);
	cr_assert_eq(switches_on(), 0);
}

Test(tracepoints, an_object_of_somebody_else_is_passed_over)
{
	Dl_info libc;

	cr_assert(dladdr((void *)dlsym(RTLD_DEFAULT, "printf"), &libc));
	tracepoints_init(libc.dli_fname);

	cr_assert_eq(switches_on(), 0);
	cr_assert_null(dlerror());
}

/* ---- With an object ---- */

TestSuite(tracepoints_loaded, .init = stand_in_build, .fini = stand_in_remove);

Test(tracepoints_loaded, call_the_function_the_object_gave)
{
	tracepoints_init(object_path);
	TRACE(poll_begin, 1, 2, 0x77);

	cr_assert_eq(stand_in_count("polls"), 1);
	cr_assert_eq(*(uint64_t *)stand_in_symbol("last_task"), 0x77);
}

Test(tracepoints_loaded, what_an_older_object_does_not_know_stays_off)
{
	tracepoints_init(object_path);

	cr_assert_eq(switches_on(), 1);
	cr_assert(tracepoints.event_on);
	cr_assert_eq(tracepoints.struct_size, sizeof(struct tracepoints));
}

Test(tracepoints_loaded, make_a_thread_ready)
{
	tracepoints_thread();
	tracepoints_init(object_path);
	tracepoints_thread();

	cr_assert_eq(stand_in_count("threads"), 1);
}

Test(tracepoints_loaded, are_loaded_once)
{
	tracepoints_init(object_path);
	tracepoints_init(object_path);
	tracepoints_init(NULL);

	cr_assert_eq(stand_in_count("fills"), 1);
}

Test(tracepoints_loaded, zero_switches_off_what_is_loaded_and_one_on_again)
{
	int on_then;

	tracepoints_init(object_path);
	tracepoints_init("0");
	on_then = switches_on();
	tracepoints_init("1");

	cr_assert_eq(on_then, 0);
	cr_assert_eq(switches_on(), 1);
}

Test(tracepoints_loaded, are_off_in_a_child_made_by_fork)
{
	int status = 0;
	pid_t child;

	tracepoints_init(object_path);
	child = fork();
	if (!child) {
		tracepoints_init(object_path);
		_exit(switches_on());
	}
	waitpid(child, &status, 0);

	cr_assert(WIFEXITED(status));
	cr_assert_eq(WEXITSTATUS(status), 0);
	cr_assert_eq(switches_on(), 1);
}

static int is_over;

static void *poll_until_over(void *arg)
{
	while (!load(&is_over))
		TRACE(worker_park, 1, 2);
	return arg;
}

/* What runs here is a tracepoint that stays off: the table changes under it. */
Test(tracepoints_loaded, may_be_loaded_while_other_threads_run)
{
	pthread_t threads[3];

	for (int i = 0; i < 3; i++)
		cr_assert_eq(pthread_create(&threads[i], NULL, poll_until_over, NULL), 0);
	for (int i = 0; i < 50; i++)
		tracepoints_init(i % 2 ? "0" : object_path);
	store(&is_over, 1);
	for (int i = 0; i < 3; i++)
		pthread_join(threads[i], NULL);

	cr_assert_eq(stand_in_count("fills"), 1);
}
