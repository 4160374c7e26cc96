/* SPDX-License-Identifier: MIT */
/* Which sessions a relay has, and what to say when the one that is wanted is not there. */
#include "console/trace/ctf_live.h"

#include <stdio.h>
#include <string.h>

#define NAMED 6 /* the rest is counted: one sentence holds no more */

bool ctf_live_is_session(const char *url)
{
	const char *host = strstr(url, "/host/");
	const char *name = host ? strchr(host + strlen("/host/"), '/') : NULL;

	return name && name[1];
}

/* "net://HOST:PORT" of any of its addresses, as the query wants it. */
static void relay_of(const char *url, char *buf, size_t size)
{
	const char *at = strstr(url, "://");
	size_t length = at ? (size_t)(at + 3 - url) + strcspn(at + 3, "/") : strlen(url);

	snprintf(buf, size, "%.*s", (int)length, url);
}

static const bt_value *sessions_ask(const char *url)
{
	const bt_plugin *ctf = NULL;
	const bt_component_class_source *class;
	bt_value *params = bt_value_map_create();
	bt_query_executor *query = NULL;
	const bt_value *sessions = NULL;
	char relay[300];

	relay_of(url, relay, sizeof(relay));
	if (bt_plugin_find("ctf", BT_TRUE, BT_FALSE, BT_TRUE, BT_FALSE, BT_FALSE, &ctf) !=
		    BT_PLUGIN_FIND_STATUS_OK ||
	    !params ||
	    bt_value_map_insert_string_entry(params, "url", relay) !=
		    BT_VALUE_MAP_INSERT_ENTRY_STATUS_OK)
		return NULL;
	class = bt_plugin_borrow_source_component_class_by_name_const(ctf, "lttng-live");
	if (class)
		query = bt_query_executor_create(
			bt_component_class_source_as_component_class_const(class), "sessions",
			params);
	if (query && bt_query_executor_query(query, &sessions) != BT_QUERY_EXECUTOR_QUERY_STATUS_OK)
		sessions = NULL;
	bt_query_executor_put_ref(query);
	bt_value_put_ref(params);
	bt_plugin_put_ref(ctf);
	return sessions;
}

static const char *url_at(const bt_value *sessions, uint64_t i)
{
	const bt_value *session = bt_value_array_borrow_element_by_index_const(sessions, i);
	const bt_value *url = bt_value_is_map(session) ?
				      bt_value_map_borrow_entry_value_const(session, "url") :
				      NULL;

	return url && bt_value_is_string(url) ? bt_value_string_get(url) : "?";
}

int ctf_live_sessions(const char *url, char *buf, size_t size)
{
	const bt_value *sessions = sessions_ask(url);
	uint64_t count =
		sessions && bt_value_is_array(sessions) ? bt_value_array_get_length(sessions) : 0;
	size_t at = 0;

	buf[0] = '\0';
	for (uint64_t i = 0; i < count && i < NAMED && at < size; i++)
		at += (size_t)snprintf(buf + at, size - at, "%s%.200s", at ? ", " : "",
				       url_at(sessions, i));
	if (count > NAMED && at < size)
		snprintf(buf + at, size - at, " and %d more", (int)(count - NAMED));
	if (!sessions)
		bt_current_thread_clear_error();
	bt_value_put_ref(sessions);
	return sessions ? (int)count : -1;
}

void ctf_live_words(const char *url, const char *why, char *buf, size_t size)
{
	char relay[300], names[700];
	int count = ctf_live_sessions(url, names, sizeof(names));

	relay_of(url, relay, sizeof(relay));
	if (count < 0)
		snprintf(buf, size,
			 "cannot reach the relay %.200s (%.200s): is lttng-relayd running there, "
			 "and "
			 "may we connect to its live port, which is 5344 unless it was told "
			 "another?",
			 relay, why);
	else if (!count)
		snprintf(
			buf, size,
			"the relay %.200s has no live session: `vigil record --live` makes one, or "
			"`lttng create --live`",
			relay);
	else if (ctf_live_is_session(url))
		snprintf(buf, size, "there is no %.200s: the relay has %s", url, names);
	else
		snprintf(buf, size, "the relay %.200s has several sessions, say which: %s", relay,
			 names);
}
