/* SPDX-License-Identifier: MIT */
/* vigil why: from a stuck task to the last cause that can be known. */
#include <errno.h>
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "console/format.h"
#include "console/models.h"
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
	char name[NAME_TEXT], time[NAME_TEXT / 2], line[SUMMARY_TEXT + 64];

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

static void process_json(struct json *json, const struct model *model, const struct chain *chains,
			 size_t count)
{
	struct source_member member;

	model_member(model, &member);
	verb_json_process(json, "process", model);
	json_text(json, "host", member.host);
	json_bool(json, "is_whole", source_is_whole(model->source));
	json_array_begin(json, "chains");
	for (size_t i = 0; i < count; i++)
		chain_json(json, model, &chains[i]);
	json_array_end(json);
	last_polls_json(json, model);
}

/* ---- One process ---- */

static void chains_text(const struct text *text, const struct model *model,
			const struct chain *chains, size_t count)
{
	verb_heading(text, model);
	last_moment_print(text, model);
	for (size_t i = 0; i < count; i++)
		chain_print(text, model, &chains[i]);
}

static void chains_print(const struct verb_options *options, const struct model *model,
			 const struct chain *chains, size_t count, uint64_t over_ns)
{
	struct text text;
	struct json json;

	if (options->is_json) {
		json_begin(&json, stdout, options->is_repeated);
		json_object_begin(&json, NULL);
		json_u64(&json, "over_ns", over_ns);
		process_json(&json, model, chains, count);
		json_object_end(&json);
		json_end(&json);
		return;
	}
	text_begin(&text, stdout, options->is_ascii);
	chains_text(&text, model, chains, count);
	if (!count)
		nothing_print(&text, model, over_ns);
}

static int task_look(const struct model *model, const struct verb_options *options)
{
	const struct vigil_task_record *task;
	struct chain chain;
	uint64_t id;

	if (verb_task_id(options->task, &id))
		return EXIT_CANNOT;
	task = model_task_by_id(model, id);
	if (!task)
		return verb_task_missing(model, id);
	waits_chain(model, task, &chain);
	chains_print(options, model, &chain, 1, 0);
	return EXIT_DONE;
}

static uint64_t over_of(const struct verb_options *options)
{
	return options->has_over ? options->over_ns : WAITS_STUCK_NS;
}

/* Who watches wants to go on. */
static int status_of(const struct verb_options *options, bool is_found, bool is_all)
{
	if (options->is_repeated)
		return EXIT_DONE;
	return is_found ? EXIT_FOUND : is_all ? EXIT_DONE : EXIT_CANNOT;
}

static int one_look(const struct model *model, const struct verb_options *options)
{
	struct chain *chains;
	int count = waits_stuck(model, over_of(options), &chains);

	if (count < 0)
		return refuse("out of memory");
	chains_print(options, model, chains, (size_t)count, over_of(options));
	free(chains);
	return status_of(options, count > 0,
			 source_is_whole(model->source) && !source_is_partial(model->source));
}

/* ---- Several processes ---- */

struct judged {
	const struct model *model;
	struct chain *chains;
	size_t count;
};

struct all {
	struct models models;
	struct judged *list; /* those that have begun, the worst first */
	size_t count;
};

static uint64_t worst_ns(const struct judged *one)
{
	return one->count ? one->chains[0].stuck_ns + 1 : 0;
}

static int worst_first(const void *a, const void *b)
{
	uint64_t x = worst_ns(a), y = worst_ns(b);

	return x > y ? -1 : x < y;
}

static int all_judge(struct all *all, const struct verb_options *options)
{
	all->list = calloc(all->models.count + 1, sizeof(*all->list));
	if (!all->list)
		return -ENOMEM;
	for (uint32_t i = 0; i < all->models.count; i++) {
		struct judged *one = &all->list[all->count];
		int count;

		one->model = models_at(&all->models, i);
		if (!one->model || all->models.list[i].is_away)
			continue;
		count = waits_stuck(one->model, over_of(options), &one->chains);
		if (count < 0)
			return count;
		one->count = (size_t)count;
		all->count++;
	}
	qsort(all->list, all->count, sizeof(*all->list), worst_first);
	return 0;
}

static void all_forget(struct all *all)
{
	for (size_t i = 0; i < all->count; i++)
		free(all->list[i].chains);
	free(all->list);
	all->list = NULL;
	all->count = 0;
}

/* "httpd 4711 on web1, worker 4712": those in which nothing is stuck, known for sure or not. */
static size_t others_words(const struct all *all, bool is_whole, char *buf, size_t size)
{
	size_t others = 0, at = 0;

	buf[0] = '\0';
	for (size_t i = 0; i < all->count; i++) {
		const struct model *model = all->list[i].model;
		struct source_member member;

		if (all->list[i].count || source_is_whole(model->source) != is_whole)
			continue;
		others++;
		model_member(model, &member);
		if (at < size)
			at += (size_t)snprintf(buf + at, size - at, "%s%.31s %" PRIu32 "%s%.63s",
					       at ? ", " : "", member.name, member.pid,
					       member.host[0] ? " on " : "", member.host);
	}
	return others;
}

static void all_text(const struct all *all, const struct verb_options *options)
{
	char names[900], line[1100], time[FORMAT_SIZE];
	struct text text;

	text_begin(&text, stdout, options->is_ascii);
	for (size_t i = 0; i < all->count && all->list[i].count; i++)
		chains_text(&text, all->list[i].model, all->list[i].chains, all->list[i].count);
	format_duration(time, sizeof(time), over_of(options), 0);
	if (others_words(all, true, names, sizeof(names))) {
		snprintf(line, sizeof(line), "Nothing has been stuck for over %s in %s.", time,
			 names);
		text_wrapped(&text, 0, line);
	}
	if (others_words(all, false, names, sizeof(names))) {
		snprintf(line, sizeof(line),
			 "Whether anything is stuck cannot be said of %s: not all of it is known.",
			 names);
		text_wrapped(&text, 0, line);
	}
}

static void all_json(const struct all *all, const struct verb_options *options)
{
	struct json json;

	json_begin(&json, stdout, options->is_repeated);
	json_object_begin(&json, NULL);
	json_u64(&json, "over_ns", over_of(options));
	json_array_begin(&json, "processes");
	for (size_t i = 0; i < all->count; i++) {
		json_object_begin(&json, NULL);
		process_json(&json, all->list[i].model, all->list[i].chains, all->list[i].count);
		json_object_end(&json);
	}
	json_array_end(&json);
	json_object_end(&json);
	json_end(&json);
}

static int all_look(struct all *all, const struct model *model, const struct verb_options *options)
{
	char names[4];
	bool is_found;
	int r;

	if (options->task)
		return refuse("there are several processes, each with tasks of its own: say which "
			      "by --process=PID");
	r = models_refresh(&all->models, model->source);
	if (!r)
		r = all_judge(all, options);
	is_found = !r && all->count && all->list[0].count;
	if (r)
		r = refuse("out of memory");
	else if (options->is_json)
		all_json(all, options);
	else
		all_text(all, options);
	if (!r)
		r = status_of(options, is_found,
			      !others_words(all, false, names, sizeof(names)) &&
				      !source_is_partial(model->source));
	all_forget(all);
	return r;
}

static int look(struct model *model, const struct verb_options *options, void *arg)
{
	if (!options->process && source_has_several(model->source))
		return all_look(arg, model, options);
	return options->task ? task_look(model, options) : one_look(model, options);
}

int verb_why(const struct verb_options *options)
{
	struct model *model = verb_open_any(options);
	struct all all = { .count = 0 };
	int r;

	if (!model)
		return EXIT_CANNOT;
	r = verb_repeat(options, model, look, &all);
	models_fini(&all.models);
	model_free(model);
	return r;
}
