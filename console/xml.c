/* SPDX-License-Identifier: MIT */
/* Text within XML and HTML. */
#include "console/xml.h"

#include "console/canvas.h"

void xml_code(FILE *file, uint32_t code)
{
	char bytes[4];
	int length;

	switch (code) {
	case '&':
		fputs("&amp;", file);
		break;
	case '<':
		fputs("&lt;", file);
		break;
	case '>':
		fputs("&gt;", file);
		break;
	case '"':
		fputs("&quot;", file);
		break;
	case '\'':
		fputs("&#39;", file);
		break;
	default:
		/* Controls, and what turns text around, would change more than themselves. */
		length = utf8_put(bytes, code_width(code) < 0 ? 0xfffd : code);
		fwrite(bytes, 1, (size_t)length, file);
		break;
	}
}
