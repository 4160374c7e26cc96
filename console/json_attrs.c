/* SPDX-License-Identifier: MIT */
/* Attributes as JSON. vigil.1 has the schema. */
#include "console/json_attrs.h"

#include <string.h>

#include "console/attr.h"

static void json_value(struct json *json, const struct vigil_attr_record *attr)
{
	double real;

	switch (attr->type) {
	case VIGIL_ATTR_I64:
		json_i64(json, "value", (int64_t)attr->value);
		break;
	case VIGIL_ATTR_U64:
		json_u64(json, "value", attr->value);
		break;
	case VIGIL_ATTR_F64:
		memcpy(&real, &attr->value, sizeof(real));
		json_real(json, "value", real);
		break;
	case VIGIL_ATTR_BOOL:
		json_bool(json, "value", attr->value);
		break;
	default:
		json_text(json, "value", attr->words);
		break;
	}
}

void json_attrs(struct json *json, const struct model *model, uint64_t owner, uint32_t first)
{
	struct vigil_attr_record attrs[ATTR_MOST];
	size_t count = vigil_reader_attrs(model->reader, owner, first, attrs, ATTR_MOST);

	json_array_begin(json, "attributes");
	for (size_t i = 0; i < count; i++) {
		json_object_begin(json, NULL);
		json_text(json, "key", attrs[i].key);
		json_value(json, &attrs[i]);
		json_text(json, "unit", attrs[i].unit[0] ? attrs[i].unit : NULL);
		json_u64(json, "changed_ns", less_of(model->now, attrs[i].changed_ns));
		json_object_end(json);
	}
	json_array_end(json);
}
