/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include "baton-profile-changes.h"
#include "baton-request.h"

G_BEGIN_DECLS

/**
 * BatonHandoffOrder: what a front asks a worker to do
 *
 * @verb: `hand`, `recover`, `configure`, `isolate`, `install-hook`, `claim`, `adopt` or `undo-all`
 * @request: (nullable): the handoff; %NULL where there is none
 * @changes: (nullable): what `configure` changes
 * @card: (nullable): which card `isolate`, `claim` or `adopt` is about, a canonical address
 * @installs: whether it has what `install-hook` needs
 * @adopts: whether it has what `adopt` needs
 * @expect: (nullable): the digest of what `adopt` was shown
 * @undoes_all: whether it has what `undo-all` needs
 * @undo: what the verb did is undone
 * @programs: programs are kept off the card, too
 * @settings: `undo-all` takes the settings away, too
 * @uid: who asks
 */
typedef struct
{
  char *verb;
  BatonRequest *request;
  BatonProfileChanges *changes;
  char *card;
  gboolean installs;
  gboolean adopts;
  char *expect;
  gboolean undoes_all;
  gboolean undo;
  gboolean programs;
  gboolean settings;
  guint uid;
} BatonHandoffOrder;

char *baton_handoff_order_to_text (const char *verb,
                                   const BatonRequest *request,
                                   const BatonProfileChanges *changes,
                                   guint uid);
char *baton_handoff_order_to_text_of_card (
    const char *verb, const char *card, gboolean undo, gboolean programs, guint uid);
char *baton_handoff_order_to_text_of_installation (gboolean undo, guint uid);
char *baton_handoff_order_to_text_of_adoption (const char *card, const char *expect, guint uid);
char *baton_handoff_order_to_text_of_undo_all (gboolean settings, guint uid);
BatonHandoffOrder *baton_handoff_order_new_from_text (const char *text, GError **error);
void baton_handoff_order_free (BatonHandoffOrder *self);
G_DEFINE_AUTOPTR_CLEANUP_FUNC (BatonHandoffOrder, baton_handoff_order_free)

G_END_DECLS
