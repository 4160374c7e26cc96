/* SPDX-License-Identifier: MIT */
/* The connections of a listener as a stream: one that nobody takes is closed. */
#ifndef CONNECTIONS_H
#define CONNECTIONS_H

#include "../rt/rt.h"

static inline int connections_accept(struct rt_stream *connections, void *listener)
{
	int code = 0;

	while (!code) {
		struct rt_io *io;

		code = rt_accept((struct rt_listener *)listener, &io);
		if (code)
			return code;
		code = rt_stream_put(connections, io);
		if (code)
			rt_io_free(io);
	}
	return code;
}

static inline void connections_drop(void *io)
{
	rt_io_free(io);
}

#define connections_of(listener)                                                                   \
	rt_stream_new("connections", connections_accept, listener, connections_drop)

#endif
