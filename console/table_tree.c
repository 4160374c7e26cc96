/* SPDX-License-Identifier: MIT */
/*
 * Rows under their parents.
 *
 * The law of the file: the source says who is whose parent, and is not
 * believed. A parent that is not there, a row that is its own parent and
 * parents in a circle lose no row and loop for ever nowhere; nothing recurs
 * by depth.
 */
#include "console/table.h"

#include <stdlib.h>
#include <string.h>

#include "console/table_private.h"

#define NOT_HERE UINT32_MAX

/*
 * Rows by index in sorted order, linked by index; NOT_HERE is none, and one
 * more than the last is the root. An array for each link, since a walk meets
 * rows in an order no cache foresees, and small arrays stay in it.
 */
struct table_tree {
	size_t count;
	uint32_t *parent;
	uint32_t *child;
	uint32_t *sibling;
	uint32_t *slots; /* hash of ids */
	uint32_t mask;
	uint64_t *ids; /* TABLE_NO_ROW once it is emitted */
	struct table_branch *branches;
};

void table_tree_free(struct table_tree *tree)
{
	if (!tree)
		return;
	free(tree->parent);
	free(tree->child);
	free(tree->sibling);
	free(tree->slots);
	free(tree->ids);
	free(tree->branches);
	free(tree);
}

struct table_tree *table_tree_new(size_t count)
{
	struct table_tree *tree;
	size_t slots = 16;

	if (count >= UINT32_MAX / 4)
		return NULL;
	while (slots < count * 2)
		slots *= 2;
	tree = calloc(1, sizeof(*tree));
	if (!tree)
		return NULL;
	tree->mask = (uint32_t)slots - 1;
	tree->parent = malloc((count + 1) * sizeof(*tree->parent));
	tree->child = malloc((count + 1) * sizeof(*tree->child));
	tree->sibling = malloc((count + 1) * sizeof(*tree->sibling));
	tree->slots = malloc(slots * sizeof(*tree->slots));
	tree->ids = malloc((count + 1) * sizeof(*tree->ids));
	tree->branches = malloc((count + 1) * sizeof(*tree->branches));
	if (tree->parent && tree->child && tree->sibling && tree->slots && tree->ids &&
	    tree->branches) {
		memset(tree->slots, 0xff, slots * sizeof(*tree->slots));
		return tree;
	}
	table_tree_free(tree);
	return NULL;
}

/* The slot an id is in, or belongs in. */
static uint32_t *slot_of(const struct table_tree *tree, uint64_t id)
{
	uint32_t at = (uint32_t)(id * UINT64_C(0x9e3779b97f4a7c15) >> 32);

	for (;; at++) {
		uint32_t *slot = &tree->slots[at & tree->mask];

		if (*slot == NOT_HERE || tree->ids[*slot] == id)
			return slot;
	}
}

/* Links every row to its parent, children in sorted order. */
static void link_rows(struct table_tree *tree, const struct table *table)
{
	const struct table_source *source = &table->source;
	size_t i;

	tree->count = table->count;
	for (i = 0; i < tree->count; i++) {
		tree->ids[i] = table->entries[i].id;
		*slot_of(tree, tree->ids[i]) = (uint32_t)i;
	}
	memset(tree->child, 0xff, (tree->count + 1) * sizeof(*tree->child));
	for (i = tree->count; i-- > 0;) {
		uint64_t id = source->parent(source->ctx, tree->ids[i]);
		uint32_t parent = id ? *slot_of(tree, id) : NOT_HERE;

		if (parent == NOT_HERE || parent == i)
			parent = (uint32_t)tree->count;
		tree->parent[i] = parent;
		tree->sibling[i] = tree->child[parent];
		tree->child[parent] = (uint32_t)i;
	}
}

/* Copies a row to the next place and remembers that it is there. */
static void emit(struct table_tree *tree, struct table *table, uint32_t row, size_t depth)
{
	struct table_branch *branch = &tree->branches[row];
	const struct table_branch *above;

	*branch = (struct table_branch){
		.depth = depth < UINT16_MAX ? (uint16_t)depth : UINT16_MAX,
		.is_last = tree->sibling[row] == NOT_HERE,
	};
	if (depth > 1) {
		above = &tree->branches[tree->parent[row]];
		branch->passes = above->passes;
		if (!above->is_last && depth <= 32)
			branch->passes |= UINT32_C(1) << (depth - 2);
	}
	table->branches[table->count] = *branch;
	table->entries[table->count] = (struct table_entry){
		.key = table->count,
		.id = tree->ids[row],
	};
	table->count++;
	tree->ids[row] = TABLE_NO_ROW;
}

static bool is_emitted(const struct table_tree *tree, uint32_t row)
{
	return tree->ids[row] == TABLE_NO_ROW;
}

/* Depth first from one row. What was emitted before is passed over. */
static void walk(struct table_tree *tree, struct table *table, uint32_t row)
{
	size_t depth = 0;
	uint32_t next;

	emit(tree, table, row, depth);
	next = tree->child[row];
	for (;;) {
		while (next != NOT_HERE && is_emitted(tree, next))
			next = tree->sibling[next];
		if (next != NOT_HERE) {
			row = next;
			depth++;
			emit(tree, table, row, depth);
			next = tree->child[row];
			continue;
		}
		if (depth == 0)
			return;
		next = tree->sibling[row];
		row = tree->parent[row];
		depth--;
	}
}

/* Rows in a circle have no root to hang on; the first becomes one. */
void table_tree_build(struct table_tree *tree, struct table *table)
{
	uint32_t row;

	table_order_all(table);
	link_rows(tree, table);
	table->count = 0;
	for (row = tree->child[tree->count]; row != NOT_HERE; row = tree->sibling[row])
		walk(tree, table, row);
	for (row = 0; row < tree->count; row++)
		if (!is_emitted(tree, row))
			walk(tree, table, row);
	/* The keys are places now. */
	table->key_bits = TABLE_ALL_BITS;
	table->has_branches = true;
}
