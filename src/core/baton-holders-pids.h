/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include <glib.h>

G_BEGIN_DECLS

GArray *baton_holders_pids_list (int proc_fd, GError **error);
gboolean baton_holders_pids_are_hidden (GArray *pids);

G_END_DECLS
