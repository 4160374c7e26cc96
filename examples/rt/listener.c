/* SPDX-License-Identifier: MIT */
/* Listeners of either kind: who comes is accepted, one task at a time or several. */
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "io.h"

struct rt_listener {
	struct io_fd fd;
	const char *type, *stream_type;
	const struct rt_op_type *accept;
	uint16_t port;
	char local[ADDRESS_TEXT];
	_Atomic uint64_t accepted;
	vigil_attr attr_accepted;
};

/* Who came and went before it was accepted is no error of the listener's. */
static int accept_attempt(int fd, struct rt_op *op)
{
	int stream;

	(void)op;
	do {
		stream = accept4(fd, NULL, NULL, SOCK_NONBLOCK | SOCK_CLOEXEC);
	} while (stream < 0 && (errno == EINTR || errno == ECONNABORTED || errno == EPROTO));
	return stream < 0 ? -errno : stream;
}

static bool accept_poll(struct rt_op *op)
{
	struct rt_listener *listener = op->object;
	char peer[ADDRESS_TEXT] = "";
	uint64_t accepted;

	if (!source_poll(listener->fd.source, op, TO_READ, accept_attempt))
		return false;
	if (op->result < 0)
		return true;
	accepted = atomic_fetch_add_explicit(&listener->accepted, 1, memory_order_relaxed) + 1;
	vigil_attr_set_u64(listener->attr_accepted, accepted);
	if (vigil_is_live())
		address_of_fd(op->result, true, peer);
	op->result =
		io_new(op->site, op->result, listener->stream_type, listener->local, peer, op->out);
	return true;
}

static void accept_cancel(struct rt_op *op)
{
	struct rt_listener *listener = op->object;

	source_cancel(listener->fd.source, op);
}

#define ACCEPT(of)                                                                                 \
	{                                                                                          \
		.source = of "::accept", .waits = VIGIL_WAIT_ACCEPT, .poll = accept_poll,          \
		.cancel = accept_cancel                                                            \
	}
static const struct rt_op_type accepts[] = { ACCEPT("TcpListener"), ACCEPT("UnixListener") };

int listener_new(struct vigil_site *site, int fd, const char *type, const char *stream_type,
		 struct rt_listener **ret_listener)
{
	struct rt_listener *listener = calloc(1, sizeof(*listener));
	int error = listener ? 0 : -ENOMEM;

	if (!error && listen(fd, SOMAXCONN))
		error = -errno;
	if (!error) {
		address_of_fd(fd, false, listener->local);
		listener->port = address_port(fd);
		listener->type = type;
		listener->stream_type = stream_type;
		listener->accept = &accepts[strcmp(type, "TcpListener") != 0];
		error = io_fd_open(&listener->fd, site, fd, VIGIL_RESOURCE_IO, type,
				   listener->local);
	}
	if (error) {
		free(listener);
		close(fd);
		return error;
	}
	vigil_attr_text(listener->fd.resource, "local", listener->local);
	listener->attr_accepted = vigil_attr_u64(listener->fd.resource, "accepted", 0, NULL);
	*ret_listener = listener;
	return 0;
}

void rt_listener_free(struct rt_listener *listener)
{
	if (!listener || !io_fd_unwatch(&listener->fd, listener->type))
		return;
	io_fd_close(&listener->fd);
	free(listener);
}

uint16_t rt_listener_port(const struct rt_listener *listener)
{
	return listener->port;
}

struct rt_op rt_accept_op_at(struct vigil_site *site, struct rt_listener *listener,
			     struct rt_io **ret_io)
{
	struct rt_op op = op_make(listener->accept, site, listener, listener->fd.resource);

	op.fd = listener->fd.fd;
	op.out = ret_io;
	return op;
}
