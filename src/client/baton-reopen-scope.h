/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include <gio/gio.h>

G_BEGIN_DECLS

void baton_reopen_scope_move (GDBusConnection *bus, int pid, const char *app_id);

G_END_DECLS
