/* SPDX-License-Identifier: MIT */
/*
 * What things are called: the words of enumerations, names of objects, places,
 * and the one phrase that says why a task is as it is.
 *
 * The law: text from the board is copied as it is. The canvas, the JSON writer
 * and text_print make it harmless, each in its own way.
 */
#ifndef CONSOLE_NAMES_H
#define CONSOLE_NAMES_H

#include "console/model.h"

#define NAME_TEXT 256

/* Words of the enumerations in board.h and reader.h; "?" for nonsense. */
const char *word_state(enum vigil_state state);
const char *word_status(enum vigil_status status);
const char *word_task_kind(uint32_t kind);
const char *word_executor_kind(uint32_t kind);
const char *word_resource_kind(uint32_t kind);
const char *word_wait(uint32_t kind);
const char *word_outcome(uint32_t outcome);
const char *word_join(uint32_t join);
const char *word_mode(uint32_t mode);
const char *word_event(uint32_t kind);
const char *word_site_kind(uint32_t kind);
const char *word_level(uint32_t level);
const char *word_worker_state(enum worker_state state);

/*
 * What a record and its site (NULL: not known) have to say, wherever they were read.
 * A site lends its name, else its function, to what has no name.
 */
const char *site_called(const struct vigil_site_record *site);
const char *task_called(const struct vigil_task_record *task, const struct vigil_site_record *site);
const char *span_called(const struct vigil_span_record *span, const struct vigil_site_record *site);
void worker_called(const struct vigil_worker_record *worker, char *buf, size_t size);
void executor_called(const struct vigil_executor_record *executor,
		     const struct vigil_site_record *site, char *buf, size_t size);

/* `lock "cache"`, `mpsc "jobs"`, `Conn.db "main"` for what has no kind of its own. */
void resource_phrase(const struct vigil_resource_record *resource,
		     const struct vigil_site_record *site, char *buf, size_t size);

/* "conn.c:120" (the file without its directories), "-" when it is not known; and
 * "conn.c:120 conn_open". */
void site_place(const struct vigil_site_record *site, char *buf, size_t size);
void site_place_long(const struct vigil_site_record *site, char *buf, size_t size);

/* "http-conn": its name, else its site's name or function, else its kind. */
void name_task(const struct model *model, const struct vigil_task_record *task, char *buf,
	       size_t size);
void name_worker(const struct model *model, const struct vigil_worker_record *worker, char *buf,
		 size_t size);
void name_executor(const struct model *model, const struct vigil_executor_record *executor,
		   char *buf, size_t size);
void name_resource(const struct model *model, const struct vigil_resource_record *resource,
		   char *buf, size_t size);

/* Any reference, as people say it: `17 http-conn`, `lock "cache"`, `worker http-0`,
 * `executor http`; `gone` when what it named is no more; empty for 0. */
void name_object(const struct model *model, uint64_t ref, char *buf, size_t size);

/* What stands behind a word that says already what it is: `operation` and `operation
 * Barrier::wait` are `operation Barrier::wait`, `timer` and `timer "idle"` are `timer "idle"`. */
const char *name_after(const char *word, const char *object);

/* The place of a site. */
void name_place(const struct model *model, uint32_t site, char *buf, size_t size);
void name_place_long(const struct model *model, uint32_t site, char *buf, size_t size);

/*
 * The reason: why the task is in its state. `lock "db" held 2.3 s by 17 http-conn`,
 * `timer, 40 ms to go`, `runnable 12 ms`, `running 3.1 s on http-0`, `readable, fd 7`,
 * `blocked 12 s in its poll (timer) at pool.c:154`, `completed`, `failed 5: no such
 * host`. `; holds lock "db"` follows when others wait for that. At most one line.
 */
void name_reason(const struct model *model, const struct vigil_task_record *task, char *buf,
		 size_t size);

/* The same for a thread's own wait; empty when it does not wait. */
void name_worker_reason(const struct model *model, const struct vigil_worker_record *worker,
			char *buf, size_t size);

#endif
