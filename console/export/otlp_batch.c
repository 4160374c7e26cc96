/* SPDX-License-Identifier: MIT */
/* Documents of OTLP, gathered in memory, as a collector is told how long each is. */
#include "console/export/otlp.h"

#include <inttypes.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include <vigil/vigil.h>

#include "libtrace/board.h"

#define BATCH_COUNT 512
#define BATCH_SIZE (1u << 20) /* collectors take some MiB at once */

static const struct {
	const char *resources, *scopes, *items;
} words[OTLP_SIGNALS] = {
	[OTLP_SPANS] = { "resourceSpans", "scopeSpans", "spans" },
	[OTLP_LOGS] = { "resourceLogs", "scopeLogs", "logRecords" },
};

/* ---- Members ---- */

void otlp_id(struct json *json, const char *key, uint64_t high, uint64_t low, bool is_trace)
{
	char hex[40];

	if (is_trace)
		snprintf(hex, sizeof(hex), "%016" PRIx64 "%016" PRIx64, high, low);
	else
		snprintf(hex, sizeof(hex), "%016" PRIx64, low);
	json_text(json, key, hex);
}

void otlp_number(struct json *json, const char *key, uint64_t number)
{
	char digits[24];

	snprintf(digits, sizeof(digits), "%" PRIu64, number);
	json_text(json, key, digits);
}

static void attr_begin(struct json *json, const char *key)
{
	json_object_begin(json, NULL);
	json_text(json, "key", key);
	json_object_begin(json, "value");
}

static void attr_end(struct json *json)
{
	json_object_end(json);
	json_object_end(json);
}

void otlp_attr_text(struct json *json, const char *key, const char *text)
{
	attr_begin(json, key);
	json_text(json, "stringValue", text);
	attr_end(json);
}

void otlp_attr_number(struct json *json, const char *key, int64_t number)
{
	char digits[24];

	attr_begin(json, key);
	snprintf(digits, sizeof(digits), "%" PRId64, number);
	json_text(json, "intValue", digits);
	attr_end(json);
}

static void attr_real(struct json *json, const char *key, uint64_t bits)
{
	double value;

	memcpy(&value, &bits, sizeof(value));
	attr_begin(json, key);
	if (isfinite(value))
		json_real(json, "doubleValue", value);
	else
		json_text(json, "doubleValue",
			  isnan(value) ? "NaN" :
			  value > 0    ? "Infinity" :
					 "-Infinity");
	attr_end(json);
}

void otlp_attr_record(struct json *json, const struct vigil_attr_record *attr)
{
	char words_of_it[64];

	switch (attr->type) {
	case VIGIL_ATTR_TEXT:
		otlp_attr_text(json, attr->key, attr->words);
		break;
	case VIGIL_ATTR_BOOL:
		attr_begin(json, attr->key);
		json_bool(json, "boolValue", attr->value);
		attr_end(json);
		break;
	case VIGIL_ATTR_F64:
		attr_real(json, attr->key, attr->value);
		break;
	case VIGIL_ATTR_U64:
		/* OTLP has signed numbers alone. */
		if (attr->value > INT64_MAX) {
			snprintf(words_of_it, sizeof(words_of_it), "%" PRIu64, attr->value);
			otlp_attr_text(json, attr->key, words_of_it);
			break;
		}
		/* fall through */
	default:
		otlp_attr_number(json, attr->key, (int64_t)attr->value);
		break;
	}
	if (!attr->unit[0])
		return;
	snprintf(words_of_it, sizeof(words_of_it), "%s.unit", attr->key);
	otlp_attr_text(json, words_of_it, attr->unit);
}

/* ---- Batches ---- */

static void resource_put(struct json *json, const struct trace_process *process)
{
	json_object_begin(json, "resource");
	json_array_begin(json, "attributes");
	otlp_attr_text(json, "service.name", process->name[0] ? process->name : "unknown_service");
	otlp_attr_number(json, "process.pid", process->pid);
	if (process->host[0])
		otlp_attr_text(json, "host.name", process->host);
	if (process->board->process->command[0])
		otlp_attr_text(json, "process.command_line", process->board->process->command);
	json_array_end(json);
	json_object_end(json);
}

static int batch_open(struct otlp_batch *batch)
{
	struct json *json = &batch->json;

	batch->stream = open_memstream(&batch->text, &batch->size);
	if (!batch->stream)
		return -1;
	json_begin(json, batch->stream, true);
	json_object_begin(json, NULL);
	json_array_begin(json, words[batch->signal].resources);
	json_object_begin(json, NULL);
	resource_put(json, batch->process);
	json_array_begin(json, words[batch->signal].scopes);
	json_object_begin(json, NULL);
	json_object_begin(json, "scope");
	json_text(json, "name", "vigil");
	json_text(json, "version", VIGIL_VERSION);
	json_object_end(json);
	json_array_begin(json, words[batch->signal].items);
	return 0;
}

struct json *otlp_batch_begin(struct otlp_batch *batch)
{
	if (!batch->stream && batch_open(batch))
		return NULL;
	json_object_begin(&batch->json, NULL);
	return &batch->json;
}

int otlp_batch_end(struct otlp_batch *batch, otlp_send send, void *arg)
{
	json_object_end(&batch->json);
	batch->count++;
	if (batch->count < BATCH_COUNT && ftell(batch->stream) < BATCH_SIZE)
		return 0;
	return otlp_batch_flush(batch, send, arg);
}

int otlp_batch_flush(struct otlp_batch *batch, otlp_send send, void *arg)
{
	struct json *json = &batch->json;
	int r;

	if (!batch->stream)
		return 0;
	json_array_end(json);
	json_object_end(json);
	json_array_end(json);
	json_object_end(json);
	json_array_end(json);
	json_object_end(json);
	json_end(json);
	r = fclose(batch->stream);
	batch->stream = NULL;
	batch->count = 0;
	if (!r)
		r = send(arg, batch->signal, batch->text, batch->size);
	free(batch->text);
	batch->text = NULL;
	return r;
}

void otlp_batch_free(struct otlp_batch *batch)
{
	if (batch->stream)
		fclose(batch->stream);
	free(batch->text);
	batch->stream = NULL;
	batch->text = NULL;
}
