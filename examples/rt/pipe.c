/* SPDX-License-Identifier: MIT */
/* Pipes: two streams, one to read and one to write. */
#include <errno.h>
#include <fcntl.h>
#include <unistd.h>

#include "io.h"

int rt_pipe_at(struct vigil_site *site, struct rt_io **ret_read, struct rt_io **ret_write)
{
	struct rt_io *reader;
	int fds[2], error;

	if (pipe2(fds, O_NONBLOCK | O_CLOEXEC))
		return -errno;
	error = io_new(site, fds[0], "Pipe", "read end", "", &reader);
	if (error) {
		close(fds[1]);
		return error;
	}
	error = io_new(site, fds[1], "Pipe", "write end", "", ret_write);
	if (error) {
		rt_io_free(reader);
		return error;
	}
	*ret_read = reader;
	return 0;
}
