/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include <glib.h>

G_BEGIN_DECLS

void baton_holders_kept_remember (gconstpointer thread, int proc_fd, int pid);
void baton_holders_kept_forget (gconstpointer thread);
guint baton_holders_kept_count (void);
GArray *baton_holders_kept_take_out (GArray *pids, int proc_fd);

G_END_DECLS
