/* SPDX-License-Identifier: MIT */
/*
 * Keyframe zero: copies of the boards of processes that lived before a session
 * did. What they had by then is in no event.
 *
 * The law: copied after the session has started, so that whatever is missing in
 * the copy is in the events; and between two looks at the clock, so that a reader
 * knows which events may be in both.
 */
#ifndef CONSOLE_TRACE_KEYFRAME_H
#define CONSOLE_TRACE_KEYFRAME_H

#include "console/trace/recording.h"

/*
 * Copies the board of an open reader to FOLDER/vigil/PID-START.board, the pid as the
 * process itself sees it, and adds it to the recording. 0 or -errno with a sentence.
 */
int keyframe_save(struct vigil_reader *reader, const char *folder, struct recording *recording,
		  struct vigil_problem *ret_problem);

/* Whether two are of the same process: PID-START. */
bool keyframe_is_same(const struct keyframe *one, const struct keyframe *other);

/* Whether a process, a pid as we see it, has LTTng's probes loaded: else it emits nothing. */
bool keyframe_has_probes(uint32_t pid);

#endif
