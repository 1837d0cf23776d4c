/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "config.h"

#include "baton-close.h"

#include <errno.h>
#include <signal.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <glib/gi18n.h>

#include "baton-error.h"
#include "baton-root.h"

/* References used below:
 *  PROC - proc(5), /proc/pid/stat: field 2 is the name in parentheses, field 22 the start time
 */

#define FIELDS_FROM_NAME_TO_START 20
#define MAX_STAT_BYTES 4096

static char *
read_start_time (int pid, GError **error)
{
  g_autoptr (BatonRoot) root = baton_root_new_system (error);
  g_autofree char *path = g_strdup_printf ("%d/stat", pid);
  g_autofree char *stat = NULL;
  const char *rest;
  g_auto (GStrv) fields = NULL;

  if (root == NULL)
    return NULL;

  stat = baton_root_read_file (root, BATON_ROOT_PROC, path, MAX_STAT_BYTES, NULL, error);
  if (stat == NULL)
    return NULL;

  /* A process may call itself anything, ")" included: the last one ends the name (PROC). */
  rest = strrchr (stat, ')');
  if (rest != NULL)
    fields = g_strsplit (rest, " ", FIELDS_FROM_NAME_TO_START + 2);
  if (fields == NULL || g_strv_length (fields) <= FIELDS_FROM_NAME_TO_START)
    {
      g_set_error (error, BATON_ERROR, BATON_ERROR_PARSE,
                   _ ("could not read the start time of process %d"), pid);
      return NULL;
    }

  return g_strdup (fields[FIELDS_FROM_NAME_TO_START]);
}

/**
 * baton_close_ask:
 * @pid: a process of this user
 * @start_time: its start time, as it was shown
 * @error: return location for an error
 *
 * Asks one of the user's own programs to end. This is what any task manager does, with the user's
 * own rights; programs of others are closed by the helper only, with consent.
 *
 * A number alone may belong to another process by now. The pidfd is opened first and the start time
 * compared after that: what the descriptor stands for can no longer change.
 *
 * Fails with %BATON_ERROR_MISMATCH if the process is another one or gone, and with
 * %BATON_ERROR_PERMISSION if it belongs to another user.
 *
 * Returns: %TRUE if the program was asked
 */
gboolean
baton_close_ask (int pid, const char *start_time, GError **error)
{
  g_autofree char *found = NULL;
  gboolean asked = FALSE;
  int fd = (int) syscall (SYS_pidfd_open, pid, 0);

  if (fd < 0)
    {
      g_set_error (error, BATON_ERROR, BATON_ERROR_MISMATCH, _ ("process %d has ended already"),
                   pid);
      return FALSE;
    }

  found = read_start_time (pid, error);
  if (found != NULL && g_strcmp0 (found, start_time) != 0)
    g_set_error (error, BATON_ERROR, BATON_ERROR_MISMATCH,
                 _ ("process %d is another one than was shown"), pid);
  else if (found != NULL && syscall (SYS_pidfd_send_signal, fd, SIGTERM, NULL, 0) < 0)
    g_set_error (error, BATON_ERROR, baton_error_from_errno (errno),
                 _ ("process %d could not be asked to close: %s"), pid, g_strerror (errno));
  else
    asked = found != NULL;

  close (fd);

  return asked;
}
