/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include <gio/gio.h>

G_BEGIN_DECLS

const char *const *baton_logout_list_managers (void);
gboolean baton_logout_is_possible (GDBusConnection *bus);
void baton_logout_ask_async (GDBusConnection *bus,
                             GCancellable *cancellable,
                             GAsyncReadyCallback callback,
                             gpointer data);
gboolean baton_logout_ask_finish (GDBusConnection *bus, GAsyncResult *result, GError **error);

gboolean baton_logout_is_asked_by (const char *step_id, const char *state);

G_END_DECLS
