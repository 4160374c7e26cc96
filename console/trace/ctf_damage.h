/* SPDX-License-Identifier: MIT */
/* Which packet babeltrace2 cannot read. */
#ifndef CONSOLE_TRACE_CTF_DAMAGE_H
#define CONSOLE_TRACE_CTF_DAMAGE_H

#include "console/trace/ctf_map.h"

/*
 * Reads the packets of a span one by one and takes the first of each stream that
 * cannot be read out of the map. Returns how many were, or -errno.
 */
int ctf_damage_cut(struct ctf_map *map, const char *scratch, uint64_t from_unix_ns,
		   uint64_t to_unix_ns);

#endif
