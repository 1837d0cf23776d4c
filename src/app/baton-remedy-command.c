/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "config.h"

#include "baton-remedy-command.h"

#include <gio/gio.h>

#include "baton-json.h"

/* data/remedies.ini says which program changes the kernel's command line on which kind of system:
 * the first that this machine has is the one. */
#define REMEDIES "/io/github/batongpu/Baton/remedies.ini"

/* update-grub and its like are the administrator's, whose directories the PATH of a Debian user
 * lacks (login.defs(5), ENV_PATH): sudo has a path of its own (sudoers(5), secure_path), so that the
 * line works where we would not find its program. */
#define ADMIN_PATH "/usr/local/sbin:/usr/sbin:/sbin"

static char *
find_in (const char *name, const char *search_path)
{
  g_auto (GStrv) directories = g_strsplit (search_path, ":", -1);

  for (guint i = 0; directories[i] != NULL; i++)
    {
      g_autofree char *path = g_build_filename (directories[i], name, NULL);

      if (g_file_test (path, G_FILE_TEST_IS_EXECUTABLE))
        return g_steal_pointer (&path);
    }

  return NULL;
}

/**
 * baton_remedy_command_find_program:
 * @name: a program's name
 * @search_path: (nullable): directories to look in, %NULL for the PATH and the administrator's
 *
 * Returns: (transfer full) (nullable): where it is, or %NULL where this machine does not have it
 */
char *
baton_remedy_command_find_program (const char *name, const char *search_path)
{
  char *path = NULL;

  if (search_path != NULL)
    return find_in (name, search_path);

  path = g_find_program_in_path (name);

  return path != NULL ? path : find_in (name, ADMIN_PATH);
}

/* A word of the kernel's command line as we write it ourselves or as it was read: anything else
 * has no place in a line that somebody pastes into a root shell. */
static gboolean
is_plain (const char *word)
{
  static const char allowed[] =
      "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789_-=.,:";

  return word != NULL && *word != '\0' && strspn (word, allowed) == strlen (word);
}

/**
 * baton_remedy_command_build:
 * @finding: a finding
 * @search_path: (nullable): see baton_remedy_command_find_program()
 *
 * Returns: (transfer full) (nullable): the line to run in a terminal of this machine so that
 *   @finding is no more, or %NULL where there is none
 */
char *
baton_remedy_command_build (JsonObject *finding, const char *search_path)
{
  JsonObject *args = baton_json_get_object (finding, "args");
  const char *code = baton_json_get_string (finding, "code");
  const char *word = baton_json_get_string (args, "parameter");
  const char *key = "add";
  g_autoptr (GKeyFile) remedies = g_key_file_new ();
  g_autoptr (GBytes) bytes = NULL;
  g_auto (GStrv) systems = NULL;

  if (g_strcmp0 (code, "iommu-off-command-line") == 0)
    {
      word = baton_json_get_string (args, "word");
      key = "remove";
    }
  else if (g_strcmp0 (code, "iommu-off-not-enabled") != 0 && g_strcmp0 (code, "no-group") != 0)
    return NULL;

  bytes = g_resources_lookup_data (REMEDIES, G_RESOURCE_LOOKUP_FLAGS_NONE, NULL);
  if (!is_plain (word) || bytes == NULL ||
      !g_key_file_load_from_bytes (remedies, bytes, G_KEY_FILE_NONE, NULL))
    return NULL;

  systems = g_key_file_get_groups (remedies, NULL);
  for (guint i = 0; systems[i] != NULL; i++)
    {
      g_autofree char *program = baton_remedy_command_find_program (systems[i], search_path);
      g_autofree char *line = NULL;
      g_auto (GStrv) parts = NULL;

      if (program == NULL)
        continue;

      line = g_key_file_get_string (remedies, systems[i], key, NULL);
      if (line == NULL)
        return NULL;
      parts = g_strsplit (line, "{word}", -1);

      return g_strjoinv (word, parts);
    }

  return NULL;
}
