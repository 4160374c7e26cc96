/* SPDX-License-Identifier: MIT */
/* The JSON writer: what goes in may be anything, what comes out is JSON. */
#include <criterion/criterion.h>
#include <math.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "console/json.h"
#include "tests/support/json_check.h"

static char *written;
static size_t written_size;
static struct json json;
static FILE *file;

static void begin(bool is_one_line)
{
	file = open_memstream(&written, &written_size);
	json_begin(&json, file, is_one_line);
}

static const char *end(void)
{
	json_end(&json);
	fclose(file);
	return written;
}

static void done(void)
{
	free(written);
}

TestSuite(json, .fini = done);

Test(json, an_empty_object_is_two_braces)
{
	begin(true);
	json_object_begin(&json, NULL);
	json_object_end(&json);

	cr_expect_str_eq(end(), "{}\n");
}

Test(json, members_and_elements_are_parted_by_commas)
{
	begin(true);
	json_object_begin(&json, NULL);
	json_u64(&json, "a", 1);
	json_array_begin(&json, "b");
	json_text(&json, NULL, "x");
	json_null(&json, NULL);
	json_bool(&json, NULL, true);
	json_array_end(&json);
	json_object_end(&json);

	cr_expect_str_eq(end(), "{\"a\":1,\"b\":[\"x\",null,true]}\n");
}

Test(json, the_largest_integers_are_whole)
{
	begin(true);
	json_array_begin(&json, NULL);
	json_u64(&json, NULL, UINT64_MAX);
	json_i64(&json, NULL, INT64_MIN);
	json_array_end(&json);

	cr_expect_str_eq(end(), "[18446744073709551615,-9223372036854775808]\n");
}

Test(json, quotes_backslashes_and_control_characters_are_escaped)
{
	begin(true);
	json_text(&json, NULL, "a\"b\\c\n\t\x01\x1b[31m\x7f");

	cr_expect_str_eq(end(), "\"a\\\"b\\\\c\\n\\t\\u0001\\u001b[31m\\u007f\"\n");
}

Test(json, control_characters_of_the_upper_half_do_not_reach_a_terminal)
{
	begin(true);
	json_text(&json, NULL,
		  "\xc2\x9b"
		  "31m");

	cr_expect_str_eq(end(), "\"\\u009b31m\"\n");
}

Test(json, invalid_bytes_become_the_replacement_character)
{
	begin(true);
	json_text(&json, NULL, "a\xff\xc3(");
	end();

	cr_expect(json_is_valid(written));
	cr_expect_not_null(strstr(written, "\xef\xbf\xbd"));
	cr_expect_null(strchr(written, '\xff'));
}

Test(json, every_byte_there_is_makes_a_valid_document)
{
	char bytes[256];

	for (int i = 0; i < 255; i++)
		bytes[i] = (char)(i + 1);
	bytes[255] = '\0';
	begin(false);
	json_object_begin(&json, NULL);
	json_text(&json, bytes, bytes);
	json_object_end(&json);

	cr_expect(json_is_valid(end()));
}

Test(json, what_is_no_finite_number_is_null)
{
	begin(true);
	json_array_begin(&json, NULL);
	json_real(&json, NULL, NAN);
	json_real(&json, NULL, INFINITY);
	json_real(&json, NULL, 0.5);
	json_array_end(&json);

	cr_expect_str_eq(end(), "[null,null,0.5]\n");
}

Test(json, no_text_is_null)
{
	begin(true);
	json_text(&json, NULL, NULL);

	cr_expect_str_eq(end(), "null\n");
}

Test(json, a_document_for_watch_is_one_line)
{
	begin(true);
	json_object_begin(&json, NULL);
	json_array_begin(&json, "rows");
	for (int i = 0; i < 3; i++) {
		json_object_begin(&json, NULL);
		json_text(&json, "name", "two\nlines");
		json_object_end(&json);
	}
	json_array_end(&json);
	json_object_end(&json);
	end();

	cr_expect(json_is_valid(written));
	cr_expect_eq(strchr(written, '\n'), written + written_size - 1);
}
