/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include "baton-machine.h"
#include "baton-module-state.h"

#include <json-glib/json-glib.h>

G_BEGIN_DECLS

#define BATON_CARDS_DIRECTORY "baton/cards"

/**
 * BatonFunctionState:
 * @driver: driver that it was bound to, or %NULL
 * @module: module of @driver, or %NULL
 * @override: text of `driver_override`, or %NULL
 * @power_control: text of `power/control`, or %NULL
 * @d3cold_allowed: text of `d3cold_allowed`, or %NULL
 * @group: its IOMMU group, or %NULL
 * @also: it is no part of the card, and travels with it because its owner says so
 * @drm: it had nodes in `/dev/dri`
 * @sound: it had nodes in `/dev/snd`
 * @nodes: paths of those nodes that people name: of the display, and the one that controls the sound
 *
 * One travelling function: what identifies it, and how it stood.
 */
typedef struct
{
  char *address;
  guint16 vendor_id;
  guint16 device_id;
  guint16 subvendor_id;
  guint16 subdevice_id;
  guint32 class_code;
  char *driver;
  char *module;
  char *override;
  char *power_control;
  char *d3cold_allowed;
  char *group;
  GStrv reset_methods;
  gboolean also;
  gboolean drm;
  gboolean sound;
  GStrv nodes;
} BatonFunctionState;

/**
 * BatonCardState:
 * @card: the card's address
 * @functions: (element-type BatonFunctionState): the display function first
 * @modules: (element-type BatonModuleState): what was unloaded for the card to leave
 * @units: (element-type utf8): what was stopped for it
 * @hook_guest: (nullable): the guest whose hook took it, as in %BatonRequest
 *
 * A card as it stood. The journal's header has it from before the handoff, and
 * `/run/baton/cards/ADDRESS.json` from before the card first left the host.
 */
typedef struct
{
  char *card;
  GPtrArray *functions;
  GPtrArray *modules;
  GPtrArray *units;
  char *hook_guest;
} BatonCardState;

char *baton_function_state_dup_identity (const BatonFunctionState *self);
GStrv baton_function_state_list_nodes (const BatonFunction *function);

BatonCardState *baton_card_state_new (const BatonCard *card);
BatonCardState *baton_card_state_new_from_json (JsonNode *node, GError **error);
JsonNode *baton_card_state_to_json (const BatonCardState *self);
void baton_card_state_free (BatonCardState *self);
G_DEFINE_AUTOPTR_CLEANUP_FUNC (BatonCardState, baton_card_state_free)

const BatonFunctionState *baton_card_state_find (const BatonCardState *self,
                                                 const char *address);
const BatonModuleState *baton_card_state_find_module (const BatonCardState *self,
                                                      const char *name);
gboolean baton_card_state_has_unit (const BatonCardState *self, const char *unit);
GPtrArray *baton_card_state_list_groups (const BatonCardState *self);
gboolean baton_card_state_same_devices (const BatonCardState *a, const BatonCardState *b);

GPtrArray *baton_card_state_list_of_guest (BatonRoot *root, const char *guest);
BatonCardState *baton_card_state_load (BatonRoot *root, const char *card, GError **error);
gboolean baton_card_state_save (const BatonCardState *self, BatonRoot *root, GError **error);
gboolean baton_card_state_forget (BatonRoot *root, const char *card, GError **error);
char *baton_card_state_dup_mark (BatonRoot *root, const char *card);

G_END_DECLS
