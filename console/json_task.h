/* SPDX-License-Identifier: MIT */
/* A task as JSON: the members that `tasks` and `task` share, and those `task` alone has. */
#ifndef CONSOLE_JSON_TASK_H
#define CONSOLE_JSON_TASK_H

#include "console/json.h"
#include "console/model.h"

void json_task(struct json *json, const struct model *model, const struct vigil_task_record *task);

#define TASK_EVENTS 20 /* shown of one task */
void json_task_details(struct json *json, const struct model *model,
		       const struct vigil_task_record *task);

#endif
