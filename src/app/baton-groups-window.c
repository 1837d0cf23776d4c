/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "config.h"

#include "baton-groups-window.h"

#include <glib/gi18n.h>

#include "baton-card-details.h"
#include "baton-json.h"
#include "baton-section.h"
#include "baton-words.h"

struct _BatonGroupsWindow
{
  AdwWindow parent_instance;

  /* owned */
  BatonModel *model;
  GHashTable *sections; /* group's number to BatonSection */

  JsonArray *shown; /* borrowed, while a section is being filled */

  /* from the template */
  GtkSearchBar *search_bar;
  GtkSearchEntry *search_entry;
  GtkStack *stack;
  GtkBox *groups_box;
  AdwStatusPage *status_page;
};

G_DEFINE_FINAL_TYPE (BatonGroupsWindow, baton_groups_window, ADW_TYPE_WINDOW)

static gboolean
text_matches (const char *text, const char *folded_needle)
{
  g_autofree char *folded = text != NULL ? g_utf8_casefold (text, -1) : NULL;

  return folded != NULL && strstr (folded, folded_needle) != NULL;
}

static gboolean
group_matches (JsonObject *group, const char *needle)
{
  JsonArray *functions = baton_json_get_array (group, "functions");
  g_autofree char *folded = g_utf8_casefold (needle, -1);
  const char *id = baton_json_get_string (group, "id");

  if (*needle == '\0' || g_strcmp0 (id, needle) == 0)
    return TRUE;

  for (guint i = 0; i < baton_json_count (functions); i++)
    {
      JsonObject *function = baton_json_nth_object (functions, i);

      if (text_matches (baton_json_get_string (function, "name"), folded) ||
          text_matches (baton_json_get_string (function, "driver"), folded) ||
          text_matches (baton_json_get_string (function, "address"), folded))
        return TRUE;
    }

  return FALSE;
}

static GtkWidget *
create_function_row (guint index, gpointer data)
{
  AdwActionRow *row = ADW_ACTION_ROW (adw_action_row_new ());
  GtkWidget *icon =
      g_object_new (GTK_TYPE_IMAGE, "accessible-role", GTK_ACCESSIBLE_ROLE_PRESENTATION, NULL);
  GtkWidget *mark = gtk_label_new (_ ("Card"));

  adw_preferences_row_set_use_markup (ADW_PREFERENCES_ROW (row), FALSE);
  adw_action_row_set_title_lines (row, 0);
  adw_action_row_set_subtitle_lines (row, 0);
  gtk_widget_add_css_class (mark, "baton-mark");
  gtk_widget_set_valign (mark, GTK_ALIGN_CENTER);
  adw_action_row_add_prefix (row, icon);
  adw_action_row_add_suffix (row, mark);
  g_object_set_data (G_OBJECT (row), "baton-icon", icon);
  g_object_set_data (G_OBJECT (row), "baton-mark", mark);

  return GTK_WIDGET (row);
}

static void
fill_function_row (GtkWidget *row, guint index, gpointer data)
{
  BatonGroupsWindow *self = data;
  JsonObject *function = baton_json_nth_object (self->shown, index);
  const char *name = baton_json_get_string (function, "name");
  const char *driver = baton_json_get_string (function, "driver");
  const char *class_code = baton_json_get_string (function, "class");
  g_autofree char *address = baton_words_isolate (baton_json_get_string (function, "address"));
  g_autofree char *detail = NULL;

  if (driver != NULL)
    /* Translators: the kind of a device, its address, and its driver's name */
    detail = g_strdup_printf (_ ("%s · %s · driver %s"),
                              baton_card_details_get_part (class_code), address, driver);
  else
    /* Translators: the kind of a device, and its address */
    detail = g_strdup_printf (_ ("%s · %s · no driver"),
                              baton_card_details_get_part (class_code), address);

  adw_preferences_row_set_title (ADW_PREFERENCES_ROW (row),
                                 name != NULL ? name : _ ("Unknown device"));
  adw_action_row_set_subtitle (ADW_ACTION_ROW (row), detail);
  gtk_image_set_from_icon_name (g_object_get_data (G_OBJECT (row), "baton-icon"),
                                baton_card_details_get_part_icon (class_code));
  gtk_widget_set_visible (g_object_get_data (G_OBJECT (row), "baton-mark"),
                          baton_json_get_string (function, "card") != NULL);
}

static BatonSection *
ensure_section (BatonGroupsWindow *self, const char *id)
{
  BatonSection *section = g_hash_table_lookup (self->sections, id);

  if (section == NULL)
    {
      /* Translators: %s is the number of an IOMMU group */
      g_autofree char *title = g_strdup_printf (_ ("Group %s"), id);

      section = g_object_new (BATON_TYPE_SECTION, "title", title, NULL);
      gtk_box_append (self->groups_box, GTK_WIDGET (section));
      g_hash_table_insert (self->sections, g_strdup (id), section);
    }

  return section;
}

static gboolean
is_gone (gpointer key, gpointer value, gpointer data)
{
  JsonArray *groups = data;

  for (guint i = 0; i < baton_json_count (groups); i++)
    if (g_strcmp0 (baton_json_get_string (baton_json_nth_object (groups, i), "id"), key) == 0)
      return FALSE;

  gtk_box_remove (GTK_BOX (gtk_widget_get_parent (value)), value);

  return TRUE;
}

static void
show_status (BatonGroupsWindow *self, gboolean any_groups)
{
  adw_status_page_set_title (self->status_page,
                             any_groups ? _ ("Nothing Found") : _ ("No IOMMU Groups"));
  adw_status_page_set_description (
      self->status_page,
      any_groups
          ? _ ("No device in any group matches the search.")
          : _ ("The IOMMU is off or this computer has none, so no device can be given to a "
               "virtual machine safely."));
  gtk_stack_set_visible_child_name (self->stack, "status");
}

static void
show_groups (BatonGroupsWindow *self)
{
  JsonArray *groups = baton_view_get_groups (baton_model_get_view (self->model));
  const char *needle = gtk_editable_get_text (GTK_EDITABLE (self->search_entry));
  guint n_shown = 0;

  g_hash_table_foreach_remove (self->sections, is_gone, groups);

  for (guint i = 0; i < baton_json_count (groups); i++)
    {
      JsonObject *group = baton_json_nth_object (groups, i);
      JsonArray *functions = baton_json_get_array (group, "functions");
      const char *id = baton_json_get_string (group, "id");
      g_autoptr (GPtrArray) keys = g_ptr_array_new ();
      BatonSection *section;

      if (id == NULL)
        continue;

      for (guint j = 0; j < baton_json_count (functions); j++)
        g_ptr_array_add (keys, (gpointer) baton_json_get_string (
                                   baton_json_nth_object (functions, j), "address"));

      section = ensure_section (self, id);
      self->shown = functions;
      baton_section_sync (section, keys, create_function_row, fill_function_row, self);
      self->shown = NULL;

      if (!group_matches (group, needle))
        gtk_widget_set_visible (GTK_WIDGET (section), FALSE);
      else
        n_shown++;
    }

  if (n_shown > 0)
    gtk_stack_set_visible_child_name (self->stack, "groups");
  else
    show_status (self, baton_json_count (groups) > 0);
}

static void
on_search_changed_cb (BatonGroupsWindow *self)
{
  show_groups (self);
}

static void
on_model_changed_cb (BatonGroupsWindow *self, guint what)
{
  if ((what & BATON_VIEW_MACHINE) != 0)
    show_groups (self);
}

static void
activate_search (GtkWidget *widget, const char *action, GVariant *parameter)
{
  BatonGroupsWindow *self = BATON_GROUPS_WINDOW (widget);

  gtk_search_bar_set_search_mode (self->search_bar, TRUE);
}

static void
baton_groups_window_dispose (GObject *object)
{
  BatonGroupsWindow *self = BATON_GROUPS_WINDOW (object);

  g_clear_object (&self->model);
  g_clear_pointer (&self->sections, g_hash_table_unref);

  G_OBJECT_CLASS (baton_groups_window_parent_class)->dispose (object);
}

static void
baton_groups_window_class_init (BatonGroupsWindowClass *klass)
{
  GtkWidgetClass *widget_class = GTK_WIDGET_CLASS (klass);

  G_OBJECT_CLASS (klass)->dispose = baton_groups_window_dispose;

  gtk_widget_class_set_template_from_resource (
      widget_class, "/io/github/batongpu/Baton/ui/baton-groups-window.ui");
  gtk_widget_class_bind_template_child (widget_class, BatonGroupsWindow, search_bar);
  gtk_widget_class_bind_template_child (widget_class, BatonGroupsWindow, search_entry);
  gtk_widget_class_bind_template_child (widget_class, BatonGroupsWindow, stack);
  gtk_widget_class_bind_template_child (widget_class, BatonGroupsWindow, groups_box);
  gtk_widget_class_bind_template_child (widget_class, BatonGroupsWindow, status_page);
  gtk_widget_class_bind_template_callback (widget_class, on_search_changed_cb);
  gtk_widget_class_install_action (widget_class, "groups.search", NULL, activate_search);
}

static void
baton_groups_window_init (BatonGroupsWindow *self)
{
  gtk_widget_init_template (GTK_WIDGET (self));
  self->sections = g_hash_table_new_full (g_str_hash, g_str_equal, g_free, NULL);
  gtk_search_bar_connect_entry (self->search_bar, GTK_EDITABLE (self->search_entry));
}

/**
 * baton_groups_window_new:
 * @model: the window's model
 *
 * Returns: (transfer floating): a window of all IOMMU groups
 */
BatonGroupsWindow *
baton_groups_window_new (BatonModel *model)
{
  BatonGroupsWindow *self = g_object_new (BATON_TYPE_GROUPS_WINDOW, NULL);

  self->model = g_object_ref (model);
  g_signal_connect_object (model, "changed", G_CALLBACK (on_model_changed_cb), self,
                           G_CONNECT_SWAPPED);
  show_groups (self);

  return self;
}

/**
 * baton_groups_window_search:
 * @self: the window
 * @text: what to look for: a group's number shows that group only
 */
void
baton_groups_window_search (BatonGroupsWindow *self, const char *text)
{
  g_return_if_fail (BATON_IS_GROUPS_WINDOW (self));

  gtk_search_bar_set_search_mode (self->search_bar, TRUE);
  gtk_editable_set_text (GTK_EDITABLE (self->search_entry), text != NULL ? text : "");
  show_groups (self);
}
