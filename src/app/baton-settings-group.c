/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "config.h"

#include "baton-settings-group.h"

#include <glib/gi18n.h>
#include <string.h>

#include "baton-also-chooser.h"
#include "baton-client-result.h"
#include "baton-detail-row.h"
#include "baton-option-row.h"
#include "baton-profile-words.h"
#include "baton-result-words.h"
#include "baton-stand-in-row.h"

#define N_SETTINGS 14

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
  char *known[N_SETTINGS]; /* what the file says */

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

G_DEFINE_FINAL_TYPE (BatonSettingsGroup, baton_settings_group, ADW_TYPE_PREFERENCES_GROUP)

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
} settings[N_SETTINGS] = {
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

/* What is shown for what the file says, which the control may show less exactly. */
static gboolean
is_edited (BatonSettingsGroup *self, guint i)
{
  g_autofree char *shown = settings[i].get (self);

  if (self->known[i] == NULL)
    return FALSE;
  if (settings[i].get != get_patience)
    return !g_str_equal (shown, self->known[i]);

  return g_ascii_strtoull (shown, NULL, 10) !=
         round_to_tenths (g_ascii_strtod (self->known[i], NULL));
}

static gboolean
has_edits (BatonSettingsGroup *self)
{
  for (guint i = 0; i < N_SETTINGS; i++)
    if (is_edited (self, i))
      return TRUE;

  return FALSE;
}

static void
update (BatonSettingsGroup *self)
{
  GtkWidget *rows[] = { GTK_WIDGET (self->method_row),      GTK_WIDGET (self->reset_row),
                        GTK_WIDGET (self->return_row),      GTK_WIDGET (self->sleep_row),
                        GTK_WIDGET (self->patience_row),    GTK_WIDGET (self->stop_units_row),
                        GTK_WIDGET (self->start_units_row), GTK_WIDGET (self->also_row),
                        GTK_WIDGET (self->stand_in_row),    GTK_WIDGET (self->xorg_host_row),
                        GTK_WIDGET (self->xorg_guest_row),  GTK_WIDGET (self->manager_row),
                        GTK_WIDGET (self->again_row),       GTK_WIDGET (self->hook_row) };

  for (guint i = 0; i < G_N_ELEMENTS (rows); i++)
    {
      gtk_widget_set_visible (rows[i], self->is_readable);
      gtk_widget_set_sensitive (rows[i], self->client != NULL && !self->is_running);
    }
  gtk_widget_set_visible (self->button_box, self->is_readable && has_edits (self));
  gtk_widget_set_sensitive (self->button_box, !self->is_running);
}

static void
say (BatonSettingsGroup *self, const char *text)
{
  gtk_label_set_label (self->message_label, text != NULL ? text : "");
  gtk_widget_set_visible (GTK_WIDGET (self->message_label), text != NULL);
}

static void
on_edited_cb (BatonSettingsGroup *self)
{
  if (self->is_showing)
    return;

  say (self, NULL);
  update (self);
}

/* A text of the file's that is the default needs no line there. */
static char *
dup_change (BatonSettingsGroup *self, guint i)
{
  g_autoptr (BatonProfile) defaults = baton_profile_new_default (self->address);
  g_autofree char *shown = settings[i].get (self);
  g_autofree char *usual = settings[i].read (defaults);

  return g_strconcat (settings[i].key, "=", g_str_equal (shown, usual) ? "" : shown, NULL);
}

/* What was applied is what the file says now, and the file is read again when it is seen to change. */
static void
take_as_known (BatonSettingsGroup *self)
{
  for (guint i = 0; i < N_SETTINGS; i++)
    if (is_edited (self, i))
      {
        g_free (self->known[i]);
        self->known[i] = settings[i].get (self);
      }
}

static void
on_applied_cb (GObject *source, GAsyncResult *result, gpointer data)
{
  g_autoptr (BatonSettingsGroup) self = data;
  g_autoptr (GError) error = NULL;
  JsonObject *end =
      baton_helper_client_run_finish (BATON_HELPER_CLIENT (source), result, &error);
  g_autofree char *text = NULL;

  /* The window is gone: nobody is left to tell. */
  if (g_error_matches (error, G_IO_ERROR, G_IO_ERROR_CANCELLED))
    return;

  self->is_running = FALSE;
  if (end != NULL && baton_client_result_get_exit (end) == BATON_EXIT_DONE)
    {
      take_as_known (self);
      text = g_strdup (_ ("The settings were changed."));
    }
  else
    {
      text = end != NULL ? baton_result_words_dup_text (end) : g_strdup (error->message);
    }
  say (self, text);
  update (self);
  g_clear_pointer (&end, json_object_unref);
}

/* One question for all that was changed. */
static void
on_apply_clicked_cb (BatonSettingsGroup *self)
{
  g_autoptr (GPtrArray) arguments = g_ptr_array_new_with_free_func (g_free);

  gtk_spin_button_update (self->patience_spin);
  if (self->is_running || !has_edits (self))
    return;

  g_ptr_array_add (arguments, g_strdup ("configure"));
  g_ptr_array_add (arguments, g_strdup (self->address));
  for (guint i = 0; i < N_SETTINGS; i++)
    if (is_edited (self, i))
      g_ptr_array_add (arguments, dup_change (self, i));
  g_ptr_array_add (arguments, NULL);

  self->is_running = TRUE;
  g_clear_object (&self->cancellable);
  self->cancellable = g_cancellable_new ();
  say (self, _ ("An administrator’s password is asked for."));
  update (self);
  baton_helper_client_run_async (self->client, (const char *const *) arguments->pdata,
                                 self->cancellable, on_applied_cb, g_object_ref (self));
}

static void
on_discard_clicked_cb (BatonSettingsGroup *self)
{
  g_autoptr (BatonProfile) profile = NULL;
  g_autoptr (GString) text = g_string_new (NULL);

  g_string_append_printf (text, "[%s]\n", self->address);
  /* A list of no units is no line. */
  for (guint i = 0; i < N_SETTINGS; i++)
    if (*self->known[i] != '\0')
      g_string_append_printf (text, "%s=%s\n", settings[i].key, self->known[i]);
  profile = baton_profile_new_from_text (self->address, "", text->str, text->len);

  self->is_showing = TRUE;
  for (guint i = 0; i < N_SETTINGS; i++)
    settings[i].set (self, profile);
  self->is_showing = FALSE;
  say (self, NULL);
  update (self);
}

/* The window is closed, and a password that is still being asked for is asked for no longer. */
static void
baton_settings_group_unroot (GtkWidget *widget)
{
  BatonSettingsGroup *self = BATON_SETTINGS_GROUP (widget);

  if (self->cancellable != NULL)
    g_cancellable_cancel (self->cancellable);

  GTK_WIDGET_CLASS (baton_settings_group_parent_class)->unroot (widget);
}

static void
baton_settings_group_dispose (GObject *object)
{
  BatonSettingsGroup *self = BATON_SETTINGS_GROUP (object);

  g_clear_object (&self->client);

  G_OBJECT_CLASS (baton_settings_group_parent_class)->dispose (object);
}

static void
baton_settings_group_finalize (GObject *object)
{
  BatonSettingsGroup *self = BATON_SETTINGS_GROUP (object);

  g_clear_object (&self->cancellable);
  g_free (self->address);
  for (guint i = 0; i < N_SETTINGS; i++)
    g_free (self->known[i]);

  G_OBJECT_CLASS (baton_settings_group_parent_class)->finalize (object);
}

static void
baton_settings_group_class_init (BatonSettingsGroupClass *klass)
{
  GtkWidgetClass *widget_class = GTK_WIDGET_CLASS (klass);

  G_OBJECT_CLASS (klass)->dispose = baton_settings_group_dispose;
  G_OBJECT_CLASS (klass)->finalize = baton_settings_group_finalize;
  widget_class->unroot = baton_settings_group_unroot;

  gtk_widget_class_set_template_from_resource (
      widget_class, "/io/github/batongpu/Baton/ui/baton-settings-group.ui");
  gtk_widget_class_bind_template_child (widget_class, BatonSettingsGroup, problem_row);
  gtk_widget_class_bind_template_child (widget_class, BatonSettingsGroup, identity_row);
  gtk_widget_class_bind_template_child (widget_class, BatonSettingsGroup, method_row);
  gtk_widget_class_bind_template_child (widget_class, BatonSettingsGroup, reset_row);
  gtk_widget_class_bind_template_child (widget_class, BatonSettingsGroup, return_row);
  gtk_widget_class_bind_template_child (widget_class, BatonSettingsGroup, sleep_row);
  gtk_widget_class_bind_template_child (widget_class, BatonSettingsGroup, hook_row);
  gtk_widget_class_bind_template_child (widget_class, BatonSettingsGroup, patience_row);
  gtk_widget_class_bind_template_child (widget_class, BatonSettingsGroup, patience_spin);
  gtk_widget_class_bind_template_child (widget_class, BatonSettingsGroup, manager_row);
  gtk_widget_class_bind_template_child (widget_class, BatonSettingsGroup, again_row);
  gtk_widget_class_bind_template_child (widget_class, BatonSettingsGroup, stop_units_row);
  gtk_widget_class_bind_template_child (widget_class, BatonSettingsGroup, start_units_row);
  gtk_widget_class_bind_template_child (widget_class, BatonSettingsGroup, also_row);
  gtk_widget_class_bind_template_child (widget_class, BatonSettingsGroup, also_chooser);
  gtk_widget_class_bind_template_child (widget_class, BatonSettingsGroup, stand_in_row);
  gtk_widget_class_bind_template_child (widget_class, BatonSettingsGroup, xorg_host_row);
  gtk_widget_class_bind_template_child (widget_class, BatonSettingsGroup, xorg_guest_row);
  gtk_widget_class_bind_template_child (widget_class, BatonSettingsGroup, message_label);
  gtk_widget_class_bind_template_child (widget_class, BatonSettingsGroup, button_box);
  gtk_widget_class_bind_template_callback (widget_class, on_edited_cb);
  gtk_widget_class_bind_template_callback (widget_class, on_apply_clicked_cb);
  gtk_widget_class_bind_template_callback (widget_class, on_discard_clicked_cb);
  g_type_ensure (BATON_TYPE_ALSO_CHOOSER);
  g_type_ensure (BATON_TYPE_DETAIL_ROW);
  g_type_ensure (BATON_TYPE_OPTION_ROW);
  g_type_ensure (BATON_TYPE_STAND_IN_ROW);
}

static void
baton_settings_group_init (BatonSettingsGroup *self)
{
  self->is_showing = TRUE;
  gtk_widget_init_template (GTK_WIDGET (self));
  baton_also_chooser_set_editable (self->also_chooser, GTK_EDITABLE (self->also_row));
  self->is_showing = FALSE;
}

/**
 * baton_settings_group_new:
 * @address: a card
 * @client: (nullable) (transfer none): what has the settings changed, and runs nothing else; %NULL
 *   where they are only shown
 *
 * Returns: (transfer floating): the settings of a card, to be shown with baton_settings_group_show()
 */
BatonSettingsGroup *
baton_settings_group_new (const char *address, BatonHelperClient *client)
{
  BatonSettingsGroup *self = g_object_new (BATON_TYPE_SETTINGS_GROUP, NULL);

  self->address = g_strdup (address);
  if (client != NULL)
    self->client = g_object_ref (client);
  update (self);

  return self;
}

/**
 * baton_settings_group_set_groups:
 * @self: settings of a card
 * @groups: (transfer none): the machine's IOMMU groups, of which something may travel along or stand in
 */
void
baton_settings_group_set_groups (BatonSettingsGroup *self, JsonArray *groups)
{
  g_return_if_fail (BATON_IS_SETTINGS_GROUP (self));

  baton_also_chooser_set_groups (self->also_chooser, self->address, groups);
  self->is_showing = TRUE;
  baton_stand_in_row_set_groups (self->stand_in_row, self->address, groups);
  self->is_showing = FALSE;
}

static void
show_problem (BatonSettingsGroup *self, const BatonProfileProblem *problem)
{
  g_autofree char *title = NULL;
  g_autofree char *detail = NULL;

  if (problem != NULL)
    baton_profile_words_describe_problem (problem, &title, &detail);
  baton_detail_row_show (self->problem_row, title != NULL ? title : "", detail);
}

/**
 * baton_settings_group_show:
 * @self: settings of a card
 * @profile: what the settings file says of it
 *
 * Shows what the file says. What its user has changed and not applied stays as it is.
 */
void
baton_settings_group_show (BatonSettingsGroup *self, const BatonProfile *profile)
{
  g_return_if_fail (BATON_IS_SETTINGS_GROUP (self));

  self->is_readable = profile->problem == NULL;
  show_problem (self, profile->problem);
  baton_detail_row_show (self->identity_row, _ ("Only for the Card"), profile->identity);

  self->is_showing = TRUE;
  for (guint i = 0; self->is_readable && i < N_SETTINGS; i++)
    {
      gboolean keeps = is_edited (self, i);

      g_free (self->known[i]);
      self->known[i] = settings[i].read (profile);
      if (!keeps)
        settings[i].set (self, profile);
    }
  self->is_showing = FALSE;
  update (self);
}
