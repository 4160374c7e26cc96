/* SPDX-License-Identifier: MIT */
/* A semaphore that is a part of something else on the board: of a pool. */
#ifndef RT_SEMAPHORE_H
#define RT_SEMAPHORE_H

#include "core.h"

struct rt_semaphore *semaphore_new_in(struct vigil_site *site, const char *name, size_t permits,
				      vigil_resource parent);

#endif
