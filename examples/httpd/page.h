/* SPDX-License-Identifier: MIT */
/*
 * What there is to see: the built-in pages, and files for every other path.
 *
 * Law: called on the connection's loop with a parsed request, answers it by
 * the rules of conn.h.
 */
#ifndef HTTPD_PAGE_H
#define HTTPD_PAGE_H

struct conn;

void page_answer(struct conn *conn);

/* page.c calls it for every path that is not built in. */
void file_answer(struct conn *conn);

#endif
