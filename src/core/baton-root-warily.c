/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "config.h"

#include "baton-root-warily.h"

#include <string.h>

#include "baton-root-private.h"

/* References used below:
 *  LOCKS - Linux kernel/locking/mutex.c: mutex_lock() waits uninterruptibly, so that who waits
 *    does not even die of SIGKILL; do_exit() in kernel/exit.c waits for no such thread, but the
 *    process is there until its last thread has ended
 */

/* One driver that hangs is to hide nothing of the others: a second reader is asked for what comes
 * after its file. Where several hang, or one keeps several files, the next look gets further. */
#define MAX_READERS 2

/* A reader that the kernel has not given back yet, and the file that it reads. */
typedef struct
{
  /* owned */
  char *path;
  BatonRootReader *reader;
} Waiting;

/* They are the whole program's: whoever looks again and again must not gather them. No reader is
 * asked for a file that another still waits for. */
G_LOCK_DEFINE_STATIC (all_waiting);
static GSList *all_waiting;

static void
free_waiting (Waiting *self)
{
  g_free (self->path);
  baton_root_reader_free (self->reader);
  g_free (self);
}

/* Hears out a reader that was late, so that it can go on to its end. */
static gboolean
is_over (const Waiting *self)
{
  BatonRootAnswer answer;
  BatonRootHeard heard;

  do
    heard = baton_root_reader_hear (self->reader, 0, &answer);
  while (heard == BATON_ROOT_HEARD);

  return heard == BATON_ROOT_HEARD_END;
}

static gboolean
is_waited_for (const char *path)
{
  gboolean found = FALSE;
  GSList *next;

  G_LOCK (all_waiting);
  for (GSList *link = all_waiting; link != NULL; link = next)
    {
      Waiting *waiting = link->data;

      next = link->next;
      if (is_over (waiting))
        {
          all_waiting = g_slist_delete_link (all_waiting, link);
          free_waiting (waiting);
        }
      else if (strcmp (waiting->path, path) == 0)
        found = TRUE;
    }
  G_UNLOCK (all_waiting);

  return found;
}

static void
remember (BatonRoot *root, BatonRootPart part, const char *path, BatonRootReader *reader)
{
  Waiting *waiting = g_new0 (Waiting, 1);

  baton_root_reader_ask_no_more (reader);
  waiting->path = baton_root_build_path (root, part, path);
  waiting->reader = reader;
  G_LOCK (all_waiting);
  all_waiting = g_slist_prepend (all_waiting, waiting);
  G_UNLOCK (all_waiting);
}

/* @n_owed: answers, of which those that came are taken from @asked. */
static BatonRootHeard
hear_answers (BatonRootReader *reader,
              gboolean *asked,
              guint n_owed,
              gint64 deadline_us,
              GPtrArray *heads)
{
  BatonRootAnswer answer;

  for (; n_owed > 0; n_owed--)
    {
      BatonRootHeard heard = baton_root_reader_hear (reader, deadline_us, &answer);

      if (heard != BATON_ROOT_HEARD)
        return heard;
      if (answer.index >= heads->len || !asked[answer.index])
        return BATON_ROOT_HEARD_END;

      asked[answer.index] = FALSE;
      if (answer.length >= 0)
        heads->pdata[answer.index] = g_bytes_new (answer.bytes, (gsize) answer.length);
    }

  return BATON_ROOT_HEARD;
}

static guint
find_next (const gboolean *asked, guint n_paths)
{
  guint i = 0;

  while (i < n_paths && !asked[i])
    i++;

  return i;
}

/**
 * baton_root_hold_reader:
 * @self: a root
 *
 * Keeps the process that reads for baton_root_read_warily() until baton_root_release_reader(), for
 * whoever calls it again and again: to start one costs more than most of what it reads.
 */
void
baton_root_hold_reader (BatonRoot *self)
{
  BatonRootKeptReader *kept = baton_root_get_kept_reader (self);

  g_mutex_lock (&kept->lock);
  kept->n_holds++;
  g_mutex_unlock (&kept->lock);
}

/**
 * baton_root_release_reader:
 * @self: a root
 *
 * Undoes one baton_root_hold_reader(); the last one lets the process end.
 */
void
baton_root_release_reader (BatonRoot *self)
{
  BatonRootKeptReader *kept = baton_root_get_kept_reader (self);
  g_autoptr (BatonRootReader) reader = NULL;

  g_mutex_lock (&kept->lock);
  g_warn_if_fail (kept->n_holds > 0);
  kept->n_holds--;
  if (kept->n_holds == 0)
    reader = g_steal_pointer (&kept->reader);
  g_mutex_unlock (&kept->lock);
}

/* Returns the reader that is kept, or a new one where another thread has it or there is none. */
static BatonRootReader *
take_reader (BatonRoot *root, gboolean *ret_is_new)
{
  BatonRootKeptReader *kept = baton_root_get_kept_reader (root);
  g_autoptr (BatonRootReader) reader = NULL;

  g_mutex_lock (&kept->lock);
  reader = g_steal_pointer (&kept->reader);
  g_mutex_unlock (&kept->lock);

  *ret_is_new = reader == NULL || !baton_root_reader_is_ours (reader);
  if (!*ret_is_new)
    return g_steal_pointer (&reader);

  return baton_root_reader_new (root);
}

/* @reader owes nobody anything. */
static void
give_back (BatonRoot *root, BatonRootReader *reader)
{
  BatonRootKeptReader *kept = baton_root_get_kept_reader (root);
  g_autoptr (BatonRootReader) given = reader;

  g_mutex_lock (&kept->lock);
  if (kept->n_holds > 0 && kept->reader == NULL)
    kept->reader = g_steal_pointer (&given);
  g_mutex_unlock (&kept->lock);
}

static void
read_all (BatonRoot *self,
          BatonRootPart part,
          const char *const *paths,
          guint timeout_ms,
          gboolean *asked,
          GPtrArray *heads)
{
  gint64 end_us = g_get_monotonic_time () + (gint64) timeout_ms * 1000;
  guint n_readers = 1;

  while (n_readers <= MAX_READERS && find_next (asked, heads->len) < heads->len &&
         g_get_monotonic_time () < end_us)
    {
      gint64 deadline_us =
          MIN (g_get_monotonic_time () + (gint64) timeout_ms * 1000 / MAX_READERS, end_us);
      gboolean is_new = FALSE;
      g_autoptr (BatonRootReader) reader = take_reader (self, &is_new);
      BatonRootHeard heard = BATON_ROOT_HEARD_END;
      guint n_owed;
      guint late;

      if (reader == NULL)
        break;
      n_owed = baton_root_reader_ask (reader, part, paths, asked);
      if (n_owed > 0)
        heard = hear_answers (reader, asked, n_owed, deadline_us, heads);
      switch (heard)
        {
        case BATON_ROOT_HEARD:
          give_back (self, g_steal_pointer (&reader));
          break;

        case BATON_ROOT_HEARD_LATE:
          /* It reads them in order, so that it sits at the first that it owes us. */
          late = find_next (asked, heads->len);
          asked[late] = FALSE;
          remember (self, part, paths[late], g_steal_pointer (&reader));
          n_readers++;
          break;

        case BATON_ROOT_HEARD_END:
        default:
          /* Killed by somebody; one that was kept since an earlier look may have been long ago. */
          n_readers += is_new ? 1 : 0;
          break;
        }
    }
}

/**
 * baton_root_read_warily:
 * @self: a root
 * @part: %BATON_ROOT_SYS or %BATON_ROOT_PROC
 * @paths: (array zero-terminated=1): paths below it
 * @timeout_ms: how long to wait for all of them together
 *
 * Reads files whose reading takes a lock of a driver's. A driver that crashed keeps it for ever,
 * and whoever reads then cannot be killed (LOCKS); a thread would do no better than we, since the
 * process could not end. So another process reads, and nothing depends on its end.
 *
 * A file that keeps an earlier reader waiting is not asked for again until that has ended.
 *
 * Returns: (transfer full) (element-type GBytes): for each of @paths the first bytes of it, some
 *   four thousand at most, or %NULL where it cannot be read or does not answer in time
 */
GPtrArray *
baton_root_read_warily (BatonRoot *self,
                        BatonRootPart part,
                        const char *const *paths,
                        guint timeout_ms)
{
  guint n_paths = g_strv_length ((char **) paths);
  g_autofree gboolean *asked = g_new0 (gboolean, n_paths);
  g_autoptr (GPtrArray) heads = g_ptr_array_new_full (n_paths, (GDestroyNotify) g_bytes_unref);

  g_return_val_if_fail (part == BATON_ROOT_SYS || part == BATON_ROOT_PROC, NULL);

  g_ptr_array_set_size (heads, (int) n_paths);
  for (guint i = 0; i < n_paths; i++)
    {
      g_autofree char *path = baton_root_build_path (self, part, paths[i]);

      asked[i] = !is_waited_for (path);
    }
  if (baton_root_get_fd (self, part) >= 0)
    read_all (self, part, paths, timeout_ms, asked, heads);

  return g_steal_pointer (&heads);
}
