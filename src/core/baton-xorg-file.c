/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "config.h"

#include "baton-xorg-file.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <unistd.h>

#include "baton-fd.h"

/* References used below:
 *  XORG-CONF - xorg.conf(5): files of xorg.conf.d end in ".conf", and are read in ASCII order
 *  XORG-SCAN - xserver hw/xfree86/parser/scan.c, ConfigFilter(): nor does their name begin with a dot
 */

/* Xorg runs as root on many a system, and what it loads and runs stands in these files: whoever may
 * write one is root. So every directory on the way to one counts as well. */
#define WRITABLE_BY_OTHERS (S_IWGRP | S_IWOTH)

#define ETC "/etc/"
#define SUFFIX ".conf"
#define OWN_PREFIX "90-baton-"
#define MAX_PATH_BYTES 1024

static const char in_the_way[] = "is in the way: it was left behind by an earlier handoff, or "
                                 "another card’s has moved it; look into it, and rename it";

/* XORG-SCAN */
static gboolean
is_read_by_xorg (const char *name)
{
  return *name != '.' && strlen (name) > strlen (SUFFIX) && g_str_has_suffix (name, SUFFIX);
}

static gboolean
is_canonical (const char *path)
{
  g_auto (GStrv) names = g_strsplit (path, "/", -1);

  for (guint i = 0; names[i] != NULL; i++)
    if (*names[i] == '\0' || g_str_equal (names[i], ".") || g_str_equal (names[i], ".."))
      return FALSE;

  return TRUE;
}

static gboolean
is_one_line (const char *path)
{
  for (const char *at = path; *at != '\0'; at++)
    if (g_ascii_iscntrl (*at))
      return FALSE;

  return TRUE;
}

/* Below /etc. */
static const char *
get_name_in_directory (const char *path)
{
  const char *rest = NULL;

  if (!g_str_has_prefix (path, BATON_XORG_DIRECTORY "/"))
    return NULL;
  rest = path + strlen (BATON_XORG_DIRECTORY "/");

  return strchr (rest, '/') == NULL ? rest : NULL;
}

/**
 * baton_xorg_file_find_name_fault:
 * @path: a file, as the card's owner names it
 * @use: what for
 *
 * Returns: (transfer full): what is wrong with the name alone: a clause, for people; or %NULL
 */
char *
baton_xorg_file_find_name_fault (const char *path, BatonXorgUse use)
{
  const char *below = g_str_has_prefix (path, ETC) ? path + strlen (ETC) : NULL;
  const char *name = below != NULL ? get_name_in_directory (below) : NULL;

  if (below == NULL || *below == '\0' || strlen (path) > MAX_PATH_BYTES ||
      !is_canonical (below) || !is_one_line (below))
    return g_strdup ("it must be “none” or the whole name of a file below /etc, such as "
                     "/etc/X11/xorg.conf.d/10-nvidia.conf");
  if (use == BATON_XORG_HOST && (name == NULL || !is_read_by_xorg (name)))
    return g_strdup (
        "it must be a file that Xorg reads now, in /etc/X11/xorg.conf.d and with a "
        "name that ends in .conf: it is moved aside while a guest has the card");
  if (name != NULL && g_str_has_prefix (name, OWN_PREFIX))
    return g_strdup ("files whose names begin with 90-baton- are Baton’s own");
  if (use == BATON_XORG_GUEST && name != NULL && is_read_by_xorg (name))
    return g_strdup ("Xorg would read this file whoever has the card: keep it in another "
                     "directory, such as /etc/X11, from which it is copied");

  return NULL;
}

static char *
describe_errno (const char *path, int errsv)
{
  if (errsv == ENOENT)
    return g_strdup_printf ("there is no “%s”", path);
  if (errsv == ELOOP || errsv == ENOTDIR)
    return g_strdup_printf ("“%s” is a symbolic link, or no directory", path);

  return g_strdup_printf ("“%s” could not be opened: %s", path, g_strerror (errsv));
}

/* Who owns /etc is root, but in a tree of a test's. */
static gboolean
is_owners_alone (BatonRoot *root, const struct stat *info)
{
  baton_autofd int fd = baton_root_open (root, BATON_ROOT_ETC, ".", O_PATH, NULL);
  struct stat etc;

  return fd >= 0 && fstat (fd, &etc) == 0 && info->st_uid == etc.st_uid &&
         (info->st_mode & WRITABLE_BY_OTHERS) == 0;
}

/* Opens a directory below /etc a name at a time, through no link and through nothing that others could
 * change while we look at it. */
static int
open_directory (BatonRoot *root, const char *path, char **ret_reason)
{
  g_auto (GStrv) names = g_strsplit (path, "/", -1);
  g_autoptr (GString) so_far = g_string_new ("/etc");
  int fd = baton_root_open (root, BATON_ROOT_ETC, ".", O_RDONLY | O_DIRECTORY, NULL);

  for (guint i = 0; fd >= 0 && names[i] != NULL; i++)
    {
      int next = openat (fd, names[i], O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
      int errsv = errno;
      struct stat info;

      g_string_append_printf (so_far, "/%s", names[i]);
      close (fd);
      fd = next;
      if (fd >= 0 && fstat (fd, &info) == 0 && is_owners_alone (root, &info))
        continue;
      *ret_reason = fd < 0
                        ? describe_errno (so_far->str, errsv)
                        : g_strdup_printf ("others than root may write in “%s”", so_far->str);
      baton_fd_clear (&fd);
      return -1;
    }
  if (fd < 0)
    *ret_reason = describe_errno (so_far->str, errno);

  return fd;
}

/**
 * baton_xorg_file_open_directory:
 * @root: where to look
 * @ret_reason: (out): a clause, for people, where it cannot be opened
 *
 * Returns: Xorg's own directory, which the caller closes, or -1
 */
int
baton_xorg_file_open_directory (BatonRoot *root, char **ret_reason)
{
  g_autofree char *reason = NULL;
  int fd = open_directory (root, BATON_XORG_DIRECTORY, &reason);

  if (fd >= 0)
    return fd;
  if (baton_root_exists (root, BATON_ROOT_ETC, BATON_XORG_DIRECTORY))
    *ret_reason = g_steal_pointer (&reason);
  else
    *ret_reason = g_strdup ("there is no directory /etc/X11/xorg.conf.d, where Xorg looks for "
                            "such files: “sudo mkdir -p /etc/X11/xorg.conf.d” makes it");

  return -1;
}

static gboolean
has_entry (int dir, const char *name)
{
  struct stat info;

  return fstatat (dir, name, &info, AT_SYMLINK_NOFOLLOW) == 0;
}

static char *
find_aside (int dir, const char *name)
{
  g_autofree char *aside = g_strconcat (name, BATON_XORG_ASIDE_SUFFIX, NULL);

  return has_entry (dir, aside) ? g_strdup_printf ("“%s” %s", aside, in_the_way) : NULL;
}

/* What a link of root's leads to is root's wish, and Xorg's to read: the link is what is moved. */
static char *
find_fault_of_kind (BatonRoot *root, const struct stat *info, BatonXorgUse use)
{
  if (use == BATON_XORG_HOST && S_ISLNK (info->st_mode))
    return NULL;
  if (S_ISLNK (info->st_mode))
    return g_strdup ("it is a symbolic link");
  if (!S_ISREG (info->st_mode))
    return g_strdup ("it is not a regular file");
  if (!is_owners_alone (root, info))
    return g_strdup ("others than root own it or may write it: “sudo chown root: FILE” and "
                     "“sudo chmod 644 FILE” make it root’s alone");
  if (info->st_size > BATON_XORG_MAX_BYTES)
    return g_strdup ("it is larger than 64 KiB");

  return NULL;
}

/**
 * baton_xorg_file_find_fault:
 * @root: where to look
 * @path: a file that baton_xorg_file_find_name_fault() has found no fault with
 * @use: what for
 *
 * Looks whether it can be used as it is, and nobody but root could have written it. Its content is not
 * looked at, which everybody may ask for.
 *
 * Returns: (transfer full): what is wrong: a clause, for people; or %NULL
 */
char *
baton_xorg_file_find_fault (BatonRoot *root, const char *path, BatonXorgUse use)
{
  g_autofree char *parent = g_path_get_dirname (path + strlen (ETC));
  g_autofree char *name = g_path_get_basename (path);
  char *reason = NULL;
  baton_autofd int xorg = baton_xorg_file_open_directory (root, &reason);
  baton_autofd int dir = -1;
  struct stat info;

  if (xorg < 0)
    return reason;
  dir = g_str_equal (parent, ".") ? open_directory (root, ".", &reason)
                                  : open_directory (root, parent, &reason);
  if (dir < 0)
    return reason;
  reason = use == BATON_XORG_HOST ? find_aside (dir, name) : NULL;
  if (reason != NULL)
    return reason;
  if (fstatat (dir, name, &info, AT_SYMLINK_NOFOLLOW) < 0)
    return describe_errno (path, errno);

  return find_fault_of_kind (root, &info, use);
}

/**
 * baton_xorg_file_find_obstacle:
 * @root: where to look
 * @card: a card's address
 *
 * Returns: (transfer full): what is in the way of a file for the guest's time: a clause, for people; or
 *   %NULL
 */
char *
baton_xorg_file_find_obstacle (BatonRoot *root, const char *card)
{
  g_autofree char *name = baton_xorg_file_build_name (card);
  g_autofree char *reason = NULL;
  baton_autofd int dir = baton_xorg_file_open_directory (root, &reason);

  return dir >= 0 && has_entry (dir, name) ? g_strdup_printf ("“%s” %s", name, in_the_way)
                                           : NULL;
}

/**
 * baton_xorg_file_read_fd:
 * @fd: an open file
 * @ret_length: (out): how many bytes it has
 * @ret_errno: (out): why it cannot be read; EFBIG for more than %BATON_XORG_MAX_BYTES
 *
 * Returns: (transfer full) (nullable): its bytes, with a zero behind them
 */
char *
baton_xorg_file_read_fd (int fd, gsize *ret_length, int *ret_errno)
{
  g_autofree char *bytes = g_malloc0 (BATON_XORG_MAX_BYTES + 2);
  gsize length = 0;
  gssize n = 1;

  while (n != 0 && length <= BATON_XORG_MAX_BYTES)
    {
      n = read (fd, bytes + length, BATON_XORG_MAX_BYTES + 1 - length);
      if (n < 0 && errno != EINTR)
        {
          *ret_errno = errno;
          return NULL;
        }
      length += n > 0 ? (gsize) n : 0;
    }
  if (length > BATON_XORG_MAX_BYTES)
    {
      *ret_errno = EFBIG;
      return NULL;
    }
  bytes[length] = '\0';
  *ret_length = length;

  return g_steal_pointer (&bytes);
}

/**
 * baton_xorg_file_read:
 * @root: where to look
 * @path: a file that is to be used for the guest's time
 * @ret_length: (out): how many bytes it has
 * @ret_mode: (out): its permissions
 * @ret_reason: (out): a clause, for people, where it cannot be used
 *
 * Looks at what it has opened once more: it may have been changed since it was found good.
 *
 * Returns: (transfer full) (nullable): its bytes
 */
char *
baton_xorg_file_read (
    BatonRoot *root, const char *path, gsize *ret_length, mode_t *ret_mode, char **ret_reason)
{
  g_autofree char *parent = g_path_get_dirname (path + strlen (ETC));
  g_autofree char *name = g_path_get_basename (path);
  baton_autofd int dir = open_directory (root, parent, ret_reason);
  baton_autofd int fd = -1;
  char *bytes = NULL;
  struct stat info;
  int errsv = 0;

  if (dir < 0)
    return NULL;
  fd = openat (dir, name, O_RDONLY | O_NOFOLLOW | O_NONBLOCK | O_NOCTTY | O_CLOEXEC);
  if (fd < 0 || fstat (fd, &info) < 0)
    {
      *ret_reason = describe_errno (path, errno);
      return NULL;
    }
  *ret_reason = find_fault_of_kind (root, &info, BATON_XORG_GUEST);
  if (*ret_reason != NULL)
    return NULL;
  bytes = baton_xorg_file_read_fd (fd, ret_length, &errsv);
  if (bytes == NULL)
    *ret_reason = describe_errno (path, errsv);
  *ret_mode = info.st_mode & 0777;

  return bytes;
}

/**
 * baton_xorg_file_build_name:
 * @card: a card's address
 *
 * Late in Xorg's order (XORG-CONF), so that it can add to what is there.
 *
 * Returns: (transfer full): the name in %BATON_XORG_DIRECTORY of the file for the guest's time
 */
char *
baton_xorg_file_build_name (const char *card)
{
  return g_strconcat (OWN_PREFIX, card, SUFFIX, NULL);
}

/**
 * baton_xorg_file_build_state_name:
 * @card: a card's address
 *
 * Returns: (transfer full): the name in %BATON_XORG_STATE_DIRECTORY of what is to be put back
 */
char *
baton_xorg_file_build_state_name (const char *card)
{
  return g_strconcat (card, ".json", NULL);
}

/**
 * baton_xorg_file_is_noted:
 * @root: where to look
 * @card: a card's address
 *
 * Returns: whether Xorg's files are as they are to be while a guest has the card
 */
gboolean
baton_xorg_file_is_noted (BatonRoot *root, const char *card)
{
  g_autofree char *name = baton_xorg_file_build_state_name (card);
  g_autofree char *path = g_build_filename (BATON_XORG_STATE_DIRECTORY, name, NULL);

  return baton_root_exists (root, BATON_ROOT_VAR, path);
}
