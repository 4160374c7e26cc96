/* SPDX-License-Identifier: MIT */
/* Models of all processes of a source. */
#include "console/models.h"

#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

void models_fini(struct models *models)
{
	for (uint32_t i = 0; i < models->count; i++)
		model_free(models->list[i].model);
	free(models->list);
}

struct model *models_at(const struct models *models, uint32_t process)
{
	return process < models->count ? models->list[process].model : NULL;
}

void model_member(const struct model *model, struct source_member *ret_member)
{
	if (!source_member(model->source, source_chosen(model->source), ret_member))
		*ret_member = (struct source_member){ .host = "", .name = "" };
	if (!ret_member->name[0])
		ret_member->name = model->process->name;
	if (!ret_member->pid)
		ret_member->pid = vigil_reader_pid(model->reader);
}

bool models_is_there(const struct models_one *one)
{
	return one->model && !one->is_away && status_is_there(one->model->status);
}

/* ---- Reading ---- */

static int grow(struct models *models, uint32_t count)
{
	struct models_one *list;

	if (count <= models->count)
		return 0;
	list = realloc(models->list, count * sizeof(*list));
	if (!list)
		return -ENOMEM;
	memset(list + models->count, 0, (count - models->count) * sizeof(*list));
	models->list = list;
	models->count = count;
	return 0;
}

static int begin(struct models_one *one, struct source *whole, uint32_t process)
{
	struct source *source = source_member_new(whole, process);
	struct vigil_problem problem;
	int r = source ? model_new_of(source, &one->model, &problem) : -ENOMEM;

	if (r && source)
		source_close(source);
	one->is_other = true;
	return r;
}

static int one_refresh(struct models_one *one, struct source *source, uint32_t process,
		       const struct source_member *member)
{
	int r;

	one->is_other = false;
	one->is_away = member->is_away;
	if (!one->model)
		return member->board && !source_is_working(source) ? begin(one, source, process) :
								     0;
	r = model_refresh(one->model);
	one->is_other = r > 0;
	/* A step back in a trace, to where it has not begun. */
	if (!member->board && !source_is_working(source)) {
		model_free(one->model);
		*one = (struct models_one){ .is_other = true };
	}
	return r < 0 ? r : 0;
}

/* ---- Sums ---- */

static void totals_add(struct model_totals *sum, const struct model_totals *totals)
{
	sum->running += totals->running;
	sum->scheduled += totals->scheduled;
	sum->idle += totals->idle;
	sum->done += totals->done;
	sum->live += totals->live;
	sum->polls += totals->polls;
	sum->wakes += totals->wakes;
	sum->spawns += totals->spawns;
	sum->lost += totals->lost;
	sum->misused += totals->misused;
	sum->torn += totals->torn;
}

static void rates_add(struct model_totals *sum, const struct model_totals *totals)
{
	sum->polls_rate += totals->polls_rate;
	sum->wakes_rate += totals->wakes_rate;
	sum->spawns_rate += totals->spawns_rate;
}

/* All of its fields are counts, but for a moment. */
static void counts_add(struct vigil_counts_record *sum, const struct vigil_counts_record *counts)
{
	uint64_t numbers[sizeof(*sum) / sizeof(uint64_t)], more[sizeof(*sum) / sizeof(uint64_t)];

	memcpy(numbers, sum, sizeof(numbers));
	memcpy(more, counts, sizeof(more));
	for (size_t i = 0; i < sizeof(numbers) / sizeof(numbers[0]); i++)
		numbers[i] += more[i];
	memcpy(sum, numbers, sizeof(numbers));
	sum->unsure_ns = 0;
}

/* Whether a process of a lower number is on the same host. */
static bool is_host_known(const struct models *models, struct source *source, uint32_t process,
			  const char *host)
{
	struct source_member other;

	for (uint32_t i = 0; i < process; i++)
		if (models_at(models, i) && source_member(source, i, &other) &&
		    !strcmp(other.host, host))
			return true;
	return false;
}

static void sum_add(struct models *models, struct source *source, uint32_t process,
		    const struct source_member *member)
{
	const struct models_one *one = &models->list[process];
	const struct model *model = one->model;

	if (!model)
		return;
	totals_add(&models->sum.totals, &model->totals);
	if (models_is_there(one))
		rates_add(&models->sum.totals, &model->totals);
	counts_add(&models->counts, model->counts);
	models->begun++;
	models->away += one->is_away;
	models->ended += !one->is_away && !status_is_there(model->status);
	models->hosts += member->host[0] && !is_host_known(models, source, process, member->host);
	if (status_is_there(model->status))
		models->sum.status = model->status;
}

/* One whose stream is lost may be in another one by now: then that is the process. */
static bool is_elsewhere(struct source *source, const struct source_member *member)
{
	struct source_member other;

	for (uint32_t i = 0; member->is_away && source_member(source, i, &other); i++)
		if (other.board && !other.is_away && other.pid == member->pid &&
		    !strcmp(other.host, member->host))
			return true;
	return false;
}

int models_refresh(struct models *models, struct source *source)
{
	struct source_member member;
	int r = 0, error;

	models->sum = (struct model){ .counts = &models->counts, .status = VIGIL_STATUS_FINISHED };
	memset(&models->counts, 0, sizeof(models->counts));
	models->begun = models->ended = models->away = models->hosts = 0;
	for (uint32_t i = 0; i < MODELS_MOST && source_member(source, i, &member); i++) {
		if (grow(models, i + 1))
			return -ENOMEM;
		if (is_elsewhere(source, &member))
			member.board = 0;
		error = one_refresh(&models->list[i], source, i, &member);
		r = error ? error : r;
		sum_add(models, source, i, &member);
	}
	return r;
}

void models_words(const struct models *models, char *buf, size_t size)
{
	int at = snprintf(buf, size, "%" PRIu32 " process%s", models->begun,
			  models->begun == 1 ? "" : "es");

	if (models->hosts && at > 0 && (size_t)at < size)
		snprintf(buf + at, size - (size_t)at, " on %" PRIu32 " host%s", models->hosts,
			 models->hosts == 1 ? "" : "s");
}
