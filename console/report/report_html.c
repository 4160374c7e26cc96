/* SPDX-License-Identifier: MIT */
#include "console/report/report.h"
void report_html(const struct report *report, FILE *file)
{
	(void)report;
	(void)file;
}
