/* SPDX-License-Identifier: MIT */
/*
 * The packets that LTTng wrote for a recording of ours, as far as a recorder looks:
 * by their headers, without babeltrace2. What reads traces of others is ctf_packets.h.
 */
#ifndef CONSOLE_TRACE_PACKETS_H
#define CONSOLE_TRACE_PACKETS_H

#include <stdbool.h>
#include <stdint.h>

/* How a packet begins. */
struct packet {
	uint32_t magic;
	uint8_t uuid[16];
	uint32_t stream;
	uint64_t instance;
	uint64_t begin_ns; /* CLOCK_MONOTONIC */
	uint64_t end_ns, content_bits, packet_bits;
	uint64_t number;
};

/* The first packet of a file of events, by its path. False: it is none, or is damaged. */
bool packet_first(const char *path, struct packet *ret_packet);

/* Whether there is an event in any file below a folder; a session without has packets too. */
bool packets_have_events(const char *folder);

#endif
