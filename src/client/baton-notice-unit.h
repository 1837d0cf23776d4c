/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include <gio/gio.h>

G_BEGIN_DECLS

/* What tells its user that a free card is used: see src/notice. */
#define BATON_NOTICE_UNIT "baton-notice.service"

void baton_notice_unit_look_async (GCancellable *cancellable,
                                   GAsyncReadyCallback callback,
                                   gpointer user_data);
gboolean
baton_notice_unit_look_finish (GAsyncResult *result, gboolean *ret_is_on, GError **error);

void baton_notice_unit_switch_async (gboolean on,
                                     GCancellable *cancellable,
                                     GAsyncReadyCallback callback,
                                     gpointer user_data);
gboolean baton_notice_unit_switch_finish (GAsyncResult *result, GError **error);

char *baton_notice_unit_dup_link (const char *config_directory);
gboolean baton_notice_unit_start_if_wanted (const char *config_directory, GError **error);

G_END_DECLS
