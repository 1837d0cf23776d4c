/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "config.h"

#include "baton-settings-file.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/xattr.h>
#include <unistd.h>

#include "baton-error.h"
#include "baton-fd.h"
#include "baton-profile.h"
#include "baton-state-file.h"

/* References used below:
 *  RENAME - rename(2): whoever opens the new name finds the old file or the new one
 *  XATTR - xattr(7): the system decides over "system", "security" and "trusted", the owner over "user"
 *  EVM - Linux Documentation/ABI/testing/evm: what the kernel writes from a file's content
 */

/* In the same directory, because a file is only renamed within a file system. One that a power cut
 * leaves behind is read by nobody and taken away by the next change. */
#define TEMPORARY "." BATON_PROFILE_FILE ".new"

#define ACL "system.posix_acl_access"
#define MODE_OF_A_NEW_FILE 0644

struct _BatonSettingsFile
{
  gboolean exists;
  struct stat info;
  char *text;
  gsize length;

  /* owned */
  int dir;
  int fd;
};

static gboolean
set_error (GError **error, const char *what, int errsv)
{
  g_set_error (error, BATON_ERROR, baton_error_from_errno (errsv), "%s: %s", what,
               g_strerror (errsv));

  return FALSE;
}

static gboolean
refuse (GError **error, const char *reason)
{
  g_set_error_literal (error, BATON_ERROR, BATON_ERROR_UNSUPPORTED, reason);

  return FALSE;
}

/* What the new file could not take the place of without its owner noticing something else. */
static gboolean
check_kind (BatonSettingsFile *self, GError **error)
{
  if (!S_ISREG (self->info.st_mode))
    return refuse (error, "it is not a regular file");
  if (self->info.st_nlink > 1)
    return refuse (error,
                   "it has another name as well (a hard link), and what that name stands "
                   "for would be left behind");

  return TRUE;
}

static gboolean
read_whole (BatonSettingsFile *self, GError **error)
{
  gssize n = 1;

  self->text = g_malloc0 (BATON_PROFILE_MAX_BYTES + 2);
  while (n != 0 && self->length <= BATON_PROFILE_MAX_BYTES)
    {
      n = read (self->fd, self->text + self->length,
                BATON_PROFILE_MAX_BYTES + 1 - self->length);
      if (n < 0 && errno != EINTR)
        return set_error (error, "it could not be read", errno);
      self->length += n > 0 ? (gsize) n : 0;
    }
  self->text[self->length] = '\0';

  return TRUE;
}

static gboolean
open_file (BatonSettingsFile *self, GError **error)
{
  self->fd = openat (self->dir, BATON_PROFILE_FILE,
                     O_RDONLY | O_NOFOLLOW | O_NONBLOCK | O_NOCTTY | O_CLOEXEC);
  if (self->fd < 0 && errno == ENOENT)
    {
      self->text = g_strdup ("");
      return TRUE;
    }
  if (self->fd < 0 && errno == ELOOP)
    return refuse (error,
                   "it is a symbolic link, and Baton changes no file that lies elsewhere");
  if (self->fd < 0 || fstat (self->fd, &self->info) < 0)
    return set_error (error, "it could not be opened", errno);

  self->exists = TRUE;

  return check_kind (self, error) && read_whole (self, error);
}

/**
 * baton_settings_file_open:
 * @root: the roots
 * @error: return location for an error
 *
 * Reads the file, through no link. Where there is none it is an empty one.
 *
 * Returns: (transfer full): the file; %NULL where it is nothing that Baton would replace
 */
BatonSettingsFile *
baton_settings_file_open (BatonRoot *root, GError **error)
{
  g_autoptr (BatonSettingsFile) self = g_new0 (BatonSettingsFile, 1);

  self->fd = -1;
  self->dir = openat (baton_root_get_fd (root, BATON_ROOT_ETC), ".",
                      O_RDONLY | O_DIRECTORY | O_CLOEXEC);
  if (self->dir < 0)
    {
      set_error (error, "its directory could not be opened", errno);
      return NULL;
    }

  return open_file (self, error) ? g_steal_pointer (&self) : NULL;
}

/**
 * baton_settings_file_free:
 * @self: (nullable): a file
 */
void
baton_settings_file_free (BatonSettingsFile *self)
{
  if (self == NULL)
    return;

  baton_fd_clear (&self->fd);
  baton_fd_clear (&self->dir);
  g_free (self->text);
  g_free (self);
}

/**
 * baton_settings_file_get_text:
 * @self: a file
 * @ret_length: (out): how many bytes it has, more than %BATON_PROFILE_MAX_BYTES where it was not
 *   read to its end
 *
 * Returns: what it holds, with a zero behind it
 */
const char *
baton_settings_file_get_text (BatonSettingsFile *self, gsize *ret_length)
{
  *ret_length = self->length;

  return self->text;
}

/* What the kernel makes from the content (EVM), and what belongs to no settings file. */
static gboolean
is_of_content (const char *name)
{
  return g_str_equal (name, "security.ima") || g_str_equal (name, "security.evm") ||
         g_str_equal (name, "security.capability");
}

/* Where no security module is at work, its labels are not ours to write, and mean nothing until it
 * is: then it sets them anew. */
static gboolean
may_be_left (const char *name, int errsv)
{
  return (g_str_has_prefix (name, "security.") || g_str_has_prefix (name, "trusted.")) &&
         (errsv == EPERM || errsv == EOPNOTSUPP);
}

static gboolean
keep_attribute (
    BatonSettingsFile *self, int fd, const char *name, BatonEventWriter *events, GError **error)
{
  gssize length = fgetxattr (self->fd, name, NULL, 0);
  g_autofree char *value = g_malloc (length > 0 ? (gsize) length : 1);
  g_autofree char *what = g_strdup_printf ("its attribute “%s” could not be kept", name);
  g_autofree char *text = NULL;

  if (length >= 0)
    length = fgetxattr (self->fd, name, value, (gsize) length);
  if (length >= 0 && fsetxattr (fd, name, value, (gsize) length, 0) == 0)
    return TRUE;
  if (!may_be_left (name, errno))
    return set_error (error, what, errno);

  text = g_strdup_printf ("Of the settings file %s: %s.", what, g_strerror (errno));
  baton_event_writer_log (events, "warning", text);

  return TRUE;
}

static gboolean
keep_attributes (BatonSettingsFile *self, int fd, BatonEventWriter *events, GError **error)
{
  gssize length = flistxattr (self->fd, NULL, 0);
  g_autofree char *names = g_malloc0 ((length > 0 ? (gsize) length : 0) + 1);
  gboolean has_acl = FALSE;

  if (length > 0)
    length = flistxattr (self->fd, names, (gsize) length);
  /* Many file systems below which /etc can lie have none. */
  if (length < 0 && errno != EOPNOTSUPP)
    return set_error (error, "its attributes could not be read", errno);

  for (gssize at = 0; at < length; at += (gssize) strlen (names + at) + 1)
    {
      has_acl |= g_str_equal (names + at, ACL);
      if (!is_of_content (names + at) && !keep_attribute (self, fd, names + at, events, error))
        return FALSE;
    }

  /* The directory's default may have given one to the new file. */
  if (!has_acl && fremovexattr (fd, ACL) < 0 && errno != ENODATA && errno != EOPNOTSUPP)
    return set_error (error, "the directory’s access list could not be taken off", errno);

  return TRUE;
}

/* The owner last: a file of another's only CAP_FOWNER lets us change. */
static gboolean
keep_nature (BatonSettingsFile *self, int fd, BatonEventWriter *events, GError **error)
{
  mode_t mode = self->exists ? self->info.st_mode & 07777 : MODE_OF_A_NEW_FILE;
  struct stat made;

  if (fchmod (fd, mode) < 0)
    return set_error (error, "its permissions could not be kept", errno);
  if (!self->exists)
    return TRUE;
  if (!keep_attributes (self, fd, events, error))
    return FALSE;
  if (fstat (fd, &made) < 0 ||
      ((made.st_uid != self->info.st_uid || made.st_gid != self->info.st_gid) &&
       fchown (fd, self->info.st_uid, self->info.st_gid) < 0))
    return set_error (error, "its owner could not be kept", errno);

  return TRUE;
}

static gboolean
is_same_time (const struct timespec *a, const struct timespec *b)
{
  return a->tv_sec == b->tv_sec && a->tv_nsec == b->tv_nsec;
}

/* An editor does not know of our lock. What it has written since we read is not to be lost. */
static gboolean
check_unchanged (BatonSettingsFile *self, GError **error)
{
  struct stat now;

  if (fstatat (self->dir, BATON_PROFILE_FILE, &now, AT_SYMLINK_NOFOLLOW) < 0)
    {
      if (!self->exists && errno == ENOENT)
        return TRUE;
    }
  else if (self->exists && now.st_dev == self->info.st_dev && now.st_ino == self->info.st_ino &&
           is_same_time (&now.st_mtim, &self->info.st_mtim) &&
           is_same_time (&now.st_ctim, &self->info.st_ctim))
    {
      return TRUE;
    }

  return refuse (error, "somebody else has changed it at the same moment");
}

static gboolean
write_temporary (BatonSettingsFile *self,
                 const char *text,
                 BatonEventWriter *events,
                 GError **error)
{
  baton_autofd int fd = -1;

  /* One that was left behind. */
  unlinkat (self->dir, TEMPORARY, 0);
  fd =
      openat (self->dir, TEMPORARY, O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, 0600);
  if (fd < 0)
    return set_error (error, "a new file could not be made beside it", errno);
  if (!baton_write_fully (fd, text, strlen (text)))
    return set_error (error, "the new file could not be written", errno);
  if (!keep_nature (self, fd, events, error))
    return FALSE;
  if (fsync (fd) < 0)
    return set_error (error, "the new file could not be brought to the disk", errno);

  return TRUE;
}

static gboolean
replace (BatonSettingsFile *self, const char *text, BatonEventWriter *events, GError **error)
{
  g_autofree char *warning = NULL;

  if (!write_temporary (self, text, events, error) || !check_unchanged (self, error))
    {
      unlinkat (self->dir, TEMPORARY, 0);
      return FALSE;
    }
  if (renameat (self->dir, TEMPORARY, self->dir, BATON_PROFILE_FILE) < 0)
    {
      set_error (error, "the new file could not be put in its place", errno);
      unlinkat (self->dir, TEMPORARY, 0);
      return FALSE;
    }

  /* It is changed for everybody who reads it now: only a power cut could bring the old one back. */
  if (fsync (self->dir) < 0)
    {
      warning = g_strdup_printf ("The change may be lost if the power fails now: %s.",
                                 g_strerror (errno));
      baton_event_writer_log (events, "warning", warning);
    }

  return TRUE;
}

/**
 * baton_settings_file_replace:
 * @self: a file
 * @text: what it is to hold
 * @events: where warnings go
 * @error: return location for an error
 *
 * Puts another file in its place (RENAME), with the same owner, permissions, access list and labels.
 * Whatever ends this program, and when, leaves the old file or the new one, whole.
 *
 * Returns: %TRUE if it is changed; else it is as it was
 */
gboolean
baton_settings_file_replace (BatonSettingsFile *self,
                             const char *text,
                             BatonEventWriter *events,
                             GError **error)
{
  sigset_t ends, before;
  gboolean is_replaced;

  /* Whoever stops the unit, as a shutdown does, waits for these few milliseconds. */
  sigemptyset (&ends);
  sigaddset (&ends, SIGTERM);
  sigaddset (&ends, SIGHUP);
  sigaddset (&ends, SIGINT);
  sigprocmask (SIG_BLOCK, &ends, &before);
  is_replaced = replace (self, text, events, error);
  sigprocmask (SIG_SETMASK, &before, NULL);

  return is_replaced;
}
