/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "config.h"

#include "baton-root-private.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include <glib/gi18n-lib.h>

/* More than any attribute of sysfs has: a page is the kernel's own limit there. */
#define MAX_LINE_BYTES 65536

#define PAGE_BYTES 4096

/* A busy machine has some ten thousand processes; beyond this something is wrong. */
#define MAX_NAMES 262144

/* A file on a disk says how long it is, and is read at once. One of the kernel's says a page or
 * nothing, whatever it has. */
static gsize
guess_size (const struct stat *info)
{
  return info->st_size > 0 ? (gsize) info->st_size : PAGE_BYTES;
}

/* @first_line: enough is read where that has its end. Most that a look reads is one line of sysfs,
 * and the end of the file would have to be asked for. */
static char *
read_all (int fd, gboolean first_line, gsize max_bytes, gsize *ret_length, int *ret_errno)
{
  g_autofree char *text = NULL;
  gsize size, length = 0;
  struct stat info;

  /* A FIFO or a device that waits where a file should be would keep us waiting. */
  if (fstat (fd, &info) < 0 || !S_ISREG (info.st_mode))
    {
      *ret_errno = EINVAL;
      return NULL;
    }

  /* One byte more shows that there is more than there may be, and is for the NUL after the end. */
  size = MIN (guess_size (&info), max_bytes) + 1;
  text = g_malloc (size);
  for (;;)
    {
      gssize n = read (fd, text + length, size - length);

      if (n < 0 && errno == EINTR)
        continue;
      if (n < 0)
        {
          *ret_errno = errno;
          return NULL;
        }
      if (n == 0)
        break;

      length += (gsize) n;
      if (length > max_bytes)
        {
          *ret_errno = EFBIG;
          return NULL;
        }
      if (length == size)
        {
          size = MIN (2 * size, max_bytes + 1);
          text = g_realloc (text, size);
        }
      if (first_line && memchr (text + length - n, '\n', (gsize) n) != NULL)
        break;
    }

  text[length] = '\0';
  if (ret_length != NULL)
    *ret_length = length;

  /* Most are far shorter than their page, and some are kept. */
  return g_realloc (g_steal_pointer (&text), length + 1);
}

static char *
read_file (BatonRoot *self,
           BatonRootPart part,
           const char *path,
           gboolean first_line,
           gsize max_bytes,
           gsize *ret_length,
           GError **error)
{
  char *text;
  int errsv = 0;
  int fd;

  g_return_val_if_fail (part < BATON_N_ROOT_PARTS, NULL);

  fd = baton_root_open_quietly (self, part, path, O_RDONLY | O_NOCTTY | O_NONBLOCK);
  if (fd < 0)
    {
      baton_root_set_error (error, N_ ("“{path}” could not be read: {reason}"), part, path,
                            errno);
      return NULL;
    }

  text = read_all (fd, first_line, max_bytes, ret_length, &errsv);
  close (fd);
  if (text == NULL)
    baton_root_set_error (error, N_ ("“{path}” could not be read: {reason}"), part, path,
                          errsv);

  return text;
}

/**
 * baton_root_read_file:
 * @self: a root
 * @part: one of its parts
 * @path: a path below it
 * @max_bytes: refuse more than this
 * @ret_length: (out) (optional): where to store the length
 * @error: return location for an error
 *
 * Returns: (transfer full): the bytes of a regular file and a NUL after them, or %NULL,
 *   with %BATON_ERROR_TOO_LARGE if there are more than @max_bytes
 */
char *
baton_root_read_file (BatonRoot *self,
                      BatonRootPart part,
                      const char *path,
                      gsize max_bytes,
                      gsize *ret_length,
                      GError **error)
{
  return read_file (self, part, path, FALSE, max_bytes, ret_length, error);
}

/**
 * baton_root_read_line:
 * @self: a root
 * @part: one of its parts
 * @path: a path below it
 * @error: return location for an error
 *
 * Returns: (transfer full): the first line of the file, without its end
 */
char *
baton_root_read_line (BatonRoot *self, BatonRootPart part, const char *path, GError **error)
{
  char *text = read_file (self, part, path, TRUE, MAX_LINE_BYTES, NULL, error);

  if (text != NULL)
    text[strcspn (text, "\n")] = '\0';

  return text;
}

/**
 * baton_root_read_link:
 * @self: a root
 * @part: one of its parts
 * @path: a path below it, whose last part is a link
 * @error: return location for an error
 *
 * Returns: (transfer full): the text of the link, which is not followed
 */
char *
baton_root_read_link (BatonRoot *self, BatonRootPart part, const char *path, GError **error)
{
  char target[PATH_MAX];
  gssize length;
  int errsv;
  int fd;

  g_return_val_if_fail (part < BATON_N_ROOT_PARTS, NULL);

  fd = baton_root_open_quietly (self, part, path, O_PATH | O_NOFOLLOW);
  if (fd < 0)
    {
      baton_root_set_error (error, N_ ("the link “{path}” could not be read: {reason}"), part,
                            path, errno);
      return NULL;
    }

  length = readlinkat (fd, "", target, sizeof target);
  /* readlinkat(2): what is there, and is no link, gives ENOENT with an empty path. */
  errsv = length < 0 && errno == ENOENT ? EINVAL : errno;
  close (fd);
  if (length < 0 || (gsize) length >= sizeof target)
    {
      baton_root_set_error (error, N_ ("the link “{path}” could not be read: {reason}"), part,
                            path, length < 0 ? errsv : ENAMETOOLONG);
      return NULL;
    }

  return g_strndup (target, (gsize) length);
}

/**
 * baton_root_read_link_name:
 * @self: a root
 * @part: one of its parts
 * @path: a path below it, whose last part is a link
 * @error: return location for an error
 *
 * What most links of sysfs say is in their last component: a driver, a module, a group.
 *
 * Returns: (transfer full): that component
 */
char *
baton_root_read_link_name (BatonRoot *self,
                           BatonRootPart part,
                           const char *path,
                           GError **error)
{
  g_autofree char *target = baton_root_read_link (self, part, path, error);

  if (target == NULL)
    return NULL;

  return g_path_get_basename (target);
}

static int
compare_names (gconstpointer a, gconstpointer b)
{
  return strcmp (*(const char *const *) a, *(const char *const *) b);
}

/* The names in an open directory, sorted. A list that broke off is no list: it would hide a
 * function or a holder, and nobody would know. */
static GPtrArray *
read_names (DIR *directory, int *ret_errno)
{
  g_autoptr (GPtrArray) names = g_ptr_array_new_with_free_func (g_free);

  for (;;)
    {
      const struct dirent *entry;

      errno = 0;
      entry = readdir (directory);
      if (entry == NULL)
        break;
      if (strcmp (entry->d_name, ".") == 0 || strcmp (entry->d_name, "..") == 0)
        continue;
      if (names->len == MAX_NAMES)
        {
          errno = EFBIG;
          break;
        }
      g_ptr_array_add (names, g_strdup (entry->d_name));
    }

  if (errno != 0)
    {
      *ret_errno = errno;
      return NULL;
    }

  g_ptr_array_sort (names, compare_names);
  return g_steal_pointer (&names);
}

/**
 * baton_root_list:
 * @self: a root
 * @part: one of its parts
 * @path: a directory below it, empty for the part itself
 * @error: return location for an error
 *
 * Returns: (transfer full) (element-type filename): the names in it but for `.` and
 *   `..`, sorted by their bytes; empty where the tree has no such part
 */
GPtrArray *
baton_root_list (BatonRoot *self, BatonRootPart part, const char *path, GError **error)
{
  GPtrArray *names;
  DIR *directory;
  int errsv = 0;
  int fd;

  g_return_val_if_fail (part < BATON_N_ROOT_PARTS, NULL);

  if (baton_root_get_fd (self, part) < 0 && !baton_root_is_system (self))
    return g_ptr_array_new_with_free_func (g_free);

  fd = baton_root_open_quietly (self, part, path, O_RDONLY | O_DIRECTORY);
  directory = fd >= 0 ? fdopendir (fd) : NULL;
  if (directory == NULL)
    {
      baton_root_set_error (error, N_ ("“{path}” could not be listed: {reason}"), part, path,
                            errno);
      if (fd >= 0)
        close (fd);
      return NULL;
    }

  names = read_names (directory, &errsv);
  closedir (directory);
  if (names == NULL)
    baton_root_set_error (error, N_ ("“{path}” could not be listed: {reason}"), part, path,
                          errsv);

  return names;
}
