/* SPDX-License-Identifier: MIT */
/* Attributes. */
#include "console/attr.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

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
