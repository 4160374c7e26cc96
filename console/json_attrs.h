/* SPDX-License-Identifier: MIT */
/* Attributes as JSON: the member that everything with attributes has. */
#ifndef CONSOLE_JSON_ATTRS_H
#define CONSOLE_JSON_ATTRS_H

#include "console/json.h"
#include "console/model.h"

/* The member "attributes": those of an object, from its record's attrs on. */
void json_attrs(struct json *json, const struct model *model, uint64_t owner, uint32_t first);

#endif
