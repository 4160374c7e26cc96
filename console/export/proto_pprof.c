/* SPDX-License-Identifier: MIT */
/* A profile of pprof, packed with protobuf-c. Not compressed: pprof reads both. */
#include "console/export/proto_pprof.h"

#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

#include "pprof.pb-c.h"

enum { RUN_COUNT, RUN_NS, WAIT_COUNT, WAIT_NS, VALUES };

static const struct {
	const char *type, *unit;
} value_names[VALUES] = {
	[RUN_COUNT] = { "run_count", "count" },
	[RUN_NS] = { "run", "nanoseconds" },
	[WAIT_COUNT] = { "wait_count", "count" },
	[WAIT_NS] = { "wait", "nanoseconds" },
};

/* A list that grows, of pointers to what is freed with it. */
struct list {
	void **items;
	size_t count;
};

/* All numbers of a table are given once: the sum's count is the number. */
struct draft {
	Pprof__Profile profile;
	struct sums strings, functions, locations;
	struct list string_list, function_list, location_list, sample_list;
	int64_t comment;
	bool has_failed;
};

/* ---- Lists ---- */

static void *list_add(struct draft *draft, struct list *list, void *item)
{
	void **more = item ? reallocarray(list->items, list->count + 1, sizeof(void *)) : NULL;

	if (!more) {
		draft->has_failed = true;
		free(item);
		return NULL;
	}
	list->items = more;
	list->items[list->count++] = item;
	return item;
}

static void list_free(struct list *list)
{
	for (size_t i = 0; i < list->count; i++)
		free(list->items[i]);
	free(list->items);
}

/* The number of a key in a table: its place in a list. *ret_is_new: there is none yet. */
static struct sum *number_of(struct draft *draft, struct sums *sums, const struct list *list,
			     const char *key, size_t length, bool *ret_is_new)
{
	struct sum *sum = sums_get(sums, key, length);

	*ret_is_new = sum && !sum->count;
	if (!sum)
		draft->has_failed = true;
	else if (*ret_is_new)
		sum->count = list->count + 1;
	return sum;
}

/* Strings count from 0, which is "". */
static int64_t string_of(struct draft *draft, const char *text, size_t length)
{
	bool is_new;
	struct sum *sum =
		number_of(draft, &draft->strings, &draft->string_list, text, length, &is_new);

	if (is_new)
		list_add(draft, &draft->string_list, strndup(text, length));
	return sum ? (int64_t)sum->count - 1 : 0;
}

static int64_t words_of(struct draft *draft, const char *text)
{
	return string_of(draft, text, strlen(text));
}

/* ---- Frames ---- */

/* Up to the separator; *text is moved past it. */
static size_t field_end(const char **text, char separator)
{
	size_t length = strcspn(*text, (char[]){ separator, '\0' });

	*text += length + ((*text)[length] != '\0');
	return length;
}

static uint64_t function_of(struct draft *draft, const char *name, size_t name_length,
			    const char *file, size_t file_length)
{
	bool is_new;
	size_t length = (size_t)(file - name) + file_length;
	struct sum *sum =
		number_of(draft, &draft->functions, &draft->function_list, name, length, &is_new);
	Pprof__Function *function =
		is_new ? list_add(draft, &draft->function_list, malloc(sizeof(*function))) : NULL;

	if (function) {
		pprof__function__init(function);
		function->id = sum->count;
		function->name = function->system_name = string_of(draft, name, name_length);
		function->filename = string_of(draft, file, file_length);
	}
	return sum ? sum->count : 0;
}

/* A location of one line; both in one piece of memory. */
struct located {
	Pprof__Location location;
	Pprof__Line line, *lines[1];
};

static uint64_t location_of(struct draft *draft, const char *frame, size_t length)
{
	const char *at = frame, *file;
	size_t name_length = field_end(&at, '\t'), file_length;
	bool is_new;
	struct sum *sum =
		number_of(draft, &draft->locations, &draft->location_list, frame, length, &is_new);
	struct located *located =
		is_new ? list_add(draft, &draft->location_list, malloc(sizeof(*located))) : NULL;

	if (!located)
		return sum ? sum->count : 0;
	file = at;
	file_length = field_end(&at, '\t');
	pprof__location__init(&located->location);
	pprof__line__init(&located->line);
	located->line.function_id = function_of(draft, frame, name_length, file, file_length);
	located->line.line = strtol(at, NULL, 10);
	located->lines[0] = &located->line;
	located->location.id = sum->count;
	located->location.n_line = 1;
	located->location.line = located->lines;
	return sum->count;
}

/* ---- Samples ---- */

#define FRAMES_MAX 64

struct sampled {
	Pprof__Sample sample;
	Pprof__Label process, thread, *labels[2];
	uint64_t locations[FRAMES_MAX];
	int64_t values[VALUES];
};

static void label_put(struct draft *draft, struct sampled *sampled, Pprof__Label *label,
		      const char *key, const char *text, size_t length)
{
	pprof__label__init(label);
	label->key = words_of(draft, key);
	label->str = string_of(draft, text, length);
	sampled->labels[sampled->sample.n_label++] = label;
}

static void sample_put(struct draft *draft, const struct sum *sum, int first_value)
{
	struct sampled *sampled = list_add(draft, &draft->sample_list, calloc(1, sizeof(*sampled)));
	const char *at = (const char *)sum->key, *from = at;
	size_t length;

	if (!sampled)
		return;
	pprof__sample__init(&sampled->sample);
	sampled->sample.label = sampled->labels;
	sampled->sample.location_id = sampled->locations;
	sampled->sample.value = sampled->values;
	sampled->sample.n_value = VALUES;
	sampled->values[first_value] = (int64_t)sum->count;
	sampled->values[first_value + 1] = (int64_t)sum->ns;
	length = field_end(&at, '\t');
	label_put(draft, sampled, &sampled->process, "process", from, length);
	from = at;
	length = field_end(&at, '\n');
	label_put(draft, sampled, &sampled->thread,
		  first_value == RUN_COUNT ? "thread" : "executor", from, length);
	while (*at && sampled->sample.n_location_id < FRAMES_MAX) {
		from = at;
		length = field_end(&at, '\n');
		sampled->locations[sampled->sample.n_location_id++] =
			location_of(draft, from, length);
	}
}

static void sums_put(struct draft *draft, const struct sums *sums, int first_value)
{
	static const char others[] = "\t\nstacks beyond the first 65536\t\t0\n";
	struct sum *sum;

	for (size_t i = 0; i < sums->used; i++)
		sample_put(draft, sums->slots[i], first_value);
	if (!sums->others.count)
		return;
	sum = calloc(1, sizeof(*sum) + sizeof(others));
	if (!sum) {
		draft->has_failed = true;
		return;
	}
	*sum = sums->others;
	memcpy(sum->key, others, sizeof(others));
	sample_put(draft, sum, first_value);
	free(sum);
}

/* ---- The profile ---- */

static void profile_fill(struct draft *draft, const struct profile_times *times,
			 Pprof__ValueType types[VALUES], Pprof__ValueType *type_list[VALUES])
{
	Pprof__Profile *profile = &draft->profile;

	words_of(draft, "");
	for (int i = 0; i < VALUES; i++) {
		pprof__value_type__init(&types[i]);
		types[i].type = words_of(draft, value_names[i].type);
		types[i].unit = words_of(draft, value_names[i].unit);
		type_list[i] = &types[i];
	}
	profile->n_sample_type = VALUES;
	profile->sample_type = type_list;
	profile->default_sample_type = types[RUN_NS].type;
	profile->time_nanos = (int64_t)times->begin_unix_ns;
	profile->duration_nanos = (int64_t)times->duration_ns;
	if (times->comment) {
		draft->comment = words_of(draft, times->comment);
		profile->comment = &draft->comment;
		profile->n_comment = 1;
	}
	sums_put(draft, &times->run, RUN_COUNT);
	sums_put(draft, &times->wait, WAIT_COUNT);
	profile->n_sample = draft->sample_list.count;
	profile->sample = (Pprof__Sample **)draft->sample_list.items;
	profile->n_location = draft->location_list.count;
	profile->location = (Pprof__Location **)draft->location_list.items;
	profile->n_function = draft->function_list.count;
	profile->function = (Pprof__Function **)draft->function_list.items;
	profile->n_string_table = draft->string_list.count;
	profile->string_table = (char **)draft->string_list.items;
}

static void profile_pack(struct draft *draft, FILE *file)
{
	size_t size = pprof__profile__get_packed_size(&draft->profile);
	uint8_t *bytes = malloc(size);

	if (!bytes) {
		draft->has_failed = true;
		return;
	}
	pprof__profile__pack(&draft->profile, bytes);
	fwrite(bytes, 1, size, file);
	free(bytes);
}

int profile_write(FILE *file, const struct profile_times *times)
{
	struct draft draft = { .profile = PPROF__PROFILE__INIT };
	Pprof__ValueType types[VALUES], *type_list[VALUES];

	profile_fill(&draft, times, types, type_list);
	if (!draft.has_failed)
		profile_pack(&draft, file);
	sums_free(&draft.strings);
	sums_free(&draft.functions);
	sums_free(&draft.locations);
	list_free(&draft.string_list);
	list_free(&draft.function_list);
	list_free(&draft.location_list);
	list_free(&draft.sample_list);
	return draft.has_failed ? -1 : 0;
}
