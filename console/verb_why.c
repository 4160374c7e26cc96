/* SPDX-License-Identifier: MIT */
/* vigil why: from a stuck task to the last cause that can be known. */
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "console/format.h"
#include "console/names.h"
#include "console/verb.h"
#include "console/waits.h"

#define OVER_NS UINT64_C(1000000000)

static const char *word_link(enum link_kind kind)
{
#define WORD_(e, NAME, word) word,
	static const char *const words[] = { LINK_KINDS(WORD_) };

	return words[kind];
}

/* ---- Text ---- */

static void link_print(const struct text *text, const struct link *link, bool is_first)
{
	static const char *const leads[] = {
		[LINK_FACT] = "because",    [LINK_GUESS] = "a guess:",     [LINK_CAUSE] = "because",
		[LINK_CYCLE] = "deadlock:", [LINK_UNKNOWN] = "not known:",
	};
	char line[LINK_TEXT + 32];

	if (is_first && link->kind != LINK_UNKNOWN)
		snprintf(line, sizeof(line), "%s", link->text);
	else
		snprintf(line, sizeof(line), "%s %s", leads[link->kind], link->text);
	text_wrapped(text, 4, line);
}

static void chain_print(const struct text *text, const struct model *model,
			const struct chain *chain)
{
	char name[NAME_TEXT], time[NAME_TEXT / 2], line[LINK_TEXT + 64];

	name_object(model, chain->task, name, sizeof(name));
	waits_time(model, chain->stuck_ns, time, sizeof(time));
	snprintf(line, sizeof(line), "%s, %s", name, time);
	if (chain->delayed)
		text_line(text, "%s, and %" PRIu64 " more for the same cause", line,
			  chain->delayed);
	else
		text_line(text, "%s", line);
	snprintf(line, sizeof(line), "Cause: %s", chain->summary);
	text_wrapped(text, 2, line);
	for (size_t i = 0; i < chain->count; i++)
		link_print(text, &chain->links[i], i == 0);
	fputc('\n', text->file);
}

static void nothing_print(const struct text *text, const struct model *model, uint64_t over_ns)
{
	char time[FORMAT_SIZE], line[400];

	format_duration(time, sizeof(time), over_ns, 0);
	snprintf(line, sizeof(line),
		 "Nothing is stuck: no live task (of %" PRIu64 ") has been running, ready to run, "
		 "or waiting for a lock, a job, a task or an overdue timer for over %s.",
		 model->totals.live, time);
	text_wrapped(text, 0, line);
}

/* What a process that is gone was doing: often the whole answer. */
static void last_moment_print(const struct text *text, const struct model *model)
{
	uint32_t count = vigil_reader_count(model->reader, VIGIL_TABLE_worker);
	char task[NAME_TEXT], worker[NAME_TEXT], place[NAME_TEXT];

	if (model->status != VIGIL_STATUS_DEAD)
		return;
	text_wrapped(text, 0,
		     "Times end at the last thing it recorded; how long it went on after that is "
		     "not known.");
	for (uint32_t i = 0; i < count; i++) {
		const struct vigil_worker_record *w = VIGIL_AT(model->reader, worker, i);
		const struct vigil_task_record *t = VIGIL_FIND(model->reader, task, w->task);

		if (w->life != VIGIL_LIFE_LIVE || !t)
			continue;
		name_object(model, w->task, task, sizeof(task));
		name_worker(model, w, worker, sizeof(worker));
		name_place_long(model, t->site, place, sizeof(place));
		text_line(text, "When it died, %s polled %s, spawned at %s.", worker, task, place);
	}
}

/* ---- JSON ---- */

static void link_json(struct json *json, const struct model *model, const struct link *link)
{
	json_object_begin(json, NULL);
	json_text(json, "kind", word_link(link->kind));
	json_object_ref(json, model, "object", link->object);
	json_site(json, model, "site", link->site);
	json_u64(json, "for_ns", link->for_ns);
	json_text(json, "text", link->text);
	json_object_end(json);
}

static void chain_json(struct json *json, const struct model *model, const struct chain *chain)
{
	json_object_begin(json, NULL);
	json_object_ref(json, model, "task", chain->task);
	json_u64(json, "stuck_ns", chain->stuck_ns);
	json_u64(json, "delayed", chain->delayed);
	json_text(json, "summary", chain->summary);
	json_array_begin(json, "links");
	for (size_t i = 0; i < chain->count; i++)
		link_json(json, model, &chain->links[i]);
	json_array_end(json);
	json_object_end(json);
}

static void chains_print(const struct verb_options *options, const struct model *model,
			 const struct chain *chains, size_t count, uint64_t over_ns)
{
	struct text text;
	struct json json;

	if (options->is_json) {
		json_begin(&json, stdout, options->is_repeated);
		json_object_begin(&json, NULL);
		verb_json_process(&json, model);
		json_u64(&json, "over_ns", over_ns);
		json_array_begin(&json, "chains");
		for (size_t i = 0; i < count; i++)
			chain_json(&json, model, &chains[i]);
		json_array_end(&json);
		json_object_end(&json);
		json_end(&json);
		return;
	}
	text_begin(&text, stdout, options->is_ascii);
	verb_heading(&text, model);
	for (size_t i = 0; i < count; i++)
		chain_print(&text, model, &chains[i]);
	if (!count)
		nothing_print(&text, model, over_ns);
	last_moment_print(&text, model);
}

static int look(struct model *model, const struct verb_options *options, const void *arg)
{
	uint64_t over_ns = options->has_over ? options->over_ns : OVER_NS;
	const struct vigil_task_record *task;
	struct chain *chains, chain;
	uint64_t id;
	int count;

	(void)arg;
	if (options->task) {
		if (verb_task_id(options->task, &id))
			return EXIT_CANNOT;
		task = model_task_by_id(model, id);
		if (!task)
			return verb_task_missing(model, id);
		waits_chain(model, task, &chain);
		chains_print(options, model, &chain, 1, 0);
		return EXIT_DONE;
	}
	count = waits_stuck(model, over_ns, &chains);
	if (count < 0)
		return refuse("out of memory");
	chains_print(options, model, chains, (size_t)count, over_ns);
	free(chains);
	/* Who watches wants to go on. */
	return count && !options->is_repeated ? EXIT_FOUND : EXIT_DONE;
}

int verb_why(const struct verb_options *options)
{
	struct model *model = verb_open(options);
	int r;

	if (!model)
		return EXIT_CANNOT;
	r = verb_repeat(options, model, look, NULL);
	model_free(model);
	return r;
}
