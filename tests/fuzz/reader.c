/* SPDX-License-Identifier: MIT */
/*
 * The reader on hostile boards: whatever the bytes, it refuses them with a
 * sentence, or every accessor returns something bounded.
 */
#include <stdlib.h>
#include <string.h>

#include <vigil/reader.h>

#include "tests/fuzz/aimed.h"

#define SOME 300

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static uint64_t sink;

static void touch(const void *bytes, size_t size)
{
	for (size_t i = 0; i < size; i++)
		sink += ((const uint8_t *)bytes)[i];
}

static void must(bool condition)
{
	if (!condition)
		abort();
}

static void use_hist(bool is_there, const struct vigil_hist *hist)
{
	uint64_t low, high;

	must(hist->buckets <= VIGIL_SITE_BUCKETS);
	must(!is_there || hist->buckets);
	for (uint32_t i = 0; i < hist->buckets; i++) {
		vigil_hist_bounds(hist, i, &low, &high);
		must(low < high);
	}
	sink += vigil_hist_percentile(hist, 0.5) + vigil_hist_percentile(hist, 2) +
		vigil_hist_percentile(hist, -1);
}

static void use_task(const struct vigil_reader *reader, uint32_t i)
{
	static struct vigil_attr_record attrs[64];
	const struct vigil_task_record *t = VIGIL_AT(reader, task, i);
	uint64_t ref = vigil_reader_ref(reader, VIGIL_TABLE_task, i);
	struct vigil_task_times times;
	static struct vigil_hist hist;
	size_t count;

	vigil_task_times(t, vigil_reader_now(reader), &times);
	must(times.is_impossible ||
	     times.busy_ns + times.scheduled_ns + times.idle_ns == times.age_ns);
	must(times.state <= VIGIL_STATE_DONE);
	use_hist(vigil_reader_task_hist(reader, t, VIGIL_HIST_BUSY, &hist), &hist);
	use_hist(vigil_reader_task_hist(reader, t, VIGIL_HIST_DELAY, &hist), &hist);
	count = vigil_reader_attrs(reader, ref, t->attrs, attrs, 64);
	must(count <= 64);
	for (size_t k = 0; k < count; k++)
		sink += strlen(attrs[k].key) + strlen(attrs[k].words) + strlen(attrs[k].unit);
	sink += strlen(t->name);
	must(VIGIL_FIND(reader, task, ref) == t || t->life == VIGIL_LIFE_FREE);
	touch(VIGIL_FIND(reader, task, t->waker), 0);
	touch(VIGIL_FIND(reader, resource, t->wait_object), 0);
	if (vigil_reader_site(reader, t->site))
		sink += strlen(vigil_reader_site(reader, t->site)->file);
}

static void use_worker(const struct vigil_reader *reader, uint32_t i)
{
	static struct vigil_event_record events[SOME];
	static struct vigil_message_record messages[SOME];
	size_t count = vigil_reader_events(reader, i, events, SOME);

	must(count <= SOME);
	touch(events, count * sizeof(*events));
	count = vigil_reader_messages(reader, i, messages, SOME);
	must(count <= SOME);
	for (size_t k = 0; k < count; k++)
		sink += strlen(messages[k].words);
}

static void use_sums(const struct vigil_reader *reader)
{
	struct vigil_site_stats *stats = vigil_reader_site_stats(reader);
	uint32_t sites = vigil_reader_count(reader, VIGIL_TABLE_site);
	struct vigil_edge_record *edges;
	static struct vigil_hist hist;
	size_t count = vigil_reader_edges(reader, &edges);

	must(stats && edges);
	touch(stats, sites * sizeof(*stats));
	touch(edges, count * sizeof(*edges));
	for (uint32_t i = 0; i < sites && i < 4; i++)
		use_hist(vigil_reader_site_hist(reader, i + 1, VIGIL_HIST_BUSY, &hist), &hist);
	free(stats);
	free(edges);
}

static void use_tables(const struct vigil_reader *reader)
{
	static const size_t sizes[VIGIL_TABLES] = {
#define TABLE(record, table, how, help) sizeof(struct vigil_##record##_record),
#define FIELD(record, type, name, dim, unit, meaning, help)
#define END(record, size)
#include <vigil/fields.def>
	};
	uint32_t changed;

	for (uint32_t table = 0; table < VIGIL_TABLES; table++) {
		uint32_t count = vigil_reader_count(reader, (enum vigil_table)table);
		const uint32_t *list =
			vigil_reader_changed(reader, (enum vigil_table)table, &changed);

		must(changed <= count);
		for (uint32_t i = 0; i < changed; i++)
			must(list[i] < count);
		for (uint32_t i = 0; i < count && i < SOME; i++) {
			touch(vigil_reader_record(reader, (enum vigil_table)table, i),
			      sizes[table]);
			sink += vigil_reader_is_torn(reader, (enum vigil_table)table, i);
		}
		must(!vigil_reader_record(reader, (enum vigil_table)table, count));
	}
}

static void use(struct vigil_reader *reader)
{
	static struct vigil_hist hist;

	use_tables(reader);
	for (uint32_t i = 0; i < vigil_reader_count(reader, VIGIL_TABLE_task) && i < SOME; i++)
		use_task(reader, i);
	for (uint32_t i = 0; i < vigil_reader_count(reader, VIGIL_TABLE_worker) && i < SOME; i++)
		use_worker(reader, i);
	for (uint32_t i = 0; i < vigil_reader_count(reader, VIGIL_TABLE_resource) && i < SOME; i++)
		use_hist(vigil_reader_lock_hist(reader, VIGIL_AT(reader, resource, i),
						VIGIL_HIST_DELAY, &hist),
			 &hist);
	use_sums(reader);
	must(VIGIL_AT(reader, process, 0) && VIGIL_AT(reader, counts, 0));
	sink += strlen(VIGIL_AT(reader, process, 0)->command);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct vigil_reader *reader = NULL;
	struct vigil_problem problem = { "" };
	uint8_t *board = malloc(size ? size : 1);

	if (!board)
		return 0;
	memcpy(board, data, size);
	if (vigil_reader_open_memory(board, size, &reader, &problem)) {
		must(!reader && problem.text[0]);
	} else {
		use(reader);
		must(!vigil_reader_refresh(reader));
		use(reader);
		vigil_reader_close(reader);
	}
	free(board);
	return 0;
}
