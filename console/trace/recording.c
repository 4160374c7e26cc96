/* SPDX-License-Identifier: MIT */
#include "console/trace/recording.h"

#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#define PATH_SIZE 4096
#define FILE_MAX (1u << 20)
#define KEYFRAMES_MAX 4096

static const char *const state_words[] = {
#define X(e, NAME, word) word,
	RECORDING_STATES(X)
#undef X
};

static const char *const mode_words[] = {
#define X(e, NAME, word) word,
	RECORDING_MODES(X)
#undef X
};

#define COUNT(array) (sizeof(array) / sizeof((array)[0]))

const char *recording_state_word(enum recording_state state)
{
	return state_words[state];
}

const char *recording_mode_word(enum recording_mode mode)
{
	return mode_words[mode];
}

/* Keys whose values are texts, and those whose values are numbers. */
struct key {
	const char *name;
	size_t offset;
	size_t size;
};

#define KEY(field)                                                                                 \
	{                                                                                          \
#field, offsetof(struct recording, field), sizeof(((struct recording *)0)->field)  \
	}
static const struct key texts[] = {
	KEY(version), KEY(session), KEY(command), KEY(host), KEY(url), KEY(ended),
};
static const struct key numbers[] = {
	KEY(pid),          KEY(recorder),      KEY(started_unix_ns),
	KEY(started_ns),   KEY(ended_unix_ns), KEY(discarded_events),
	KEY(lost_packets), KEY(whole_ns),      KEY(killed),
};

int recording_add(struct recording *recording, const struct keyframe *keyframe)
{
	size_t count = recording->keyframe_count + 1;
	struct keyframe *all = realloc(recording->keyframes, count * sizeof(*all));

	if (!all)
		return -ENOMEM;
	all[count - 1] = *keyframe;
	recording->keyframes = all;
	recording->keyframe_count = count;
	return 0;
}

void recording_fini(struct recording *recording)
{
	free(recording->keyframes);
	recording->keyframes = NULL;
	recording->keyframe_count = 0;
}

static int path_of(char *buf, const char *folder, const char *suffix)
{
	int length = snprintf(buf, PATH_SIZE, "%s/" RECORDING_FOLDER "/" RECORDING_FILE "%s",
			      folder, suffix);

	return length < PATH_SIZE ? 0 : -ENAMETOOLONG;
}

/* ---- Writing ---- */

/* A value is one line, whatever a program calls itself. */
static void text_write(FILE *file, const char *key, const char *value)
{
	fprintf(file, "%s=", key);
	for (; *value; value++)
		fputc((unsigned char)*value < ' ' ? ' ' : *value, file);
	fputc('\n', file);
}

static uint64_t number_of(const struct recording *recording, const struct key *key)
{
	const char *at = (const char *)recording + key->offset;
	uint64_t wide;
	uint32_t narrow;

	if (key->size == sizeof(wide)) {
		memcpy(&wide, at, sizeof(wide));
		return wide;
	}
	memcpy(&narrow, at, sizeof(narrow));
	return narrow;
}

static void lines_write(FILE *file, const struct recording *recording)
{
	text_write(file, "state", recording_state_word(recording->state));
	text_write(file, "mode", recording_mode_word(recording->mode));
	for (size_t i = 0; i < COUNT(texts); i++)
		text_write(file, texts[i].name, (const char *)recording + texts[i].offset);
	for (size_t i = 0; i < COUNT(numbers); i++)
		fprintf(file, "%s=%" PRIu64 "\n", numbers[i].name,
			number_of(recording, &numbers[i]));
	for (size_t i = 0; i < recording->keyframe_count; i++)
		fprintf(file, "keyframe=%s begin_ns=%" PRIu64 " end_ns=%" PRIu64 "\n",
			recording->keyframes[i].file, recording->keyframes[i].begin_ns,
			recording->keyframes[i].end_ns);
}

int recording_write(const struct recording *recording, const char *folder,
		    struct vigil_problem *ret_problem)
{
	char path[PATH_SIZE], new_path[PATH_SIZE];
	int r = path_of(path, folder, "");
	FILE *file = NULL;

	if (!r)
		r = path_of(new_path, folder, ".new");
	if (!r) {
		file = fopen(new_path, "we");
		r = file ? 0 : -errno;
	}
	if (file) {
		lines_write(file, recording);
		if (fclose(file) || rename(new_path, path))
			r = -errno;
	}
	if (r)
		snprintf(ret_problem->text, sizeof(ret_problem->text),
			 "cannot write %.300s/" RECORDING_FOLDER "/" RECORDING_FILE ": %s", folder,
			 strerror(-r));
	return r;
}

/* ---- Reading ---- */

static bool number_read(const char *words, uint64_t *ret_number)
{
	char *end;

	errno = 0;
	*ret_number = strtoull(words, &end, 10);
	return *words >= '0' && *words <= '9' && !*end && !errno;
}

static bool word_find(const char *const *words, size_t count, const char *word, unsigned *ret_index)
{
	for (size_t i = 0; i < count; i++) {
		if (strcmp(words[i], word) != 0)
			continue;
		*ret_index = (unsigned)i;
		return true;
	}
	return false;
}

/* A file beside ours, whatever is asked of it: not one elsewhere. */
static bool is_plain_name(const char *name)
{
	return *name && *name != '.' && !strchr(name, '/');
}

/* "812-99120.board begin_ns=1 end_ns=2" */
static bool keyframe_read(char *words, struct recording *recording)
{
	struct keyframe keyframe = { .begin_ns = 0 };
	char *begin = strstr(words, " begin_ns="), *end = strstr(words, " end_ns=");

	if (!begin || !end || end < begin || recording->keyframe_count >= KEYFRAMES_MAX)
		return false;
	*begin = *end = '\0';
	if (strlen(words) >= sizeof(keyframe.file) || !is_plain_name(words) ||
	    !number_read(begin + strlen(" begin_ns="), &keyframe.begin_ns) ||
	    !number_read(end + strlen(" end_ns="), &keyframe.end_ns) ||
	    keyframe.end_ns < keyframe.begin_ns)
		return false;
	memcpy(keyframe.file, words, strlen(words) + 1);
	return !recording_add(recording, &keyframe);
}

static bool number_put(struct recording *recording, const struct key *key, const char *words)
{
	char *at = (char *)recording + key->offset;
	uint64_t wide;
	uint32_t narrow;

	if (!number_read(words, &wide) || (key->size < sizeof(wide) && wide > UINT32_MAX))
		return false;
	narrow = (uint32_t)wide;
	if (key->size == sizeof(wide))
		memcpy(at, &wide, sizeof(wide));
	else
		memcpy(at, &narrow, sizeof(narrow));
	return true;
}

/* Keys that a later vigil adds are passed over. */
static bool line_read(char *line, struct recording *recording)
{
	char *value = strchr(line, '=');
	unsigned index;

	if (!value)
		return false;
	*value++ = '\0';
	if (!strcmp(line, "keyframe"))
		return keyframe_read(value, recording);
	if (!strcmp(line, "state")) {
		if (!word_find(state_words, COUNT(state_words), value, &index))
			return false;
		recording->state = (enum recording_state)index;
	} else if (!strcmp(line, "mode")) {
		if (!word_find(mode_words, COUNT(mode_words), value, &index))
			return false;
		recording->mode = (enum recording_mode)index;
	}
	for (size_t i = 0; i < COUNT(texts); i++)
		if (!strcmp(line, texts[i].name))
			snprintf((char *)recording + texts[i].offset, texts[i].size, "%s", value);
	for (size_t i = 0; i < COUNT(numbers); i++)
		if (!strcmp(line, numbers[i].name))
			return number_put(recording, &numbers[i], value);
	return true;
}

/* The whole file, or NULL with errno. The caller frees it. */
static char *file_read(const char *path)
{
	int fd = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK | O_NOFOLLOW);
	struct stat st;
	char *text = NULL;
	ssize_t size = 0, got;

	if (fd < 0)
		return NULL;
	errno = EBADMSG;
	if (!fstat(fd, &st) && S_ISREG(st.st_mode) && st.st_size < FILE_MAX)
		text = calloc(1, (size_t)st.st_size + 1);
	while (text && size < st.st_size &&
	       (got = read(fd, text + size, (size_t)(st.st_size - size))) > 0)
		size += got;
	close(fd);
	return text;
}

int recording_read(const char *folder, struct recording *ret_recording,
		   struct vigil_problem *ret_problem)
{
	char path[PATH_SIZE], *text = NULL, *rest, *line;
	int r = path_of(path, folder, ""), number = 0;

	*ret_recording = (struct recording){ .pid = 0 };
	if (!r) {
		text = file_read(path);
		r = text ? 0 : -errno;
	}
	if (r) {
		snprintf(ret_problem->text, sizeof(ret_problem->text), "cannot read %.400s: %s",
			 path, r == -EBADMSG ? "it is no text file of a recording" : strerror(-r));
		return r;
	}
	rest = text;
	while (!r && (line = strsep(&rest, "\n"))) {
		number++;
		if (*line && !line_read(line, ret_recording))
			r = -EBADMSG;
	}
	free(text);
	if (r) {
		snprintf(ret_problem->text, sizeof(ret_problem->text),
			 "%.400s is damaged: line %d is not what it should be", path, number);
		recording_fini(ret_recording);
	}
	return r;
}
