/* SPDX-License-Identifier: MIT */
/*
 * libvigil-lttng.so: LTTng's probes for the tracepoints, and the one function
 * that hands their switches and functions to libvigil.
 *
 * The law: nothing but LTTng's generated code runs on a tracepoint. The switch
 * is LTTng's own state word; the function is the inline body that its tracepoint
 * macro calls once the state is set. Neither has an official name: the first is
 * in tracepoint-types.h, part of LTTng's binary interface, the second is what
 * lttng_ust_do_tracepoint stands for. Should a later LTTng rename them, this file
 * does not compile, and nothing else breaks.
 */
#define LTTNG_UST_TRACEPOINT_HIDDEN_DEFINITION
#define LTTNG_UST_TRACEPOINT_PROVIDER_HIDDEN_DEFINITION
#define LTTNG_UST_TRACEPOINT_CREATE_PROBES
#define LTTNG_UST_TRACEPOINT_DEFINE
#include "libtrace/tracepoints_lttng.h"

#include <lttng/ust-thread.h>
#include <stddef.h>

#include "libtrace/tracepoints.h"

__attribute__((visibility("default"))) void vigil_lttng_tracepoints_2(
	struct tracepoints *ret_table);

/* clang-format off */
static const struct tracepoints table = {
	.thread_ready = lttng_ust_init_thread,
#define X(name, params)                                                                            \
	.name##_on = &lttng_ust_tracepoint_vigil___##name.state,                                   \
	.name = lttng_ust_tracepoint_cb_vigil___##name,
	TRACEPOINTS_ALL(X)
#undef X
};
/* clang-format on */

/* The name is TRACEPOINTS_SYMBOL. */
void vigil_lttng_tracepoints_2(struct tracepoints *ret_table)
{
	const size_t start = offsetof(struct tracepoints, thread_ready);
	const size_t size =
		ret_table->struct_size < sizeof(table) ? ret_table->struct_size : sizeof(table);

	if (size > start)
		memcpy((char *)ret_table + start, (const char *)&table + start, size - start);
	ret_table->struct_size = (uint32_t)size;
}
