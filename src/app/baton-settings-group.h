/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include <adwaita.h>
#include <json-glib/json-glib.h>

#include "baton-helper-client.h"
#include "baton-profile.h"

G_BEGIN_DECLS

#define BATON_TYPE_SETTINGS_GROUP (baton_settings_group_get_type ())
G_DECLARE_FINAL_TYPE (
    BatonSettingsGroup, baton_settings_group, BATON, SETTINGS_GROUP, AdwPreferencesGroup)

BatonSettingsGroup *baton_settings_group_new (const char *address, BatonHelperClient *client);
void baton_settings_group_set_groups (BatonSettingsGroup *self, JsonArray *groups);
void baton_settings_group_show (BatonSettingsGroup *self, const BatonProfile *profile);

G_END_DECLS
