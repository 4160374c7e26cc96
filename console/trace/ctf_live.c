/* SPDX-License-Identifier: MIT */
/* Which sessions a relay has. */
#include "console/trace/ctf_live.h"

#include <babeltrace2/babeltrace.h>
#include <stdio.h>
#include <string.h>

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

/* What babeltrace2 says first of all that says anything, which is nearest to the cause. */
static void why_not(char *buf, size_t size)
{
	const bt_error *error = bt_current_thread_take_error();
	uint64_t count = error ? bt_error_get_cause_count(error) : 0;
	const char *words = "";

	for (uint64_t i = 0; i < count && !words[0]; i++)
		words = bt_error_cause_get_message(bt_error_borrow_cause_by_index(error, i));
	snprintf(buf, size, ":%s", words[0] ? words : "babeltrace2 gives no reason");
	if (error)
		bt_error_release(error);
}

void ctf_live_sessions(const char *url, char *buf, size_t size)
{
	const bt_value *sessions = sessions_ask(url);
	uint64_t count;
	size_t at = 0;

	buf[0] = '\0';
	if (!sessions || !bt_value_is_array(sessions)) {
		why_not(buf, size);
		return;
	}
	count = bt_value_array_get_length(sessions);
	for (uint64_t i = 0; i < count && at < size; i++)
		at += (size_t)snprintf(buf + at, size - at, "%s\n", url_at(sessions, i));
	bt_value_put_ref(sessions);
}
