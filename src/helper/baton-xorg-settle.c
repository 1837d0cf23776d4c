/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "config.h"

#include "baton-xorg-settle.h"

#include "baton-record.h"
#include "baton-report.h"
#include "baton-xorg-file.h"
#include "baton-xorg-place.h"

/* A computer that was switched off, or lost its power, while a guest had a card boots with the card on
 * this side, and Xorg is to find what is meant for that. */

typedef struct
{
  /* borrowed */
  BatonRoot *root;
  BatonEventWriter *events;

  /* owned */
  GPtrArray *problems;
  GPtrArray *cards; /* those with a problem */
} Settling;

static void
add_problem (Settling *self, const char *reason)
{
  BatonTrouble *problem = g_new0 (BatonTrouble, 1);
  g_autofree char *file =
      baton_root_dup_shown_path (BATON_ROOT_VAR, BATON_XORG_STATE_DIRECTORY);

  baton_trouble_set (problem, BATON_CODE_XORG_NOT_PUT_BACK, 0, "file", file, "reason", reason,
                     NULL);
  g_ptr_array_add (self->problems, problem);
}

static void
put_back (Settling *self, const BatonXorgState *state)
{
  g_auto (BatonTrouble) trouble = BATON_TROUBLE_INIT;
  g_autoptr (GError) error = NULL;

  if (!baton_xorg_put_back (self->root, state, self->problems, &trouble))
    g_ptr_array_add (self->problems, baton_trouble_copy (&trouble));
  else if (!baton_xorg_state_forget (self->root, state->card, &error))
    add_problem (self, error->message);
}

static void
settle_card (Settling *self, const char *card)
{
  g_autoptr (GError) error = NULL;
  g_autoptr (BatonXorgState) state = baton_xorg_state_load (self->root, card, &error);
  guint n_before = self->problems->len;

  if (state == NULL)
    add_problem (self, error->message);
  /* In the same boot a guest may have the card. */
  else if (!baton_xorg_state_is_of_this_boot (state, self->root))
    put_back (self, state);
  if (self->problems->len > n_before)
    g_ptr_array_add (self->cards, g_strdup (card));
}

static void
warn (Settling *self)
{
  for (guint i = 0; i < self->problems->len; i++)
    {
      g_autofree char *text = baton_trouble_dup_text (self->problems->pdata[i]);

      baton_event_writer_log (self->events, "warning", text);
      g_printerr ("baton-helper: %s\n", text);
    }
}

/* For the next login: no handoff is left to be reported on, and what was kept is to be heard of. */
static void
keep_report (Settling *self, const BatonEnd *end, gint64 start_us)
{
  g_autoptr (BatonRecord) record = baton_record_new ();
  g_autoptr (JsonNode) report = NULL;
  g_autoptr (GError) error = NULL;
  JsonNode *steps = json_node_new (JSON_NODE_ARRAY);

  json_node_take_array (steps, json_array_new ());
  record->boot_id = baton_record_read_boot_id (self->root);
  record->to = BATON_SIDE_HOST;
  g_ptr_array_add (self->cards, NULL);
  record->cards = g_strdupv ((GStrv) self->cards->pdata);
  report = baton_report_new (record, end, steps, (g_get_monotonic_time () - start_us) / 1000);
  json_object_set_null_member (json_node_get_object (report), "handoff");
  json_object_set_null_member (json_node_get_object (report), "uid");
  if (!baton_report_save (report, self->root, &error))
    baton_event_writer_log (self->events, "warning", error->message);
}

/**
 * baton_xorg_settle:
 * @root: the roots
 * @events: where it is told
 * @end: (transfer full): what recovery has come to so far
 * @start_us: when it began, in g_get_monotonic_time()
 *
 * Puts back for Xorg what is of another boot. Where nothing else was to be recovered, what could not be
 * put back as it was makes an end, and a report, of its own; else it is logged beside the handoff's.
 *
 * Returns: (transfer full): how it ended
 */
BatonEnd *
baton_xorg_settle (BatonRoot *root, BatonEventWriter *events, BatonEnd *end, gint64 start_us)
{
  g_autoptr (GPtrArray) problems =
      g_ptr_array_new_with_free_func ((GDestroyNotify) baton_trouble_free);
  g_autoptr (GPtrArray) with_problem = g_ptr_array_new_with_free_func (g_free);
  g_autoptr (GPtrArray) cards = baton_xorg_state_list_cards (root);
  Settling self = { .root = root,
                    .events = events,
                    .problems = problems,
                    .cards = with_problem };

  for (guint i = 0; i < cards->len; i++)
    settle_card (&self, cards->pdata[i]);
  if (problems->len == 0)
    return end;

  warn (&self);
  if (end->code != BATON_CODE_NOTHING_TO_RECOVER)
    return end;
  baton_end_free (end);
  end = baton_end_new (BATON_EXIT_DEGRADED, BATON_CODE_RECOVERED_WITH_PROBLEMS, NULL);
  baton_end_add_problems (end, problems);
  keep_report (&self, end, start_us);

  return end;
}
