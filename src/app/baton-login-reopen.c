/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "config.h"

#include "baton-login-reopen.h"

#include "baton-closed-session.h"
#include "baton-reopen.h"

static gboolean
has_app (GPtrArray *programs, const BatonClosedProgram *program)
{
  for (guint i = 0; i < programs->len; i++)
    if (g_strcmp0 (((BatonClosedProgram *) programs->pdata[i])->app_id, program->app_id) == 0)
      return TRUE;

  return FALSE;
}

/* Forgotten before it is started: what is started twice was not running twice. One session may have ended
 * for two cards. */
static void
take (GPtrArray *all, BatonClosed *closed, const char *card)
{
  g_autoptr (GPtrArray) programs = baton_closed_list_session (closed, card, NULL);

  if (programs == NULL || programs->len == 0)
    return;
  baton_closed_forget_session (closed, card);
  while (programs->len > 0)
    {
      BatonClosedProgram *program = g_ptr_array_steal_index (programs, 0);

      if (has_app (all, program))
        baton_closed_program_free (program);
      else
        g_ptr_array_add (all, program);
    }
}

/**
 * baton_login_reopen:
 * @closed: (nullable): what Baton has closed of this user
 *
 * Opens again, unasked, what was open in a session of this user's that was ended for a card whose owner
 * wants that (`open-again` in baton.conf(5)).
 *
 * Returns: (transfer full) (element-type BatonReopened): what became of each
 */
GPtrArray *
baton_login_reopen (BatonClosed *closed)
{
  g_autoptr (GPtrArray) cards = closed != NULL && baton_closed_has_desktop ()
                                    ? baton_closed_list_cards (closed)
                                    : g_ptr_array_new ();
  g_autoptr (GPtrArray) all =
      g_ptr_array_new_with_free_func ((GDestroyNotify) baton_closed_program_free);

  for (guint i = 0; i < cards->len; i++)
    if (baton_closed_read_wish (closed, cards->pdata[i]) == BATON_OPEN_AGAIN_YES)
      take (all, closed, cards->pdata[i]);
  if (all->len == 0)
    return g_ptr_array_new_with_free_func ((GDestroyNotify) baton_reopened_free);

  return baton_reopen (baton_closed_get_root (closed), all);
}
