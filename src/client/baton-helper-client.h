/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include "baton-event.h"

#include <gio/gio.h>

G_BEGIN_DECLS

#define BATON_TYPE_HELPER_CLIENT (baton_helper_client_get_type ())
G_DECLARE_FINAL_TYPE (BatonHelperClient, baton_helper_client, BATON, HELPER_CLIENT, GObject)

BatonHelperClient *baton_helper_client_new (void);
BatonHelperClient *baton_helper_client_new_for_command (const char *const *command,
                                                        const char *helper_path);

void baton_helper_client_run_async (BatonHelperClient *self,
                                    const char *const *arguments,
                                    GCancellable *cancellable,
                                    GAsyncReadyCallback callback,
                                    gpointer user_data);
JsonObject *
baton_helper_client_run_finish (BatonHelperClient *self, GAsyncResult *result, GError **error);

const char *baton_helper_client_get_path (BatonHelperClient *self);
gboolean baton_helper_client_has_its_rights (BatonHelperClient *self);
gboolean baton_helper_client_is_greeted (BatonHelperClient *self);
void baton_helper_client_ask_cancel (BatonHelperClient *self);
void baton_helper_client_ask_look (BatonHelperClient *self);

G_END_DECLS
