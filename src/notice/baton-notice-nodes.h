/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include <glib.h>

G_BEGIN_DECLS

typedef void (*BatonNoticeNodesFunc) (gpointer data);

/**
 * BatonNoticeNodes:
 *
 * What tells by itself that somebody opens or closes a card, or that a card comes or goes.
 */
typedef struct _BatonNoticeNodes BatonNoticeNodes;

BatonNoticeNodes *baton_notice_nodes_new (BatonNoticeNodesFunc func, gpointer data);
void baton_notice_nodes_free (BatonNoticeNodes *self);
G_DEFINE_AUTOPTR_CLEANUP_FUNC (BatonNoticeNodes, baton_notice_nodes_free)

gboolean baton_notice_nodes_follow (BatonNoticeNodes *self, GPtrArray *paths, GError **error);
void baton_notice_nodes_listen (BatonNoticeNodes *self);
void baton_notice_nodes_rest (BatonNoticeNodes *self);
gboolean baton_notice_nodes_take (BatonNoticeNodes *self);

G_END_DECLS
