/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "config.h"

#include "baton-system-private.h"

#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/sysmacros.h>
#include <unistd.h>

#include "baton-process.h"

/* References used below:
 *  LOCKS - Linux fs/locks.c, /proc/locks: "N: FLOCK ADVISORY WRITE PID MAJOR:MINOR:INODE ...";
 *    locks_start() waits for an RCU grace period (kernel/locking/percpu-rwsem.c)
 */

#define LOCK "baton/lock"
#define JOURNAL "lib/baton/journal"
#define MAX_LOCK_BYTES 4096
#define MAX_LOCKS_BYTES (4 * 1024 * 1024)

/* What is shown for a handoff whose name this user may not read. */
#define UNNAMED "unknown"

/* Whoever has the lock knows. Its second line is the process that took it, `PID START`. */
static gboolean
is_taken_by_us (BatonRoot *root, const char *text)
{
  const char *line = text != NULL ? strchr (text, '\n') : NULL;
  g_autoptr (BatonProcess) self = NULL;
  char *start_time = NULL;

  if (line == NULL || g_ascii_strtoll (line + 1, &start_time, 10) != getpid () ||
      *start_time != ' ')
    return FALSE;
  self = baton_process_new (root, getpid (), NULL);
  g_strchomp (++start_time);

  return self != NULL && g_strcmp0 (self->start_time, start_time) == 0;
}

/* The lock itself must not be asked: whoever tries it has it for a moment, and a worker
 * that starts in that moment would be sent away. The list of locks is asked where nothing else says: for
 * it the kernel has everybody wait who takes or drops one, until it is sure of that (LOCKS). */
static gboolean
is_locked (BatonRoot *root, const char *text)
{
  g_autofree char *locks = NULL;
  g_auto (GStrv) lines = NULL;
  struct stat info;
  int fd, rc;

  fd = baton_root_open (root, BATON_ROOT_RUN, LOCK, O_PATH | O_NOFOLLOW, NULL);
  if (fd < 0)
    return FALSE;
  rc = fstat (fd, &info);
  close (fd);
  /* Who lets it go empties it, and who takes it writes himself into it at once. */
  if (rc < 0 || info.st_size == 0)
    return FALSE;
  if (is_taken_by_us (root, text))
    return TRUE;

  locks = baton_root_read_file (root, BATON_ROOT_PROC, "locks", MAX_LOCKS_BYTES, NULL, NULL);
  lines = g_strsplit (locks != NULL ? locks : "", "\n", -1);
  for (guint i = 0; lines[i] != NULL; i++)
    {
      guint major, minor;
      unsigned long long inode;

      /* "->" marks one that waits. */
      if (strstr (lines[i], "->") == NULL &&
          sscanf (lines[i], "%*s FLOCK %*s %*s %*d %x:%x:%llu", &major, &minor, &inode) == 3 &&
          major == major (info.st_dev) && minor == minor (info.st_dev) && inode == info.st_ino)
        return TRUE;
    }

  return FALSE;
}

/* Says whether a handoff is under way, and whether one was left unfinished. */
void
baton_system_read_handoff (BatonSystem *self, BatonRoot *root)
{
  g_autofree char *text =
      baton_root_read_file (root, BATON_ROOT_RUN, LOCK, MAX_LOCK_BYTES, NULL, NULL);

  if (is_locked (root, text))
    {
      gsize length = text != NULL ? strcspn (text, "\n") : 0;

      self->handoff =
          length > 0 ? g_utf8_make_valid (text, (gssize) length) : g_strdup (UNNAMED);
    }

  self->journal = baton_root_exists (root, BATON_ROOT_VAR, JOURNAL);
}
