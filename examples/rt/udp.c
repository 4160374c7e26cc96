/* SPDX-License-Identifier: MIT */
/* Datagrams. One that is longer than its buffer is cut, and the operation's result says so. */
#include <errno.h>
#include <limits.h>
#include <stdlib.h>
#include <unistd.h>

#include "io.h"

struct rt_udp {
	struct io_fd fd;
	struct io_bytes bytes;
	uint16_t port;
};

int rt_udp_bind_at(struct vigil_site *site, const char *address, uint16_t port,
		   struct rt_udp **ret_udp)
{
	struct sockaddr_storage at;
	char local[ADDRESS_TEXT];
	struct rt_udp *udp;
	socklen_t size;
	int error = address_parse(address, port, &at, &size);
	int fd;

	if (error)
		return error;
	fd = socket(at.ss_family, SOCK_DGRAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
	if (fd < 0)
		return -errno;
	udp = calloc(1, sizeof(*udp));
	error = udp ? 0 : -ENOMEM;
	if (!error && bind(fd, (struct sockaddr *)&at, size))
		error = -errno;
	address_of_fd(fd, false, local);
	if (!error)
		error = io_fd_open(&udp->fd, site, fd, VIGIL_RESOURCE_IO, "UdpSocket", local);
	if (error) {
		free(udp);
		close(fd);
		return error;
	}
	udp->port = address_port(fd);
	vigil_attr_text(udp->fd.resource, "local", local);
	io_bytes_show(&udp->bytes, udp->fd.resource);
	*ret_udp = udp;
	return 0;
}

void rt_udp_free(struct rt_udp *udp)
{
	if (!udp || !io_fd_unwatch(&udp->fd, "UdpSocket"))
		return;
	io_bytes_close(&udp->bytes);
	io_fd_close(&udp->fd);
	free(udp);
}

uint16_t rt_udp_port(const struct rt_udp *udp)
{
	return udp->port;
}

int rt_udp_to(struct rt_datagram *datagram, const char *address, uint16_t port)
{
	return address_parse(address, port, &datagram->peer, &datagram->peer_size);
}

static int send_attempt(int fd, struct rt_op *op)
{
	const struct rt_datagram *datagram = op->in.bytes;
	ssize_t n;

	do {
		n = sendto(fd, datagram->buf, datagram->size, MSG_NOSIGNAL,
			   (const struct sockaddr *)&datagram->peer, datagram->peer_size);
	} while (n < 0 && errno == EINTR);
	return n < 0 ? -errno : (int)n;
}

/* size becomes no more than it was: the datagram may be received into again. */
static int recv_attempt(int fd, struct rt_op *op)
{
	struct rt_datagram *datagram = op->out;
	ssize_t n;

	do {
		datagram->peer_size = sizeof(datagram->peer);
		n = recvfrom(fd, datagram->buf, datagram->size, MSG_TRUNC,
			     (struct sockaddr *)&datagram->peer, &datagram->peer_size);
	} while (n < 0 && errno == EINTR);
	if (n < 0)
		return -errno;
	if ((size_t)n < datagram->size)
		datagram->size = (size_t)n;
	return (int)n;
}

static bool send_poll(struct rt_op *op)
{
	struct rt_udp *udp = op->object;

	if (source_poll(udp->fd.source, op, TO_WRITE, send_attempt)) {
		io_bytes_written(&udp->bytes, op->result);
		return true;
	}
	return false;
}

static bool recv_poll(struct rt_op *op)
{
	struct rt_udp *udp = op->object;

	if (source_poll(udp->fd.source, op, TO_READ, recv_attempt)) {
		io_bytes_read(&udp->bytes, op->result);
		return true;
	}
	return false;
}

static void udp_cancel(struct rt_op *op)
{
	struct rt_udp *udp = op->object;

	source_cancel(udp->fd.source, op);
}

struct rt_op rt_udp_send_op_at(struct vigil_site *site, struct rt_udp *udp,
			       const struct rt_datagram *datagram)
{
	static const struct rt_op_type type = { .source = "UdpSocket::send_to",
						.waits = VIGIL_WAIT_WRITABLE,
						.poll = send_poll,
						.cancel = udp_cancel };
	struct rt_op op = op_make(&type, site, udp, udp->fd.resource);

	op.fd = udp->fd.fd;
	op.in.bytes = datagram;
	return op;
}

struct rt_op rt_udp_recv_op_at(struct vigil_site *site, struct rt_udp *udp,
			       struct rt_datagram *datagram)
{
	static const struct rt_op_type type = { .source = "UdpSocket::recv_from",
						.waits = VIGIL_WAIT_READABLE,
						.poll = recv_poll,
						.cancel = udp_cancel };
	struct rt_op op = op_make(&type, site, udp, udp->fd.resource);

	op.fd = udp->fd.fd;
	op.out = datagram;
	return op;
}
