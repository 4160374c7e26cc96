/* SPDX-License-Identifier: MIT */
/* Options of the command, one by one. */
#ifndef CONSOLE_OPTIONS_H
#define CONSOLE_OPTIONS_H

#include "console/verb.h"

/* Those without a letter, as getopt_long returns them. */
enum {
	OPTION_HTML = 1000,
	OPTION_PROCESS,
	OPTION_FROM,
	OPTION_UNTIL,
	OPTION_TOP,
	OPTION_FORM,
	OPTION_WHAT,
	OPTION_COLLECTOR
};

/* Takes an option and its value, NULL: none. Returns an exit status. */
int option_take(int option, const char *value, struct verb_options *options);

#endif
