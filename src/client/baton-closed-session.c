/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "config.h"

#include "baton-closed-session.h"

#include <string.h>
#include <unistd.h>

#include "baton-closed-private.h"
#include "baton-session-apps.h"

/* References used below:
 *  LOGIND - systemd's src/login/logind-session.c, session_save(): one file a session, which is there
 *           until the last of its processes has ended; STATE=closing once nobody is logged in
 */

#define MAX_SESSION_BYTES 16384

static char *
build_place (const char *card)
{
  return g_strconcat (card, BATON_CLOSED_SESSION_SUFFIX, NULL);
}

static gboolean
is_session_over (BatonRoot *root, const char *id)
{
  g_autofree char *path = g_strconcat ("systemd/sessions/", id, NULL);
  g_autofree char *text =
      baton_root_read_file (root, BATON_ROOT_RUN, path, MAX_SESSION_BYTES, NULL, NULL);

  return text == NULL || strstr (text, "\nSTATE=closing\n") != NULL;
}

/* That the session has ended is what its applications have ended with, whatever else came of the
 * handoff: it may still go on, or may have been put back since. */
static gboolean
is_over (BatonClosed *self, const BatonClosedProgram *program)
{
  for (guint i = 0; program->sessions != NULL && program->sessions[i] != NULL; i++)
    if (strchr (program->sessions[i], '/') != NULL ||
        !is_session_over (baton_closed_get_root (self), program->sessions[i]))
      return FALSE;

  return program->sessions != NULL;
}

/**
 * baton_closed_read_wish:
 * @self: what was closed
 * @card: address of a card
 *
 * Returns: what the card's owner wants done with what ends with a session; the default where the settings
 *   have a mistake
 */
BatonOpenAgain
baton_closed_read_wish (BatonClosed *self, const char *card)
{
  g_autoptr (BatonProfile) profile = baton_profile_load (baton_closed_get_root (self), card);

  return profile->open_again;
}

/**
 * baton_closed_has_desktop:
 *
 * Returns: whether a program that is started from here can show itself
 */
gboolean
baton_closed_has_desktop (void)
{
  return g_getenv ("WAYLAND_DISPLAY") != NULL || g_getenv ("DISPLAY") != NULL;
}

/**
 * baton_closed_note_session:
 * @self: what was closed
 * @card: address of the card for which a session is to be ended
 * @programs: (element-type BatonClosedProgram): what is open in it, see baton_session_apps_list()
 * @error: return location for an error
 *
 * Notes what is about to end with a session, in the place of what ended with an earlier one.
 *
 * Returns: whether it is noted
 */
gboolean
baton_closed_note_session (BatonClosed *self,
                           const char *card,
                           GPtrArray *programs,
                           GError **error)
{
  g_autofree char *place = build_place (card);

  return baton_closed_save (self, place, programs, error);
}

/**
 * baton_closed_settle_session:
 * @self: what was closed
 * @card: address of a card
 * @has_ended: nothing more comes of that handoff
 *
 * Forgets what was noted where the session goes on.
 */
void
baton_closed_settle_session (BatonClosed *self, const char *card, gboolean has_ended)
{
  g_autofree char *place = build_place (card);
  g_autoptr (GPtrArray) noted = has_ended ? baton_closed_load (self, place, NULL) : NULL;

  for (guint i = 0; noted != NULL && i < noted->len; i++)
    if (is_over (self, g_ptr_array_index (noted, i)))
      return;
  if (noted != NULL)
    baton_closed_forget_session (self, card);
}

static gboolean
has_app (GPtrArray *programs, const char *app_id)
{
  for (guint i = 0; i < programs->len; i++)
    if (g_strcmp0 (((BatonClosedProgram *) programs->pdata[i])->app_id, app_id) == 0)
      return TRUE;

  return FALSE;
}

/**
 * baton_closed_list_session:
 * @self: what was closed
 * @card: address of a card
 * @error: return location for an error
 *
 * Returns: (transfer full) (element-type BatonClosedProgram): the applications that ended with the
 *   session that was ended for the card, and that nobody has opened since; none where the card's owner
 *   wants none; %NULL with @error where what is noted may not be believed
 */
GPtrArray *
baton_closed_list_session (BatonClosed *self, const char *card, GError **error)
{
  g_autofree char *place = build_place (card);
  g_autoptr (GPtrArray) programs = baton_closed_load (self, place, error);
  g_autoptr (GPtrArray) open = NULL;

  /* Most often nothing is noted, and nothing is looked at. */
  if (programs == NULL || programs->len == 0)
    return g_steal_pointer (&programs);

  if (baton_closed_read_wish (self, card) == BATON_OPEN_AGAIN_NO)
    {
      g_ptr_array_set_size (programs, 0);
      return g_steal_pointer (&programs);
    }

  open = baton_session_apps_list (baton_closed_get_root (self), getuid ());
  for (guint i = programs->len; i > 0; i--)
    {
      const BatonClosedProgram *program = g_ptr_array_index (programs, i - 1);

      if (!is_over (self, program) || baton_closed_runs (self, program) ||
          has_app (open, program->app_id))
        g_ptr_array_remove_index (programs, i - 1);
    }

  return g_steal_pointer (&programs);
}

/**
 * baton_closed_note_told:
 * @self: what was closed
 * @card: address of a card
 *
 * Notes that its user was told what ended with the session.
 */
void
baton_closed_note_told (BatonClosed *self, const char *card)
{
  g_autofree char *place = build_place (card);
  g_autoptr (GPtrArray) noted = baton_closed_load (self, place, NULL);
  g_autoptr (GError) error = NULL;

  for (guint i = 0; noted != NULL && i < noted->len; i++)
    ((BatonClosedProgram *) noted->pdata[i])->is_told = TRUE;
  /* He is told once more at the next login. */
  if (noted != NULL && !baton_closed_save (self, place, noted, &error))
    g_debug ("could not note what was told: %s, ignoring", error->message);
}

/**
 * baton_closed_forget_session:
 * @self: what was closed
 * @card: address of a card
 *
 * Nothing that ended with a session for it is offered any more.
 */
void
baton_closed_forget_session (BatonClosed *self, const char *card)
{
  g_autofree char *place = build_place (card);

  baton_closed_forget (self, place);
}
