/* SPDX-License-Identifier: MIT */
/* The public headers in C11 and C++17, and that VIGIL_DISABLE leaves nothing. */
#include <criterion/criterion.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <vigil/vigil.h>

static char dir[] = "/tmp/vigil-header-XXXXXX";

/* Every call there is, each as a statement and, if it returns something, used. */
static const char program[] =
	"#define END 4\n"
	"#define FIELD 5\n"
	"#define TABLE 6\n"
	"#include <vigil/vigil.h>\n"
	"#include <vigil/reader.h>\n"
	"#ifdef __cplusplus\n"
	"#define FIRST_OPTIONS &options\n"
	"#else\n"
	"#define FIRST_OPTIONS &(struct vigil_options){ .struct_size = 8, .name = \"a\" }\n"
	"#endif\n"
	"#if END != 4 || FIELD != 5 || TABLE != 6\n"
	"#error a macro of the program\n"
	"#endif\n"
	"int use(void);\n"
	"int use(void)\n"
	"{\n"
	"	struct vigil_options options = { sizeof(options), 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, "
	"0 };\n"
	"	char path[64];\n"
	"	int r = vigil_init(&options);\n"
	"	vigil_executor e = vigil_executor_new(VIGIL_EXECUTOR_OTHER, \"e\");\n"
	"	vigil_task t = vigil_task_spawn(e, VIGIL_TASK_ASYNC, \"t\", VIGIL_SPAWN_IDLE);\n"
	"	vigil_resource l = vigil_resource_new(VIGIL_RESOURCE_MUTEX, \"m\", \"m\", 0, 0);\n"
	"	vigil_op o = vigil_op_new(l, \"o\", 0);\n"
	"	vigil_span s = vigil_span_new(VIGIL_LEVEL_INFO, \"s\");\n"
	"	vigil_init(0);\n"
	"	vigil_init(FIRST_OPTIONS);\n"
	"	if (vigil_is_live() && vigil_now())\n"
	"		r += (int)vigil_board_path(path, sizeof(path));\n"
	"	vigil_worker_begin(e, \"w\");\n"
	"	vigil_worker_park();\n"
	"	vigil_worker_unpark();\n"
	"	vigil_worker_queued(1);\n"
	"	vigil_worker_stole(1);\n"
	"	vigil_executor_queued(e, 1);\n"
	"	vigil_task_rename(t, \"u\");\n"
	"	vigil_wake(t);\n"
	"	vigil_wake_at(vigil_site_find(\"f\", 1, \"g\", 0), t);\n"
	"	vigil_waker_wake_at(VIGIL_HERE(), t);\n"
	"	vigil_waker_clone(t);\n"
	"	vigil_waker_drop(t);\n"
	"	vigil_waker_wake(t);\n"
	"	vigil_poll_begin(t);\n"
	"	r += vigil_task_current() == t;\n"
	"	vigil_poll_end(t);\n"
	"	vigil_task_yield(t, true);\n"
	"	vigil_task_wait(t, VIGIL_WAIT_OTHER, l);\n"
	"	vigil_task_wait_fd(t, VIGIL_WAIT_READABLE, 1);\n"
	"	vigil_task_wait_until(t, VIGIL_WAIT_TIMER, 0, 1);\n"
	"	vigil_join_hold(t);\n"
	"	vigil_join_await(t);\n"
	"	vigil_join_done(t);\n"
	"	vigil_join_drop(t);\n"
	"	vigil_lock_wait(l, VIGIL_MODE_SHARED);\n"
	"	vigil_lock_acquired(l, VIGIL_MODE_SHARED);\n"
	"	vigil_lock_acquired_by(l, VIGIL_MODE_SHARED, t);\n"
	"	vigil_lock_abandoned(l);\n"
	"	vigil_lock_released(l);\n"
	"	vigil_lock_released_by(l, t);\n"
	"	vigil_op_poll_begin(o);\n"
	"	vigil_op_poll_end(o, true);\n"
	"	vigil_op_free(o);\n"
	"	vigil_attr_i64(t, \"i\", -1, \"x\");\n"
	"	vigil_attr_u64(t, \"u\", 1, \"x\");\n"
	"	vigil_attr_f64(t, \"f\", 1, \"x\");\n"
	"	vigil_attr_bool(t, \"b\", true);\n"
	"	vigil_attr_text(t, \"t\", \"x\");\n"
	"	vigil_attr_set_i64(vigil_attr_i64(t, \"i\", -1, \"x\"), -2);\n"
	"	vigil_attr_set_u64(0, 1);\n"
	"	vigil_attr_set_f64(0, 1);\n"
	"	vigil_attr_set_bool(0, true);\n"
	"	vigil_span_enter(s);\n"
	"	vigil_event(VIGIL_LEVEL_INFO, \"hello\");\n"
	"	vigil_span_leave(s);\n"
	"	vigil_span_free(vigil_span_begin(VIGIL_LEVEL_INFO, \"s\"));\n"
	"	vigil_span_free(s);\n"
	"	vigil_task_fail(t, 1, \"no\");\n"
	"	vigil_task_end(t, VIGIL_OUTCOME_COMPLETED);\n"
	"	vigil_resource_free(l);\n"
	"	vigil_worker_end();\n"
	"	vigil_executor_free(e);\n"
	"	vigil_fini();\n"
	"	return r;\n"
	"}\n";

static void files_write(void)
{
	char path[64];
	FILE *file;

	cr_assert(mkdtemp(dir));
	for (int i = 0; i < 2; i++) {
		snprintf(path, sizeof(path), "%s/use.%s", dir, i ? "cc" : "c");
		file = fopen(path, "w");
		cr_assert_not_null(file);
		fputs(program, file);
		fclose(file);
	}
}

static void files_remove(void)
{
	char command[64];

	snprintf(command, sizeof(command), "rm -rf %s", dir);
	cr_assert_eq(system(command), 0);
}

TestSuite(header, .init = files_write, .fini = files_remove);

/* Runs a shell command in which %s is the directory of the sources. */
static int shell(const char *format)
{
	char command[1024];

	snprintf(command, sizeof(command), format, dir, dir, dir, dir);
	return system(command);
}

#define STRICT " -Wall -Wextra -pedantic -Werror -Iinclude -c -o %s/use.o "

Test(header, c11_compiles_without_a_warning)
{
	cr_assert_eq(shell("cc -std=c11 -O2" STRICT "%s/use.c"), 0);
	cr_assert_eq(shell("cc -std=c11 -O0" STRICT "%s/use.c"), 0);
}

Test(header, cxx17_compiles_without_a_warning)
{
	cr_assert_eq(shell("c++ -std=c++17 -O2" STRICT "%s/use.cc"), 0);
}

Test(header, clang_compiles_both_without_a_warning)
{
	if (system("command -v clang >/dev/null"))
		cr_skip_test("no clang here");

	cr_assert_eq(shell("clang -std=c11" STRICT "%s/use.c"), 0);
	cr_assert_eq(shell("clang++ -std=c++17" STRICT "%s/use.cc"), 0);
}

Test(header, disabled_it_compiles_without_a_warning)
{
	cr_assert_eq(shell("cc -std=c11 -O2 -DVIGIL_DISABLE" STRICT "%s/use.c"), 0);
	cr_assert_eq(shell("c++ -std=c++17 -DVIGIL_DISABLE" STRICT "%s/use.cc"), 0);
}

Test(header, disabled_it_leaves_no_vigil_symbol_undefined)
{
	cr_assert_eq(shell("cc -std=c11 -O0 -DVIGIL_DISABLE" STRICT "%s/use.c"), 0);
	cr_assert_neq(shell("nm -u %s/use.o | grep vigil"), 0);
	cr_assert_eq(shell("cc -std=c11 -O0" STRICT "%s/use.c"), 0);
	cr_assert_eq(shell("nm -u %s/use.o | grep -q vigil_live_"), 0);
}

Test(header, the_shared_library_has_every_call)
{
	cr_assert_eq(
		shell("cc -std=c11 -O0 -Iinclude -fPIC -shared -Wl,--no-undefined -o %s/use.so "
		      "%s/use.c \"$VIGIL_BUILD\"/libvigil.so"),
		0);
}

static uint64_t evaluated;

static uint64_t evaluate(void)
{
	return ++evaluated;
}

Test(header, no_argument_is_evaluated_while_nothing_records)
{
	vigil_wake(evaluate());
	vigil_task_wait(evaluate(), VIGIL_WAIT_OTHER, evaluate());
	cr_assert_eq(vigil_op_new(evaluate(), "o", evaluate()), 0);

	cr_assert_eq(evaluated, 0);
}

Test(header, no_argument_is_evaluated_when_disabled)
{
	cr_assert_eq(shell("echo '#include <vigil/vigil.h>\n"
			   "static uint64_t calls;\n"
			   "static uint64_t count(void) { return ++calls; }\n"
			   "int main(void) { vigil_wake(count()); "
			   "vigil_task_wait(count(), VIGIL_WAIT_OTHER, count()); "
			   "return (int)vigil_op_new(count(), \"o\", count()) + (int)calls; }'"
			   " >%s/count.c && cc -std=c11 -Wall -Wextra -pedantic -Werror "
			   "-DVIGIL_DISABLE -Iinclude -o %s/count %s/count.c && %s/count"),
		     0);
}

Test(header, each_header_stands_alone)
{
	cr_assert_eq(shell("for h in include/vigil/vigil.h include/vigil/reader.h "
			   "include/vigil/board.h; do cc -std=c11 -Wall -Wextra -pedantic -Werror "
			   "-Iinclude -fsyntax-only -x c $h || exit 1; done"),
		     0);
}
