/* SPDX-License-Identifier: MIT */
/* Properties of sites, and of the edges between them: who wakes whom. */
#include <stdio.h>

#include "console/names.h"
#include "console/property.h"

/* ---- Sites ---- */

static const struct vigil_site_stats *stats_of(const struct model *model, const void *row)
{
	return &model->sites[model_index(model, VIGIL_TABLE_site, row)];
}

static void place_text(const struct model *model, const void *row, char *buf, size_t size)
{
	name_place(model, model_index(model, VIGIL_TABLE_site, row) + 1, buf, size);
}

static void name_text(const struct model *model, const void *row, char *buf, size_t size)
{
	const struct vigil_site_record *site = row;

	(void)model;
	snprintf(buf, size, "%s", site->name[0] ? site->name : site->function);
}

static void file_text(const struct model *model, const void *row, char *buf, size_t size)
{
	const struct vigil_site_record *site = row;

	(void)model;
	snprintf(buf, size, "%s", site->file);
}

#define STAT(name, expression)                                                                     \
	static uint64_t name(const struct model *model, const void *row)                           \
	{                                                                                          \
		const struct vigil_site_stats *stats = stats_of(model, row);                       \
                                                                                                   \
		return expression;                                                                 \
	}
STAT(spawned, stats->spawned)
STAT(live, stats->live)
STAT(running, stats->running)
STAT(scheduled, stats->scheduled)
STAT(idle, stats->idle)
STAT(done, stats->completed + stats->failed + stats->cancelled + stats->aborted)
STAT(failed, stats->failed)
STAT(cancelled, stats->cancelled + stats->aborted)
STAT(busy, stats->busy_ns)
STAT(polls, stats->busy_count)
STAT(wakes, stats->wakes)
STAT(poll_max, stats->busy_count ? stats->busy_max_ns : PROPERTY_UNKNOWN)
STAT(delay_max, stats->delay_count ? stats->delay_max_ns : PROPERTY_UNKNOWN)

static uint64_t percentile(const struct model *model, const void *row, enum vigil_hist_side side,
			   double share)
{
	uint32_t site = model_index(model, VIGIL_TABLE_site, row) + 1;
	struct vigil_hist hist;

	if (!vigil_reader_site_hist(model->reader, site, side, &hist))
		return PROPERTY_UNKNOWN;
	return vigil_hist_percentile(&hist, share);
}

#define PERCENTILE(name, side, share)                                                              \
	static uint64_t name(const struct model *model, const void *row)                           \
	{                                                                                          \
		return percentile(model, row, side, share);                                        \
	}
PERCENTILE(poll_p50, VIGIL_HIST_BUSY, 0.5)
PERCENTILE(poll_p99, VIGIL_HIST_BUSY, 0.99)
PERCENTILE(delay_p50, VIGIL_HIST_DELAY, 0.5)
PERCENTILE(delay_p99, VIGIL_HIST_DELAY, 0.99)

static const struct property sites[] = {
	P_PLAIN("site", "SITE", place_text),
	P_PLAIN("name", "NAME", name_text),
	P_COUNT("spawned", "SPAWNED", spawned),
	P_COUNT("live", "LIVE", live),
	P_COUNT("done", "DONE", done),
	P_COUNT("failed", "FAILED", failed),
	P_TIME("busy", "BUSY", busy),
	P_COUNT("polls", "POLLS", polls),
	P_TIME("poll_p50", "POLL P50", poll_p50),
	P_TIME("poll_p99", "P99", poll_p99),
	P_TIME("poll_max", "MAX", poll_max),
	P_TIME("scheduled_p50", "SCHED P50", delay_p50),
	P_TIME("scheduled_p99", "P99", delay_p99),
	P_TIME("scheduled_max", "MAX", delay_max),
	P_COUNT("cancelled", NULL, cancelled),
	P_COUNT("running", NULL, running),
	P_COUNT("scheduled", NULL, scheduled),
	P_COUNT("idle", NULL, idle),
	P_COUNT("wakes", NULL, wakes),
	P_PLAIN("file", NULL, file_text),
};

const struct properties site_properties = {
	.list = sites,
	.count = sizeof(sites) / sizeof(sites[0]),
};

/* ---- Edges ---- */

#define EDGE const struct vigil_edge_record *edge = row

static void from_text(const struct model *model, const void *row, char *buf, size_t size)
{
	EDGE;

	name_place_long(model, edge->from, buf, size);
}

static void to_text(const struct model *model, const void *row, char *buf, size_t size)
{
	EDGE;

	name_place_long(model, edge->to, buf, size);
}

static void waker_text(const struct model *model, const void *row, char *buf, size_t size)
{
	EDGE;

	name_object(model, edge->last_waker, buf, size);
}

static void woken_text(const struct model *model, const void *row, char *buf, size_t size)
{
	EDGE;

	name_object(model, edge->last_task, buf, size);
}

static uint64_t edge_count(const struct model *model, const void *row)
{
	EDGE;

	(void)model;
	return edge->count;
}

static uint64_t mean(const struct model *model, const void *row)
{
	EDGE;

	(void)model;
	return edge->count ? edge->delay_ns / edge->count : PROPERTY_UNKNOWN;
}

static uint64_t max(const struct model *model, const void *row)
{
	EDGE;

	(void)model;
	return edge->count ? edge->delay_max_ns : PROPERTY_UNKNOWN;
}

static uint64_t last(const struct model *model, const void *row)
{
	EDGE;

	return model->now > edge->last_ns ? model->now - edge->last_ns : 0;
}

static const struct property edges[] = {
	P_PLAIN("from", "WOKEN FROM", from_text),
	P_PLAIN("to", "TASKS OF", to_text),
	P_COUNT("count", "WAKES", edge_count),
	P_TIME("mean", "TO POLL", mean),
	P_TIME("max", "MAX", max),
	P_TIME("last", "LAST AGO", last),
	P_PLAIN("waker", "LAST WAKER", waker_text),
	P_PLAIN("woken", "LAST WOKEN", woken_text),
};

const struct properties edge_properties = {
	.list = edges,
	.count = sizeof(edges) / sizeof(edges[0]),
};
