/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "config.h"

#include "baton-system-private.h"

#include <string.h>

#include "baton-pci-address.h"

/* References used below:
 *  HOOKS - libvirt docs/hooks.rst: scripts in /etc/libvirt/hooks and NAME.d below it
 *  NODEDEV - libvirt's names of PCI devices: pci_DDDD_BB_DD_F
 */

#define MAX_DEPTH 6
#define MAX_FILES 256
#define MAX_FILE_BYTES (256 * 1024)

/* "ffffffff:ff:1f.7" and "pci_" before it */
#define MAX_WORD 24

/* Where recipes put scripts that bind cards: libvirt's own, and those that run in the
 * initial RAM disk. */
static const char *const directories[] = { "libvirt/hooks", "initramfs-tools/scripts",
                                           "initcpio/hooks" };

typedef struct
{
  /* borrowed */
  BatonSystem *system;
  BatonRoot *root;

  guint n_files;
} Search;

static gboolean
is_word_byte (char c)
{
  return g_ascii_isalnum (c) || c == ':' || c == '.' || c == '_';
}

/* `0000:01:00.0`, `01:00.0` or `pci_0000_01_00_0` (NODEDEV) -> the canonical address. */
static char *
read_address (const char *word, gsize length)
{
  g_autofree char *text = g_ascii_strdown (word, (gssize) length);
  g_autofree char *whole = NULL;

  if (g_str_has_prefix (text, "pci_"))
    {
      gsize end = strlen (text);

      g_strdelimit (text, "_", ':');
      if (end < 2 || text[end - 2] != ':')
        return NULL;
      text[end - 2] = '.';
      return baton_pci_address_is_valid (text + 4) ? g_strdup (text + 4) : NULL;
    }
  if (baton_pci_address_is_valid (text))
    return g_steal_pointer (&text);

  whole = g_strconcat ("0000:", text, NULL);
  return baton_pci_address_is_valid (whole) ? g_steal_pointer (&whole) : NULL;
}

static void
search_line (Search *self,
             const char *line,
             gsize length,
             const char *file,
             guint number,
             GHashTable *known)
{
  gsize i = 0;

  while (i < length)
    {
      gsize start = i;
      g_autofree char *address = NULL;

      while (i < length && is_word_byte (line[i]))
        i++;
      if (i == start)
        {
          i++;
          continue;
        }
      if (i - start > MAX_WORD)
        continue;

      address = read_address (line + start, i - start);
      if (address != NULL && g_hash_table_add (known, g_strdup (address)))
        baton_system_add_claim (self->system, BATON_CLAIM_HOOK, address, NULL, file, number);
    }
}

/* Each address is named once a file, where it comes first. Which of them are devices of
 * this machine is for the reader of the claims to say: "10:15.3" may be a time. */
static void
search_file (Search *self, const char *path)
{
  g_autofree char *text = NULL;
  g_autofree char *file = NULL;
  g_autoptr (GHashTable) known = NULL;
  const char *line;
  guint number = 0;

  if (self->n_files++ >= MAX_FILES)
    return;
  text = baton_root_read_file (self->root, BATON_ROOT_ETC, path, MAX_FILE_BYTES, NULL, NULL);
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
search_directory (Search *self, const char *directory, guint depth)
{
  g_autoptr (GPtrArray) names = NULL;

  names = baton_root_list (self->root, BATON_ROOT_ETC, directory, NULL);
  if (names == NULL)
    {
      search_file (self, directory);
      return;
    }

  for (guint i = 0; depth < MAX_DEPTH && i < names->len; i++)
    {
      g_autofree char *path = g_build_filename (directory, g_ptr_array_index (names, i), NULL);

      search_directory (self, path, depth + 1);
    }
}

/* Looks for scripts that name a device (HOOKS): two hands on one card disturb each other. */
void
baton_system_read_hooks (BatonSystem *self, BatonRoot *root)
{
  Search search = { .system = self, .root = root };

  for (guint i = 0; i < G_N_ELEMENTS (directories); i++)
    {
      if (baton_root_exists (root, BATON_ROOT_ETC, directories[i]))
        search_directory (&search, directories[i], 0);
    }
}
