/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "config.h"

#include "baton-worker.h"

#include <fcntl.h>
#include <unistd.h>

#include "baton-adopt.h"
#include "baton-claim.h"
#include "baton-error.h"
#include "baton-fd.h"
#include "baton-handoff-dir.h"
#include "baton-handoff-hold.h"
#include "baton-handoff.h"
#include "baton-hook-installation.h"
#include "baton-isolation.h"
#include "baton-lock.h"
#include "baton-lost.h"
#include "baton-process.h"
#include "baton-recover.h"
#include "baton-settings.h"
#include "baton-undo-all.h"

/* Whoever asks for a recovery waits for its first word. */
#define RECOVER_WAIT_S 5

/* Who holds the lock while the settings are changed: no handoff, which others would watch. */
#define LOCK_OF_SETTINGS "settings"

static void
introduce (BatonRoot *root, BatonEventWriter *events)
{
  g_autoptr (BatonProcess) self = baton_process_new (root, getpid (), NULL);

  baton_event_writer_worker (events, getpid (), self != NULL ? self->start_time : "0");
}

static BatonEnd *
end_busy (const char *owner, const GError *error)
{
  if (g_error_matches (error, BATON_ERROR, BATON_ERROR_BUSY))
    return baton_end_new (BATON_EXIT_BUSY, BATON_CODE_BUSY, "who",
                          owner != NULL && *owner != '\0' ? owner : "unknown", NULL);

  return baton_end_new (BATON_EXIT_ERROR, BATON_CODE_INTERNAL, "reason", error->message, NULL);
}

/* For whoever watches, and has not asked for it. */
static void
tell_whose_hook (BatonEventWriter *events, const char *guest)
{
  g_autofree char *text =
      g_strdup_printf ("libvirt’s hook asks for it, for the virtual machine “%s”.", guest);

  baton_event_writer_log (events, "info", text);
}

static BatonEnd *
hand (BatonRoot *root,
      BatonEventWriter *events,
      BatonHandoffDir *dir,
      BatonHandoffOrder *order,
      BatonLock **lock,
      gint64 start_us)
{
  g_autoptr (GError) error = NULL;
  g_autoptr (BatonWaiter) waiter =
      baton_waiter_new (events, baton_handoff_dir_get_fd (dir), &error);

  if (waiter == NULL)
    return baton_end_new (BATON_EXIT_ERROR, BATON_CODE_INTERNAL, "reason", error->message,
                          NULL);
  if (order->request->hook_guest != NULL)
    tell_whose_hook (events, order->request->hook_guest);
  order->request->uid = order->uid;
  g_free (order->request->handoff);
  order->request->handoff = g_strdup (baton_handoff_dir_get_id (dir));
  baton_request_look (order->request, root);

  return baton_handoff_run (root, events, waiter, order->request, lock, start_us);
}

static BatonEnd *
carry_out (BatonRoot *root,
           BatonEventWriter *events,
           BatonHandoffDir *dir,
           BatonHandoffOrder *order,
           gint64 start_us)
{
  g_autoptr (GError) error = NULL;
  g_autofree char *owner = NULL;
  const char *id = baton_handoff_dir_get_id (dir);
  gboolean recovers = g_str_equal (order->verb, "recover");
  BatonEnd *end = NULL;
  BatonLock *lock = recovers ? baton_recover_take_lock (root, id, RECOVER_WAIT_S, &end, &error)
                             : baton_lock_take (root, id, &owner, &error);

  if (lock == NULL)
    return end != NULL ? end : end_busy (owner, error);
  if (recovers)
    {
      end = baton_recover_with_lock (root, events, id);
      baton_lost_tell_all (root, NULL, start_us);
    }
  else if (g_str_equal (order->verb, "hand") && order->request != NULL)
    end = hand (root, events, dir, order, &lock, start_us);
  else
    end = baton_end_new (BATON_EXIT_BAD_REQUEST, BATON_CODE_BAD_ARGUMENTS, "reason",
                         "the request names no verb of the worker", NULL);

  /* A child that is stuck in the kernel keeps the lock and the name in it. */
  if (lock != NULL && end->status == BATON_EXIT_STUCK)
    baton_lock_leave (lock);
  else
    g_clear_pointer (&lock, baton_lock_release);

  return end;
}

/* With the lock: what is handed over meanwhile would have been planned by other settings than those
 * it ends with. */
static BatonEnd *
configure (BatonRoot *root,
           BatonEventWriter *events,
           BatonHandoffDir *dir,
           BatonHandoffOrder *order,
           gint64 start_us)
{
  g_autoptr (GError) error = NULL;
  g_autofree char *owner = NULL;
  BatonEnd *end = NULL;
  BatonLock *lock = NULL;

  if (!g_str_equal (order->verb, "configure") || order->changes == NULL)
    return baton_end_new (BATON_EXIT_BAD_REQUEST, BATON_CODE_BAD_ARGUMENTS, "reason",
                          "the request changes no settings", NULL);

  lock = baton_lock_take (root, LOCK_OF_SETTINGS, &owner, &error);
  if (lock == NULL)
    return end_busy (owner, error);
  end = baton_settings_change (root, events, order->changes);
  baton_lock_release (lock);

  return end;
}

typedef BatonEnd *(*Change) (BatonRoot *root,
                             BatonEventWriter *events,
                             const BatonHandoffOrder *order);

/* With the lock, too: a card on its way is not one whose nodes, or whose drivers, can be looked at.
 * @is_whole: whether the order has what the verb needs */
static BatonEnd *
change_files (BatonRoot *root,
              BatonEventWriter *events,
              const BatonHandoffOrder *order,
              const char *verb,
              gboolean is_whole,
              Change change)
{
  g_autoptr (GError) error = NULL;
  g_autofree char *owner = NULL;
  BatonEnd *end = NULL;
  BatonLock *lock = NULL;

  if (!g_str_equal (order->verb, verb) || !is_whole)
    return baton_end_new (BATON_EXIT_BAD_REQUEST, BATON_CODE_BAD_ARGUMENTS, "reason",
                          "the request does not say what is to be changed", NULL);

  lock = baton_lock_take (root, LOCK_OF_SETTINGS, &owner, &error);
  if (lock == NULL)
    return end_busy (owner, error);
  end = change (root, events, order);
  baton_lock_release (lock);

  return end;
}

static BatonEnd *
change_isolation (BatonRoot *root, BatonEventWriter *events, const BatonHandoffOrder *order)
{
  return baton_isolation_change (root, events, order->card, order->undo, order->programs);
}

static BatonEnd *
isolate (BatonRoot *root,
         BatonEventWriter *events,
         BatonHandoffDir *dir,
         BatonHandoffOrder *order,
         gint64 start_us)
{
  return change_files (root, events, order, "isolate", order->card != NULL, change_isolation);
}

static BatonEnd *
change_installation (BatonRoot *root, BatonEventWriter *events, const BatonHandoffOrder *order)
{
  return baton_hook_installation_change (root, events, order->undo);
}

static BatonEnd *
install (BatonRoot *root,
         BatonEventWriter *events,
         BatonHandoffDir *dir,
         BatonHandoffOrder *order,
         gint64 start_us)
{
  return change_files (root, events, order, "install-hook", order->installs,
                       change_installation);
}

static BatonEnd *
change_claim (BatonRoot *root, BatonEventWriter *events, const BatonHandoffOrder *order)
{
  return baton_claim_change (root, events, order->card, order->undo);
}

static BatonEnd *
claim (BatonRoot *root,
       BatonEventWriter *events,
       BatonHandoffDir *dir,
       BatonHandoffOrder *order,
       gint64 start_us)
{
  return change_files (root, events, order, "claim", order->card != NULL, change_claim);
}

static BatonEnd *
change_adoption (BatonRoot *root, BatonEventWriter *events, const BatonHandoffOrder *order)
{
  return order->undo ? baton_adopt_put_back (root, events, order->card)
                     : baton_adopt_change (root, events, order->card, order->expect);
}

static BatonEnd *
adopt (BatonRoot *root,
       BatonEventWriter *events,
       BatonHandoffDir *dir,
       BatonHandoffOrder *order,
       gint64 start_us)
{
  return change_files (root, events, order, "adopt", order->adopts, change_adoption);
}

static BatonEnd *
take_all_back (BatonRoot *root, BatonEventWriter *events, const BatonHandoffOrder *order)
{
  return baton_undo_all (root, events, order->settings);
}

static BatonEnd *
undo_all (BatonRoot *root,
          BatonEventWriter *events,
          BatonHandoffDir *dir,
          BatonHandoffOrder *order,
          gint64 start_us)
{
  return change_files (root, events, order, "undo-all", order->undoes_all, take_all_back);
}

typedef BatonEnd *(*CarryOut) (BatonRoot *root,
                               BatonEventWriter *events,
                               BatonHandoffDir *dir,
                               BatonHandoffOrder *order,
                               gint64 start_us);

/* @dir: (nullable): where the front has left its request, or %NULL with @error */
static int
work (BatonRoot *root, const char *id, BatonHandoffDir *dir, CarryOut act, GError *cause)
{
  gint64 start_us = g_get_monotonic_time ();
  g_autoptr (GError) error = cause;
  g_autoptr (BatonEventWriter) events = NULL;
  g_autoptr (BatonHandoffOrder) order = NULL;
  g_autoptr (BatonEnd) end = NULL;
  baton_autofd int fd = -1;

  if (dir == NULL)
    {
      g_printerr ("baton-helper: %s\n", error->message);
      return BATON_EXIT_BAD_REQUEST;
    }
  fd = baton_handoff_dir_open_events (dir, O_WRONLY | O_APPEND, NULL);
  if (fd >= 0 && !baton_handoff_hold_as_worker (fd))
    {
      g_printerr ("baton-helper: nobody waits for the handoff '%s' any more\n", id);
      return BATON_EXIT_BAD_REQUEST;
    }
  order = baton_handoff_dir_take_order (dir, &error);
  if (order == NULL && g_error_matches (error, BATON_ERROR, BATON_ERROR_NOT_FOUND))
    {
      /* It was taken up or withdrawn already; its events belong to whoever did. */
      g_printerr ("baton-helper: %s\n", error->message);
      return BATON_EXIT_BAD_REQUEST;
    }
  events = baton_event_writer_new (fd, id);
  introduce (root, events);
  if (order == NULL)
    end = baton_end_new (BATON_EXIT_BAD_REQUEST, BATON_CODE_BAD_ARGUMENTS, "reason",
                         error->message, NULL);
  else
    end = act (root, events, dir, order, start_us);
  baton_end_emit (end, events, start_us);

  return end->status;
}

/**
 * baton_worker_run:
 * @root: the roots
 * @id: the handoff's id, as the unit's name has it
 *
 * The verb `work`: carries out what a front has written down, once, and only
 * ever appends to the handoff's events (DESIGN §4).
 *
 * Returns: what it came to
 */
int
baton_worker_run (BatonRoot *root, const char *id)
{
  GError *error = NULL;
  g_autoptr (BatonHandoffDir) dir = baton_handoff_dir_open (root, id, &error);

  return work (root, id, dir, carry_out, error);
}

/**
 * baton_worker_run_settings:
 * @root: the roots
 * @id: the change's id, as the unit's name has it
 *
 * The verb `settings`: changes the settings in the same way, and does nothing else.
 *
 * Returns: what it came to
 */
int
baton_worker_run_settings (BatonRoot *root, const char *id)
{
  GError *error = NULL;
  g_autoptr (BatonHandoffDir) dir = baton_handoff_dir_open_settings (root, id, &error);

  return work (root, id, dir, configure, error);
}

/**
 * baton_worker_run_isolation:
 * @root: the roots
 * @id: the change's id, as the unit's name has it
 *
 * The verb `isolation`: keeps the desktop off a card, or lets it on again, and does nothing else.
 *
 * Returns: what it came to
 */
int
baton_worker_run_isolation (BatonRoot *root, const char *id)
{
  GError *error = NULL;
  g_autoptr (BatonHandoffDir) dir = baton_handoff_dir_open_settings (root, id, &error);

  return work (root, id, dir, isolate, error);
}

/**
 * baton_worker_run_installation:
 * @root: the roots
 * @id: the change's id, as the unit's name has it
 *
 * The verb `installation`: installs libvirt's hook, or takes it away, and does nothing else.
 *
 * Returns: what it came to
 */
int
baton_worker_run_installation (BatonRoot *root, const char *id)
{
  GError *error = NULL;
  g_autoptr (BatonHandoffDir) dir = baton_handoff_dir_open_settings (root, id, &error);

  return work (root, id, dir, install, error);
}

/**
 * baton_worker_run_claim:
 * @root: the roots
 * @id: the change's id, as the unit's name has it
 *
 * The verb `claiming`: has a card claimed at boot, or claimed no more, and does nothing else.
 *
 * Returns: what it came to
 */
int
baton_worker_run_claim (BatonRoot *root, const char *id)
{
  GError *error = NULL;
  g_autoptr (BatonHandoffDir) dir = baton_handoff_dir_open_settings (root, id, &error);

  return work (root, id, dir, claim, error);
}

/**
 * baton_worker_run_adoption:
 * @root: the roots
 * @id: the change's id, as the unit's name has it
 *
 * The verb `adopting`: moves aside what was set up by hand for a card, or puts it back, and does nothing
 * else.
 *
 * Returns: what it came to
 */
int
baton_worker_run_adoption (BatonRoot *root, const char *id)
{
  GError *error = NULL;
  g_autoptr (BatonHandoffDir) dir = baton_handoff_dir_open_settings (root, id, &error);

  return work (root, id, dir, adopt, error);
}

/**
 * baton_worker_run_undo_all:
 * @root: the roots
 * @id: the change's id, as the unit's name has it
 *
 * The verb `undoing`: takes everything permanent back, and does nothing else.
 *
 * Returns: what it came to
 */
int
baton_worker_run_undo_all (BatonRoot *root, const char *id)
{
  GError *error = NULL;
  g_autoptr (BatonHandoffDir) dir = baton_handoff_dir_open_settings (root, id, &error);

  return work (root, id, dir, undo_all, error);
}
