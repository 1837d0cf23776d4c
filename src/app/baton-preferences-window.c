/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "config.h"

#include "baton-preferences-window.h"

#include <glib/gi18n.h>

#include "baton-always-row.h"
#include "baton-hook-row.h"
#include "baton-json.h"
#include "baton-notice-row.h"
#include "baton-profile.h"
#include "baton-section.h"
#include "baton-settings-group.h"
#include "baton-words.h"

/* One card on both pages. */
typedef struct
{
  char *address; /* owned */

  /* borrowed: the pages own them */
  AdwPreferencesGroup *always_group;
  BatonSettingsGroup *settings_group;
  GtkListBox *always_list;
  GtkWidget *empty_label;
} Place;

struct _BatonPreferencesWindow
{
  AdwPreferencesWindow parent_instance;

  /* owned */
  BatonModel *model;
  BatonRoot *root;
  GFileMonitor *monitor;
  GPtrArray *places;

  /* from the template */
  AdwPreferencesPage *always_page;
  AdwPreferencesPage *settings_page;
  GtkLabel *always_label;
  GtkLabel *settings_label;
  BatonHookRow *hook_row;
};

G_DEFINE_FINAL_TYPE (BatonPreferencesWindow,
                     baton_preferences_window,
                     ADW_TYPE_PREFERENCES_WINDOW)

static void
free_place (gpointer data)
{
  Place *place = data;

  g_free (place->address);
  g_free (place);
}

static BatonAlwaysClose *
get_always (BatonPreferencesWindow *self)
{
  return baton_model_get_always_close (self->model);
}

static JsonObject *
find_card (BatonPreferencesWindow *self, const Place *place)
{
  return baton_view_find_card (baton_model_get_view (self->model), place->address);
}

/* A group's title is markup, and a card's name comes from a list of such names. */
static void
set_group_title (AdwPreferencesGroup *group, const char *title)
{
  g_autofree char *escaped = g_markup_escape_text (title, -1);

  adw_preferences_group_set_title (group, escaped);
}

static AdwPreferencesGroup *
add_group (AdwPreferencesPage *page, const char *title, GtkListBox **ret_list)
{
  AdwPreferencesGroup *group = ADW_PREFERENCES_GROUP (adw_preferences_group_new ());
  GtkListBox *list = GTK_LIST_BOX (gtk_list_box_new ());

  set_group_title (group, title);
  gtk_list_box_set_selection_mode (list, GTK_SELECTION_NONE);
  gtk_widget_add_css_class (GTK_WIDGET (list), "boxed-list");
  gtk_accessible_update_property (GTK_ACCESSIBLE (list), GTK_ACCESSIBLE_PROPERTY_LABEL, title,
                                  -1);
  adw_preferences_group_add (group, GTK_WIDGET (list));
  adw_preferences_page_add (page, group);
  *ret_list = list;

  return group;
}

/* A list box has a place for this, which baton_list_sync() would take for a row. */
static GtkWidget *
add_empty_label (AdwPreferencesGroup *group)
{
  GtkWidget *label =
      gtk_label_new (_ ("No program is closed without a warning for this card."));

  gtk_label_set_wrap (GTK_LABEL (label), TRUE);
  gtk_label_set_xalign (GTK_LABEL (label), 0);
  gtk_widget_add_css_class (label, "dim-label");
  adw_preferences_group_add (group, label);

  return label;
}

static BatonSettingsGroup *
add_settings_group (BatonPreferencesWindow *self, const char *address, const char *title)
{
  g_autoptr (BatonHelperClient) client = baton_model_new_client (self->model);
  BatonSettingsGroup *group = baton_settings_group_new (address, client);

  set_group_title (ADW_PREFERENCES_GROUP (group), title);
  adw_preferences_page_add (self->settings_page, ADW_PREFERENCES_GROUP (group));

  return group;
}

static void
add_place (BatonPreferencesWindow *self, JsonObject *card)
{
  Place *place = g_new0 (Place, 1);
  g_autofree char *name = baton_words_dup_card_name (
      card, baton_view_get_cards (baton_model_get_view (self->model)));

  place->address = g_strdup (baton_json_get_string (card, "address"));
  place->always_group = add_group (self->always_page, name, &place->always_list);
  place->settings_group = add_settings_group (self, place->address, name);
  place->empty_label = add_empty_label (place->always_group);
  g_ptr_array_add (self->places, place);
}

static gboolean
has_same_cards (BatonPreferencesWindow *self, JsonArray *cards)
{
  if (self->places->len != baton_json_count (cards))
    return FALSE;

  for (guint i = 0; i < self->places->len; i++)
    {
      const Place *place = self->places->pdata[i];

      if (g_strcmp0 (place->address,
                     baton_json_get_string (baton_json_nth_object (cards, i), "address")) != 0)
        return FALSE;
    }

  return TRUE;
}

static void
show_places (BatonPreferencesWindow *self)
{
  JsonArray *cards = baton_view_get_cards (baton_model_get_view (self->model));

  if (has_same_cards (self, cards))
    return;

  for (guint i = 0; i < self->places->len; i++)
    {
      const Place *place = self->places->pdata[i];

      adw_preferences_page_remove (self->always_page, place->always_group);
      adw_preferences_page_remove (self->settings_page,
                                   ADW_PREFERENCES_GROUP (place->settings_group));
    }
  g_ptr_array_set_size (self->places, 0);
  for (guint i = 0; i < baton_json_count (cards); i++)
    add_place (self, baton_json_nth_object (cards, i));
}

static void
show_groups (BatonPreferencesWindow *self)
{
  JsonArray *groups = baton_view_get_groups (baton_model_get_view (self->model));

  for (guint i = 0; groups != NULL && i < self->places->len; i++)
    {
      const Place *place = self->places->pdata[i];

      baton_settings_group_set_groups (place->settings_group, groups);
    }
}

static void
on_remove_cb (BatonPreferencesWindow *self, BatonAlwaysRow *row)
{
  const char *const programs[] = { baton_always_row_get_program (row), NULL };
  const Place *place = g_object_get_data (G_OBJECT (row), "baton-place");

  baton_always_close_set (get_always (self), find_card (self, place), programs, FALSE);
}

/* What the rows of one list need while they are made and filled. */
typedef struct
{
  BatonPreferencesWindow *window;
  Place *place;
  GPtrArray *items;
} Filling;

static GtkWidget *
create_always_row (guint index, gpointer data)
{
  const Filling *filling = data;
  BatonAlwaysRow *row = baton_always_row_new ();

  g_object_set_data (G_OBJECT (row), "baton-place", filling->place);
  g_signal_connect_object (row, "remove", G_CALLBACK (on_remove_cb), filling->window,
                           G_CONNECT_SWAPPED);

  return GTK_WIDGET (row);
}

static void
fill_always_row (GtkWidget *row, guint index, gpointer data)
{
  const Filling *filling = data;

  baton_always_row_show (BATON_ALWAYS_ROW (row), filling->items->pdata[index],
                         baton_always_close_can_change (get_always (filling->window)));
}

static void
show_always (BatonPreferencesWindow *self)
{
  const char *problem = baton_always_close_get_problem (get_always (self));

  gtk_label_set_label (self->always_label,
                       problem != NULL
                           ? problem
                           : _ ("These programs are closed without a warning when their card "
                                "is handed over. The plan still names them."));
  for (guint i = 0; i < self->places->len; i++)
    {
      Place *place = self->places->pdata[i];
      g_auto (GStrv) programs =
          baton_always_close_list (get_always (self), find_card (self, place));
      g_autoptr (GPtrArray) keys = g_ptr_array_new ();
      Filling filling = { self, place, keys };

      for (guint j = 0; programs[j] != NULL; j++)
        g_ptr_array_add (keys, programs[j]);
      baton_list_sync (place->always_list, keys, create_always_row, fill_always_row, &filling);
      gtk_widget_set_visible (GTK_WIDGET (place->always_list), keys->len > 0);
      gtk_widget_set_visible (place->empty_label, keys->len == 0);
    }
}

static void
show_profile (BatonPreferencesWindow *self, const BatonProfile *profile)
{
  for (guint i = 0; i < self->places->len; i++)
    {
      const Place *place = self->places->pdata[i];

      if (g_strcmp0 (place->address, profile->card) == 0)
        baton_settings_group_show (place->settings_group, profile);
    }
}

/* What a thread reads the settings of. */
typedef struct
{
  BatonRoot *root;
  GStrv addresses;
} Reading;

static void
free_reading (gpointer data)
{
  Reading *reading = data;

  baton_root_unref (reading->root);
  g_strfreev (reading->addresses);
  g_free (reading);
}

static void
free_profiles (gpointer data)
{
  g_ptr_array_unref (data);
}

static void
read_in_thread (GTask *task, gpointer source, gpointer data, GCancellable *cancellable)
{
  const Reading *reading = data;
  GPtrArray *profiles =
      g_ptr_array_new_with_free_func ((GDestroyNotify) (gpointer) baton_profile_free);

  for (guint i = 0; reading->addresses[i] != NULL; i++)
    g_ptr_array_add (profiles, baton_profile_load (reading->root, reading->addresses[i]));
  g_task_return_pointer (task, profiles, free_profiles);
}

static void
on_profiles_read_cb (GObject *source, GAsyncResult *result, gpointer data)
{
  BatonPreferencesWindow *self = BATON_PREFERENCES_WINDOW (source);
  g_autoptr (GPtrArray) profiles = g_task_propagate_pointer (G_TASK (result), NULL);

  for (guint i = 0; profiles != NULL && i < profiles->len; i++)
    show_profile (self, profiles->pdata[i]);
}

static void
read_profiles (BatonPreferencesWindow *self)
{
  g_autoptr (GTask) task = g_task_new (self, NULL, on_profiles_read_cb, NULL);
  g_autoptr (GStrvBuilder) addresses = g_strv_builder_new ();
  Reading *reading = g_new0 (Reading, 1);

  for (guint i = 0; i < self->places->len; i++)
    g_strv_builder_add (addresses, ((const Place *) self->places->pdata[i])->address);
  reading->root = baton_root_ref (self->root);
  reading->addresses = g_strv_builder_end (addresses);
  g_task_set_source_tag (task, read_profiles);
  g_task_set_task_data (task, reading, free_reading);
  g_task_run_in_thread (task, read_in_thread);
}

/* Whoever has changed it: this window, another program or an editor. */
static void
on_file_changed_cb (BatonPreferencesWindow *self,
                    GFile *file,
                    GFile *other,
                    GFileMonitorEvent event)
{
  /* An editor may still be writing. */
  if (event != G_FILE_MONITOR_EVENT_CHANGED)
    read_profiles (self);
}

static void
follow_file (BatonPreferencesWindow *self)
{
  g_autofree char *path =
      baton_root_build_path (self->root, BATON_ROOT_ETC, BATON_PROFILE_FILE);
  g_autoptr (GFile) file = g_file_new_for_path (path);

  /* Without a monitor, as where a user has too many, it is read when the machine changes. */
  self->monitor = g_file_monitor_file (file, G_FILE_MONITOR_WATCH_MOVES, NULL, NULL);
  if (self->monitor != NULL)
    g_signal_connect_object (self->monitor, "changed", G_CALLBACK (on_file_changed_cb), self,
                             G_CONNECT_SWAPPED);
}

static void
on_model_changed_cb (BatonPreferencesWindow *self, guint what)
{
  if ((what & BATON_VIEW_MACHINE) == 0)
    return;

  show_places (self);
  show_groups (self);
  show_always (self);
  read_profiles (self);
  baton_hook_row_look (self->hook_row);
}

static void
on_always_changed_cb (BatonPreferencesWindow *self)
{
  show_always (self);
}

static void
baton_preferences_window_dispose (GObject *object)
{
  BatonPreferencesWindow *self = BATON_PREFERENCES_WINDOW (object);

  /* A thread that still reads keeps the window, which has nothing to show any more. */
  if (self->model != NULL)
    {
      g_signal_handlers_disconnect_by_data (get_always (self), self);
      g_signal_handlers_disconnect_by_data (self->model, self);
    }
  g_clear_object (&self->monitor);
  g_clear_object (&self->model);
  g_clear_pointer (&self->root, baton_root_unref);
  g_ptr_array_set_size (self->places, 0);

  G_OBJECT_CLASS (baton_preferences_window_parent_class)->dispose (object);
}

static void
baton_preferences_window_finalize (GObject *object)
{
  BatonPreferencesWindow *self = BATON_PREFERENCES_WINDOW (object);

  g_ptr_array_unref (self->places);

  G_OBJECT_CLASS (baton_preferences_window_parent_class)->finalize (object);
}

static void
baton_preferences_window_class_init (BatonPreferencesWindowClass *klass)
{
  GtkWidgetClass *widget_class = GTK_WIDGET_CLASS (klass);

  G_OBJECT_CLASS (klass)->dispose = baton_preferences_window_dispose;
  G_OBJECT_CLASS (klass)->finalize = baton_preferences_window_finalize;

  g_type_ensure (BATON_TYPE_HOOK_ROW);
  g_type_ensure (BATON_TYPE_NOTICE_ROW);
  gtk_widget_class_set_template_from_resource (
      widget_class, "/io/github/batongpu/Baton/ui/baton-preferences-window.ui");
  gtk_widget_class_bind_template_child (widget_class, BatonPreferencesWindow, always_page);
  gtk_widget_class_bind_template_child (widget_class, BatonPreferencesWindow, settings_page);
  gtk_widget_class_bind_template_child (widget_class, BatonPreferencesWindow, always_label);
  gtk_widget_class_bind_template_child (widget_class, BatonPreferencesWindow, settings_label);
  gtk_widget_class_bind_template_child (widget_class, BatonPreferencesWindow, hook_row);
}

static void
baton_preferences_window_init (BatonPreferencesWindow *self)
{
  gtk_widget_init_template (GTK_WIDGET (self));
  self->places = g_ptr_array_new_with_free_func (free_place);
}

/**
 * baton_preferences_window_new:
 * @model: the window's model
 * @root: where the administrator's settings are
 *
 * Returns: (transfer floating): a window with what its user has chosen, and with what the
 *   administrator has set
 */
BatonPreferencesWindow *
baton_preferences_window_new (BatonModel *model, BatonRoot *root)
{
  BatonPreferencesWindow *self = g_object_new (BATON_TYPE_PREFERENCES_WINDOW, NULL);
  g_autofree char *file = baton_root_dup_shown_path (BATON_ROOT_ETC, "baton.conf");
  /* Translators: the name of a file */
  g_autofree char *settings =
      g_strdup_printf (_ ("These settings are kept in %s and hold for everybody. Whoever knows "
                          "an administrator’s password can change them."),
                       file);
  g_autoptr (BatonHelperClient) client = NULL;

  self->model = g_object_ref (model);
  client = baton_model_new_client (model);
  self->root = baton_root_ref (root);
  baton_hook_row_set_client (self->hook_row, root, client);
  gtk_label_set_label (self->settings_label, settings);
  g_signal_connect_object (model, "changed", G_CALLBACK (on_model_changed_cb), self,
                           G_CONNECT_SWAPPED);
  g_signal_connect_object (get_always (self), "changed", G_CALLBACK (on_always_changed_cb),
                           self, G_CONNECT_SWAPPED);
  baton_always_close_read_again (get_always (self));
  follow_file (self);
  on_model_changed_cb (self, BATON_VIEW_MACHINE);

  return self;
}
