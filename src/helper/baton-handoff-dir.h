/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include "baton-handoff-order.h"
#include "baton-root.h"

G_BEGIN_DECLS

#define BATON_HANDOFF_ID_DIGITS 32
#define BATON_HANDOFFS_KEPT 8

/**
 * BatonHandoffDir:
 *
 * `/run/baton/handoff/ID`, where front and worker meet: `request` goes one way, `events` the other,
 * `cancel` is there or not, and `waits` tells of a wait without the lock.
 */
typedef struct _BatonHandoffDir BatonHandoffDir;

gboolean baton_handoff_id_is_valid (const char *id);

BatonHandoffDir *baton_handoff_dir_new (
    BatonRoot *root, const char *verb, const BatonRequest *request, guint uid, GError **error);
BatonHandoffDir *
baton_handoff_dir_new_for_settings (BatonRoot *root, const char *order, GError **error);
BatonHandoffDir *baton_handoff_dir_open (BatonRoot *root, const char *id, GError **error);
BatonHandoffDir *
baton_handoff_dir_open_settings (BatonRoot *root, const char *id, GError **error);
void baton_handoff_dir_free (BatonHandoffDir *self);
G_DEFINE_AUTOPTR_CLEANUP_FUNC (BatonHandoffDir, baton_handoff_dir_free)

const char *baton_handoff_dir_get_id (BatonHandoffDir *self);
char *baton_handoff_dir_dup_events_path (BatonHandoffDir *self);
int baton_handoff_dir_get_fd (BatonHandoffDir *self);
int baton_handoff_dir_open_events (BatonHandoffDir *self, int flags, GError **error);
BatonHandoffOrder *baton_handoff_dir_take_order (BatonHandoffDir *self, GError **error);
gboolean baton_handoff_dir_withdraw (BatonHandoffDir *self);
gboolean baton_handoff_dir_ask_cancel (BatonHandoffDir *self, GError **error);
gboolean baton_handoff_dir_has_ended (BatonHandoffDir *self);

gboolean baton_handoff_dir_give_up (BatonRoot *root, BatonHandoffDir *self);
void baton_handoff_dir_remove (BatonRoot *root, BatonHandoffDir *self);
void baton_handoff_dir_prune (BatonRoot *root);
void baton_handoff_dir_prune_settings (BatonRoot *root);

G_END_DECLS
