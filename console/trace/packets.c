/* SPDX-License-Identifier: MIT */
/*
 * Packet headers. The law: only files of our channel are opened, and a size that
 * cannot be ends the file.
 */
#include "console/trace/packets.h"

#include <fcntl.h>
#include <ftw.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#define PACKET_MAGIC 0xc1fc1fc1u
#define STREAM "vigil_"      /* and the processor: the name of the channel, in session.c */
#define HEADER_BITS (84 * 8) /* content of a packet without events, of 64-bit programs */

static bool packet_at(int fd, off_t at, struct packet *ret_packet)
{
	return pread(fd, ret_packet, sizeof(*ret_packet), at) == sizeof(*ret_packet) &&
	       ret_packet->magic == PACKET_MAGIC;
}

/* Beside them stand their indexes, with a dot, and the metadata. */
static int stream_open(const char *path)
{
	const char *slash = strrchr(path, '/');
	const char *name = slash ? slash + 1 : path;

	if (strncmp(name, STREAM, strlen(STREAM)) != 0 || strchr(name, '.'))
		return -1;
	return open(path, O_RDONLY | O_CLOEXEC | O_NOFOLLOW | O_NONBLOCK);
}

bool packet_first(const char *path, struct packet *ret_packet)
{
	int fd = stream_open(path);
	bool is_one = fd >= 0 && packet_at(fd, 0, ret_packet);

	if (fd >= 0)
		close(fd);
	return is_one;
}

/* nftw's way out: anything but 0. */
static int stream_look(const char *path, const struct stat *st, int type, struct FTW *ftw)
{
	struct packet packet;
	bool has_events = false;
	off_t at = 0;
	int fd = type == FTW_F ? stream_open(path) : -1;

	(void)st;
	(void)ftw;
	while (fd >= 0 && !has_events && packet_at(fd, at, &packet) && packet.packet_bits >= 8) {
		has_events = packet.content_bits > HEADER_BITS;
		at += (off_t)(packet.packet_bits / 8);
	}
	if (fd >= 0)
		close(fd);
	return has_events;
}

bool packets_have_events(const char *folder)
{
	return nftw(folder, stream_look, 16, FTW_PHYS) > 0;
}
