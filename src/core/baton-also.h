/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include "baton-function.h"
#include "baton-root.h"

#include <json-glib/json-glib.h>

G_BEGIN_DECLS

/* Where what went along is noted, below `/run`. */
#define BATON_ALSO_DIRECTORY "baton/cards"

/**
 * BatonAlsoPlace:
 * @BATON_ALSO_TRAVELS: it goes where the card goes
 * @BATON_ALSO_MISSING: nothing is at its address
 * @BATON_ALSO_OTHER_DEVICE: what is there is not what is meant
 * @BATON_ALSO_OWN: it is a part of the card, and travels without being named
 * @BATON_ALSO_FIXED: it is a bridge, a graphics card or a part of one
 * @BATON_ALSO_PARKED: it is with vfio-pci already, and no guest has it
 * @BATON_ALSO_TAKEN: it is with vfio-pci already, and a guest has it, or it went with another card
 * @BATON_ALSO_STAYS: the card is with the guest, and it was not taken along
 *
 * What is at hand of a function that the card's owner has named.
 */
typedef enum
{
  BATON_ALSO_TRAVELS,
  BATON_ALSO_MISSING,
  BATON_ALSO_OTHER_DEVICE,
  BATON_ALSO_OWN,
  BATON_ALSO_FIXED,
  BATON_ALSO_PARKED,
  BATON_ALSO_TAKEN,
  BATON_ALSO_STAYS,
} BatonAlsoPlace;

/**
 * BatonAlso:
 * @address: address of a further function that travels with a card
 * @identity: (nullable): what has to be there, as baton_function_dup_identity() says it
 * @function: (borrowed) (nullable): what is there, where a machine was looked at
 * @place: what is at hand of it, where a machine was looked at
 */
typedef struct
{
  char *address;
  char *identity;
  const BatonFunction *function;
  BatonAlsoPlace place;
} BatonAlso;

BatonAlso *baton_also_new (const char *address, const char *identity);
void baton_also_free (BatonAlso *self);
G_DEFINE_AUTOPTR_CLEANUP_FUNC (BatonAlso, baton_also_free)
GPtrArray *baton_also_list_new (void);
char *baton_also_read_list (const char *value, GPtrArray **ret_list);
char *baton_also_read_one (const char *value, BatonAlso **ret_also);
char *baton_also_list_to_text (GPtrArray *list);

char *baton_also_build_name (const char *card);
GPtrArray *baton_also_load (BatonRoot *root, const char *card);
JsonNode *baton_also_list_to_json (GPtrArray *list);

G_END_DECLS
