/* SPDX-License-Identifier: MIT */
/* vigil top: the console; and vigil replay: the same on a trace, which plays. */
#include <stdlib.h>

#include "console/player.h"
#include "console/source.h"
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

static struct top_options top_of(const struct verb_options *options)
{
	return (struct top_options){
		.target = options->target,
		.color = options->color,
		.is_ascii = options->is_ascii,
		.has_no_mouse = options->has_no_mouse,
		.interval_ms = (unsigned)(options->interval_ns / 1000000),
		.filter = options->filter,
		.sort = options->sort,
		.view = options->view,
		.svg = options->svg,
		.at = options->at,
		.process = options->process,
	};
}

int verb_top(const struct verb_options *options)
{
	const struct top_options top = top_of(options);

	if (verb_folder_check(options->target))
		return EXIT_CANNOT;
	return top_main(&top);
}

int verb_replay(const struct verb_options *options)
{
	struct top_options top = top_of(options);

	if (!options->target)
		return refuse("replay needs the folder of a trace, which `vigil record` makes");
	if (verb_folder_check(options->target))
		return EXIT_CANNOT;
	if (!source_is_trace(options->target))
		return refuse("%s is no trace: there is no folder of this name, or no file "
			      "\"metadata\" in it or below it; give the folder that `vigil record` "
			      "made",
			      options->target);
	if (options->speed && !speed_read(options->speed, &top.speed))
		return refuse("--speed needs a number from %g to %g, not \"%s\"", PLAYER_SLOWEST,
			      PLAYER_FASTEST, options->speed);
	if (!top.at)
		top.at = "begin";
	top.is_playing = !options->is_paused;
	return top_main(&top);
}
