/* SPDX-License-Identifier: MIT */
/* The one-line editor: keys in, text out. */
#include <criterion/criterion.h>
#include <string.h>

#include "console/prompt.h"

static struct prompt_history history;
static struct prompt prompt;

static enum prompt_result type(const char *text)
{
	enum prompt_result result = PROMPT_IGNORED;
	uint32_t code;

	while ((code = utf8_next(&text)) != 0)
		result = prompt_key(&prompt, code);
	return result;
}

static void enter(const char *text)
{
	prompt_open(&prompt, "/", &history, NULL);
	type(text);
	prompt_key(&prompt, K_ENTER);
}

static void open_with(const char *text)
{
	prompt_open(&prompt, "/", &history, text);
}

Test(prompt, typed_characters_stand_at_the_cursor)
{
	open_with("ac");
	prompt_key(&prompt, K_LEFT);

	cr_expect_eq(type("b"), PROMPT_CHANGED);

	cr_assert_str_eq(prompt.text, "abc");
}

Test(prompt, the_cursor_steps_over_whole_characters)
{
	open_with("a\u00e9\u65e5");

	prompt_key(&prompt, K_LEFT);
	prompt_key(&prompt, K_LEFT);
	type("x");

	cr_assert_str_eq(prompt.text, "ax\u00e9\u65e5");
}

Test(prompt, backspace_removes_a_whole_character)
{
	open_with("a\u65e5");

	cr_expect_eq(prompt_key(&prompt, K_BACKSPACE), PROMPT_CHANGED);

	cr_assert_str_eq(prompt.text, "a");
}

Test(prompt, backspace_in_an_empty_text_cancels)
{
	open_with("");

	cr_assert_eq(prompt_key(&prompt, K_BACKSPACE), PROMPT_CANCELLED);
	cr_assert_not(prompt.is_open);
}

Test(prompt, escape_cancels_and_remembers_nothing)
{
	open_with("abc");

	cr_expect_eq(prompt_key(&prompt, K_ESCAPE), PROMPT_CANCELLED);

	cr_assert_str_eq(prompt.text, "");
	cr_assert_eq(history.count, 0);
}

Test(prompt, enter_accepts_and_remembers)
{
	open_with("abc");

	cr_expect_eq(prompt_key(&prompt, K_ENTER), PROMPT_ACCEPTED);

	cr_assert_str_eq(prompt.text, "abc");
	cr_assert_str_eq(history.texts[0], "abc");
}

Test(prompt, ctrl_w_removes_the_word_before_the_cursor)
{
	open_with("one two  ");

	prompt_key(&prompt, K_CTRL('W'));

	cr_assert_str_eq(prompt.text, "one ");
}

Test(prompt, ctrl_u_and_ctrl_k_remove_what_is_before_and_behind)
{
	open_with("abcd");
	prompt_key(&prompt, K_LEFT);
	prompt_key(&prompt, K_LEFT);
	prompt_key(&prompt, K_CTRL('K'));
	cr_expect_str_eq(prompt.text, "ab");

	prompt_key(&prompt, K_CTRL('U'));

	cr_assert_str_eq(prompt.text, "");
}

Test(prompt, up_shows_older_texts_and_down_returns_to_the_draft)
{
	enter("first");
	enter("second");
	open_with(NULL);
	type("dra");

	prompt_key(&prompt, K_UP);
	cr_expect_str_eq(prompt.text, "second");
	prompt_key(&prompt, K_UP);
	prompt_key(&prompt, K_UP);
	cr_expect_str_eq(prompt.text, "first");
	prompt_key(&prompt, K_DOWN);
	prompt_key(&prompt, K_DOWN);

	cr_assert_str_eq(prompt.text, "dra");
}

Test(prompt, a_text_is_remembered_once)
{
	enter("a");
	enter("b");

	enter("a");

	cr_assert_eq(history.count, 2);
	cr_assert_str_eq(history.texts[0], "a");
	cr_assert_str_eq(history.texts[1], "b");
}

Test(prompt, a_full_history_forgets_the_oldest)
{
	char text[2] = "";
	int i;

	for (i = 0; i <= PROMPT_HISTORY; i++) {
		text[0] = (char)('A' + i);
		enter(text);
	}

	cr_assert_eq(history.count, PROMPT_HISTORY);
	cr_assert_str_eq(history.texts[PROMPT_HISTORY - 1], "B");
}

Test(prompt, control_characters_and_mouse_keys_are_not_text)
{
	open_with("a");

	cr_expect_eq(prompt_key(&prompt, K_CTRL('G')), PROMPT_IGNORED);
	cr_expect_eq(prompt_key(&prompt, 0x202e), PROMPT_IGNORED);
	cr_expect_eq(prompt_key(&prompt, K_RESIZE), PROMPT_IGNORED);

	cr_assert_str_eq(prompt.text, "a");
}

Test(prompt, a_full_prompt_takes_no_more)
{
	int i;

	open_with("");

	for (i = 0; i < 2 * PROMPT_SIZE; i++)
		type("\u65e5");

	cr_assert_eq(prompt.length, (PROMPT_SIZE - 1) / 3 * 3);
	cr_assert_eq(strlen(prompt.text), prompt.length);
}

Test(prompt, a_long_text_scrolls_so_that_the_cursor_shows)
{
	struct canvas canvas;
	char *text;

	canvas_init(&canvas, 8, 1, false);
	open_with("abcdefghijkl");

	prompt_draw(&prompt, &canvas, 0, 0, 8);
	text = canvas_to_text(&canvas);

	cr_assert_str_eq(text, "/ghijkl\n");
	cr_assert_eq(canvas.cursor_x, 7);
	free(text);
	canvas_fini(&canvas);
}
