/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "config.h"

#include "baton-system-private.h"

#include <string.h>

/* References used below:
 *  MODPROBE.D - modprobe.d(5): directories, which file counts, and the lines
 *  INITRAMFS - initramfs-tools(7): /etc/initramfs-tools/modules, "MODULE ARGUMENT..."
 */

#define MAX_FILE_BYTES (1024 * 1024)

/* MODPROBE.D: the first of equal names counts. On most systems the last is a link to the
 * one before it. */
static const struct
{
  BatonRootPart part;
  const char *path;
} directories[] = {
  { BATON_ROOT_ETC, "modprobe.d" },           { BATON_ROOT_RUN, "modprobe.d" },
  { BATON_ROOT_USR, "local/lib/modprobe.d" }, { BATON_ROOT_USR, "lib/modprobe.d" },
  { BATON_ROOT_LIB, "modprobe.d" },
};

/* What people write after "install" to keep a module out. */
static const char *const refusals[] = { "/bin/false",     "/bin/true",
                                        "/usr/bin/false", "/usr/bin/true",
                                        "/sbin/nologin",  "false",
                                        "true",           ":" };

typedef void (*TakeWords) (BatonSystem *self, GStrv words, const char *file, guint line);

static gboolean
is_module (const char *word, const char *name)
{
  g_autofree char *normal = g_strdelimit (g_strdup (word), "-", '_');

  return strcmp (normal, name) == 0;
}

static void
take_ids (BatonSystem *self, const char *module, GStrv options, const char *file, guint line)
{
  BatonClaimKind kind;

  if (is_module (module, "vfio_pci"))
    kind = BATON_CLAIM_VFIO_IDS;
  else if (is_module (module, "pci_stub"))
    kind = BATON_CLAIM_PCI_STUB_IDS;
  else
    return;

  for (guint i = 0; options[i] != NULL; i++)
    {
      if (g_str_has_prefix (options[i], "ids=") && options[i][4] != '\0')
        baton_system_add_claim (self, kind, NULL, options[i] + 4, file, line);
    }
}

static void
take_modprobe_words (BatonSystem *self, GStrv words, const char *file, guint line)
{
  guint n_words = g_strv_length (words);

  if (n_words < 2)
    return;
  if (strcmp (words[0], "options") == 0)
    take_ids (self, words[1], words + 2, file, line);
  else if (strcmp (words[0], "blacklist") == 0)
    baton_system_add_blacklist (self, words[1], file, line);
  else if (strcmp (words[0], "install") == 0 && n_words == 3 &&
           g_strv_contains (refusals, words[2]))
    baton_system_add_blacklist (self, words[1], file, line);
}

static void
take_initramfs_words (BatonSystem *self, GStrv words, const char *file, guint line)
{
  if (words[0] != NULL)
    take_ids (self, words[0], words + 1, file, line);
}

static GStrv
split_words (const char *line)
{
  g_autoptr (GStrvBuilder) builder = g_strv_builder_new ();
  g_auto (GStrv) pieces = g_strsplit_set (line, " \t\r", -1);

  for (guint i = 0; pieces[i] != NULL; i++)
    {
      if (*pieces[i] != '\0')
        g_strv_builder_add (builder, pieces[i]);
    }

  return g_strv_builder_end (builder);
}

static void
take_text (BatonSystem *self, const char *text, const char *file, TakeWords take)
{
  g_auto (GStrv) lines = g_strsplit (text, "\n", -1);
  g_autoptr (GString) whole = g_string_new (NULL);
  guint first = 0;

  for (guint i = 0; lines[i] != NULL; i++)
    {
      gsize length = strlen (lines[i]);
      g_auto (GStrv) words = NULL;

      if (whole->len == 0)
        first = i + 1;
      /* MODPROBE.D: a backslash at the end goes on in the next line. */
      if (length > 0 && lines[i][length - 1] == '\\')
        {
          g_string_append_len (whole, lines[i], (gssize) length - 1);
          g_string_append_c (whole, ' ');
          continue;
        }

      g_string_append (whole, lines[i]);
      words = split_words (whole->str);
      if (words[0] != NULL && *words[0] != '#')
        take (self, words, file, first);
      g_string_truncate (whole, 0);
    }
}

static void
take_file (
    BatonSystem *self, BatonRoot *root, BatonRootPart part, const char *path, TakeWords take)
{
  g_autofree char *text = NULL;
  g_autofree char *shown = baton_root_dup_shown_path (part, path);

  text = baton_root_read_file (root, part, path, MAX_FILE_BYTES, NULL, NULL);
  if (text != NULL)
    take_text (self, text, shown, take);
}

/* Reads which ids are given away at boot and which modules are kept out. */
void
baton_system_read_modprobe (BatonSystem *self, BatonRoot *root)
{
  g_autoptr (GHashTable) known = g_hash_table_new_full (g_str_hash, g_str_equal, g_free, NULL);

  for (guint i = 0; i < G_N_ELEMENTS (directories); i++)
    {
      g_autoptr (GPtrArray) names = NULL;

      names = baton_root_list (root, directories[i].part, directories[i].path, NULL);
      for (guint j = 0; names != NULL && j < names->len; j++)
        {
          const char *name = g_ptr_array_index (names, j);
          g_autofree char *path = g_build_filename (directories[i].path, name, NULL);

          if (g_str_has_suffix (name, ".conf") && g_hash_table_add (known, g_strdup (name)))
            take_file (self, root, directories[i].part, path, take_modprobe_words);
        }
    }

  take_file (self, root, BATON_ROOT_ETC, "initramfs-tools/modules", take_initramfs_words);
}
