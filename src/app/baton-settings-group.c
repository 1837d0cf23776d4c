/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "config.h"

#include "baton-settings-group.h"

#include <glib/gi18n.h>

#include "baton-client-result.h"
#include "baton-profile-words.h"
#include "baton-result-words.h"
#include "baton-settings-group-private.h"

G_DEFINE_FINAL_TYPE (BatonSettingsGroup, baton_settings_group, ADW_TYPE_PREFERENCES_GROUP)

static gboolean
has_edits (BatonSettingsGroup *self)
{
  for (guint i = 0; i < BATON_N_SETTINGS; i++)
    if (baton_settings_group_is_edited (self, i))
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
  g_autofree char *shown = baton_settings_group_get_value (self, i);
  g_autofree char *usual = baton_settings_group_read_value (i, defaults);

  return g_strconcat (baton_settings_group_get_key (i), "=",
                      g_str_equal (shown, usual) ? "" : shown, NULL);
}

/* What was applied is what the file says now, and the file is read again when it is seen to change. */
static void
take_as_known (BatonSettingsGroup *self)
{
  for (guint i = 0; i < BATON_N_SETTINGS; i++)
    if (baton_settings_group_is_edited (self, i))
      {
        g_free (self->known[i]);
        self->known[i] = baton_settings_group_get_value (self, i);
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
  for (guint i = 0; i < BATON_N_SETTINGS; i++)
    if (baton_settings_group_is_edited (self, i))
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
  for (guint i = 0; i < BATON_N_SETTINGS; i++)
    if (*self->known[i] != '\0')
      g_string_append_printf (text, "%s=%s\n", baton_settings_group_get_key (i),
                              self->known[i]);
  profile = baton_profile_new_from_text (self->address, "", text->str, text->len);

  self->is_showing = TRUE;
  for (guint i = 0; i < BATON_N_SETTINGS; i++)
    baton_settings_group_set_value (self, i, profile);
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
  for (guint i = 0; i < BATON_N_SETTINGS; i++)
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
  for (guint i = 0; self->is_readable && i < BATON_N_SETTINGS; i++)
    {
      gboolean keeps = baton_settings_group_is_edited (self, i);

      g_free (self->known[i]);
      self->known[i] = baton_settings_group_read_value (i, profile);
      if (!keeps)
        baton_settings_group_set_value (self, i, profile);
    }
  self->is_showing = FALSE;
  update (self);
}
