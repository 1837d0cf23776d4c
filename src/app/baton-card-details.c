/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "config.h"

#include "baton-card-details.h"

#include <adwaita.h>
#include <glib/gi18n.h>

#include "baton-detail-row.h"
#include "baton-json.h"

typedef struct
{
  const char *class_prefix;
  const char *name;
  const char *icon;
} Part;

/* PCI Code and ID Assignment: base class, subclass. */
static const Part parts[] = {
  { "03", N_ ("Graphics"), "baton-card-symbolic" },
  { "0403", N_ ("Sound"), "baton-sound-symbolic" },
  { "04", N_ ("Multimedia"), "baton-sound-symbolic" },
  { "0c03", N_ ("USB Controller"), "baton-port-symbolic" },
  { "0c80", N_ ("USB-C Controller"), "baton-port-symbolic" },
  { "01", N_ ("Storage"), "baton-device-symbolic" },
  { "02", N_ ("Network"), "baton-device-symbolic" },
  { "06", N_ ("Bridge"), "baton-group-symbolic" },
};

static const Part *
find_part (const char *class_code)
{
  for (guint i = 0; class_code != NULL && i < G_N_ELEMENTS (parts); i++)
    if (g_str_has_prefix (class_code, parts[i].class_prefix))
      return &parts[i];

  return NULL;
}

/**
 * baton_card_details_get_part:
 * @class_code: (nullable): six hexadecimal digits
 *
 * Returns: what such a function is, in a word
 */
const char *
baton_card_details_get_part (const char *class_code)
{
  const Part *part = find_part (class_code);

  return part != NULL ? _ (part->name) : _ ("Device");
}

/**
 * baton_card_details_get_part_icon:
 * @class_code: (nullable): six hexadecimal digits
 *
 * Returns: name of its icon
 */
const char *
baton_card_details_get_part_icon (const char *class_code)
{
  const Part *part = find_part (class_code);

  return part != NULL ? part->icon : "baton-device-symbolic";
}

static GtkWidget *
create_travel_row (guint index, gpointer data)
{
  AdwActionRow *row = ADW_ACTION_ROW (adw_action_row_new ());
  GtkWidget *icon =
      g_object_new (GTK_TYPE_IMAGE, "accessible-role", GTK_ACCESSIBLE_ROLE_PRESENTATION, NULL);

  adw_preferences_row_set_use_markup (ADW_PREFERENCES_ROW (row), FALSE);
  adw_action_row_set_title_lines (row, 0);
  adw_action_row_set_subtitle_lines (row, 0);
  adw_action_row_add_prefix (row, icon);
  g_object_set_data (G_OBJECT (row), "baton-icon", icon);

  return GTK_WIDGET (row);
}

static void
fill_travel_row (GtkWidget *row, guint index, gpointer data)
{
  JsonObject *function = g_ptr_array_index ((GPtrArray *) data, index);
  const char *class_code = baton_json_get_string (function, "class");
  const char *name = baton_json_get_string (function, "name");
  gboolean travels = baton_json_get_boolean (function, "travels");
  const char *part = baton_card_details_get_part (class_code);
  g_autofree char *title =
      travels ? g_strdup (part)
              /* Translators: %s is a kind of device, such as "Storage" or "Bridge" */
              : g_strdup_printf (_ ("%s: stays here, in the same group"), part);

  adw_preferences_row_set_title (ADW_PREFERENCES_ROW (row), title);
  adw_action_row_set_subtitle (ADW_ACTION_ROW (row), name != NULL ? name : "");
  gtk_image_set_from_icon_name (g_object_get_data (G_OBJECT (row), "baton-icon"),
                                baton_card_details_get_part_icon (class_code));
}

/**
 * baton_card_details_show_travels:
 * @section: the section of what travels with the card
 * @card: a card of the contract
 */
void
baton_card_details_show_travels (BatonSection *section, JsonObject *card)
{
  JsonArray *functions = baton_json_get_array (card, "functions");
  g_autoptr (GPtrArray) keys = g_ptr_array_new_with_free_func (g_free);
  g_autoptr (GPtrArray) shown = g_ptr_array_new ();

  /* The first is the card itself. */
  for (guint i = 1; i < baton_json_count (functions); i++)
    {
      JsonObject *function = baton_json_nth_object (functions, i);

      g_ptr_array_add (shown, function);
      g_ptr_array_add (keys, g_strdup (baton_json_get_string (function, "address")));
    }

  baton_section_sync (section, keys, create_travel_row, fill_travel_row, shown);
}

typedef struct
{
  GPtrArray *titles; /* of msgids */
  GPtrArray *values; /* owned strings */
} Details;

static void
add_detail (Details *details, const char *title, char *value)
{
  if (value == NULL || *value == '\0')
    {
      g_free (value);
      return;
    }

  g_ptr_array_add (details->titles, g_strdup (title));
  g_ptr_array_add (details->values, value);
}

static char *
describe_functions (JsonObject *card)
{
  JsonArray *functions = baton_json_get_array (card, "functions");
  GString *text = g_string_new (NULL);

  for (guint i = 0; i < baton_json_count (functions); i++)
    {
      JsonObject *function = baton_json_nth_object (functions, i);
      const char *driver = baton_json_get_string (function, "driver");

      if (text->len > 0)
        g_string_append_c (text, '\n');
      g_string_append_printf (text, "%s  %s  (%s)", baton_json_get_string (function, "address"),
                              baton_json_get_string (function, "name"),
                              driver != NULL ? driver : _ ("no driver"));
    }

  return g_string_free (text, FALSE);
}

static char *
describe_outputs (JsonObject *card)
{
  JsonArray *outputs = baton_json_get_array (card, "outputs");
  GString *text = g_string_new (NULL);

  for (guint i = 0; i < baton_json_count (outputs); i++)
    {
      JsonObject *output = baton_json_nth_object (outputs, i);
      const char *monitor = baton_json_get_string (output, "monitor");

      if (text->len > 0)
        g_string_append_c (text, '\n');
      g_string_append (text, baton_json_get_string (output, "name"));
      if (monitor != NULL)
        g_string_append_printf (text, "  %s", monitor);
      else if (baton_json_get_boolean (output, "connected"))
        g_string_append_printf (text, "  %s", _ ("connected"));
    }

  return g_string_free (text, FALSE);
}

static char *
describe_power (JsonObject *card)
{
  const char *power = baton_json_get_string (card, "power");

  if (power == NULL || g_strcmp0 (power, "unknown") == 0)
    return NULL;
  if (g_strcmp0 (power, "D0") == 0)
    return g_strdup_printf (_ ("Awake (%s)"), power);

  return g_strdup_printf (_ ("Asleep (%s)"), power);
}

static GtkWidget *
create_detail_row (guint index, gpointer data)
{
  return GTK_WIDGET (baton_detail_row_new ());
}

static void
fill_detail_row (GtkWidget *row, guint index, gpointer data)
{
  Details *details = data;

  baton_detail_row_show (BATON_DETAIL_ROW (row), g_ptr_array_index (details->titles, index),
                         g_ptr_array_index (details->values, index));
}

/**
 * baton_card_details_show:
 * @section: the section of details
 * @card: a card of the contract
 *
 * The one place of a page where addresses and drivers are shown.
 */
void
baton_card_details_show (BatonSection *section, JsonObject *card)
{
  g_autoptr (GPtrArray) titles = g_ptr_array_new_with_free_func (g_free);
  g_autoptr (GPtrArray) values = g_ptr_array_new_with_free_func (g_free);
  Details details = { titles, values };
  g_autofree char *resets =
      baton_json_join_strings (baton_json_get_array (card, "reset_methods"), ", ");

  add_detail (&details, _ ("Full Name"), g_strdup (baton_json_get_string (card, "name")));
  add_detail (&details, _ ("Identity"),
              g_strdup_printf ("%s:%s", baton_json_get_string (card, "vendor_id"),
                               baton_json_get_string (card, "device_id")));
  add_detail (&details, _ ("Functions"), describe_functions (card));
  add_detail (&details, _ ("IOMMU Group"), g_strdup (baton_json_get_string (card, "group")));
  add_detail (&details, _ ("Outputs"), describe_outputs (card));
  add_detail (&details, _ ("Device Files"),
              baton_json_join_strings (baton_json_get_array (card, "nodes"), "\n"));
  add_detail (&details, _ ("Power"), describe_power (card));
  add_detail (&details, _ ("Reset Methods"), g_strdup (*resets != '\0' ? resets : _ ("none")));
  add_detail (&details, _ ("Boot Display"),
              baton_json_get_boolean (card, "boot_display") ? g_strdup (_ ("yes")) : NULL);

  baton_section_sync (section, titles, create_detail_row, fill_detail_row, &details);
}
