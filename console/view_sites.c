/* SPDX-License-Identifier: MIT */
/*
 * Sites: all tasks grouped by the line that spawned them. A program that spawns
 * a million tasks from three lines is three rows here.
 */
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "console/format.h"
#include "console/meter.h"
#include "console/names.h"
#include "console/parts.h"
#include "console/view.h"

enum site_column {
	SITE_PLACE,
	SITE_NAME,
	SITE_LIVE,
	SITE_STATES,
	SITE_SPAWNED,
	SITE_DONE,
	SITE_FAILED,
	SITE_CANCELLED,
	SITE_POLLS,
	SITE_BUSY,
	SITE_SHARE,
	SITE_POLL_50,
	SITE_POLL_99,
	SITE_POLL_MAX,
	SITE_WAIT_50,
	SITE_WAIT_99,
	SITE_WAIT_MAX,
	SITE_COLUMNS
};

struct sites {
	struct view view;
	struct vigil_site_stats *stats; /* by site index */
	uint32_t *rows;                 /* indexes of sites that spawn */
	size_t count;
	uint32_t known;   /* entries of stats */
	uint64_t busy_ns; /* of all of them */
};

/* Ids are indexes plus one, as in records. */
static const struct vigil_site_stats *stats_of(const struct table_row *row)
{
	static const struct vigil_site_stats none;
	const struct sites *it = row->ctx;

	return it->stats && row->id <= it->known ? &it->stats[row->id - 1] : &none;
}

static void sites_gather(struct view *view)
{
	struct sites *it = (struct sites *)view;
	const struct model *model = view->shared->model;
	uint32_t i;

	/* The filter asks the model's sums, which fall with the next refresh. */
	if (it->view.filter)
		model_want_sites(view->shared->model);
	free(it->stats);
	free(it->rows);
	it->known = vigil_reader_count(model->reader, VIGIL_TABLE_site);
	it->stats = vigil_reader_site_stats(model->reader);
	it->rows = malloc((it->known + 1) * sizeof(*it->rows));
	it->count = 0;
	it->busy_ns = 0;
	for (i = 0; i < it->known && it->stats && it->rows; i++) {
		if (!it->stats[i].live &&
		    VIGIL_AT(model->reader, site, i)->kind != VIGIL_SITE_SPAWN)
			continue;
		it->rows[it->count++] = i;
		it->busy_ns += it->stats[i].busy_ns;
	}
}

static void sites_close(struct view *view)
{
	struct sites *it = (struct sites *)view;

	free(it->stats);
	free(it->rows);
}

static size_t rows_count(void *ctx)
{
	return ((struct sites *)ctx)->count;
}

static uint64_t rows_id(void *ctx, size_t index)
{
	return ((struct sites *)ctx)->rows[index] + UINT64_C(1);
}

static const void *sites_record(struct view *view, uint64_t id)
{
	model_want_sites(view->shared->model);
	return vigil_reader_site(view->shared->model->reader, (uint32_t)id);
}

/* ---- Cells ---- */

static uint64_t percentile(const struct model *model, uint64_t site, enum vigil_hist_side side,
			   double share)
{
	struct vigil_hist hist;

	if (!vigil_reader_site_hist(model->reader, (uint32_t)site, side, &hist))
		return 0;
	return vigil_hist_percentile(&hist, share);
}

static uint64_t number(const struct table_row *row)
{
	const struct vigil_site_stats *stats = stats_of(row);
	const struct model *model = row_model(row);

	switch (row->column->data) {
	case SITE_LIVE:
	case SITE_STATES:
		return stats->live;
	case SITE_SPAWNED:
		return stats->spawned;
	case SITE_DONE:
		return stats->completed;
	case SITE_FAILED:
		return stats->failed;
	case SITE_CANCELLED:
		return stats->cancelled + stats->aborted;
	case SITE_POLLS:
		return stats->busy_count;
	case SITE_POLL_50:
		return percentile(model, row->id, VIGIL_HIST_BUSY, 0.50);
	case SITE_POLL_99:
		return percentile(model, row->id, VIGIL_HIST_BUSY, 0.99);
	case SITE_POLL_MAX:
		return stats->busy_max_ns;
	case SITE_WAIT_50:
		return percentile(model, row->id, VIGIL_HIST_DELAY, 0.50);
	case SITE_WAIT_99:
		return percentile(model, row->id, VIGIL_HIST_DELAY, 0.99);
	case SITE_WAIT_MAX:
		return stats->delay_max_ns;
	default:
		return stats->busy_ns;
	}
}

static void format_number(const struct table_row *row, char *buf, size_t size, enum role *ret_role)
{
	uint64_t value = number(row);

	switch (row->column->data) {
	case SITE_LIVE:
	case SITE_SPAWNED:
	case SITE_DONE:
	case SITE_POLLS:
		cell_count(buf, size, value, ret_role);
		break;
	case SITE_FAILED:
	case SITE_CANCELLED:
		cell_count(buf, size, value, ret_role);
		if (value && row->column->data == SITE_FAILED)
			*ret_role = ROLE_ERROR;
		break;
	case SITE_SHARE:
		format_percent(buf, size, share_of(value, ((struct sites *)row->ctx)->busy_ns));
		break;
	default:
		cell_duration(buf, size, value, ret_role);
		break;
	}
}

static void format_words(const struct table_row *row, char *buf, size_t size, enum role *ret_role)
{
	const struct vigil_site_stats *stats = stats_of(row);
	const struct vigil_site_record *site =
		vigil_reader_site(row_model(row)->reader, (uint32_t)row->id);

	switch (row->column->data) {
	case SITE_PLACE:
		name_place_long(row_model(row), (uint32_t)row->id, buf, size);
		*ret_role = ROLE_PLACE;
		break;
	case SITE_NAME:
		snprintf(buf, size, "%s", site ? site->name : "");
		*ret_role = ROLE_NAME;
		break;
	default:
		snprintf(buf, size, "%" PRIu64 " running, %" PRIu64 " scheduled, %" PRIu64 " idle",
			 stats->running, stats->scheduled, stats->idle);
		break;
	}
}

static void draw_states(const struct table_row *row, struct canvas *canvas, int x, int y, int width)
{
	const struct vigil_site_stats *stats = stats_of(row);
	const struct bar_part parts[] = {
		{ (double)stats->running, ROLE_RUNNING },
		{ (double)stats->scheduled, ROLE_SCHEDULED },
		{ (double)stats->idle, ROLE_IDLE },
	};

	meter_draw_stack(canvas, x, y, width, parts, 3, (double)stats->live, NULL);
}

static void draw_share(const struct table_row *row, struct canvas *canvas, int x, int y, int width)
{
	meter_draw_bar(canvas, x, y, width,
		       share_of(number(row), ((struct sites *)row->ctx)->busy_ns), NULL);
}

/* clang-format off */
static const struct column columns[SITE_COLUMNS] = {
	COLUMN_WORDS(SITE_PLACE, "SITE", 16, 0, 0, "where tasks are spawned", .grow = 2),
	COLUMN_WORDS(SITE_NAME, "NAME", 8, 20, 9, NULL),
	COLUMN_NUMBER(SITE_LIVE, "LIVE", 5, 6, 0, "tasks alive"),
	[SITE_STATES] = { .title = "STATES", .help = "running, scheduled, idle", .min_width = 10,
			  .max_width = 20, .priority = 10, .grow = 1, .data = SITE_STATES,
			  .format = format_words, .draw = draw_states },
	COLUMN_NUMBER(SITE_SPAWNED, "SPAWN", 5, 6, 3, "tasks spawned so far"),
	COLUMN_NUMBER(SITE_DONE, "DONE", 5, 6, 7, "that completed"),
	COLUMN_NUMBER(SITE_FAILED, "FAIL", 4, 5, 4, "that failed"),
	COLUMN_NUMBER(SITE_CANCELLED, "CANC", 4, 5, 8, "that were cancelled or aborted"),
	COLUMN_NUMBER(SITE_POLLS, "POLLS", 5, 6, 6, "polls ended"),
	COLUMN_NUMBER(SITE_BUSY, "BUSY", 7, 8, 0, "time in polls"),
	[SITE_SHARE] = { .title = "SHARE", .help = "of the time in polls of all sites",
			 .min_width = 10, .max_width = 16, .priority = 5, .sort = SORT_NUMBER,
			 .is_descending_first = true, .data = SITE_SHARE, .format = format_number,
			 .number = number, .draw = draw_share },
	COLUMN_NUMBER(SITE_POLL_50, "POLL50", 7, 8, 11, "half of the polls were shorter"),
	COLUMN_NUMBER(SITE_POLL_99, "POLL99", 7, 8, 1, "99 % of the polls were shorter"),
	COLUMN_NUMBER(SITE_POLL_MAX, "POLLMAX", 7, 8, 12, "longest poll"),
	COLUMN_NUMBER(SITE_WAIT_50, "SCHD50", 7, 8, 13,
		      "half of the waits for a worker were shorter"),
	COLUMN_NUMBER(SITE_WAIT_99, "SCHD99", 7, 8, 2,
		      "99 % of the waits for a worker were shorter"),
	COLUMN_NUMBER(SITE_WAIT_MAX, "SCHDMAX", 7, 8, 14, "longest wait for a worker"),
};
/* clang-format on */

static void sites_empty(struct view *view, char *buf, size_t size)
{
	(void)view;
	snprintf(buf, size, "No task has been spawned yet.");
}

const struct view_ops view_sites = {
	.name = "sites",
	.request = REQ_VIEW_SITES,
	.where = IN_SITES,
	.size = sizeof(struct sites),
	.columns = columns,
	.column_count = SITE_COLUMNS,
	.sort_column = SITE_BUSY,
	.rows = { .count = rows_count, .id = rows_id },
	.properties = &site_properties,
	.record = sites_record,
	.empty = sites_empty,
	.close = sites_close,
	.gather = sites_gather,
	.details = &view_site,
};

/* ---- Details of a site ---- */

struct site_page {
	struct view view;
	struct vigil_site_stats stats;
	struct vigil_hist busy;
	struct vigil_hist delay;
	bool has_busy;
	bool has_delay;
};

static void site_gather(struct view *view)
{
	struct site_page *it = (struct site_page *)view;
	const struct vigil_reader *reader = view->shared->model->reader;
	uint32_t site = (uint32_t)view->object;
	struct vigil_site_stats *stats = vigil_reader_site_stats(reader);

	if (stats && site <= vigil_reader_count(reader, VIGIL_TABLE_site))
		it->stats = stats[site - 1];
	free(stats);
	it->has_busy = vigil_reader_site_hist(reader, site, VIGIL_HIST_BUSY, &it->busy);
	it->has_delay = vigil_reader_site_hist(reader, site, VIGIL_HIST_DELAY, &it->delay);
}

static void write_ends(struct page *page, const struct vigil_site_stats *stats)
{
	page_field(page, "spawned", ROLE_NUMBER, "%" PRIu64, stats->spawned);
	page_field(page, "alive", ROLE_NUMBER, "%" PRIu64, stats->live);
	page_field(page, "completed", ROLE_NUMBER, "%" PRIu64, stats->completed);
	page_field(page, "failed", stats->failed ? ROLE_ERROR : ROLE_NUMBER, "%" PRIu64,
		   stats->failed);
	page_field(page, "cancelled", ROLE_NUMBER, "%" PRIu64, stats->cancelled);
	page_field(page, "aborted", ROLE_NUMBER, "%" PRIu64, stats->aborted);
	page_field(page, "running", ROLE_RUNNING, "%" PRIu64, stats->running);
	page_field(page, "scheduled", ROLE_SCHEDULED, "%" PRIu64, stats->scheduled);
	page_field(page, "idle", ROLE_IDLE, "%" PRIu64, stats->idle);
	page_field(page, "wakes", ROLE_NUMBER, "%" PRIu64, stats->wakes);
	page_field(page, "by itself", ROLE_NUMBER, "%" PRIu64, stats->self_wakes);
	page_field(page, "polls", ROLE_NUMBER, "%" PRIu64, stats->busy_count);
	page_fields(page);
}

static void site_write(struct view *view, struct page *page)
{
	struct site_page *it = (struct site_page *)view;
	const struct model *model = view->shared->model;
	const struct vigil_site_record *site =
		vigil_reader_site(model->reader, (uint32_t)view->object);
	char text[NAME_TEXT];

	name_place_long(model, (uint32_t)view->object, text, sizeof(text));
	canvas_put_clipped(&page->canvas, 1, page->y++, page->width - 2, ROLE_TITLE, text);
	if (site) {
		page_field(page, "name", ROLE_NAME, "%s", site->name);
		page_field(page, "file", ROLE_PLACE, "%s", site->file);
		page_fields(page);
	}
	page_title(page, "Tasks spawned here");
	write_ends(page, &it->stats);
	part_hists(page, "Polls", it->has_busy ? &it->busy : NULL, "Scheduled, until polled",
		   it->has_delay ? &it->delay : NULL);
}

static void site_title(struct view *view, char *buf, size_t size)
{
	char place[NAME_TEXT];

	name_place(view->shared->model, (uint32_t)view->object, place, sizeof(place));
	snprintf(buf, size, "site %s", place);
}

const struct view_ops view_site = {
	.name = "site",
	.where = IN_DETAILS,
	.size = sizeof(struct site_page),
	.write = site_write,
	.gather = site_gather,
	.title = site_title,
};
