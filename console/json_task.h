/* SPDX-License-Identifier: MIT */
/* A task as JSON: the members that `tasks` and `task` share. */
#ifndef CONSOLE_JSON_TASK_H
#define CONSOLE_JSON_TASK_H

#include "console/json.h"
#include "console/model.h"

void json_task(struct json *json, const struct model *model, const struct vigil_task_record *task);

#endif
