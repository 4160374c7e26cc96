/* SPDX-License-Identifier: MIT */
/*
 * The request parser of examples/httpd: what it takes, what it refuses, and
 * that it never guesses where a request ends.
 *
 * Law: bytes in, a verdict out; no socket. Every buffer is exactly as long as
 * its text, so that a sanitizer sees any byte read beyond it.
 */
#include "examples/httpd/parse.h"

#include <criterion/criterion.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static struct request request;

static char *exact; /* what the slices of `request` point into */

static void forget(void)
{
	free(exact);
	exact = NULL;
}

TestSuite(httpd_parse, .fini = forget);

/* Parses a copy of just these bytes, so that a sanitizer sees a read too far. */
static int parse_bytes(const char *text, size_t len)
{
	forget();
	exact = malloc(len ? len : 1);
	cr_assert(exact);
	memcpy(exact, text, len);
	return request_parse(&request, exact, len);
}

static int parse(const char *text)
{
	return parse_bytes(text, strlen(text));
}

/* A request whose header field is `field`, after a Host. */
static int parse_field(const char *field)
{
	char text[512];

	snprintf(text, sizeof(text), "GET / HTTP/1.1\r\nHost: x\r\n%s\r\n\r\n", field);
	return parse(text);
}

static struct slice slice_of(const char *text)
{
	return (struct slice){ text, strlen(text) };
}

Test(httpd_parse, a_get_yields_its_path_and_query)
{
	static const char text[] = "GET /slow?ms=5 HTTP/1.1\r\nHost: x\r\n\r\n";

	int n = parse(text);

	cr_assert_eq(n, (int)strlen(text));
	cr_assert_eq(request.method, METHOD_GET);
	cr_assert(slice_equals(request.path, "/slow"));
	cr_assert(slice_equals(request.query, "ms=5"));
	cr_assert(request.is_keep_alive);
}

Test(httpd_parse, a_head_is_known_from_a_get)
{
	cr_assert_gt(parse("HEAD / HTTP/1.1\r\nHost: x\r\n\r\n"), 0);
	cr_assert_eq(request.method, METHOD_HEAD);
}

Test(httpd_parse, every_prefix_of_a_good_request_asks_for_more)
{
	static const char text[] = "\r\nGET /a?b=c HTTP/1.1\r\nHost: x\r\n"
				   "Connection: close\r\n\r\n";

	for (size_t len = 0; len < strlen(text); len++)
		cr_assert_eq(parse_bytes(text, len), 0, "at %zu", len);
	cr_assert_eq(parse(text), (int)strlen(text));
}

Test(httpd_parse, only_the_first_of_two_pipelined_requests_is_taken)
{
	static const char first[] = "GET /1 HTTP/1.1\r\nHost: x\r\n\r\n";
	char both[128];

	snprintf(both, sizeof(both), "%sGET /2 HTTP/1.1\r\n", first);

	cr_assert_eq(parse(both), (int)strlen(first));
	cr_assert(slice_equals(request.path, "/1"));
}

Test(httpd_parse, an_absolute_target_loses_its_host)
{
	parse("GET http://a:80/b?c HTTP/1.1\r\nHost: a\r\n\r\n");
	cr_assert(slice_equals(request.path, "/b"));
	cr_assert(slice_equals(request.query, "c"));

	parse("GET HTTP://a?c HTTP/1.1\r\nHost: a\r\n\r\n");
	cr_assert(slice_equals(request.path, "/"));
	cr_assert(slice_equals(request.query, "c"));
}

Test(httpd_parse, a_bad_target_is_refused)
{
	static const char *const bad[] = {
		"a", "*", "http://", "http:///a", "/a#b", "/\x01", "/\x80", "",
	};

	for (size_t i = 0; i < sizeof(bad) / sizeof(*bad); i++) {
		char text[64];

		snprintf(text, sizeof(text), "GET %s HTTP/1.1\r\n\r\n", bad[i]);
		cr_assert_eq(parse(text), -400, "%s", bad[i]);
	}
}

Test(httpd_parse, a_bad_request_line_is_refused_before_the_headers_come)
{
	cr_assert_eq(parse("GET\r\n"), -400);
	cr_assert_eq(parse("GET /\r\n"), -400);
	cr_assert_eq(parse("GET  / HTTP/1.1\r\n"), -400);
	cr_assert_eq(parse(" GET / HTTP/1.1\r\n"), -400);
	cr_assert_eq(parse("GET / HTTP/1.1 \r\n"), -400);
	cr_assert_eq(parse("GET / http/1.1\r\n"), -400);
	cr_assert_eq(parse("GET / HTTP/1.x\r\n"), -400);
	cr_assert_eq(parse("G@T / HTTP/1.1\r\n"), -400);
}

Test(httpd_parse, a_line_that_ends_in_a_bare_lf_is_refused)
{
	cr_assert_eq(parse("GET / HTTP/1.1\n"), -400);
	cr_assert_eq(parse("GET / HTTP/1.1\r\nHost: x\n"), -400);
}

Test(httpd_parse, another_major_version_is_refused)
{
	cr_assert_eq(parse("GET / HTTP/2.0\r\n"), -505);
	cr_assert_eq(parse("GET / HTTP/0.9\r\n"), -505);
}

Test(httpd_parse, a_known_method_is_not_allowed_and_an_unknown_one_not_known)
{
	cr_assert_eq(parse("POST / HTTP/1.1\r\nHost: x\r\n"
			   "Content-Length: 3\r\n\r\nabc"),
		     -405);
	cr_assert_eq(parse("OPTIONS * HTTP/1.1\r\nHost: x\r\n\r\n"), -405);
	cr_assert_eq(parse("CONNECT a:1 HTTP/1.1\r\nHost: a\r\n\r\n"), -405);
	cr_assert_eq(parse("BREW / HTTP/1.1\r\n"), -501);
	cr_assert_eq(parse("get / HTTP/1.1\r\n"), -501);
}

Test(httpd_parse, http_1_1_needs_exactly_one_host)
{
	cr_assert_eq(parse("GET / HTTP/1.1\r\n\r\n"), -400);
	cr_assert_eq(parse_field("hOST: y"), -400);
	cr_assert_gt(parse("GET / HTTP/1.0\r\n\r\n"), 0);
}

Test(httpd_parse, http_1_0_closes_unless_it_asks_to_stay)
{
	parse("GET / HTTP/1.0\r\n\r\n");
	cr_assert(!request.is_keep_alive);

	parse("GET / HTTP/1.0\r\nConnection: Keep-Alive\r\n\r\n");
	cr_assert(request.is_keep_alive);
}

Test(httpd_parse, close_is_found_anywhere_in_the_connection_list)
{
	cr_assert_gt(parse_field("Connection: keep-alive ,\tCLOSE"), 0);
	cr_assert(!request.is_keep_alive);

	cr_assert_gt(parse_field("Connection: closed, x"), 0);
	cr_assert(request.is_keep_alive);
}

Test(httpd_parse, a_malformed_field_is_refused)
{
	cr_assert_eq(parse_field("no colon"), -400);
	cr_assert_eq(parse_field(": no name"), -400);
	cr_assert_eq(parse_field("Name : space before"), -400);
	cr_assert_eq(parse_field(" folded"), -400);
	cr_assert_eq(parse_field("A: bare\rreturn"), -400);
	cr_assert_eq(parse_field("A: \x7f"), -400);
	cr_assert_eq(parse_bytes("GET / HTTP/1.1\r\nA: \0\r\n", 22), -400);
}

Test(httpd_parse, a_body_is_too_large_and_none_is_none)
{
	cr_assert_gt(parse_field("Content-Length: 000"), 0);
	cr_assert_eq(parse_field("Content-Length: 1"), -413);
	cr_assert_eq(parse_field("Content-Length: 99999999999999999999"), -413);
}

Test(httpd_parse, a_length_two_parsers_might_read_differently_is_refused)
{
	cr_assert_eq(parse_field("Content-Length:"), -400);
	cr_assert_eq(parse_field("Content-Length: +1"), -400);
	cr_assert_eq(parse_field("Content-Length: 1, 1"), -400);
	cr_assert_eq(parse_field("Content-Length: 0\r\nContent-Length: 0"), -400);
	cr_assert_eq(parse_field("Content-Length: 0\r\n"
				 "Transfer-Encoding: chunked"),
		     -400);
}

Test(httpd_parse, a_transfer_coding_is_not_implemented)
{
	cr_assert_eq(parse_field("Transfer-Encoding: chunked"), -501);
	cr_assert_eq(parse("GET / HTTP/1.0\r\nTransfer-Encoding: x\r\n\r\n"), -400);
}

Test(httpd_parse, a_head_without_end_is_refused_at_the_limit)
{
	static char text[REQUEST_HEAD_MAX];

	memset(text, 'a', sizeof(text));
	cr_assert_eq(parse_bytes(text, sizeof(text) - 1), 0);
	cr_assert_eq(parse_bytes(text, sizeof(text)), -414);

	memcpy(text, "GET / HTTP/1.1\r\nA: ", 19);
	cr_assert_eq(parse_bytes(text, sizeof(text) - 1), 0);
	cr_assert_eq(parse_bytes(text, sizeof(text)), -431);
}

Test(httpd_parse, no_cut_or_flipped_byte_reads_outside_the_buffer)
{
	static const char good[] = "GET http://a/%41?b=1&c=2 HTTP/1.1\r\n"
				   "Host: a\r\nConnection: close, b\r\n"
				   "Content-Length: 0\r\n\r\n";
	char text[sizeof(good)];

	for (size_t i = 0; i < strlen(good); i++)
		for (int value = 0; value < 256; value++) {
			int n;

			memcpy(text, good, sizeof(good));
			text[i] = (char)value;
			n = request_parse(&request, text, strlen(good));
			cr_assert(n <= (int)strlen(good) && n >= -505);
		}
}

Test(httpd_parse, a_query_number_is_clamped_and_never_wraps)
{
	struct slice query = slice_of("us=7&ms=20&big=99999999999999999999999");

	cr_assert_eq(query_number(query, "ms", 1, 100), 20);
	cr_assert_eq(query_number(query, "us", 1, 5), 5);
	cr_assert_eq(query_number(query, "big", 1, 100), 100);
}

Test(httpd_parse, a_query_without_that_number_gives_the_fallback)
{
	cr_assert_eq(query_number(slice_of(""), "ms", 9, 100), 9);
	cr_assert_eq(query_number(slice_of("mss=1&m=1&ms"), "ms", 9, 100), 9);
	cr_assert_eq(query_number(slice_of("ms="), "ms", 9, 100), 9);
	cr_assert_eq(query_number(slice_of("ms=-1"), "ms", 9, 100), 9);
}

Test(httpd_parse, a_path_is_decoded)
{
	char text[16];

	cr_assert_eq(path_decode(slice_of("/a%20b%2Fc%2e"), text, 16), 0);
	cr_assert_str_eq(text, "/a b/c.");
}

Test(httpd_parse, a_broken_or_nul_or_long_path_is_refused)
{
	char text[4];

	cr_assert_eq(path_decode(slice_of("%"), text, 4), -400);
	cr_assert_eq(path_decode(slice_of("%4"), text, 4), -400);
	cr_assert_eq(path_decode(slice_of("%4g"), text, 4), -400);
	cr_assert_eq(path_decode(slice_of("%00"), text, 4), -400);
	cr_assert_eq(path_decode(slice_of("abc"), text, 4), 0);
	cr_assert_eq(path_decode(slice_of("abcd"), text, 4), -400);
}
