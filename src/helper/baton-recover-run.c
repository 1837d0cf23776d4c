/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "config.h"

#include "baton-recover.h"

#include <fcntl.h>

#include "baton-child.h"
#include "baton-error.h"
#include "baton-fd.h"
#include "baton-front-start.h"
#include "baton-handoff-dir.h"
#include "baton-journal.h"
#include "baton-lost.h"
#include "baton-record.h"
#include "baton-text.h"

/* Who holds the lock while recovery works, where no handoff is known. */
#define NOBODY "recovery"

/* A child may still end that has not ended yet: the recovery that systemd starts where a worker has
 * died waits for as long as a write may take, and has the last word. */
static gboolean
has_last_word (BatonRoot *root, guint wait_s)
{
  return wait_s >= BATON_CHILD_HARD_MS / 1000 || !baton_front_has_systemd (root);
}

/* Only a child of a worker that is gone holds the lock: it is stuck in the kernel. */
static BatonEnd *
end_locked (BatonRoot *root, const char *owner, guint wait_s)
{
  gint64 start_us = g_get_monotonic_time ();
  g_auto (BatonTrouble) trouble = BATON_TROUBLE_INIT;
  g_autoptr (BatonJournalContent) content = NULL;
  g_autoptr (BatonJournal) journal = baton_journal_open (root, &content, NULL);
  g_autoptr (BatonRecord) record =
      journal != NULL ? baton_record_new_from_json (content->header, NULL) : NULL;
  BatonEnd *end;

  baton_trouble_set (&trouble, BATON_CODE_STEP_DEADLINE, 0, "subject",
                     record != NULL ? record->own->before->card : owner, NULL);
  end = baton_end_new_stuck (&trouble);
  if (record != NULL && has_last_word (root, wait_s))
    baton_lost_tell (root, record->handoff, end, start_us);

  return end;
}

static BatonEnd *
end_busy (BatonRoot *root)
{
  g_autofree char *owner = baton_lock_read_handoff (root);

  return baton_end_new (BATON_EXIT_BUSY, BATON_CODE_BUSY, "who", owner != NULL ? owner : NOBODY,
                        NULL);
}

/**
 * baton_recover_take_lock:
 * @root: the roots
 * @handoff: who takes it
 * @wait_s: how long a child that outlives its worker is waited for
 * @ret_end: (out): how it ended, where somebody holds the lock: nothing was touched, and it is
 *   busy while a worker is at work, or stuck where only its child is left
 * @error: return location for an error
 *
 * Returns: (transfer full): the lock, or %NULL with @ret_end or @error set
 */
BatonLock *
baton_recover_take_lock (
    BatonRoot *root, const char *handoff, guint wait_s, BatonEnd **ret_end, GError **error)
{
  g_autoptr (GError) cause = NULL;
  g_autofree char *owner = NULL;
  BatonLock *lock = baton_lock_take (root, handoff, &owner, &cause);

  if (lock != NULL)
    return lock;
  if (g_error_matches (cause, BATON_ERROR, BATON_ERROR_BUSY) && owner != NULL)
    {
      if (baton_lock_is_taker_alive (root))
        {
          *ret_end = end_busy (root);
          return NULL;
        }
      g_clear_error (&cause);
      lock = baton_lock_wait (root, handoff, wait_s, &cause);
      if (lock != NULL)
        return lock;
    }
  /* Asked once more: another recovery may have waited beside this one and have been granted it, and
   * whoever has just taken the lock has not yet written himself into it. */
  if (g_error_matches (cause, BATON_ERROR, BATON_ERROR_BUSY) &&
      baton_lock_is_taker_alive (root))
    *ret_end = end_busy (root);
  else if (g_error_matches (cause, BATON_ERROR, BATON_ERROR_BUSY))
    *ret_end = end_locked (root, owner != NULL ? owner : NOBODY, wait_s);
  else
    g_propagate_error (error, g_steal_pointer (&cause));

  return NULL;
}

static char *
find_handoff (BatonRoot *root)
{
  g_autoptr (BatonJournalContent) content = NULL;
  g_autoptr (BatonJournal) journal = baton_journal_open (root, &content, NULL);

  if (journal == NULL)
    return g_strdup (NOBODY);

  return g_strdup (json_object_get_string_member_with_default (
      json_node_get_object (content->header), "handoff", NOBODY));
}

/* Steps are told in the handoff's own file, where it is still there and has no result. */
static int
open_events (BatonRoot *root, const char *handoff)
{
  g_autoptr (BatonHandoffDir) dir = baton_handoff_dir_open (root, handoff, NULL);

  if (dir == NULL || baton_handoff_dir_has_ended (dir))
    return -1;

  return baton_handoff_dir_open_events (dir, O_RDWR | O_APPEND, NULL);
}

/**
 * baton_recover_run:
 * @root: the roots
 *
 * The verb `settle`, for the unit that runs at boot and where a worker has
 * died: recovery without anybody who asked for it.
 *
 * Returns: the exit status: 0 where nothing is left to do
 */
int
baton_recover_run (BatonRoot *root)
{
  gint64 start_us = g_get_monotonic_time ();
  g_autoptr (GError) error = NULL;
  g_autofree char *handoff = find_handoff (root);
  g_autoptr (BatonEnd) end = NULL;
  g_autoptr (BatonLock) lock =
      baton_recover_take_lock (root, handoff, BATON_CHILD_HARD_MS / 1000, &end, &error);
  g_autoptr (BatonEventWriter) events = NULL;
  g_autofree char *text = NULL;
  baton_autofd int fd = -1;

  if (lock == NULL && end == NULL)
    {
      g_printerr ("baton-helper: %s\n", error->message);
      return BATON_EXIT_ERROR;
    }
  if (lock != NULL)
    {
      fd = open_events (root, handoff);
      events = baton_event_writer_new (fd, handoff);
      if (fd >= 0)
        baton_event_writer_resume (events);
      end = baton_recover_with_lock (root, events, fd >= 0 ? handoff : NULL);
      /* Where it was settled between our look and the lock, its own worker says so. Of what could
       * not be read it has been told already. */
      if (fd >= 0 && end->code != BATON_CODE_NOTHING_TO_RECOVER)
        baton_lost_tell (root, handoff, end, start_us);
      baton_lost_tell_all (root, NULL, start_us);
    }
  else
    baton_lost_tell_waiting (root, handoff, start_us);
  if (lock != NULL && end->status == BATON_EXIT_STUCK)
    baton_lock_leave (g_steal_pointer (&lock));
  text = baton_code_dup_text (end->code, end->args);
  g_printerr ("baton-helper: %s\n", text);

  return end->status == BATON_EXIT_ROLLED_BACK ? BATON_EXIT_DONE : end->status;
}
