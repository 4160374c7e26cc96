/* SPDX-License-Identifier: MIT */
/* Between app.c, app_keys.c and app_draw.c alone. */
#ifndef CONSOLE_APP_PRIVATE_H
#define CONSOLE_APP_PRIVATE_H

#include "console/app.h"

/* What stands in front: a page, else the tab's view. NULL only before the first. */
struct view *app_view(const struct app *app);
const struct view_ops *app_tab_ops(int tab);

/* Brings a tab to the front; one that was away catches up. */
void app_show_tab(struct app *app, int tab);

/* Puts a page on top. */
void app_open_page(struct app *app, const struct view_ops *ops, uint64_t object);

/* Shows another board; the old one is let go only when that works. */
void app_connect(struct app *app, const char *target);

/* The request drawn there, in the tabs or the foot line. */
enum request app_request_at(const struct app *app, int x, int y);

#endif
