/* SPDX-License-Identifier: MIT */
/* vigil why: from a stuck task to the last cause that can be known. */
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "console/format.h"
#include "console/names.h"
#include "console/source.h"
#include "console/verb.h"
#include "console/waits.h"

static const char *word_link(enum link_kind kind)
{
#define WORD_(e, NAME, word) word,
	static const char *const words[] = { LINK_KINDS(WORD_) };

	return words[kind];
}

/* ---- Text ---- */

static void link_print(const struct text *text, const struct link *link, bool is_first)
{
	const char *lead = link_lead(link, is_first);
	char line[LINK_TEXT + 32];

	snprintf(line, sizeof(line), "%s%s%s", lead, lead[0] ? " " : "", link->text);
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
	char line[LINK_TEXT];

	waits_nothing(model, over_ns, line, sizeof(line));
	text_wrapped(text, 0, line);
}

/* What a process that died was doing: often the whole answer. */
static void last_moment_print(const struct text *text, const struct model *model)
{
	struct last_poll polls[LAST_POLLS];
	size_t count = waits_last_polls(model, polls);
	char line[LAST_POLL_TEXT];

	if (model->status != VIGIL_STATUS_DEAD)
		return;
	for (size_t i = 0; i < count; i++)
		text_wrapped(text, 0, waits_last_poll(model, &polls[i], line, sizeof(line)));
	if (!count)
		text_wrapped(text, 0, LAST_POLL_NONE);
	fputc('\n', text->file);
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

static void last_polls_json(struct json *json, const struct model *model)
{
	struct last_poll polls[LAST_POLLS];
	size_t count = waits_last_polls(model, polls);
	char line[LAST_POLL_TEXT];

	json_array_begin(json, "running_at_death");
	for (size_t i = 0; i < count; i++) {
		json_object_begin(json, NULL);
		json_object_ref(json, model, "task", polls[i].task);
		json_object_ref(json, model, "worker", polls[i].worker);
		json_u64(json, "for_ns", polls[i].for_ns);
		json_text(json, "text", waits_last_poll(model, &polls[i], line, sizeof(line)));
		json_object_end(json);
	}
	json_array_end(json);
}

static void chains_print(const struct verb_options *options, const struct model *model,
			 const struct chain *chains, size_t count, uint64_t over_ns)
{
	struct text text;
	struct json json;

	if (options->is_json) {
		json_begin(&json, stdout, options->is_repeated);
		json_object_begin(&json, NULL);
		verb_json_process(&json, "process", model);
		json_bool(&json, "is_whole", source_is_whole(model->source));
		json_u64(&json, "over_ns", over_ns);
		json_array_begin(&json, "chains");
		for (size_t i = 0; i < count; i++)
			chain_json(&json, model, &chains[i]);
		json_array_end(&json);
		last_polls_json(&json, model);
		json_object_end(&json);
		json_end(&json);
		return;
	}
	text_begin(&text, stdout, options->is_ascii);
	verb_heading(&text, model);
	last_moment_print(&text, model);
	for (size_t i = 0; i < count; i++)
		chain_print(&text, model, &chains[i]);
	if (!count)
		nothing_print(&text, model, over_ns);
}

static int look(struct model *model, const struct verb_options *options, void *arg)
{
	uint64_t over_ns = options->has_over ? options->over_ns : WAITS_STUCK_NS;
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
	if (!count && !options->is_repeated && !source_is_whole(model->source))
		return EXIT_CANNOT;
	/* Who watches wants to go on. */
	return count && !options->is_repeated ? EXIT_FOUND : EXIT_DONE;
}

int verb_why(const struct verb_options *options)
{
	return verb_look(options, look, NULL);
}
