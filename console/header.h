/* SPDX-License-Identifier: MIT */
/*
 * The header: the process and how it is, tasks by state, what happens in a
 * second, how busy each worker is, and what was not recorded.
 *
 * The law of the file: it takes the lines it says, a third of the screen at
 * most, and what was not recorded is never what has to give way.
 */
#ifndef CONSOLE_HEADER_H
#define CONSOLE_HEADER_H

#include "console/view.h"

/*
 * Lines it needs on a screen of this size. models: it is of all these processes; NULL:
 * of the one that is shown.
 */
int header_lines(const struct shared *shared, const struct models *models, int width, int height);

/* Draws it at the top of a canvas; note stands at the right of the first line. */
void header_draw(const struct shared *shared, const struct models *models, struct canvas *canvas,
		 const char *note);

#endif
