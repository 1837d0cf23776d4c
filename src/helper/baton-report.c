/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "config.h"

#include "baton-report.h"

#include "baton-durations.h"
#include "baton-json.h"
#include "baton-state-file.h"

#define REPORT_NAME "report.json"

/**
 * baton_report_new:
 * @record: the handoff
 * @end: what it came to
 * @steps: (transfer full): its steps with what became of each
 * @elapsed_ms: how long it took
 *
 * Returns: (transfer full): what is kept for the next login
 */
JsonNode *
baton_report_new (const BatonRecord *record,
                  const BatonEnd *end,
                  JsonNode *steps,
                  gint64 elapsed_ms)
{
  JsonNode *node = baton_end_to_json (end);
  JsonObject *object = json_node_get_object (node);
  JsonArray *cards = json_array_new ();

  for (guint i = 0; record->cards[i] != NULL; i++)
    json_array_add_string_element (cards, record->cards[i]);
  json_object_set_int_member (object, "elapsed_ms", elapsed_ms);
  json_object_set_string_member (object, "handoff", record->handoff);
  json_object_set_array_member (object, "cards", cards);
  json_object_set_string_member (object, "to", baton_side_to_string (record->to));
  json_object_set_member (object, "steps", steps);
  json_object_set_int_member (object, "uid", record->uid);
  json_object_set_string_member (object, "boot_id", record->boot_id);
  json_object_set_array_member (object, "durations",
                                baton_durations_new (record, end, elapsed_ms));
  json_object_set_int_member (object, "at", g_get_real_time () / G_USEC_PER_SEC);

  return node;
}

/* One report is kept, and how long the handoffs before it took is still asked for. */
static void
carry_durations (JsonObject *report, BatonRoot *root)
{
  g_autoptr (JsonNode) last = baton_report_load (root, NULL);

  if (last == NULL || !JSON_NODE_HOLDS_OBJECT (last))
    return;
  baton_durations_add_older (baton_json_get_array (report, "durations"),
                             baton_json_get_array (json_node_get_object (last), "durations"));
}

/**
 * baton_report_save:
 * @report: a report, which learns what the last one knew of other handoffs
 * @root: the roots
 * @error: return location for an error
 *
 * Keeps the last report where every user can read it.
 *
 * Returns: %TRUE if it is on the disk
 */
gboolean
baton_report_save (JsonNode *report, BatonRoot *root, GError **error)
{
  g_autofree char *text = NULL;

  carry_durations (json_node_get_object (report), root);
  text = json_to_string (report, TRUE);

  return baton_state_write (root, BATON_ROOT_VAR, BATON_STATE_DIRECTORY, REPORT_NAME, text,
                            0644, error);
}

/**
 * baton_report_load:
 * @root: the roots
 * @error: return location for an error
 *
 * Returns: (transfer full): the last report, or %NULL with %BATON_ERROR_NOT_FOUND where there is
 *   none yet
 */
JsonNode *
baton_report_load (BatonRoot *root, GError **error)
{
  return baton_state_read_json (root, BATON_ROOT_VAR, BATON_STATE_DIRECTORY, REPORT_NAME,
                                error);
}
