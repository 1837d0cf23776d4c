/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "config.h"

#include "baton-place-words.h"

#include <glib/gi18n.h>

#include "baton-json.h"
#include "baton-words.h"

static const char *
get_guest_name (JsonObject *card)
{
  JsonObject *guest = baton_json_nth_object (baton_json_get_array (card, "guests"), 0);

  return baton_json_get_string (guest, "name");
}

/**
 * baton_place_words_dup:
 * @card: (nullable): a card of the contract
 *
 * Returns: (transfer full): where the card is, in one line
 */
char *
baton_place_words_dup (JsonObject *card)
{
  const char *guest = get_guest_name (card);
  g_autofree char *embedded = baton_words_embed (guest);

  switch (baton_words_get_side (card))
    {
    case BATON_SIDE_HOST:
      return g_strdup (_ ("Used by this computer"));

    case BATON_SIDE_GUEST:
      if (guest != NULL)
        /* Translators: %s is the name of a virtual machine that has the card */
        return g_strdup_printf (_ ("With “%s”"), embedded);
      return g_strdup (_ ("Parked for a virtual machine"));

    case BATON_SIDE_NONE:
      return g_strdup (_ ("Used by nobody"));

    case BATON_SIDE_SPLIT:
    default:
      return g_strdup (_ ("Half handed over"));
    }
}

static char *
describe_host (JsonObject *card, JsonObject *holders)
{
  JsonArray *outputs = baton_json_get_array (card, "outputs");
  g_autoptr (GString) monitors = g_string_new (NULL);
  guint n_monitors = 0;
  guint n_holders = baton_json_count (baton_json_get_array (holders, "holders"));

  for (guint i = 0; i < baton_json_count (outputs); i++)
    {
      JsonObject *output = baton_json_nth_object (outputs, i);
      const char *name = baton_json_get_string (output, "monitor");
      g_autofree char *embedded = NULL;

      if (!baton_json_get_boolean (output, "connected"))
        continue;
      embedded =
          baton_words_embed (name != NULL ? name : baton_json_get_string (output, "name"));
      if (n_monitors++ > 0)
        g_string_append (monitors, ", ");
      g_string_append (monitors, embedded);
    }

  if (n_monitors > 0)
    /* Translators: %s is a list of monitors' names */
    return g_strdup_printf (ngettext ("A monitor is connected to it: %s.",
                                      "Monitors are connected to it: %s.", n_monitors),
                            monitors->str);

  if (n_holders > 0)
    return g_strdup_printf (
        ngettext ("No monitor is connected to it. %u program is using it.",
                  "No monitor is connected to it. %u programs are using it.", n_holders),
        n_holders);

  return g_strdup (_ ("No monitor is connected to it, and no program is using it."));
}

/* A restart ends every handoff: where the card is with the guests after it, it was parked there. */
static gboolean
report_brought_here (JsonObject *report, JsonObject *card, const char *boot_id)
{
  const char *address = baton_json_get_string (card, "address");
  JsonArray *cards = baton_json_get_array (report, "cards");

  if (g_strcmp0 (baton_json_get_string (report, "to"), "guest") != 0 || address == NULL ||
      baton_json_get_int (report, "exit", -1) != 0 || boot_id == NULL ||
      g_strcmp0 (baton_json_get_string (report, "boot_id"), boot_id) != 0)
    return FALSE;

  for (guint i = 0; i < baton_json_count (cards); i++)
    if (g_strcmp0 (json_array_get_string_element (cards, i), address) == 0)
      return TRUE;

  return FALSE;
}

/**
 * baton_place_words_dup_detail:
 * @card: (nullable): a card of the contract
 * @holders: (nullable): who holds it
 * @report: (nullable): the last report
 * @boot_id: (nullable): what tells this boot from every other
 *
 * Returns: (transfer full): the line below baton_place_words_dup()
 */
char *
baton_place_words_dup_detail (JsonObject *card,
                              JsonObject *holders,
                              JsonObject *report,
                              const char *boot_id)
{
  gint64 at = baton_json_get_int (report, "at", 0);
  g_autofree char *since = NULL;

  if (at > 0 && report_brought_here (report, card, boot_id))
    since = baton_words_dup_time (at);

  switch (baton_words_get_side (card))
    {
    case BATON_SIDE_HOST:
      return describe_host (card, holders);

    case BATON_SIDE_GUEST:
      if (get_guest_name (card) != NULL)
        return since != NULL
                   /* Translators: %s is a time of day or a date */
                   ? g_strdup_printf (_ ("Handed over %s. The virtual machine is running."),
                                      since)
                   : g_strdup (_ ("The virtual machine is running."));
      return since != NULL
                 /* Translators: %s is a time of day or a date */
                 ? g_strdup_printf (_ ("Handed over %s. No virtual machine uses it now."),
                                    since)
                 : g_strdup (_ ("No virtual machine uses it now."));

    case BATON_SIDE_NONE:
      return g_strdup (
          _ ("No driver has it. “Return to Host” gives it back to this computer."));

    case BATON_SIDE_SPLIT:
    default:
      return g_strdup (_ ("“Return to Host” repairs it."));
    }
}

/**
 * baton_place_words_get_icon:
 * @card: (nullable): a card of the contract
 *
 * Returns: name of the icon that shows where the card is
 */
const char *
baton_place_words_get_icon (JsonObject *card)
{
  switch (baton_words_get_side (card))
    {
    case BATON_SIDE_HOST:
      return "baton-host-symbolic";
    case BATON_SIDE_GUEST:
      return get_guest_name (card) != NULL ? "baton-guest-symbolic" : "baton-parked-symbolic";
    case BATON_SIDE_NONE:
      return "baton-none-symbolic";
    case BATON_SIDE_SPLIT:
    default:
      return "baton-split-symbolic";
    }
}
