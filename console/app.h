/* SPDX-License-Identifier: MIT */
/*
 * The app: which view is up, what a key does now, what the status line says.
 *
 * The law of the file: it has no terminal and no clock. Somebody tells it keys
 * and when to refresh, and gives it a canvas to draw on; so a test plays on it as
 * a person would.
 */
#ifndef CONSOLE_APP_H
#define CONSOLE_APP_H

#include "console/prompt.h"
#include "console/view.h"

#define APP_TABS 10 /* views with a key of their own */
#define APP_DEPTH 8 /* pages on top of each other */
#define APP_STATUS 256

struct app {
	struct shared shared;
	struct view *tabs[APP_TABS]; /* made when first looked at */
	int tab;
	struct view *pages[APP_DEPTH]; /* on top of the tab's list */
	int page_count;

	struct prompt prompt;
	struct prompt_history searches;
	struct prompt_history filters;
	struct prompt_history jumps;
	bool is_filtering;                /* what the prompt is for */
	bool is_jumping;                  /* else */
	bool is_wrong;                    /* its filter: the status says why until it changes */
	char filter_before[TABLE_NEEDLE]; /* to go back to */
	uint64_t cursor_before;

	bool is_paused;
	bool is_over;
	bool has_help;
	int help_top;
	bool must_forget; /* the terminal is to be drawn anew */

	char status[APP_STATUS]; /* instead of the foot line, for a while */
	enum role status_role;
	int status_refreshes; /* to go */

	char successor[512]; /* the board of who came after a dead process */
	int look_in;         /* refreshes until it is looked for again */

	int width, height; /* drawn last */
	int saved;         /* pictures */
};

/*
 * Opens a target; NULL with several alive begins with a list of them. Returns
 * NULL with a sentence, and *ret_error with a negative errno.
 */
struct app *app_open(const char *target, const struct source_options *options, uint64_t interval_ns,
		     int *ret_error, struct vigil_problem *ret_problem);

/* The same of a model that is open, which it takes over. NULL without memory. */
struct app *app_new(struct model *model, uint64_t interval_ns);
void app_free(struct app *app);

/* Looks at the process again, unless paused. */
void app_refresh(struct app *app);

/*
 * A stream of events: its descriptor, readable when there are more, which app_pump
 * takes in; the picture stays. -1: there is none.
 */
int app_fd(const struct app *app);
void app_pump(struct app *app);

/* What is shown is made of events, recorded or live. */
bool app_is_of_trace(const struct app *app);

/* A trace is on its way to another moment: the next refresh is due at once. */
bool app_is_working(const struct app *app);

void app_key(struct app *app, const struct key_event *event);
void app_draw(struct app *app, struct canvas *canvas);

/* What the person wished for on the command line. Returns 0, or -1 with a sentence. */
int app_set(struct app *app, const char *view, const char *filter, const char *sort,
	    struct vigil_problem *ret_problem);

/* Of a trace: seconds of it in one. */
void app_set_speed(struct app *app, double speed);

/* Says something in the foot line. */
void app_say(struct app *app, enum role role, const char *format, ...)
	__attribute__((format(printf, 3, 4)));

/* Writes what would be drawn now as an SVG picture. Returns 0 or -errno. */
int app_save(struct app *app, const char *path, int width, int height);

#endif
