/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "config.h"

#include "baton-unreadable.h"

#include "baton-handoff-place.h"
#include "baton-journal.h"
#include "baton-lost.h"
#include "baton-machine.h"
#include "baton-record.h"
#include "baton-report.h"

/* A handoff has some fifty events, and most of them are short. */
#define MAX_EVENTS_BYTES (1024 * 1024)

/* What the handoff's own events say that it was about. Nobody else has said so since its order was
 * taken. */
static BatonEvent *
find_plan (BatonRoot *root, const char *id)
{
  g_autofree char *path =
      id != NULL ? g_build_filename (BATON_HANDOFF_PLACE, id, BATON_HANDOFF_EVENTS, NULL)
                 : NULL;
  g_autofree char *text = path != NULL ? baton_root_read_file (root, BATON_ROOT_RUN, path,
                                                               MAX_EVENTS_BYTES, NULL, NULL)
                                       : NULL;
  g_auto (GStrv) lines = g_strsplit (text != NULL ? text : "", "\n", -1);
  g_autoptr (BatonEvent) plan = NULL;

  for (guint i = 0; lines[i] != NULL; i++)
    {
      g_autoptr (BatonEvent) event = baton_event_parse (lines[i], -1, NULL);

      if (event == NULL || !g_str_equal (event->type, "plan"))
        continue;
      g_clear_pointer (&plan, baton_event_free);
      plan = g_steal_pointer (&event);
    }

  return g_steal_pointer (&plan);
}

static GStrv
list_planned_cards (const BatonEvent *plan)
{
  JsonNode *node = plan != NULL ? json_object_get_member (plan->object, "cards") : NULL;
  JsonArray *array =
      node != NULL && JSON_NODE_HOLDS_ARRAY (node) ? json_node_get_array (node) : NULL;
  g_autoptr (GStrvBuilder) cards = g_strv_builder_new ();

  for (guint i = 0; array != NULL && i < json_array_get_length (array); i++)
    {
      JsonNode *item = json_array_get_element (array, i);

      if (json_node_get_value_type (item) == G_TYPE_STRING)
        g_strv_builder_add (cards, json_node_get_string (item));
    }

  return g_strv_builder_end (cards);
}

static void
add_problem (BatonEnd *end, BatonCode code, const char *key, const char *value, BatonCard *card)
{
  g_auto (BatonTrouble) trouble = BATON_TROUBLE_INIT;

  baton_trouble_set (&trouble, code, 0, key, value, card != NULL ? "address" : NULL,
                     card != NULL ? baton_card_get_address (card) : NULL, NULL);
  baton_end_add_problem (end, &trouble);
}

static BatonCode
get_code (BatonSide side)
{
  switch (side)
    {
    case BATON_SIDE_HOST:
      return BATON_CODE_STANDS_WITH_HOST;
    case BATON_SIDE_GUEST:
      return BATON_CODE_STANDS_WITH_GUESTS;
    case BATON_SIDE_SPLIT:
      return BATON_CODE_STANDS_SPLIT;
    case BATON_SIDE_NONE:
    default:
      return BATON_CODE_STANDS_WITHOUT_DRIVER;
    }
}

/* The state as it is looked at, which is all that can be known: of the cards that the handoff was
 * about, or of all where nobody knows which those were. */
static void
add_cards (BatonEnd *end, BatonRoot *root, const char *const *wanted)
{
  g_autoptr (GError) error = NULL;
  g_autoptr (BatonMachine) machine = baton_machine_new (root, &error);

  if (machine == NULL)
    {
      add_problem (end, BATON_CODE_LOOK_FAILED, "reason", error->message, NULL);
      return;
    }
  for (guint i = 0; i < machine->cards->len; i++)
    {
      BatonCard *card = g_ptr_array_index (machine->cards, i);

      if (wanted[0] == NULL || g_strv_contains (wanted, baton_card_get_address (card)))
        add_problem (end, get_code (card->side), "card", baton_card_get_name (card), card);
    }
}

static void
set_unknown (JsonNode *report, const char *key, gboolean known)
{
  if (!known)
    json_object_set_null_member (json_node_get_object (report), key);
}

static JsonNode *
make_report (BatonRoot *root,
             const char *id,
             const BatonEvent *plan,
             GStrv cards,
             const BatonEnd *end,
             gint64 start_us)
{
  g_autoptr (BatonRecord) record = baton_record_new ();
  const char *to = plan != NULL
                       ? json_object_get_string_member_with_default (plan->object, "to", NULL)
                       : NULL;
  JsonNode *steps = json_node_new (JSON_NODE_ARRAY);
  JsonNode *report;

  json_node_take_array (steps, json_array_new ());
  record->handoff = g_strdup (id);
  record->boot_id = baton_record_read_boot_id (root);
  record->cards = g_strdupv (cards);
  report = baton_report_new (record, end, steps, (g_get_monotonic_time () - start_us) / 1000);
  set_unknown (report, "handoff", id != NULL);
  set_unknown (report, "uid", FALSE);
  if (to != NULL && baton_side_from_string (to, &record->to))
    json_object_set_string_member (json_node_get_object (report), "to", to);
  else
    set_unknown (report, "to", FALSE);

  return report;
}

/**
 * baton_unreadable_settle:
 * @root: the roots
 * @cause: why the journal cannot be read
 * @start_us: when recovery began, in g_get_monotonic_time()
 * @error: return location for an error: that no report could be kept
 *
 * Settles what can be settled of a journal that says nothing: it is kept, out of the way, nothing is
 * put back, and the report tells how the card stands. Whose journal it was can only be told from
 * whose worker is gone.
 *
 * Returns: (transfer full): how it ended, also where @error is set
 */
BatonEnd *
baton_unreadable_settle (BatonRoot *root, const GError *cause, gint64 start_us, GError **error)
{
  g_autofree char *id = baton_lost_find (root);
  g_autoptr (BatonEvent) plan = find_plan (root, id);
  g_auto (GStrv) cards = list_planned_cards (plan);
  g_autoptr (JsonNode) report = NULL;
  g_autoptr (GError) not_renamed = NULL;
  g_autofree char *reason = NULL;
  BatonEnd *end = baton_end_new (BATON_EXIT_DEGRADED, BATON_CODE_RECOVERED_WITH_PROBLEMS, NULL);

  if (baton_journal_set_aside (root, &not_renamed))
    reason = g_strdup_printf ("%s; it was renamed", cause->message);
  else
    reason = g_strdup_printf ("%s; %s", cause->message, not_renamed->message);
  add_problem (end, BATON_CODE_JOURNAL_UNREADABLE, "reason", reason, NULL);
  add_cards (end, root, (const char *const *) cards);

  report = make_report (root, id, plan, cards, end, start_us);
  baton_report_save (report, root, error);
  baton_lost_tell_all (root, end, start_us);

  return end;
}
