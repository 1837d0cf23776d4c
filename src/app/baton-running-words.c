/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "config.h"

#include "baton-running-words.h"

#include <glib/gi18n.h>

#include "baton-app-info.h"
#include "baton-json.h"
#include "baton-step-words.h"
#include "baton-trouble-words.h"
#include "baton-words.h"

static JsonArray *
get_holders (BatonHandoff *handoff, BatonView *view)
{
  JsonObject *holders = baton_view_get_holders (view, baton_handoff_get_card (handoff));

  return baton_json_get_array (holders, "holders");
}

/**
 * baton_running_words_dup_step:
 * @handoff: a handoff
 * @view: what is known of the machine
 * @index: from 0
 *
 * Returns: (transfer full): what the step does
 */
char *
baton_running_words_dup_step (BatonHandoff *handoff, BatonView *view, guint index)
{
  return baton_step_words_dup_title (baton_handoff_get_step (handoff, index),
                                     baton_handoff_get_to (handoff),
                                     baton_view_get_cards (view), get_holders (handoff, view));
}

/* Who has the card need not be who is waited for: the helper says that, as "NAME (PID)". Where it is
 * one whom the watch knows, people know it by its app's name. */
static char *
dup_who (BatonHandoff *handoff, BatonView *view)
{
  JsonObject *event =
      baton_handoff_get_step_event (handoff, (guint) baton_handoff_get_current (handoff));
  const char *who = baton_json_get_string (baton_json_get_object (event, "args"), "who");
  JsonArray *holders = get_holders (handoff, view);

  for (guint i = 0; who != NULL && i < baton_json_count (holders); i++)
    {
      JsonObject *holder = baton_json_nth_object (holders, i);
      g_autofree char *named =
          g_strdup_printf ("%s (%" G_GINT64_FORMAT ")", baton_json_get_string (holder, "name"),
                           baton_json_get_int (holder, "pid", 0));

      if (g_str_equal (named, who))
        return baton_app_info_dup_name (holder);
    }

  return g_strdup (who);
}

static char *
dup_stalled_title (BatonHandoff *handoff, BatonView *view)
{
  g_autofree char *name = dup_who (handoff, view);
  g_autofree char *embedded = baton_words_embed (name);

  if (name == NULL)
    return g_strdup (_ ("Waiting for the Driver to Let Go"));

  /* Translators: %s is the name of a program */
  return g_strdup_printf (_ ("Waiting for “%s” to Let Go"), embedded);
}

/**
 * baton_running_words_dup_title:
 * @handoff: a handoff that has not ended
 * @view: what is known of the machine
 *
 * Returns: (transfer full): what it does now
 */
char *
baton_running_words_dup_title (BatonHandoff *handoff, BatonView *view)
{
  gint current = baton_handoff_get_current (handoff);

  switch (baton_handoff_get_phase (handoff))
    {
    case BATON_HANDOFF_ASKING:
      return g_strdup (_ ("Waiting for Permission"));
    case BATON_HANDOFF_CANCELLING:
      return g_strdup (baton_handoff_is_wait_cancelled (handoff)
                           ? _ ("No Longer Waiting")
                           : _ ("Putting Everything Back"));
    case BATON_HANDOFF_RUNNING:
    case BATON_HANDOFF_ENDED:
    default:
      break;
    }

  if (current < 0)
    return g_strdup (_ ("Looking Once More"));
  if (baton_handoff_is_stalled (handoff))
    return dup_stalled_title (handoff, view);

  return baton_running_words_dup_step (handoff, view, (guint) current);
}

static const char *
get_text (BatonHandoff *handoff)
{
  BatonHandoffPhase phase = baton_handoff_get_phase (handoff);
  gboolean to_guest = g_strcmp0 (baton_handoff_get_to (handoff), "guest") == 0;

  if (phase == BATON_HANDOFF_ASKING)
    return _ ("Answer the password prompt to go on.");
  if (phase == BATON_HANDOFF_CANCELLING)
    return baton_handoff_is_wait_cancelled (handoff)
               ? _ ("The card stays where it is.")
               : _ ("The steps taken so far are undone, last first.");
  if (baton_handoff_is_waiting (handoff))
    return to_guest
               ? _ ("The card is ready for a virtual machine, and comes back by itself when "
                    "that has stopped.")
               : _ ("The card comes back as soon as the virtual machine has stopped.");

  return to_guest ? _ ("The card is being handed to virtual machines.")
                  : _ ("The card is being returned to this computer.");
}

/**
 * baton_running_words_dup_text:
 * @handoff: a handoff that has not ended
 *
 * Returns: (transfer full): the line below the title
 */
char *
baton_running_words_dup_text (BatonHandoff *handoff)
{
  gint current = baton_handoff_get_current (handoff);
  char *trouble = NULL;

  if (!baton_handoff_is_stalled (handoff))
    return g_strdup (get_text (handoff));

  trouble =
      baton_trouble_words_dup_detail (baton_handoff_get_step_event (handoff, (guint) current));

  return trouble != NULL ? trouble : g_strdup ("");
}

/**
 * baton_running_words_dup_progress:
 * @handoff: a handoff that has not ended
 *
 * Returns: (transfer full): how far it is, and how long it has taken
 */
char *
baton_running_words_dup_progress (BatonHandoff *handoff)
{
  gint64 elapsed_s = baton_handoff_get_elapsed_s (handoff);
  guint n_steps = baton_handoff_get_n_steps (handoff);
  gint current = baton_handoff_get_current (handoff);
  g_autofree char *clock = g_strdup_printf ("%" G_GINT64_FORMAT ":%02" G_GINT64_FORMAT,
                                            elapsed_s / 60, elapsed_s % 60);

  /* It may wait for hours, and nobody asked how long a virtual machine runs. */
  if (baton_handoff_is_waiting (handoff))
    return g_strdup_printf (_ ("Step %d of %u"), current + 1, n_steps);
  if (n_steps > 0 && current >= 0)
    /* Translators: the number of the current step, how many there are, minutes and seconds */
    return g_strdup_printf (_ ("Step %d of %u · %s"), current + 1, n_steps, clock);

  return g_steal_pointer (&clock);
}
