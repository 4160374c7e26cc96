/* SPDX-License-Identifier: MIT */
/* Properties of resources, locks and all others. Who shows them wants their uses first. */
#include <stdio.h>

#include "console/names.h"
#include "console/property.h"
#include "console/uses.h"

#define RESOURCE const struct vigil_resource_record *resource = row

static uint64_t attrs_of(const struct model *model, const void *row, uint32_t *ret_first)
{
	RESOURCE;

	*ret_first = resource->attrs;
	return model_ref(model, VIGIL_TABLE_resource, resource);
}

static uint64_t age(const struct model *model, const void *row)
{
	RESOURCE;

	return less_of(resource->ended_ns ? resource->ended_ns : model->now, resource->created_ns);
}

P_NUMBER_OF(id, RESOURCE, resource->id)
P_WORDS_OF(kind_text, RESOURCE, word_resource_kind(resource->kind))
P_WORDS_OF(type_text, RESOURCE, resource->type)
P_TEXT_OF(name_text, RESOURCE, name_resource(model, resource, buf, size))
P_NUMBER_OF(waiting, RESOURCE, resource_waiting(model, resource))
P_NUMBER_OF(ops, RESOURCE, resource_ops(model, resource))
P_NUMBER_OF(begun, RESOURCE, resource->ops)
P_TEXT_OF(parent_text, RESOURCE, name_object(model, resource->parent, buf, size))
P_TEXT_OF(attrs_text, RESOURCE, resource_words(model, resource, buf, size))
P_TEXT_OF(site_text, RESOURCE, name_place(model, resource->site, buf, size))

static const struct property list[] = {
	P_COUNT("id", "ID", id),
	P_ONE_OF_PLAIN("kind", "KIND", kind_text, word_resource_kind),
	P_SELDOM("type", "TYPE", type_text),
	P_PLAIN("name", "NAME", name_text),
	P_COUNT("waiting", "WAITING", waiting),
	P_COUNT("ops", "OPS", ops),
	P_TIME("age", "AGE", age),
	P_PLAIN("site", "SITE", site_text),
	P_SELDOM("parent", "PART OF", parent_text),
	P_WORDS("attributes", "ATTRIBUTES", attrs_text),
	P_COUNT("begun", NULL, begun),
};

static const void *row_at(const struct model *model, uint32_t index, uint32_t *ret_count)
{
	const struct vigil_resource_record *it = VIGIL_AT(model->reader, resource, index);

	*ret_count = vigil_reader_count(model->reader, VIGIL_TABLE_resource);
	return it && it->life != VIGIL_LIFE_FREE ? it : NULL;
}

/* What it is called, who waits and how it stands: they stay. */
static const char *const spare[] = { "type", "age", "site", "ops", "parent", "kind", NULL };

const struct properties resource_properties = {
	.list = list,
	.count = sizeof(list) / sizeof(list[0]),
	.spare = spare,
	.attrs = attrs_of,
	.at = row_at,
};
