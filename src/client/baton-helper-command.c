/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "config.h"

#include "baton-helper-command.h"

#include <string.h>
#include <unistd.h>

/**
 * baton_helper_command_get_asker:
 *
 * For whom this program asks, as the helper finds it: the caller of sudo (sudo(8), SUDO_UID) where
 * root runs it, and else whoever runs it. Whoever could set the variable for root is root.
 *
 * Returns: the user
 */
guint
baton_helper_command_get_asker (void)
{
  const char *sudo_uid = g_getenv ("SUDO_UID");
  guint64 uid = 0;

  /* (uid_t) -1 is no user. */
  if (getuid () == 0 && sudo_uid != NULL &&
      g_ascii_string_to_unsigned (sudo_uid, 10, 0, G_MAXUINT32 - 1, &uid, NULL))
    return (guint) uid;

  return getuid ();
}

/* pkexec clears the environment but for a few variables, and answers 127 to one that holds `/`,
 * `%` or `..` (validate_environment_variable() in its pkexec.c): the language is all it needs.
 * It says itself who called it; a helper that root starts hears that from us. */
static GStrv
build_environment (void)
{
  static const char *const kept[] = { "LANG", "LANGUAGE", "LC_ALL", "LC_CTYPE", "LC_MESSAGES" };
  GStrv environment = g_new0 (char *, 1);
  guint asker = baton_helper_command_get_asker ();

  for (guint i = 0; i < G_N_ELEMENTS (kept); i++)
    {
      const char *value = g_getenv (kept[i]);

      if (value != NULL && strpbrk (value, "/%") == NULL && strstr (value, "..") == NULL)
        environment = g_environ_setenv (environment, kept[i], value, TRUE);
    }

  if (asker != getuid ())
    {
      g_autofree char *text = g_strdup_printf ("%u", asker);

      environment = g_environ_setenv (environment, "SUDO_UID", text, TRUE);
    }

  return environment;
}

/**
 * baton_helper_command_build:
 * @command: (nullable) (array zero-terminated=1): what starts the helper, %NULL for the usual way:
 *   pkexec, or nothing where the caller is root
 * @helper_path: where the helper is
 * @arguments: (array zero-terminated=1): a verb and what follows it
 * @ret_code: (out): why there is nothing to run
 *
 * pkexec's own text agent is never wanted: the window has the desktop's, and in a terminal it fails
 * on Debian 12.
 *
 * Returns: (transfer full) (nullable): what to run
 */
GStrv
baton_helper_command_build (const char *const *command,
                            const char *helper_path,
                            const char *const *arguments,
                            BatonCode *ret_code)
{
  g_autoptr (GPtrArray) argv = g_ptr_array_new_with_free_func (g_free);

  if (!g_file_test (helper_path, G_FILE_TEST_IS_EXECUTABLE))
    {
      *ret_code = BATON_CODE_HELPER_MISSING;
      return NULL;
    }

  for (guint i = 0; command != NULL && command[i] != NULL; i++)
    g_ptr_array_add (argv, g_strdup (command[i]));

  if (command == NULL && geteuid () != 0)
    {
      char *pkexec = g_find_program_in_path ("pkexec");

      if (pkexec == NULL)
        {
          *ret_code = BATON_CODE_PKEXEC_MISSING;
          return NULL;
        }

      g_ptr_array_add (argv, pkexec);
      g_ptr_array_add (argv, g_strdup ("--disable-internal-agent"));
    }

  g_ptr_array_add (argv, g_strdup (helper_path));
  for (guint i = 0; arguments[i] != NULL; i++)
    g_ptr_array_add (argv, g_strdup (arguments[i]));
  g_ptr_array_add (argv, NULL);

  return (GStrv) g_ptr_array_free (g_steal_pointer (&argv), FALSE);
}

/**
 * baton_helper_command_spawn:
 * @argv: (array zero-terminated=1): what to run
 * @error: return location for an error
 *
 * Returns: (transfer full): the process, with pipes, and with no more of our environment than the
 *   language and, for root, who used sudo
 */
GSubprocess *
baton_helper_command_spawn (const char *const *argv, GError **error)
{
  g_autoptr (GSubprocessLauncher) launcher = g_subprocess_launcher_new (
      G_SUBPROCESS_FLAGS_STDIN_PIPE | G_SUBPROCESS_FLAGS_STDOUT_PIPE |
      G_SUBPROCESS_FLAGS_STDERR_PIPE);
  g_auto (GStrv) environment = build_environment ();

  g_subprocess_launcher_set_environ (launcher, environment);

  return g_subprocess_launcher_spawnv (launcher, argv, error);
}
