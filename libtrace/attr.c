/* SPDX-License-Identifier: MIT */
/* Attributes: named values in a list that starts at their owner. */
#include "libtrace/apply.h"

#include <string.h>

/* Where an object keeps its first attribute; NULL when it is gone. */
static uint32_t *attrs_of(struct board *board, uint64_t object)
{
	switch (vigil_ref_table(object)) {
#define CASE(name)                                                                                 \
	case VIGIL_TABLE_##name: {                                                                 \
		struct vigil_##name##_record *record = RECORD_OF(board, name, object);             \
                                                                                                   \
		return record && load(&record->life) == VIGIL_LIFE_LIVE ? &record->attrs : NULL;   \
	}
		CASE(executor)
		CASE(task)
		CASE(resource)
		CASE(op)
		CASE(span)
#undef CASE
	default:
		return NULL;
	}
}

static struct vigil_attr_record *attr_find(struct board *board, uint32_t first, const char *key,
					   uint32_t *ret_count)
{
	struct vigil_attr_record *attr;
	uint32_t count = 0;

	while (first && count < ATTRS_PER_OBJECT) {
		attr = RECORD_AT(board, attr, first - 1);
		if (!strncmp(attr->key, key, sizeof(attr->key) - 1))
			return attr;
		first = load(&attr->sibling);
		count++;
	}
	*ret_count = count;
	return NULL;
}

static void attr_write(struct vigil_attr_record *attr, uint64_t now, const struct attr_value *value)
{
	store(&attr->type, value->type);
	store(&attr->value, value->value);
	store(&attr->changed_ns, now);
	if (value->unit)
		text_put(attr->unit, sizeof(attr->unit), value->unit);
	if (value->type == VIGIL_ATTR_TEXT)
		text_put(attr->words, sizeof(attr->words), value->text);
}

uint64_t board_attr_set(struct board *board, uint64_t now, uint64_t object,
			const struct attr_value *value)
{
	uint32_t *first = attrs_of(board, object);
	struct vigil_attr_record *attr;
	uint32_t count = 0;
	uint64_t ref;

	if (!first || !value->key) {
		ref_misused(board, object);
		return 0;
	}
	attr = attr_find(board, load_acquire(first), value->key, &count);
	if (attr) {
		write_begin(&attr->seq);
		attr_write(attr, now, value);
		write_end(&attr->seq);
		return 0;
	}
	ref = count < ATTRS_PER_OBJECT ? pool_take(board, VIGIL_TABLE_attr, value->want) : 0;
	if (!ref) {
		COUNT(board, lost_attrs);
		return 0;
	}
	attr = RECORD_AT(board, attr, vigil_ref_index(ref));
	store(&attr->owner, object);
	store(&attr->sibling, load(first));
	text_put(attr->key, sizeof(attr->key), value->key);
	attr_write(attr, now, value);
	store(&attr->life, VIGIL_LIFE_LIVE);
	write_end(&attr->seq);
	store_release(first, vigil_ref_index(ref) + 1);
	return ref;
}
