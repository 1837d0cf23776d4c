/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "config.h"

#include "baton-holders-scan.h"

#include <errno.h>
#include <fcntl.h>
#include <unistd.h>

#include <glib/gi18n-lib.h>

#include "baton-error.h"
#include "baton-holders-kept.h"
#include "baton-holders-pids.h"
#include "baton-holders-walk.h"

/* References used below:
 *  MMAP-LOCK - Linux fs/proc/task_mmu.c, m_start(): waits for the lock of the process's memory
 */

#define MIN_THREADS 2
#define MAX_THREADS 8
#define PROCESSES_AT_ONCE 16

/* More than anybody reads. */
#define MAX_NAMED 3

/* Reading another process's mappings or arguments waits while that process is stuck in the
 * kernel with its memory locked (MMAP-LOCK), which is what processes do when a card hangs. The
 * search then goes on without it, and says so. On a computer that has its hands full everybody
 * takes long, so what counts is that nobody at all has been looked at for so long. */
#define PATIENCE_MS 10000
/* Many who each keep it waiting for a little less are no accident. */
#define LIMIT_MS 30000

/* Each of them waits for another process: nobody has that many that hang by accident. */
#define MAX_STUCK_THREADS 32

typedef struct
{
  gatomicrefcount ref_count;
  /* owned */
  BatonHoldersDevices *devices;
  GArray *pids;
  int proc_fd;
  gint next;
  gint n_begun;

  /* the caller's alone */
  GThread *threads[MAX_THREADS];
  guint n_started;

  GMutex lock;
  GCond changed;
  /* under the lock */
  BatonHoldersScan *scan;
  int looking_at[MAX_THREADS]; /* a process, or 0 where nothing is begun that is not settled */
  guint n_skipped;             /* earlier threads still wait for them */
  guint n_threads;
  guint n_settled;
  gint64 last_progress; /* g_get_monotonic_time() */
  gboolean given_up;
} Search;

static void
free_found (gpointer data)
{
  BatonHoldersFound *self = data;

  baton_process_free (self->process);
  g_array_unref (self->uses);
  g_strfreev (self->vfio_functions);
  g_free (self);
}

static BatonHoldersScan *
new_scan (void)
{
  BatonHoldersScan *self = g_new0 (BatonHoldersScan, 1);

  self->found = g_ptr_array_new_with_free_func (free_found);
  self->unreadable = g_array_new (FALSE, FALSE, sizeof (int));

  return self;
}

/**
 * baton_holders_scan_free:
 * @self: (nullable): a scan
 *
 * Frees @self.
 */
void
baton_holders_scan_free (BatonHoldersScan *self)
{
  if (self == NULL)
    return;

  g_ptr_array_unref (self->found);
  g_array_unref (self->unreadable);
  g_free (self);
}

static void
add_unreadable (BatonHoldersScan *self, int pid)
{
  self->n_unreadable++;
  if (self->unreadable->len < MAX_NAMED)
    g_array_append_val (self->unreadable, pid);
}

static void
unref_search (Search *self)
{
  if (!g_atomic_ref_count_dec (&self->ref_count))
    return;

  baton_holders_devices_unref (self->devices);
  g_array_unref (self->pids);
  close (self->proc_fd);
  g_mutex_clear (&self->lock);
  g_cond_clear (&self->changed);
  g_clear_pointer (&self->scan, baton_holders_scan_free);
  g_free (self);
}

/* A kernel thread's descriptors are as closed to other users as anybody's, but it has none. */
static gboolean
is_kernel_thread (int proc_fd, int pid)
{
  char path[32];
  char text[1024];
  gssize length;
  g_autofree char *name = NULL;
  g_autofree char *start_time = NULL;
  gboolean kernel = FALSE;
  int fd;

  g_snprintf (path, sizeof path, "%d/stat", pid);
  fd = openat (proc_fd, path, O_RDONLY | O_CLOEXEC);
  if (fd < 0)
    return FALSE;
  length = TEMP_FAILURE_RETRY (read (fd, text, sizeof text));
  close (fd);

  return length > 0 &&
         baton_process_parse_stat (text, (gsize) length, &name, &start_time, &kernel) && kernel;
}

static void
look_at_process (
    Search *self, BatonHoldersWalk *walk, int pid, GPtrArray *found, GArray *unreadable)
{
  g_autoptr (BatonProcess) process = NULL;
  g_autoptr (GError) error = NULL;
  BatonHoldersFound *entry;
  int dir_fd = -1;

  switch (baton_holders_walk_process (walk, pid, &dir_fd))
    {
    case BATON_HOLDERS_WALK_UNREADABLE:
      if (!is_kernel_thread (self->proc_fd, pid))
        g_array_append_val (unreadable, pid);
      break;

    case BATON_HOLDERS_WALK_FOUND:
      process = baton_process_read_at (dir_fd, pid, &error);
      close (dir_fd);
      if (process == NULL)
        {
          /* with a process that has ended since, ends what it had */
          if (!g_error_matches (error, BATON_ERROR, BATON_ERROR_NOT_FOUND))
            g_array_append_val (unreadable, pid);
          break;
        }
      if (!baton_holders_walk_was_whole (walk))
        g_array_append_val (unreadable, pid);
      entry = g_new0 (BatonHoldersFound, 1);
      entry->process = g_steal_pointer (&process);
      entry->uses = baton_holders_walk_dup_uses (walk);
      entry->traces = baton_holders_walk_get_traces (walk);
      entry->vfio_functions = baton_holders_walk_dup_vfio_functions (walk);
      g_ptr_array_add (found, entry);
      break;

    case BATON_HOLDERS_WALK_NOTHING:
    case BATON_HOLDERS_WALK_GONE:
    default:
      break;
    }
}

/* Nobody is begun with any more for whom nobody waits: he might keep the thread as well. */
static gboolean
begin (Search *self, int *looking_at, int pid)
{
  g_autoptr (GMutexLocker) locker = g_mutex_locker_new (&self->lock);

  if (self->given_up)
    return FALSE;

  *looking_at = pid;
  self->last_progress = g_get_monotonic_time ();
  return TRUE;
}

/* Hands over what was found, unless nobody waits for it any more. */
static gboolean
settle (Search *self, int *looking_at, GPtrArray *found, GArray *unreadable, guint n_processes)
{
  g_autoptr (GMutexLocker) locker = g_mutex_locker_new (&self->lock);

  if (self->given_up)
    {
      g_ptr_array_set_size (found, 0);
      return FALSE;
    }

  while (found->len > 0)
    g_ptr_array_add (self->scan->found, g_ptr_array_steal_index_fast (found, found->len - 1));
  for (guint i = 0; i < unreadable->len; i++)
    add_unreadable (self->scan, g_array_index (unreadable, int, i));
  g_array_set_size (unreadable, 0);
  self->n_settled += n_processes;
  self->last_progress = g_get_monotonic_time ();
  *looking_at = 0;
  return TRUE;
}

static void
look_at_processes (Search *self, int *looking_at)
{
  g_autoptr (BatonHoldersWalk) walk = baton_holders_walk_new (self->devices, self->proc_fd);
  g_autoptr (GPtrArray) found = g_ptr_array_new_with_free_func (free_found);
  g_autoptr (GArray) unreadable = g_array_new (FALSE, FALSE, sizeof (int));
  gboolean wanted = TRUE;

  while (wanted)
    {
      guint first = (guint) g_atomic_int_add (&self->next, PROCESSES_AT_ONCE);
      guint end = MIN (first + PROCESSES_AT_ONCE, self->pids->len);

      if (first >= self->pids->len)
        break;
      for (guint i = first; i < end && wanted; i++)
        {
          int pid = g_array_index (self->pids, int, i);

          wanted = begin (self, looking_at, pid);
          if (wanted)
            look_at_process (self, walk, pid, found, unreadable);
        }
      wanted = settle (self, looking_at, found, unreadable, end - first);
    }
}

static gpointer
search_thread (gpointer data)
{
  Search *self = data;
  int *looking_at = &self->looking_at[g_atomic_int_add (&self->n_begun, 1)];

  look_at_processes (self, looking_at);

  g_mutex_lock (&self->lock);
  if (self->given_up)
    baton_holders_kept_forget (looking_at);
  self->n_threads--;
  g_cond_signal (&self->changed);
  g_mutex_unlock (&self->lock);
  unref_search (self);

  return NULL;
}

/* Whom an earlier search still waits for is not asked again, and has not been looked at. */
static void
skip_kept (Search *self)
{
  g_autoptr (GArray) kept = baton_holders_kept_take_out (self->pids, self->proc_fd);

  for (guint i = 0; i < kept->len; i++)
    add_unreadable (self->scan, g_array_index (kept, int, i));
  self->n_skipped = kept->len;
  self->scan->out_of_time = kept->len > 0;
}

static Search *
new_search (BatonHoldersDevices *devices, int proc_fd, GError **error)
{
  g_autoptr (GArray) pids = baton_holders_pids_list (proc_fd, error);
  Search *self;
  int own_fd;

  if (pids == NULL)
    return NULL;

  /* a thread that is left behind must not find another file under the number */
  own_fd = fcntl (proc_fd, F_DUPFD_CLOEXEC, 3);
  if (own_fd < 0)
    {
      int errsv = errno;

      g_set_error (error, BATON_ERROR, baton_error_from_errno (errsv),
                   _ ("“/proc” could not be kept open: %s"), g_strerror (errsv));
      return NULL;
    }

  self = g_new0 (Search, 1);
  g_atomic_ref_count_init (&self->ref_count);
  self->devices = baton_holders_devices_ref (devices);
  self->pids = g_steal_pointer (&pids);
  self->proc_fd = own_fd;
  g_mutex_init (&self->lock);
  g_cond_init (&self->changed);
  self->scan = new_scan ();
  self->scan->hidden = baton_holders_pids_are_hidden (self->pids);
  skip_kept (self);

  return self;
}

static gboolean
start_threads (Search *self, GError **error)
{
  guint n_wanted = CLAMP (g_get_num_processors (), MIN_THREADS, MAX_THREADS);

  for (guint i = 0; i < n_wanted; i++)
    {
      GThread *thread;

      g_mutex_lock (&self->lock);
      self->n_threads++;
      g_mutex_unlock (&self->lock);
      g_atomic_ref_count_inc (&self->ref_count);
      thread = g_thread_try_new ("holders", search_thread, self, i == 0 ? error : NULL);
      if (thread == NULL)
        {
          g_mutex_lock (&self->lock);
          self->n_threads--;
          g_mutex_unlock (&self->lock);
          unref_search (self);
          /* fewer than wished for are enough, none are not */
          return i > 0;
        }
      self->threads[self->n_started++] = thread;
    }

  return TRUE;
}

/* The helper forks soon after. A thread that were still ending then would hold locks of the
 * allocator's, and the child would have them for ever; so each is waited for, but for one that
 * the kernel keeps. */
static void
leave_threads (Search *self, gboolean all_are_done)
{
  for (guint i = 0; i < self->n_started; i++)
    if (all_are_done)
      g_thread_join (self->threads[i]);
    else
      g_thread_unref (self->threads[i]);
}

static int
compare_pids (gconstpointer a, gconstpointer b)
{
  const BatonHoldersFound *first = *(BatonHoldersFound *const *) a;
  const BatonHoldersFound *second = *(BatonHoldersFound *const *) b;

  return (first->process->pid > second->process->pid) -
         (first->process->pid < second->process->pid);
}

/* Whom each thread that did not come back waits for, before those that it would have looked at
 * after it. */
static void
add_kept (BatonHoldersScan *self, Search *search)
{
  guint n_named = 0;

  g_array_set_size (self->unreadable, MIN (search->n_skipped, MAX_NAMED));
  for (guint i = 0; i < MAX_THREADS; i++)
    {
      int pid = search->looking_at[i];

      if (pid == 0)
        continue;
      baton_holders_kept_remember (&search->looking_at[i], search->proc_fd, pid);
      add_unreadable (self, pid);
      n_named++;
    }
  self->n_unreadable += search->pids->len - search->n_settled - n_named;
}

/* Waits, under the lock, until every thread has ended.
 * Returns: whether they have; else none has got anywhere for a long time */
static gboolean
wait_for_threads (Search *self)
{
  gint64 limit = g_get_monotonic_time () + LIMIT_MS * G_TIME_SPAN_MILLISECOND;

  self->last_progress = g_get_monotonic_time ();
  while (self->n_threads > 0)
    {
      gint64 deadline =
          MIN (limit, self->last_progress + PATIENCE_MS * G_TIME_SPAN_MILLISECOND);

      if (deadline <= g_get_monotonic_time ())
        return FALSE;
      g_cond_wait_until (&self->changed, &self->lock, deadline);
    }

  return TRUE;
}

/**
 * baton_holders_scan_processes:
 * @devices: what to look for
 * @proc_fd: a directory laid out like `/proc`, or -1 where a recorded tree has none
 * @error: return location for an error
 *
 * Looks at every process once, on every processor. A process that keeps it waiting for ten seconds
 * in which nobody else was left to be looked at counts as unreadable, and is not asked again by
 * later searches as long as it does. Takes thirty seconds at the most.
 *
 * Fails with %BATON_ERROR_BUSY while earlier searches wait for too many stuck processes.
 *
 * Returns: (transfer full): who has what
 */
BatonHoldersScan *
baton_holders_scan_processes (BatonHoldersDevices *devices, int proc_fd, GError **error)
{
  BatonHoldersScan *scan;
  Search *search;
  gboolean given_up;

  if (baton_holders_kept_count () >= MAX_STUCK_THREADS)
    {
      g_set_error_literal (error, BATON_ERROR, BATON_ERROR_BUSY,
                           _ ("could not look for who uses the graphics cards: earlier "
                              "searches still wait for a process that is stuck in the kernel; "
                              "restart the computer to end it"));
      return NULL;
    }

  if (proc_fd < 0)
    return new_scan ();

  search = new_search (devices, proc_fd, error);
  if (search == NULL)
    return NULL;
  if (!start_threads (search, error))
    {
      unref_search (search);
      return NULL;
    }

  g_mutex_lock (&search->lock);
  given_up = search->given_up = !wait_for_threads (search);
  scan = g_steal_pointer (&search->scan);
  if (given_up)
    {
      scan->out_of_time = TRUE;
      add_kept (scan, search);
    }
  g_mutex_unlock (&search->lock);
  leave_threads (search, !given_up);

  unref_search (search);
  g_ptr_array_sort (scan->found, compare_pids);

  return scan;
}
