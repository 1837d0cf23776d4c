/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include "baton-event.h"

#include <gio/gio.h>

G_BEGIN_DECLS

/**
 * BatonLookParts: what to look at besides the machine
 */
typedef enum
{
  BATON_LOOK_MACHINE = 0,
  BATON_LOOK_HOLDERS = 1 << 0,
  BATON_LOOK_REPORT = 1 << 1,
} BatonLookParts;

int baton_self_look (BatonRoot *root,
                     const char *verb,
                     guint parts,
                     BatonRequest *request,
                     BatonEventWriter *writer);

void baton_self_look_async (const char *verb,
                            guint parts,
                            BatonRequest *request,
                            GCancellable *cancellable,
                            GAsyncReadyCallback callback,
                            gpointer user_data);
GPtrArray *baton_self_look_finish (GAsyncResult *result, GError **error);

G_END_DECLS
