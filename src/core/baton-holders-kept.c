/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "config.h"

#include "baton-holders-kept.h"

#include <fcntl.h>
#include <unistd.h>

#include "baton-process.h"

/* A thread of this program that waits inside the kernel for a process that is stuck, and nobody can
 * take back. */
typedef struct
{
  gconstpointer thread; /* tells it from the others, and is never looked into */
  int pid;
  char *start_time; /* owned; NULL where it had ended by then */
} Kept;

/* They are the whole program's: a watcher, or who waits for a guest's end, searches again and again,
 * and must not leave a thread behind for the same process each time. */
G_LOCK_DEFINE_STATIC (all_kept);
static GSList *all_kept;

static void
free_kept (Kept *self)
{
  g_free (self->start_time);
  g_free (self);
}

static char *
read_start_time (int proc_fd, int pid)
{
  g_autofree char *name = g_strdup_printf ("%d", pid);
  g_autoptr (BatonProcess) process = NULL;
  int dir_fd = openat (proc_fd, name, O_PATH | O_DIRECTORY | O_CLOEXEC);

  if (dir_fd < 0)
    return NULL;

  process = baton_process_read_identity_at (dir_fd, pid, NULL);
  close (dir_fd);
  return process != NULL ? g_steal_pointer (&process->start_time) : NULL;
}

/**
 * baton_holders_kept_remember:
 * @thread: what tells the thread from all others
 * @proc_fd: a directory laid out like `/proc`
 * @pid: the process that it waits for
 *
 * Remembers a thread that is left behind.
 */
void
baton_holders_kept_remember (gconstpointer thread, int proc_fd, int pid)
{
  Kept *kept = g_new0 (Kept, 1);

  kept->thread = thread;
  kept->pid = pid;
  kept->start_time = read_start_time (proc_fd, pid);
  G_LOCK (all_kept);
  all_kept = g_slist_prepend (all_kept, kept);
  G_UNLOCK (all_kept);
}

/**
 * baton_holders_kept_forget:
 * @thread: what tells the thread from all others
 *
 * To be called by a thread that has come back after all.
 */
void
baton_holders_kept_forget (gconstpointer thread)
{
  G_LOCK (all_kept);
  for (GSList *link = all_kept; link != NULL; link = link->next)
    {
      Kept *kept = link->data;

      if (kept->thread != thread)
        continue;
      all_kept = g_slist_delete_link (all_kept, link);
      free_kept (kept);
      break;
    }
  G_UNLOCK (all_kept);
}

/**
 * baton_holders_kept_count:
 *
 * Returns: how many threads are left behind
 */
guint
baton_holders_kept_count (void)
{
  guint n;

  G_LOCK (all_kept);
  n = g_slist_length (all_kept);
  G_UNLOCK (all_kept);

  return n;
}

/* A thread may wait on when its process has ended, and the number is another's by then. */
static gboolean
is_kept (int pid, int proc_fd)
{
  g_autofree char *start_time = NULL;

  for (GSList *link = all_kept; link != NULL; link = link->next)
    {
      const Kept *kept = link->data;

      if (kept->pid != pid)
        continue;
      if (start_time == NULL)
        start_time = read_start_time (proc_fd, pid);
      if (start_time != NULL && g_strcmp0 (kept->start_time, start_time) == 0)
        return TRUE;
    }

  return FALSE;
}

/**
 * baton_holders_kept_take_out:
 * @pids: (element-type int): processes that are to be looked at
 * @proc_fd: a directory laid out like `/proc`
 *
 * Takes out of @pids whom a thread waits for already: to ask once more would only leave another
 * one behind.
 *
 * Returns: (transfer full) (element-type int): the processes taken out
 */
GArray *
baton_holders_kept_take_out (GArray *pids, int proc_fd)
{
  GArray *kept = g_array_new (FALSE, FALSE, sizeof (int));

  G_LOCK (all_kept);
  for (guint i = pids->len; i > 0 && all_kept != NULL; i--)
    {
      int pid = g_array_index (pids, int, i - 1);

      if (!is_kept (pid, proc_fd))
        continue;
      g_array_append_val (kept, pid);
      g_array_remove_index_fast (pids, i - 1);
    }
  G_UNLOCK (all_kept);

  return kept;
}
