/* SPDX-License-Identifier: MIT */
/*
 * Two reports side by side: sites matched by place and function, locks by name and
 * kind, over all processes of a trace. First what became slower, in sentences.
 *
 * The law: figures are compared per poll, per wait, per hold: two traces are seldom
 * equally long. A mean of few is chance, and no ratio is made of it.
 */
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "console/format.h"
#include "console/json.h"
#include "console/report/report.h"
#include "console/text.h"

#define DURATION(ns) format_duration((char[FORMAT_SIZE]){ 0 }, FORMAT_SIZE, (ns), 0)
#define NAME_SIZE 200
#define SLOWER 1.2     /* a ratio that is worth a sentence */
#define ENOUGH_NS 1000 /* and a time that is */
#define FEW 20         /* polls, waits, holds: fewer have no mean to speak of */
#define SENTENCES 5

enum side { SIDE_A, SIDE_B, SIDES };

/* What is compared of a row: of a site its polls and its delays, of a lock its waits and holds. */
struct pair {
	bool is_lock;
	bool is_there[SIDES];
	char name[NAME_SIZE];
	char place[80];
	struct report_sum first[SIDES], second[SIDES];
};

struct pairs {
	struct pair *list;
	size_t count, room;
};

/* ---- Matching ---- */

static struct pair *pair_of(struct pairs *pairs, bool is_lock, const char *name)
{
	for (size_t i = 0; i < pairs->count; i++)
		if (pairs->list[i].is_lock == is_lock && !strcmp(pairs->list[i].name, name))
			return &pairs->list[i];
	if (pairs->count == pairs->room) {
		size_t room = pairs->room ? 2 * pairs->room : 64;
		struct pair *more = realloc(pairs->list, room * sizeof(*more));

		if (!more)
			return NULL;
		pairs->list = more;
		pairs->room = room;
	}
	pairs->list[pairs->count] = (struct pair){ .is_lock = is_lock };
	snprintf(pairs->list[pairs->count].name, NAME_SIZE, "%s", name);
	return &pairs->list[pairs->count++];
}

static void sum_join(struct report_sum *sum, const struct report_sum *more)
{
	sum->count += more->count;
	sum->ns += more->ns;
	if (more->max_ns > sum->max_ns)
		sum->max_ns = more->max_ns;
}

static void sites_add(struct pairs *pairs, const struct report_process *rp, enum side side)
{
	size_t count;
	const struct report_site **list = report_sites(rp, REPORT_BY_RUN, &count);

	for (size_t i = 0; i < count; i++) {
		char name[NAME_SIZE];
		struct pair *pair;

		report_place_long(rp, (uint32_t)(list[i] - rp->sites) + 1, name, sizeof(name));
		pair = pair_of(pairs, false, name);
		if (!pair)
			break;
		pair->is_there[side] = true;
		snprintf(pair->place, sizeof(pair->place), "%s", list[i]->place);
		sum_join(&pair->first[side], &list[i]->run);
		sum_join(&pair->second[side], &list[i]->runnable);
	}
	free(list);
}

static void locks_add(struct pairs *pairs, const struct report_process *rp, enum side side)
{
	size_t count;
	const struct report_resource **list = report_locks(rp, &count);

	for (size_t i = 0; i < count; i++) {
		char name[NAME_SIZE];
		struct pair *pair;

		report_resource_words(rp, (uint32_t)(list[i] - rp->resources), name, sizeof(name));
		pair = pair_of(pairs, true, name);
		if (!pair)
			break;
		pair->is_there[side] = true;
		snprintf(pair->place, sizeof(pair->place), "%s", report_place(rp, list[i]->site));
		sum_join(&pair->first[side], &list[i]->hold);
		sum_join(&pair->second[side], &list[i]->wait);
	}
	free(list);
}

static uint64_t mean(const struct report_sum *sum)
{
	return sum->count ? sum->ns / sum->count : 0;
}

/* Whether both sides have some, and one of them too few. */
static bool is_few(const struct report_sum sums[SIDES])
{
	uint64_t a = sums[SIDE_A].count, b = sums[SIDE_B].count;

	return a && b && (a < FEW || b < FEW);
}

static bool has_few(const struct pair *pair)
{
	return is_few(pair->first) || is_few(pair->second);
}

/* How many times slower B is, be it by chance; 0: not to be compared. */
static double slower(const struct report_sum sums[SIDES])
{
	uint64_t a = mean(&sums[SIDE_A]), b = mean(&sums[SIDE_B]);

	return a && b ? (double)b / (double)a : 0;
}

/* What the change costs in B, in all; for what is new or gone, what it took. */
static double weight(const struct pair *pair)
{
	double first = slower(pair->first), second = slower(pair->second);
	double by = (double)pair->first[SIDE_B].ns * (first ? 1 - 1 / first : 1);
	double also = (double)pair->second[SIDE_B].ns * (second ? 1 - 1 / second : 1);

	if (!pair->is_there[SIDE_B])
		return (double)pair->first[SIDE_A].ns;
	return (by < 0 ? -by : by) + (also < 0 ? -also : also);
}

static int heavier(const void *a, const void *b)
{
	double x = weight(a), y = weight(b);

	return x < y ? 1 :
	       x > y ? -1 :
		       strcmp(((const struct pair *)a)->name, ((const struct pair *)b)->name);
}

static void pairs_make(struct pairs *pairs, const struct report *a, const struct report *b)
{
	const struct report *reports[SIDES] = { a, b };

	*pairs = (struct pairs){ 0 };
	for (int side = SIDE_A; side < SIDES; side++) {
		for (uint32_t i = 0; i < reports[side]->process_count; i++) {
			sites_add(pairs, reports[side]->processes[i], (enum side)side);
			locks_add(pairs, reports[side]->processes[i], (enum side)side);
		}
	}
	if (pairs->count)
		qsort(pairs->list, pairs->count, sizeof(*pairs->list), heavier);
}

/* ---- Sentences ---- */

static bool change_tell(const struct pair *pair, const struct report_sum sums[SIDES],
			const char *what, char *buf, size_t size)
{
	double ratio = slower(sums);
	uint64_t a = mean(&sums[SIDE_A]), b = mean(&sums[SIDE_B]);

	if (!ratio || is_few(sums) || (a < ENOUGH_NS && b < ENOUGH_NS) ||
	    (ratio < SLOWER && ratio > 1 / SLOWER))
		return false;
	snprintf(buf, size, "B is %.1f times %s %s at %s: %s, not %s.",
		 ratio > 1 ? ratio : 1 / ratio, ratio > 1 ? "slower" : "faster", what,
		 pair->is_lock ? pair->name : pair->place, DURATION(b), DURATION(a));
	return true;
}

/* Returns false when there is nothing to say. */
static bool pair_tell(const struct pair *pair, char *buf, size_t size)
{
	const char *kind = pair->is_lock ? "" : "site ";

	if (!pair->is_there[SIDE_A]) {
		snprintf(buf, size, "New in B: %s%s.", kind, pair->name);
		return true;
	}
	if (!pair->is_there[SIDE_B]) {
		snprintf(buf, size, "Gone in B: %s%s.", kind, pair->name);
		return true;
	}
	if (pair->is_lock)
		return change_tell(pair, pair->second, "per wait", buf, size) ||
		       change_tell(pair, pair->first, "per hold", buf, size);
	return change_tell(pair, pair->first, "per poll", buf, size) ||
	       change_tell(pair, pair->second, "to start a poll", buf, size);
}

/* ---- Text ---- */

static void cell_mean(struct text_table *table, const struct report_sum *sum)
{
	text_table_put(table, sum->count ? DURATION(mean(sum)) : "");
}

static void cell_ratio(struct text_table *table, const struct report_sum *sums)
{
	double ratio = slower(sums);
	char words[32] = "";

	if (is_few(sums))
		snprintf(words, sizeof(words), "few");
	else if (ratio)
		snprintf(words, sizeof(words), ratio < 10 ? "%.2f" : "%.0f", ratio);
	text_table_put(table, words);
}

static void pair_put(struct text_table *table, const struct pair *pair)
{
	char words[FORMAT_SIZE];

	for (int side = SIDE_A; side < SIDES; side++)
		text_table_put(table,
			       pair->first[side].count ?
				       format_count(words, sizeof(words), pair->first[side].count) :
				       "");
	cell_mean(table, &pair->first[SIDE_A]);
	cell_mean(table, &pair->first[SIDE_B]);
	cell_ratio(table, pair->first);
	cell_mean(table, &pair->second[SIDE_A]);
	cell_mean(table, &pair->second[SIDE_B]);
	cell_ratio(table, pair->second);
	for (int side = SIDE_A; side < SIDES; side++)
		text_table_put(table,
			       pair->first[side].max_ns ? DURATION(pair->first[side].max_ns) : "");
	text_table_put(table, !pair->is_there[SIDE_A] ? "new" :
			      !pair->is_there[SIDE_B] ? "gone" :
							"");
	text_table_put(table, pair->name);
}

static void pairs_print(const struct pairs *pairs, bool is_lock, size_t top,
			const struct text *text)
{
	static const char *const site_titles[] = { "POLLS A",   "B",           "POLL A", "B",
						   "RATIO",     "SCHEDULED A", "B",      "RATIO",
						   "LONGEST A", "B",           "",       "SITE" };
	static const char *const lock_titles[] = { "HOLDS A",   "B",      "HOLD A", "B",
						   "RATIO",     "WAIT A", "B",      "RATIO",
						   "LONGEST A", "B",      "",       "LOCK" };
	static const bool is_right[] = { true, true, true, true, true,  true,
					 true, true, true, true, false, false };
	struct text_table *table =
		text_table_new(12, is_lock ? lock_titles : site_titles, is_right);
	size_t rows = 0, few = 0;

	for (size_t i = 0; table && i < pairs->count && rows < top; i++) {
		const struct pair *pair = &pairs->list[i];

		if (pair->is_lock != is_lock)
			continue;
		pair_put(table, pair);
		few += has_few(pair);
		rows++;
	}
	if (rows) {
		text_line(text, "%s", "");
		text_line(text, is_lock ? "Locks. Means of a hold and of a wait." :
					  "Sites. Means of a poll and of a time runnable.");
		text_table_print(table, text);
	}
	if (few)
		text_line(text, "few: fewer than %d in A or in B, too few to compare", FEW);
	text_table_free(table);
}

static void side_print(const char *side, const struct report *report, const struct text *text)
{
	char words[300];

	text_line(text, "%s: %s, %s, %" PRIu64 " events", side, report->what,
		  DURATION(report_duration(report)), report->events);
	if (report->snapshot[0])
		text_line(text, "   a snapshot, written because %s", report->snapshot);
	if (report->problem[0])
		text_line(text, "   DAMAGED: %s", report->problem);
	report_lost_words(report, words, sizeof(words));
	if (words[0])
		text_line(text, "   %s", words);
}

static void nothing_tell(const struct pairs *pairs, const struct text *text)
{
	size_t few = 0;

	for (size_t i = 0; i < pairs->count; i++)
		few += has_few(&pairs->list[i]);
	text_line(text,
		  "No site and no lock%s is %.1f times slower or faster, none is new or gone.",
		  few ? " of which both have enough to compare" : "", SLOWER);
}

void report_compare_text(const struct report *a, const struct report *b, const struct text *text)
{
	struct pairs pairs;
	char words[400];
	int told = 0;

	side_print("A", a, text);
	side_print("B", b, text);
	text_line(text, "%s", "");
	pairs_make(&pairs, a, b);
	for (size_t i = 0; i < pairs.count && told < SENTENCES; i++) {
		if (!pair_tell(&pairs.list[i], words, sizeof(words)))
			continue;
		told++;
		text_wrapped(text, 0, words);
	}
	if (!told)
		nothing_tell(&pairs, text);
	pairs_print(&pairs, false, a->options.top, text);
	pairs_print(&pairs, true, a->options.top, text);
	free(pairs.list);
}

/* ---- JSON ---- */

static void json_sums(struct json *json, const char *key, const struct report_sum sums[SIDES])
{
	static const char *const sides[SIDES] = { "a", "b" };
	double ratio = slower(sums);

	json_object_begin(json, key);
	for (int side = SIDE_A; side < SIDES; side++) {
		json_object_begin(json, sides[side]);
		json_u64(json, "count", sums[side].count);
		json_u64(json, "sum_ns", sums[side].ns);
		json_u64(json, "mean_ns", mean(&sums[side]));
		json_u64(json, "max_ns", sums[side].max_ns);
		json_object_end(json);
	}
	if (ratio && !is_few(sums))
		json_real(json, "ratio", ratio);
	else
		json_null(json, "ratio");
	json_bool(json, "is_few", is_few(sums));
	json_object_end(json);
}

static void json_pairs(struct json *json, const struct pairs *pairs, bool is_lock)
{
	json_array_begin(json, is_lock ? "locks" : "sites");
	for (size_t i = 0; i < pairs->count; i++) {
		const struct pair *pair = &pairs->list[i];

		if (pair->is_lock != is_lock)
			continue;
		json_object_begin(json, NULL);
		json_text(json, is_lock ? "lock" : "site", pair->name);
		json_bool(json, "is_in_a", pair->is_there[SIDE_A]);
		json_bool(json, "is_in_b", pair->is_there[SIDE_B]);
		json_sums(json, is_lock ? "hold" : "run", pair->first);
		json_sums(json, is_lock ? "wait" : "scheduled", pair->second);
		json_object_end(json);
	}
	json_array_end(json);
}

void report_compare_json(const struct report *a, const struct report *b, struct json *json)
{
	struct pairs pairs;
	char words[400];

	pairs_make(&pairs, a, b);
	json_object_begin(json, NULL);
	report_json_trace(a, json, "a");
	report_json_trace(b, json, "b");
	json_array_begin(json, "findings");
	for (size_t i = 0; i < pairs.count; i++)
		if (pair_tell(&pairs.list[i], words, sizeof(words)))
			json_text(json, NULL, words);
	json_array_end(json);
	json_pairs(json, &pairs, false);
	json_pairs(json, &pairs, true);
	json_object_end(json);
	free(pairs.list);
}
