/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include "baton-handmade.h"

G_BEGIN_DECLS

/* What one search shares between its parts. */
typedef struct
{
  /* borrowed */
  BatonRoot *root;
  BatonMachine *machine;
  GPtrArray *found; /* of BatonHandmade */
} BatonHandmadeSearch;

/* What a list of ids means for a card. */
typedef struct
{
  GPtrArray *functions; /* borrowed addresses: the card's that it means */
  GPtrArray *claims;    /* borrowed addresses: these, and the like of other cards */
  const char *stranger; /* borrowed: something else that the same id means, or NULL */
  char *left;           /* owned: ids that do not mean the card, or NULL */
} BatonHandmadeIds;

typedef void (*BatonHandmadeLineVisit) (const char *line,
                                        gsize length,
                                        guint number,
                                        gpointer data);

/* baton-handmade.c */
void baton_handmade_visit_lines (BatonRoot *root,
                                 BatonRootPart part,
                                 const char *path,
                                 BatonHandmadeLineVisit visit,
                                 gpointer data);
BatonHandmade *baton_handmade_search_add (BatonHandmadeSearch *self,
                                          BatonHandmadeKind kind,
                                          const BatonCard *card,
                                          BatonRootPart part,
                                          const char *path,
                                          guint line,
                                          const char *text,
                                          gssize length);
gboolean baton_handmade_is_part (const BatonCard *card, const char *address);
void baton_handmade_take_addresses (GStrv *place, GPtrArray *addresses);
gboolean baton_handmade_split_ids (BatonHandmadeSearch *self,
                                   const BatonCard *card,
                                   const char *list,
                                   BatonHandmadeIds *ret_ids);
void baton_handmade_ids_clear (BatonHandmadeIds *self);
G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC (BatonHandmadeIds, baton_handmade_ids_clear)

/* baton-handmade-hooks.c */
void baton_handmade_search_hooks (BatonHandmadeSearch *self);

/* baton-handmade-modprobe.c */
void baton_handmade_search_modprobe (BatonHandmadeSearch *self);

/* baton-handmade-boot.c */
void baton_handmade_search_driverctl (BatonHandmadeSearch *self);
void baton_handmade_search_command_line (BatonHandmadeSearch *self);

/* baton-handmade-early.c */
void baton_handmade_search_early (BatonHandmadeSearch *self);

G_END_DECLS
