/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "config.h"

#include "baton-system-private.h"

#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/sysmacros.h>
#include <unistd.h>

/* References used below:
 *  LOCKS - Linux fs/locks.c, /proc/locks: "N: FLOCK ADVISORY WRITE PID MAJOR:MINOR:INODE ..."
 */

#define LOCK "baton/lock"
#define JOURNAL "lib/baton/journal"
#define MAX_LOCKS_BYTES (4 * 1024 * 1024)

/* What is shown for a handoff whose name this user may not read. */
#define UNNAMED "unknown"

/* The lock itself must not be asked: whoever tries it has it for a moment, and a worker
 * that starts in that moment would be sent away. */
static gboolean
is_locked (BatonRoot *root)
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
  if (rc < 0)
    return FALSE;

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
  if (is_locked (root))
    {
      g_autofree char *name = baton_root_read_line (root, BATON_ROOT_RUN, LOCK, NULL);

      if (name == NULL || *name == '\0')
        self->handoff = g_strdup (UNNAMED);
      else
        self->handoff = g_utf8_make_valid (name, -1);
    }

  self->journal = baton_root_exists (root, BATON_ROOT_VAR, JOURNAL);
}
