/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "config.h"

#include <signal.h>

#include "baton-closer.h"
#include "baton-fd.h"
#include "baton-look.h"

static gboolean
parse_target (const BatonStep *step, int *ret_pid, const char **ret_start_time)
{
  char *end = NULL;
  gint64 pid = g_ascii_strtoll (step->target, &end, 10);

  if (end == step->target || *end != ':' || pid <= 1 || pid > G_MAXINT32)
    return FALSE;
  *ret_pid = (int) pid;
  *ret_start_time = end + 1;

  return TRUE;
}

/* A holder that the consent covers: the process that was shown, and what belongs to the same
 * application (DESIGN §6). */
static gboolean
is_covered (const BatonHolder *holder, gconstpointer data)
{
  const BatonApplication *application = data;

  if (!holder->closable || holder->pid <= 1)
    return FALSE;
  if (holder->pid == application->pid)
    return g_strcmp0 (holder->start_time, application->start_time) == 0;

  return application->scope != NULL && g_strcmp0 (holder->scope, application->scope) == 0 &&
         holder->uid == application->uid;
}

/* Whoever has the target's place in the application's name: the process itself while it holds the
 * card. One that is gone, or has let go, needs no closing. */
static BatonApplication *
find_application (BatonStepContext *context, const BatonStep *step, BatonTrouble *trouble)
{
  g_autoptr (BatonHolders) holders = NULL;
  const BatonHolder *holder;
  const char *start_time;
  int pid;

  if (!parse_target (step, &pid, &start_time))
    return NULL;
  if (!baton_look_again (context, trouble))
    return NULL;
  holders = baton_look_at_all_holders (context, trouble);
  if (holders == NULL)
    return NULL;
  holder = baton_holders_find_pid (holders, pid);
  if (holder != NULL && g_strcmp0 (holder->start_time, start_time) == 0)
    return baton_application_new (context->root, holder);
  if (baton_application_is_process (context->root, pid, start_time))
    baton_look_has_seen_all (holders, trouble);

  return NULL;
}

static gboolean
observe (BatonStepContext *context,
         const BatonStep *step,
         gboolean applied,
         BatonTrouble *trouble)
{
  g_autoptr (BatonApplication) application = NULL;
  g_auto (BatonTrouble) blind = BATON_TROUBLE_INIT;

  /* After apply, which looks itself until nobody of the application is left. */
  if (applied)
    return TRUE;
  application = find_application (context, step, &blind);

  /* Who could not be looked for may well be there: apply says why. */
  return application == NULL && blind.code == BATON_CODE_NONE;
}

static BatonWait
ask_leader (BatonStepContext *context, const BatonApplication *application)
{
  baton_autofd int pidfd = -1;

  /* Where it leads nobody, it is met in the first round. */
  if (application->leader == application->pid)
    return BATON_WAIT_READY;
  pidfd = baton_closer_signal (context, application->leader, application->leader_start_time,
                               SIGTERM);
  if (pidfd < 0)
    return BATON_WAIT_READY;

  return baton_waiter_wait (
      context->waiter, pidfd,
      g_get_monotonic_time () + (gint64) context->profile->close_politely_ms * 1000, TRUE);
}

static BatonOutcome
apply (BatonStepContext *context, const BatonStep *step, BatonTrouble *trouble)
{
  g_autoptr (BatonApplication) application = find_application (context, step, trouble);

  if (application == NULL)
    return trouble->code == BATON_CODE_NONE ? BATON_OUTCOME_OK : BATON_OUTCOME_FAILED;
  if (ask_leader (context, application) == BATON_WAIT_CANCELLED)
    return BATON_OUTCOME_CANCELLED;

  return baton_closer_run (
      &(BatonCloser){ context, is_covered, application, application, NULL }, trouble);
}

/* Closing cannot be undone, so these steps come first, and the last moment to cancel without a
 * loss is before the first of them. */
const BatonStepClass baton_step_close_process_class = {
  .cancel_before = TRUE,
  .ends_programs = TRUE,
  .observe = observe,
  .apply = apply,
};
