/* SPDX-License-Identifier: MIT */
/*
 * Properties: what can be said of a task, a lock, a worker, an edge, a site, in
 * one word. A verb shows them, sorts by them and filters by them, so that what
 * stands in a column's head is what --sort and --filter understand.
 */
#ifndef CONSOLE_PROPERTY_H
#define CONSOLE_PROPERTY_H

#include "console/model.h"

#define PROPERTY_TEXT_SIZE 512
#define PROPERTY_UNKNOWN UINT64_MAX /* a number there is none of; sorts last, matches nothing */

enum property_type { PROPERTY_TEXT, PROPERTY_COUNT, PROPERTY_TIME, PROPERTY_BYTES };

struct property {
	const char *name;  /* as people type it: "busy" */
	const char *title; /* its column's head; NULL: no column, but sorts and filters */
	enum property_type type;
	bool is_plain; /* words of a filter without a key are looked for here */

	/* row is of the table's kind. text may be NULL for numbers. */
	void (*text)(const struct model *model, const void *row, char *buf, size_t size);
	/* Without it rows sort by text. */
	uint64_t (*number)(const struct model *model, const void *row);
	/* Its text is one of these, up to the first "?"; NULL: anything. */
	const char *(*word)(uint32_t value);
	bool is_seldom; /* no column while no row has anything in it */
};

/*
 * How lists of them are written: words (a plain filter word looks into plain ones;
 * ranked ones sort by a number; there are no others than "of" has), counts, times,
 * bytes, shares.
 */
#define P_WORDS(n, head, words)                                                                    \
	{                                                                                          \
		.name = n, .title = head, .text = words                                            \
	}
#define P_PLAIN(n, head, words)                                                                    \
	{                                                                                          \
		.name = n, .title = head, .text = words, .is_plain = true                          \
	}
#define P_SELDOM(n, head, words)                                                                   \
	{                                                                                          \
		.name = n, .title = head, .text = words, .is_plain = true, .is_seldom = true       \
	}
#define P_RANKED(n, head, rank, words)                                                             \
	{                                                                                          \
		.name = n, .title = head, .number = rank, .text = words                            \
	}
#define P_RANKED_PLAIN(n, head, rank, words)                                                       \
	{                                                                                          \
		.name = n, .title = head, .number = rank, .text = words, .is_plain = true          \
	}
#define P_ONE_OF(n, head, rank, words, of)                                                         \
	{                                                                                          \
		.name = n, .title = head, .number = rank, .text = words, .word = of                \
	}
#define P_ONE_OF_PLAIN(n, head, words, of)                                                         \
	{                                                                                          \
		.name = n, .title = head, .text = words, .is_plain = true, .word = of              \
	}
#define P_COUNT(n, head, of)                                                                       \
	{                                                                                          \
		.name = n, .title = head, .type = PROPERTY_COUNT, .number = of                     \
	}
#define P_TIME(n, head, of)                                                                        \
	{                                                                                          \
		.name = n, .title = head, .type = PROPERTY_TIME, .number = of                      \
	}
#define P_TIME_SAID(n, head, of, words)                                                            \
	{                                                                                          \
		.name = n, .title = head, .type = PROPERTY_TIME, .number = of, .text = words       \
	}
#define P_BYTES(n, head, of)                                                                       \
	{                                                                                          \
		.name = n, .title = head, .type = PROPERTY_BYTES, .number = of                     \
	}
#define P_SHARE(n, head, of, words)                                                                \
	{                                                                                          \
		.name = n, .title = head, .type = PROPERTY_COUNT, .number = of, .text = words      \
	}

/*
 * How their functions are written when an expression, a call or words that stand
 * elsewhere are all there is to them. head declares what these speak of.
 */
#define P_NUMBER_OF(name, head, expression)                                                        \
	static uint64_t name(const struct model *model, const void *row)                           \
	{                                                                                          \
		head;                                                                              \
                                                                                                   \
		(void)model;                                                                       \
		return expression;                                                                 \
	}
#define P_TEXT_OF(name, head, call)                                                                \
	static void name(const struct model *model, const void *row, char *buf, size_t size)       \
	{                                                                                          \
		head;                                                                              \
                                                                                                   \
		(void)model;                                                                       \
		call;                                                                              \
	}
#define P_WORDS_OF(name, head, words) P_TEXT_OF(name, head, snprintf(buf, size, "%s", words))

struct properties {
	const struct property *list;
	size_t count;

	/*
	 * Names of columns that a narrow terminal goes without, the first one first, up to a
	 * NULL. NULL: lines are cut instead.
	 */
	const char *const *spare;

	/* Of whom a row's attributes are, and the first; NULL: rows have none. */
	uint64_t (*attrs)(const struct model *model, const void *row, uint32_t *ret_first);

	/* The row at an index of its table, NULL if nothing is there; ends at *ret_count. */
	const void *(*at)(const struct model *model, uint32_t index, uint32_t *ret_count);
};

/* The attributes of a row, at most size. Returns how many. */
size_t property_attrs(const struct properties *properties, const struct model *model,
		      const void *row, struct vigil_attr_record *attrs, size_t size);

/* Whether the text stands in one of them, letter case ignored. */
bool property_attrs_have(const struct properties *properties, const struct model *model,
			 const void *row, const char *needle);

/*
 * By its name, or by its column's head if no other column has the same: letter
 * case ignored. NULL when there is none.
 */
const struct property *property_find(const struct properties *properties, const char *name);

/* "poll_p99, scheduled_p99": the names of all with that head. Returns how many. */
size_t property_heads(const struct properties *properties, const char *title, char *buf,
		      size_t size);

/* "id, name, state": for who asked for another one. */
void property_names(const struct properties *properties, char *buf, size_t size);

/* Whether its text can be that; if not, buf has what it can be: "running, idle". */
bool property_can_be(const struct property *property, const char *words, char *buf, size_t size);

/* A cell: text, or the number with its unit. */
void property_text(const struct property *property, const struct model *model, const void *row,
		   char *buf, size_t size);

extern const struct properties task_properties;        /* rows: struct vigil_task_record */
extern const struct properties member_task_properties; /* the same, and of which process */
extern const struct properties lock_properties;        /* struct vigil_resource_record */
extern const struct properties resource_properties;    /* the same; model_want_uses */
extern const struct properties worker_properties;      /* struct vigil_worker_record */
extern const struct properties edge_properties;        /* struct vigil_edge_record */
extern const struct properties site_properties;  /* struct vigil_site_record, model_want_sites */
extern const struct properties board_properties; /* struct vigil_found; model is NULL */

#endif
