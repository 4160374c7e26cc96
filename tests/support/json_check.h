/* SPDX-License-Identifier: MIT */
/*
 * Is a text one JSON document? A checker of the grammar, for tests: strict, and
 * blind to what the document says. Strings must be valid UTF-8 as far as their
 * first bytes tell, and free of control characters.
 */
#ifndef TESTS_JSON_CHECK_H
#define TESTS_JSON_CHECK_H

#include <ctype.h>
#include <stdbool.h>
#include <string.h>

static inline const char *json_check_value(const char *at, int depth);

static inline const char *json_check_space(const char *at)
{
	while (*at == ' ' || *at == '\n' || *at == '\t' || *at == '\r')
		at++;
	return at;
}

static inline const char *json_check_escape(const char *at)
{
	if (*at != 'u')
		return *at && strchr("\"\\/bfnrt", *at) ? at + 1 : NULL;
	for (int i = 1; i <= 4; i++)
		if (!isxdigit((unsigned char)at[i]))
			return NULL;
	return at + 5;
}

static inline const char *json_check_character(const char *at)
{
	unsigned char first = (unsigned char)*at;
	int more = first < 0x80 ? 0 : first < 0xc2 ? -1 : first < 0xe0 ? 1 : first < 0xf0 ? 2 : 3;

	if (first < 0x20 || first == 0x7f || more < 0 || first > 0xf4)
		return NULL;
	for (int i = 1; i <= more; i++)
		if (((unsigned char)at[i] & 0xc0) != 0x80)
			return NULL;
	return at + 1 + more;
}

static inline const char *json_check_string(const char *at)
{
	if (*at++ != '"')
		return NULL;
	while (at && *at != '"')
		at = *at == '\\' ? json_check_escape(at + 1) : json_check_character(at);
	return at ? at + 1 : NULL;
}

static inline const char *json_check_number(const char *at)
{
	const char *begin;

	at += *at == '-';
	begin = at;
	while (isdigit((unsigned char)*at))
		at++;
	if (at == begin || (*begin == '0' && at > begin + 1))
		return NULL;
	if (*at == '.') {
		if (!isdigit((unsigned char)at[1]))
			return NULL;
		at++;
		while (isdigit((unsigned char)*at))
			at++;
	}
	if (*at == 'e' || *at == 'E') {
		at++;
		at += *at == '-' || *at == '+';
		if (!isdigit((unsigned char)*at))
			return NULL;
		while (isdigit((unsigned char)*at))
			at++;
	}
	return at;
}

static inline const char *json_check_member(const char *at, int depth)
{
	at = json_check_string(at);
	if (!at)
		return NULL;
	at = json_check_space(at);
	return *at == ':' ? json_check_value(json_check_space(at + 1), depth) : NULL;
}

static inline const char *json_check_list(const char *at, int depth, bool is_object)
{
	char end = is_object ? '}' : ']';

	at = json_check_space(at + 1);
	if (*at == end)
		return at + 1;
	for (;;) {
		at = is_object ? json_check_member(at, depth) : json_check_value(at, depth);
		if (!at)
			return NULL;
		at = json_check_space(at);
		if (*at == end)
			return at + 1;
		if (*at != ',')
			return NULL;
		at = json_check_space(at + 1);
	}
}

/* Returns where the value ends, NULL when it is none. */
static inline const char *json_check_value(const char *at, int depth)
{
	static const char *const words[] = { "true", "false", "null" };

	if (depth > 64)
		return NULL;
	if (*at == '{' || *at == '[')
		return json_check_list(at, depth + 1, *at == '{');
	if (*at == '"')
		return json_check_string(at);
	for (int i = 0; i < 3; i++)
		if (!strncmp(at, words[i], strlen(words[i])))
			return at + strlen(words[i]);
	return json_check_number(at);
}

static inline bool json_is_valid(const char *text)
{
	const char *at = json_check_value(json_check_space(text), 0);

	return at && !*json_check_space(at);
}

#endif
