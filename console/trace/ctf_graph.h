/* SPDX-License-Identifier: MIT */
/* A graph of babeltrace2 that ends in the feed. */
#ifndef CONSOLE_TRACE_CTF_GRAPH_H
#define CONSOLE_TRACE_CTF_GRAPH_H

#include "console/trace/ctf_event.h"

/*
 *	ctf.fs, one for each trace (its folders have one uuid) \
 *	or ctf.lttng-live                                       > muxer > our sink > feed
 */
struct ctf_graph {
	struct ctf_reader *reader;
	bt_graph *graph;
	const bt_component_filter *muxer;
	uint64_t muxed;        /* input ports of the muxer in use */
	uint64_t seen_unix_ns; /* how far it had come when the timer was set */
	unsigned rounds;       /* of messages */
	bool is_begun;         /* it was made: what goes wrong from here on is in the streams */
	bool is_unheard;       /* nobody reads the feed any more */
	bool has_waited;       /* live: for events that were to come */
	char problem[600];     /* why something did not work */
};

/* All return false with a problem. */
/* The processor time that babeltrace2 may take from now on without telling anything. */
void ctf_patience(unsigned seconds);

bool ctf_graph_begin(struct ctf_graph *graph, struct ctf_reader *reader);
bool ctf_graph_add_folders(struct ctf_graph *graph, const struct ctf_folders *folders);
bool ctf_graph_add_live(struct ctf_graph *graph, const char *url);

enum ctf_run { CTF_RUN_END, CTF_RUN_UNHEARD, CTF_RUN_PROBLEM };

/* Runs to the end; live, until nobody reads. */
enum ctf_run ctf_graph_run(struct ctf_graph *graph);

void ctf_graph_end(struct ctf_graph *graph);

#endif
