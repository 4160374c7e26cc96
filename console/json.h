/* SPDX-License-Identifier: MIT */
/*
 * A JSON document, written as it is made.
 *
 * The law: what comes out is valid JSON in UTF-8, whatever goes in, and harmless
 * on a terminal: invalid bytes become U+FFFD; control characters and what turns
 * text around are escaped. Integers are written whole, all 64 bits.
 *
 * key is the member's name inside an object and NULL inside an array.
 */
#ifndef CONSOLE_JSON_H
#define CONSOLE_JSON_H

#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>

struct json {
	FILE *file;
	bool is_one_line; /* else members and elements near the top have lines of their own */
	unsigned depth;
	bool has_before; /* a comma is due before what comes next */
};

void json_begin(struct json *json, FILE *file, bool is_one_line);

/* Ends the document with a newline. */
void json_end(struct json *json);

void json_object_begin(struct json *json, const char *key);
void json_object_end(struct json *json);
void json_array_begin(struct json *json, const char *key);
void json_array_end(struct json *json);

/* NULL text is null. */
void json_text(struct json *json, const char *key, const char *text);
void json_u64(struct json *json, const char *key, uint64_t value);
void json_i64(struct json *json, const char *key, int64_t value);
void json_micros(struct json *json, const char *key, int64_t ns); /* exact, as 1.234 */
void json_real(struct json *json, const char *key, double value); /* null if not finite */
void json_bool(struct json *json, const char *key, bool value);
void json_null(struct json *json, const char *key);

#endif
