/* SPDX-License-Identifier: MIT */
/* Parts of pages about a resource. Its law is in parts_resource.h. */
#include "console/parts_resource.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "console/attr.h"
#include "console/format.h"
#include "console/names.h"
#include "console/uses.h"

/* ---- Lines whose cells stand below each other ---- */

#define CELLS 5
#define CELL_TEXT 160
#define GAP 2

struct line {
	enum role roles[CELLS];
	char cells[CELLS][CELL_TEXT];
};

/* No cell but the last takes more than its share. */
static int cell_width(const struct page *page, const struct line *lines, size_t count, int cell)
{
	int most = page->width / 3, width = 0;

	for (size_t i = 0; i < count; i++) {
		int used = text_width(lines[i].cells[cell]);

		width = used > width ? used : width;
	}
	return width < most ? width : most;
}

static int last_cell(const struct page *page, const struct line *lines, size_t count)
{
	int cell = CELLS - 1;

	while (cell > 0 && !cell_width(page, lines, count, cell))
		cell--;
	return cell;
}

static void put_lines(struct page *page, const struct line *lines, size_t count)
{
	int last = last_cell(page, lines, count);
	int x = 1;

	for (int cell = 0; cell <= last && x < page->width; cell++) {
		int width = cell_width(page, lines, count, cell);
		int room = cell == last || width > page->width - x ? page->width - x : width;

		for (size_t i = 0; i < count && width; i++)
			canvas_put_clipped(&page->canvas, x, page->y + (int)i, room,
					   lines[i].roles[cell], lines[i].cells[cell]);
		x += width ? width + GAP : 0;
	}
	page->y += (int)count;
}

static void put_rest(struct page *page, const struct users *users)
{
	if (users->all > users->count)
		canvas_printf(&page->canvas, 1, page->y++, -1, ROLE_DIM, "and %zu more",
			      (size_t)users->all - users->count);
}

static void line_begin(struct line *line, uint64_t ns)
{
	memset(line, 0, sizeof(*line));
	format_duration(line->cells[0], CELL_TEXT, ns, FORMAT_FIXED);
	line->roles[0] = format_duration_role(ns);
	line->roles[1] = ROLE_NAME;
}

/* ---- Who is shown ---- */

/* Since when a task or thread has waited, an operation has lasted. */
static uint64_t since(const struct model *model, uint64_t ref)
{
	const struct vigil_task_record *task = VIGIL_FIND(model->reader, task, ref);
	const struct vigil_worker_record *worker = VIGIL_FIND(model->reader, worker, ref);
	const struct vigil_op_record *op = VIGIL_FIND(model->reader, op, ref);

	return task   ? task->wait_since_ns :
	       worker ? worker->wait_since_ns :
	       op     ? op->created_ns :
			model->now;
}

static void users_add(struct users *users, const struct model *model, uint64_t ref)
{
	uint64_t begin = since(model, ref);
	size_t at = users->count;

	while (at > 0 && since(model, users->refs[at - 1]) > begin)
		at--;
	users->all++;
	if (at == USERS_SHOWN)
		return;
	users->count += users->count < USERS_SHOWN;
	memmove(&users->refs[at + 1], &users->refs[at],
		(users->count - at - 1) * sizeof(users->refs[0]));
	users->refs[at] = ref;
}

void users_take_waiters(struct users *users, const struct model *model, uint64_t resource)
{
	*users = (struct users){ .count = 0 };
	for (uint64_t it = 0; (it = uses_waiter(model, resource, it));)
		users_add(users, model, it);
}

void users_take_ops(struct users *users, const struct model *model, uint64_t resource)
{
	*users = (struct users){ .count = 0 };
	for (uint64_t it = 0; (it = uses_op(model, resource, it));)
		users_add(users, model, it);
}

/* ---- Parts ---- */

static void waiter_line(struct line *line, const struct model *model, uint64_t ref)
{
	const struct vigil_task_record *task = VIGIL_FIND(model->reader, task, ref);
	const struct vigil_worker_record *worker = VIGIL_FIND(model->reader, worker, ref);
	char reason[NAME_TEXT] = "";

	line_begin(line, less_of(model->now, since(model, ref)));
	name_object(model, ref, line->cells[1], CELL_TEXT);
	if (task)
		name_reason(model, task, reason, sizeof(reason));
	else if (worker)
		name_worker_reason(model, worker, reason, sizeof(reason));
	snprintf(line->cells[2], CELL_TEXT, "%.*s", CELL_TEXT - 1, reason);
	line->roles[2] = ROLE_TEXT;
}

void part_waiters(struct page *page, const struct model *model, const struct users *waiters)
{
	struct line lines[USERS_SHOWN];
	char title[FORMAT_SIZE + 16];

	if (!waiters->count)
		return;
	snprintf(title, sizeof(title), "%" PRIu32 " waiting", waiters->all);
	page_title(page, title);
	for (size_t i = 0; i < waiters->count; i++)
		waiter_line(&lines[i], model, waiters->refs[i]);
	put_lines(page, lines, waiters->count);
	put_rest(page, waiters);
}

static void op_line(struct line *line, const struct model *model, uint64_t ref)
{
	const struct vigil_op_record *op = VIGIL_FIND(model->reader, op, ref);

	line_begin(line, less_of(model->now, since(model, ref)));
	if (!op) {
		snprintf(line->cells[1], CELL_TEXT, "ended");
		return;
	}
	snprintf(line->cells[1], CELL_TEXT, "%s", op->source[0] ? op->source : "operation");
	name_object(model, op->task, line->cells[2], CELL_TEXT);
	line->roles[2] = ROLE_NAME;
	snprintf(line->cells[3], CELL_TEXT, "%" PRIu64 " poll%s", op->polls,
		 op->polls == 1 ? "" : "s");
	line->roles[3] = ROLE_NUMBER;
	name_place_long(model, op->site, line->cells[4], CELL_TEXT);
	line->roles[4] = ROLE_PLACE;
}

void part_ops(struct page *page, const struct model *model, const struct users *ops)
{
	struct line lines[USERS_SHOWN];
	char title[FORMAT_SIZE + 16];

	if (!ops->count)
		return;
	snprintf(title, sizeof(title), "%" PRIu32 " operation%s", ops->all,
		 ops->all == 1 ? "" : "s");
	page_title(page, title);
	for (size_t i = 0; i < ops->count; i++)
		op_line(&lines[i], model, ops->refs[i]);
	put_lines(page, lines, ops->count);
	put_rest(page, ops);
}

void part_state(struct page *page, const struct vigil_attr_record *attrs, size_t count,
		uint64_t now)
{
	struct line lines[ATTR_MOST];
	char time[FORMAT_SIZE];

	if (!count)
		return;
	count = count < ATTR_MOST ? count : ATTR_MOST;
	page_title(page, "Attributes");
	memset(lines, 0, sizeof(lines));
	for (size_t i = 0; i < count; i++) {
		snprintf(lines[i].cells[0], CELL_TEXT, "%s", attrs[i].key);
		lines[i].roles[0] = ROLE_DIM;
		attr_words(&attrs[i], now, lines[i].cells[1], CELL_TEXT);
		lines[i].roles[1] = ROLE_NUMBER;
		snprintf(lines[i].cells[2], CELL_TEXT, "set %s ago",
			 format_duration(time, sizeof(time), less_of(now, attrs[i].changed_ns), 0));
		lines[i].roles[2] = ROLE_DIM;
	}
	put_lines(page, lines, count);
}
