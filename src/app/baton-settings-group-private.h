/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include "baton-also-chooser.h"
#include "baton-detail-row.h"
#include "baton-option-row.h"
#include "baton-settings-group.h"
#include "baton-stand-in-row.h"

G_BEGIN_DECLS

#define BATON_N_SETTINGS 14

struct _BatonSettingsGroup
{
  AdwPreferencesGroup parent_instance;

  gboolean is_showing; /* what changes now was not changed by the user */
  gboolean is_running;
  gboolean is_readable; /* the file has no mistake */

  /* owned */
  char *address;
  BatonHelperClient *client;
  GCancellable *cancellable;
  char *known[BATON_N_SETTINGS]; /* what the file says */

  /* from the template */
  BatonDetailRow *problem_row;
  BatonDetailRow *identity_row;
  AdwComboRow *method_row;
  AdwComboRow *reset_row;
  BatonOptionRow *return_row;
  BatonOptionRow *sleep_row;
  BatonOptionRow *hook_row;
  AdwActionRow *patience_row;
  GtkSpinButton *patience_spin;
  AdwComboRow *manager_row;
  AdwComboRow *again_row;
  AdwEntryRow *stop_units_row;
  AdwEntryRow *start_units_row;
  AdwEntryRow *also_row;
  BatonAlsoChooser *also_chooser;
  BatonStandInRow *stand_in_row;
  AdwEntryRow *xorg_host_row;
  AdwEntryRow *xorg_guest_row;
  GtkLabel *message_label;
  GtkWidget *button_box;
};

/* Each of the settings by its number, in the order in which they are shown. */
const char *baton_settings_group_get_key (guint i);
char *baton_settings_group_read_value (guint i, const BatonProfile *profile);
char *baton_settings_group_get_value (BatonSettingsGroup *self, guint i);
void
baton_settings_group_set_value (BatonSettingsGroup *self, guint i, const BatonProfile *profile);
gboolean baton_settings_group_is_edited (BatonSettingsGroup *self, guint i);

G_END_DECLS
