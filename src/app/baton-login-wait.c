/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "config.h"

#include "baton-login-wait.h"

#include <fcntl.h>
#include <poll.h>
#include <sys/inotify.h>
#include <unistd.h>

#include "baton-fd.h"

#define DIRECTORY "lib/baton"
#define JOURNAL DIRECTORY "/journal"

/* Returns: -1 where nothing can be heard of the directory */
static int
listen_to (BatonRoot *root)
{
  baton_autofd int directory =
      baton_root_open (root, BATON_ROOT_VAR, DIRECTORY, O_PATH | O_DIRECTORY, NULL);
  baton_autofd int notes = inotify_init1 (IN_CLOEXEC | IN_NONBLOCK);
  g_autofree char *path = g_strdup_printf ("/proc/self/fd/%d", directory);

  if (directory < 0 || notes < 0 ||
      inotify_add_watch (notes, path, IN_DELETE | IN_MOVED_FROM | IN_ONLYDIR) < 0)
    return -1;

  return baton_fd_steal (&notes);
}

/* Returns: %FALSE where nothing came in time */
static gboolean
wait_for_note (int notes, gint64 deadline)
{
  struct pollfd look = { .fd = notes, .events = POLLIN };
  gint64 left_us = deadline - g_get_monotonic_time ();
  char block[4096];

  if (left_us <= 0 || TEMP_FAILURE_RETRY (poll (&look, 1, (int) ((left_us + 999) / 1000))) <= 0)
    return FALSE;
  while (read (notes, block, sizeof block) > 0)
    ;

  return TRUE;
}

/**
 * baton_login_wait:
 * @root: where the journal of a handoff is
 * @max_ms: how long at most
 *
 * Waits until no handoff is under way: who is logged in at once when the login screen comes back is
 * there before its report is.
 */
void
baton_login_wait (BatonRoot *root, guint max_ms)
{
  gint64 deadline = g_get_monotonic_time () + max_ms * G_GINT64_CONSTANT (1000);
  baton_autofd int notes = -1;

  if (!baton_root_exists (root, BATON_ROOT_VAR, JOURNAL))
    return;

  notes = listen_to (root);
  while (notes >= 0 && baton_root_exists (root, BATON_ROOT_VAR, JOURNAL) &&
         wait_for_note (notes, deadline))
    ;
}
