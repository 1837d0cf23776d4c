/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "config.h"

#include "baton-holders-pids.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <unistd.h>

#include <glib/gi18n-lib.h>

#include "baton-error.h"

/* Sets errno where the list broke off: half of it would hide who has the card. */
static gboolean
read_pids (DIR *directory, GArray *pids)
{
  const struct dirent *entry;

  for (errno = 0; (entry = readdir (directory)) != NULL; errno = 0)
    {
      guint64 pid;
      int value;

      if (!g_ascii_string_to_unsigned (entry->d_name, 10, 1, G_MAXINT, &pid, NULL))
        continue;
      value = (int) pid;
      g_array_append_val (pids, value);
    }

  return errno == 0;
}

/**
 * baton_holders_pids_list:
 * @proc_fd: a directory laid out like `/proc`
 * @error: return location for an error
 *
 * Returns: (transfer full) (element-type int): the number of every process that is shown there
 */
GArray *
baton_holders_pids_list (int proc_fd, GError **error)
{
  g_autoptr (GArray) pids = g_array_new (FALSE, FALSE, sizeof (int));
  int fd = openat (proc_fd, ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
  DIR *directory = fd >= 0 ? fdopendir (fd) : NULL;
  gboolean is_whole = directory != NULL && read_pids (directory, pids);
  int errsv = errno;

  if (directory != NULL)
    closedir (directory);
  else if (fd >= 0)
    close (fd);
  if (is_whole)
    return g_steal_pointer (&pids);

  g_set_error (error, BATON_ERROR, baton_error_from_errno (errsv),
               _ ("the running processes could not be listed in “/proc”: %s"),
               g_strerror (errsv));
  return NULL;
}

/**
 * baton_holders_pids_are_hidden:
 * @pids: (element-type int): numbers of processes
 *
 * A `/proc` that is mounted with `hidepid=` leaves out even the first process, which every system
 * has (Linux, fs/proc/base.c, has_pid_permissions()).
 *
 * Returns: whether there are more processes than @pids
 */
gboolean
baton_holders_pids_are_hidden (GArray *pids)
{
  if (pids->len == 0)
    return FALSE;

  for (guint i = 0; i < pids->len; i++)
    if (g_array_index (pids, int, i) == 1)
      return FALSE;

  return TRUE;
}
