/* SPDX-License-Identifier: MIT */
/* Text within XML and HTML: of a picture, of a page. */
#ifndef CONSOLE_XML_H
#define CONSOLE_XML_H

#include <stdint.h>
#include <stdio.h>

/* A code point that shows as itself and is no markup, in an attribute's quotes neither. */
void xml_code(FILE *file, uint32_t code);

#endif
