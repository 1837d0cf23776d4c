/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "config.h"

#include "baton-always-run.h"

#include <errno.h>
#include <glib/gi18n.h>
#include <glib/gstdio.h>
#include <string.h>

#include "baton-run-entry.h"

/* A desktop entry of the user's own goes before the system's of the same name (Desktop Base
 * Directory Specification). One that was there before is kept, to the byte, until it is wanted
 * again. The files are small, and the user's own. */

#define OWN "applications"
#define KEPT "baton" G_DIR_SEPARATOR_S "applications"

static char *
build_own_path (const char *id)
{
  return g_build_filename (g_get_user_data_dir (), OWN, id, NULL);
}

static char *
build_kept_path (const char *id)
{
  return g_build_filename (g_get_user_data_dir (), KEPT, id, NULL);
}

static GKeyFile *
load (const char *path, GError **error)
{
  g_autoptr (GKeyFile) entry = g_key_file_new ();

  if (!g_key_file_load_from_file (
          entry, path, G_KEY_FILE_KEEP_COMMENTS | G_KEY_FILE_KEEP_TRANSLATIONS, error))
    return NULL;

  return g_steal_pointer (&entry);
}

static char *
dup_card_of (const char *path)
{
  g_autoptr (GKeyFile) entry = load (path, NULL);

  return entry != NULL ? baton_run_entry_dup_card (entry) : NULL;
}

static gboolean
fail (GError **error, const char *path)
{
  int errsv = errno;
  g_autofree char *shown = g_filename_display_name (path);

  /* Translators: the name of a file, and what the system says */
  g_set_error (error, G_IO_ERROR, g_io_error_from_errno (errsv), _ ("“%s” was not written: %s"),
               shown, g_strerror (errsv));

  return FALSE;
}

static gboolean
ensure_directory_of (const char *path, GError **error)
{
  g_autofree char *directory = g_path_get_dirname (path);

  return g_mkdir_with_parents (directory, 0700) == 0 || fail (error, directory);
}

/**
 * baton_always_run_dup_card:
 * @app: an application with an id
 *
 * Returns: (transfer full) (nullable): address of the card that it always runs on by Baton's doing
 */
char *
baton_always_run_dup_card (GDesktopAppInfo *app)
{
  g_autofree char *own = build_own_path (g_app_info_get_id (G_APP_INFO (app)));

  return dup_card_of (own);
}

/* An entry of the user's own, in our way, goes where it is found again. */
static gboolean
keep (const char *own, const char *kept, GError **error)
{
  g_autofree char *card = dup_card_of (own);

  if (card != NULL || !g_file_test (own, G_FILE_TEST_EXISTS))
    return TRUE;

  return ensure_directory_of (kept, error) && (g_rename (own, kept) == 0 || fail (error, kept));
}

/**
 * baton_always_run_set:
 * @app: an application with an id
 * @address: a card
 * @error: return location for an error
 *
 * Has the desktop start the application on the card from now on.
 *
 * Returns: whether it will
 */
gboolean
baton_always_run_set (GDesktopAppInfo *app, const char *address, GError **error)
{
  const char *id = g_app_info_get_id (G_APP_INFO (app));
  g_autofree char *own = build_own_path (id);
  g_autofree char *kept = build_kept_path (id);
  /* GLib may have looked before the user's own was there. */
  const char *from =
      g_file_test (own, G_FILE_TEST_EXISTS) ? own : g_desktop_app_info_get_filename (app);
  g_autoptr (GKeyFile) entry = load (from, error);
  g_autoptr (GError) failure = NULL;

  if (entry == NULL || !baton_run_entry_set_card (entry, address, error) ||
      !ensure_directory_of (own, error) || !keep (own, kept, error))
    return FALSE;

  if (!g_key_file_save_to_file (entry, own, &failure))
    {
      /* What was there is there again, unless the same that kept us from writing keeps us from that:
       * then it stays where it was kept, and unsetting brings it back. */
      if (!g_file_test (own, G_FILE_TEST_EXISTS))
        g_rename (kept, own);
      g_propagate_error (error, g_steal_pointer (&failure));
      return FALSE;
    }

  return TRUE;
}

/**
 * baton_always_run_unset:
 * @id: of an application, which may not be installed any more
 * @error: return location for an error
 *
 * Has the desktop start the application as it did before: an entry of the user's own comes back as it
 * was, and one that Baton did not make is left alone.
 *
 * Returns: whether it will
 */
gboolean
baton_always_run_unset (const char *id, GError **error)
{
  g_autofree char *own = build_own_path (id);
  g_autofree char *kept = build_kept_path (id);
  g_autofree char *card = dup_card_of (own);

  if (card == NULL)
    return TRUE;
  if (g_file_test (kept, G_FILE_TEST_EXISTS))
    return g_rename (kept, own) == 0 || fail (error, own);

  return g_unlink (own) == 0 || fail (error, own);
}

static int
compare_ids (gconstpointer a, gconstpointer b)
{
  return strcmp (*(const char *const *) a, *(const char *const *) b);
}

/**
 * baton_always_run_list:
 *
 * Returns: (transfer full) (element-type utf8): ids of the applications that always run on a card by
 *   Baton's doing, sorted
 */
GPtrArray *
baton_always_run_list (void)
{
  g_autofree char *directory = g_build_filename (g_get_user_data_dir (), OWN, NULL);
  g_autoptr (GDir) dir = g_dir_open (directory, 0, NULL);
  GPtrArray *ids = g_ptr_array_new_with_free_func (g_free);
  const char *name;

  while (dir != NULL && (name = g_dir_read_name (dir)) != NULL)
    {
      g_autofree char *path = g_build_filename (directory, name, NULL);
      g_autofree char *card = g_str_has_suffix (name, ".desktop") ? dup_card_of (path) : NULL;

      if (card != NULL)
        g_ptr_array_add (ids, g_strdup (name));
    }
  g_ptr_array_sort (ids, compare_ids);

  return ids;
}
