/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "config.h"

#include "baton-run-window.h"

#include <gio/gdesktopappinfo.h>
#include <glib/gi18n.h>

#include "baton-always-run.h"
#include "baton-run-entry.h"
#include "baton-text.h"

struct _BatonRunWindow
{
  AdwWindow parent_instance;

  /* owned */
  char *address;
  GCancellable *cancellable;

  gboolean is_showing; /* a button shows what is, and was not pressed */

  /* from the template */
  AdwWindowTitle *title;
  GtkSearchEntry *search_entry;
  GtkStack *stack;
  GtkListBox *list;
};

G_DEFINE_FINAL_TYPE (BatonRunWindow, baton_run_window, ADW_TYPE_WINDOW)

#define ROW_ENTRY "baton-entry"

/* A program of the menu: a row's own. Files are read and written in threads. */
typedef struct
{
  GDesktopAppInfo *app;
  char *card; /* that it always runs on, or NULL */
} Entry;

static void
entry_free (gpointer data)
{
  Entry *entry = data;

  g_object_unref (entry->app);
  g_free (entry->card);
  g_free (entry);
}

static Entry *
get_entry (gpointer row)
{
  return g_object_get_data (G_OBJECT (row), ROW_ENTRY);
}

/* Why something did not happen takes more than the line that a toast has. Takes @heading. */
static void
explain (BatonRunWindow *self, char *heading, const char *why)
{
  g_autofree char *owned = heading;
  g_autofree char *body = baton_text_to_sentence (why);
  GtkWidget *dialog = adw_message_dialog_new (GTK_WINDOW (self), owned, NULL);

  adw_message_dialog_set_body (ADW_MESSAGE_DIALOG (dialog), body);
  adw_message_dialog_add_response (ADW_MESSAGE_DIALOG (dialog), "close", _ ("_Close"));
  gtk_window_present (GTK_WINDOW (dialog));
}

/* starting */

/* Names what is started, until it is. */
typedef struct
{
  BatonRunWindow *self;
  GDesktopAppInfo *app;
} Start;

static void
start_free (Start *start)
{
  g_object_unref (start->self);
  g_object_unref (start->app);
  g_free (start);
}
G_DEFINE_AUTOPTR_CLEANUP_FUNC (Start, start_free)

static gboolean
launch (BatonRunWindow *self, GDesktopAppInfo *app, GError **error)
{
  g_autoptr (GKeyFile) entry = g_key_file_new ();
  g_autoptr (GDesktopAppInfo) wrapped = NULL;
  g_autoptr (GdkAppLaunchContext) context =
      gdk_display_get_app_launch_context (gtk_widget_get_display (GTK_WIDGET (self)));

  if (!g_key_file_load_from_file (entry, g_desktop_app_info_get_filename (app),
                                  G_KEY_FILE_KEEP_TRANSLATIONS, error) ||
      !baton_run_entry_set_card (entry, self->address, error))
    return FALSE;

  wrapped = g_desktop_app_info_new_from_keyfile (entry);
  if (wrapped == NULL)
    {
      g_set_error_literal (error, G_IO_ERROR, G_IO_ERROR_NOT_FOUND,
                           _ ("its program is not installed"));
      return FALSE;
    }

  return g_app_info_launch (G_APP_INFO (wrapped), NULL, G_APP_LAUNCH_CONTEXT (context), error);
}

static void
explain_not_started (BatonRunWindow *self, GDesktopAppInfo *app, const char *why)
{
  /* Translators: the name of a program */
  explain (self,
           g_strdup_printf (_ ("“%s” Was Not Started"),
                            g_app_info_get_display_name (G_APP_INFO (app))),
           why);
}

static void
on_checked_cb (GObject *source, GAsyncResult *result, gpointer data)
{
  GSubprocess *check = G_SUBPROCESS (source);
  g_autoptr (Start) start = data;
  g_autoptr (GError) error = NULL;
  g_autofree char *errors = NULL;

  if (!g_subprocess_communicate_utf8_finish (check, result, NULL, &errors, &error))
    {
      if (!g_error_matches (error, G_IO_ERROR, G_IO_ERROR_CANCELLED))
        explain_not_started (start->self, start->app, error->message);
      return;
    }
  if (!g_subprocess_get_successful (check))
    {
      const char *prefix = "baton-run: ";

      g_strstrip (errors);
      explain_not_started (start->self, start->app,
                           g_str_has_prefix (errors, prefix) ? errors + strlen (prefix)
                                                             : errors);
      return;
    }

  if (!launch (start->self, start->app, &error))
    explain_not_started (start->self, start->app, error->message);
  else
    gtk_window_close (GTK_WINDOW (start->self));
}

/* What stands in the way is said by whoever would start it, and here, where it is seen. */
static void
on_row_activated_cb (BatonRunWindow *self, GtkListBoxRow *row)
{
  g_autoptr (GError) error = NULL;
  g_autoptr (GSubprocess) check = g_subprocess_new (
      G_SUBPROCESS_FLAGS_STDERR_PIPE, &error, "baton-run", self->address, "--", "true", NULL);
  Start *start = NULL;

  if (check == NULL)
    {
      explain_not_started (self, get_entry (row)->app, error->message);
      return;
    }

  start = g_new0 (Start, 1);
  start->self = g_object_ref (self);
  start->app = g_object_ref (get_entry (row)->app);
  g_subprocess_communicate_utf8_async (check, NULL, self->cancellable, on_checked_cb, start);
}

/* always */

/* What one button of a row was pressed for. */
typedef struct
{
  GtkWidget *row;
  GtkToggleButton *button;
  GDesktopAppInfo *app;
  char *address; /* NULL: it is to be started as before */
} Change;

static void
change_free (gpointer data)
{
  Change *change = data;

  g_object_unref (change->row);
  g_object_unref (change->button);
  g_object_unref (change->app);
  g_free (change->address);
  g_free (change);
}

static void
describe (BatonRunWindow *self, gpointer row)
{
  const char *card = get_entry (row)->card;

  if (card == NULL)
    adw_action_row_set_subtitle (row, "");
  else if (g_strcmp0 (card, self->address) == 0)
    adw_action_row_set_subtitle (row, _ ("Always runs on this card"));
  else
    adw_action_row_set_subtitle (row, _ ("Always runs on another card"));
}

static void
change_in_thread (GTask *task, gpointer source, gpointer data, GCancellable *cancellable)
{
  const Change *change = data;
  GError *error = NULL;

  if (change->address != NULL
          ? baton_always_run_set (change->app, change->address, &error)
          : baton_always_run_unset (g_app_info_get_id (G_APP_INFO (change->app)), &error))
    g_task_return_boolean (task, TRUE);
  else
    g_task_return_error (task, error);
}

static void
on_changed_cb (GObject *source, GAsyncResult *result, gpointer data)
{
  BatonRunWindow *self = BATON_RUN_WINDOW (source);
  const Change *change = g_task_get_task_data (G_TASK (result));
  Entry *entry = get_entry (change->row);
  g_autoptr (GError) error = NULL;

  if (g_task_propagate_boolean (G_TASK (result), &error))
    {
      g_free (entry->card);
      entry->card = g_strdup (change->address);
    }
  else
    {
      if (self->address != NULL)
        /* Translators: the name of a program */
        explain (self,
                 g_strdup_printf (_ ("How “%s” Is Started Was Not Changed"),
                                  g_app_info_get_display_name (G_APP_INFO (change->app))),
                 error->message);
    }

  /* The window may have been closed meanwhile. */
  if (self->address == NULL)
    return;
  self->is_showing = TRUE;
  gtk_toggle_button_set_active (change->button, g_strcmp0 (entry->card, self->address) == 0);
  self->is_showing = FALSE;
  gtk_widget_set_sensitive (GTK_WIDGET (change->button), TRUE);
  describe (self, change->row);
}

static void
on_always_toggled_cb (GtkToggleButton *button, GtkWidget *row)
{
  BatonRunWindow *self = BATON_RUN_WINDOW (gtk_widget_get_root (row));
  g_autoptr (GTask) task = NULL;
  Change *change = NULL;

  if (self->is_showing)
    return;

  change = g_new0 (Change, 1);
  change->row = g_object_ref (row);
  change->button = g_object_ref (button);
  change->app = g_object_ref (get_entry (row)->app);
  change->address = g_strdup (gtk_toggle_button_get_active (button) ? self->address : NULL);
  gtk_widget_set_sensitive (GTK_WIDGET (button), FALSE);
  task = g_task_new (self, NULL, on_changed_cb, NULL);
  g_task_set_task_data (task, change, change_free);
  g_task_run_in_thread (task, change_in_thread);
}

static GtkWidget *
create_always_button (BatonRunWindow *self, GtkWidget *row)
{
  GtkWidget *button = gtk_toggle_button_new ();

  gtk_button_set_icon_name (GTK_BUTTON (button), "baton-pin-symbolic");
  gtk_widget_set_tooltip_text (button, _ ("Always Run on This Card"));
  gtk_accessible_update_property (GTK_ACCESSIBLE (button), GTK_ACCESSIBLE_PROPERTY_LABEL,
                                  _ ("Always Run on This Card"), -1);
  gtk_widget_set_valign (button, GTK_ALIGN_CENTER);
  gtk_widget_add_css_class (button, "flat");
  gtk_toggle_button_set_active (GTK_TOGGLE_BUTTON (button),
                                g_strcmp0 (get_entry (row)->card, self->address) == 0);
  g_signal_connect_object (button, "toggled", G_CALLBACK (on_always_toggled_cb), row, 0);

  return button;
}

/* the list */

/* Takes @entry. */
static GtkWidget *
create_row (BatonRunWindow *self, Entry *entry)
{
  GtkWidget *row = adw_action_row_new ();
  GIcon *icon = g_app_info_get_icon (G_APP_INFO (entry->app));
  GtkWidget *image =
      g_object_new (GTK_TYPE_IMAGE, "accessible-role", GTK_ACCESSIBLE_ROLE_PRESENTATION, NULL);

  g_object_set_data_full (G_OBJECT (row), ROW_ENTRY, entry, entry_free);
  adw_preferences_row_set_use_markup (ADW_PREFERENCES_ROW (row), FALSE);
  adw_preferences_row_set_title (ADW_PREFERENCES_ROW (row),
                                 g_app_info_get_display_name (G_APP_INFO (entry->app)));
  adw_action_row_set_title_lines (ADW_ACTION_ROW (row), 0);
  adw_action_row_set_subtitle_lines (ADW_ACTION_ROW (row), 0);
  gtk_list_box_row_set_activatable (GTK_LIST_BOX_ROW (row), TRUE);

  if (icon != NULL)
    gtk_image_set_from_gicon (GTK_IMAGE (image), icon);
  else
    gtk_image_set_from_icon_name (GTK_IMAGE (image), "baton-program-symbolic");
  gtk_image_set_pixel_size (GTK_IMAGE (image), 32);
  adw_action_row_add_prefix (ADW_ACTION_ROW (row), image);
  adw_action_row_add_suffix (ADW_ACTION_ROW (row), create_always_button (self, row));
  describe (self, row);

  return row;
}

static int
compare_names (gconstpointer a, gconstpointer b)
{
  const Entry *one = *(const Entry *const *) a;
  const Entry *other = *(const Entry *const *) b;

  return g_utf8_collate (g_app_info_get_display_name (G_APP_INFO (one->app)),
                         g_app_info_get_display_name (G_APP_INFO (other->app)));
}

static void
list_in_thread (GTask *task, gpointer source, gpointer data, GCancellable *cancellable)
{
  GPtrArray *entries = g_ptr_array_new_with_free_func (entry_free);
  GList *apps = g_app_info_get_all ();

  for (GList *link = apps; link != NULL; link = link->next)
    {
      Entry *entry = NULL;

      if (!G_IS_DESKTOP_APP_INFO (link->data) || !g_app_info_should_show (link->data) ||
          g_app_info_get_id (link->data) == NULL ||
          g_desktop_app_info_get_filename (link->data) == NULL)
        continue;
      entry = g_new0 (Entry, 1);
      entry->app = g_object_ref (link->data);
      entry->card = baton_always_run_dup_card (entry->app);
      g_ptr_array_add (entries, entry);
    }
  g_list_free_full (apps, g_object_unref);
  g_ptr_array_sort (entries, compare_names);

  g_task_return_pointer (task, entries, (GDestroyNotify) g_ptr_array_unref);
}

static void
on_listed_cb (GObject *source, GAsyncResult *result, gpointer data)
{
  BatonRunWindow *self = BATON_RUN_WINDOW (source);
  g_autoptr (GPtrArray) entries = g_task_propagate_pointer (G_TASK (result), NULL);

  if (entries == NULL || self->address == NULL)
    return;

  g_ptr_array_set_free_func (entries, NULL);
  for (guint i = 0; i < entries->len; i++)
    gtk_list_box_append (self->list, create_row (self, g_ptr_array_index (entries, i)));
}

static gboolean
is_wanted (GtkListBoxRow *row, gpointer data)
{
  BatonRunWindow *self = data;
  g_autofree char *needle =
      g_utf8_casefold (gtk_editable_get_text (GTK_EDITABLE (self->search_entry)), -1);
  g_autofree char *name =
      g_utf8_casefold (adw_preferences_row_get_title (ADW_PREFERENCES_ROW (row)), -1);

  return strstr (name, needle) != NULL;
}

static void
on_search_changed_cb (BatonRunWindow *self)
{
  GtkListBoxRow *row;
  gboolean any = FALSE;

  gtk_list_box_invalidate_filter (self->list);
  for (int i = 0; !any && (row = gtk_list_box_get_row_at_index (self->list, i)) != NULL; i++)
    any = is_wanted (row, self);
  gtk_stack_set_visible_child_name (self->stack, any ? "list" : "nothing");
}

/* Enter takes the first one that fits. */
static void
on_search_activated_cb (BatonRunWindow *self)
{
  GtkListBoxRow *row;

  for (int i = 0; (row = gtk_list_box_get_row_at_index (self->list, i)) != NULL; i++)
    {
      if (!is_wanted (row, self))
        continue;
      on_row_activated_cb (self, row);
      return;
    }
}

static void
baton_run_window_dispose (GObject *object)
{
  BatonRunWindow *self = BATON_RUN_WINDOW (object);

  g_cancellable_cancel (self->cancellable);
  g_clear_object (&self->cancellable);
  g_clear_pointer (&self->address, g_free);

  G_OBJECT_CLASS (baton_run_window_parent_class)->dispose (object);
}

static void
baton_run_window_class_init (BatonRunWindowClass *klass)
{
  GtkWidgetClass *widget_class = GTK_WIDGET_CLASS (klass);

  G_OBJECT_CLASS (klass)->dispose = baton_run_window_dispose;

  gtk_widget_class_set_template_from_resource (
      widget_class, "/io/github/batongpu/Baton/ui/baton-run-window.ui");
  gtk_widget_class_bind_template_child (widget_class, BatonRunWindow, title);
  gtk_widget_class_bind_template_child (widget_class, BatonRunWindow, search_entry);
  gtk_widget_class_bind_template_child (widget_class, BatonRunWindow, stack);
  gtk_widget_class_bind_template_child (widget_class, BatonRunWindow, list);
  gtk_widget_class_bind_template_callback (widget_class, on_row_activated_cb);
  gtk_widget_class_bind_template_callback (widget_class, on_search_activated_cb);
  gtk_widget_class_bind_template_callback (widget_class, on_search_changed_cb);
}

static void
baton_run_window_init (BatonRunWindow *self)
{
  gtk_widget_init_template (GTK_WIDGET (self));
  self->cancellable = g_cancellable_new ();
  gtk_list_box_set_filter_func (self->list, is_wanted, self, NULL);
  gtk_search_entry_set_key_capture_widget (self->search_entry, GTK_WIDGET (self));
}

/**
 * baton_run_window_new:
 * @address: a card
 * @name: what it is called
 *
 * Returns: (transfer floating): a window in which one chooses what to start on the card
 */
BatonRunWindow *
baton_run_window_new (const char *address, const char *name)
{
  BatonRunWindow *self = g_object_new (BATON_TYPE_RUN_WINDOW, NULL);
  g_autoptr (GTask) task = NULL;

  g_return_val_if_fail (address != NULL && name != NULL, self);

  self->address = g_strdup (address);
  adw_window_title_set_subtitle (self->title, name);
  task = g_task_new (self, self->cancellable, on_listed_cb, NULL);
  g_task_run_in_thread (task, list_in_thread);

  return self;
}
