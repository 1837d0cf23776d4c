/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include "baton-child.h"
#include "baton-steps.h"

G_BEGIN_DECLS

char *baton_effect_read_driver (BatonStepContext *context, const char *address);
char *baton_effect_read_attribute (BatonStepContext *context,
                                   const char *address,
                                   const char *attribute);
char *baton_effect_read_override (BatonStepContext *context, const char *address);
void baton_effect_set_difference (BatonStepContext *context,
                                  const char *address,
                                  const char *expected,
                                  const char *found,
                                  BatonTrouble *trouble);

BatonOutcome baton_effect_run (BatonStepContext *context,
                               BatonChildFunc func,
                               gpointer func_data,
                               const char *subject,
                               BatonTrouble *refused,
                               BatonTrouble *trouble);
BatonOutcome baton_effect_write (BatonStepContext *context,
                                 int fd,
                                 const GError *error,
                                 const char *text,
                                 const char *subject,
                                 BatonTrouble *refused,
                                 BatonTrouble *trouble);
BatonOutcome baton_effect_set_attribute (BatonStepContext *context,
                                         const char *address,
                                         const char *attribute,
                                         const char *text,
                                         BatonTrouble *trouble);
BatonOutcome baton_effect_set_override (BatonStepContext *context,
                                        const char *address,
                                        const char *text,
                                        BatonTrouble *trouble);
BatonOutcome baton_effect_bind (BatonStepContext *context,
                                const char *address,
                                const char *driver,
                                BatonTrouble *trouble);
BatonOutcome baton_effect_unbind (BatonStepContext *context,
                                  const char *address,
                                  const char *driver,
                                  BatonTrouble *trouble);
BatonOutcome
baton_effect_probe (BatonStepContext *context, const char *address, BatonTrouble *trouble);
BatonOutcome baton_effect_load_module (BatonStepContext *context,
                                       const char *name,
                                       const char *options,
                                       BatonTrouble *trouble);
BatonOutcome
baton_effect_unload_modules (BatonStepContext *context, JsonNode *names, BatonTrouble *trouble);
BatonOutcome
baton_effect_unload_module (BatonStepContext *context, const char *name, BatonTrouble *trouble);
BatonOutcome baton_effect_load_as_before (BatonStepContext *context,
                                          const BatonModuleState *before,
                                          BatonTrouble *trouble);
BatonOutcome baton_effect_unload_with_users (BatonStepContext *context,
                                             const char *module,
                                             BatonTrouble *trouble);
gboolean baton_effect_is_loaded_as_before (BatonStepContext *context,
                                           const BatonModuleState *before);

gboolean baton_effect_is_there (BatonStepContext *context, const char *address);
guint baton_effect_read_bars (BatonStepContext *context, const char *address);
guint baton_effect_get_bars_before (BatonStepContext *context, const char *address);
BatonOutcome
baton_effect_remove (BatonStepContext *context, const char *address, BatonTrouble *trouble);
BatonOutcome
baton_effect_rescan (BatonStepContext *context, const char *bus, BatonTrouble *trouble);
BatonOutcome
baton_effect_find_again (BatonStepContext *context, const char *address, BatonTrouble *trouble);
BatonOutcome
baton_effect_let_go (BatonStepContext *context, const char *address, BatonTrouble *trouble);

BatonOutcome baton_effect_let_go_of_all (BatonStepContext *context, BatonTrouble *trouble);
BatonOutcome
baton_effect_reset (BatonStepContext *context, const char *address, BatonTrouble *trouble);
BatonOutcome baton_effect_put_settings_back (BatonStepContext *context,
                                             const BatonFunctionState *state,
                                             BatonTrouble *trouble);

JsonNode *baton_effect_list_loads (const char *module);

G_END_DECLS
