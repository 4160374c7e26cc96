/* SPDX-License-Identifier: MIT */
/*
 * The index that is kept beside a trace, in DIR/vigil/index: keyframes, and what is
 * worth a look, so that who opens the trace again need not go through all of it.
 *
 * The law: what is read is hostile, and used only if it is of this very trace and this
 * version; else it is as if there were none. It can always be made anew.
 */
#ifndef CONSOLE_TRACE_INDEX_H
#define CONSOLE_TRACE_INDEX_H

#include "console/trace/cursor.h"

struct index_frame {
	const void *keep; /* of trace_keep, packed */
	size_t size;
	uint64_t passed; /* events up to it */
	uint64_t unix_ns;
};

/* All of it; who fills it in owns what it points to, but see index_load. */
struct index {
	const struct index_frame *frames;
	size_t frame_count;
	const struct cursor_mark *marks;
	size_t mark_count;
	const struct cursor_process *processes;
	size_t process_count;
	uint64_t begin_unix_ns, end_unix_ns;
	uint64_t passed; /* events of the whole trace */
};

/* What tells one trace from another, and from itself when it has grown. 0: cannot say. */
uint64_t index_fingerprint(const struct trace_options *options);

/*
 * Writes it beside the first of the trace's folders, whole or not at all. 0 or -errno:
 * the folder may not be ours to write to.
 */
int index_save(const struct trace_options *options, const struct index *index);

/* An index from a file: unmap it when nothing of it is needed any more. */
struct index_file {
	struct index index;
	void *bytes;
	size_t size;
};

/* 0, -ENOENT: there is none of this trace and this version, or -ENOMEM. */
int index_load(const struct trace_options *options, struct index_file *ret_file);
void index_unload(struct index_file *file);

#endif
