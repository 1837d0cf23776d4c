/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "config.h"

#include "own-home.h"

#include <glib/gstdio.h>

static char *top;

void
own_home_create (void)
{
  g_autoptr (GError) error = NULL;
  g_autofree char *home = NULL;
  g_autofree char *dirs = NULL;

  g_assert_null (top);
  top = g_dir_make_tmp ("baton-home-XXXXXX", &error);
  g_assert_no_error (error);
  home = own_home_build_path ("home");
  g_assert_no_errno (g_mkdir (home, 0700));
  dirs = g_strdup_printf ("%s/sys:/usr/local/share:/usr/share", top);
  g_setenv ("XDG_DATA_HOME", home, TRUE);
  g_setenv ("XDG_DATA_DIRS", dirs, TRUE);
}

void
own_home_destroy (void)
{
  const char *argv[] = { "rm", "-rf", top, NULL };

  g_spawn_sync (NULL, (char **) argv, NULL, G_SPAWN_SEARCH_PATH, NULL, NULL, NULL, NULL, NULL,
                NULL);
  g_clear_pointer (&top, g_free);
}

char *
own_home_build_path (const char *path)
{
  return g_build_filename (top, path, NULL);
}

/* Directories are made as they are needed. */
void
own_home_write (const char *path, const char *text, int mode)
{
  g_autofree char *whole = own_home_build_path (path);
  g_autofree char *directory = g_path_get_dirname (whole);
  g_autoptr (GError) error = NULL;

  g_assert_no_errno (g_mkdir_with_parents (directory, 0700));
  g_file_set_contents_full (whole, text, -1, G_FILE_SET_CONTENTS_NONE, mode, &error);
  g_assert_no_error (error);
}

/* Returns: (nullable): NULL where there is none */
char *
own_home_read (const char *path)
{
  g_autofree char *whole = own_home_build_path (path);
  char *text = NULL;

  g_file_get_contents (whole, &text, NULL, NULL);

  return text;
}

void
own_home_remove (const char *path)
{
  g_autofree char *whole = own_home_build_path (path);

  g_remove (whole);
}
