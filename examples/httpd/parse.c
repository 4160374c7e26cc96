/* SPDX-License-Identifier: MIT */
/*
 * The request parser.
 *
 * Law: strict where leniency lets two parsers disagree about where a request
 * ends (RFC 9112, 11.2): no bare LF, no folded line, no space before a colon,
 * no second Content-Length, no Transfer-Encoding at all.
 */
#include "parse.h"

#include <string.h>
#include <strings.h>

/* What the header fields said, until the blank line lets us judge it. */
struct fields {
	unsigned n_hosts;
	unsigned n_lengths;
	bool has_coding;
	bool has_body;
	bool is_close;
	bool is_keep_alive;
};

bool slice_equals(struct slice slice, const char *text)
{
	return slice.len == strlen(text) && !memcmp(slice.at, text, slice.len);
}

/* `text` is lower case. */
static bool slice_is(struct slice slice, const char *text)
{
	return slice.len == strlen(text) && !strncasecmp(slice.at, text, slice.len);
}

/* Cuts what stands before `mark` off the front of `rest`, and the mark. */
static bool slice_cut(struct slice *rest, char mark, struct slice *ret_front)
{
	const char *found = memchr(rest->at, mark, rest->len);

	if (!found)
		return false;
	*ret_front = (struct slice){ rest->at, (size_t)(found - rest->at) };
	rest->at += ret_front->len + 1;
	rest->len -= ret_front->len + 1;
	return true;
}

static struct slice slice_trim(struct slice slice)
{
	while (slice.len && (*slice.at == ' ' || *slice.at == '\t')) {
		slice.at++;
		slice.len--;
	}
	while (slice.len && (slice.at[slice.len - 1] == ' ' || slice.at[slice.len - 1] == '\t'))
		slice.len--;
	return slice;
}

static bool is_digit(char c)
{
	return c >= '0' && c <= '9';
}

static bool is_token(struct slice slice)
{
	for (size_t i = 0; i < slice.len; i++) {
		char c = slice.at[i];

		if (!is_digit(c) && !((c | 32) >= 'a' && (c | 32) <= 'z') &&
		    (!c || !strchr("!#$%&'*+-.^_`|~", c)))
			return false;
	}
	return slice.len > 0;
}

/* Visible ASCII; a fragment is never sent (RFC 9112, 3.2). */
static bool is_target(struct slice slice)
{
	for (size_t i = 0; i < slice.len; i++)
		if (slice.at[i] <= ' ' || slice.at[i] > '~' || slice.at[i] == '#')
			return false;
	return slice.len > 0;
}

static bool is_field_value(struct slice slice)
{
	for (size_t i = 0; i < slice.len; i++) {
		unsigned char c = (unsigned char)slice.at[i];

		if ((c < ' ' && c != '\t') || c == 127)
			return false;
	}
	return true;
}

static int parse_method(struct request *request, struct slice word)
{
	static const char *const others[] = {
		"POST", "PUT", "DELETE", "PATCH", "OPTIONS", "CONNECT", "TRACE",
	};

	request->method = METHOD_OTHER;
	if (!is_token(word))
		return -400;
	if (slice_equals(word, "GET"))
		request->method = METHOD_GET;
	else if (slice_equals(word, "HEAD"))
		request->method = METHOD_HEAD;
	else
		for (size_t i = 0;; i++) {
			if (i == sizeof(others) / sizeof(*others))
				return -501;
			if (slice_equals(word, others[i]))
				break;
		}
	return 0;
}

static int parse_target(struct request *request, struct slice target)
{
	if (!is_target(target))
		return -400;
	if (request->method == METHOD_OTHER)
		return 0; /* its form may differ; it is refused anyway */
	if (target.len > 7 && slice_is((struct slice){ target.at, 7 }, "http://")) {
		size_t host_len;

		target = (struct slice){ target.at + 7, target.len - 7 };
		for (host_len = 0; host_len < target.len; host_len++)
			if (strchr("/?", target.at[host_len]))
				break;
		if (!host_len)
			return -400;
		target.at += host_len;
		target.len -= host_len;
		if (!target.len || *target.at == '?') {
			request->path = (struct slice){ "/", 1 };
			request->query = target;
			if (target.len) {
				request->query.at++;
				request->query.len--;
			}
			return 0;
		}
	}
	if (*target.at != '/')
		return -400;
	request->query = target;
	if (!slice_cut(&request->query, '?', &request->path)) {
		request->path = target;
		request->query = (struct slice){ target.at + target.len, 0 };
	}
	return 0;
}

/* Returns the minor version, or minus a status. */
static int parse_request_line(struct request *request, struct slice line)
{
	struct slice method, target;
	const char *version;
	int err;

	if (!slice_cut(&line, ' ', &method) || !slice_cut(&line, ' ', &target))
		return -400;
	version = line.at;
	if (line.len != 8 || memcmp(version, "HTTP/", 5) != 0 || !is_digit(version[5]) ||
	    version[6] != '.' || !is_digit(version[7]))
		return -400;
	if (version[5] != '1')
		return -505;
	err = parse_method(request, method);
	if (!err)
		err = parse_target(request, target);
	return err ? err : version[7] - '0';
}

static void parse_connection(struct fields *fields, struct slice rest)
{
	bool has_more = true;

	while (has_more) {
		struct slice word;

		has_more = slice_cut(&rest, ',', &word);
		word = slice_trim(has_more ? word : rest);
		fields->is_close |= slice_is(word, "close");
		fields->is_keep_alive |= slice_is(word, "keep-alive");
	}
}

static int parse_field(struct fields *fields, struct slice line)
{
	struct slice name, value = line;

	/* Refuses a folded line too: it begins with a space. */
	if (!slice_cut(&value, ':', &name) || !is_token(name) || !is_field_value(value))
		return -400;
	value = slice_trim(value);
	if (slice_is(name, "host")) {
		fields->n_hosts++;
	} else if (slice_is(name, "connection")) {
		parse_connection(fields, value);
	} else if (slice_is(name, "transfer-encoding")) {
		fields->has_coding = true;
	} else if (slice_is(name, "content-length")) {
		fields->n_lengths++;
		if (!value.len)
			return -400;
		for (size_t i = 0; i < value.len; i++) {
			if (!is_digit(value.at[i]))
				return -400;
			fields->has_body |= value.at[i] != '0';
		}
	}
	return 0;
}

/* Returns 0 or minus a status, the most telling one first. */
static int judge(struct request *request, const struct fields *fields, int minor)
{
	if (fields->n_hosts > 1 || (minor > 0 && !fields->n_hosts) || fields->n_lengths > 1 ||
	    (fields->has_coding && (fields->n_lengths || minor == 0)))
		return -400;
	if (request->method == METHOD_OTHER)
		return -405;
	if (fields->has_coding)
		return -501;
	if (fields->has_body)
		return -413;
	request->is_keep_alive = !fields->is_close && (minor > 0 || fields->is_keep_alive);
	return 0;
}

int request_parse(struct request *request, const char *bytes, size_t len)
{
	struct slice rest = { bytes, len };
	struct slice line;
	struct fields fields = { 0 };
	int minor = -1;
	int err = 0;

	*request = (struct request){ .method = METHOD_OTHER };
	while (!err && slice_cut(&rest, '\n', &line)) {
		if (rest.at - bytes > REQUEST_HEAD_MAX)
			return -431;
		if (!line.len || line.at[line.len - 1] != '\r')
			return -400;
		line.len--;
		if (minor >= 0 && line.len) {
			err = parse_field(&fields, line);
		} else if (minor >= 0) {
			err = judge(request, &fields, minor);
			return err ? err : (int)(rest.at - bytes);
		} else if (line.len) { /* empty lines before are let pass */
			minor = parse_request_line(request, line);
			err = minor < 0 ? minor : 0;
		}
	}
	if (!err && len >= REQUEST_HEAD_MAX)
		return minor < 0 ? -414 : -431;
	return err;
}

unsigned query_number(struct slice query, const char *name, unsigned fallback, unsigned max)
{
	bool has_more = true;

	while (has_more) {
		struct slice pair, key;
		uint64_t number = 0;

		has_more = slice_cut(&query, '&', &pair);
		if (!has_more)
			pair = query;
		if (!slice_cut(&pair, '=', &key) || !slice_equals(key, name))
			continue;
		for (size_t i = 0; i < pair.len; i++) {
			if (!is_digit(pair.at[i]))
				return fallback;
			number = number * 10 + (uint64_t)(pair.at[i] - '0');
			if (number > max)
				number = max;
		}
		return pair.len ? (unsigned)number : fallback;
	}
	return fallback;
}

static int hex_value(char c)
{
	static const char digits[] = "0123456789abcdef";
	const char *found = c ? strchr(digits, is_digit(c) ? c : c | 32) : NULL;

	return found ? (int)(found - digits) : -1;
}

int path_decode(struct slice path, char *ret_text, size_t size)
{
	size_t len = 0;

	for (size_t i = 0; i < path.len; i++) {
		int c = (unsigned char)path.at[i];

		if (c == '%') {
			int high = i + 2 < path.len ? hex_value(path.at[i + 1]) : -1;
			int low = high < 0 ? -1 : hex_value(path.at[i + 2]);

			if (low < 0)
				return -400;
			c = high * 16 + low;
			i += 2;
		}
		if (!c || len + 1 >= size)
			return -400;
		ret_text[len++] = (char)c;
	}
	ret_text[len] = '\0';
	return 0;
}
