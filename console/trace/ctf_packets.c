/* SPDX-License-Identifier: MIT */
/*
 * Packet headers. The law: a header is believed only if its packet lies inside the
 * file and its times are in order; everything else is damage.
 */
#include "console/trace/ctf_packets.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#define PACKET_MAGIC UINT32_C(0xc1fc1fc1)
#define METADATA_MAGIC UINT32_C(0x75d11d57)
#define METADATA_MAX (4u << 20)
#define ALIGNMENT 4096 /* LTTng's packets are whole pages */
#define NS_PER_S UINT64_C(1000000000)

/* ---- Words of either byte order ---- */

static uint32_t word32(const uint8_t *at, bool is_swapped)
{
	uint32_t word;

	memcpy(&word, at, sizeof(word));
	return is_swapped ? __builtin_bswap32(word) : word;
}

static uint64_t word64(const uint8_t *at, bool is_swapped)
{
	uint64_t word;

	memcpy(&word, at, sizeof(word));
	return is_swapped ? __builtin_bswap64(word) : word;
}

/* ---- Metadata ---- */

/* Reads a whole file, NUL-terminated. Returns NULL with *ret_error. */
static uint8_t *file_read(const char *path, size_t most, size_t *ret_size, int *ret_error)
{
	int fd = open(path, O_RDONLY | O_CLOEXEC);
	uint8_t *bytes = NULL;
	struct stat st;
	ssize_t got;

	*ret_error = 0;
	if (fd < 0 || fstat(fd, &st))
		*ret_error = -errno;
	else if (!S_ISREG(st.st_mode) || (uint64_t)st.st_size > most)
		*ret_error = -ENOTSUP;
	else if (!(bytes = calloc(1, (size_t)st.st_size + 1)))
		*ret_error = -ENOMEM;
	if (bytes) {
		got = read(fd, bytes, (size_t)st.st_size);
		*ret_size = got > 0 ? (size_t)got : 0;
	}
	if (fd >= 0)
		close(fd);
	return bytes;
}

/*
 * Takes the packet headers out of metadata, in place: 37 bytes, sizes in bits at 24 and
 * 28. Returns whether its packets were whole.
 */
static bool metadata_join(uint8_t *bytes, size_t size, const uint8_t uuid[16], bool is_swapped)
{
	const size_t header = 37;
	size_t at = 0, to = 0;

	while (at + header <= size) {
		size_t content = word32(bytes + at + 24, is_swapped) / 8;
		size_t packet = word32(bytes + at + 28, is_swapped) / 8;

		if (word32(bytes + at, is_swapped) != METADATA_MAGIC ||
		    memcmp(bytes + at + 4, uuid, 16) != 0)
			break;
		if (content < header || packet < content || packet > size - at)
			break;
		memmove(bytes + to, bytes + at + header, content - header);
		to += content - header;
		at += packet;
	}
	bytes[to] = '\0';
	return at == size;
}

static const char *after(const char *text, const char *words)
{
	const char *at = text ? strstr(text, words) : NULL;

	return at ? at + strlen(words) : NULL;
}

/* "offset_s = 1;" and "offset = 2;" of the clock, whose frequency must be that of ns. */
static int clock_read(const char *text, struct ctf_layout *layout)
{
	const char *clock = after(text, "\nclock {");
	const char *end = clock ? strchr(clock, '}') : NULL;
	const char *freq = after(clock, "freq = ");
	const char *seconds = after(clock, "offset_s = ");
	const char *cycles = after(clock, "offset = ");

	if (!end || !freq || freq > end || strtoull(freq, NULL, 10) != NS_PER_S)
		return -ENOTSUP;
	layout->clock_offset = 0;
	if (seconds && seconds < end)
		layout->clock_offset = strtoull(seconds, NULL, 10) * NS_PER_S;
	if (cycles && cycles < end)
		layout->clock_offset += strtoull(cycles, NULL, 10);
	return layout->clock_offset < INT64_MAX ? 0 : -ENOTSUP;
}

/* Whether packets begin as LTTng-UST's do: the words below, in that order. */
static bool is_known(const char *text)
{
	static const char *const words[] = {
		"packet.header := struct {",
		"uint32_t magic;",
		"uuid[16];",
		"uint32_t stream_id;",
		"stream_instance_id;",
		"struct packet_context {",
		"timestamp_begin;",
		"timestamp_end;",
		"content_size;",
		"packet_size;",
		"packet_seq_num;",
		"events_discarded;",
	};

	for (size_t i = 0; i < sizeof(words) / sizeof(words[0]); i++)
		text = after(text, words[i]);
	return text != NULL;
}

int ctf_layout_read(const char *metadata, struct ctf_layout *ret_layout)
{
	size_t size = 0;
	int r;
	uint8_t *bytes = file_read(metadata, METADATA_MAX, &size, &r);
	const char *text = (const char *)bytes;

	memset(ret_layout, 0, sizeof(*ret_layout));
	if (!bytes)
		return r;
	ret_layout->is_swapped = size >= 4 && word32(bytes, true) == METADATA_MAGIC;
	if (size < 37 || word32(bytes, ret_layout->is_swapped) != METADATA_MAGIC)
		r = -ENOTSUP;
	if (!r) {
		memcpy(ret_layout->uuid, bytes + 4, 16);
		if (!metadata_join(bytes, size, ret_layout->uuid, ret_layout->is_swapped))
			r = -EBADMSG;
		ret_layout->has_short_long =
			strstr(text, "size = 32; align = 8; signed = false; } := unsigned long;");
	}
	if (!r) {
		r = is_known(text) ? clock_read(text, ret_layout) : -ENOTSUP;
	}
	free(bytes);
	return r;
}

/* ---- Packets ---- */

#define HEADER 84 /* up to and with events_discarded, and a word more */

/* Reads one header. Returns false if there is no whole packet of this trace. */
static bool packet_read(const struct ctf_layout *layout, const uint8_t *at, uint64_t offset,
			uint64_t left, struct ctf_packet *ret_packet)
{
	bool is_swapped = layout->is_swapped;
	uint64_t content = word64(at + 48, is_swapped), size = word64(at + 56, is_swapped);

	if (word32(at, is_swapped) != PACKET_MAGIC || memcmp(at + 4, layout->uuid, 16) != 0)
		return false;
	*ret_packet = (struct ctf_packet){
		.offset = offset,
		.size = size / 8,
		.begin = word64(at + 32, is_swapped),
		.end = word64(at + 40, is_swapped),
		.number = word64(at + 64, is_swapped),
		.discarded = layout->has_short_long ? word32(at + 72, is_swapped) :
						      word64(at + 72, is_swapped),
	};
	return content >= HEADER * 8 - 64 && content <= size && size % 64 == 0 &&
	       ret_packet->size <= left && ret_packet->begin <= ret_packet->end &&
	       ret_packet->end < INT64_MAX - layout->clock_offset;
}

/* Packets of a stream follow each other in time; who searches them relies on it. */
static bool is_after(const struct ctf_stream *stream, const struct ctf_packet *packet)
{
	const struct ctf_packet *last = stream->count ? &stream->packets[stream->count - 1] : NULL;

	return !last || (packet->begin >= last->begin && packet->end >= last->end);
}

static int packet_add(struct ctf_stream *stream, const struct ctf_packet *packet)
{
	size_t room = stream->count & (stream->count - 1);

	/* A power of two is full. */
	if (!room) {
		size_t more = stream->count ? 2 * stream->count : 1;
		struct ctf_packet *list = realloc(stream->packets, more * sizeof(*list));

		if (!list)
			return -ENOMEM;
		stream->packets = list;
	}
	stream->packets[stream->count++] = *packet;
	return 0;
}

static int packets_read(int fd, const struct ctf_layout *layout, struct ctf_stream *stream)
{
	uint8_t header[HEADER];
	uint64_t at = 0;
	int r = 0;

	stream->damaged = stream->bytes;
	while (!r && at + HEADER <= stream->bytes) {
		struct ctf_packet packet;

		if (pread(fd, header, HEADER, (off_t)at) != HEADER)
			return -EIO;
		if (packet_read(layout, header, at, stream->bytes - at, &packet) &&
		    is_after(stream, &packet)) {
			r = packet_add(stream, &packet);
			at += packet.size;
			stream->damaged -= packet.size;
			continue;
		}
		/* The next whole one stands on a page. */
		at += ALIGNMENT - at % ALIGNMENT;
	}
	return r;
}

int ctf_stream_read(const char *path, const struct ctf_layout *layout,
		    struct ctf_stream *ret_stream)
{
	int fd = open(path, O_RDONLY | O_CLOEXEC | O_NOCTTY);
	struct stat st;
	int r = fd < 0 ? -errno : 0;

	memset(ret_stream, 0, sizeof(*ret_stream));
	if (!r && fstat(fd, &st))
		r = -errno;
	if (!r && !S_ISREG(st.st_mode))
		r = -ENOTSUP;
	if (!r) {
		ret_stream->bytes = (uint64_t)st.st_size;
		r = packets_read(fd, layout, ret_stream);
	}
	if (fd >= 0)
		close(fd);
	if (r)
		ctf_stream_free(ret_stream);
	return r;
}

void ctf_stream_free(struct ctf_stream *stream)
{
	free(stream->packets);
	memset(stream, 0, sizeof(*stream));
}
