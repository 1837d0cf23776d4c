/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include "baton-relay.h"
#include "baton-root.h"

G_BEGIN_DECLS

/**
 * BatonWatchHandoff:
 *
 * The handoff that is under way, whoever asked for it: the one whose name is in the lock.
 */
typedef struct _BatonWatchHandoff BatonWatchHandoff;

/**
 * BatonWatchStateFunc: called when a handoff has ended, and when another report is there
 */
typedef void (*BatonWatchStateFunc) (gpointer data);

BatonWatchHandoff *baton_watch_handoff_new (BatonRoot *root,
                                            BatonRelayFunc on_event,
                                            BatonWatchStateFunc on_state,
                                            gpointer data,
                                            GError **error);
void baton_watch_handoff_free (BatonWatchHandoff *self);
G_DEFINE_AUTOPTR_CLEANUP_FUNC (BatonWatchHandoff, baton_watch_handoff_free)

void baton_watch_handoff_look (BatonWatchHandoff *self);

G_END_DECLS
