/* SPDX-License-Identifier: MIT */
/* vigil replay: the console on a trace, which plays. */
#include <stdlib.h>
#include <sys/stat.h>

#include "console/player.h"
#include "console/top.h"
#include "console/verb.h"

static bool speed_read(const char *words, double *ret_speed)
{
	char *end;

	*ret_speed = strtod(words, &end);
	/* "10x" is how the console writes it. */
	if (*end == 'x')
		end++;
	return end != words && !*end && *ret_speed >= PLAYER_SLOWEST &&
	       *ret_speed <= PLAYER_FASTEST;
}

int verb_replay(const struct verb_options *options)
{
	struct top_options top = {
		.target = options->target,
		.color = options->color,
		.is_ascii = options->is_ascii,
		.has_no_mouse = options->has_no_mouse,
		.interval_ms = (unsigned)(options->interval_ns / 1000000),
		.filter = options->filter,
		.sort = options->sort,
		.view = options->view,
		.svg = options->svg,
		.at = options->at ? options->at : "begin",
		.process = options->process,
		.speed = 1,
		.is_playing = !options->is_paused,
	};
	struct stat st;

	if (!options->target)
		return refuse("replay needs the folder of a trace, which `vigil record` makes");
	if (stat(options->target, &st) || !S_ISDIR(st.st_mode))
		return refuse("%s is no folder: replay needs that of a trace, which `vigil record` "
			      "makes; `vigil top` shows the rest",
			      options->target);
	if (options->speed && !speed_read(options->speed, &top.speed))
		return refuse("--speed needs a number from %g to %g, not \"%s\"", PLAYER_SLOWEST,
			      PLAYER_FASTEST, options->speed);
	return top_main(&top);
}
