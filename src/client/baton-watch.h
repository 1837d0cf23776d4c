/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include "baton-helper-client.h"
#include "baton-view.h"

G_BEGIN_DECLS

#define BATON_TYPE_WATCH (baton_watch_get_type ())
G_DECLARE_FINAL_TYPE (BatonWatch, baton_watch, BATON, WATCH, GObject)

BatonWatch *baton_watch_new_for_client (BatonHelperClient *client);

void baton_watch_start (BatonWatch *self);
void baton_watch_stop (BatonWatch *self);
void baton_watch_look (BatonWatch *self);

BatonView *baton_watch_get_view (BatonWatch *self);
JsonObject *baton_watch_get_problem (BatonWatch *self);

G_END_DECLS
