/* SPDX-License-Identifier: MIT */
/* Properties of sites, and of the edges between them: who wakes whom. */
#include <stdio.h>

#include "console/names.h"
#include "console/property.h"

/* ---- Sites ---- */

#define RECORD const struct vigil_site_record *record = row
#define SITE uint32_t site = site_of(model, row)
#define STATS const struct vigil_site_stats *stats = stats_of(model, row)

static const struct vigil_site_stats *stats_of(const struct model *model, const void *row)
{
	return &model->sites[model_index(model, VIGIL_TABLE_site, row)];
}

/* Sites are named by index plus one. */
static uint32_t site_of(const struct model *model, const void *row)
{
	return model_index(model, VIGIL_TABLE_site, row) + 1;
}

static uint64_t percentile(const struct model *model, uint32_t site, enum vigil_hist_side side,
			   double share)
{
	struct vigil_hist hist;

	if (!vigil_reader_site_hist(model->reader, site, side, &hist))
		return PROPERTY_UNKNOWN;
	return vigil_hist_percentile(&hist, share);
}

P_TEXT_OF(place_text, SITE, name_place(model, site, buf, size))
P_WORDS_OF(function_text, RECORD, record->function)
P_WORDS_OF(name_text, RECORD, record->name)
P_WORDS_OF(file_text, RECORD, record->file)
P_NUMBER_OF(spawned, STATS, stats->spawned)
P_NUMBER_OF(live, STATS, stats->live)
P_NUMBER_OF(running, STATS, stats->running)
P_NUMBER_OF(scheduled, STATS, stats->scheduled)
P_NUMBER_OF(idle, STATS, stats->idle)
P_NUMBER_OF(done, STATS, stats->completed + stats->failed + stats->cancelled + stats->aborted)
P_NUMBER_OF(failed, STATS, stats->failed)
P_NUMBER_OF(cancelled, STATS, stats->cancelled + stats->aborted)
P_NUMBER_OF(busy, STATS, stats->busy_ns)
P_NUMBER_OF(polls, STATS, stats->busy_count)
P_NUMBER_OF(wakes, STATS, stats->wakes)
P_NUMBER_OF(poll_p50, SITE, percentile(model, site, VIGIL_HIST_BUSY, 0.5))
P_NUMBER_OF(poll_p99, SITE, percentile(model, site, VIGIL_HIST_BUSY, 0.99))
P_NUMBER_OF(poll_max, STATS, stats->busy_max_ns ? stats->busy_max_ns : PROPERTY_UNKNOWN)
P_NUMBER_OF(delay_p50, SITE, percentile(model, site, VIGIL_HIST_DELAY, 0.5))
P_NUMBER_OF(delay_p99, SITE, percentile(model, site, VIGIL_HIST_DELAY, 0.99))
P_NUMBER_OF(delay_max, STATS, stats->delay_count ? stats->delay_max_ns : PROPERTY_UNKNOWN)

static const struct property sites[] = {
	P_PLAIN("site", "SITE", place_text),
	P_PLAIN("function", "FUNCTION", function_text),
	P_SELDOM("name", "NAME", name_text),
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

/* WHY and its like stay, and what tells a row from others. */
static const char *const spare[] = { "function", "spawned",       "scheduled_p50", "poll_p50",
				     "failed",   "done",          "scheduled_max", "live",
				     "polls",    "scheduled_p99", "poll_p99",      "poll_max",
				     NULL };

const struct properties site_properties = {
	.list = sites,
	.count = sizeof(sites) / sizeof(sites[0]),
	.spare = spare,
};

/* ---- Edges ---- */

#define EDGE const struct vigil_edge_record *edge = row

P_TEXT_OF(from_text, EDGE, name_place_long(model, edge->from, buf, size))
P_TEXT_OF(to_text, EDGE, name_place_long(model, edge->to, buf, size))
P_TEXT_OF(waker_text, EDGE, name_object(model, edge->last_waker, buf, size))
P_TEXT_OF(woken_text, EDGE, name_object(model, edge->last_task, buf, size))
P_NUMBER_OF(edge_count, EDGE, edge->count)
P_NUMBER_OF(mean, EDGE, edge->count ? edge->delay_ns / edge->count : PROPERTY_UNKNOWN)
P_NUMBER_OF(max, EDGE, edge->count ? edge->delay_max_ns : PROPERTY_UNKNOWN)
P_NUMBER_OF(last, EDGE, less_of(model->now, edge->last_ns))

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

/* WHY and its like stay, and what tells a row from others. */
static const char *const spare_of_edges[] = { "last", "waker", "woken", "max", NULL };

const struct properties edge_properties = {
	.list = edges,
	.count = sizeof(edges) / sizeof(edges[0]),
	.spare = spare_of_edges,
};
