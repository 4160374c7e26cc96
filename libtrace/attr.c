/* SPDX-License-Identifier: MIT */
/* Attributes: named values in a list that starts at their owner. */
#include "libtrace/apply.h"

#include <string.h>

#define ATTR_KEY sizeof(((struct vigil_attr_record *)0)->key)

/* Where an object keeps its first attribute; NULL when it is gone (counted). */
static uint32_t *attrs_of(struct board *board, uint64_t object)
{
	switch (vigil_ref_table(object)) {
#define CASE(name)                                                                                 \
	case VIGIL_TABLE_##name: {                                                                 \
		struct vigil_##name##_record *record = RECORD_OF(board, name, object);             \
                                                                                                   \
		if (!record)                                                                       \
			break;                                                                     \
		if (load(&record->life) == VIGIL_LIFE_LIVE)                                        \
			return &record->attrs;                                                     \
		COUNT(board, misused_ended);                                                       \
		return NULL;                                                                       \
	}
		CASE(executor)
		CASE(task)
		CASE(resource)
		CASE(op)
		CASE(span)
#undef CASE
	default:
		break;
	}
	ref_misused(board, object);
	return NULL;
}

/* Both are padded with zeroes; most differ in the first word. */
static bool is_key(const char *key, const char *other)
{
	uint64_t a[ATTR_KEY / 8], b[ATTR_KEY / 8];

	memcpy(a, key, sizeof(a));
	memcpy(b, other, sizeof(b));
	for (size_t i = 0; i < ATTR_KEY / 8; i++)
		if (a[i] != b[i])
			return false;
	return true;
}

static struct vigil_attr_record *attr_find(struct board *board, uint32_t first, const char *key,
					   uint32_t *ret_count)
{
	struct vigil_attr_record *attr;
	uint32_t count = 0;

	while (first && count < ATTRS_PER_OBJECT) {
		attr = RECORD_AT(board, attr, first - 1);
		if (is_key(attr->key, key))
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
	if (value->unit && value->unit[0])
		text_put(attr->unit, sizeof(attr->unit), value->unit);
	if (value->type == VIGIL_ATTR_TEXT)
		text_put(attr->words, sizeof(attr->words), value->text);
}

uint64_t board_attr_set(struct board *board, struct lane *lane, uint64_t now, uint64_t object,
			const struct attr_value *value)
{
	char key[ATTR_KEY];
	struct vigil_attr_record *attr;
	uint32_t count = 0;
	uint32_t *first;
	uint64_t ref;

	if (!value->key || !value->key[0])
		return 0;
	first = attrs_of(board, object);
	if (!first)
		return 0;
	text_put(key, sizeof(key), value->key);
	attr = attr_find(board, load_acquire(first), key, &count);
	if (attr) {
		write_begin(&attr->seq);
		attr_write(attr, now, value);
		write_end(&attr->seq);
		return vigil_ref_make(VIGIL_TABLE_attr,
				      (uint32_t)(attr - RECORD_AT(board, attr, 0)),
				      load(&attr->gen));
	}
	ref = count < ATTRS_PER_OBJECT ? pool_take(board, lane, VIGIL_TABLE_attr, 0) : 0;
	if (!ref) {
		COUNT(board, lost_attrs);
		return 0;
	}
	attr = RECORD_AT(board, attr, vigil_ref_index(ref));
	store(&attr->owner, object);
	store(&attr->sibling, load(first));
	memcpy(attr->key, key, sizeof(attr->key));
	attr_write(attr, now, value);
	store(&attr->life, VIGIL_LIFE_LIVE);
	write_end(&attr->seq);
	store_release(first, vigil_ref_index(ref) + 1);
	return ref;
}

/* Another thread may give the record to another attribute meanwhile. */
uint64_t board_attr_name(const struct board *board, uint64_t ref,
			 struct vigil_attr_record *ret_name)
{
	const struct vigil_attr_record *attr = RECORD_OF(board, attr, ref);
	uint64_t owner;

	if (!attr)
		return 0;
	owner = load(&attr->owner);
	memcpy(ret_name->key, attr->key, sizeof(attr->key));
	memcpy(ret_name->unit, attr->unit, sizeof(attr->unit));
	load_fence();
	return load(&attr->gen) == vigil_ref_gen(ref) ? owner : 0;
}

void board_attr_put(struct board *board, uint64_t now, uint64_t ref, uint32_t type, uint64_t value)
{
	struct vigil_attr_record *attr = RECORD_OF(board, attr, ref);

	if (!attr) {
		ref_misused(board, ref);
		return;
	}
	if (!attrs_of(board, load(&attr->owner)))
		return;
	write_begin(&attr->seq);
	store(&attr->type, type);
	store(&attr->value, value);
	store(&attr->changed_ns, now);
	write_end(&attr->seq);
}
