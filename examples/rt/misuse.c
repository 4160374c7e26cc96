/* SPDX-License-Identifier: MIT */
/* What a program is told that calls the runtime where it must not. */
#include "core.h"

#include <stdarg.h>
#include <stdio.h>

int misuse(int code, const char *format, ...)
{
	struct rt *rt = rt_here();
	char sentence[256];
	va_list args;

	va_start(args, format);
	vsnprintf(sentence, sizeof(sentence), format, args);
	va_end(args);
	vigil_event(VIGIL_LEVEL_ERROR, sentence);
	if (rt && rt->options.misused)
		rt->options.misused(sentence);
	else
		fprintf(stderr, "rt: %s\n", sentence);
	return code;
}
