/* SPDX-License-Identifier: MIT */
/* The filter language. filter.h has the grammar. */
#include "console/filter.h"

#include <ctype.h>
#include <errno.h>
#include <math.h>
#include <regex.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "console/attr.h"

#define TERMS 32
#define TERM_SIZE 256

enum comparison { IS_FOUND, IS, IS_NOT, LIKE, MORE, AT_LEAST, LESS, AT_MOST };

struct term {
	const struct property *property; /* NULL: a plain word, or an attribute's */
	char attr[TERM_SIZE];            /* its key; empty: none */
	enum comparison comparison;
	char words[TERM_SIZE];
	uint64_t number;
	regex_t regex;
	bool has_regex;
};

struct filter {
	const struct properties *properties;
	const struct model *model; /* while parsing; NULL: attributes may come to be */
	size_t count;
	struct term terms[TERMS];
};

static const struct {
	const char *sign; /* longer ones first */
	enum comparison comparison;
} signs[] = {
	{ "!=", IS_NOT }, { ">=", AT_LEAST }, { "<=", AT_MOST }, { "=", IS },
	{ "~", LIKE },    { ">", MORE },      { "<", LESS },
};

static int wrong(struct vigil_problem *ret_problem, const char *format, const char *a,
		 const char *b)
{
	snprintf(ret_problem->text, sizeof(ret_problem->text), format, a, b);
	return -EINVAL;
}

/* ---- Numbers ---- */

static const struct {
	enum property_type type;
	const char *name;
	double factor;
} units[] = {
	{ PROPERTY_TIME, "ns", 1 },           { PROPERTY_TIME, "us", 1e3 },
	{ PROPERTY_TIME, "\u00b5s", 1e3 },    { PROPERTY_TIME, "ms", 1e6 },
	{ PROPERTY_TIME, "s", 1e9 },          { PROPERTY_TIME, "m", 60e9 },
	{ PROPERTY_TIME, "min", 60e9 },       { PROPERTY_TIME, "h", 3600e9 },
	{ PROPERTY_TIME, "d", 86400e9 },      { PROPERTY_COUNT, "", 1 },
	{ PROPERTY_COUNT, "k", 1e3 },         { PROPERTY_COUNT, "M", 1e6 },
	{ PROPERTY_COUNT, "G", 1e9 },         { PROPERTY_BYTES, "", 1 },
	{ PROPERTY_BYTES, "K", 1024 },        { PROPERTY_BYTES, "k", 1024 },
	{ PROPERTY_BYTES, "M", 1024 * 1024 }, { PROPERTY_BYTES, "G", 1024.0 * 1024 * 1024 },
};

bool filter_number(const char *words, enum property_type type, uint64_t *ret_number)
{
	char *end;
	double value;

	if (!isdigit((unsigned char)*words) && *words != '.')
		return false;
	value = strtod(words, &end);
	if (end == words || !isfinite(value) || value < 0)
		return false;
	/* Nothing needs no unit. */
	if (value == 0 && !*end) {
		*ret_number = 0;
		return true;
	}
	/* A serial number is exact, however long. */
	if (!*end && type == PROPERTY_COUNT && strspn(words, "0123456789") == strlen(words)) {
		*ret_number = strtoull(words, NULL, 10);
		return true;
	}
	for (size_t i = 0; i < sizeof(units) / sizeof(units[0]); i++) {
		if (units[i].type != type || strcmp(units[i].name, end) != 0)
			continue;
		value *= units[i].factor;
		*ret_number = value >= 1.8e19 ? UINT64_MAX - 1 : (uint64_t)(value + 0.5);
		return true;
	}
	return false;
}

/* ---- Parsing ---- */

/* Copies one term up to the next space outside quotes. False: a quote is left open. */
static bool term_take(const char **words, char *buf, size_t size, bool *ret_is_quoted)
{
	const char *at = *words;
	size_t length = 0;
	bool in_quotes = false;

	*ret_is_quoted = *at == '"';
	for (; *at && (in_quotes || !isspace((unsigned char)*at)); at++) {
		if (*at == '"')
			in_quotes = !in_quotes;
		else if (length + 1 < size)
			buf[length++] = *at;
	}
	buf[length] = '\0';
	*words = at;
	return !in_quotes;
}

/* Splits "busy>=10ms". False: there is no sign behind a key. */
static bool term_split(const char *text, char *key, size_t size, enum comparison *ret_comparison,
		       const char **ret_value)
{
	size_t length = strspn(text, "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ"
				     "0123456789_-.");

	if (!length || length >= size)
		return false;
	for (size_t i = 0; i < sizeof(signs) / sizeof(signs[0]); i++) {
		if (strncmp(text + length, signs[i].sign, strlen(signs[i].sign)) != 0)
			continue;
		snprintf(key, size, "%.*s", (int)length, text);
		*ret_comparison = signs[i].comparison;
		*ret_value = text + length + strlen(signs[i].sign);
		return true;
	}
	return false;
}

static int regex_take(struct term *term, struct vigil_problem *ret_problem)
{
	char why[128];
	int r = regcomp(&term->regex, term->words, REG_EXTENDED | REG_ICASE | REG_NOSUB);

	if (r) {
		regerror(r, &term->regex, why, sizeof(why));
		return wrong(ret_problem, "filter: \"%.100s\" is no regular expression: %.100s",
			     term->words, why);
	}
	term->has_regex = true;
	return 0;
}

static int number_take(struct term *term, struct vigil_problem *ret_problem)
{
	if (filter_number(term->words, term->property->type, &term->number))
		return 0;
	if (term->property->type == PROPERTY_TIME)
		return wrong(ret_problem,
			     "filter: %.60s is a time and \"%.60s\" is none: write 500us, 10ms, "
			     "1.5s or 2m",
			     term->property->name, term->words);
	return wrong(ret_problem,
		     "filter: %.60s is a number and \"%.60s\" is none: write 1000 or 1k",
		     term->property->name, term->words);
}

/* What can never be is a slip: "runing" would match nothing, in silence. */
static int word_take(const struct term *term, struct vigil_problem *ret_problem)
{
	char names[300];

	if (property_can_be(term->property, term->words, names, sizeof(names)))
		return 0;
	snprintf(ret_problem->text, sizeof(ret_problem->text),
		 "filter: %s is never \"%.60s\": it is one of %s", term->property->name,
		 term->words, names);
	return -EINVAL;
}

/* The attribute of a key among those of a row; NULL: it has none. */
static const struct vigil_attr_record *attr_of(const struct properties *properties,
					       const struct model *model, const void *row,
					       const char *key, struct vigil_attr_record *attrs)
{
	size_t count = property_attrs(properties, model, row, attrs, ATTR_MOST);

	for (size_t i = 0; i < count; i++)
		if (!strcasecmp(attrs[i].key, key))
			return &attrs[i];
	return NULL;
}

/* Whether any row has such an attribute, or may have. */
static bool attr_is_known(const struct filter *filter, const char *key)
{
	const struct properties *properties = filter->properties;
	struct vigil_attr_record attrs[ATTR_MOST];
	uint32_t count = 1;

	if (!properties->attrs || !filter->model)
		return properties->attrs;
	for (uint32_t i = 0; i < count; i++) {
		const void *row = properties->at(filter->model, i, &count);

		if (row && attr_of(properties, filter->model, row, key, attrs))
			return true;
	}
	return false;
}

static int attr_take(struct term *term, const char *key, struct vigil_problem *ret_problem)
{
	snprintf(term->attr, sizeof(term->attr), "%s", key);
	if (term->comparison == LIKE)
		return regex_take(term, ret_problem);
	if (term->comparison == IS || term->comparison == IS_NOT ||
	    filter_number(term->words, PROPERTY_COUNT, &term->number))
		return 0;
	return wrong(ret_problem,
		     "filter: %.60s is compared with a number and \"%.60s\" is none: write 1000 or "
		     "1k",
		     key, term->words);
}

static int keyed_take(struct term *term, const char *key, const struct filter *filter,
		      struct vigil_problem *ret_problem)
{
	const struct properties *properties = filter->properties;
	char names[300];

	term->property = property_find(properties, key);
	if (!term->property && property_heads(properties, key, names, sizeof(names)))
		return wrong(ret_problem,
			     "filter: several columns are headed %.60s; say one of %.300s", key,
			     names);
	if (!term->property && attr_is_known(filter, key))
		return attr_take(term, key, ret_problem);
	if (!term->property) {
		property_names(properties, names, sizeof(names));
		return wrong(ret_problem,
			     "filter: there is no \"%.60s\" here; there are %.300s (a word with "
			     "such a sign goes in quotes)",
			     key, names);
	}
	if (term->comparison == LIKE)
		return regex_take(term, ret_problem);
	if (term->property->type != PROPERTY_TEXT)
		return number_take(term, ret_problem);
	if (term->comparison != IS && term->comparison != IS_NOT)
		return wrong(ret_problem,
			     "filter: %.60s is no number: compare it by =, != or ~, not with "
			     "\"%.60s\"",
			     term->property->name, term->words);
	return word_take(term, ret_problem);
}

static int term_add(struct filter *filter, const char *text, bool is_quoted,
		    struct vigil_problem *ret_problem)
{
	struct term *term = &filter->terms[filter->count];
	char key[TERM_SIZE];
	const char *value;

	if (filter->count == TERMS)
		return wrong(ret_problem, "filter: more than %s terms%s", "32", "");
	if (is_quoted || !term_split(text, key, sizeof(key), &term->comparison, &value)) {
		snprintf(term->words, sizeof(term->words), "%s", text);
		term->comparison = IS_FOUND;
		filter->count++;
		return 0;
	}
	snprintf(term->words, sizeof(term->words), "%s", value);
	if (!*value)
		return wrong(ret_problem, "filter: \"%.100s\" ends before its value%s", text, "");
	filter->count++;
	return keyed_take(term, key, filter, ret_problem);
}

int filter_parse(const char *words, const struct properties *properties, const struct model *model,
		 struct filter **ret_filter, struct vigil_problem *ret_problem)
{
	struct filter *filter = calloc(1, sizeof(*filter));
	char text[TERM_SIZE];
	bool is_quoted;
	int r = 0;

	if (!filter) {
		wrong(ret_problem, "filter: out of memory%s%s", "", "");
		return -ENOMEM;
	}
	filter->properties = properties;
	filter->model = model;
	while (!r) {
		while (isspace((unsigned char)*words))
			words++;
		if (!*words)
			break;
		if (!term_take(&words, text, sizeof(text), &is_quoted))
			r = wrong(ret_problem,
				  "filter: the quote before \"%.100s\" is not closed%s", text, "");
		else
			r = term_add(filter, text, is_quoted, ret_problem);
	}
	filter->model = NULL;
	if (r)
		filter_free(filter);
	else
		*ret_filter = filter;
	return r;
}

int filter_parse_of_all(const char *words, const struct properties *properties,
			const struct model *model, const struct models *models,
			struct filter **ret_filter, struct vigil_problem *ret_problem)
{
	int r = filter_parse(words, properties, model, ret_filter, ret_problem);

	for (uint32_t i = 0; r == -EINVAL && models && i < models->count; i++)
		if (models_at(models, i))
			r = filter_parse(words, properties, models_at(models, i), ret_filter,
					 ret_problem);
	return r;
}

void filter_free(struct filter *filter)
{
	if (!filter)
		return;
	for (size_t i = 0; i < filter->count; i++)
		if (filter->terms[i].has_regex)
			regfree(&filter->terms[i].regex);
	free(filter);
}

/* ---- Matching ---- */

static bool word_matches(const struct term *term, const struct properties *properties,
			 const struct model *model, const void *row)
{
	char text[PROPERTY_TEXT_SIZE];

	for (size_t i = 0; i < properties->count; i++) {
		if (!properties->list[i].is_plain)
			continue;
		property_text(&properties->list[i], model, row, text, sizeof(text));
		if (strcasestr(text, term->words))
			return true;
	}
	return property_attrs_have(properties, model, row, term->words);
}

static bool number_compares(enum comparison comparison, double number, double with)
{
	switch (comparison) {
	case MORE:
		return number > with;
	case AT_LEAST:
		return number >= with;
	case LESS:
		return number < with;
	default:
		return number <= with;
	}
}

/* What has no such attribute matches no comparison. */
static bool attr_matches(const struct term *term, const struct properties *properties,
			 const struct model *model, const void *row)
{
	struct vigil_attr_record attrs[ATTR_MOST];
	const struct vigil_attr_record *attr = attr_of(properties, model, row, term->attr, attrs);
	char text[PROPERTY_TEXT_SIZE];
	double number;

	if (!attr)
		return false;
	attr_text(attr, text, sizeof(text));
	switch (term->comparison) {
	case LIKE:
		return !regexec(&term->regex, text, 0, NULL, 0);
	case IS:
	case IS_NOT:
		return !strcasecmp(text, term->words) == (term->comparison == IS);
	default:
		return attr_number(attr, &number) &&
		       number_compares(term->comparison, number, (double)term->number);
	}
}

static bool text_matches(const struct term *term, const struct model *model, const void *row)
{
	char text[PROPERTY_TEXT_SIZE];

	property_text(term->property, model, row, text, sizeof(text));
	if (term->comparison == LIKE)
		return !regexec(&term->regex, text, 0, NULL, 0);
	return !strcasecmp(text, term->words) == (term->comparison == IS);
}

static bool number_matches(const struct term *term, const struct model *model, const void *row)
{
	uint64_t number = term->property->number(model, row);

	if (number == PROPERTY_UNKNOWN)
		return term->comparison == IS_NOT;
	switch (term->comparison) {
	case IS:
		return number == term->number;
	case IS_NOT:
		return number != term->number;
	case MORE:
		return number > term->number;
	case AT_LEAST:
		return number >= term->number;
	case LESS:
		return number < term->number;
	default:
		return number <= term->number;
	}
}

bool filter_matches(const struct filter *filter, const struct model *model, const void *row)
{
	for (size_t i = 0; filter && i < filter->count; i++) {
		const struct term *term = &filter->terms[i];
		bool matches;

		if (term->attr[0])
			matches = attr_matches(term, filter->properties, model, row);
		else if (!term->property)
			matches = word_matches(term, filter->properties, model, row);
		else if (term->property->type == PROPERTY_TEXT || term->comparison == LIKE)
			matches = text_matches(term, model, row);
		else
			matches = number_matches(term, model, row);
		if (!matches)
			return false;
	}
	return true;
}
