/* SPDX-License-Identifier: MIT */
/* Finding properties by name, and what a cell says. */
#include "console/property.h"

#include <stdio.h>
#include <string.h>
#include <strings.h>

#include "console/attr.h"
#include "console/format.h"

static bool has_head(const struct property *property, const char *title)
{
	return property->title && !strcasecmp(property->title, title);
}

/* NULL as well when several have it: who took one of them would hide the others. */
static const struct property *head_find(const struct properties *properties, const char *title)
{
	const struct property *found = NULL;

	for (size_t i = 0; i < properties->count; i++) {
		if (!has_head(&properties->list[i], title))
			continue;
		if (found)
			return NULL;
		found = &properties->list[i];
	}
	return found;
}

const struct property *property_find(const struct properties *properties, const char *name)
{
	for (size_t i = 0; i < properties->count; i++)
		if (!strcasecmp(properties->list[i].name, name))
			return &properties->list[i];
	return head_find(properties, name);
}

size_t property_heads(const struct properties *properties, const char *title, char *buf,
		      size_t size)
{
	size_t at = 0, count = 0;

	buf[0] = '\0';
	for (size_t i = 0; i < properties->count; i++) {
		if (!has_head(&properties->list[i], title))
			continue;
		if (at < size)
			at += (size_t)snprintf(buf + at, size - at, "%s%s", count ? ", " : "",
					       properties->list[i].name);
		count++;
	}
	return count;
}

bool property_can_be(const struct property *property, const char *words, char *buf, size_t size)
{
	size_t at = 0;

	buf[0] = '\0';
	for (uint32_t i = 0; property->word && strcmp(property->word(i), "?") != 0; i++) {
		if (!strcasecmp(property->word(i), words))
			return true;
		if (at < size)
			at += (size_t)snprintf(buf + at, size - at, "%s%s", i ? ", " : "",
					       property->word(i));
	}
	return !property->word;
}

void property_names(const struct properties *properties, char *buf, size_t size)
{
	size_t at = 0;

	buf[0] = '\0';
	for (size_t i = 0; i < properties->count && at < size; i++)
		at += (size_t)snprintf(buf + at, size - at, "%s%s", i ? ", " : "",
				       properties->list[i].name);
}

void property_text(const struct property *property, const struct model *model, const void *row,
		   char *buf, size_t size)
{
	uint64_t number;

	if (property->text) {
		property->text(model, row, buf, size);
		return;
	}
	number = property->number(model, row);
	if (number == PROPERTY_UNKNOWN || (property->type == PROPERTY_TIME && !number))
		snprintf(buf, size, "-"); /* no time at all: as the console writes it */
	else if (property->type == PROPERTY_TIME)
		format_duration(buf, size, number, 0);
	else if (property->type == PROPERTY_BYTES)
		format_bytes(buf, size, number);
	else
		snprintf(buf, size, "%llu", (unsigned long long)number);
}

size_t property_attrs(const struct properties *properties, const struct model *model,
		      const void *row, struct vigil_attr_record *attrs, size_t size)
{
	uint32_t first = 0;
	uint64_t owner = properties->attrs ? properties->attrs(model, row, &first) : 0;

	return owner && first ? vigil_reader_attrs(model->reader, owner, first, attrs, size) : 0;
}

bool property_attrs_have(const struct properties *properties, const struct model *model,
			 const void *row, const char *needle)
{
	struct vigil_attr_record attrs[ATTR_MOST];
	size_t count = property_attrs(properties, model, row, attrs, ATTR_MOST);
	char text[sizeof(attrs[0].words) + 1];

	for (size_t i = 0; i < count; i++) {
		attr_text(&attrs[i], text, sizeof(text));
		if (strcasestr(text, needle))
			return true;
	}
	return false;
}
