/* SPDX-License-Identifier: MIT */
/*
 * Keyframes of a flight recorder. Its events are of the last seconds, so keyframe
 * zero is too old for them: boards are copied again and again, and of the copies
 * those are kept that a snapshot may need, whatever time its buffers reach back.
 *
 * The law: no more than 5 in 100 of our time and a MiB a second go into copies.
 */
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "console/recorder.h"
#include "console/trace/keyframe.h"

#define INTERVAL_NS 500000000u
#define TIME_FACTOR 20
#define BYTES_A_SECOND (UINT64_C(1) << 20)

static void copy_path(const struct recorder *recorder, const struct keyframe *keyframe, char *buf,
		      size_t size)
{
	snprintf(buf, size, "%s/" RECORDING_FOLDER "/%s", recorder->folder, keyframe->file);
}

static uint64_t copy_bytes(const struct recorder *recorder, const struct keyframe *keyframe)
{
	char path[PATH_MAX + 96];
	struct stat st;

	copy_path(recorder, keyframe, path, sizeof(path));
	return stat(path, &st) ? 0 : (uint64_t)st.st_blocks * 512;
}

static void keyframe_remove(struct recorder *recorder, size_t index)
{
	struct recording *recording = &recorder->recording;
	char path[PATH_MAX + 96];

	copy_path(recorder, &recording->keyframes[index], path, sizeof(path));
	unlink(path);
	recording->keyframe_count--;
	memmove(&recording->keyframes[index], &recording->keyframes[index + 1],
		(recording->keyframe_count - index) * sizeof(*recording->keyframes));
}

static bool is_oldest(const struct recording *recording, size_t index)
{
	for (size_t i = 0; i < index; i++)
		if (keyframe_is_same(&recording->keyframes[i], &recording->keyframes[index]))
			return false;
	return true;
}

/*
 * From new to old, those of a process are kept that are a quarter older than the one
 * kept before. So there are some twenty of them, and one is near any moment. The
 * oldest stays: the buffers may never have been full.
 */
static void keyframes_thin(struct recorder *recorder, size_t newest, uint64_t now)
{
	struct recording *recording = &recorder->recording;
	struct keyframe process = recording->keyframes[newest];
	uint64_t kept_ns = now - process.begin_ns + INTERVAL_NS / 2;

	for (size_t i = newest; i--;) {
		uint64_t age_ns = now - recording->keyframes[i].begin_ns;

		if (!keyframe_is_same(&recording->keyframes[i], &process) ||
		    is_oldest(recording, i))
			continue;
		if (age_ns >= kept_ns + kept_ns / 4)
			kept_ns = age_ns;
		else
			keyframe_remove(recorder, i);
	}
}

void keyframes_take(struct recorder *recorder)
{
	struct recording *recording = &recorder->recording;
	uint64_t begin = recorder_now(), bytes = 0, end;
	struct vigil_problem problem = { "" };

	if (!recorder->options->is_snapshot || begin < recorder->keyframes_due_ns)
		return;
	for (size_t i = 0; i < recorder->target_count; i++) {
		if (target_has_ended(&recorder->targets[i]) ||
		    keyframe_save(recorder->targets[i].reader, recorder->folder, recording,
				  &problem))
			continue;
		bytes += copy_bytes(recorder, &recording->keyframes[recording->keyframe_count - 1]);
		keyframes_thin(recorder, recording->keyframe_count - 1, begin);
	}
	end = recorder_now();
	recording_write(recording, recorder->folder, &problem);
	recorder->keyframes_due_ns = end + INTERVAL_NS + (end - begin) * TIME_FACTOR +
				     bytes * 1000 / BYTES_A_SECOND * 1000000;
}
