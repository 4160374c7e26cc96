/* SPDX-License-Identifier: MIT */
/*
 * A private board out of the bytes of another: a process's, kept when a recording
 * began, or an image of a replay.
 *
 * The law: the bytes are hostile. A record is looked at only as our own copy of it;
 * an index or a life in it that cannot be is put right there, once, so that the
 * board_ functions may go on believing their board. References are checked by who
 * follows them, as ever.
 */
#include "libtrace/board_image.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "libtrace/lane.h"

#define RECORD_MIN 16 /* seq, gen, life, and what makes them a multiple of 8 */
#define RECORD_MAX 65536
#define HEADER_MAX 65536

/* A table as the bytes have it, all of it inside them. */
struct source {
	const uint8_t *records;
	uint32_t step;   /* from record to record there */
	uint32_t copied; /* bytes of a record that both sides know */
	uint32_t used;
	uint32_t capacity;
	uint32_t finished;
	bool is_there; /* an older board may not have it */
};

/* Records that end and stay: where in them stands what is put right, 0 nowhere. */
struct kind {
	uint32_t table, site, hist, attrs, id, ended_ns;
};

#define IN(record, field) offsetof(struct vigil_##record##_record, field)

static const struct kind kinds[] = {
	{ VIGIL_TABLE_executor, IN(executor, site), 0, IN(executor, attrs), IN(executor, id),
	  IN(executor, ended_ns) },
	{ VIGIL_TABLE_worker, 0, 0, 0, IN(worker, id), IN(worker, ended_ns) },
	{ VIGIL_TABLE_task, IN(task, site), IN(task, hist), IN(task, attrs), IN(task, id),
	  IN(task, ended_ns) },
	{ VIGIL_TABLE_resource, IN(resource, site), IN(resource, hist), IN(resource, attrs),
	  IN(resource, id), IN(resource, ended_ns) },
	{ VIGIL_TABLE_op, IN(op, site), 0, IN(op, attrs), IN(op, id), IN(op, ended_ns) },
	{ VIGIL_TABLE_span, IN(span, site), 0, IN(span, attrs), IN(span, id), IN(span, ended_ns) },
};

#define KINDS (sizeof(kinds) / sizeof(kinds[0]))

/* How they all begin. */
struct head {
	uint32_t seq, gen, life;
};

static uint32_t *word_at(void *record, uint32_t offset)
{
	return (uint32_t *)(void *)((uint8_t *)record + offset);
}

static uint64_t *long_at(void *record, uint32_t offset)
{
	return (uint64_t *)(void *)((uint8_t *)record + offset);
}

/* ---- The bytes ---- */

static bool is_inside(size_t size, uint64_t offset, uint64_t count, uint64_t step)
{
	return offset <= size && count <= (size - offset) / step;
}

static int header_read(const uint8_t *bytes, size_t size, struct vigil_header *ret_header)
{
	if (size < sizeof(*ret_header))
		return -EBADMSG;
	memcpy(ret_header, bytes, sizeof(*ret_header));
	if (memcmp(ret_header->magic, VIGIL_MAGIC, sizeof(ret_header->magic)))
		return -EBADMSG;
	if (ret_header->byte_order != VIGIL_BYTE_ORDER || ret_header->abi_major != VIGIL_ABI_MAJOR)
		return -EPROTONOSUPPORT;
	if (ret_header->table_header_size < sizeof(struct vigil_table_header) ||
	    ret_header->table_header_size > HEADER_MAX ||
	    !is_inside(size, ret_header->tables_offset, ret_header->tables,
		       ret_header->table_header_size))
		return -EBADMSG;
	return 0;
}

static int table_read(const uint8_t *bytes, size_t size, const struct vigil_header *header,
		      uint32_t table, struct source *ret_source)
{
	struct vigil_table_header there;
	uint32_t record_size = table_kinds[table].record_size;

	memcpy(&there, bytes + header->tables_offset + (size_t)table * header->table_header_size,
	       sizeof(there));
	if (strncmp(there.name, table_kinds[table].name, sizeof(there.name)) ||
	    there.record_size < RECORD_MIN || there.record_size > RECORD_MAX ||
	    there.capacity > VIGIL_REF_MAX_INDEX ||
	    !is_inside(size, there.offset, there.capacity, there.record_size))
		return -EBADMSG;
	ret_source->records = bytes + there.offset;
	ret_source->step = there.record_size;
	ret_source->copied = there.record_size < record_size ? there.record_size : record_size;
	ret_source->capacity = there.capacity;
	ret_source->used = there.used < there.capacity ? there.used : there.capacity;
	ret_source->finished = there.finished;
	ret_source->is_there = true;
	return 0;
}

static int bytes_read(const uint8_t *bytes, size_t size, struct source ret_sources[VIGIL_TABLES])
{
	struct vigil_header header;
	int r = header_read(bytes, size, &header);

	memset(ret_sources, 0, VIGIL_TABLES * sizeof(*ret_sources));
	for (uint32_t i = 0; !r && i < VIGIL_TABLES && i < header.tables; i++)
		r = table_read(bytes, size, &header, i, &ret_sources[i]);
	if (!r && (!ret_sources[VIGIL_TABLE_process].used || !ret_sources[VIGIL_TABLE_counts].used))
		r = -EBADMSG;
	return r;
}

/* ---- The shape ---- */

static uint32_t larger(uint32_t a, uint32_t b)
{
	return a > b ? a : b;
}

/* What the board had room for. An image's tables are cut down; it says what they were. */
static void shape_of(const struct source *sources, const struct image *image,
		     const struct board_shape *at_least, struct board_shape *ret_shape)
{
	board_shape_default(ret_shape);
	for (uint32_t i = 0; i < VIGIL_TABLES; i++) {
		const struct source *source = &sources[i];

		if (!source->is_there || table_kinds[i].how == VIGIL_HOW_single)
			continue;
		ret_shape->capacity[i] = image ? image->head.pools[i].capacity : source->capacity;
		if (image)
			ret_shape->retain[i] = image->head.pools[i].ring_size;
		else if (source->finished)
			ret_shape->retain[i] = source->finished;
		ret_shape->capacity[i] = larger(ret_shape->capacity[i], source->used);
		if (!at_least)
			continue;
		ret_shape->capacity[i] = larger(ret_shape->capacity[i], at_least->capacity[i]);
		ret_shape->retain[i] = larger(ret_shape->retain[i], at_least->retain[i]);
	}
}

/* ---- The records ---- */

static void records_copy(struct board *board, const struct source *sources)
{
	for (uint32_t i = 0; i < VIGIL_TABLES; i++) {
		const struct source *from = &sources[i];
		uint32_t capacity = board->tables[i].capacity;
		uint32_t used = from->used < capacity ? from->used : capacity;

		for (uint32_t k = 0; k < used; k++)
			memcpy(record_at(board, i, k), from->records + (size_t)k * from->step,
			       from->copied);
		board_use(board, i, used);
	}
}

/* A record caught in the middle of a write is as whole as it will be; texts have an end. */
static void records_close(struct board *board)
{
#define CLOSE_seq(record, at) *word_at(record, at) += *word_at(record, at) & 1
#define CLOSE_words(record, end) ((char *)(record))[(end)-1] = '\0'
#define EACH(record, what, at)                                                                     \
	for (uint32_t i = 0; i < board->tables[VIGIL_TABLE_##record].used; i++)                    \
		CLOSE_##what(RECORD_AT(board, record, i), at);
#define MEANS_seq(record, name) EACH(record, seq, IN(record, name))
#define MEANS_words(record, name)                                                                  \
	EACH(record, words, IN(record, name) + sizeof(RECORD_AT(board, record, 0)->name))
#define MEANS_id(record, name)
#define MEANS_index(record, name)
#define MEANS_state(record, name)
#define MEANS_instant(record, name)
#define MEANS_counter(record, name)
#define MEANS_gauge(record, name)
#define MEANS_peak(record, name)
#define MEANS_hist(record, name)
#define MEANS_spare(record, name)
#define TABLE(record, table, how, help)
#define FIELD(record, type, name, dim, unit, meaning, help) MEANS_##meaning(record, name)
#define END(record, size)
#include <vigil/fields.def>
#undef TABLE
#undef FIELD
#undef END
}

/* Histograms and attributes that a record has taken: no other may have them too. */
struct taken {
	uint8_t *hists;
	uint8_t *attrs;
};

static void hist_take(const struct board *board, const struct taken *taken, uint32_t *hist)
{
	if (*hist > board->tables[VIGIL_TABLE_hist].used || (*hist && taken->hists[*hist - 1]))
		*hist = 0;
	if (*hist)
		taken->hists[*hist - 1] = 1;
}

/*
 * The list ends where it leads to what is not its owner's; so no two owners share one.
 * One that bites its tail is cut where no list is longer.
 */
static void attrs_take(const struct board *board, const struct taken *taken, uint64_t owner,
		       uint32_t *link)
{
	uint32_t used = board->tables[VIGIL_TABLE_attr].used;

	for (int i = 0; *link; i++) {
		struct vigil_attr_record *attr =
			*link <= used ? RECORD_AT(board, attr, *link - 1) : NULL;

		if (i == ATTRS_PER_OBJECT || !attr || attr->life != VIGIL_LIFE_LIVE ||
		    attr->owner != owner) {
			*link = 0;
			return;
		}
		taken->attrs[*link - 1] = 1;
		link = &attr->sibling;
	}
}

static void record_settle(const struct board *board, const struct kind *kind,
			  const struct taken *taken, uint32_t index)
{
	void *record = record_at(board, kind->table, index);
	struct head *head = record;
	bool is_free;

	if (head->life > VIGIL_LIFE_ENDED)
		head->life = VIGIL_LIFE_FREE;
	is_free = head->life == VIGIL_LIFE_FREE;
	/* By it a lane finds its cell. */
	if (kind->site && *word_at(record, kind->site) > board->tables[VIGIL_TABLE_site].capacity)
		*word_at(record, kind->site) = 0;
	if (kind->hist && is_free)
		*word_at(record, kind->hist) = 0;
	else if (kind->hist)
		hist_take(board, taken, word_at(record, kind->hist));
	if (kind->attrs && is_free)
		*word_at(record, kind->attrs) = 0;
	else if (kind->attrs)
		attrs_take(board, taken, vigil_ref_make(kind->table, index, head->gen),
			   word_at(record, kind->attrs));
}

/* What nobody has is free: the lowest is to be taken first. */
static void rest_give(struct board *board, const struct taken *taken)
{
	for (uint32_t i = board->tables[VIGIL_TABLE_hist].used; i--;)
		if (!taken->hists[i])
			pool_give(board, NULL, VIGIL_TABLE_hist, i);
	for (uint32_t i = board->tables[VIGIL_TABLE_attr].used; i--;) {
		if (taken->attrs[i])
			continue;
		RECORD_AT(board, attr, i)->life = VIGIL_LIFE_FREE;
		pool_give(board, NULL, VIGIL_TABLE_attr, i);
	}
}

static int records_settle(struct board *board)
{
	struct taken taken = {
		.hists = calloc(board->tables[VIGIL_TABLE_hist].used + 1u, 1),
		.attrs = calloc(board->tables[VIGIL_TABLE_attr].used + 1u, 1),
	};
	bool is_room = taken.hists && taken.attrs;

	for (size_t k = 0; k < KINDS && is_room; k++) {
		struct pool *pool = &board->pools[kinds[k].table];

		for (uint32_t i = 0; i < pool->used; i++) {
			uint64_t *id = long_at(record_at(board, kinds[k].table, i), kinds[k].id);

			record_settle(board, &kinds[k], &taken, i);
			/* Free ones count: theirs may be the last that was given out. */
			if (*id > pool->serial)
				pool->serial = *id;
		}
	}
	if (is_room)
		rest_give(board, &taken);
	free(taken.hists);
	free(taken.attrs);
	return is_room ? 0 : -ENOMEM;
}

/* ---- The finished ones ---- */

struct ended {
	uint64_t ns;
	uint32_t index;
};

static int earlier_first(const void *a, const void *b)
{
	const struct ended *x = a, *y = b;

	if (x->ns != y->ns)
		return x->ns < y->ns ? -1 : 1;
	return x->index < y->index ? -1 : 1;
}

/* Puts a ring of an image back as it was. Marks what stands in it. */
static void ring_restore(struct board *board, uint32_t table, uint32_t which,
			 const struct image *image, uint8_t *standing)
{
	const uint8_t *saved = image_ring(image, table, which);
	struct pool *pool = &board->pools[table];
	struct ring *ring = pool_ring(pool, which);

	if (!ring)
		return;
	ring->retired = image->head.pools[table].ended[which];
	if (ring->retired > pool->ring_size)
		ring->retired = pool->ring_size;
	pool->sharing += which < OWN_RINGS && ring->retired;
	for (uint32_t i = 0; i < ring->retired; i++) {
		const struct head *head;
		uint32_t entry;

		memcpy(&entry, saved + i * sizeof(entry), sizeof(entry));
		if (!entry || entry > pool->used || standing[entry - 1])
			continue;
		head = record_at(board, table, entry - 1);
		if (head->life != VIGIL_LIFE_ENDED)
			continue;
		standing[entry - 1] = 1;
		ring->slots[i] = entry;
	}
}

/*
 * Retires what is ended and stands in no ring, in the order in which it ended. No record
 * tells in whose ring it stood: the first thread often is the only one.
 */
static int rest_retire(struct board *board, const struct kind *kind, const uint8_t *standing)
{
	uint32_t used = board->pools[kind->table].used;
	struct ended *all;
	size_t count = 0;

	all = malloc((used + 1u) * sizeof(*all));
	if (!all)
		return -ENOMEM;
	for (uint32_t i = 0; i < used; i++) {
		void *record = record_at(board, kind->table, i);
		const struct head *head = record;

		if (head->life == VIGIL_LIFE_ENDED && !standing[i])
			all[count++] = (struct ended){ *long_at(record, kind->ended_ns), i };
	}
	qsort(all, count, sizeof(*all), earlier_first);
	for (size_t i = 0; i < count; i++)
		ring_retire(board, &board->lanes[0], kind->table, all[i].index);
	free(all);
	return 0;
}

static int rings_fill(struct board *board, const struct image *image)
{
	int r = 0;

	for (size_t k = 0; k < KINDS && !r; k++) {
		uint32_t table = kinds[k].table;
		uint8_t *standing = calloc(board->pools[table].used + 1u, 1);

		if (!standing)
			return -ENOMEM;
		for (uint32_t which = 0; image && which <= OWN_RINGS; which++)
			ring_restore(board, table, which, image, standing);
		r = rest_retire(board, &kinds[k], standing);
		free(standing);
	}
	return r;
}

/* ---- All of it ---- */

static int board_fill(struct board *board, const struct source *sources, const struct image *image)
{
	int r;

	records_copy(board, sources);
	records_close(board);
	r = records_settle(board);
	if (!r)
		r = lanes_load(board, image);
	if (!r)
		r = rings_fill(board, image);
	return r;
}

int board_load(struct board *board, const void *bytes, size_t size,
	       const struct board_shape *at_least)
{
	struct source sources[VIGIL_TABLES];
	struct board_shape shape;
	struct image image;
	int r, is_image;

	memset(board, 0, sizeof(*board));
	r = bytes_read(bytes, size, sources);
	if (r)
		return r;
	is_image = image_find(bytes, size, &image);
	if (is_image < 0)
		return is_image;
	shape_of(sources, is_image ? &image : NULL, at_least, &shape);
	r = board_init(board, -1, &shape);
	if (r)
		return r == -EINVAL ? -EBADMSG : r;
	board->is_replay = true;
	board->replaced = is_image ? image.head.replaced : 0;
	r = board_fill(board, sources, is_image ? &image : NULL);
	if (r)
		board_fini(board);
	else
		board_publish(board);
	return r;
}
