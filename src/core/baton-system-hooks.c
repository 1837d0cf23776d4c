/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "config.h"

#include "baton-system-private.h"

#include <string.h>

#include "baton-pci-words.h"

/* References used below:
 *  HOOKS - libvirt docs/hooks.rst: scripts in /etc/libvirt/hooks and NAME.d below it
 */

#define MAX_DEPTH 6
#define MAX_FILES 256

/* Where recipes put scripts that bind cards: libvirt's own, and those that run in the
 * initial RAM disk. */
static const char *const directories[] = { "libvirt/hooks", "initramfs-tools/scripts",
                                           "initcpio/hooks" };

static void
search_line (BatonSystem *self,
             const char *line,
             gsize length,
             const char *file,
             guint number,
             GHashTable *known)
{
  gsize at = 0;
  char *found;

  while ((found = baton_pci_words_next (line, length, &at)) != NULL)
    {
      g_autofree char *address = found;

      if (g_hash_table_add (known, g_strdup (address)))
        baton_system_add_claim (self, BATON_CLAIM_HOOK, address, NULL, file, number);
    }
}

/* Each address is named once a file, where it comes first. Which of them are devices of
 * this machine is for the reader of the claims to say: "10:15.3" may be a time. */
static void
search_file (BatonSystem *self, BatonRoot *root, const char *path)
{
  g_autofree char *text = NULL;
  g_autofree char *file = NULL;
  g_autoptr (GHashTable) known = NULL;
  const char *line;
  guint number = 0;

  text = baton_root_read_file (root, BATON_ROOT_ETC, path, BATON_MAX_HOOK_BYTES, NULL, NULL);
  if (text == NULL)
    return;

  file = baton_root_dup_shown_path (BATON_ROOT_ETC, path);
  known = g_hash_table_new_full (g_str_hash, g_str_equal, g_free, NULL);
  for (line = text; *line != '\0'; line += *line == '\n')
    {
      gsize length = strcspn (line, "\n");

      number++;
      /* What is commented out does nothing. */
      if (line[strspn (line, " \t")] != '#')
        search_line (self, line, length, file, number, known);
      line += length;
    }
}

static void
list_directory (BatonRoot *root, const char *directory, guint depth, GPtrArray *files)
{
  g_autoptr (GPtrArray) names = baton_root_list (root, BATON_ROOT_ETC, directory, NULL);

  if (names == NULL && files->len < MAX_FILES)
    g_ptr_array_add (files, g_strdup (directory));
  for (guint i = 0; names != NULL && depth < MAX_DEPTH && i < names->len; i++)
    {
      g_autofree char *path = g_build_filename (directory, g_ptr_array_index (names, i), NULL);

      list_directory (root, path, depth + 1, files);
    }
}

/* Returns: (transfer full) (element-type filename): what may be a script of somebody's, below
 * @directory in /etc */
GPtrArray *
baton_system_list_hook_files (BatonRoot *root, const char *directory)
{
  GPtrArray *files = g_ptr_array_new_with_free_func (g_free);

  if (baton_root_exists (root, BATON_ROOT_ETC, directory))
    list_directory (root, directory, 0, files);

  return files;
}

/* Looks for scripts that name a device (HOOKS): two hands on one card disturb each other. */
void
baton_system_read_hooks (BatonSystem *self, BatonRoot *root)
{
  for (guint i = 0; i < G_N_ELEMENTS (directories); i++)
    {
      g_autoptr (GPtrArray) files = baton_system_list_hook_files (root, directories[i]);

      for (guint j = 0; j < files->len; j++)
        search_file (self, root, g_ptr_array_index (files, j));
    }
}
