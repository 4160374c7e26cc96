/* SPDX-License-Identifier: MIT */
/* A file that remembers why it could not be written: ferror() says only that. */
#include "console/export/writer.h"

#include <errno.h>
#include <unistd.h>

#define BUFFER (1 << 18)

static ssize_t cookie_write(void *cookie, const char *bytes, size_t size)
{
	struct writer *writer = cookie;
	size_t at = 0;
	ssize_t n;

	if (writer->is_void)
		return (ssize_t)size;
	if (writer->is_replacing && ftruncate(writer->fd, 0) && !writer->error)
		writer->error = errno;
	writer->is_replacing = false;
	while (at < size) {
		n = write(writer->fd, bytes + at, size - at);
		if (n < 0 && errno == EINTR)
			continue;
		if (n < 0) {
			if (!writer->error)
				writer->error = errno;
			return 0;
		}
		at += (size_t)n;
	}
	return (ssize_t)size;
}

static int cookie_close(void *cookie)
{
	struct writer *writer = cookie;

	/* A full quota or a server may say so only now. */
	if (close(writer->fd) && !writer->error)
		writer->error = errno;
	return 0;
}

int writer_open(struct writer *writer, int fd, bool is_replacing)
{
	const cookie_io_functions_t functions = { .write = cookie_write, .close = cookie_close };

	writer->fd = fd;
	writer->error = 0;
	writer->is_replacing = is_replacing;
	writer->is_void = false;
	writer->file = fopencookie(writer, "w", functions);
	if (!writer->file)
		return -ENOMEM;
	setvbuf(writer->file, NULL, _IOFBF, BUFFER);
	return 0;
}

int writer_close(struct writer *writer)
{
	fclose(writer->file);
	writer->file = NULL;
	return -writer->error;
}
