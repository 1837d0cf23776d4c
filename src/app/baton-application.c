/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "config.h"

#include "baton-application.h"

#include <glib/gi18n.h>
#include <stdlib.h>

#include "baton-json.h"
#include "baton-login-report.h"
#include "baton-model.h"
#include "baton-notice-unit.h"
#include "baton-notify.h"
#include "baton-root.h"
#include "baton-window.h"

struct _BatonApplication
{
  AdwApplication parent_instance;

  BatonModel *model;   /* owned */
  BatonWindow *window; /* weak */
  gboolean is_held;    /* stays for the end of a handoff */
  guint start_source;  /* begins to look when the window was painted */

  gboolean tells_of_first; /* the notification is of what the window does not show */
};

G_DEFINE_FINAL_TYPE (BatonApplication, baton_application, ADW_TYPE_APPLICATION)

static char *
dup_state_directory (void)
{
  return g_build_filename (g_get_user_state_dir (), "baton", NULL);
}

/* A login has told of what ended before, unless it left that to us or nobody could be sent it: see
 * baton_login_report(). */
static gboolean
is_untold (JsonObject *report, const char *directory, const char *key)
{
  g_autoptr (BatonRoot) root = baton_root_new_system (NULL);
  g_autofree char *boot_id = NULL;

  if (root != NULL)
    boot_id = baton_root_read_line (root, BATON_ROOT_PROC, "sys/kernel/random/boot_id", NULL);

  return baton_notify_holds (report, boot_id) && !baton_notify_was_seen (directory, key);
}

static void
on_report_cb (BatonApplication *self, gpointer report, gboolean is_first)
{
  g_autofree char *directory = dup_state_directory ();
  g_autofree char *key = baton_notify_dup_key (report);
  gboolean in_front = self->window != NULL && gtk_window_is_active (GTK_WINDOW (self->window));
  /* What ended before the window was there is not shown in it by itself, in front or not. */
  gboolean is_news = is_first ? is_untold (report, directory, key) : !in_front;

  if (is_news)
    {
      g_autoptr (GNotification) notification = baton_notify_build (report);

      g_application_send_notification (G_APPLICATION (self), BATON_NOTIFY_ID, notification);
    }
  /* What was said of an earlier handoff, or before this window was there, holds no longer. */
  else if (in_front)
    g_application_withdraw_notification (G_APPLICATION (self), BATON_NOTIFY_ID);

  self->tells_of_first = is_news && is_first;
  baton_notify_note_seen (directory, key);
}

/* The window may be closed while a handoff runs. The handoff does not need this program, but
 * somebody is to say how it ended. */
static void
on_handoff_changed_cb (BatonApplication *self)
{
  BatonHandoff *handoff = baton_model_get_handoff (self->model);
  gboolean runs = handoff != NULL && baton_handoff_get_phase (handoff) != BATON_HANDOFF_ENDED;

  if (runs && !self->is_held)
    g_application_hold (G_APPLICATION (self));
  else if (!runs && self->is_held)
    g_application_release (G_APPLICATION (self));
  self->is_held = runs;
}

/* The window shows how the last handoff ended, if it was there. */
static void
on_active_cb (BatonApplication *self)
{
  if (!self->tells_of_first && gtk_window_is_active (GTK_WINDOW (self->window)) &&
      baton_model_has_looked (self->model))
    g_application_withdraw_notification (G_APPLICATION (self), BATON_NOTIFY_ID);
}

static void
take_model (BatonApplication *self, BatonModel *model)
{
  self->model = model;
  g_signal_connect_object (self->model, "report", G_CALLBACK (on_report_cb), self,
                           G_CONNECT_SWAPPED);
  g_signal_connect_object (self->model, "handoff-changed", G_CALLBACK (on_handoff_changed_cb),
                           self, G_CONNECT_SWAPPED);
}

/* Below the priority at which GTK paints: the first frame does not wait for a helper to start. */
static gboolean
on_painted_cb (gpointer data)
{
  BatonApplication *self = data;

  self->start_source = 0;
  baton_model_start (self->model);

  return G_SOURCE_REMOVE;
}

static BatonWindow *
ensure_window (BatonApplication *self)
{
  if (self->model == NULL)
    take_model (self, baton_model_new ());

  if (self->window == NULL)
    {
      g_set_weak_pointer (&self->window,
                          baton_window_new (GTK_APPLICATION (self), self->model));
      g_signal_connect_object (self->window, "notify::is-active", G_CALLBACK (on_active_cb),
                               self, G_CONNECT_SWAPPED);
      if (self->start_source == 0)
        self->start_source = g_idle_add_full (G_PRIORITY_LOW, on_painted_cb, self, NULL);
    }

  return self->window;
}

static void
baton_application_activate (GApplication *application)
{
  gtk_window_present (GTK_WINDOW (ensure_window (BATON_APPLICATION (application))));
}

static gint
baton_application_handle_local_options (GApplication *application, GVariantDict *options)
{
  if (g_variant_dict_contains (options, "version"))
    {
      g_print ("baton %s\n", BATON_VERSION);
      return 0;
    }

  if (g_variant_dict_contains (options, "report"))
    {
      g_autoptr (GError) error = NULL;
      g_autoptr (BatonRoot) root = NULL;
      g_autoptr (BatonClosed) closed = NULL;
      g_autofree char *directory = dup_state_directory ();

      if (!baton_notice_unit_start_if_wanted (g_get_user_config_dir (), &error))
        g_printerr ("baton: %s: %s\n", BATON_NOTICE_UNIT, error->message);
      g_clear_error (&error);

      root = baton_root_new_system (&error);
      if (root == NULL)
        {
          g_printerr ("baton: %s\n", error->message);
          return EXIT_FAILURE;
        }

      closed = baton_closed_new_for_user (root);

      return baton_login_report (application, root, directory, closed);
    }

  return -1;
}

static void
activate_activate (GSimpleAction *action, GVariant *parameter, gpointer data)
{
  g_application_activate (data);
}

static void
activate_report (GSimpleAction *action, GVariant *parameter, gpointer data)
{
  BatonWindow *window = ensure_window (data);

  gtk_window_present (GTK_WINDOW (window));
  baton_window_wish_report (window);
}

static void
activate_return (GSimpleAction *action, GVariant *parameter, gpointer data)
{
  BatonWindow *window = ensure_window (data);

  gtk_window_present (GTK_WINDOW (window));
  baton_window_wish_return (window, g_variant_get_string (parameter, NULL));
}

static void
activate_show_card (GSimpleAction *action, GVariant *parameter, gpointer data)
{
  BatonWindow *window = ensure_window (data);

  gtk_window_present (GTK_WINDOW (window));
  baton_window_wish_card (window, g_variant_get_string (parameter, NULL));
}

static void
activate_keep_off (GSimpleAction *action, GVariant *parameter, gpointer data)
{
  BatonWindow *window = ensure_window (data);

  gtk_window_present (GTK_WINDOW (window));
  baton_window_wish_keep_off (window, g_variant_get_string (parameter, NULL));
}

static void
activate_reopen (GSimpleAction *action, GVariant *parameter, gpointer data)
{
  BatonWindow *window = ensure_window (data);

  gtk_window_present (GTK_WINDOW (window));
  baton_window_wish_reopen (window, g_variant_get_string (parameter, NULL));
}

static void
activate_about (GSimpleAction *action, GVariant *parameter, gpointer data)
{
  adw_show_about_window (gtk_application_get_active_window (data), "application-name", "Baton",
                         "application-icon", BATON_APP_ID, "version", BATON_VERSION,
                         "developer-name", _ ("The Baton Contributors"), "comments",
                         _ ("Hands a graphics card to a virtual machine and takes it back."),
                         "license-type", GTK_LICENSE_GPL_3_0,
                         /* Translators: your name, and your address if you like */
                         "translator-credits", _ ("translator-credits"), NULL);
}

/* Not g_application_quit(), which does not mind who holds the application: while a handoff runs,
 * somebody is to say how it ended. Without windows and without that it ends by itself. */
static void
activate_quit (GSimpleAction *action, GVariant *parameter, gpointer data)
{
  g_autolist (GtkWindow) windows = NULL;

  /* A window takes those of its own along. */
  for (GList *link = gtk_application_get_windows (data); link != NULL; link = link->next)
    windows = g_list_prepend (windows, g_object_ref (link->data));
  for (GList *link = windows; link != NULL; link = link->next)
    gtk_window_close (link->data);
}

static const GActionEntry actions[] = {
  { .name = "about", .activate = activate_about },
  { .name = "activate", .activate = activate_activate },
  { .name = "keep-off", .activate = activate_keep_off, .parameter_type = "s" },
  { .name = "quit", .activate = activate_quit },
  { .name = "reopen", .activate = activate_reopen, .parameter_type = "s" },
  { .name = "report", .activate = activate_report },
  { .name = "return", .activate = activate_return, .parameter_type = "s" },
  { .name = "show-card", .activate = activate_show_card, .parameter_type = "s" },
};

static void
baton_application_startup (GApplication *application)
{
  GtkApplication *gtk_application = GTK_APPLICATION (application);
  static const struct
  {
    const char *action;
    const char *accels[3];
  } accels[] = {
    { "app.quit", { "<Control>q", NULL } },
    { "win.groups", { "<Control>g", NULL } },
    { "win.help", { "F1", NULL } },
    { "win.look", { "F5", "<Control>r", NULL } },
    { "win.preferences", { "<Control>comma", NULL } },
    { "win.report", { "<Control>l", NULL } },
    { "window.close", { "<Control>w", NULL } },
  };

  G_APPLICATION_CLASS (baton_application_parent_class)->startup (application);

  g_action_map_add_action_entries (G_ACTION_MAP (application), actions, G_N_ELEMENTS (actions),
                                   application);
  for (guint i = 0; i < G_N_ELEMENTS (accels); i++)
    gtk_application_set_accels_for_action (gtk_application, accels[i].action, accels[i].accels);
  gtk_window_set_default_icon_name (BATON_APP_ID);
}

static void
baton_application_dispose (GObject *object)
{
  BatonApplication *self = BATON_APPLICATION (object);

  g_clear_handle_id (&self->start_source, g_source_remove);
  g_clear_weak_pointer (&self->window);
  g_clear_object (&self->model);

  G_OBJECT_CLASS (baton_application_parent_class)->dispose (object);
}

static void
baton_application_class_init (BatonApplicationClass *klass)
{
  GApplicationClass *application_class = G_APPLICATION_CLASS (klass);

  G_OBJECT_CLASS (klass)->dispose = baton_application_dispose;
  application_class->activate = baton_application_activate;
  application_class->handle_local_options = baton_application_handle_local_options;
  application_class->startup = baton_application_startup;
}

static void
baton_application_init (BatonApplication *self)
{
  static const GOptionEntry options[] = {
    { "report", 0, 0, G_OPTION_ARG_NONE, NULL,
      N_ ("Tell how the last handoff ended, unless you were told, and exit"), NULL },
    { "version", 0, 0, G_OPTION_ARG_NONE, NULL, N_ ("Print the version and exit"), NULL },
    { NULL },
  };

  g_application_add_main_option_entries (G_APPLICATION (self), options);
}

/**
 * baton_application_new:
 *
 * Returns: (transfer full): the application
 */
BatonApplication *
baton_application_new (void)
{
  return g_object_new (BATON_TYPE_APPLICATION, "application-id", BATON_APP_ID,
                       "resource-base-path", "/io/github/batongpu/Baton", NULL);
}

/**
 * baton_application_new_for_model:
 * @model: (transfer none): what its window is to show
 *
 * Returns: (transfer full): an application that looks at nothing else
 */
BatonApplication *
baton_application_new_for_model (BatonModel *model)
{
  BatonApplication *self = baton_application_new ();

  take_model (self, g_object_ref (model));

  return self;
}
