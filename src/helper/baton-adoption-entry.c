/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "config.h"

#include "baton-adoption-entry.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <unistd.h>

#include "baton-fd.h"
#include "baton-state-file.h"

/* References used below:
 *  RENAME - rename(2): within a file system it is done as a whole, and RENAME_NOREPLACE puts nothing in
 *    the place of anything; a file system that does not know it says EINVAL. The file keeps its owner,
 *    permissions, times and labels, being the same one.
 */

/* More than anybody writes by hand. */
#define MAX_BYTES (1024 * 1024)

/* What every directory of the system's has that hides nothing. */
#define USUAL_MODE 0755

/**
 * baton_adoption_refuse:
 * @ret_end: (out): that a file is in the way
 * @path: the file, below `/etc`
 * @reason: why, a clause
 *
 * Returns: %FALSE
 */
gboolean
baton_adoption_refuse (BatonEnd **ret_end, const char *path, const char *reason)
{
  g_autofree char *shown = baton_root_dup_shown_path (BATON_ROOT_ETC, path);

  *ret_end = baton_end_new (BATON_EXIT_REFUSED, BATON_CODE_ADOPT_FILE_IN_THE_WAY, "file", shown,
                            "reason", reason, NULL);

  return FALSE;
}

/**
 * baton_adoption_fail:
 * @ret_end: (out): that something could not be done
 * @path: with which file, below `/etc`
 * @what: what, a clause
 * @errsv: why
 *
 * Returns: %FALSE
 */
gboolean
baton_adoption_fail (BatonEnd **ret_end, const char *path, const char *what, int errsv)
{
  g_autofree char *shown = baton_root_dup_shown_path (BATON_ROOT_ETC, path);
  g_autofree char *reason = g_strdup_printf ("%s %s: %s", shown, what, g_strerror (errsv));

  *ret_end =
      baton_end_new (BATON_EXIT_ERROR, BATON_CODE_ADOPT_NOT_WRITTEN, "reason", reason, NULL);

  return FALSE;
}

/**
 * baton_entry_clear:
 * @self: an entry
 */
void
baton_entry_clear (BatonEntry *self)
{
  baton_fd_clear (&self->dir);
  g_clear_pointer (&self->name, g_free);
}

/**
 * baton_entry_open:
 * @self: an entry that is not open
 * @root: the roots
 * @path: a file, below `/etc`
 * @create: directories that are missing are made
 * @error: return location for an error
 *
 * Returns: %TRUE if its directory is open; the file may not be there
 */
gboolean
baton_entry_open (
    BatonEntry *self, BatonRoot *root, const char *path, gboolean create, GError **error)
{
  g_autofree char *directory = g_path_get_dirname (path);

  self->name = g_path_get_basename (path);
  self->dir = baton_state_open_directory (root, BATON_ROOT_ETC, directory, create, error);

  return self->dir >= 0;
}

/**
 * baton_entry_exists:
 * @self: an entry
 *
 * Returns: whether anything is there
 */
gboolean
baton_entry_exists (const BatonEntry *self)
{
  struct stat info;

  return self->dir >= 0 && fstatat (self->dir, self->name, &info, AT_SYMLINK_NOFOLLOW) == 0;
}

/**
 * baton_entry_read_fd:
 * @fd: an open file
 *
 * Returns: (transfer full) (nullable): what it holds, or %NULL with errno set
 */
GBytes *
baton_entry_read_fd (int fd)
{
  g_autofree char *text = g_malloc (MAX_BYTES + 1);
  gsize length = 0;
  gssize n = 1;

  while (n != 0 && length <= MAX_BYTES)
    {
      n = read (fd, text + length, MAX_BYTES + 1 - length);
      if (n < 0 && errno != EINTR)
        return NULL;
      length += n > 0 ? (gsize) n : 0;
    }
  if (length > MAX_BYTES)
    {
      errno = EFBIG;
      return NULL;
    }

  return g_bytes_new (text, length);
}

/* Only what root alone decides about is moved to where root decides about it again. */
static const char *
find_fault (BatonRoot *root, const struct stat *info)
{
  struct stat etc;

  if (!S_ISREG (info->st_mode))
    return "it is not a regular file";
  if (info->st_nlink > 1)
    return "it has another name as well (a hard link)";
  if (info->st_size > MAX_BYTES)
    return "it is too large to have been written by hand";
  if (fstat (baton_root_get_fd (root, BATON_ROOT_ETC), &etc) < 0 || info->st_uid != etc.st_uid)
    return "it does not belong to root";

  return NULL;
}

/**
 * baton_entry_read:
 * @self: an entry
 * @root: the roots
 * @ret_info: (out): what it is
 * @ret_reason: (out): where %NULL is returned: why it is not to be moved, a clause; %NULL where it is not
 *   there
 *
 * Returns: (transfer full) (nullable): what it holds
 */
GBytes *
baton_entry_read (const BatonEntry *self,
                  BatonRoot *root,
                  struct stat *ret_info,
                  const char **ret_reason)
{
  baton_autofd int fd =
      openat (self->dir, self->name, O_RDONLY | O_NOFOLLOW | O_NONBLOCK | O_NOCTTY | O_CLOEXEC);
  GBytes *bytes = NULL;

  *ret_reason = NULL;
  if (fd < 0 && errno == ENOENT)
    return NULL;
  if (fd < 0 || fstat (fd, ret_info) < 0)
    {
      *ret_reason = errno == ELOOP ? "it is a symbolic link" : g_strerror (errno);
      return NULL;
    }
  *ret_reason = find_fault (root, ret_info);
  if (*ret_reason != NULL)
    return NULL;
  bytes = baton_entry_read_fd (fd);
  if (bytes == NULL)
    *ret_reason = g_strerror (errno);

  return bytes;
}

/**
 * baton_entry_digest:
 * @bytes: what a file holds
 *
 * Returns: (transfer full): its SHA-256
 */
char *
baton_entry_digest (GBytes *bytes)
{
  return g_compute_checksum_for_bytes (G_CHECKSUM_SHA256, bytes);
}

/**
 * baton_entry_move:
 * @from: an entry
 * @to: where nothing may be (RENAME)
 *
 * Returns: 0, or why it was not moved
 */
int
baton_entry_move (const BatonEntry *from, const BatonEntry *to)
{
  if (renameat2 (from->dir, from->name, to->dir, to->name, RENAME_NOREPLACE) == 0)
    return 0;
  if (errno != EINVAL)
    return errno;
  if (baton_entry_exists (to))
    return EEXIST;

  return renameat (from->dir, from->name, to->dir, to->name) == 0 ? 0 : errno;
}

/**
 * baton_entry_dup_temporary:
 * @entry: an entry
 *
 * Returns: (transfer full): the name beside it under which what takes its place is written
 */
char *
baton_entry_dup_temporary (const BatonEntry *entry)
{
  return g_strdup_printf (".%s.new", entry->name);
}

/* What it was like is not written down: another one like it is made when it is needed again. */
static gboolean
is_usual (const BatonEntry *entry)
{
  struct stat info;

  return fstatat (entry->dir, entry->name, &info, AT_SYMLINK_NOFOLLOW) == 0 &&
         S_ISDIR (info.st_mode) && (info.st_mode & 07777) == USUAL_MODE &&
         info.st_uid == geteuid () && info.st_gid == getegid ();
}

/**
 * baton_entry_remove_directories:
 * @root: the roots
 * @path: a file that is gone, below `/etc`
 * @top: directory above it that stays
 *
 * Removes the directories that it was in, as far as nothing else is in them and they are like any other of
 * the system's.
 */
void
baton_entry_remove_directories (BatonRoot *root, const char *path, const char *top)
{
  g_autofree char *directory = g_path_get_dirname (path);

  while (strcmp (directory, top) != 0 && g_str_has_prefix (directory, top))
    {
      g_auto (BatonEntry) entry = { .dir = -1 };
      g_autofree char *removed = NULL;

      if (!baton_entry_open (&entry, root, directory, FALSE, NULL) || !is_usual (&entry) ||
          unlinkat (entry.dir, entry.name, AT_REMOVEDIR) < 0)
        return;
      removed = g_steal_pointer (&directory);
      directory = g_path_get_dirname (removed);
    }
}
