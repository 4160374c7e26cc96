/* SPDX-License-Identifier: MIT */
/*
 * What descriptors have in common: io.c, listener.c, tcp.c, unix.c, pipe.c, udp.c, file.c.
 *
 * The law: a descriptor is closed when its source is gone, and its source goes when nobody
 * waits for it.
 */
#ifndef RT_IO_H
#define RT_IO_H

#include "core.h"

/* How many bytes went through (io_bytes.c). */
struct io_bytes {
	_Atomic uint64_t read, written; /* so far */
	_Atomic bool is_late;           /* the board is to be told: it stands in a list */
	struct io_bytes *next, **link;  /* there */
	uint64_t told_read, told_written;
	vigil_attr attr_read, attr_written;
};

struct io_fd {
	int fd;
	struct source *source;
	vigil_resource resource;
};

/*
 * Has the reactor watch fd, which must not block, and shows it on the board. Returns 0, or a
 * negative errno: then fd stays the caller's.
 */
int io_fd_open(struct io_fd *io, struct vigil_site *site, int fd, enum vigil_resource_kind kind,
	       const char *type, const char *name);
/* Before it is closed. Returns false, and has done nothing but say so, when somebody waits. */
bool io_fd_unwatch(struct io_fd *io, const char *type);
void io_fd_close(struct io_fd *io);

void io_bytes_show(struct io_bytes *bytes, vigil_resource resource);
/* Before its resource goes. */
void io_bytes_close(struct io_bytes *bytes);
/* After a call that moved count bytes. */
void io_bytes_read(struct io_bytes *bytes, int count);
void io_bytes_written(struct io_bytes *bytes, int count);
/* The board does not know yet of some streams. */
bool io_bytes_are_late(void);
/* Tells it of all: when there is nothing else to do; or when that was long ago. */
void io_bytes_tell(void);
void io_bytes_tell_if_due(void);

/* A stream of fd, which is closed on an error. It is named for its peer. "": not known (yet). */
int io_new(struct vigil_site *site, int fd, const char *type, const char *local, const char *peer,
	   struct rt_io **ret_io);
vigil_resource io_resource(const struct rt_io *io);
/* Awaits that connect(2) has come to an end. -EBUSY: no room now, and nothing will tell. */
int io_connect(struct vigil_site *site, struct rt_io *io, const struct sockaddr *address,
	       socklen_t size);

/* Listens on a bound fd, which is closed on an error. type: of the streams that it accepts. */
int listener_new(struct vigil_site *site, int fd, const char *type, const char *stream_type,
		 struct rt_listener **ret_listener);

/* ---- Addresses (address.c) ---- */

#define ADDRESS_TEXT 128

/* Returns 0, or -EINVAL, said as misuse, when text is no numeric address. */
int address_parse(const char *text, uint16_t port, struct sockaddr_storage *ret_address,
		  socklen_t *ret_size);
/* "127.0.0.1:80", "[::1]:80", a path; "" when there is none. */
void address_print(const struct sockaddr_storage *address, socklen_t size, char buf[ADDRESS_TEXT]);
/* Of fd's own end, or its peer's. */
void address_of_fd(int fd, bool is_peer, char buf[ADDRESS_TEXT]);
uint16_t address_port(int fd);

#endif
