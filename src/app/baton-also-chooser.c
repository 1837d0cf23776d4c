/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "config.h"

#include "baton-also-chooser.h"

#include <glib/gi18n.h>

#include "baton-card-details.h"
#include "baton-json.h"
#include "baton-section.h"
#include "baton-words.h"

/* How much of an address two functions of one device have in common: all but the function's number. */
#define LENGTH_WITHOUT_FUNCTION(address) (strlen (address) - 1)

/* In pixels, as the template has it, and what a small window still has room for. */
#define LIST_WIDTH 300
#define MAX_LIST_HEIGHT 360

struct _BatonAlsoChooser
{
  AdwBin parent_instance;

  gboolean is_showing; /* what changes now was not changed by the user */

  GtkEditable *editable; /* borrowed: lives as long as the row that both are in */
  char *card;            /* owned */
  JsonArray *groups;     /* owned, NULL until there are any */
  GPtrArray *shown;      /* owned, of borrowed JsonObject: what has a row, in order */

  /* from the template */
  GtkListBox *list;
  GtkScrolledWindow *scroller;
  GtkWidget *nothing_label;
};

G_DEFINE_FINAL_TYPE (BatonAlsoChooser, baton_also_chooser, ADW_TYPE_BIN)

/* What people give a virtual machine with its card, by the class codes of the PCI ID database: disks,
 * networks, sound, input, SD readers, FireWire, USB, radio. Bridges and what the chipset is made of are
 * nobody's to give. */
static gboolean
is_of_use (const char *class_code)
{
  static const char *const classes[] = { "01", "02", "04", "09", "0805", "0c00", "0c03", "0d" };

  for (guint i = 0; class_code != NULL && i < G_N_ELEMENTS (classes); i++)
    if (g_str_has_prefix (class_code, classes[i]))
      return TRUE;

  return FALSE;
}

/* What already travels with a card is of that one; what was named for this one can be taken out. */
static gboolean
is_candidate (BatonAlsoChooser *self, JsonObject *function)
{
  const char *card = baton_json_get_string (function, "card");
  const char *address = baton_json_get_string (function, "address");

  if (address == NULL || !is_of_use (baton_json_get_string (function, "class")))
    return FALSE;

  return card == NULL || (g_str_equal (card, self->card) &&
                          strncmp (card, address, LENGTH_WITHOUT_FUNCTION (address)) != 0);
}

/* @entry: an address, and perhaps what has to be there */
static gboolean
names (const char *entry, const char *address)
{
  gsize length = strlen (address);

  return strncmp (entry, address, length) == 0 &&
         (entry[length] == '\0' || entry[length] == '=' || g_ascii_isspace (entry[length]));
}

static gboolean
is_named (BatonAlsoChooser *self, const char *address)
{
  g_auto (GStrv) entries = g_strsplit (gtk_editable_get_text (self->editable), ";", -1);

  for (guint i = 0; entries[i] != NULL; i++)
    if (names (g_strstrip (entries[i]), address))
      return TRUE;

  return FALSE;
}

/* What else its owner has written there stays as it is written. */
static void
set_named (BatonAlsoChooser *self, JsonObject *function, gboolean is_wanted)
{
  const char *address = baton_json_get_string (function, "address");
  const char *identity = baton_json_get_string (function, "identity");
  g_auto (GStrv) entries = g_strsplit (gtk_editable_get_text (self->editable), ";", -1);
  g_autoptr (GString) text = g_string_new (NULL);

  for (guint i = 0; entries[i] != NULL; i++)
    {
      g_strstrip (entries[i]);
      if (*entries[i] != '\0' && !names (entries[i], address))
        g_string_append_printf (text, "%s%s", text->len > 0 ? ";" : "", entries[i]);
    }
  if (is_wanted)
    g_string_append_printf (text, "%s%s%s%s", text->len > 0 ? ";" : "", address,
                            identity != NULL ? "=" : "", identity != NULL ? identity : "");
  gtk_editable_set_text (self->editable, text->str);
}

static void
on_toggled_cb (BatonAlsoChooser *self, GtkCheckButton *check)
{
  if (!self->is_showing)
    set_named (self, g_object_get_data (G_OBJECT (check), "baton-function"),
               gtk_check_button_get_active (check));
}

static GtkWidget *
create_row (guint index, gpointer data)
{
  AdwActionRow *row = ADW_ACTION_ROW (adw_action_row_new ());
  GtkWidget *check = gtk_check_button_new ();

  adw_preferences_row_set_use_markup (ADW_PREFERENCES_ROW (row), FALSE);
  adw_action_row_set_title_lines (row, 0);
  adw_action_row_set_subtitle_lines (row, 0);
  gtk_widget_set_valign (check, GTK_ALIGN_CENTER);
  adw_action_row_add_prefix (row, check);
  adw_action_row_set_activatable_widget (row, check);
  g_object_set_data (G_OBJECT (row), "baton-check", check);
  g_signal_connect_object (check, "toggled", G_CALLBACK (on_toggled_cb), data,
                           G_CONNECT_SWAPPED);

  return GTK_WIDGET (row);
}

static void
fill_row (GtkWidget *row, guint index, gpointer data)
{
  BatonAlsoChooser *self = data;
  JsonObject *function = self->shown->pdata[index];
  GtkWidget *check = g_object_get_data (G_OBJECT (row), "baton-check");
  const char *address = baton_json_get_string (function, "address");
  const char *name = baton_json_get_string (function, "name");
  const char *part = baton_card_details_get_part (baton_json_get_string (function, "class"));
  g_autofree char *shown_address = baton_words_isolate (address);
  /* Translators: the kind of a device, and its address */
  g_autofree char *detail = g_strdup_printf (_ ("%s · %s"), part, shown_address);

  adw_preferences_row_set_title (ADW_PREFERENCES_ROW (row), name != NULL ? name : part);
  adw_action_row_set_subtitle (ADW_ACTION_ROW (row), detail);
  g_object_set_data_full (G_OBJECT (check), "baton-function", json_object_ref (function),
                          (GDestroyNotify) json_object_unref);
  gtk_accessible_update_property (GTK_ACCESSIBLE (check), GTK_ACCESSIBLE_PROPERTY_LABEL,
                                  name != NULL ? name : part, -1);
  gtk_check_button_set_active (GTK_CHECK_BUTTON (check), is_named (self, address));
}

static void
find_candidates (BatonAlsoChooser *self, GPtrArray *keys)
{
  g_ptr_array_set_size (self->shown, 0);
  for (guint i = 0; i < baton_json_count (self->groups); i++)
    {
      JsonArray *functions =
          baton_json_get_array (baton_json_nth_object (self->groups, i), "functions");

      for (guint j = 0; j < baton_json_count (functions); j++)
        {
          JsonObject *function = baton_json_nth_object (functions, j);

          if (!is_candidate (self, function))
            continue;
          g_ptr_array_add (self->shown, function);
          g_ptr_array_add (keys, (char *) baton_json_get_string (function, "address"));
        }
    }
}

/* A scrolled window asks its child's height before it knows the width that names are wrapped at. */
static void
make_room (BatonAlsoChooser *self)
{
  int height;

  gtk_widget_measure (GTK_WIDGET (self->list), GTK_ORIENTATION_VERTICAL, LIST_WIDTH, NULL,
                      &height, NULL, NULL);
  gtk_scrolled_window_set_min_content_height (self->scroller, MIN (height, MAX_LIST_HEIGHT));
}

/* As the text is now, which its owner may have typed into. */
static void
on_shown_cb (BatonAlsoChooser *self)
{
  g_autoptr (GPtrArray) keys = g_ptr_array_new ();

  if (self->groups == NULL || self->editable == NULL)
    return;

  self->is_showing = TRUE;
  find_candidates (self, keys);
  baton_list_sync (self->list, keys, create_row, fill_row, self);
  self->is_showing = FALSE;
  make_room (self);
  gtk_widget_set_visible (GTK_WIDGET (self->scroller), keys->len > 0);
  gtk_widget_set_visible (self->nothing_label, keys->len == 0);
}

static void
baton_also_chooser_finalize (GObject *object)
{
  BatonAlsoChooser *self = BATON_ALSO_CHOOSER (object);

  g_free (self->card);
  g_clear_pointer (&self->groups, json_array_unref);
  g_ptr_array_unref (self->shown);

  G_OBJECT_CLASS (baton_also_chooser_parent_class)->finalize (object);
}

static void
baton_also_chooser_class_init (BatonAlsoChooserClass *klass)
{
  GtkWidgetClass *widget_class = GTK_WIDGET_CLASS (klass);

  G_OBJECT_CLASS (klass)->finalize = baton_also_chooser_finalize;

  gtk_widget_class_set_template_from_resource (
      widget_class, "/io/github/batongpu/Baton/ui/baton-also-chooser.ui");
  gtk_widget_class_bind_template_child (widget_class, BatonAlsoChooser, list);
  gtk_widget_class_bind_template_child (widget_class, BatonAlsoChooser, scroller);
  gtk_widget_class_bind_template_child (widget_class, BatonAlsoChooser, nothing_label);
  gtk_widget_class_bind_template_callback (widget_class, on_shown_cb);
}

static void
baton_also_chooser_init (BatonAlsoChooser *self)
{
  self->shown = g_ptr_array_new ();
  gtk_widget_init_template (GTK_WIDGET (self));
}

/**
 * baton_also_chooser_set_editable:
 * @self: a chooser
 * @editable: where the devices are named, with a semicolon between them
 *
 * What is chosen is written there, as it would be by hand, with what has to be at its address.
 */
void
baton_also_chooser_set_editable (BatonAlsoChooser *self, GtkEditable *editable)
{
  g_return_if_fail (BATON_IS_ALSO_CHOOSER (self));

  self->editable = editable;
}

/**
 * baton_also_chooser_set_groups:
 * @self: a chooser
 * @card: the card that the devices would travel with
 * @groups: (transfer none): the machine's IOMMU groups, as the contract has them
 */
void
baton_also_chooser_set_groups (BatonAlsoChooser *self, const char *card, JsonArray *groups)
{
  g_return_if_fail (BATON_IS_ALSO_CHOOSER (self));

  g_free (self->card);
  self->card = g_strdup (card);
  json_array_ref (groups);
  g_clear_pointer (&self->groups, json_array_unref);
  self->groups = groups;
}
