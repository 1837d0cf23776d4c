/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "config.h"

#include "baton-adoption-files.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "baton-adoption-entry.h"
#include "baton-error.h"
#include "baton-fd.h"
#include "baton-handmade.h"
#include "baton-state-file.h"

/* Whatever dispatches hooks there looks for the guest's own directories, and some call what they do not
 * find in an empty one. */
#define HOOKS "libvirt/hooks/qemu.d"

static gboolean
is_whole (GPtrArray *handmade, const char *path)
{
  for (guint i = 0; i < handmade->len; i++)
    {
      const BatonHandmade *one = g_ptr_array_index (handmade, i);

      if (one->move == BATON_HANDMADE_WHOLE && strcmp (one->path, path) == 0)
        return TRUE;
    }

  return FALSE;
}

static BatonAdoptedFile *
find_file (const BatonAdoption *self, const char *path)
{
  for (guint i = 0; i < self->files->len; i++)
    {
      BatonAdoptedFile *file = g_ptr_array_index (self->files, i);

      if (strcmp (file->path, path) == 0)
        return file;
    }

  return NULL;
}

static gboolean
add_file (BatonAdoption *self,
          BatonRoot *root,
          GPtrArray *handmade,
          const char *path,
          BatonEnd **ret_end)
{
  g_auto (BatonEntry) entry = { .dir = -1 };
  g_auto (BatonEntry) kept = { .dir = -1 };
  g_autoptr (GError) error = NULL;
  g_autoptr (GBytes) bytes = NULL;
  g_autofree char *old = NULL;
  g_autofree char *new = NULL;
  BatonAdoptedFile *file = NULL;
  const char *reason = NULL;
  struct stat info = { 0 };
  char *text = NULL;
  gsize length = 0;

  if (!baton_adoption_may_move (path))
    return baton_adoption_refuse (ret_end, path, "Baton moves nothing that lies there");
  if (!baton_entry_open (&entry, root, path, FALSE, &error))
    return baton_adoption_refuse (ret_end, path, error->message);
  bytes = baton_entry_read (&entry, root, &info, &reason);
  if (bytes == NULL)
    return baton_adoption_refuse (ret_end, path, reason != NULL ? reason : "it is gone");

  old = baton_entry_digest (bytes);
  if (!is_whole (handmade, path))
    text = baton_handmade_rewrite (handmade, path, g_bytes_get_data (bytes, NULL),
                                   g_bytes_get_size (bytes), &length);
  file = baton_adopted_file_new (self->card, path, old, NULL);
  g_ptr_array_add (self->files, file);
  file->info = info;
  if (text != NULL)
    {
      file->text = g_bytes_new_take (text, length);
      file->new = baton_entry_digest (file->text);
    }
  if (baton_entry_open (&kept, root, file->kept, FALSE, NULL) && baton_entry_exists (&kept))
    return baton_adoption_refuse (ret_end, file->kept, "something is kept there already");

  return TRUE;
}

/**
 * baton_adoption_files_add:
 * @self: an adoption
 * @root: the roots
 * @handmade: (element-type BatonHandmade): what is to make room
 * @ret_end: (out): where %FALSE is returned: which file is not to be moved, and why
 *
 * Looks at each file, and at what is to be in its place. Nothing is changed.
 *
 * Returns: %TRUE if all can be moved
 */
gboolean
baton_adoption_files_add (BatonAdoption *self,
                          BatonRoot *root,
                          GPtrArray *handmade,
                          BatonEnd **ret_end)
{
  for (guint i = 0; i < handmade->len; i++)
    {
      const BatonHandmade *one = g_ptr_array_index (handmade, i);

      if (one->move != BATON_HANDMADE_BY_HAND && find_file (self, one->path) == NULL &&
          !add_file (self, root, handmade, one->path, ret_end))
        return FALSE;
    }

  return TRUE;
}

/* An editor does not know of our lock. */
static gboolean
is_unchanged (const BatonEntry *entry, const struct stat *before)
{
  struct stat now;

  return fstatat (entry->dir, entry->name, &now, AT_SYMLINK_NOFOLLOW) == 0 &&
         now.st_dev == before->st_dev && now.st_ino == before->st_ino &&
         now.st_size == before->st_size && now.st_mtim.tv_sec == before->st_mtim.tv_sec &&
         now.st_mtim.tv_nsec == before->st_mtim.tv_nsec;
}

/* What is in its place is read by the same programs, and so has the same owner and permissions. */
static int
write_beside (const BatonEntry *entry, const char *name, const BatonAdoptedFile *file)
{
  gsize length = 0;
  const void *bytes = g_bytes_get_data (file->text, &length);
  baton_autofd int fd = -1;

  /* One that was left behind. */
  unlinkat (entry->dir, name, 0);
  fd = openat (entry->dir, name, O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, 0600);
  if (fd < 0 || fchown (fd, file->info.st_uid, file->info.st_gid) < 0 ||
      fchmod (fd, file->info.st_mode & 07777) < 0 || !baton_write_fully (fd, bytes, length) ||
      fsync (fd) < 0)
    return errno;

  return 0;
}

/* At every moment the one or the other is there, whole. */
static int
replace_entry (const BatonEntry *from, const BatonEntry *to, const BatonAdoptedFile *file)
{
  g_autofree char *temporary = baton_entry_dup_temporary (from);
  int errsv = write_beside (from, temporary, file);

  if (errsv == 0 && linkat (from->dir, from->name, to->dir, to->name, 0) < 0)
    errsv = errno;
  if (errsv == 0 && renameat (from->dir, temporary, from->dir, from->name) < 0)
    errsv = errno;
  if (errsv != 0)
    unlinkat (from->dir, temporary, 0);

  return errsv;
}

/* It is nobody's but root's to see what was in a directory that only root could look into. */
static gboolean
open_kept (BatonEntry *kept, BatonRoot *root, const BatonAdoptedFile *file, GError **error)
{
  g_auto (BatonEntry) top = { .dir = -1 };

  if (!baton_entry_open (&top, root, BATON_ADOPTED_DIRECTORY, TRUE, error))
    return FALSE;
  if (mkdirat (top.dir, top.name, 0700) < 0 && errno != EEXIST)
    {
      g_set_error (error, BATON_ERROR, baton_error_from_errno (errno), "%s",
                   g_strerror (errno));
      return FALSE;
    }

  return baton_entry_open (kept, root, file->kept, TRUE, error);
}

static gboolean
move_file (const BatonAdoptedFile *file, BatonRoot *root, BatonEnd **ret_end)
{
  g_auto (BatonEntry) entry = { .dir = -1 };
  g_auto (BatonEntry) kept = { .dir = -1 };
  g_autoptr (GError) error = NULL;
  int errsv;

  if (!baton_entry_open (&entry, root, file->path, FALSE, &error) ||
      !open_kept (&kept, root, file, &error))
    return baton_adoption_refuse (ret_end, file->path, error->message);
  if (!is_unchanged (&entry, &file->info))
    return baton_adoption_refuse (ret_end, file->path,
                                  "somebody else has changed it at the same moment");

  errsv = file->text != NULL ? replace_entry (&entry, &kept, file)
                             : baton_entry_move (&entry, &kept);
  if (errsv != 0)
    return baton_adoption_fail (ret_end, file->path, "could not be moved aside", errsv);
  if (fsync (kept.dir) < 0 || fsync (entry.dir) < 0)
    return baton_adoption_fail (ret_end, file->path, "could not be brought to the disk", errno);

  return TRUE;
}

/**
 * baton_adoption_files_move:
 * @self: an adoption, which is on the disk already
 * @root: the roots
 * @ret_end: (out): where %FALSE is returned: why
 *
 * Moves every file aside, and puts what is left of it in its place.
 *
 * Returns: %TRUE if all are; else some may be, and are to be put back
 */
gboolean
baton_adoption_files_move (BatonAdoption *self, BatonRoot *root, BatonEnd **ret_end)
{
  for (guint i = 0; i < self->files->len; i++)
    if (!move_file (g_ptr_array_index (self->files, i), root, ret_end))
      return FALSE;

  baton_adoption_files_tidy (self, root);

  return TRUE;
}

/**
 * baton_adoption_files_tidy:
 * @self: an adoption
 * @root: the roots
 *
 * Removes directories of hooks that hold nothing while their hooks are elsewhere.
 */
void
baton_adoption_files_tidy (const BatonAdoption *self, BatonRoot *root)
{
  for (guint i = 0; i < self->files->len; i++)
    {
      const BatonAdoptedFile *file = g_ptr_array_index (self->files, i);

      if (g_str_has_prefix (file->path, HOOKS "/"))
        baton_entry_remove_directories (root, file->path, HOOKS);
    }
}

/**
 * baton_adoption_files_join:
 * @self: an adoption
 *
 * Returns: (transfer full): its files, as they are shown
 */
char *
baton_adoption_files_join (const BatonAdoption *self)
{
  g_autoptr (GString) text = g_string_new (NULL);

  for (guint i = 0; i < self->files->len; i++)
    {
      const BatonAdoptedFile *file = g_ptr_array_index (self->files, i);
      g_autofree char *shown = baton_root_dup_shown_path (BATON_ROOT_ETC, file->path);

      g_string_append_printf (text, "%s%s", i > 0 ? ", " : "", shown);
    }

  return g_string_free (g_steal_pointer (&text), FALSE);
}
