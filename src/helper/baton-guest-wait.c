/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "config.h"

#include "baton-guest-wait.h"

#include <errno.h>
#include <string.h>

#include "baton-error.h"
#include "baton-guest-watch.h"
#include "baton-look.h"
#include "baton-process-kind.h"
#include "baton-root-warily.h"
#include "baton-stopping.h"

/* A guest that is started by hand has the card open within seconds; nobody sits a minute before a dark
 * screen and knows what it means. */
#define SOON_MINUTES 1

/* From the end of QEMU's process to its hook libvirt takes a moment, in which it gives the devices back
 * itself where it is to, and calls the scripts of others, that may take longer. */
#define FETCH_S 30

/* Where libvirt keeps the process of a guest: it is there before the guest opens anything, and goes with it
 * (virPidFileBuildPath() in libvirt's src/util/virpidfile.c, of qemuProcessLaunch()). */
#define PID_FILES "libvirt/qemu"

typedef struct
{
  /* borrowed */
  BatonStepContext *context;
  const BatonStep *step;
  const char *handoff;
  const char *hook_guest; /* or NULL */
  BatonLock **lock;

  /* owned */
  BatonGuestWatch *watch;
  char *note; /* which note of the card there was when the wait began */

  BatonSide side; /* where the card was then */
  gboolean seen;  /* a guest has had the card */
  guint minutes;  /* that one has to come, or 0 for no end of them */
  /* When it is no longer waited, for one that has not come or for libvirt where one has gone; or 0. */
  gint64 late_us;
  gboolean is_left; /* it is libvirt who is waited for */
  gboolean told;    /* that nobody can say whether it has it still */
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

/* Returns: %SIGHT_IN_USE */
static Sight
wait_until (Wait *self, gint64 late_us)
{
  self->late_us = late_us;
  baton_guest_watch_set_end (self->watch, late_us);

  return SIGHT_IN_USE;
}

static gboolean
is_late (const Wait *self)
{
  return self->late_us > 0 && g_get_monotonic_time () >= self->late_us;
}

/* Of a large one the memory is filled before it opens any card, which may take minutes. A name that is
 * not shown as it is has none of these files. */
static gboolean
is_being_started (Wait *self)
{
  BatonRoot *root = self->context->root;
  g_autofree char *path = NULL;
  g_autofree char *line = NULL;
  g_autoptr (BatonProcess) process = NULL;
  guint64 pid = 0;

  if (self->hook_guest == NULL || strchr (self->hook_guest, '/') != NULL)
    return FALSE;
  path = g_strconcat (PID_FILES "/", self->hook_guest, ".pid", NULL);
  line = baton_root_read_line (root, BATON_ROOT_RUN, path, NULL);
  if (line != NULL && g_ascii_string_to_unsigned (line, 10, 1, G_MAXINT, &pid, NULL))
    process = baton_process_new (root, (int) pid, NULL);

  return process != NULL && baton_process_name_is_vm (process->name);
}

/* One has yet to come. */
static Sight
look_for_the_first (Wait *self)
{
  if (!is_late (self))
    return SIGHT_IN_USE;
  if (!is_being_started (self))
    return SIGHT_FREE;
  self->minutes++;

  return wait_until (self, self->late_us + G_TIME_SPAN_MINUTE);
}

/* Whether the card was handed over anew since, or has come back. */
static gboolean
has_other_note (Wait *self)
{
  g_autofree char *note =
      baton_card_state_dup_mark (self->context->root, self->context->before->card);

  return g_strcmp0 (note, self->note) != 0;
}

/* One was there and has gone, or libvirt is giving the card back itself: its hook asks for the card next.
 * That is waited for, so that nobody works on the card beside it.
 *
 * @sight: what it is where nobody else asks */
static Sight
leave_to_libvirt (Wait *self, Sight sight)
{
  if (self->hook_guest == NULL || has_other_note (self))
    return sight;
  if (self->is_left)
    return is_late (self) ? sight : SIGHT_IN_USE;
  self->is_left = TRUE;

  return wait_until (self, g_get_monotonic_time () + FETCH_S * G_USEC_PER_SEC);
}

/* The watch listens before the look, so that nothing falls between the two. */
static Sight
look (Wait *self, BatonTrouble *trouble)
{
  BatonStepContext *context = self->context;
  g_autoptr (BatonHolders) holders = NULL;
  const BatonCard *card;
  guint n_holders;

  if (self->watch == NULL || !baton_guest_watch_set_end (self->watch, self->late_us) ||
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
    return leave_to_libvirt (self, SIGHT_MOVED);
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
    return look_for_the_first (self);
  if (n_holders == 0 && has_gone (self, holders))
    return leave_to_libvirt (self, SIGHT_FREE);
  self->is_left = FALSE;

  return wait_until (self, 0);
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

static void
tell_why (const Wait *self, Sight sight, BatonGuestWaited *ret_why)
{
  if (self->is_left)
    {
      baton_event_writer_log (
          self->context->events, "warning",
          "The virtual machine has ended, and libvirt has not asked for the "
          "card within half a minute: the card comes back.");
      ret_why->unfetched_s = FETCH_S;
    }
  else if (!self->seen && sight == SIGHT_FREE)
    {
      tell_that_nobody_came (self);
      ret_why->unused_minutes = self->minutes;
    }
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

/* Where the card was handed to the guest anew, whoever did that says when it comes back. Where libvirt's
 * hook has asked for it, that has brought it. */
static gboolean
is_taken_over (Wait *self, Sight sight)
{
  if (self->context->to == BATON_SIDE_HOST)
    return FALSE;

  return has_other_note (self) &&
         (self->hook_guest != NULL || sight != SIGHT_MOVED ||
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
 * @hook_guest: (nullable): the guest that libvirt's hook has asked for, and asks for the card after
 * @ret_why: (out): set where the card is to be taken back though nobody has asked for it
 * @trouble: why it could not wait
 *
 * Waits until somebody has had the card and nobody has it any more. On the way to the host the guest
 * is there from the start, as one is that was started by this handoff; else it has yet to come,
 * and has a minute for that where the step says %BATON_SOON, or the minutes of %BATON_WITHIN. A guest
 * that has come has no limit. After it libvirt's hook, where that has asked, has its time to ask for
 * the card: only where it does not is the card to be taken back here.
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
                  const char *hook_guest,
                  BatonGuestWaited *ret_why,
                  BatonTrouble *trouble)
{
  g_auto (Wait) self = {
    .context = context,
    .step = step,
    .handoff = handoff,
    .hook_guest = hook_guest,
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
  tell_why (&self, sight, ret_why);

  return BATON_OUTCOME_OK;
}
