/* SPDX-License-Identifier: MIT */
/* The console's view of resources: a channel that is full, a broadcast of which one end lags. */
#include "tests/support/app.h"

static vigil_resource jobs, news;

static void channel_make(void)
{
	jobs = vigil_resource_new_at(SCENE_SITE("work.c", 31, "work_init"), VIGIL_RESOURCE_MPSC,
				     "rt_mpsc", "jobs", 0, 0);
	vigil_attr_bool(jobs, "closed", false);
	vigil_attr_u64(jobs, "senders", 3, NULL);
	vigil_attr_u64(jobs, "capacity", 16, NULL);
	vigil_attr_u64(jobs, "high water", 16, NULL);
	vigil_attr_u64(jobs, "length", 16, NULL);
}

static void subscriber_make(int number, uint64_t missed)
{
	char name[16];
	vigil_resource end;

	snprintf(name, sizeof(name), "news #%d", number);
	end = vigil_resource_new_at(SCENE_SITE("news.c", 52, "news_subscribe"),
				    VIGIL_RESOURCE_BROADCAST, "rt_subscriber", name, news, 0);
	vigil_attr_u64(end, "missed", missed, NULL);
}

static void sender_make(const char *name)
{
	vigil_task task = vigil_task_spawn_at(SCENE_SITE("work.c", 60, "work_start"), scene.http,
					      VIGIL_TASK_ASYNC, name, 0);

	vigil_poll_begin(task);
	vigil_op_poll_begin(
		vigil_op_new_at(SCENE_SITE("work.c", 66, "work_run"), jobs, "Sender.send", 0));
	vigil_task_wait(task, VIGIL_WAIT_SEND, jobs);
	vigil_poll_end(task);
	scene_pass(40 * SCENE_MS);
}

static void more_set_up(void)
{
	set_up();
	channel_make();
	news = vigil_resource_new_at(SCENE_SITE("news.c", 17, "news_init"),
				     VIGIL_RESOURCE_BROADCAST, "rt_broadcast", "news", 0, 0);
	vigil_attr_u64(news, "capacity", 8, NULL);
	vigil_attr_u64(news, "length", 8, NULL);
	subscriber_make(1, 0);
	subscriber_make(2, 41);
	sender_make("crawl a");
	sender_make("crawl b");
	refresh();
}

TestSuite(app_resources, .init = more_set_up, .fini = tear_down);

Test(app_resources, say_how_they_stand_and_who_waits)
{
	press("r");
	expect_screen("app-resources");
}

Test(app_resources, fit_the_smallest_terminal)
{
	press("r");
	expect_screen_of("app-resources-60x15", 60, 15, false);
}

Test(app_resources, stand_below_what_they_are_part_of)
{
	press("rT");
	expect_screen_of("app-resources-tree-132x24", 132, 24, true);
}

Test(app_resources, one_has_details)
{
	press("r/jobs\r\r");
	expect_screen_of("app-resource-100x45", 100, 45, false);
}

Test(app_resources, details_fit_the_smallest_terminal)
{
	press("r/jobs\r\r");
	expect_screen_of("app-resource-60x15", 60, 15, true);
}

Test(app_resources, a_lock_leads_to_its_owner)
{
	press("r/cache\r\r");

	cr_expect(shows("Owner"));
}

Test(app_resources, one_that_is_freed_is_shown_as_it_was_seen_last)
{
	press("r/jobs\r\r");
	cr_expect(shows("2 waiting"));

	vigil_resource_free(jobs);
	refresh();

	cr_expect(shows("It has been freed"));
	cr_expect(shows("high water"));
}

Test(app_resources, are_filtered_and_sorted_like_any_list)
{
	press("r\\length>15\r");
	cr_expect(shows("1 of 7"));
	cr_expect_not(shows("mutex"));

	press_key(K_ESCAPE);
	press("r>>");
	cr_expect(shows("jobs"));
}

Test(app_resources, a_task_shows_how_what_it_waits_for_stands)
{
	press("t/crawl a\r\r");

	cr_expect(shows("mpsc \"jobs\": length 16/16, high water 16, senders 3"));
}

Test(app_resources, a_damaged_board_does_no_harm)
{
	static const int sizes[][2] = { { 40, 8 }, { 60, 15 }, { 110, 35 }, { 250, 80 } };
	const struct vigil_header *header = (const void *)scene.board;
	const struct vigil_table_header *table;
	size_t begin, end;

	cr_assert_not_null(header);
	for (int which = VIGIL_TABLE_resource; which <= VIGIL_TABLE_attr; which++) {
		table = (const void *)(scene.board + header->tables_offset +
				       (size_t)which * header->table_header_size);
		begin = (size_t)table->offset;
		end = begin + 64 * (size_t)table->record_size;
		for (int round = 0; round < 40; round++) {
			for (int i = 0; i < 60 && end < scene.board_size; i++)
				scene.board[begin + scene_random(end - begin)] =
					(unsigned char)scene_random(256);
			refresh();
			press(round % 3 ? "rT" : "l");
			for (size_t i = 0; i < 4; i++)
				free(draw(sizes[i][0], sizes[i][1], false));
			press_key(K_ENTER);
			free(draw(110, 35, false));
			press_key(K_ESCAPE);
			press("j");
		}
	}
}
