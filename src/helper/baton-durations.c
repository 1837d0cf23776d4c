/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "config.h"

#include "baton-durations.h"

#include "baton-json.h"
#include "baton-pci-address.h"

/* One report is kept, and cards come and go: what is remembered of them has an end. */
#define MAX_DURATIONS 16

/* A virtual machine may be waited for for weeks, and somebody who saves his work for minutes, which says
 * nothing of how long the next takes. */
static gboolean
waits_for_others (const BatonRecord *record)
{
  for (guint i = 0; i < record->steps->len; i++)
    {
      const BatonStep *step = g_ptr_array_index (record->steps, i);

      if (step->kind == BATON_STEP_WAIT_GUEST || step->kind == BATON_STEP_LOG_OUT)
        return TRUE;
    }

  return FALSE;
}

static void
add (JsonArray *self, const char *card, const char *to, gint64 elapsed_ms)
{
  JsonObject *duration = json_object_new ();

  json_object_set_string_member (duration, "card", card);
  json_object_set_string_member (duration, "to", to);
  json_object_set_int_member (duration, "elapsed_ms", elapsed_ms);
  json_array_add_object_element (self, duration);
}

static gboolean
knows (JsonArray *self, const char *card, const char *to)
{
  for (guint i = 0; i < baton_json_count (self); i++)
    {
      JsonObject *known = baton_json_nth_object (self, i);

      if (g_strcmp0 (baton_json_get_string (known, "card"), card) == 0 &&
          g_strcmp0 (baton_json_get_string (known, "to"), to) == 0)
        return TRUE;
    }

  return FALSE;
}

/**
 * baton_durations_new:
 * @record: the handoff
 * @end: what it came to
 * @elapsed_ms: how long it took
 *
 * How long each card's last handoff to each side took, as `durations` of the contract: a plan says
 * by it how long it will take.
 *
 * Returns: (transfer full): what @record itself adds, which is nothing where it was not carried out
 *   as planned
 */
JsonArray *
baton_durations_new (const BatonRecord *record, const BatonEnd *end, gint64 elapsed_ms)
{
  JsonArray *self = json_array_new ();

  if (end->status == BATON_EXIT_DONE && !waits_for_others (record))
    add (self, record->cards[0], baton_side_to_string (record->to), elapsed_ms);

  return self;
}

/**
 * baton_durations_add_older:
 * @self: durations
 * @older: (nullable): those of the report before
 *
 * Adds of @older what @self does not know. The file that it comes from is ours, and yet not
 * believed: what is written of it goes to every reader.
 */
void
baton_durations_add_older (JsonArray *self, JsonArray *older)
{
  for (guint i = 0; i < baton_json_count (older) && baton_json_count (self) < MAX_DURATIONS;
       i++)
    {
      JsonObject *duration = baton_json_nth_object (older, i);
      const char *card = baton_json_get_string (duration, "card");
      const char *to = baton_json_get_string (duration, "to");
      gint64 elapsed_ms = baton_json_get_int (duration, "elapsed_ms", -1);
      gboolean is_side = g_strcmp0 (to, "guest") == 0 || g_strcmp0 (to, "host") == 0;

      if (is_side && elapsed_ms >= 0 && baton_pci_address_is_valid (card) &&
          !knows (self, card, to))
        add (self, card, to, elapsed_ms);
    }
}
