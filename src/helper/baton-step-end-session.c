/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "config.h"

#include <unistd.h>

#include "baton-closer.h"
#include "baton-desktop.h"
#include "baton-fd.h"
#include "baton-look-let-go.h"
#include "baton-look.h"
#include "baton-process-kind.h"
#include "baton-session-end.h"

/* Whose end it is. */
typedef struct
{
  char *scope;
  guint uid;
} Whose;

static void
whose_clear (Whose *self)
{
  g_free (self->scope);
}

G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC (Whose, whose_clear)

/* FALSE where the step names no session: then nothing is touched. */
static gboolean
find_whose (const BatonStep *step, Whose *ret_whose)
{
  guint64 uid = 0;

  if (!baton_session_id_is_valid (step->target) || step->detail == NULL ||
      !g_ascii_string_to_unsigned (step->detail, 10, 0, G_MAXUINT32 - 1, &uid, NULL))
    return FALSE;
  ret_whose->scope = baton_session_dup_scope (step->target);
  ret_whose->uid = (guint) uid;

  return TRUE;
}

/* What began in the session, and the user's own services, below which most desktops have their
 * programs and some are themselves. His sound server is asked to let go, and lives. */
static gboolean
is_of_session (const BatonHolder *holder, gconstpointer data)
{
  const Whose *whose = data;

  if (holder->pid <= 1 || holder->kind == BATON_HOLDER_VM ||
      holder->kind == BATON_HOLDER_KERNEL || baton_process_name_is_keeper (holder->name))
    return FALSE;
  if (holder->of_user)
    return holder->uid == whose->uid && holder->kind != BATON_HOLDER_SOUND;

  return g_strcmp0 (holder->unit, whose->scope) == 0;
}

static gboolean
is_there (BatonStepContext *context, const BatonStep *step)
{
  g_autoptr (BatonDesktop) desktop = baton_desktop_new (context->root);

  return baton_desktop_find_session (desktop, step->target) != NULL;
}

static gboolean
observe (BatonStepContext *context,
         const BatonStep *step,
         gboolean applied,
         BatonTrouble *trouble)
{
  /* It looks itself until nobody of the session has the card. A session that has ended by now ended with
   * the display manager, for the same consent: that is to be told like the end of any other. */
  return applied;
}

static gboolean
is_desktop (const BatonHolder *holder)
{
  return holder->kind == BATON_HOLDER_COMPOSITOR || holder->kind == BATON_HOLDER_DISPLAY_SERVER;
}

/* logind, and PID 1 for it, let go of what they keep for a desktop a moment after that has ended. */
static gboolean
is_keeper (const BatonHolder *holder, const BatonCard *card, const BatonStep *step)
{
  return holder->uid == 0 && baton_process_name_is_keeper (holder->name);
}

/* @left: who has the card, now that nobody of the session has. The kernel keeps whoever ends a watch
 * waiting until nobody can be at it any more (kernel/rcu/srcutree.c, by fsnotify_destroy_group()), so
 * that none is begun where nobody is waited for; they are looked for anew once it has begun. */
static BatonOutcome
wait_for_keepers (BatonStepContext *context,
                  const BatonStep *step,
                  const BatonHolders *left,
                  BatonTrouble *trouble)
{
  baton_autofd int notes = -1;
  gboolean is_kept = FALSE;

  for (guint i = 0; i < left->holders->len; i++)
    {
      const BatonHolder *holder = g_ptr_array_index (left->holders, i);

      /* Of another session, whose turn is yet to come. */
      if (is_desktop (holder))
        return BATON_OUTCOME_OK;
      is_kept = is_kept || is_keeper (holder, NULL, step);
    }

  if (!is_kept)
    return BATON_OUTCOME_OK;
  notes = baton_look_listen_to_closes (context, BATON_LOOK_GRAPHICS);

  return baton_look_wait_until_let_go (context, step, is_keeper, notes,
                                       BATON_CODE_SESSION_HOLDS_CARD, trouble);
}

/* One that a display manager has opened since the plan was made, because somebody has logged out. */
static gboolean
is_newcomer (BatonStepContext *context, const BatonSession *session)
{
  return session->seat != NULL && baton_session_is_graphical (session) &&
         baton_session_is_of_login_screen (session) &&
         baton_desktop_find_session (context->machine->system->desktop, session->id) == NULL;
}

/* The login screen that came when he had left was stopped, and what began in its session may not have
 * ended with it. */
static gboolean
end_newcomers (BatonStepContext *context, BatonTrouble *trouble)
{
  g_autoptr (BatonDesktop) desktop = baton_desktop_new (context->root);
  g_autoptr (GError) error = NULL;

  if (context->machine == NULL || context->machine->system->desktop == NULL ||
      context->profile->display_manager == BATON_DISPLAY_MANAGER_KEEP)
    return TRUE;
  for (guint i = 0; i < desktop->sessions->len; i++)
    {
      const BatonSession *session = desktop->sessions->pdata[i];

      if (!is_newcomer (context, session) ||
          baton_session_end (context->root, context->waiter, session->id, &error))
        continue;
      baton_trouble_set (trouble, BATON_CODE_SESSION_NOT_ENDED, 0, "session", session->id,
                         "reason", error->message, NULL);
      return FALSE;
    }

  return TRUE;
}

static BatonOutcome
apply (BatonStepContext *context, const BatonStep *step, BatonTrouble *trouble)
{
  g_autoptr (GError) error = NULL;
  g_auto (Whose) whose = { 0 };
  g_autoptr (BatonHolders) left = NULL;
  BatonOutcome outcome;

  if (!find_whose (step, &whose))
    {
      baton_trouble_set (trouble, BATON_CODE_SESSION_NOT_ENDED, 0, "session", step->target,
                         "reason", "logind calls none so", NULL);
      return BATON_OUTCOME_FAILED;
    }
  if (is_there (context, step) &&
      !baton_session_end (context->root, context->waiter, step->target, &error))
    {
      baton_trouble_set (trouble, BATON_CODE_SESSION_NOT_ENDED, 0, "session", step->target,
                         "reason", error->message, NULL);
      return BATON_OUTCOME_FAILED;
    }
  if (!end_newcomers (context, trouble))
    return BATON_OUTCOME_FAILED;
  outcome =
      baton_closer_run (&(BatonCloser){ context, is_of_session, &whose, NULL, &left }, trouble);

  return outcome == BATON_OUTCOME_OK ? wait_for_keepers (context, step, left, trouble)
                                     : outcome;
}

/**
 * baton_step_end_session_end_all:
 * @context: the handoff, at a step for the card that they draw on
 * @trouble: why it could not be done
 *
 * Ends every session that a login screen has opened, when that has been stopped: of a handoff that is
 * put back, what began on the card that stood in.
 *
 * Returns: the outcome
 */
BatonOutcome
baton_step_end_session_end_all (BatonStepContext *context, BatonTrouble *trouble)
{
  g_autoptr (BatonDesktop) desktop = baton_desktop_new (context->root);
  BatonOutcome outcome = BATON_OUTCOME_OK;

  for (guint i = 0; outcome == BATON_OUTCOME_OK && i < desktop->sessions->len; i++)
    {
      const BatonSession *session = desktop->sessions->pdata[i];
      g_autofree char *uid = g_strdup_printf ("%u", session->uid);
      g_autoptr (BatonStep) step = baton_step_new (BATON_STEP_END_SESSION, session->id, uid);

      if (session->seat != NULL && baton_session_is_graphical (session) &&
          baton_session_is_of_login_screen (session))
        outcome = apply (context, step, trouble);
    }

  return outcome;
}

/* Nothing brings a session back: like the closing of a program it comes before all that can be undone,
 * but for the display manager, which would start the next one. */
const BatonStepClass baton_step_end_session_class = {
  .cancel_before = TRUE,
  .ends_programs = TRUE,
  .observe = observe,
  .apply = apply,
};
