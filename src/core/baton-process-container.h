/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include <glib.h>

G_BEGIN_DECLS

gboolean
baton_process_container_parse (const char *cgroup, const char **ret_engine, char **ret_name);
char *baton_process_container_dup_stop (const char *engine, const char *name);

G_END_DECLS
