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

/* Reads another process of the same source. Returns whether it is the one that is shown. */
bool app_choose(struct app *app, uint32_t process);

/* There is more than one process of which something has happened. */
bool app_has_several(const struct app *app);

/* Where keys are heard at this moment. */
unsigned app_where(const struct app *app);

/* ---- app_replay.c: what a trace has besides ---- */

struct player;

/* NULL: what is shown cannot be moved. */
struct player *app_player(const struct app *app);

/* Lines of the bar: 0 or 1. */
int app_replay_lines(const struct app *app);
void app_replay_draw(const struct app *app, struct canvas *canvas, int y);

/* Returns whether it was a request to move. */
bool app_replay_obey(struct app *app, enum request request);

/* Goes where a view asked to go. */
void app_replay_wishes(struct app *app);

/* A key while the prompt asks for a moment; returns whether the prompt took it. */
bool app_replay_key(struct app *app, uint32_t key);

/* Says what became of the last request, and what the source has to say. */
void app_replay_tell(struct app *app);

/* The request drawn there, in the tabs or the foot line. */
enum request app_request_at(const struct app *app, int x, int y);

#endif
