/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include "baton-cli.h"

G_BEGIN_DECLS

/**
 * BatonCliLive: shows events to people as they come
 */
typedef struct _BatonCliLive BatonCliLive;

BatonCliLive *baton_cli_live_new (BatonCli *cli, const char *verb);
void baton_cli_live_free (BatonCliLive *self);

gboolean baton_cli_live_is_watch (BatonCliLive *self);
void baton_cli_live_say (BatonCliLive *self, const char *sentence);
void
baton_cli_live_take (BatonCliLive *self, BatonView *view, guint what, const BatonEvent *event);

G_END_DECLS
