/* SPDX-License-Identifier: MIT */
/*
 * A board of the test's own process, on a clock the test moves by hand, read
 * back through a model.
 */
#ifndef TESTS_OWN_BOARD_H
#define TESTS_OWN_BOARD_H

#include <criterion/criterion.h>
#include <stdlib.h>
#include <unistd.h>

#include <vigil/vigil.h>

#include "console/model.h"

static uint64_t own_now;
static struct model *own_model;

static inline uint64_t own_board_clock(void *arg)
{
	(void)arg;
	return own_now;
}

static inline void own_board_begin(void)
{
	struct vigil_options options = {
		.struct_size = sizeof(options),
		.name = "tested",
		.now_ns = own_board_clock,
	};

	own_now = UINT64_C(1000000000);
	own_model = NULL;
	cr_assert_eq(vigil_init(&options), 0);
}

static inline void own_board_pass(uint64_t ns)
{
	own_now += ns;
}

/* Opens the model, or refreshes it, at the present time of the clock. */
static inline void own_board_look(void)
{
	struct vigil_problem problem = { "" };
	struct vigil_reader *reader;
	char path[512];

	if (!own_model) {
		cr_assert_gt(vigil_board_path(path, sizeof(path)), 0);
		cr_assert_eq(vigil_reader_open_file(path, 0, &reader, &problem), 0, "%s",
			     problem.text);
		own_model = model_new(reader);
		cr_assert_not_null(own_model);
	}
	vigil_reader_fix_now(own_model->reader, own_now);
	cr_assert_eq(model_refresh(own_model), 0);
}

static inline void own_board_end(void)
{
	char path[512];

	if (own_model)
		model_free(own_model);
	if (vigil_board_path(path, sizeof(path)))
		unlink(path);
	vigil_fini();
}

static inline const struct vigil_task_record *own_task(uint64_t task)
{
	const struct vigil_task_record *record = VIGIL_FIND(own_model->reader, task, task);

	cr_assert_not_null(record);
	return record;
}

#endif
