/* SPDX-License-Identifier: MIT */
/* In the place of what needs protobuf-c, where that is missing when Vigil is built. */
#include "console/export/export.h"

static int refuse(struct export *export)
{
	return export_fail(export,
			   "this vigil cannot write %s: it was built without protobuf-c "
			   "(libprotobuf-c-dev, protobuf-c-compiler)",
			   export->format->name);
}

static void end(struct export *export)
{
	(void)export;
}

const struct export_format export_perfetto = {
	.name = "perfetto",
	.suffix = ".perfetto-trace",
	.help = "track events of Perfetto; not in this vigil",
	.is_binary = true,
	.begin = refuse,
	.end = end,
};

const struct export_format export_pprof = {
	.name = "pprof",
	.suffix = ".pb",
	.help = "a profile for pprof; not in this vigil",
	.is_binary = true,
	.begin = refuse,
	.end = end,
};
