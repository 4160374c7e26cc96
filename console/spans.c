/* SPDX-License-Identifier: MIT */
/* The open spans of a task. The law stands in spans.h. */
#include "console/spans.h"

#include <stdio.h>
#include <string.h>

#include "console/attr.h"

/* Several threads give out numbers from blocks of their own. */
static bool is_later(const struct vigil_span_record *span, const struct vigil_span_record *than)
{
	if (span->created_ns != than->created_ns)
		return span->created_ns > than->created_ns;
	return span->id > than->id;
}

/* Puts it where it belongs by its age; the last one falls out when all places are taken. */
static void insert(struct open_span *spans, size_t *count, const struct open_span *span)
{
	size_t at = *count;

	while (at && is_later(spans[at - 1].record, span->record))
		at--;
	if (at == SPANS_MOST || (at && spans[at - 1].ref == span->ref))
		return;
	if (*count < SPANS_MOST)
		++*count;
	memmove(&spans[at + 1], &spans[at], (*count - at - 1) * sizeof(*spans));
	spans[at] = *span;
}

/* What it has entered, whoever made it: a chain from the innermost one. */
static void entered_find(const struct model *model, uint64_t task, struct open_span *spans,
			 size_t *count)
{
	const struct vigil_task_record *record = VIGIL_FIND(model->reader, task, task);
	uint64_t ref = record ? record->span : 0;

	/* A damaged board may have a ring of them. */
	for (int i = 0; ref && i < SPANS_MOST; i++) {
		const struct vigil_span_record *span = VIGIL_FIND(model->reader, span, ref);

		if (!span)
			return;
		if (span->life == VIGIL_LIFE_LIVE && span->task != task)
			insert(spans, count, &(struct open_span){ .ref = ref, .record = span });
		ref = span->outer;
	}
}

static unsigned depth_of(const struct open_span *spans, size_t at)
{
	for (size_t i = at; i-- > 0;)
		if (spans[i].ref == spans[at].record->parent)
			return spans[i].depth + 1;
	return 0;
}

size_t spans_of_task(const struct model *model, uint64_t task, struct open_span spans[SPANS_MOST])
{
	uint32_t all = vigil_reader_count(model->reader, VIGIL_TABLE_span);
	size_t count = 0;

	for (uint32_t i = 0; i < all; i++) {
		const struct vigil_span_record *span = VIGIL_AT(model->reader, span, i);
		struct open_span open = { .record = span };

		if (span->life != VIGIL_LIFE_LIVE || span->task != task)
			continue;
		open.ref = vigil_reader_ref(model->reader, VIGIL_TABLE_span, i);
		insert(spans, &count, &open);
	}
	entered_find(model, task, spans, &count);
	for (size_t i = 0; i < count; i++)
		spans[i].depth = depth_of(spans, i);
	return count;
}

void span_fields(const struct model *model, const struct open_span *span, char *buf, size_t size)
{
	struct vigil_attr_record attrs[ATTR_MOST];
	size_t count =
		vigil_reader_attrs(model->reader, span->ref, span->record->attrs, attrs, ATTR_MOST);
	char words[128];
	size_t at = 0;

	buf[0] = '\0';
	for (size_t i = 0; i < count && at < size; i++) {
		attr_text(&attrs[i], words, sizeof(words));
		at += (size_t)snprintf(buf + at, size - at, "%s%s %s%s%s", at ? ", " : "",
				       attrs[i].key, words, attrs[i].unit[0] ? " " : "",
				       attrs[i].unit);
	}
}

uint64_t span_open_ns(const struct model *model, const struct open_span *span)
{
	return less_of(model->now, span->record->created_ns);
}
