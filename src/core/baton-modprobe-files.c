/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "config.h"

#include "baton-modprobe-files.h"

#include <string.h>

/* References used below:
 *  MODPROBE.D - modprobe.d(5): directories, which file counts, and the lines
 *  PARAMETERS - a module's name may be written with - or _ (kernel/params.c, dash2underscore)
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

/**
 * baton_modprobe_files_visit:
 * @root: where to look
 * @visit: is called for each file that modprobe reads
 * @data: for @visit
 */
void
baton_modprobe_files_visit (BatonRoot *root, BatonModprobeFileVisit visit, gpointer data)
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
            visit (directories[i].part, path, data);
        }
    }
}

/**
 * baton_modprobe_file_read:
 * @root: where to look
 * @part: one of its parts
 * @path: a file below it
 *
 * Returns: (transfer full) (nullable): what it holds; %NULL where that is nothing that can be read
 */
char *
baton_modprobe_file_read (BatonRoot *root, BatonRootPart part, const char *path)
{
  return baton_root_read_file (root, part, path, MAX_FILE_BYTES, NULL, NULL);
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

/**
 * baton_modprobe_file_parse:
 * @text: what such a file holds
 * @visit: is called for each line that says something
 * @data: for @visit
 */
void
baton_modprobe_file_parse (const char *text, BatonModprobeLineVisit visit, gpointer data)
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
        {
          BatonModprobeLine line = { words, whole->str, first, i + 1 };

          visit (&line, data);
        }
      g_string_truncate (whole, 0);
    }
}

/**
 * baton_modprobe_is_module:
 * @word: as it was written
 * @name: the name of a module, with underscores
 *
 * Returns: whether @word means it (PARAMETERS)
 */
gboolean
baton_modprobe_is_module (const char *word, const char *name)
{
  g_autofree char *normal = g_strdelimit (g_strdup (word), "-", '_');

  return strcmp (normal, name) == 0;
}
