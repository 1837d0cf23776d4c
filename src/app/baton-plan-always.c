/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "config.h"

#include "baton-plan-always.h"

#include <glib/gi18n.h>

/**
 * baton_plan_always_show:
 * @row: the row that offers it, in a list of its own
 * @always: what this user always closes
 * @card: (nullable): the card of the plan
 * @programs: (nullable): the programs that the plan closes; %NULL where it closes none, one that
 *   cannot be known again, or loses more than that
 *
 * Shows whether the programs of a plan are always closed for its card, where that can be chosen.
 *
 * Returns: %TRUE if all of them are
 */
gboolean
baton_plan_always_show (BatonOptionRow *row,
                        BatonAlwaysClose *always,
                        JsonObject *card,
                        const char *const *programs)
{
  gboolean offered = card != NULL && programs != NULL && *programs != NULL;
  const char *problem = baton_always_close_get_problem (always);
  gboolean active;

  /* A row that nobody sees keeps what it is set to: to change it would be a choice. */
  gtk_widget_set_visible (gtk_widget_get_parent (GTK_WIDGET (row)), offered);
  if (!offered)
    return FALSE;

  active = baton_always_close_has_all (always, card, programs);
  baton_option_row_show (
      row, _ ("Always close these for this card"),
      problem != NULL ? problem : _ ("Plans still name them, and no longer warn of it."));
  baton_option_row_set_active (row, active);
  gtk_widget_set_sensitive (GTK_WIDGET (row), baton_always_close_can_change (always));

  return active;
}

/**
 * baton_plan_always_take:
 * @row: the row that offers it
 * @always: takes what the row is set to
 * @card: the card of the plan
 * @programs: the programs that the plan closes
 */
void
baton_plan_always_take (BatonOptionRow *row,
                        BatonAlwaysClose *always,
                        JsonObject *card,
                        const char *const *programs)
{
  gboolean active = baton_option_row_get_active (row);

  if (programs != NULL && card != NULL &&
      baton_always_close_has_all (always, card, programs) != active)
    baton_always_close_set (always, card, programs, active);
}
