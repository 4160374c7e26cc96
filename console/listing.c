/* SPDX-License-Identifier: MIT */
/* Listings: filter, sort, cut, print. */
#include "console/listing.h"

#include <ctype.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "console/filter.h"

int rows_add(struct rows *rows, const struct model *model, const void *record)
{
	if (rows->count == rows->room) {
		size_t room = rows->room ? rows->room * 2 : 256;
		struct row *list = realloc(rows->list, room * sizeof(*list));

		if (!list)
			return -ENOMEM;
		rows->list = list;
		rows->room = room;
	}
	rows->list[rows->count++] = (struct row){ record, model };
	return 0;
}

/* ---- Sorting ---- */

struct order {
	const struct property *property;
	bool is_descending;
};

/* A row with its two keys, so that each is asked for once. */
struct keyed {
	struct row row;
	uint64_t numbers[2];
	char *texts[2];
	size_t at; /* where it stood: equal rows stay in order */
};

static int ambiguous(const char *name, const char *names, struct vigil_problem *ret_problem)
{
	snprintf(ret_problem->text, sizeof(ret_problem->text),
		 "several columns are headed %s; sort by one of %s", name, names);
	return -EINVAL;
}

/* "busy:desc"; without a direction, numbers sort biggest first, and serial numbers do not. */
static int order_parse(const struct listing *listing, const char *words, struct order *ret_order,
		       struct vigil_problem *ret_problem)
{
	size_t length = strcspn(words, ":");
	char name[64], names[350];

	snprintf(name, sizeof(name), "%.*s", (int)length, words);
	ret_order->property = property_find(listing->properties, name);
	if (!ret_order->property && property_heads(listing->properties, name, names, sizeof(names)))
		return ambiguous(name, names, ret_problem);
	if (!ret_order->property) {
		property_names(listing->properties, names, sizeof(names));
		snprintf(ret_problem->text, sizeof(ret_problem->text),
			 "there is no column \"%s\" to sort by; there are %s", name, names);
		return -EINVAL;
	}
	ret_order->is_descending = ret_order->property->number && strcmp(name, "id") != 0 &&
				   ret_order->property->type != PROPERTY_TEXT;
	if (!words[length])
		return 0;
	if (strcasecmp(words + length, ":asc") != 0 && strcasecmp(words + length, ":desc") != 0) {
		snprintf(ret_problem->text, sizeof(ret_problem->text),
			 "sort by \"%s:asc\" or \"%s:desc\", not by \"%.60s\"", name, name, words);
		return -EINVAL;
	}
	ret_order->is_descending = !strcasecmp(words + length, ":desc");
	return 0;
}

static int key_take(const struct order *order, struct keyed *keyed, int i)
{
	const struct row *row = &keyed->row;
	char text[PROPERTY_TEXT_SIZE];

	if (order->property->number) {
		keyed->numbers[i] = order->property->number(row->model, row->record);
		return 0;
	}
	order->property->text(row->model, row->record, text, sizeof(text));
	keyed->texts[i] = strdup(text);
	return keyed->texts[i] ? 0 : -ENOMEM;
}

static int compare_by(const struct order *order, const struct keyed *a, const struct keyed *b,
		      int i)
{
	uint64_t x = a->numbers[i], y = b->numbers[i];
	int r;

	if (!order->property->number) {
		r = strcasecmp(a->texts[i], b->texts[i]);
		return order->is_descending ? -r : r;
	}
	if (x == y)
		return 0;
	/* What is not known comes last, either way round. */
	if (x == PROPERTY_UNKNOWN || y == PROPERTY_UNKNOWN)
		return x == PROPERTY_UNKNOWN ? 1 : -1;
	r = x < y ? -1 : 1;
	return order->is_descending ? -r : r;
}

static int compare(const void *a, const void *b, void *arg)
{
	const struct keyed *x = a, *y = b;
	const struct order *orders = arg;
	int r = compare_by(&orders[0], x, y, 0);

	if (!r)
		r = compare_by(&orders[1], x, y, 1);
	return r ? r : (x->at > y->at) - (x->at < y->at);
}

static int rows_sort(const struct order orders[2], struct rows *rows)
{
	struct keyed *keyed = calloc(rows->count ? rows->count : 1, sizeof(*keyed));
	struct order copies[2] = { orders[0], orders[1] };
	int r = keyed ? 0 : -ENOMEM;

	for (size_t i = 0; i < rows->count && !r; i++) {
		keyed[i].row = rows->list[i];
		keyed[i].at = i;
		r = key_take(&orders[0], &keyed[i], 0);
		if (!r)
			r = key_take(&orders[1], &keyed[i], 1);
	}
	if (!r)
		qsort_r(keyed, rows->count, sizeof(*keyed), compare, copies);
	for (size_t i = 0; i < rows->count && keyed; i++) {
		if (!r)
			rows->list[i] = keyed[i].row;
		free(keyed[i].texts[0]);
		free(keyed[i].texts[1]);
	}
	free(keyed);
	return r;
}

/* ---- Choosing ---- */

static int rows_filter(const struct listing *listing, const struct verb_options *options,
		       const struct model *model, const struct models *models, struct rows *rows,
		       struct vigil_problem *ret_problem)
{
	struct filter *filter;
	size_t kept = 0;
	/* Who looks again and again must not stop when an attribute's last owner ends. */
	int r = filter_parse_of_all(options->filter, listing->properties,
				    options->is_repeated ? NULL : model, models, &filter,
				    ret_problem);

	if (r)
		return r;
	for (size_t i = 0; i < rows->count; i++)
		if (filter_matches(filter, rows->list[i].model, rows->list[i].record))
			rows->list[kept++] = rows->list[i];
	rows->count = kept;
	filter_free(filter);
	return 0;
}

/* Whoever reads JSON can choose for himself. */
static void past_drop(const struct listing *listing, const struct verb_options *options,
		      struct rows *rows)
{
	size_t kept = 0;

	if (!listing->is_past || options->is_all || options->is_json)
		return;
	for (size_t i = 0; i < rows->count; i++)
		if (!listing->is_past(rows->list[i].model, rows->list[i].record))
			rows->list[kept++] = rows->list[i];
	rows->past = rows->count - kept;
	rows->count = kept;
}

int listing_choose(const struct listing *listing, const struct verb_options *options,
		   const struct model *model, const struct models *models, struct rows *rows,
		   struct vigil_problem *ret_problem)
{
	struct order orders[2];
	int r;

	snprintf(ret_problem->text, sizeof(ret_problem->text), "out of memory");
	r = order_parse(listing, options->sort ? options->sort : listing->sort, &orders[0],
			ret_problem);
	rows->sorted = !r && options->sort ? orders[0].property : NULL;
	if (!r)
		r = order_parse(listing, listing->then, &orders[1], ret_problem);
	if (!r && options->filter)
		r = rows_filter(listing, options, model, models, rows, ret_problem);
	if (!r)
		past_drop(listing, options, rows);
	if (!r)
		r = rows_sort(orders, rows);
	if (!r && options->limit && rows->count > options->limit)
		rows->count = (size_t)options->limit;
	return r;
}

/* ---- Printing ---- */

#define COLUMNS 32

static int row_put(struct text_table *table, const struct property *const *shown, size_t columns,
		   const struct row *row)
{
	char text[PROPERTY_TEXT_SIZE];

	for (size_t c = 0; c < columns; c++) {
		property_text(shown[c], row->model, row->record, text, sizeof(text));
		if (text_table_put(table, text))
			return -ENOMEM;
	}
	return 0;
}

static bool is_left_out(const struct property *property, const struct rows *rows)
{
	char text[PROPERTY_TEXT_SIZE];

	for (size_t i = 0; property->is_seldom && i < rows->count; i++) {
		property_text(property, rows->list[i].model, rows->list[i].record, text,
			      sizeof(text));
		if (text[0])
			return false;
	}
	return property->is_seldom;
}

/* The columns of a table. */
struct shown {
	const struct property *list[COLUMNS];
	const char *titles[COLUMNS];
	bool is_right[COLUMNS];
	char heads[COLUMNS][24]; /* titles that had to be made */
	size_t count;
};

static void shown_choose(const struct properties *properties, const struct rows *rows,
			 struct shown *shown)
{
	shown->count = 0;
	for (size_t i = 0; i < properties->count && shown->count < COLUMNS; i++) {
		const struct property *property = &properties->list[i];

		if (!property->title || is_left_out(property, rows))
			continue;
		shown->list[shown->count] = property;
		shown->titles[shown->count] = property->title;
		shown->is_right[shown->count++] = property->type != PROPERTY_TEXT;
	}
}

/* "MAX" beside "HOLD P50" says of what; alone it says nothing, "HOLD MAX" does. */
static void heads_tell_apart(const struct properties *properties, struct shown *shown)
{
	char names[350];

	for (size_t c = 0; c < shown->count; c++) {
		char *to = shown->heads[c];

		if (property_heads(properties, shown->titles[c], names, sizeof(names)) < 2)
			continue;
		snprintf(to, sizeof(shown->heads[c]), "%s", shown->list[c]->name);
		shown->titles[c] = to;
		for (; *to; to++)
			*to = *to == '_' ? ' ' : (char)toupper((unsigned char)*to);
	}
}

static int rank_of(const struct properties *properties, const struct property *property)
{
	int count = 0, at = -1;

	for (; properties->spare[count]; count++)
		if (!strcmp(properties->spare[count], property->name))
			at = count;
	return at < 0 ? 0 : count - at;
}

static void narrow(const struct properties *properties, const struct rows *rows,
		   struct shown *shown, struct text_table *table, const struct text *text,
		   char *hidden, size_t size)
{
	int ranks[COLUMNS];

	heads_tell_apart(properties, shown);
	for (size_t c = 0; c < shown->count; c++)
		ranks[c] = shown->list[c] == rows->sorted ? 0 : rank_of(properties, shown->list[c]);
	text_table_fit(table, text, ranks, hidden, size);
}

int listing_print(const struct listing *listing, const struct rows *rows, const struct text *text)
{
	char hidden[300] = "", words[400];
	struct text_table *table;
	struct shown shown;
	int r = 0;

	shown_choose(listing->properties, rows, &shown);
	table = text_table_new(shown.count, shown.titles, shown.is_right);
	for (size_t i = 0; table && i < rows->count && !r; i++)
		r = row_put(table, shown.list, shown.count, &rows->list[i]);
	if (table && !r && listing->properties->spare && text_table_is_wide(table, text))
		narrow(listing->properties, rows, &shown, table, text, hidden, sizeof(hidden));
	if (table && !r)
		text_table_print(table, text);
	text_table_free(table);
	if (hidden[0]) {
		snprintf(words, sizeof(words),
			 "no room for %s; a wider terminal, or | cat, has them", hidden);
		text_wrapped(text, 0, words);
	}
	return table ? r : -ENOMEM;
}

/*
 * Lines that are not rows: three of the heading, two of what went wrong, heads, two of
 * columns there is no room for, an end; and what is said of rows that are over.
 */
#define LINES_AROUND 10

/* Who watches on a terminal would see the last rows alone. */
static size_t rows_in_sight(const struct verb_options *options, const struct text *text,
			    const struct rows *rows)
{
	int around = LINES_AROUND + (rows->past > 0);
	size_t room = text->height > around ? (size_t)(text->height - around) : 1;

	return options->is_repeated && text->is_terminal && text->height && rows->count > room ?
		       room :
		       rows->count;
}

static int rows_print(const struct listing *listing, const struct verb_options *options,
		      const struct rows *rows, const struct text *text)
{
	struct rows shown = *rows;

	shown.count = rows_in_sight(options, text, rows);
	if (listing_print(listing, &shown, text))
		return refuse("out of memory");
	if (shown.count < rows->count)
		text_line(text, "and %zu more", rows->count - shown.count);
	return EXIT_DONE;
}

static void past_print(const struct listing *listing, const struct rows *rows,
		       const struct text *text)
{
	if (rows->past)
		text_line(text, "%s%zu %s%s not shown (--all)", rows->count ? "and " : "",
			  rows->past, listing->past, rows->past == 1 ? "" : "s");
}

static int print_text(const struct listing *listing, const struct verb_options *options,
		      const struct model *model, const struct models *models,
		      const struct rows *rows, size_t total)
{
	struct text text;
	int r = EXIT_DONE;

	text_begin(&text, stdout, options->is_ascii);
	if (models)
		verb_heading_of_all(&text, model->source, models);
	else if (model)
		verb_heading(&text, model);
	if (listing->text_more)
		listing->text_more(&text, model);
	if (!total)
		text_line(&text, "%s", listing->nothing);
	else if (!rows->count && !rows->past)
		text_line(&text, "None of %zu matches the filter.", total);
	else if (rows->count)
		r = rows_print(listing, options, rows, &text);
	past_print(listing, rows, &text);
	return r;
}

static void json_processes(struct json *json, const struct models *models)
{
	json_array_begin(json, "processes");
	for (uint32_t i = 0; i < models->count; i++)
		if (models_at(models, i))
			verb_json_process(json, NULL, models_at(models, i));
	json_array_end(json);
}

static void json_member(struct json *json, const struct model *model)
{
	struct source_member member;

	model_member(model, &member);
	json_text(json, "host", member.host[0] ? member.host : NULL);
	json_u64(json, "pid", member.pid);
	json_text(json, "process", member.name);
}

static int print_json(const struct listing *listing, const struct verb_options *options,
		      const struct model *model, const struct models *models,
		      const struct rows *rows)
{
	struct json json;

	json_begin(&json, stdout, options->is_repeated);
	json_object_begin(&json, NULL);
	if (models)
		json_processes(&json, models);
	else if (model)
		verb_json_process(&json, "process", model);
	if (listing->json_more)
		listing->json_more(&json, model);
	json_array_begin(&json, listing->key);
	for (size_t i = 0; i < rows->count; i++) {
		json_object_begin(&json, NULL);
		if (models)
			json_member(&json, rows->list[i].model);
		listing->json(&json, rows->list[i].model, rows->list[i].record);
		json_object_end(&json);
	}
	json_array_end(&json);
	json_object_end(&json);
	json_end(&json);
	return EXIT_DONE;
}

/* What is looked at again and again. */
struct looked {
	const struct listing *listing;
	struct models models;
};

/* The rows of all processes, or, models being NULL, of one. */
static int rows_take(const struct listing *listing, struct model *model,
		     const struct models *models, struct rows *rows)
{
	int r = 0;

	if (!models)
		return listing->rows(model, rows);
	for (uint32_t i = 0; !r && i < models->count; i++)
		if (models_at(models, i))
			r = listing->rows(models_at(models, i), rows);
	return r;
}

static int rows_show(const struct listing *listing, struct model *model,
		     const struct models *models, const struct verb_options *options)
{
	struct vigil_problem problem = { "" };
	struct rows rows = { 0 };
	size_t total;
	int r;

	if (rows_take(listing, model, models, &rows)) {
		free(rows.list);
		return refuse("out of memory");
	}
	total = rows.count;
	if (listing_choose(listing, options, model, models, &rows, &problem))
		r = refuse("%s", problem.text);
	else if (options->is_json)
		r = print_json(listing, options, model, models, &rows);
	else
		r = print_text(listing, options, model, models, &rows, total);
	free(rows.list);
	return r;
}

static int look(struct model *model, const struct verb_options *options, void *arg)
{
	struct looked *looked = arg;
	struct listing listing = *looked->listing;

	if (!listing.member_properties || options->process || !source_has_several(model->source))
		return rows_show(&listing, model, NULL, options);
	if (models_refresh(&looked->models, model->source))
		return refuse("out of memory");
	listing.properties = listing.member_properties;
	return rows_show(&listing, model, &looked->models, options);
}

int listing_run(const struct listing *listing, const struct verb_options *options)
{
	struct looked looked = { .listing = listing };
	struct model *model =
		listing->member_properties ? verb_open_any(options) : verb_open(options);
	int r;

	if (!model)
		return EXIT_CANNOT;
	r = verb_repeat(options, model, look, &looked);
	models_fini(&looked.models);
	model_free(model);
	return r;
}
