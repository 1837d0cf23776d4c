/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "config.h"

#include "baton-window-private.h"

#include <glib/gi18n.h>

#include "baton-json.h"
#include "baton-preferences-window.h"
#include "baton-report-text.h"
#include "baton-report-window.h"
#include "baton-run-window.h"
#include "baton-test-card.h"
#include "baton-words.h"

static void
activate_look (GtkWidget *widget, const char *action, GVariant *parameter)
{
  BatonWindow *self = BATON_WINDOW (widget);
  BatonCardPage *page = baton_window_get_page (self);

  if (baton_model_get_problem (self->model) != NULL)
    baton_model_start (self->model);
  else
    baton_model_look (self->model);

  if (page != NULL)
    baton_card_page_replan (page);
}

static void
present_groups (BatonWindow *self, const char *group)
{
  if (self->groups_window == NULL)
    {
      g_set_weak_pointer (&self->groups_window, baton_groups_window_new (self->model));
      gtk_window_set_transient_for (GTK_WINDOW (self->groups_window), GTK_WINDOW (self));
    }

  if (group != NULL)
    baton_groups_window_search (self->groups_window, group);
  gtk_window_present (GTK_WINDOW (self->groups_window));
}

static void
activate_groups (GtkWidget *widget, const char *action, GVariant *parameter)
{
  present_groups (BATON_WINDOW (widget), NULL);
}

static void
activate_show_group (GtkWidget *widget, const char *action, GVariant *parameter)
{
  present_groups (BATON_WINDOW (widget), g_variant_get_string (parameter, NULL));
}

/* Where the watch is refused there is no report, or an old one, but what we carried out ourselves is
 * known. */
JsonObject *
baton_window_find_report (BatonWindow *self)
{
  JsonObject *report = baton_view_get_report (baton_model_get_view (self->model));
  BatonHandoff *handoff = baton_model_get_handoff (self->model);
  JsonObject *result = handoff != NULL ? baton_handoff_get_result (handoff) : NULL;
  const char *id = baton_json_get_string (result, "handoff");

  if (report == NULL ||
      (id != NULL && g_strcmp0 (id, baton_json_get_string (report, "handoff")) != 0))
    return result != NULL ? result : report;

  return report;
}

static void
activate_copy_report (GtkWidget *widget, const char *action, GVariant *parameter)
{
  BatonWindow *self = BATON_WINDOW (widget);
  g_autofree char *text = baton_report_text_build (baton_window_find_report (self));

  gdk_clipboard_set_text (gtk_widget_get_clipboard (widget), text);
  baton_window_say (self, _ ("Report copied"));
}

static void
activate_report (GtkWidget *widget, const char *action, GVariant *parameter)
{
  BatonWindow *self = BATON_WINDOW (widget);
  BatonView *view = baton_model_get_view (self->model);
  JsonObject *report = baton_window_find_report (self);
  GtkWindow *window = NULL;

  if (report == NULL)
    {
      baton_window_say (self, _ ("Nothing has been handed over yet: there is no report."));
      return;
    }

  /* What it shows is one report, which may be an older one. */
  if (self->report_window != NULL)
    gtk_window_destroy (self->report_window);
  window = GTK_WINDOW (baton_report_window_new (report, baton_view_get_cards (view)));
  g_set_weak_pointer (&self->report_window, window);
  gtk_window_set_transient_for (window, GTK_WINDOW (self));
  gtk_window_present (window);
}

static void
activate_preferences (GtkWidget *widget, const char *action, GVariant *parameter)
{
  BatonWindow *self = BATON_WINDOW (widget);
  g_autoptr (GError) error = NULL;
  g_autoptr (BatonRoot) root = baton_root_new_system (&error);
  BatonPreferencesWindow *window;

  if (root == NULL)
    {
      baton_window_say (self, error->message);
      return;
    }

  window = baton_preferences_window_new (self->model, root);
  gtk_window_set_transient_for (GTK_WINDOW (window), GTK_WINDOW (self));
  gtk_window_present (GTK_WINDOW (window));
}

/* Returns: (transfer full) (nullable): what the card on screen is called, and its address; NULL where
 * there is none */
static char *
dup_shown_card (BatonWindow *self, const char **ret_address)
{
  BatonCardPage *page = baton_window_get_page (self);
  BatonView *view = baton_model_get_view (self->model);
  const char *address = page != NULL ? baton_card_page_get_address (page) : NULL;
  JsonObject *card = address != NULL ? baton_view_find_card (view, address) : NULL;

  *ret_address = address;

  return card != NULL ? baton_words_dup_card_name (card, baton_view_get_cards (view)) : NULL;
}

static void
activate_run_on_card (GtkWidget *widget, const char *action, GVariant *parameter)
{
  const char *address = NULL;
  g_autofree char *name = dup_shown_card (BATON_WINDOW (widget), &address);
  GtkWindow *window = NULL;

  if (name == NULL)
    return;

  window = GTK_WINDOW (baton_run_window_new (address, name));
  gtk_window_set_transient_for (window, GTK_WINDOW (widget));
  gtk_window_present (window);
}

static void
activate_test_card (GtkWidget *widget, const char *action, GVariant *parameter)
{
  const char *address = NULL;
  g_autofree char *name = dup_shown_card (BATON_WINDOW (widget), &address);

  if (name != NULL)
    baton_test_card (GTK_WINDOW (widget), address, name);
}

static void
activate_help (GtkWidget *widget, const char *action, GVariant *parameter)
{
  BatonWindow *self = BATON_WINDOW (widget);

  if (self->help_window == NULL)
    {
      g_autoptr (GtkBuilder) builder =
          gtk_builder_new_from_resource ("/io/github/batongpu/Baton/ui/baton-help.ui");

      g_set_weak_pointer (&self->help_window,
                          GTK_WINDOW (gtk_builder_get_object (builder, "help_window")));
      gtk_window_set_transient_for (self->help_window, GTK_WINDOW (self));
    }

  gtk_window_present (self->help_window);
}

static void
activate_toast (GtkWidget *widget, const char *action, GVariant *parameter)
{
  baton_window_say (BATON_WINDOW (widget), g_variant_get_string (parameter, NULL));
}

static void
activate_show_rows (GtkWidget *widget, const char *action, GVariant *parameter)
{
  baton_window_show_rows (BATON_WINDOW (widget));
}

static void
activate_hand (GtkWidget *widget, const char *action, GVariant *parameter)
{
  BatonCardPage *page = baton_window_get_page (BATON_WINDOW (widget));

  if (page != NULL)
    baton_card_page_press (page);
}

/* The actions of the window, for its menus, its keys and its pages. */
void
baton_window_install_actions (GtkWidgetClass *widget_class)
{
  gtk_widget_class_install_action (widget_class, "win.look", NULL, activate_look);
  gtk_widget_class_install_action (widget_class, "win.groups", NULL, activate_groups);
  gtk_widget_class_install_action (widget_class, "win.show-group", "s", activate_show_group);
  gtk_widget_class_install_action (widget_class, "win.show-rows", NULL, activate_show_rows);
  gtk_widget_class_install_action (widget_class, "win.report", NULL, activate_report);
  gtk_widget_class_install_action (widget_class, "win.copy-report", NULL, activate_copy_report);
  gtk_widget_class_install_action (widget_class, "win.preferences", NULL, activate_preferences);
  gtk_widget_class_install_action (widget_class, "win.run-on-card", NULL, activate_run_on_card);
  gtk_widget_class_install_action (widget_class, "win.test-card", NULL, activate_test_card);
  gtk_widget_class_install_action (widget_class, "win.help", NULL, activate_help);
  gtk_widget_class_install_action (widget_class, "win.toast", "s", activate_toast);
  gtk_widget_class_install_action (widget_class, "win.hand", NULL, activate_hand);
}
