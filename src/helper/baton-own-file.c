/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "config.h"

#include "baton-own-file.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "baton-error.h"
#include "baton-fd.h"
#include "baton-json.h"
#include "baton-state-file.h"

/* More than Baton writes into any file of its own. */
#define MAX_BYTES 65536

/* Returns: (transfer full) (nullable): what an open file holds, or %NULL and why it is none that Baton
 * has written */
static char *
read_text (int fd, const char **ret_reason)
{
  g_autofree char *text = g_malloc0 (MAX_BYTES + 1);
  gsize length = 0;
  gssize n = 1;
  struct stat info;

  *ret_reason = "Baton did not write it";
  if (fstat (fd, &info) < 0 || !S_ISREG (info.st_mode))
    {
      *ret_reason = "it is not a regular file";
      return NULL;
    }
  if (info.st_nlink > 1)
    {
      *ret_reason = "it has another name as well (a hard link)";
      return NULL;
    }

  while (n != 0 && length < MAX_BYTES)
    {
      n = read (fd, text + length, MAX_BYTES - length);
      if (n < 0 && errno != EINTR)
        {
          *ret_reason = g_strerror (errno);
          return NULL;
        }
      length += n > 0 ? (gsize) n : 0;
    }

  return length < MAX_BYTES && strlen (text) == length ? g_steal_pointer (&text) : NULL;
}

/**
 * baton_own_file_read:
 * @root: the roots
 * @path: of a file that Baton alone writes, below `/etc`
 * @ret_text: (out): what it holds, %NULL where there is no such file
 * @ret_reason: (out): where %FALSE is returned: why what lies there is none of Baton's
 *
 * Reads it, through no link.
 *
 * Returns: whether there is nothing in its way
 */
gboolean
baton_own_file_read (BatonRoot *root, const char *path, char **ret_text, char **ret_reason)
{
  g_autofree char *directory = g_path_get_dirname (path);
  g_autofree char *name = g_path_get_basename (path);
  g_autoptr (GError) error = NULL;
  baton_autofd int dir =
      baton_state_open_directory (root, BATON_ROOT_ETC, directory, FALSE, &error);
  baton_autofd int fd = -1;
  const char *reason = NULL;

  *ret_text = NULL;
  if (dir < 0 && g_error_matches (error, BATON_ERROR, BATON_ERROR_NOT_FOUND))
    return TRUE;
  if (dir < 0)
    {
      *ret_reason = g_strdup (error->message);
      return FALSE;
    }

  fd = openat (dir, name, O_RDONLY | O_NOFOLLOW | O_NONBLOCK | O_NOCTTY | O_CLOEXEC);
  if (fd < 0 && errno == ENOENT)
    return TRUE;
  if (fd < 0)
    {
      *ret_reason = g_strdup (errno == ELOOP ? "it is a symbolic link" : g_strerror (errno));
      return FALSE;
    }
  *ret_text = read_text (fd, &reason);
  if (*ret_text == NULL)
    *ret_reason = g_strdup (reason);

  return *ret_text != NULL;
}

/**
 * baton_own_file_digest:
 * @text: what such a file holds
 *
 * Returns: (transfer full): its SHA-256, by which it is known again
 */
char *
baton_own_file_digest (const char *text)
{
  return g_compute_checksum_for_string (G_CHECKSUM_SHA256, text, -1);
}

/**
 * baton_own_file_is_remembered:
 * @digests: (nullable): what was written down of a file
 * @text: what it holds
 *
 * Returns: whether Baton wrote exactly that
 */
gboolean
baton_own_file_is_remembered (JsonArray *digests, const char *text)
{
  g_autofree char *wanted = baton_own_file_digest (text);

  for (guint i = 0; i < baton_json_count (digests); i++)
    if (g_strcmp0 (baton_json_node_get_string (json_array_get_element (digests, i)), wanted) ==
        0)
      return TRUE;

  return FALSE;
}
