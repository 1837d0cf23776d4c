/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "config.h"

#include "baton-root-private.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/magic.h>
#include <linux/openat2.h>
#include <sys/syscall.h>
#include <sys/vfs.h>
#include <unistd.h>

#include <glib/gi18n-lib.h>

#include "baton-error.h"
#include "baton-text.h"

/* References used below:
 *  OPENAT2 - openat2(2): RESOLVE_* and why EAGAIN is to be tried again
 */

/* OPENAT2: a rename or mount anywhere while ".." is resolved gives EAGAIN. */
#define MAX_TRIES 64

struct _BatonRoot
{
  gatomicrefcount ref_count;
  char *directory;
  gboolean is_system;

  /* owned */
  int top;
  int parts[BATON_N_ROOT_PARTS];

  BatonRootKeptReader kept_reader;
};

/* sysfs is full of links that leave the directory that they are in and none that
 * should ever leave sysfs: these three parts are held at their own top. Elsewhere
 * an administrator may link as he likes (/lib to usr/lib, a hook to /usr/local), so
 * those are resolved as the machine itself would, with the top of the tree as "/". */
static const struct
{
  const char *name;
  guint64 resolve;
  gboolean from_top;
  glong magic;
} part_table[BATON_N_ROOT_PARTS] = {
  [BATON_ROOT_SYS] = { "sys", RESOLVE_BENEATH | RESOLVE_NO_XDEV, FALSE, SYSFS_MAGIC },
  [BATON_ROOT_PROC] = { "proc", RESOLVE_BENEATH, FALSE, PROC_SUPER_MAGIC },
  [BATON_ROOT_DEV] = { "dev", RESOLVE_BENEATH, FALSE, 0 },
  [BATON_ROOT_ETC] = { "etc", RESOLVE_IN_ROOT, TRUE, 0 },
  [BATON_ROOT_RUN] = { "run", RESOLVE_IN_ROOT, TRUE, 0 },
  [BATON_ROOT_VAR] = { "var", RESOLVE_IN_ROOT, TRUE, 0 },
  [BATON_ROOT_LIB] = { "lib", RESOLVE_IN_ROOT, TRUE, 0 },
  [BATON_ROOT_USR] = { "usr", RESOLVE_IN_ROOT, TRUE, 0 },
  [BATON_ROOT_BOOT] = { "boot", RESOLVE_IN_ROOT, TRUE, 0 },
};

static int
open_beneath (int anchor, const char *path, int flags, guint64 resolve)
{
  struct open_how how = {
    .flags = (guint64) (guint) (flags | O_CLOEXEC),
    .mode = (flags & O_CREAT) != 0 ? 0600 : 0,
    .resolve = resolve | RESOLVE_NO_MAGICLINKS,
  };
  int fd = -1;

  for (guint i = 0; i < MAX_TRIES; i++)
    {
      fd = (int) syscall (SYS_openat2, anchor, path, &how, sizeof how);
      if (fd >= 0 || (errno != EAGAIN && errno != EINTR))
        break;
    }

  /* No kernel that Baton serves lacks it. The helper's look without a password denies it to
   * itself, because a filter of system calls cannot see its flags, and runs as a user who can
   * write nothing that is read here: the paths are ours, the links the kernel's or root's. */
  if (fd < 0 && errno == ENOSYS)
    fd = openat (anchor, path, flags | O_CLOEXEC, how.mode);

  return fd;
}

/* baton_root_open() for whoever says in its own words what failed: the cause is in errno. */
int
baton_root_open_quietly (BatonRoot *self, BatonRootPart part, const char *path, int flags)
{
  g_autofree char *below_top = NULL;

  if (*path == '\0')
    path = ".";

  if (!part_table[part].from_top)
    {
      if (self->parts[part] < 0)
        {
          errno = ENOENT;
          return -1;
        }
      return open_beneath (self->parts[part], path, flags, part_table[part].resolve);
    }

  below_top = g_build_filename (part_table[part].name, path, NULL);
  return open_beneath (self->top, below_top, flags, part_table[part].resolve);
}

/* @sentence: of “{path}” and {reason}, to be translated: whoever looks without the helper reads it in
 * his own language, and much of what a look asks for is not there, which nobody wants to hear of. */
void
baton_root_set_error (
    GError **error, const char *sentence, BatonRootPart part, const char *path, int errsv)
{
  g_autoptr (GHashTable) args = NULL;
  g_autofree char *shown = NULL;
  g_autofree char *text = NULL;

  if (error == NULL)
    return;

  args = g_hash_table_new (g_str_hash, g_str_equal);
  shown = baton_root_dup_shown_path (part, path);
  g_hash_table_insert (args, (gpointer) "path", shown);
  g_hash_table_insert (args, (gpointer) "reason", (gpointer) g_strerror (errsv));
  text = baton_code_fill (_ (sentence), args);
  g_set_error_literal (error, BATON_ERROR, baton_error_from_errno (errsv), text);
}

static void
close_fd (int *fd)
{
  if (*fd >= 0)
    close (*fd);
  *fd = -1;
}

static gboolean
check_magic (int fd, BatonRootPart part, GError **error)
{
  struct statfs fs;

  if (part_table[part].magic == 0)
    return TRUE;

  if (fd < 0 || fstatfs (fd, &fs) < 0)
    {
      baton_root_set_error (error, N_ ("“{path}” could not be looked at: {reason}"), part, "",
                            fd < 0 ? ENOENT : errno);
      return FALSE;
    }

  if ((glong) fs.f_type != part_table[part].magic)
    {
      g_set_error (error, BATON_ERROR, BATON_ERROR_MISMATCH,
                   _ ("the directory “/%s” is not the kernel’s own file system"),
                   part_table[part].name);
      return FALSE;
    }

  return TRUE;
}

static BatonRoot *
new_root (const char *directory, gboolean is_system, GError **error)
{
  g_autoptr (BatonRoot) self = g_new0 (BatonRoot, 1);

  g_atomic_ref_count_init (&self->ref_count);
  g_mutex_init (&self->kept_reader.lock);
  self->directory = g_strdup (directory);
  self->is_system = is_system;
  for (guint i = 0; i < BATON_N_ROOT_PARTS; i++)
    self->parts[i] = -1;

  self->top = open (directory, O_PATH | O_DIRECTORY | O_CLOEXEC);
  if (self->top < 0)
    {
      int errsv = errno;

      g_set_error (error, BATON_ERROR, baton_error_from_errno (errsv),
                   _ ("the directory “%s” could not be opened: %s"), directory,
                   g_strerror (errsv));
      return NULL;
    }

  for (guint i = 0; i < BATON_N_ROOT_PARTS; i++)
    {
      /* A tree may lack a part, and /lib is a link on most systems. */
      self->parts[i] =
          open_beneath (self->top, part_table[i].name, O_PATH | O_DIRECTORY, RESOLVE_IN_ROOT);
      if (is_system && !check_magic (self->parts[i], i, error))
        return NULL;
    }

  return g_steal_pointer (&self);
}

/**
 * baton_root_new_system:
 * @error: return location for an error
 *
 * Opens the machine's own directories. `/sys` and `/proc` must be what the kernel
 * mounts there: everything that is concluded, and written later, hangs on that.
 *
 * Returns: (transfer full): the root, or %NULL with %BATON_ERROR_MISMATCH where one
 *   of them is something else
 */
BatonRoot *
baton_root_new_system (GError **error)
{
  return new_root ("/", TRUE, error);
}

/**
 * baton_root_new_for_directory:
 * @directory: the top of a recorded tree, with `sys`, `proc`, ... in it
 * @error: return location for an error
 *
 * Returns: (transfer full): a root that never leaves @directory. A part that the tree
 *   does not have is empty.
 */
BatonRoot *
baton_root_new_for_directory (const char *directory, GError **error)
{
  g_return_val_if_fail (directory != NULL, NULL);

  return new_root (directory, FALSE, error);
}

/**
 * baton_root_ref:
 * @self: a root
 *
 * Returns: (transfer full): @self
 */
BatonRoot *
baton_root_ref (BatonRoot *self)
{
  g_return_val_if_fail (self != NULL, NULL);

  g_atomic_ref_count_inc (&self->ref_count);
  return self;
}

/**
 * baton_root_unref:
 * @self: a root
 *
 * Gives a reference up; the last one closes the directories.
 */
void
baton_root_unref (BatonRoot *self)
{
  if (self == NULL || !g_atomic_ref_count_dec (&self->ref_count))
    return;

  for (guint i = 0; i < BATON_N_ROOT_PARTS; i++)
    close_fd (&self->parts[i]);
  close_fd (&self->top);
  g_clear_pointer (&self->kept_reader.reader, baton_root_reader_free);
  g_mutex_clear (&self->kept_reader.lock);
  g_free (self->directory);
  g_free (self);
}

/**
 * baton_root_is_system:
 * @self: a root
 *
 * Returns: whether it is the machine itself rather than a recorded tree
 */
gboolean
baton_root_is_system (BatonRoot *self)
{
  return self->is_system;
}

/**
 * baton_root_get_fd:
 * @self: a root
 * @part: one of its parts
 *
 * Returns: an `O_PATH` descriptor of the part's top, owned by @self, or -1 where the
 *   tree does not have it
 */
int
baton_root_get_fd (BatonRoot *self, BatonRootPart part)
{
  g_return_val_if_fail (part < BATON_N_ROOT_PARTS, -1);

  return self->parts[part];
}

BatonRootKeptReader *
baton_root_get_kept_reader (BatonRoot *self)
{
  return &self->kept_reader;
}

/**
 * baton_root_build_path:
 * @self: a root
 * @part: one of its parts
 * @path: a path below it
 *
 * For libraries that want a name rather than a descriptor.
 *
 * Returns: (transfer full): where @path really is
 */
char *
baton_root_build_path (BatonRoot *self, BatonRootPart part, const char *path)
{
  g_return_val_if_fail (part < BATON_N_ROOT_PARTS, NULL);

  return g_build_filename (self->directory, part_table[part].name, path, NULL);
}

/**
 * baton_root_dup_shown_path:
 * @part: one of the parts
 * @path: a path below it
 *
 * Returns: (transfer full): how @path is called on the machine itself, for people to
 *   read: the same for a recorded tree
 */
char *
baton_root_dup_shown_path (BatonRootPart part, const char *path)
{
  g_return_val_if_fail (part < BATON_N_ROOT_PARTS, NULL);

  return g_build_filename ("/", part_table[part].name, path, NULL);
}

/**
 * baton_root_open:
 * @self: a root
 * @part: one of its parts
 * @path: a path below it
 * @flags: flags of open(2); `O_CLOEXEC` is always added
 * @error: return location for an error
 *
 * Links are followed as long as they stay inside, `/proc`'s magic ones never. A file
 * that is made here is for its owner alone.
 *
 * Returns: a descriptor that the caller closes, or -1
 */
int
baton_root_open (
    BatonRoot *self, BatonRootPart part, const char *path, int flags, GError **error)
{
  int fd;

  g_return_val_if_fail (part < BATON_N_ROOT_PARTS, -1);

  fd = baton_root_open_quietly (self, part, path, flags);
  if (fd < 0)
    baton_root_set_error (error, N_ ("“{path}” could not be opened: {reason}"), part, path,
                          errno);

  return fd;
}

/**
 * baton_root_exists:
 * @self: a root
 * @part: one of its parts
 * @path: a path below it
 *
 * Returns: whether something is there; what cannot be looked at is not
 */
gboolean
baton_root_exists (BatonRoot *self, BatonRootPart part, const char *path)
{
  int fd;

  g_return_val_if_fail (part < BATON_N_ROOT_PARTS, FALSE);

  fd = baton_root_open_quietly (self, part, path, O_PATH);
  if (fd < 0)
    return FALSE;

  close (fd);
  return TRUE;
}

/**
 * baton_root_name_group_node:
 * @group: number of an IOMMU group, as text
 *
 * Returns: (transfer full): what the group's node is called on the machine itself, whether it
 *   is there yet or not: it appears with the first device that vfio gets
 */
char *
baton_root_name_group_node (const char *group)
{
  return g_strconcat ("/dev/vfio/", group, NULL);
}
