/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "config.h"

#include "baton-closer.h"

#include <errno.h>
#include <signal.h>
#include <sys/epoll.h>
#include <sys/pidfd.h>
#include <unistd.h>

#include "baton-fd.h"
#include "baton-look.h"
#include "baton-text.h"

/* A process that was killed ends at once unless it is in the kernel. */
#define KILLED_US (5 * G_USEC_PER_SEC)

/* Closed this often, and there again: somebody starts it anew. */
#define MAX_ROUNDS 3

/* Returns: whoever still has to go, or %NULL where that nobody is seen proves nothing */
static GPtrArray *
list_covered (const BatonCloser *self, BatonHolders **ret_holders, BatonTrouble *trouble)
{
  g_autoptr (GPtrArray) covered = g_ptr_array_new ();
  g_autoptr (BatonHolders) holders = NULL;

  if (!baton_look_again (self->context, trouble))
    return NULL;
  holders = baton_look_at_all_holders (self->context, trouble);
  if (holders == NULL)
    return NULL;
  for (guint i = 0; i < holders->holders->len; i++)
    if (self->filter (g_ptr_array_index (holders->holders, i), self->data))
      g_ptr_array_add (covered, g_ptr_array_index (holders->holders, i));
  if (covered->len == 0 && !baton_look_has_seen_all (holders, trouble))
    return NULL;
  *ret_holders = g_steal_pointer (&holders);

  return g_steal_pointer (&covered);
}

/**
 * baton_closer_signal:
 * @context: the handoff
 * @pid: a process
 * @start_time: when it began
 * @number: a signal
 *
 * By pidfd, and the start time is compared on what the pidfd stands for: a pid that was taken over
 * meanwhile is never signalled.
 *
 * Returns: a descriptor that is readable when it has ended, or -1 where it was not signalled
 */
int
baton_closer_signal (BatonStepContext *context, int pid, const char *start_time, int number)
{
  baton_autofd int pidfd = pidfd_open (pid, 0);

  if (pidfd < 0 || !baton_application_is_process (context->root, pid, start_time) ||
      pidfd_send_signal (pidfd, number, NULL, 0) < 0)
    return -1;

  return baton_fd_steal (&pidfd);
}

/* Who was signalled, and has not been seen to end. */
typedef struct
{
  int epoll_fd;
  GArray *pidfds;
} Signalled;

static void
add_signalled (Signalled *self, int pidfd)
{
  struct epoll_event event = { .events = EPOLLIN | EPOLLONESHOT };

  if (pidfd < 0)
    return;
  g_array_append_val (self->pidfds, pidfd);
  if (epoll_ctl (self->epoll_fd, EPOLL_CTL_ADD, pidfd, &event) < 0)
    g_debug ("could not watch a process: %s, ignoring", g_strerror (errno));
}

static BatonWait
wait_for_ends (BatonStepContext *context, Signalled *signalled, gint64 deadline_us)
{
  BatonWait wait = BATON_WAIT_READY;

  for (guint n_left = signalled->pidfds->len; n_left > 0 && wait == BATON_WAIT_READY; n_left--)
    {
      struct epoll_event event;

      wait = baton_waiter_wait (context->waiter, signalled->epoll_fd, deadline_us, TRUE);
      if (wait == BATON_WAIT_READY && epoll_wait (signalled->epoll_fd, &event, 1, 0) < 0)
        break;
    }

  return wait;
}

/* Signals them all and waits until every one has ended or the time is up. The parents come first,
 * so that they start nobody in the place of those who end before them. */
static BatonWait
signal_and_wait (BatonStepContext *context,
                 GPtrArray *parents,
                 GPtrArray *covered,
                 int number,
                 gint64 wait_us)
{
  gint64 deadline_us = g_get_monotonic_time () + wait_us;
  baton_autofd int epoll_fd = epoll_create1 (EPOLL_CLOEXEC);
  g_autoptr (GArray) pidfds = g_array_new (FALSE, FALSE, sizeof (int));
  Signalled signalled = { epoll_fd, pidfds };
  BatonWait wait;

  for (guint i = 0; parents != NULL && i < parents->len; i++)
    {
      const BatonProcess *parent = g_ptr_array_index (parents, i);

      add_signalled (&signalled,
                     baton_closer_signal (context, parent->pid, parent->start_time, number));
    }
  for (guint i = 0; i < covered->len; i++)
    {
      const BatonHolder *holder = g_ptr_array_index (covered, i);

      add_signalled (&signalled,
                     baton_closer_signal (context, holder->pid, holder->start_time, number));
    }
  wait = wait_for_ends (context, &signalled, deadline_us);
  for (guint i = 0; i < pidfds->len; i++)
    close (g_array_index (pidfds, int, i));

  return wait;
}

static void
set_process_trouble (BatonTrouble *trouble, BatonCode code, const BatonHolder *holder)
{
  g_autofree char *name = baton_text_clean (holder->name, -1, 128, NULL, NULL);
  g_autofree char *pid = g_strdup_printf ("%d", holder->pid);

  baton_trouble_set (trouble, code, 0, "name", name, "pid", pid, NULL);
}

static void
set_respawns (BatonTrouble *trouble, const BatonHolder *holder)
{
  g_autofree char *name = baton_text_clean (holder->name, -1, 128, NULL, NULL);
  g_autofree char *command = NULL;

  if (!baton_holder_is_started_again (holder))
    {
      set_process_trouble (trouble, BATON_CODE_RESPAWNS, holder);
      return;
    }
  command = baton_holder_dup_stop (holder);
  baton_trouble_set (trouble, BATON_CODE_RESPAWNS_IN_SERVICE, 0, "name", name, "unit",
                     holder->unit, "command", command, NULL);
}

/* One round: TERM to what still holds the card, a grace period, then KILL. What comes back is
 * started by somebody: from the second round on he is asked to end as well. */
static BatonOutcome
close_round (const BatonCloser *self, guint round, GPtrArray *covered, BatonTrouble *trouble)
{
  BatonStepContext *context = self->context;
  gint64 grace_us = (gint64) context->profile->close_politely_ms * 1000;
  g_autoptr (BatonHolders) holders = NULL;
  g_autoptr (GPtrArray) parents =
      round > 0 && self->application != NULL
          ? baton_application_list_parents (self->application, context->root, covered)
          : NULL;
  g_autoptr (GPtrArray) left = NULL;

  if (signal_and_wait (context, parents, covered, SIGTERM, grace_us) == BATON_WAIT_CANCELLED)
    return BATON_OUTCOME_CANCELLED;
  left = list_covered (self, &holders, trouble);
  if (left == NULL)
    return BATON_OUTCOME_FAILED;
  if (left->len == 0)
    return BATON_OUTCOME_OK;
  switch (signal_and_wait (context, NULL, left, SIGKILL, KILLED_US))
    {
    case BATON_WAIT_CANCELLED:
      return BATON_OUTCOME_CANCELLED;
    case BATON_WAIT_TIMEOUT:
      set_process_trouble (trouble, BATON_CODE_HOLDER_SURVIVED, g_ptr_array_index (left, 0));
      return BATON_OUTCOME_FAILED;
    case BATON_WAIT_READY:
    default:
      return BATON_OUTCOME_OK;
    }
}

/**
 * baton_closer_run:
 * @self: who is to end
 * @trouble: who does not
 *
 * Looks who has the card, asks those who are to end, and kills who is still there after a while, until
 * none of them has it.
 *
 * Returns: the outcome
 */
BatonOutcome
baton_closer_run (const BatonCloser *self, BatonTrouble *trouble)
{
  for (guint round = 0;; round++)
    {
      g_autoptr (BatonHolders) holders = NULL;
      g_autoptr (GPtrArray) covered = list_covered (self, &holders, trouble);
      BatonOutcome outcome;

      if (covered == NULL)
        return BATON_OUTCOME_FAILED;
      if (covered->len == 0)
        {
          if (self->ret_left != NULL)
            *self->ret_left = g_steal_pointer (&holders);
          return BATON_OUTCOME_OK;
        }
      if (round == MAX_ROUNDS)
        {
          set_respawns (trouble, g_ptr_array_index (covered, 0));
          return BATON_OUTCOME_FAILED;
        }
      outcome = close_round (self, round, covered, trouble);
      if (outcome != BATON_OUTCOME_OK)
        return outcome;
    }
}
