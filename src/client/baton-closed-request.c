/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "config.h"

#include "baton-closed-request.h"

#include <unistd.h>

#include "baton-closed-look.h"
#include "baton-closed-session.h"
#include "baton-session-apps.h"

/**
 * baton_closed_request_closes:
 * @request: what is about to be carried out
 *
 * Returns: %TRUE if something may end that could be opened again
 */
gboolean
baton_closed_request_closes (const BatonRequest *request)
{
  return request->closes->len > 0 || request->end_session;
}

static gboolean
note_closes (BatonClosed *self, const BatonRequest *request, GError **error)
{
  g_autoptr (GPtrArray) programs =
      baton_closed_look_in_time (baton_closed_get_root (self), request, getuid ());

  return baton_closed_note (self, request->cards[0], programs, error);
}

/* Which session it ends, and whether it is this user's at all, shows when that is over. */
static gboolean
note_session (BatonClosed *self, const BatonRequest *request, GError **error)
{
  g_autoptr (GPtrArray) programs = NULL;

  if (baton_closed_read_wish (self, request->cards[0]) == BATON_OPEN_AGAIN_NO)
    {
      baton_closed_forget_session (self, request->cards[0]);
      return TRUE;
    }
  programs = baton_session_apps_list (baton_closed_get_root (self), getuid ());

  return baton_closed_note_session (self, request->cards[0], programs, error);
}

/**
 * baton_closed_note_request:
 * @self: what was closed
 * @request: what is about to be carried out
 * @error: return location for an error
 *
 * Notes of this user's programs how those are started again that it closes, or that end with his
 * session, while they are still there. Takes two seconds at most.
 *
 * Returns: whether all of it is noted
 */
gboolean
baton_closed_note_request (BatonClosed *self, const BatonRequest *request, GError **error)
{
  if (request->closes->len > 0 && !note_closes (self, request, error))
    return FALSE;

  return !request->end_session || note_session (self, request, error);
}
