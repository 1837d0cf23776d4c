/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include "baton-root.h"

#include <json-glib/json-glib.h>

G_BEGIN_DECLS

/**
 * BatonModuleState:
 * @name: as in `/sys/module`
 * @parameters: (element-type utf8 utf8): what it was loaded with, as far as the kernel tells
 *
 * A module that was loaded, and how.
 */
typedef struct
{
  char *name;
  GHashTable *parameters;
} BatonModuleState;

gboolean baton_module_state_is_loaded (BatonRoot *root, const char *name);

BatonModuleState *baton_module_state_read (BatonRoot *root, const char *name);
BatonModuleState *baton_module_state_new_from_json (JsonNode *node);
JsonNode *baton_module_state_to_json (const BatonModuleState *self);
void baton_module_state_free (BatonModuleState *self);
G_DEFINE_AUTOPTR_CLEANUP_FUNC (BatonModuleState, baton_module_state_free)

char *baton_module_state_dup_options (const BatonModuleState *self);
char *baton_module_state_dup_difference (const BatonModuleState *self, BatonRoot *root);

G_END_DECLS
