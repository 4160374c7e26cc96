/* SPDX-License-Identifier: MIT */
/*
 * Why: the chain from each stuck task to its cause, worst first.
 *
 * The law of the file: chains are made when rows are gathered and no sooner; the
 * cursor is on a task, wherever its chain goes.
 */
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>

#include "console/format.h"
#include "console/names.h"
#include "console/parts.h"
#include "console/view.h"

struct why {
	struct view view;
	struct chain *chains;
	int count;
	uint64_t cursor; /* the task of the chain it is on */
	bool must_show;  /* the cursor moved: bring it in sight */
	int first_line;  /* of the chain under the cursor, and of the next one */
	int last_line;
	char nothing[LINK_TEXT]; /* said when there is no chain */
	struct models models;    /* of all processes, if there are several */
	char others[LINK_TEXT];  /* what is stuck in those that are not shown; "": nothing */
};

static int cursor_index(const struct why *it)
{
	int i;

	for (i = 0; i < it->count; i++)
		if (it->chains[i].task == it->cursor)
			return i;
	return 0;
}

static int stuck_count(const struct models_one *one)
{
	struct chain *chains;
	int count =
		one->model && !one->is_away ? waits_stuck(one->model, WAITS_STUCK_NS, &chains) : -1;

	if (count >= 0)
		free(chains);
	return count;
}

/* "2 stuck in 19186 hung, 1 stuck in 19190 hung on web2". Returns how many processes. */
static int others_words(const struct models *models, uint32_t shown, char *buf, size_t size)
{
	struct source_member member;
	size_t at = 0;
	int found = 0, count;

	buf[0] = '\0';
	for (uint32_t i = 0; i < models->count; i++) {
		count = i == shown ? 0 : stuck_count(&models->list[i]);
		if (count <= 0)
			continue;
		model_member(models->list[i].model, &member);
		if (at < size)
			at += (size_t)snprintf(buf + at, size - at,
					       "%s%d stuck in %" PRIu32 " %s%s%s",
					       found ? ", " : "", count, member.pid, member.name,
					       member.host[0] ? " on " : "", member.host);
		found++;
	}
	return found;
}

/* Stuck tasks of another process must not go unseen because this one has none. */
static void gather_others(struct why *it)
{
	struct source *source = it->view.shared->model->source;
	char words[LINK_TEXT / 2];
	int found;

	it->others[0] = '\0';
	if (!source_has_several(source))
		return;
	models_refresh(&it->models, source);
	found = others_words(&it->models, source_chosen(source), words, sizeof(words));
	if (found)
		snprintf(it->others, sizeof(it->others), "%s%s: p chooses %s",
			 it->count ? "and " : "", words, found == 1 ? "it" : "one");
}

static void why_gather(struct view *view)
{
	struct why *it = (struct why *)view;
	struct chain *chains = NULL;
	int count = waits_stuck(view->shared->model, WAITS_STUCK_NS, &chains);

	if (count < 0)
		return;
	free(it->chains);
	it->chains = chains;
	it->count = count;
	if (count > 0)
		it->cursor = chains[cursor_index(it)].task;
	else
		waits_nothing(view->shared->model, WAITS_STUCK_NS, it->nothing,
			      sizeof(it->nothing));
	gather_others(it);
}

static void why_close(struct view *view)
{
	free(((struct why *)view)->chains);
	models_fini(&((struct why *)view)->models);
}

static void move(struct why *it, int index)
{
	if (it->count == 0)
		return;
	if (index < 0)
		index = 0;
	if (index >= it->count)
		index = it->count - 1;
	it->cursor = it->chains[index].task;
	it->must_show = true;
}

static bool why_obey(struct view *view, enum request request)
{
	struct why *it = (struct why *)view;

	switch (request) {
	case REQ_MOVE_UP:
		move(it, cursor_index(it) - 1);
		return true;
	case REQ_MOVE_DOWN:
		move(it, cursor_index(it) + 1);
		return true;
	case REQ_MOVE_HOME:
		move(it, 0);
		return true;
	case REQ_MOVE_END:
		move(it, it->count - 1);
		return true;
	default:
		return false;
	}
}

static void write_chain(struct page *page, const struct model *model, const struct chain *chain,
			bool is_selected)
{
	char time[NAME_TEXT / 2];
	char name[NAME_TEXT];
	int y = page->y;
	int x = 2;

	name_object(model, chain->task, name, sizeof(name));
	x += canvas_put_text(&page->canvas, x, y, page->width - 34, ROLE_NAME, name);
	x += canvas_put_text(&page->canvas, x, y, -1, ROLE_DIM, "  stuck ");
	x += canvas_put_text(&page->canvas, x, y, -1, format_duration_role(chain->stuck_ns),
			     waits_time(model, chain->stuck_ns, time, sizeof(time)));
	if (chain->delayed > 0)
		canvas_printf(&page->canvas, x, y, -1, ROLE_WARN, "  and %" PRIu64 " more with it",
			      chain->delayed);
	if (is_selected) {
		canvas_put_glyph(&page->canvas, 0, y, ROLE_KEY, GLYPH_CURSOR);
		canvas_highlight(&page->canvas, 0, y, page->width, ROLE_SELECTED);
	}
	page->y++;
	page_text(page, 4, ROLE_ERROR, chain->summary);
	part_chain(page, 4, model, chain);
	page->y++;
}

static void show_cursor(struct why *it, struct page *page)
{
	if (!it->must_show)
		return;
	it->must_show = false;
	if (page->height > 0 && it->last_line > page->top + page->height)
		page->top = it->last_line - page->height;
	if (it->first_line < page->top)
		page->top = it->first_line;
}

static void write_empty(const struct why *it, struct page *page, const struct model *model)
{
	if (!page->y)
		page->y++;
	page_text(page, 2, model->totals.live ? ROLE_GOOD : ROLE_DIM, it->nothing);
	page_text(page, 2, ROLE_DIM,
		  "Tasks that wait for input, for a timer or for work are as they should be. Enter "
		  "on a task (t) shows what that one waits for.");
}

/* What ran when it died, as `vigil why` says it. */
static void write_last_polls(struct page *page, const struct model *model)
{
	struct last_poll polls[LAST_POLLS];
	size_t count = waits_last_polls(model, polls);
	char text[LAST_POLL_TEXT];

	if (model->status != VIGIL_STATUS_DEAD)
		return;
	if (!count)
		page_text(page, 2, ROLE_DIM, LAST_POLL_NONE);
	for (size_t i = 0; i < count; i++)
		page_text(page, 2, ROLE_WARN,
			  waits_last_poll(model, &polls[i], text, sizeof(text)));
	page->y++;
}

static void why_write(struct view *view, struct page *page)
{
	struct why *it = (struct why *)view;
	const struct model *model = view->shared->model;
	int at = cursor_index(it);
	int i;

	if (it->others[0])
		page_text(page, 2, ROLE_WARN, it->others);
	write_last_polls(page, model);
	if (it->count == 0)
		write_empty(it, page, model);
	for (i = 0; i < it->count && page->y < PAGE_LINES - 1; i++) {
		/* What stands above the first one comes in sight with it. */
		if (i == at)
			it->first_line = i > 0 ? page->y : 0;
		write_chain(page, model, &it->chains[i], i == at);
		if (i == at)
			it->last_line = page->y;
	}
	show_cursor(it, page);
}

static const struct view_ops *why_enter(struct view *view, uint64_t id, uint64_t *ret_object)
{
	struct why *it = (struct why *)view;

	(void)id;
	if (it->count == 0)
		return NULL;
	*ret_object = it->cursor;
	return &view_task;
}

static void why_title(struct view *view, char *buf, size_t size)
{
	const struct model *model = view->shared->model;
	struct source_member member;
	int at = snprintf(buf, size, "%d stuck", ((struct why *)view)->count);

	if (!source_has_several(model->source) || at < 0 || (size_t)at >= size)
		return;
	model_member(model, &member);
	snprintf(buf + at, size - (size_t)at, "  %" PRIu32 " %s", member.pid, member.name);
}

const struct view_ops view_why = {
	.name = "why",
	.request = REQ_VIEW_WHY,
	.where = IN_WHY,
	.size = sizeof(struct why),
	.write = why_write,
	.close = why_close,
	.gather = why_gather,
	.obey = why_obey,
	.enter = why_enter,
	.title = why_title,
};
