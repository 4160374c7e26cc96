/* SPDX-License-Identifier: MIT */
/*
 * The one-line editor. The law of the file stands in prompt.h; what keeps it
 * is that insert and set_text alone add bytes to the text, whole characters
 * at a time.
 */
#include "console/prompt.h"

#include <stdio.h>
#include <string.h>

/* Cuts at a character's start, whatever the bytes. */
static void set_text(struct prompt *prompt, const char *text)
{
	size_t used = 0;
	uint32_t code;

	while ((code = utf8_next(&text)) != 0) {
		char buf[4];
		int size = utf8_put(buf, code);

		if (used + (size_t)size >= PROMPT_SIZE)
			break;
		if (code_width(code) < 0)
			continue;
		memcpy(prompt->text + used, buf, (size_t)size);
		used += (size_t)size;
	}
	prompt->text[used] = '\0';
	prompt->length = used;
	prompt->cursor = used;
}

void prompt_open(struct prompt *prompt, const char *label, struct prompt_history *history,
		 const char *initial)
{
	memset(prompt, 0, sizeof(*prompt));
	prompt->label = label;
	prompt->history = history;
	prompt->history_at = -1;
	prompt->is_open = true;
	set_text(prompt, initial ? initial : "");
}

static bool is_inside_character(char byte)
{
	return ((unsigned char)byte & 0xc0) == 0x80;
}

static size_t before(const struct prompt *prompt, size_t at)
{
	while (at > 0) {
		at--;
		if (!is_inside_character(prompt->text[at]))
			break;
	}
	return at;
}

static size_t after(const struct prompt *prompt, size_t at)
{
	if (at >= prompt->length)
		return prompt->length;
	do
		at++;
	while (is_inside_character(prompt->text[at]));
	return at;
}

/* The start of the word before the cursor, as Ctrl-W sees it. */
static size_t word_before(const struct prompt *prompt)
{
	size_t at = prompt->cursor;

	while (at > 0 && prompt->text[at - 1] == ' ')
		at--;
	while (at > 0 && prompt->text[at - 1] != ' ')
		at--;
	return at;
}

static enum prompt_result move_to(struct prompt *prompt, size_t at)
{
	prompt->cursor = at;
	return PROMPT_MOVED;
}

/* Removes the bytes from first up to last; the cursor goes to first. */
static enum prompt_result erase(struct prompt *prompt, size_t first, size_t last)
{
	prompt->cursor = first;
	if (first == last)
		return PROMPT_MOVED;
	memmove(prompt->text + first, prompt->text + last, prompt->length - last + 1);
	prompt->length -= last - first;
	return PROMPT_CHANGED;
}

static enum prompt_result insert(struct prompt *prompt, uint32_t code)
{
	char buf[4];
	size_t size;

	if (code >= K_UP || code_width(code) < 0)
		return PROMPT_IGNORED;
	size = (size_t)utf8_put(buf, code);
	if (prompt->length + size >= PROMPT_SIZE)
		return PROMPT_MOVED;
	memmove(prompt->text + prompt->cursor + size, prompt->text + prompt->cursor,
		prompt->length - prompt->cursor + 1);
	memcpy(prompt->text + prompt->cursor, buf, size);
	prompt->length += size;
	prompt->cursor += size;
	return PROMPT_CHANGED;
}

/* Shows the text step places back in the history; -1 is the draft. */
static enum prompt_result recall(struct prompt *prompt, int step)
{
	int at = prompt->history_at + step;

	if (!prompt->history || at < -1 || at >= prompt->history->count)
		return PROMPT_MOVED;
	if (prompt->history_at == -1)
		memcpy(prompt->draft, prompt->text, sizeof(prompt->draft));
	prompt->history_at = at;
	set_text(prompt, at == -1 ? prompt->draft : prompt->history->texts[at]);
	return PROMPT_CHANGED;
}

/* Puts a text in front; the same text further back goes. */
static void remember(struct prompt_history *history, const char *text)
{
	int last = 0;

	while (last < history->count && strcmp(history->texts[last], text) != 0)
		last++;
	if (last == history->count) {
		if (history->count < PROMPT_HISTORY)
			history->count++;
		else
			last--;
	}
	memmove(history->texts[1], history->texts[0], (size_t)last * sizeof(history->texts[0]));
	snprintf(history->texts[0], PROMPT_SIZE, "%s", text);
}

static enum prompt_result accept(struct prompt *prompt)
{
	prompt->is_open = false;
	if (prompt->history && prompt->length > 0)
		remember(prompt->history, prompt->text);
	return PROMPT_ACCEPTED;
}

static enum prompt_result cancel(struct prompt *prompt)
{
	set_text(prompt, "");
	prompt->is_open = false;
	return PROMPT_CANCELLED;
}

enum prompt_result prompt_key(struct prompt *prompt, uint32_t key)
{
	size_t cursor = prompt->cursor;

	switch (key) {
	case K_ENTER:
		return accept(prompt);
	case K_ESCAPE:
	case K_CTRL('C'):
		return cancel(prompt);
	case K_BACKSPACE:
		if (prompt->length == 0)
			return cancel(prompt);
		return erase(prompt, before(prompt, cursor), cursor);
	case K_DELETE:
		return erase(prompt, cursor, after(prompt, cursor));
	case K_CTRL('U'):
		return erase(prompt, 0, cursor);
	case K_CTRL('K'):
		return erase(prompt, cursor, prompt->length);
	case K_CTRL('W'):
		return erase(prompt, word_before(prompt), cursor);
	case K_LEFT:
		return move_to(prompt, before(prompt, cursor));
	case K_RIGHT:
		return move_to(prompt, after(prompt, cursor));
	case K_HOME:
	case K_CTRL('A'):
		return move_to(prompt, 0);
	case K_END:
	case K_CTRL('E'):
		return move_to(prompt, prompt->length);
	case K_UP:
		return recall(prompt, 1);
	case K_DOWN:
		return recall(prompt, -1);
	default:
		return insert(prompt, key);
	}
}

/* Columns of the text between two byte offsets. */
static int columns(const struct prompt *prompt, size_t first, size_t last)
{
	char part[PROMPT_SIZE];

	memcpy(part, prompt->text + first, last - first);
	part[last - first] = '\0';
	return text_width(part);
}

void prompt_draw(const struct prompt *prompt, struct canvas *canvas, int x, int y, int width)
{
	int used;
	size_t first = 0;

	canvas_fill(canvas, x, y, width, 1, ROLE_PROMPT);
	used = canvas_put_text(canvas, x, y, width, ROLE_PROMPT, prompt->label);
	if (used >= width)
		return;
	x += used;
	width -= used;

	/* One column stays for the cursor behind the last character. */
	while (first < prompt->cursor && columns(prompt, first, prompt->cursor) >= width)
		first = after(prompt, first);
	canvas_put_text(canvas, x, y, width, ROLE_PROMPT, prompt->text + first);
	canvas->cursor_x = x + columns(prompt, first, prompt->cursor);
	canvas->cursor_y = y;
}
