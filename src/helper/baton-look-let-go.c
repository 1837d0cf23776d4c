/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "config.h"

#include "baton-look-let-go.h"

#include <unistd.h>

#include "baton-text.h"

/* More than any name of a process that is a name. */
#define MAX_NAME_BYTES 128

/**
 * baton_look_find:
 * @context: the handoff
 * @step: a step that asks somebody to let go
 * @filter: whom it asks
 * @ret_found: (element-type BatonHolder): filled with those of them who have the card, as long as what
 *   is returned is there
 * @trouble: why nobody could be looked for
 *
 * Looks afresh.
 *
 * Returns: (transfer full) (nullable): who has the card; %NULL where it could not be looked
 */
BatonHolders *
baton_look_find (BatonStepContext *context,
                 const BatonStep *step,
                 BatonLookFilter filter,
                 GPtrArray *ret_found,
                 BatonTrouble *trouble)
{
  g_autoptr (BatonHolders) holders = NULL;
  const BatonCard *card = NULL;

  if (!baton_look_again (context, trouble))
    return NULL;
  card = baton_look_find_card (context, trouble);
  holders = card != NULL ? baton_look_at_holders (context, trouble) : NULL;
  g_ptr_array_set_size (ret_found, 0);
  for (guint i = 0; holders != NULL && i < holders->holders->len; i++)
    {
      BatonHolder *holder = g_ptr_array_index (holders->holders, i);

      if (filter (holder, card, step))
        g_ptr_array_add (ret_found, holder);
    }

  return g_steal_pointer (&holders);
}

/**
 * baton_look_is_let_go:
 * @context: the handoff
 * @step: a step that asks somebody to let go
 * @filter: whom it asks
 * @trouble: why nobody could be looked for
 *
 * Returns: %TRUE if nobody whom it would ask has the card
 */
gboolean
baton_look_is_let_go (BatonStepContext *context,
                      const BatonStep *step,
                      BatonLookFilter filter,
                      BatonTrouble *trouble)
{
  g_autoptr (GPtrArray) found = g_ptr_array_new ();
  g_autoptr (BatonHolders) holders = baton_look_find (context, step, filter, found, trouble);

  return holders != NULL && found->len == 0;
}

static void
set_kept (BatonTrouble *trouble, BatonCode kept, const BatonHolder *holder)
{
  g_autofree char *name = baton_text_clean (holder->name, -1, MAX_NAME_BYTES, NULL, NULL);
  g_autofree char *pid = g_strdup_printf ("%d", holder->pid);
  g_autofree char *nodes = g_strjoinv (", ", holder->nodes);

  baton_trouble_set (trouble, kept, 0, "name", name, "pid", pid, "nodes", nodes, NULL);
}

/**
 * baton_look_wait_until_let_go:
 * @context: the handoff
 * @step: a step that has asked somebody to let go
 * @filter: whom it has asked
 * @notes: of baton_look_listen_to_closes(), from before it asked
 * @kept: what is said of somebody who does not let go
 * @trouble: who that is, or why nobody could be looked for
 *
 * Each close of a device is a reason to look. Who was asked has some seconds.
 *
 * Returns: whether everybody has let go
 */
BatonOutcome
baton_look_wait_until_let_go (BatonStepContext *context,
                              const BatonStep *step,
                              BatonLookFilter filter,
                              int notes,
                              BatonCode kept,
                              BatonTrouble *trouble)
{
  gint64 deadline_us = g_get_monotonic_time () + BATON_LOOK_PATIENCE_US;

  for (;;)
    {
      g_autoptr (GPtrArray) found = g_ptr_array_new ();
      g_autoptr (BatonHolders) holders = NULL;
      char buffer[4096] __attribute__ ((aligned (8)));

      while (read (notes, buffer, sizeof buffer) > 0)
        ;
      holders = baton_look_find (context, step, filter, found, trouble);
      if (holders == NULL)
        return BATON_OUTCOME_FAILED;
      if (found->len == 0)
        return BATON_OUTCOME_OK;
      switch (baton_waiter_wait (context->waiter, notes, deadline_us, TRUE))
        {
        case BATON_WAIT_READY:
          break;
        case BATON_WAIT_CANCELLED:
          return BATON_OUTCOME_CANCELLED;
        case BATON_WAIT_TIMEOUT:
        default:
          set_kept (trouble, kept, g_ptr_array_index (found, 0));
          return BATON_OUTCOME_FAILED;
        }
    }
}
