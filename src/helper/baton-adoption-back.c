/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "config.h"

#include "baton-adoption-files.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "baton-adoption-entry.h"
#include "baton-fd.h"

#define CHANGED "it was changed since Baton moved the file aside that was there"

typedef enum
{
  BACK_THERE,    /* it was never moved, or is back */
  BACK_TWICE,    /* it is there, and kept as well */
  BACK_TO_MOVE,  /* it is kept, and nothing is in its place */
  BACK_TO_PLACE, /* it is kept, and what was left of it is in its place */
  BACK_IN_THE_WAY,
} Back;

static Back
find_way_back (BatonAdoptedFile *file, BatonRoot *root, BatonEnd **ret_end)
{
  g_auto (BatonEntry) entry = { .dir = -1 };
  g_auto (BatonEntry) kept = { .dir = -1 };
  g_autoptr (GError) error = NULL;
  g_autoptr (GBytes) bytes = NULL;
  g_autoptr (GBytes) kept_bytes = NULL;
  g_autofree char *is = NULL;
  g_autofree char *was = NULL;
  const char *reason = NULL;
  struct stat info = { 0 };

  if (baton_entry_open (&kept, root, file->kept, FALSE, NULL))
    {
      /* A link count of two: it was cut off before what is left was put in its place. */
      baton_autofd int fd = openat (kept.dir, kept.name, O_RDONLY | O_NOFOLLOW | O_NONBLOCK);

      kept_bytes = fd >= 0 ? baton_entry_read_fd (fd) : NULL;
      was = kept_bytes != NULL ? baton_entry_digest (kept_bytes) : NULL;
    }
  if (!baton_entry_open (&entry, root, file->path, was != NULL, &error))
    {
      baton_adoption_refuse (ret_end, file->path, error->message);
      return BACK_IN_THE_WAY;
    }
  if (was != NULL && baton_entry_exists (&entry))
    {
      struct stat here;
      struct stat there;

      if (fstatat (entry.dir, entry.name, &here, AT_SYMLINK_NOFOLLOW) == 0 &&
          fstatat (kept.dir, kept.name, &there, AT_SYMLINK_NOFOLLOW) == 0 &&
          here.st_dev == there.st_dev && here.st_ino == there.st_ino)
        return BACK_TWICE;
    }
  bytes = baton_entry_read (&entry, root, &info, &reason);
  is = bytes != NULL ? baton_entry_digest (bytes) : NULL;
  if (was == NULL && g_strcmp0 (is, file->old) == 0)
    return BACK_THERE;
  if (was == NULL)
    baton_adoption_refuse (ret_end, file->kept, "what was kept there is gone");
  else if (strcmp (was, file->old) != 0)
    baton_adoption_refuse (ret_end, file->kept, CHANGED);
  else if (bytes == NULL && reason == NULL && file->new == NULL)
    return BACK_TO_MOVE;
  else if (file->new != NULL && g_strcmp0 (is, file->new) == 0)
    {
      g_clear_pointer (&file->text, g_bytes_unref);
      file->text = g_steal_pointer (&bytes);
      return BACK_TO_PLACE;
    }
  else
    baton_adoption_refuse (ret_end, file->path, reason != NULL ? reason : CHANGED);

  return BACK_IN_THE_WAY;
}

/* Up to where Baton's own directory begins, and that too where nothing else is in it. */
static void
remove_directories (BatonRoot *root, const char *kept)
{
  g_autofree char *path = g_path_get_dirname (kept);

  while (strcmp (path, ".") != 0)
    {
      g_auto (BatonEntry) entry = { .dir = -1 };
      char *parent = g_path_get_dirname (path);

      if (!baton_entry_open (&entry, root, path, FALSE, NULL) ||
          unlinkat (entry.dir, entry.name, AT_REMOVEDIR) < 0)
        {
          g_free (parent);
          return;
        }
      g_free (path);
      path = parent;
    }
}

static gboolean
put_back (BatonAdoptedFile *file, BatonRoot *root, Back way, BatonEnd **ret_end)
{
  g_auto (BatonEntry) entry = { .dir = -1 };
  g_auto (BatonEntry) kept = { .dir = -1 };
  g_autoptr (GError) error = NULL;
  g_autofree char *temporary = NULL;
  int errsv = 0;

  if (!baton_entry_open (&entry, root, file->path, FALSE, &error))
    return baton_adoption_refuse (ret_end, file->path, error->message);
  temporary = baton_entry_dup_temporary (&entry);
  unlinkat (entry.dir, temporary, 0);
  if (!baton_entry_open (&kept, root, file->kept, FALSE, &error))
    return way == BACK_THERE || baton_adoption_refuse (ret_end, file->kept, error->message);

  if (way == BACK_TWICE)
    errsv = unlinkat (kept.dir, kept.name, 0) == 0 ? 0 : errno;
  else if (way == BACK_TO_MOVE)
    errsv = baton_entry_move (&kept, &entry);
  else if (way == BACK_TO_PLACE)
    errsv = renameat (kept.dir, kept.name, entry.dir, entry.name) == 0 ? 0 : errno;
  if (errsv != 0)
    return baton_adoption_fail (ret_end, file->path, "could not be put back", errsv);
  if (fsync (entry.dir) < 0)
    return baton_adoption_fail (ret_end, file->path, "could not be brought to the disk", errno);
  fstatat (entry.dir, entry.name, &file->info, AT_SYMLINK_NOFOLLOW);
  remove_directories (root, file->kept);

  return TRUE;
}

/**
 * baton_adoption_files_put_back:
 * @self: an adoption
 * @root: the roots
 * @ret_end: (out): where %FALSE is returned: which file is in the way, and why
 *
 * Makes every file what it was, to the byte, however far the adoption came. Nothing is moved before it is
 * known that all can be. To do it twice, or to be killed and do it again, is harmless.
 *
 * Returns: %TRUE if all are
 */
gboolean
baton_adoption_files_put_back (BatonAdoption *self, BatonRoot *root, BatonEnd **ret_end)
{
  g_autofree Back *ways = g_new0 (Back, self->files->len + 1);

  for (guint i = 0; i < self->files->len; i++)
    {
      ways[i] = find_way_back (g_ptr_array_index (self->files, i), root, ret_end);
      if (ways[i] == BACK_IN_THE_WAY)
        {
          baton_adoption_files_tidy (self, root);
          return FALSE;
        }
    }
  for (guint i = self->files->len; i > 0; i--)
    if (!put_back (g_ptr_array_index (self->files, i - 1), root, ways[i - 1], ret_end))
      return FALSE;

  return TRUE;
}
