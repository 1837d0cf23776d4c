/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include "baton-machine.h"

G_BEGIN_DECLS

/**
 * BatonOffloadObstacle:
 * @BATON_OFFLOAD_POSSIBLE: nothing is in the way
 * @BATON_OFFLOAD_WITH_GUEST: the card is with a guest, or ready for one
 * @BATON_OFFLOAD_NO_DRIVER: no driver of this computer has the card
 * @BATON_OFFLOAD_SPLIT: the card is half with this computer and half ready for a guest
 * @BATON_OFFLOAD_SILENT: the card does not answer
 * @BATON_OFFLOAD_DRAWS_NOTHING: the card's driver shows pictures and draws none
 * @BATON_OFFLOAD_KEPT_OFF: programs are kept off the card, and this process is none that was let in
 * @BATON_OFFLOAD_CLOSED: this user may not open the node that programs draw through
 *
 * Why a program cannot be run on a card.
 */
typedef enum
{
  BATON_OFFLOAD_POSSIBLE,
  BATON_OFFLOAD_WITH_GUEST,
  BATON_OFFLOAD_NO_DRIVER,
  BATON_OFFLOAD_SPLIT,
  BATON_OFFLOAD_SILENT,
  BATON_OFFLOAD_DRAWS_NOTHING,
  BATON_OFFLOAD_KEPT_OFF,
  BATON_OFFLOAD_CLOSED,
} BatonOffloadObstacle;

/**
 * BatonOffloadVariable:
 * @name: name of an environment variable
 * @value: (nullable): what it is set to; %NULL: it is taken away
 */
typedef struct
{
  const char *name;
  char *value;
} BatonOffloadVariable;

BatonCard *baton_offload_choose_card (BatonMachine *machine);
BatonOffloadObstacle
baton_offload_find_obstacle (BatonRoot *root, const BatonCard *card, const char **ret_node);
gboolean baton_offload_is_ambiguous (BatonMachine *machine, const BatonCard *card);
char *baton_offload_dup_mesa_vendor (BatonRoot *root);
GPtrArray *baton_offload_list_variables (BatonRoot *root, const BatonCard *card);
gboolean baton_offload_is_meant (const BatonCard *card, char **environment);

G_END_DECLS
