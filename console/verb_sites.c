/* SPDX-License-Identifier: MIT */
/* vigil sites: all tasks, living and ended, by the line that spawned them. */
#include <errno.h>

#include "console/listing.h"
#include "console/names.h"

static int rows(struct model *model, struct rows *ret_rows)
{
	uint32_t count = vigil_reader_count(model->reader, VIGIL_TABLE_site);

	if (model_want_sites(model))
		return -ENOMEM;
	for (uint32_t i = 0; i < count; i++) {
		const struct vigil_site_record *site = VIGIL_AT(model->reader, site, i);

		if (site->kind != VIGIL_SITE_SPAWN && !model->sites[i].live)
			continue;
		if (rows_add(ret_rows, model, site))
			return -ENOMEM;
	}
	return 0;
}

static void json_row(struct json *json, const struct model *model, const void *row)
{
	uint32_t index = model_index(model, VIGIL_TABLE_site, row);
	const struct vigil_site_stats *stats = &model->sites[index];
	struct vigil_hist hist;

	json_site(json, model, "site", index + 1);
	json_u64(json, "spawned", stats->spawned);
	json_u64(json, "live", stats->live);
	json_u64(json, "running", stats->running);
	json_u64(json, "scheduled", stats->scheduled);
	json_u64(json, "idle", stats->idle);
	json_u64(json, "completed", stats->completed);
	json_u64(json, "failed", stats->failed);
	json_u64(json, "cancelled", stats->cancelled);
	json_u64(json, "aborted", stats->aborted);
	json_u64(json, "busy_ns", stats->busy_ns);
	json_u64(json, "polls", stats->busy_count);
	json_u64(json, "scheduled_ns", stats->delay_ns);
	json_u64(json, "wakes", stats->wakes);
	json_u64(json, "self_wakes", stats->self_wakes);
	json_u64(json, "waker_clones", stats->waker_clones);
	json_u64(json, "waker_drops", stats->waker_drops);
	vigil_reader_site_hist(model->reader, index + 1, VIGIL_HIST_BUSY, &hist);
	json_hist(json, "poll_ns", &hist);
	vigil_reader_site_hist(model->reader, index + 1, VIGIL_HIST_DELAY, &hist);
	json_hist(json, "scheduled_ns_hist", &hist);
}

static const struct listing listing = {
	.key = "sites",
	.nothing = "No task was spawned yet.",
	.properties = &site_properties,
	.sort = "busy:desc",
	.then = "spawned:desc",
	.rows = rows,
	.json = json_row,
};

int verb_sites(const struct verb_options *options)
{
	return listing_run(&listing, options);
}
