/* SPDX-License-Identifier: MIT */
/*
 * Work that blocks, input and output.
 * Part of rt.h, whose head has the promise that holds here too.
 */
#ifndef RT_PART_IO_H
#define RT_PART_IO_H

#ifndef RT_H
#error "include rt.h instead"
#endif

/* ---- Blocking work (blocking.c) ---- */

/*
 * Runs fn on a thread of the blocking pool; the handle is as rt_spawn's. Cancelling it takes it
 * out of the queue; once it runs it runs.
 */
int rt_spawn_blocking_at(struct vigil_site *site, struct rt_handle *ret_handle, rt_fn fn, void *arg,
			 const char *name);
#define rt_spawn_blocking(ret_handle, fn, arg, name)                                               \
	rt_spawn_blocking_at(VIGIL_HERE(), ret_handle, fn, arg, name)
/*
 * The same, and awaits it: for one call. A cancel lets it run and awaits it: fn may use the
 * caller's stack.
 */
int rt_call_blocking_at(struct vigil_site *site, rt_fn fn, void *arg, const char *name);
#define rt_call_blocking(fn, arg, name) rt_call_blocking_at(VIGIL_HERE(), fn, arg, name)
/*
 * Runs fn here, on the worker's thread; another thread takes the worker's place meanwhile. fn
 * may block, spawn and wake; awaits in it return -EDEADLK, but what the blocking pool would do
 * for them (rt_call_blocking, files, names) this thread does itself. Needs two workers: else
 * -EPERM. With 64 threads, workers and those in their places, there are no more.
 */
int rt_block_in_place_at(struct vigil_site *site, rt_fn fn, void *arg);
#define rt_block_in_place(fn, arg) rt_block_in_place_at(VIGIL_HERE(), fn, arg)

/* ---- Input and output (io.c, listener.c, tcp.c and the like) ---- */

/*
 * A connected socket or a pipe's end: bytes. Two tasks may use it, one to read and one to
 * write. Like all here it is made and freed inside the runtime.
 */
struct rt_io;
/* Takes fd, which will not block any more. NULL: errno says why, and fd stays the caller's. */
struct rt_io *rt_io_new_at(struct vigil_site *site, int fd, const char *type, const char *name);
#define rt_io_new(fd, type, name) rt_io_new_at(VIGIL_HERE(), fd, type, name)
void rt_io_free(struct rt_io *io); /* closes; nobody may wait: then it stays */
void rt_io_guard(struct rt_io **io);
int rt_io_fd(const struct rt_io *io);
/* As read(2) and write(2): bytes, 0 at the end, a negative errno. */
struct rt_op rt_read_op_at(struct vigil_site *site, struct rt_io *io, void *buf, size_t size);
#define rt_read_op(io, buf, size) rt_read_op_at(VIGIL_HERE(), io, buf, size)
#define rt_read(io, buf, size) rt_do(rt_read_op(io, buf, size))
struct rt_op rt_write_op_at(struct vigil_site *site, struct rt_io *io, const void *buf,
			    size_t size);
#define rt_write_op(io, buf, size) rt_write_op_at(VIGIL_HERE(), io, buf, size)
#define rt_write(io, buf, size) rt_do(rt_write_op(io, buf, size))
/* All of it, or a negative code; -ENODATA from rt_read_full when it ended before. */
int rt_write_all_at(struct vigil_site *site, struct rt_io *io, const void *buf, size_t size);
#define rt_write_all(io, buf, size) rt_write_all_at(VIGIL_HERE(), io, buf, size)
int rt_read_full_at(struct vigil_site *site, struct rt_io *io, void *buf, size_t size);
#define rt_read_full(io, buf, size) rt_read_full_at(VIGIL_HERE(), io, buf, size)
int rt_io_end_write(struct rt_io *io); /* the peer reads an end; -ENOTSOCK: free the pipe's end */

/* Addresses are numeric, "127.0.0.1", "::1"; names go through rt_resolve. port 0: any. */
struct rt_listener;
int rt_tcp_listen_at(struct vigil_site *site, const char *address, uint16_t port,
		     struct rt_listener **ret_listener);
#define rt_tcp_listen(address, port, ret_listener)                                                 \
	rt_tcp_listen_at(VIGIL_HERE(), address, port, ret_listener)
uint16_t rt_listener_port(const struct rt_listener *listener);
void rt_listener_free(struct rt_listener *listener);
struct rt_op rt_accept_op_at(struct vigil_site *site, struct rt_listener *listener,
			     struct rt_io **ret_io);
#define rt_accept_op(listener, ret_io) rt_accept_op_at(VIGIL_HERE(), listener, ret_io)
#define rt_accept(listener, ret_io) rt_do(rt_accept_op(listener, ret_io))
int rt_tcp_connect_at(struct vigil_site *site, const char *address, uint16_t port,
		      struct rt_io **ret_io);
#define rt_tcp_connect(address, port, ret_io) rt_tcp_connect_at(VIGIL_HERE(), address, port, ret_io)
/* path must not exist, and stays when the listener is freed: unlink(2) it before and after. */
int rt_unix_listen_at(struct vigil_site *site, const char *path, struct rt_listener **ret_listener);
#define rt_unix_listen(path, ret_listener) rt_unix_listen_at(VIGIL_HERE(), path, ret_listener)
int rt_unix_connect_at(struct vigil_site *site, const char *path, struct rt_io **ret_io);
#define rt_unix_connect(path, ret_io) rt_unix_connect_at(VIGIL_HERE(), path, ret_io)
int rt_unix_pair_at(struct vigil_site *site, struct rt_io *ret_ends[2]);
#define rt_unix_pair(ret_ends) rt_unix_pair_at(VIGIL_HERE(), ret_ends)
int rt_pipe_at(struct vigil_site *site, struct rt_io **ret_read, struct rt_io **ret_write);
#define rt_pipe(ret_read, ret_write) rt_pipe_at(VIGIL_HERE(), ret_read, ret_write)

struct rt_udp;
int rt_udp_bind_at(struct vigil_site *site, const char *address, uint16_t port,
		   struct rt_udp **ret_udp);
#define rt_udp_bind(address, port, ret_udp) rt_udp_bind_at(VIGIL_HERE(), address, port, ret_udp)
uint16_t rt_udp_port(const struct rt_udp *udp);
void rt_udp_free(struct rt_udp *udp);
struct rt_datagram {
	void *buf;
	size_t size; /* of buf; after a receive: of what is in it. Set it before the next. */
	struct sockaddr_storage peer;
	socklen_t peer_size;
};
struct rt_op rt_udp_send_op_at(struct vigil_site *site, struct rt_udp *udp,
			       const struct rt_datagram *datagram);
#define rt_udp_send_op(udp, datagram) rt_udp_send_op_at(VIGIL_HERE(), udp, datagram)
#define rt_udp_send(udp, datagram) rt_do(rt_udp_send_op(udp, datagram))
/* Results in the datagram's length, which is more than size when it was cut. */
struct rt_op rt_udp_recv_op_at(struct vigil_site *site, struct rt_udp *udp,
			       struct rt_datagram *datagram);
#define rt_udp_recv_op(udp, datagram) rt_udp_recv_op_at(VIGIL_HERE(), udp, datagram)
#define rt_udp_recv(udp, datagram) rt_do(rt_udp_recv_op(udp, datagram))
/* Fills a datagram's peer. */
int rt_udp_to(struct rt_datagram *datagram, const char *address, uint16_t port);

/*
 * Files, through the blocking pool. A call that has begun works in the caller's memory, so a
 * cancel lets it end, and its result is returned.
 */
struct rt_file;
int rt_file_open_at(struct vigil_site *site, const char *path, int flags, mode_t mode,
		    struct rt_file **ret_file);
#define rt_file_open(path, flags, mode, ret_file)                                                  \
	rt_file_open_at(VIGIL_HERE(), path, flags, mode, ret_file)
void rt_file_free(struct rt_file *file);
ssize_t rt_file_read_at(struct vigil_site *site, struct rt_file *file, void *buf, size_t size,
			off_t offset);
#define rt_file_read(file, buf, size, offset) rt_file_read_at(VIGIL_HERE(), file, buf, size, offset)
ssize_t rt_file_write_at(struct vigil_site *site, struct rt_file *file, const void *buf,
			 size_t size, off_t offset);
#define rt_file_write(file, buf, size, offset)                                                     \
	rt_file_write_at(VIGIL_HERE(), file, buf, size, offset)
int rt_file_sync_at(struct vigil_site *site, struct rt_file *file);
#define rt_file_sync(file) rt_file_sync_at(VIGIL_HERE(), file)
/* A whole file, with a NUL behind it; the caller frees it. */
int rt_file_load_at(struct vigil_site *site, const char *path, char **ret_text, size_t *ret_size);
#define rt_file_load(path, ret_text, ret_size)                                                     \
	rt_file_load_at(VIGIL_HERE(), path, ret_text, ret_size)

/*
 * A name's first address as text, through the pool. -ENOENT: there is no such name;
 * -EHOSTUNREACH: no name server answers. A cancel leaves the lookup to itself.
 */
int rt_resolve_at(struct vigil_site *site, const char *name, char *ret_address, size_t size);
#define rt_resolve(name, ret_address, size) rt_resolve_at(VIGIL_HERE(), name, ret_address, size)

/*
 * From its birth the signal does nothing but wake all that wait. One that comes when nobody
 * does is seen by the next to ask; several are one. Freeing the last of a number gives it
 * back what it did before. -EINVAL: SIGKILL, SIGSTOP, a fault.
 */
struct rt_signal;
int rt_signal_new_at(struct vigil_site *site, int number, struct rt_signal **ret_signal);
#define rt_signal_new(number, ret_signal) rt_signal_new_at(VIGIL_HERE(), number, ret_signal)
void rt_signal_free(struct rt_signal *signal);
struct rt_op rt_signal_wait_op_at(struct vigil_site *site, struct rt_signal *signal);
#define rt_signal_wait_op(signal) rt_signal_wait_op_at(VIGIL_HERE(), signal)
#define rt_signal_wait(signal) rt_do(rt_signal_wait_op(signal))

#endif
