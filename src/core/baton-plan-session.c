/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "config.h"

#include "baton-plan-private.h"

/* References used below:
 *  SD-USER   - user@.service(5): its programs are of a user, not of one of his sessions; it stops some
 *              seconds after the last of them, unless he lingers
 *  SD-LOGIN  - logind's KillUserProcesses=, no on most systems: who stops the display manager has
 *              not ended the sessions that it opened, nor what draws in them
 */

static const BatonDesktop *
get_desktop (const BatonPlanning *self)
{
  return self->machine->system->desktop;
}

static gboolean
is_desktop (const BatonPlanning *self, const BatonHolder *holder)
{
  return (holder->kind == BATON_HOLDER_COMPOSITOR ||
          holder->kind == BATON_HOLDER_DISPLAY_SERVER) &&
         baton_planning_is_in_the_way (self, holder) &&
         !baton_planning_asks_to_let_go (self, holder);
}

/* Xorg is the display manager's own process where that runs as root, as lightdm does. */
static gboolean
is_of_display_manager (const BatonPlanning *self, const BatonHolder *holder)
{
  return !holder->of_user && holder->unit != NULL &&
         g_strcmp0 (holder->unit, get_desktop (self)->display_manager) == 0;
}

/* Everything of a user's own systemd goes with each of his desktops, which most programs and some
 * desktops run below (SD-USER). */
static gboolean
is_in_session (const BatonSession *session, const BatonHolder *holder)
{
  g_autofree char *scope = NULL;

  if (holder->of_user)
    return holder->uid == session->uid && baton_session_is_graphical (session);
  scope = baton_session_dup_scope (session->id);

  return g_strcmp0 (holder->unit, scope) == 0;
}

/* Whether the desktop that has the card draws in this session. */
static gboolean
draws (const BatonPlanning *self, const BatonSession *session)
{
  if (session->seat == NULL)
    return FALSE;

  for (guint i = 0; i < self->holders->holders->len; i++)
    {
      const BatonHolder *holder = self->holders->holders->pdata[i];

      if (is_desktop (self, holder) && is_in_session (session, holder))
        return TRUE;
    }

  return FALSE;
}

static gboolean
shows_of_display_manager (const BatonPlanning *self)
{
  for (guint i = 0; i < self->holders->holders->len; i++)
    {
      const BatonHolder *holder = self->holders->holders->pdata[i];

      if (is_desktop (self, holder) && is_of_display_manager (self, holder))
        return TRUE;
    }

  return FALSE;
}

/* Left running, it would start a login screen on the card as soon as its session has ended. */
static gboolean
stops_display_manager (const BatonPlanning *self)
{
  const BatonDesktop *desktop = get_desktop (self);

  if (desktop->display_manager == NULL ||
      self->profile->display_manager == BATON_DISPLAY_MANAGER_KEEP)
    return FALSE;
  if (shows_of_display_manager (self))
    return TRUE;

  for (guint i = 0; i < desktop->sessions->len; i++)
    {
      const BatonSession *session = desktop->sessions->pdata[i];

      if (draws (self, session) &&
          (self->profile->display_manager == BATON_DISPLAY_MANAGER_STOP ||
           baton_session_is_of_login_screen (session)))
        return TRUE;
    }

  return FALSE;
}

static gboolean
looks_for_sessions (const BatonPlanning *self)
{
  return self->to == BATON_SIDE_GUEST && self->card->side != BATON_SIDE_GUEST &&
         self->holders != NULL && get_desktop (self) != NULL;
}

/* The display manager takes all of its sessions along, on whichever card they draw. */
static gboolean
ends (const BatonPlanning *self, const BatonSession *session)
{
  return draws (self, session) ||
         (session->seat != NULL && baton_session_is_graphical (session) &&
          baton_session_is_of_login_screen (session) && stops_display_manager (self));
}

/* Whether a process ends with a session that has to end: with it, its consent is given. */
gboolean
baton_planning_goes_with_session (const BatonPlanning *self, const BatonHolder *holder)
{
  const GPtrArray *sessions = NULL;

  if (!looks_for_sessions (self) || holder->kind == BATON_HOLDER_KERNEL ||
      holder->kind == BATON_HOLDER_VM || holder->pid <= 1)
    return FALSE;
  if (is_of_display_manager (self, holder) && stops_display_manager (self))
    return TRUE;

  sessions = get_desktop (self)->sessions;
  for (guint i = 0; i < sessions->len; i++)
    if (is_in_session (sessions->pdata[i], holder) && ends (self, sessions->pdata[i]))
      return TRUE;

  return FALSE;
}

/* Whether a desktop that has the card can be ended, and is not asked to let go of it. */
gboolean
baton_planning_ends_desktop (const BatonPlanning *self)
{
  for (guint i = 0; looks_for_sessions (self) && i < self->holders->holders->len; i++)
    {
      const BatonHolder *holder = self->holders->holders->pdata[i];

      if (is_desktop (self, holder) && baton_planning_goes_with_session (self, holder))
        return TRUE;
    }

  return FALSE;
}

/* Whether a session may end for it: whoever asks has said so, or, where libvirt asks and nobody can be, the
 * card's owner has said so once for all. */
gboolean
baton_planning_may_end_session (const BatonPlanning *self)
{
  return self->request->end_session ||
         (self->request->hook_guest != NULL && self->profile->hook_ends_session);
}

/* Another card of this computer that a desktop could draw on meanwhile. */
gboolean
baton_planning_has_other_screen (const BatonPlanning *self)
{
  /* What stands in is coming, or is left because the other has come. */
  if (self->main != NULL || (self->stand_in != NULL && self->to == BATON_SIDE_GUEST))
    return TRUE;

  for (guint i = 0; i < self->machine->cards->len; i++)
    {
      const BatonCard *card = self->machine->cards->pdata[i];

      if (card != self->card && card->could_show_desktop && !card->kept_off)
        return TRUE;
    }

  return FALSE;
}

static gboolean
lingers (const BatonDesktop *desktop, guint uid)
{
  for (guint i = 0; i < desktop->lingering->len; i++)
    if (g_array_index (desktop->lingering, guint, i) == uid)
      return TRUE;

  return FALSE;
}

/* What runs below a user's own systemd outlives his desktop while he has another session (SD-USER). */
static gboolean
outlives (const BatonPlanning *self, const BatonSessionGuest *guest)
{
  const BatonDesktop *desktop = get_desktop (self);

  if (!guest->of_user)
    return FALSE;
  if (lingers (desktop, guest->uid))
    return TRUE;

  for (guint i = 0; i < desktop->sessions->len; i++)
    {
      const BatonSession *session = desktop->sessions->pdata[i];

      if (session->uid == guest->uid && baton_session_keeps_user (session) &&
          !ends (self, session))
        return TRUE;
    }

  return FALSE;
}

static gboolean
guest_is_in_session (const BatonSession *session, const BatonSessionGuest *guest)
{
  g_autofree char *scope = baton_session_dup_scope (session->id);

  return guest->of_user ? guest->uid == session->uid : g_strcmp0 (guest->unit, scope) == 0;
}

/* Whose end would end @guest: NULL where none does. */
static const BatonSession *
find_session_of (const BatonPlanning *self, const BatonSessionGuest *guest)
{
  const GPtrArray *sessions = get_desktop (self)->sessions;

  for (guint i = 0; i < sessions->len && !outlives (self, guest); i++)
    if (guest_is_in_session (sessions->pdata[i], guest) && ends (self, sessions->pdata[i]))
      return sessions->pdata[i];

  return NULL;
}

static void
look_at_guests (BatonPlanning *self)
{
  const GPtrArray *guests = get_desktop (self)->guests;

  for (guint i = 0; i < guests->len; i++)
    {
      const BatonSessionGuest *guest = guests->pdata[i];
      const BatonSession *session = find_session_of (self, guest);
      g_autofree char *pid = g_strdup_printf ("%d", guest->pid);

      if (session != NULL)
        baton_planning_add (self, BATON_CODE_SESSION_HAS_GUEST, pid, "guest", guest->guest,
                            "pid", pid, "user", session->user);
    }
}

static void
look_at_login_screen (BatonPlanning *self)
{
  const char *unit = get_desktop (self)->display_manager;

  if (stops_display_manager (self))
    baton_planning_add (self,
                        baton_planning_has_other_screen (self) ? BATON_CODE_LOGIN_SCREEN_RETURNS
                                                               : BATON_CODE_LOGIN_SCREEN_WAITS,
                        unit, "unit", unit);
}

/* What else ends with the desktop that has the card. */
void
baton_planning_look_at_session (BatonPlanning *self)
{
  const BatonDesktop *desktop = get_desktop (self);

  if (!baton_planning_ends_desktop (self))
    return;

  for (guint i = 0; i < desktop->sessions->len; i++)
    {
      const BatonSession *session = desktop->sessions->pdata[i];

      if (ends (self, session))
        baton_planning_add (self, BATON_CODE_SESSION_ENDS, session->id, "user", session->user,
                            "session", session->id);
    }
  look_at_guests (self);
  look_at_login_screen (self);
  if (!baton_planning_has_other_screen (self) && !desktop->has_ssh)
    baton_planning_add (self, BATON_CODE_NO_WAY_IN, NULL);
}

/* First of all, and while it can be stopped: who is logged out in the ordinary way is asked what to
 * save, and may stay. Of others' sessions nobody but they can ask. */
void
baton_planning_add_log_out (BatonPlanning *self)
{
  const GPtrArray *sessions;

  if (!self->request->log_out || self->request->uid == 0 || !baton_planning_ends_desktop (self))
    return;

  sessions = get_desktop (self)->sessions;
  for (guint i = 0; i < sessions->len; i++)
    {
      const BatonSession *session = sessions->pdata[i];
      g_autofree char *uid = g_strdup_printf ("%u", session->uid);

      if (session->uid != self->request->uid || !baton_session_is_graphical (session) ||
          !ends (self, session))
        continue;
      baton_planning_add_step (self, BATON_STEP_LOG_OUT, session->id, uid);
      return;
    }
}

/* First who would start another desktop, then the sessions that there are. */
void
baton_planning_add_session_ends (BatonPlanning *self)
{
  const BatonDesktop *desktop = get_desktop (self);

  if (!baton_planning_ends_desktop (self))
    return;

  self->plan->ends_session = TRUE;
  if (stops_display_manager (self))
    baton_planning_add_step (self, BATON_STEP_STOP_UNIT, BATON_DISPLAY_MANAGER, NULL);
  for (guint i = 0; i < desktop->sessions->len; i++)
    {
      const BatonSession *session = desktop->sessions->pdata[i];
      g_autofree char *uid = g_strdup_printf ("%u", session->uid);

      if (ends (self, session))
        baton_planning_add_step (self, BATON_STEP_END_SESSION, session->id, uid);
    }
}

/* Whether the login screen is stopped because it draws on the card, or starts what does. */
gboolean
baton_planning_stops_login_screen (const BatonPlanning *self)
{
  return baton_planning_ends_desktop (self) && stops_display_manager (self);
}

/* With no other card to draw on it would fail, again and again: it comes back with the card then. On a
 * stand-in it is the stand-in's, which is nobody's before that. */
void
baton_planning_add_login_screen (BatonPlanning *self)
{
  gboolean to_guest = self->to == BATON_SIDE_GUEST;
  const BatonPlanning *stopped = to_guest ? self : self->stand_in;

  if (stopped != NULL && baton_planning_stops_login_screen (stopped) &&
      baton_planning_has_other_screen (stopped))
    baton_planning_add_step (to_guest && self->stand_in != NULL ? self->stand_in : self,
                             BATON_STEP_START_UNIT, BATON_DISPLAY_MANAGER, NULL);
}
