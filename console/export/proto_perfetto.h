/* SPDX-License-Identifier: MIT */
/*
 * Packets of a Perfetto trace, written one by one: tracks, and what happens on them.
 *
 * Texts may be anything; they are made valid UTF-8 on the way. What comes often is
 * interned, within a bound.
 */
#ifndef CONSOLE_EXPORT_PROTO_PERFETTO_H
#define CONSOLE_EXPORT_PROTO_PERFETTO_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>

struct packets;

/* Returns NULL without memory. */
struct packets *packets_new(FILE *file);
void packets_free(struct packets *packets);

/* Which clock the times are of: the wall's. Comes first. */
void packets_clock(struct packets *packets, uint64_t unix_ns);

/* Whether memory ran out: then the file is not whole. */
bool packets_have_failed(const struct packets *packets);

enum track_kind { TRACK_PROCESS, TRACK_THREAD, TRACK_COUNTER, TRACK_PLAIN };

struct track {
	enum track_kind kind;
	uint64_t uuid;
	uint64_t parent; /* of a counter's or a plain one; 0: at the top */
	const char *name;
	uint32_t pid; /* of a process's or a thread's */
	uint32_t tid;
	bool has_order; /* those below it stand in the order of their first events */
};
void packets_track(struct packets *packets, const struct track *track);

enum packet_type { PACKET_BEGIN = 1, PACKET_END = 2, PACKET_INSTANT = 3, PACKET_COUNTER = 4 };

#define PACKET_ARGS 8

/* A named value of an event: text, or if that is NULL number. */
struct packet_arg {
	const char *key;
	const char *text;
	int64_t number;
};

struct packet {
	enum packet_type type;
	uint64_t ns;
	uint64_t track;
	const char *category; /* not of ends and counters */
	const char *name;
	int64_t value;     /* of a counter */
	uint64_t flow;     /* goes through here; 0 none */
	uint64_t flow_end; /* ends here */
	const char *file;  /* NULL: no place */
	const char *function;
	uint32_t line;
	struct packet_arg args[PACKET_ARGS];
	size_t arg_count;
};
void packets_put(struct packets *packets, const struct packet *packet);

#endif
