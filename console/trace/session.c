/* SPDX-License-Identifier: MIT */
/*
 * A recording session in LTTng's session daemon, by liblttng-ctl.
 *
 * One channel, `vigil`, in the user-space domain, with buffers for each user:
 * processes that come and go then need no buffers of their own, and what a killed
 * one wrote is there up to its last event, since the buffers belong to LTTng's
 * consumer daemon. Only `vigil:*` is enabled, with the context vpid, by which a
 * reader tells the processes apart that share a buffer.
 *
 * The law: what the daemon answers is an error code or it is not believed.
 */
#include "console/trace/session.h"

#include <errno.h>
#include <inttypes.h>
#include <lttng/lttng.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "console/trace/relay.h"
#include "console/trace/session_private.h"

#define CHANNEL "vigil"
#define EVENTS "vigil:*"
#define STATES "vigil:board_part" /* from recorders: recorder_statedump.c */
#define LIVE_TIMER_US 100000      /* an event is seen a tenth of a second later; design, 2 */

/*
 * A daemon that is killed takes with it what is in the buffers: at most this much
 * time of it.
 */
#define SWITCH_TIMER_US 1000000
#define METADATA_TIMER_US 200000

struct session {
	char name[SESSION_NAME_MAX];
	enum session_mode mode;
	struct lttng_handle *handle;
	bool is_started;
};

int session_failed(struct vigil_problem *ret_problem, int code, const char *what)
{
	const char *why = lttng_strerror(code < 0 ? code : -code);

	switch (abs(code)) {
	case LTTNG_ERR_NO_SESSIOND:
	case LTTNG_ERR_SESS_NOT_FOUND:
	case LTTNG_ERR_NO_SESSION:
	case LTTNG_ERR_SESSION_NOT_EXIST:
		snprintf(ret_problem->text, sizeof(ret_problem->text),
			 "cannot %s: LTTng's session daemon is gone, or was restarted; `lttng "
			 "list` shows the sessions it has",
			 what);
		return -ENOTCONN;
	case LTTNG_ERR_RELAYD_CONNECT_FAIL:
	case LTTNG_ERR_ENABLE_CONSUMER_FAIL:
		snprintf(ret_problem->text, sizeof(ret_problem->text),
			 "cannot %s: no relay answers there; start `lttng-relayd` on that host, "
			 "or name another with --live=net://HOST",
			 what);
		return -EHOSTUNREACH;
	default:
		snprintf(ret_problem->text, sizeof(ret_problem->text),
			 "cannot %s: LTTng says \"%s\"; `lttng-sessiond -vvv` says more", what,
			 why);
		return -EIO;
	}
}

static int memory_failed(struct vigil_problem *ret_problem)
{
	snprintf(ret_problem->text, sizeof(ret_problem->text), "out of memory");
	return -ENOMEM;
}

/* ---- Opening ---- */

static struct lttng_session_descriptor *describe(const struct session_options *options)
{
	switch (options->mode) {
	case SESSION_LIVE:
		return lttng_session_descriptor_live_network_create(options->name, options->url,
								    NULL, LIVE_TIMER_US);
	case SESSION_SNAPSHOT:
		return lttng_session_descriptor_snapshot_local_create(options->name,
								      options->folder);
	default:
		return lttng_session_descriptor_local_create(options->name, options->folder);
	}
}

/* Somebody answers at the port for control, or we would not have come here. */
static int relay_failed(const char *url, struct vigil_problem *ret_problem)
{
	struct relay_address at;

	if (relay_read(url, &at))
		snprintf(ret_problem->text, sizeof(ret_problem->text),
			 "cannot record to %.200s: no relay answers at its ports %s, for control, "
			 "and %s, for data; give both, --live=net://HOST:PORT:PORT, as "
			 "lttng-relayd has them after -C and -D",
			 url, at.control, at.data);
	return -EHOSTUNREACH;
}

static int session_create(const struct session_options *options, struct vigil_problem *ret_problem)
{
	struct lttng_session_descriptor *descriptor = describe(options);
	char what[SESSION_NAME_MAX + 256];
	int r;

	if (!descriptor) {
		snprintf(ret_problem->text, sizeof(ret_problem->text),
			 "\"%s\" is no address of a relay: give net://HOST or "
			 "net://HOST:PORT:PORT",
			 options->url ? options->url : "");
		return options->mode == SESSION_LIVE ? -EINVAL : memory_failed(ret_problem);
	}
	r = lttng_create_session_ext(descriptor);
	lttng_session_descriptor_destroy(descriptor);
	if (r == LTTNG_OK)
		return 0;
	if (options->mode == SESSION_LIVE)
		snprintf(what, sizeof(what), "record to the relay at %.200s", options->url);
	else
		snprintf(what, sizeof(what), "make the session %s", options->name);
	return session_failed(ret_problem, r, what);
}

/*
 * Buffers come in many parts rather than a few large ones, since a part is read only
 * once it is full. A part is a power of two, and no smaller than a page.
 */
#define PARTS 16u

uint64_t session_part_bytes(uint64_t buffer_bytes)
{
	uint64_t part = (uint64_t)sysconf(_SC_PAGESIZE);

	while (part * 2 * PARTS <= buffer_bytes)
		part *= 2;
	return part;
}

static int channel_enable(struct session *session, const struct session_options *options,
			  struct vigil_problem *ret_problem)
{
	struct lttng_channel *channel = lttng_channel_create(&session->handle->domain);
	int r;

	if (!channel)
		return memory_failed(ret_problem);
	snprintf(channel->name, sizeof(channel->name), CHANNEL);
	channel->enabled = 1;
	channel->attr.overwrite = options->mode == SESSION_SNAPSHOT;
	channel->attr.subbuf_size = session_part_bytes(options->buffer_bytes);
	channel->attr.num_subbuf = PARTS;
	channel->attr.output = LTTNG_EVENT_MMAP;
	channel->attr.switch_timer_interval = options->mode == SESSION_FILES ? SWITCH_TIMER_US : 0;
	r = lttng_enable_channel(session->handle, channel);
	lttng_channel_destroy(channel);
	return r < 0 ? session_failed(ret_problem, r, "make a channel for events") : 0;
}

/*
 * The description of the events, without which none can be read. LTTng writes it every
 * 5 s, and at the end: too late for who is killed in the first seconds.
 */
static int description_hasten(const struct session *session, struct vigil_problem *ret_problem)
{
	struct lttng_channel *channel;
	int r;

	if (session->mode != SESSION_FILES)
		return 0;
	channel = lttng_channel_create(&session->handle->domain);
	if (!channel)
		return memory_failed(ret_problem);
	snprintf(channel->name, sizeof(channel->name), "metadata");
	channel->enabled = 1;
	channel->attr.overwrite = 0;
	channel->attr.subbuf_size = (uint64_t)sysconf(_SC_PAGESIZE);
	channel->attr.num_subbuf = 2;
	channel->attr.output = LTTNG_EVENT_MMAP;
	channel->attr.switch_timer_interval = METADATA_TIMER_US;
	r = lttng_enable_channel(session->handle, channel);
	lttng_channel_destroy(channel);
	return r < 0 ? session_failed(ret_problem, r, "describe the events") : 0;
}

static int context_add(const struct session *session, struct vigil_problem *ret_problem)
{
	struct lttng_event_context context = { .ctx = LTTNG_EVENT_CONTEXT_VPID };
	int r = lttng_add_context(session->handle, &context, NULL, CHANNEL);

	return r < 0 ? session_failed(ret_problem, r, "add the context vpid") : 0;
}

/* "$ctx.vpid != 12 && $ctx.vpid != 34"; NULL for all. */
static const char *filter_write(const struct session_options *options, char *buf, size_t size)
{
	size_t count = options->pid_count < SESSION_NOT_MAX ? options->pid_count : SESSION_NOT_MAX;
	size_t at = 0;

	if (options->whom != SESSION_NOT || !count)
		return NULL;
	for (size_t i = 0; i < count; i++)
		at += (size_t)snprintf(buf + at, size - at, "%s$ctx.vpid != %" PRIu32,
				       i ? " && " : "", options->pids[i]);
	return buf;
}

static int event_enable(const struct session *session, const char *name, const char *filter,
			const char *without, struct vigil_problem *ret_problem)
{
	struct lttng_event *event = lttng_event_create();
	char excluded[LTTNG_SYMBOL_NAME_LEN], *list[] = { excluded };
	int r;

	if (!event)
		return memory_failed(ret_problem);
	event->type = LTTNG_EVENT_TRACEPOINT;
	event->loglevel_type = LTTNG_EVENT_LOGLEVEL_ALL;
	event->loglevel = -1;
	snprintf(event->name, sizeof(event->name), "%s", name);
	snprintf(excluded, sizeof(excluded), "%s", without ? without : "");
	r = lttng_enable_event_with_exclusions(session->handle, event, CHANNEL, filter,
					       without != NULL, without ? list : NULL);
	lttng_event_destroy(event);
	return r < 0 ? session_failed(ret_problem, r, "enable the events " EVENTS) : 0;
}

/* States that other recorders tell are none of ours. */
static int events_enable(const struct session *session, const struct session_options *options,
			 struct vigil_problem *ret_problem)
{
	char filter[SESSION_NOT_MAX * 32], own[32];
	int r = event_enable(session, EVENTS, filter_write(options, filter, sizeof(filter)), STATES,
			     ret_problem);

	if (r || options->mode != SESSION_LIVE)
		return r;
	snprintf(own, sizeof(own), "$ctx.vpid == %d", (int)getpid());
	return event_enable(session, STATES, own, NULL, ret_problem);
}

/*
 * The others are not slowed down then: their tracepoints stay off. Of a live session
 * we are one of them, who tells what there was before.
 */
static int pids_track(const struct session *session, const struct session_options *options,
		      struct vigil_problem *ret_problem)
{
	struct lttng_process_attr_tracker_handle *tracker = NULL;
	int r, status;

	if (options->whom != SESSION_ONLY)
		return 0;
	r = lttng_session_get_tracker_handle(session->name, LTTNG_DOMAIN_UST,
					     LTTNG_PROCESS_ATTR_VIRTUAL_PROCESS_ID, &tracker);
	if (r != LTTNG_OK)
		return session_failed(ret_problem, r, "keep the recording to its targets");
	status = lttng_process_attr_tracker_handle_set_tracking_policy(
		tracker, LTTNG_TRACKING_POLICY_INCLUDE_SET);
	for (size_t i = 0; i < options->pid_count && status >= 0; i++)
		status = lttng_process_attr_process_id_tracker_handle_add_pid(
			tracker, (pid_t)options->pids[i]);
	if (options->mode == SESSION_LIVE && status >= 0)
		status = lttng_process_attr_process_id_tracker_handle_add_pid(tracker, getpid());
	lttng_process_attr_tracker_handle_destroy(tracker);
	return status < 0 ? session_failed(ret_problem, LTTNG_ERR_INVALID,
					   "keep the recording to its targets") :
			    0;
}

static int rotation_set(const struct session *session, uint64_t bytes,
			struct vigil_problem *ret_problem)
{
	struct lttng_rotation_schedule *schedule;
	int status;

	if (!bytes)
		return 0;
	schedule = lttng_rotation_schedule_size_threshold_create();
	if (!schedule)
		return memory_failed(ret_problem);
	status = lttng_rotation_schedule_size_threshold_set_threshold(schedule, bytes);
	if (status == LTTNG_ROTATION_STATUS_OK)
		status = lttng_session_add_rotation_schedule(session->name, schedule);
	lttng_rotation_schedule_destroy(schedule);
	return status == LTTNG_ROTATION_STATUS_OK ?
		       0 :
		       session_failed(ret_problem, LTTNG_ERR_INVALID, "rotate by size");
}

static int session_fill(struct session *session, const struct session_options *options,
			struct vigil_problem *ret_problem)
{
	struct lttng_domain domain = { .type = LTTNG_DOMAIN_UST, .buf_type = LTTNG_BUFFER_PER_UID };
	int r;

	session->handle = lttng_create_handle(session->name, &domain);
	if (!session->handle)
		return memory_failed(ret_problem);
	r = channel_enable(session, options, ret_problem);
	if (!r)
		r = description_hasten(session, ret_problem);
	if (!r)
		r = context_add(session, ret_problem);
	if (!r)
		r = events_enable(session, options, ret_problem);
	if (!r)
		r = pids_track(session, options, ret_problem);
	return r ? r : rotation_set(session, options->rotate_bytes, ret_problem);
}

int session_open(const struct session_options *options, struct session **ret_session,
		 struct vigil_problem *ret_problem)
{
	struct session *session = calloc(1, sizeof(*session));
	int r;

	if (!session)
		return memory_failed(ret_problem);
	snprintf(session->name, sizeof(session->name), "%s", options->name);
	session->mode = options->mode;
	r = session_create(options, ret_problem);
	if (r) {
		free(session);
	} else {
		r = session_fill(session, options, ret_problem);
		if (r)
			session_close(session);
		else
			*ret_session = session;
	}
	return r == -EHOSTUNREACH && options->mode == SESSION_LIVE ?
		       relay_failed(options->url, ret_problem) :
		       r;
}

/* ---- Running ---- */

int session_start(struct session *session, struct vigil_problem *ret_problem)
{
	int r = lttng_start_tracing(session->name);

	if (r < 0)
		return session_failed(ret_problem, r, "start the recording");
	session->is_started = true;
	return 0;
}

int session_stop(struct session *session, struct vigil_problem *ret_problem)
{
	int r = session->is_started ? lttng_stop_tracing(session->name) : 0;

	if (r < 0 && r != -LTTNG_ERR_TRACE_ALREADY_STOPPED)
		return session_failed(ret_problem, r, "stop the recording");
	session->is_started = false;
	return 0;
}

int session_counts(const struct session *session, struct session_counts *ret_counts,
		   struct vigil_problem *ret_problem)
{
	struct lttng_channel *channels = NULL;
	int count = lttng_list_channels(session->handle, &channels);

	if (count < 0)
		return session_failed(ret_problem, count, "ask how the recording is");
	*ret_counts = (struct session_counts){ .lost_packets = 0 };
	for (int i = 0; i < count; i++) {
		uint64_t discarded = 0, lost = 0;

		lttng_channel_get_discarded_event_count(&channels[i], &discarded);
		lttng_channel_get_lost_packet_count(&channels[i], &lost);
		ret_counts->discarded_events += discarded;
		ret_counts->lost_packets += lost;
	}
	free(channels);
	return 0;
}

void session_close(struct session *session)
{
	if (!session)
		return;
	lttng_destroy_session(session->name);
	if (session->handle)
		lttng_destroy_handle(session->handle);
	free(session);
}
