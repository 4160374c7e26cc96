/* SPDX-License-Identifier: MIT */
/*
 * Two reports side by side: sites matched by place and function, locks by name and
 * kind, over all processes of a trace. First what became slower, in sentences.
 *
 * The law: figures are compared per poll, per wait, per hold, since two traces are
 * seldom equally long; and by percentiles: one poll that was blocked for seconds moves
 * the mean of a hundred thousand. Those of few are chance, and no ratio is made of them.
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
#define FEW 20         /* polls, waits, holds: fewer have no median to speak of */
#define FEW_P99 100    /* nor fewer a p99: it is the longest */
#define LONGER 3       /* times: a longest that is worth a sentence */
#define SENTENCES 5

enum side { SIDE_A, SIDE_B, SIDES };

/* Of a site its polls and its times runnable, of a lock its holds and its waits. */
enum measure { FIRST, SECOND, MEASURES };

struct measured {
	struct report_sum sum;
	struct vigil_hist *hist; /* NULL: none, or no memory */
};

struct pair {
	bool is_lock;
	bool is_there[SIDES];
	char name[NAME_SIZE];
	char place[80];
	struct measured of[MEASURES][SIDES];
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

static void join(struct measured *into, const struct report_sum *sum, const struct vigil_hist *hist)
{
	into->sum.count += sum->count;
	into->sum.ns += sum->ns;
	if (sum->max_ns > into->sum.max_ns)
		into->sum.max_ns = sum->max_ns;
	if (hist && !into->hist)
		into->hist = calloc(1, sizeof(*into->hist));
	if (hist && into->hist)
		report_hist_join(into->hist, hist);
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
		join(&pair->of[FIRST][side], &list[i]->run, list[i]->run_hist);
		join(&pair->of[SECOND][side], &list[i]->runnable, list[i]->runnable_hist);
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
		join(&pair->of[FIRST][side], &list[i]->hold, list[i]->hold_hist);
		join(&pair->of[SECOND][side], &list[i]->wait, list[i]->wait_hist);
	}
	free(list);
}

/* ---- Figures ---- */

static uint64_t percentile(const struct measured *of, double share)
{
	return of->hist ? vigil_hist_percentile(of->hist, share) : 0;
}

static uint64_t mean(const struct report_sum *sum)
{
	return sum->count ? sum->ns / sum->count : 0;
}

/* Whether both sides have some, and one of them fewer than are enough. */
static bool is_few(const struct measured of[SIDES], uint64_t enough)
{
	uint64_t a = of[SIDE_A].sum.count, b = of[SIDE_B].sum.count;

	return a && b && (a < enough || b < enough);
}

static bool has_few(const struct pair *pair)
{
	return is_few(pair->of[FIRST], FEW) || is_few(pair->of[SECOND], FEW);
}

/* A percentile of both sides. */
struct change {
	uint64_t a, b;
	double ratio; /* how many times slower B is; 0: not to be compared */
	int way;      /* 1 slower, -1 faster, 0 neither, as far as it is worth a sentence */
};

static struct change change_of(const struct measured of[SIDES], double share, uint64_t enough)
{
	struct change change = { percentile(&of[SIDE_A], share), percentile(&of[SIDE_B], share), 0,
				 0 };

	if (!change.a || !change.b || is_few(of, enough))
		return change;
	change.ratio = (double)change.b / (double)change.a;
	if (change.a >= ENOUGH_NS || change.b >= ENOUGH_NS)
		change.way = (change.ratio >= SLOWER) - (change.ratio <= 1 / SLOWER);
	return change;
}

static struct change median_change(const struct measured of[SIDES])
{
	return change_of(of, 0.5, FEW);
}

static struct change p99_change(const struct measured of[SIDES])
{
	return change_of(of, 0.99, FEW_P99);
}

static double distance(const struct change *change)
{
	if (!change->ratio)
		return 0;
	return change->a > change->b ? (double)(change->a - change->b) :
				       (double)(change->b - change->a);
}

/* What the change costs in B in all, near enough: half are as the median, some as the p99. */
static double measure_weight(const struct measured of[SIDES])
{
	struct change p50 = median_change(of), p99 = p99_change(of);

	return (double)of[SIDE_B].sum.count * (distance(&p50) / 2 + distance(&p99) / 50);
}

/* For what is new or gone, what it took. */
static double weight(const struct pair *pair)
{
	if (!pair->is_there[SIDE_B])
		return (double)pair->of[FIRST][SIDE_A].sum.ns;
	if (!pair->is_there[SIDE_A])
		return (double)pair->of[FIRST][SIDE_B].sum.ns;
	return measure_weight(pair->of[FIRST]) + measure_weight(pair->of[SECOND]);
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

static void pairs_free(struct pairs *pairs)
{
	for (size_t i = 0; i < pairs->count; i++)
		for (int measure = FIRST; measure < MEASURES; measure++)
			for (int side = SIDE_A; side < SIDES; side++)
				free(pairs->list[i].of[measure][side].hist);
	free(pairs->list);
}

/* ---- Sentences ---- */

struct sentence {
	bool is_longest; /* told after those of percentiles, of what is new and what is gone */
	double weight;
	char text[500];
};

struct sentences {
	struct sentence *list;
	size_t count;
};

static int told_first(const void *a, const void *b)
{
	const struct sentence *x = a, *y = b;

	if (x->is_longest != y->is_longest)
		return x->is_longest ? 1 : -1;
	return x->weight < y->weight ? 1 : x->weight > y->weight ? -1 : strcmp(x->text, y->text);
}

static const char *way_words(const struct change *change, char *buf, size_t size)
{
	snprintf(buf, size, "%.1f times %s", change->ratio > 1 ? change->ratio : 1 / change->ratio,
		 change->ratio > 1 ? "slower" : "faster");
	return buf;
}

/* Names both percentiles, so that it says nothing that one of them denies. */
static bool change_tell(const struct pair *pair, enum measure measure, char *buf, size_t size)
{
	static const char *const whats[2][MEASURES] = { { "per poll", "to start a poll" },
							{ "per hold", "per wait" } };
	struct change p50 = median_change(pair->of[measure]), p99 = p99_change(pair->of[measure]);
	char way[64], other[64], against[128] = "", p99_words[128] = "";

	if (!p50.way && !p99.way)
		return false;
	if (!p50.way)
		snprintf(against, sizeof(against), " by its p99");
	else if (p50.way * p99.way < 0)
		snprintf(against, sizeof(against), " by its p50, but %s by its p99",
			 way_words(&p99, other, sizeof(other)));
	if (p99.ratio)
		snprintf(p99_words, sizeof(p99_words), "; p99 %s, not %s", DURATION(p99.b),
			 DURATION(p99.a));
	snprintf(buf, size, "B is %s %s at %s%s: p50 %s, not %s%s.",
		 way_words(p50.way ? &p50 : &p99, way, sizeof(way)), whats[pair->is_lock][measure],
		 pair->is_lock ? pair->name : pair->place, against, DURATION(p50.b),
		 DURATION(p50.a), p99_words);
	return true;
}

static const char *longest_words(const struct measured *of, char buf[FORMAT_SIZE])
{
	return of->sum.count ? format_duration(buf, FORMAT_SIZE, of->sum.max_ns, 0) : "none";
}

static bool longest_tell(const struct pair *pair, enum measure measure, char *buf, size_t size)
{
	static const char *const whats[2][MEASURES] = { { "poll at", "time to start a poll at" },
							{ "hold of", "wait for" } };
	const struct measured *of = pair->of[measure];
	uint64_t a = of[SIDE_A].sum.max_ns, b = of[SIDE_B].sum.max_ns;
	char words[SIDES][FORMAT_SIZE];

	if ((a < REPORT_LONG_NS && b < REPORT_LONG_NS) || (a / LONGER < b && b / LONGER < a))
		return false;
	snprintf(buf, size, "The longest %s %s: %s in B, %s in A.", whats[pair->is_lock][measure],
		 pair->is_lock ? pair->name : pair->place,
		 longest_words(&of[SIDE_B], words[SIDE_B]),
		 longest_words(&of[SIDE_A], words[SIDE_A]));
	return true;
}

static void pair_tell(const struct pair *pair, struct sentences *sentences)
{
	bool is_new = !pair->is_there[SIDE_A], is_gone = !pair->is_there[SIDE_B];
	struct sentence *at = &sentences->list[sentences->count];

	if (is_new || is_gone) {
		snprintf(at->text, sizeof(at->text), "%s in B: %s%s.", is_new ? "New" : "Gone",
			 pair->is_lock ? "" : "site ", pair->name);
		at->weight = weight(pair);
		sentences->count++;
		return;
	}
	for (int measure = FIRST; measure < MEASURES; measure++) {
		const struct measured *of = pair->of[measure];
		uint64_t a = of[SIDE_A].sum.max_ns, b = of[SIDE_B].sum.max_ns;

		at->weight = measure_weight(of);
		if (change_tell(pair, (enum measure)measure, at->text, sizeof(at->text)))
			at = &sentences->list[++sentences->count];
		if (!longest_tell(pair, (enum measure)measure, at->text, sizeof(at->text)))
			continue;
		at->is_longest = true;
		at->weight = (double)(a > b ? a - b : b - a);
		at = &sentences->list[++sentences->count];
	}
}

static void sentences_make(const struct pairs *pairs, struct sentences *sentences)
{
	*sentences = (struct sentences){
		.list = calloc(pairs->count * 2 * MEASURES + 1, sizeof(*sentences->list)),
	};
	for (size_t i = 0; sentences->list && i < pairs->count; i++)
		pair_tell(&pairs->list[i], sentences);
	if (sentences->count)
		qsort(sentences->list, sentences->count, sizeof(*sentences->list), told_first);
}

/* ---- Text ---- */

static void cell_time(struct text_table *table, uint64_t ns)
{
	text_table_put(table, ns ? DURATION(ns) : "");
}

static void cell_ratio(struct text_table *table, const struct change *change, bool is_of_few)
{
	char words[32] = "";

	if (is_of_few)
		snprintf(words, sizeof(words), "few");
	else if (change->ratio)
		snprintf(words, sizeof(words), change->ratio < 10 ? "%.2f" : "%.0f", change->ratio);
	text_table_put(table, words);
}

static void change_put(struct text_table *table, const struct change *change, bool is_of_few)
{
	cell_time(table, change->a);
	cell_time(table, change->b);
	cell_ratio(table, change, is_of_few);
}

static void pair_put(struct text_table *table, const struct pair *pair, enum measure measure)
{
	const struct measured *of = pair->of[measure];
	struct change p50 = median_change(of), p99 = p99_change(of);
	char words[FORMAT_SIZE];

	for (int side = SIDE_A; side < SIDES; side++)
		text_table_put(table, of[side].sum.count ? format_count(words, sizeof(words),
									of[side].sum.count) :
							   "");
	change_put(table, &p50, is_few(of, FEW));
	change_put(table, &p99, is_few(of, FEW_P99));
	cell_time(table, of[SIDE_A].sum.max_ns);
	cell_time(table, of[SIDE_B].sum.max_ns);
	text_table_put(table, !pair->is_there[SIDE_A] ? "new" :
			      !pair->is_there[SIDE_B] ? "gone" :
							"");
	text_table_put(table, pair->name);
}

static void pairs_print(const struct pairs *pairs, bool is_lock, enum measure measure, size_t top,
			const struct text *text)
{
	static const char *const heads[2][MEASURES] = {
		{ "Sites: a poll.", "Sites: a time runnable, before a poll." },
		{ "Locks: a hold.", "Locks: a wait." }
	};
	static const char *const counts[2][MEASURES] = { { "POLLS A", "STARTS A" },
							 { "HOLDS A", "WAITS A" } };
	const char *const titles[] = { counts[is_lock][measure],
				       "B",
				       "p50 A",
				       "B",
				       "RATIO",
				       "p99 A",
				       "B",
				       "RATIO",
				       "LONGEST A",
				       "B",
				       "",
				       is_lock ? "LOCK" : "SITE" };
	static const bool is_right[] = { true, true, true, true, true,  true,
					 true, true, true, true, false, false };
	struct text_table *table = text_table_new(12, titles, is_right);
	size_t rows = 0, few = 0;

	for (size_t i = 0; table && i < pairs->count && rows < top; i++) {
		const struct pair *pair = &pairs->list[i];
		const struct measured *of = pair->of[measure];

		if (pair->is_lock != is_lock || !(of[SIDE_A].sum.count || of[SIDE_B].sum.count))
			continue;
		pair_put(table, pair, measure);
		few += is_few(of, FEW_P99);
		rows++;
	}
	if (rows) {
		text_line(text, "%s", "");
		text_line(text, "%s", heads[is_lock][measure]);
		text_table_print(table, text);
	}
	if (few)
		text_line(text,
			  "few: fewer than %d in A or in B, of a p99 than %d, too few to compare",
			  FEW, FEW_P99);
	text_table_free(table);
}

static void side_print(const char *side, const struct report *report, const struct text *text)
{
	char words[300];

	text_line(text, "%s: %s, %s, %" PRIu64 " events", side, report->what,
		  DURATION(report_duration(report)), report->events);
	if (report->snapshot[0])
		text_line(text, "   a snapshot, written because %s", report->snapshot);
	if (report->cut[0])
		text_line(text, "   CUT SHORT: the recording ended before it should: %s",
			  report->cut);
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

static void sentences_print(const struct pairs *pairs, const struct text *text)
{
	struct sentences sentences;
	int told[2] = { 0 };

	sentences_make(pairs, &sentences);
	for (size_t i = 0; i < sentences.count; i++) {
		const struct sentence *it = &sentences.list[i];

		if (told[it->is_longest]++ < SENTENCES)
			text_wrapped(text, 0, it->text);
	}
	if (!sentences.count)
		nothing_tell(pairs, text);
	free(sentences.list);
}

void report_compare_text(const struct report *a, const struct report *b, const struct text *text)
{
	struct pairs pairs;

	side_print("A", a, text);
	side_print("B", b, text);
	text_line(text, "%s", "");
	pairs_make(&pairs, a, b);
	sentences_print(&pairs, text);
	for (int is_lock = 0; is_lock < 2; is_lock++)
		for (int measure = FIRST; measure < MEASURES; measure++)
			pairs_print(&pairs, is_lock, (enum measure)measure, a->options.top, text);
	pairs_free(&pairs);
}

/* ---- JSON ---- */

static void json_ratio(struct json *json, const char *key, const struct change *change)
{
	if (change->ratio)
		json_real(json, key, change->ratio);
	else
		json_null(json, key);
}

static void json_measured(struct json *json, const char *key, const struct measured of[SIDES])
{
	static const char *const sides[SIDES] = { "a", "b" };
	struct change p50 = median_change(of), p99 = p99_change(of);

	json_object_begin(json, key);
	for (int side = SIDE_A; side < SIDES; side++) {
		json_object_begin(json, sides[side]);
		json_u64(json, "count", of[side].sum.count);
		json_u64(json, "sum_ns", of[side].sum.ns);
		json_u64(json, "mean_ns", mean(&of[side].sum));
		json_u64(json, "p50_ns", percentile(&of[side], 0.5));
		json_u64(json, "p99_ns", percentile(&of[side], 0.99));
		json_u64(json, "max_ns", of[side].sum.max_ns);
		json_object_end(json);
	}
	json_ratio(json, "p50_ratio", &p50);
	json_ratio(json, "p99_ratio", &p99);
	json_bool(json, "is_few", is_few(of, FEW));
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
		json_measured(json, is_lock ? "hold" : "run", pair->of[FIRST]);
		json_measured(json, is_lock ? "wait" : "scheduled", pair->of[SECOND]);
		json_object_end(json);
	}
	json_array_end(json);
}

void report_compare_json(const struct report *a, const struct report *b, struct json *json)
{
	struct pairs pairs;
	struct sentences sentences;

	pairs_make(&pairs, a, b);
	json_object_begin(json, NULL);
	report_json_trace(a, json, "a");
	report_json_trace(b, json, "b");
	json_array_begin(json, "findings");
	sentences_make(&pairs, &sentences);
	for (size_t i = 0; i < sentences.count; i++)
		json_text(json, NULL, sentences.list[i].text);
	free(sentences.list);
	json_array_end(json);
	json_pairs(json, &pairs, false);
	json_pairs(json, &pairs, true);
	json_object_end(json);
	pairs_free(&pairs);
}
