/* SPDX-License-Identifier: MIT */
/*
 * What things are called, read off a board as its writer holds it: the words of
 * names.h without a model, which would have to be brought up to date for every event.
 *
 * The law: text is copied as it is, as in names.h; text_clean is for forms that have
 * no escapes of their own.
 */
#ifndef CONSOLE_EXPORT_LABEL_H
#define CONSOLE_EXPORT_LABEL_H

#include "console/trace/slice.h"
#include "libtrace/board.h"

#define LABEL_SIZE 256

/* "http-conn", "17 http-conn"; "gone" for what is no more. */
void label_task(const struct board *board, uint64_t task, char *buf, size_t size);
void label_task_long(const struct board *board, uint64_t task, char *buf, size_t size);
void label_worker(const struct board *board, uint64_t worker, char *buf, size_t size);
void label_executor(const struct board *board, uint64_t executor, char *buf, size_t size);
void label_span(const struct board *board, uint64_t span, char *buf, size_t size);

/* Any reference, as name_object has it; empty for 0. */
void label_object(const struct board *board, uint64_t ref, char *buf, size_t size);

/* NULL for 0 and for nonsense. */
const struct vigil_site_record *label_site(const struct board *board, uint32_t site);

/*
 * What a slice shows, without numbers that would make each another: `run`, `runnable`,
 * `wait lock "db"`, `wait readable`, `idle`, `blocked timer`, `hold lock "db"`.
 */
void label_slice(const struct board *board, const struct slice *slice, char *buf, size_t size);

/*
 * Whom a wait was for: where the lock was taken by who held it, or held it last; 0
 * not known.
 */
uint32_t label_held_site(const struct board *board, const struct slice *slice);

/* Valid UTF-8 without controls, cut to fit; what is not shown becomes U+FFFD. Returns to. */
char *text_clean(char *to, size_t size, const char *from);

#endif
