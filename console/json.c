/* SPDX-License-Identifier: MIT */
/* Writing JSON. json.h has the law. */
#include "console/json.h"

#include <inttypes.h>
#include <math.h>
#include <string.h>

#include "console/canvas.h"

#define LINES_TO_DEPTH 2 /* deeper things share a line */

static void put_code(FILE *file, uint32_t code)
{
	char bytes[4];
	int length;

	if (code == '"' || code == '\\') {
		fprintf(file, "\\%c", (char)code);
	} else if (code == '\n') {
		fputs("\\n", file);
	} else if (code == '\t') {
		fputs("\\t", file);
	} else if (code >= 0x20 && code_width(code) >= 0) {
		length = utf8_put(bytes, code);
		fwrite(bytes, 1, (size_t)length, file);
	} else if (code < 0x10000) {
		fprintf(file, "\\u%04x", code);
	} else {
		code -= 0x10000;
		fprintf(file, "\\u%04x\\u%04x", 0xd800 + (code >> 10), 0xdc00 + (code & 0x3ff));
	}
}

static bool is_plain(char c)
{
	return c >= 0x20 && c < 0x7f && c != '"' && c != '\\';
}

static void put_text(FILE *file, const char *text)
{
	fputc('"', file);
	while (*text) {
		size_t plain = 0;

		while (is_plain(text[plain]))
			plain++;
		fwrite(text, 1, plain, file);
		text += plain;
		if (*text)
			put_code(file, utf8_next(&text));
	}
	fputc('"', file);
}

static void line_begin(struct json *json)
{
	if (json->is_one_line || json->depth > LINES_TO_DEPTH)
		return;
	fputc('\n', json->file);
	for (unsigned i = 0; i < json->depth; i++)
		fputc(' ', json->file);
}

/* What stands before every value: a comma, a line, its name. */
static void value_begin(struct json *json, const char *key)
{
	if (json->has_before)
		fputc(',', json->file);
	if (json->depth)
		line_begin(json);
	if (key) {
		put_text(json->file, key);
		fputc(':', json->file);
	}
	json->has_before = true;
}

static void nest_begin(struct json *json, const char *key, char bracket)
{
	value_begin(json, key);
	fputc(bracket, json->file);
	json->depth++;
	json->has_before = false;
}

static void nest_end(struct json *json, char bracket)
{
	bool is_empty = !json->has_before;

	json->depth--;
	if (!is_empty && json->depth < LINES_TO_DEPTH)
		line_begin(json);
	fputc(bracket, json->file);
	json->has_before = true;
}

void json_begin(struct json *json, FILE *file, bool is_one_line)
{
	memset(json, 0, sizeof(*json));
	json->file = file;
	json->is_one_line = is_one_line;
}

void json_end(struct json *json)
{
	fputc('\n', json->file);
	json->has_before = false;
}

void json_object_begin(struct json *json, const char *key)
{
	nest_begin(json, key, '{');
}

void json_object_end(struct json *json)
{
	nest_end(json, '}');
}

void json_array_begin(struct json *json, const char *key)
{
	nest_begin(json, key, '[');
}

void json_array_end(struct json *json)
{
	nest_end(json, ']');
}

void json_text(struct json *json, const char *key, const char *text)
{
	value_begin(json, key);
	if (text)
		put_text(json->file, text);
	else
		fputs("null", json->file);
}

void json_u64(struct json *json, const char *key, uint64_t value)
{
	value_begin(json, key);
	fprintf(json->file, "%" PRIu64, value);
}

void json_i64(struct json *json, const char *key, int64_t value)
{
	value_begin(json, key);
	fprintf(json->file, "%" PRId64, value);
}

void json_micros(struct json *json, const char *key, int64_t ns)
{
	uint64_t size = ns < 0 ? -(uint64_t)ns : (uint64_t)ns;

	value_begin(json, key);
	fprintf(json->file, "%s%" PRIu64 ".%03u", ns < 0 ? "-" : "", size / 1000,
		(unsigned)(size % 1000));
}

void json_real(struct json *json, const char *key, double value)
{
	value_begin(json, key);
	if (isfinite(value))
		fprintf(json->file, "%.9g", value);
	else
		fputs("null", json->file);
}

void json_bool(struct json *json, const char *key, bool value)
{
	value_begin(json, key);
	fputs(value ? "true" : "false", json->file);
}

void json_null(struct json *json, const char *key)
{
	value_begin(json, key);
	fputs("null", json->file);
}
