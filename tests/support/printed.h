/* SPDX-License-Identifier: MIT */
/* What the tests of printed reports share: a report printed into memory. */
#ifndef TESTS_SUPPORT_PRINTED_H
#define TESTS_SUPPORT_PRINTED_H

#include <locale.h>

#include "console/json.h"
#include "console/text.h"
#include "tests/support/golden.h"
#include "tests/support/json_check.h"
#include "tests/support/report.h"

static char *printed;
static size_t printed_size;

static inline void set_up(void)
{
	cr_assert(setlocale(LC_ALL, "C.UTF-8"));
}

static inline void tear_down(void)
{
	free(printed);
	report_done();
}

/* ---- Printing into memory ---- */

static inline struct text text_in(FILE *file)
{
	struct text text;

	text_begin(&text, file, false);
	return text;
}

static inline FILE *printing(void)
{
	FILE *file;

	free(printed);
	printed = NULL;
	file = open_memstream(&printed, &printed_size);
	cr_assert_not_null(file);
	return file;
}

static inline const char *as_text(const struct report *report)
{
	FILE *file = printing();
	struct text text = text_in(file);

	report_text(report, &text);
	fclose(file);
	return printed;
}

static inline const char *as_json(const struct report *report)
{
	FILE *file = printing();
	struct json json;

	json_begin(&json, file, false);
	report_json(report, &json);
	json_end(&json);
	fclose(file);
	return printed;
}

static inline const char *as_page(const struct report *report)
{
	FILE *file = printing();

	report_html(report, file);
	fclose(file);
	return printed;
}

#endif
