/* SPDX-License-Identifier: MIT */
/* TCP: a listener, and streams that reach one. */
#include <errno.h>
#include <unistd.h>

#include "io.h"

/* A socket for address, or a negative errno. */
static int tcp_socket(const char *address, uint16_t port, struct sockaddr_storage *ret_address,
		      socklen_t *ret_size)
{
	int error = address_parse(address, port, ret_address, ret_size);
	int fd;

	if (error)
		return error;
	fd = socket(ret_address->ss_family, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
	return fd < 0 ? -errno : fd;
}

int rt_tcp_listen_at(struct vigil_site *site, const char *address, uint16_t port,
		     struct rt_listener **ret_listener)
{
	struct sockaddr_storage to;
	socklen_t size;
	int fd = tcp_socket(address, port, &to, &size);
	int one = 1;
	int error;

	if (fd < 0)
		return fd;
	/* Connections of a server that ended keep its port for a minute. */
	setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &one, sizeof(one));
	if (bind(fd, (struct sockaddr *)&to, size)) {
		error = -errno;
		close(fd);
		return error;
	}
	return listener_new(site, fd, "TcpListener", "TcpStream", ret_listener);
}

int rt_tcp_connect_at(struct vigil_site *site, const char *address, uint16_t port,
		      struct rt_io **ret_io)
{
	char peer[ADDRESS_TEXT], local[ADDRESS_TEXT];
	struct sockaddr_storage to;
	struct rt_io *io = NULL;
	socklen_t size;
	int fd = tcp_socket(address, port, &to, &size);
	int error;

	if (fd < 0)
		return fd;
	address_print(&to, size, peer);
	error = io_new(site, fd, "TcpStream", "", peer, &io);
	if (error)
		return error;
	error = io_connect(site, io, (struct sockaddr *)&to, size);
	if (error) {
		rt_io_free(io);
		return error;
	}
	if (vigil_is_live()) {
		address_of_fd(fd, false, local);
		vigil_attr_text(io_resource(io), "local", local);
	}
	*ret_io = io;
	return 0;
}
