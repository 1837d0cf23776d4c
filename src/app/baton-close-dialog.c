/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "config.h"

#include "baton-close-dialog.h"

#include <unistd.h>

#include <adwaita.h>
#include <glib/gi18n.h>

#include "baton-app-info.h"
#include "baton-close.h"
#include "baton-json.h"
#include "baton-words.h"

/* As it goes into a sentence: a process may call itself by what turns text around. */
static char *
dup_name (JsonObject *holder)
{
  g_autofree char *name = baton_app_info_dup_name (holder);

  return baton_words_embed (name);
}

static void
close_now (GtkWindow *parent, JsonObject *holder)
{
  g_autoptr (GError) error = NULL;
  g_autofree char *name = dup_name (holder);
  g_autofree char *text = NULL;

  if (baton_close_ask ((int) baton_json_get_int (holder, "pid", 0),
                       baton_json_get_string (holder, "start_time"), &error))
    text = g_strdup_printf (_ ("“%s” was asked to close"), name);
  else
    /* Translators: a program's name, and the reason in the system's words */
    text = g_strdup_printf (_ ("“%s” could not be asked to close: %s"), name, error->message);

  gtk_widget_activate_action (GTK_WIDGET (parent), "win.toast", "s", text);
}

static void
on_response_cb (AdwMessageDialog *dialog, const char *response, gpointer data)
{
  if (g_strcmp0 (response, "close") == 0)
    close_now (gtk_window_get_transient_for (GTK_WINDOW (dialog)), data);
  else if (g_strcmp0 (response, "plan") == 0)
    gtk_widget_activate_action (GTK_WIDGET (gtk_window_get_transient_for (GTK_WINDOW (dialog))),
                                "win.hand", NULL);
}

static void
unref_holder (gpointer data, GClosure *closure)
{
  json_object_unref (data);
}

/* Its process alone would be started again by systemd. Another user's is closed as a process. */
static gboolean
is_service (JsonObject *holder, gboolean is_own)
{
  const char *service = baton_json_get_string (holder, "service");

  return g_strcmp0 (service, "system") == 0 || (g_strcmp0 (service, "user") == 0 && is_own);
}

/* What Baton does as part of a handoff only. */
static void
lead_to_plan (AdwMessageDialog *dialog, const char *body)
{
  adw_message_dialog_set_body (dialog, body);
  adw_message_dialog_add_response (dialog, "plan", _ ("Show _Plan…"));
}

/**
 * baton_close_dialog_present:
 * @parent: the window
 * @holder: a holder of the contract that may be closed
 *
 * Asks before one of the user's own programs is closed. One of somebody else's is closed as part of
 * a handoff only, by the helper, and so is a service stopped: for it the dialog leads to the plan.
 */
void
baton_close_dialog_present (GtkWindow *parent, JsonObject *holder)
{
  g_autofree char *name = dup_name (holder);
  gboolean is_own = baton_json_get_int (holder, "uid", -1) == (gint64) getuid ();
  AdwMessageDialog *dialog = ADW_MESSAGE_DIALOG (adw_message_dialog_new (parent, NULL, NULL));

  if (is_service (holder, is_own))
    {
      g_autofree char *unit = baton_words_embed (baton_json_get_string (holder, "unit"));

      /* Translators: %s is the name of a service, such as ollama.service */
      adw_message_dialog_format_heading (dialog, _ ("Stop “%s”?"), unit);
    }
  else
    {
      /* Translators: %s is the name of a program */
      adw_message_dialog_format_heading (dialog, _ ("Close “%s”?"), name);
    }
  adw_message_dialog_add_response (dialog, "cancel", _ ("_Cancel"));
  if (is_service (holder, is_own))
    {
      lead_to_plan (dialog,
                    _ ("It is a service, which would start again what is closed of it. It "
                       "is stopped when the card is handed over, and started again when "
                       "the card is back. The plan shows what that means."));
    }
  else if (is_own)
    {
      adw_message_dialog_set_body (
          dialog, _ ("It is asked to close. What is not saved in it may be lost."));
      adw_message_dialog_add_response (dialog, "close", _ ("C_lose"));
      adw_message_dialog_set_response_appearance (dialog, "close", ADW_RESPONSE_DESTRUCTIVE);
    }
  else
    {
      lead_to_plan (
          dialog, _ ("It belongs to somebody else or to the system, so it is closed only when "
                     "the card is handed over. The plan shows what that means."));
    }
  adw_message_dialog_set_default_response (dialog, "cancel");
  adw_message_dialog_set_close_response (dialog, "cancel");
  g_signal_connect_data (dialog, "response", G_CALLBACK (on_response_cb),
                         json_object_ref (holder), unref_holder, 0);
  gtk_window_present (GTK_WINDOW (dialog));
}
