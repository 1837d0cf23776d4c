/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include "baton-root.h"

#include <sys/stat.h>

G_BEGIN_DECLS

/**
 * BatonXorgState:
 * @card: a card's address
 * @boot_id: the boot in which the card left
 * @host: (nullable): name of the file in Xorg's directory that is moved aside
 * @guest: (nullable): the whole name of the file that was copied there
 * @bytes: (nullable): what it held
 * @mode: its permissions
 *
 * What is otherwise in Xorg's directory for as long as a guest has a card. It is on the disk before
 * anything of it is done, and goes when all of it is undone.
 */
typedef struct
{
  char *card;
  char *boot_id;
  char *host;
  char *guest;
  GBytes *bytes;
  mode_t mode;
} BatonXorgState;

BatonXorgState *baton_xorg_state_new (BatonRoot *root, const char *card);
void baton_xorg_state_free (BatonXorgState *self);
G_DEFINE_AUTOPTR_CLEANUP_FUNC (BatonXorgState, baton_xorg_state_free)

gboolean baton_xorg_state_is_of_this_boot (const BatonXorgState *self, BatonRoot *root);

BatonXorgState *baton_xorg_state_load (BatonRoot *root, const char *card, GError **error);
gboolean baton_xorg_state_save (const BatonXorgState *self, BatonRoot *root, GError **error);
gboolean baton_xorg_state_forget (BatonRoot *root, const char *card, GError **error);
GPtrArray *baton_xorg_state_list_cards (BatonRoot *root);

G_END_DECLS
