/* SPDX-License-Identifier: MIT */
/* Properties of locks. */
#include <inttypes.h>
#include <stdio.h>

#include "console/format.h"
#include "console/longest.h"
#include "console/names.h"
#include "console/property.h"

#define LOCK const struct vigil_resource_record *lock = row

static void owner_text(const struct model *model, const void *row, char *buf, size_t size)
{
	LOCK;
	int at = lock_oldest_owner(lock);
	char name[NAME_TEXT];

	if (at < 0) {
		snprintf(buf, size, lock->holders ? "%" PRIu32 " unnamed" : "-", lock->holders);
		return;
	}
	name_object(model, lock->owner[at], name, sizeof(name));
	if (lock->holders > 1)
		snprintf(buf, size, "%s +%" PRIu32, name, lock->holders - 1);
	else
		snprintf(buf, size, "%s", name);
}

static uint64_t held(const struct model *model, const void *row)
{
	LOCK;
	int at = lock_oldest_owner(lock);

	return at < 0 ? PROPERTY_UNKNOWN : less_of(model->now, lock->held_since_ns[at]);
}

static void taken_text(const struct model *model, const void *row, char *buf, size_t size)
{
	LOCK;
	int at = lock_oldest_owner(lock);

	name_place(model, at < 0 ? 0 : lock->held_site[at], buf, size);
}

static uint64_t percentile(const struct model *model, const struct vigil_resource_record *lock,
			   enum vigil_hist_side side, double share)
{
	struct vigil_hist hist;

	if (!vigil_reader_lock_hist(model->reader, lock, side, &hist) || !hist.total)
		return PROPERTY_UNKNOWN;
	return vigil_hist_percentile(&hist, share);
}

static uint64_t known(struct longest longest)
{
	return longest.ns ? longest.ns : PROPERTY_UNKNOWN;
}

P_NUMBER_OF(id, LOCK, lock->id)
P_TEXT_OF(name_text, LOCK, name_resource(model, lock, buf, size))
P_WORDS_OF(kind_text, LOCK, word_resource_kind(lock->kind))
P_WORDS_OF(mode_text, LOCK, word_mode(lock->mode))
P_TEXT_OF(site_text, LOCK, name_place(model, lock->site, buf, size))
P_NUMBER_OF(holders, LOCK, lock->holders)
P_NUMBER_OF(waiters, LOCK, lock->waiters)
P_NUMBER_OF(acquired, LOCK, lock->acquired)
/* Those that wait now count. */
P_NUMBER_OF(contended, LOCK, lock->contended + lock->waiters)
/* In parts of a thousand, for sorting and filters. */
P_NUMBER_OF(contention, LOCK, (uint64_t)(lock_contention(lock) * 1000))
P_TEXT_OF(contention_text, LOCK, format_percent(buf, size, lock_contention(lock)))
P_NUMBER_OF(hold_p50, LOCK, percentile(model, lock, VIGIL_HIST_BUSY, 0.5))
P_NUMBER_OF(hold_p99, LOCK, percentile(model, lock, VIGIL_HIST_BUSY, 0.99))
P_NUMBER_OF(hold_max, LOCK, known(longest_hold(model, lock)))
P_TEXT_OF(hold_max_text, LOCK, longest_words(longest_hold(model, lock), buf, size))
P_NUMBER_OF(wait_p50, LOCK, percentile(model, lock, VIGIL_HIST_DELAY, 0.5))
P_NUMBER_OF(wait_p99, LOCK, percentile(model, lock, VIGIL_HIST_DELAY, 0.99))
P_NUMBER_OF(wait_max, LOCK, known(longest_wait(model, lock)))
P_TEXT_OF(wait_max_text, LOCK, longest_words(longest_wait(model, lock), buf, size))

static const struct property list[] = {
	P_COUNT("id", "ID", id),
	P_PLAIN("name", "LOCK", name_text),
	P_ONE_OF_PLAIN("kind", "KIND", kind_text, word_resource_kind),
	P_PLAIN("owner", "OWNER", owner_text),
	P_TIME("held", "HELD", held),
	P_PLAIN("taken", "TAKEN AT", taken_text),
	P_COUNT("waiters", "WAITERS", waiters),
	P_COUNT("acquired", "ACQUIRED", acquired),
	P_COUNT("contended", "WAITED", contended),
	P_SHARE("contention", "CONT%", contention, contention_text),
	P_TIME("hold_p50", "HOLD P50", hold_p50),
	P_TIME("hold_p99", "P99", hold_p99),
	P_TIME_SAID("hold_max", "MAX", hold_max, hold_max_text),
	P_TIME("wait_p50", "WAIT P50", wait_p50),
	P_TIME("wait_p99", "P99", wait_p99),
	P_TIME_SAID("wait_max", "MAX", wait_max, wait_max_text),
	P_PLAIN("site", "MADE AT", site_text),
	P_COUNT("holders", NULL, holders),
	P_ONE_OF("mode", NULL, NULL, mode_text, word_mode),
};

static uint64_t attrs_of(const struct model *model, const void *row, uint32_t *ret_first)
{
	const struct vigil_resource_record *it = row;

	*ret_first = it->attrs;
	return model_ref(model, VIGIL_TABLE_resource, it);
}

static const void *row_at(const struct model *model, uint32_t index, uint32_t *ret_count)
{
	const struct vigil_resource_record *it = VIGIL_AT(model->reader, resource, index);

	*ret_count = vigil_reader_count(model->reader, VIGIL_TABLE_resource);
	return it && it->life != VIGIL_LIFE_FREE ? it : NULL;
}

/* WHY and its like stay, and what tells a row from others. */
static const char *const spare[] = { "site",     "kind",     "acquired", "contention", "hold_p50",
				     "wait_p50", "hold_p99", "wait_p99", "contended",  "taken",
				     "hold_max", "wait_max", NULL };

const struct properties lock_properties = {
	.list = list,
	.count = sizeof(list) / sizeof(list[0]),
	.spare = spare,
	.attrs = attrs_of,
	.at = row_at,
};
