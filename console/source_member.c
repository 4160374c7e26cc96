/* SPDX-License-Identifier: MIT */
/*
 * One process of a source that has several, as a source of its own.
 *
 * The law of the file: it asks the whole and never moves it.
 */
#include <stdio.h>
#include <stdlib.h>

#include "console/source.h"

struct member_source {
	struct source source;
	struct source *whole;
	uint32_t index;
	uint64_t board; /* that the reader reads */
};

static struct member_source *member_of(struct source *source)
{
	return (struct member_source *)(void *)source;
}

static uint64_t board_now(const struct member_source *it)
{
	struct source_member member = { .board = 0 };

	source_member(it->whole, it->index, &member);
	return member.board;
}

static void member_close(struct source *source)
{
	free(source);
}

static int member_reader_open(struct source *source, struct vigil_reader **ret_reader,
			      struct vigil_problem *ret_problem)
{
	struct member_source *it = member_of(source);
	int r = it->whole->ops->member_open(it->whole, it->index, ret_reader, ret_problem);

	if (!r)
		it->board = board_now(it);
	return r;
}

static enum source_news member_refresh(struct source *source, struct vigil_reader *reader)
{
	struct member_source *it = member_of(source);

	if (source_is_working(it->whole))
		return SOURCE_WORKING;
	if (it->board != board_now(it))
		return SOURCE_REPLACED;
	it->whole->ops->member_fix(it->whole, it->index, reader);
	return SOURCE_SAME;
}

static void member_words(struct source *source, char *buf, size_t size)
{
	source_words(member_of(source)->whole, buf, size);
}

static bool member_member(struct source *source, uint32_t index, struct source_member *ret_member)
{
	return source_member(member_of(source)->whole, index, ret_member);
}

static bool member_past(struct source *source, uint32_t index, struct past *ret_past)
{
	struct source *whole = member_of(source)->whole;

	return whole->ops->past && whole->ops->past(whole, index, ret_past);
}

static uint32_t member_chosen(struct source *source)
{
	return member_of(source)->index;
}

static const struct source_ops member_ops = {
	.close = member_close,
	.reader_open = member_reader_open,
	.refresh = member_refresh,
	.words = member_words,
	.member = member_member,
	.past = member_past,
	.chosen = member_chosen,
};

struct source *source_member_new(struct source *whole, uint32_t index)
{
	struct member_source *it = calloc(1, sizeof(*it));

	if (!it)
		return NULL;
	it->source.ops = &member_ops;
	snprintf(it->source.target, sizeof(it->source.target), "%s", whole->target);
	it->whole = whole;
	it->index = index;
	return &it->source;
}
