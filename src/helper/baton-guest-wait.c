/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "config.h"

#include "baton-guest-wait.h"

#include <errno.h>

#include "baton-error.h"
#include "baton-guest-watch.h"
#include "baton-look.h"
#include "baton-root-warily.h"
#include "baton-stopping.h"

/* A guest that is started by hand has the card open within seconds; nobody sits a minute before a dark
 * screen and knows what it means. */
#define SOON_MINUTES 1

typedef struct
{
  /* borrowed */
  BatonStepContext *context;
  const BatonStep *step;
  const char *handoff;
  BatonLock **lock;

  /* owned */
  BatonGuestWatch *watch;
  char *note; /* which note of the card there was when the wait began */

  BatonSide side; /* where the card was then */
  gboolean seen;  /* a guest has had the card */
  guint minutes;  /* that one has to come, or 0 for no end of them */
  gint64 late_us; /* when it is no longer waited for one that has not come, or 0 for never */
  gboolean told;  /* that nobody can say whether it has it still */
} Wait;

static void
wait_clear (Wait *self)
{
  g_clear_pointer (&self->watch, baton_guest_watch_free);
  g_free (self->note);
}

G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC (Wait, wait_clear)

typedef enum
{
  SIGHT_FAILED,
  SIGHT_IN_USE, /* or to be used yet */
  SIGHT_FREE,
  SIGHT_MOVED, /* somebody else takes the card away, or has done so */
} Sight;

/* Whether a guest that was there and is not seen has gone. Where not every process could be looked at,
 * the kernel knows: only once that lets somebody else have the group nobody has it. */
static gboolean
has_gone (Wait *self, const BatonHolders *holders)
{
  g_auto (BatonTrouble) unseen = BATON_TROUBLE_INIT;
  g_autofree char *reason = NULL;
  g_autofree char *text = NULL;

  if (baton_look_has_seen_all (holders, &unseen) ||
      baton_look_is_left_by_guests (self->context))
    return TRUE;
  if (self->told)
    return FALSE;
  self->told = TRUE;
  reason = baton_trouble_dup_text (&unseen);
  text = g_strconcat (reason, " The card therefore stays with the virtual machines.", NULL);
  baton_event_writer_log (self->context->events, "warning", text);

  return FALSE;
}

/* The watch listens before the look, so that nothing falls between the two. */
static Sight
look (Wait *self, BatonTrouble *trouble)
{
  BatonStepContext *context = self->context;
  g_autoptr (BatonHolders) holders = NULL;
  const BatonCard *card;
  guint n_holders;

  if (self->watch == NULL ||
      !baton_guest_watch_set_end (self->watch, self->seen ? 0 : self->late_us) ||
      !baton_guest_watch_listen (self->watch, context->root))
    {
      baton_trouble_set (trouble, BATON_CODE_WATCH_REFUSED, errno, "reason", g_strerror (errno),
                         NULL);
      return SIGHT_FAILED;
    }
  if (!baton_look_again (context, trouble))
    return SIGHT_FAILED;
  card = baton_look_find_card (context, trouble);
  if (card == NULL)
    return SIGHT_FAILED;
  if (card->side != self->side)
    return SIGHT_MOVED;
  holders = baton_look_at_all_holders (context, trouble);
  if (holders == NULL)
    return SIGHT_FAILED;

  n_holders = baton_guest_watch_follow (self->watch, holders);
  if (!self->seen && n_holders > 0)
    baton_event_writer_log (context->events, "info",
                            "A virtual machine has the card open; it comes back when that has "
                            "stopped.");
  self->seen = self->seen || n_holders > 0;
  if (!self->seen)
    return self->late_us > 0 && g_get_monotonic_time () >= self->late_us ? SIGHT_FREE
                                                                         : SIGHT_IN_USE;

  return n_holders == 0 && has_gone (self, holders) ? SIGHT_FREE : SIGHT_IN_USE;
}

static guint
get_minutes (const BatonStep *step)
{
  return g_strcmp0 (step->detail, BATON_SOON) == 0 ? SOON_MINUTES
                                                   : baton_step_get_minutes (step->detail);
}

static void
tell_that_nobody_came (const Wait *self)
{
  guint minutes = baton_step_get_minutes (self->step->detail);
  g_autofree char *text = NULL;

  if (minutes > 1)
    text = g_strdup_printf (
        "No virtual machine has opened the card within %u minutes: the card comes back.",
        minutes);
  else
    text =
        g_strdup_printf ("No virtual machine has opened the card within a minute%s: the card "
                         "comes back.",
                         minutes == 1 ? "" : ", and this computer has no other screen");
  baton_event_writer_log (self->context->events, "warning", text);
}

/* A descriptor that is readable is not yet a reason to look. */
static gboolean
wait_for_news (Wait *self)
{
  BatonWait why;

  /* It may be weeks. */
  baton_root_release_reader (self->context->root);
  do
    why = baton_waiter_wait (self->context->waiter, baton_guest_watch_get_fd (self->watch),
                             BATON_WAIT_FOR_EVER, TRUE);
  while (why == BATON_WAIT_READY && !baton_guest_watch_has_news (self->watch));
  baton_root_hold_reader (self->context->root);

  return why != BATON_WAIT_CANCELLED;
}

static Sight
wait_until_free (Wait *self, BatonTrouble *trouble)
{
  Sight sight;

  while ((sight = look (self, trouble)) == SIGHT_IN_USE)
    if (!wait_for_news (self))
      return SIGHT_IN_USE;

  return sight;
}

/* Where the card was handed to the guest anew, whoever did that says when it comes back. */
static gboolean
is_taken_over (Wait *self, Sight sight)
{
  g_autofree char *note = NULL;

  if (self->context->to == BATON_SIDE_HOST)
    return FALSE;
  note = baton_card_state_dup_mark (self->context->root, self->context->before->card);

  return g_strcmp0 (note, self->note) != 0 &&
         (sight != SIGHT_MOVED ||
          baton_look_find_card (self->context, NULL)->side != BATON_SIDE_HOST);
}

static gboolean
take_lock (Wait *self, BatonTrouble *trouble)
{
  g_autoptr (GError) error = NULL;

  *self->lock =
      baton_lock_await (self->context->root, self->handoff, self->context->waiter, &error);
  if (*self->lock == NULL && !baton_waiter_is_cancelled (self->context->waiter))
    baton_trouble_set (trouble, BATON_CODE_INTERNAL, 0, "reason", error->message, NULL);

  return *self->lock != NULL;
}

/* A guest ends because the computer is switched off, or somebody asks to stop in the moment in which it
 * ends: nothing is to begin any more. A restart puts the card back by itself. */
static gboolean
is_to_end (Wait *self)
{
  BatonStepContext *context = self->context;

  if (baton_waiter_is_cancelled (context->waiter))
    return TRUE;
  if (!baton_is_stopping_by_errand (context->root, context->waiter))
    return FALSE;
  baton_event_writer_log (context->events, "info",
                          "The computer is being switched off: the card is not taken back.");

  return TRUE;
}

/**
 * baton_guest_wait:
 * @context: a handoff that has nothing half done
 * @step: the step that waits, which is told as begun when the lock is free
 * @handoff: its id
 * @lock: (inout): the lock, which is let go for as long as it waits
 * @ret_unused_minutes: (out): set where the card is to be taken back because nobody has opened it: how
 *   long it was waited for
 * @trouble: why it could not wait
 *
 * Waits until somebody has had the card and nobody has it any more. On the way to the host the guest
 * is there from the start, as one is that was started by this handoff; else it has yet to come,
 * and has a minute for that where the step says %BATON_SOON, or the minutes of %BATON_WITHIN. A guest
 * that has come has no limit.
 *
 * A guest may run for weeks, and the other cards are not to wait for it. So whatever happens to the
 * card meanwhile is found by looking, and once more when the lock is there again: nobody moves a
 * card without it.
 *
 * Returns: %BATON_OUTCOME_OK where the card is to be taken back, or has been; with the lock.
 *   %BATON_OUTCOME_CANCELLED where somebody asked to stop, the computer is being switched off, or the
 *   card was handed over anew; perhaps without it. %BATON_OUTCOME_FAILED with the lock, if that can be had
 */
BatonOutcome
baton_guest_wait (BatonStepContext *context,
                  const BatonStep *step,
                  const char *handoff,
                  BatonLock **lock,
                  guint *ret_unused_minutes,
                  BatonTrouble *trouble)
{
  g_auto (Wait) self = {
    .context = context,
    .step = step,
    .handoff = handoff,
    .lock = lock,
    .watch = baton_guest_watch_new (),
    .note = baton_card_state_dup_mark (context->root, context->before->card),
    .seen = context->to == BATON_SIDE_HOST || g_strcmp0 (step->detail, BATON_STARTED) == 0,
    .minutes = get_minutes (step),
  };
  Sight sight;

  if (!baton_look_again (context, trouble) || baton_look_find_card (context, trouble) == NULL)
    return BATON_OUTCOME_FAILED;
  self.side = baton_look_find_card (context, NULL)->side;
  g_clear_pointer (lock, baton_lock_release);
  baton_event_writer_step (context->events, step, BATON_STEP_STATE_START, 0, BATON_CODE_NONE,
                           NULL);
  if (self.minutes > 0)
    self.late_us = g_get_monotonic_time () + self.minutes * G_TIME_SPAN_MINUTE;
  do
    {
      g_clear_pointer (lock, baton_lock_release);
      sight = wait_until_free (&self, trouble);
      if (sight == SIGHT_IN_USE || !take_lock (&self, trouble))
        return baton_waiter_is_cancelled (context->waiter) ? BATON_OUTCOME_CANCELLED
                                                           : BATON_OUTCOME_FAILED;
      if (sight != SIGHT_FAILED)
        sight = look (&self, trouble);
      if (sight == SIGHT_FAILED)
        return BATON_OUTCOME_FAILED;
    }
  while (sight == SIGHT_IN_USE && !is_taken_over (&self, sight));

  if (is_taken_over (&self, sight) || is_to_end (&self))
    return BATON_OUTCOME_CANCELLED;
  if (!self.seen && sight == SIGHT_FREE)
    {
      tell_that_nobody_came (&self);
      *ret_unused_minutes = self.minutes;
    }

  return BATON_OUTCOME_OK;
}
