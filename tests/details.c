/* SPDX-License-Identifier: MIT */
/* What the pages and lists of the console say beyond what tests/app.c shows. */
#include <criterion/criterion.h>

#include "tests/support/app.h"

TestSuite(details, .init = set_up, .fini = tear_down);

/* ---- Executors ---- */

Test(details, an_executor_lists_what_runs_and_what_could)
{
	press("e");
	press_key(K_ENTER);

	expect_screen("details-executor");
}

Test(details, an_executor_lists_some_of_many_the_longest_wait_first)
{
	vigil_task tasks[20];
	char *screen;

	for (int i = 0; i < 20; i++) {
		tasks[i] = vigil_task_spawn_at(SCENE_SITE("pool.c", 61, "pool_read"), scene.files,
					       VIGIL_TASK_BLOCKING, "stat-file", 0);
		vigil_wake_at(SCENE_SITE("pool.c", 70, "pool_put"), tasks[i]);
		scene_pass(SCENE_MS);
	}
	refresh();
	press("e/files\r");
	press_key(K_ENTER);
	screen = draw(100, 45, false);

	cr_expect_not_null(strstr(screen, "20.0 ms  21 stat-file  "), "%s", screen);
	cr_expect_null(strstr(screen, "40 stat-file"), "%s", screen);
	cr_expect_not_null(strstr(screen, "and 4 more"), "%s", screen);
	free(screen);
}
