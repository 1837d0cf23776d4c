/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "config.h"

#include "baton-settings-group-private.h"

static const char *const methods[] = { "auto", "bind", "rescan" };
static const char *const resets[] = { "auto", "true", "false" };
static const char *const managers[] = { "auto", "stop", "keep" };
static const char *const agains[] = { "ask", "yes", "no" };

/* Each setting in the file's own words: what the file says, what the control shows, and how it is made
 * to show something. */

static char *
get_choice (AdwComboRow *row, const char *const *words, guint n_words)
{
  return g_strdup (words[MIN (adw_combo_row_get_selected (row), n_words - 1)]);
}

static char *
read_method (const BatonProfile *profile)
{
  return g_strdup (methods[profile->return_method]);
}

static char *
get_method (BatonSettingsGroup *self)
{
  return get_choice (self->method_row, methods, G_N_ELEMENTS (methods));
}

static void
set_method (BatonSettingsGroup *self, const BatonProfile *profile)
{
  adw_combo_row_set_selected (self->method_row, profile->return_method);
}

static char *
read_reset (const BatonProfile *profile)
{
  return g_strdup (resets[profile->reset_before_return]);
}

static char *
get_reset (BatonSettingsGroup *self)
{
  return get_choice (self->reset_row, resets, G_N_ELEMENTS (resets));
}

static void
set_reset (BatonSettingsGroup *self, const BatonProfile *profile)
{
  adw_combo_row_set_selected (self->reset_row, profile->reset_before_return);
}

static char *
read_return (const BatonProfile *profile)
{
  return g_strdup (profile->return_when_guest_stops ? "true" : "false");
}

static char *
get_return (BatonSettingsGroup *self)
{
  return g_strdup (baton_option_row_get_active (self->return_row) ? "true" : "false");
}

static void
set_return (BatonSettingsGroup *self, const BatonProfile *profile)
{
  baton_option_row_set_active (self->return_row, profile->return_when_guest_stops);
}

static char *
read_sleep (const BatonProfile *profile)
{
  return g_strdup (profile->sleeps_while_guest ? "allow" : "block");
}

static char *
get_sleep (BatonSettingsGroup *self)
{
  return g_strdup (baton_option_row_get_active (self->sleep_row) ? "allow" : "block");
}

static void
set_sleep (BatonSettingsGroup *self, const BatonProfile *profile)
{
  baton_option_row_set_active (self->sleep_row, profile->sleeps_while_guest);
}

static char *
read_hook (const BatonProfile *profile)
{
  return g_strdup (profile->hook_ends_session ? "true" : "false");
}

static char *
get_hook (BatonSettingsGroup *self)
{
  return g_strdup (baton_option_row_get_active (self->hook_row) ? "true" : "false");
}

static void
set_hook (BatonSettingsGroup *self, const BatonProfile *profile)
{
  baton_option_row_set_active (self->hook_row, profile->hook_ends_session);
}

static char *
read_patience (const BatonProfile *profile)
{
  return g_strdup_printf ("%u", profile->close_politely_ms);
}

/* The control shows tenths of a second, and the file may be more exact. */
static guint
round_to_tenths (double ms)
{
  return (guint) (ms / 100 + 0.5) * 100;
}

static char *
get_patience (BatonSettingsGroup *self)
{
  return g_strdup_printf (
      "%u", round_to_tenths (gtk_spin_button_get_value (self->patience_spin) * 1000));
}

static void
set_patience (BatonSettingsGroup *self, const BatonProfile *profile)
{
  gtk_spin_button_set_value (self->patience_spin, profile->close_politely_ms / 1000.0);
}

static char *
read_manager (const BatonProfile *profile)
{
  return g_strdup (managers[profile->display_manager]);
}

static char *
get_manager (BatonSettingsGroup *self)
{
  return get_choice (self->manager_row, managers, G_N_ELEMENTS (managers));
}

static void
set_manager (BatonSettingsGroup *self, const BatonProfile *profile)
{
  adw_combo_row_set_selected (self->manager_row, profile->display_manager);
}

static char *
read_again (const BatonProfile *profile)
{
  return g_strdup (agains[profile->open_again]);
}

static char *
get_again (BatonSettingsGroup *self)
{
  return get_choice (self->again_row, agains, G_N_ELEMENTS (agains));
}

static void
set_again (BatonSettingsGroup *self, const BatonProfile *profile)
{
  adw_combo_row_set_selected (self->again_row, profile->open_again);
}

static char *
join_units (GStrv units)
{
  return units != NULL ? g_strjoinv (";", units) : g_strdup ("");
}

/* Spaces around names are nobody's wish; the file has none. */
static char *
dup_text (AdwEntryRow *row)
{
  return g_strstrip (g_strdup (gtk_editable_get_text (GTK_EDITABLE (row))));
}

static void
show_units (AdwEntryRow *row, GStrv units)
{
  g_autofree char *text = join_units (units);

  gtk_editable_set_text (GTK_EDITABLE (row), text);
}

static char *
read_stop_units (const BatonProfile *profile)
{
  return join_units (profile->stop_units);
}

static char *
get_stop_units (BatonSettingsGroup *self)
{
  return dup_text (self->stop_units_row);
}

static void
set_stop_units (BatonSettingsGroup *self, const BatonProfile *profile)
{
  show_units (self->stop_units_row, profile->stop_units);
}

static char *
read_start_units (const BatonProfile *profile)
{
  return join_units (profile->start_units_guest);
}

static char *
get_start_units (BatonSettingsGroup *self)
{
  return dup_text (self->start_units_row);
}

static void
set_start_units (BatonSettingsGroup *self, const BatonProfile *profile)
{
  show_units (self->start_units_row, profile->start_units_guest);
}

static char *
read_also (const BatonProfile *profile)
{
  return baton_also_list_to_text (profile->also);
}

static char *
get_also (BatonSettingsGroup *self)
{
  return dup_text (self->also_row);
}

static void
set_also (BatonSettingsGroup *self, const BatonProfile *profile)
{
  g_autofree char *text = read_also (profile);

  gtk_editable_set_text (GTK_EDITABLE (self->also_row), text);
}

static char *
read_stand_in (const BatonProfile *profile)
{
  const BatonAlso *stand_in = profile->stand_in;

  if (stand_in == NULL)
    return g_strdup ("");

  return g_strconcat (stand_in->address, stand_in->identity != NULL ? "=" : NULL,
                      stand_in->identity, NULL);
}

static char *
get_stand_in (BatonSettingsGroup *self)
{
  return g_strdup (baton_stand_in_row_get_text (self->stand_in_row));
}

static void
set_stand_in (BatonSettingsGroup *self, const BatonProfile *profile)
{
  g_autofree char *text = read_stand_in (profile);

  baton_stand_in_row_set_text (self->stand_in_row, text);
}

static char *
read_xorg_host (const BatonProfile *profile)
{
  return g_strdup (profile->xorg_host != NULL ? profile->xorg_host : "");
}

static char *
get_xorg_host (BatonSettingsGroup *self)
{
  return dup_text (self->xorg_host_row);
}

static void
set_xorg_host (BatonSettingsGroup *self, const BatonProfile *profile)
{
  g_autofree char *text = read_xorg_host (profile);

  gtk_editable_set_text (GTK_EDITABLE (self->xorg_host_row), text);
}

static char *
read_xorg_guest (const BatonProfile *profile)
{
  return g_strdup (profile->xorg_guest != NULL ? profile->xorg_guest : "");
}

static char *
get_xorg_guest (BatonSettingsGroup *self)
{
  return dup_text (self->xorg_guest_row);
}

static void
set_xorg_guest (BatonSettingsGroup *self, const BatonProfile *profile)
{
  g_autofree char *text = read_xorg_guest (profile);

  gtk_editable_set_text (GTK_EDITABLE (self->xorg_guest_row), text);
}

static const struct
{
  const char *key;
  char *(*read) (const BatonProfile *profile);
  char *(*get) (BatonSettingsGroup *self);
  void (*set) (BatonSettingsGroup *self, const BatonProfile *profile);
} settings[BATON_N_SETTINGS] = {
  { "return-method", read_method, get_method, set_method },
  { "reset-before-return", read_reset, get_reset, set_reset },
  { "return-when-guest-stops", read_return, get_return, set_return },
  { "sleep-while-guest", read_sleep, get_sleep, set_sleep },
  { "hook-ends-session", read_hook, get_hook, set_hook },
  { "close-politely-ms", read_patience, get_patience, set_patience },
  { "display-manager", read_manager, get_manager, set_manager },
  { "open-again", read_again, get_again, set_again },
  { "stop-units", read_stop_units, get_stop_units, set_stop_units },
  { "start-units-guest", read_start_units, get_start_units, set_start_units },
  { "also", read_also, get_also, set_also },
  { "stand-in", read_stand_in, get_stand_in, set_stand_in },
  { BATON_PROFILE_XORG_HOST, read_xorg_host, get_xorg_host, set_xorg_host },
  { BATON_PROFILE_XORG_GUEST, read_xorg_guest, get_xorg_guest, set_xorg_guest },
};

/* Returns: what it is called in the file */
const char *
baton_settings_group_get_key (guint i)
{
  return settings[i].key;
}

/* Returns: (transfer full): what the file says, or what holds where it says nothing */
char *
baton_settings_group_read_value (guint i, const BatonProfile *profile)
{
  return settings[i].read (profile);
}

/* Returns: (transfer full): what its control shows */
char *
baton_settings_group_get_value (BatonSettingsGroup *self, guint i)
{
  return settings[i].get (self);
}

void
baton_settings_group_set_value (BatonSettingsGroup *self, guint i, const BatonProfile *profile)
{
  settings[i].set (self, profile);
}

/* Whether its control shows something else than what the file says, which it may show less exactly. */
gboolean
baton_settings_group_is_edited (BatonSettingsGroup *self, guint i)
{
  g_autofree char *shown = settings[i].get (self);

  if (self->known[i] == NULL)
    return FALSE;
  if (settings[i].get != get_patience)
    return !g_str_equal (shown, self->known[i]);

  return g_ascii_strtoull (shown, NULL, 10) !=
         round_to_tenths (g_ascii_strtod (self->known[i], NULL));
}
