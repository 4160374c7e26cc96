/* SPDX-License-Identifier: MIT */
/* Attributes. */
#include "console/attr.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "console/format.h"

void attr_text(const struct vigil_attr_record *attr, char *buf, size_t size)
{
	double real;

	switch (attr->type) {
	case VIGIL_ATTR_I64:
		snprintf(buf, size, "%" PRId64, (int64_t)attr->value);
		break;
	case VIGIL_ATTR_U64:
		snprintf(buf, size, "%" PRIu64, attr->value);
		break;
	case VIGIL_ATTR_F64:
		memcpy(&real, &attr->value, sizeof(real));
		snprintf(buf, size, "%g", real);
		break;
	case VIGIL_ATTR_BOOL:
		snprintf(buf, size, "%s", attr->value ? "true" : "false");
		break;
	default:
		snprintf(buf, size, "%s", attr->words);
		break;
	}
}

bool attr_number(const struct vigil_attr_record *attr, double *ret_number)
{
	switch (attr->type) {
	case VIGIL_ATTR_I64:
		*ret_number = (double)(int64_t)attr->value;
		return true;
	case VIGIL_ATTR_U64:
		*ret_number = (double)attr->value;
		return true;
	case VIGIL_ATTR_F64:
		memcpy(ret_number, &attr->value, sizeof(*ret_number));
		return true;
	default:
		return false;
	}
}

/* ---- As people read them ---- */

static bool is_unit(const struct vigil_attr_record *attr, const char *unit)
{
	bool is_count = attr->type == VIGIL_ATTR_U64 ||
			(attr->type == VIGIL_ATTR_I64 && (int64_t)attr->value >= 0);

	return is_count && !strcmp(attr->unit, unit);
}

static void deadline_words(uint64_t deadline, uint64_t now, char *buf, size_t size)
{
	char time[FORMAT_SIZE];

	if (!deadline)
		snprintf(buf, size, "none");
	else if (deadline > now)
		snprintf(buf, size, "in %s",
			 format_duration(time, sizeof(time), deadline - now, 0));
	else
		snprintf(buf, size, "%s ago",
			 format_duration(time, sizeof(time), now - deadline, 0));
}

void attr_words(const struct vigil_attr_record *attr, uint64_t now, char *buf, size_t size)
{
	char text[sizeof(attr->words) + 1];

	/* An instant has the unit of a length of time; as one it would say nothing. */
	if (is_unit(attr, "ns") && !strcmp(attr->key, "deadline")) {
		deadline_words(attr->value, now, buf, size);
	} else if (is_unit(attr, "ns")) {
		format_duration(buf, size, attr->value, 0);
	} else if (is_unit(attr, "B") || is_unit(attr, "bytes")) {
		format_bytes(buf, size, attr->value);
	} else {
		attr_text(attr, text, sizeof(text));
		snprintf(buf, size, "%s%s%s", text, attr->unit[0] ? " " : "", attr->unit);
	}
}

static bool is_bound_of(const struct vigil_attr_record *bound, const struct vigil_attr_record *attr)
{
	size_t length = strlen(attr->key);
	double number;

	if (bound == attr || !attr_number(bound, &number) || !attr_number(attr, &number) ||
	    strcmp(bound->unit, attr->unit) != 0)
		return false;
	if (!strcmp(attr->key, "length"))
		return !strcmp(bound->key, "capacity");
	return length && !strncmp(bound->key, attr->key, length) &&
	       !strcmp(bound->key + length, ".max");
}

static const struct vigil_attr_record *bound_of(const struct vigil_attr_record *attrs, size_t count,
						const struct vigil_attr_record *attr)
{
	for (size_t i = 0; i < count; i++)
		if (is_bound_of(&attrs[i], attr))
			return &attrs[i];
	return NULL;
}

static bool is_bound(const struct vigil_attr_record *attrs, size_t count,
		     const struct vigil_attr_record *bound)
{
	for (size_t i = 0; i < count; i++)
		if (is_bound_of(bound, &attrs[i]))
			return true;
	return false;
}

/* One in a line of many. */
static void piece_words(const struct vigil_attr_record *attrs, size_t count,
			const struct vigil_attr_record *attr, uint64_t now, char *buf, size_t size)
{
	const struct vigil_attr_record *bound = bound_of(attrs, count, attr);
	char value[sizeof(attr->words) + sizeof(attr->unit) + 2];
	char of[sizeof(value)] = "";

	if (attr->type == VIGIL_ATTR_BOOL) {
		snprintf(buf, size, "%s%s", attr->value ? "" : "not ", attr->key);
		return;
	}
	if (bound) {
		attr_text(attr, value, sizeof(value));
		attr_words(bound, now, of, sizeof(of));
	} else {
		attr_words(attr, now, value, sizeof(value));
	}
	snprintf(buf, size, "%s %s%s%s", attr->key, value, bound ? "/" : "", of);
}

#define COUNTED 16 /* bytes of ", and 64 more" */

void attrs_words(const struct vigil_attr_record *attrs, size_t count, uint64_t now, char *buf,
		 size_t size)
{
	char piece[sizeof(attrs->key) + 2 * sizeof(attrs->words)];
	size_t at = 0;

	buf[0] = '\0';
	for (size_t i = 0; i < count; i++) {
		if (is_bound(attrs, count, &attrs[i]))
			continue;
		piece_words(attrs, count, &attrs[i], now, piece, sizeof(piece));
		if (at + strlen(piece) + 2 + COUNTED > size) {
			snprintf(buf + at, size - at, "%s%zu more", at ? ", and " : "", count - i);
			return;
		}
		at += (size_t)snprintf(buf + at, size - at, "%s%s", at ? ", " : "", piece);
	}
}
