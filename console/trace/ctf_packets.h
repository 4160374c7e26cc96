/* SPDX-License-Identifier: MIT */
/*
 * The packets of LTTng's stream files, read off their headers: when each begins and
 * ends, where it stands, what was lost before it.
 *
 * babeltrace2 reads a trace from its start only, and refuses one with a broken
 * packet as a whole. With the packets known, a piece of a trace can be given to it
 * (ctf_view.c): from a moment on, or around damage.
 *
 * The layout is that of LTTng-UST 2.x; traces of other tracers are read from their
 * start, or not at all.
 */
#ifndef CONSOLE_TRACE_CTF_PACKETS_H
#define CONSOLE_TRACE_CTF_PACKETS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* How a trace's packets begin, as its metadata says. */
struct ctf_layout {
	uint8_t uuid[16];
	uint64_t clock_offset; /* unix ns of the clock's 0 */
	bool is_swapped;       /* the other byte order */
	bool has_short_long;   /* its longs have 32 bits */
};

/*
 * Returns 0, -ENOTSUP for a layout we do not know, -EBADMSG for metadata whose own
 * packets are damaged, over which babeltrace2 may go round for ever, or -errno.
 */
int ctf_layout_read(const char *metadata, struct ctf_layout *ret_layout);

struct ctf_packet {
	uint64_t offset, size; /* bytes in the file */
	uint64_t begin, end;   /* ns on the trace's clock */
	uint64_t number;       /* of its stream, in order; one left out was lost */
	uint64_t discarded;    /* events, by its end, since the start */
};

struct ctf_stream {
	struct ctf_packet *packets;
	size_t count;
	uint64_t bytes;   /* of the file */
	uint64_t damaged; /* bytes that are in no packet */
};

/*
 * Reads the headers of a file's packets. Where one is damaged the next whole one is
 * looked for; there may be none at all. Returns 0 or -errno.
 */
int ctf_stream_read(const char *path, const struct ctf_layout *layout,
		    struct ctf_stream *ret_stream);
void ctf_stream_free(struct ctf_stream *stream);

#endif
