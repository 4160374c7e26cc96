/* SPDX-License-Identifier: MIT */
/* Places in the source: registered once, by whoever comes first. */
#include "tests/support/live.h"

#include <stdio.h>

TestSuite(site, .init = live_start, .fini = live_stop);

static uint32_t sites_with_line(uint32_t line)
{
	uint32_t count = 0;

	look();
	for (uint32_t i = 0; i < vigil_reader_count(live_reader, VIGIL_TABLE_site); i++)
		count += VIGIL_AT(live_reader, site, i)->line == line;
	return count;
}

Test(site, a_place_has_its_file_line_function_and_name)
{
	vigil_task task =
		vigil_task_spawn_at(VIGIL_SITE_NAMED("accept"), 0, VIGIL_TASK_OTHER, NULL, 0);
	const struct vigil_site_record *site = vigil_reader_site(look(), look_task(task)->site);

	cr_assert_str_eq(site->file, __FILE__);
	cr_assert_str_eq(site->function, __func__);
	cr_assert_str_eq(site->name, "accept");
	cr_assert_eq(site->kind, VIGIL_SITE_SPAWN);
}

Test(site, calls_from_one_place_share_a_site)
{
	uint32_t before = vigil_reader_count(look(), VIGIL_TABLE_site);

	for (int i = 0; i < 100; i++)
		SPAWN("a", 0);

	cr_assert_eq(vigil_reader_count(look(), VIGIL_TABLE_site), before + 1);
}

Test(site, several_structures_of_one_place_share_a_site)
{
	struct vigil_site first = { "inline.h", "f", NULL, 7, 0 };
	struct vigil_site second = { "inline.h", "f", NULL, 7, 0 };
	vigil_task a = vigil_task_spawn_at(&first, 0, VIGIL_TASK_OTHER, NULL, 0);
	vigil_task b = vigil_task_spawn_at(&second, 0, VIGIL_TASK_OTHER, NULL, 0);

	cr_assert_eq(look_task(a)->site, look_task(b)->site);
	cr_assert_eq(sites_with_line(7), 1);
}

Test(site, one_line_with_two_names_is_two_sites)
{
	struct vigil_site get = { "api.h", "f", "get", 7, 0 };
	struct vigil_site put = { "api.h", "f", "put", 7, 0 };
	vigil_task a = vigil_task_spawn_at(&get, 0, VIGIL_TASK_OTHER, NULL, 0);
	vigil_task b = vigil_task_spawn_at(&put, 0, VIGIL_TASK_OTHER, NULL, 0);

	cr_assert_neq(look_task(a)->site, look_task(b)->site);
	cr_assert_str_eq(vigil_reader_site(look(), look_task(b)->site)->name, "put");
}

Test(site, a_long_path_keeps_its_end)
{
	struct vigil_site site = { NULL, "f", NULL, 7, 0 };
	char path[300];
	vigil_task task;

	memset(path, 'x', sizeof(path));
	strcpy(path + sizeof(path) - 9, "/main.cc");
	site.file = path;
	task = vigil_task_spawn_at(&site, 0, VIGIL_TASK_OTHER, NULL, 0);

	cr_assert_str_eq(vigil_reader_site(look(), look_task(task)->site)->file,
			 path + sizeof(path) - 128);
}

Test(site, a_place_known_as_text_is_the_same_each_time)
{
	struct vigil_site *site = vigil_site_find("a.lua", 3, "f", NULL);

	cr_assert_not_null(site);
	cr_assert_eq(vigil_site_find("a.lua", 3, "f", NULL), site);
	cr_assert_neq(vigil_site_find("a.lua", 4, "f", NULL), site);
	cr_assert_neq(vigil_site_find("b.lua", 3, "f", NULL), site);
}

Test(site, a_thousand_and_twenty_four_places_are_known_as_text)
{
	static char names[1025][16];

	for (int i = 0; i < 1024; i++) {
		snprintf(names[i], sizeof(names[i]), "%d.lua", i);
		cr_assert_not_null(vigil_site_find(names[i], 1, NULL, NULL));
	}

	cr_assert_null(vigil_site_find("one.more", 1, NULL, NULL));
	cr_assert_neq(vigil_task_spawn_at(NULL, 0, VIGIL_TASK_OTHER, NULL, 0), 0);
}

#define PLACES 2000

static struct vigil_site places[PLACES];
static pthread_barrier_t start;

static void *spawn_at_places(void *arg)
{
	(void)arg;
	for (int i = 0; i < PLACES; i++) {
		if (i % 50 == 0)
			pthread_barrier_wait(&start);
		vigil_task_spawn_at(&places[i], 0, VIGIL_TASK_OTHER, NULL, 0);
	}
	return NULL;
}

Test(site, threads_that_come_to_a_new_place_at_once_agree_on_its_site)
{
	pthread_t threads[4];
	const struct vigil_task_record *t;

	pthread_barrier_init(&start, NULL, 4);
	for (uint32_t i = 0; i < PLACES; i++)
		places[i] = (struct vigil_site){ "new.c", "f", NULL, i + 1, 0 };
	for (int i = 0; i < 4; i++)
		cr_assert_eq(pthread_create(&threads[i], NULL, spawn_at_places, NULL), 0);
	for (int i = 0; i < 4; i++)
		pthread_join(threads[i], NULL);

	/* A place may be unknown to who found it being registered; never another. */
	cr_assert_eq(vigil_reader_count(look(), VIGIL_TABLE_site), PLACES);
	for (uint32_t i = 0; (t = VIGIL_AT(live_reader, task, i)); i++)
		cr_assert_leq(t->site, PLACES);
	for (uint32_t i = 0; i < PLACES; i++)
		cr_assert_eq(sites_with_line(i + 1), 1);
}

static void few_sites(void)
{
	live_start_with((struct vigil_options){ .tasks = 1024, .sites = 8 });
}

TestSuite(few_sites, .init = few_sites, .fini = live_stop);

Test(few_sites, places_beyond_the_capacity_are_counted_and_tasks_recorded)
{
	struct vigil_site many[20];
	vigil_task task;

	for (uint32_t i = 0; i < 20; i++) {
		many[i] = (struct vigil_site){ "many.c", "f", NULL, i + 1, 0 };
		task = vigil_task_spawn_at(&many[i], 0, VIGIL_TASK_OTHER, NULL, 0);
		vigil_wake_at(&many[i], task);
		poll_once(task, 5);
	}

	cr_assert_eq(look_counts()->lost_sites, 12);
	cr_assert_eq(look_task(task)->site, 0);
	cr_assert_eq(look_task(task)->polls, 1);
}
