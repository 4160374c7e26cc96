/* SPDX-License-Identifier: MIT */
/*
 * The table of keys, and its two pictures: the foot line and the help.
 *
 * The law of the file: nothing here names a request. What is special about
 * one stands in keys.def.
 */
#include "console/keys.h"

#include <stdio.h>
#include <string.h>

#define HELP_KEYS 15         /* columns of the key names in the help */
#define HELP_TWO_COLUMNS 132 /* from this width on, groups side by side */

static const struct request_info requests[REQ_COUNT] = {
	[REQ_NONE] = { .label = "", .help = "" },
#define REQUEST(name, in_group, heard, place, word, text, ...)                                     \
	[REQ_##name] = {                                                                           \
		.group = in_group,                                                                 \
		.where = heard,                                                                    \
		.foot = place,                                                                     \
		.label = word,                                                                     \
		.help = text,                                                                      \
		.keys = { __VA_ARGS__ },                                                           \
	},
#include "console/keys.def"
};

static const char *const group_titles[GROUP_COUNT] = {
	[GROUP_VIEWS] = "Views",       [GROUP_MOVE] = "Moving",   [GROUP_LIST] = "Lists",
	[GROUP_TIMELINE] = "Timeline", [GROUP_REPLAY] = "Replay", [GROUP_OTHER] = "Everywhere",
};

static const struct {
	uint32_t key;
	const char *name;
} names[] = {
	{ K_TAB, "Tab" },
	{ K_ENTER, "Enter" },
	{ K_ESCAPE, "Esc" },
	{ ' ', "Space" },
	{ K_BACKSPACE, "Backspace" },
	{ K_UP, "Up" },
	{ K_DOWN, "Down" },
	{ K_LEFT, "Left" },
	{ K_RIGHT, "Right" },
	{ K_PAGE_UP, "PgUp" },
	{ K_PAGE_DOWN, "PgDn" },
	{ K_HOME, "Home" },
	{ K_END, "End" },
	{ K_INSERT, "Ins" },
	{ K_DELETE, "Del" },
	{ K_BACK_TAB, "S-Tab" },
	{ K_CLICK, "Click" },
	{ K_DOUBLE_CLICK, "2xClick" },
	{ K_WHEEL_UP, "Wheel up" },
	{ K_WHEEL_DOWN, "Wheel down" },
};

static bool has_key(const struct request_info *info, uint32_t key)
{
	int i;

	for (i = 0; i < REQUEST_KEYS; i++)
		if (info->keys[i] == key)
			return true;
	return false;
}

enum request keys_request(uint32_t key, unsigned where)
{
	int i;

	if (key == K_NONE)
		return REQ_NONE;
	for (i = REQ_NONE + 1; i < REQ_COUNT; i++)
		if ((requests[i].where & where) && has_key(&requests[i], key))
			return (enum request)i;
	return REQ_NONE;
}

const struct request_info *keys_info(enum request request)
{
	if ((unsigned)request >= REQ_COUNT)
		request = REQ_NONE;
	return &requests[request];
}

char *keys_name(uint32_t key, char buf[KEY_NAME_SIZE])
{
	size_t i;

	for (i = 0; i < sizeof(names) / sizeof(names[0]); i++) {
		if (names[i].key == key) {
			snprintf(buf, KEY_NAME_SIZE, "%s", names[i].name);
			return buf;
		}
	}
	if (key > K_F0 && key <= K_LAST)
		snprintf(buf, KEY_NAME_SIZE, "F%u", (unsigned)(key - K_F0));
	else if (key > 0 && key < ' ')
		snprintf(buf, KEY_NAME_SIZE, "^%c", (char)(key + '@'));
	else if (code_width(key) > 0)
		buf[utf8_put(buf, key)] = '\0';
	else
		snprintf(buf, KEY_NAME_SIZE, "?");
	return buf;
}

/* The request at the next place of the foot line after *place. */
static enum request next_in_foot(int *place, unsigned where)
{
	enum request next = REQ_NONE;
	int i;

	for (i = REQ_NONE + 1; i < REQ_COUNT; i++) {
		if (requests[i].foot <= *place || !(requests[i].where & where))
			continue;
		if (next == REQ_NONE || requests[i].foot < requests[next].foot)
			next = (enum request)i;
	}
	*place = requests[next].foot;
	return next;
}

/* A key that does one thing and then its opposite says which it would do now. */
static const char *label_of(enum request request, unsigned where)
{
	if (request == REQ_PAUSE && where & IN_PAUSE)
		return where & IN_REPLAY ? "Play" : "Go on";
	return requests[request].label;
}

static int foot_width(enum request request, unsigned where)
{
	char name[KEY_NAME_SIZE];

	return text_width(keys_name(requests[request].keys[0], name)) +
	       text_width(label_of(request, where));
}

void keys_draw_foot(struct canvas *canvas, int y, unsigned where)
{
	char name[KEY_NAME_SIZE];
	enum request request;
	int place = 0;
	int x = 0;

	canvas_fill(canvas, 0, y, canvas->width, 1, ROLE_TEXT);
	while ((request = next_in_foot(&place, where)) != REQ_NONE) {
		const struct request_info *info = &requests[request];

		if (x + foot_width(request, where) > canvas->width)
			break;
		x += canvas_put_text(canvas, x, y, -1, ROLE_KEY, keys_name(info->keys[0], name));
		x += canvas_put_text(canvas, x, y, -1, ROLE_KEY_LABEL, label_of(request, where));
		x++;
	}
}

enum request keys_foot_at(int width, unsigned where, int x)
{
	enum request request;
	int place = 0;
	int left = 0;

	while ((request = next_in_foot(&place, where)) != REQ_NONE) {
		int right = left + foot_width(request, where);

		if (right > width)
			break;
		if (x >= left && x < right)
			return request;
		left = right + 1;
	}
	return REQ_NONE;
}

/* A column of the help: where it goes, and which of its lines show. */
struct help {
	struct canvas *canvas;
	unsigned where;
	int x;
	int y;
	int width;
	int height;
	int top;  /* lines scrolled away */
	int line; /* the line being written, from 0 */
};

static bool is_in_sight(const struct help *help)
{
	return help->line >= help->top && help->line - help->top < help->height;
}

static void draw_entry(struct help *help, const struct request_info *info)
{
	int y = help->y + help->line - help->top;
	int used = 0;
	int i;

	for (i = 0; i < REQUEST_KEYS && info->keys[i] != K_NONE; i++) {
		char name[KEY_NAME_SIZE];

		used += canvas_put_text(help->canvas, help->x + 2 + used, y, help->width - 2 - used,
					ROLE_KEY, keys_name(info->keys[i], name));
		used++;
	}
	canvas_put_clipped(help->canvas, help->x + 2 + HELP_KEYS, y,
			   help->width > HELP_KEYS + 2 ? help->width - HELP_KEYS - 2 : 0, ROLE_TEXT,
			   info->help);
}

static void draw_group(struct help *help, enum request_group group)
{
	int i;

	if (is_in_sight(help))
		canvas_put_clipped(help->canvas, help->x, help->y + help->line - help->top,
				   help->width, ROLE_TITLE, group_titles[group]);
	help->line++;
	for (i = REQ_NONE + 1; i < REQ_COUNT; i++) {
		if (requests[i].group != group || !(requests[i].where & help->where))
			continue;
		if (is_in_sight(help))
			draw_entry(help, &requests[i]);
		help->line++;
	}
}

static bool has_entries(enum request_group group, unsigned where)
{
	int i;

	for (i = REQ_NONE + 1; i < REQ_COUNT; i++)
		if (requests[i].group == group && (requests[i].where & where))
			return true;
	return false;
}

/* Groups first to last - 1 below each other. Returns the lines written. */
static int draw_groups(struct help help, int first, int last)
{
	int i;

	for (i = first; i < last; i++) {
		if (!has_entries((enum request_group)i, help.where))
			continue;
		if (help.line > 0)
			help.line++;
		draw_group(&help, (enum request_group)i);
	}
	return help.line;
}

int keys_draw_help(struct canvas *canvas, int x, int y, int width, int height, unsigned where,
		   int top)
{
	struct help help = {
		.canvas = canvas,
		.where = where,
		.x = x,
		.y = y,
		.width = width,
		.height = height,
		.top = top < 0 ? 0 : top,
	};
	int left;
	int right;

	canvas_fill(canvas, x, y, width, height, ROLE_TEXT);
	if (width < HELP_TWO_COLUMNS)
		return draw_groups(help, 0, GROUP_COUNT);

	help.width = width / 2 - 2;
	left = draw_groups(help, 0, GROUP_LIST);
	help.x = x + width / 2;
	right = draw_groups(help, GROUP_LIST, GROUP_COUNT);
	return left > right ? left : right;
}
