/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "config.h"

#include "baton-state-file.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <sys/stat.h>
#include <unistd.h>

#include "baton-error.h"
#include "baton-fd.h"

/* What Baton remembers about a card or a handoff is small: more than this was not written by it. */
#define MAX_STATE_BYTES (256 * 1024)

static char *
dup_path (BatonRootPart part, const char *directory, const char *name)
{
  g_autofree char *path = g_build_filename (directory, name, NULL);

  return baton_root_dup_shown_path (part, path);
}

static void
set_error (GError **error,
           const char *what,
           BatonRootPart part,
           const char *directory,
           const char *name,
           int errsv)
{
  g_autofree char *path = dup_path (part, directory, name);

  g_set_error (error, BATON_ERROR, baton_error_from_errno (errsv), "could not %s '%s': %s",
               what, path, g_strerror (errsv));
}

/**
 * baton_write_fully:
 * @fd: a file
 * @bytes: what is written
 * @length: how many bytes
 *
 * Returns: %TRUE if all of it was written, else %FALSE with errno set
 */
gboolean
baton_write_fully (int fd, const void *bytes, gsize length)
{
  const char *next = bytes;

  while (length > 0)
    {
      ssize_t n = write (fd, next, length);

      if (n < 0 && errno == EINTR)
        continue;
      if (n < 0)
        return FALSE;
      next += n;
      length -= (gsize) n;
    }

  return TRUE;
}

/**
 * baton_state_open_directory:
 * @root: the roots
 * @part: `/run` or `/var`
 * @path: directory below it; no part of it may be a symbolic link
 * @create: make what is missing, for everybody to enter
 * @error: return location for an error
 *
 * Opens one of Baton's own directories, a name at a time, so that a link
 * planted in its place is refused and not followed.
 *
 * Returns: a descriptor that the caller closes, or -1
 */
int
baton_state_open_directory (
    BatonRoot *root, BatonRootPart part, const char *path, gboolean create, GError **error)
{
  g_auto (GStrv) names = g_strsplit (path, "/", -1);
  int parent = baton_root_get_fd (root, part);
  int fd = -1;

  for (guint i = 0; names[i] != NULL; i++)
    {
      gboolean made = create && mkdirat (parent, names[i], 0755) == 0;
      int next;

      if (create && !made && errno != EEXIST && errno != EROFS)
        {
          set_error (error, "make the directory", part, path, NULL, errno);
          baton_fd_clear (&fd);
          return -1;
        }
      next = openat (parent, names[i], O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
      /* The umask took what others need to get in. */
      if (next < 0 || (made && fchmod (next, 0755) < 0))
        {
          set_error (error, "open the directory", part, path, NULL, errno);
          baton_fd_clear (&next);
          baton_fd_clear (&fd);
          return -1;
        }
      baton_fd_clear (&fd);
      parent = fd = next;
    }

  return fd;
}

static gboolean
write_and_sync (int fd, const char *text, guint mode)
{
  /* The mode is set again because the umask took bits from the one given to open. */
  return fchmod (fd, mode) == 0 && baton_write_fully (fd, text, strlen (text)) &&
         fsync (fd) == 0;
}

/**
 * baton_state_write:
 * @root: the roots
 * @part: `/run` or `/var`
 * @directory: directory below it, made where it is missing
 * @name: the file's name
 * @text: its whole content
 * @mode: its permissions
 * @error: return location for an error
 *
 * Puts a file in the place of what is there, so that a reader sees the old
 * content or the new one and a power cut leaves one of them whole.
 *
 * Returns: %TRUE if it is on the disk
 */
gboolean
baton_state_write (BatonRoot *root,
                   BatonRootPart part,
                   const char *directory,
                   const char *name,
                   const char *text,
                   guint mode,
                   GError **error)
{
  g_autofree char *temporary = g_strdup_printf (".%s.new", name);
  baton_autofd int dir = baton_state_open_directory (root, part, directory, TRUE, error);
  baton_autofd int fd = -1;

  if (dir < 0)
    return FALSE;

  /* One that a crash left behind. */
  unlinkat (dir, temporary, 0);
  fd = openat (dir, temporary, O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, 0600);
  if (fd < 0)
    {
      set_error (error, "make", part, directory, name, errno);
      return FALSE;
    }
  if (!write_and_sync (fd, text, mode) || renameat (dir, temporary, dir, name) < 0 ||
      fsync (dir) < 0)
    {
      set_error (error, "write", part, directory, name, errno);
      unlinkat (dir, temporary, 0);
      return FALSE;
    }

  return TRUE;
}

/**
 * baton_state_remove:
 * @root: the roots
 * @part: `/run` or `/var`
 * @directory: directory below it
 * @name: the file's name
 * @error: return location for an error
 *
 * Returns: %TRUE if the file is not there any more, on the disk as well
 */
gboolean
baton_state_remove (BatonRoot *root,
                    BatonRootPart part,
                    const char *directory,
                    const char *name,
                    GError **error)
{
  g_autoptr (GError) missing = NULL;
  baton_autofd int dir = baton_state_open_directory (root, part, directory, FALSE, &missing);

  if (dir < 0)
    {
      if (g_error_matches (missing, BATON_ERROR, BATON_ERROR_NOT_FOUND))
        return TRUE;
      g_propagate_error (error, g_steal_pointer (&missing));
      return FALSE;
    }
  if ((unlinkat (dir, name, 0) < 0 && errno != ENOENT) || fsync (dir) < 0)
    {
      set_error (error, "remove", part, directory, name, errno);
      return FALSE;
    }

  return TRUE;
}

static char *
read_text (int fd, GError **error)
{
  g_autoptr (GString) text = g_string_new (NULL);
  char buffer[4096];
  ssize_t n;

  while ((n = read (fd, buffer, sizeof buffer)) != 0)
    {
      if (n < 0 && errno == EINTR)
        continue;
      if (n < 0 || text->len + (gsize) n > MAX_STATE_BYTES)
        {
          int errsv = n < 0 ? errno : EFBIG;

          g_set_error_literal (error, BATON_ERROR, baton_error_from_errno (errsv),
                               g_strerror (errsv));
          return NULL;
        }
      g_string_append_len (text, buffer, n);
    }

  return g_string_free (g_steal_pointer (&text), FALSE);
}

/**
 * baton_state_read_json:
 * @root: the roots
 * @part: `/run` or `/var`
 * @directory: directory below it
 * @name: the file's name
 * @error: return location for an error
 *
 * Reads back what baton_state_write() wrote. Only a regular file is read: a
 * FIFO in its place would wait for ever.
 *
 * Returns: (transfer full): what it holds, an object, or %NULL
 */
JsonNode *
baton_state_read_json (BatonRoot *root,
                       BatonRootPart part,
                       const char *directory,
                       const char *name,
                       GError **error)
{
  baton_autofd int dir = baton_state_open_directory (root, part, directory, FALSE, error);
  baton_autofd int fd = -1;
  g_autofree char *path = dup_path (part, directory, name);
  g_autofree char *text = NULL;
  g_autoptr (JsonNode) node = NULL;
  struct stat info;

  if (dir < 0)
    return NULL;
  fd = openat (dir, name, O_RDONLY | O_NOFOLLOW | O_NONBLOCK | O_CLOEXEC);
  if (fd < 0 || fstat (fd, &info) < 0)
    {
      set_error (error, "open", part, directory, name, errno);
      return NULL;
    }
  if (!S_ISREG (info.st_mode))
    {
      g_set_error (error, BATON_ERROR, BATON_ERROR_PARSE, "'%s' is not a regular file", path);
      return NULL;
    }
  text = read_text (fd, error);
  if (text == NULL)
    {
      g_prefix_error (error, "reading '%s': ", path);
      return NULL;
    }
  node = json_from_string (text, NULL);
  if (node == NULL || !JSON_NODE_HOLDS_OBJECT (node))
    {
      g_set_error (error, BATON_ERROR, BATON_ERROR_PARSE, "'%s' holds no JSON object", path);
      return NULL;
    }

  return g_steal_pointer (&node);
}
