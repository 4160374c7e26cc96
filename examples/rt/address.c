/* SPDX-License-Identifier: MIT */
/* Addresses of sockets, from text and to text. */
#include <arpa/inet.h>
#include <errno.h>
#include <netinet/in.h>
#include <stdio.h>
#include <string.h>
#include <sys/un.h>

#include "io.h"

int address_parse(const char *text, uint16_t port, struct sockaddr_storage *ret_address,
		  socklen_t *ret_size)
{
	struct sockaddr_in v4 = { .sin_family = AF_INET, .sin_port = htons(port) };
	struct sockaddr_in6 v6 = { .sin6_family = AF_INET6, .sin6_port = htons(port) };

	memset(ret_address, 0, sizeof(*ret_address));
	if (text && inet_pton(AF_INET, text, &v4.sin_addr) == 1) {
		memcpy(ret_address, &v4, sizeof(v4));
		*ret_size = sizeof(v4);
		return 0;
	}
	if (text && inet_pton(AF_INET6, text, &v6.sin6_addr) == 1) {
		memcpy(ret_address, &v6, sizeof(v6));
		*ret_size = sizeof(v6);
		return 0;
	}
	return misuse(-EINVAL,
		      "\"%s\" is no numeric address: give 127.0.0.1, ::1 or the like, and "
		      "names to rt_resolve",
		      text ? text : "NULL");
}

void address_print(const struct sockaddr_storage *address, socklen_t size, char buf[ADDRESS_TEXT])
{
	const struct sockaddr_in *v4 = (const struct sockaddr_in *)address;
	const struct sockaddr_in6 *v6 = (const struct sockaddr_in6 *)address;
	const struct sockaddr_un *local = (const struct sockaddr_un *)address;
	size_t path = offsetof(struct sockaddr_un, sun_path);
	char host[INET6_ADDRSTRLEN];

	buf[0] = '\0';
	if (size < sizeof(address->ss_family))
		return;
	if (address->ss_family == AF_INET && inet_ntop(AF_INET, &v4->sin_addr, host, sizeof(host)))
		snprintf(buf, ADDRESS_TEXT, "%s:%u", host, ntohs(v4->sin_port));
	if (address->ss_family == AF_INET6 &&
	    inet_ntop(AF_INET6, &v6->sin6_addr, host, sizeof(host)))
		snprintf(buf, ADDRESS_TEXT, "[%s]:%u", host, ntohs(v6->sin6_port));
	if (address->ss_family == AF_UNIX && size > path)
		snprintf(buf, ADDRESS_TEXT, "%.*s", (int)(size - path), local->sun_path);
}

static socklen_t address_get(int fd, bool is_peer, struct sockaddr_storage *ret_address)
{
	socklen_t size = sizeof(*ret_address);
	int error;

	if (is_peer)
		error = getpeername(fd, (struct sockaddr *)ret_address, &size);
	else
		error = getsockname(fd, (struct sockaddr *)ret_address, &size);
	return error ? 0 : size;
}

void address_of_fd(int fd, bool is_peer, char buf[ADDRESS_TEXT])
{
	struct sockaddr_storage address = { 0 };

	address_print(&address, address_get(fd, is_peer, &address), buf);
}

uint16_t address_port(int fd)
{
	struct sockaddr_storage address = { 0 };

	if (!address_get(fd, false, &address))
		return 0;
	if (address.ss_family == AF_INET)
		return ntohs(((struct sockaddr_in *)&address)->sin_port);
	if (address.ss_family == AF_INET6)
		return ntohs(((struct sockaddr_in6 *)&address)->sin6_port);
	return 0;
}
