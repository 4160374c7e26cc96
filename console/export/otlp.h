/* SPDX-License-Identifier: MIT */
/*
 * OTLP in its JSON encoding: spans and log records in batches, each a line of a file or a
 * request to a collector.
 *
 *	export_otlp.c		from tasks and spans of a trace to spans of OTLP
 *	otlp_batch.c		the documents
 *	otlp_http.c		requests to a collector
 */
#ifndef CONSOLE_EXPORT_OTLP_H
#define CONSOLE_EXPORT_OTLP_H

#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>

#include <vigil/reader.h>

#include "console/json.h"
#include "console/trace/trace.h"

/* What names a span to the world. */
struct otlp_context {
	uint64_t trace_high, trace_low; /* high: of the process */
	uint64_t span;
};

enum otlp_signal { OTLP_SPANS, OTLP_LOGS, OTLP_SIGNALS };

/* ---- otlp_http.c ---- */

struct collector {
	char url[256]; /* as it was given */
	char host[128];
	char port[8];
	char base[128];    /* of the paths: "" */
	uint64_t rejected; /* of what it was sent */
};

/* Reads http://HOST[:PORT][/BASE]. Returns 0, or -1 with a sentence. */
int collector_parse(const char *url, struct collector *ret, struct vigil_problem *ret_problem);

/* Posts a document of a signal. Returns 0, or -1 with a sentence. */
int collector_post(struct collector *collector, enum otlp_signal signal, const char *document,
		   size_t size, struct vigil_problem *ret_problem);

/* ---- otlp_batch.c ---- */

/* Takes a finished document, of one line. Returns 0 or -1. */
typedef int (*otlp_send)(void *arg, enum otlp_signal signal, const char *document, size_t size);

/* What is gathered of one signal of one process. */
struct otlp_batch {
	enum otlp_signal signal;
	const struct trace_process *process;
	FILE *stream; /* NULL: nothing is gathered */
	char *text;
	size_t size;
	size_t count;
	struct json json;
};

/*
 * Begins the next span or record, an object that the caller fills and ends with
 * otlp_batch_end. Returns NULL without memory.
 */
struct json *otlp_batch_begin(struct otlp_batch *batch);

/* Ends it; a batch that is full is sent. Returns what send does, 0 if it did not. */
int otlp_batch_end(struct otlp_batch *batch, otlp_send send, void *arg);

/* Sends what there is. */
int otlp_batch_flush(struct otlp_batch *batch, otlp_send send, void *arg);
void otlp_batch_free(struct otlp_batch *batch);

/* Members in the encoding of OTLP: ids as hex, 64-bit numbers as texts. */
void otlp_id(struct json *json, const char *key, uint64_t high, uint64_t low, bool is_trace);
void otlp_number(struct json *json, const char *key, uint64_t number);
void otlp_attr_text(struct json *json, const char *key, const char *text);
void otlp_attr_number(struct json *json, const char *key, int64_t number);

/* One of the program's own attributes, and its unit as KEY.unit. */
void otlp_attr_record(struct json *json, const struct vigil_attr_record *attr);

#endif
