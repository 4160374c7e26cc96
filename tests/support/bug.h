/* SPDX-License-Identifier: MIT */
/*
 * The programs in examples/bugs under test: run until they say that their fault stands, or,
 * the fixed ones, to their end; and what is on their boards then.
 */
#ifndef TESTS_SUPPORT_BUG_H
#define TESTS_SUPPORT_BUG_H

#include <errno.h>
#include <fcntl.h>

#include "console/model.h"
#include "console/names.h"
#include "console/waits.h"
#include "tests/support/child.h"

#define LOOKS 1000 /* of 10 ms, until what the program said is on its board */

static struct model *model;

/* ---- Running them ---- */

static inline pid_t bug_start(const char *name, const char *first, const char *second)
{
	const char *build = getenv("VIGIL_BUILD");
	char path[512];
	int out[2];
	pid_t pid;

	snprintf(path, sizeof(path), "%s/examples/bugs/%s", build ? build : "build", name);
	cr_assert_eq(pipe2(out, O_CLOEXEC), 0);
	pid = fork();
	if (!pid) {
		dup2(out[1], 1);
		execl(path, name, first, second, (char *)NULL);
		_exit(127);
	}
	close(out[1]);
	from_child = out[0];
	return pid;
}

/* What it says next; false: it ended. */
static inline bool next_line(char *line, size_t size)
{
	size_t at = 0;

	while (at + 1 < size && read(from_child, &line[at], 1) == 1 && line[at] != '\n')
		at++;
	line[at] = '\0';
	return at > 0;
}

/* Runs it until it says that the fault stands, and opens its board. */
static inline void run_bug(const char *name)
{
	char line[256];

	child = bug_start(name, "--forever", NULL);
	cr_assert(next_line(line, sizeof(line)), "%s ended", name);
	model = model_new(open_pid(child));
	cr_assert_not_null(model);
}

static inline void leave_bug(void)
{
	model_free(model);
	child_end();
	close(from_child);
}

static inline void expect_good_end(pid_t pid, const char *name)
{
	int status;

	cr_assert_eq(waitpid(pid, &status, 0), pid);
	cr_expect(WIFEXITED(status) && WEXITSTATUS(status) == 0, "%s ended with status 0x%x", name,
		  (unsigned)status);
}

/* Runs the fixed one to its end, and opens the board it left. */
static inline void run_fixed(const char *name)
{
	struct vigil_problem problem = { "" };
	struct vigil_reader *reader = NULL;
	struct vigil_found *list;
	char line[256];

	child = bug_start(name, "--fixed", NULL);
	while (next_line(line, sizeof(line)))
		;
	expect_good_end(child, name);
	child = 0;
	cr_assert_eq(vigil_find(dir, &list), 1);
	cr_assert_eq(vigil_reader_open_file(list[0].path, 0, &reader, &problem), 0, "%s",
		     problem.text);
	free(list);
	model = model_new(reader);
	cr_assert_not_null(model);
}

static inline void leave_fixed(void)
{
	model_free(model);
	close(from_child);
}

/* ---- What is on the board ---- */

/* Those of a name, in a state; -1: in any. */
static inline unsigned tasks_in(const char *name, int state)
{
	const struct vigil_task_record *task;
	struct vigil_task_times times;
	unsigned count = 0;

	for (uint32_t i = 0; (task = VIGIL_AT(model->reader, task, i)); i++) {
		vigil_task_times(task, model->now, &times);
		count += task->life != VIGIL_LIFE_FREE && !strcmp(task->name, name) &&
			 (state < 0 || (int)times.state == state);
	}
	return count;
}

/* The n-th of a name. */
static inline const struct vigil_task_record *task_at(const char *name, unsigned n)
{
	const struct vigil_task_record *task;

	for (uint32_t i = 0; (task = VIGIL_AT(model->reader, task, i)); i++)
		if (task->life != VIGIL_LIFE_FREE && !strcmp(task->name, name) && !n--)
			return task;
	cr_assert_fail("task \"%s\" is not on the board", name);
	return NULL;
}

static inline const struct vigil_task_record *task_of(const char *name)
{
	return task_at(name, 0);
}

static inline uint64_t ref_of(const struct vigil_task_record *task)
{
	return model_ref(model, VIGIL_TABLE_task, task);
}

/* Also one that was freed. */
static inline const struct vigil_resource_record *resource_of(const char *name)
{
	const struct vigil_resource_record *r;

	for (uint32_t i = 0; (r = VIGIL_AT(model->reader, resource, i)); i++)
		if (r->life != VIGIL_LIFE_FREE && !strcmp(r->name, name))
			return r;
	cr_assert_fail("resource \"%s\" is not on the board", name);
	return NULL;
}

static inline bool waits_for(const char *name, enum vigil_wait_kind kind, const char *resource)
{
	const struct vigil_task_record *task = task_of(name);

	return task->wait_kind == (uint32_t)kind &&
	       task->wait_object == model_ref(model, VIGIL_TABLE_resource, resource_of(resource));
}

static inline bool holds(const char *name, const char *lock)
{
	return resource_of(lock)->owner[0] == ref_of(task_of(name));
}

static inline uint64_t attr_of(uint64_t owner, uint32_t first, const char *key)
{
	struct vigil_attr_record attrs[16];
	size_t count = vigil_reader_attrs(model->reader, owner, first, attrs, 16);

	for (size_t i = 0; i < count; i++)
		if (!strcmp(attrs[i].key, key))
			return attrs[i].value;
	cr_assert_fail("no attribute \"%s\"", key);
	return 0;
}

#define SUM_OF(name, field)                                                                        \
	({                                                                                         \
		uint64_t sum_ = 0;                                                                 \
		for (unsigned i_ = 0; i_ < tasks_in(name, -1); i_++)                               \
			sum_ += task_at(name, i_)->field;                                          \
		sum_;                                                                              \
	})

/* Looks until it is so; the program has said that it is about to be. */
static inline void look_until(bool (*is_so)(void))
{
	for (int i = 0; i < LOOKS; i++) {
		cr_assert_geq(model_refresh(model), 0);
		if (is_so())
			return;
		usleep(10000);
	}
	cr_assert_fail("what the program says is not on its board");
}

static inline void look_again(void)
{
	cr_assert_geq(model_refresh(model), 0);
}

/* All of that name did their work. */
static inline void expect_all_completed(const char *name)
{
	for (unsigned i = 0; i < tasks_in(name, -1); i++)
		cr_expect_eq(task_at(name, i)->outcome, VIGIL_OUTCOME_COMPLETED, "%s %u: %s", name,
			     i, word_outcome(task_at(name, i)->outcome));
}

/* The worst of what is stuck. */
static inline struct chain worst_chain(void)
{
	struct chain *chains = NULL, worst;

	cr_assert_gt(waits_stuck(model, 1, &chains), 0);
	worst = chains[0];
	free(chains);
	return worst;
}

#endif
