/* SPDX-License-Identifier: MIT */
/* The table of keys, and the foot line and help drawn from it. */
#include <criterion/criterion.h>
#include <string.h>

#include "console/keys.h"

static const unsigned places[] = {
	IN_TASKS,     IN_LOCKS, IN_WAKERS,   IN_EXECUTORS, IN_SITES,
	IN_RESOURCES, IN_OPS,   IN_SPANS,    IN_WARNINGS,  IN_WHY,
	IN_DETAILS,   IN_HELP,  IN_TIMELINE, IN_REPLAY,    IN_SEVERAL,
};

#define COUNT(array) (sizeof(array) / sizeof((array)[0]))

static int asks(enum request request, uint32_t key)
{
	int i;

	for (i = 0; i < REQUEST_KEYS; i++)
		if (keys_info(request)->keys[i] == key)
			return 1;
	return 0;
}

static char *draw_help(int width, int height, unsigned where, int top, int *ret_lines)
{
	struct canvas canvas;
	char *text;

	canvas_init(&canvas, width, height, false);
	*ret_lines = keys_draw_help(&canvas, 0, 0, width, height, where, top);
	text = canvas_to_text(&canvas);
	canvas_fini(&canvas);
	return text;
}

static char *draw_foot(int width, unsigned where)
{
	struct canvas canvas;
	char *text;

	canvas_init(&canvas, width, 1, false);
	keys_draw_foot(&canvas, 0, where);
	text = canvas_to_text(&canvas);
	canvas_fini(&canvas);
	return text;
}

Test(keys, no_key_asks_for_two_things_in_one_place)
{
	int a;
	int b;
	int i;

	for (a = REQ_NONE + 1; a < REQ_COUNT; a++)
		for (b = a + 1; b < REQ_COUNT; b++)
			for (i = 0; i < REQUEST_KEYS; i++) {
				uint32_t key = keys_info(a)->keys[i];

				if (key == K_NONE || !(keys_info(a)->where & keys_info(b)->where))
					continue;

				cr_expect_not(asks(b, key), "%s and %s", keys_info(a)->help,
					      keys_info(b)->help);
			}
}

/* Heard in every view, where there is something to it. */
static bool is_besides(enum request request)
{
	return keys_info(request)->where == IN_REPLAY || keys_info(request)->where == IN_SEVERAL;
}

Test(keys, keys_of_a_trace_or_of_several_processes_mean_nothing_else_in_any_view)
{
	int a;
	int b;
	int i;

	for (a = REQ_NONE + 1; a < REQ_COUNT; a++)
		for (b = REQ_NONE + 1; b < REQ_COUNT; b++)
			for (i = 0; i < REQUEST_KEYS && is_besides(a); i++)
				if (a != b && keys_info(a)->keys[i] != K_NONE)
					cr_expect_not(asks(b, keys_info(a)->keys[i]), "%s and %s",
						      keys_info(a)->help, keys_info(b)->help);
}

Test(keys, keys_of_views_to_come_are_free)
{
	static const char reserved[] = "os!";
	size_t i;
	size_t j;

	for (i = 0; i < strlen(reserved); i++)
		for (j = 0; j < COUNT(places); j++)
			cr_expect_eq(keys_request((uint32_t)reserved[i], places[j]), REQ_NONE,
				     "'%c' is bound", reserved[i]);
}

Test(keys, every_request_has_a_key_a_label_and_a_help_text)
{
	int i;

	for (i = REQ_NONE + 1; i < REQ_COUNT; i++) {
		cr_expect_neq(keys_info(i)->keys[0], K_NONE);
		cr_expect_gt(strlen(keys_info(i)->label), 0);
		cr_expect_gt(strlen(keys_info(i)->help), 0);
	}
}

Test(keys, no_two_requests_have_the_same_place_in_the_foot_line)
{
	int a;
	int b;

	for (a = REQ_NONE + 1; a < REQ_COUNT; a++)
		for (b = a + 1; b < REQ_COUNT; b++)
			if (keys_info(a)->foot > 0)
				cr_expect_neq(keys_info(a)->foot, keys_info(b)->foot);
}

Test(keys, htop_users_find_their_function_keys)
{
	cr_expect_eq(keys_request(K_F(1), IN_TASKS), REQ_HELP);
	cr_expect_eq(keys_request(K_F(3), IN_TASKS), REQ_SEARCH);
	cr_expect_eq(keys_request(K_F(4), IN_TASKS), REQ_FILTER);
	cr_expect_eq(keys_request(K_F(5), IN_TASKS), REQ_TREE);
	cr_expect_eq(keys_request(K_F(6), IN_TASKS), REQ_SORT_RIGHT);
	cr_expect_eq(keys_request(K_F(10), IN_TASKS), REQ_QUIT);
}

Test(keys, a_key_is_heard_only_where_it_means_something)
{
	cr_expect_eq(keys_request('/', IN_TASKS), REQ_SEARCH);
	cr_expect_eq(keys_request('/', IN_DETAILS), REQ_NONE);
	cr_expect_eq(keys_request('q', IN_HELP), REQ_QUIT);
	cr_expect_eq(keys_request(K_NONE, IN_TASKS), REQ_NONE);
}

Test(keys, keys_have_names)
{
	char name[KEY_NAME_SIZE];

	cr_expect_str_eq(keys_name('q', name), "q");
	cr_expect_str_eq(keys_name(' ', name), "Space");
	cr_expect_str_eq(keys_name(K_F(10), name), "F10");
	cr_expect_str_eq(keys_name(K_CTRL('L'), name), "^L");
	cr_expect_str_eq(keys_name(K_ENTER, name), "Enter");
	cr_expect_str_eq(keys_name(0xe9, name), "\u00e9");
	cr_expect_str_eq(keys_name(0x200000, name), "?");
}

/* ".It Ic F4 , \e": how the manual page heads what it says of a request. */
static void manual_head(enum request request, char *buf, size_t size)
{
	const struct request_info *info = keys_info(request);
	size_t at = (size_t)snprintf(buf, size, "\n.It Ic");
	char name[KEY_NAME_SIZE];
	int i;

	for (i = 0; i < REQUEST_KEYS && info->keys[i] != K_NONE; i++) {
		keys_name(info->keys[i], name);
		at += (size_t)snprintf(buf + at, size - at, "%s %s%s", i ? " ," : "",
				       !name[1] && strchr("?.,:()[]", *name) ? "\\&" : "",
				       *name == '\\' ? "\\e" : name);
	}
	snprintf(buf + at, size - at, "\n");
}

Test(keys, the_manual_page_has_them_all_and_no_other)
{
	static char page[1 << 16];
	char head[128];
	FILE *file = fopen("console/vigil.1", "r");
	const char *at;
	int i;
	int count = 0;

	cr_assert_not_null(file);
	page[fread(page, 1, sizeof(page) - 1, file)] = '\0';
	fclose(file);

	for (i = REQ_NONE + 1; i < REQ_COUNT; i++) {
		manual_head((enum request)i, head, sizeof(head));
		cr_expect_not_null(strstr(page, head), "%s", head);
	}
	for (at = page; (at = strstr(at, "\n.It Ic ")); at++)
		count++;
	cr_expect_eq(count, REQ_COUNT - 1);
}

Test(keys, the_help_names_every_request_of_a_place)
{
	int lines;
	char *text = draw_help(100, 60, IN_TASKS, 0, &lines);
	int i;

	for (i = REQ_NONE + 1; i < REQ_COUNT; i++)
		if (keys_info(i)->where & IN_TASKS)
			cr_expect_not_null(strstr(text, keys_info(i)->help), "%s",
					   keys_info(i)->help);
	free(text);
}

Test(keys, no_help_text_is_cut_in_two_columns)
{
	int lines;
	char *text = draw_help(132, 60, IN_TASKS, 0, &lines);

	cr_assert_null(strstr(text, "\u2026"), "%s", text);
	free(text);
}

Test(keys, the_help_scrolls)
{
	int lines;
	char *all = draw_help(80, 80, IN_TASKS, 0, &lines);
	char *rest = draw_help(80, 80, IN_TASKS, 5, &lines);
	char *at = all;
	int i;

	for (i = 0; i < 5; i++)
		at = strchr(at, '\n') + 1;

	cr_assert_str_eq(rest, at);
	free(all);
	free(rest);
}

Test(keys, a_narrow_foot_line_leaves_out_whole_keys)
{
	char *text = draw_foot(30, IN_TASKS);

	cr_assert_str_eq(text, "F1Help EnterDetails F3Search\n");
	free(text);
}

Test(keys, a_click_on_the_foot_line_finds_the_key_drawn_there)
{
	char *text = draw_foot(80, IN_TASKS);
	int at = (int)(strstr(text, "F5Tree") - text);

	cr_expect_eq(keys_foot_at(80, IN_TASKS, at), REQ_TREE);
	cr_expect_eq(keys_foot_at(80, IN_TASKS, at + 5), REQ_TREE);
	cr_expect_eq(keys_foot_at(80, IN_TASKS, at + 6), REQ_NONE);
	cr_expect_eq(keys_foot_at(20, IN_TASKS, at), REQ_NONE);
	free(text);
}
