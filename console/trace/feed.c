/* SPDX-License-Identifier: MIT */
/* The ring of slots between a reading child and its parent. Its law is in feed.h. */
#include "console/trace/feed.h"

#include <errno.h>
#include <poll.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/socket.h>
#include <unistd.h>

#define SLOTS 8
#define SLOT_SIZE (256u * 1024)

/* A record as it stands in a slot; its words follow, then its texts, each with its NUL. */
struct slot_record {
	uint32_t size; /* of all of it, a multiple of 8 */
	uint16_t kind;
	uint16_t process;
	uint32_t site;
	uint32_t state;
	uint64_t ns, unix_ns;
	uint64_t worker, object, id, other, value;
	uint32_t flags;
	int32_t number;
	uint16_t sizes[3]; /* of name, text, extra */
	uint16_t words;    /* how many */
};

#define RECORD_MAX                                                                                 \
	(sizeof(struct slot_record) + FEED_WORDS_MAX * sizeof(uint64_t) +                          \
	 3 * (size_t)FEED_TEXT_MAX + 8)

/* "This slot has so many bytes for you." */
struct notice {
	uint32_t slot;
	uint32_t used;
};

struct feed {
	uint8_t *slots;
	int ends[2]; /* of a socket: the parent's, the child's. Notices go up, a byte for each slot down */
	uint32_t slot;
	uint32_t used;    /* writer: bytes in its slot; reader: bytes the slot has */
	uint32_t at;      /* reader: bytes read of it */
	uint32_t granted; /* writer: slots it may still fill */
	bool has_slot;    /* reader */
	bool is_broken;
	struct trace_event event; /* reader: what feed_next returned, */
	union {
		struct slot_record record;
		uint8_t bytes[RECORD_MAX];
	} copy; /* and where its texts stand */
};

static void end_close(int *fd)
{
	if (*fd >= 0)
		close(*fd);
	*fd = -1;
}

int feed_new(struct feed **ret_feed)
{
	struct feed *feed = calloc(1, sizeof(*feed));
	int r = 0;

	if (!feed)
		return -ENOMEM;
	feed->ends[0] = feed->ends[1] = -1;
	feed->slots = mmap(NULL, (size_t)SLOTS * SLOT_SIZE, PROT_READ | PROT_WRITE,
			   MAP_SHARED | MAP_ANONYMOUS, -1, 0);
	if (feed->slots == MAP_FAILED) {
		feed->slots = NULL;
		r = -ENOMEM;
	}
	if (!r && socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, feed->ends))
		r = -errno;
	if (r)
		feed_free(feed);
	else
		*ret_feed = feed;
	return r;
}

void feed_free(struct feed *feed)
{
	if (!feed)
		return;
	end_close(&feed->ends[0]);
	end_close(&feed->ends[1]);
	if (feed->slots)
		munmap(feed->slots, (size_t)SLOTS * SLOT_SIZE);
	free(feed);
}

void feed_be_writer(struct feed *feed)
{
	end_close(&feed->ends[0]);
	feed->granted = SLOTS;
}

void feed_be_reader(struct feed *feed)
{
	end_close(&feed->ends[1]);
}

/* ---- The child ---- */

/* Waits until a slot may be filled. */
static bool slot_wait(struct feed *feed)
{
	uint8_t byte;
	ssize_t got;

	while (!feed->granted) {
		got = recv(feed->ends[1], &byte, 1, 0);
		if (got < 0 && errno == EINTR)
			continue;
		if (got <= 0)
			return false;
		feed->granted++;
	}
	return true;
}

bool feed_flush(struct feed *feed)
{
	struct notice notice = { feed->slot, feed->used };
	ssize_t put;

	if (!feed->used)
		return !feed->is_broken;
	do
		put = send(feed->ends[1], &notice, sizeof(notice), MSG_NOSIGNAL);
	while (put < 0 && errno == EINTR);
	feed->is_broken |= put != sizeof(notice);
	feed->slot = (feed->slot + 1) % SLOTS;
	feed->used = 0;
	feed->granted--;
	return !feed->is_broken;
}

/* Copies a text behind the record. A character may be cut in two: readers cope. */
static uint16_t text_append(uint8_t *at, const char *text)
{
	size_t size = text ? strnlen(text, FEED_TEXT_MAX - 1) : 0;

	if (size)
		memcpy(at, text, size);
	at[size] = '\0';
	return (uint16_t)(size + 1);
}

bool feed_put(struct feed *feed, const struct trace_event *from)
{
	struct slot_record *to;
	uint8_t *at;

	if (feed->is_broken)
		return false;
	if (feed->used + RECORD_MAX > SLOT_SIZE && !feed_flush(feed))
		return false;
	if (!feed->used && !slot_wait(feed)) {
		feed->is_broken = true;
		return false;
	}
	to = (struct slot_record *)(void *)(feed->slots + (size_t)feed->slot * SLOT_SIZE +
					    feed->used);
	*to = (struct slot_record){
		.kind = from->kind,
		.process = from->process,
		.site = from->site,
		.state = from->state,
		.ns = from->ns,
		.unix_ns = from->unix_ns,
		.worker = from->worker,
		.object = from->object,
		.id = from->id,
		.other = from->other,
		.value = from->value,
		.flags = from->flags,
		.number = from->number,
	};
	at = (uint8_t *)(to + 1);
	if (from->word_count && from->word_count <= FEED_WORDS_MAX) {
		to->words = (uint16_t)from->word_count;
		memcpy(at, from->words, from->word_count * sizeof(*from->words));
		at += from->word_count * sizeof(*from->words);
	}
	at += to->sizes[0] = text_append(at, from->name);
	at += to->sizes[1] = text_append(at, from->text);
	at += to->sizes[2] = text_append(at, from->extra);
	to->size = (uint32_t)((size_t)(at - (uint8_t *)to) + 7) & ~7u;
	feed->used += to->size;
	return true;
}

/* ---- The parent ---- */

/* Gives the slot that was read back. The child may be gone: that is seen elsewhere. */
static void slot_give(struct feed *feed)
{
	uint8_t byte = 0;
	ssize_t put = send(feed->ends[0], &byte, 1, MSG_NOSIGNAL | MSG_DONTWAIT);

	(void)put;
	feed->has_slot = false;
}

static enum feed_result slot_take(struct feed *feed, int timeout_ms)
{
	struct pollfd poll_one = { .fd = feed->ends[0], .events = POLLIN };
	struct notice notice;
	ssize_t got;

	for (;;) {
		got = recv(feed->ends[0], &notice, sizeof(notice), MSG_DONTWAIT);
		if (got == sizeof(notice))
			break;
		/* Reset: it left without reading all we gave back. What it sent is still there. */
		if (got < 0 && (errno == ECONNRESET || errno == EINTR))
			continue;
		if (got > 0)
			return FEED_NONSENSE;
		if (!got || errno != EAGAIN)
			return FEED_CLOSED;
		if (!timeout_ms || !poll(&poll_one, 1, timeout_ms))
			return FEED_NOTHING;
	}
	if (notice.slot >= SLOTS || notice.used > SLOT_SIZE)
		return FEED_NONSENSE;
	feed->slot = notice.slot;
	feed->used = notice.used;
	feed->at = 0;
	feed->has_slot = true;
	return FEED_RECORD;
}

/* The words and the three texts of the copy, each inside it, and texts ended. */
static bool rest_find(struct feed *feed, uint32_t size)
{
	const char **texts[] = { &feed->event.name, &feed->event.text, &feed->event.extra };
	size_t at = sizeof(struct slot_record);

	feed->event.words = (const uint64_t *)(const void *)&feed->copy.bytes[at];
	feed->event.word_count = feed->copy.record.words;
	at += feed->event.word_count * sizeof(uint64_t);
	if (feed->event.word_count > FEED_WORDS_MAX || at > size)
		return false;
	for (int i = 0; i < 3; i++) {
		size_t length = feed->copy.record.sizes[i];

		if (!length || length > size - at || feed->copy.bytes[at + length - 1])
			return false;
		*texts[i] = (const char *)&feed->copy.bytes[at];
		at += length;
	}
	return true;
}

static enum feed_result record_take(struct feed *feed, const struct trace_event **ret_record)
{
	const uint8_t *from = feed->slots + (size_t)feed->slot * SLOT_SIZE + feed->at;
	const struct slot_record *record = &feed->copy.record;
	uint32_t left = feed->used - feed->at;
	uint32_t size;

	if (left < sizeof(*record))
		return FEED_NONSENSE;
	memcpy(&size, from, sizeof(size));
	if (size < sizeof(*record) || size > left || size > RECORD_MAX || size % 8)
		return FEED_NONSENSE;
	memcpy(&feed->copy, from, size);
	if (record->kind >= FEED_KINDS || !rest_find(feed, size))
		return FEED_NONSENSE;
	feed->event.kind = record->kind;
	feed->event.process = record->process;
	feed->event.site = record->site;
	feed->event.ns = record->ns;
	feed->event.unix_ns = record->unix_ns;
	feed->event.worker = record->worker;
	feed->event.object = record->object;
	feed->event.id = record->id;
	feed->event.other = record->other;
	feed->event.value = record->value;
	feed->event.state = record->state;
	feed->event.flags = record->flags;
	feed->event.number = record->number;
	feed->at += size;
	*ret_record = &feed->event;
	return FEED_RECORD;
}

enum feed_result feed_next(struct feed *feed, int timeout_ms, const struct trace_event **ret_record)
{
	enum feed_result r;

	if (feed->is_broken)
		return FEED_NONSENSE;
	if (feed->has_slot && feed->at == feed->used)
		slot_give(feed);
	r = feed->has_slot ? FEED_RECORD : slot_take(feed, timeout_ms);
	if (r == FEED_RECORD)
		r = record_take(feed, ret_record);
	feed->is_broken = r == FEED_NONSENSE;
	return r;
}

int feed_fd(const struct feed *feed)
{
	return feed->ends[0];
}
