/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "config.h"

#include "baton-record-tree.h"

#include <errno.h>
#include <glib/gi18n.h>
#include <glib/gstdio.h>
#include <string.h>
#include <unistd.h>

#include "baton-error.h"

static void
fail (BatonRecordTree *self, const char *path, int errsv)
{
  if (self->error == NULL)
    g_set_error (&self->error, BATON_ERROR, baton_error_from_errno (errsv),
                 /* Translators: a file, the directory that it goes into, and a reason */
                 _ ("could not write “%s” in “%s”: %s"), path, self->top, g_strerror (errsv));
}

/* Makes the directory. One that is there already must be empty: a record that is mixed
 * with another is that of no machine. */
gboolean
baton_record_tree_begin (BatonRecordTree *self, const char *directory, GError **error)
{
  g_autoptr (GDir) listing = NULL;

  if (g_mkdir (directory, 0700) < 0 && errno != EEXIST)
    {
      int errsv = errno;

      g_set_error (error, BATON_ERROR, baton_error_from_errno (errsv),
                   /* Translators: a directory, and a reason */
                   _ ("could not make the directory “%s”: %s"), directory, g_strerror (errsv));
      return FALSE;
    }

  listing = g_dir_open (directory, 0, error);
  if (listing == NULL)
    return FALSE;
  if (g_dir_read_name (listing) != NULL)
    {
      g_set_error (error, BATON_ERROR, BATON_ERROR_MISMATCH,
                   /* Translators: %s is a directory */
                   _ ("the directory “%s” is not empty: name one that does not exist yet"),
                   directory);
      return FALSE;
    }

  self->top = g_strdup (directory);
  return TRUE;
}

gboolean
baton_record_tree_end (BatonRecordTree *self, GError **error)
{
  g_clear_pointer (&self->top, g_free);
  if (self->error == NULL)
    return TRUE;

  g_propagate_error (error, g_steal_pointer (&self->error));
  return FALSE;
}

/* Returns: (transfer full): where @path of @part is in a tree */
char *
baton_record_tree_build_path (BatonRootPart part, const char *path)
{
  g_autofree char *shown = baton_root_dup_shown_path (part, path);

  return g_strdup (shown + 1);
}

static char *
prepare (BatonRecordTree *self, const char *path)
{
  g_autofree char *full = NULL;
  g_autofree char *directory = NULL;

  if (self->error != NULL)
    return NULL;

  full = g_build_filename (self->top, path, NULL);
  directory = g_path_get_dirname (full);
  if (g_mkdir_with_parents (directory, 0755) < 0)
    {
      fail (self, path, errno);
      return NULL;
    }

  return g_steal_pointer (&full);
}

void
baton_record_tree_write_bytes (BatonRecordTree *self,
                               const char *path,
                               gconstpointer data,
                               gsize size)
{
  g_autofree char *full = prepare (self, path);

  if (full != NULL)
    g_file_set_contents (full, data, (gssize) size, &self->error);
}

void
baton_record_tree_write (BatonRecordTree *self, const char *path, const char *text)
{
  baton_record_tree_write_bytes (self, path, text, strlen (text));
}

/* Both are below the top; the link is relative and no longer than it must be, because one
 * that goes up to the top would leave its part of the tree. */
void
baton_record_tree_link (BatonRecordTree *self, const char *path, const char *target)
{
  g_autofree char *full = prepare (self, path);
  g_autoptr (GString) text = g_string_new (NULL);
  gsize shared = 0;

  if (full == NULL)
    return;

  for (gsize i = 0; path[i] != '\0' && path[i] == target[i]; i++)
    {
      if (path[i] == '/')
        shared = i + 1;
    }
  for (const char *c = path + shared; *c != '\0'; c++)
    {
      if (*c == '/')
        g_string_append (text, "../");
    }
  g_string_append (text, target + shared);

  if (symlink (text->str, full) < 0 && errno != EEXIST)
    fail (self, path, errno);
}
