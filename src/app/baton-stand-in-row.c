/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "config.h"

#include "baton-stand-in-row.h"

#include <glib/gi18n.h>
#include <string.h>

#include "baton-json.h"
#include "baton-words.h"

/* Which of the other cards shows the desktop while this one is with a virtual machine: none, one of those
 * that there are, or what the file names and is not there. */
struct _BatonStandInRow
{
  AdwComboRow parent_instance;

  char *card;        /* owned: whose setting it is, NULL until that is known */
  JsonArray *groups; /* owned, NULL until there are any */
  char *text;        /* owned: what the file says, never NULL */
  GPtrArray *values; /* owned, of owned char: what the file would say, for each item */
};

G_DEFINE_FINAL_TYPE (BatonStandInRow, baton_stand_in_row, ADW_TYPE_COMBO_ROW)

/* @text: an address, and perhaps what has to be there */
static gboolean
names (const char *text, const char *address)
{
  gsize length = strlen (address);

  return strncmp (text, address, length) == 0 &&
         (text[length] == '\0' || text[length] == '=' || g_ascii_isspace (text[length]));
}

/* What is shown for a card, and what the file says of it; as it is written there, if it is. */
static void
add_card (BatonStandInRow *self, JsonObject *function, GPtrArray *labels, GPtrArray *values)
{
  const char *address = baton_json_get_string (function, "address");
  const char *identity = baton_json_get_string (function, "identity");
  const char *name = baton_json_get_string (function, "name");
  const char *card = baton_json_get_string (function, "card");
  g_autofree char *shown_address = NULL;

  /* A card is called by its display; the class is the PCI ID database's. */
  if (address == NULL || g_strcmp0 (card, address) != 0 ||
      g_strcmp0 (self->card, address) == 0 ||
      !g_str_has_prefix (baton_json_get_string (function, "class"), "03"))
    return;

  shown_address = baton_words_isolate (address);
  g_ptr_array_add (labels,
                   /* Translators: the name of a graphics card, and its address */
                   g_strdup_printf (_ ("%s · %s"), name != NULL ? name : "", shown_address));
  g_ptr_array_add (values,
                   names (self->text, address)
                       ? g_strdup (self->text)
                       : g_strconcat (address, identity != NULL ? "=" : NULL, identity, NULL));
}

static gboolean
has_value (GPtrArray *values, const char *value)
{
  return g_ptr_array_find_with_equal_func (values, value, g_str_equal, NULL);
}

/* Shows the list anew where it is another, with the same choice as far as that is in it. */
static void
fill (BatonStandInRow *self, const char *chosen)
{
  g_autoptr (GPtrArray) labels = g_ptr_array_new_with_free_func (g_free);
  GPtrArray *values = g_ptr_array_new_with_free_func (g_free);
  g_autoptr (GtkStringList) list = gtk_string_list_new (NULL);
  g_autofree char *wanted = g_strdup (chosen);
  guint selected = 0;

  /* Translators: no card stands in for this one */
  g_ptr_array_add (labels, g_strdup (C_ ("card", "None")));
  g_ptr_array_add (values, g_strdup (""));
  for (guint i = 0; i < baton_json_count (self->groups); i++)
    {
      JsonArray *functions =
          baton_json_get_array (baton_json_nth_object (self->groups, i), "functions");

      for (guint j = 0; j < baton_json_count (functions); j++)
        add_card (self, baton_json_nth_object (functions, j), labels, values);
    }
  if (!has_value (values, self->text))
    {
      g_ptr_array_add (labels, g_strdup (self->text));
      g_ptr_array_add (values, g_strdup (self->text));
    }
  g_ptr_array_find_with_equal_func (values, wanted, g_str_equal, &selected);

  for (guint i = 0; i < labels->len; i++)
    gtk_string_list_append (list, labels->pdata[i]);
  g_ptr_array_unref (self->values);
  self->values = values;
  adw_combo_row_set_model (ADW_COMBO_ROW (self), G_LIST_MODEL (list));
  adw_combo_row_set_selected (ADW_COMBO_ROW (self), selected);
}

static void
baton_stand_in_row_finalize (GObject *object)
{
  BatonStandInRow *self = BATON_STAND_IN_ROW (object);

  g_free (self->card);
  g_free (self->text);
  g_clear_pointer (&self->groups, json_array_unref);
  g_ptr_array_unref (self->values);

  G_OBJECT_CLASS (baton_stand_in_row_parent_class)->finalize (object);
}

static void
baton_stand_in_row_class_init (BatonStandInRowClass *klass)
{
  G_OBJECT_CLASS (klass)->finalize = baton_stand_in_row_finalize;
}

static void
baton_stand_in_row_init (BatonStandInRow *self)
{
  self->text = g_strdup ("");
  self->values = g_ptr_array_new_with_free_func (g_free);
  fill (self, "");
}

/**
 * baton_stand_in_row_set_groups:
 * @self: a row
 * @card: the card whose setting it is
 * @groups: (transfer none): the machine's IOMMU groups, as the contract has them
 *
 * Offers the other cards of the machine. What is chosen stays so.
 */
void
baton_stand_in_row_set_groups (BatonStandInRow *self, const char *card, JsonArray *groups)
{
  g_autofree char *chosen = NULL;

  g_return_if_fail (BATON_IS_STAND_IN_ROW (self));

  if (groups == self->groups && g_strcmp0 (card, self->card) == 0)
    return;
  chosen = g_strdup (baton_stand_in_row_get_text (self));
  g_free (self->card);
  self->card = g_strdup (card);
  json_array_ref (groups);
  g_clear_pointer (&self->groups, json_array_unref);
  self->groups = groups;
  fill (self, chosen);
}

/**
 * baton_stand_in_row_set_text:
 * @self: a row
 * @text: what the file says: an address, perhaps with an identity, or nothing
 *
 * Chooses what the file says.
 */
void
baton_stand_in_row_set_text (BatonStandInRow *self, const char *text)
{
  g_return_if_fail (BATON_IS_STAND_IN_ROW (self));

  if (!g_str_equal (self->text, text))
    {
      g_free (self->text);
      self->text = g_strdup (text);
    }
  fill (self, text);
}

/**
 * baton_stand_in_row_get_text:
 * @self: a row
 *
 * Returns: what the file is to say
 */
const char *
baton_stand_in_row_get_text (BatonStandInRow *self)
{
  guint selected = 0;

  g_return_val_if_fail (BATON_IS_STAND_IN_ROW (self), "");

  selected = adw_combo_row_get_selected (ADW_COMBO_ROW (self));

  return selected < self->values->len ? self->values->pdata[selected] : "";
}
